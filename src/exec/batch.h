/* What the files of grid batches tell each other. */
#ifndef GUILD_EXEC_BATCH_H
#define GUILD_EXEC_BATCH_H

#include "stage.h"

/* The command that would run the batch again: its attribute cmd. */
void guild_batch_argv(const struct guild_exec_world *world, const struct guild_run *batch,
	struct guild_strs *out);

/* ---- trials ---- */

/* The prototype held in memory, so that a trial is written without reading anything. */
struct guild_trial_file {
	char *path; /* relative to the run */
	mode_t mode;
	struct guild_buf text;
	char *source; /* files too large to keep: copied from here */
};
struct guild_trial_maker {
	struct guild_arena *arena;
	const struct guild_exec_start *start;
	const struct guild_run *batch;
	struct guild_run proto;
	struct guild_trial_file *files;
	size_t n_files, cap;
	struct guild_strs dirs; /* parents first */
	const char *label_template;
	const struct guild_value *op; /* attribute op where trials differ in it, or NULL */
};
int guild_trial_maker_init(struct guild_trial_maker *m, const struct guild_run *batch,
	const struct guild_exec_start *start, struct guild_error *err);
void guild_trial_maker_fini(struct guild_trial_maker *m);
/* Makes one trial, pending, and links it from the batch. */
int guild_trial_make(struct guild_trial_maker *m, const struct guild_value *flags,
	struct guild_run *out, struct guild_error *err);

/* ---- the batch's own output ---- */

/* Files output and output.index of the batch: its messages and what its trials print; the scalars in it are its own, too. */
struct guild_batch_output {
	int output_fd;
	int index_fd;
	bool has_tail[2]; /* a line of that stream that has not ended yet */
	const struct guild_run *batch;
	unsigned serial;                      /* of the event file */
	struct guild_output_scalars *scalars; /* NULL: none are read */
	struct guild_event_writer *events;    /* NULL: none was found yet */
};
/* `scalars` (may be NULL) is taken over. */
void guild_batch_output_open(struct guild_batch_output *o, const struct guild_run *batch,
	unsigned serial, struct guild_output_scalars *scalars);
/* Returns 0: nothing that is printed stops a trial. */
int guild_batch_output_put(void *output, bool is_stderr, const char *p, size_t n);
void guild_batch_output_close(struct guild_batch_output *o);

#endif
