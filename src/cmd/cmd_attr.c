/* guild attr: attributes of a run that the user gave it. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#include "guild/flags.h"

static const struct guild_opt opts[] = {
	{.names = "-s --set",
		.value = "NAME=VALUE",
		.kind = GUILD_OPT_LIST,
		.excludes = "get",
		.help = "Set attribute NAME. May be repeated."},
	{.names = "-g --get",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_ATTR,
		.help = "Print attribute NAME, whoever wrote it."},
	{.names = "-d --delete",
		.value = "NAME",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_ATTR,
		.excludes = "get",
		.help = "Delete attribute NAME. May be repeated."},
	{.names = "-l --list",
		.excludes = "set get delete",
		.help = "List the attributes you gave (the default)."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.complete = GUILD_COMPLETE_RUN,
		.help = "Run by index or id; the latest when omitted."},
	{0},
};

/* Attributes that runs are made of (runs.md 3.2); sorted. */
static const char *const core_attrs[] = {"cmd", "comments", "compare", "deps", "env", "exit_status",
	"flags", "host", "id", "initialized", "label", "marked", "max_trials", "objective", "op",
	"opref", "pip_freeze", "platform", "plugins", "random_seed", "run_params",
	"sourcecode_digest", "stage_trials", "started", "status", "steps", "stopped", "tags",
	"trials", "user", "user_flags", "vcs_commit"};

static bool is_core(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(core_attrs); i++) {
		if (strcmp(core_attrs[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static int check_name(const char *name, struct guild_error *err)
{
	bool good = isalpha((unsigned char)name[0]) != 0;

	for (const char *c = name; *c; c++) {
		good = good && (isalnum((unsigned char)*c) || strchr("_-.", *c));
	}
	if (!good) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid attribute name '%s': letters, digits, '_', '-' and '.', a letter first",
			name);
	}
	if (is_core(name)) {
		return guild_error_set(err, GUILD_EINVALID,
			"attribute '%s' is guild's own and cannot be changed", name);
	}
	return 0;
}

static int set_attr(struct guild_ctx *ctx, const struct guild_run *r, const char *text,
	struct guild_error *err)
{
	const char *eq = strchr(text, '=');
	struct guild_value *value = NULL;

	if (!eq) {
		return guild_error_set(err, GUILD_EINVALID, "expected NAME=VALUE, not '%s'", text);
	}
	char *name = guild_strndup(text, (size_t)(eq - text));
	int rc = check_name(name, err);

	if (rc == 0) {
		rc = guild_flag_decode(ctx->arena, eq + 1, NULL, &value, &ctx->log, err);
	}
	if (rc == 0) {
		rc = guild_run_attr_write(r, name, value, false, err);
	}
	free(name);
	return rc;
}

static int delete_attr(const struct guild_run *r, const char *name, struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = check_name(name, err);

	if (rc == 0) {
		rc = guild_run_attr_names(r, &names, err);
	}
	if (rc == 0 && !guild_strs_has(&names, name)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "no such run attribute '%s'", name);
	}
	if (rc == 0) {
		rc = guild_run_attr_remove(r, name, err);
	}
	guild_strs_fini(&names);
	return rc;
}

static void print_value(const struct guild_args *args, const struct guild_value *v)
{
	if (guild_args_flag(args, "json")) {
		guild_cmd_print_json(v);
		return;
	}
	struct guild_buf text = {0};

	if (guild_value_text(v)) {
		guild_buf_puts(&text, guild_value_text(v));
	} else {
		guild_yaml_dump(&text, v, true);
	}
	printf("%s\n", guild_buf_cstr(&text));
	guild_buf_fini(&text);
}

static int get_attr(struct guild_ctx *ctx, const struct guild_args *args, const struct guild_run *r,
	const char *name, struct guild_error *err)
{
	struct guild_value *value = NULL;
	int rc = guild_run_attr_read(r, ctx->arena, name, &value, err);

	if (rc == 0) {
		return guild_error_set(err, GUILD_ENOTFOUND, "no such run attribute '%s'", name);
	}
	if (rc > 0) {
		print_value(args, value);
	}
	return rc < 0 ? rc : 0;
}

static int list_attrs(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *r, struct guild_error *err)
{
	struct guild_value *found = guild_value_dict(ctx->arena);
	struct guild_strs names = {0};
	int rc = guild_run_attr_names(r, &names, err);

	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		struct guild_value *value = guild_run_attr(r, ctx->arena, names.v[i]);

		if (value && !is_core(names.v[i]) && names.v[i][0] != '_') {
			guild_value_set(ctx->arena, found, names.v[i], value);
		}
	}
	if (rc == 0 && (found->n > 0 || guild_args_flag(args, "json"))) {
		print_value(args, found);
	}
	guild_strs_fini(&names);
	return rc;
}

static int act(struct guild_ctx *ctx, const struct guild_args *args, const struct guild_run *r,
	struct guild_error *err)
{
	const struct guild_strs *set = guild_args_list(args, "set");
	const struct guild_strs *drop = guild_args_list(args, "delete");
	const char *get = guild_args_text(args, "get");
	int rc = 0;

	if (get) {
		return get_attr(ctx, args, r, get, err);
	}
	if (set->n == 0 && drop->n == 0) {
		return list_attrs(ctx, args, r, err);
	}
	for (size_t i = 0; rc == 0 && i < set->n; i++) {
		rc = set_attr(ctx, r, set->v[i], err);
	}
	for (size_t i = 0; rc == 0 && i < drop->n; i++) {
		rc = delete_attr(r, drop->v[i], err);
	}
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	struct guild_run r = {0};
	int code = GUILD_EXIT_OK;

	if (guild_cmd_select_run(ctx, args, &r, &err) != 0 || act(ctx, args, &r, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	}
	guild_run_fini(&r);
	return code;
}

const struct guild_cmd guild_cmd_attr = {
	.name = "attr",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Set, show or delete your own attributes of a run",
	.help = "Attributes are named values kept with a run: 'guild runs info' shows them, and "
		"'guild compare --cols .NAME' makes a column of one. 'guild run --attr NAME=VALUE' sets one "
		"at the start. Values are read as flag values are: numbers, yes and no, lists, text.\n\n"
		"Examples:\n\n"
		"  guild attr --set dataset=v2 --set reviewed=yes\n"
		"  guild attr 3 --get dataset\n"
		"  guild attr 3 --delete reviewed",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
