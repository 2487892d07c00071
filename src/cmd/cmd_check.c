/* guild check: what guild found on this machine, and which Guild home is in effect (cli.md 3.8). */

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check_project.h"
#include "check_store.h"
#include "cmd.h"
#include "version_spec.h"

#include "guild/exec.h"
#include "guild/project.h"
#include "guild/version.h"

enum { NAME_COLUMN = 27, SIZE_COLUMN = 7, TOOL_TIMEOUT_MS = 10000, TOOL_OUTPUT_MAX = 1 << 16 };

static const struct guild_opt opts[] = {
	{.names = "--env", .help = "Only versions, places and the Python environment."},
	{.names = "--space", .help = "Also how much disk space the Guild home takes."},
	{.names = "-n --no-info", .help = "Print no information, only check."},
	{.names = "--strict",
		.help = "Check the project in this directory instead: names in guild.yml that mean nothing, and "
			"resources, operations and optimizers that are not there. The exit code is 1 when "
			"something is found."},
	{.names = "--store",
		.help = "Check what is stored instead: hashes of source code and inputs, checksums of event files, "
			"attributes, links. The exit code is 1 when there are problems."},
	{.names = "--repair",
		.help = "With --store: mend what can be mended, after asking. Whatever is taken from a run is kept "
			"in its .guild/damaged."},
	{.names = "--schema", .help = "Print the JSON Schema of guild.yml, for editors."},
	{.names = "-v --verbose", .help = "Also the Python path and the packages in it."},
	{.names = "--version",
		.value = "REQ",
		.kind = GUILD_OPT_TEXT,
		.help = "Fail unless this version of guild fulfils REQ, like '>=1.0'."},
	{.names = "--tensorflow", .help = "Also the version of TensorFlow."},
	{.names = "--pytorch", .help = "Also the version of PyTorch."},
	{.names = "--r-script", .help = "Also the version of Rscript."},
	{.names = "--notify", .help = "Tell the desktop when the check is complete (notify-send)."},
	{.names = "--offline !--no-offline",
		.hidden = true,
		.help = "Accepted: nothing is ever asked over the network."},
	{0},
};
/* The test suite of Guild AI 0.9 tests its own Python code. */
static const struct guild_opt test_opts[] = {
	{.names = "-T --tests", .hidden = true, .help = "Not in this program."},
	{.names = "-t --test",
		.value = "TEST",
		.kind = GUILD_OPT_LIST,
		.hidden = true,
		.help = "Not in this program."},
	{.names = "-s --skip",
		.value = "TEST",
		.kind = GUILD_OPT_LIST,
		.hidden = true,
		.help = "Not in this program."},
	{.names = "--force-test", .hidden = true, .help = "Not in this program."},
	{.names = "-f --fast", .hidden = true, .help = "Not in this program."},
	{.names = "-c --concurrency",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.hidden = true,
		.help = "Not in this program."},
	{.names = "--uat", .hidden = true, .help = "Not in this program."},
	{.names = "--force-uat", .hidden = true, .help = "Not in this program."},
	{.names = "--external",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "Not in this program."},
	{.names = "--no-chrome", .hidden = true, .help = "Not in this program."},
	{.names = "--check-url",
		.value = "URL",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "Accepted: nothing is ever asked over the network."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, test_opts, guild_yes_opts, guild_json_opts, guild_remote_opts, NULL};

struct report {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	struct guild_arena *a;
	struct guild_value *lines; /* dict */
	struct guild_python python;
	struct guild_strs packages;
};

static void add(struct report *r, const char *name, const char *text)
{
	guild_value_set(r->a, r->lines, name, guild_value_string(r->a, text));
}

/* ---- Python and its packages ---------------------------------------------------------------------------- */

static void read_python(struct report *r)
{
	if (guild_python_find(r->ctx->environ_, r->ctx->cwd, NULL, &r->python, NULL) == 0) {
		(void)guild_python_packages(&r->python, NULL, &r->packages, NULL);
	}
}

/* Version of an installed package, as its metadata tells. */
static const char *package_version(const struct report *r, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < r->packages.n; i++) {
		const char *line = r->packages.v[i];

		if (strncmp(line, name, n) == 0 && strncmp(line + n, "==", 2) == 0) {
			return line + n + 2;
		}
	}
	return "not installed";
}

static void add_python(struct report *r)
{
	bool found = r->python.exe != NULL;

	add(r, "python_version",
		!found                    ? "not installed"
		: *r->python.full_version ? r->python.full_version
					  : r->python.version);
	add(r, "python_exe", found ? r->python.exe : "not installed");
}

/* ---- tools ------------------------------------------------------------------------------------------------- */

/* What a tool prints, or "" when it cannot be run. */
static char *tool_output(const struct guild_ctx *ctx, const char *const *argv)
{
	struct guild_proc_result result = {0};
	char *text = NULL;

	if (guild_proc_run(argv, NULL, ctx->environ_, TOOL_OUTPUT_MAX, TOOL_TIMEOUT_MS, &result,
		    NULL) == 0) {
		text = guild_format("%s%s", guild_buf_cstr(&result.out),
			guild_buf_cstr(&result.err));
	}
	guild_proc_result_fini(&result);
	return text ? text : guild_strdup("");
}

/* The word after `mark`. */
static char *word_after(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);

	if (!at) {
		return guild_strdup("not installed");
	}
	at += strlen(mark);
	at += strspn(at, " :");
	return guild_strndup(at, strcspn(at, " \t\n|"));
}

static void add_nvidia(struct report *r)
{
	char *text = tool_output(r->ctx, (const char *const[]){"nvidia-smi", NULL});
	char *cuda = word_after(text, "CUDA Version");
	char *smi = word_after(text, "NVIDIA-SMI");

	add(r, "cuda_version", cuda);
	add(r, "nvidia_smi_version", smi);
	free(cuda);
	free(smi);
	free(text);
}

static void add_rscript(struct report *r)
{
	char *text = tool_output(r->ctx, (const char *const[]){"Rscript", "--version", NULL});
	char *version = word_after(text, "version");

	add(r, "rscript_version", version);
	free(version);
	free(text);
}

/* ---- the lines ----------------------------------------------------------------------------------------------- */

static void add_guild(struct report *r)
{
	const struct guild_home *home = &r->ctx->home;
	char *cache = guild_path_join(home->path, "cache/resources");
	char *source =
		guild_format("%s%s", home->why, guild_is_dir(home->path) ? "" : " (not there yet)");

	add(r, "guild_version", GUILD_VERSION);
	add(r, "guild_install_location", r->ctx->program);
	add(r, "guild_home", home->path);
	add(r, "guild_home_from", source);
	add(r, "guild_resource_cache", cache);
	free(source);
	free(cache);
}

static void add_config(struct report *r)
{
	const char *path = r->ctx->home.config_path;
	char *text = guild_format("%s%s", path, guild_is_file(path) ? "" : " (none)");

	add(r, "user_config", text);
	free(text);
}

static void add_platform(struct report *r)
{
	struct utsname u;

	if (uname(&u) == 0) {
		char *text = guild_format("%s %s %s", u.sysname, u.release, u.machine);

		add(r, "platform", text);
		free(text);
	}
}

static void fill(struct report *r)
{
	bool env = guild_args_flag(r->args, "env");

	add_guild(r);
	if (!env) {
		add_config(r);
	}
	add_python(r);
	if (env) {
		add(r, "latest_guild_version", "unchecked (offline)");
		return;
	}
	add_platform(r);
	add(r, "psutil_version", package_version(r, "psutil"));
	add(r, "tensorboard_version", package_version(r, "tensorboard"));
	if (guild_args_flag(r->args, "r-script")) {
		add_rscript(r);
	}
	if (guild_args_flag(r->args, "tensorflow")) {
		add(r, "tensorflow_version", package_version(r, "tensorflow"));
	}
	if (guild_args_flag(r->args, "pytorch")) {
		add(r, "pytorch_version", package_version(r, "torch"));
	}
	add_nvidia(r);
	if (guild_args_flag(r->args, "verbose")) {
		guild_value_set(r->a, r->lines, "python_path",
			guild_value_strs(r->a, &r->python.site_dirs));
		guild_value_set(r->a, r->lines, "packages", guild_value_strs(r->a, &r->packages));
	}
	add(r, "latest_guild_version", "unchecked (offline)");
}

static void print_lines(const struct guild_value *lines)
{
	for (size_t i = 0; i < lines->n; i++) {
		char *name = guild_format("%s:", guild_value_text(lines->pairs[i].key));
		const struct guild_value *v = lines->pairs[i].value;

		if (v->type == GUILD_LIST) {
			printf("%s\n", name);
			for (size_t j = 0; j < v->n; j++) {
				printf("  %s\n", guild_value_text(v->items[j]));
			}
		} else {
			printf("%-*s%s\n", NAME_COLUMN, name, guild_value_text(v));
		}
		free(name);
	}
}

/* ---- disk space ------------------------------------------------------------------------------------------------ */

static void add_space(struct report *r)
{
	const char *home = r->ctx->home.path;
	char *config_dir = guild_path_dirname(r->ctx->home.config_path);
	const struct {
		const char *name;
		char *path;
	} places[] = {
		{"guild_home", guild_strdup(home)},
		{"runs", guild_home_runs_dir(&r->ctx->home, false)},
		{"deleted_runs", guild_home_runs_dir(&r->ctx->home, true)},
		{"remote_state", guild_path_join(config_dir, "remotes")},
		{"cache", guild_path_join(home, "cache")},
	};
	struct guild_value *space = guild_value_dict(r->a);
	bool json = guild_args_flag(r->args, "json");

	if (!json) {
		puts("disk_space:");
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(places); i++) {
		struct guild_disk_use use;
		guild_disk_tree(places[i].path, false, &use);
		int64_t bytes = use.total;
		char *size = guild_size_text(bytes);
		char *name = guild_format("%s:", places[i].name);
		char *shown = guild_path_compress_user(places[i].path, r->ctx->user_home);

		if (json) {
			guild_value_set(r->a, space, places[i].name, guild_value_int(r->a, bytes));
		} else {
			printf("  %-*s%-*s%s\n", NAME_COLUMN - 2, name, SIZE_COLUMN, size, shown);
		}
		free(shown);
		free(name);
		free(size);
		free(places[i].path);
	}
	if (json) {
		guild_value_set(r->a, r->lines, "disk_space", space);
	}
	free(config_dir);
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

/* Whether runs can be written: the home, or where it would be made. */
static bool home_is_writable(const char *path)
{
	char *dir = guild_strdup(path);

	while (!guild_file_exists(dir)) {
		char *parent = guild_path_dirname(dir);

		free(dir);
		dir = parent;
	}
	bool good = guild_is_dir(dir) && access(dir, W_OK | X_OK) == 0;

	free(dir);
	return good;
}

static int check(struct guild_ctx *ctx, const struct guild_args *args)
{
	const char *spec = guild_args_text(args, "version");
	struct guild_error err = {0};

	if (spec) {
		int match = guild_version_matches(GUILD_VERSION, spec, &err);

		if (match < 0) {
			return guild_cmd_fail(ctx, &err);
		}
		if (match == 0) {
			return guild_cmd_failf(ctx,
				"version mismatch: current version '%s' does not match '%s'",
				GUILD_VERSION, spec);
		}
	}
	if (!home_is_writable(ctx->home.path)) {
		guild_error_set(&err, GUILD_EDENIED, "there are problems with your setup");
		guild_error_hint(&err, "runs cannot be written to %s (%s)", ctx->home.path,
			ctx->home.why);
		return guild_cmd_fail(ctx, &err);
	}
	return GUILD_EXIT_OK;
}

static bool asks_for_tests(const struct guild_args *args)
{
	static const char *const keys[] = {"tests", "test", "uat", "force-uat", "external"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(keys); i++) {
		if (guild_args_given(args, keys[i])) {
			return true;
		}
	}
	return false;
}

/* On the desktop, where there is one to tell. */
static void notify(const struct guild_ctx *ctx, const char *text)
{
	const char *const argv[] = {"notify-send", "guild check", text, NULL};
	struct guild_proc_result result = {0};
	struct guild_error err = {0};

	if (guild_proc_run(argv, NULL, NULL, TOOL_OUTPUT_MAX, TOOL_TIMEOUT_MS, &result, &err) !=
			0 ||
		result.exit_status != 0) {
		guild_log(&ctx->log, "warning", "cannot notify the desktop: %s",
			err.text[0] ? err.text : "notify-send failed");
	}
	guild_proc_result_fini(&result);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct report r = {.ctx = ctx, .args = args, .a = ctx->arena};
	bool info = !guild_args_flag(args, "no-info");
	bool json = guild_args_flag(args, "json");

	if (guild_args_flag(args, "schema")) {
		guild_cmd_print_json(guild_project_schema(ctx->arena));
		return GUILD_EXIT_OK;
	}
	if (guild_args_flag(args, "strict")) {
		return guild_cmd_check_project(ctx, json);
	}
	if (asks_for_tests(args)) {
		return guild_cmd_failf(ctx,
			"the tests of Guild AI 0.9 test its own Python code; those of this "
			"program are run by 'make check' in its source");
	}
	if (guild_args_flag(args, "store")) {
		return guild_cmd_check_store(ctx, args);
	}
	if (guild_args_flag(args, "repair")) {
		return guild_cmd_usage(ctx, "check", "--repair needs --store");
	}
	r.lines = guild_value_dict(r.a);
	if (guild_args_given(args, "version")) {
		int code = check(ctx, args);

		if (code != GUILD_EXIT_OK) {
			return code;
		}
	}
	if (info) {
		read_python(&r);
		fill(&r);
	}
	if (!json) {
		print_lines(r.lines);
	}
	if (guild_args_flag(args, "space")) {
		add_space(&r);
	}
	if (json) {
		guild_cmd_print_json(r.lines);
	}
	guild_strs_fini(&r.packages);
	guild_python_fini(&r.python);
	int code = check(ctx, args);

	if (guild_args_flag(args, "notify")) {
		notify(ctx, code == GUILD_EXIT_OK ? "all is well" : "there are problems");
	}
	return code;
}

const struct guild_cmd guild_cmd_check = {
	.name = "check",
	.group = GUILD_GROUP_SETUP,
	.summary = "Show what guild found here, and which Guild home it uses",
	.help = "The exit code is 0 when runs can be recorded here. Nothing is asked over the network.\n\n"
		"Examples:\n\n"
		"  guild check\n"
		"  guild check --space -n\n"
		"  guild check --strict\n"
		"  guild check --store --repair\n"
		"  guild check --version '>=1.0'",
	.opts = tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
