/* Level inputs of a reproduction: where each input is to be had as it was. */

#include <stdlib.h>
#include <string.h>

#include "reproduce.h"
#include "resolve.h"

enum copy_state { COPY_SAME, COPY_CHANGED, COPY_UNKNOWN };

/* ---- the run's own copies ------------------------------------------------------------------------------------------ */

static const char *recorded_sha1(const struct guild_manifest *m, const char *target)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].kind == 'd' && strcmp(m->v[i].path, target) == 0) {
			return m->v[i].sha1;
		}
	}
	return NULL;
}

/* Directories have no hash of their own in the manifest; that of the whole source may tell. */
static bool has_whole_hash(const struct guild_run *run, const struct guild_input *in,
	const char *cache)
{
	struct guild_digest *d = guild_digest_new(GUILD_SHA1);
	char hex[65] = "";
	int64_t size;
	bool is_alone = in->targets[0] && !in->targets[1];
	bool is_read = true;
	for (size_t i = 0; in->targets[i] && is_read; i++) {
		char one[41];
		char *path = guild_path_join(run->dir, in->targets[i]);
		const char *name = guild_path_basename(in->targets[i]);
		is_read = guild_content_sha1(path, cache, one, &size, NULL) == 0;
		free(path);
		if (is_read && is_alone && strcmp(one, in->sha1) == 0) {
			guild_digest_finish(d, hex);
			return true;
		}
		guild_digest_update(d, name, strlen(name) + 1);
		guild_digest_update(d, one, is_read ? strlen(one) : 0);
		guild_digest_update(d, "\n", 1);
	}
	guild_digest_finish(d, hex);
	return is_read && strcmp(hex, in->sha1) == 0;
}

/* `bad` gets the file that changed or is gone. */
static enum copy_state check_copy(const struct guild_run *run, const struct guild_manifest *m,
	const struct guild_input *in, const char *cache, const char **bad)
{
	bool has_unknown = false;
	for (size_t i = 0; in->targets[i]; i++) {
		const char *sha1 = recorded_sha1(m, in->targets[i]);
		char *path = guild_path_join(run->dir, in->targets[i]);
		char now[41] = "";
		int64_t size;
		bool is_there = guild_path_is_beneath(in->targets[i]) && guild_file_exists(path);
		bool has_hash = sha1 && strcmp(sha1, "-") != 0;
		if (is_there && has_hash) {
			(void)guild_content_sha1(path, cache, now, &size, NULL);
		}
		free(path);
		if (!is_there || (has_hash && strcmp(now, sha1) != 0)) {
			*bad = in->targets[i];
			return COPY_CHANGED;
		}
		has_unknown = has_unknown || !has_hash;
	}
	if (!has_unknown) {
		return COPY_SAME;
	}
	return in->sha1[0] && has_whole_hash(run, in, cache) ? COPY_SAME : COPY_UNKNOWN;
}

/* ---- each input -------------------------------------------------------------------------------------------------------- */

struct checking {
	struct guild_reproducing *p;
	struct guild_manifest manifest;
	struct guild_inputs now;
	struct guild_input *copies;
	size_t n_copies, n_unknown;
	char *cache;
};

/* Where it came from has something else now, or nothing. */
static void take_from_run(struct checking *k, const struct guild_input *in,
	const struct guild_input *now)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_INPUTS;
	struct guild_reproducing *p = k->p;
	const char *bad = NULL;
	bool is_gone = !now || !now->sha1[0];
	const char *sha1 = in->sha1[0] ? in->sha1 : NULL;
	const char *other = is_gone ? NULL : now->sha1;
	switch (check_copy(p->req->run, &k->manifest, in, k->cache, &bad)) {
	case COPY_CHANGED:
		guild_reproduce_find(p, l, in->source,
			guild_arena_format(p->a,
				"%s, and the run's own copy '%s' is not what it was",
				is_gone ? "is gone" : "changed", bad),
			sha1, other);
		return;
	case COPY_UNKNOWN:
		k->n_unknown++;
		guild_reproduce_note(p, l, in->source,
			"is taken from the run, which has no record of what it was", sha1, other);
		break;
	default:
		guild_reproduce_note(p, l, in->source,
			is_gone ? "is gone where it came from, and taken from the run"
				: "changed where it came from, and is taken from the run",
			sha1, other);
		break;
	}
	k->copies[k->n_copies++] = *in;
}

static void check_input(struct checking *k, const struct guild_input *in)
{
	const struct guild_input *now = guild_inputs_find(&k->now, in);
	bool is_same = in->sha1[0] && now && strcmp(in->sha1, now->sha1) == 0;
	/* A module has no content: it is asked for when the run is made. */
	if (is_same || guild_starts(in->uri, "module:")) {
		return;
	}
	take_from_run(k, in, now);
}

static int look(struct checking *k, struct guild_error *err)
{
	struct guild_reproducing *p = k->p;
	static const struct guild_run_options none;
	struct guild_exec_op recorded = {.opref = p->req->run->opref,
		.flags = p->flags,
		.record = p->record,
		.options = &none,
		.world = &p->world};
	return guild_exec_inputs(p->req->working ? p->req->working : &recorded, p->a, &k->now, err);
}

static void conclude(struct checking *k)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_INPUTS;
	struct guild_reproducing *p = k->p;
	size_t n = p->then.n;
	size_t n_bad = guild_reproduce_count(guild_reproduce_check_of(p, l));
	if (n_bad > 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_DIFFERS, "%zu of %zu cannot be had",
			n_bad, n);
	} else if (n == 0) {
		guild_reproduce_conclude(p, l, GUILD_REPRODUCE_SAME, "none");
	} else {
		guild_reproduce_conclude(p, l,
			k->n_unknown > 0 ? GUILD_REPRODUCE_UNKNOWN : GUILD_REPRODUCE_SAME,
			"%zu input%s%s", n, n == 1 ? "" : "s",
			k->n_copies == n  ? ", from the run's own copies"
			: k->n_copies > 0 ? ", some from the run's own copies"
					  : "");
	}
}

int guild_reproduce_check_inputs(struct guild_reproducing *p, struct guild_error *err)
{
	struct checking k = {.p = p};
	int rc = guild_run_inputs(p->req->run, p->a, &p->then, err);
	rc = rc ? rc : guild_manifest_read(p->req->run, p->a, &k.manifest, NULL, err);
	if (rc == 0 && p->then.n > 0) {
		rc = look(&k, err);
	}
	if (rc == 0) {
		k.cache = guild_path_join(p->world.home->path, "cache");
		k.copies = guild_arena_alloc(p->a, (p->then.n + 1) * sizeof(*k.copies));
		for (size_t i = 0; i < p->then.n; i++) {
			check_input(&k, &p->then.v[i]);
		}
		p->repeat.copies = (struct guild_inputs){k.copies, k.n_copies};
		conclude(&k);
		free(k.cache);
	}
	return rc;
}

/* A file may have changed between the look and the copy. */
int guild_reproduce_verify_inputs(struct guild_reproducing *p, struct guild_error *err)
{
	struct guild_inputs now = {0};
	int rc = guild_run_inputs(&p->made, p->a, &now, err);
	size_t n = 0;
	for (size_t i = 0; i < p->then.n && rc == 0; i++) {
		const struct guild_input *a = &p->then.v[i];
		const struct guild_input *b = guild_inputs_find(&now, a);
		if (a->sha1[0] && b && b->sha1[0] && strcmp(a->sha1, b->sha1) != 0) {
			guild_reproduce_find(p, GUILD_REPRODUCE_INPUTS, a->source, "changed",
				a->sha1, b->sha1);
			n++;
		}
	}
	if (n > 0) {
		guild_reproduce_conclude(p, GUILD_REPRODUCE_INPUTS, GUILD_REPRODUCE_DIFFERS,
			"%zu of %zu changed while the run was made", n, p->then.n);
	}
	return rc;
}
