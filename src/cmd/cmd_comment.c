/* guild comment: write, list and delete comments of runs (cli.md 1.3, 3.7). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

static const struct guild_opt opts[] = {
	{.names = "-l --list", .excludes = "add delete clear", .help = "List the comments."},
	{.names = "-a --add",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.excludes = "delete clear",
		.help = "Add TEXT as a comment."},
	{.names = "-d --delete",
		.value = "INDEX",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.complete = GUILD_COMPLETE_COMMENT_INDEX,
		.excludes = "clear edit",
		.help = "Delete the comment that --list shows as [INDEX]."},
	{.names = "-c --clear", .excludes = "edit", .help = "Delete all comments."},
	{.names = "-e --edit", .help = "Edit the comment before it is added."},
	{.names = "-u --user",
		.value = "USER[@HOST]",
		.kind = GUILD_OPT_TEXT,
		.help = "Who the comment is from; you when omitted."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, guild_json_opts, guild_yes_opts,
	guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes or id; the latest when omitted."},
	{0},
};

/* ---- listing ----------------------------------------------------------------------------------------- */

static size_t count_comments(const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *list = guild_run_attr(r, a, "comments");
	size_t n = list && list->type == GUILD_LIST ? list->n : 0;

	guild_arena_free(a);
	return n;
}

static void list_comments(const struct guild_ctx *ctx, const struct guild_runs *runs)
{
	struct guild_table table;
	struct guild_strs lines = {0};

	guild_table_init(&table, 5, 0);
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_row row;
		char *id = guild_run_formatted_attr(ctx, &runs->v[i], "short_id");

		guild_run_row_init(&row, ctx, &runs->v[i], 0);
		guild_table_add(&table,
			(const char *[]){id, row.operation, row.started, row.status, row.label});
		guild_run_row_fini(&row);
		free(id);
	}
	guild_table_lines(&table, ctx->columns, &lines);
	for (size_t i = 0; i < runs->n; i++) {
		printf("%s%s%s\n", ctx->color_out ? "\033[33m" : "", lines.v[i],
			ctx->color_out ? "\033[0m" : "");
		if (count_comments(&runs->v[i]) == 0) {
			puts("  <no comments>");
		}
		guild_run_comments_print(&runs->v[i], 0, true, stdout);
	}
	guild_strs_fini(&lines);
	guild_table_fini(&table);
}

static void list_json(struct guild_ctx *ctx, const struct guild_runs *runs)
{
	struct guild_value *list = guild_value_list(ctx->arena);

	for (size_t i = 0; i < runs->n; i++) {
		struct guild_value *item = guild_value_dict(ctx->arena);
		struct guild_value *comments = guild_run_attr(&runs->v[i], ctx->arena, "comments");

		guild_value_set(ctx->arena, item, "id",
			guild_value_string(ctx->arena, runs->v[i].id));
		guild_value_set(ctx->arena, item, "comments",
			comments ? comments : guild_value_list(ctx->arena));
		guild_value_append(ctx->arena, list, item);
	}
	guild_cmd_print_json(list);
}

/* ---- writing ------------------------------------------------------------------------------------------ */

/* What the editor starts with: the text so far and, as comment lines, the runs. */
static char *edit_template(const struct guild_ctx *ctx, const char *text,
	const struct guild_runs *runs)
{
	struct guild_buf out = {0};

	guild_buf_printf(&out,
		"%s\n\n# Write the comment above. Lines that start with '#' are left out; an empty\n"
		"# comment changes nothing. The comment is for these runs:\n#\n",
		text ? text : "");
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_row row;

		guild_run_row_init(&row, ctx, &runs->v[i], 0);
		guild_buf_printf(&out, "#   %s  %s  %s  %s  %s\n", row.id_text, row.operation,
			row.started, row.status, row.label);
		guild_run_row_fini(&row);
	}
	return guild_buf_take(&out);
}

/* The text without comment lines and outer blanks. */
static char *without_notes(const char *text)
{
	struct guild_buf out = {0};

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (*text != '#') {
			guild_buf_append(&out, text, n);
			guild_buf_putc(&out, '\n');
		}
		text += n + (text[n] == '\n');
	}
	struct guild_str body = guild_str_trim(guild_buf_str(&out));
	char *result = guild_strndup(body.p, body.n);

	guild_buf_fini(&out);
	return result;
}

static int edit_comment(const struct guild_ctx *ctx, const char *text,
	const struct guild_runs *runs, char **out, struct guild_error *err)
{
	char *start = edit_template(ctx, text, runs);
	struct guild_buf edited = {0};
	int rc = guild_cmd_edit_text(ctx, start, ".txt", &edited, err);

	if (rc == 0) {
		char *body = without_notes(guild_buf_cstr(&edited));

		if (*body) {
			*out = body;
		} else {
			free(body);
			rc = guild_error_set(err, GUILD_ECANCELLED,
				"empty comment, nothing was changed");
		}
	}
	guild_buf_fini(&edited);
	free(start);
	return rc;
}

static void find_author(const struct guild_ctx *ctx, const struct guild_args *args, char **user,
	char **host)
{
	const char *given = guild_args_text(args, "user");
	const char *at = given ? strchr(given, '@') : NULL;
	const char *name = guild_ctx_env(ctx, "USER");
	const char *machine = guild_ctx_env(ctx, "HOST");

	if (given) {
		*user = guild_strndup(given, at ? (size_t)(at - given) : strlen(given));
	} else {
		*user = guild_strdup(name ? name : "");
	}
	if (at) {
		*host = guild_strdup(at + 1);
	} else {
		*host = machine ? guild_strdup(machine) : guild_hostname();
	}
}

struct new_comment {
	const char *body, *user, *host;
};

static int add_one(const void *arg, const struct guild_run *r, struct guild_error *err)
{
	const struct new_comment *c = arg;

	return guild_store_add_comment(r, c->body, c->user, c->host, err);
}

static int add_comment(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs)
{
	struct guild_error err = {0};
	const char *text = guild_args_text(args, "add");
	bool edit = guild_args_flag(args, "edit") || !text;
	char *body = NULL, *user = NULL, *host = NULL;
	int code = GUILD_EXIT_OK;

	if (edit) {
		if (edit_comment(ctx, text, runs, &body, &err) != 0) {
			return guild_cmd_fail(ctx, &err);
		}
	} else {
		body = guild_strdup(text);
		code = guild_cmd_confirm_runs(ctx, args, runs,
			"The comment will be added to these runs:", "Continue?", true);
	}
	find_author(ctx, args, &user, &host);
	const struct new_comment comment = {body, user, host};

	if (code == GUILD_EXIT_OK &&
		guild_cmd_change_runs(ctx, runs, add_one, &comment, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	if (code == GUILD_EXIT_OK) {
		guild_log(&ctx->log, "note", "Added comment to %zu run(s)", runs->n);
	}
	free(body);
	free(user);
	free(host);
	return code;
}

/* ---- deleting -------------------------------------------------------------------------------------------- */

static int check_index(const struct guild_runs *runs, int64_t index, struct guild_error *err)
{
	for (size_t i = 0; i < runs->n; i++) {
		size_t n = count_comments(&runs->v[i]);

		if ((uint64_t)index > n) {
			return guild_error_set(err, GUILD_ENOTFOUND,
				"there is no comment %lld in run %.*s (it has %zu)",
				(long long)index, GUILD_RUN_SHORT_LEN, runs->v[i].id, n);
		}
	}
	return 0;
}

static int delete_comment(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs)
{
	struct guild_error err = {0};
	int64_t index = guild_args_int(args, "delete", 0);

	if (check_index(runs, index, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	char *heading =
		guild_format("Comment %lld of these runs will be deleted:", (long long)index);
	int code = guild_cmd_confirm_runs(ctx, args, runs, heading, "Continue?", true);

	free(heading);
	for (size_t i = 0; code == GUILD_EXIT_OK && i < runs->n; i++) {
		if (guild_store_delete_comment(&runs->v[i], index, &err) != 0) {
			code = guild_cmd_fail(ctx, &err);
		}
	}
	if (code == GUILD_EXIT_OK) {
		guild_log(&ctx->log, "note", "Deleted comment for %zu run(s)", runs->n);
	}
	return code;
}

static int clear_comments(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs)
{
	struct guild_error err = {0};
	int code = guild_cmd_confirm_runs(ctx, args, runs,
		"All comments of these runs will be deleted:", "Continue?", false);

	for (size_t i = 0; code == GUILD_EXIT_OK && i < runs->n; i++) {
		if (guild_store_clear_comments(&runs->v[i], &err) != 0) {
			code = guild_cmd_fail(ctx, &err);
		}
	}
	if (code == GUILD_EXIT_OK) {
		guild_log(&ctx->log, "note", "Deleted all comments for %zu run(s)", runs->n);
	}
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	int code = GUILD_EXIT_OK;

	if (guild_cmd_select_runs(ctx, args, guild_args_words(args), "1", 0, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else if (guild_args_flag(args, "list") && guild_args_flag(args, "json")) {
		list_json(ctx, &runs);
	} else if (guild_args_flag(args, "list")) {
		list_comments(ctx, &runs);
	} else if (guild_args_given(args, "delete")) {
		code = delete_comment(ctx, args, &runs);
	} else if (guild_args_flag(args, "clear")) {
		code = clear_comments(ctx, args, &runs);
	} else {
		code = add_comment(ctx, args, &runs);
	}
	guild_runs_fini(&runs);
	return code;
}

const struct guild_cmd guild_cmd_comment = {
	.name = "comment",
	.aliases = "runs comment",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Write, list or delete comments of runs",
	.help = "Without an option the comment is written in your editor (VISUAL, EDITOR or "
		"/usr/bin/editor).\n\n"
		"Examples:\n\n"
		"  guild comment --add 'diverges after step 400' 2\n"
		"  guild comment --list 2\n"
		"  guild comment --delete 1 2",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
