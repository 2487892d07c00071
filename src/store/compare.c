/* The table of `guild compare`: columns of several runs side by side. */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

enum { SECTION_CORE, SECTION_OP, SECTION_USER, SECTIONS };

/* Values that a column had lately: most columns have few, and one copy of each is enough. */
enum { RECENT = 8, NO_POSITION = -1 };
struct header {
	const char *text;
	int64_t position; /* in the table, or NO_POSITION */
	const struct guild_value *recent[RECENT];
	size_t next;
};

/* One run's columns and their values, by section. */
struct cell {
	struct header *header;
	const struct guild_value *value; /* NULL: undefined */
};
struct row {
	struct cell *cells[SECTIONS];
	size_t n[SECTIONS];
	const struct guild_value *sort_value; /* NULL: undefined */
	const struct guild_sort *sort;        /* or NULL */
	const struct guild_value *sort_keys;
	size_t index;
	bool is_left_out;
};

struct guild_compare {
	const struct guild_compare_request *req;
	const struct guild_log *log;
	struct guild_arena *arena;
	struct guild_map specs; /* parsed columns by spec; a bad one is said once */
	struct row *rows;
	size_t n_rows, cap_rows;
	struct guild_map by_text; /* headers */
	struct header **headers;  /* in order of first appearance */
	size_t n_headers, cap_headers;
};

/* ---- which columns ---------------------------------------------------------------------------------- */

static const struct guild_cols *parse_spec(struct guild_compare *c, const char *spec)
{
	struct guild_cols *cols = guild_map_get(&c->specs, spec);
	if (cols == NULL) {
		struct guild_error err = {0};
		cols = guild_arena_alloc(c->arena, sizeof(*cols));
		if (guild_cols_parse(c->arena, spec, cols, &err) != 0) {
			guild_log(c->log, "warning", "error parsing '%s': %s", spec, err.text);
			*cols = (struct guild_cols){0};
		}
		guild_map_put(&c->specs, spec, cols);
	}
	return cols;
}

struct collector {
	struct guild_compare *compare;
	struct guild_run_data *data;
	struct guild_arena *scratch; /* of this row */
	struct cell *v;
	size_t n, cap;
};

static struct header *find_header(struct guild_compare *c, const char *text)
{
	struct header *h = guild_map_get(&c->by_text, text);
	if (h == NULL) {
		h = guild_arena_alloc(c->arena, sizeof(*h));
		h->text = guild_arena_strdup(c->arena, text);
		h->position = NO_POSITION;
		guild_map_put(&c->by_text, text, h);
	}
	return h;
}

static uint64_t bits_of(double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

/* The very same: 1 is not 1.0, and no NaN is another. */
static bool is_identical(const struct guild_value *a, const struct guild_value *b)
{
	if (a->type != b->type) {
		return false;
	}
	switch (a->type) {
	case GUILD_BOOL:
		return a->b == b->b;
	case GUILD_INT:
		return a->i == b->i && guild_str_eq(a->s, b->s);
	case GUILD_FLOAT:
		return bits_of(a->f) == bits_of(b->f);
	case GUILD_STRING:
	case GUILD_DATE:
		return guild_str_eq(a->s, b->s);
	default:
		return a->type == GUILD_NULL;
	}
}

static const struct guild_value *keep(struct guild_compare *c, struct header *h,
	const struct guild_value *value)
{
	for (size_t i = 0; i < RECENT && h->recent[i] != NULL; i++) {
		if (is_identical(h->recent[i], value)) {
			return h->recent[i];
		}
	}
	const struct guild_value *copy = guild_value_copy(c->arena, value);
	h->recent[h->next] = copy;
	h->next = (h->next + 1) % RECENT;
	return copy;
}

static void collect(struct collector *k, const struct guild_col *col)
{
	const struct guild_value *value = guild_run_data_col(k->data, col);
	struct header *header = find_header(k->compare, col->header);
	k->v = guild_grow_array(k->v, &k->cap, k->n + 1, sizeof(*k->v));
	k->v[k->n++] = (struct cell){
		.header = header,
		.value = value != NULL ? keep(k->compare, header, value) : NULL,
	};
}

static void collect_all(struct collector *k, const struct guild_cols *cols)
{
	for (size_t i = 0; i < cols->n; i++) {
		collect(k, &cols->v[i]);
	}
}

static void collect_core(struct collector *k)
{
	static const char *const core[] = {
		"run", "operation", "started", "time", "status", "label"};
	const struct guild_compare_request *req = k->compare->req;
	size_t n = req->skip_core || req->strict ? 1 : GUILD_ARRAY_LEN(core);
	for (size_t i = 0; i < n; i++) {
		collect(k, &(struct guild_col){
				   .kind = GUILD_COL_ATTR, .key = core[i], .header = core[i]});
	}
	if (req->extra_cols) {
		collect(k, &(struct guild_col){.kind = GUILD_COL_ATTR,
				   .key = "sourcecode",
				   .header = "sourcecode"});
	}
}

/* Distinct tags over all directories, sorted. */
static void list_tags(const struct collector *k, struct guild_strs *tags)
{
	const struct guild_scalars *scalars = guild_run_data_scalars(k->data);
	struct guild_map seen = {0};
	for (size_t i = 0; i < scalars->n; i++) {
		const struct guild_scalar_summary *s = &scalars->v[i];
		bool is_shown = k->compare->req->all_scalars || !guild_scalar_is_system(s);
		if (is_shown && !guild_map_has(&seen, s->tag)) {
			guild_map_put(&seen, s->tag, NULL);
			guild_strs_add(tags, s->tag);
		}
	}
	guild_map_fini(&seen);
	guild_strs_sort(tags);
}

static const char *tag_header(struct guild_arena *a, const char *tag)
{
	char *text = guild_arena_strdup(a, tag);
	for (char *c = text; *c != '\0'; c++) {
		*c = *c == '#' ? ' ' : *c;
	}
	struct guild_str header = guild_str_trim(guild_str(text));
	return guild_arena_strndup(a, header.p, header.n);
}

/* What an operation without a compare list shows: flags, the step, scalars. */
static void collect_default(struct collector *k)
{
	struct guild_arena *a = k->scratch;
	struct guild_value *flags = guild_value_copy(a, guild_run_data_flags(k->data));
	struct guild_strs tags = {0};
	guild_value_sort_keys(flags);
	for (size_t i = 0; i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name != NULL) {
			collect(k, &(struct guild_col){
					   .kind = GUILD_COL_FLAG, .key = name, .header = name});
		}
	}
	list_tags(k, &tags);
	if (tags.n > 0) {
		const char *key = guild_strs_has(&tags, "loss") ? "loss" : tags.v[0];
		collect(k, &(struct guild_col){.kind = GUILD_COL_SCALAR,
				   .step = true,
				   .key = key,
				   .header = "step"});
	}
	for (size_t i = 0; i < tags.n; i++) {
		collect(k, &(struct guild_col){.kind = GUILD_COL_SCALAR,
				   .key = tags.v[i],
				   .header = tag_header(a, tags.v[i])});
	}
	guild_strs_fini(&tags);
}

static bool is_filled_list(const struct guild_value *v)
{
	return v != NULL && v->type == GUILD_LIST && v->n > 0;
}

static void collect_op(struct collector *k, const struct guild_run *run)
{
	const struct guild_compare_request *req = k->compare->req;
	const struct guild_value *list =
		req->op_compare != NULL ? req->op_compare(req->arg, run) : NULL;
	if (!is_filled_list(list)) {
		list = guild_run_data_attr(k->data, "compare");
	}
	if (!is_filled_list(list)) {
		collect_default(k);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		struct guild_buf spec = {0};
		guild_value_py_str(&spec, list->items[i]);
		collect_all(k, parse_spec(k->compare, guild_buf_cstr(&spec)));
		guild_buf_fini(&spec);
	}
}

/* Cells go to where they take no more room than they need. */
static void end_section(struct collector *k, struct row *row, int section)
{
	row->n[section] = k->n;
	if (k->n > 0) {
		row->cells[section] = guild_arena_alloc(k->compare->arena, k->n * sizeof(*k->v));
		memcpy(row->cells[section], k->v, k->n * sizeof(*k->v));
	}
	k->n = 0;
}

static void fill_row(struct guild_compare *c, const struct guild_run *run, struct row *row)
{
	const struct guild_compare_request *req = c->req;
	struct collector k = {
		.compare = c,
		.data = guild_run_data_new(run, c->log),
		.scratch = guild_arena_new(),
	};
	guild_run_data_set_user_home(k.data, req->user_home);
	collect_core(&k);
	end_section(&k, row, SECTION_CORE);
	if (!req->skip_op_cols && !req->strict) {
		collect_op(&k, run);
	}
	end_section(&k, row, SECTION_OP);
	if (req->user_cols != NULL) {
		collect_all(&k, req->user_cols);
	}
	end_section(&k, row, SECTION_USER);
	if (req->sort != NULL) {
		struct guild_query_source source;
		guild_query_run_source(k.data, &source);
		row->sort = req->sort;
		row->sort_keys = guild_sort_keys(req->sort, &source, c->arena);
	}
	if (req->objective != NULL) {
		const struct guild_value *v = guild_run_data_col(k.data, req->objective);
		row->sort_value = guild_col_value_sorts(v) ? guild_value_copy(c->arena, v) : NULL;
	}
	free(k.v);
	guild_arena_free(k.scratch);
	guild_run_data_free(k.data);
}

/* ---- sorting ------------------------------------------------------------------------------------------ */

static const struct guild_value *find_sort_value(const struct row *row, const char *header)
{
	for (int section = 0; section < SECTIONS; section++) {
		for (size_t i = 0; i < row->n[section]; i++) {
			if (strcmp(row->cells[section][i].header->text, header) == 0) {
				return row->cells[section][i].value;
			}
		}
	}
	return NULL;
}

static int compare_rows(const struct row *x, const struct row *y, int direction)
{
	int order = 0;
	if (x->sort_value == NULL || y->sort_value == NULL) {
		order = (x->sort_value == NULL) - (y->sort_value == NULL);
	} else {
		order = direction * guild_col_values_cmp(x->sort_value, y->sort_value);
	}
	if (order == 0 && x->sort != NULL) {
		order = guild_sort_cmp(x->sort, x->sort_keys, y->sort_keys);
	}
	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int compare_up(const void *a, const void *b)
{
	return compare_rows(a, b, 1);
}

static int compare_down(const void *a, const void *b)
{
	return compare_rows(a, b, -1);
}

static void sort_rows(struct guild_compare *c)
{
	const struct guild_compare_request *req = c->req;
	const char *header = req->min_header != NULL ? req->min_header : req->max_header;
	if ((header == NULL && req->sort == NULL && req->objective == NULL) || c->n_rows < 2) {
		return;
	}
	for (size_t i = 0; header != NULL && i < c->n_rows; i++) {
		const struct guild_value *v = find_sort_value(&c->rows[i], header);
		c->rows[i].sort_value = guild_col_value_sorts(v) ? v : NULL;
	}
	qsort(c->rows, c->n_rows, sizeof(*c->rows),
		req->max_header == NULL && !req->maximize ? compare_up : compare_down);
}

/* ---- the table ------------------------------------------------------------------------------------------- */

static void list_headers(struct guild_compare *c)
{
	for (int section = 0; section < SECTIONS; section++) {
		for (size_t i = 0; i < c->n_rows; i++) {
			for (size_t j = 0; j < c->rows[i].n[section]; j++) {
				struct header *header = c->rows[i].cells[section][j].header;
				if (header->position == NO_POSITION) {
					header->position = (int64_t)c->n_headers;
					c->headers = guild_grow_array(c->headers, &c->cap_headers,
						c->n_headers + 1, sizeof(struct header *));
					c->headers[c->n_headers++] = header;
				}
			}
		}
	}
}

/* A header that several sections have shows the last section's value; within one section the first. */
static void fill_cells(const struct row *row, const struct guild_value **out)
{
	for (int section = 0; section < SECTIONS; section++) {
		for (size_t i = row->n[section]; i > 0; i--) {
			const struct cell *cell = &row->cells[section][i - 1];
			if (cell->value != NULL) {
				out[cell->header->position] = cell->value;
			}
		}
	}
}

static bool is_same(const struct guild_value *a, const struct guild_value *b)
{
	if (a == NULL || b == NULL) {
		return a == b;
	}
	return guild_value_eq(a, b);
}

static bool is_unchanged(const struct guild_compare_table *t, size_t col)
{
	for (size_t i = 1; i < t->n_rows; i++) {
		if (!is_same(t->rows[0][col], t->rows[i][col])) {
			return false;
		}
	}
	return t->n_rows > 1;
}

static void drop_unchanged(struct guild_compare_table *t)
{
	size_t kept = 0;
	for (size_t col = 0; col < t->n_cols; col++) {
		if (is_unchanged(t, col)) {
			continue;
		}
		t->headers[kept] = t->headers[col];
		for (size_t i = 0; i < t->n_rows; i++) {
			t->rows[i][kept] = t->rows[i][col];
		}
		kept++;
	}
	t->n_cols = kept;
}

static void fill_table(struct guild_compare *c, struct guild_compare_table *t)
{
	t->arena = c->arena;
	t->n_cols = c->n_headers;
	t->n_rows = c->n_rows;
	t->headers = guild_arena_alloc(c->arena, (t->n_cols + 1) * sizeof(*t->headers));
	for (size_t i = 0; i < t->n_cols; i++) {
		t->headers[i] = c->headers[i]->text;
	}
	t->rows = guild_arena_alloc(c->arena, (t->n_rows + 1) * sizeof(*t->rows));
	t->run_index = guild_arena_alloc(c->arena, (t->n_rows + 1) * sizeof(*t->run_index));
	for (size_t i = 0; i < t->n_rows; i++) {
		t->rows[i] = guild_arena_alloc(c->arena, (t->n_cols + 1) * sizeof(*t->rows[i]));
		t->run_index[i] = c->rows[i].index;
		fill_cells(&c->rows[i], t->rows[i]);
	}
	if (c->req->skip_unchanged) {
		drop_unchanged(t);
	}
}

int guild_compare_new(const struct guild_compare_request *req, const struct guild_log *log,
	struct guild_compare **out, struct guild_error *err)
{
	if (req->min_header != NULL && req->max_header != NULL) {
		return guild_error_set(err, GUILD_EINVALID,
			"runs can be sorted by --min or by --max, not both");
	}
	struct guild_compare *c = guild_alloc(sizeof(*c));
	c->req = req;
	c->log = log;
	c->arena = guild_arena_new();
	*out = c;
	return 0;
}

void guild_compare_add(struct guild_compare *c, const struct guild_run *run)
{
	c->rows = guild_grow_array(c->rows, &c->cap_rows, c->n_rows + 1, sizeof(*c->rows));
	struct row *row = &c->rows[c->n_rows++];
	*row = (struct row){.is_left_out = !c->req->include_batch && guild_run_facts_is_batch(run)};
	if (!row->is_left_out) {
		fill_row(c, run, row);
	}
}

static void order_rows(struct guild_compare *c, const size_t *order, size_t n)
{
	struct row *rows = guild_alloc((n + 1) * sizeof(*rows));
	size_t n_rows = 0;
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &c->rows[order != NULL ? order[i] : i];
		if (!row->is_left_out) {
			rows[n_rows] = *row;
			rows[n_rows++].index = i;
		}
	}
	free(c->rows);
	c->rows = rows;
	c->n_rows = n_rows;
}

void guild_compare_end(struct guild_compare *c, const size_t *order, size_t n,
	struct guild_compare_table *out)
{
	order_rows(c, order, n);
	/* Columns are found before sorting: their order is that of the newest run first. */
	list_headers(c);
	sort_rows(c);
	if (c->req->limit > 0 && c->n_rows > c->req->limit) {
		c->n_rows = c->req->limit;
	}
	fill_table(c, out);
	free(c->rows);
	guild_map_fini(&c->specs);
	guild_map_fini(&c->by_text);
	free(c->headers);
	free(c);
}

int guild_store_compare(const struct guild_runs *runs, const struct guild_compare_request *req,
	struct guild_compare_table *out, const struct guild_log *log, struct guild_error *err)
{
	struct guild_compare *c = NULL;
	int rc = guild_compare_new(req, log, &c, err);
	for (size_t i = 0; rc == 0 && i < runs->n; i++) {
		guild_compare_add(c, &runs->v[i]);
	}
	if (rc == 0) {
		guild_compare_end(c, NULL, runs->n, out);
	}
	return rc;
}

void guild_compare_table_fini(struct guild_compare_table *t)
{
	guild_arena_free(t->arena);
	*t = (struct guild_compare_table){0};
}
