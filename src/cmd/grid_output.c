/* Tables of values on their way out. */

#include "grid_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int write_stdout(void *arg, const void *p, size_t n, struct guild_error *err)
{
	(void)arg;
	return fwrite(p, 1, n, stdout) == n
		       ? 0
		       : guild_error_errno(err, errno, "cannot write to standard output");
}

int guild_cmd_save_grid(const struct guild_grid *g, enum guild_grid_format format, const char *path,
	struct guild_error *err)
{
	struct guild_new_file *file = NULL;
	int rc = guild_new_file_open(path, &file, err);

	if (rc != 0) {
		return rc;
	}
	struct guild_sink to = guild_new_file_sink(file);

	rc = guild_grid_write(g, format, &to, err);
	if (rc != 0) {
		guild_new_file_discard(file);
		return rc;
	}
	return guild_new_file_commit(file, false, err);
}

int guild_cmd_write_grid(const struct guild_ctx *ctx, const struct guild_grid *g,
	enum guild_grid_format format, const char *path, struct guild_error *err)
{
	static const struct guild_sink to_stdout = {.write = write_stdout};

	if (strcmp(path, "-") == 0 && format == GUILD_GRID_PARQUET && ctx->stdout_tty) {
		guild_error_set(err, GUILD_EINVALID, "Parquet is not for terminals");
		guild_error_hint(err, "name a file, or pipe it into a program");
		return err->code;
	}
	if (strcmp(path, "-") == 0) {
		return guild_grid_write(g, format, &to_stdout, err);
	}
	int rc = guild_cmd_save_grid(g, format, path, err);

	if (rc == 0) {
		guild_log(&ctx->log, "note", "Wrote %zu row(s) to %s", g->n_rows, path);
	}
	return rc;
}

int guild_cmd_write_bytes(struct guild_str bytes, const char *path, struct guild_error *err)
{
	struct guild_new_file *file = NULL;

	if (strcmp(path, "-") == 0) {
		return write_stdout(NULL, bytes.p, bytes.n, err);
	}
	int rc = guild_new_file_open(path, &file, err);

	if (rc != 0) {
		return rc;
	}
	struct guild_sink to = guild_new_file_sink(file);

	rc = guild_sink_write(&to, bytes.p, bytes.n, err);
	if (rc != 0) {
		guild_new_file_discard(file);
		return rc;
	}
	return guild_new_file_commit(file, false, err);
}

static void fill_table(struct guild_table *table, const struct guild_grid *g)
{
	const char **cells = guild_alloc((g->n_cols + 1) * sizeof(*cells));

	guild_table_init(table, g->n_cols, 0);
	guild_table_add(table, g->headers);
	for (size_t i = 0; i < g->n_rows; i++) {
		struct guild_arena *a = guild_arena_new();

		for (size_t j = 0; j < g->n_cols; j++) {
			struct guild_buf cell = {0};

			guild_cell_text(&cell, g->rows[i][j]);
			cells[j] = guild_arena_strndup(a, guild_buf_cstr(&cell), cell.n);
			guild_buf_fini(&cell);
		}
		guild_table_add(table, cells);
		guild_arena_free(a);
	}
	free(cells);
}

void guild_cmd_put_grid(struct guild_buf *out, const struct guild_grid *g, int columns)
{
	struct guild_table table;
	struct guild_strs lines = {0};

	if (g->n_cols == 0) {
		return;
	}
	fill_table(&table, g);
	guild_table_lines(&table, columns, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		guild_buf_puts(out, lines.v[i]);
		guild_buf_putc(out, '\n');
	}
	guild_strs_fini(&lines);
	guild_table_fini(&table);
}

void guild_cmd_print_grid(const struct guild_ctx *ctx, const struct guild_grid *g)
{
	struct guild_table table;

	if (g->n_cols == 0) {
		return;
	}
	fill_table(&table, g);
	guild_table_print(&table, stdout, ctx->columns);
	guild_table_fini(&table);
}
