/*
 * Scalars that a program writes into event files of its run itself, read as the files grow. What was there before the program started
 * is of earlier attempts. A look costs a walk over the directories of the run and the bytes that are new; the next one waits as long
 * as keeps that below a fiftieth of the time.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alerts.h"

enum {
	DEPTH_MAX = 32,
	ENTRIES_MAX = 100000, /* of one look: data sets of many files hold no event files */
	CHUNK_BYTES = 1 << 20,
	RECORD_MAX = 64 << 20,
	LOOK_MS = 1000,
	COST_FACTOR = 50,
};

struct event_file {
	char *prefix; /* directory below the run */
	int64_t offset;
	bool is_lost; /* what comes next cannot be told */
};

struct alert_events {
	const struct guild_run *run;
	struct guild_map files; /* path -> struct event_file */
	int64_t next_us;
	size_t n_entries;
	bool is_first; /* what is there now is of earlier attempts */
	guild_alert_value_fn *each;
	void *arg;
	const struct event_file *now;
};

struct alert_events *guild_alert_events_new(const struct guild_run *run)
{
	struct alert_events *e = guild_alloc(sizeof(*e));
	e->run = run;
	e->is_first = true;
	guild_alert_events_look(e, NULL, NULL);
	e->is_first = false;
	e->next_us = 0;
	return e;
}

void guild_alert_events_free(struct alert_events *e)
{
	if (e == NULL) {
		return;
	}
	for (size_t i = 0; i < e->files.n; i++) {
		struct event_file *f = e->files.entries[i].value;
		free(f->prefix);
		free(f);
	}
	guild_map_fini(&e->files);
	free(e);
}

/* ---- one file ------------------------------------------------------------------------------------------ */

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	struct alert_events *e = arg;
	const char *prefix = e->now->prefix;
	bool is_plain = prefix[0] == '\0' || strcmp(prefix, ".guild") == 0;
	char *key = is_plain ? guild_strndup(s->tag.p, s->tag.n)
			     : guild_format("%s#%.*s", prefix, GUILD_STR_FMT(s->tag));
	e->each(e->arg, key, s->value, s->step);
	free(key);
	return 0;
}

/* Damage is the end of a file, as it is for whoever reads it later. */
static void read_more(struct alert_events *e, int fd, struct event_file *f)
{
	size_t cap = CHUNK_BYTES;
	char *bytes = guild_realloc(NULL, cap);
	ssize_t got;
	e->now = f;
	while ((got = pread(fd, bytes, cap, f->offset)) > 0) {
		struct guild_str left = guild_str_n(bytes, (size_t)got);
		uint64_t need;
		enum guild_event_end end = guild_event_bytes_take(&left, on_scalar, e, &need);
		f->offset += (int64_t)((size_t)got - left.n);
		f->is_lost = end != GUILD_EVENT_END_CLEAN || need > RECORD_MAX;
		if (f->is_lost || (size_t)got < cap) {
			break;
		}
		if (need > cap) {
			cap = (size_t)need;
			bytes = guild_realloc(bytes, cap);
		}
	}
	free(bytes);
}

static void look_at_file(struct alert_events *e, const char *path, const char *prefix)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		goto out;
	}
	struct event_file *f = guild_map_get(&e->files, path);
	if (f == NULL) {
		f = guild_alloc(sizeof(*f));
		f->prefix = guild_strdup(prefix);
		f->offset = e->is_first ? (int64_t)st.st_size : 0;
		guild_map_put(&e->files, path, f);
	}
	if (st.st_size < f->offset) {
		f->offset = 0; /* written anew */
		f->is_lost = false;
	}
	if (!e->is_first && !f->is_lost && st.st_size > f->offset) {
		read_more(e, fd, f);
	}
out:
	if (fd >= 0) {
		close(fd);
	}
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

/* The supervisor's own events came by another way already, and its figures of the system, too. */
static bool is_our_own(const char *prefix)
{
	return strcmp(prefix, ".guild") == 0;
}

static void look_at_dir(struct alert_events *e, const char *dir, const char *prefix, int depth)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	while (d != NULL && (entry = readdir(d)) != NULL && e->n_entries < ENTRIES_MAX) {
		const char *name = entry->d_name;
		bool is_event_file = strstr(name, ".tfevents.") != NULL;
		bool is_dir = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
		e->n_entries++;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
			(!is_event_file && !is_dir)) {
			continue;
		}
		char *path = guild_path_join(dir, name);
		char *below = prefix[0] ? guild_path_join(prefix, name) : guild_strdup(name);
		if (is_event_file) {
			look_at_file(e, path, prefix);
		} else if (depth < DEPTH_MAX && !is_our_own(below)) {
			look_at_dir(e, path, below, depth + 1);
		}
		free(below);
		free(path);
	}
	if (d != NULL) {
		closedir(d);
	}
}

void guild_alert_events_look(struct alert_events *e, guild_alert_value_fn *each, void *arg)
{
	int64_t began = guild_monotonic_us();
	if (began < e->next_us) {
		return;
	}
	e->each = each;
	e->arg = arg;
	e->n_entries = 0;
	look_at_dir(e, e->run->dir, "", 0);
	int64_t now = guild_monotonic_us();
	int64_t pause = COST_FACTOR * (now - began);
	e->next_us = now + (pause > LOOK_MS * 1000 ? pause : LOOK_MS * 1000);
}
