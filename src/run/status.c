/* The status of a run, read from its files. */

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_private.h"

enum { REMOTE_NAME_MAX_BYTES = 4096 };

static const char *const status_names[] = {
	[GUILD_RUN_RUNNING] = "running",
	[GUILD_RUN_COMPLETED] = "completed",
	[GUILD_RUN_ERROR] = "error",
	[GUILD_RUN_TERMINATED] = "terminated",
	[GUILD_RUN_PENDING] = "pending",
	[GUILD_RUN_STAGED] = "staged",
};

const char *guild_run_status_name(enum guild_run_status s)
{
	return status_names[s];
}

int guild_run_status_parse(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(status_names); i++) {
		if (strcmp(status_names[i], name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static bool has_file(const struct guild_run *r, const char *name)
{
	char *path = guild_run_file(r, name);
	bool has = access(path, F_OK) == 0;
	free(path);
	return has;
}

static bool read_remote(const struct guild_run *r, char **remote)
{
	char *path = guild_run_file(r, "LOCK.remote");
	struct guild_buf text = {0};
	bool is_remote = guild_file_read(path, REMOTE_NAME_MAX_BYTES, &text, NULL) == 0;
	if (is_remote && remote != NULL) {
		struct guild_str name = guild_str_trim(guild_buf_str(&text));
		*remote = guild_strndup(name.p, name.n);
	}
	guild_buf_fini(&text);
	free(path);
	return is_remote;
}

static bool is_fresh(const char *path, int64_t now_s)
{
	struct stat st;
	return stat(path, &st) == 0 && now_s - (int64_t)st.st_mtime <= GUILD_LOCK_HEARTBEAT_S;
}

/* Whether somebody wrote to the run lately: all that can be said of a process on another machine. */
static bool has_heartbeat(const struct guild_run *r)
{
	static const char *const names[] = {"LOCK.info", "output", "output.index"};
	int64_t now_s = guild_now_us() / 1000000;
	bool is_alive = false;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names) && !is_alive; i++) {
		char *path = guild_run_file(r, names[i]);
		is_alive = is_fresh(path, now_s);
		free(path);
	}
	char *sys_dir = guild_run_file(r, "sys");
	struct guild_strs files = {0};
	if (!is_alive && guild_dir_list(sys_dir, &files, NULL) == 0) {
		for (size_t i = 0; i < files.n && !is_alive; i++) {
			char *path = guild_path_join(sys_dir, files.v[i]);
			is_alive = is_fresh(path, now_s);
			free(path);
		}
	}
	guild_strs_fini(&files);
	free(sys_dir);
	return is_alive;
}

enum guild_run_status guild_run_status(const struct guild_run *r, char **remote)
{
	if (remote != NULL) {
		*remote = NULL;
	}
	if (read_remote(r, remote)) {
		return GUILD_RUN_RUNNING;
	}
	if (has_file(r, "PENDING")) {
		return GUILD_RUN_PENDING;
	}
	if (has_file(r, "STAGED")) {
		return GUILD_RUN_STAGED;
	}
	pid_t pid;
	enum guild_run_process process = guild_run_find_process(r, &pid, NULL);
	/* Guild AI 0.9.0 asks for exit_status first, so that a run it restarted shows its former end until the new one. */
	if (process == GUILD_PROCESS_OURS) {
		return GUILD_RUN_RUNNING;
	}
	int64_t exit_status = guild_run_attr_i64(r, "exit_status", INT64_MIN);
	if (exit_status != INT64_MIN) {
		return exit_status == 0  ? GUILD_RUN_COMPLETED
		       : exit_status < 0 ? GUILD_RUN_TERMINATED
					 : GUILD_RUN_ERROR;
	}
	if (process == GUILD_PROCESS_MAYBE || (process == GUILD_PROCESS_AWAY && has_heartbeat(r))) {
		return GUILD_RUN_RUNNING;
	}
	return GUILD_RUN_ERROR;
}
