/* Courses of scalars in the table: read for what is on the screen, beside the keys. */

#include "tui_app.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tui_text.h"

enum {
	POINTS_MAX = 4 * GUILD_TUI_SPARK_WIDTH, /* kept of each course */
	ENTRIES_MAX = 20000,
};

struct spark {
	unsigned generation;
	size_t n;
	double v[POINTS_MAX];
};

/* A course to be read. */
struct guild_tui_wish {
	struct guild_tui_wish *next;
	char *key, *scalar;
	size_t row;
	struct spark spark; /* what was read */
};

struct spark_job {
	struct guild_tui_job job;
	struct guild_tui_view *view;
	struct guild_tui_wish *wishes;
	struct guild_log log;
};

static void free_wishes(struct guild_tui_wish *wish)
{
	while (wish) {
		struct guild_tui_wish *next = wish->next;

		free(wish->key);
		free(wish->scalar);
		free(wish);
		wish = next;
	}
}

void guild_tui_sparks_fini(struct guild_tui_sparks *sparks)
{
	for (size_t i = 0; i < sparks->entries.n; i++) {
		free(sparks->entries.entries[i].value);
	}
	guild_map_fini(&sparks->entries);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

/* Means over as many parts as are kept. */
static void shrink(struct spark *spark, const struct guild_scalar_series *series)
{
	spark->n = series->n < POINTS_MAX ? series->n : POINTS_MAX;
	for (size_t i = 0; i < spark->n; i++) {
		size_t from = i * series->n / spark->n;
		size_t to = (i + 1) * series->n / spark->n;
		double sum = 0;
		size_t count = 0;

		for (size_t k = from; k < to; k++) {
			if (!isnan(series->v[k].value)) {
				sum += series->v[k].value;
				count++;
			}
		}
		spark->v[i] = count > 0 ? sum / (double)count : NAN;
	}
}

/* By key, as columns name scalars: "tag", the first by directory, or "directory#tag". */
static const struct guild_scalar_series *find_series(const struct guild_series *all,
	const char *key)
{
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].tag, key) == 0) {
			return &all->v[i];
		}
	}
	for (size_t i = 0; i < all->n; i++) {
		size_t n = strlen(all->v[i].prefix);

		if (strncmp(key, all->v[i].prefix, n) == 0 && key[n] == '#' &&
			strcmp(key + n + 1, all->v[i].tag) == 0) {
			return &all->v[i];
		}
	}
	return NULL;
}

static void read_course(const struct guild_run *run, struct guild_tui_wish *w,
	const struct guild_log *log)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_series all = {0};
	const struct guild_scalar_series *found = NULL;

	if (guild_series_read(run, a, &all, log, NULL) == 0) {
		found = find_series(&all, w->scalar);
	}
	if (found) {
		shrink(&w->spark, found);
	}
	guild_arena_free(a);
}

static void work(struct guild_tui_job *job)
{
	struct spark_job *j = (struct spark_job *)job;

	for (struct guild_tui_wish *w = j->wishes; w && !atomic_load(&job->cancelled);
		w = w->next) {
		read_course(guild_tui_rows_run(j->view->rows, w->row), w, &j->log);
	}
}

static void finish(struct guild_tui_job *job)
{
	struct spark_job *j = (struct spark_job *)job;
	struct guild_tui *app = j->job.app;
	bool is_cancelled = atomic_load(&job->cancelled);

	app->sparks.job = NULL;
	for (struct guild_tui_wish *w = j->wishes; w; w = w->next) {
		struct spark *spark = guild_map_get(&app->sparks.entries, w->key);

		if (!spark) {
			continue;
		}
		if (is_cancelled) {
			spark->generation = app->sparks.generation - 1;
			continue;
		}
		spark->n = w->spark.n;
		memcpy(spark->v, w->spark.v, sizeof(spark->v));
	}
	free_wishes(j->wishes);
	guild_tui_view_unref(j->view);
	free(j);
}

void guild_tui_sparks_read(struct guild_tui *app, struct guild_tui_wish *take_wishes)
{
	if (!take_wishes) {
		return;
	}
	struct spark_job *j = guild_alloc(sizeof(*j));

	j->job = (struct guild_tui_job){.work = work, .finish = finish, .app = app};
	j->view = guild_tui_view_ref(app->table.view);
	j->wishes = take_wishes;
	j->log = guild_tui_log_sink(&app->log);
	app->sparks.job = &j->job;
	guild_tui_worker_post(app->reader, &j->job);
}

/* ---- drawing ------------------------------------------------------------------------------------------- */

/* The course of a run, made empty where it is new. */
static struct spark *find_spark(struct guild_tui *app, const char *key)
{
	struct spark *spark = guild_map_get(&app->sparks.entries, key);

	if (!spark && app->sparks.entries.n >= ENTRIES_MAX) {
		guild_tui_sparks_fini(&app->sparks);
		app->sparks.entries = (struct guild_map){0};
	}
	if (!spark) {
		spark = guild_alloc(sizeof(*spark));
		spark->generation = app->sparks.generation - 1;
		guild_map_put(&app->sparks.entries, key, spark);
	}
	return spark;
}

void guild_tui_spark_cell(struct guild_tui *app, size_t at, size_t col, size_t width,
	struct guild_buf *out, struct guild_tui_wish **wishes)
{
	const struct guild_tui_table *t = &app->table;
	const char *scalar = t->columns.v[col].spark;

	if (t->view->rows->are_groups) {
		guild_tui_fit(out, guild_str(""), width, app->utf8);
		return;
	}
	char *key = guild_format("%s\n%s", guild_tui_table_run(t, at)->id, scalar);
	struct spark *spark = find_spark(app, key);

	guild_tui_spark(out, spark->v, spark->n, width, app->utf8);
	/* One job at a time: what the screen shows when it is done is asked for then. */
	if (spark->generation != app->sparks.generation && !app->sparks.job) {
		struct guild_tui_wish *wish = guild_alloc(sizeof(*wish));

		*wish = (struct guild_tui_wish){.next = *wishes,
			.key = guild_strdup(key),
			.scalar = guild_strdup(scalar),
			.row = guild_tui_table_source_row(t, at)};
		spark->generation = app->sparks.generation;
		*wishes = wish;
	}
	free(key);
}
