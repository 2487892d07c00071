/* docs/commands.md: the command reference. */

#include <stdlib.h>
#include <string.h>

#include "cmds.h"
#include "docs.h"
#include "help.h"

/* Text with what Markdown would read as markup kept as it is; `cell` for tables. */
static void escaped(struct guild_buf *out, struct guild_str text, bool cell)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (strchr("*_<>`[]", c) || (cell && c == '|')) {
			guild_buf_putc(out, '\\');
		}
		guild_buf_putc(out, c == '\n' ? ' ' : c);
	}
}

static void heading(struct guild_buf *out, struct guild_str text)
{
	guild_buf_puts(out, "**");
	escaped(out, text, false);
	guild_buf_puts(out, "**\n\n");
}

static void example(struct guild_buf *out, struct guild_str text)
{
	guild_buf_puts(out, "```\n");
	for (size_t i = 0; i < text.n;) {
		size_t start = i;

		while (i < text.n && text.p[i] != '\n') {
			i++;
		}
		struct guild_str line = guild_str_n(text.p + start, i - start);
		size_t skip = guild_str_starts(line, "  ") ? 2 : 0;

		guild_buf_append(out, line.p + skip, line.n - skip);
		guild_buf_putc(out, '\n');
		i++;
	}
	guild_buf_puts(out, "```\n\n");
}

static void paragraph(struct guild_buf *out, struct guild_str text)
{
	escaped(out, text, false);
	guild_buf_puts(out, "\n\n");
}

static const struct guild_docs_writer writer = {
	.heading = heading, .example = example, .text = paragraph};

static void row(struct guild_buf *out, const char *name, const char *text)
{
	guild_buf_puts(out, "| `");
	for (const char *c = name; *c; c++) {
		guild_buf_puts(out, *c == '|' ? "\\" : "");
		guild_buf_putc(out, *c);
	}
	guild_buf_puts(out, "` | ");
	escaped(out, guild_str(text), true);
	guild_buf_puts(out, " |\n");
}

static void option_rows(struct guild_buf *out, const struct guild_opt *table)
{
	for (; table->names; table++) {
		struct guild_buf name = {0}, text = {0};

		if (!table->hidden) {
			guild_help_option_term(table, &name);
			guild_docs_option_text(table, &text);
			row(out, guild_buf_cstr(&name), guild_buf_cstr(&text));
		}
		guild_buf_fini(&text);
		guild_buf_fini(&name);
	}
}

static void options(struct guild_buf *out, const struct guild_cmd *cmd)
{
	bool common = false;

	guild_buf_puts(out, "| option | |\n|-|-|\n");
	for (size_t i = 0; cmd->opts && cmd->opts[i]; i++) {
		common = common || guild_docs_is_common(cmd->opts[i]);
		if (!guild_docs_is_common(cmd->opts[i])) {
			option_rows(out, cmd->opts[i]);
		}
	}
	row(out, "--help", "Print help.");
	guild_buf_puts(out,
		common ? "\nThe options of [Choosing runs](#choosing-runs) apply.\n\n" : "\n");
}

/* GitHub's anchor of "guild runs list". */
static void anchor(struct guild_buf *out, const char *name)
{
	guild_buf_puts(out, "#guild-");
	for (; *name; name++) {
		guild_buf_putc(out, *name == ' ' ? '-' : *name);
	}
}

static void command(struct guild_buf *out, const struct guild_cmd *cmd)
{
	struct guild_buf args = {0};

	guild_help_args(cmd, &args);
	guild_buf_printf(out, "## guild %s\n\n```\nguild %s %s\n```\n\n%s.", cmd->name, cmd->name,
		guild_buf_cstr(&args), cmd->summary);
	if (cmd->aliases) {
		struct guild_strs names = {0};

		guild_strs_split(&names, cmd->aliases, ',');
		guild_buf_puts(out, " Also:");
		for (size_t i = 0; i < names.n; i++) {
			struct guild_str name = guild_str_trim(guild_str(names.v[i]));

			guild_buf_printf(out, "%s `guild %.*s`", i > 0 ? "," : "",
				GUILD_STR_FMT(name));
		}
		guild_buf_putc(out, '.');
		guild_strs_fini(&names);
	}
	guild_buf_puts(out, "\n\n");
	guild_docs_paragraphs(&writer, cmd->help, out);
	if (cmd->args && cmd->args->name) {
		guild_buf_puts(out, "| argument | |\n|-|-|\n");
		for (const struct guild_arg *arg = cmd->args; arg->name; arg++) {
			row(out, arg->name, arg->help);
		}
		guild_buf_putc(out, '\n');
	}
	options(out, cmd);
	guild_buf_fini(&args);
}

static void contents(struct guild_buf *out)
{
	for (size_t g = 0; guild_cmd_groups[g]; g++) {
		guild_buf_printf(out, "**%s**\n\n", guild_cmd_groups[g]);
		for (size_t i = 0; guild_cmds[i]; i++) {
			const struct guild_cmd *cmd = guild_cmds[i];

			if (cmd->hidden || strcmp(cmd->group, guild_cmd_groups[g]) != 0) {
				continue;
			}
			guild_buf_printf(out, "- [guild %s](", cmd->name);
			anchor(out, cmd->name);
			guild_buf_printf(out, "): %s\n", cmd->summary);
		}
		guild_buf_putc(out, '\n');
	}
}

void guild_docs_reference(struct guild_buf *out)
{
	guild_buf_puts(out,
		"# Command reference\n\n"
		"Made by `guild-docs reference` from the table of commands; the same texts are in "
		"`guild COMMAND --help` and `man guild`.\n\n");
	contents(out);
	guild_buf_puts(out,
		"## Global options\n\nThey stand before the command.\n\n| option | |\n|-|-|\n");
	option_rows(out, guild_global_opts);
	guild_buf_puts(out,
		"\n## Choosing runs\n\n"
		"Runs are named by id, by the first digits of one, by the index that `guild runs` "
		"shows, or by a range of indexes (`2:5`, `:3`, `:`). The options below are applied "
		"before indexes are counted: `guild cat -Fo train -O 1` prints the output of the "
		"latest run of `train`. Different filters must all hold; of one that is repeated, "
		"any.\n\n| option | |\n|-|-|\n");
	option_rows(out, guild_filter_opts);
	option_rows(out, guild_status_opts);
	guild_buf_putc(out, '\n');
	for (size_t i = 0; guild_cmds[i]; i++) {
		if (!guild_cmds[i]->hidden) {
			command(out, guild_cmds[i]);
		}
	}
	while (out->n > 1 && out->p[out->n - 1] == '\n' && out->p[out->n - 2] == '\n') {
		out->p[--out->n] = '\0';
	}
}
