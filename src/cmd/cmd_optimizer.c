/* guild optimizer: what optimizers there are, and a search over lines of JSON for any program. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

#include "guild/search.h"

const struct guild_cmd guild_cmd_optimizer = {
	.name = "optimizer",
	.group = GUILD_GROUP_RUN,
	.summary = "Use the optimizers from other programs",
	.help = "The optimizers of 'guild run --optimizer', without runs: any program asks for points and tells what "
		"came of them.",
	.run = guild_cmd_run_group,
};

/* ---- ask-tell -------------------------------------------------------------------------------------------------------- */

static const struct guild_opt ask_tell_opts[] = {
	{.names = "-o --optimizer",
		.value = "NAME",
		.kind = GUILD_OPT_TEXT,
		.help = "Optimizer to search with (auto); 'guild optimizer list' shows all."},
	{.names = "-Fo --opt-flag",
		.value = "FLAG=VAL",
		.kind = GUILD_OPT_LIST,
		.help = "Flag of the optimizer."},
	{.names = "-N --minimize",
		.excludes = "maximize",
		.help = "Small values are good; so it is without options."},
	{.names = "-X --maximize", .help = "Large values are good."},
	{.names = "--random-seed",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.help = "Seed: the same seed and the same requests give the same points."},
	{0},
};
static const struct guild_opt *const ask_tell_tables[] = {ask_tell_opts, NULL};

static int write_out(void *arg, const void *p, size_t n, struct guild_error *err)
{
	(void)arg;
	int rc = guild_fd_write_all(STDOUT_FILENO, p, n);
	return rc == 0 ? 0
		       : guild_error_set(err, GUILD_EIO, "cannot write the answer: %s",
				 strerror(-rc));
}

/* Takes what comes as it comes: an answer never waits for more questions. */
static int converse(struct guild_ask_tell *t, struct guild_error *err)
{
	const struct guild_sink to = {.write = write_out};
	static char bytes[64 << 10];
	for (;;) {
		ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return guild_error_set(err, GUILD_EIO, "cannot read requests: %s",
				strerror(errno));
		}
		int rc = n > 0 ? guild_ask_tell_feed(t, bytes, (size_t)n, &to, err)
			       : guild_ask_tell_end(t, &to, err);
		if (rc != 0 || n == 0) {
			return rc;
		}
	}
}

static int run_ask_tell(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_strs *words = guild_args_list(args, "opt-flag");
	struct guild_flag_args flags = {0};
	struct guild_error err = {0};
	struct guild_ask_tell *t = NULL;
	uint32_t seed = 0;
	guild_random_bytes(&seed, sizeof(seed));
	int rc = guild_flag_args_parse(ctx->arena, words->v, words->n, NULL, true, &flags,
		&ctx->log, &err);
	if (rc == 0) {
		bool maximize = guild_args_flag(args, "maximize");
		struct guild_ask_tell_options options = {
			.optimizer = guild_args_text(args, "optimizer"),
			.seed = (uint64_t)guild_args_int(args, "random-seed", seed),
			.has_direction = maximize || guild_args_flag(args, "minimize"),
			.maximize = maximize,
			.flags = flags.values,
		};
		rc = guild_ask_tell_new(&options, &t, &err);
	}
	rc = rc ? rc : converse(t, &err);
	guild_ask_tell_free(t);
	guild_flag_args_fini(&flags);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

const struct guild_cmd guild_cmd_optimizer_ask_tell = {
	.name = "optimizer ask-tell",
	.group = GUILD_GROUP_RUN,
	.summary = "Search over lines of JSON, from any program",
	.help = "Reads requests from standard input, one JSON object a line, and writes the answers to standard output. "
		"The first one is the space; after it points are asked for and told:\n\n"
		"  {\"space\": [{\"name\": \"x\", \"type\": \"float\", \"low\": 0, \"high\": 1}]}\n"
		"  {\"ask\": 2}                      2 lines {\"id\": 0, \"params\": {\"x\": 0.3}}\n"
		"  {\"tell\": 0, \"value\": 0.31}      no answer\n"
		"  {\"tell\": 1, \"state\": \"failed\"}  no answer; or \"pruned\"\n"
		"  {\"best\": 1}                     {\"id\": 0, \"params\": ..., \"value\": 0.31}\n\n"
		"A dimension is a float or int with low and high, and \"log\": true for a logarithmic scale, or a categorical "
		"with choices.\n\n"
		"What is wrong with a request is answered by {\"error\": ...}, and it goes on; the end of the input ends it. "
		"docs/formats/ask-tell.md has every request: points known from before, several objectives, constraints, "
		"dimensions that are only there where another has some value.\n\n"
		"Examples:\n\n"
		"  guild optimizer ask-tell --random-seed 1\n"
		"  guild optimizer ask-tell -o random -X",
	.opts = ask_tell_tables,
	.run = run_ask_tell,
};

/* ---- list --------------------------------------------------------------------------------------------------------------- */

static const struct guild_opt *const list_tables[] = {guild_json_opts, NULL};

static struct guild_value *words_value(struct guild_arena *a, const char *words)
{
	struct guild_value *list = guild_value_list(a);
	for (const char *p = words; p && *p;) {
		size_t n = strcspn(p, " ");
		guild_value_append(a, list, guild_value_string_n(a, p, n));
		p += n + strspn(p + n, " ");
	}
	return list;
}

static struct guild_value *flag_value(struct guild_arena *a, const struct guild_optimizer_flag *f)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *given = guild_value_null(a);
	if (f->default_text) {
		(void)guild_flag_decode(a, f->default_text, NULL, &given, NULL, NULL);
	}
	guild_value_set(a, v, "name", guild_value_string(a, f->name));
	guild_value_set(a, v, "default", given);
	if (f->choices) {
		guild_value_set(a, v, "choices", words_value(a, f->choices));
	}
	guild_value_set(a, v, "help", guild_value_string(a, f->help));
	return v;
}

static struct guild_value *optimizer_value(struct guild_arena *a,
	const struct guild_optimizer_info *info)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *flags = guild_value_list(a);
	for (size_t i = 0; i < info->n_flags; i++) {
		guild_value_append(a, flags, flag_value(a, &info->flags[i]));
	}
	guild_value_set(a, v, "name", guild_value_string(a, info->name));
	guild_value_set(a, v, "aliases", words_value(a, info->aliases));
	guild_value_set(a, v, "help", guild_value_string(a, info->help));
	guild_value_set(a, v, "flags", flags);
	return v;
}

static void print_flags(const struct guild_ctx *ctx, const struct guild_optimizer_info *info)
{
	struct guild_table t;
	guild_table_init(&t, 3, 4);
	for (size_t i = 0; i < info->n_flags; i++) {
		const struct guild_optimizer_flag *f = &info->flags[i];
		const char *help =
			f->choices ? guild_arena_format(ctx->arena, "%s (%s)", f->help, f->choices)
				   : f->help;
		const char *cells[] = {f->name, f->default_text ? f->default_text : "", help};
		guild_table_add(&t, cells);
	}
	guild_table_print(&t, stdout, ctx->columns);
	guild_table_fini(&t);
}

static int run_list(struct guild_ctx *ctx, const struct guild_args *args)
{
	const struct guild_optimizer_info *info;
	struct guild_value *list = guild_value_list(ctx->arena);
	bool is_json = guild_args_flag(args, "json");
	for (size_t i = 0; (info = guild_optimizer_at(i)) != NULL; i++) {
		if (is_json) {
			guild_value_append(ctx->arena, list, optimizer_value(ctx->arena, info));
			continue;
		}
		bool has_aliases = info->aliases && *info->aliases;
		printf("%s%s%s%s\n  %s\n", info->name, has_aliases ? " (" : "",
			has_aliases ? info->aliases : "", has_aliases ? ")" : "", info->help);
		print_flags(ctx, info);
	}
	if (is_json) {
		guild_cmd_print_json(list);
	}
	return GUILD_EXIT_OK;
}

const struct guild_cmd guild_cmd_optimizer_list = {
	.name = "optimizer list",
	.group = GUILD_GROUP_RUN,
	.summary = "List the optimizers with their flags",
	.help = "Under each optimizer, its other names behind it, are its flags with their defaults: what "
		"'--opt-flag FLAG=VAL' sets.\n\n"
		"Examples:\n\n"
		"  guild optimizer list\n"
		"  guild optimizer list --json | jq -r '.[].name'",
	.opts = list_tables,
	.run = run_list,
};
