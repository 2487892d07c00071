/* The row of a run in listings and previews. */

#include "cmd.h"

#include <stdlib.h>
#include <string.h>

enum { DIR_WIDTH = 28 };

/* Keeps both ends of a long path: "…" in the middle. */
static char *shorten(char *take)
{
	size_t n = strlen(take);
	size_t width = guild_text_width(take);

	if (width <= DIR_WIDTH || width != n) {
		return take;
	}
	size_t head = (DIR_WIDTH - 1) / 2;
	char *text =
		guild_format("%.*s\u2026%s", (int)head, take, take + n - (DIR_WIDTH - 1 - head));

	free(take);
	return text;
}

/* Where the run's project is as seen from here; NULL: right here, or nowhere. */
static char *project_dir_note(const struct guild_ctx *ctx, const struct guild_run *r)
{
	char *dir = guild_run_project_dir(r);

	/* Nearly every run of a listing; links are looked through for the others only. */
	if (!dir || strcmp(dir, ctx->cwd) == 0) {
		free(dir);
		return NULL;
	}
	char *cwd = guild_path_real(ctx->cwd);
	char *real = guild_path_real(dir);
	char *parent = guild_path_dirname(cwd);
	char *note = NULL;

	if (strcmp(real, cwd) == 0) {
		goto done;
	}
	size_t n_cwd = strcmp(cwd, "/") == 0 ? 0 : strlen(cwd), n_parent = strlen(parent);

	if (strncmp(real, cwd, n_cwd) == 0 && real[n_cwd] == '/') {
		note = guild_strdup(real + n_cwd + 1);
	} else if (strcmp(real, parent) == 0) {
		note = guild_strdup("../");
	} else if (n_parent > 1 && strncmp(real, parent, n_parent) == 0 && real[n_parent] == '/') {
		note = guild_format("../%s", real + n_parent + 1);
	} else {
		note = guild_path_compress_user(dir, ctx->user_home);
	}
	note = shorten(note);
done:
	free(dir);
	free(cwd);
	free(real);
	free(parent);
	return note;
}

void guild_run_row_init(struct guild_run_row *row, const struct guild_ctx *ctx,
	const struct guild_run *r, size_t index)
{
	struct guild_arena *arena = guild_arena_new();
	char *op = guild_run_display_name(r);
	char *dir = project_dir_note(ctx, r);
	bool marked = guild_value_truthy(guild_run_attr(r, arena, "marked"));
	struct guild_value *label = NULL;
	struct guild_error err = {0};

	/* A reference that cannot be read leaves every part of it empty. */
	if (*op == '\0' && r->opref.pkg_type[0] == '\0') {
		free(op);
		op = guild_strdup("(damaged)");
	}
	if (guild_run_attr_read(r, arena, "label", &label, &err) < 0) {
		guild_log(&ctx->log, "warning", "%s", err.text);
	}
	row->id_text = index > 0 ? guild_format("[%zu:%.*s]", index, GUILD_RUN_SHORT_LEN, r->id)
				 : guild_format("[%.*s]", GUILD_RUN_SHORT_LEN, r->id);
	row->operation = guild_format("%s%s%s%s%s", op, dir ? " (" : "", dir ? dir : "",
		dir ? ")" : "", marked ? " [marked]" : "");
	row->started = guild_run_formatted_attr(ctx, r, "started");
	row->status = guild_run_formatted_attr(ctx, r, "status_with_remote");
	struct guild_buf text = {0};

	if (!guild_value_is_null(label)) {
		guild_value_py_str(&text, label);
	}
	row->label = guild_buf_take(&text);
	free(op);
	free(dir);
	guild_arena_free(arena);
}

void guild_run_row_fini(struct guild_run_row *row)
{
	free(row->id_text);
	free(row->operation);
	free(row->started);
	free(row->status);
	free(row->label);
	*row = (struct guild_run_row){0};
}
