/* Guild homes for the tests of this room. */
#ifndef GUILD_STORE_TESTING_H
#define GUILD_STORE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guild/store.h"

/* A temporary directory with a Guild home in it. */
struct testing_home {
	char *root;
	char *runs; /* ROOT/home/runs */
	struct guild_home home;
};

static inline int testing_setup(void **state)
{
	struct testing_home *t = guild_alloc(sizeof(*t));
	t->root = guild_tmp_dir("guild-store-", NULL);
	t->home.path = guild_path_join(t->root, "home");
	t->home.why = guild_strdup("test");
	t->runs = guild_home_runs_dir(&t->home, false);
	*state = t;
	return guild_mkdirs(t->runs, NULL);
}

static inline int testing_teardown(void **state)
{
	struct testing_home *t = *state;
	int rc = guild_rmtree(t->root, NULL);
	guild_home_fini(&t->home);
	free(t->runs);
	free(t->root);
	free(t);
	return rc;
}

/* Writes a file below `dir`, with the directories it needs. */
static inline void testing_put(const char *dir, const char *name, const char *text)
{
	char *path = guild_path_join(dir, name);
	char *parent = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(parent, NULL), 0);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	free(parent);
	free(path);
}

/* A run of an operation; then pairs of names below .guild and their text, ended by NULL. */
static inline void testing_run(const struct testing_home *t, const char *id, const char *opref, ...)
{
	char *dir = guild_format("%s/%s/.guild", t->runs, id);
	va_list args;
	testing_put(dir, "opref", opref);
	testing_put(dir, "attrs/id", id);
	va_start(args, opref);
	for (const char *name; (name = va_arg(args, const char *)) != NULL;) {
		testing_put(dir, name, va_arg(args, const char *));
	}
	va_end(args);
	free(dir);
}

/* Ids of runs, blank-separated; the caller frees. */
static inline char *testing_ids(const struct guild_runs *runs)
{
	struct guild_strs ids = {0};
	for (size_t i = 0; i < runs->n; i++) {
		guild_strs_add(&ids, runs->v[i].id);
	}
	char *text = ids.n > 0 ? guild_strs_join(&ids, " ") : guild_strdup("");
	guild_strs_fini(&ids);
	return text;
}

/* A log that counts and keeps what was said last. */
struct testing_log {
	size_t n;
	char text[1024];
};

static inline void testing_emit(void *arg, const char *level, const char *text)
{
	struct testing_log *log = arg;
	(void)level;
	log->n++;
	snprintf(log->text, sizeof(log->text), "%s", text);
}

#endif
