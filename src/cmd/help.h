/* Help texts made from the table of commands. Private to cmd/. */
#ifndef GUILD_CMD_HELP_H
#define GUILD_CMD_HELP_H

#include "cmd.h"

enum { GUILD_HELP_WIDTH = 80 };

/* Help of one command (and the commands below it); `cmd` NULL: of the program. Lines are at most `width` columns. */
void guild_help_text(const struct guild_cmd *cmd, size_t width, struct guild_buf *out);
/* The same as one JSON object: version, usage {prog, args}, help, options [{term, help}], commands. */
struct guild_value *guild_help_json(struct guild_arena *a, const struct guild_cmd *cmd);
/* Prints help on stdout as the environment asks (GUILD_HELP_JSON, COLUMNS). */
void guild_help_print(char **environ_, const struct guild_cmd *cmd);

/* Appends the words of `text`, wrapped to `width` columns with each line at `indent`; the cursor stands at column `at` already. */
void guild_help_wrap(struct guild_buf *out, struct guild_str text, size_t indent, size_t at,
	size_t width);

/* "-l, --label LABEL", "--x / --no-x" */
void guild_help_option_term(const struct guild_opt *opt, struct guild_buf *out);
/* "[OPTIONS] [RUN]..." */
void guild_help_args(const struct guild_cmd *cmd, struct guild_buf *out);
/* "operations, ops": the last word of the name, then the aliases of the same level. */
void guild_help_command_term(const struct guild_cmd *cmd, struct guild_buf *out);
/* Heading over one option table of a command. */
const char *guild_help_table_heading(const struct guild_opt *table);
/* True for tables and options worth showing. */
bool guild_help_shows_table(const struct guild_opt *table);
/* True when `cmd` is listed under `parent` ("" for the top level). */
bool guild_help_is_child(const struct guild_cmd *cmd, const char *parent);

extern const char guild_help_program[]; /* what the program is, one paragraph */
extern const struct guild_opt guild_global_opts[];
/* The program itself as a command without a name: its options are the global ones. */
extern const struct guild_cmd guild_program;
extern const char *const guild_cmd_groups[]; /* in the order of `guild --help`, NULL-terminated */

#endif
