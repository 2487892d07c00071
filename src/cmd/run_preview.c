/* What guild run asks before it starts (cli.md 1.1). */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

static void add_goals(const struct guild_run_cmd *c, struct guild_buf *b)
{
	const struct guild_value *goals = c->search.batch.objectives;
	const struct guild_value *constraints = c->search.batch.constraints;
	for (size_t i = 0; goals && i < goals->n; i++) {
		const char *text = guild_value_text(goals->items[i]);
		bool is_large = *text == '-';
		guild_buf_printf(b, ", %s %s", is_large ? "maximize" : "minimize", text + is_large);
	}
	for (size_t i = 0; constraints && i < constraints->n; i++) {
		guild_buf_printf(b, ", %s", guild_value_text(constraints->items[i]));
	}
}

static void add_search(const struct guild_run_cmd *c, struct guild_buf *b)
{
	int64_t max = c->search.batch.max_trials;
	guild_buf_printf(b, " with %s optimizer (",
		c->search.optimizer ? c->search.optimizer->name : c->search.shown);
	if (max > 0) {
		guild_buf_printf(b, "%lld trial%s", (long long)max, max == 1 ? "" : "s");
	} else {
		guild_buf_puts(b, "trials as it chooses");
	}
	add_goals(c, b);
	guild_buf_putc(b, ')');
}

static void add_trials(const struct guild_run_cmd *c, struct guild_buf *b)
{
	size_t n = c->trials ? c->trials->n : 0;
	const char *plural = n == 1 ? "" : "s";
	if (c->search.kind == GUILD_SEARCH_SEQUENTIAL || c->search.kind == GUILD_SEARCH_PROGRAM) {
		add_search(c, b);
		return;
	}
	if (c->search.kind == GUILD_SEARCH_RANDOM) {
		guild_buf_printf(b, " with random search (%zu trial%s)", n, plural);
		return;
	}
	guild_buf_printf(b, " as a batch (%zu trial%s)", n, plural);
	if (c->rows) {
		guild_buf_puts(b, " (flags below used unless specified in batch trial)");
	}
}

static void add_optimizer_flags(const struct guild_run_cmd *c, struct guild_buf *b)
{
	const struct guild_value *flags = c->is_batch ? c->search.batch.flags : NULL;
	if (!flags || flags->n == 0) {
		return;
	}
	guild_buf_puts(b, "Optimizer flags:\n");
	for (size_t i = 0; i < flags->n; i++) {
		guild_buf_printf(b, "  %s: ", guild_value_text(flags->pairs[i].key));
		if (guild_value_is_null(flags->pairs[i].value)) {
			guild_buf_puts(b, "default");
		} else {
			guild_flag_encode(b, flags->pairs[i].value);
		}
		guild_buf_putc(b, '\n');
	}
}

static const char *null_label(const struct guild_run_cmd *c, const char *name)
{
	const struct guild_flag_def *def = c->op ? guild_flag_defs_get(&c->op->flags, name) : NULL;
	return def && def->null_label ? def->null_label : "default";
}

static void add_flags(const struct guild_run_cmd *c, struct guild_buf *b)
{
	for (size_t i = 0; i < c->flags->n; i++) {
		const char *name = guild_value_text(c->flags->pairs[i].key);
		const struct guild_value *value = c->flags->pairs[i].value;
		guild_buf_printf(b, "  %s: ", name);
		if (guild_value_is_null(value)) {
			guild_buf_puts(b, null_label(c, name));
		} else {
			guild_flag_encode(b, value);
		}
		guild_buf_putc(b, '\n');
	}
}

static void make_preview(const struct guild_run_cmd *c, struct guild_buf *b)
{
	const char *verb = c->is_restart ? "start" : "run";
	if (guild_args_flag(c->args, "stage")) {
		verb = "stage";
	} else if (c->is_batch && c->options.stage_trials) {
		verb = "stage trials for";
	}
	guild_buf_printf(b, "You are about to %s ", verb);
	if (c->is_restart) {
		guild_buf_printf(b, "%s (%s)", c->run.id, c->op_name);
	} else {
		guild_buf_puts(b, c->op_name);
	}
	if (c->is_batch) {
		add_trials(c, b);
	}
	guild_buf_putc(b, '\n');
	add_flags(c, b);
	add_optimizer_flags(c, b);
}

bool guild_run_cmd_ask(struct guild_run_cmd *c, int *code)
{
	if (guild_args_flag(c->args, "yes")) {
		return false;
	}
	struct guild_buf text = {0};
	make_preview(c, &text);
	fflush(stdout);
	fputs(guild_buf_cstr(&text), stderr);
	guild_buf_fini(&text);
	int answer = guild_cmd_confirm(c->ctx, "Continue?", true);
	/* Saying no to a run is no failure. */
	*code = answer < 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_OK;
	return answer <= 0;
}
