/* guild diff --json: what differs, as one document. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff_found.h"

static struct guild_value *text(struct guild_arena *a, const char *z)
{
	return z ? guild_value_string(a, z) : guild_value_null(a);
}

/* JSON is UTF-8: bytes that are none are replaced. */
static struct guild_value *line_text(struct guild_arena *a, char mark, struct guild_str line)
{
	struct guild_buf out = {0};

	guild_buf_putc(&out, mark);
	for (size_t i = 0; i < line.n;) {
		uint32_t cp;
		size_t n = guild_utf8_decode(line.p + i, line.n - i, &cp);

		guild_buf_append(&out, n > 0 ? line.p + i : "\xef\xbf\xbd", n > 0 ? n : 3);
		i += n > 0 ? n : 1;
	}
	struct guild_value *v = guild_value_string_n(a, out.p, out.n);

	guild_buf_fini(&out);
	return v;
}

/* ---- sides ---------------------------------------------------------------------------------------------------- */

static struct guild_value *run_json(const struct guild_diff_found *f, const struct guild_run *r)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	char *operation = guild_run_display_name(r);
	const char *label = guild_value_text(guild_run_attr(r, a, "label"));

	guild_value_set(a, v, "id", text(a, r->id));
	guild_value_set(a, v, "operation", text(a, operation));
	guild_value_set(a, v, "status", text(a, guild_run_status_name(guild_run_status(r, NULL))));
	guild_value_set(a, v, "label", text(a, label));
	guild_value_set(a, v, "dir", text(a, r->dir));
	free(operation);
	return v;
}

static struct guild_value *dir_json(const struct guild_diff_found *f)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	struct guild_value *v = guild_value_dict(a);

	guild_value_set(a, v, "dir", text(a, f->dir));
	return v;
}

/* ---- values --------------------------------------------------------------------------------------------------- */

static struct guild_value *value_or_null(struct guild_arena *a, const struct guild_value *v)
{
	return v ? guild_value_copy(a, v) : guild_value_null(a);
}

struct guild_value *guild_diff_values_json(struct guild_arena *a,
	const struct guild_value_changes *c)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < c->n; i++) {
		struct guild_value *item = guild_value_dict(a);

		guild_value_set(a, item, "name", text(a, c->v[i].name));
		guild_value_set(a, item, "change",
			text(a, !c->v[i].old    ? "added"
				: !c->v[i].new_ ? "removed"
						: "changed"));
		guild_value_set(a, item, "old", value_or_null(a, c->v[i].old));
		guild_value_set(a, item, "new", value_or_null(a, c->v[i].new_));
		guild_value_append(a, list, item);
	}
	return list;
}

static struct guild_value *packages_json(struct guild_arena *a,
	const struct guild_package_changes *c)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < c->n; i++) {
		struct guild_value *item = guild_value_dict(a);

		guild_value_set(a, item, "name", text(a, c->v[i].name));
		guild_value_set(a, item, "change",
			text(a, guild_package_change_name(c->v[i].kind)));
		guild_value_set(a, item, "old", text(a, c->v[i].old));
		guild_value_set(a, item, "new", text(a, c->v[i].new_));
		guild_value_append(a, list, item);
	}
	return list;
}

/* ---- scalars --------------------------------------------------------------------------------------------------- */

static struct guild_value *summary_json(struct guild_arena *a, const struct guild_scalar_summary *s)
{
	struct guild_value *v = guild_value_dict(a);

	if (s->count == 0) {
		return guild_value_null(a);
	}
	guild_value_set(a, v, "last", guild_value_float(a, s->last));
	guild_value_set(a, v, "last_step", guild_value_int(a, s->last_step));
	guild_value_set(a, v, "min", guild_value_float(a, s->min));
	guild_value_set(a, v, "min_step", guild_value_int(a, s->min_step));
	guild_value_set(a, v, "max", guild_value_float(a, s->max));
	guild_value_set(a, v, "max_step", guild_value_int(a, s->max_step));
	guild_value_set(a, v, "count", guild_value_int(a, s->count));
	return v;
}

static struct guild_value *point_value(struct guild_arena *a, double v, bool has)
{
	return has ? guild_value_float(a, v) : guild_value_null(a);
}

static struct guild_value *steps_json(struct guild_arena *a, const struct guild_series_diff *d)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < d->n_points; i++) {
		const struct guild_series_point *p = &d->points[i];
		struct guild_value *item = guild_value_dict(a);

		guild_value_set(a, item, "step", guild_value_int(a, p->step));
		guild_value_set(a, item, "old", point_value(a, p->old, p->has_old));
		guild_value_set(a, item, "new", point_value(a, p->new_, p->has_new));
		guild_value_append(a, list, item);
	}
	return list;
}

static struct guild_value *scalars_json(const struct guild_diff_found *f)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < f->scalars.n; i++) {
		const struct guild_series_diff *d = &f->scalars.v[i];
		struct guild_value *item = guild_value_dict(a);
		bool has_both = d->old.count > 0 && d->new_.count > 0;

		guild_value_set(a, item, "name", text(a, d->key));
		guild_value_set(a, item, "old", summary_json(a, &d->old));
		guild_value_set(a, item, "new", summary_json(a, &d->new_));
		guild_value_set(a, item, "last_difference",
			point_value(a, d->new_.last - d->old.last, has_both));
		guild_value_set(a, item, "first_step", guild_value_int(a, d->first_step));
		guild_value_set(a, item, "largest_difference",
			point_value(a, d->largest, has_both));
		guild_value_set(a, item, "largest_step", guild_value_int(a, d->largest_step));
		guild_value_set(a, item, "n_steps", guild_value_int(a, (int64_t)d->n_points));
		guild_value_set(a, item, "n_differ", guild_value_int(a, (int64_t)d->n_differ));
		if (!f->is_overview && !f->is_summary) {
			guild_value_set(a, item, "steps", steps_json(a, d));
		}
		guild_value_append(a, list, item);
	}
	return list;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static struct guild_value *side_json(struct guild_arena *a, const struct guild_file_side *s)
{
	struct guild_value *v = guild_value_dict(a);

	if (!s->mode) {
		return guild_value_null(a);
	}
	guild_value_set(a, v, "path", text(a, s->path));
	guild_value_set(a, v, "size", guild_value_int(a, s->size));
	guild_value_set(a, v, "mode",
		guild_value_string(a, guild_arena_format(a, "%06o", s->mode)));
	guild_value_set(a, v, "git_sha1", text(a, s->sha1[0] ? s->sha1 : NULL));
	return v;
}

static void add_lines(struct guild_arena *a, struct guild_value *list, char mark,
	const struct guild_str *lines, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		guild_value_append(a, list, line_text(a, mark, lines[i]));
	}
}

static struct guild_value *hunk_json(struct guild_arena *a, const struct guild_text_diff *t,
	const struct guild_hunk *h)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *lines = guild_value_list(a);
	size_t line = h->old_from;

	for (size_t i = h->first; i < h->first + h->n; i++) {
		const struct guild_text_change *c = &t->changes[i];

		add_lines(a, lines, ' ', t->old_lines + line, c->old_from - line);
		add_lines(a, lines, '-', t->old_lines + c->old_from, c->old_n);
		add_lines(a, lines, '+', t->new_lines + c->new_from, c->new_n);
		line = c->old_from + c->old_n;
	}
	add_lines(a, lines, ' ', t->old_lines + line, h->old_from + h->old_n - line);
	guild_value_set(a, v, "old_start", guild_value_int(a, (int64_t)h->old_from + 1));
	guild_value_set(a, v, "old_lines", guild_value_int(a, (int64_t)h->old_n));
	guild_value_set(a, v, "new_start", guild_value_int(a, (int64_t)h->new_from + 1));
	guild_value_set(a, v, "new_lines", guild_value_int(a, (int64_t)h->new_n));
	guild_value_set(a, v, "lines", lines);
	return v;
}

static struct guild_value *hunks_json(const struct guild_diff_found *f,
	const struct guild_text_diff *t)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	struct guild_value *list = guild_value_list(a);
	struct guild_hunk h = {0};
	size_t context = (size_t)guild_args_int(f->cmd->args, "unified", GUILD_PATCH_CONTEXT);

	while (guild_text_next_hunk(t, context, &h)) {
		guild_value_append(a, list, hunk_json(a, t, &h));
	}
	return list;
}

static struct guild_value *file_json(const struct guild_diff_found *f,
	const struct guild_file_diff *d, bool whole)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	struct guild_value *v = guild_value_dict(a);

	guild_value_set(a, v, "name", text(a, d->name));
	guild_value_set(a, v, "status", text(a, guild_file_status_name(d->status)));
	guild_value_set(a, v, "kind", text(a, guild_file_kind_name(d->kind)));
	if (d->status == GUILD_FILE_RENAMED) {
		guild_value_set(a, v, "old_name", text(a, d->old_name));
	}
	guild_value_set(a, v, "old", side_json(a, &d->old));
	guild_value_set(a, v, "new", side_json(a, &d->new_));
	if (d->kind == GUILD_KIND_TEXT || d->kind == GUILD_KIND_NOTEBOOK ||
		d->kind == GUILD_KIND_LINK) {
		guild_value_set(a, v, "n_added", guild_value_int(a, (int64_t)d->n_added));
		guild_value_set(a, v, "n_removed", guild_value_int(a, (int64_t)d->n_removed));
	}
	if (whole) {
		struct guild_value *detail = guild_file_diff_detail(a, d);

		for (size_t i = 0; i < detail->n; i++) {
			guild_value_set(a, v, guild_value_text(detail->pairs[i].key),
				detail->pairs[i].value);
		}
		bool has_cells = guild_value_get(detail, "cells");

		if (d->n_added + d->n_removed > 0 && !has_cells) {
			guild_value_set(a, v, "hunks", hunks_json(f, &d->text));
		}
	}
	return v;
}

static int files_json(const struct guild_diff_found *f, enum guild_diff_files which,
	struct guild_value *to, struct guild_error *err)
{
	struct guild_arena *a = f->cmd->ctx->arena;
	const struct guild_file_diffs *files = &f->files[which];
	struct guild_value *list = guild_value_list(a);
	bool whole = !f->is_summary && (!f->is_overview || which == GUILD_FILES_SOURCE);
	int rc = 0;

	for (size_t i = 0; i < files->n && rc == 0; i++) {
		rc = whole ? guild_file_diff_open(&files->v[i], err)
			   : guild_file_diff_count(&files->v[i], err);
		if (rc == 0) {
			guild_value_append(a, list, file_json(f, &files->v[i], whole));
		}
		guild_file_diff_close(&files->v[i]);
	}
	static const char *const keys[] = {"output", "files", "paths", "sourcecode"};

	guild_value_set(a, to, keys[which], list);
	return rc;
}

/* ---- public ----------------------------------------------------------------------------------------------------- */

int guild_diff_json(struct guild_diff_found *f, struct guild_value **out, struct guild_error *err)
{
	static const struct {
		const char *key;
		unsigned part;
		enum guild_diff_values values;
	} value_parts[] = {
		{"flags", GUILD_DIFF_FLAGS, GUILD_VALUES_FLAGS},
		{"attrs", GUILD_DIFF_ATTRS | GUILD_DIFF_TELLING, GUILD_VALUES_ATTRS},
		{"env", GUILD_DIFF_ENV, GUILD_VALUES_ENV},
		{"deps", GUILD_DIFF_DEPS | GUILD_DIFF_ATTRS, GUILD_VALUES_DEPS},
	};
	static const unsigned file_parts[] = {
		GUILD_DIFF_OUTPUT, GUILD_DIFF_FILES, GUILD_DIFF_PATHS, GUILD_DIFF_SOURCE};
	struct guild_arena *a = f->cmd->ctx->arena;
	struct guild_value *v = guild_value_dict(a);
	int rc = 0;

	guild_value_set(a, v, "old", run_json(f, f->cmd->runs[0]));
	guild_value_set(a, v, "new", f->cmd->runs[1] ? run_json(f, f->cmd->runs[1]) : dir_json(f));
	guild_value_set(a, v, "differs", guild_value_bool(a, guild_diff_has_any(f)));
	for (size_t i = 0; i < GUILD_ARRAY_LEN(value_parts); i++) {
		if (f->parts & value_parts[i].part) {
			guild_value_set(a, v, value_parts[i].key,
				guild_diff_values_json(a, &f->values[value_parts[i].values]));
		}
	}
	if (f->parts & GUILD_DIFF_PACKAGES) {
		guild_value_set(a, v, "packages", packages_json(a, &f->packages));
	}
	if (f->parts & GUILD_DIFF_SCALARS) {
		guild_value_set(a, v, "scalars", scalars_json(f));
	}
	for (int i = 0; i < GUILD_FILES && rc == 0; i++) {
		if (f->parts & file_parts[i]) {
			rc = files_json(f, (enum guild_diff_files)i, v, err);
		}
	}
	*out = v;
	return rc;
}
