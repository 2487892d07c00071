/* What `pip freeze` prints for editable installs: the commit and remote of their git repository, read from its files. */

#include <stdlib.h>
#include <string.h>

#include "exec_private.h"

enum { GIT_FILE_MAX = 16 << 20, REF_DEPTH_MAX = 5 };

char *guild_git_root(const char *dir)
{
	char *at = guild_path_abs(dir, NULL);
	for (;;) {
		char *git = guild_path_join(at, ".git");
		bool found = guild_file_exists(git);
		free(git);
		if (found) {
			return at;
		}
		if (strcmp(at, "/") == 0) {
			free(at);
			return NULL;
		}
		char *up = guild_path_dirname(at);
		free(at);
		at = up;
	}
}

static char *read_trimmed(const char *dir, const char *name)
{
	char *path = guild_path_join(dir, name);
	struct guild_buf text = {0};
	char *out = NULL;
	if (guild_file_read(path, GIT_FILE_MAX, &text, NULL) == 0) {
		struct guild_str s = guild_str_trim(guild_buf_str(&text));
		out = guild_strndup(s.p ? s.p : "", s.n);
	}
	free(path);
	guild_buf_fini(&text);
	return out;
}

/* The repository's own directory; `common` is where refs and config are (they differ in linked worktrees). */
static char *git_dir(const char *root, char **common)
{
	char *git = guild_path_join(root, ".git");
	if (guild_is_file(git)) {
		char *text = read_trimmed(root, ".git");
		char *dir = text && guild_starts(text, "gitdir: ") ? guild_path_join(root, text + 8)
								   : NULL;
		free(text);
		free(git);
		git = dir;
	}
	char *shared = git ? read_trimmed(git, "commondir") : NULL;
	*common = shared ? guild_path_join(git, shared) : guild_strdup(git);
	free(shared);
	return git;
}

/* The commit of a ref in packed-refs: lines "SHA NAME". */
static char *packed_ref(const char *common, const char *ref)
{
	char *text = read_trimmed(common, "packed-refs");
	char *found = NULL;
	for (const char *p = text; p && *p && !found;) {
		size_t n = strcspn(p, "\n");
		if (n > 41 && p[40] == ' ' && n - 41 == strlen(ref) &&
			strncmp(p + 41, ref, n - 41) == 0) {
			found = guild_strndup(p, 40);
		}
		p += n + (p[n] == '\n');
	}
	free(text);
	return found;
}

static char *head_commit(const char *git, const char *common)
{
	char *value = read_trimmed(git, "HEAD");
	for (int depth = 0; value && guild_starts(value, "ref: ") && depth < REF_DEPTH_MAX;
		depth++) {
		char *ref = guild_strdup(value + 5);
		free(value);
		value = guild_path_is_beneath(ref) ? read_trimmed(git, ref) : NULL;
		if (!value && guild_path_is_beneath(ref)) {
			value = read_trimmed(common, ref);
		}
		if (!value) {
			value = packed_ref(common, ref);
		}
		free(ref);
	}
	if (value && strspn(value, "0123456789abcdef") != strlen(value)) {
		free(value);
		value = NULL;
	}
	return value;
}

/* URL of remote "origin", else of the first remote. */
static char *remote_url(const char *common)
{
	char *text = read_trimmed(common, "config");
	char *url = NULL;
	bool in_remote = false;
	bool is_origin = false;
	for (const char *p = text; p && *p;) {
		size_t n = strcspn(p, "\n");
		struct guild_str line = guild_str_trim(guild_str_n(p, n));
		if (guild_str_starts(line, "[")) {
			in_remote = guild_str_starts(line, "[remote \"");
			is_origin = guild_str_starts(line, "[remote \"origin\"]");
		} else if (in_remote && guild_str_starts(line, "url") && (!url || is_origin)) {
			struct guild_str rest = guild_str_trim(guild_str_n(line.p + 3, line.n - 3));
			if (guild_str_starts(rest, "=")) {
				rest = guild_str_trim(guild_str_n(rest.p + 1, rest.n - 1));
				free(url);
				url = guild_strndup(rest.p, rest.n);
			}
		}
		p += n + (p[n] == '\n');
	}
	free(text);
	return url;
}

/* What pip accepts as a URL: with a scheme, a local path, or user@host:path rewritten. NULL: none of these. */
static char *pip_url(const char *url)
{
	if (strstr(url, "://")) {
		return guild_strdup(url);
	}
	if (guild_file_exists(url)) {
		return guild_format("file://%s", url);
	}
	const char *colon = strchr(url, ':');
	if (colon && colon > url && colon[1]) {
		return guild_format("ssh://%.*s/%s", (int)(colon - url), url, colon + 1);
	}
	return NULL;
}

static void add_requirement(const char *root, const char *location, const char *commit,
	const char *url, const char *name, struct guild_strs *out)
{
	struct guild_buf b = {0};
	guild_buf_printf(&b, "-e %s%s@%s#egg=", guild_starts(url, "git+") ? "" : "git+", url,
		commit);
	for (const char *p = name; *p; p++) {
		guild_buf_putc(&b, *p == '-' ? '_' : *p);
	}
	if (strcmp(root, location) != 0) {
		char *rel = guild_path_rel(location, root);
		guild_buf_printf(&b, "&subdirectory=%s", rel);
		free(rel);
	}
	guild_strs_take(out, guild_buf_take(&b));
}

void guild_editable_lines(const char *location, const char *name, const char *display,
	struct guild_strs *out)
{
	char *root = guild_git_root(location);
	char *common = NULL;
	char *git = root ? git_dir(root, &common) : NULL;
	char *commit = git ? head_commit(git, common) : NULL;
	char *remote = git ? remote_url(common) : NULL;
	char *url = remote ? pip_url(remote) : NULL;
	if (!git) {
		guild_strs_addf(out, "# Editable install with no version control (%s)", display);
	} else if (!remote) {
		guild_strs_addf(out, "# Editable Git install with no remote (%s)", display);
	} else if (!url) {
		guild_strs_addf(out,
			"# Editable Git install (%s) with either a deleted local remote or invalid URI:",
			display);
		guild_strs_addf(out, "# '%s'", remote);
	} else if (!commit) {
		guild_strs_add(out, "## !! Could not determine repository location");
	}
	if (url && commit) {
		add_requirement(root, location, commit, url, name, out);
	} else {
		guild_strs_addf(out, "-e %s", location);
	}
	free(root);
	free(common);
	free(git);
	free(commit);
	free(remote);
	free(url);
}
