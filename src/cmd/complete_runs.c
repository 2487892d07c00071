/* Values for completion that come from runs: ids, labels, tags, digests, attributes, columns, comments. */

#include <stdlib.h>
#include <string.h>

#include "complete.h"

/* Up to this many runs are read to be offered newest first, with what they are; past it only their names. */
enum { DESCRIBED_MAX = 50 };

/* What a run is, in a few words. */
static char *describe(const struct guild_completion *c, const struct guild_run *r)
{
	struct guild_run_row row;

	guild_run_row_init(&row, c->ctx, r, 0);
	char *text =
		guild_format("%s  %s  %s  %s", row.operation, row.started, row.status, row.label);

	guild_run_row_fini(&row);
	return text;
}

/* Names of directories that begin like the word: cheap, in no order. */
static void add_names(struct guild_completion *c, const struct guild_strs *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (names->v[i][0] != '.') {
			guild_complete_add(c, names->v[i], NULL);
		}
	}
}

static void add_listed(struct guild_completion *c, const char *dir,
	const struct guild_run_filter *filter)
{
	struct guild_runs runs = {0};

	if (guild_store_list(dir, filter, guild_ctx_env(c->ctx, "GUILD_RUNS_PARENT"), &runs, NULL,
		    NULL) != 0) {
		return;
	}
	for (size_t i = 0; i < runs.n; i++) {
		bool described = c->shell != GUILD_SHELL_BASH && !guild_complete_is_late(c);
		char *help = described ? describe(c, &runs.v[i]) : NULL;

		guild_complete_add(c, runs.v[i].id, help);
		free(help);
	}
	guild_runs_fini(&runs);
}

void guild_complete_runs(struct guild_completion *c, bool deleted)
{
	bool in_trash = deleted || (c->args && guild_args_has(c->args, "deleted") &&
					   guild_args_flag(c->args, "deleted"));
	char *dir = guild_home_runs_dir(&c->ctx->home, in_trash);
	struct guild_run_filter filter = {0};
	struct guild_strs names = {0};
	size_t n_fit = 0;

	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		n_fit += guild_starts(names.v[i], c->word);
	}
	if (guild_cmd_filter(c->ctx, c->args, &filter, NULL) == 0) {
		filter.id_prefix = c->word;
		if (guild_cmd_has_filters(c->args) || n_fit <= DESCRIBED_MAX) {
			add_listed(c, dir, &filter);
		} else {
			add_names(c, &names);
		}
	}
	guild_run_filter_fini(&filter);
	guild_strs_fini(&names);
	free(dir);
}

/* ---- values of attributes ------------------------------------------------------------------------------- */

static void add_value(struct guild_completion *c, const struct guild_value *v)
{
	struct guild_buf text = {0};

	if (!guild_value_is_null(v)) {
		guild_value_py_str(&text, v);
		if (text.n > 0) {
			guild_complete_add(c, guild_buf_cstr(&text), NULL);
		}
	}
	guild_buf_fini(&text);
}

static void add_attr_names(struct guild_completion *c, const struct guild_run *r)
{
	struct guild_strs names = {0};

	(void)guild_run_attr_names(r, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		guild_complete_add(c, names.v[i], NULL);
	}
	guild_strs_fini(&names);
}

/* One run's part of the answer. */
static void add_of_run(struct guild_completion *c, enum guild_complete kind,
	const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *tags;
	char *name;

	switch (kind) {
	case GUILD_COMPLETE_OP_NAME:
		name = guild_run_display_name(r);
		guild_complete_add(c, name, NULL);
		free(name);
		break;
	case GUILD_COMPLETE_LABEL:
		add_value(c, guild_run_attr(r, a, "label"));
		break;
	case GUILD_COMPLETE_DIGEST:
		add_value(c, guild_run_attr(r, a, "sourcecode_digest"));
		break;
	case GUILD_COMPLETE_TAG:
		tags = guild_run_attr(r, a, "tags");
		for (size_t i = 0; tags && tags->type == GUILD_LIST && i < tags->n; i++) {
			add_value(c, tags->items[i]);
		}
		break;
	case GUILD_COMPLETE_ATTR:
		add_attr_names(c, r);
		break;
	default:
		break;
	}
	guild_arena_free(a);
}

static void add_of_all_runs(struct guild_completion *c, enum guild_complete kind)
{
	char *dir = guild_home_runs_dir(&c->ctx->home, false);
	struct guild_strs names = {0};

	(void)guild_dir_list(dir, &names, NULL);
	guild_store_sort_touched(dir, &names);
	for (size_t i = 0; i < names.n && (i < GUILD_HASTY_RUNS || !guild_complete_is_late(c));
		i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct guild_run r = {0};

		if (guild_run_open(path, &r, NULL) == 0) {
			add_of_run(c, kind, &r);
		}
		guild_run_fini(&r);
		free(path);
	}
	guild_strs_fini(&names);
	free(dir);
}

/* ---- expressions ------------------------------------------------------------------------------------------ */

enum { EXPRESSION_RUNS_MAX = 20 };

/* Names go in where the last word of the expression begins. */
struct expression {
	struct guild_completion *c;
	size_t n_before;
};

static void add_name(void *to, enum guild_col_kind kind, const char *name)
{
	(void)kind;
	const struct expression *e = to;
	char *value = guild_format("%.*s%s", (int)e->n_before, e->c->word, name);

	guild_complete_add(e->c, value, NULL);
	free(value);
}

static void add_expression_names(struct guild_completion *c)
{
	char *dir = guild_home_runs_dir(&c->ctx->home, false);
	struct expression e = {.c = c, .n_before = strlen(c->word)};
	struct guild_strs names = {0};

	while (e.n_before > 0 && !strchr(" ,<>!=()[]~", c->word[e.n_before - 1])) {
		e.n_before--;
	}
	for (size_t i = 0; guild_run_info_attrs[i]; i++) {
		add_name(&e, GUILD_COL_ATTR, guild_run_info_attrs[i]);
	}
	(void)guild_dir_list(dir, &names, NULL);
	guild_store_sort_touched(dir, &names);
	for (size_t i = 0; i < names.n && i < EXPRESSION_RUNS_MAX && !guild_complete_is_late(c);
		i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct guild_run r = {0};

		if (guild_run_open(path, &r, NULL) == 0) {
			struct guild_run_data *data = guild_run_data_new(&r, NULL);
			struct guild_query_source source;

			guild_query_run_source(data, &source);
			source.names(source.arg, add_name, &e);
			guild_run_data_free(data);
		}
		guild_run_fini(&r);
		free(path);
	}
	guild_strs_fini(&names);
	free(dir);
}

static void add_formatted_names(struct guild_completion *c)
{
	static const char *const more[] = {
		"duration", "index", "model", "op_name", "pkg_name", "short_id"};

	for (size_t i = 0; guild_run_info_attrs[i]; i++) {
		guild_complete_add(c, guild_run_info_attrs[i], NULL);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(more); i++) {
		guild_complete_add(c, more[i], NULL);
	}
}

/* ---- values of one run ------------------------------------------------------------------------------------ */

int guild_complete_open_run(struct guild_completion *c, struct guild_run *out)
{
	struct guild_runs runs = {0};
	int rc;

	*out = (struct guild_run){0};
	rc = guild_cmd_select_runs(c->ctx, c->args, &c->args->words, "1", 0, &runs, NULL);
	if (rc == 0 && runs.n > 0) {
		*out = runs.v[0];
		runs.v[0] = (struct guild_run){0};
	} else if (rc == 0) {
		rc = GUILD_ENOTFOUND;
	}
	guild_runs_fini(&runs);
	return rc;
}

static void add_comment_indexes(struct guild_completion *c, const struct guild_run *r)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *comments = guild_run_attr(r, a, "comments");

	for (size_t i = 0; comments && comments->type == GUILD_LIST && i < comments->n; i++) {
		char *index = guild_format("%zu", i + 1);

		guild_complete_add(c, index,
			guild_value_text(guild_value_get(comments->items[i], "body")));
		free(index);
	}
	guild_arena_free(a);
}

/* Columns of the run: scalars, flags as "=name", the usual attributes as ".name". */
static void add_columns(struct guild_completion *c, const struct guild_run *r)
{
	struct guild_run_data *data = guild_run_data_new(r, NULL);
	const struct guild_value *flags = guild_run_data_flags(data);
	const struct guild_scalars *scalars = guild_run_data_scalars(data);

	for (size_t i = 0; i < scalars->n; i++) {
		struct guild_buf key = {0};

		guild_scalar_key(&scalars->v[i], &key);
		if (!guild_scalar_is_system(&scalars->v[i])) {
			guild_complete_add(c, guild_buf_cstr(&key), NULL);
		}
		guild_buf_fini(&key);
	}
	for (size_t i = 0; i < flags->n; i++) {
		char *name = guild_format("=%s", guild_value_text(flags->pairs[i].key));

		guild_complete_add(c, name, NULL);
		free(name);
	}
	for (size_t i = 0; guild_run_info_attrs[i]; i++) {
		char *name = guild_format(".%s", guild_run_info_attrs[i]);

		guild_complete_add(c, name, NULL);
		free(name);
	}
	guild_run_data_free(data);
}

static void add_of_selected_run(struct guild_completion *c, enum guild_complete kind)
{
	struct guild_run r = {0};

	if (guild_complete_open_run(c, &r) == 0) {
		if (kind == GUILD_COMPLETE_COMMENT_INDEX) {
			add_comment_indexes(c, &r);
		} else {
			add_columns(c, &r);
		}
	}
	guild_run_fini(&r);
}

void guild_complete_run_values(struct guild_completion *c, enum guild_complete kind)
{
	if (kind == GUILD_COMPLETE_COMMENT_INDEX || kind == GUILD_COMPLETE_COLUMN) {
		add_of_selected_run(c, kind);
		return;
	}
	if (kind == GUILD_COMPLETE_FILTER) {
		add_expression_names(c);
		return;
	}
	if (kind == GUILD_COMPLETE_ATTR) {
		add_formatted_names(c);
	}
	add_of_all_runs(c, kind);
}
