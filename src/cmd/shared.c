/* Options that many commands share, and choosing runs by them. */

#include "args.h"
#include "cmd.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { INDEX_DIGITS = 6 };

const struct guild_opt guild_filter_opts[] = {
	{.names = "-F --filter",
		.value = "EXPR",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_FILTER,
		.help = "Only runs for which the expression EXPR holds: 'loss < 0.1 and act = relu', "
			"'last(loss) < 0.9 * first(loss)', 'started > now() - 2d', 'label =~ \"^v[0-9]\"' "
			"(docs/guide/queries.md)."},
	{.names = "--filter-syntax",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.hidden = true,
		.help = "1 reads EXPR as Guild AI 0.9.0 does: 'and' and 'or' group to the right, times are "
			"texts. The default is 2."},
	{.names = "-Fo --operation",
		.value = "VAL",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_OP_NAME,
		.help = "Only runs of operation VAL: [PKG/][MODEL:]OP, '*' allowed; a VAL that starts "
			"with '^' or ends with '$' is a regular expression. May be repeated."},
	{.names = "-Fl --label",
		.value = "VAL",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_LABEL,
		.excludes = "unlabeled",
		.help = "Only runs whose label contains VAL; '-' means no label. May be repeated."},
	{.names = "-Fu --unlabeled", .help = "Only runs without a label."},
	{.names = "-Ft --tag",
		.value = "TAG",
		.kind = GUILD_OPT_LIST,
		.complete = GUILD_COMPLETE_TAG,
		.help = "Only runs with TAG. May be repeated."},
	{.names = "-Fc --comment",
		.value = "VAL",
		.kind = GUILD_OPT_LIST,
		.help = "Only runs with VAL in a comment's text, user or host; '-' means no comment. "
			"May be repeated."},
	{.names = "-Fm --marked", .excludes = "unmarked", .help = "Only marked runs."},
	{.names = "-Fn --unmarked", .help = "Only runs that are not marked."},
	{.names = "-Fs --started",
		.value = "RANGE",
		.kind = GUILD_OPT_TEXT,
		.help = "Only runs started within RANGE: 'today', '2 hours ago', 'last 30 minutes', "
			"'after 9:00', 'between 2026-11-01 and 2026-11-15'."},
	{.names = "-Fd --digest",
		.value = "VAL",
		.kind = GUILD_OPT_TEXT,
		.complete = GUILD_COMPLETE_DIGEST,
		.help = "Only runs whose source code digest starts with VAL."},
	{0},
};

const struct guild_opt guild_status_opts[] = {
	{.names = "-Sr --running !--not-running", .help = "Only (or: no) running runs."},
	{.names = "-Sc --completed !--not-completed", .help = "Only (or: no) completed runs."},
	{.names = "-Se --error !--not-error", .help = "Only (or: no) runs that ended in an error."},
	{.names = "-St --terminated !--not-terminated", .help = "Only (or: no) terminated runs."},
	{.names = "-Sp --pending !--not-pending", .help = "Only (or: no) pending runs."},
	{.names = "-Ss --staged !--not-staged", .help = "Only (or: no) staged runs."},
	{.names = "-S",
		.value = "CHARS",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "Several of these at once by their letters: -Set."},
	{0},
};

const struct guild_opt guild_yes_opts[] = {
	{.names = "-y --yes", .help = "Do not ask."},
	{0},
};

const struct guild_opt guild_json_opts[] = {
	{.names = "--json", .help = "Print JSON."},
	{0},
};

const struct guild_opt guild_remote_opts[] = {
	{.names = "-r --remote",
		.value = "REMOTE",
		.kind = GUILD_OPT_LATER,
		.hidden = true,
		.help = "Act on REMOTE."},
	{0},
};

static void copy_strs(struct guild_strs *to, const struct guild_strs *from)
{
	for (size_t i = 0; i < from->n; i++) {
		guild_strs_add(to, from->v[i]);
	}
}

static const struct {
	const char *key;
	char letter;
	enum guild_run_status status;
} status_keys[] = {
	{"running", 'r', GUILD_RUN_RUNNING},
	{"completed", 'c', GUILD_RUN_COMPLETED},
	{"error", 'e', GUILD_RUN_ERROR},
	{"terminated", 't', GUILD_RUN_TERMINATED},
	{"pending", 'p', GUILD_RUN_PENDING},
	{"staged", 's', GUILD_RUN_STAGED},
};

static int fill_statuses(const struct guild_args *args, struct guild_run_filter *out,
	struct guild_error *err)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(status_keys); i++) {
		unsigned bit = 1U << status_keys[i].status;

		if (!guild_args_given(args, status_keys[i].key)) {
			continue;
		}
		if (guild_args_flag(args, status_keys[i].key)) {
			out->statuses |= bit;
		} else {
			out->not_statuses |= bit;
		}
	}
	for (const char *c = guild_args_text(args, "S"); c && *c; c++) {
		size_t i = 0;

		while (i < GUILD_ARRAY_LEN(status_keys) && status_keys[i].letter != *c) {
			i++;
		}
		if (i == GUILD_ARRAY_LEN(status_keys)) {
			guild_error_set(err, GUILD_EINVALID,
				"unrecognized status char '%c' in option '-S'", *c);
			guild_error_hint(err, "letters are r running, c completed, e error, "
					      "t terminated, p pending, s staged");
			return err ? err->code : GUILD_EINVALID;
		}
		out->statuses |= 1U << status_keys[i].status;
	}
	return 0;
}

static bool has_table(const struct guild_cmd *cmd, const struct guild_opt *table)
{
	for (size_t i = 0; cmd->opts && cmd->opts[i]; i++) {
		if (cmd->opts[i] == table) {
			return true;
		}
	}
	return false;
}

bool guild_cmd_has_filters(const struct guild_args *args)
{
	static const struct guild_opt *const tables[] = {guild_filter_opts, guild_status_opts};

	for (size_t t = 0; t < GUILD_ARRAY_LEN(tables); t++) {
		if (!has_table(args->cmd, tables[t])) {
			continue;
		}
		for (const struct guild_opt *opt = tables[t]; opt->names; opt++) {
			char *key = guild_opt_key(opt);
			bool given = guild_args_given(args, key);

			free(key);
			if (given) {
				return true;
			}
		}
	}
	return false;
}

int guild_cmd_filter(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_run_filter *out, struct guild_error *err)
{
	const struct guild_cmd *cmd = guild_args_cmd(args);

	*out = (struct guild_run_filter){
		.now_us = ctx->now_us, .look_until_us = ctx->look_until_us};
	if (has_table(cmd, guild_filter_opts)) {
		copy_strs(&out->operations, guild_args_list(args, "operation"));
		copy_strs(&out->labels, guild_args_list(args, "label"));
		copy_strs(&out->tags, guild_args_list(args, "tag"));
		copy_strs(&out->comments, guild_args_list(args, "comment"));
		out->unlabeled = guild_args_flag(args, "unlabeled");
		out->marked = guild_args_flag(args, "marked");
		out->unmarked = guild_args_flag(args, "unmarked");
		out->started = guild_args_text(args, "started");
		out->expression = guild_args_text(args, "filter");
		int64_t syntax = guild_args_int(args, "filter-syntax", 2);
		if (syntax > 2) {
			return guild_error_set(err, GUILD_EINVALID,
				"--filter-syntax %lld is unknown: there are 1 and 2",
				(long long)syntax);
		}
		out->syntax = (unsigned)syntax;
		out->digest = guild_args_text(args, "digest");
	}
	return has_table(cmd, guild_status_opts) ? fill_statuses(args, out, err) : 0;
}

int guild_cmd_sort(const struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_sort **out, struct guild_error *err)
{
	const char *text = guild_args_text(args, "sort");
	struct guild_query_options options = {
		.syntax = (unsigned)guild_args_int(args, "filter-syntax", 2),
		.now_us = ctx->now_us,
	};

	*out = NULL;
	return text ? guild_sort_parse(text, &options, out, err) : 0;
}

/* A word that can only be an id prefix, never an index or slice. */
static bool is_plain_prefix(const char *word)
{
	bool has_letter = false;

	for (const char *c = word; *c; c++) {
		if (*c == ':') {
			return false;
		}
		has_letter = has_letter || !isdigit((unsigned char)*c);
	}
	return has_letter;
}

static void add_run(struct guild_runs *to, struct guild_run *take)
{
	to->v = guild_grow_array(to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = *take;
	*take = (struct guild_run){0};
}

/* One id prefix and nothing to filter by: no other run needs to be read. 1: found, 0: the long way. */
static int find_by_prefix(const char *runs_dir, const struct guild_strs *words, bool filtered,
	struct guild_runs *out)
{
	struct guild_run run = {0};

	if (words->n != 1 || !is_plain_prefix(words->v[0]) || filtered) {
		return 0;
	}
	if (guild_store_find_prefix(runs_dir, words->v[0], &run, NULL) != 0) {
		return 0;
	}
	add_run(out, &run);
	return 1;
}

static int select_among(struct guild_runs *all, char *const *words, size_t n, bool dedup,
	struct guild_runs *out, struct guild_error *err)
{
	size_t *picked = NULL;
	size_t n_picked = 0;
	int rc = guild_store_select(all, words, n, dedup, &picked, &n_picked, err);

	for (size_t i = 0; rc == 0 && i < n_picked; i++) {
		struct guild_run *from = &all->v[picked[i]];
		struct guild_run copy = {0};

		if (from->dir) {
			add_run(out, from);
		} else {
			/* Given twice: the first use took it over. */
			for (size_t j = 0; j < i; j++) {
				if (picked[j] == picked[i]) {
					(void)guild_run_open(out->v[j].dir, &copy, NULL);
					break;
				}
			}
			add_run(out, &copy);
		}
	}
	free(picked);
	return rc;
}

/* Keeps the runs of the project in `cwd` or below it. */
static void keep_project(struct guild_runs *runs, const char *cwd)
{
	char *here = guild_path_real(cwd);
	size_t n_here = strcmp(here, "/") == 0 ? 0 : strlen(here);
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		char *dir = guild_run_project_dir(&runs->v[i]);
		char *real = dir ? guild_path_real(dir) : NULL;
		bool below = real && strncmp(real, here, n_here) == 0 &&
			     (real[n_here] == '\0' || real[n_here] == '/');

		if (below) {
			runs->v[n++] = runs->v[i];
		} else {
			guild_run_fini(&runs->v[i]);
		}
		free(dir);
		free(real);
	}
	runs->n = n;
	free(here);
}

/* How many of the newest runs the words can mean at most; 0: any. */
static size_t most_wanted(const struct guild_strs *words, const char *default_spec)
{
	size_t most = 0;

	if (words->n == 0) {
		return default_spec && strcmp(default_spec, "1") == 0 ? 1 : 0;
	}
	for (size_t i = 0; i < words->n; i++) {
		const char *colon = strchr(words->v[i], ':');
		const char *last = colon ? colon + 1 : words->v[i];
		int64_t index;

		/* Longer numbers may be ids. */
		if (strlen(last) > INDEX_DIGITS || !guild_parse_i64(last, strlen(last), &index) ||
			index < 1) {
			return 0;
		}
		most = (size_t)index > most ? (size_t)index : most;
	}
	return most;
}

int guild_cmd_list(const struct guild_ctx *ctx, const char *runs_dir,
	const struct guild_run_filter *filter, const char *parent, struct guild_runs *out,
	struct guild_error *err)
{
	struct guild_progress progress;
	struct guild_run_filter watched = *filter;

	guild_progress_start(&progress, ctx, "reading runs", 0);
	watched.on_progress = guild_progress_report;
	watched.progress_arg = &progress;
	int rc = guild_store_list(runs_dir, &watched, parent, out, &ctx->log, err);
	guild_progress_end(&progress);
	return rc;
}

int guild_cmd_select_runs(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_strs *words, const char *default_spec, unsigned flags,
	struct guild_runs *out, struct guild_error *err)
{
	return guild_cmd_stream_runs(ctx, args, words, default_spec, flags, NULL, NULL, out, err);
}

int guild_cmd_stream_runs(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_strs *words, const char *default_spec, unsigned flags,
	guild_cmd_run_fn *on_run, void *arg, struct guild_runs *out, struct guild_error *err)
{
	struct guild_run_filter filter = {0};
	struct guild_runs all = {0};
	bool deleted = (flags & GUILD_SELECT_DELETED) != 0;
	char *runs_dir = guild_home_runs_dir(&ctx->home, deleted);
	char *index_path = guild_store_index_path(&ctx->home, deleted, ctx->environ_);
	struct guild_strs fallback = {0};
	int rc = guild_cmd_filter(ctx, args, &filter, err);

	const char *parent = guild_ctx_env(ctx, "GUILD_RUNS_PARENT");
	bool is_limited = (parent && *parent) || guild_cmd_has_filters(args);

	*out = (struct guild_runs){0};
	if (rc != 0 || find_by_prefix(runs_dir, words, is_limited, out)) {
		goto done;
	}
	filter.index_path = index_path;
	filter.with_facts = (flags & GUILD_SELECT_FACTS) != 0;
	filter.on_run = on_run;
	filter.on_run_arg = arg;
	filter.limit = most_wanted(words, default_spec);
	rc = guild_cmd_list(ctx, runs_dir, &filter, parent, &all, err);
	if (rc == 0 && filter.limit > 0 && all.n < filter.limit) {
		/* There are not so many: the number may be the start of an id. */
		guild_runs_fini(&all);
		filter.limit = 0;
		rc = guild_cmd_list(ctx, runs_dir, &filter, parent, &all, err);
	}
	if (rc != 0) {
		goto done;
	}
	if (words->n > 0) {
		rc = select_among(&all, words->v, words->n, !(flags & GUILD_SELECT_REPEATS), out,
			err);
	} else if (!default_spec) {
		if (flags & GUILD_SELECT_PROJECT) {
			keep_project(&all, ctx->cwd);
		}
		*out = all;
		all = (struct guild_runs){0};
	} else if (all.n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "no matching runs");
	} else {
		guild_strs_add(&fallback, default_spec);
		rc = select_among(&all, fallback.v, fallback.n, true, out, err);
	}
done:
	guild_strs_fini(&fallback);
	guild_runs_fini(&all);
	guild_run_filter_fini(&filter);
	free(index_path);
	free(runs_dir);
	return rc;
}

int guild_cmd_select_run(struct guild_ctx *ctx, const struct guild_args *args,
	struct guild_run *out, struct guild_error *err)
{
	struct guild_runs runs = {0};
	int rc = guild_cmd_select_runs(ctx, args, guild_args_words(args), "1", 0, &runs, err);

	*out = (struct guild_run){0};
	if (rc == 0 && runs.n > 1) {
		struct guild_buf ids = {0};

		for (size_t i = 0; i < runs.n; i++) {
			guild_buf_printf(&ids, "\n  %.*s", GUILD_RUN_SHORT_LEN, runs.v[i].id);
		}
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' matches multiple runs:%s",
			guild_args_words(args)->v[0], guild_buf_cstr(&ids));
		guild_buf_fini(&ids);
	} else if (rc == 0) {
		*out = runs.v[0];
		runs.v[0] = (struct guild_run){0};
	}
	guild_runs_fini(&runs);
	return rc;
}

void guild_cmd_split_names(const char *text, struct guild_strs *out)
{
	struct guild_strs parts = {0};

	guild_strs_split(&parts, text ? text : "", ',');
	for (size_t i = 0; i < parts.n; i++) {
		struct guild_str name = guild_str_trim(guild_str(parts.v[i]));

		if (name.n > 0) {
			guild_strs_add_n(out, name.p, name.n);
		}
	}
	guild_strs_fini(&parts);
}

void guild_cmd_drop_batches(struct guild_runs *runs)
{
	size_t n = 0;

	for (size_t i = 0; i < runs->n; i++) {
		if (guild_run_is_batch(&runs->v[i])) {
			guild_run_fini(&runs->v[i]);
		} else {
			runs->v[n++] = runs->v[i];
		}
	}
	runs->n = n;
}
