/* guild init: a Guild home in a directory, or with it a Python environment (cli.md 1.4). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "init_venv.h"

static const struct guild_opt opts[] = {
	{.names = "-h --guild-home",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Use the Guild home PATH: DIR/.guild becomes a link to it."},
	{.names = "-H --no-isolate", .help = "Use the Guild home that is in effect now."},
	{.names = "-l --isolate-resources",
		.help = "Keep downloaded resources here, instead of sharing those of the user."},
	{.names = "--no-progress", .help = "Show no progress while packages are installed."},
	{0},
};
static const struct guild_opt venv_opts[] = {
	{.names = "--venv",
		.help = "Create a Python environment in DIR (default: venv). The options below imply it."},
	{.names = "-n --name",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.help = "Name in the prompt of the environment."},
	{.names = "-p --python",
		.value = "VER",
		.kind = GUILD_OPT_TEXT,
		.help = "Python for the environment: version ('3.11') or program."},
	{.names = "-s --system-site-packages",
		.help = "Let the environment see the system's packages."},
	{.names = "-r --requirement",
		.value = "REQ",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_FILE,
		.help = "Install package REQ, or the packages in file REQ. May be repeated."},
	{.names = "-P --path",
		.value = "DIR",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Add DIR to the Python path of the environment. May be repeated."},
	{.names = "--no-reqs", .help = "Do not install the packages of requirements.txt."},
	{.names = "--pre", .help = "Install pre-release versions too."},
	{.names = "-g --guild",
		.value = "VER|PATH",
		.kind = GUILD_OPT_LATER,
		.hidden = true,
		.help = "Install a version of the Python package of guild."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, venv_opts, guild_yes_opts, NULL};
static const struct guild_arg dir_args[] = {
	{.name = "DIR",
		.complete = GUILD_COMPLETE_DIR,
		.help = "Directory to prepare; the current one when omitted."},
	{0},
};

static bool wants_venv(const struct guild_args *args)
{
	static const char *const keys[] = {"venv", "name", "python", "system-site-packages",
		"requirement", "path", "no-reqs", "pre"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		if (guild_args_given(args, keys[i])) {
			return true;
		}
	}
	return false;
}

/* Makes `path` a link to `target`; the same link there already is fine. */
static int make_link(const char *path, const char *target, struct guild_error *err)
{
	char *real = guild_path_real(path);
	char *wanted = guild_path_real(target);
	bool same = strcmp(real, wanted) == 0;
	int rc = 0;

	free(real);
	free(wanted);
	if (!same && symlink(target, path) != 0) {
		rc = errno == EEXIST
			     ? guild_error_set(err, GUILD_EEXISTS, "%s exists already", path)
			     : guild_error_errno(err, errno, "cannot make link %s", path);
	}
	return rc;
}

/* Downloads are shared by all homes of a user unless they are to be kept apart. */
static int make_resource_cache(const struct guild_ctx *ctx, const char *home, bool isolate,
	struct guild_error *err)
{
	char *cache = guild_path_join(home, "cache/resources");
	char *shared = guild_path_join(ctx->user_home, ".guild/cache/resources");
	struct stat st;
	int rc = 0;

	if (lstat(cache, &st) == 0) {
		printf("Resource cache %s exists, skipping\n", cache);
	} else if (isolate) {
		rc = guild_mkdirs(cache, err);
	} else {
		rc = guild_mkdirs(shared, err);
		rc = rc == 0 ? make_link(cache, shared, err) : rc;
	}
	free(shared);
	free(cache);
	return rc;
}

static int make_home(struct guild_ctx *ctx, const struct guild_args *args, const char *home,
	struct guild_error *err)
{
	static const char *const dirs[] = {"runs", "trash", "cache/runs"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(dirs); i++) {
		char *dir = guild_path_join(home, dirs[i]);

		rc = guild_mkdirs(dir, err);
		free(dir);
	}
	if (rc == 0) {
		char *mark = guild_path_join(home, ".guild-nocopy");

		rc = guild_file_touch(mark, err);
		free(mark);
	}
	return rc == 0 ? make_resource_cache(ctx, home, guild_args_flag(args, "isolate-resources"),
				 err)
		       : rc;
}

static int link_home(struct guild_ctx *ctx, const struct guild_args *args, const char *home,
	struct guild_error *err)
{
	const char *given = guild_args_text(args, "guild-home");
	char *expanded = guild_path_expand_user(given ? given : ctx->home.path, ctx->user_home);
	char *target = guild_path_abs(expanded, ctx->cwd);
	int rc = guild_mkdirs(target, err);

	rc = rc == 0 ? make_link(home, target, err) : rc;
	free(target);
	free(expanded);
	return rc;
}

static int prepare(struct guild_ctx *ctx, const struct guild_args *args, const char *dir,
	struct guild_error *err)
{
	char *home = guild_path_join(dir, ".guild");
	int rc = guild_mkdirs(dir, err);

	if (rc == 0 &&
		(guild_args_given(args, "guild-home") || guild_args_flag(args, "no-isolate"))) {
		rc = link_home(ctx, args, home, err);
	} else if (rc == 0) {
		rc = make_home(ctx, args, home, err);
	}
	free(home);
	return rc;
}

static int confirm_venv(const struct guild_ctx *ctx, const struct guild_args *args, const char *dir)
{
	if (guild_args_flag(args, "yes")) {
		return 1;
	}
	char *question = guild_format("A Python environment will be created in %s\nContinue?", dir);
	int answer = guild_cmd_confirm(ctx, question, true);

	free(question);
	return answer;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_words(args);
	bool venv = wants_venv(args);
	struct guild_error err = {0};
	char *expanded = guild_path_expand_user(words->n > 0 ? words->v[0]
						: venv       ? "venv"
							     : ".",
		ctx->user_home);
	char *dir = guild_path_abs(expanded, ctx->cwd);
	int answer = venv ? confirm_venv(ctx, args, dir) : 1;
	int code = answer < 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_OK;

	if (answer > 0) {
		printf("Initializing Guild environment in %s\n", dir);
		fflush(stdout);
		if ((venv && guild_init_venv(ctx, args, dir, &err) != 0) ||
			prepare(ctx, args, dir, &err) != 0) {
			code = guild_cmd_fail(ctx, &err);
		}
	}
	free(dir);
	free(expanded);
	return code;
}

const struct guild_cmd guild_cmd_init = {
	.name = "init",
	.group = GUILD_GROUP_SETUP,
	.summary = "Prepare a Guild home or a Python environment",
	.help = "Creates DIR/.guild: commands started in DIR or below it keep their runs there. With "
		"--venv a Python environment is created in DIR as well, by Python's own venv and pip; "
		"where it is activated its .guild is used from everywhere.\n\n"
		"Examples:\n\n"
		"  guild init\n"
		"  guild init --guild-home /data/guild\n"
		"  guild init --venv -r requirements.txt && . venv/bin/activate",
	.opts = tables,
	.args = dir_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
