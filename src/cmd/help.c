/* --help: every command's text from its own table, wrapped to the terminal. */

#include "docs.h"
#include "help.h"

#include "args.h"
#include "cmds.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guild/version.h"

enum { TERM_COLUMN = 2, TEXT_COLUMN = 26, MIN_WIDTH = 40 };

const char guild_help_program[] =
	"Runs any program as a recorded experiment, and finds, compares and improves the results. "
	"Scripts need no change: start one with 'guild run train.py', change a flag with "
	"'guild run train.py lr=0.1', and see the runs with 'guild runs'.";

const struct guild_opt guild_global_opts[] = {
	{.names = "--version", .help = "Print the version."},
	{.names = "-C",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Act as if started in PATH."},
	{.names = "-H",
		.value = "PATH",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIR,
		.help = "Use PATH as Guild home."},
	{.names = "--debug", .help = "Tell more about what is done."},
	{.names = "-D --debug-listen",
		.value = "[HOST:]PORT",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "Let Python operations wait there for a debugger that speaks debugpy's protocol."},
	{0},
};

const struct guild_cmd guild_program = {
	.name = "",
	.opts = (const struct guild_opt *const[]){guild_global_opts, NULL},
};

const char *const guild_cmd_groups[] = {
	GUILD_GROUP_RUN,
	GUILD_GROUP_LOOK,
	GUILD_GROUP_CHANGE,
	GUILD_GROUP_PROJECT,
	GUILD_GROUP_SETUP,
	NULL,
};

/* ---- pieces ----------------------------------------------------------------------------------------- */

void guild_help_option_term(const struct guild_opt *opt, struct guild_buf *out)
{
	struct guild_str name;
	size_t pos = 0;
	bool off, first = true;

	while (guild_opt_next_name(opt, &pos, &name, &off)) {
		guild_buf_puts(out, first ? "" : off ? " / " : ", ");
		guild_buf_append(out, name.p, name.n);
		first = false;
	}
	if (opt->value) {
		guild_buf_printf(out, " %s", opt->value);
	}
}

void guild_help_args(const struct guild_cmd *cmd, struct guild_buf *out)
{
	guild_buf_puts(out,
		cmd->run == guild_cmd_run_group ? "[OPTIONS] COMMAND [ARGS]..." : "[OPTIONS]");
	for (const struct guild_arg *arg = cmd->args; arg && arg->name; arg++) {
		guild_buf_printf(out, arg->required ? " %s%s" : " [%s]%s", arg->name,
			arg->many ? "..." : "");
	}
}

static const char *last_word(struct guild_str name, size_t *n)
{
	size_t at = name.n;

	while (at > 0 && name.p[at - 1] != ' ') {
		at--;
	}
	*n = name.n - at;
	return name.p + at;
}

static bool is_under(struct guild_str name, const char *parent)
{
	size_t n = strlen(parent);

	if (n == 0) {
		return !memchr(name.p, ' ', name.n);
	}
	return name.n > n && guild_str_starts(name, parent) && name.p[n] == ' ' &&
	       !memchr(name.p + n + 1, ' ', name.n - n - 1);
}

bool guild_help_is_child(const struct guild_cmd *cmd, const char *parent)
{
	struct guild_str name;
	size_t pos = 0;

	while (!cmd->hidden && guild_cmd_next_name(cmd, &pos, &name)) {
		if (is_under(name, parent)) {
			return true;
		}
	}
	return false;
}

/* Names of a command at one level. */
static void child_term(const struct guild_cmd *cmd, const char *parent, struct guild_buf *out)
{
	struct guild_str name;
	size_t pos = 0;
	bool first = true;

	while (guild_cmd_next_name(cmd, &pos, &name)) {
		if (is_under(name, parent)) {
			size_t n;
			const char *word = last_word(name, &n);

			guild_buf_printf(out, "%s%.*s", first ? "" : ", ", (int)n, word);
			first = false;
		}
	}
}

void guild_help_command_term(const struct guild_cmd *cmd, struct guild_buf *out)
{
	size_t n;
	const char *word = last_word(guild_str(cmd->name), &n);
	char *parent =
		guild_strndup(cmd->name, word > cmd->name ? (size_t)(word - cmd->name - 1) : 0);

	child_term(cmd, parent, out);
	free(parent);
}

const char *guild_help_table_heading(const struct guild_opt *table)
{
	if (table == guild_filter_opts) {
		return "Which runs";
	}
	if (table == guild_status_opts) {
		return "Which runs, by status";
	}
	return "Options";
}

bool guild_help_shows_table(const struct guild_opt *table)
{
	for (; table->names; table++) {
		if (!table->hidden) {
			return true;
		}
	}
	return false;
}

/* ---- text --------------------------------------------------------------------------------------------- */

struct command_row {
	char *term;
	const char *summary;
};

struct page {
	struct guild_buf *out;
	size_t width;
};

void guild_help_wrap(struct guild_buf *out, struct guild_str text, size_t indent, size_t at,
	size_t max_width)
{
	bool empty = true;

	for (size_t i = 0; i < text.n;) {
		while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\n')) {
			i++;
		}
		size_t start = i;

		while (i < text.n && text.p[i] != ' ' && text.p[i] != '\n') {
			i++;
		}
		if (i == start) {
			break;
		}
		char *word = guild_strndup(text.p + start, i - start);
		size_t width = guild_text_width(word);

		if (!empty && at + 1 + width > max_width) {
			guild_buf_putc(out, '\n');
			at = 0;
			empty = true;
		}
		if (empty) {
			guild_buf_printf(out, "%*s", (int)(indent > at ? indent - at : 0), "");
			at = indent > at ? indent : at;
		} else {
			guild_buf_putc(out, ' ');
			at++;
		}
		guild_buf_puts(out, word);
		at += width;
		empty = false;
		free(word);
	}
	guild_buf_putc(out, '\n');
}

static void wrap(struct page *p, struct guild_str text, size_t indent, size_t at)
{
	guild_help_wrap(p->out, text, indent, at, p->width);
}

/* One line that is kept as it is. */
static void verbatim(struct page *p, struct guild_str line)
{
	guild_buf_append(p->out, line.p, line.n);
	guild_buf_putc(p->out, '\n');
}

/* Paragraphs; lines that start with two blanks are kept. */
static void paragraphs(struct page *p, const char *text)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		struct guild_str par = guild_str_n(text, end ? (size_t)(end - text) : strlen(text));

		if (guild_str_starts(par, "  ")) {
			verbatim(p, par);
		} else if (par.n > 0) {
			wrap(p, par, 0, 0);
		}
		if (!end) {
			break;
		}
		guild_buf_putc(p->out, '\n');
		text = end + 2;
	}
}

static void term_row(struct page *p, const char *term, const char *help)
{
	size_t at = TERM_COLUMN + guild_text_width(term);

	guild_buf_printf(p->out, "%*s%s", TERM_COLUMN, "", term);
	if (at + 2 > TEXT_COLUMN) {
		guild_buf_putc(p->out, '\n');
		at = 0;
	}
	wrap(p, guild_str(help), TEXT_COLUMN, at);
}

static void heading(struct page *p, const char *text)
{
	guild_buf_printf(p->out, "\n%s:\n", text);
}

static void option_rows(struct page *p, const struct guild_opt *table)
{
	struct guild_buf term = {0};
	struct guild_buf help = {0};

	for (; table->names; table++) {
		if (table->hidden) {
			continue;
		}
		guild_buf_reset(&term);
		guild_buf_reset(&help);
		guild_help_option_term(table, &term);
		guild_docs_option_text(table, &help);
		term_row(p, guild_buf_cstr(&term), guild_buf_cstr(&help));
	}
	guild_buf_fini(&help);
	guild_buf_fini(&term);
}

static int cmp_rows(const void *a, const void *b)
{
	return strcmp(((const struct command_row *)a)->term, ((const struct command_row *)b)->term);
}

/* The commands below `parent`, of one group only unless `group` is NULL. */
static void command_rows(struct page *p, const char *parent, const char *group, const char *title)
{
	struct command_row *rows = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; guild_cmds[i]; i++) {
		const struct guild_cmd *cmd = guild_cmds[i];
		struct guild_buf term = {0};

		if (!guild_help_is_child(cmd, parent) ||
			(group && strcmp(cmd->group, group) != 0)) {
			continue;
		}
		child_term(cmd, parent, &term);
		rows = guild_grow_array(rows, &cap, n + 1, sizeof(*rows));
		rows[n++] = (struct command_row){
			.term = guild_buf_take(&term), .summary = cmd->summary};
	}
	if (n > 0) {
		qsort(rows, n, sizeof(*rows), cmp_rows);
		heading(p, title);
	}
	for (size_t i = 0; i < n; i++) {
		term_row(p, rows[i].term, rows[i].summary);
		free(rows[i].term);
	}
	free(rows);
}

static void program_page(struct page *p)
{
	guild_buf_puts(p->out, "usage: guild [OPTIONS] COMMAND [ARGS]...\n\n");
	paragraphs(p, guild_help_program);
	heading(p, "Options");
	option_rows(p, guild_global_opts);
	term_row(p, "--help", "Print this help.");
	for (size_t i = 0; guild_cmd_groups[i]; i++) {
		command_rows(p, "", guild_cmd_groups[i], guild_cmd_groups[i]);
	}
	guild_buf_puts(p->out, "\n");
	paragraphs(p, "'guild COMMAND --help' tells all about a command.");
}

static void command_page(struct page *p, const struct guild_cmd *cmd)
{
	struct guild_buf line = {0};
	bool options = false;

	guild_buf_printf(&line, "usage: guild %s ", cmd->name);
	size_t indent = line.n;

	guild_buf_append(p->out, line.p, line.n);
	guild_buf_reset(&line);
	guild_help_args(cmd, &line);
	wrap(p, guild_buf_str(&line), indent, indent);
	guild_buf_printf(p->out, "\n%s.\n", cmd->summary);
	if (cmd->help) {
		guild_buf_putc(p->out, '\n');
		paragraphs(p, cmd->help);
	}
	for (const struct guild_arg *arg = cmd->args; arg && arg->name; arg++) {
		if (arg == cmd->args) {
			heading(p, "Arguments");
		}
		term_row(p, arg->name, arg->help);
	}
	for (size_t i = 0; cmd->opts && cmd->opts[i]; i++) {
		if (!guild_help_shows_table(cmd->opts[i])) {
			continue;
		}
		const char *title = guild_help_table_heading(cmd->opts[i]);

		if (!options || strcmp(title, "Options") != 0) {
			heading(p, title);
		}
		options = options || strcmp(title, "Options") == 0;
		option_rows(p, cmd->opts[i]);
	}
	if (!options) {
		heading(p, "Options");
	}
	term_row(p, "--help", "Print this help.");
	if (guild_cmd_is_group(cmd->name)) {
		command_rows(p, cmd->name, NULL, "Commands");
	}
	guild_buf_fini(&line);
}

void guild_help_text(const struct guild_cmd *cmd, size_t width, struct guild_buf *out)
{
	struct page p = {.out = out, .width = width < MIN_WIDTH ? MIN_WIDTH : width};

	if (cmd) {
		command_page(&p, cmd);
	} else {
		program_page(&p);
	}
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static void add_term(struct guild_arena *a, struct guild_value *list, const char *term,
	const char *help)
{
	struct guild_value *item = guild_value_dict(a);

	guild_value_set(a, item, "term", guild_value_string(a, term));
	guild_value_set(a, item, "help", guild_value_string(a, help));
	guild_value_append(a, list, item);
}

static struct guild_value *options_json(struct guild_arena *a, const struct guild_cmd *cmd)
{
	struct guild_value *list = guild_value_list(a);
	const struct guild_opt *const global[] = {guild_global_opts, NULL};
	const struct guild_opt *const none[] = {NULL};
	const struct guild_opt *const *tables = !cmd ? global : cmd->opts ? cmd->opts : none;
	struct guild_buf term = {0};

	for (; *tables; tables++) {
		for (const struct guild_opt *opt = *tables; opt->names; opt++) {
			if (opt->hidden) {
				continue;
			}
			guild_buf_reset(&term);
			guild_help_option_term(opt, &term);
			add_term(a, list, guild_buf_cstr(&term), opt->help);
		}
	}
	add_term(a, list, "--help", "Print this help.");
	guild_buf_fini(&term);
	return list;
}

static struct guild_value *commands_json(struct guild_arena *a, const char *parent)
{
	struct guild_value *list = guild_value_list(a);
	struct guild_buf term = {0};

	for (size_t i = 0; guild_cmds[i]; i++) {
		if (guild_help_is_child(guild_cmds[i], parent)) {
			guild_buf_reset(&term);
			child_term(guild_cmds[i], parent, &term);
			add_term(a, list, guild_buf_cstr(&term), guild_cmds[i]->summary);
		}
	}
	guild_buf_fini(&term);
	return list;
}

struct guild_value *guild_help_json(struct guild_arena *a, const struct guild_cmd *cmd)
{
	struct guild_value *doc = guild_value_dict(a);
	struct guild_value *usage = guild_value_dict(a);
	struct guild_buf text = {0};

	if (cmd) {
		guild_help_args(cmd, &text);
	} else {
		guild_buf_puts(&text, "[OPTIONS] COMMAND [ARGS]...");
	}
	guild_value_set(a, usage, "prog",
		guild_value_string(a,
			cmd ? guild_arena_format(a, "guild %s", cmd->name) : "guild"));
	guild_value_set(a, usage, "args", guild_value_string_n(a, text.p, text.n));
	guild_value_set(a, doc, "version", guild_value_string(a, GUILD_VERSION));
	guild_value_set(a, doc, "usage", usage);
	guild_buf_reset(&text);
	guild_buf_printf(&text, "%s%s%s%s", cmd ? cmd->summary : guild_help_program, cmd ? "." : "",
		cmd && cmd->help ? "\n\n" : "", cmd && cmd->help ? cmd->help : "");
	guild_value_set(a, doc, "help", guild_value_string_n(a, text.p, text.n));
	guild_value_set(a, doc, "options", options_json(a, cmd));
	if (!cmd || guild_cmd_is_group(cmd->name)) {
		guild_value_set(a, doc, "commands", commands_json(a, cmd ? cmd->name : ""));
	}
	guild_buf_fini(&text);
	return doc;
}

/* ---- printing ---------------------------------------------------------------------------------------------- */

static size_t page_width(const struct guild_ctx *env)
{
	const char *text = guild_ctx_env(env, "COLUMNS");
	struct winsize size;
	int64_t columns = GUILD_HELP_WIDTH;

	if (!(text && guild_parse_i64(text, strlen(text), &columns) && columns > 0) &&
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		columns = size.ws_col;
	}
	return columns > 0 && columns < GUILD_HELP_WIDTH ? (size_t)columns : GUILD_HELP_WIDTH;
}

void guild_help_print(char **environ_, const struct guild_cmd *cmd)
{
	const struct guild_ctx env = {.environ_ = environ_};
	struct guild_buf out = {0};

	if (guild_ctx_env(&env, "GUILD_HELP_JSON")) {
		struct guild_arena *a = guild_arena_new();

		guild_cmd_print_json(guild_help_json(a, cmd));
		guild_arena_free(a);
		return;
	}
	guild_help_text(cmd, page_width(&env), &out);
	fwrite(out.p, 1, out.n, stdout);
	guild_buf_fini(&out);
}

int guild_cmd_run_group(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_buf out = {0};

	guild_help_text(guild_args_cmd(args), page_width(ctx), &out);
	fwrite(out.p, 1, out.n, stderr);
	guild_buf_fini(&out);
	return GUILD_EXIT_USAGE;
}
