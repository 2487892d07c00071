/* What guild compare --fail-if says, in its formats. Private to cmd/. */
#ifndef GUILD_CMD_GATE_REPORT_H
#define GUILD_CMD_GATE_REPORT_H

#include "cmd.h"

/* "train.py lr=0.1": operation and label of a run, for people; appended. */
void guild_gate_put_run(struct guild_buf *out, const struct guild_run *r);
/* "2 of 3 runs failed", "3 runs passed" */
void guild_gate_put_summary(struct guild_buf *out, const struct guild_gate *g);
/* Why a check failed: "acc is 0.85, base 0.9"; "acc is missing". */
void guild_gate_put_reason(struct guild_buf *out, const struct guild_gate_check *check);
/* Figures of all runs as a table: run, figure, base, value, change, condition, verdict. Lives in `a`. */
struct guild_grid guild_gate_grid(struct guild_arena *a, const struct guild_gate *g);

void guild_gate_put_markdown(struct guild_buf *out, const struct guild_gate *g);
void guild_gate_put_json(struct guild_buf *out, const struct guild_gate *g);
/* As Jenkins, GitLab and GitHub's reporters read it: a suite a run, a case a condition. */
void guild_gate_put_junit(struct guild_buf *out, const struct guild_gate *g);

#endif
