/* Tables of values as Parquet. */
#include "grid_private.h"

static struct guild_parquet_column *columns(struct guild_arena *a, const struct guild_grid *g)
{
	struct guild_parquet_column *cols = guild_arena_alloc(a, (g->n_cols + 1) * sizeof *cols);
	for (size_t j = 0; j < g->n_cols; j++) {
		bool seen = false;
		cols[j].name = g->headers[j];
		/* A column without any value is one of text: no reader knows a narrower one. */
		cols[j].type = GUILD_PARQUET_TEXT;
		for (size_t i = 0; i < g->n_rows; i++) {
			const struct guild_value *v = g->rows[i][j];
			cols[j].type = guild_parquet_type_with(cols[j].type, seen, v);
			seen = seen || !guild_value_is_null(v);
		}
		if (g->is_time != NULL && g->is_time[j] &&
			(!seen || cols[j].type == GUILD_PARQUET_INT)) {
			cols[j].type = GUILD_PARQUET_TIME;
		}
	}
	return cols;
}

int guild_grid_write_parquet(const struct guild_grid *g, const struct guild_sink *to,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_parquet *w = guild_parquet_new(columns(a, g), g->n_cols, to);
	int rc = 0;
	for (size_t i = 0; i < g->n_rows && rc == 0; i++) {
		for (size_t j = 0; j < g->n_cols; j++) {
			guild_parquet_value(w, j, g->rows[i][j]);
		}
		rc = guild_parquet_end_row(w, err);
	}
	rc = rc == 0 ? guild_parquet_finish(w, err) : rc;
	guild_parquet_free(w);
	guild_arena_free(a);
	return rc;
}
