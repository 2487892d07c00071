/* What guild run asks before it starts, and --needed (cli.md 1.1, Semantics). */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

static void add_trials(const struct guild_run_cmd *c, struct guild_buf *b)
{
	size_t n = c->trials ? c->trials->n : 0;
	guild_buf_printf(b, " as a batch (%zu trial%s)", n, n == 1 ? "" : "s");
	if (c->rows) {
		guild_buf_puts(b, " (flags below used unless specified in batch trial)");
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

/* ---- --needed ------------------------------------------------------------------------------------------------- */

static bool restart_is_done(const struct guild_run_cmd *c)
{
	const struct guild_value *recorded = guild_run_attr(&c->run, c->ctx->arena, "flags");
	enum guild_run_status status = guild_run_status(&c->run, NULL);
	return status != GUILD_RUN_PENDING && status != GUILD_RUN_ERROR &&
	       status != GUILD_RUN_STAGED && recorded && guild_value_eq(recorded, c->flags);
}

static void print_equal_runs(const struct guild_run_cmd *c, const struct guild_runs *runs)
{
	struct guild_table table;
	guild_table_init(&table, 5, 2);
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_row row;
		guild_run_row_init(&row, c->ctx, &runs->v[i], 0);
		guild_table_add(&table, (const char *[]){row.id_text, row.operation, row.started,
						row.status, row.label});
		guild_run_row_fini(&row);
	}
	printf("Skipping because the following runs match this operation (--needed specified):\n");
	guild_table_print(&table, stdout, c->ctx->columns);
	guild_table_fini(&table);
}

bool guild_run_cmd_is_done(struct guild_run_cmd *c, int *code)
{
	if (!guild_args_flag(c->args, "needed")) {
		return false;
	}
	*code = GUILD_EXIT_OK;
	if (c->is_restart) {
		bool is_done = !c->is_batch && restart_is_done(c);
		if (is_done) {
			printf("Skipping run because flags have not changed (--needed specified)\n");
		}
		return is_done;
	}
	struct guild_runs runs = {0};
	struct guild_error err = {0};
	if (guild_exec_find_equal(&c->world, &c->opref, c->flags, c->is_batch, &runs, &err) != 0) {
		*code = guild_cmd_fail(c->ctx, &err);
		return true;
	}
	bool is_done = runs.n > 0;
	if (is_done) {
		guild_run_cmd_tell_reused(c, runs.v[0].id);
		print_equal_runs(c, &runs);
	}
	guild_runs_fini(&runs);
	return is_done;
}
