/* The columns of `guild compare` that differ between its runs, and more of those than a table has otherwise. */

#include <stdlib.h>
#include <string.h>

#include "guild/diff.h"

enum { DIGEST_SHOWN = 8, ATTR_FILE_MAX = 64 << 20 };

struct cells {
	struct guild_map map; /* header -> value */
};

struct changed {
	struct guild_arena *a;
	const struct guild_log *log;
	struct guild_map
		freezes; /* packages by the hash of the attribute's file: runs share them */
	struct cells *rows;
	struct guild_map headers; /* in order of first appearance */
};

static bool is_same(const struct guild_value *a, const struct guild_value *b)
{
	return !a || !b ? a == b : guild_value_eq(a, b);
}

static void put(struct changed *c, struct cells *row, const char *header,
	const struct guild_value *value)
{
	if (!guild_value_is_null(value) && !guild_map_has(&row->map, header)) {
		guild_map_put(&row->map, header, guild_value_copy(c->a, value));
		if (!guild_map_has(&c->headers, header)) {
			guild_map_put(&c->headers, header, NULL);
		}
	}
}

/* ---- what is looked at ---------------------------------------------------------------------------------- */

static void put_attrs(struct changed *c, struct cells *row, struct guild_run_data *data)
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
static void put_custom(struct changed *c, struct cells *row, const struct guild_run *run,
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

static void put_inputs(struct changed *c, struct cells *row, const struct guild_run *run)
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

static const struct guild_installed *read_packages(struct changed *c, const struct guild_run *run)
{
	char *path = guild_path_join(run->guild_dir, "attrs/pip_freeze");
	struct guild_installed *packages = NULL;
	struct guild_buf text = {0};
	char hash[33];

	if (guild_file_read(path, ATTR_FILE_MAX, &text, NULL) == 0) {
		guild_fast_hash(guild_buf_cstr(&text), text.n, hash);
		packages = guild_map_get(&c->freezes, hash);
		if (!packages) {
			packages = guild_arena_alloc(c->a, sizeof(*packages));
			guild_installed_read(c->a, guild_run_attr(run, c->a, "pip_freeze"),
				packages);
			guild_map_put(&c->freezes, hash, packages);
		}
	}
	guild_buf_fini(&text);
	free(path);
	return packages;
}

static void put_packages(struct changed *c, struct cells *row, const struct guild_run *run)
{
	const struct guild_installed *packages = read_packages(c, run);
	struct guild_arena *a = guild_arena_new();

	for (size_t i = 0; packages && i < packages->n; i++) {
		char *header = guild_format("package %s", packages->v[i].key);

		put(c, row, header, guild_value_string(a, packages->v[i].version));
		free(header);
	}
	guild_arena_free(a);
}

static void fill_row(struct changed *c, const struct guild_run *run, struct cells *row)
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

static bool is_changed_header(const struct changed *c, size_t n_rows, const char *header)
{
	for (size_t i = 1; i < n_rows; i++) {
		if (!is_same(guild_map_get(&c->rows[0].map, header),
			    guild_map_get(&c->rows[i].map, header))) {
			return true;
		}
	}
	return false;
}

static void add_changed(const struct changed *c, struct guild_compare_table *t)
{
	size_t n_all = t->n_cols + c->headers.n;
	const char **headers = guild_arena_alloc(c->a, (n_all + 1) * sizeof(*headers));
	size_t n = t->n_cols;

	memcpy(headers, t->headers, n * sizeof(*headers));
	for (size_t i = 0; i < c->headers.n; i++) {
		const char *header = c->headers.entries[i].key;

		if (!has_header(t, header) && is_changed_header(c, t->n_rows, header)) {
			headers[n++] = guild_arena_strdup(c->a, header);
		}
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct guild_value **cells =
			guild_arena_alloc(c->a, (n + 1) * sizeof(*cells));

		memcpy(cells, t->rows[i], t->n_cols * sizeof(*cells));
		for (size_t j = t->n_cols; j < n; j++) {
			cells[j] = guild_map_get(&c->rows[i].map, headers[j]);
		}
		t->rows[i] = cells;
	}
	t->headers = headers;
	t->n_cols = n;
}

void guild_compare_keep_changed(const struct guild_runs *runs, struct guild_compare_table *t,
	const struct guild_log *log)
{
	struct changed c = {.a = t->arena, .log = log};

	c.rows = guild_alloc((t->n_rows + 1) * sizeof(*c.rows));
	for (size_t i = 0; i < t->n_rows; i++) {
		fill_row(&c, &runs->v[t->run_index[i]], &c.rows[i]);
	}
	drop_equal(t);
	add_changed(&c, t);
	for (size_t i = 0; i < t->n_rows; i++) {
		guild_map_fini(&c.rows[i].map);
	}
	free(c.rows);
	guild_map_fini(&c.headers);
	guild_map_fini(&c.freezes);
}
