/* Inside the project room: reading attributes with errors that name the place. */
#ifndef GUILD_PROJECT_PRIVATE_H
#define GUILD_PROJECT_PRIVATE_H

#include <guild/project.h>

/* What every reading function needs; `file` is the name in messages. */
struct project_reader {
	struct guild_project *project;
	struct guild_arena *arena;
	const char *file;
	const struct guild_log *log;
	struct guild_error *err;
};

/* "FILE:LINE:COLUMN: …", returns GUILD_EINVALID. `at` may be NULL: no place. */
int project_fail(const struct project_reader *r, const struct guild_value *at, const char *fmt, ...)
	GUILD_PRINTF(3, 4);

/* Each reads one attribute of a mapping; a missing or null one leaves *out alone. */
int project_read_text(const struct project_reader *r, const struct guild_value *map,
	const char *key, const char **out);
int project_read_bool(const struct project_reader *r, const struct guild_value *map,
	const char *key, bool *out, bool *given);
int project_read_dict(const struct project_reader *r, const struct guild_value *map,
	const char *key, const struct guild_value **out);
/* A string becomes a one-item list, "[…]" is decoded, null is empty (guildfile.md 3). */
int project_read_list(const struct project_reader *r, const struct guild_value *map,
	const char *key, const struct guild_value **out);

/* Warns of attributes that look like misspelt known ones. `names` ends with NULL. */
void project_check_names(const struct project_reader *r, const struct guild_value *map,
	const char *what, const char *const *names);
/* Fails for attributes that a later version reads; they must not be passed over in silence. */
int project_refuse_later(const struct project_reader *r, const struct guild_value *map,
	const char *key);

/* One operation from its mapping (guildfile.md 4). */
int project_read_op(const struct project_reader *r, struct guild_model_def *model, const char *name,
	const struct guild_value *data, struct guild_op_def **out);

/* An operation for a script or program named on the command line; GUILD_ENOTFOUND when there is no such file. */
int project_from_script(const char *spec, const char *cwd, struct guild_project **out,
	struct guild_op_def **op, struct guild_error *err);

#endif
