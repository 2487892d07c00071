/* guild label: set, extend, shorten or clear labels (cli.md 1.3, runs.md 7). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "label_edit.h"

#include "guild/flags.h"

static const struct guild_opt opts[] = {
	{.names = "-s --set",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.excludes = "append prepend remove clear",
		.help = "Set the label to TEXT."},
	{.names = "-a --append",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.excludes = "prepend remove clear",
		.help = "Put TEXT behind the label."},
	{.names = "-p --prepend",
		.value = "TEXT",
		.kind = GUILD_OPT_TEXT,
		.excludes = "remove clear",
		.help = "Put TEXT in front of the label."},
	{.names = "-rm --remove",
		.value = "TEXT",
		.kind = GUILD_OPT_LIST,
		.excludes = "clear",
		.help = "Take TEXT, a regular expression matching whole words, out of the label. May be "
			"repeated."},
	{.names = "-c --clear", .help = "Remove the label."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_yes_opts, guild_filter_opts, guild_status_opts, guild_remote_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes or id; the latest when omitted."},
	{0},
};

static char *heading(const struct guild_args *args)
{
	static const char *const keys[] = {"set", "append", "prepend"};
	static const char *const formats[] = {
		"These runs will be labelled '%s':",
		"'%s' will be put behind the label of these runs:",
		"'%s' will be put in front of the label of these runs:",
	};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		const char *text = guild_args_text(args, keys[i]);
		const char *at = strstr(formats[i], "%s");

		if (text) {
			return guild_format("%.*s%s%s", (int)(at - formats[i]), formats[i], text,
				at + 2);
		}
	}
	if (guild_args_flag(args, "clear")) {
		return guild_strdup("The label of these runs will be removed:");
	}
	char *parts = guild_strs_join(guild_args_list(args, "remove"), "', '");
	char *text = guild_format("'%s' will be taken out of the label of these runs:", parts);

	free(parts);
	return text;
}

/* The new label of one run. */
static int new_label(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *r, struct guild_buf *out, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	const char *set = guild_args_text(args, "set");
	const char *append = guild_args_text(args, "append");
	const char *prepend = guild_args_text(args, "prepend");
	const struct guild_strs *remove = guild_args_list(args, "remove");
	const char *template_text = set ? set : append ? append : prepend;
	/* A plain text needs nothing of the run. */
	bool has_names = template_text && strchr(template_text, '$');
	struct guild_value *old_value = has_names || !set ? guild_run_attr(r, a, "label") : NULL;
	const struct guild_value *flags = has_names ? guild_run_attr(r, a, "flags") : NULL;
	struct guild_buf old = {0};
	int rc = 0;

	if (!guild_value_is_null(old_value)) {
		guild_value_py_str(&old, old_value);
	}
	if (append) {
		guild_buf_printf(out, "%s ", guild_buf_cstr(&old));
	}
	if (template_text) {
		guild_flag_render_label(out, template_text, flags ? flags : guild_value_dict(a),
			guild_buf_cstr(&old), &ctx->log);
	}
	if (prepend) {
		guild_buf_printf(out, " %s", guild_buf_cstr(&old));
	}
	if (remove->n > 0) {
		guild_buf_append(out, old.p, old.n);
	}
	for (size_t i = 0; rc == 0 && i < remove->n; i++) {
		rc = guild_label_remove(out, remove->v[i], err);
	}
	guild_buf_fini(&old);
	guild_arena_free(a);
	return rc;
}

struct labelling {
	const struct guild_ctx *ctx;
	const struct guild_args *args;
};

static int label_one(const void *arg, const struct guild_run *r, struct guild_error *err)
{
	const struct labelling *l = arg;
	struct guild_buf label = {0};
	int rc = 0;

	if (!guild_args_flag(l->args, "clear")) {
		rc = new_label(l->ctx, l->args, r, &label, err);
	}
	if (rc == 0) {
		rc = guild_store_set_label(r, guild_buf_cstr(&label), err);
	}
	guild_buf_fini(&label);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	static const char *const actions[] = {"set", "append", "prepend", "remove", "clear"};
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	bool any = false;
	int code;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(actions); i++) {
		any = any || guild_args_given(args, actions[i]);
	}
	if (!any) {
		(void)guild_cmd_usage(ctx, "label",
			"missing one of: --set, --append, --prepend, --remove, --clear");
		return GUILD_EXIT_ERROR;
	}
	if (guild_cmd_select_runs(ctx, args, guild_args_words(args), "1", 0, &runs, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
		goto out;
	}
	char *head = heading(args);

	code = guild_cmd_confirm_runs(ctx, args, &runs, head, "Continue?", true);
	free(head);
	if (code != GUILD_EXIT_OK) {
		goto out;
	}
	if (guild_cmd_change_runs(ctx, &runs, label_one, &(struct labelling){ctx, args}, &err) !=
		0) {
		code = guild_cmd_fail(ctx, &err);
		goto out;
	}
	guild_log(&ctx->log, "note",
		guild_args_flag(args, "clear") ? "Cleared label for %zu run(s)"
					       : "Labeled %zu run(s)",
		runs.n);
out:
	guild_runs_fini(&runs);
	return code;
}

const struct guild_cmd guild_cmd_label = {
	.name = "label",
	.aliases = "runs label",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Set, change or clear labels of runs",
	.help = "A label is the free text at the end of a run's row. TEXT may name flags as ${flag}, and "
		"the label so far as ${label}.\n\n"
		"Examples:\n\n"
		"  guild label --set 'baseline, lr ${lr}' 1\n"
		"  guild label --append checked 2:4\n"
		"  guild label --clear -Fo train",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
