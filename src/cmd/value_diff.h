/* What differs between two values, for people. Private to cmd/. */
#ifndef GUILD_CMD_VALUE_DIFF_H
#define GUILD_CMD_VALUE_DIFF_H

#include "cmd.h"

/* Appends one line for each key of two mappings (NULL: none) that differs: "- KEY: OLD", "+ KEY: NEW", "~ KEY: OLD -> NEW"; below a
 * line "~ KEY:" what differs inside mappings and lists, two blanks further in. Keys are sorted. Returns the count of lines. */
size_t guild_value_diff(struct guild_buf *out, const struct guild_value *old,
	const struct guild_value *new, bool color);

#endif
