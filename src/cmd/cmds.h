/* Every command of this program, sorted by name: X(identifier) stands for `guild_cmd_identifier`, blanks written as '_'. */
#ifndef GUILD_CMD_CMDS_H
#define GUILD_CMD_CMDS_H

#include "cmd.h"

/* A command more is a line more: nothing is aligned here. */
/* clang-format off */
#define GUILD_CMDS(X) \
	X(api) \
	X(api_compare) \
	X(api_help_op) \
	X(api_merge) \
	X(api_ops) \
	X(api_runs) \
	X(archive) \
	X(attr) \
	X(cat) \
	X(check) \
	X(checkpoints) \
	X(comment) \
	X(compare) \
	X(completion) \
	X(diff) \
	X(disk) \
	X(download) \
	X(explain) \
	X(explain_diff) \
	X(export) \
	X(gc) \
	X(graph) \
	X(help) \
	X(import) \
	X(importance) \
	X(init) \
	X(label) \
	X(ls) \
	X(mark) \
	X(merge) \
	X(models) \
	X(open) \
	X(operations) \
	X(optimizer) \
	X(optimizer_ask_tell) \
	X(optimizer_batch) \
	X(optimizer_list) \
	X(optimizer_trial) \
	X(plot) \
	X(publish) \
	X(queue) \
	X(queue_drain) \
	X(queue_pause) \
	X(queue_resize) \
	X(queue_resume) \
	X(queue_status) \
	X(queue_stop) \
	X(reproduce) \
	X(run) \
	X(run_claimed) \
	X(run_queue) \
	X(run_steps) \
	X(runs) \
	X(runs_delete) \
	X(runs_info) \
	X(runs_list) \
	X(runs_purge) \
	X(runs_restore) \
	X(runs_search) \
	X(select) \
	X(shell) \
	X(stop) \
	X(sys) \
	X(sys_s3_sync) \
	X(sys_s3_sync_start) \
	X(sys_s3_sync_status) \
	X(sys_s3_sync_stop) \
	X(sys_shutdown_timer) \
	X(sys_shutdown_timer_start) \
	X(sys_shutdown_timer_status) \
	X(sys_shutdown_timer_stop) \
	X(tag) \
	X(tensorflow) \
	X(tensorflow_inspect) \
	X(watch)
/* clang-format on */

/* Commands of Guild AI that a later version will have: naming one says so. */
extern const char *const guild_later_cmds[]; /* sorted, NULL-terminated */

/* The command that argv begins with; *taken is how many words name it (1 or 2). NULL: err says why. */
const struct guild_cmd *guild_cmd_resolve(char *const *argv, size_t n, size_t *taken,
	struct guild_error *err);
/* True when commands "NAME …" exist. */
bool guild_cmd_is_group(const char *name);
/* Walks the names of a command: its own, then the aliases. *pos starts at 0. */
bool guild_cmd_next_name(const struct guild_cmd *cmd, size_t *pos, struct guild_str *name);

#endif
