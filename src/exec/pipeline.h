/* Parts of running a pipeline: its log, one step's process, checks. Private to exec. */
#ifndef GUILD_EXEC_PIPELINE_H
#define GUILD_EXEC_PIPELINE_H

#include "exec_private.h"
#include "supervise.h"

/* ---- the log (pipeline_log.c): docs/formats/pipeline-state.md ------------------------------------------- */

/* What is known of a step from an earlier attempt. */
struct guild_step_record {
	char *run_id;   /* NULL: it was never started */
	char hash[33];  /* of what it was to run; "" when nothing tells */
	bool is_done;   /* checks included */
	bool is_reused; /* the run is one from before (--needed) */
};
struct guild_pipeline_log {
	char *dir; /* RUN/.guild/pipeline */
	int fd;    /* the log, appended to */
	int lock_fd;
};
/* Opens the log of a pipeline's run and fills a record for each step. GUILD_EBUSY: another process runs this pipeline. Runs linked by Guild AI 0.9.0, which keeps no log, are taken over. */
int guild_pipeline_log_open(struct guild_pipeline_log *log, const struct guild_run *run,
	const struct guild_steps *steps, struct guild_step_record *records,
	struct guild_error *err);
/* Every step is to be run anew: a pipeline that ended well is started again. */
int guild_pipeline_forget(const struct guild_run *run, struct guild_error *err);
/* Fills the records alone. */
int guild_pipeline_log_read(const struct guild_run *run, const struct guild_steps *steps,
	struct guild_step_record *records, struct guild_error *err);
/* Appends one line of shell-quoted words. */
int guild_pipeline_log_write(struct guild_pipeline_log *log, const char *const *words, size_t n,
	struct guild_error *err);
void guild_pipeline_log_close(struct guild_pipeline_log *log);

/* ---- one step (pipeline_step.c) ------------------------------------------------------------------------------ */

/* Lines of one stream of a step, held until they are whole. */
struct guild_step_stream {
	int fd; /* -1: none, or at its end */
	struct guild_buf line;
};
struct guild_step_process {
	size_t step;
	struct guild_program program;
	struct guild_step_stream streams
		[2];     /* standard output and error; unused where they are the pipeline's own */
	bool is_adopted; /* an earlier attempt's: we wait for it */
};

struct guild_step_start {
	const struct guild_pipeline_request *req;
	const struct guild_step *step;
	const char *run_dir;
	const char *file; /* of the step: its values; locked while it runs */
	bool is_restart;
	bool has_pipes;
	const struct guild_signals *signals;
};
int guild_step_start(const struct guild_step_start *s, struct guild_step_process *out,
	struct guild_error *err);
/* Of everything that decides what the step does. */
void guild_step_hash(const struct guild_step *step, char out[33]);
/* Passes on what can be read: whole lines, "NAME | " before each with `prefix`. `is_end`: what is left, too. */
void guild_step_pass_output(struct guild_step_process *p, const char *prefix, bool is_end);
/* True while a process of an earlier attempt is at the step's file. */
bool guild_step_file_is_locked(const char *file);

/* ---- checks (pipeline_checks.c) --------------------------------------------------------------------------------- */

/* Looks at a run by the step's conditions; each failure is said to `log`. Returns how many failed. */
size_t guild_step_check(const struct guild_step *step, const char *run_dir, char *const *env,
	const struct guild_log *log);

#endif
