/* Operations as the JSON documents of `guild api` (docs/formats/api.md). */

#include "api.h"

#include "op_help.h"

static struct guild_value *text_of(struct guild_arena *a, const char *text)
{
	return guild_value_string(a, text ? text : "");
}

static struct guild_value *opref(struct guild_arena *a, const struct guild_project *p,
	const struct guild_op_def *op)
{
	bool is_script = !p->pkg_name && !p->path;
	struct guild_value *item = guild_value_dict(a);
	const char *name = p->pkg_name ? p->pkg_name : is_script ? p->script_dir : p->path;
	const char *version = p->pkg_name ? p->pkg_version : is_script ? "" : p->hash;

	guild_value_set(a, item, "pkgType",
		guild_value_string(a, p->pkg_name ? "package"
				      : is_script ? "script"
						  : "guildfile"));
	guild_value_set(a, item, "pkgName", text_of(a, name));
	guild_value_set(a, item, "pkgVersion", text_of(a, version));
	guild_value_set(a, item, "modelName", text_of(a, is_script ? "" : op->model->name));
	guild_value_set(a, item, "opName", text_of(a, op->name));
	return item;
}

static struct guild_value *choices(struct guild_arena *a, const struct guild_flag_def *f)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < f->n_choices; i++) {
		struct guild_value *item = guild_value_dict(a);
		const struct guild_value *value = f->choices[i].value;

		guild_value_set(a, item, "value",
			value ? guild_value_copy(a, value) : guild_value_null(a));
		guild_value_set(a, item, "alias", guild_value_string(a, f->choices[i].alias));
		guild_value_set(a, item, "description", text_of(a, f->choices[i].description));
		guild_value_append(a, list, item);
	}
	return list;
}

static struct guild_value *flag(struct guild_arena *a, const struct guild_flag_def *f)
{
	struct guild_value *item = guild_value_dict(a);
	struct guild_value *def = f->def ? guild_value_copy(a, f->def) : guild_value_null(a);
	struct guild_buf assign = {0};

	guild_buf_printf(&assign, "%s=", f->name);
	guild_flag_format(&assign, def);
	guild_value_set(a, item, "default", def);
	guild_value_set(a, item, "defaultAssign", guild_value_string(a, guild_buf_cstr(&assign)));
	guild_value_set(a, item, "description", text_of(a, f->description));
	guild_value_set(a, item, "choices", choices(a, f));
	guild_value_set(a, item, "type", guild_value_string(a, f->type));
	guild_buf_fini(&assign);
	return item;
}

struct guild_value *guild_api_op(struct guild_ctx *ctx, struct guild_project *project,
	struct guild_op_def *op)
{
	struct guild_arena *a = ctx->arena;
	struct guild_value *item = guild_value_dict(a);
	struct guild_value *file = guild_value_dict(a);
	struct guild_value *flags = guild_value_dict(a);
	struct guild_buf name = {0};

	guild_op_complete_flags(ctx, project, op);
	guild_op_fullname(op, &name);
	guild_value_set(a, file, "dir", text_of(a, project->dir));
	guild_value_set(a, file, "src", guild_value_string(a, project->path));
	for (size_t i = 0; i < op->flags.n; i++) {
		guild_value_set(a, flags, op->flags.v[i].name, flag(a, &op->flags.v[i]));
	}
	guild_value_set(a, item, "opref", opref(a, project, op));
	guild_value_set(a, item, "name", text_of(a, op->name));
	guild_value_set(a, item, "fullname", guild_value_string(a, guild_buf_cstr(&name)));
	guild_value_set(a, item, "description", text_of(a, op->description));
	guild_value_set(a, item, "guildfile", file);
	guild_value_set(a, item, "flags", flags);
	guild_buf_fini(&name);
	return item;
}

void guild_api_add_ops(struct guild_ctx *ctx, struct guild_project *project,
	struct guild_value *list)
{
	for (size_t m = 0; m < project->n_models; m++) {
		const struct guild_model_def *model = project->models[m];

		for (size_t i = 0; i < model->n_ops; i++) {
			guild_value_append(ctx->arena, list,
				guild_api_op(ctx, project, model->ops[i]));
		}
	}
}
