/* guild run --help-op and --help-model (cli.md 1.1). */

#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "op_help.h"
#include "run_cmd.h"
#include "run_steps.h"

enum { INDENT = 2, GAP = 2 };

/* ---- two columns ------------------------------------------------------------------------------------------- */

struct rows {
	struct guild_strs terms;
	struct guild_strs texts; /* several lines are separated by '\n' */
};

static void rows_fini(struct rows *r)
{
	guild_strs_fini(&r->terms);
	guild_strs_fini(&r->texts);
}

static size_t page_width(const struct guild_ctx *ctx)
{
	return ctx->columns > 0 && ctx->columns < GUILD_HELP_WIDTH ? (size_t)ctx->columns
								   : GUILD_HELP_WIDTH;
}

/* One paragraph from column `indent` on; the cursor is at column `at`. */
static void print_wrapped(struct guild_str text, size_t indent, size_t at, size_t width)
{
	struct guild_buf out = {0};
	guild_help_wrap(&out, text, indent, at, width);
	fputs(guild_buf_cstr(&out), stdout);
	guild_buf_fini(&out);
}

static void print_rows(const struct rows *r, const char *heading, size_t width)
{
	size_t widest = 0;
	for (size_t i = 0; i < r->terms.n; i++) {
		size_t n = guild_text_width(r->terms.v[i]);
		widest = n > widest ? n : widest;
	}
	size_t column = INDENT + widest + GAP;
	printf("\n%s:\n", heading);
	for (size_t i = 0; i < r->terms.n; i++) {
		const char *text = r->texts.v[i];
		printf("%*s%s", INDENT, "", r->terms.v[i]);
		if (!*text) {
			putchar('\n');
			continue;
		}
		printf("%*s", (int)(column - INDENT - guild_text_width(r->terms.v[i])), "");
		for (bool is_first = true; *text; is_first = false) {
			size_t n = strcspn(text, "\n");
			bool is_last = text[n] == 0 || text[n + 1] == 0;
			if (!is_first && !(is_last && n == 0)) {
				printf("%*s", (int)column, "");
			}
			print_wrapped(guild_str_n(text, n), column, column, width);
			text += n + (text[n] == '\n');
		}
	}
}

/* ---- flags ------------------------------------------------------------------------------------------------------ */

static const char *first_line(struct guild_arena *a, const char *text)
{
	return text ? guild_arena_strndup(a, text, strcspn(text, "\n")) : "";
}

static void print_flags(const struct guild_flag_defs *defs, size_t width)
{
	struct guild_buf text = {0};
	if (defs->n > 0) {
		guild_op_flags_help(defs, INDENT, width, &text);
		printf("\nFlags:\n%s", guild_buf_cstr(&text));
	}
	guild_buf_fini(&text);
}

/* What the model says of a resource that is required by its name. */
static const char *resource_text(const struct guild_op_def *op, const struct guild_value *dep)
{
	const char *name =
		guild_value_text(dep->type == GUILD_DICT ? guild_value_get(dep, "resource") : dep);
	const struct guild_value *resource =
		name ? guild_value_get(op->model->resources, name) : NULL;
	return guild_value_text(guild_value_get(resource, "description"));
}

/* Dependencies that say what they are. */
static void print_dependencies(const struct guild_op_def *op, size_t width)
{
	struct rows rows = {0};
	for (size_t i = 0; op->requires && i < op->requires->n; i++) {
		const struct guild_value *dep = op->requires->items[i];
		const char *text = guild_value_text(guild_value_get(dep, "description"));
		const struct guild_value *record =
			op->deps && i < op->deps->n ? op->deps->items[i] : NULL;
		const char *name = guild_value_text(guild_value_get(record, "name"));
		text = text ? text : resource_text(op, dep);
		if (text) {
			guild_strs_add(&rows.terms, name ? name : "resource");
			guild_strs_add(&rows.texts, text);
		}
	}
	if (rows.terms.n > 0) {
		print_rows(&rows, "Dependencies", width);
	}
	rows_fini(&rows);
}

/* Paragraphs, each wrapped. */
static void print_description(const char *text, size_t width)
{
	struct guild_str s = guild_str_trim(guild_str(text));
	while (s.n > 0) {
		const char *end = memmem(s.p, s.n, "\n\n", 2);
		size_t n = end ? (size_t)(end - s.p) : s.n;
		putchar('\n');
		print_wrapped(guild_str_n(s.p, n), 0, 0, width);
		s = guild_str_trim(guild_str_n(s.p + n, s.n - n));
	}
}

/* Those of a pipeline, with the flags that it has by default. */
static void print_steps(const struct guild_run_cmd *c, size_t width)
{
	struct guild_value *flags = guild_value_dict(c->ctx->arena);
	struct guild_steps steps;
	struct guild_error err = {0};
	struct rows rows = {0};
	for (size_t i = 0; i < c->op->flags.n; i++) {
		const struct guild_flag_def *def = &c->op->flags.v[i];
		guild_value_set(c->ctx->arena, flags, def->name,
			def->def ? (struct guild_value *)def->def
				 : guild_value_null(c->ctx->arena));
	}
	struct guild_pipeline_words words = {.project = c->op_project, .op = c->op, .flags = flags};
	if (guild_run_read_steps(c->ctx, &words, &steps, &err) != 0) {
		guild_log(&c->ctx->log, "warning", "%s", err.text);
		return;
	}
	for (size_t i = 0; i < steps.n; i++) {
		struct guild_buf text = {0};
		guild_step_text(&steps.v[i], false, &text);
		guild_strs_add(&rows.terms, steps.v[i].name);
		guild_strs_add(&rows.texts, guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	if (rows.terms.n > 0) {
		print_rows(&rows, "Steps", width);
	}
	rows_fini(&rows);
}

static void help_op(const struct guild_run_cmd *c)
{
	size_t width = page_width(c->ctx);
	printf("Usage: guild run [OPTIONS] %s [FLAG]...\n", c->op_name);
	print_description(c->op->description, width);
	printf("\nUse 'guild run --help' for a list of options.\n");
	print_dependencies(c->op, width);
	if (guild_op_is_pipeline(c->op)) {
		print_steps(c, width);
	}
	print_flags(&c->op->flags, width);
}

static void help_model(const struct guild_run_cmd *c)
{
	const struct guild_model_def *m = c->op->model;
	struct rows ops = {0};
	struct rows resources = {0};
	printf("Usage: guild run [OPTIONS] %s:OPERATION [FLAG]...\n", m->name);
	print_description(m->description, page_width(c->ctx));
	printf("\nUse 'guild run %s:OPERATION --help-op' for help on a particular operation.\n",
		m->name);
	for (size_t i = 0; i < m->n_ops; i++) {
		guild_strs_add(&ops.terms, m->ops[i]->name);
		guild_strs_add(&ops.texts, first_line(c->ctx->arena, m->ops[i]->description));
	}
	print_rows(&ops, "Operations", page_width(c->ctx));
	struct guild_value *by_name =
		m->resources ? guild_value_copy(c->ctx->arena, m->resources) : NULL;
	if (by_name) {
		guild_value_sort_keys(by_name);
	}
	for (size_t i = 0; by_name && i < by_name->n; i++) {
		const char *name = guild_value_text(by_name->pairs[i].key);
		const char *text =
			guild_value_text(guild_value_get(by_name->pairs[i].value, "description"));
		guild_strs_add(&resources.terms, name ? name : "");
		guild_strs_add(&resources.texts, text ? text : "");
	}
	if (resources.terms.n > 0) {
		print_rows(&resources, "Resources", page_width(c->ctx));
	}
	rows_fini(&ops);
	rows_fini(&resources);
}

bool guild_run_cmd_help(struct guild_run_cmd *c, int *code)
{
	struct guild_error err = {0};
	bool wants_model = guild_args_flag(c->args, "help-model");
	if (!wants_model && !guild_args_flag(c->args, "help-op")) {
		return false;
	}
	*code = GUILD_EXIT_OK;
	if (!c->op) {
		*code = guild_cmd_failf(c->ctx, "cannot find the definition of operation '%s'",
			c->op_name);
	} else if (wants_model) {
		help_model(c);
	} else if (guild_run_cmd_import_flags(c, false, &err) != 0) {
		*code = guild_cmd_fail(c->ctx, &err);
	} else {
		help_op(c);
	}
	return true;
}
