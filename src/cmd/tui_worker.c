/* Work of the table in the terminal that must not hold up its keys. */

#include "tui_worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct list {
	struct guild_tui_job *first, *last;
};

/* The lock guards the lists, `current` and `ends`. */
struct guild_tui_worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list wanted, done;
	struct guild_tui_job *current;
	bool ends;
	int notify_fd;
};

static void append(struct list *list, struct guild_tui_job *job)
{
	job->next = NULL;
	if (list->last) {
		list->last->next = job;
	} else {
		list->first = job;
	}
	list->last = job;
}

static struct guild_tui_job *take(struct list *list)
{
	struct guild_tui_job *job = list->first;

	if (job) {
		list->first = job->next;
		list->last = job->next ? list->last : NULL;
	}
	return job;
}

static void *work(void *arg)
{
	struct guild_tui_worker *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->ends) {
		struct guild_tui_job *job = take(&w->wanted);

		if (!job) {
			pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		w->current = job;
		pthread_mutex_unlock(&w->lock);
		if (!atomic_load(&job->cancelled)) {
			job->work(job);
		}
		pthread_mutex_lock(&w->lock);
		w->current = NULL;
		append(&w->done, job);
		/* A full pipe wakes the reader as well. */
		(void)!write(w->notify_fd, "", 1);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int guild_tui_worker_new(int notify_fd, struct guild_tui_worker **out, struct guild_error *err)
{
	struct guild_tui_worker *w = guild_alloc(sizeof(*w));
	sigset_t all, old;

	w->notify_fd = notify_fd;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	/* Signals belong to the thread of the keys. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int failed = pthread_create(&w->thread, NULL, work, w);

	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed != 0) {
		pthread_mutex_destroy(&w->lock);
		pthread_cond_destroy(&w->wake);
		free(w);
		return guild_error_errno(err, failed, "no thread can be started");
	}
	*out = w;
	return 0;
}

void guild_tui_worker_post(struct guild_tui_worker *w, struct guild_tui_job *take_job)
{
	pthread_mutex_lock(&w->lock);
	append(&w->wanted, take_job);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

struct guild_tui_job *guild_tui_worker_take_done(struct guild_tui_worker *w)
{
	pthread_mutex_lock(&w->lock);
	struct guild_tui_job *job = take(&w->done);

	pthread_mutex_unlock(&w->lock);
	return job;
}

bool guild_tui_worker_is_busy(struct guild_tui_worker *w)
{
	pthread_mutex_lock(&w->lock);
	bool is_busy = w->current || w->wanted.first;

	pthread_mutex_unlock(&w->lock);
	return is_busy;
}

void guild_tui_worker_cancel(struct guild_tui_worker *w)
{
	pthread_mutex_lock(&w->lock);
	if (w->current) {
		atomic_store(&w->current->cancelled, true);
	}
	for (struct guild_tui_job *job = w->wanted.first; job; job = job->next) {
		atomic_store(&job->cancelled, true);
	}
	pthread_mutex_unlock(&w->lock);
}

static void finish_all(struct list *list)
{
	struct guild_tui_job *job;

	while ((job = take(list))) {
		job->finish(job);
	}
}

void guild_tui_worker_free(struct guild_tui_worker *w)
{
	if (!w) {
		return;
	}
	guild_tui_worker_cancel(w);
	pthread_mutex_lock(&w->lock);
	w->ends = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	finish_all(&w->done);
	finish_all(&w->wanted);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
