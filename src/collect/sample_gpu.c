/* The thread that reads GPUs: loading a driver can take seconds, and nvidia-smi its time on every call. */
#include "sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GOODBYE_MS = 300 };

struct guild_gpu_reader {
	pthread_t thread;
	char *nvml;
	char *nvidia_smi;     /* or NULL */
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool is_asked; /* for a reading */
	bool is_done;  /* a reading waits to be taken */
	bool is_over;
	bool is_left;   /* the sampler did not wait for the thread's end: it frees itself */
	bool has_ended; /* the thread */
	size_t n;
	int64_t wall_us;
	struct guild_gpu gpus[GUILD_GPU_MAX];
};

/* Waits for the next wish; false at the end. */
static bool wait_asked(struct guild_gpu_reader *r)
{
	pthread_mutex_lock(&r->lock);
	while (!r->is_asked && !r->is_over) {
		pthread_cond_wait(&r->changed, &r->lock);
	}
	bool go_on = !r->is_over;
	pthread_mutex_unlock(&r->lock);
	return go_on;
}

static void publish(struct guild_gpu_reader *r, const struct guild_gpu *gpus, size_t n)
{
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < n; i++) {
		r->gpus[i] = gpus[i];
	}
	r->n = n;
	r->wall_us = guild_now_us();
	r->is_asked = false;
	r->is_done = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static void destroy(struct guild_gpu_reader *r)
{
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->changed);
	free(r->nvml);
	free(r->nvidia_smi);
	free(r);
}

static void *read_gpus(void *arg)
{
	struct guild_gpu_reader *r = arg;
	struct guild_nvml *nvml = NULL;
	bool has_tried = false;
	struct guild_gpu *gpus = guild_alloc(GUILD_GPU_MAX * sizeof(*gpus));
	while (wait_asked(r)) {
		if (!has_tried) {
			has_tried = true;
			nvml = guild_nvml_open(r->nvml);
		}
		size_t n = nvml            ? guild_nvml_read(nvml, gpus)
			   : r->nvidia_smi ? guild_nvidia_smi_read(r->nvidia_smi, gpus)
					   : 0;
		publish(r, gpus, n);
	}
	guild_nvml_close(nvml);
	free(gpus);
	pthread_mutex_lock(&r->lock);
	r->has_ended = true;
	bool is_left = r->is_left;
	pthread_mutex_unlock(&r->lock);
	if (is_left) {
		destroy(r);
	}
	return NULL;
}

/* The thread takes no signal: they are the supervisor's. */
static int start_thread(struct guild_gpu_reader *r)
{
	enum { STACK_BYTES = 512 << 10 };
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int rc = pthread_create(&r->thread, &attr, read_gpus, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return rc;
}

static bool is_in_library_path(const char *file)
{
	const char *path = getenv("LD_LIBRARY_PATH");
	struct guild_strs dirs = {0};
	bool found = false;
	guild_strs_split(&dirs, path ? path : "", ':');
	for (size_t i = 0; i < dirs.n && !found; i++) {
		char *full = guild_path_join(dirs.v[i], file);
		found = dirs.v[i][0] != 0 && guild_file_exists(full);
		free(full);
	}
	guild_strs_fini(&dirs);
	return found;
}

/* Looking for signs of a driver costs a few microseconds, a thread that finds none costs every run. */
static bool may_have_nvml(const char *file)
{
	static const char *const signs[] = {
		"/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg", "/dev/nvhost-ctrl"};
	if (strchr(file, '/')) {
		return guild_file_exists(file);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(signs); i++) {
		if (guild_file_exists(signs[i])) {
			return true;
		}
	}
	return is_in_library_path(file);
}

struct guild_gpu_reader *guild_gpu_reader_new(const struct guild_sampler_sources *sources)
{
	char *program = guild_find_program(sources->nvidia_smi);
	if (program == NULL && !may_have_nvml(sources->nvml)) {
		return NULL;
	}
	struct guild_gpu_reader *r = guild_alloc(sizeof(*r));
	r->nvml = guild_strdup(sources->nvml);
	r->nvidia_smi = program;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (start_thread(r) != 0) {
		destroy(r);
		return NULL;
	}
	return r;
}

void guild_gpu_reader_ask(struct guild_gpu_reader *r)
{
	pthread_mutex_lock(&r->lock);
	r->is_asked = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

static struct timespec time_in(clockid_t clock, int ms)
{
	struct timespec t;
	clock_gettime(clock, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

size_t guild_gpu_reader_take(struct guild_gpu_reader *r, int wait_ms, struct guild_gpu *out,
	int64_t *wall_us)
{
	struct timespec until = time_in(CLOCK_MONOTONIC, wait_ms);
	pthread_mutex_lock(&r->lock);
	while (r->is_asked && !r->is_done &&
		pthread_cond_timedwait(&r->changed, &r->lock, &until) != ETIMEDOUT) {
	}
	size_t n = r->is_done ? r->n : 0;
	for (size_t i = 0; i < n; i++) {
		out[i] = r->gpus[i];
	}
	*wall_us = r->wall_us;
	r->is_done = false;
	pthread_mutex_unlock(&r->lock);
	return n;
}

void guild_gpu_reader_free(struct guild_gpu_reader *r)
{
	if (r == NULL) {
		return;
	}
	pthread_mutex_lock(&r->lock);
	r->is_over = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
	struct timespec until = time_in(CLOCK_REALTIME, GOODBYE_MS);
	if (pthread_timedjoin_np(r->thread, NULL, &until) == 0) {
		destroy(r);
		return;
	}
	/* It hangs in a driver, and may come back. */
	pthread_detach(r->thread);
	pthread_mutex_lock(&r->lock);
	r->is_left = true;
	bool has_ended = r->has_ended;
	pthread_mutex_unlock(&r->lock);
	if (has_ended) {
		destroy(r);
	}
}
