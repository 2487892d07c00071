/* guild import of runs that were exported: from a directory or an archive (cli.md 1.3). */

#include "move_cmd.h"

#include <stdlib.h>
#include <string.h>

const struct guild_opt guild_import_archive_opts[] = {
	{.names = "-m --move",
		.help = "Move the runs out of the directory. Out of an archive they are only copied."},
	{.names = "--copy-resources",
		.help = "Copy what links in the runs lead to, in place of the links."},
	{0},
};

static int import_runs(struct guild_ctx *ctx, const struct guild_args *args, const char *location,
	const struct guild_run_place *place, struct guild_runs *runs)
{
	bool move = guild_args_flag(args, "move");
	char *heading = guild_format("These runs will be %s from '%s':", move ? "moved" : "copied",
		location);
	int code = guild_cmd_confirm_runs(ctx, args, runs, heading, "Continue?", true);

	code = code ? code : guild_cmd_confirm_resources(ctx, args);
	if (code == GUILD_EXIT_OK) {
		struct guild_move_request req = {.runs = runs,
			.path = place->path,
			.move = move,
			.copy_resources = guild_args_flag(args, "copy-resources")};
		const struct guild_move_action action = {.done = "Imported",
			.preposition = "from",
			.list_key = "imported",
			.shown = location,
			.act = guild_store_import};

		code = guild_cmd_move(ctx, args, &action, &req);
	}
	free(heading);
	return code;
}

static int open_place(struct guild_ctx *ctx, const struct guild_args *args, const char *location,
	struct guild_run_place *place, struct guild_error *err)
{
	int rc = guild_cmd_open_place(ctx, location, place, err);
	char *runs_dir = guild_home_runs_dir(&ctx->home, false);

	/* What an interrupted one left. */
	guild_store_sweep(runs_dir);
	free(runs_dir);
	if (rc == 0 && !place->is_archive && guild_args_flag(args, "move")) {
		guild_store_sweep(place->path);
	}
	if (rc == 0 && place->is_archive && guild_args_flag(args, "move")) {
		rc = guild_error_set(err, GUILD_EUNSUPPORTED,
			"'--move' cannot be used with an archive: its runs can only be copied");
	}
	return rc;
}

/* The runs of a place that the filters pass, or those of them that the words after the first mean. */
static int select_placed(struct guild_ctx *ctx, const struct guild_args *args, const char *runs_dir,
	struct guild_runs *out, struct guild_error *err)
{
	struct guild_run_filter filter = {0};
	struct guild_runs all = {0};
	const struct guild_strs *words = guild_args_words(args);
	size_t *picked = NULL;
	size_t n_picked = 0;
	int rc = guild_cmd_filter(ctx, args, &filter, err);

	*out = (struct guild_runs){0};
	rc = rc ? rc : guild_cmd_list(ctx, runs_dir, &filter, NULL, &all, err);
	guild_run_filter_fini(&filter);
	if (rc != 0 || words->n <= 1) {
		*out = all;
		return rc;
	}
	rc = guild_store_select(&all, words->v + 1, words->n - 1, true, &picked, &n_picked, err);
	for (size_t i = 0; rc == 0 && i < n_picked; i++) {
		struct guild_run *from = &all.v[picked[i]];

		if (from->dir) { /* else an earlier word means it, too */
			out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
			out->v[out->n++] = *from;
			*from = (struct guild_run){0};
		}
	}
	free(picked);
	guild_runs_fini(&all);
	return rc;
}

int guild_cmd_import_archive(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	struct guild_run_place place = {0};
	const char *location = guild_args_words(args)->v[0];
	int code = GUILD_EXIT_OK;

	if (open_place(ctx, args, location, &place, &err) != 0 ||
		select_placed(ctx, args, place.runs_dir, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (runs.n == 0) {
		guild_log(&ctx->log, "note", "Nothing to import.");
	} else {
		code = import_runs(ctx, args, location, &place, &runs);
	}
	guild_runs_fini(&runs);
	guild_run_place_close(&place);
	return code;
}
