/* Parts of reading a pipeline's steps. Private to project. */
#ifndef GUILD_PROJECT_STEPS_H
#define GUILD_PROJECT_STEPS_H

#include <guild/project.h>

struct steps_reader {
	struct guild_arena *a;
	const struct guild_steps_request *req;
	struct guild_map targets; /* "OP" of pipeline flags "OP:FLAG" -> struct step_flag */
	struct guild_error *err;
};

/* A flag of the pipeline that is meant for a step. */
struct step_flag {
	const char *name;
	const struct guild_value *value;
	struct step_flag *next;
};

/* "FILE:LINE:COLUMN: …"; returns GUILD_EINVALID. */
int steps_fail(const struct steps_reader *r, const struct guild_value *at, const char *fmt, ...)
	GUILD_PRINTF(3, 4);

/* ---- flags (steps_flags.c) ---- */

void steps_list_targets(struct steps_reader *r);
/* Sets flag_words and values of a step from its words, its `flags` and the pipeline's flags. */
int steps_read_flags(struct steps_reader *r, const struct guild_value *data,
	const struct guild_step_words *words, struct guild_step *step);
/* Text with ${FLAG} of the pipeline's flags; unknown names are kept. */
const char *steps_resolve_text(struct steps_reader *r, const char *text);

/* ---- order (steps_order.c) ---- */

/* Reads `after` of every step and refuses cycles. */
int steps_read_order(struct steps_reader *r, const struct guild_value *list,
	struct guild_steps *steps);

#endif
