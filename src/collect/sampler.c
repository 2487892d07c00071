/* The sampler: when what is read, and the event file it goes into. */
#include "sampler.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
	GPU_WAIT_MS = 5,          /* within a reading; what comes later is written with the next */
	GPU_LAST_WAIT_MS = 500,   /* at the end there is no next */
	SPEED_AFTER_US = 5000000, /* steps are timed over at least this long */
};

const struct guild_sampler_sources guild_sampler_machine = {
	.proc = "/proc", .nvml = "libnvidia-ml.so.1", .nvidia_smi = "nvidia-smi"};

struct guild_sampler {
	struct guild_event_writer *writer;
	struct guild_kernel *kernel;
	struct guild_gpu_reader *gpus; /* NULL: none */
	int64_t started_us;            /* monotonic */
	int64_t started_wall_us;
	double cost_seconds;         /* CPU time of all readings */
	guild_readings_fn *listener; /* or NULL */
	void *listener_arg;
	/* Training steps: since when they are timed, and the latest. */
	bool has_step;
	int64_t from_step, from_us, last_step, last_us;
};

/* ---- readings ------------------------------------------------------------------------------------- */

void guild_readings_init(struct readings *r)
{
	*r = (struct readings){.arena = guild_arena_new()};
}

void guild_readings_fini(struct readings *r)
{
	guild_arena_free(r->arena);
	free(r->v);
}

void guild_readings_add(struct readings *r, double value, const char *fmt, ...)
{
	char tag[128];
	if (!isfinite(value)) {
		return;
	}
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(tag, sizeof(tag), fmt, ap);
	va_end(ap);
	r->v = guild_grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct guild_scalar){guild_arena_strdup(r->arena, tag), (float)value};
}

static void add_gpu(const struct guild_gpu *g, struct readings *out)
{
	guild_readings_add(out, g->fanspeed, "sys/gpu%d/fanspeed", g->index);
	guild_readings_add(out, g->pstate, "sys/gpu%d/pstate", g->index);
	guild_readings_add(out, g->mem_total, "sys/gpu%d/mem_total", g->index);
	guild_readings_add(out, g->mem_used, "sys/gpu%d/mem_used", g->index);
	guild_readings_add(out, g->mem_free, "sys/gpu%d/mem_free", g->index);
	guild_readings_add(out, g->mem_util, "sys/gpu%d/mem_util", g->index);
	guild_readings_add(out, g->util, "sys/gpu%d/util", g->index);
	guild_readings_add(out, g->temp, "sys/gpu%d/temp", g->index);
	guild_readings_add(out, g->powerdraw, "sys/gpu%d/powerdraw", g->index);
}

/* ---- the sampler ------------------------------------------------------------------------------------ */

static double thread_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int guild_sampler_new_at(const struct guild_sampler_sources *sources, const char *dir,
	pid_t root_pid, struct guild_sampler **out, struct guild_error *err)
{
	(void)err;
	struct guild_sampler *s = guild_alloc(sizeof(*s));
	s->writer = guild_event_writer_new(dir, 0, "");
	s->kernel = guild_kernel_new(sources->proc, root_pid);
	s->gpus = guild_gpu_reader_new(sources);
	s->started_us = guild_monotonic_us();
	s->started_wall_us = guild_now_us();
	*out = s;
	return 0;
}

int guild_sampler_new(const struct guild_run *r, pid_t root_pid, struct guild_sampler **out,
	struct guild_error *err)
{
	char *dir = guild_path_join(r->guild_dir, "sys");
	int rc = guild_sampler_new_at(&guild_sampler_machine, dir, root_pid, out, err);
	free(dir);
	return rc;
}

void guild_sampler_set_step(struct guild_sampler *s, int64_t step)
{
	int64_t now = guild_monotonic_us();
	if (!s->has_step || step < s->last_step) {
		s->from_step = step;
		s->from_us = now;
		s->has_step = true;
	}
	s->last_step = step;
	s->last_us = now;
}

void guild_sampler_listen(struct guild_sampler *s, guild_readings_fn *fn, void *arg)
{
	s->listener = fn;
	s->listener_arg = arg;
}

static void add_speed(struct guild_sampler *s, struct readings *out)
{
	int64_t steps = s->last_step - s->from_step;
	int64_t us = s->last_us - s->from_us;
	if (steps <= 0 || us < SPEED_AFTER_US) {
		return;
	}
	double seconds = (double)us / 1e6;
	guild_readings_add(out, seconds / (double)steps, "performance/sec_per_step");
	guild_readings_add(out, (double)steps / seconds, "performance/step_per_sec");
	s->from_step = s->last_step;
	s->from_us = s->last_us;
}

/* What guild itself takes: the whole process, and the readings within it. */
static void add_own_cost(struct guild_sampler *s, struct readings *out)
{
	struct rusage u;
	if (getrusage(RUSAGE_SELF, &u) == 0) {
		double seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
				 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
		guild_readings_add(out, seconds, "sys/guild/cpu_seconds");
		guild_readings_add(out, (double)u.ru_maxrss * 1024, "sys/guild/mem_max_rss");
	}
	guild_readings_add(out, s->cost_seconds, "sys/guild/sampler_cpu_seconds");
}

static int write_readings(struct guild_sampler *s, int64_t wall_us, const struct readings *r,
	struct guild_error *err)
{
	int64_t elapsed_us = wall_us - s->started_wall_us;
	int64_t step = elapsed_us > 0 ? elapsed_us / 1000000 : 0;
	if (s->listener && r->n > 0) {
		s->listener(s->listener_arg, r->v, r->n);
	}
	return r->n > 0 ? guild_event_writer_add(s->writer, wall_us, step, r->v, r->n, err) : 0;
}

/* GPU figures carry the time they were read at, which may be some time ago. */
static int write_gpus(struct guild_sampler *s, int wait_ms, struct guild_error *err)
{
	struct guild_gpu gpus[GUILD_GPU_MAX];
	struct readings r;
	int64_t wall_us;
	size_t n = guild_gpu_reader_take(s->gpus, wait_ms, gpus, &wall_us);
	guild_readings_init(&r);
	for (size_t i = 0; i < n; i++) {
		add_gpu(&gpus[i], &r);
	}
	int rc = write_readings(s, wall_us, &r, err);
	guild_readings_fini(&r);
	return rc;
}

static int sample(struct guild_sampler *s, int gpu_wait_ms, struct guild_error *err)
{
	double cpu_before = thread_seconds();
	/* Steps count on the clock that nobody sets. */
	int64_t now_us = guild_monotonic_us();
	int64_t wall_us = s->started_wall_us + (now_us - s->started_us);
	struct readings r;
	guild_readings_init(&r);
	int rc = 0;
	if (s->gpus) {
		rc = write_gpus(s, 0, err);
		guild_gpu_reader_ask(s->gpus);
	}
	guild_kernel_read(s->kernel, now_us, &r);
	add_speed(s, &r);
	add_own_cost(s, &r);
	int written = write_readings(s, wall_us, &r, rc == 0 ? err : NULL);
	rc = rc == 0 ? written : rc;
	if (s->gpus) {
		written = write_gpus(s, gpu_wait_ms, rc == 0 ? err : NULL);
		rc = rc == 0 ? written : rc;
	}
	guild_readings_fini(&r);
	s->cost_seconds += thread_seconds() - cpu_before;
	return rc;
}

int guild_sampler_tick(struct guild_sampler *s, struct guild_error *err)
{
	return sample(s, GPU_WAIT_MS, err);
}

int guild_sampler_finish(struct guild_sampler *s, struct guild_error *err)
{
	int rc = sample(s, GPU_LAST_WAIT_MS, err);
	guild_gpu_reader_free(s->gpus);
	guild_kernel_free(s->kernel);
	int closed = guild_event_writer_close(s->writer, rc == 0 ? err : NULL);
	free(s);
	return rc != 0 ? rc : closed;
}
