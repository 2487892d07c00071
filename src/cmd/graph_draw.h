/* Drawings of a pipeline. Private to cmd/. */
#ifndef GUILD_CMD_GRAPH_DRAW_H
#define GUILD_CMD_GRAPH_DRAW_H

#include "cmd.h"

#include <guild/exec.h>

struct guild_drawing {
	const char *title; /* the pipeline */
	const struct guild_steps *steps;
	const struct guild_steps_graph *graph;
	const struct guild_step_status *status; /* of a run, or NULL */
};
/* One line for each step by layers: steps of a layer may run at the same time. */
void guild_draw_text(const struct guild_drawing *d, bool color, struct guild_buf *out);
/* For Graphviz. */
void guild_draw_dot(const struct guild_drawing *d, struct guild_buf *out);
/* Layers from left to right. */
void guild_draw_svg(const struct guild_drawing *d, struct guild_buf *out);
struct guild_value *guild_draw_json(const struct guild_drawing *d, struct guild_arena *a);

#endif
