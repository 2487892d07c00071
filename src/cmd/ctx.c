/* The world as a command sees it: environment, folders, terminal, clock. */

#include "ctx.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LEVEL_DEBUG = 10, LEVEL_INFO = 20, LEVEL_WARNING = 30, LEVEL_ERROR = 40 };

const char *guild_ctx_env(const struct guild_ctx *ctx, const char *name)
{
	size_t n = strlen(name);

	for (char **e = ctx->environ_; e && *e; e++) {
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') {
			return *e + n + 1;
		}
	}
	return NULL;
}

/* ---- log lines ------------------------------------------------------------------------------------ */

static const struct {
	const char *level;
	const char *prefix;
	int number;
	const char *style;
} levels[] = {
	{"debug", "DEBUG: ", LEVEL_DEBUG, ""},
	{"info", "", LEVEL_INFO, ""},
	{"note", "", LEVEL_INFO, ""},
	{"warning", "WARNING: ", LEVEL_WARNING, "\033[33m"},
	{"error", "ERROR: ", LEVEL_ERROR, "\033[31m"},
};

static void emit(void *arg, const char *level, const char *text)
{
	const struct guild_ctx *ctx = arg;
	size_t i = 0;

	while (i + 1 < GUILD_ARRAY_LEN(levels) && strcmp(levels[i].level, level) != 0) {
		i++;
	}
	if (levels[i].number < ctx->log_level) {
		return;
	}
	const char *style = ctx->color_err ? levels[i].style : "";

	struct guild_buf line = {0};

	guild_buf_printf(&line, "%s%s", style, levels[i].prefix);
	guild_cmd_put_visible(&line, text);
	guild_buf_puts(&line, *style ? "\033[0m\n" : "\n");
	fflush(stdout);
	fputs(guild_buf_cstr(&line), stderr);
	guild_buf_fini(&line);
}

static int log_level(const struct guild_ctx *ctx)
{
	const char *text = guild_ctx_env(ctx, "LOG_LEVEL");
	int64_t level;

	if (ctx->debug) {
		return LEVEL_DEBUG;
	}
	if (text && guild_parse_i64(text, strlen(text), &level) && level >= 0 && level <= 100) {
		return (int)level;
	}
	return LEVEL_INFO;
}

/* ---- terminal ---------------------------------------------------------------------------------------- */

static int terminal_columns(const struct guild_ctx *ctx)
{
	const char *text = guild_ctx_env(ctx, "COLUMNS");
	int64_t columns;
	struct winsize size;

	if (text && guild_parse_i64(text, strlen(text), &columns) && columns > 0 &&
		columns < INT_MAX) {
		return (int)columns;
	}
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		return size.ws_col;
	}
	return 0;
}

static bool wants_color(const struct guild_ctx *ctx)
{
	const char *no_color = guild_ctx_env(ctx, "NO_COLOR");
	const char *term = guild_ctx_env(ctx, "TERM");

	return (!no_color || !*no_color) && guild_ctx_env(ctx, "SHELL") &&
	       (!term || strcmp(term, "dumb") != 0);
}

static void look_at_terminal(struct guild_ctx *ctx)
{
	bool color = wants_color(ctx);

	ctx->stdout_tty = isatty(STDOUT_FILENO) == 1;
	ctx->stderr_tty = isatty(STDERR_FILENO) == 1;
	ctx->color_out = color && ctx->stdout_tty;
	ctx->color_err = color && ctx->stderr_tty;
	ctx->columns = ctx->stdout_tty ? terminal_columns(ctx) : 0;
}

/* ---- folders ------------------------------------------------------------------------------------------- */

static int check_dir(const char *path, struct guild_error *err)
{
	if (guild_is_dir(path)) {
		return 0;
	}
	if (guild_file_exists(path)) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' is not a directory", path);
	}
	return guild_error_set(err, GUILD_ENOTFOUND, "directory '%s' does not exist", path);
}

/* A path of -C or -H: "~" expanded, relative to the process's directory, must be a directory. */
static int option_dir(struct guild_ctx *ctx, const char *option, char **out,
	struct guild_error *err)
{
	char *expanded = guild_path_expand_user(option, ctx->user_home);
	int rc = check_dir(expanded, err);

	if (rc == 0) {
		*out = guild_path_abs(expanded, NULL);
	}
	free(expanded);
	return rc;
}

static int find_cwd(struct guild_ctx *ctx, const char *option, struct guild_error *err)
{
	if (option) {
		return option_dir(ctx, option, &ctx->cwd, err);
	}
	ctx->cwd = getcwd(NULL, 0);
	if (!ctx->cwd) {
		ctx->cwd = guild_strdup("/");
		return guild_error_set(err, GUILD_ENOTFOUND,
			"the current directory does not exist any more");
	}
	return 0;
}

static int check_address(const char *address, struct guild_error *err)
{
	const char *colon = strrchr(address, ':');
	const char *port = colon ? colon + 1 : address;
	int64_t number;

	if (guild_parse_i64(port, strlen(port), &number) && number > 0 && number <= UINT16_MAX) {
		return 0;
	}
	return guild_error_set(err, GUILD_EINVALID,
		"invalid value '%s' for --debug-listen: expected [HOST:]PORT", address);
}

static char *program_path(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return n > 0 ? guild_strndup(path, (size_t)n) : guild_strdup("guild");
}

int guild_ctx_init(struct guild_ctx *ctx, char **environ_, const struct guild_globals *globals,
	struct guild_error *err)
{
	*ctx = (struct guild_ctx){.environ_ = environ_,
		.debug = globals->debug,
		.debug_listen = globals->debug_listen};
	ctx->log = (struct guild_log){.emit = emit, .arg = ctx};
	ctx->log_level = log_level(ctx);
	ctx->user_home = guild_strdup(guild_ctx_env(ctx, "HOME"));
	if (!ctx->user_home) {
		ctx->user_home = guild_strdup("/");
	}
	ctx->arena = guild_arena_new();
	ctx->now_us = guild_now_us();
	ctx->program = program_path();
	look_at_terminal(ctx);
	int rc = find_cwd(ctx, globals->cwd, err);

	if (rc == 0 && globals->debug_listen) {
		rc = check_address(globals->debug_listen, err);
	}
	if (rc == 0 && globals->home) {
		rc = option_dir(ctx, globals->home, &ctx->home_option, err);
	}
	return rc;
}

/* Marked, so that a home inside a project is no part of its source code. */
static int make_home(const char *path, struct guild_error *err)
{
	int rc = guild_mkdirs(path, err);
	char *mark = guild_path_join(path, ".guild-nocopy");

	if (rc == 0) {
		rc = guild_file_touch(mark, err);
	}
	free(mark);
	return rc;
}

/* What GUILD_HOME names is made when it is missing: refusing to start would help nobody. */
static int provide_home(struct guild_ctx *ctx, struct guild_error *err)
{
	struct guild_home_request request = {
		.option = ctx->home_option, .cwd = ctx->cwd, .environ_ = ctx->environ_};
	const char *named = guild_ctx_env(ctx, "GUILD_HOME");
	int rc = guild_home_find(&request, &ctx->home, &ctx->log, err);

	if (rc != 0) {
		return rc;
	}
	if (!ctx->home_option && named && *named && !guild_is_dir(ctx->home.path)) {
		if (guild_file_exists(ctx->home.path)) {
			rc = check_dir(ctx->home.path, err);
		} else {
			rc = make_home(ctx->home.path, err);
		}
		if (rc != 0) {
			guild_error_where(err, "named by GUILD_HOME");
		}
	}
	return rc;
}

int guild_ctx_provide(struct guild_ctx *ctx, unsigned needs, struct guild_error *err)
{
	int rc = 0;

	if (needs & (GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG)) {
		rc = provide_home(ctx, err);
	}
	if (rc == 0 && (needs & GUILD_NEEDS_CONFIG)) {
		ctx->config = guild_config_load(ctx->arena, ctx->home.config_path, &ctx->log);
	}
	return rc;
}

void guild_ctx_fini(struct guild_ctx *ctx)
{
	guild_home_fini(&ctx->home);
	guild_arena_free(ctx->arena);
	free(ctx->cwd);
	free(ctx->user_home);
	free(ctx->home_option);
	free(ctx->program);
	*ctx = (struct guild_ctx){0};
}
