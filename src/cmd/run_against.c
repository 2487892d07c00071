/* guild runs info --against: only what differs. */

#include "run_against.h"

#include <stdlib.h>
#include <string.h>

#include "diff_found.h"
#include "run_info.h"

/* What every run has for itself says nothing about a difference. */
static void drop_own(struct guild_value *info)
{
	static const char *const own[] = {"id", "run_dir", "pid"};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(own); i++) {
		guild_value_unset(info, own[i]);
	}
}

/* What shaped a run, though its details do not show it. */
static void add_shaping(struct guild_arena *a, const struct guild_run *r, struct guild_value *info)
{
	static const char *const names[] = {"sourcecode_digest", "host", "user", "platform"};
	struct guild_value *packages = guild_value_dict(a);
	struct guild_installed installed;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		struct guild_value *value = guild_run_attr(r, a, names[i]);

		if (!guild_value_is_null(value)) {
			guild_value_set(a, info, names[i], value);
		}
	}
	guild_installed_read(a, guild_run_attr(r, a, "pip_freeze"), &installed);
	for (size_t i = 0; i < installed.n; i++) {
		guild_value_set(a, packages, installed.v[i].key,
			guild_value_string(a, installed.v[i].version));
	}
	guild_value_set(a, info, "packages", packages);
}

/* A value with its step differs in one of them, not as a list does. */
static void name_steps(struct guild_arena *a, struct guild_value *v)
{
	for (size_t i = 0; v && v->type == GUILD_DICT && i < v->n; i++) {
		struct guild_value *pair = v->pairs[i].value;

		if (pair->type == GUILD_DICT) {
			name_steps(a, pair);
		} else if (pair->type == GUILD_LIST && pair->n == 2) {
			struct guild_value *named = guild_value_dict(a);

			guild_value_set(a, named, "value", pair->items[0]);
			guild_value_set(a, named, "step", pair->items[1]);
			v->pairs[i].value = named;
		}
	}
}

static struct guild_value *document(const struct guild_ctx *ctx, const struct guild_run *r,
	unsigned parts)
{
	struct guild_value *info = guild_run_info(ctx, r, parts);

	drop_own(info);
	add_shaping(ctx->arena, r, info);
	name_steps(ctx->arena, guild_value_get(info, "scalars"));
	return info;
}

static void print_text(const struct guild_ctx *ctx, const struct guild_run *r,
	const struct guild_run *other, const struct guild_value_changes *c)
{
	const struct guild_run *runs[] = {other, r};
	struct guild_buf text = {0};

	for (size_t i = 0; i < 2 && c->n > 0; i++) {
		char *operation = guild_run_display_name(runs[i]);

		guild_buf_printf(&text, "%s %.*s %s\n", i == 0 ? "---" : "+++", GUILD_RUN_SHORT_LEN,
			runs[i]->id, operation);
		free(operation);
	}
	guild_diff_value_lines(&text, c, ctx->color_out, "");
	fwrite(guild_buf_cstr(&text), 1, text.n, stdout);
	guild_buf_fini(&text);
}

static void print_json(const struct guild_ctx *ctx, const struct guild_run *r,
	const struct guild_run *other, const struct guild_value_changes *c)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *v = guild_value_dict(a);

	guild_value_set(a, v, "run", guild_value_string(a, r->id));
	guild_value_set(a, v, "against", guild_value_string(a, other->id));
	guild_value_set(a, v, "changes", guild_diff_values_json(a, c));
	guild_cmd_print_json(v);
}

int guild_run_print_against(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_run *r, const char *other, unsigned parts, struct guild_error *err)
{
	struct guild_value_changes changes = {0};
	struct guild_strs words = {0};
	struct guild_runs runs = {0};

	guild_strs_add(&words, other);
	int rc = guild_cmd_select_runs(ctx, args, &words, NULL, 0, &runs, err);

	if (rc == 0 && runs.n != 1) {
		rc = guild_error_set(err, GUILD_EINVALID, "--against takes one run, not %zu",
			runs.n);
	}
	if (rc == 0) {
		guild_value_changes(ctx->arena, document(ctx, &runs.v[0], parts),
			document(ctx, r, parts), &changes);
		if (guild_args_flag(args, "json")) {
			print_json(ctx, r, &runs.v[0], &changes);
		} else {
			print_text(ctx, r, &runs.v[0], &changes);
		}
	}
	guild_value_changes_fini(&changes);
	guild_runs_fini(&runs);
	guild_strs_fini(&words);
	return rc;
}
