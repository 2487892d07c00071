/* Commands and posts of alerts, in a thread of their own: the program's output does not wait for a slow server. */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <guild/net.h>

#include "alerts.h"

enum { OUTPUT_MAX = 4096, JOBS_MAX = 1000 };

struct job {
	struct guild_strs argv; /* empty: a post */
	struct guild_strs env;
	char *url;
	char *json;
};

struct alert_actions {
	char *const *env;
	const char *cwd;
	pthread_t thread;
	bool is_started;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct job *jobs;
	size_t n_jobs, cap_jobs, next;
	bool is_over;
	int64_t give_up_us; /* 0: never */
	struct guild_strs troubles;
};

struct alert_actions *guild_alert_actions_new(char *const *env, const char *cwd)
{
	struct alert_actions *w = guild_alloc(sizeof(*w));
	w->env = env;
	w->cwd = cwd;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	return w;
}

/* ---- doing ------------------------------------------------------------------------------------------------ */

static void add_trouble(struct alert_actions *w, char *take_text)
{
	pthread_mutex_lock(&w->lock);
	guild_strs_take(&w->troubles, take_text);
	pthread_mutex_unlock(&w->lock);
}

static void run_command(struct alert_actions *w, const struct job *job)
{
	struct guild_proc_result result = {0};
	struct guild_error err = {0};
	struct guild_strs env = {0};
	for (size_t i = 0; w->env[i] != NULL; i++) {
		guild_strs_add(&env, w->env[i]);
	}
	for (size_t i = 0; i < job->env.n; i++) {
		guild_strs_add(&env, job->env.v[i]);
	}
	int rc = guild_proc_run_input((const char *const *)job->argv.v, w->cwd, env.v,
		guild_str(job->json), OUTPUT_MAX, ALERT_JOB_MS, &result, &err);
	if (rc != 0) {
		add_trouble(w, guild_format("the command of an alert failed: %s", err.text));
	} else if (result.exit_status != 0) {
		struct guild_str said = guild_str_trim(guild_buf_str(&result.err));
		add_trouble(w, guild_format("the command '%s' of an alert ended with %d%s%.*s",
				       job->argv.v[0], result.exit_status, said.n > 0 ? ": " : "",
				       GUILD_STR_FMT(said)));
	}
	guild_proc_result_fini(&result);
	guild_strs_fini(&env);
}

static void post(struct alert_actions *w, const struct job *job)
{
	struct guild_error err = {0};
	struct guild_net_post_request req = {
		.url = job->url,
		.content_type = "application/json",
		.body = guild_str(job->json),
		.timeout_ms = ALERT_JOB_MS,
	};
	if (guild_net_post(&req, &err) != 0) {
		char *shown = guild_net_url_shown(job->url);
		add_trouble(w,
			guild_format("the alert could not be posted to %s: %s", shown, err.text));
		free(shown);
	}
}

static void job_fini(struct job *job)
{
	guild_strs_fini(&job->argv);
	guild_strs_fini(&job->env);
	free(job->url);
	free(job->json);
}

/* The next job; false when there is none and none will come. */
static bool next_job(struct alert_actions *w, struct job *out)
{
	pthread_mutex_lock(&w->lock);
	while (w->next == w->n_jobs && !w->is_over) {
		pthread_cond_wait(&w->changed, &w->lock);
	}
	bool has_job =
		w->next < w->n_jobs && (w->give_up_us == 0 || guild_monotonic_us() < w->give_up_us);
	if (has_job) {
		*out = w->jobs[w->next++];
	}
	pthread_mutex_unlock(&w->lock);
	return has_job;
}

static void *work(void *arg)
{
	struct alert_actions *w = arg;
	struct job job;
	while (next_job(w, &job)) {
		if (job.argv.n > 0) {
			run_command(w, &job);
		} else {
			post(w, &job);
		}
		job_fini(&job);
	}
	return NULL;
}

/* The thread takes no signal: they are the supervisor's. */
static int start_thread(struct alert_actions *w)
{
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* ---- asking ------------------------------------------------------------------------------------------------- */

static void add_job(struct alert_actions *w, struct job *take)
{
	if (!w->is_started && start_thread(w) != 0) {
		add_trouble(w, guild_strdup("there are no resources for the actions of an alert"));
		job_fini(take);
		return;
	}
	w->is_started = true;
	pthread_mutex_lock(&w->lock);
	bool has_room = w->n_jobs - w->next < JOBS_MAX;
	if (has_room) {
		w->jobs = guild_grow_array(w->jobs, &w->cap_jobs, w->n_jobs + 1, sizeof(*w->jobs));
		w->jobs[w->n_jobs++] = *take;
		pthread_cond_signal(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	if (!has_room) {
		add_trouble(w, guild_format("more than %d actions of alerts wait: one is left out",
				       JOBS_MAX));
		job_fini(take);
	}
}

void guild_alert_actions_run(struct alert_actions *w, const struct guild_strs *argv,
	const struct guild_strs *env, const char *json)
{
	struct job job = {.json = guild_strdup(json)};
	for (size_t i = 0; i < argv->n; i++) {
		guild_strs_add(&job.argv, argv->v[i]);
	}
	for (size_t i = 0; i < env->n; i++) {
		guild_strs_add(&job.env, env->v[i]);
	}
	add_job(w, &job);
}

void guild_alert_actions_post(struct alert_actions *w, const char *url, const char *json)
{
	struct job job = {.url = guild_strdup(url), .json = guild_strdup(json)};
	add_job(w, &job);
}

void guild_alert_actions_report(struct alert_actions *w, const struct guild_log *log)
{
	struct guild_strs troubles = {0};
	pthread_mutex_lock(&w->lock);
	troubles = w->troubles;
	w->troubles = (struct guild_strs){0};
	pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < troubles.n; i++) {
		guild_log(log, "warning", "%s", troubles.v[i]);
	}
	guild_strs_fini(&troubles);
}

void guild_alert_actions_free(struct alert_actions *w, const struct guild_log *log)
{
	if (w == NULL) {
		return;
	}
	if (w->is_started) {
		pthread_mutex_lock(&w->lock);
		w->is_over = true;
		w->give_up_us = guild_monotonic_us() + (int64_t)ALERT_GOODBYE_MS * 1000;
		pthread_cond_signal(&w->changed);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
	}
	guild_alert_actions_report(w, log);
	if (w->next < w->n_jobs) {
		guild_log(log, "warning", "%zu actions of alerts were given up",
			w->n_jobs - w->next);
	}
	for (size_t i = w->next; i < w->n_jobs; i++) {
		job_fini(&w->jobs[i]);
	}
	free(w->jobs);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
