/* guild diff: what differs, as text for people. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diff_found.h"

struct printer {
	struct guild_diff_found *f;
	FILE *out;
	bool color;
	bool has_printed;
	struct guild_buf buf;
};

static void flush(struct printer *p)
{
	p->has_printed |= p->buf.n > 0;
	fwrite(guild_buf_cstr(&p->buf), 1, p->buf.n, p->out);
	guild_buf_reset(&p->buf);
}

static const char *paint(const struct printer *p, const char *code)
{
	return p->color ? code : "";
}

/* ---- heads ------------------------------------------------------------------------------------------------- */

static void put_run(struct printer *p, size_t side, const char *what)
{
	const struct guild_diff_cmd *d = p->f->cmd;
	const struct guild_run *r = d->runs[side];
	struct guild_run_row row;

	guild_buf_printf(&p->buf, "%s%s ", paint(p, "\033[1m"), side == 0 ? "---" : "+++");
	if (what) {
		char *operation = guild_run_display_name(r);

		guild_buf_printf(&p->buf, "%.*s %s %s", GUILD_RUN_SHORT_LEN, r->id, operation,
			what);
		free(operation);
	} else {
		guild_run_row_init(&row, d->ctx, r, 0);
		guild_buf_printf(&p->buf, "%.*s %s  %s  %s  ", GUILD_RUN_SHORT_LEN, r->id,
			row.operation, row.started, row.status);
		guild_cmd_put_visible(&p->buf, row.label ? row.label : "");
		while (p->buf.n > 0 && p->buf.p[p->buf.n - 1] == ' ') {
			p->buf.p[--p->buf.n] = '\0';
		}
		guild_run_row_fini(&row);
	}
	guild_buf_printf(&p->buf, "%s\n", paint(p, "\033[0m"));
}

static void put_runs(struct printer *p, const char *what)
{
	put_run(p, 0, what);
	put_run(p, 1, what);
}

/* The head of a section: of its own in an overview, else the two runs. */
static void put_head(struct printer *p, const char *what)
{
	if (p->f->is_overview) {
		guild_buf_printf(&p->buf, "\n%s%s%s\n", paint(p, "\033[1m"), what,
			paint(p, "\033[0m"));
	} else {
		guild_buf_puts(&p->buf, p->has_printed ? "\n" : "");
		put_runs(p, what);
	}
}

static const char *indent(const struct printer *p)
{
	return p->f->is_overview ? "  " : "";
}

/* ---- values ------------------------------------------------------------------------------------------------- */

static const char *mark_paint(char mark)
{
	return mark == '-' ? "\033[31m" : mark == '+' ? "\033[32m" : "\033[33m";
}

void guild_diff_value_lines(struct guild_buf *out, const struct guild_value_changes *c, bool color,
	const char *indent_text)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct guild_value *old = c->v[i].old, *new = c->v[i].new_;
		char mark = !old ? '+' : !new ? '-' : '~';

		guild_buf_printf(out, "%s%s%c ", indent_text, color ? mark_paint(mark) : "", mark);
		guild_cmd_put_visible(out, c->v[i].name);
		guild_buf_puts(out, ": ");
		if (old) {
			guild_yaml_dump_flow(out, old);
		}
		guild_buf_puts(out, old && new ? " -> " : "");
		if (new) {
			guild_yaml_dump_flow(out, new);
		}
		guild_buf_puts(out, color ? "\033[0m\n" : "\n");
	}
}

static void print_values(struct printer *p, enum guild_diff_values which)
{
	const struct guild_value_changes *c = &p->f->values[which];

	if (c->n == 0) {
		return;
	}
	put_head(p, guild_diff_values_names[which]);
	if (p->f->is_overview && which == GUILD_VALUES_ENV) {
		/* Half of it is about the shell; it would hide the rest. */
		guild_buf_printf(&p->buf, "  %zu variable%s differ%s (--env shows them)\n", c->n,
			c->n == 1 ? "" : "s", c->n == 1 ? "s" : "");
	} else {
		guild_diff_value_lines(&p->buf, c, p->color, indent(p));
	}
	flush(p);
}

static void print_packages(struct printer *p)
{
	const struct guild_package_changes *c = &p->f->packages;

	if (c->n == 0) {
		return;
	}
	put_head(p, "packages");
	for (size_t i = 0; i < c->n; i++) {
		const struct guild_package_change *x = &c->v[i];
		char mark = !x->old ? '+' : !x->new_ ? '-' : '~';

		guild_buf_printf(&p->buf, "%s%s%c ", indent(p), paint(p, mark_paint(mark)), mark);
		struct guild_buf text = {0};

		guild_buf_printf(&text, "%s: %s%s%s %s", x->name, x->old ? x->old : "",
			x->old && x->new_ ? " -> " : "", x->new_ ? x->new_ : "",
			guild_package_change_name(x->kind));
		guild_cmd_put_visible(&p->buf, guild_buf_cstr(&text));
		guild_buf_printf(&p->buf, "%s\n", paint(p, "\033[0m"));
		guild_buf_fini(&text);
	}
	flush(p);
}

/* ---- scalars ------------------------------------------------------------------------------------------------- */

static const char *number(struct guild_arena *a, double v, bool has)
{
	struct guild_buf text = {0};

	if (!has) {
		return "-";
	}
	guild_buf_printf(&text, "%.6g", v);
	const char *kept = guild_arena_strndup(a, text.p, text.n);

	guild_buf_fini(&text);
	return kept;
}

static const char *from_to(struct guild_arena *a, double old, bool has_old, double new,
	bool has_new)
{
	return guild_arena_format(a, "%s -> %s", number(a, old, has_old), number(a, new, has_new));
}

static const char *change(struct guild_arena *a, double old, double new)
{
	double by = new - old;
	const char *text = guild_arena_format(a, "%s%s", by > 0 ? "+" : "", number(a, by, true));

	if (by != 0 && old != 0 && isfinite(old) && isfinite(by)) {
		return guild_arena_format(a, "%s (%+.1f%%)", text, 100 * by / fabs(old));
	}
	return text;
}

static void put_table(struct printer *p, struct guild_table *t)
{
	struct guild_strs lines = {0};

	guild_table_lines(t, p->f->cmd->ctx->columns, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		guild_buf_printf(&p->buf, "%s\n", lines.v[i]);
	}
	guild_strs_fini(&lines);
	guild_table_fini(t);
}

static void put_scalar_summary(struct printer *p)
{
	static const char *const heads[] = {"scalar", "last", "difference", "min", "max",
		"first differs at step", "steps that differ"};
	const struct guild_series_diffs *s = &p->f->scalars;
	struct guild_arena *a = p->f->cmd->ctx->arena;
	struct guild_table t;

	guild_table_init(&t, GUILD_ARRAY_LEN(heads), strlen(indent(p)));
	guild_table_add(&t, heads);
	for (size_t i = 0; i < s->n; i++) {
		const struct guild_series_diff *d = &s->v[i];
		bool has_old = d->old.count > 0, has_new = d->new_.count > 0;
		const char *cells[] = {
			d->key,
			from_to(a, d->old.last, has_old, d->new_.last, has_new),
			has_old && has_new ? change(a, d->old.last, d->new_.last) : "",
			from_to(a, d->old.min, has_old, d->new_.min, has_new),
			from_to(a, d->old.max, has_old, d->new_.max, has_new),
			guild_arena_format(a, "%lld", (long long)d->first_step),
			guild_arena_format(a, "%zu of %zu", d->n_differ, d->n_points),
		};

		guild_table_add(&t, cells);
	}
	put_table(p, &t);
}

static void put_steps(struct printer *p, const struct guild_series_diff *d)
{
	static const char *const heads[] = {"step", "old", "new", "difference"};
	struct guild_arena *a = guild_arena_new();
	struct guild_table t;

	guild_buf_printf(&p->buf, "\n%s%s%s\n", paint(p, "\033[1m"), d->key, paint(p, "\033[0m"));
	guild_table_init(&t, GUILD_ARRAY_LEN(heads), 0);
	guild_table_add(&t, heads);
	for (size_t i = 0; i < d->n_points; i++) {
		const struct guild_series_point *x = &d->points[i];
		bool is_same = x->has_old && x->has_new &&
			       (x->old == x->new_ || (isnan(x->old) && isnan(x->new_)));
		const char *cells[] = {
			guild_arena_format(a, "%lld", (long long)x->step),
			number(a, x->old, x->has_old),
			number(a, x->new_, x->has_new),
			is_same                    ? "="
			: x->has_old && x->has_new ? change(a, x->old, x->new_)
						   : "",
		};

		guild_table_add(&t, cells);
	}
	put_table(p, &t);
	guild_arena_free(a);
}

static void print_scalars(struct printer *p)
{
	const struct guild_series_diffs *s = &p->f->scalars;

	if (s->n == 0) {
		return;
	}
	put_head(p, "scalars");
	put_scalar_summary(p);
	flush(p);
	for (size_t i = 0; i < s->n && !p->f->is_overview && !p->f->is_summary; i++) {
		put_steps(p, &s->v[i]);
		flush(p);
	}
}

/* ---- files -------------------------------------------------------------------------------------------------- */

static int count_all(struct guild_file_diffs *files, struct guild_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < files->n && rc == 0; i++) {
		rc = guild_file_diff_count(&files->v[i], err);
	}
	return rc;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void put_totals(struct printer *p, const struct guild_file_diffs *files, const char *before)
{
	size_t n_added = 0, n_removed = 0;

	for (size_t i = 0; i < files->n; i++) {
		n_added += files->v[i].n_added;
		n_removed += files->v[i].n_removed;
	}
	guild_buf_printf(&p->buf, "%s%zu file%s changed", before, files->n, plural(files->n));
	if (n_added > 0 || n_removed == 0) {
		guild_buf_printf(&p->buf, ", %zu insertion%s(+)", n_added, plural(n_added));
	}
	if (n_removed > 0 || n_added == 0) {
		guild_buf_printf(&p->buf, ", %zu deletion%s(-)", n_removed, plural(n_removed));
	}
	guild_buf_putc(&p->buf, '\n');
}

static bool has_lines(const struct guild_file_diff *d)
{
	return d->kind == GUILD_KIND_TEXT || d->kind == GUILD_KIND_NOTEBOOK ||
	       d->kind == GUILD_KIND_LINK;
}

enum { BAR = 30 };

static void put_bar(struct printer *p, const struct guild_file_diff *d, size_t most)
{
	size_t n = d->n_added + d->n_removed;
	size_t plus = d->n_added, minus = d->n_removed;

	if (most > BAR) {
		plus = plus > 0 ? 1 + plus * (BAR - 1) / most : 0;
		minus = minus > 0 ? 1 + minus * (BAR - 1) / most : 0;
	}
	guild_buf_printf(&p->buf, "%zu %s", n, paint(p, "\033[32m"));
	for (size_t i = 0; i < plus; i++) {
		guild_buf_putc(&p->buf, '+');
	}
	guild_buf_puts(&p->buf, paint(p, "\033[31m"));
	for (size_t i = 0; i < minus; i++) {
		guild_buf_putc(&p->buf, '-');
	}
	guild_buf_puts(&p->buf, paint(p, "\033[0m"));
}

static void put_sizes(struct printer *p, const struct guild_file_diff *d)
{
	char *old = guild_size_text(d->old.size), *new = guild_size_text(d->new_.size);

	if (d->status == GUILD_FILE_RENAMED) {
		guild_buf_puts(&p->buf, new);
	} else if (d->old.mode && d->new_.mode) {
		guild_buf_printf(&p->buf, "%s -> %s", old, new);
	} else {
		guild_buf_puts(&p->buf, d->old.mode ? old : new);
	}
	free(old);
	free(new);
}

/* One line a file: letter, name, and how much of it. */
static void put_list(struct printer *p, const struct guild_file_diffs *files)
{
	size_t width = 0, most = 0;

	for (size_t i = 0; i < files->n; i++) {
		size_t n = guild_text_width(files->v[i].name);
		size_t lines = files->v[i].n_added + files->v[i].n_removed;

		width = n > width ? n : width;
		most = lines > most ? lines : most;
	}
	for (size_t i = 0; i < files->n; i++) {
		const struct guild_file_diff *d = &files->v[i];

		guild_buf_printf(&p->buf, "%s%c ", indent(p), guild_file_status_letter(d->status));
		guild_cmd_put_visible(&p->buf, d->name);
		guild_buf_printf(&p->buf, "%*s | ", (int)(width - guild_text_width(d->name)), "");
		if (has_lines(d)) {
			put_bar(p, d, most);
		} else {
			guild_buf_printf(&p->buf, "%s ", guild_file_kind_name(d->kind));
			put_sizes(p, d);
		}
		if (d->status == GUILD_FILE_RENAMED) {
			guild_buf_puts(&p->buf, " from ");
			guild_cmd_put_visible(&p->buf, d->old_name);
		}
		guild_buf_putc(&p->buf, '\n');
	}
	put_totals(p, files, indent(p));
}

static int put_contents(struct printer *p, struct guild_file_diffs *files, struct guild_error *err)
{
	struct guild_patch_style style = {
		.color = p->color,
		.binary = p->f->is_patch,
		.context = (size_t)guild_args_int(p->f->cmd->args, "unified", GUILD_PATCH_CONTEXT),
	};
	int rc = 0;

	for (size_t i = 0; i < files->n && rc == 0; i++) {
		struct guild_file_diff *d = &files->v[i];

		rc = guild_file_diff_open(d, err);
		if (rc == 0 && p->f->is_patch) {
			guild_file_diff_patch(d, &style, &p->buf);
		} else if (rc == 0) {
			guild_file_diff_show(d, &style, &p->buf);
		}
		guild_file_diff_close(d);
		flush(p);
	}
	return rc;
}

/* What is only in the directory that a run is compared with may be anything: it is named. */
static bool is_listed_only(const struct printer *p, enum guild_diff_files which)
{
	bool is_given_dir = p->f->dir && guild_args_given(p->f->cmd->args, "dir");

	return p->f->is_summary || (p->f->is_overview && which != GUILD_FILES_SOURCE) ||
	       (is_given_dir && !p->f->is_patch);
}

/* The pairs that both sides have, of a list that was shown. */
static int put_common(struct printer *p, const struct guild_file_diffs *files,
	struct guild_error *err)
{
	struct guild_file_diffs common = {0};

	for (size_t i = 0; i < files->n; i++) {
		if (files->v[i].old.mode && files->v[i].new_.mode) {
			common.v = guild_grow_array(common.v, &common.cap, common.n + 1,
				sizeof(*common.v));
			common.v[common.n++] = files->v[i];
		}
	}
	int rc = put_contents(p, &common, err);

	guild_file_diffs_fini(&common);
	return rc;
}

static int print_files(struct printer *p, enum guild_diff_files which, struct guild_error *err)
{
	struct guild_file_diffs *files = &p->f->files[which];
	bool listed = is_listed_only(p, which);
	int rc = 0;

	if (files->n == 0) {
		return 0;
	}
	if (p->f->is_overview) {
		rc = count_all(files, err);
		put_head(p, guild_diff_files_names[which]);
	} else if (listed) {
		rc = count_all(files, err);
		guild_buf_puts(&p->buf, p->has_printed ? "\n" : "");
	} else if (p->has_printed) {
		guild_buf_putc(&p->buf, '\n');
	}
	if (rc == 0 && (listed || p->f->is_overview)) {
		put_list(p, files);
		flush(p);
	}
	if (rc == 0 && p->f->is_overview && !listed) {
		guild_buf_putc(&p->buf, '\n');
	}
	if (rc == 0 && !listed) {
		rc = put_contents(p, files, err);
	} else if (rc == 0 && p->f->dir && !p->f->is_summary) {
		rc = put_common(p, files, err);
	}
	return rc;
}

/* ---- public --------------------------------------------------------------------------------------------------- */

int guild_diff_print(struct guild_diff_found *f, bool color, FILE *out, struct guild_error *err)
{
	struct printer p = {.f = f, .out = out, .color = color};
	int rc = 0;

	if (f->is_overview && guild_diff_has_any(f)) {
		put_runs(&p, NULL);
	}
	for (int i = 0; i < GUILD_VALUES; i++) {
		print_values(&p, (enum guild_diff_values)i);
	}
	print_packages(&p);
	print_scalars(&p);
	for (int i = 0; i < GUILD_FILES && rc == 0; i++) {
		rc = print_files(&p, (enum guild_diff_files)i, err);
	}
	guild_buf_fini(&p.buf);
	return rc;
}
