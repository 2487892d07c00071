/* guild completion: scripts that let a shell complete guild's command lines (cli.md 4.6). */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "complete.h"

enum { INIT_FILE_MAX = 16 << 20, BACKUPS_MAX = 10000 };

static const struct guild_opt opts[] = {
	{.names = "-s --shell",
		.value = "SHELL",
		.kind = GUILD_OPT_TEXT,
		.choices = "bash|zsh|fish",
		.help = "Shell to complete for; the one in use when omitted."},
	{.names = "-i --install",
		.help = "Install the script for your user, instead of printing it."},
	{.names = "--shell-init",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILE,
		.help = "With --install: the start-up file of the shell to add a line to."},
	{0},
};
static const struct guild_opt *const tables[] = {opts, NULL};

/* What is particular to a shell. */
struct shell {
	const char *name;
	const char *init_file; /* below the user's home */
	const char *line;      /* "%s" twice: the script */
	bool backup;
};
static const struct shell shells[] = {
	{"bash", ".bashrc", "[ -s %s ] && . %s  # Enable completion for guild", true},
	{"zsh", ".zshrc", "[[ -s %s ]] && . %s  # Enable completion for guild", true},
	{"fish", ".config/fish/completions/guild.fish", "test -s %s ;and . %s", false},
};

static const struct shell *find_shell(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(shells); i++) {
		if (strcmp(shells[i].name, name) == 0) {
			return &shells[i];
		}
	}
	return NULL;
}

/* The shell that started us, else the user's. */
static const struct shell *active_shell(const struct guild_ctx *ctx)
{
	char *path = guild_format("/proc/%ld/comm", (long)getppid());
	const char *login = guild_ctx_env(ctx, "SHELL");
	struct guild_buf comm = {0};
	const struct shell *found = NULL;

	if (guild_file_read(path, 256, &comm, NULL) == 0) {
		struct guild_str name = guild_str_trim(guild_buf_str(&comm));
		char *text = guild_strndup(name.p, name.n);

		found = find_shell(text[0] == '-' ? text + 1 : text);
		free(text);
	}
	if (!found && login) {
		found = find_shell(guild_path_basename(login));
	}
	guild_buf_fini(&comm);
	free(path);
	return found;
}

/* ---- installing ------------------------------------------------------------------------------------------ */

/* Number of the line that holds `wanted`, from 1; 0 when none does. */
static size_t find_line(const char *text, const char *wanted)
{
	size_t n = strlen(wanted), number = 1;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len == n && strncmp(text, wanted, n) == 0) {
			return number;
		}
		text += len + (text[len] == '\n');
		number++;
	}
	return 0;
}

static int back_up(struct guild_ctx *ctx, const char *path, struct guild_error *err)
{
	int rc = 0;

	if (!guild_file_exists(path)) {
		return 0;
	}
	for (int i = 1; i < BACKUPS_MAX; i++) {
		char *backup = guild_format("%s.guild-backup.%d", path, i);
		bool is_free = !guild_file_exists(backup);

		if (is_free) {
			rc = guild_file_copy(path, backup, err);
			guild_log(&ctx->log, "note", "Keeping a copy of %s in %s", path, backup);
		}
		free(backup);
		if (is_free) {
			return rc;
		}
	}
	return guild_error_set(err, GUILD_ELIMIT, "too many backups of %s", path);
}

/* Adds the line to the start-up file unless it is there. Links (dotfile managers) stay links. */
static int add_line(struct guild_ctx *ctx, const struct shell *shell, const char *path,
	const char *line, struct guild_error *err)
{
	char *real = guild_path_real(path);
	char *dir = guild_path_dirname(real);
	struct guild_buf text = {0};
	int rc = guild_file_read(real, INIT_FILE_MAX, &text, err);

	rc = rc == GUILD_ENOTFOUND ? 0 : rc;
	size_t at = find_line(guild_buf_cstr(&text), line);

	if (rc == 0 && at > 0) {
		guild_log(&ctx->log, "note", "Completion is already enabled in %s (line %zu)", path,
			at);
	} else if (rc == 0) {
		if (text.n > 0 && text.p[text.n - 1] != '\n') {
			guild_buf_putc(&text, '\n');
		}
		guild_buf_printf(&text, "%s\n", line);
		rc = shell->backup ? back_up(ctx, real, err) : 0;
		rc = rc == 0 ? guild_mkdirs(dir, err) : rc;
		rc = rc == 0 ? guild_file_write(real, text.p, text.n, false, err) : rc;
		if (rc == 0) {
			guild_log(&ctx->log, "note",
				"Completion is enabled in %s: start a new shell to use it", path);
		}
	}
	guild_buf_fini(&text);
	free(dir);
	free(real);
	return rc;
}

static char *script_line(const struct guild_ctx *ctx, const struct shell *shell, const char *script)
{
	char *shown = guild_path_compress_user(script, ctx->user_home);
	struct guild_buf line = {0};

	for (const char *p = shell->line; *p; p++) {
		if (guild_starts(p, "%s")) {
			guild_buf_puts(&line, shown);
			p++;
		} else {
			guild_buf_putc(&line, *p);
		}
	}
	free(shown);
	return guild_buf_take(&line);
}

static int install(struct guild_ctx *ctx, const struct shell *shell, const char *init,
	struct guild_error *err)
{
	const char *text = guild_complete_script(shell->name);
	char *dir = guild_path_join(ctx->user_home, ".guild");
	char *name = guild_format("%s_completion", shell->name);
	char *script = guild_path_join(dir, name);
	char *line = script_line(ctx, shell, script);
	char *expanded = guild_path_expand_user(init ? init : shell->init_file, ctx->user_home);
	char *target = guild_path_abs(expanded, init ? ctx->cwd : ctx->user_home);
	int rc = guild_mkdirs(dir, err);

	rc = rc == 0 ? guild_file_write(script, text, strlen(text), false, err) : rc;
	if (rc == 0) {
		guild_log(&ctx->log, "note", "The completion script is in %s", script);
		rc = add_line(ctx, shell, target, line, err);
	}
	free(target);
	free(expanded);
	free(line);
	free(script);
	free(name);
	free(dir);
	return rc;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	const char *name = guild_args_text(args, "shell");
	const struct shell *shell = name ? find_shell(name) : active_shell(ctx);

	if (!shell) {
		guild_error_set(&err, GUILD_EUNSUPPORTED, "cannot tell which shell is in use");
		guild_error_hint(&err, "name it with --shell: bash, zsh or fish");
		return guild_cmd_fail(ctx, &err);
	}
	if (!guild_args_flag(args, "install")) {
		fputs(guild_complete_script(shell->name), stdout);
		return GUILD_EXIT_OK;
	}
	if (install(ctx, shell, guild_args_text(args, "shell-init"), &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_completion = {
	.name = "completion",
	.group = GUILD_GROUP_SETUP,
	.summary = "Print or install the script for shell completion",
	.help = "With --install the script is kept in ~/.guild and a line is added to ~/.bashrc, ~/.zshrc or "
		"~/.config/fish/completions/guild.fish, after a copy of the file was made. Nothing changes "
		"where the line is there already.\n\n"
		"Examples:\n\n"
		"  guild completion --install\n"
		"  guild completion --shell zsh > ~/.zfunc/_guild",
	.opts = tables,
	.run = run,
};
