/* Small DVC repositories inside of runs: for `dvc pull` of a file, and for `dvc repro` of a stage. */

#include <stdlib.h>
#include <string.h>

#include "resolve.h"

enum { CONFIG_MAX = 1 << 20 };

char *guild_dvc_root(const char *dir)
{
	char *at = guild_strdup(dir);
	while (*at && strcmp(at, "/") != 0) {
		char *config = guild_path_join(at, ".dvc/config");
		bool is_root = guild_is_file(config);
		free(config);
		if (is_root) {
			return at;
		}
		char *up = guild_path_dirname(at);
		free(at);
		at = up;
	}
	free(at);
	return NULL;
}

/* ---- configuration ------------------------------------------------------------------------------------------ */

/* `key = value` of one line; false for anything else. */
static bool split_setting(struct guild_str line, struct guild_str *key, struct guild_str *value)
{
	const char *eq = line.n ? memchr(line.p, '=', line.n) : NULL;
	if (!eq) {
		return false;
	}
	*key = guild_str_trim(guild_str_n(line.p, (size_t)(eq - line.p)));
	*value = guild_str_trim(guild_str_n(eq + 1, line.n - (size_t)(eq - line.p) - 1));
	return true;
}

static bool is_relative_path(struct guild_str value)
{
	return value.n > 0 && value.p[0] != '/' && value.p[0] != '~' && value.p[0] != '"' &&
	       value.p[0] != '\'' && !memmem(value.p, value.n, "://", 3);
}

/* DVC takes paths in a configuration relative to its file, and the copy lies elsewhere. How the cache is linked is left out: what is
 * pulled must be a file of its own. */
static void put_line(const char *root, struct guild_str line, struct guild_buf *out)
{
	struct guild_str key;
	struct guild_str value;
	bool is_setting = split_setting(line, &key, &value);
	if (is_setting && (guild_str_eqz(key, "type") || guild_str_eqz(key, "no_scm") ||
				  guild_str_eqz(key, "autostage"))) {
		return;
	}
	if (is_setting && (guild_str_eqz(key, "url") || guild_str_eqz(key, "dir")) &&
		is_relative_path(value)) {
		char *text = guild_strndup(value.p, value.n);
		char *joined = guild_path_join3(root, ".dvc", text);
		char *path = guild_path_normalize(joined);
		guild_buf_printf(out, "    %.*s = %s\n", GUILD_STR_FMT(key), path);
		free(text);
		free(joined);
		free(path);
		return;
	}
	guild_buf_append(out, line.p, line.n);
	guild_buf_putc(out, '\n');
}

/* One configuration file of the repository for the copy. `core` and `cache` are added to the local one: no Git, the repository's cache. */
static int copy_config(const char *root, const char *work, const char *name, bool is_local,
	bool *sets_cache, struct guild_error *err)
{
	char *from = guild_path_join3(root, ".dvc", name);
	char *to = guild_path_join3(work, ".dvc", name);
	struct guild_buf text = {0};
	struct guild_buf out = {0};
	bool has_core = false;
	int rc = guild_file_read(from, CONFIG_MAX, &text, err);
	rc = rc == GUILD_ENOTFOUND ? 0 : rc;
	struct guild_strs lines = {0};
	guild_strs_split(&lines, guild_buf_cstr(&text), '\n');
	bool in_cache = false;
	for (size_t i = 0; i < lines.n; i++) {
		struct guild_str line = guild_str(lines.v[i]);
		struct guild_str bare = guild_str_trim(line);
		struct guild_str key;
		struct guild_str value;
		in_cache = bare.n && bare.p[0] == '[' ? guild_str_eqz(bare, "[cache]") : in_cache;
		*sets_cache = *sets_cache || (in_cache && split_setting(bare, &key, &value) &&
						     guild_str_eqz(key, "dir"));
		put_line(root, line, &out);
		if (is_local && guild_str_eqz(bare, "[core]")) {
			has_core = true;
			guild_buf_puts(&out, "    no_scm = true\n");
		}
	}
	if (is_local && !has_core) {
		guild_buf_puts(&out, "[core]\n    no_scm = true\n");
	}
	if (is_local && !*sets_cache) {
		guild_buf_printf(&out, "[cache]\n    dir = %s/.dvc/cache\n", root);
	}
	rc = rc ? rc : guild_file_write(to, guild_buf_cstr(&out), out.n, false, err);
	guild_strs_fini(&lines);
	guild_buf_fini(&text);
	guild_buf_fini(&out);
	free(from);
	free(to);
	return rc;
}

int guild_dvc_copy_config(const char *root, const char *work, struct guild_error *err)
{
	char *dir = guild_path_join(work, ".dvc");
	bool sets_cache = false;
	int rc = guild_mkdirs(dir, err);
	rc = rc ? rc : copy_config(root, work, "config", false, &sets_cache, err);
	rc = rc ? rc : copy_config(root, work, "config.local", true, &sets_cache, err);
	free(dir);
	return rc;
}

/* ---- runs of stages ------------------------------------------------------------------------------------------ */

const char *guild_dvc_stage(const struct guild_value *op, const char **project_dir)
{
	const struct guild_value *words =
		guild_value_get(guild_value_get(op, "op-cmd"), "cmd-args");
	const char *last = NULL;
	const char *dir = NULL;
	bool is_stage = false;
	for (size_t i = 0; words && words->type == GUILD_LIST && i < words->n; i++) {
		const char *word = guild_value_text(words->items[i]);
		if (!word || strcmp(word, "--") == 0) {
			break;
		}
		is_stage = is_stage || strcmp(word, GUILD_DVC_STAGE_MODULE) == 0;
		dir = last && strcmp(last, "--project-dir") == 0 ? word : dir;
		last = word;
	}
	if (!is_stage || strcmp(last, GUILD_DVC_STAGE_MODULE) == 0 || last == dir) {
		return NULL;
	}
	if (project_dir) {
		*project_dir = dir;
	}
	return last;
}

/* What DVC keeps in the run is not what the stage made. */
static int add_lines(const struct guild_run *run, const char *stage, struct guild_error *err)
{
	static const char *const paths[] = {
		".dvc", ".dvc/config", ".dvc/config.local", ".dvc/tmp", ".gitignore", "dvc.lock"};
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest manifest = {0};
	struct guild_buf text = {0};
	char *path = guild_path_join(run->guild_dir, "manifest");
	int rc = guild_manifest_read(run, a, &manifest, NULL, err);
	bool has_lines = false;
	for (size_t i = 0; i < manifest.n; i++) {
		guild_manifest_format(&text, &manifest.v[i]);
		has_lines = has_lines || manifest.v[i].kind == 'i';
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(paths) && !has_lines; i++) {
		struct guild_manifest_entry e = {.kind = 'i',
			.path = paths[i],
			.sha1 = "-",
			.source = guild_arena_format(a, "dvcstage:%s", stage)};
		guild_manifest_format(&text, &e);
	}
	if (rc == 0 && !has_lines) {
		rc = guild_file_write(path, guild_buf_cstr(&text), text.n, false, err);
	}
	guild_buf_fini(&text);
	free(path);
	guild_arena_free(a);
	return rc;
}

int guild_dvc_prepare_run(const struct guild_value *op, const struct guild_run *run,
	struct guild_error *err)
{
	const char *project_dir = NULL;
	const char *stage = guild_dvc_stage(op, &project_dir);
	if (!stage) {
		return 0;
	}
	char *root = project_dir ? guild_dvc_root(project_dir) : NULL;
	int rc = root ? guild_dvc_copy_config(root, run->dir, err)
		      : guild_error_set(err, GUILD_ENOTFOUND,
				"stage '%s' needs a DVC repository, and '%s' is in none", stage,
				project_dir ? project_dir : "");
	rc = rc ? rc : add_lines(run, stage, err);
	if (rc == 0) {
		/* by which 0.9.0 knows a run of a stage */
		struct guild_arena *a = guild_arena_new();
		rc = guild_run_attr_write(run, "dvc-stage", guild_value_string(a, stage), false,
			err);
		guild_arena_free(a);
	}
	free(root);
	return rc;
}
