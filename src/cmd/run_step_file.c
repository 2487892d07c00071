/* guild run --step FILE: what a pipeline tells its step, and what it is told (docs/formats/pipeline-state.md). */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "run_cmd.h"
#include "run_steps.h"

enum { STEP_FILE_MAX = GUILD_YAML_MAX_BYTES };

int guild_run_cmd_lock_step(struct guild_run_cmd *c, struct guild_error *err)
{
	const char *path = guild_args_text(c->args, "step");
	struct guild_buf text = {0};
	struct guild_value *values = NULL;
	if (!path) {
		return 0;
	}
	/* Not inherited by the operation: the lock says that this process lives. */
	c->step_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (c->step_fd < 0) {
		return guild_error_errno(err, errno, "cannot open '%s'", path);
	}
	c->is_step = true;
	while (flock(c->step_fd, LOCK_EX) != 0) {
		if (errno != EINTR) {
			return guild_error_errno(err, errno, "cannot lock '%s'", path);
		}
	}
	int rc = guild_file_read(path, STEP_FILE_MAX, &text, err);
	rc = rc ? rc
		: guild_yaml_parse(c->ctx->arena, guild_buf_str(&text), path, GUILD_YAML_NUMBERS,
			  &values, err);
	guild_buf_fini(&text);
	if (rc == 0 && values->type == GUILD_DICT) {
		c->step_values = values;
	}
	return rc;
}

void guild_run_cmd_unlock_step(struct guild_run_cmd *c)
{
	if (c->is_step) {
		close(c->step_fd);
		c->is_step = false;
	}
}

void guild_run_cmd_add_step_words(const struct guild_run_cmd *c, struct guild_value *words)
{
	for (size_t i = 0; c->step_values && i < c->step_values->n; i++) {
		struct guild_buf b = {0};
		guild_buf_printf(&b, "%s=", guild_value_text(c->step_values->pairs[i].key));
		guild_flag_encode(&b, c->step_values->pairs[i].value);
		guild_value_append(c->ctx->arena, words,
			guild_value_string_n(c->ctx->arena, b.p, b.n));
		guild_buf_fini(&b);
	}
}

void guild_run_cmd_tell_reused(const struct guild_run_cmd *c, const char *run_id)
{
	const char *file = guild_args_text(c->args, "step");
	if (file) {
		char *path = guild_format("%s.reused", file);
		/* Without it the step has no link, which is what the reference leaves. */
		(void)guild_file_write(path, run_id, strlen(run_id), false, NULL);
		free(path);
	}
}

int guild_run_cmd_check_steps(struct guild_run_cmd *c, struct guild_error *err)
{
	struct guild_steps steps;
	if (c->is_restart || !c->op || !guild_op_is_pipeline(c->op)) {
		return 0;
	}
	const struct guild_import_options import = {.cache_dir = c->flags_cache_dir,
		.python = c->world.python ? c->world.python->exe : NULL};
	struct guild_pipeline_words words = {.project = c->op_project,
		.op = c->op,
		.flags = c->flags,
		.label = c->options.label,
		.tags = c->options.tags.n > 0 ? &c->options.tags : NULL,
		.import = guild_args_flag(c->args, "force-flags") ? NULL : &import};
	return guild_run_read_steps(c->ctx, &words, &steps, err);
}
