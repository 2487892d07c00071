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
	RECORD_HEAD = 12, /* length and its checksum */
	RECORD_TAIL = 4,
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

static uint64_t little_endian(const unsigned char *p)
{
	uint64_t v = 0;
	for (size_t i = 8; i > 0; i--) {
		v = v << 8 | p[i - 1];
	}
	return v;
}

/* Bytes of the records that are whole. *wanted: how many the next one has. */
static size_t whole_records(const unsigned char *p, size_t n, size_t *wanted)
{
	size_t at = 0;
	*wanted = RECORD_HEAD;
	while (n - at >= RECORD_HEAD) {
		uint64_t length = little_endian(p + at);
		if (length > RECORD_MAX) {
			*wanted = SIZE_MAX;
			break;
		}
		size_t size = RECORD_HEAD + (size_t)length + RECORD_TAIL;
		if (n - at < size) {
			*wanted = size;
			break;
		}
		at += size;
	}
	return at;
}

static void read_more(struct alert_events *e, int fd, struct event_file *f)
{
	size_t cap = CHUNK_BYTES;
	char *bytes = guild_realloc(NULL, cap);
	for (;;) {
		ssize_t got = pread(fd, bytes, cap, f->offset);
		size_t wanted = 0;
		size_t n =
			got > 0 ? whole_records((unsigned char *)bytes, (size_t)got, &wanted) : 0;
		if (got <= 0 || wanted == SIZE_MAX || (n == 0 && (size_t)got < cap)) {
			f->is_lost = got > 0 && wanted == SIZE_MAX;
			break;
		}
		if (n == 0) {
			cap = wanted;
			bytes = guild_realloc(bytes, cap);
			continue;
		}
		f->offset += (int64_t)n;
		e->now = f;
		(void)guild_event_bytes_read(guild_str_n(bytes, n), on_scalar, e);
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
