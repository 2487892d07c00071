/* What the records of a run say of it, held against what is there. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "verify.h"

static char *in_guild_dir(const struct guild_run *r, const char *name)
{
	return guild_path_join(r->guild_dir, name);
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

static void verify_attrs(const struct verify_run *v)
{
	struct guild_strs names = {0};
	(void)guild_run_attr_names(v->run, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *value = NULL;
		struct guild_error err = {0};
		if (guild_run_attr_read(v->run, a, names.v[i], &value, &err) < 0) {
			char *path = guild_path_join3(v->run->guild_dir, "attrs", names.v[i]);
			guild_findings_add(v->out, "attribute", v->run, path,
				guild_format("cannot be read: %s", err.text))
				->repair = GUILD_REPAIR_ASIDE;
			free(path);
		}
		guild_arena_free(a);
	}
	guild_strs_fini(&names);
}

/* ---- the manifest ---------------------------------------------------------------------------------------------- */

/* False where it is not what it was. */
static bool verify_hash(const struct verify_run *v, const struct guild_manifest_entry *e)
{
	const char *kind = e->kind == 's' ? "source" : e->kind == 'd' ? "dependency" : "internal";
	char *path = e->kind == 's' ? guild_run_source_path(v->run, e->path)
				    : guild_path_join(v->run->dir, e->path);
	char hex[65] = "";
	struct guild_error err = {0};
	struct stat st;
	bool is_good = false;
	if (lstat(path, &st) != 0) {
		guild_findings_add(v->out, kind, v->run, path, guild_strdup("is missing"));
	} else if (stat(path, &st) != 0) {
		/* The walk over the run tells of links. */
	} else if (strcmp(e->sha1, "-") == 0 || !S_ISREG(st.st_mode)) {
		is_good = true;
	} else if (guild_digest_file(GUILD_SHA1, path, hex, &err) != 0) {
		guild_findings_add(v->out, kind, v->run, path, guild_strdup(err.text));
	} else if (strcmp(hex, e->sha1) != 0) {
		struct guild_finding *found = guild_findings_add(v->out, kind, v->run, path,
			guild_format("is not what it was: SHA-1 %.12s…, recorded %.12s…", hex,
				e->sha1));
		/* A restart with other flags writes it again; the manifest keeps what was first. */
		found->is_note = e->kind == 'd' && guild_starts(e->source, "config:");
	} else {
		is_good = true;
	}
	free(path);
	return is_good;
}

static void verify_digest(const struct verify_run *v, struct guild_arena *a)
{
	const char *recorded = guild_value_text(guild_run_attr(v->run, a, "sourcecode_digest"));
	char hex[33] = "";
	char *originals = in_guild_dir(v->run, "original");
	/* Copies that flags were written into do not have it. */
	bool is_plain = !guild_is_dir(originals);
	if (recorded && is_plain && guild_run_sourcecode_digest(v->run, hex, NULL) == 0 && hex[0] &&
		strcmp(hex, recorded) != 0) {
		char *path = guild_path_join3(v->run->guild_dir, "attrs", "sourcecode_digest");
		guild_findings_add(v->out, "digest", v->run, path,
			guild_format("says %.12s…, but the source code of the run has %.12s…",
				recorded, hex));
		free(path);
	}
	free(originals);
}

static void verify_manifest(const struct verify_run *v)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest m = {0};
	struct guild_error err = {0};
	size_t n_bad = 0;
	bool is_good = true;
	char *path = in_guild_dir(v->run, "manifest");
	if (guild_manifest_read(v->run, a, &m, &n_bad, &err) != 0) {
		guild_findings_add(v->out, "manifest", v->run, path, guild_strdup(err.text));
	} else if (n_bad > 0 && !v->is_live) {
		guild_findings_add(v->out, "manifest", v->run, path,
			guild_format("%zu line%s cannot be read", n_bad, n_bad == 1 ? "" : "s"));
		is_good = false;
	}
	for (size_t i = 0; i < m.n; i++) {
		bool is_same = guild_path_is_beneath(m.v[i].path) && verify_hash(v, &m.v[i]);
		is_good &= is_same || m.v[i].kind != 's';
	}
	if (is_good) {
		verify_digest(v, a);
	}
	free(path);
	guild_arena_free(a);
}

/* ---- markers ------------------------------------------------------------------------------------------------------ */

static void add_stale(const struct verify_run *v, const char *name, const char *why)
{
	char *path = in_guild_dir(v->run, name);
	guild_findings_add(v->out, "lock", v->run, path, guild_strdup(why))->repair =
		GUILD_REPAIR_REMOVE;
	free(path);
}

static bool has(const struct verify_run *v, const char *name, struct stat *st)
{
	char *path = in_guild_dir(v->run, name);
	bool is = stat(path, st) == 0;
	free(path);
	return is;
}

/* A process that is gone holds nothing; and what has ended is not pending. */
static void verify_markers(const struct verify_run *v)
{
	pid_t pid = -1;
	struct stat lock;
	struct stat pending;
	struct stat ended;
	enum guild_run_process process = guild_run_find_process(v->run, &pid, NULL);
	bool has_lock = has(v, "LOCK", &lock) || has(v, "LOCK.info", &lock);
	if (v->is_live || process != GUILD_PROCESS_NONE) {
		return;
	}
	if (has(v, "LOCK", &lock)) {
		add_stale(v, "LOCK", "is of a process that is gone");
	}
	if (has(v, "LOCK.info", &lock)) {
		add_stale(v, "LOCK.info", "is of a process that is gone");
	}
	if (has(v, "PENDING", &pending) &&
		(has_lock || (has(v, "attrs/exit_status", &ended) &&
				     ended.st_mtime > pending.st_mtime))) {
		add_stale(v, "PENDING", "is of a start that is over");
	}
}

void guild_verify_records(const struct verify_run *v)
{
	verify_attrs(v);
	verify_manifest(v);
	if (strcmp(v->run->id, "proto") != 0) {
		verify_markers(v);
	}
}
