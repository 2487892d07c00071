/* What staging tells batches: the records of a new run, and the run made from an operation. */
#ifndef GUILD_EXEC_STAGE_H
#define GUILD_EXEC_STAGE_H

#include "exec_private.h"

/* The attributes of a new run. NULL and 0: not written. Borrowed. */
struct guild_new_run {
	const struct guild_exec_world *world;
	const char *id; /* NULL: the name of the directory */
	const struct guild_strs *argv;
	const char *label;
	const struct guild_value *tags; /* list */
	const char *comment;
	const struct guild_value *trials, *flags, *user_flags, *run_params, *record, *platform,
		*plugins, *steps, *run_attrs, *extra_attrs;
	int64_t random_seed;
	int64_t max_trials;
	const char *objective;
	bool stage_trials;
	const struct guild_run *
		copied_from; /* --proto: host, platform and the like come from there, unless `platform` is given */
};
int guild_new_run_write(const struct guild_new_run *n, const struct guild_run *run,
	struct guild_arena *a, struct guild_error *err);
/* Attribute cmd with secrets masked. */
int guild_write_command(const struct guild_run *run, const struct guild_strs *argv, bool is_new,
	bool durable, struct guild_error *err);

/* Makes a run of an operation in `dir`: records and source code. No opref and no marker are written: the caller
 * decides when others may see the run. `id` is the attribute, NULL for the name of the directory. */
struct guild_stage_request {
	const struct guild_exec_op *x;
	const char *dir;
	const char *id;
	bool without_deps;                /* a batch's prototype */
	const struct guild_value *record; /* attribute op */
	struct guild_arena *arena;
};
int guild_stage_fill(const struct guild_stage_request *req, struct guild_run *run,
	struct guild_error *err);

/* runs.md 3.2: what was asked for, else the prototype's, else drawn. */
int64_t guild_stage_seed(const struct guild_exec_op *x);
/* The directory of a new run; caller frees. */
char *guild_stage_dir(const struct guild_exec_op *x, struct guild_error *err);
/* Writes the marker, ENV and `started` of a staged run, then the opref. */
int guild_stage_publish(const struct guild_exec_op *x, const struct guild_opref *opref,
	const struct guild_value *record, bool staged, struct guild_run *run,
	struct guild_error *err);

/* Variable GUILD_OP: what `guild run` would take. Caller frees. */
char *guild_opref_spec(const struct guild_opref *ref);
/* File ENV: what a shell needs to start the run by hand. */
int guild_stage_write_env(const struct guild_exec_op *x, const struct guild_opref *opref,
	const struct guild_value *record, const struct guild_run *run, struct guild_error *err);

/* The directory of the project and the root of its source code, as a recorded operation tells. */
struct guild_source_place {
	const char *project_dir; /* or NULL; borrowed from the record */
	char *root;              /* absolute, or NULL */
	const char *dest;
};
void guild_source_place(const struct guild_value *record, struct guild_source_place *out);
void guild_source_place_fini(struct guild_source_place *p);

/* The command of a run that has its source code already. */
int guild_command_in_run(const struct guild_exec_world *world, const char *debug_sourcecode,
	const struct guild_value *record, const struct guild_value *flags,
	const struct guild_source_place *place, const struct guild_run *run,
	struct guild_command *out, struct guild_error *err);

/* Brings the records of a run that is started again up to date; `record` (attribute op) may change. */
int guild_restart_update(struct guild_run *run, const struct guild_exec_start *start,
	struct guild_arena *a, struct guild_value *record, const struct guild_value *flags,
	struct guild_error *err);
/* Whether Python operations list their packages (attribute pip_freeze). */
bool guild_packages_wanted(const struct guild_value *record, const struct guild_exec_world *world);
/* Moves a run to the trash, unless it lies outside the Guild home. */
int guild_delete_interim(const struct guild_run *run, const struct guild_exec_start *start,
	struct guild_error *err);

#endif
