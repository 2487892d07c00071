/* Levels source and flags of a reproduction: what the earlier run says it was made of, held against what it has. */

#include <stdlib.h>
#include <string.h>

#include "reproduce.h"

/* ---- source code ------------------------------------------------------------------------------------------------ */

/* The run's own copy of a file, as it was before flag values were put in. */
static void check_file(struct guild_reproducing *p, const struct guild_manifest_entry *e)
{
	char hex[65] = "";
	char *path = guild_run_source_path(p->req->run, e->path);
	bool is_there = guild_file_exists(path);
	if (!guild_path_is_beneath(e->path)) {
		guild_reproduce_find(p, GUILD_REPRODUCE_SOURCE, e->path, "lies outside of the run",
			e->sha1, NULL);
	} else if (!is_there || guild_digest_file(GUILD_SHA1, path, hex, NULL) != 0) {
		guild_reproduce_find(p, GUILD_REPRODUCE_SOURCE, e->path,
			is_there ? "cannot be read" : "is gone", e->sha1, NULL);
	} else if (strcmp(hex, e->sha1) != 0) {
		guild_reproduce_find(p, GUILD_REPRODUCE_SOURCE, e->path, "changed", e->sha1, hex);
	}
	free(path);
}

static int check_recorded(struct guild_reproducing *p, struct guild_error *err)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_SOURCE;
	struct guild_reproduce_check *c = guild_reproduce_check_of(p, l);
	struct guild_manifest m = {0};
	size_t n_bad = 0;
	size_t n = 0;
	int rc = guild_manifest_read(p->req->run, p->a, &m, &n_bad, err);
	for (size_t i = 0; i < m.n && rc == 0; i++) {
		if (m.v[i].kind == 's') {
			check_file(p, &m.v[i]);
			n++;
		}
	}
	const char *digest =
		guild_value_text(guild_run_attr(p->req->run, p->a, "sourcecode_digest"));
	char now[33] = "";
	/* The digest also notices lines that are missing in the manifest. */
	bool has_original = guild_notebook_word(p->record) != NULL;
	if (rc == 0 && digest && c->n == 0 && !has_original) {
		(void)guild_run_sourcecode_digest(p->req->run, now, NULL);
		if (strcmp(now, digest) != 0) {
			guild_reproduce_find(p, l, "digest", "is another", digest, now);
		}
	}
	if (n_bad > 0) {
		guild_reproduce_find(p, l, "manifest", "has lines that cannot be read", NULL, NULL);
	}
	if (guild_reproduce_count(c) > 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS,
			"the run's copy is not what was recorded");
	} else if (n == 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_UNKNOWN,
			"the run has no source code");
	} else {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_SAME, "%zu file%s, digest %.8s", n,
			n == 1 ? "" : "s", digest ? digest : "not recorded");
	}
	return rc;
}

/* --working: which files are others today. */
static int note_working(struct guild_reproducing *p, struct guild_error *err)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_SOURCE;
	struct guild_exec_now *now = guild_exec_now_new(p->req->working);
	struct guild_differences d = {0};
	size_t n = 0;
	int rc = guild_exec_differences(now, p->req->run, 0, &d, err);
	for (size_t i = 0; i < d.n && rc == 0; i++) {
		const struct guild_difference *one = &d.v[i];
		bool is_source = one->kind == GUILD_DIFFERENCE_SOURCE;
		if (is_source || one->kind == GUILD_DIFFERENCE_OPERATION) {
			guild_reproduce_note(p, l, one->name,
				!one->before  ? "is new"
				: !one->after ? "is gone"
					      : "changed",
				one->before, one->after);
			n += is_source;
		}
	}
	guild_reproduce_conclude(p, l, GUILD_REPRODUCE_NOTED, "today's: %zu file%s differ%s (%s)",
		n, n == 1 ? "" : "s", n == 1 ? "s" : "", p->req->working->project->dir);
	guild_differences_fini(&d);
	guild_exec_now_free(now);
	return rc;
}

int guild_reproduce_check_source(struct guild_reproducing *p, struct guild_error *err)
{
	return p->req->working ? note_working(p, err) : check_recorded(p, err);
}

/* ---- flags and seed ------------------------------------------------------------------------------------------------- */

/* The program was given every flag in a variable, too: a record of its own. */
static int check_variables(struct guild_reproducing *p, struct guild_error *err)
{
	struct guild_arena *a = p->a;
	const struct guild_value *then = guild_run_attr(p->req->run, a, "env");
	const struct guild_value *flags = guild_run_attr(p->req->run, a, "flags");
	struct guild_strs env = {0};
	int rc = then ? guild_env_of_op(p->record, flags, &env, err) : 0;
	for (size_t i = 0; rc == 0 && i < env.n; i++) {
		size_t n = strcspn(env.v[i], "=");
		const char *name = guild_arena_strndup(a, env.v[i], n);
		const char *now = env.v[i][n] ? env.v[i] + n + 1 : "";
		const char *before = guild_value_text(guild_value_get(then, name));
		bool is_masked = before && strstr(before, GUILD_SECRET_MASK);
		if (guild_starts(name, "FLAG_") && before && !is_masked &&
			strcmp(before, now) != 0) {
			guild_reproduce_find(p, GUILD_REPRODUCE_FLAGS, name, "was another value",
				before, now);
		}
	}
	guild_strs_fini(&env);
	return rc;
}

static void check_seed(struct guild_reproducing *p)
{
	const struct guild_value *params = guild_run_attr(p->req->run, p->a, "run_params");
	const struct guild_value *asked = guild_value_get(params, "random_seed");
	const struct guild_value *seed = guild_run_attr(p->req->run, p->a, "random_seed");
	/* 0 counts as not given in 0.9.0. */
	if (guild_value_truthy(asked) && !(seed && guild_value_eq(asked, seed))) {
		struct guild_buf before = {0};
		struct guild_buf now = {0};
		guild_value_py_str(&before, asked);
		guild_value_py_str(&now, seed ? seed : guild_value_null(p->a));
		guild_reproduce_find(p, GUILD_REPRODUCE_FLAGS, "random seed", "was another value",
			guild_buf_cstr(&before), guild_buf_cstr(&now));
		guild_buf_fini(&before);
		guild_buf_fini(&now);
	}
}

static const char *flag_text(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_buf b = {0};
	if (!v) {
		return NULL;
	}
	guild_flag_encode(&b, v);
	const char *text = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return text;
}

/* --working: flags that the operation has lost or got since then. */
static void check_working(struct guild_reproducing *p)
{
	const struct guild_value *then = guild_run_attr(p->req->run, p->a, "flags");
	const struct guild_value *sides[] = {then, p->flags};
	for (size_t s = 0; s < GUILD_ARRAY_LEN(sides); s++) {
		for (size_t i = 0; sides[s] && i < sides[s]->n; i++) {
			const char *name = guild_value_text(sides[s]->pairs[i].key);
			const struct guild_value *a = guild_value_get(then, name ? name : "");
			const struct guild_value *b = guild_value_get(p->flags, name ? name : "");
			bool is_seen = s == 1 && a;
			bool is_same = guild_value_is_null(a)
					       ? guild_value_is_null(b)
					       : !guild_value_is_null(b) && guild_value_eq(a, b);
			if (name && !is_seen && !is_same) {
				guild_reproduce_find(p, GUILD_REPRODUCE_FLAGS, name,
					!a   ? "is new"
					: !b ? "is gone"
					     : "changed",
					flag_text(p->a, a), flag_text(p->a, b));
			}
		}
	}
}

int guild_reproduce_check_flags(struct guild_reproducing *p, struct guild_error *err)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_FLAGS;
	int rc = check_variables(p, err);
	check_seed(p);
	if (p->req->working) {
		check_working(p);
	}
	if (guild_reproduce_count(guild_reproduce_check_of(p, l)) > 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS,
			p->req->working ? "the operation takes others today"
					: "the records of the run contradict each other");
	} else {
		size_t n = p->flags->n;
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_SAME, "%zu flag%s, seed %lld", n,
			n == 1 ? "" : "s",
			(long long)guild_run_attr_i64(p->req->run, "random_seed", 0));
	}
	return rc;
}
