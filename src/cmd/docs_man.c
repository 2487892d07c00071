/* guild.1: one section per command. */

#include <stdlib.h>
#include <string.h>

#include "cmds.h"
#include "docs.h"
#include "help.h"

#include "guild/version.h"

/* roff reads '\', a leading '.' or "'", and turns '-' into a hyphen. */
static void escaped(struct guild_buf *out, struct guild_str text)
{
	bool line_start = true;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (line_start && (c == '.' || c == '\'')) {
			guild_buf_puts(out, "\\&");
		}
		if (c == '\\') {
			guild_buf_puts(out, "\\e");
		} else if (c == '-') {
			guild_buf_puts(out, "\\-");
		} else {
			guild_buf_putc(out, c);
		}
		line_start = c == '\n';
	}
}

static void escaped_z(struct guild_buf *out, const char *text)
{
	escaped(out, guild_str(text));
}

static void heading(struct guild_buf *out, struct guild_str text)
{
	guild_buf_puts(out, ".PP\n\\fB");
	escaped(out, text);
	guild_buf_puts(out, "\\fR\n");
}

static void example(struct guild_buf *out, struct guild_str text)
{
	guild_buf_puts(out, ".PP\n.nf\n");
	escaped(out, text);
	guild_buf_puts(out, "\n.fi\n");
}

static void paragraph(struct guild_buf *out, struct guild_str text)
{
	guild_buf_puts(out, ".PP\n");
	escaped(out, text);
	guild_buf_putc(out, '\n');
}

static const struct guild_docs_writer writer = {
	.heading = heading, .example = example, .text = paragraph};

static void term(struct guild_buf *out, const char *name, const char *text)
{
	guild_buf_puts(out, ".TP\n\\fB");
	escaped_z(out, name);
	guild_buf_puts(out, "\\fR\n");
	escaped_z(out, text);
	guild_buf_putc(out, '\n');
}

static void options(struct guild_buf *out, const struct guild_opt *table)
{
	for (; table->names; table++) {
		struct guild_buf name = {0}, text = {0};

		if (!table->hidden) {
			guild_help_option_term(table, &name);
			guild_docs_option_text(table, &text);
			term(out, guild_buf_cstr(&name), guild_buf_cstr(&text));
		}
		guild_buf_fini(&text);
		guild_buf_fini(&name);
	}
}

static void command(struct guild_buf *out, const struct guild_cmd *cmd)
{
	struct guild_buf args = {0};
	bool common = false;

	guild_help_args(cmd, &args);
	guild_buf_puts(out, ".SS \"guild ");
	escaped_z(out, cmd->name);
	guild_buf_putc(out, ' ');
	escaped_z(out, guild_buf_cstr(&args));
	guild_buf_puts(out, "\"\n");
	escaped_z(out, cmd->summary);
	guild_buf_puts(out, ".\n");
	if (cmd->aliases) {
		guild_buf_puts(out, "Also: ");
		escaped_z(out, cmd->aliases);
		guild_buf_puts(out, ".\n");
	}
	guild_docs_paragraphs(&writer, cmd->help, out);
	for (const struct guild_arg *arg = cmd->args; arg && arg->name; arg++) {
		term(out, arg->name, arg->help);
	}
	for (size_t i = 0; cmd->opts && cmd->opts[i]; i++) {
		common = common || guild_docs_is_common(cmd->opts[i]);
		if (!guild_docs_is_common(cmd->opts[i])) {
			options(out, cmd->opts[i]);
		}
	}
	if (common) {
		paragraph(out, guild_str("The options of CHOOSING RUNS apply."));
	}
	guild_buf_fini(&args);
}

/* docs/guide/environment.md says more; a test compares the names. */
static const struct {
	const char *names, *effect;
} variables[] = {
	{"GUILD_HOME", "The Guild home, where runs are kept."},
	{"GUILD_HOME_SCHEME",
		"pre-0.9: the home is .guild of the active environment, else ~/.guild."},
	{"GUILD_CONFIG", "The user configuration file."},
	{"GUILD_RUNS_PARENT", "The id of a run: only runs that it links to are listed."},
	{"GUILD_PYTHON_EXE, GUILD_PYTHON", "Python for operations and for 'guild shell'."},
	{"GUILD_PROGRAM", "Program that the Python modules for optimizers start."},
	{"CONDA_PREFIX, VIRTUAL_ENV", "The active Python environment."},
	{"GUILD_INDEX", "Where the index of runs lies: home, user, or off."},
	{"HOME, XDG_CACHE_HOME, TMPDIR, PATH", "As for any program."},
	{"NO_RUN_OUTPUT, SYNC_RUN_OUTPUT",
		"With 1, output is not captured; standard error goes into standard output."},
	{"NO_SOURCECODE, NO_PIP_FREEZE, NO_VCS_COMMIT",
		"With 1, source code, packages, the commit are not recorded."},
	{"MAX_DEFAULT_SOURCECODE_FILE_SIZE, MAX_DEFAULT_SOURCECODE_COUNT",
		"Limits of the default source code rules."},
	{"NO_IMPORT_FLAGS_CACHE", "With 1, flags of scripts are looked for anew."},
	{"NO_PATCH_YAML", "With 1, numbers of guild.yml are read as PyYAML reads them."},
	{"STOP_AFTER_KILL_DELAY",
		"Seconds between SIGTERM and SIGKILL of --stop-after; 30 by default."},
	{"GUILD_LEGACY_OPDEP_SELECT",
		"With 1, files of operation dependencies are selected as before 0.7.5."},
	{"PROFILE", "With 1, a Python script runs under Python's profiler."},
	{"LOG_LEVEL",
		"Messages of at least this level: 10 debug, 20 information, 30 warnings, 40 errors."},
	{"NO_WARN_RUNDIR, NO_HEADER_PATH, NO_WATCHING_MSG, NO_OP_INTERRUPTED_MSG, NO_WARN_GIT_MISSING",
		"With 1, the note in question is left out."},
	{"COLUMNS", "Width of tables and help."},
	{"NO_COLOR", "When set, no colours are used on terminals."},
	{"GUILD_HELP_JSON", "When set, --help prints JSON."},
	{"GUILD_CMD_NOTIFY_PORT",
		"A TCP port of this machine where a program is told of commands that change runs."},
	{"PAGER, VISUAL, EDITOR, SHELL",
		"Programs for long texts, for editing, for 'guild open --shell'."},
	{"GUILD_DOWNLOAD_TIMEOUT",
		"Seconds after which a server that sends nothing is given up; 60 by default."},
	{"GUILD_UNPACK_MAX",
		"How much an archive may hold when it is unpacked, in bytes or as 20G."},
	{"GUILD_COMPLETION_MS", "How long completion looks for values; 6 by default."},
};

void guild_docs_man(struct guild_buf *out)
{
	guild_buf_puts(out,
		".\\\" Made by guild-docs from the table of commands.\n"
		".TH GUILD 1 \"\" \"guild " GUILD_VERSION "\" \"User Commands\"\n"
		".SH NAME\nguild \\- run programs as recorded experiments\n"
		".SH SYNOPSIS\n.B guild\n[\\fIOPTIONS\\fR] \\fICOMMAND\\fR [\\fIARGS\\fR]...\n"
		".SH DESCRIPTION\n");
	escaped_z(out, guild_help_program);
	guild_buf_puts(out, "\n.SH OPTIONS\nThese stand before the command.\n");
	options(out, guild_global_opts);
	term(out, "--help", "Print help on the program or, behind a command, on that command.");
	guild_buf_puts(out, ".SH COMMANDS\n");
	for (size_t i = 0; guild_cmds[i]; i++) {
		if (!guild_cmds[i]->hidden) {
			command(out, guild_cmds[i]);
		}
	}
	guild_buf_puts(out, ".SH CHOOSING RUNS\n");
	paragraph(out,
		guild_str(
			"Runs are named by id, by the first digits of one, by the index that "
			"'guild runs' shows, or by a range of indexes (2:5, :3, :). The options below "
			"are applied before indexes are counted."));
	options(out, guild_filter_opts);
	options(out, guild_status_opts);
	guild_buf_puts(out, ".SH EXIT STATUS\n");
	term(out, "0", "All went well; also where there was nothing to do.");
	term(out, "1", "An error, or an interrupt.");
	term(out, "2", "The command line could not be understood.");
	term(out, "4", "A question about changing runs was answered with no.");
	paragraph(out,
		guild_str(
			"'guild run' ends with the exit code of the operation, 128 plus the number "
			"of the signal that ended it."));
	guild_buf_puts(out, ".SH ENVIRONMENT\n");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(variables); i++) {
		term(out, variables[i].names, variables[i].effect);
	}
	guild_buf_puts(out, ".SH FILES\n");
	term(out, "~/.guild", "The Guild home where nothing else says otherwise.");
	term(out, "~/.guild/config.yml", "The user configuration.");
	term(out, "guild.yml", "A project's models and operations.");
}
