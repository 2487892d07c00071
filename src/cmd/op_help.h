/* Operations and their flags as text for people: --help-op, help, operations. Private to cmd/. */
#ifndef GUILD_CMD_OP_HELP_H
#define GUILD_CMD_OP_HELP_H

#include "cmd.h"

#include "guild/project.h"

/* First line of a flag's help: "Learning rate (default is 0.1)", "(required)", "". */
void guild_op_flag_summary(const struct guild_flag_def *f, struct guild_buf *out);
/* All flags, one row each, with choices and further paragraphs below, at `indent` and at most `width` columns. */
void guild_op_flags_help(const struct guild_flag_defs *flags, size_t indent, size_t width,
	struct guild_buf *out);
/* First line of a description, "" for NULL. Borrowed. */
struct guild_str guild_op_first_line(const char *description);

/* Operations that `ops` and `help` show: those of the project in ctx->cwd. No project: *out is NULL and 0 is returned. The caller
 * frees. */
int guild_op_load_project(struct guild_ctx *ctx, struct guild_project **out,
	struct guild_error *err);
/* The projects whose models and operations are listed: the one in ctx->cwd, or the installed packages when `installed` is set or
 * there is none. */
struct guild_op_projects {
	struct guild_project **v;
	size_t n, cap;
};
int guild_op_load_projects(struct guild_ctx *ctx, bool installed, struct guild_op_projects *out,
	struct guild_error *err);
void guild_op_projects_fini(struct guild_op_projects *p);
/* Completes an operation's flags from its script; what cannot be found out is a warning to ctx->log. */
void guild_op_complete_flags(struct guild_ctx *ctx, struct guild_project *project,
	struct guild_op_def *op);
/* True when every word of `filters` is in `name` or `description`, whatever the case. */
bool guild_op_filters_match(const struct guild_strs *filters, const char *name,
	const char *description);
/* What an operation runs, as one line: the value of main, exec, notebook, or "steps". */
const char *guild_op_main(const struct guild_op_def *op);
struct guild_value *guild_op_json(struct guild_arena *a, const struct guild_op_def *op);

#endif
