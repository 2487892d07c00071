/*
 * Claims: a run that is about to be started belongs to one queue. For Guild AI 0.9.0 a claim is the marker PENDING, written under the lock
 * run-status. Beside it HOME/queues/claims/ID says whose it is, so that what a killed queue had claimed can be put back.
 *
 * A claim has a token. The process that executes the run must show it twice, when it begins and when all is prepared; a claim that was put
 * back and taken anew has another one. A claimed run with a LOCK was started: LOCK is written before its program runs, and from the second
 * showing until then the lock is held by whoever is about to become the program.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sched_private.h"

static char *claim_path(const struct guild_home *home, const char *id)
{
	return sched_path(home, "claims", id);
}

static int open_run(const struct guild_home *home, const char *id, struct guild_run *out)
{
	char *runs = guild_home_runs_dir(home, false);
	char *dir = guild_path_join(runs, id);
	int rc = guild_run_open(dir, out, NULL);
	free(dir);
	free(runs);
	return rc;
}

/* What an earlier, killed start left would be taken for a start of this one. */
static int clear_lock(const struct guild_run *run, struct guild_error *err)
{
	pid_t pid;
	enum guild_run_process where = guild_run_find_process(run, &pid, NULL);
	if (where == GUILD_PROCESS_NONE) {
		return guild_run_unlock(run, err);
	}
	return guild_error_set(err, GUILD_EBUSY, "run %.8s has a living process (%d)", run->id,
		(int)pid);
}

int sched_claim_for(const struct guild_home *home, const struct guild_run *run, const char *queue,
	const char *token, pid_t pid, struct guild_error *err)
{
	if (guild_run_status(run, NULL) != GUILD_RUN_STAGED) {
		return guild_error_set(err, GUILD_EBUSY, "run %.8s is not staged any more",
			run->id);
	}
	int rc = clear_lock(run, err);
	if (rc != 0) {
		return rc;
	}
	char *path = claim_path(home, run->id);
	char *owner = guild_process_name(pid);
	struct sched_record r = {.run = run->id,
		.token = (char *)token,
		.queue = (char *)queue,
		.owner = owner,
		.index = -1};
	char *dir = guild_path_dirname(path);
	rc = guild_mkdirs(dir, err);
	rc = rc ? rc : sched_record_write(path, &r, err);
	rc = rc ? rc : guild_run_set_marker(run, "PENDING", true, err);
	if (rc != 0) {
		(void)unlink(path);
	}
	free(dir);
	free(owner);
	free(path);
	return rc;
}

int sched_claim(const struct guild_home *home, const struct guild_run *run, const char *queue,
	const char *token, struct guild_error *err)
{
	return sched_claim_for(home, run, queue, token, getpid(), err);
}

/* ---- giving back --------------------------------------------------------------------------------------------------------- */

/* Under the lock. True when the run had not been started. */
static bool give_back(const struct guild_run *run, enum sched_unclaim what)
{
	if (!sched_has_marker(run, "PENDING")) {
		return false;
	}
	if (sched_has_marker(run, "LOCK")) {
		/* Its starter was killed before it could take the markers away. */
		(void)guild_run_set_marker(run, "STAGED", false, NULL);
		(void)guild_run_set_marker(run, "PENDING", false, NULL);
		return false;
	}
	(void)guild_run_set_marker(run, "STAGED", what == SCHED_TO_STAGED, NULL);
	(void)guild_run_set_marker(run, "PENDING", false, NULL);
	return true;
}

bool sched_unclaim(const struct guild_home *home, const struct guild_run *run, const char *token,
	enum sched_unclaim what)
{
	char *path = claim_path(home, run->id);
	struct sched_record r = {0};
	int fd = -1;
	bool was_waiting = false;
	if (sched_lock(home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &fd, NULL) == 0 &&
		sched_record_read(path, &r, NULL) == 0 && strcmp(r.token, token) == 0) {
		was_waiting = give_back(run, what);
		(void)unlink(path);
	}
	sched_unlock(&fd);
	sched_record_fini(&r);
	free(path);
	return was_waiting;
}

static bool recover_one(const struct guild_home *home, const char *path, const char *id,
	const struct guild_log *log)
{
	struct sched_record r = {0};
	struct guild_run run = {0};
	int rc = sched_record_read(path, &r, NULL);
	bool is_back = false;
	if (rc == GUILD_ENOTFOUND) {
		return false; /* it was released meanwhile */
	}
	bool is_live = rc == 0 && (sched_process_is_live(r.owner, path) ||
					  sched_process_is_live(r.runner, path));
	if (!is_live && open_run(home, id, &run) == 0) {
		is_back = give_back(&run, SCHED_TO_STAGED);
	}
	if (!is_live) {
		(void)unlink(path);
	}
	if (is_back) {
		guild_log(log, "warning",
			"Run %.8s was claimed by a queue that is gone (%s): it is staged again", id,
			rc == 0 && *r.queue ? r.queue : "unknown");
	}
	guild_run_fini(&run);
	sched_record_fini(&r);
	return is_back;
}

/* Without the lock first: there is mostly nothing to do. */
static bool may_be_dead(const char *path)
{
	struct sched_record r = {0};
	int rc = sched_record_read(path, &r, NULL);
	bool dead = rc != 0 ? rc != GUILD_ENOTFOUND
			    : !sched_process_is_live(r.owner, path) &&
				      !sched_process_is_live(r.runner, path);
	sched_record_fini(&r);
	return dead;
}

size_t sched_recover(const struct guild_home *home, const struct guild_log *log)
{
	char *dir = sched_path(home, "claims", "");
	struct guild_strs names = {0};
	size_t n = 0;
	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *path = claim_path(home, names.v[i]);
		int fd = -1;
		if (names.v[i][0] != '.' && may_be_dead(path) &&
			sched_lock(home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &fd, NULL) == 0) {
			n += recover_one(home, path, names.v[i], log);
		}
		sched_unlock(&fd);
		free(path);
	}
	guild_strs_fini(&names);
	free(dir);
	return n;
}

/* ---- the process that executes a run --------------------------------------------------------------------------------------- */

/* Under the lock: the claim is still the one we know; this process is now its runner. */
static int show_token(struct guild_claim *c, struct guild_error *err)
{
	struct sched_record r = {0};
	int rc = sched_record_read(c->path, &r, NULL);
	if (rc == 0 && strcmp(r.token, c->token) != 0) {
		rc = GUILD_EBUSY;
	}
	if (rc == 0) {
		free(r.runner);
		r.runner = guild_process_name(getpid());
		rc = sched_record_write(c->path, &r, err);
	} else {
		rc = guild_error_set(err, GUILD_EBUSY,
			"run %.8s was taken back from this queue and is not started", c->run->id);
	}
	sched_record_fini(&r);
	return rc;
}

/* The GPUs that the queue has leased for the run; where one is another's by now, nothing may start. */
static int show_leases(const struct guild_claim *c, struct guild_error *err)
{
	struct guild_strs paths = {0};
	int rc = 0;
	guild_strs_split(&paths, c->leases ? c->leases : "", ':');
	for (size_t i = 0; i < paths.n && rc == 0; i++) {
		struct sched_record r = {0};
		if (!paths.v[i][0]) {
			continue;
		}
		if (sched_record_read(paths.v[i], &r, NULL) != 0 ||
			strcmp(r.token, c->token) != 0) {
			rc = guild_error_set(err, GUILD_EBUSY,
				"the GPU for run %.8s was taken back from this queue", c->run->id);
		} else {
			free(r.runner);
			r.runner = guild_process_name(getpid());
			rc = sched_record_write(paths.v[i], &r, err);
		}
		sched_record_fini(&r);
	}
	guild_strs_fini(&paths);
	return rc;
}

/* Let go by closing alone: a process that was forked meanwhile goes on holding them. */
static void release(struct guild_claim *c)
{
	if (c->is_held) {
		sched_unlock(&c->lock_fds[1]);
		sched_unlock(&c->lock_fds[0]);
	}
	c->is_held = false;
}

/* Holds what it has locked when it succeeds. */
static int show_all(struct guild_claim *c, struct guild_error *err)
{
	c->is_held = true;
	c->lock_fds[0] = c->lock_fds[1] = -1;
	int rc = sched_lock(c->home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &c->lock_fds[0], err);
	rc = rc ? rc : show_token(c, err);
	if (rc == 0 && c->leases != NULL) {
		rc = sched_lock(c->home, SCHED_GPU_LOCK, SCHED_LOCK_WAIT_MS, &c->lock_fds[1], err);
		rc = rc ? rc : show_leases(c, err);
	}
	if (rc != 0) {
		release(c);
	}
	return rc;
}

/* A person starts a run: it is claimed as a queue would. */
static int claim_for_person(struct guild_claim *c, struct guild_error *err)
{
	int fd = -1;
	struct sched_record r = {0};
	char token[SCHED_TOKEN_LEN + 1];
	int rc = sched_lock(c->home, SCHED_STATUS_LOCK, SCHED_LOCK_WAIT_MS, &fd, err);
	enum guild_run_status status = guild_run_status(c->run, NULL);
	if (rc == 0 && status == GUILD_RUN_STAGED) {
		sched_new_token(token);
		rc = sched_claim(c->home, c->run, "", token, err);
		c->token = rc == 0 ? guild_strdup(token) : NULL;
	} else if (rc == 0 && status == GUILD_RUN_PENDING &&
		   sched_record_read(c->path, &r, NULL) == 0 &&
		   (sched_process_is_live(r.owner, c->path) ||
			   sched_process_is_live(r.runner, c->path))) {
		rc = guild_error_set(err, GUILD_EBUSY, "run %.8s is just being started%s%s%s",
			c->run->id, *r.queue ? " by queue '" : "", r.queue, *r.queue ? "'" : "");
	}
	sched_unlock(&fd);
	sched_record_fini(&r);
	return rc;
}

int guild_claim_begin(struct guild_claim *c, const struct guild_home *home,
	const struct guild_run *run, char *const *env, struct guild_error *err)
{
	const char *given = NULL;
	*c = (struct guild_claim){.home = home, .run = run, .path = claim_path(home, run->id)};
	for (; env != NULL && *env != NULL; env++) {
		if (guild_starts(*env, GUILD_CLAIM_ENV "=")) {
			given = *env + strlen(GUILD_CLAIM_ENV "=");
		} else if (guild_starts(*env, GUILD_LEASES_ENV "=")) {
			c->leases = guild_strdup(*env + strlen(GUILD_LEASES_ENV "="));
		}
	}
	/* "ID TOKEN": the variable may have come down to a run of a run. */
	size_t n = strlen(run->id);
	if (given != NULL && strncmp(given, run->id, n) == 0 && given[n] == ' ') {
		c->token = guild_strdup(given + n + 1);
		c->is_of_queue = true;
		int rc = show_all(c, err);
		release(c);
		return rc;
	}
	free(c->leases);
	c->leases = NULL;
	char *runs = guild_home_runs_dir(home, false);
	char *expected = guild_path_join(runs, run->id);
	int rc = strcmp(expected, run->dir) == 0 ? claim_for_person(c, err) : 0;
	free(expected);
	free(runs);
	return rc;
}

int guild_claim_ready(struct guild_claim *c, struct guild_error *err)
{
	return c->token == NULL ? 0 : show_all(c, err);
}

void guild_claim_started(struct guild_claim *c)
{
	release(c);
}

void guild_claim_end(struct guild_claim *c)
{
	release(c);
	if (c->token != NULL) {
		/* What cannot be prepared stays staged for a person; a queue would start it again and again. */
		(void)sched_unclaim(c->home, c->run, c->token,
			c->is_of_queue ? SCHED_TO_ERROR : SCHED_TO_STAGED);
	}
	free(c->path);
	free(c->token);
	free(c->leases);
	*c = (struct guild_claim){0};
}
