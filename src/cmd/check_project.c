/* guild check --strict: what in the files of a project is not as it should be. */

#include "check_project.h"

#include "project_world.h"

static struct guild_value *text_or_null(struct guild_arena *a, const char *text)
{
	return text ? guild_value_string(a, text) : guild_value_null(a);
}

static struct guild_value *finding_json(struct guild_arena *a,
	const struct guild_project_finding *f)
{
	struct guild_value *item = guild_value_dict(a);

	guild_value_set(a, item, "file", guild_value_string(a, f->file));
	guild_value_set(a, item, "line", guild_value_int(a, f->line));
	guild_value_set(a, item, "column", guild_value_int(a, f->column));
	guild_value_set(a, item, "text", guild_value_string(a, f->text));
	guild_value_set(a, item, "hint", text_or_null(a, f->hint));
	return item;
}

static void print_finding(const struct guild_project_finding *f)
{
	if (f->line > 0) {
		printf("%s:%u:%u: %s", f->file, f->line, f->column, f->text);
	} else {
		printf("%s: %s", f->file, f->text);
	}
	if (f->hint) {
		printf(" (%s)", f->hint);
	}
	putchar('\n');
}

int guild_cmd_check_project(struct guild_ctx *ctx, bool json)
{
	struct guild_project_findings found = {0};
	struct guild_error err = {0};

	if (guild_project_check(ctx->arena, ctx->cwd, guild_op_world(ctx), &found, &err) != 0) {
		return guild_cmd_fail(ctx, &err);
	}
	if (json) {
		struct guild_value *list = guild_value_list(ctx->arena);

		for (size_t i = 0; i < found.n; i++) {
			guild_value_append(ctx->arena, list, finding_json(ctx->arena, &found.v[i]));
		}
		guild_cmd_print_json(list);
	}
	for (size_t i = 0; !json && i < found.n; i++) {
		print_finding(&found.v[i]);
	}
	return found.n > 0 ? GUILD_EXIT_ERROR : GUILD_EXIT_OK;
}
