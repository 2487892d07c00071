/*
 * The queue: starts staged runs in its slots, each as a child `guild run --start ID`. It sleeps until something happens: a child ends, a
 * directory of a run is made, an order comes, a signal, or the poll interval is over.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state.h"
#include "waiting.h"

enum {
	LOOK_MS = 10,        /* at runs that are being made; */
	LOOK_MAX_MS = 1000,  /* what takes longer may never be one: twice as long each time */
	TICK_MS = 1000,      /* orders from elsewhere, orphans, --after */
	TOUCH_MS = 10000,    /* of claims and leases, for other machines */
	RETRY_GPU_MS = 1000, /* when all are taken */
	KILLED_MAX = 3,      /* starts of a run that end by a signal before its program runs */
	SCAN_SHARE = 20,     /* looking through the home takes at most this part of the time */
};

struct slot {
	pid_t pid; /* of guild run; 0: its program goes on without it */
	struct guild_run run;
	char token[SCHED_TOKEN_LEN + 1];
	struct sched_lease lease;
	int64_t started_us;
};
struct queue {
	const struct guild_queue_request *req;
	struct sched_state state;
	struct sched_orders orders;
	struct sched_waiting waiting;
	struct sched_gpus gpus;
	struct slot *slots;
	size_t n, cap;
	size_t n_done, n_failed;
	int signal_fd, inotify_fd;
	sigset_t mask_before;
	int64_t begun_us, scan_at, tick_at, touch_at, look_at, batch_us;
	int look_ms;
	size_t batch_n; /* started since the last pause */
	bool is_idle;   /* it was said that staged runs are waited for */
	bool is_changed;
	int n_signals;
	struct guild_strs killed_ids; /* runs whose start was killed, once for each time */
};

/* ---- what it says -------------------------------------------------------------------------------------------------------------- */

static void write_state(struct queue *q)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *running = guild_value_list(a);
	const char *mode = q->orders.is_stopping   ? "stopping"
			   : q->orders.is_draining ? "draining"
			   : q->orders.is_paused   ? "paused"
						   : "running";
	for (size_t i = 0; i < q->n; i++) {
		struct guild_value *r = guild_value_dict(a);
		char *name = guild_run_display_name(&q->slots[i].run);
		char *gpus = guild_strs_join(&q->slots[i].lease.names, ",");
		guild_value_set(a, r, "run", guild_value_string(a, q->slots[i].run.id));
		guild_value_set(a, r, "operation", guild_value_string(a, name));
		guild_value_set(a, r, "started", guild_value_int(a, q->slots[i].started_us));
		guild_value_set(a, r, "gpus", guild_value_string(a, *gpus ? gpus : NULL));
		guild_value_append(a, running, r);
		free(gpus);
		free(name);
	}
	guild_value_set(a, v, "mode", guild_value_string(a, mode));
	guild_value_set(a, v, "slots", guild_value_int(a, q->orders.slots));
	guild_value_set(a, v, "started", guild_value_int(a, q->begun_us));
	guild_value_set(a, v, "waiting", guild_value_int(a, (int64_t)q->waiting.n));
	guild_value_set(a, v, "done", guild_value_int(a, (int64_t)q->n_done));
	guild_value_set(a, v, "failed", guild_value_int(a, (int64_t)q->n_failed));
	guild_value_set(a, v, "running", running);
	sched_state_write(&q->state, v);
	guild_arena_free(a);
	q->is_changed = false;
}

/* Said once for each run and reason. */
static void leave_alone(struct queue *q, struct sched_waiting_run *r, const char *level,
	const char *why)
{
	if (!guild_streq(r->said, why)) {
		guild_log(q->req->log, level, "%s", why);
		free(r->said);
		r->said = guild_strdup(why);
	}
}

/* ---- starting ---------------------------------------------------------------------------------------------------------------------- */

static bool is_ours(const char *variable)
{
	static const char *const names[] = {GUILD_CLAIM_ENV "=", GUILD_LEASES_ENV "=",
		"NO_RESTARTING_MSG=", "RUN_DIR=", "RUN_ID=", "GUILD_OP=", "FLAGS_DEST="};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (guild_starts(variable, names[i])) {
			return true;
		}
	}
	return guild_starts(variable, "FLAG_");
}

static void make_env(const struct queue *q, const struct slot *s, struct guild_strs *env)
{
	char *packages = guild_path_join(s->run.guild_dir, "job-packages");
	bool has_packages = guild_is_dir(packages);
	bool has_path = false;
	for (char *const *v = q->req->env; *v != NULL; v++) {
		if (has_packages && guild_starts(*v, "PYTHONPATH=")) {
			guild_strs_addf(env, "PYTHONPATH=%s:%s", packages,
				*v + strlen("PYTHONPATH="));
			has_path = true;
		} else if (!is_ours(*v)) {
			guild_strs_add(env, *v);
		}
	}
	if (has_packages && !has_path) {
		guild_strs_addf(env, "PYTHONPATH=%s", packages);
	}
	guild_strs_add(env, "NO_RESTARTING_MSG=1");
	guild_strs_addf(env, GUILD_CLAIM_ENV "=%s %s", s->run.id, s->token);
	if (s->lease.paths.n > 0) {
		char *paths = guild_strs_join(&s->lease.paths, ":");
		guild_strs_addf(env, GUILD_LEASES_ENV "=%s", paths);
		free(paths);
	}
	free(packages);
}

static int spawn(const struct queue *q, struct slot *s, const char *gpus, struct guild_error *err)
{
	struct guild_strs argv = {0};
	struct guild_strs env = {0};
	posix_spawnattr_t attr;
	posix_spawn_file_actions_t actions;
	const char *const words[] = {q->req->program, "run", "--restart", s->run.id, "-y"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		guild_strs_add(&argv, words[i]);
	}
	if (gpus != NULL) {
		guild_strs_add(&argv, "--gpus");
		guild_strs_add(&argv, gpus);
	}
	if (!q->req->show_output) {
		guild_strs_add(&argv, "-q");
	}
	make_env(q, s, &env);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_init(&actions);
	/* Keys of the terminal reach the queue alone: it decides what becomes of the runs. */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &q->mask_before);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	int rc = posix_spawn(&s->pid, q->req->program, &actions, &attr, argv.v, env.v);
	rc = rc ? guild_error_errno(err, rc, "cannot start '%s'", q->req->program) : 0;
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	guild_strs_fini(&argv);
	guild_strs_fini(&env);
	return rc;
}

static int lease_gpus(struct queue *q, const struct sched_waiting_run *r, struct slot *s,
	struct guild_error *err)
{
	struct sched_lease_request lease = {.home = q->req->home,
		.run_id = r->run.id,
		.queue = q->state.name,
		.token = s->token,
		.per_gpu = q->req->per_gpu > 0 ? q->req->per_gpu : 1,
		.min_free_mb = q->req->min_free_mb};
	if (q->gpus.n == 0 || r->no_gpus) {
		return 0;
	}
	if (r->gpus == NULL) {
		return sched_lease_any(&lease, &q->gpus, &s->lease, err);
	}
	struct sched_gpus wanted = {0};
	int rc = sched_gpus_parse(r->gpus, &wanted, err);
	for (size_t i = 0; i < wanted.n && rc == 0; i++) {
		bool has = false;
		for (size_t k = 0; k < q->gpus.n; k++) {
			has = has || strcmp(wanted.v[i].key, q->gpus.v[k].key) == 0;
		}
		rc = has ? 0
			 : guild_error_set(err, GUILD_EINVALID, "GPU %s is not this queue's",
				   wanted.v[i].name);
	}
	rc = rc ? rc : sched_lease_all(&lease, &wanted, &s->lease, err);
	sched_gpus_fini(&wanted);
	return rc;
}

static void say_started(const struct queue *q, const struct slot *s)
{
	if (q->req->is_plain) {
		guild_log(q->req->log, "info", "Starting staged run %s", s->run.id);
		return;
	}
	char *name = guild_run_display_name(&s->run);
	char *gpus = guild_strs_join(&s->lease.names, ",");
	guild_log(q->req->log, "info", "Started run %.8s %s%s%s", s->run.id, name,
		*gpus ? " on GPU " : "", gpus);
	free(gpus);
	free(name);
}

/* What an end may have freed is given away in the order of the runs: those that were refused a moment ago are asked again. */
static void ask_again(struct queue *q, const char *ended_id)
{
	for (size_t i = 0; i < q->waiting.n; i++) {
		struct sched_waiting_run *r = &q->waiting.v[i];
		bool is_for_it = r->after.n == 0;
		for (size_t k = 0; k < r->after.n && !is_for_it; k++) {
			is_for_it = strcmp(r->after.v[k], ended_id) == 0;
		}
		r->again_us = is_for_it ? 0 : r->again_us;
	}
}

static void drop_slot(struct queue *q, size_t i)
{
	struct slot *s = &q->slots[i];
	ask_again(q, s->run.id);
	sched_lease_release(q->req->home, &s->lease, s->token);
	guild_run_fini(&s->run);
	memmove(s, s + 1, (q->n - i - 1) * sizeof(*s));
	q->n--;
	q->is_changed = true;
}

enum start { STARTED, NOT_NOW, NOT_THIS, GONE };

/* Claims a run and starts it. */
static enum start start_run(struct queue *q, struct sched_waiting_run *r)
{
	struct guild_error err = {0};
	struct slot s = {.started_us = guild_now_us()};
	int fd = -1;
	sched_new_token(s.token);
	int rc = lease_gpus(q, r, &s, &err);
	if (rc != 0) {
		if (rc == GUILD_EBUSY) {
			return r->gpus ? NOT_THIS : NOT_NOW;
		}
		char *why = guild_format("Run %.8s is left alone: %s", r->run.id, err.text);
		leave_alone(q, r, "warning", why);
		free(why);
		return NOT_THIS;
	}
	rc = sched_lock(q->req->home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &fd, &err);
	if (rc == 0) {
		rc = sched_claim(q->req->home, &r->run, q->state.name, s.token, &err);
		sched_unlock(&fd);
		if (rc != 0) {
			sched_lease_release(q->req->home, &s.lease, s.token);
			return GONE;
		}
	}
	char *gpus = guild_strs_join(&s.lease.names, ",");
	if (rc == 0) {
		s.run = r->run;
		r->run = (struct guild_run){0};
		say_started(q, &s);
		rc = spawn(q, &s, q->req->run_gpus ? q->req->run_gpus : *gpus ? gpus : NULL, &err);
	}
	free(gpus);
	if (rc != 0) {
		guild_log(q->req->log, "warning", "%s", err.text);
		if (s.run.dir) {
			(void)sched_unclaim(q->req->home, &s.run, s.token, SCHED_TO_STAGED);
			r->run = s.run;
		}
		sched_lease_release(q->req->home, &s.lease, s.token);
		return NOT_NOW;
	}
	q->slots = guild_grow_array(q->slots, &q->cap, q->n + 1, sizeof(*q->slots));
	q->slots[q->n++] = s;
	q->batch_n++;
	return STARTED;
}

/* False where something other than a slot is missing. */
static bool may_start(struct queue *q, struct sched_waiting_run *r)
{
	const char *gpus = q->req->run_gpus;
	bool is_final;
	if (gpus != NULL && r->gpus != NULL && strcmp(gpus, r->gpus) != 0) {
		char *why = guild_format("Ignoring staged run %s: it is for GPUs %s, this queue "
					 "has %s",
			r->run.id, r->gpus, gpus);
		leave_alone(q, r, "info", why);
		free(why);
		return false;
	}
	char *why = sched_waits_after(q->req->home, r, &is_final);
	if (why != NULL && is_final) {
		char *text = guild_format("Run %.8s stays staged: %s", r->run.id, why);
		leave_alone(q, r, "warning", text);
		free(text);
	}
	bool may = why == NULL;
	free(why);
	return may;
}

static void fill_slots(struct queue *q)
{
	int64_t now = guild_monotonic_us();
	bool is_closed = q->orders.is_paused || q->orders.is_draining || q->orders.is_stopping;
	size_t i = 0;
	if (is_closed || q->waiting.n == 0 || (int64_t)q->n >= q->orders.slots ||
		(q->req->wait_for_running &&
			(q->n > 0 || sched_is_busy(q->req->home, q->req->env)))) {
		return;
	}
	while (i < q->waiting.n && (int64_t)q->n < q->orders.slots) {
		struct sched_waiting_run *r = &q->waiting.v[i];
		if (r->again_us > now || !may_start(q, r)) {
			r->again_us =
				r->again_us > now ? r->again_us : now + (int64_t)TICK_MS * 1000;
			i++;
			continue;
		}
		enum start how = start_run(q, r);
		if (how == NOT_NOW) {
			r->again_us = now + (int64_t)RETRY_GPU_MS * 1000;
			break;
		}
		if (how == NOT_THIS) {
			r->again_us = now + (int64_t)RETRY_GPU_MS * 1000;
			i++;
			continue;
		}
		sched_waiting_remove(&q->waiting, i);
		q->is_changed = true;
		if (q->req->wait_for_running) {
			break;
		}
	}
}

/* ---- the end of runs ------------------------------------------------------------------------------------------------------------------ */

static bool is_program_alive(const struct guild_run *run)
{
	pid_t pid;
	enum guild_run_process where = guild_run_find_process(run, &pid, NULL);
	return where == GUILD_PROCESS_OURS || where == GUILD_PROCESS_MAYBE;
}

/* Of a killed guild, which may have been just starting it: then its child has the lock until LOCK tells. */
static bool is_program_left(const struct queue *q, const struct guild_run *run)
{
	int fd = -1;
	(void)sched_lock(q->req->home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &fd, NULL);
	bool is_left = is_program_alive(run);
	sched_unlock(&fd);
	return is_left;
}

static size_t times_killed(const struct queue *q, const char *id)
{
	size_t n = 0;
	for (size_t i = 0; i < q->killed_ids.n; i++) {
		n += strcmp(q->killed_ids.v[i], id) == 0;
	}
	return n;
}

static void add_young(struct queue *q, const char *id)
{
	guild_strs_add(&q->waiting.young, id);
	q->look_at = 0;
	q->look_ms = LOOK_MS;
}

static void end_slot(struct queue *q, size_t i, int status)
{
	struct slot *s = &q->slots[i];
	if (WIFSIGNALED(status) && is_program_left(q, &s->run)) {
		s->pid = 0; /* it holds its slot and GPU until it ends */
		return;
	}
	bool was_killed = WIFSIGNALED(status);
	bool again = was_killed && times_killed(q, s->run.id) < KILLED_MAX;
	bool was_waiting = sched_unclaim(q->req->home, &s->run, s->token,
		again ? SCHED_TO_STAGED : SCHED_TO_ERROR);
	if (was_waiting && again) {
		guild_strs_add(&q->killed_ids, s->run.id);
		add_young(q, s->run.id);
	}
	int code = was_killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	q->n_done++;
	q->n_failed += code != 0;
	if (!q->req->is_plain) {
		char took[GUILD_TIME_MAX];
		guild_duration_format(guild_now_us() - s->started_us, took);
		guild_log(q->req->log, code ? "warning" : "info", "Run %.8s %s after %s%s",
			s->run.id, code ? "failed" : "is completed", took,
			was_waiting ? ": it could not be started" : "");
	} else if (was_waiting && !again) {
		guild_log(q->req->log, "warning", "Run %s could not be started", s->run.id);
	}
	drop_slot(q, i);
}

static void reap(struct queue *q)
{
	for (size_t i = q->n; i > 0; i--) {
		int status;
		if (q->slots[i - 1].pid > 0 &&
			waitpid(q->slots[i - 1].pid, &status, WNOHANG) == q->slots[i - 1].pid) {
			end_slot(q, i - 1, status);
		}
	}
}

static void look_at_orphans(struct queue *q)
{
	for (size_t i = q->n; i > 0; i--) {
		if (q->slots[i - 1].pid == 0 && !is_program_alive(&q->slots[i - 1].run)) {
			end_slot(q, i - 1, SIGKILL);
		}
	}
}

static void signal_runs(const struct queue *q, int number)
{
	for (size_t i = 0; i < q->n; i++) {
		pid_t pid = q->slots[i].pid;
		if (pid == 0) {
			enum guild_run_process where =
				guild_run_find_process(&q->slots[i].run, &pid, NULL);
			pid = where == GUILD_PROCESS_OURS ? pid : 0;
		}
		if (pid > 0) {
			kill(pid, number);
		}
	}
}

/* ---- what happens outside ------------------------------------------------------------------------------------------------------------- */

static void take_signals(struct queue *q)
{
	struct signalfd_siginfo info;
	while (read(q->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			continue;
		}
		q->n_signals++;
		q->orders.is_draining = true;
		q->is_changed = true;
		if (q->n_signals == 1 && q->n > 0) {
			guild_log(q->req->log, "info",
				"Waiting for %zu run(s) to end; a second signal stops them", q->n);
		} else if (q->n_signals > 1) {
			signal_runs(q, SIGTERM);
		}
	}
}

static void take_events(struct queue *q)
{
	_Alignas(struct inotify_event) char bytes[16 << 10];
	ssize_t n;
	while ((n = read(q->inotify_fd, bytes, sizeof(bytes))) > 0) {
		for (char *p = bytes; p < bytes + n;) {
			const struct inotify_event *e = (const struct inotify_event *)(void *)p;
			if (e->mask & IN_Q_OVERFLOW) {
				q->scan_at = 0;
			} else if (e->len > 0 && e->name[0] != '.') {
				add_young(q, e->name);
			}
			p += sizeof(*e) + e->len;
		}
	}
}

static void touch_records(const struct queue *q)
{
	for (size_t i = 0; i < q->n; i++) {
		char *claim = sched_path(q->req->home, "claims", q->slots[i].run.id);
		sched_touch(claim);
		free(claim);
		for (size_t k = 0; k < q->slots[i].lease.paths.n; k++) {
			sched_touch(q->slots[i].lease.paths.v[k]);
		}
	}
	sched_touch(q->state.owner_path);
}

static void take_orders(struct queue *q)
{
	bool was_stopping = q->orders.is_stopping;
	bool was_draining = q->orders.is_draining;
	if (!sched_state_orders(&q->state, &q->orders)) {
		return;
	}
	q->is_changed = true;
	q->orders.is_draining = q->orders.is_draining || was_draining;
	guild_log(q->req->log, "info", "Told: %s, %" PRId64 " slot(s)",
		q->orders.is_stopping   ? "stop"
		: q->orders.is_draining ? "drain"
		: q->orders.is_paused   ? "pause"
					: "go on",
		q->orders.slots);
	if (q->orders.is_stopping && !was_stopping) {
		signal_runs(q, SIGTERM);
	}
}

static void scan(struct queue *q)
{
	struct guild_error err = {0};
	int64_t from = guild_monotonic_us();
	sched_recover(q->req->home, q->req->log);
	if (sched_waiting_scan(&q->waiting, q->req->home, q->req->env, &err) != 0) {
		guild_log(q->req->log, "warning", "%s", err.text);
	}
	int64_t now = guild_monotonic_us();
	int64_t pause = (int64_t)(q->req->poll_interval_s * 1e6);
	int64_t least = (now - from) * SCAN_SHARE;
	q->scan_at = now + (pause > least ? pause : least);
}

static void run_timers(struct queue *q)
{
	int64_t now = guild_monotonic_us();
	if (q->waiting.young.n > 0 && now >= q->look_at) {
		(void)sched_waiting_look(&q->waiting, q->req->home);
		q->look_at = now + (int64_t)q->look_ms * 1000;
		q->look_ms = q->look_ms < LOOK_MAX_MS / 2 ? q->look_ms * 2 : LOOK_MAX_MS;
	}
	if (now >= q->scan_at) {
		scan(q);
	}
	if (now >= q->tick_at) {
		q->tick_at = now + (int64_t)TICK_MS * 1000;
		take_orders(q);
		look_at_orphans(q);
	}
	if (now >= q->touch_at) {
		q->touch_at = now + (int64_t)TOUCH_MS * 1000;
		touch_records(q);
	}
}

static int timeout_ms(const struct queue *q)
{
	int64_t now = guild_monotonic_us();
	int64_t at = q->scan_at < q->tick_at ? q->scan_at : q->tick_at;
	if (q->waiting.young.n > 0 && q->look_at < at) {
		at = q->look_at;
	}
	return at > now ? (int)((at - now) / 1000 + 1) : 0;
}

/* ---- from start to end -------------------------------------------------------------------------------------------------------------------- */

static void say_batch(struct queue *q)
{
	if (q->req->run_once && q->req->is_plain) {
		guild_log(q->req->log, "info", "queue processed %zu run(s) in %f seconds",
			q->batch_n, (double)(guild_monotonic_us() - q->batch_us) / 1e6);
	} else if (!q->req->run_once && !q->is_idle) {
		guild_log(q->req->log, "info", "Waiting for staged runs");
	}
	q->is_idle = true;
	q->batch_n = 0;
}

static bool is_anything_startable(struct queue *q)
{
	for (size_t i = 0; i < q->waiting.n; i++) {
		bool is_final;
		struct sched_waiting_run *r = &q->waiting.v[i];
		char *why = sched_waits_after(q->req->home, r, &is_final);
		bool is_other =
			q->req->run_gpus && r->gpus && strcmp(q->req->run_gpus, r->gpus) != 0;
		free(why);
		if (!is_other && !is_final && !(r->said && r->gpus)) {
			return true;
		}
	}
	return false;
}

/* True when all is over. */
static bool is_over(struct queue *q)
{
	if (q->n > 0) {
		q->is_idle = false;
		return false;
	}
	if (q->orders.is_draining || q->orders.is_stopping) {
		return true;
	}
	if (q->req->run_once && !q->orders.is_paused) {
		scan(q);
		(void)sched_waiting_look(&q->waiting, q->req->home);
		if (!is_anything_startable(q)) {
			say_batch(q);
			return true;
		}
	} else if (!is_anything_startable(q)) {
		say_batch(q);
	}
	return false;
}

static void loop(struct queue *q)
{
	for (;;) {
		run_timers(q);
		fill_slots(q);
		if (is_over(q)) {
			return;
		}
		if (q->is_changed) {
			write_state(q);
		}
		struct pollfd fds[] = {{.fd = q->signal_fd, .events = POLLIN},
			{.fd = q->inotify_fd, .events = POLLIN}};
		(void)poll(fds, GUILD_ARRAY_LEN(fds), timeout_ms(q));
		take_signals(q);
		reap(q);
		take_events(q);
	}
}

static void open_ears(struct queue *q)
{
	static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
	sigset_t set;
	sigemptyset(&set);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(numbers); i++) {
		sigaddset(&set, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &set, &q->mask_before);
	q->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	q->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char *runs = guild_home_runs_dir(q->req->home, false);
	(void)guild_mkdirs(runs, NULL);
	if (q->inotify_fd >= 0) {
		/* Where it cannot watch, the poll interval finds what is new. */
		(void)inotify_add_watch(q->inotify_fd, runs, IN_CREATE | IN_MOVED_TO);
	}
	free(runs);
}

static void close_ears(struct queue *q)
{
	close(q->signal_fd);
	if (q->inotify_fd >= 0) {
		close(q->inotify_fd);
	}
	sigprocmask(SIG_SETMASK, &q->mask_before, NULL);
}

int guild_queue_run(const struct guild_queue_request *req, struct guild_error *err)
{
	struct queue q = {.req = req,
		.begun_us = guild_now_us(),
		.batch_us = guild_monotonic_us(),
		.orders = {.slots = req->slots > 0 ? req->slots : 1},
		.is_changed = true};
	int rc = req->gpus ? sched_gpus_parse(req->gpus, &q.gpus, err) : 0;
	if (rc == 0 && req->slots == 0 && req->gpus) {
		q.orders.slots = (int64_t)q.gpus.n * (req->per_gpu > 0 ? req->per_gpu : 1);
	}
	rc = rc ? rc : sched_state_open(req->home, req->name, &q.state, err);
	if (rc == 0) {
		open_ears(&q);
		guild_log(req->log, "info", "Starting queue%s%s", req->is_plain ? "" : " ",
			req->is_plain ? "" : q.state.name);
		if (req->is_plain && req->run_once) {
			guild_log(req->log, "info", "Processing staged runs");
		}
		loop(&q);
		guild_log(req->log, "info", "Stopping queue");
		close_ears(&q);
		sched_state_close(&q.state);
	}
	free(q.state.name);
	sched_waiting_fini(&q.waiting);
	sched_gpus_fini(&q.gpus);
	guild_strs_fini(&q.killed_ids);
	free(q.slots);
	return rc;
}
