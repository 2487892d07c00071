/* Recorded hashes of inputs that the manifest does not have: directories. */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

/* A directory that is the source itself, not a part of an archive. */
static bool is_whole_source(const struct guild_manifest *m, const char *path)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].kind == 'd' && strcmp(m->v[i].path, path) == 0) {
			return strcmp(m->v[i].sha1, "-") == 0 && !m->v[i].subpath;
		}
	}
	return false;
}

/* A source that is one directory, as a whole: its hash is over what is in it. */
static void verify_input(const struct guild_run *r, const struct guild_manifest *m,
	const struct guild_input *in, struct guild_findings *out)
{
	const char *target = in->targets[0];
	char hex[41] = "";
	int64_t size;
	struct guild_error err = {0};
	if (!target || in->targets[1] || !in->sha1[0] || !guild_starts(in->uri, "file:") ||
		!guild_path_is_beneath(target) || !is_whole_source(m, target)) {
		return;
	}
	char *path = guild_path_join(r->dir, target);
	if (guild_is_dir(path)) {
		if (guild_content_sha1(path, NULL, hex, &size, &err) != 0) {
			guild_findings_add(out, "input", r, path, guild_strdup(err.text));
		} else if (strcmp(hex, in->sha1) != 0) {
			guild_findings_add(out, "input", r, path,
				guild_format("is not what it was: hash %.12s…, recorded %.12s…",
					hex, in->sha1));
		}
	}
	free(path);
}

void guild_exec_verify_inputs(void *arg, const struct guild_run *r, struct guild_findings *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_inputs inputs = {0};
	struct guild_manifest manifest = {0};
	(void)arg;
	if (guild_run_inputs(r, a, &inputs, NULL) == 0 &&
		guild_manifest_read(r, a, &manifest, NULL, NULL) == 0) {
		for (size_t i = 0; i < inputs.n; i++) {
			verify_input(r, &manifest, &inputs.v[i], out);
		}
	}
	guild_arena_free(a);
}
