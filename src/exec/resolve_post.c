/* Attribute post-process of a source: a command in the directory its file was unpacked to (resources.md 4.4). */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

enum { POST_OUTPUT_MAX = 1 << 20 };

/* Appends the path of $(project-src PATH): below the project, else below one of its packages. */
static int put_project_src(struct guild_resolving *r, struct guild_str path, struct guild_buf *out,
	struct guild_error *err)
{
	char *name = guild_strndup(path.p, path.n);
	for (size_t i = 0; r->dirs[i]; i++) {
		char *full = guild_path_abs(name, r->dirs[i]);
		bool is_there = guild_file_exists(full);
		if (is_there) {
			guild_buf_puts(out, full);
		}
		free(full);
		if (is_there) {
			free(name);
			return 0;
		}
	}
	int rc =
		guild_error_set(err, GUILD_ENOTFOUND, "$(project-src %s): cannot find '%s' in '%s'",
			name, name, r->dirs[0] ? r->dirs[0] : ".");
	free(name);
	return rc;
}

static int make_command(struct guild_resolving *r, struct guild_buf *out, struct guild_error *err)
{
	static const char call[] = "$(project-src ";
	int rc = 0;
	for (const char *p = r->source->post_process; *p && rc == 0;) {
		const char *end = guild_starts(p, call) ? strchr(p, ')') : NULL;
		if (end) {
			const char *path = p + strlen(call);
			rc = put_project_src(r,
				guild_str_trim(guild_str_n(path, (size_t)(end - path))), out, err);
			p = end + 1;
		} else {
			guild_buf_putc(out, *p == '\n' ? ' ' : *p);
			p++;
		}
	}
	return rc;
}

static int run(struct guild_resolving *r, const char *command, const char *work_dir,
	struct guild_error *err)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	struct guild_proc_result done = {0};
	int rc = guild_proc_run(argv, work_dir, r->req->world->env, POST_OUTPUT_MAX, 0, &done, err);
	if (rc == 0 && done.exit_status != 0) {
		struct guild_str said = guild_str_trim(guild_buf_str(&done.err));
		rc = guild_error_set(err, GUILD_EIO,
			"post-process '%s' of resource '%s' failed (exit %d)%s%.*s", command,
			r->resource->name, done.exit_status, said.n ? ": " : "",
			(int)(said.n < 500 ? said.n : 500), said.p ? said.p : "");
	}
	guild_proc_result_fini(&done);
	return rc;
}

int guild_resolve_post_process(struct guild_resolving *r, const char *work_dir,
	struct guild_error *err)
{
	struct guild_buf command = {0};
	char hex[65];
	int rc = make_command(r, &command, err);
	if (rc == 0) {
		/* The marker of 0.9.0: what either has done, the other does not do again. */
		guild_digest_bytes(GUILD_SHA1, command.p, command.n, hex);
		char *marker = guild_format("%s/.guild-cache-%s.post", work_dir, hex);
		if (!guild_file_exists(marker)) {
			rc = guild_mkdirs(work_dir, err);
			rc = rc ? rc : run(r, guild_buf_cstr(&command), work_dir, err);
			rc = rc ? rc : guild_file_touch(marker, err);
		}
		free(marker);
	}
	guild_buf_fini(&command);
	return rc;
}
