/* guild run --prune, and what guild.yml says of it. */

#include "run_cmd.h"

#include "guild/search.h"

int guild_run_cmd_read_prune(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_arena *a = c->ctx->arena;
	const struct guild_strs *texts = guild_args_list(c->args, "prune");
	struct guild_value *rules = NULL;
	if (texts->n > 0) {
		if (guild_prune_read(a, guild_value_strs(a, texts), &rules, err) != 0) {
			return guild_error_wrap(err, "--prune");
		}
		c->options.prune = rules;
		return 0;
	}
	bool is_new = !guild_args_given(c->args, "restart") && !guild_args_given(c->args, "proto");
	int rc = guild_prune_read(a, c->op ? c->op->prune : NULL, &rules, err);
	if (rc == 0 && is_new && rules->n > 0) {
		c->options.prune = rules;
	}
	return rc;
}

void guild_run_cmd_drop_prune(struct guild_run_cmd *c)
{
	if (!c->is_batch) {
		if (c->options.prune && guild_args_given(c->args, "prune")) {
			guild_log(&c->ctx->log, "warning", "not a batch run - ignoring --prune");
		}
		c->options.prune = NULL;
	}
}
