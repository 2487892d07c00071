/* guild gc: lets go what nobody needs any more (docs/guide/housekeeping.md). */

#include <stdlib.h>
#include <string.h>

#include "cmd.h"

enum { DAY_S = 86400 };

static const struct guild_opt opts[] = {
	{.names = "--cache",
		.help = "Entries of caches that were not used for --cache-older-than."},
	{.names = "--cache-older-than",
		.value = "AGE",
		.kind = GUILD_OPT_TEXT,
		.help = "Such as '7d' or '12 hours'; 30d when omitted. Implies --cache."},
	{.names = "--trash-older-than",
		.value = "AGE",
		.kind = GUILD_OPT_TEXT,
		.help = "Runs that have been in the trash for longer than AGE, for good."},
	{.names = "--leftovers",
		.help = "What killed processes left half made or half removed, a day ago or earlier."},
	{.names = "--batches",
		.help = "Batches without trials (they go to the trash), and links to trials that are gone."},
	{.names = "--keep",
		.value = "RULE",
		.kind = GUILD_OPT_LIST,
		.help = "Checkpoints except those that a rule keeps: 'last 2', 'first 1', 'every 10' (steps), "
			"'best 3 by acc', 'best 3 by min loss'. May be repeated: what one of them keeps is "
			"kept."},
	{.names = "--dedupe",
		.help = "Equal files of runs in the trash become hard links. A run that is restored gets copies of "
			"its own back."},
	{.names = "-n --dry-run", .help = "Only say what would go. So it is without --yes, too."},
	{0},
};
static const struct guild_opt *const tables[] = {
	opts, guild_yes_opts, guild_json_opts, guild_filter_opts, guild_status_opts, NULL};
static const struct guild_arg run_args[] = {
	{.name = "RUN",
		.many = true,
		.complete = GUILD_COMPLETE_RUN,
		.help = "Runs whose checkpoints are meant, by index, range of indexes (2:5) or id; all that pass "
			"the filters when omitted."},
	{0},
};

struct plan {
	struct guild_ctx *ctx;
	const struct guild_args *args;
	struct guild_gc_request req;
	struct guild_keep *keep;
	struct guild_runs runs;
	struct guild_gc_plan found;
	struct guild_progress progress;
};

/* ---- what is asked for ----------------------------------------------------------------------------------------- */

static int read_age(const char *text, const char *what, int64_t *us, struct guild_error *err)
{
	if (strcmp(text, "0") == 0) {
		*us = 0;
		return 0;
	}
	return guild_duration_parse(guild_str(text), us)
		       ? 0
		       : guild_error_set(err, GUILD_EINVALID,
				 "%s must be an age such as '30d' or '12 hours', not '%s'", what,
				 text);
}

static int read_keep(struct plan *p, const struct guild_strs *rules, struct guild_error *err)
{
	int rc = 0;

	p->keep = guild_realloc(p->keep, (rules->n + 1) * sizeof(*p->keep));
	for (size_t i = 0; rc == 0 && i < rules->n; i++) {
		rc = guild_keep_parse(p->ctx->arena, rules->v[i], &p->keep[i], err);
	}
	p->req.keep = p->keep;
	p->req.n_keep = rules->n;
	return rc;
}

static unsigned bit(enum guild_gc_kind kind)
{
	return 1U << kind;
}

/* gc: in the user's configuration: cache-older-than, trash-older-than, keep. */
static int read_config(struct plan *p, struct guild_error *err)
{
	const struct guild_value *gc = guild_value_get(p->ctx->config, "gc");
	const char *trash = guild_value_text(guild_value_get(gc, "trash-older-than"));
	const char *cache = guild_value_text(guild_value_get(gc, "cache-older-than"));
	const struct guild_value *keep = guild_value_get(gc, "keep");
	struct guild_strs rules = {0};
	int rc = 0;

	if (trash) {
		p->req.kinds |= bit(GUILD_GC_TRASH);
		rc = read_age(trash, "gc.trash-older-than", &p->req.trash_older_us, err);
	}
	if (rc == 0 && cache) {
		rc = read_age(cache, "gc.cache-older-than", &p->req.cache_older_us, err);
	}
	if (guild_value_text(keep)) {
		guild_strs_add(&rules, guild_value_text(keep));
	}
	for (size_t i = 0; keep && keep->type == GUILD_LIST && i < keep->n; i++) {
		const char *rule = guild_value_text(keep->items[i]);

		guild_strs_add(&rules, rule ? rule : "");
	}
	if (rc == 0 && rules.n > 0) {
		p->req.kinds |= bit(GUILD_GC_CHECKPOINT);
		rc = read_keep(p, &rules, err);
	}
	guild_strs_fini(&rules);
	return rc ? guild_error_where(err, "%s", p->ctx->home.config_path) : 0;
}

static int read_request(struct plan *p, struct guild_error *err)
{
	const struct guild_args *args = p->args;
	const char *cache = guild_args_text(args, "cache-older-than");
	const char *trash = guild_args_text(args, "trash-older-than");
	const struct guild_strs *keep = guild_args_list(args, "keep");
	unsigned kinds = 0;
	int rc = 0;

	p->req.home = &p->ctx->home;
	p->req.now_us = p->ctx->now_us;
	p->req.log = &p->ctx->log;
	p->req.cache_older_us = INT64_C(30) * DAY_S * 1000000;
	p->req.leftover_older_us = INT64_C(1) * DAY_S * 1000000;
	kinds |= cache || guild_args_flag(args, "cache") ? bit(GUILD_GC_CACHE) : 0;
	kinds |= trash ? bit(GUILD_GC_TRASH) : 0;
	kinds |= guild_args_flag(args, "leftovers") ? bit(GUILD_GC_LEFTOVER) : 0;
	kinds |= guild_args_flag(args, "batches") ? bit(GUILD_GC_BATCH) : 0;
	kinds |= guild_args_flag(args, "dedupe") ? bit(GUILD_GC_DUPLICATE) : 0;
	kinds |= keep->n > 0 ? bit(GUILD_GC_CHECKPOINT) : 0;
	if (kinds == 0) {
		kinds = bit(GUILD_GC_CACHE) | bit(GUILD_GC_LEFTOVER) | bit(GUILD_GC_BATCH);
		rc = read_config(p, err);
	}
	p->req.kinds |= kinds;
	rc = rc == 0 && cache ? read_age(cache, "--cache-older-than", &p->req.cache_older_us, err)
			      : rc;
	rc = rc == 0 && trash ? read_age(trash, "--trash-older-than", &p->req.trash_older_us, err)
			      : rc;
	rc = rc == 0 && keep->n > 0 ? read_keep(p, keep, err) : rc;
	if (rc == 0 && p->req.kinds & bit(GUILD_GC_CHECKPOINT)) {
		rc = guild_cmd_select_runs(p->ctx, args, guild_args_words(args), NULL, 0, &p->runs,
			err);
		p->req.runs = &p->runs;
	} else if (rc == 0 && (guild_args_words(args)->n > 0 || guild_cmd_has_filters(args))) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"RUN and filters say whose checkpoints are meant: use them with --keep");
	}
	return rc;
}

/* ---- what is found ------------------------------------------------------------------------------------------------ */

static int64_t total_bytes(const struct plan *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->found.n; i++) {
		/* A batch that goes to the trash frees nothing yet. */
		sum += p->found.v[i].kind == GUILD_GC_BATCH ? 0 : p->found.v[i].bytes;
	}
	return sum;
}

static void print_plan(const struct plan *p)
{
	struct guild_table table;
	char *sum = guild_size_text(total_bytes(p));

	guild_table_init(&table, 4, 0);
	for (size_t i = 0; i < p->found.n; i++) {
		const struct guild_gc_item *item = &p->found.v[i];
		char *size = guild_size_text(item->bytes);
		char *path = guild_path_compress_user(item->path, p->ctx->user_home);

		guild_table_add(&table,
			(const char *[]){guild_gc_kind_name(item->kind), size, path, item->why});
		free(path);
		free(size);
	}
	guild_table_print(&table, stdout, 0);
	if (p->found.n > 0) {
		printf("%zu item%s, %s\n", p->found.n, p->found.n == 1 ? "" : "s", sum);
	}
	guild_table_fini(&table);
	free(sum);
}

static void print_json(const struct plan *p, const bool *done)
{
	struct guild_arena *a = p->ctx->arena;
	struct guild_value *out = guild_value_dict(a);
	struct guild_value *items = guild_value_list(a);

	for (size_t i = 0; i < p->found.n; i++) {
		const struct guild_gc_item *item = &p->found.v[i];
		struct guild_value *v = guild_value_dict(a);

		guild_value_set(a, v, "kind",
			guild_value_string(a, guild_gc_kind_name(item->kind)));
		guild_value_set(a, v, "path", guild_value_string(a, item->path));
		guild_value_set(a, v, "size", guild_value_int(a, item->bytes));
		guild_value_set(a, v, "why", guild_value_string(a, item->why));
		guild_value_set(a, v, "run",
			guild_value_string(a,
				item->run_dir ? guild_path_basename(item->run_dir) : NULL));
		guild_value_set(a, v, "done", guild_value_bool(a, done && done[i]));
		guild_value_append(a, items, v);
	}
	guild_value_set(a, out, "items", items);
	guild_value_set(a, out, "size", guild_value_int(a, total_bytes(p)));
	guild_cmd_print_json(out);
}

/* ---- doing it ------------------------------------------------------------------------------------------------------ */

static int do_all(struct plan *p, bool *done)
{
	int64_t freed = 0;
	size_t n_done = 0;
	int code = GUILD_EXIT_OK;

	guild_progress_start(&p->progress, p->ctx, "Removing", (int64_t)p->found.n);
	for (size_t i = 0; i < p->found.n; i++) {
		const struct guild_gc_item *item = &p->found.v[i];
		struct guild_error err = {0};

		done[i] = guild_gc_do(&p->ctx->home, item, &p->ctx->log, &err) == 0;
		if (done[i]) {
			n_done++;
			freed += item->kind == GUILD_GC_BATCH ? 0 : item->bytes;
		} else {
			guild_progress_end(&p->progress);
			code = guild_cmd_fail(p->ctx, &err);
		}
		guild_progress_add(&p->progress, 1);
	}
	guild_progress_end(&p->progress);
	char *size = guild_size_text(freed);

	guild_log(&p->ctx->log, "note", "Removed %zu item(s), %s", n_done, size);
	free(size);
	return code;
}

static int act(struct plan *p)
{
	bool json = guild_args_flag(p->args, "json");
	bool yes = guild_args_flag(p->args, "yes") && !guild_args_flag(p->args, "dry-run");
	int code = GUILD_EXIT_OK;

	if (!json) {
		print_plan(p);
	}
	if (p->found.n == 0) {
		if (json) {
			print_json(p, NULL);
		} else {
			guild_log(&p->ctx->log, "note", "Nothing to remove.");
		}
		return code;
	}
	if (!yes) {
		if (json) {
			print_json(p, NULL);
		} else {
			guild_log(&p->ctx->log, "note",
				"Nothing was removed: 'guild gc -y' with the same options does it.");
		}
		return code;
	}
	bool *done = guild_alloc(p->found.n * sizeof(*done));

	fflush(stdout);
	code = do_all(p, done);
	if (json) {
		print_json(p, done);
	}
	free(done);
	return code;
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct plan p = {.ctx = ctx, .args = args};
	struct guild_error err = {0};
	int rc = read_request(&p, &err);
	int code;

	p.req.on_progress = guild_progress_report;
	p.req.progress_arg = &p.progress;
	guild_progress_start(&p.progress, ctx, "Looking at runs", 0);
	rc = rc ? rc : guild_gc_plan_make(&p.req, &p.found, &err);
	guild_progress_end(&p.progress);
	code = rc ? guild_cmd_fail(ctx, &err) : act(&p);
	guild_gc_plan_fini(&p.found);
	guild_runs_fini(&p.runs);
	free(p.keep);
	return code;
}

const struct guild_cmd guild_cmd_gc = {
	.name = "gc",
	.group = GUILD_GROUP_CHANGE,
	.summary = "Free disk space",
	.help = "Says what could go and how much that would free; with --yes it goes. Without further options: "
		"entries of caches that were not used for 30 days, what killed processes left behind, batches "
		"without trials; and what 'gc' in the user configuration says. Runs that are running are never "
		"touched.\n\n"
		"Checkpoints go by rules: what no --keep keeps goes, of runs that are over and not marked. The "
		"step in a checkpoint's name finds the value of the scalar at that step.\n\n"
		"Examples:\n\n"
		"  guild gc\n"
		"  guild gc -y --trash-older-than 30d\n"
		"  guild gc --keep 'best 3 by acc' --keep 'last 1' -Fo train",
	.opts = tables,
	.args = run_args,
	.needs = GUILD_NEEDS_HOME | GUILD_NEEDS_CONFIG,
	.run = run,
};
