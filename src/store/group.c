/* Figures over runs that agree in some columns: guild compare --group-by. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* Numbers of one column in one group; the sum of squares grows as in Welford, Technometrics 4 (1962). */
struct figures {
	size_t n;
	double mean, squares, min, max;
};
struct group {
	const struct guild_value **keys;
	size_t first_run, n;
	struct figures *v; /* by column */
	size_t n_v;
};
struct grouping {
	const struct guild_group_request *req;
	struct guild_arena *arena;
	struct group **groups; /* in order of appearance */
	size_t n_groups, cap_groups;
	struct guild_map by_key;
	struct guild_map columns; /* headers to position + 1 */
};

static void add_number(struct figures *f, double x)
{
	f->min = f->n == 0 || x < f->min ? x : f->min;
	f->max = f->n == 0 || x > f->max ? x : f->max;
	f->n++;
	double from_mean = x - f->mean;
	f->mean += from_mean / (double)f->n;
	f->squares += from_mean * (x - f->mean);
}

static struct figures *figures_of(struct grouping *g, struct group *group, const char *header)
{
	size_t position = (size_t)(uintptr_t)guild_map_get(&g->columns, header);
	if (position == 0) {
		position = g->columns.n + 1;
		guild_map_put(&g->columns, header, (void *)(uintptr_t)position);
	}
	if (position > group->n_v) {
		group->v = guild_realloc(group->v, position * sizeof(*group->v));
		memset(group->v + group->n_v, 0, (position - group->n_v) * sizeof(*group->v));
		group->n_v = position;
	}
	return &group->v[position - 1];
}

static void add_value(struct grouping *g, struct group *group, const char *header,
	const struct guild_value *v)
{
	if (v != NULL && guild_value_is_number(v) && !isnan(guild_value_as_f64(v))) {
		add_number(figures_of(g, group, header), guild_value_as_f64(v));
	}
}

static struct group *find_group(struct grouping *g, struct guild_run_data *data, size_t index)
{
	const struct guild_cols *cols = g->req->keys;
	struct guild_value *key = guild_value_list(g->arena);
	struct guild_buf text = {0};
	for (size_t i = 0; i < cols->n; i++) {
		const struct guild_value *v = guild_run_data_col(data, &cols->v[i]);
		guild_value_append(g->arena, key,
			v != NULL ? guild_value_copy(g->arena, v) : guild_value_null(g->arena));
	}
	guild_json_dump(&text, key, GUILD_JSON_COMPACT | GUILD_JSON_SORT);
	struct group *group = guild_map_get(&g->by_key, guild_buf_cstr(&text));
	if (group == NULL) {
		group = guild_arena_alloc(g->arena, sizeof(*group));
		group->keys = guild_arena_alloc(g->arena, (cols->n + 1) * sizeof(*group->keys));
		for (size_t i = 0; i < cols->n; i++) {
			group->keys[i] = key->items[i];
		}
		group->first_run = index;
		guild_map_put(&g->by_key, guild_buf_cstr(&text), group);
		g->groups = guild_grow_array(g->groups, &g->cap_groups, g->n_groups + 1,
			sizeof(struct group *));
		g->groups[g->n_groups++] = group;
	}
	guild_buf_fini(&text);
	group->n++;
	return group;
}

static void add_scalars(struct grouping *g, struct group *group, struct guild_run_data *data)
{
	const struct guild_scalars *scalars = guild_run_data_scalars(data);
	for (size_t i = 0; i < scalars->n; i++) {
		const struct guild_scalar_summary *s = &scalars->v[i];
		/* The same tag in a directory further down does not count, as in a column. */
		if ((g->req->all_scalars || !guild_scalar_is_system(s)) &&
			guild_scalars_find(scalars, s->tag) == s) {
			add_value(g, group, s->tag, guild_value_float(g->arena, s->last));
		}
	}
}

static void add_run(struct grouping *g, const struct guild_run *run, size_t index,
	const struct guild_log *log)
{
	struct guild_run_data *data = guild_run_data_new(run, log);
	const struct guild_cols *cols = g->req->cols;
	guild_run_data_set_user_home(data, g->req->user_home);
	struct group *group = find_group(g, data, index);
	if (cols == NULL || cols->n == 0) {
		add_scalars(g, group, data);
	}
	for (size_t i = 0; cols != NULL && i < cols->n; i++) {
		add_value(g, group, cols->v[i].header, guild_run_data_col(data, &cols->v[i]));
	}
	guild_run_data_free(data);
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static bool is_counted_apart(const struct grouping *g, size_t col)
{
	for (size_t i = 0; i < g->n_groups; i++) {
		const struct group *group = g->groups[i];
		if (col >= group->n_v || group->v[col].n != group->n) {
			return true;
		}
	}
	return false;
}

enum { FIGURES_MAX = 5 };

static size_t put_headers(const struct grouping *g, struct guild_compare_table *t, size_t at,
	size_t col)
{
	static const char *const names[] = {"mean", "sd", "min", "max", "n"};
	size_t n = is_counted_apart(g, col) ? FIGURES_MAX : FIGURES_MAX - 1;
	for (size_t i = 0; i < n; i++) {
		t->headers[at + i] = guild_arena_format(t->arena, "%s %s",
			g->columns.entries[col].key, names[i]);
	}
	return n;
}

static void put_figures(struct guild_arena *a, const struct figures *f,
	const struct guild_value **cells, size_t n)
{
	if (f->n > 0) {
		cells[0] = guild_value_float(a, f->mean);
		cells[2] = guild_value_float(a, f->min);
		cells[3] = guild_value_float(a, f->max);
	}
	if (f->n > 1) {
		cells[1] = guild_value_float(a, sqrt(f->squares / (double)(f->n - 1)));
	}
	if (n == FIGURES_MAX) {
		cells[4] = guild_value_int(a, (int64_t)f->n);
	}
}

static void fill_row(const struct grouping *g, struct guild_compare_table *t, size_t row)
{
	static const struct figures none = {0};
	const struct group *group = g->groups[row];
	const struct guild_value **cells =
		guild_arena_alloc(t->arena, (t->n_cols + 1) * sizeof(struct guild_value *));
	size_t at = 0;
	for (; at < g->req->keys->n; at++) {
		cells[at] = group->keys[at];
	}
	cells[at++] = guild_value_int(t->arena, (int64_t)group->n);
	for (size_t col = 0; col < g->columns.n; col++) {
		size_t n = is_counted_apart(g, col) ? FIGURES_MAX : FIGURES_MAX - 1;
		put_figures(t->arena, col < group->n_v ? &group->v[col] : &none, cells + at, n);
		at += n;
	}
	t->rows[row] = cells;
	t->run_index[row] = group->first_run;
}

static void fill_table(const struct grouping *g, struct guild_compare_table *t)
{
	size_t n_keys = g->req->keys->n;
	t->arena = g->arena;
	t->n_rows = g->n_groups;
	t->headers = guild_arena_alloc(t->arena,
		(n_keys + 1 + FIGURES_MAX * g->columns.n) * sizeof(char *));
	for (size_t i = 0; i < n_keys; i++) {
		t->headers[i] = guild_arena_strdup(t->arena, g->req->keys->v[i].header);
	}
	t->headers[n_keys] = "n";
	t->n_cols = n_keys + 1;
	for (size_t col = 0; col < g->columns.n; col++) {
		t->n_cols += put_headers(g, t, t->n_cols, col);
	}
	t->rows = guild_arena_alloc(t->arena, (t->n_rows + 1) * sizeof(*t->rows));
	t->run_index = guild_arena_alloc(t->arena, (t->n_rows + 1) * sizeof(*t->run_index));
	for (size_t i = 0; i < t->n_rows; i++) {
		fill_row(g, t, i);
	}
}

/* ---- order ------------------------------------------------------------------------------------------------- */

struct ordered {
	const struct guild_value **row;
	const struct guild_value *value; /* NULL: undefined */
	size_t run_index;
};

static int compare_rows(const struct ordered *x, const struct ordered *y, int direction)
{
	int order = 0;
	if (x->value == NULL || y->value == NULL) {
		order = (x->value == NULL) - (y->value == NULL);
	} else {
		order = direction * guild_col_values_cmp(x->value, y->value);
	}
	return order != 0 ? order : (x->run_index > y->run_index) - (x->run_index < y->run_index);
}

static int compare_up(const void *a, const void *b)
{
	return compare_rows(a, b, 1);
}

static int compare_down(const void *a, const void *b)
{
	return compare_rows(a, b, -1);
}

static int sort_table(struct guild_compare_table *t, const char *header, bool up,
	struct guild_error *err)
{
	size_t col = 0;
	while (col < t->n_cols && strcmp(t->headers[col], header) != 0) {
		col++;
	}
	if (col == t->n_cols) {
		guild_error_set(err, GUILD_ENOTFOUND, "no column '%s' to sort groups by", header);
		guild_error_hint(err, "columns of groups are named as shown: 'loss mean'");
		return GUILD_ENOTFOUND;
	}
	struct ordered *rows = guild_alloc((t->n_rows + 1) * sizeof(*rows));
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct guild_value *v = t->rows[i][col];
		bool sorts = !guild_value_is_null(v) && guild_col_value_sorts(v);
		rows[i] = (struct ordered){t->rows[i], sorts ? v : NULL, t->run_index[i]};
	}
	qsort(rows, t->n_rows, sizeof(*rows), up ? compare_up : compare_down);
	for (size_t i = 0; i < t->n_rows; i++) {
		t->rows[i] = rows[i].row;
		t->run_index[i] = rows[i].run_index;
	}
	free(rows);
	return 0;
}

int guild_group_keys_parse(struct guild_arena *a, const char *text, struct guild_cols *out,
	struct guild_error *err)
{
	int rc = guild_cols_parse(a, text, out, err);
	for (size_t i = 0; rc == 0 && i < out->n; i++) {
		/* A word alone is a flag here: nobody groups by a scalar. */
		if (out->v[i].kind == GUILD_COL_SCALAR) {
			out->v[i].kind = GUILD_COL_FLAG;
		}
	}
	return rc;
}

int guild_store_group(const struct guild_runs *runs, const struct guild_group_request *req,
	struct guild_compare_table *out, const struct guild_log *log, struct guild_error *err)
{
	struct grouping g = {.req = req, .arena = guild_arena_new()};
	struct guild_compare_table table = {0};
	const char *header = req->min_header != NULL ? req->min_header : req->max_header;
	for (size_t i = 0; i < runs->n; i++) {
		if (req->include_batch || !guild_run_facts_is_batch(&runs->v[i])) {
			add_run(&g, &runs->v[i], i, log);
		}
	}
	fill_table(&g, &table);
	int rc = header != NULL && table.n_rows > 0
			 ? sort_table(&table, header, req->min_header != NULL, err)
			 : 0;
	if (req->limit > 0 && table.n_rows > req->limit) {
		table.n_rows = req->limit;
	}
	for (size_t i = 0; i < g.n_groups; i++) {
		free(g.groups[i]->v);
	}
	free(g.groups);
	guild_map_fini(&g.by_key);
	guild_map_fini(&g.columns);
	if (rc != 0) {
		guild_compare_table_fini(&table);
		return rc;
	}
	*out = table;
	return 0;
}
