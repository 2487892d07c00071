/* Completion requests: from the line typed so far to the values that fit (cli.md 4.6). */

#include "complete.h"

#include <stdlib.h>
#include <string.h>

#include "cmds.h"
#include "ctx.h"
#include "help.h"

enum { BUDGET_MS = 6, BUDGET_MAX_MS = 60000 };

/* ---- the line ------------------------------------------------------------------------------------------ */

/* Words of a line being typed: quotes may be open, and what cannot be understood is kept. */
static void split_line(const char *line, struct guild_strs *words, bool *ends_blank)
{
	struct guild_buf word = {0};
	bool any = false;
	char quote = 0;

	*ends_blank = true;
	for (const char *p = line; *p; p++) {
		if (quote) {
			if (*p == quote) {
				quote = 0;
			} else {
				if (*p == '\\' && quote == '"' && (p[1] == '"' || p[1] == '\\')) {
					p++;
				}
				guild_buf_putc(&word, *p);
			}
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
			any = true;
		} else if (*p == ' ' || *p == '\t' || *p == '\n') {
			if (any) {
				guild_strs_add(words, guild_buf_cstr(&word));
				guild_buf_reset(&word);
			}
			any = false;
		} else {
			if (*p == '\\' && p[1]) {
				p++;
			}
			guild_buf_putc(&word, *p);
			any = true;
		}
	}
	*ends_blank = !any;
	if (any) {
		guild_strs_add(words, guild_buf_cstr(&word));
	}
	guild_buf_fini(&word);
}

/* The words before the cursor (without the program), and the one being typed. */
static void read_request(const struct guild_ctx *env, enum guild_shell shell,
	struct guild_strs *before, char **word)
{
	const char *line = guild_ctx_env(env, "COMP_WORDS");
	const char *place = guild_ctx_env(env, "COMP_CWORD");
	struct guild_strs words = {0};
	bool ends_blank;
	int64_t at = 0;

	split_line(line ? line : "", &words, &ends_blank);
	size_t current = ends_blank ? words.n : words.n - 1;

	if (shell != GUILD_SHELL_FISH && place && guild_parse_i64(place, strlen(place), &at) &&
		at >= 0) {
		current = (size_t)at < words.n ? (size_t)at : words.n;
	}
	*word = guild_strdup(current < words.n ? words.v[current] : "");
	for (size_t i = 1; i < words.n && i < current; i++) {
		guild_strs_add(before, words.v[i]);
	}
	guild_strs_fini(&words);
}

/* ---- answers ------------------------------------------------------------------------------------------------ */

bool guild_complete_is_late(const struct guild_completion *c)
{
	return guild_monotonic_us() > c->deadline_us;
}

static void put(struct guild_completion *c, const char *type, const char *before, const char *value,
	const char *help)
{
	const char *first_line = help ? help : "";
	int n_help = (int)strcspn(first_line, "\n");

	switch (c->shell) {
	case GUILD_SHELL_BASH:
		guild_buf_printf(&c->out, "%s,%s%s\n", type, before, value);
		break;
	case GUILD_SHELL_ZSH:
		guild_buf_printf(&c->out, "%s\n%s%s\n%.*s\n", type, before, value,
			n_help > 0 ? n_help : 1, n_help > 0 ? first_line : "_");
		break;
	case GUILD_SHELL_FISH:
		guild_buf_printf(&c->out, n_help > 0 ? "%s,%s%s\t%.*s\n" : "%s,%s%s\n", type,
			before, value, n_help, first_line);
		break;
	}
}

void guild_complete_add(struct guild_completion *c, const char *value, const char *help)
{
	size_t n = strlen(value);

	if (!guild_starts(value, c->word) || strpbrk(value, "\n\t") ||
		guild_map_has(&c->seen, value)) {
		return;
	}
	guild_map_put(&c->seen, value, c);
	c->n++;
	c->n_open += n > 0 && (value[n - 1] == '=' || value[n - 1] == '/');
	c->has_colon = c->has_colon || strchr(value, ':');
	if (c->shell == GUILD_SHELL_BASH) {
		put(c, "plain", "", value + c->n_typed, help);
	} else {
		put(c, "plain", c->before, value, help);
	}
}

void guild_complete_defer(struct guild_completion *c, const char *type)
{
	put(c, type, "", c->word, NULL);
}

/* What a script has to know about all values together. */
static void put_directives(struct guild_completion *c)
{
	if (c->n > 0 && c->n == c->n_open && c->shell != GUILD_SHELL_FISH) {
		put(c, "plain", "", "!!nospace", NULL);
	}
	if (c->has_colon && c->shell == GUILD_SHELL_BASH) {
		put(c, "plain", "", "!!no-colon-wordbreak", NULL);
	}
}

/* ---- what may come ----------------------------------------------------------------------------------------------- */

/* Names of options; given ones are offered again only where repeating means something. */
static void complete_options(struct guild_completion *c, const struct guild_args *args)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		const struct guild_opt *opt = args->slots[i].opt;
		bool again = opt->kind == GUILD_OPT_LIST || opt->kind == GUILD_OPT_COUNT;
		struct guild_str name;
		size_t pos = 0;
		bool off;

		while (!opt->hidden && (again || args->slots[i].count == 0) &&
			guild_opt_next_name(opt, &pos, &name, &off)) {
			char *text = guild_strndup(name.p, name.n);

			guild_complete_add(c, text, opt->help);
			free(text);
		}
	}
	guild_complete_add(c, "--help", "Print this help.");
}

static void complete_commands(struct guild_completion *c, const char *parent)
{
	size_t n_parent = strlen(parent);

	for (size_t i = 0; guild_cmds[i]; i++) {
		struct guild_str name;
		size_t pos = 0;

		while (!guild_cmds[i]->hidden && guild_cmd_next_name(guild_cmds[i], &pos, &name)) {
			size_t skip = n_parent > 0 ? n_parent + 1 : 0;
			bool below =
				n_parent == 0 || (name.n > skip && guild_str_starts(name, parent) &&
							 name.p[n_parent] == ' ');

			if (below && !memchr(name.p + skip, ' ', name.n - skip)) {
				char *word = guild_strndup(name.p + skip, name.n - skip);

				guild_complete_add(c, word, guild_cmds[i]->summary);
				free(word);
			}
		}
	}
}

static const struct guild_opt *find_opt(const struct guild_args *args, struct guild_str name)
{
	for (size_t i = 0; i < args->n_slots; i++) {
		struct guild_str have;
		size_t pos = 0;
		bool off;

		while (guild_opt_next_name(args->slots[i].opt, &pos, &have, &off)) {
			if (guild_str_eq(have, name)) {
				return args->slots[i].opt;
			}
		}
	}
	return NULL;
}

/* "--name=VAL": the value, with "--name=" kept in front for shells that replace the whole word. */
static bool complete_attached(struct guild_completion *c, const struct guild_args *args)
{
	const char *eq = c->word[0] == '-' ? strchr(c->word, '=') : NULL;

	if (!eq) {
		return false;
	}
	struct guild_str name = guild_str_n(c->word, (size_t)(eq - c->word));
	const struct guild_opt *opt = find_opt(args, name);

	if (opt && guild_opt_takes_value(opt)) {
		c->before = guild_arena_strndup(c->ctx->arena, name.p, name.n + 1);
		c->word = eq + 1;
		guild_complete_values(c, opt->complete, opt->choices);
	}
	return true;
}

static bool complete_option_or_value(struct guild_completion *c, const struct guild_args *args)
{
	if (args->awaiting) {
		guild_complete_values(c, args->awaiting->complete, args->awaiting->choices);
		return true;
	}
	if (args->after_dashes || c->word[0] != '-') {
		return false;
	}
	if (!complete_attached(c, args)) {
		complete_options(c, args);
	}
	return true;
}

static void complete_argument(struct guild_completion *c)
{
	const struct guild_arg *arg = c->cmd->args;

	for (size_t i = 0; arg && arg->name && i < c->args->words.n; i++) {
		if (!arg->many) {
			arg++;
		}
	}
	if (arg && arg->name) {
		guild_complete_values(c, arg->complete, NULL);
	}
}

static void complete_command(struct guild_completion *c, char *const *words, size_t n)
{
	struct guild_args args;
	size_t taken = 1;

	/* A group alone: its commands; once an option is given, those of the group itself. */
	if (n == 1 && guild_cmd_is_group(words[0]) && c->word[0] != '-') {
		complete_commands(c, words[0]);
		return;
	}
	c->cmd = guild_cmd_resolve(words, n, &taken, NULL);
	if (!c->cmd) {
		return;
	}
	(void)guild_args_parse(c->cmd, words + taken, n - taken, GUILD_ARGS_LENIENT, &args, NULL);
	c->args = &args;
	if ((c->cmd->needs & GUILD_NEEDS_HOME) == 0 ||
		guild_ctx_provide(c->ctx, GUILD_NEEDS_HOME, NULL) == 0) {
		if (!complete_option_or_value(c, &args)) {
			complete_argument(c);
		}
	}
	c->args = NULL;
	guild_args_fini(&args);
}

static void complete_line(struct guild_completion *c, const struct guild_args *globals,
	char *const *words, size_t n)
{
	if (globals->taken < n) {
		complete_command(c, words + globals->taken, n - globals->taken);
	} else if (!complete_option_or_value(c, globals)) {
		complete_commands(c, "");
	}
}

/* ---- the request ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum guild_shell shell;
} requests[] = {
	{"bash_complete", GUILD_SHELL_BASH},
	{"zsh_complete", GUILD_SHELL_ZSH},
	{"fish_complete", GUILD_SHELL_FISH},
};

/* A slow disk or machine may be given more than a quick one needs. */
static int64_t budget_us(const struct guild_ctx *env)
{
	const char *text = guild_ctx_env(env, "GUILD_COMPLETION_MS");
	int64_t ms = BUDGET_MS;

	if (!text || !guild_parse_i64(text, strlen(text), &ms) || ms < 1 || ms > BUDGET_MAX_MS) {
		ms = BUDGET_MS;
	}
	return ms * 1000;
}

static int answer(char **environ_, enum guild_shell shell)
{
	const struct guild_ctx env = {.environ_ = environ_};
	struct guild_completion c = {.shell = shell,
		.before = "",
		.deadline_us = guild_monotonic_us() + budget_us(&env)};
	struct guild_strs words = {0};
	struct guild_args globals;
	struct guild_ctx ctx;
	char *word = NULL;

	read_request(&env, shell, &words, &word);
	(void)guild_args_parse(&guild_program, words.v, words.n, GUILD_ARGS_LENIENT_STOP, &globals,
		NULL);
	const struct guild_globals given = {
		.cwd = guild_args_text(&globals, "C"), .home = guild_args_text(&globals, "H")};

	if (guild_ctx_init(&ctx, environ_, &given, NULL) == 0) {
		ctx.log = (struct guild_log){
			0}; /* a shell has no use for warnings between its words */
		/* A quarter of the time is left for what is read of the runs that were found. */
		ctx.look_until_us = c.deadline_us - budget_us(&env) / 4;
		c.ctx = &ctx;
		c.word = word;
		complete_line(&c, &globals, words.v, words.n);
		put_directives(&c);
		fputs(guild_buf_cstr(&c.out), stdout);
	}
	guild_ctx_fini(&ctx);
	guild_args_fini(&globals);
	guild_map_fini(&c.seen);
	guild_buf_fini(&c.out);
	guild_strs_fini(&words);
	free(word);
	return GUILD_EXIT_OK;
}

int guild_complete_main(char **environ_)
{
	const struct guild_ctx env = {.environ_ = environ_};
	const char *request = guild_ctx_env(&env, "_GUILD_COMPLETE");

	for (size_t i = 0; i < GUILD_ARRAY_LEN(requests); i++) {
		if (guild_streq(request, requests[i].name)) {
			return answer(environ_, requests[i].shell);
		}
	}
	return GUILD_EXIT_ERROR;
}
