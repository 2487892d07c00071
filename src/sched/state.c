/* What queues say of themselves (HOME/queues/NAME/state.json), and what they are told (control.json). */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "state.h"

enum { STATE_MAX_BYTES = 8 << 20, WAIT_POLL_MS = 50, NAME_MAX_BYTES = 100 };

static struct guild_value *read_json(struct guild_arena *a, const char *path)
{
	struct guild_buf text = {0};
	struct guild_value *v = NULL;
	if (guild_file_read(path, STATE_MAX_BYTES, &text, NULL) != 0 ||
		guild_json_parse(a, guild_buf_str(&text), path, &v, NULL) != 0 ||
		v->type != GUILD_DICT) {
		v = NULL;
	}
	guild_buf_fini(&text);
	return v;
}

static int write_json(const char *path, const struct guild_value *v, struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_json_dump(&text, v, 0);
	guild_buf_putc(&text, '\n');
	int rc = guild_file_write(path, text.p, text.n, false, err);
	guild_buf_fini(&text);
	return rc;
}

static char *file_of(const struct guild_home *home, const char *name, const char *file)
{
	char *dir = sched_path(home, "by-name", name);
	char *path = guild_path_join(dir, file);
	free(dir);
	return path;
}

static bool is_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL &&
	       strlen(name) <= NAME_MAX_BYTES;
}

/* ---- one queue of a name ---------------------------------------------------------------------------------------------------------- */

static int hold(const struct guild_home *home, const char *name, char **path,
	struct guild_error *err)
{
	char token[SCHED_TOKEN_LEN + 1];
	sched_new_token(token);
	char *me = guild_process_name(getpid());
	struct sched_record r = {
		.run = "-", .token = token, .queue = (char *)name, .owner = me, .index = -1};
	int fd = -1;
	*path = file_of(home, name, "owner");
	int rc = sched_lock(home, "queues", SCHED_LOCK_WAIT_MS, &fd, err);
	struct sched_record before = {0};
	if (rc == 0 && sched_record_read(*path, &before, NULL) == 0 &&
		sched_process_is_live(before.owner, *path)) {
		rc = guild_error_set(err, GUILD_EBUSY, "a queue '%s' is running already", name);
	} else if (rc == 0) {
		/* Before anybody sees this queue and gives it orders. */
		char *control = file_of(home, name, "control.json");
		(void)unlink(control);
		free(control);
		(void)unlink(*path);
		rc = sched_record_create(*path, &r, err);
	}
	sched_unlock(&fd);
	sched_record_fini(&before);
	free(me);
	if (rc != 0) {
		free(*path);
		*path = NULL;
	}
	return rc;
}

int sched_state_open(const struct guild_home *home, const char *name, struct sched_state *out,
	struct guild_error *err)
{
	char *host = guild_hostname();
	char *own = guild_strdup(name ? name : *host ? host : "queue");
	int rc = is_name(own) ? 0
			      : guild_error_set(err, GUILD_EINVALID,
					"'%s' cannot be the name of a queue", own);
	*out = (struct sched_state){.home = home};
	rc = rc ? rc : hold(home, own, &out->owner_path, err);
	for (int i = 2; rc == GUILD_EBUSY && name == NULL; i++) {
		free(own);
		own = guild_format("%s-%d", *host ? host : "queue", i);
		rc = hold(home, own, &out->owner_path, err);
	}
	if (rc == 0) {
		out->control_path = file_of(home, own, "control.json");
		out->state_path = file_of(home, own, "state.json");
	} else if (rc == GUILD_EBUSY) {
		guild_error_hint(err,
			"'guild queue status' shows it; --name gives this one another name");
	}
	out->name = own;
	free(host);
	return rc;
}

void sched_state_write(struct sched_state *s, const struct guild_value *state)
{
	(void)write_json(s->state_path, state, NULL);
	sched_touch(s->owner_path);
}

void sched_state_close(struct sched_state *s)
{
	if (s->owner_path) {
		(void)unlink(s->state_path);
		(void)unlink(s->control_path);
		(void)unlink(s->owner_path);
		char *dir = guild_path_dirname(s->owner_path);
		(void)rmdir(dir);
		free(dir);
	}
	free(s->name);
	free(s->owner_path);
	free(s->control_path);
	free(s->state_path);
	*s = (struct sched_state){0};
}

bool sched_state_orders(struct sched_state *s, struct sched_orders *out)
{
	struct stat st;
	if (stat(s->control_path, &st) != 0) {
		return false;
	}
	uint64_t stamp = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
	stamp = stamp * 31 + (uint64_t)st.st_ino;
	if (stamp == s->control_stamp) {
		return false;
	}
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *v = read_json(a, s->control_path);
	if (v != NULL) {
		const struct guild_value *slots = guild_value_get(v, "slots");
		s->control_stamp = stamp;
		out->is_paused = guild_value_truthy(guild_value_get(v, "paused"));
		out->is_draining = guild_value_truthy(guild_value_get(v, "draining"));
		out->is_stopping = guild_value_truthy(guild_value_get(v, "stopping"));
		if (slots && slots->type == GUILD_INT && guild_value_as_f64(slots) >= 1 &&
			guild_value_as_f64(slots) <= GUILD_QUEUE_SLOTS_MAX) {
			out->slots = (int64_t)guild_value_as_f64(slots);
		}
	}
	guild_arena_free(a);
	return v != NULL;
}

/* ---- for commands ------------------------------------------------------------------------------------------------------------------- */

static void describe(const struct guild_home *home, const char *name, struct guild_arena *a,
	struct guild_queue_info *out)
{
	char *owner_path = file_of(home, name, "owner");
	char *state_path = file_of(home, name, "state.json");
	struct sched_record r = {0};
	char *host = NULL;
	pid_t pid = -1;
	*out = (struct guild_queue_info){.name = guild_arena_strdup(a, name), .pid = -1};
	if (sched_record_read(owner_path, &r, NULL) == 0) {
		out->is_live = sched_process_is_live(r.owner, owner_path);
		out->is_here = guild_process_find(r.owner, &pid, &host) == GUILD_PROCESS_OURS;
		out->pid = pid;
		out->host = guild_arena_strdup(a, host);
	}
	out->state = read_json(a, state_path);
	out->state = out->state ? out->state : guild_value_dict(a);
	const char *mode = guild_value_text(guild_value_get(out->state, "mode"));
	const struct guild_value *slots = guild_value_get(out->state, "slots");
	out->mode = guild_arena_strdup(a, !out->is_live ? "dead" : mode ? mode : "running");
	out->slots = slots && slots->type == GUILD_INT ? (int64_t)guild_value_as_f64(slots) : 0;
	free(host);
	sched_record_fini(&r);
	free(owner_path);
	free(state_path);
}

int guild_queues_list(const struct guild_home *home, struct guild_queues *out,
	struct guild_error *err)
{
	char *dir = sched_path(home, "by-name", "");
	struct guild_strs names = {0};
	int rc = guild_dir_list(dir, &names, err);
	*out = (struct guild_queues){.arena = guild_arena_new()};
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
		describe(home, names.v[i], out->arena, &out->v[out->n++]);
	}
	guild_strs_fini(&names);
	free(dir);
	return rc == GUILD_ENOTFOUND ? 0 : rc;
}

void guild_queues_fini(struct guild_queues *q)
{
	guild_arena_free(q->arena);
	free(q->v);
	*q = (struct guild_queues){0};
}

static bool is_queue_live(const struct guild_home *home, const char *name)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_queue_info info;
	describe(home, name, a, &info);
	guild_arena_free(a);
	return info.is_live;
}

int guild_queue_order(const struct guild_home *home, const char *name, enum guild_queue_order order,
	int64_t slots, struct guild_error *err)
{
	int fd = -1;
	if (!is_name(name) || !is_queue_live(home, name)) {
		guild_error_set(err, GUILD_ENOTFOUND, "no queue '%s' is running", name);
		guild_error_hint(err, "'guild queue status' shows which are");
		return GUILD_ENOTFOUND;
	}
	struct guild_arena *a = guild_arena_new();
	char *path = file_of(home, name, "control.json");
	int rc = sched_lock(home, "queues", SCHED_LOCK_WAIT_MS, &fd, err);
	struct guild_value *v = rc == 0 ? read_json(a, path) : NULL;
	v = v ? v : guild_value_dict(a);
	switch (order) {
	case GUILD_QUEUE_PAUSE:
	case GUILD_QUEUE_RESUME:
		guild_value_set(a, v, "paused", guild_value_bool(a, order == GUILD_QUEUE_PAUSE));
		break;
	case GUILD_QUEUE_DRAIN:
		guild_value_set(a, v, "draining", guild_value_bool(a, true));
		break;
	case GUILD_QUEUE_STOP:
		guild_value_set(a, v, "stopping", guild_value_bool(a, true));
		break;
	default:
		guild_value_set(a, v, "slots", guild_value_int(a, slots));
		break;
	}
	rc = rc ? rc : write_json(path, v, err);
	sched_unlock(&fd);
	free(path);
	guild_arena_free(a);
	return rc;
}

bool guild_queue_wait_end(const struct guild_home *home, const char *name, int timeout_ms)
{
	int64_t until = guild_monotonic_us() + (int64_t)timeout_ms * 1000;
	while (is_queue_live(home, name)) {
		struct timespec pause = {.tv_nsec = (long)WAIT_POLL_MS * 1000000};
		if (guild_monotonic_us() >= until) {
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return true;
}
