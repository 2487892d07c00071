/* Searching the table in the terminal. */

#include "tui_app.h"

#include <stdlib.h>

struct search_job {
	struct guild_tui_job job;
	struct guild_tui_view *view;
	struct guild_tui_search search;
	char *needle;
	size_t *cols;
	size_t at, col; /* where it starts, and what it found */
	bool found;
};

static void work(struct guild_tui_job *job)
{
	struct search_job *j = (struct search_job *)job;

	j->found = guild_tui_view_search(j->view, &j->search, &j->at, &j->col);
}

/* The column that shows a column of the rows. */
static size_t shown_col(const struct guild_tui_table *t, size_t source)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		if (t->columns.v[i].source == source) {
			return i;
		}
	}
	return t->col;
}

static void finish(struct guild_tui_job *job)
{
	struct search_job *j = (struct search_job *)job;
	struct guild_tui *app = j->job.app;

	app->n_searching--;
	/* Other rows came meanwhile: positions mean nothing any more. */
	bool is_stale = atomic_load(&j->job.cancelled) || app->table.view != j->view;

	if (!is_stale && j->found) {
		app->table.col = shown_col(&app->table, j->col);
		guild_tui_table_go(&app->table, j->at);
	} else if (!is_stale) {
		guild_tui_complain(app, "'%s' is in no cell", j->needle);
	}
	guild_tui_view_unref(j->view);
	free(j->needle);
	free(j->cols);
	free(j);
}

void guild_tui_search(struct guild_tui *app, int step)
{
	struct guild_tui_table *t = &app->table;

	if (!guild_tui_table_has_cursor(t) || !app->needle || !*app->needle) {
		return;
	}
	struct search_job *j = guild_alloc(sizeof(*j));

	j->job = (struct guild_tui_job){.work = work, .finish = finish, .app = app};
	j->view = guild_tui_view_ref(t->view);
	j->needle = guild_strdup(app->needle);
	j->cols = guild_alloc((t->columns.n + 1) * sizeof(*j->cols));
	j->search = (struct guild_tui_search){
		.needle = j->needle, .cols = j->cols, .step = step, .cancelled = &j->job.cancelled};
	for (size_t i = 0; i < t->columns.n; i++) {
		if (!t->columns.v[i].is_hidden && t->columns.v[i].source != SIZE_MAX) {
			j->cols[j->search.n_cols++] = t->columns.v[i].source;
		}
	}
	j->at = t->row;
	j->col = t->columns.v[t->col].source;
	app->n_searching++;
	guild_tui_worker_post(app->reader, &j->job);
}
