/* guild disk: what takes the space (docs/guide/housekeeping.md). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct guild_opt opts[] = {
	{.names = "--by",
		.value = "WHAT",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "operation|run|kind",
		.help = "A row for each operation (the default), run or kind of file."},
	{.names = "--sort",
		.value = "KEY",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "size|name|files|started",
		.help = "Order of the rows: size (the default, largest first), name, files (most first), started "
			"(of runs, latest first)."},
	{.names = "-n --limit",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Show the first N rows only."},
	{.names = "--apparent", .help = "Sizes of contents instead of space on the disk."},
	{.names = "-d --deleted", .help = "Runs in the trash."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all that pass the filters when omitted."},
	{0},
};

struct row {
	char *name;
	const struct guild_run *run; /* --by run, else NULL */
	int64_t started;
	struct guild_disk_use use;
};
/* Places of the home that are shown by themselves. */
static const char *const places[] = {"runs", "trash", "cache"};
enum { N_PLACES = GUILD_ARRAY_LEN(places) };

struct view {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	struct guild_runs runs;
	struct guild_disk_use *uses;
	struct row *rows;
	size_t n_rows, n_shown;
	struct guild_disk_use total;
	const char *by;
	bool is_whole; /* no RUN and no filter: the home is shown, too */
	bool is_apparent;
	struct guild_disk_use places[N_PLACES];
	struct guild_disk_use home;
};

/* ---- rows -------------------------------------------------------------------------------------------------- */

static void measure(struct view *v, const size_t *group, size_t n_groups,
	struct guild_disk_use *groups)
{
	struct guild_progress progress;
	struct guild_disk_request req = {
		.runs = &v->runs,
		.group = group,
		.n_groups = n_groups,
		.is_apparent = v->is_apparent,
		.on_progress = guild_progress_report,
		.progress_arg = &progress,
	};

	v->uses = guild_alloc((v->runs.n + 1) * sizeof(*v->uses));
	guild_progress_start(&progress, v->ctx, "Measuring runs", (int64_t)v->runs.n);
	guild_disk_measure(&req, v->uses, groups, &v->total);
	guild_progress_end(&progress);
}

static void make_op_rows(struct view *v)
{
	size_t *group = guild_alloc((v->runs.n + 1) * sizeof(*group));
	struct guild_map seen = {0};
	struct guild_disk_use *groups;

	for (size_t i = 0; i < v->runs.n; i++) {
		char *name = guild_run_display_name(&v->runs.v[i]);
		uintptr_t at = (uintptr_t)guild_map_get(&seen, name);

		if (at == 0) {
			at = seen.n + 1;
			guild_map_put(&seen, name, (void *)at);
		}
		group[i] = at - 1;
		free(name);
	}
	groups = guild_alloc((seen.n + 1) * sizeof(*groups));
	measure(v, group, seen.n, groups);
	v->n_rows = seen.n;
	v->rows = guild_alloc((seen.n + 1) * sizeof(*v->rows));
	for (size_t i = 0; i < seen.n; i++) {
		v->rows[i] =
			(struct row){.name = guild_strdup(seen.entries[i].key), .use = groups[i]};
	}
	free(groups);
	guild_map_fini(&seen);
	free(group);
}

static void make_run_rows(struct view *v)
{
	size_t *group = guild_alloc((v->runs.n + 1) * sizeof(*group));
	struct guild_disk_use all;

	measure(v, group, 1, &all);
	v->n_rows = v->runs.n;
	v->rows = guild_alloc((v->n_rows + 1) * sizeof(*v->rows));
	for (size_t i = 0; i < v->n_rows; i++) {
		v->rows[i] = (struct row){
			.name = guild_run_display_name(&v->runs.v[i]),
			.run = &v->runs.v[i],
			.started = guild_run_attr_i64(&v->runs.v[i], "started", 0),
			.use = v->uses[i],
		};
	}
	free(group);
}

static void make_kind_rows(struct view *v)
{
	size_t *group = guild_alloc((v->runs.n + 1) * sizeof(*group));
	struct guild_disk_use all;

	measure(v, group, 1, &all);
	v->n_rows = GUILD_DISK_KINDS;
	v->rows = guild_alloc(GUILD_DISK_KINDS * sizeof(*v->rows));
	for (size_t k = 0; k < GUILD_DISK_KINDS; k++) {
		v->rows[k] = (struct row){
			.name = guild_strdup(guild_disk_kind_name((enum guild_disk_kind)k)),
			.use.total = v->total.bytes[k]};
		v->rows[k].use.bytes[k] = v->total.bytes[k];
	}
	free(group);
}

static int by_size(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = (x->use.total < y->use.total) - (x->use.total > y->use.total);

	return order ? order : strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = guild_natural_cmp(x->name, y->name);

	return order ? order : by_size(a, b);
}

static int by_files(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = (x->use.files < y->use.files) - (x->use.files > y->use.files);

	return order ? order : by_size(a, b);
}

static int by_started(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;
	int order = (x->started < y->started) - (x->started > y->started);

	return order ? order : by_size(a, b);
}

static const struct {
	const char *key;
	int (*compare)(const void *a, const void *b);
} orders[] = {{"size", by_size}, {"name", by_name}, {"files", by_files}, {"started", by_started}};

static const struct {
	const char *by;
	void (*make)(struct view *v);
} groupings[] = {{"operation", make_op_rows}, {"run", make_run_rows}, {"kind", make_kind_rows}};

/* The parser saw to it that both words are known. */
static void make_rows(struct view *v)
{
	const char *sort = guild_args_text(v->args, "sort");
	int64_t limit = guild_args_int(v->args, "limit", 0);

	v->by = guild_args_text(v->args, "by");
	v->by = v->by ? v->by : groupings[0].by;
	sort = sort ? sort : orders[0].key;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(groupings); i++) {
		if (strcmp(groupings[i].by, v->by) == 0) {
			groupings[i].make(v);
		}
	}
	for (size_t i = 0; v->n_rows > 1 && i < GUILD_ARRAY_LEN(orders); i++) {
		if (strcmp(orders[i].key, sort) == 0) {
			qsort(v->rows, v->n_rows, sizeof(*v->rows), orders[i].compare);
		}
	}
	v->n_shown = limit > 0 && (size_t)limit < v->n_rows ? (size_t)limit : v->n_rows;
}

/* ---- printing -------------------------------------------------------------------------------------------------- */

static void add_use_cells(struct guild_strs *cells, const struct guild_disk_use *use)
{
	guild_strs_take(cells, guild_size_text(use->total));
	guild_strs_take(cells, guild_size_text(use->shared));
	for (size_t k = 0; k < GUILD_DISK_KINDS; k++) {
		guild_strs_take(cells, guild_size_text(use->bytes[k]));
	}
}

static void print_wide(const struct view *v, bool by_run)
{
	struct guild_table table;
	struct guild_strs cells = {0};
	size_t n_cols = 4 + GUILD_DISK_KINDS;

	guild_table_init(&table, n_cols, 0);
	guild_strs_add(&cells, by_run ? "run" : "operation");
	guild_strs_add(&cells, by_run ? "operation" : "runs");
	guild_strs_add(&cells, "size");
	guild_strs_add(&cells, "shared");
	for (size_t k = 0; k < GUILD_DISK_KINDS; k++) {
		guild_strs_add(&cells, guild_disk_kind_name((enum guild_disk_kind)k));
	}
	guild_table_add(&table, (const char *const *)cells.v);
	for (size_t i = 0; i < v->n_shown; i++) {
		const struct row *row = &v->rows[i];

		guild_strs_fini(&cells);
		if (by_run) {
			guild_strs_addf(&cells, "%.*s", GUILD_RUN_SHORT_LEN, row->run->id);
			guild_strs_add(&cells, row->name);
		} else {
			guild_strs_add(&cells, row->name);
			guild_strs_addf(&cells, "%zu", row->use.runs);
		}
		add_use_cells(&cells, &row->use);
		guild_table_add(&table, (const char *const *)cells.v);
	}
	guild_strs_fini(&cells);
	guild_strs_addf(&cells, "total");
	guild_strs_addf(&cells, "%zu", v->total.runs);
	add_use_cells(&cells, &v->total);
	guild_table_add(&table, (const char *const *)cells.v);
	guild_table_print(&table, stdout, v->ctx->columns);
	guild_strs_fini(&cells);
	guild_table_fini(&table);
}

static void print_pairs(const char *const *names, const int64_t *bytes, size_t n, int columns)
{
	struct guild_table table;

	guild_table_init(&table, 2, 0);
	for (size_t i = 0; i < n; i++) {
		char *size = guild_size_text(bytes[i]);

		guild_table_add(&table, (const char *[]){names[i], size});
		free(size);
	}
	guild_table_print(&table, stdout, columns);
	guild_table_fini(&table);
}

static void print_kinds(const struct view *v)
{
	const char *names[GUILD_DISK_KINDS + 1];
	int64_t bytes[GUILD_DISK_KINDS + 1];
	size_t n = 0;

	for (; n < v->n_shown; n++) {
		names[n] = v->rows[n].name;
		bytes[n] = v->rows[n].use.total;
	}
	names[n] = "total";
	bytes[n++] = v->total.total;
	print_pairs(names, bytes, n, v->ctx->columns);
}

static void print_home(const struct view *v)
{
	const char *names[N_PLACES + 1];
	int64_t bytes[N_PLACES + 1];

	for (size_t i = 0; i < N_PLACES; i++) {
		names[i] = places[i];
		bytes[i] = v->places[i].total;
	}
	names[N_PLACES] = "home";
	bytes[N_PLACES] = v->home.total;
	putchar('\n');
	print_pairs(names, bytes, GUILD_ARRAY_LEN(names), v->ctx->columns);
}

static struct guild_value *use_json(struct guild_arena *a, const struct guild_disk_use *use)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *kinds = guild_value_dict(a);

	for (size_t k = 0; k < GUILD_DISK_KINDS; k++) {
		guild_value_set(a, kinds, guild_disk_kind_name((enum guild_disk_kind)k),
			guild_value_int(a, use->bytes[k]));
	}
	guild_value_set(a, v, "size", guild_value_int(a, use->total));
	guild_value_set(a, v, "shared", guild_value_int(a, use->shared));
	guild_value_set(a, v, "files", guild_value_int(a, use->files));
	guild_value_set(a, v, "runs", guild_value_int(a, (int64_t)use->runs));
	guild_value_set(a, v, "kinds", kinds);
	return v;
}

static struct guild_value *row_json(const struct view *v, const struct row *row)
{
	struct guild_arena *a = v->ctx->arena;
	struct guild_value *item;

	if (strcmp(v->by, "kind") == 0) {
		item = guild_value_dict(a);
		guild_value_set(a, item, "kind", guild_value_string(a, row->name));
		guild_value_set(a, item, "size", guild_value_int(a, row->use.total));
		return item;
	}
	item = use_json(a, &row->use);
	if (row->run) {
		guild_value_set(a, item, "run", guild_value_string(a, row->run->id));
	}
	guild_value_set(a, item, "operation", guild_value_string(a, row->name));
	return item;
}

static void print_json(const struct view *v)
{
	struct guild_arena *a = v->ctx->arena;
	struct guild_value *out = guild_value_dict(a);
	struct guild_value *rows = guild_value_list(a);

	for (size_t i = 0; i < v->n_shown; i++) {
		guild_value_append(a, rows, row_json(v, &v->rows[i]));
	}
	guild_value_set(a, out, "by", guild_value_string(a, v->by));
	guild_value_set(a, out, "rows", rows);
	guild_value_set(a, out, "total", use_json(a, &v->total));
	for (size_t i = 0; v->is_whole && i < N_PLACES; i++) {
		guild_value_set(a, out, places[i], guild_value_int(a, v->places[i].total));
	}
	if (v->is_whole) {
		guild_value_set(a, out, "home", guild_value_int(a, v->home.total));
	}
	guild_cmd_print_json(out);
}

static void print_text(const struct view *v)
{
	if (strcmp(v->by, "kind") == 0) {
		print_kinds(v);
	} else {
		print_wide(v, strcmp(v->by, "run") == 0);
	}
	if (v->n_shown < v->n_rows) {
		printf("(%zu more)\n", v->n_rows - v->n_shown);
	}
	if (v->is_whole) {
		print_home(v);
	}
}

static void view_fini(struct view *v)
{
	for (size_t i = 0; i < v->n_rows; i++) {
		free(v->rows[i].name);
	}
	free(v->rows);
	free(v->uses);
	guild_runs_fini(&v->runs);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct view v = {
		.ctx = ctx, .args = args, .is_apparent = guild_args_flag(args, "apparent")};
	const struct guild_strs *words = guild_args_words(args);
	bool is_deleted = guild_args_flag(args, "deleted");
	int code = GUILD_EXIT_OK;

	v.is_whole = words->n == 0 && !is_deleted && !guild_cmd_has_filters(args);
	if (guild_cmd_select_runs(ctx, args, words, NULL, is_deleted ? GUILD_SELECT_DELETED : 0,
		    &v.runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else {
		make_rows(&v);
		if (v.is_whole) {
			guild_disk_parts(ctx->home.path, places, N_PLACES, v.is_apparent, v.places,
				&v.home);
		}
		if (guild_args_flag(args, "json")) {
			print_json(&v);
		} else {
			print_text(&v);
		}
	}
	view_fini(&v);
	return code;
}

const struct guild_cmd guild_cmd_disk = {
	.name = "disk",
	.group = GUILD_GROUP_LOOK,
	.summary = "Show what takes the disk space",
	.help = "Space on the disk by operation, run or kind of file; and of runs, trash, cache and the whole "
		"Guild home. A file with several names (hard links) counts once; 'shared' is the part "
		"that has names elsewhere, too, and is not freed when this is deleted.\n\n"
		"Examples:\n\n"
		"  guild disk\n"
		"  guild disk --by run -n 10\n"
		"  guild disk --by kind -Fo train --json",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
