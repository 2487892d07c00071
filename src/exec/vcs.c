/* The git state of a project: commit, whether the work tree differs from it, and how. */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

enum {
	GIT_TIMEOUT_MS = 60000,
	STATUS_MAX = 64 << 20,
};

static int run_git(const char *const *argv, const char *dir, size_t max,
	struct guild_proc_result *r, struct guild_error *err)
{
	int rc = guild_proc_run(argv, dir, NULL, max, GIT_TIMEOUT_MS, r, err);
	if (rc == 0 && r->exit_status != 0) {
		struct guild_str text = guild_str_trim(guild_buf_str(&r->err));
		rc = guild_error_set(err, GUILD_EIO, "git %s failed: %.*s", argv[2],
			GUILD_STR_FMT(text));
	}
	return rc;
}

/* One `git status` tells the commit and what changed; records end in NUL. Tracked changes start with '1', '2' or 'u'. */
static void read_status(const struct guild_buf *text, struct guild_vcs_state *out,
	bool *has_tracked_changes)
{
	static const char oid[] = "# branch.oid ";
	const char *end = text->p + text->n;
	for (const char *p = text->p; p && p < end; p += strlen(p) + 1) {
		if (guild_starts(p, oid)) {
			const char *commit = p + sizeof(oid) - 1;
			out->head = *commit == '(' ? NULL : guild_strdup(commit);
			out->commit = guild_strdup(out->head);
		} else if (*p != '#') {
			out->dirty = true;
			*has_tracked_changes = *has_tracked_changes || strchr("12u", *p) != NULL;
			if (*p == '2') { /* a rename: the old name is a record of its own */
				p += strlen(p) + 1;
			}
		}
	}
}

/* The reference records the last commit that touched the project's directory. */
static int read_dir_commit(const char *dir, struct guild_vcs_state *out, struct guild_error *err)
{
	static const char *const argv[] = {
		"git", "--no-optional-locks", "log", "-1", "--format=%H", "--", ".", NULL};
	struct guild_proc_result r = {0};
	int rc = run_git(argv, dir, STATUS_MAX, &r, err);
	struct guild_str commit = guild_str_trim(guild_buf_str(&r.out));
	if (rc == 0 && commit.n > 0) {
		free(out->commit);
		out->commit = guild_strndup(commit.p, commit.n);
	}
	guild_proc_result_fini(&r);
	return rc;
}

static int read_diff(const char *root, struct guild_vcs_state *out, struct guild_error *err)
{
	static const char *const argv[] = {"git", "--no-optional-locks", "diff", "HEAD", "--binary",
		"--no-color", "--no-ext-diff", "--no-textconv", NULL};
	struct guild_proc_result r = {0};
	int rc = run_git(argv, root, GUILD_VCS_DIFF_MAX, &r, err);
	if (rc == 0 && r.out.n >= GUILD_VCS_DIFF_MAX) {
		out->diff_too_large = true;
	} else if (rc == 0) {
		guild_buf_append(&out->diff, r.out.p, r.out.n);
	}
	guild_proc_result_fini(&r);
	return rc;
}

int guild_vcs_read(const char *dir, bool with_diff, struct guild_vcs_state *out,
	struct guild_error *err)
{
	static const char *const argv[] = {
		"git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "-z", NULL};
	memset(out, 0, sizeof(*out));
	char *root = guild_git_root(dir);
	if (!root) {
		return 0;
	}
	struct guild_proc_result r = {0};
	bool has_tracked_changes = false;
	int rc = run_git(argv, dir, STATUS_MAX, &r, err);
	if (rc == 0) {
		read_status(&r.out, out, &has_tracked_changes);
		char *real_dir = guild_path_real(dir);
		char *real_root = guild_path_real(root);
		if (out->commit && strcmp(real_dir, real_root) != 0) {
			rc = read_dir_commit(dir, out, err);
		}
		free(real_dir);
		free(real_root);
	}
	if (rc == 0 && with_diff && has_tracked_changes && out->commit) {
		rc = read_diff(root, out, err);
	}
	guild_proc_result_fini(&r);
	free(root);
	if (rc != 0) {
		guild_vcs_fini(out);
	}
	return rc;
}

void guild_vcs_fini(struct guild_vcs_state *v)
{
	free(v->commit);
	free(v->head);
	guild_buf_fini(&v->diff);
	memset(v, 0, sizeof(*v));
}
