/* The records of a batch that starts. */

#include <stdlib.h>
#include <unistd.h>

#include "batch.h"

int guild_batch_put(const struct guild_run *run, const struct guild_exec_start *start,
	const char *name, const struct guild_value *v, struct guild_error *err)
{
	return guild_run_attr_write(run, name, v, start->options->durable, err);
}

/* A restart may bring new flags: they are the prototype's from now on. */
int guild_batch_update_proto(const struct guild_run *batch, const struct guild_exec_start *s,
	struct guild_arena *a, struct guild_error *err)
{
	char *dir = guild_path_join(batch->guild_dir, "proto");
	struct guild_run proto = {0};
	int rc = guild_run_open(dir, &proto, err);
	if (rc == 0) {
		struct guild_value *op = guild_run_attr(&proto, a, "op");
		const struct guild_value *flags =
			s->flags ? s->flags : guild_run_attr(&proto, a, "flags");
		rc = op && flags ? guild_restart_update(&proto, s, a, op, flags, err)
				 : guild_error_set(err, GUILD_EINVALID,
					   "the prototype of batch %.8s is damaged", batch->id);
	}
	guild_run_fini(&proto);
	free(dir);
	return rc;
}

int guild_batch_write_start(const struct guild_run *batch, const struct guild_exec_start *start,
	struct guild_arena *a, struct guild_error *err)
{
	const struct guild_exec_world *world = start->world;
	const struct guild_value *record = guild_run_attr(batch, a, "op");
	struct guild_strs argv = {0};
	struct guild_strs env = {0};
	struct guild_env_request req = {.base = world->env,
		.log_level = world->log_level,
		.op = record,
		.flags = guild_value_dict(a),
		.op_name = "+",
		.home = world->home->path,
		.source_dest = ".",
		.cmd_dir = world->cmd_dir,
		.run = batch};
	guild_batch_argv(world, batch, &argv);
	int rc = guild_write_command(batch, &argv, false, start->options->durable, err);
	rc = rc ? rc : guild_env_make(&req, &env, err);
	rc = rc ? rc : guild_batch_put(batch, start, "env", guild_env_record(a, &env, NULL), err);
	rc = rc ? rc : guild_run_attr_remove(batch, "exit_status", err);
	rc = rc ? rc : guild_run_attr_remove(batch, "stopped", err);
	rc = rc ? rc : guild_run_lock(batch, getpid(), err);
	rc = rc ? rc : guild_run_set_marker(batch, "STAGED", false, err);
	rc = rc ? rc : guild_run_set_marker(batch, "PENDING", false, err);
	rc = rc ? rc
		: guild_batch_put(batch, start, "started",
			  guild_value_int(a, guild_run_timestamp()), err);
	guild_strs_fini(&argv);
	guild_strs_fini(&env);
	return rc;
}

struct guild_output_scalars *guild_batch_scalars(const struct guild_run *batch,
	const struct guild_exec_start *start, struct guild_arena *a)
{
	const struct guild_value *record = guild_run_attr(batch, a, "op");
	struct guild_output_scalars *scalars = NULL;
	(void)guild_output_scalars_new(guild_value_get(record, "output-scalars"), false, NULL,
		&scalars, start->world->log, NULL);
	return scalars;
}
