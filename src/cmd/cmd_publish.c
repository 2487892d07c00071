/* guild publish: reports of runs that can be read without Guild (cli.md 3.9, runs.md 7). */

#include "cmd.h"
#include "project_ops.h"
#include "project_world.h"

#include <stdlib.h>
#include <string.h>

static const struct guild_opt opts[] = {
	{.names = "-d --dest",
		.value = "DIR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Write to DIR, 'published-runs' by default."},
	{.names = "-t --template",
		.value = "VAL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Directory (or file) of templates for each run, in place of the operation's or "
			"the usual one."},
	{.names = "-i --index-template",
		.value = "VAL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Directory (or file) of templates for the index."},
	{.names = "-f --files",
		.excludes = "all-files",
		.help = "Copy files of the run that the operation publishes."},
	{.names = "-a --all-files", .help = "Copy all files of the run."},
	{.names = "-L --include-links",
		.help = "Copy also what links in the run lead to. Implies --files."},
	{.names = "--no-md5", .help = "Do not reckon MD5 digests of files."},
	{.names = "--include-batch", .help = "Publish batches, too."},
	{.names = "-r --refresh-index", .help = "Write the index anew, and publish nothing."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_yes_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs by index, range of indexes (2:5) or id; all that pass the filters when "
			"omitted."},
	{0},
};

struct publishing {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	const char *shown;
	char *dest;
	char *template_path, *index_path;
	struct guild_project_ops ops;
	struct guild_value *done; /* for --json */
	int64_t bytes;
};

static char *full_path(const struct guild_ctx *ctx, const char *text)
{
	if (!text) {
		return NULL;
	}
	char *expanded = guild_path_expand_user(text, ctx->user_home);
	char *path = guild_path_abs(expanded, ctx->cwd);

	free(expanded);
	return path;
}

static bool wants(void *arg, const char *path, bool is_link)
{
	return guild_publish_rules_take(arg, path, is_link);
}

/* The template of the operation lies in its project; so does one that is named and not here. */
static char *op_template(const struct publishing *p, const struct guild_op_def *op,
	const struct guild_run *r)
{
	const char *name = guild_args_text(p->args, "template");

	if (name && guild_file_exists(p->template_path)) {
		return NULL;
	}
	if (!name) {
		name = op ? guild_value_text(guild_value_get(op->publish, "template")) : NULL;
	}
	char *project = name ? guild_run_project_dir(r) : NULL;
	char *path = project ? guild_path_join(project, name) : NULL;

	free(project);
	return path;
}

static void tell(struct publishing *p, const struct guild_run *r, int64_t bytes)
{
	char *operation = guild_run_display_name(r);
	char *size = guild_size_text(bytes);

	if (guild_args_flag(p->args, "json")) {
		struct guild_value *item = guild_value_dict(p->ctx->arena);
		char *dir = guild_path_join(p->dest, r->id);

		guild_value_set(p->ctx->arena, item, "id",
			guild_value_string(p->ctx->arena, r->id));
		guild_value_set(p->ctx->arena, item, "dir", guild_value_string(p->ctx->arena, dir));
		guild_value_set(p->ctx->arena, item, "size", guild_value_int(p->ctx->arena, bytes));
		guild_value_append(p->ctx->arena, p->done, item);
		free(dir);
	} else {
		printf("Publishing [%.*s] %s... using %s\n", GUILD_RUN_SHORT_LEN, r->id, operation,
			size);
	}
	free(size);
	free(operation);
}

static int publish_run(struct publishing *p, const struct guild_run *r, struct guild_error *err)
{
	const struct guild_op_def *op = guild_project_ops_find(&p->ops, r);
	struct guild_publish_rules *rules = NULL;
	bool links = guild_args_flag(p->args, "include-links");
	bool some = (links || guild_args_flag(p->args, "files")) &&
		    !guild_args_flag(p->args, "all-files");
	int rc = some ? guild_publish_rules_new(op, r->dir, &p->ctx->log, &rules, err) : 0;
	char *own = op_template(p, op, r);
	int64_t bytes = 0;
	const struct guild_publish_request req = {.run = r,
		.dest = p->dest,
		.template_path = own ? own : p->template_path,
		.all_files = guild_args_flag(p->args, "all-files"),
		.include_links = links,
		.no_md5 = guild_args_flag(p->args, "no-md5"),
		.wants = rules ? wants : NULL,
		.arg = rules,
		.log = &p->ctx->log};

	rc = rc ? rc : guild_store_publish(&req, &bytes, err);
	if (rc == 0) {
		p->bytes += bytes;
		tell(p, r, bytes);
	} else {
		guild_error_wrap(err, "run %.*s", GUILD_RUN_SHORT_LEN, r->id);
	}
	free(own);
	guild_publish_rules_free(rules);
	return rc;
}

static int refresh_index(struct publishing *p, struct guild_error *err)
{
	bool json = guild_args_flag(p->args, "json");
	bool is_usual = !guild_args_given(p->args, "dest");

	if (!json) {
		printf("Refreshing runs index%s%s\n", is_usual ? "" : " in ",
			is_usual ? "" : p->shown);
	}
	return guild_store_publish_index(p->dest, p->index_path, &p->ctx->log, err);
}

static int publish_all(struct publishing *p, const struct guild_runs *runs)
{
	struct guild_error err = {0};
	struct guild_progress progress;
	char *heading = guild_format("These runs will be published to '%s':", p->shown);
	int code = guild_cmd_confirm_runs(p->ctx, p->args, runs, heading, "Continue?", true);
	int rc = 0;

	free(heading);
	if (code != GUILD_EXIT_OK) {
		return code;
	}
	guild_store_sweep(p->dest);
	guild_progress_start(&progress, p->ctx, "Publishing", (int64_t)runs->n);
	for (size_t i = 0; i < runs->n && rc == 0; i++) {
		guild_progress_end(&progress);
		rc = publish_run(p, &runs->v[i], &err);
		guild_progress_add(&progress, 1);
	}
	guild_progress_end(&progress);
	rc = rc ? rc : refresh_index(p, &err);
	if (rc != 0) {
		return guild_cmd_fail(p->ctx, &err);
	}
	if (guild_args_flag(p->args, "json")) {
		guild_cmd_print_json(p->done);
	} else {
		char *size = guild_size_text(p->bytes);

		printf("Published runs using %s\n", size);
		free(size);
	}
	return GUILD_EXIT_OK;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	const char *dest = guild_args_text(args, "dest");
	struct publishing p = {.ctx = ctx,
		.args = args,
		.shown = dest ? dest : "published-runs",
		.template_path = full_path(ctx, guild_args_text(args, "template")),
		.index_path = full_path(ctx, guild_args_text(args, "index-template")),
		.ops = {.world = guild_op_world(ctx)},
		.done = guild_value_list(ctx->arena)};
	int code = GUILD_EXIT_OK;

	p.dest = full_path(ctx, p.shown);
	if (guild_args_flag(args, "refresh-index")) {
		code = refresh_index(&p, &err) != 0 ? guild_cmd_fail(ctx, &err) : GUILD_EXIT_OK;
	} else if (guild_cmd_select_runs(ctx, args, guild_args_words(args), NULL, 0, &runs, &err) !=
		   0) {
		code = guild_cmd_fail(ctx, &err);
	} else {
		bool had_any = runs.n > 0;

		if (!guild_args_flag(args, "include-batch")) {
			guild_cmd_drop_batches(&runs);
		}
		if (runs.n == 0) {
			guild_log(&ctx->log, "note", "Nothing to publish%s.",
				had_any ? ": batches are left out unless you say --include-batch"
					: "");
		} else {
			code = publish_all(&p, &runs);
		}
	}
	guild_runs_fini(&runs);
	guild_project_ops_fini(&p.ops);
	free(p.dest);
	free(p.template_path);
	free(p.index_path);
	return code;
}

const struct guild_cmd guild_cmd_publish = {
	.name = "publish",
	.aliases = "runs publish",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Write reports of runs that can be read without Guild",
	.help = "Each run gets a directory in DIR with run.yml, flags.yml, scalars.csv, output.txt, "
		"runfiles.csv, sourcecode.csv, its source code and a README.md; DIR/README.md is the "
		"index. A report that is there is replaced. Files of the run itself are copied with "
		"--files or --all-files.\n\n"
		"An operation's 'publish' in guild.yml says which files --files means, and names a "
		"directory of templates. See docs/guide/moving-runs.md.\n\n"
		"Examples:\n\n"
		"  guild publish 1:3\n"
		"  guild publish --marked --files --dest docs/results\n"
		"  guild publish --template report --yes\n"
		"  guild publish --refresh-index",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
