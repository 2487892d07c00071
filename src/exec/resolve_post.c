/* Attribute post-process of a source: a command in the directory its file was unpacked to (resources.md 4.4). */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "resolve.h"

enum { POST_OUTPUT_MAX = 1 << 20, SHOWN_MAX = 200 };

/* ---- the command ------------------------------------------------------------------------------------------ */

/* A path as it has to stand where it is: bare, in double quotes or in single quotes. */
static void put_quoted(struct guild_buf *out, const char *path, char quote)
{
	if (!quote) {
		guild_shlex_quote(out, path);
	}
	for (const char *c = path; quote && *c; c++) {
		if (quote == '\'' && *c == '\'') {
			guild_buf_puts(out, "'\\''");
		} else {
			guild_buf_puts(out, quote == '"' && strchr("\\\"$`", *c) ? "\\" : "");
			guild_buf_putc(out, *c);
		}
	}
}

/* Appends the path of $(project-src PATH): below the project, else below one of its packages. */
static int put_project_src(struct guild_resolving *r, struct guild_str path, char quote,
	struct guild_buf *out, struct guild_error *err)
{
	char *name = guild_strndup(path.p, path.n);
	bool is_there = false;
	for (size_t i = 0; r->dirs[i] && !is_there; i++) {
		char *full = guild_path_abs(name, r->dirs[i]);
		is_there = guild_file_exists(full);
		if (is_there) {
			put_quoted(out, full, quote);
		}
		free(full);
	}
	int rc = is_there ? 0
			  : guild_error_set(err, GUILD_ENOTFOUND,
				    "$(project-src %s): cannot find '%s' in '%s'", name, name,
				    r->dirs[0] ? r->dirs[0] : ".");
	free(name);
	return rc;
}

static int make_command(struct guild_resolving *r, struct guild_buf *out, struct guild_error *err)
{
	static const char call[] = "$(project-src ";
	char quote = '\0';
	int rc = 0;
	for (const char *p = r->source->post_process; *p && rc == 0;) {
		const char *end = guild_starts(p, call) ? strchr(p, ')') : NULL;
		if (end) {
			const char *path = p + strlen(call);
			rc = put_project_src(r,
				guild_str_trim(guild_str_n(path, (size_t)(end - path))), quote, out,
				err);
			p = end + 1;
			continue;
		}
		if (*p == '\\' && p[1] && quote != '\'') {
			guild_buf_putc(out, *p++);
		} else if ((*p == '"' || *p == '\'') && (!quote || quote == *p)) {
			quote = quote ? '\0' : *p;
		}
		guild_buf_putc(out, *p == '\n' ? ' ' : *p);
		p++;
	}
	return rc;
}

/* ---- running it ---------------------------------------------------------------------------------------------- */

static void show(const struct guild_log *log, const struct guild_buf *output)
{
	struct guild_str text = guild_str_trim(guild_buf_str(output));
	if (text.n > 0) {
		guild_log(log, "info", "%.*s", GUILD_STR_FMT(text));
	}
}

static struct guild_str last_line(const struct guild_buf *output)
{
	struct guild_str text = guild_str_trim(guild_buf_str(output));
	const char *end = text.n ? memrchr(text.p, '\n', text.n) : NULL;
	if (end) {
		text = guild_str_n(end + 1, (size_t)(text.p + text.n - end - 1));
	}
	text.n = text.n < SHOWN_MAX ? text.n : SHOWN_MAX;
	return text;
}

static int run(struct guild_resolving *r, const char *command, const char *work_dir,
	struct guild_error *err)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	const struct guild_log *log = r->req->world->log;
	struct guild_proc_result done = {0};
	guild_log(log, "info", "Post-processing %s in %s: %s", r->resource->name, work_dir,
		command);
	int rc = guild_proc_run(argv, work_dir, r->req->world->env, POST_OUTPUT_MAX, 0, &done, err);
	if (rc == 0) {
		show(log, &done.out);
		show(log, &done.err);
	}
	if (rc == 0 && done.exit_status != 0) {
		struct guild_str said = last_line(done.err.n ? &done.err : &done.out);
		rc = guild_error_set(err, GUILD_EIO, "post-process failed (%s %d)%s%.*s",
			done.exit_status < 0 ? "signal" : "exit",
			done.exit_status < 0 ? -done.exit_status : done.exit_status,
			said.n ? ": " : "", GUILD_STR_FMT(said));
	}
	guild_proc_result_fini(&done);
	return rc;
}

/* ---- once --------------------------------------------------------------------------------------------------------- */

/* What the file was processed to belongs to the file as it was. */
static bool is_done(const char *marker, const char *path)
{
	struct stat m;
	struct stat st;
	if (stat(marker, &m) != 0 || stat(path, &st) != 0) {
		return false;
	}
	return m.st_mtim.tv_sec > st.st_mtim.tv_sec ||
	       (m.st_mtim.tv_sec == st.st_mtim.tv_sec && m.st_mtim.tv_nsec >= st.st_mtim.tv_nsec);
}

static int touch(const char *marker, struct guild_error *err)
{
	int rc = guild_file_remove(marker, err);
	return rc ? rc : guild_file_touch(marker, err);
}

int guild_resolve_post_process(struct guild_resolving *r, const char *path, const char *work_dir,
	struct guild_error *err)
{
	struct guild_buf command = {0};
	struct guild_lock lock = {0};
	char hex[65];
	int rc = make_command(r, &command, err);
	/* The marker of 0.9.0: what either has done, the other does not do again. */
	guild_digest_bytes(GUILD_SHA1, guild_buf_cstr(&command), command.n, hex);
	char *marker = guild_format("%s/.guild-cache-%s.post", work_dir, hex);
	char *lock_path = guild_format("%s/.guild-cache-%s.lock", work_dir, hex);
	if (rc == 0 && !is_done(marker, path)) {
		rc = guild_mkdirs(work_dir, err);
		rc = rc ? rc : guild_lock_take(&lock, lock_path, true, err);
		if (rc == 0 && !is_done(marker, path)) {
			rc = run(r, guild_buf_cstr(&command), work_dir, err);
			rc = rc ? rc : touch(marker, err);
		}
		guild_lock_release(&lock);
	}
	free(marker);
	free(lock_path);
	guild_buf_fini(&command);
	return rc;
}
