/* R source: its literals and its "#|" lines. Private to the room. */
#ifndef GUILD_R_CODE_H
#define GUILD_R_CODE_H

#include "code_flags.h"

/* ---- r_text.c ---- */

/* Reads a text that is one literal: value, type and what kind it is. False when it is none. */
bool guild_r_read_literal(struct guild_arena *a, struct guild_str text, struct code_flag *f);
/* The block of "#|" lines that starts a script, before any code and not (by a line between) for a flag; empty when there is none. */
struct guild_span guild_r_front_lines(struct guild_str text);
/* The block of "#|" lines right above the line of `at`. */
struct guild_span guild_r_lines_above(struct guild_str text, size_t at);
/* What stands after "#|" in each of these lines. */
void guild_r_pipe_yaml(struct guild_str lines, struct guild_buf *out);

#endif
