/* guild runs search: runs by text in flags, labels, tags, comments and output. */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

enum { PLACES = 3, PLACES_JSON = 1000, ROWS = 20, WIDTH_PIPE = 200 };

static const struct guild_opt opts[] = {
	{.names = "--in",
		.value = "PART",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_CHOICES,
		.choices = "operation|label|tags|comments|flags|output",
		.help = "Look only there. May be repeated."},
	{.names = "-e --regex", .help = "TEXT is a regular expression of Python's kind."},
	{.names = "--case", .help = "Tell upper and lower case apart."},
	{.names = "-l --lines",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 0,
		.excludes = "json",
		.help = "Show up to N places of each run. The default is 3."},
	{.names = "-n --limit",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Stop after N runs. The default is 20."},
	{.names = "-a --all", .excludes = "limit", .help = "Show all runs that have it."},
	{.names = "-d --deleted", .help = "Look through runs in the trash."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg text_args[] = {
	{.name = "TEXT",
		.required = true,
		.many = true,
		.help = "What to look for; a run must have all of them, wherever."},
	{0},
};

struct printing {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	const struct guild_runs *runs;
	struct guild_progress progress;
	struct guild_value *list; /* with --json */
	size_t limit, n_found, n_lines;
	bool is_cut;
};

static unsigned parts(const struct guild_args *args)
{
	static const char *const names[] = {
		"operation", "label", "tags", "comments", "flags", "output"};
	const struct guild_strs *given = guild_args_list(args, "in");
	unsigned in = 0;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		in |= guild_strs_has(given, names[i]) ? 1U << i : 0;
	}
	return in != 0 ? in : GUILD_SEARCH_EVERYWHERE;
}

static void print_place(const struct printing *p, const struct guild_found_place *f)
{
	struct guild_buf line = {0};
	struct guild_buf text = {0};

	guild_buf_puts(&line, "    ");
	guild_buf_puts(&line, f->where);
	if (f->line > 0) {
		guild_buf_printf(&line, ":%lld", (long long)f->line);
	}
	guild_buf_puts(&line, ": ");
	guild_cmd_put_visible(&text, f->text);
	/* A value of several lines is one place. */
	for (size_t i = 0; i < text.n; i++) {
		text.p[i] = text.p[i] == '\n' ? ' ' : text.p[i];
	}
	guild_buf_append(&line, text.p, text.n);
	guild_text_clip(&line, p->ctx->columns > 0 ? (size_t)p->ctx->columns : WIDTH_PIPE);
	printf("%s\n", guild_buf_cstr(&line));
	guild_buf_fini(&text);
	guild_buf_fini(&line);
}

static void print_run(const struct printing *p, size_t index, const struct guild_found_run *found)
{
	struct guild_run_row row;

	guild_run_row_init(&row, p->ctx, &p->runs->v[index], index + 1);
	printf("%s  %s  %s  %s  %s\n", row.id_text, row.operation, row.started, row.status,
		row.label);
	guild_run_row_fini(&row);
	for (size_t i = 0; i < found->n; i++) {
		print_place(p, &found->v[i]);
	}
	if (found->n_places > found->n && p->n_lines > 0) {
		printf("    … %zu more\n", found->n_places - found->n);
	}
}

static void add_json(const struct printing *p, size_t index, const struct guild_found_run *found)
{
	struct guild_arena *a = p->ctx->arena;
	const struct guild_run *r = &p->runs->v[index];
	struct guild_value *item = guild_value_dict(a);
	struct guild_value *places = guild_value_list(a);
	char *operation = guild_run_display_name(r);

	for (size_t i = 0; i < found->n; i++) {
		struct guild_value *place = guild_value_dict(a);
		const struct guild_found_place *f = &found->v[i];

		guild_value_set(a, place, "in", guild_value_string(a, f->where));
		guild_value_set(a, place, "line",
			f->line > 0 ? guild_value_int(a, f->line) : guild_value_null(a));
		guild_value_set(a, place, "text", guild_value_string(a, f->text));
		guild_value_append(a, places, place);
	}
	guild_value_set(a, item, "id", guild_value_string(a, r->id));
	guild_value_set(a, item, "index", guild_value_int(a, (int64_t)index + 1));
	guild_value_set(a, item, "operation", guild_value_string(a, operation));
	guild_value_set(a, item, "n_places", guild_value_int(a, (int64_t)found->n_places));
	guild_value_set(a, item, "places", places);
	guild_value_append(a, p->list, item);
	free(operation);
}

static bool on_found(void *arg, size_t index, const struct guild_found_run *found)
{
	struct printing *p = arg;

	if (p->limit > 0 && p->n_found == p->limit) {
		p->is_cut = true;
		return false;
	}
	p->n_found++;
	if (p->list) {
		add_json(p, index, found);
	} else {
		print_run(p, index, found);
	}
	return true;
}

static int search(struct printing *p, struct guild_error *err)
{
	const struct guild_args *args = p->args;
	bool json = guild_args_flag(args, "json");
	struct guild_search what = {
		.words = guild_args_words(args),
		.is_exact = guild_args_flag(args, "case"),
		.is_regex = guild_args_flag(args, "regex"),
		.in = parts(args),
		.max_places = json ? PLACES_JSON : (size_t)guild_args_int(args, "lines", PLACES),
	};

	p->limit = guild_args_flag(args, "all") ? 0 : (size_t)guild_args_int(args, "limit", ROWS);
	p->n_lines = what.max_places;
	p->list = json ? guild_value_list(p->ctx->arena) : NULL;
	return guild_store_search(p->runs, &what, on_found, p, err);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	static const struct guild_strs no_words;
	unsigned flags =
		GUILD_SELECT_FACTS | (guild_args_flag(args, "deleted") ? GUILD_SELECT_DELETED : 0);
	struct guild_error err = {0};
	struct guild_runs runs = {0};
	struct printing p = {.ctx = ctx, .args = args, .runs = &runs};
	int rc = guild_cmd_select_runs(ctx, args, &no_words, NULL, flags, &runs, &err);

	if (rc == 0) {
		rc = search(&p, &err);
	}
	if (rc == 0 && p.list) {
		guild_cmd_print_json(p.list);
	}
	if (rc == 0 && p.is_cut) {
		guild_log(&ctx->log, "note",
			"Showing the first %zu runs that have it - use --all to show all", p.limit);
	}
	guild_runs_fini(&runs);
	if (rc != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	/* As grep: 1 says that there is nothing. */
	return p.n_found > 0 ? GUILD_EXIT_OK : GUILD_EXIT_ERROR;
}

const struct guild_cmd guild_cmd_runs_search = {
	.name = "runs search",
	.group = GUILD_GROUP_LOOK,
	.summary = "Find runs by text in flags, labels, comments and output",
	.help = "Looks through operation, label, tags, comments, flags (as name=value) and output of "
		"every run that passes the filters, newest first, and shows where TEXT is. Upper and "
		"lower case are the same unless --case is given. Several TEXTs must all be in a run, "
		"wherever; what holds blanks is put in quotes.\n\n"
		"Indexes in front of the runs are those that 'guild runs' shows with the same filters. "
		"The exit code is 0 when a run was found and 1 when none was.\n\n"
		"Examples:\n\n"
		"  guild runs search 'out of memory'\n"
		"  guild runs search nan --in output -Fo train --started 'last 7 days'\n"
		"  guild runs search -e 'epoch [0-9]+: nan'\n"
		"  guild runs search baseline adam --json",
	.opts = tables,
	.args = text_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
