/* What a step is expected to have done (guildfile.md 8, `expect`). */

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <guild/diff.h>

#include "pipeline.h"

enum { TEXT_MAX = 1 << 30 };

struct check {
	const struct guild_step_check *c;
	const char *run_dir;
	const char *id;
	char *const *env;
	const struct guild_log *log;
};

static void note(const struct check *k, const char *fmt, ...) GUILD_PRINTF(2, 3);
static bool fail(const struct check *k, const char *fmt, ...) GUILD_PRINTF(2, 3);

static void put(const struct check *k, const char *level, const char *fmt, va_list args)
{
	char text[GUILD_ERROR_TEXT_MAX];
	vsnprintf(text, sizeof(text), fmt, args);
	guild_log(k->log, "info", "%s: [guild] %s", level, text);
}

static void note(const struct check *k, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	put(k, "INFO", fmt, args);
	va_end(args);
}

static bool fail(const struct check *k, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	put(k, "ERROR", fmt, args);
	va_end(args);
	return false;
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

static bool holds(const struct check *k, const char *path, const char *pattern, const char *what)
{
	struct guild_buf text = {0};
	struct guild_error err = {0};
	struct guild_regex *re = NULL;
	int rc = guild_file_read(path, TEXT_MAX, &text, &err);
	rc = rc ? rc : guild_regex_new(pattern, &re, &err);
	bool found = rc == 0 && guild_regex_search(re, guild_buf_str(&text));
	guild_regex_free(re);
	guild_buf_fini(&text);
	if (rc != 0) {
		return fail(k, "check failed: %s", err.text);
	}
	return found || fail(k, "check failed: could not find pattern '%s' in run %s %s", pattern,
				k->id, what);
}

static bool check_output(const struct check *k)
{
	char *path = guild_path_join(k->run_dir, ".guild/output");
	note(k, "checking run %s output for '%s'", k->id, k->c->output);
	bool ok = holds(k, path, k->c->output, "output");
	free(path);
	return ok;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

/* The directory is no pattern, whatever is in its name; neither are backslashes. */
static char *glob_pattern(const char *dir, const char *pattern)
{
	struct guild_buf b = {0};
	for (const char *p = dir; *p; p++) {
		if (strchr("\\*?[]", *p)) {
			guild_buf_putc(&b, '\\');
		}
		guild_buf_putc(&b, *p);
	}
	guild_buf_putc(&b, '/');
	for (const char *p = pattern; *p; p++) {
		guild_buf_puts(&b, *p == '\\' ? "\\\\" : "");
		if (*p != '\\') {
			guild_buf_putc(&b, *p);
		}
	}
	return guild_buf_take(&b);
}

static bool look_up_env(void *arg, const char *name, struct guild_buf *out)
{
	char *const *env = arg;
	const char *value = guild_env_get(env, name);
	guild_buf_puts(out, value ? value : "");
	return value != NULL;
}

static bool check_same(const struct check *k, const char *path, const char *shown)
{
	struct guild_buf other = {0}, a = {0}, b = {0}, diff = {0};
	struct guild_error err = {0};
	int rc = guild_refs_resolve(k->c->compare_to, look_up_env, (void *)k->env, &other, &err);
	char *other_path = guild_path_join(k->run_dir, guild_buf_cstr(&other));
	note(k, "checking run %s file %s against %s", k->id, shown, guild_buf_cstr(&other));
	rc = rc ? rc : guild_file_read(other_path, TEXT_MAX, &a, &err);
	rc = rc ? rc : guild_file_read(path, TEXT_MAX, &b, &err);
	bool ok = rc == 0;
	if (rc != 0) {
		fail(k, "check failed: %s", err.text);
	} else if (!guild_str_eq(guild_buf_str(&a), guild_buf_str(&b))) {
		guild_line_diff(guild_buf_str(&a), guild_buf_str(&b), guild_buf_cstr(&other), shown,
			&diff);
		guild_log(k->log, "info", "%s", guild_buf_cstr(&diff));
		ok = fail(k, "check failed: file %s of run %s is not as expected (see above)",
			shown, k->id);
	}
	free(other_path);
	guild_buf_fini(&other);
	guild_buf_fini(&a);
	guild_buf_fini(&b);
	guild_buf_fini(&diff);
	return ok;
}

static bool check_one_file(const struct check *k, const char *path)
{
	const char *shown = path + strlen(k->run_dir) + 1;
	bool ok = !k->c->compare_to || check_same(k, path, shown);
	if (ok && k->c->contains) {
		char *what = guild_format("file %s", shown);
		note(k, "checking run %s file %s for '%s'", k->id, shown, k->c->contains);
		ok = holds(k, path, k->c->contains, what);
		free(what);
	}
	return ok;
}

static bool check_files(const struct check *k)
{
	glob_t found;
	char *pattern = glob_pattern(k->run_dir, k->c->file);
	note(k, "checking run %s files '%s'", k->id, k->c->file);
	int rc = glob(pattern, 0, NULL, &found);
	free(pattern);
	if (rc != 0) {
		return fail(k, "check failed: no files matching '%s' in run %s", k->c->file, k->id);
	}
	bool ok = true;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		ok = check_one_file(k, found.gl_pathv[i]) && ok;
	}
	globfree(&found);
	return ok;
}

size_t guild_step_check(const struct guild_step *step, const char *run_dir, char *const *env,
	const struct guild_log *log)
{
	size_t n_failed = 0;
	for (size_t i = 0; i < step->n_checks; i++) {
		struct check k = {.c = &step->checks[i],
			.run_dir = run_dir,
			.id = guild_path_basename(run_dir),
			.env = env,
			.log = log};
		bool ok = k.c->output ? check_output(&k) : check_files(&k);
		n_failed += !ok;
	}
	if (step->n_checks > 0) {
		guild_log(log, "info", "INFO: [guild] %zu of %zu checks passed",
			step->n_checks - n_failed, step->n_checks);
	}
	if (n_failed > 0) {
		guild_log(log, "info", "ERROR: [guild] %zu check%s failed - see above for details",
			n_failed, n_failed == 1 ? "" : "s");
	}
	return n_failed;
}
