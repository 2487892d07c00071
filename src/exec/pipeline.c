/* The supervisor of a pipeline: runs what is ready, keeps the log, ends with the first failure. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipeline.h"

enum { EXIT_CHECK_FAILED = 3, ADOPTED_POLL_MS = 100 };

struct pipeline {
	const struct guild_pipeline_request *req;
	struct guild_signals signals;
	struct guild_pipeline_log log;
	struct guild_step_record *records;
	struct guild_steps_walk walk;
	struct guild_step_process *running; /* n_running of them, room for `jobs` */
	size_t n_running, jobs;
	bool *is_changed;     /* runs anew because of other flags, or waits for such a step */
	size_t first_changed; /* the lowest of them */
	char *runs_dir;       /* where runs of steps are made: beside the pipeline's own */
	char *trash_dir;      /* where interim runs go that ended well */
	bool has_pipes;
	int exit_code;
	int signal;
	int rc;
	struct guild_error err; /* what ended it, when rc is not 0 */
};

static void say(const struct pipeline *p, const char *fmt, ...) GUILD_PRINTF(2, 3);

static void say(const struct pipeline *p, const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	guild_log(p->req->world->log, "info", "%s", text);
}

static bool is_over(const struct pipeline *p)
{
	return p->exit_code != 0 || p->signal != 0 || p->rc != 0;
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static void write_log(struct pipeline *p, const char *what, const struct guild_step *step,
	const char *run_id, const char *more)
{
	const char *words[] = {what, step->link, run_id, more};
	int rc = guild_pipeline_log_write(&p->log, words, more ? 4 : 3, &p->err);
	p->rc = p->rc ? p->rc : rc;
}

static char *run_dir_of(const struct pipeline *p, size_t i)
{
	return guild_path_join(p->runs_dir, p->records[i].run_id);
}

static char *file_of(const struct pipeline *p, size_t i)
{
	char *name = guild_format("%s.yml", p->req->steps->v[i].link);
	char *path = guild_path_join(p->log.dir, name);
	free(name);
	return path;
}

/* A link of an earlier attempt gives way. */
static void make_link(struct pipeline *p, size_t i)
{
	char *path = guild_path_join(p->req->run->dir, p->req->steps->v[i].link);
	char *target = guild_path_join("..", p->records[i].run_id);
	if (unlink(path) != 0 && errno != ENOENT) {
		p->rc = guild_error_errno(&p->err, errno, "cannot replace '%s'", path);
	} else if (symlink(target, path) != 0) {
		p->rc = guild_error_errno(&p->err, errno, "cannot link '%s'", path);
	}
	free(path);
	free(target);
}

/* ---- the end of a step --------------------------------------------------------------------------------------------- */

static void finish(struct pipeline *p, size_t i)
{
	char *file = file_of(p, i);
	(void)guild_file_remove(file, NULL);
	free(file);
	guild_steps_walk_finish(&p->walk, i);
}

static void note_failure(struct pipeline *p, size_t i, int status)
{
	int code = status < 0 ? 128 - status : status;
	if (p->signal == 0 && p->exit_code == 0) {
		const struct guild_step *step = &p->req->steps->v[i];
		say(p, "ERROR: [guild] step %s failed with exit code %d", step->name, code);
		p->exit_code = code;
	}
}

/* The run that --needed found, as the child tells beside the step's file. */
static char *read_reused(const struct pipeline *p, size_t i)
{
	struct guild_buf text = {0};
	char *file = file_of(p, i);
	char *path = guild_format("%s.reused", file);
	int rc = guild_file_read(path, 4096, &text, NULL);
	(void)guild_file_remove(path, NULL);
	free(file);
	free(path);
	return rc == 0 ? guild_buf_take(&text) : NULL;
}

/* The step's run ended well; `dir` is where it is now. Checks, then the log. */
static void take_success(struct pipeline *p, size_t i, const char *dir)
{
	const struct guild_step *step = &p->req->steps->v[i];
	size_t n_failed =
		dir ? guild_step_check(step, dir, p->req->world->env, p->req->world->log) : 0;
	if (n_failed > 0) {
		say(p, "guild: stopping because a check failed");
		p->exit_code = p->exit_code ? p->exit_code : EXIT_CHECK_FAILED;
		return;
	}
	write_log(p, "done", step, p->records[i].run_id, NULL);
	finish(p, i);
}

/* Where the run is: beside the pipeline, in the trash, or nowhere (NULL). */
static char *find_run(const struct pipeline *p, size_t i)
{
	char *dir = run_dir_of(p, i);
	if (!guild_run_is_run(dir)) {
		free(dir);
		dir = guild_path_join(p->trash_dir, p->records[i].run_id);
		if (!guild_run_is_run(dir)) {
			free(dir);
			return NULL;
		}
	}
	return dir;
}

static void take_exit(struct pipeline *p, size_t i, int status)
{
	char *reused = read_reused(p, i);
	if (status != 0) {
		note_failure(p, i, status);
	} else if (reused) {
		free(p->records[i].run_id);
		p->records[i].run_id = guild_strdup(reused);
		write_log(p, "reused", &p->req->steps->v[i], reused, NULL);
		make_link(p, i);
		finish(p, i);
	} else {
		char *dir = find_run(p, i);
		take_success(p, i, dir);
		free(dir);
	}
	free(reused);
}

/* ---- the beginning of a step ------------------------------------------------------------------------------------------- */

static struct guild_step_process *add_process(struct pipeline *p, size_t i)
{
	struct guild_step_process *s = &p->running[p->n_running++];
	*s = (struct guild_step_process){.step = i, .streams = {{.fd = -1}, {.fd = -1}}};
	return s;
}

static void start(struct pipeline *p, size_t i, bool is_restart)
{
	const struct guild_step *step = &p->req->steps->v[i];
	char *dir = run_dir_of(p, i);
	char *file = file_of(p, i);
	struct guild_buf text = {0};
	struct guild_step_start s = {.req = p->req,
		.step = step,
		.run_dir = dir,
		.file = file,
		.is_restart = is_restart,
		.has_pipes = p->has_pipes,
		.signals = &p->signals};
	guild_step_text(step, p->req->stage_trials, &text);
	say(p, "INFO: [guild] %s %s: %s", is_restart ? "restarting" : "running", step->name,
		guild_buf_cstr(&text));
	struct guild_step_process *process = add_process(p, i);
	p->rc = p->rc ? p->rc : guild_step_start(&s, process, &p->err);
	if (p->rc != 0) {
		p->n_running--;
	}
	guild_buf_fini(&text);
	free(dir);
	free(file);
}

static void start_new(struct pipeline *p, size_t i)
{
	const struct guild_step *step = &p->req->steps->v[i];
	char id[GUILD_RUN_ID_LEN + 1];
	char hash[33];
	guild_run_new_id(id);
	guild_step_hash(step, hash);
	free(p->records[i].run_id);
	p->records[i] = (struct guild_step_record){.run_id = guild_strdup(id)};
	write_log(p, "start", step, id, hash);
	if (p->rc == 0) {
		make_link(p, i);
	}
	if (p->rc == 0) {
		start(p, i, false);
	}
}

/* Made by a child that was killed before there was a run: nothing of it counts. */
static void start_again(struct pipeline *p, size_t i)
{
	char *dir = run_dir_of(p, i);
	p->rc = p->rc ? p->rc : guild_rmtree(dir, &p->err);
	if (p->rc == GUILD_ENOTFOUND) {
		p->rc = 0;
	}
	make_link(p, i);
	if (p->rc == 0) {
		start(p, i, false);
	}
	free(dir);
}

/* A process of an earlier attempt is still at it. */
static bool is_busy(const struct pipeline *p, size_t i, const struct guild_run *run)
{
	char *file = file_of(p, i);
	bool is_locked = guild_step_file_is_locked(file);
	free(file);
	return is_locked || (run && guild_run_status(run, NULL) == GUILD_RUN_RUNNING);
}

/* What an earlier attempt left decides. */
static void resume(struct pipeline *p, size_t i)
{
	struct guild_run run = {0};
	char *dir = find_run(p, i);
	bool is_run = dir && guild_run_open(dir, &run, NULL) == 0;
	int64_t exit_status =
		is_run ? guild_run_attr_i64(&run, "exit_status", INT64_MIN) : INT64_MIN;
	if (is_busy(p, i, is_run ? &run : NULL)) {
		say(p, "INFO: [guild] waiting for %s, which still runs as %s",
			p->req->steps->v[i].name, p->records[i].run_id);
		add_process(p, i)->is_adopted = true;
	} else if (!is_run) {
		start_again(p, i);
	} else if (exit_status == 0) {
		take_success(p, i, dir);
	} else if (exit_status > 0) {
		/* It failed and was recorded so: what was put right since is in a new run. */
		start_new(p, i);
	} else {
		start(p, i, true);
	}
	guild_run_fini(&run);
	free(dir);
}

/* True when the step is to do something else than what was recorded, or waits for one that is. */
static bool is_changed(const struct pipeline *p, size_t i)
{
	const struct guild_step *step = &p->req->steps->v[i];
	const struct guild_step_record *r = &p->records[i];
	char hash[33];
	bool is_new = step->waits_for_all && p->first_changed < i;
	for (size_t k = 0; k < step->n_after && !is_new; k++) {
		is_new = p->is_changed[step->after[k]];
	}
	guild_step_hash(step, hash);
	return is_new || (r->run_id && r->hash[0] && strcmp(r->hash, hash) != 0);
}

static void begin(struct pipeline *p, size_t i)
{
	struct guild_step_record *r = &p->records[i];
	if (is_changed(p, i)) {
		p->is_changed[i] = true;
		p->first_changed = i < p->first_changed ? i : p->first_changed;
		start_new(p, i);
	} else if (!r->run_id) {
		start_new(p, i);
	} else if (r->is_done) {
		guild_steps_walk_finish(&p->walk, i);
	} else {
		resume(p, i);
	}
}

/* ---- the loop --------------------------------------------------------------------------------------------------------------- */

static void remove_process(struct pipeline *p, size_t at)
{
	p->running[at] = p->running[--p->n_running];
}

static const char *prefix_of(const struct pipeline *p, const struct guild_step_process *s)
{
	return p->n_running > 1 ? p->req->steps->v[s->step].name : NULL;
}

static void reap(struct pipeline *p)
{
	for (size_t at = 0; at < p->n_running;) {
		struct guild_step_process *s = &p->running[at];
		int status;
		if (s->is_adopted || !guild_program_has_ended(&s->program, &status)) {
			at++;
			continue;
		}
		size_t i = s->step;
		guild_step_pass_output(s, prefix_of(p, s), true);
		remove_process(p, at);
		take_exit(p, i, status);
	}
}

/* Those of an earlier attempt: no child of ours, so there is nothing but looking. */
static void look_at_adopted(struct pipeline *p)
{
	for (size_t at = 0; at < p->n_running;) {
		size_t i = p->running[at].step;
		if (!p->running[at].is_adopted) {
			at++;
			continue;
		}
		struct guild_run run = {0};
		char *dir = find_run(p, i);
		bool is_run = dir && guild_run_open(dir, &run, NULL) == 0;
		bool busy = is_busy(p, i, is_run ? &run : NULL);
		guild_run_fini(&run);
		free(dir);
		if (is_over(p) && busy) {
			remove_process(p, at);
		} else if (busy) {
			at++;
		} else {
			remove_process(p, at);
			if (!is_over(p)) {
				resume(p, i);
			}
		}
	}
}

static void pass_on(struct pipeline *p, const struct guild_signal *s)
{
	for (size_t at = 0; at < p->n_running; at++) {
		const struct guild_step_process *process = &p->running[at];
		if (!process->is_adopted && !s->is_from_kernel && process->program.pid > 0) {
			kill(process->program.pid, s->number);
		}
	}
}

static void take_signals(struct pipeline *p)
{
	struct guild_signal s;
	while (guild_signals_next(&p->signals, &s)) {
		switch (s.number) {
		case SIGINT:
		case SIGTERM:
		case SIGHUP:
		case SIGQUIT:
			p->signal = s.number;
			pass_on(p, &s);
			break;
		case SIGUSR1:
		case SIGUSR2:
			pass_on(p, &s);
			break;
		default: /* SIGCHLD: reap looks at everybody */
			break;
		}
	}
}

static void wait_for_something(struct pipeline *p)
{
	struct pollfd *fds = guild_alloc((p->n_running * 2 + 1) * sizeof(*fds));
	size_t n = 0;
	bool has_adopted = false;
	fds[n++] = (struct pollfd){.fd = p->signals.read_fd, .events = POLLIN};
	for (size_t at = 0; at < p->n_running; at++) {
		has_adopted |= p->running[at].is_adopted;
		for (size_t k = 0; k < 2; k++) {
			if (p->running[at].streams[k].fd >= 0) {
				fds[n++] = (struct pollfd){
					.fd = p->running[at].streams[k].fd, .events = POLLIN};
			}
		}
	}
	(void)poll(fds, (nfds_t)n, has_adopted ? ADOPTED_POLL_MS : -1);
	free(fds);
}

static void begin_ready(struct pipeline *p)
{
	size_t i;
	while (!is_over(p) && p->n_running < p->jobs && guild_steps_walk_take(&p->walk, &i)) {
		begin(p, i);
	}
}

/* Signals are taken before children are looked at: one that ends later makes the next poll return. */
static void run_steps(struct pipeline *p)
{
	for (;;) {
		begin_ready(p);
		take_signals(p);
		for (size_t at = 0; at < p->n_running; at++) {
			guild_step_pass_output(&p->running[at], prefix_of(p, &p->running[at]),
				false);
		}
		reap(p);
		look_at_adopted(p);
		bool has_more = !is_over(p) && p->n_running < p->jobs && p->walk.n_ready > 0;
		if (!has_more && p->n_running == 0) {
			return;
		}
		if (!has_more) {
			wait_for_something(p);
		}
	}
}

/* ---- public ------------------------------------------------------------------------------------------------------------------ */

static size_t default_jobs(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (size_t)n : 1;
}

static void end_log(struct pipeline *p)
{
	if (p->rc == 0 && p->signal == 0) {
		char *code = guild_format("%d", p->exit_code);
		const char *words[] = {"end", code};
		p->rc = guild_pipeline_log_write(&p->log, words, 2, &p->err);
		free(code);
	}
}

static void fini(struct pipeline *p)
{
	for (size_t i = 0; i < p->req->steps->n; i++) {
		free(p->records[i].run_id);
	}
	free(p->records);
	free(p->is_changed);
	free(p->running);
	free(p->runs_dir);
	free(p->trash_dir);
	guild_steps_walk_fini(&p->walk);
	guild_pipeline_log_close(&p->log);
}

int guild_pipeline_run(const struct guild_pipeline_request *req, struct guild_pipeline_result *out,
	struct guild_error *err)
{
	size_t n = req->steps->n;
	size_t jobs = req->jobs ? req->jobs : default_jobs();
	struct pipeline p = {.req = req,
		.records = guild_alloc((n + 1) * sizeof(*p.records)),
		.is_changed = guild_alloc(n + 1),
		.jobs = jobs,
		.running = guild_alloc((jobs < n ? jobs : n + 1) * sizeof(*p.running)),
		.first_changed = n,
		.runs_dir = guild_path_dirname(req->run->dir),
		.trash_dir = guild_home_runs_dir(req->world->home, true),
		.has_pipes = jobs > 1 && req->steps->is_parallel};
	guild_steps_walk_init(&p.walk, req->steps);
	p.rc = guild_pipeline_log_open(&p.log, req->run, req->steps, p.records, &p.err);
	p.rc = p.rc ? p.rc : guild_signals_install(&p.signals, false, &p.err);
	if (p.rc == 0) {
		guild_signals_open(&p.signals);
		run_steps(&p);
		end_log(&p);
		guild_signals_fini(&p.signals);
	}
	*out = (struct guild_pipeline_result){.exit_code = p.exit_code, .signal = p.signal};
	if (p.rc != 0 && err) {
		*err = p.err;
	}
	fini(&p);
	return p.rc;
}

/* ---- what a run says of its steps ---------------------------------------------------------------------------------------------- */

static enum guild_step_state state_of(const char *runs_dir, const struct guild_step_record *r)
{
	if (!r->run_id) {
		return GUILD_STEP_WAITING;
	}
	if (r->is_done) {
		return r->is_reused ? GUILD_STEP_REUSED : GUILD_STEP_DONE;
	}
	struct guild_run run = {0};
	char *dir = guild_path_join(runs_dir, r->run_id);
	enum guild_step_state state = GUILD_STEP_STOPPED;
	if (guild_run_open(dir, &run, NULL) == 0) {
		switch (guild_run_status(&run, NULL)) {
		case GUILD_RUN_RUNNING:
			state = GUILD_STEP_RUNNING;
			break;
		case GUILD_RUN_COMPLETED:
			state = GUILD_STEP_DONE;
			break;
		case GUILD_RUN_ERROR:
			state = GUILD_STEP_FAILED;
			break;
		default:
			break;
		}
	}
	guild_run_fini(&run);
	free(dir);
	return state;
}

int guild_pipeline_status(const struct guild_run *run, const struct guild_steps *steps,
	struct guild_step_status *out, struct guild_error *err)
{
	struct guild_step_record *records = guild_alloc((steps->n + 1) * sizeof(*records));
	char *runs_dir = guild_path_dirname(run->dir);
	int rc = guild_pipeline_log_read(run, steps, records, err);
	for (size_t i = 0; i < steps->n; i++) {
		out[i] = (struct guild_step_status){
			.run_id = records[i].run_id, .state = state_of(runs_dir, &records[i])};
	}
	free(runs_dir);
	free(records);
	return rc;
}

void guild_pipeline_status_fini(struct guild_step_status *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].run_id);
		v[i].run_id = NULL;
	}
}
