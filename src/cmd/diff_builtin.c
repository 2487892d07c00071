/* guild diff without a tool. */

#include <stdlib.h>
#include <string.h>

#include "diff_found.h"
#include "pager.h"

static int show(struct guild_diff_found *f, struct guild_error *err)
{
	const struct guild_ctx *ctx = f->cmd->ctx;
	struct guild_pager pager;

	if (guild_args_flag(f->cmd->args, "json")) {
		struct guild_value *v = NULL;
		int rc = guild_diff_json(f, &v, err);

		if (rc == 0) {
			guild_cmd_print_json(v);
		}
		return rc;
	}
	if (!guild_diff_has_any(f)) {
		if (ctx->stdout_tty) {
			guild_log(&ctx->log, "note", "nothing differs");
		}
		return 0;
	}
	guild_pager_start(ctx, !f->is_patch && !guild_args_flag(f->cmd->args, "no-pager"), &pager);
	int rc = guild_diff_print(f, ctx->color_out && !f->is_patch, pager.out, err);

	guild_pager_end(&pager);
	return rc;
}

int guild_diff_builtin(const struct guild_diff_cmd *d, bool *differs, struct guild_error *err)
{
	struct guild_diff_found f = {0};
	int rc = guild_diff_find(d, &f, err);

	if (rc == 0) {
		*differs = guild_diff_has_any(&f);
		rc = show(&f, err);
	}
	guild_diff_found_fini(&f);
	return rc;
}

int guild_diff_builtin_pair(const struct guild_diff_cmd *d, const char *what, const char *first,
	const char *second, struct guild_error *err)
{
	static const struct {
		const char *what;
		unsigned part;
	} parts[] = {{"flags", GUILD_DIFF_FLAGS}, {"env", GUILD_DIFF_ENV},
		{"deps", GUILD_DIFF_DEPS}, {"attrs", GUILD_DIFF_ATTRS}};
	struct guild_diff_found f = {.cmd = d};
	int rc = 0;

	for (size_t i = 0; what && i < GUILD_ARRAY_LEN(parts); i++) {
		f.parts |= strcmp(what, parts[i].what) == 0 ? parts[i].part : 0;
	}
	rc = what ? guild_diff_find_values(&f, err) : guild_diff_find_pair(&f, first, second, err);
	rc = rc ? rc : guild_diff_print(&f, d->ctx->color_out, stdout, err);
	fflush(stdout);
	guild_diff_found_fini(&f);
	return rc;
}
