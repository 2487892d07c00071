/*
 * Flags that are literals in source text: the run's copy of a notebook or R script with the values in place, as if a person had
 * typed them; and the parameters file of a Quarto document.
 *
 * The text before any value was put in is kept in .guild/original/, so that a restart with other values starts from it.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exec_private.h"

enum { SOURCE_MAX_BYTES = 256 << 20 };

enum source_kind { SOURCE_NONE, SOURCE_NOTEBOOK, SOURCE_R, SOURCE_QUARTO };

struct source {
	const struct guild_source_flags_request *req;
	enum source_kind kind;
	char *path;   /* relative to the root of the source code */
	char *target; /* absolute, in the run */
};

/* ---- which file ------------------------------------------------------------------------------------------- */

static const char *word_at(const struct guild_value *op, size_t i)
{
	const struct guild_value *words =
		guild_value_get(guild_value_get(op, "op-cmd"), "cmd-args");
	return words && words->type == GUILD_LIST && i < words->n
		       ? guild_value_text(words->items[i])
		       : NULL;
}

const char *guild_notebook_word(const struct guild_value *op)
{
	return guild_streq(word_at(op, 2), "guild.op_main") &&
			       guild_streq(word_at(op, 3), "guild.plugins.nbexec")
		       ? word_at(op, 4) ? word_at(op, 4) : ""
		       : NULL;
}

static const char *flags_dest(const struct guild_value *op)
{
	return guild_value_text(guild_value_get(guild_value_get(op, "op-cmd"), "flags-dest"));
}

static void find_kind(struct source *s)
{
	const struct guild_value *op = s->req->op;
	const char *dest = flags_dest(op);
	const char *notebook = guild_notebook_word(op);
	if (notebook && *notebook) {
		s->kind = SOURCE_NOTEBOOK;
		s->path = guild_path_normalize(notebook);
	} else if (dest && strcasecmp(guild_path_ext(dest), ".r") == 0 && !strchr(dest, ':')) {
		s->kind = SOURCE_R;
		s->path = guild_path_normalize(dest);
	} else if (dest && guild_starts(dest, "config:") && guild_streq(word_at(op, 0), "quarto")) {
		s->kind = SOURCE_QUARTO;
		s->path = guild_path_normalize(dest + strlen("config:"));
	}
}

/* Where the run has its copy. */
static char *copy_path(const struct source *s)
{
	char *rel = guild_path_join(s->req->source_dest, s->path);
	char *path = guild_path_abs(rel, s->req->run->dir);
	free(rel);
	return path;
}

/* A notebook is executed in the run's own directory, wherever its source lies. */
static void find_target(struct source *s)
{
	s->target = s->kind == SOURCE_NOTEBOOK
			    ? guild_path_join(s->req->run->dir, guild_path_basename(s->path))
			    : copy_path(s);
}

static char *original_path(const struct source *s)
{
	char *rel = guild_path_join(s->req->source_dest, s->path);
	char *in_run = guild_path_normalize(rel);
	char *path = guild_run_original_path(s->req->run, in_run);
	free(in_run);
	free(rel);
	return path;
}

/* The file to start from; NULL: there is none. */
static char *find_text(const struct source *s, const char *original)
{
	struct guild_strs places = {0};
	struct guild_strs debug = {0};
	char *found = NULL;
	if (s->req->debug_sourcecode) {
		guild_strs_split(&debug, s->req->debug_sourcecode, ':');
	}
	for (size_t i = 0; i < debug.n; i++) {
		guild_strs_take(&places, guild_path_join(debug.v[i], s->path));
	}
	guild_strs_add(&places, original);
	guild_strs_take(&places, copy_path(s));
	if (s->req->source_root) {
		guild_strs_take(&places, guild_path_join(s->req->source_root, s->path));
	}
	for (size_t i = 0; i < places.n && !found; i++) {
		found = guild_is_file(places.v[i]) ? guild_strdup(places.v[i]) : NULL;
	}
	guild_strs_fini(&places);
	guild_strs_fini(&debug);
	return found;
}

/* ---- values into the text ---------------------------------------------------------------------------------------- */

/* nb-replace of each flag, as the record keeps it. */
static struct guild_value *patterns_of(struct guild_arena *a, const struct guild_value *op)
{
	const struct guild_value *extra = guild_value_get(op, "flags-extra");
	struct guild_value *patterns = guild_value_dict(a);
	for (size_t i = 0; extra && extra->type == GUILD_DICT && i < extra->n; i++) {
		const char *name = guild_value_text(extra->pairs[i].key);
		struct guild_value *p = guild_value_get(extra->pairs[i].value, "nb-replace");
		if (name && !guild_value_is_null(p)) {
			guild_value_set(a, patterns, name, p);
		}
	}
	guild_value_sort_keys(patterns);
	return patterns;
}

static int set_values(const struct source *s, struct guild_str text, struct guild_buf *out,
	struct guild_error *err)
{
	const struct guild_source_flags_request *req = s->req;
	const struct guild_value *cmd_flags =
		guild_value_get(guild_value_get(req->op, "op-cmd"), "cmd-flags");
	const char *name = guild_path_basename(s->path);
	if (s->kind == SOURCE_R) {
		return guild_r_script_set_flags(text, name, req->flags, cmd_flags, out, err);
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_notebook_values values = {
		.flags = req->flags,
		.cmd_flags = cmd_flags,
		.patterns = patterns_of(a, req->op),
		.search = guild_regex_find,
	};
	int rc = guild_notebook_set_flags(text, name, &values, out, req->log, err);
	guild_arena_free(a);
	return rc;
}

static int write_file(const char *path, struct guild_str text, struct guild_error *err)
{
	char *dir = guild_path_dirname(path);
	int rc = guild_mkdirs(dir, err);
	free(dir);
	return rc ? rc : guild_file_write(path, text.p ? text.p : "", text.n, false, err);
}

static int fail_without_source(const struct source *s, struct guild_error *err)
{
	guild_error_set(err, GUILD_ENOTFOUND, "cannot find '%s' in the source code", s->path);
	guild_error_hint(err, "'guild run OPERATION --test-sourcecode' shows what is copied");
	return GUILD_ENOTFOUND;
}

static int rewrite(const struct source *s, struct guild_error *err)
{
	char *original = original_path(s);
	struct guild_buf text = {0};
	struct guild_buf out = {0};
	if (s->req->is_fresh) {
		(void)guild_file_remove(original, NULL);
	}
	char *from = find_text(s, original);
	int rc = 0;
	if (!from) {
		rc = fail_without_source(s, err);
	}
	rc = rc ? rc : guild_file_read(from, SOURCE_MAX_BYTES, &text, err);
	rc = rc ? rc : set_values(s, guild_buf_str(&text), &out, err);
	bool is_changed = rc == 0 && !guild_str_eq(guild_buf_str(&text), guild_buf_str(&out));
	if (rc == 0 && is_changed && strcmp(from, s->target) == 0) {
		rc = write_file(original, guild_buf_str(&text), err);
	}
	if (rc == 0 && (is_changed || strcmp(from, s->target) != 0)) {
		rc = write_file(s->target, guild_buf_str(&out), err);
	}
	guild_buf_fini(&text);
	guild_buf_fini(&out);
	free(from);
	free(original);
	return rc;
}

/* ---- Quarto ------------------------------------------------------------------------------------------------------------ */

/* The file of parameters, unless the project has one, which is a dependency then. */
static int write_params(const struct source *s, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *params = guild_value_dict(a);
	const struct guild_value *flags = s->req->flags;
	struct guild_buf text = {0};
	for (size_t i = 0; flags && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name && !guild_value_is_null(flags->pairs[i].value)) {
			guild_value_set(a, params, name, flags->pairs[i].value);
		}
	}
	guild_yaml_dump(&text, params, true);
	guild_buf_putc(&text, '\n');
	char *own = s->req->source_root ? guild_path_join(s->req->source_root, s->path) : NULL;
	int rc = own && guild_is_file(own) ? 0 : write_file(s->target, guild_buf_str(&text), err);
	free(own);
	guild_buf_fini(&text);
	guild_arena_free(a);
	return rc;
}

/* Before anything is made: the file has to be somewhere. */
int guild_source_flags_check(const struct guild_command_request *req, struct guild_error *err)
{
	struct guild_run run = {.dir = (char *)(uintptr_t)(req->run_dir ? req->run_dir : ""),
		.guild_dir = (char *)(uintptr_t) ""};
	struct guild_source_flags_request as = {.op = req->op,
		.source_root = req->source_root,
		.source_dest = req->source_dest,
		.run = &run,
		.debug_sourcecode = req->debug_sourcecode};
	struct source s = {.req = &as};
	int rc = 0;
	find_kind(&s);
	if (s.kind == SOURCE_NOTEBOOK || s.kind == SOURCE_R) {
		char *from = find_text(&s, "");
		rc = from ? 0 : fail_without_source(&s, err);
		free(from);
	}
	free(s.path);
	return rc;
}

int guild_source_flags_apply(const struct guild_source_flags_request *req, struct guild_error *err)
{
	struct source s = {.req = req};
	int rc = 0;
	find_kind(&s);
	if (s.kind != SOURCE_NONE && s.kind != SOURCE_NOTEBOOK && !guild_path_is_beneath(s.path)) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"flags-dest '%s' names no file beneath the source code", s.path);
	} else if (s.kind != SOURCE_NONE) {
		find_target(&s);
		rc = s.kind == SOURCE_QUARTO ? write_params(&s, err) : rewrite(&s, err);
	}
	free(s.path);
	free(s.target);
	return rc;
}
