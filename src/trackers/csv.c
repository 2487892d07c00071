/* CSV files: one row a run, or, where a column names the run, one row a step. */

#include "trackers_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a column means. */
enum role {
	ROLE_FLAG,
	ROLE_METRIC,
	ROLE_IGNORED,
	ROLE_ID,
	ROLE_STEP,
	ROLE_TIME,
	ROLE_TAG,   /* one row a value: the name of its metric */
	ROLE_VALUE, /* and the value */
	ROLE_OPERATION,
	ROLE_LABEL,
	ROLE_TAGS,
	ROLE_STARTED,
	ROLE_STOPPED,
	ROLE_STATUS,
	ROLE_EXIT_STATUS,
	ROLE_USER,
	ROLE_HOST,
};

struct column {
	enum role role;
	const char *name; /* of the flag or metric */
};

/* A table being read. */
struct csv {
	struct import *imp;
	struct guild_arena *a;
	const struct guild_value *rows; /* the first is the header */
	struct column *columns;
	size_t n_columns;
	const struct column *id, *step, *time, *tag, *value; /* or NULL */
};

static bool has_name(const struct guild_strs *list, const char *name)
{
	return guild_strs_has(list, name);
}

static enum role known_role(const char *name)
{
	static const struct {
		const char *name;
		enum role role;
	} known[] = {
		{"id", ROLE_ID},
		{"run", ROLE_ID},
		{"run_id", ROLE_ID},
		{"step", ROLE_STEP},
		{"wall_time", ROLE_TIME},
		{"tag", ROLE_TAG},
		{"metric", ROLE_TAG},
		{"value", ROLE_VALUE},
		{"operation", ROLE_OPERATION},
		{"label", ROLE_LABEL},
		{"name", ROLE_LABEL},
		{"tags", ROLE_TAGS},
		{"started", ROLE_STARTED},
		{"start_time", ROLE_STARTED},
		{"stopped", ROLE_STOPPED},
		{"end_time", ROLE_STOPPED},
		{"status", ROLE_STATUS},
		{"exit_status", ROLE_EXIT_STATUS},
		{"user", ROLE_USER},
		{"host", ROLE_HOST},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(known); i++) {
		if (strcasecmp(known[i].name, name) == 0) {
			return known[i].role;
		}
	}
	return ROLE_FLAG;
}

static struct column column_of(const struct guild_csv_columns *c, const char *name)
{
	static const struct {
		const char *prefix;
		enum role role;
	} prefixes[] = {{"flag:", ROLE_FLAG}, {"param:", ROLE_FLAG}, {"metric:", ROLE_METRIC}};
	if (has_name(&c->ignored, name)) {
		return (struct column){ROLE_IGNORED, name};
	}
	if (has_name(&c->flags, name)) {
		return (struct column){ROLE_FLAG, name};
	}
	if (has_name(&c->metrics, name)) {
		return (struct column){ROLE_METRIC, name};
	}
	if (c->id != NULL && strcmp(c->id, name) == 0) {
		return (struct column){ROLE_ID, name};
	}
	if (c->step != NULL && strcmp(c->step, name) == 0) {
		return (struct column){ROLE_STEP, name};
	}
	if (c->time != NULL && strcmp(c->time, name) == 0) {
		return (struct column){ROLE_TIME, name};
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(prefixes); i++) {
		if (guild_starts(name, prefixes[i].prefix)) {
			return (struct column){prefixes[i].role, name + strlen(prefixes[i].prefix)};
		}
	}
	enum role role = known_role(name);
	/* A named column of that kind makes others of the name plain flags. */
	if ((role == ROLE_ID && c->id != NULL) || (role == ROLE_STEP && c->step != NULL) ||
		(role == ROLE_TIME && c->time != NULL)) {
		role = ROLE_FLAG;
	}
	return (struct column){role, name};
}

static int find_columns(struct csv *t, struct guild_error *err)
{
	const struct guild_value *header = t->rows->items[0];
	const struct guild_csv_columns *asked = &t->imp->req->csv;
	t->n_columns = header->n;
	t->columns = guild_arena_alloc(t->a, header->n * sizeof(*t->columns));
	for (size_t i = 0; i < header->n; i++) {
		struct column *c = &t->columns[i];
		*c = column_of(asked, guild_value_text(header->items[i]));
		const struct column **place = c->role == ROLE_ID      ? &t->id
					      : c->role == ROLE_STEP  ? &t->step
					      : c->role == ROLE_TIME  ? &t->time
					      : c->role == ROLE_TAG   ? &t->tag
					      : c->role == ROLE_VALUE ? &t->value
								      : NULL;
		if (place != NULL && *place == NULL) {
			*place = c;
		} else if (place != NULL) {
			c->role = ROLE_FLAG;
		}
	}
	/* Only together do they mean that; a table with a flag named "value" is none such. */
	if (t->id == NULL || t->tag == NULL || t->value == NULL) {
		for (size_t i = 0; i < header->n; i++) {
			struct column *c = &t->columns[i];
			c->role =
				c->role == ROLE_TAG || c->role == ROLE_VALUE ? ROLE_FLAG : c->role;
		}
		t->tag = t->value = NULL;
	}
	const char *missing = asked->id != NULL && t->id == NULL       ? asked->id
			      : asked->step != NULL && t->step == NULL ? asked->step
			      : asked->time != NULL && t->time == NULL ? asked->time
								       : NULL;
	const struct guild_strs *lists[] = {&asked->flags, &asked->metrics, &asked->ignored};
	for (size_t i = 0; missing == NULL && i < GUILD_ARRAY_LEN(lists); i++) {
		for (size_t j = 0; missing == NULL && j < lists[i]->n; j++) {
			bool found = false;
			for (size_t k = 0; k < header->n; k++) {
				found = found || strcmp(guild_value_text(header->items[k]),
							 lists[i]->v[j]) == 0;
			}
			missing = found ? NULL : lists[i]->v[j];
		}
	}
	if (missing != NULL) {
		return guild_error_set(err, GUILD_EINVALID, "no column '%s' (%s)", missing,
			t->imp->root);
	}
	return 0;
}

static int read_table(struct csv *t, struct guild_error *err)
{
	struct guild_buf text = {0};
	struct guild_value *rows = NULL;
	int rc = guild_file_read(t->imp->root, 0, &text, err);
	if (rc == 0) {
		struct guild_str s = guild_buf_str(&text);
		if (guild_str_starts(s, "\xef\xbb\xbf")) { /* as spreadsheets write it */
			s.p += 3;
			s.n -= 3;
		}
		rc = guild_csv_parse(t->a, s, &rows, err);
		if (rc != 0) {
			guild_error_where(err, "%s", t->imp->root);
		}
	}
	if (rc == 0 && rows->n < 1) {
		rc = guild_error_set(err, GUILD_EINVALID, "no header (%s)", t->imp->root);
	}
	if (rc == 0) {
		t->rows = rows;
		rc = find_columns(t, err);
	}
	guild_buf_fini(&text);
	return rc;
}

static struct guild_str cell(const struct guild_value *row, size_t i)
{
	return i < row->n ? row->items[i]->s : guild_str("");
}

static struct guild_str cell_of(const struct csv *t, const struct guild_value *row,
	const struct column *c)
{
	return c != NULL ? cell(row, (size_t)(c - t->columns)) : guild_str("");
}

static void add_tags(struct import_run *r, struct guild_str text)
{
	struct guild_strs tags = {0};
	char *copy = guild_strndup(text.p, text.n);
	guild_strs_split(&tags, copy, ',');
	for (size_t i = 0; i < tags.n; i++) {
		struct guild_str tag = guild_str_trim(guild_str(tags.v[i]));
		if (tag.n > 0) {
			guild_import_tag(r, guild_arena_strndup(r->a, tag.p, tag.n));
		}
	}
	free(copy);
	guild_strs_fini(&tags);
}

static void set_time(int64_t *to, struct guild_str text)
{
	int64_t us;
	if (guild_import_parse_time(text, &us)) {
		*to = us;
	}
}

/* A fact of the run; the first row that has it says it. */
static void take_fact(struct import_run *r, const struct column *c, struct guild_str text,
	bool is_first)
{
	int64_t number;
	if (text.n == 0 || (!is_first && c->role != ROLE_STOPPED && c->role != ROLE_FLAG)) {
		return;
	}
	const char *z = guild_arena_strndup(r->a, text.p, text.n);
	switch (c->role) {
	case ROLE_FLAG:
		if (is_first || guild_value_get(r->flags, c->name) == NULL) {
			guild_import_flag_text(r, c->name, text);
		}
		break;
	case ROLE_OPERATION:
		r->op = z;
		break;
	case ROLE_LABEL:
		r->label = z;
		break;
	case ROLE_TAGS:
		add_tags(r, text);
		break;
	case ROLE_STARTED:
		set_time(&r->started_us, text);
		break;
	case ROLE_STOPPED:
		set_time(&r->stopped_us, text);
		break;
	case ROLE_STATUS:
		r->has_exit_status = false;
		guild_import_status(r, z);
		break;
	case ROLE_EXIT_STATUS:
		if (guild_parse_i64(text.p, text.n, &number) && number >= INT16_MIN &&
			number <= INT16_MAX) {
			r->has_exit_status = true;
			r->exit_status = (int)number;
		}
		break;
	case ROLE_USER:
		r->user = z;
		break;
	case ROLE_HOST:
		r->host = z;
		break;
	default:
		break;
	}
}

static void take_row(const struct csv *t, struct import_run *r, const struct guild_value *row,
	bool is_first)
{
	struct guild_str step_text = guild_str_trim(cell_of(t, row, t->step));
	struct guild_str time_text = cell_of(t, row, t->time);
	int64_t step = 0;
	int64_t wall_us = 0;
	double figure;
	if (!guild_parse_i64(step_text.p, step_text.n, &step)) {
		/* Some tables have 3.0 for 3. */
		step = guild_parse_f64(step_text.p, step_text.n, &figure) && figure > -9e15 &&
				       figure < 9e15
			       ? (int64_t)figure
			       : 0;
	}
	(void)guild_import_parse_time(time_text, &wall_us);
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];
		struct guild_str text = cell(row, i);
		if (c->role == ROLE_METRIC || c->role == ROLE_VALUE) {
			struct guild_str tag = c->role == ROLE_METRIC ? guild_str(c->name)
								      : cell_of(t, row, t->tag);
			struct guild_str number = guild_str_trim(text);
			if (number.n > 0 && guild_parse_f64(number.p, number.n, &figure)) {
				guild_import_metric(r, NULL, tag, step, (double)wall_us / 1e6,
					figure);
			} else if (number.n > 0) {
				guild_log(r->imp->log, "warning",
					"'%.*s' is no number and was left out (column %s)",
					number.n > 40 ? 40 : (int)number.n, number.p, c->name);
			}
		} else {
			take_fact(r, c, text, is_first);
		}
	}
}

/* Rows of one run, in their order. */
struct group {
	const char *id;
	size_t *rows;
	size_t n, cap;
};

static int import_group(const struct csv *t, const struct group *g, struct guild_error *err)
{
	struct import *imp = t->imp;
	/* Where nothing names a run its place in the file does. */
	char *key = g->id != NULL ? guild_format("%s#%s", imp->root, g->id)
				  : guild_format("%s:%zu", imp->root, g->rows[0]);
	bool is_ours = g->id != NULL && strlen(g->id) == GUILD_RUN_ID_LEN;
	struct import_run *r = guild_import_run_new(imp, is_ours ? g->id : key);
	char *stem = guild_arena_strdup(r->a, guild_path_basename(imp->root));
	char *dot = strrchr(stem, '.');
	if (dot != NULL && dot != stem) {
		*dot = '\0';
	}
	r->op = stem;
	r->label = g->id != NULL && !is_ours ? guild_arena_strdup(r->a, g->id) : NULL;
	r->has_exit_status = true;
	for (size_t i = 0; i < g->n; i++) {
		take_row(t, r, t->rows->items[g->rows[i]], i == 0);
	}
	if (imp->req->operation != NULL) {
		r->op = imp->req->operation;
	}
	free(key);
	return guild_import_run_end(r, err);
}

static void add_row(struct group *g, size_t row)
{
	g->rows = guild_grow_array(g->rows, &g->cap, g->n + 1, sizeof(*g->rows));
	g->rows[g->n++] = row;
}

/* Without a column that names runs each row is one. */
static int import_groups(const struct csv *t, struct group **groups, size_t *n_groups,
	struct guild_error *err)
{
	struct guild_map by_id = {0};
	size_t cap = 0;
	for (size_t i = 1; i < t->rows->n; i++) {
		struct guild_str id = cell_of(t, t->rows->items[i], t->id);
		const char *z = id.n > 0 ? guild_arena_strndup(t->a, id.p, id.n) : NULL;
		/* Position + 1: groups move as their array grows. */
		size_t at = z != NULL ? (size_t)(uintptr_t)guild_map_get(&by_id, z) : 0;
		if (at == 0) {
			*groups = guild_grow_array(*groups, &cap, *n_groups + 1, sizeof(**groups));
			(*groups)[*n_groups] = (struct group){.id = z};
			at = ++*n_groups;
			if (z != NULL) {
				guild_map_put(&by_id, z, (void *)(uintptr_t)at);
			}
		}
		add_row(&(*groups)[at - 1], i);
	}
	guild_map_fini(&by_id);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < *n_groups; i++) {
		rc = import_group(t, &(*groups)[i], err);
	}
	return rc;
}

static int count(struct import *imp, size_t *n, struct guild_error *err)
{
	struct csv t = {.imp = imp, .a = guild_arena_new()};
	int rc = read_table(&t, err);
	if (rc == 0) {
		struct guild_map ids = {0};
		for (size_t i = 1; i < t.rows->n; i++) {
			struct guild_str id = cell_of(&t, t.rows->items[i], t.id);
			if (id.n == 0) {
				(*n)++;
			} else {
				guild_map_put(&ids, guild_arena_strndup(t.a, id.p, id.n), imp);
			}
		}
		*n += ids.n;
		guild_map_fini(&ids);
	}
	guild_arena_free(t.a);
	return rc;
}

static int import(struct import *imp, struct guild_error *err)
{
	struct csv t = {.imp = imp, .a = guild_arena_new()};
	struct group *groups = NULL;
	size_t n_groups = 0;
	int rc = read_table(&t, err);
	if (rc == 0) {
		rc = import_groups(&t, &groups, &n_groups, err);
	}
	for (size_t i = 0; i < n_groups; i++) {
		free(groups[i].rows);
	}
	free(groups);
	guild_arena_free(t.a);
	return rc;
}

const struct import_source guild_import_csv = {
	.kind = "csv",
	.what = "CSV file",
	.count = count,
	.import = import,
};
