/* guild run --edit-flags, --edit-comment, --edit-batch-comment. */

#include <stdlib.h>
#include <string.h>

#include "run_cmd.h"

/* ---- comments ----------------------------------------------------------------------------------------------- */

static const char comment_help[] =
	"\n\n# Write a comment on the run above. Lines that start with '#' are left out.\n"
	"# An empty comment cancels the run.\n";

static void without_help(const struct guild_buf *edited, struct guild_buf *out)
{
	for (const char *p = guild_buf_cstr(edited); *p;) {
		size_t n = strcspn(p, "\n") + (p[strcspn(p, "\n")] == '\n');
		if (*p != '#') {
			guild_buf_append(out, p, n);
		}
		p += n;
	}
}

static int edit_comment(struct guild_run_cmd *c, const char *initial, const char **out,
	struct guild_error *err)
{
	struct guild_buf edited = {0};
	struct guild_buf text = {0};
	char *shown = guild_format("%s%s", initial ? initial : "", comment_help);
	int rc = guild_cmd_edit_text(c->ctx, shown, ".md", &edited, err);
	if (rc == 0) {
		without_help(&edited, &text);
		struct guild_str s = guild_str_trim(guild_buf_str(&text));
		*out = guild_arena_strndup(c->ctx->arena, s.p ? s.p : "", s.n);
		rc = s.n > 0 ? 0
			     : guild_error_set(err, GUILD_EINVALID,
				       "aborting because the comment is empty");
	}
	free(shown);
	guild_buf_fini(&edited);
	guild_buf_fini(&text);
	return rc;
}

/* ---- flags ------------------------------------------------------------------------------------------------------ */

static void add_flag_help(const struct guild_run_cmd *c, struct guild_buf *b)
{
	guild_buf_printf(b,
		"# Flags of %s. Change values, then save and leave the editor; an empty file keeps them.\n",
		c->op_name);
	for (size_t i = 0; c->op && i < c->op->flags.n; i++) {
		const struct guild_flag_def *def = &c->op->flags.v[i];
		if (def->description && *def->description) {
			guild_buf_printf(b, "#   %s: %.*s\n", def->name,
				(int)strcspn(def->description, "\n"), def->description);
		}
	}
	guild_buf_putc(b, '\n');
}

/* What was saved, as flags; *again when it cannot be read and the user wants to go on. */
static int read_edited(struct guild_run_cmd *c, const struct guild_buf *edited, bool *again,
	struct guild_error *err)
{
	struct guild_value *v = NULL;
	int rc = guild_yaml_parse(c->ctx->arena, guild_buf_str(edited), NULL, GUILD_YAML_NUMBERS,
		&v, err);
	if (rc == 0 && guild_value_is_null(v)) {
		return 0;
	}
	if (rc == 0 && v->type != GUILD_DICT) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"flags must be a mapping of names to values");
	}
	if (rc == 0) {
		struct guild_value *flags = NULL;
		static const struct guild_flag_defs none;
		rc = guild_flags_resolve(c->ctx->arena, c->op ? &c->op->flags : &none, v,
			c->op_name, c->ctx->cwd, guild_args_flag(c->args, "force-flags") || !c->op,
			&flags, &c->ctx->log, err);
		if (rc == 0) {
			c->user_flags = v;
			c->flags = flags;
			return 0;
		}
	}
	(void)guild_cmd_fail(c->ctx, err);
	int answer = guild_cmd_confirm(c->ctx, "Would you like to re-edit these flags?", true);
	*again = answer > 0;
	return *again ? 0 : guild_error_set(err, GUILD_ECANCELLED, "flags could not be read");
}

static int edit_flags(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_buf text = {0};
	add_flag_help(c, &text);
	guild_yaml_dump(&text, c->flags, true);
	guild_buf_putc(&text, '\n');
	bool again;
	int rc;
	do {
		struct guild_buf edited = {0};
		again = false;
		rc = guild_cmd_edit_text(c->ctx, guild_buf_cstr(&text), ".yml", &edited, err);
		rc = rc ? rc : read_edited(c, &edited, &again, err);
		guild_buf_reset(&text);
		guild_buf_append(&text, edited.p, edited.n);
		guild_buf_fini(&edited);
	} while (rc == 0 && again);
	guild_buf_fini(&text);
	return rc;
}

int guild_run_cmd_edit(struct guild_run_cmd *c, struct guild_error *err)
{
	int rc = 0;
	if (guild_args_flag(c->args, "edit-flags")) {
		rc = edit_flags(c, err);
	}
	if (rc == 0 && guild_args_flag(c->args, "edit-comment")) {
		rc = edit_comment(c, c->options.comment, &c->options.comment, err);
	}
	if (rc == 0 && guild_args_flag(c->args, "edit-batch-comment")) {
		rc = edit_comment(c, c->options.batch_comment, &c->options.batch_comment, err);
	}
	return rc;
}
