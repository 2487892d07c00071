/* Rows for the unit tests of the table in the terminal. */
#ifndef GUILD_CMD_TUI_TESTING_H
#define GUILD_CMD_TUI_TESTING_H

#include <stdlib.h>

#include "tui_rows.h"

/* Rows id0 to id4 with columns run, name, loss and time. */
static inline struct guild_tui_rows *guild_tui_testing_rows(void)
{
	static const char *const headers[] = {"run", "name", "loss", "time"};
	static const char *const names[] = {"alpha", "bravo", NULL, "charlie", "ALPHA"};
	static const double losses[] = {-1, 0.5, -1, 0.25, 2};
	static const char *const times[] = {"0:10:00", "0:00:01", NULL, "0:09:00", NULL};
	struct guild_arena *a = guild_arena_new();
	struct guild_compare_table t = {
		.arena = a, .n_cols = GUILD_ARRAY_LEN(headers), .n_rows = 5};
	struct guild_runs runs = {0};

	t.headers = guild_arena_alloc(a, sizeof(headers));
	t.rows = guild_arena_alloc(a, t.n_rows * sizeof(*t.rows));
	t.run_index = guild_arena_alloc(a, t.n_rows * sizeof(*t.run_index));
	for (size_t i = 0; i < t.n_cols; i++) {
		t.headers[i] = headers[i];
	}
	for (size_t i = 0; i < t.n_rows; i++) {
		struct guild_run run = {.dir = guild_format("/nowhere/id%zu", i),
			.guild_dir = guild_format("/nowhere/id%zu/.guild", i),
			.id = guild_format("id%zu", i)};

		runs.v = guild_grow_array(runs.v, &runs.cap, runs.n + 1, sizeof(*runs.v));
		runs.v[runs.n++] = run;
		t.run_index[i] = i;
		t.rows[i] = guild_arena_alloc(a, t.n_cols * sizeof(*t.rows[i]));
		t.rows[i][0] = guild_value_string(a, run.id);
		t.rows[i][1] = names[i] ? guild_value_string(a, names[i]) : NULL;
		t.rows[i][2] = losses[i] >= 0 ? guild_value_float(a, losses[i]) : NULL;
		t.rows[i][3] = times[i] ? guild_value_string(a, times[i]) : NULL;
	}
	return guild_tui_rows_new(&runs, &t, false);
}

#endif
