/* What export, import and archive share. */
#ifndef GUILD_CMD_MOVE_CMD_H
#define GUILD_CMD_MOVE_CMD_H

#include "cmd.h"

extern const struct guild_opt guild_move_opts[]; /* --replace, --skip-differing */

/* What may come out of an archive (GUILD_UNPACK_MAX). */
int64_t guild_cmd_unpack_max(const struct guild_ctx *ctx);
/* Opens a place, with progress. */
int guild_cmd_open_place(struct guild_ctx *ctx, const char *path, struct guild_run_place *out,
	struct guild_error *err);

struct guild_move_action {
	const char *done; /* "Exported %zu run(s) to %s" by `verb` and `to` */
	const char *preposition;
	const char *list_key; /* of the JSON: "exported" */
	const char *shown;    /* the place as it was typed */
	int (*act)(const struct guild_move_request *req, struct guild_move_result *result,
		struct guild_error *err);
};
/* Does it, with progress, a line for each run and the count at the end; --json as data instead. Returns the exit code. */
int guild_cmd_move(struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_move_action *action, struct guild_move_request *req);
/* For --copy-resources: asks whether links are really to be replaced by what they lead to. 0: go on; else the exit code. */
int guild_cmd_confirm_resources(const struct guild_ctx *ctx, const struct guild_args *args);

/* guild import ARCHIVE. */
extern const struct guild_opt guild_import_archive_opts[];
int guild_cmd_import_archive(struct guild_ctx *ctx, const struct guild_args *args);

#endif
