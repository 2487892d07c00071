/* The columns of `guild compare` that differ between its runs, and more of those than a table has otherwise. */

#include <stdlib.h>
#include <string.h>

#include "guild/diff.h"

enum { DIGEST_SHOWN = 8, ATTR_FILE_MAX = 64 << 20 };

/* Installed packages: most runs of a project share them, and there are hundreds. */
struct package_list {
	struct guild_installed installed;
	const struct guild_value **versions; /* of installed.v */
};

struct row {
	struct guild_map cells;              /* header -> value; all but packages */
	const struct package_list *packages; /* or NULL */
};

struct column {
	const char *header;
	const char *package; /* its key, or NULL */
};

struct changed {
	struct guild_arena *a;
	const struct guild_log *log;
	struct row *rows;
	size_t n_rows;
	struct guild_map headers;  /* in order of first appearance; the value seen last */
	struct guild_map lists;    /* of packages, by the hash of the attribute's file */
	struct guild_map packages; /* keys in order of first appearance */
};

static bool is_same(const struct guild_value *a, const struct guild_value *b)
{
	return !a || !b ? a == b : guild_value_eq(a, b);
}

/* Runs that follow each other are alike, and share a copy. */
static void put(struct changed *c, struct row *row, const char *header,
	const struct guild_value *value)
{
	if (guild_value_is_null(value) || guild_map_has(&row->cells, header)) {
		return;
	}
	struct guild_value *kept = guild_map_get(&c->headers, header);

	if (!kept || kept->type != value->type || !guild_value_eq(kept, value)) {
		kept = guild_value_copy(c->a, value);
		guild_map_put(&c->headers, header, kept);
	}
	guild_map_put(&row->cells, header, kept);
}

/* ---- what is looked at ---------------------------------------------------------------------------------- */

static void put_attrs(struct changed *c, struct row *row, struct guild_run_data *data)
{
	static const char *const names[] = {"sourcecode", "vcs_commit", "from", "host", "user"};
	static const struct {
		const char *key, *header;
	} parts[] = {{"python_version", "python"}, {"processor", "processor"}, {"cpus", "cpus"}};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		put(c, row, names[i], guild_run_data_attr(data, names[i]));
	}
	const struct guild_value *platform = guild_run_data_attr(data, "platform");

	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		put(c, row, parts[i].header, guild_value_get(platform, parts[i].key));
	}
}

/* Attributes that guild.yml adds to an operation (run-attrs), as far as they fit a cell. */
static void put_custom(struct changed *c, struct row *row, const struct guild_run *run,
	struct guild_run_data *data)
{
	struct guild_strs names = {0};

	(void)guild_run_attr_names(run, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		if (guild_run_attr_is_custom(names.v[i])) {
			const struct guild_value *v = guild_run_data_attr(data, names.v[i]);

			if (v && v->type != GUILD_DICT && v->type != GUILD_LIST) {
				put(c, row, names.v[i], v);
			}
		}
	}
	guild_strs_fini(&names);
}

static void put_inputs(struct changed *c, struct row *row, const struct guild_run *run)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest m = {0};

	(void)guild_manifest_read(run, a, &m, NULL, NULL);
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].kind == 'd' && strcmp(m.v[i].sha1, "-") != 0) {
			char *header = guild_format("input %s", m.v[i].path);

			put(c, row, header,
				guild_value_string_n(a, m.v[i].sha1,
					strnlen(m.v[i].sha1, DIGEST_SHOWN)));
			free(header);
		}
	}
	guild_arena_free(a);
}

static struct package_list *parse_packages(struct changed *c, const struct guild_run *run)
{
	struct package_list *list = guild_arena_alloc(c->a, sizeof(*list));

	guild_installed_read(c->a, guild_run_attr(run, c->a, "pip_freeze"), &list->installed);
	list->versions = guild_arena_alloc(c->a, (list->installed.n + 1) * sizeof(*list->versions));
	for (size_t i = 0; i < list->installed.n; i++) {
		const struct guild_installed_package *p = &list->installed.v[i];

		list->versions[i] = guild_value_string(c->a, p->version);
		if (!guild_map_has(&c->packages, p->key)) {
			guild_map_put(&c->packages, p->key, NULL);
		}
	}
	return list;
}

static void put_packages(struct changed *c, struct row *row, const struct guild_run *run)
{
	char *path = guild_path_join(run->guild_dir, "attrs/pip_freeze");
	struct guild_buf text = {0};
	char hash[33];

	if (guild_file_read(path, ATTR_FILE_MAX, &text, NULL) == 0) {
		guild_fast_hash(guild_buf_cstr(&text), text.n, hash);
		row->packages = guild_map_get(&c->lists, hash);
		if (!row->packages) {
			struct package_list *list = parse_packages(c, run);

			guild_map_put(&c->lists, hash, list);
			row->packages = list;
		}
	}
	guild_buf_fini(&text);
	free(path);
}

static const struct guild_value *version_of(const struct package_list *list, const char *key)
{
	size_t low = 0, high = list ? list->installed.n : 0;

	while (low < high) {
		size_t at = low + (high - low) / 2;

		if (strcmp(list->installed.v[at].key, key) < 0) {
			low = at + 1;
		} else {
			high = at;
		}
	}
	return list && low < list->installed.n && strcmp(list->installed.v[low].key, key) == 0
		       ? list->versions[low]
		       : NULL;
}

static void fill_row(struct changed *c, const struct guild_run *run, struct row *row)
{
	struct guild_run_data *data = guild_run_data_new(run, c->log);

	put_attrs(c, row, data);
	put_custom(c, row, run, data);
	put_inputs(c, row, run);
	put_packages(c, row, run);
	guild_run_data_free(data);
}

/* ---- the table --------------------------------------------------------------------------------------------- */

static bool is_changed_col(const struct guild_compare_table *t, size_t col)
{
	for (size_t i = 1; i < t->n_rows; i++) {
		if (!is_same(t->rows[0][col], t->rows[i][col])) {
			return true;
		}
	}
	return false;
}

static void drop_equal(struct guild_compare_table *t)
{
	size_t kept = 0;

	for (size_t col = 0; col < t->n_cols; col++) {
		if (strcmp(t->headers[col], "run") != 0 && !is_changed_col(t, col)) {
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

static bool has_header(const struct guild_compare_table *t, const char *header)
{
	for (size_t i = 0; i < t->n_cols; i++) {
		if (strcmp(t->headers[i], header) == 0) {
			return true;
		}
	}
	return false;
}

static const struct guild_value *cell_of(const struct row *row, const struct column *col)
{
	return col->package ? version_of(row->packages, col->package)
			    : guild_map_get(&row->cells, col->header);
}

static bool is_changed(const struct changed *c, const struct column *col)
{
	for (size_t i = 1; i < c->n_rows; i++) {
		bool is_shared = col->package && c->rows[i].packages == c->rows[0].packages;

		if (!is_shared && !is_same(cell_of(&c->rows[0], col), cell_of(&c->rows[i], col))) {
			return true;
		}
	}
	return false;
}

/* Columns to add; packages come last. */
static size_t list_changed(const struct changed *c, const struct guild_compare_table *t,
	struct column *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->headers.n + c->packages.n; i++) {
		bool is_package = i >= c->headers.n;
		const char *key = is_package ? c->packages.entries[i - c->headers.n].key
					     : c->headers.entries[i].key;
		struct column col = {
			.header = is_package ? guild_arena_format(c->a, "package %s", key)
					     : guild_arena_strdup(c->a, key),
			.package = is_package ? key : NULL,
		};

		if (!has_header(t, col.header) && is_changed(c, &col)) {
			out[n++] = col;
		}
	}
	return n;
}

static void add_changed(const struct changed *c, struct guild_compare_table *t)
{
	struct column *cols = guild_alloc((c->headers.n + c->packages.n + 1) * sizeof(*cols));
	size_t n_old = t->n_cols, n_new = list_changed(c, t, cols);
	const char **headers = guild_arena_alloc(c->a, (n_old + n_new + 1) * sizeof(*headers));

	memcpy(headers, t->headers, n_old * sizeof(*headers));
	for (size_t i = 0; i < n_new; i++) {
		headers[n_old + i] = cols[i].header;
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct guild_value **cells =
			guild_arena_alloc(c->a, (n_old + n_new + 1) * sizeof(*cells));

		memcpy(cells, t->rows[i], n_old * sizeof(*cells));
		for (size_t j = 0; j < n_new; j++) {
			cells[n_old + j] = cell_of(&c->rows[i], &cols[j]);
		}
		t->rows[i] = cells;
	}
	t->headers = headers;
	t->n_cols = n_old + n_new;
	free(cols);
}

void guild_compare_keep_changed(const struct guild_runs *runs, struct guild_compare_table *t,
	const struct guild_log *log)
{
	struct changed c = {.a = t->arena, .log = log, .n_rows = t->n_rows};

	c.rows = guild_alloc((t->n_rows + 1) * sizeof(*c.rows));
	for (size_t i = 0; i < t->n_rows; i++) {
		fill_row(&c, &runs->v[t->run_index[i]], &c.rows[i]);
	}
	drop_equal(t);
	add_changed(&c, t);
	for (size_t i = 0; i < t->n_rows; i++) {
		guild_map_fini(&c.rows[i].cells);
	}
	free(c.rows);
	guild_map_fini(&c.headers);
	guild_map_fini(&c.lists);
	guild_map_fini(&c.packages);
}
