/* guild queue status, pause, resume, drain, resize, stop. */

#include <inttypes.h>
#include <string.h>

#include "queue_cmd.h"

enum { STOP_WAIT_MS = 60000 };

static const struct guild_arg name_args[] = {
	{.name = "NAME", .many = true, .help = "Queues by name; the only one when omitted."},
	{0},
};

/* ---- status ---------------------------------------------------------------------------------------------------------------------- */

static struct guild_value *document(struct guild_ctx *ctx, const struct guild_queues *queues,
	struct guild_value *staged)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *doc = guild_value_dict(a);
	struct guild_value *list = guild_value_list(a);
	for (size_t i = 0; i < queues->n; i++) {
		const struct guild_queue_info *q = &queues->v[i];
		struct guild_value *v = guild_value_copy(a, q->state);
		guild_value_set(a, v, "name", guild_value_string(a, q->name));
		guild_value_set(a, v, "host", guild_value_string(a, q->host));
		guild_value_set(a, v, "pid", guild_value_int(a, q->pid));
		guild_value_set(a, v, "mode", guild_value_string(a, q->mode));
		guild_value_append(a, list, v);
	}
	guild_value_set(a, doc, "queues", list);
	guild_value_set(a, doc, "staged", staged);
	return doc;
}

static int64_t count(const struct guild_queue_info *q, const char *key)
{
	const struct guild_value *v = guild_value_get(q->state, key);
	return v && v->type == GUILD_INT ? (int64_t)guild_value_as_f64(v) : 0;
}

static void put_text(struct guild_buf *out, const struct guild_value *dict, const char *key)
{
	const char *text = guild_value_text(guild_value_get(dict, key));
	guild_cmd_put_visible(out, text ? text : "");
}

static void print_queue(const struct guild_ctx *ctx, const struct guild_queue_info *q)
{
	const struct guild_value *running = guild_value_get(q->state, "running");
	size_t n = running && running->type == GUILD_LIST ? running->n : 0;
	struct guild_buf line = {0};
	guild_cmd_put_visible(&line, q->name);
	guild_buf_printf(&line, ": %s on ", q->mode);
	guild_cmd_put_visible(&line, q->host ? q->host : "?");
	guild_buf_printf(&line, ", %zu of %" PRId64 " slot(s) in use, %" PRId64 " done", n,
		q->slots, count(q, "done"));
	if (count(q, "failed") > 0) {
		guild_buf_printf(&line, " (%" PRId64 " failed)", count(q, "failed"));
	}
	guild_buf_putc(&line, '\n');
	for (size_t i = 0; i < n && q->is_live; i++) {
		const struct guild_value *r = running->items[i];
		const char *id = guild_value_text(guild_value_get(r, "run"));
		char took[GUILD_TIME_MAX];
		guild_duration_format(ctx->now_us - (int64_t)guild_value_as_f64(guild_value_get(r,
							    "started")),
			took);
		guild_buf_printf(&line, "  %.8s  ", id ? id : "");
		put_text(&line, r, "operation");
		guild_buf_printf(&line, "  %s", took);
		if (guild_value_text(guild_value_get(r, "gpus"))) {
			guild_buf_puts(&line, "  GPU ");
			put_text(&line, r, "gpus");
		}
		guild_buf_putc(&line, '\n');
	}
	fputs(guild_buf_cstr(&line), stdout);
	guild_buf_fini(&line);
}

static void print_staged(const struct guild_value *staged)
{
	struct guild_buf line = {0};
	guild_buf_printf(&line, "%zu staged run(s)%s\n", staged->n,
		staged->n > 0 ? ", in the order they will be started:" : "");
	for (size_t i = 0; i < staged->n; i++) {
		const struct guild_value *r = staged->items[i];
		const char *id = guild_value_text(guild_value_get(r, "run"));
		int64_t priority = (int64_t)guild_value_as_f64(guild_value_get(r, "priority"));
		guild_buf_printf(&line, "  %.8s  ", id ? id : "");
		put_text(&line, r, "operation");
		if (priority != 0) {
			guild_buf_printf(&line, "  priority %" PRId64, priority);
		}
		if (guild_value_text(guild_value_get(r, "waits"))) {
			guild_buf_puts(&line, "  ");
			put_text(&line, r, "waits");
		}
		guild_buf_putc(&line, '\n');
	}
	fputs(guild_buf_cstr(&line), stdout);
	guild_buf_fini(&line);
}

static int run_status(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_queues queues = {0};
	struct guild_value *staged = NULL;
	struct guild_error err = {0};
	int rc = guild_queues_list(&ctx->home, &queues, &err);
	rc = rc ? rc : guild_queue_staged(&ctx->home, ctx->environ_, ctx->arena, &staged, &err);
	if (rc != 0) {
		guild_queues_fini(&queues);
		return guild_cmd_fail(ctx, &err);
	}
	if (guild_args_flag(args, "json")) {
		guild_cmd_print_json(document(ctx, &queues, staged));
	} else {
		for (size_t i = 0; i < queues.n; i++) {
			print_queue(ctx, &queues.v[i]);
		}
		if (queues.n == 0) {
			puts("No queue is running");
		}
		print_staged(staged);
	}
	guild_queues_fini(&queues);
	return GUILD_EXIT_OK;
}

/* ---- orders ------------------------------------------------------------------------------------------------------------------------ */

/* The queues that are meant: those named, else the only one. */
static int meant(const struct guild_ctx *ctx, const struct guild_args *args, struct guild_strs *out,
	struct guild_error *err)
{
	const struct guild_strs *words = guild_args_words(args);
	struct guild_queues queues = {0};
	for (size_t i = 0; i < words->n; i++) {
		guild_strs_add(out, words->v[i]);
	}
	if (words->n > 0) {
		return 0;
	}
	int rc = guild_queues_list(&ctx->home, &queues, err);
	for (size_t i = 0; i < queues.n && rc == 0; i++) {
		if (queues.v[i].is_live) {
			guild_strs_add(out, queues.v[i].name);
		}
	}
	if (rc == 0 && out->n == 0) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "no queue is running");
	} else if (rc == 0 && out->n > 1 && !guild_args_flag(args, "all")) {
		char *names = guild_strs_join(out, ", ");
		rc = guild_error_set(err, GUILD_EINVALID, "several queues are running: %s", names);
		guild_error_hint(err, "name those you mean, or all by --all");
		free(names);
	}
	guild_queues_fini(&queues);
	return rc;
}

static int order(struct guild_ctx *ctx, const struct guild_args *args, enum guild_queue_order what,
	int64_t slots)
{
	struct guild_strs names = {0};
	struct guild_error err = {0};
	int rc = meant(ctx, args, &names, &err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		rc = guild_queue_order(&ctx->home, names.v[i], what, slots, &err);
	}
	for (size_t i = 0; i < names.n && rc == 0 && what == GUILD_QUEUE_STOP; i++) {
		if (!guild_queue_wait_end(&ctx->home, names.v[i], STOP_WAIT_MS)) {
			rc = guild_error_set(&err, GUILD_EBUSY,
				"queue '%s' has not ended yet: its runs take their time",
				names.v[i]);
		}
	}
	guild_strs_fini(&names);
	return rc == 0 ? GUILD_EXIT_OK : guild_cmd_fail(ctx, &err);
}

static const struct guild_opt order_opts[] = {
	{.names = "-a --all", .help = "All queues of this Guild home."},
	{0},
};
static const struct guild_opt resize_opts[] = {
	{.names = "-j --jobs",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "Runs at once from now on."},
	{0},
};
static const struct guild_opt *const order_tables[] = {order_opts, NULL};
static const struct guild_opt *const stop_tables[] = {order_opts, guild_yes_opts, NULL};
static const struct guild_opt *const resize_tables[] = {resize_opts, order_opts, NULL};
static const struct guild_opt *const status_tables[] = {guild_json_opts, NULL};

static int run_pause(struct guild_ctx *ctx, const struct guild_args *args)
{
	return order(ctx, args, GUILD_QUEUE_PAUSE, 0);
}

static int run_resume(struct guild_ctx *ctx, const struct guild_args *args)
{
	return order(ctx, args, GUILD_QUEUE_RESUME, 0);
}

static int run_drain(struct guild_ctx *ctx, const struct guild_args *args)
{
	return order(ctx, args, GUILD_QUEUE_DRAIN, 0);
}

static int run_stop(struct guild_ctx *ctx, const struct guild_args *args)
{
	if (!guild_args_flag(args, "yes")) {
		int answer = guild_cmd_confirm(ctx, "Stop the queue and the runs it has started?",
			false);
		if (answer <= 0) {
			return answer < 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_DECLINED;
		}
	}
	return order(ctx, args, GUILD_QUEUE_STOP, 0);
}

static int run_resize(struct guild_ctx *ctx, const struct guild_args *args)
{
	int64_t slots = guild_args_int(args, "jobs", 0);
	if (slots < 1 || slots > GUILD_QUEUE_SLOTS_MAX) {
		return guild_cmd_usage(ctx, guild_args_cmd(args)->name,
			"--jobs N is needed, N from 1 to %d", GUILD_QUEUE_SLOTS_MAX);
	}
	return order(ctx, args, GUILD_QUEUE_RESIZE, slots);
}

const struct guild_cmd guild_cmd_queue_status = {
	.name = "queue status",
	.group = GUILD_GROUP_RUN,
	.summary = "Show queues and staged runs",
	.help = "Shows the queues of this Guild home, on whatever machine, what they run, and which staged runs wait for what.",
	.opts = status_tables,
	.needs = GUILD_NEEDS_HOME,
	.run = run_status,
};
const struct guild_cmd guild_cmd_queue_pause = {
	.name = "queue pause",
	.group = GUILD_GROUP_RUN,
	.summary = "Let a queue start nothing for now",
	.help = "What runs goes on. 'guild queue resume' ends the pause.",
	.opts = order_tables,
	.args = name_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_pause,
};
const struct guild_cmd guild_cmd_queue_resume = {
	.name = "queue resume",
	.group = GUILD_GROUP_RUN,
	.summary = "Let a paused queue go on",
	.opts = order_tables,
	.args = name_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_resume,
};
const struct guild_cmd guild_cmd_queue_drain = {
	.name = "queue drain",
	.group = GUILD_GROUP_RUN,
	.summary = "Let a queue end when its runs have ended",
	.help = "It starts nothing more.",
	.opts = order_tables,
	.args = name_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_drain,
};
const struct guild_cmd guild_cmd_queue_resize = {
	.name = "queue resize",
	.group = GUILD_GROUP_RUN,
	.summary = "Change how many runs a queue has at once",
	.help = "Fewer slots stop nothing: they count when runs end.\n\n"
		"Examples:\n\n"
		"  guild queue resize -j 8",
	.opts = resize_tables,
	.args = name_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_resize,
};
const struct guild_cmd guild_cmd_queue_stop = {
	.name = "queue stop",
	.group = GUILD_GROUP_RUN,
	.summary = "Stop a queue and its runs",
	.help = "Its runs get SIGTERM; the queue ends when they have. 'guild queue drain' lets them finish.",
	.opts = stop_tables,
	.args = name_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run_stop,
};
