/* Python environments, made by Python's own tools. */

#include "init_venv.h"

#include <stdlib.h>
#include <string.h>

#include "guild/exec.h"

/* The interpreter asked for: nothing, a version ("3.11") or a program. */
static int find_python(struct guild_ctx *ctx, const char *wanted, char **out,
	struct guild_error *err)
{
	struct guild_python python = {0};
	int rc = 0;

	if (wanted) {
		char *versioned = guild_format("python%s", wanted);

		*out = guild_find_program(versioned);
		*out = *out ? *out : guild_find_program(wanted);
		if (!*out) {
			rc = guild_error_set(err, GUILD_ENOTFOUND,
				"cannot find Python '%s' on PATH", wanted);
		}
		free(versioned);
		return rc;
	}
	rc = guild_python_find(ctx->environ_, ctx->cwd, NULL, &python, err);
	if (rc == 0) {
		*out = guild_strdup(python.exe);
	}
	guild_python_fini(&python);
	return rc;
}

/* Runs argv in the foreground: what pip says is for the user. */
static int run_tool(const struct guild_ctx *ctx, const struct guild_strs *argv,
	struct guild_error *err)
{
	struct guild_buf command = {0};
	int status = 0;

	for (size_t i = 0; i < argv->n; i++) {
		guild_buf_puts(&command, i > 0 ? " " : "");
		guild_shlex_quote(&command, argv->v[i]);
	}
	int rc = guild_cmd_run_foreground(ctx, guild_buf_cstr(&command), NULL, ctx->cwd, &status,
		err);

	if (rc == 0 && status != 0) {
		rc = guild_error_set(err, GUILD_EIO, "'%s' failed with exit code %d",
			guild_buf_cstr(&command), status);
	}
	guild_buf_fini(&command);
	return rc;
}

static int make_env(struct guild_ctx *ctx, const struct guild_args *args, const char *dir,
	struct guild_error *err)
{
	struct guild_strs argv = {0};
	char *python = NULL;
	const char *name = guild_args_text(args, "name");
	int rc = find_python(ctx, guild_args_text(args, "python"), &python, err);

	if (rc == 0) {
		guild_strs_take(&argv, python);
		guild_strs_add(&argv, "-m");
		guild_strs_add(&argv, "venv");
		if (guild_args_flag(args, "system-site-packages")) {
			guild_strs_add(&argv, "--system-site-packages");
		}
		if (name) {
			guild_strs_add(&argv, "--prompt");
			guild_strs_add(&argv, name);
		}
		guild_strs_add(&argv, dir);
		rc = run_tool(ctx, &argv, err);
	}
	guild_strs_fini(&argv);
	return rc;
}

/* A requirement that is a file is read by pip; anything else is a package. */
static void add_requirement(struct guild_strs *argv, const struct guild_ctx *ctx, const char *text)
{
	char *path = guild_path_abs(text, ctx->cwd);

	if (guild_is_file(path)) {
		guild_strs_add(argv, "-r");
		guild_strs_add(argv, path);
	} else {
		guild_strs_add(argv, text);
	}
	free(path);
}

static int install(struct guild_ctx *ctx, const struct guild_args *args, const char *python,
	const char *dir, struct guild_error *err)
{
	const struct guild_strs *given = guild_args_list(args, "requirement");
	char *parent = guild_path_dirname(dir);
	char *beside = guild_path_join(parent, "requirements.txt");
	struct guild_strs argv = {0};
	int rc = 0;

	guild_strs_add(&argv, python);
	guild_strs_add(&argv, "-m");
	guild_strs_add(&argv, "pip");
	guild_strs_add(&argv, "install");
	if (guild_args_flag(args, "no-progress")) {
		guild_strs_add(&argv, "--progress-bar=off");
	}
	if (guild_args_flag(args, "pre")) {
		guild_strs_add(&argv, "--pre");
	}
	size_t n_before = argv.n;

	for (size_t i = 0; i < given->n; i++) {
		add_requirement(&argv, ctx, given->v[i]);
	}
	if (given->n == 0 && !guild_args_flag(args, "no-reqs") && guild_is_file(beside)) {
		add_requirement(&argv, ctx, beside);
	}
	if (argv.n > n_before) {
		rc = run_tool(ctx, &argv, err);
	}
	guild_strs_fini(&argv);
	free(beside);
	free(parent);
	return rc;
}

/* Directories of --path go into a .pth file, as Python reads them. */
static int add_paths(struct guild_ctx *ctx, const struct guild_args *args, const char *python,
	struct guild_error *err)
{
	const struct guild_strs *paths = guild_args_list(args, "path");
	const char *const ask[] = {
		python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", NULL};
	struct guild_proc_result result = {0};
	struct guild_buf text = {0};

	if (paths->n == 0) {
		return 0;
	}
	int rc = guild_proc_run(ask, NULL, ctx->environ_, 1 << 16, 60000, &result, err);

	if (rc == 0 && result.exit_status == 0) {
		struct guild_str site = guild_str_trim(guild_buf_str(&result.out));
		char *file = guild_format("%.*s/guild-paths.pth", GUILD_STR_FMT(site));

		for (size_t i = 0; i < paths->n; i++) {
			char *path = guild_path_abs(paths->v[i], ctx->cwd);

			guild_buf_printf(&text, "%s\n", path);
			free(path);
		}
		rc = guild_file_write(file, text.p, text.n, false, err);
		free(file);
	} else if (rc == 0) {
		rc = guild_error_set(err, GUILD_EIO, "'%s' does not tell where its packages are",
			python);
	}
	guild_buf_fini(&text);
	guild_proc_result_fini(&result);
	return rc;
}

int guild_init_venv(struct guild_ctx *ctx, const struct guild_args *args, const char *dir,
	struct guild_error *err)
{
	char *python = guild_path_join(dir, "bin/python");
	int rc = guild_is_executable(python) ? 0 : make_env(ctx, args, dir, err);

	if (rc == 0) {
		rc = install(ctx, args, python, dir, err);
	}
	if (rc == 0) {
		rc = add_paths(ctx, args, python, err);
	}
	free(python);
	return rc;
}
