/* Finding the flags of a script: cache, detection, and what depends on the place where the script lies. */

#include <stdlib.h>
#include <string.h>

#include "detect_private.h"

/* Passes messages on and keeps the warnings, which belong to the answer. */
struct recorder {
	const struct guild_log *log;
	struct guild_strs warnings;
};

static void record(void *arg, const char *level, const char *text)
{
	struct recorder *r = arg;
	if (strcmp(level, "warning") == 0) {
		guild_strs_add(&r->warnings, text);
	}
	guild_log(r->log, level, "%s", text);
}

/* A default that names a file beside the script must still name it from the run directory. */
static void resolve_paths(struct detection *d)
{
	char *dir = guild_path_dirname(d->script);
	for (size_t i = 0; i < d->flags.n; i++) {
		struct guild_flag_def *f = &d->flags.v[i];
		const char *text = f->def ? guild_value_text(f->def) : NULL;
		if (!text || !strchr(text, '/') || guild_path_is_abs(text)) {
			continue;
		}
		char *path = guild_path_abs(text, dir);
		if (guild_file_exists(path)) {
			f->def = guild_value_string(d->arena, path);
		}
		free(path);
	}
	free(dir);
}

int guild_flags_detect(struct guild_arena *a, const struct guild_detect_request *req,
	struct guild_detected *out, const struct guild_log *log, struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = guild_file_read(req->script, GUILD_PY_MAX_BYTES, &text, err);
	if (rc != 0) {
		guild_buf_fini(&text);
		return rc;
	}
	struct recorder recorder = {.log = log};
	struct guild_log recording = {record, &recorder};
	char *script = guild_path_abs(req->script, req->cwd);
	struct detection d = {
		.arena = a, .req = req, .log = &recording, .script = guild_arena_strdup(a, script)};
	char *path =
		req->cache_dir ? guild_detect_cache_path(req, script, guild_buf_str(&text)) : NULL;
	bool from_cache = path && !req->ignore_cache && guild_detect_cache_read(path, &d);
	if (!from_cache) {
		rc = guild_detect_script(&d, guild_buf_cstr(&text), text.n, err);
		if (rc == 0 && path) {
			guild_flag_defs_sort(&d.flags);
			guild_detect_cache_write(path, &d, &recorder.warnings);
		}
	}
	if (rc == 0) {
		resolve_paths(&d);
		guild_flag_defs_sort(&d.flags);
		for (size_t i = 0; i < d.flags.n; i++) {
			d.flags.v[i].source_module = d.script;
		}
		*out = (struct guild_detected){
			.flags_dest = guild_arena_strdup(a, d.flags_dest),
			.library = d.library,
			.asked = d.asked,
			.from_cache = from_cache,
			.flags = d.flags,
		};
	}
	free(path);
	free(script);
	guild_strs_fini(&recorder.warnings);
	guild_buf_fini(&text);
	return rc;
}
