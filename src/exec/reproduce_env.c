/*
 * The environment of a reproduction: the recorded packages, installed by uv or pip for the recorded interpreter, kept in the cache of the
 * Guild home under a hash of both.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "reproduce.h"

enum { TOOL_OUTPUT_MAX = 4 << 20, FIRST_WITHOUT_SETUPTOOLS = 12 };

/* Variables that change the figures of a run and are not part of an operation: the record's values count again. */
static const char *const figure_variables[] = {
	"CUBLAS_WORKSPACE_CONFIG",
	"LANG",
	"LC_ALL",
	"MKL_CBWR",
	"MKL_NUM_THREADS",
	"NUMEXPR_NUM_THREADS",
	"NVIDIA_TF32_OVERRIDE",
	"OMP_NUM_THREADS",
	"OPENBLAS_NUM_THREADS",
	"PYTHONHASHSEED",
	"TF_CUDNN_DETERMINISTIC",
	"TF_DETERMINISTIC_OPS",
	"TF_ENABLE_ONEDNN_OPTS",
	"TZ",
	"VECLIB_MAXIMUM_THREADS",
	"XLA_FLAGS",
};

/* ---- what was recorded ------------------------------------------------------------------------------------------ */

static void read_packages(struct guild_reproducing *p)
{
	const struct guild_value *list = guild_run_attr(p->req->run, p->a, "pip_freeze");
	p->has_packages = list && list->type == GUILD_LIST;
	for (size_t i = 0; p->has_packages && i < list->n; i++) {
		const char *line = guild_value_text(list->items[i]);
		if (line) {
			guild_strs_add(&p->packages, line);
		}
	}
}

/* "3.11.2 (main, …) [GCC …]": the first word. */
static void read_python(struct guild_reproducing *p)
{
	const struct guild_value *platform = guild_run_attr(p->req->run, p->a, "platform");
	const char *text = guild_value_text(guild_value_get(platform, "python_version"));
	text = text ? text : "";
	p->python_version = guild_arena_strndup(p->a, text, strcspn(text, " "));
	const struct guild_value *words =
		guild_value_get(guild_value_get(p->record, "op-cmd"), "cmd-args");
	p->is_python = words && words->n > 0 &&
		       guild_streq(guild_value_text(words->items[0]), "${python_exe}");
}

static void restore_variables(struct guild_reproducing *p)
{
	const struct guild_value *then = guild_run_attr(p->req->run, p->a, "env");
	for (size_t i = 0; then && i < GUILD_ARRAY_LEN(figure_variables); i++) {
		const char *name = figure_variables[i];
		const char *before = guild_value_text(guild_value_get(then, name));
		const char *now = guild_env_get(p->world.env, name);
		if (guild_streq(before, now) || guild_streq(before, GUILD_SECRET_MASK)) {
			continue;
		}
		if (before) {
			guild_env_set(&p->env, name, before);
		} else {
			guild_env_unset(&p->env, name);
		}
		p->world.env = p->env.v;
		guild_reproduce_note(p, GUILD_REPRODUCE_ENVIRONMENT, name,
			before ? "is set as it was" : "is not set, as it was", now, before);
	}
}

/* ---- which interpreter ------------------------------------------------------------------------------------------ */

static size_t minor_length(const char *version)
{
	size_t n = strcspn(version, ".");
	return version[n] ? n + 1 + strcspn(version + n + 1, ".") : n;
}

static bool same_minor(const char *a, const char *b)
{
	size_t n = minor_length(a);
	return n > 0 && n == minor_length(b) && strncmp(a, b, n) == 0;
}

/* The active one where it is of that version, else one that is installed; of two none of which is exact, one of the same minor version. */
static char *find_interpreter(struct guild_reproducing *p, const char *cache)
{
	const struct guild_python *active = p->req->world->python;
	struct guild_strs names = {0};
	char *exact = NULL;
	char *near = NULL;
	if (active && (!*p->python_version || strcmp(active->version, p->python_version) == 0)) {
		return guild_strdup(active->exe);
	}
	if (active && same_minor(active->version, p->python_version)) {
		near = guild_strdup(active->exe);
	}
	guild_python_installed(p->world.env, &names);
	for (size_t i = 0; i < names.n && !exact; i++) {
		struct guild_python py = {0};
		if (guild_python_find_named(p->world.env, p->world.cwd, names.v[i], cache, &py,
			    NULL) != 0) {
			continue;
		}
		if (strcmp(py.version, p->python_version) == 0) {
			exact = guild_strdup(py.exe);
		} else if (!near && same_minor(py.version, p->python_version)) {
			near = guild_strdup(py.exe);
		}
		guild_python_fini(&py);
	}
	guild_strs_fini(&names);
	if (exact) {
		free(near);
	}
	return exact ? exact : near;
}

/* ---- planning ------------------------------------------------------------------------------------------------------ */

static bool makes_env(const struct guild_reproducing *p)
{
	return p->how == GUILD_REPRODUCE_ENV_UV || p->how == GUILD_REPRODUCE_ENV_VENV;
}

static int choose(struct guild_reproducing *p, struct guild_error *err)
{
	char *uv = guild_find_program("uv");
	bool has_uv = uv != NULL;
	free(uv);
	p->how = p->req->env;
	if (p->how == GUILD_REPRODUCE_ENV_AUTO) {
		p->how = has_uv ? GUILD_REPRODUCE_ENV_UV : GUILD_REPRODUCE_ENV_VENV;
	}
	if (p->how == GUILD_REPRODUCE_ENV_UV && !has_uv) {
		guild_error_set(err, GUILD_ENOTFOUND, "uv is not installed");
		guild_error_hint(err, "--env venv does the same with Python's own tools");
		return GUILD_ENOTFOUND;
	}
	if (makes_env(p) && (!p->is_python || !p->has_packages)) {
		p->how = GUILD_REPRODUCE_ENV_CURRENT;
	}
	return 0;
}

static const char *tool_name(const struct guild_reproducing *p)
{
	return p->how == GUILD_REPRODUCE_ENV_UV ? "uv" : "venv";
}

static size_t count_packages(const struct guild_reproducing *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->packages.n; i++) {
		n += p->packages.v[i][0] != '#';
	}
	return n;
}

static const char *plural(const struct guild_reproducing *p)
{
	return count_packages(p) == 1 ? "" : "s";
}

static const char *shown_version(const struct guild_reproducing *p)
{
	return *p->python_version ? p->python_version : "of any version";
}

int guild_reproduce_plan_env(struct guild_reproducing *p, struct guild_error *err)
{
	read_python(p);
	read_packages(p);
	int rc = choose(p, err);
	if (rc != 0) {
		return rc;
	}
	char *cache = guild_path_join(p->world.home->path, "cache");
	restore_variables(p);
	if (makes_env(p)) {
		p->interpreter = find_interpreter(p, cache);
		guild_reproduce_conclude(p, GUILD_REPRODUCE_ENVIRONMENT, GUILD_REPRODUCE_SKIPPED,
			"%zu package%s for Python %s, by %s", count_packages(p), plural(p),
			shown_version(p), tool_name(p));
	} else {
		(void)guild_reproduce_make_env(p);
	}
	free(cache);
	return 0;
}

/* ---- comparing ------------------------------------------------------------------------------------------------------- */

static void conclude_packages(struct guild_reproducing *p, const struct guild_strs *now,
	const char *version)
{
	const enum guild_reproduce_level l = GUILD_REPRODUCE_ENVIRONMENT;
	if (*p->python_version && strcmp(p->python_version, version) != 0) {
		guild_reproduce_find(p, l, "python", "changed", p->python_version, version);
	}
	if (p->has_packages) {
		(void)guild_packages_compare(p, l, &p->packages, now, false);
	}
	size_t n = guild_reproduce_count(guild_reproduce_check_of(p, l));
	const char *how = makes_env(p) ? tool_name(p) : "current";
	const char *list = p->has_packages ? guild_arena_format(p->a, "%zu package%s",
						     count_packages(p), plural(p))
					   : "no record of packages";
	guild_reproduce_conclude(p, l,
		n > 0             ? GUILD_REPRODUCE_DIFFERS
		: p->has_packages ? GUILD_REPRODUCE_SAME
				  : GUILD_REPRODUCE_UNKNOWN,
		"%s: %s, Python %s", how, list, version);
}

static void note_machine(struct guild_reproducing *p)
{
	const struct guild_value *then = guild_run_attr(p->req->run, p->a, "platform");
	const struct guild_value *now = guild_platform_record(p->a, p->world.python, p->world.env);
	const char *a = guild_value_text(guild_value_get(then, "uname"));
	const char *b = guild_value_text(guild_value_get(now, "uname"));
	if (a && b && strcmp(a, b) != 0) {
		guild_reproduce_note(p, GUILD_REPRODUCE_ENVIRONMENT, "machine", "is another", a, b);
	}
}

/* ---- what can be installed ------------------------------------------------------------------------------------------- */

/* Only packages are installed, whatever a list says. Those that came from files must be there. False: one is not to be had. */
static bool check_list(struct guild_reproducing *p, struct guild_buf *key, bool *has_trees)
{
	bool all = true;
	for (size_t i = 0; i < p->packages.n; i++) {
		struct guild_package_line line;
		char hex[65] = "";
		guild_package_line_parse(p->a, p->packages.v[i], &line);
		if (line.is_comment || (!line.path && !line.is_other)) {
			continue;
		}
		if (line.is_other) {
			guild_reproduce_find(p, GUILD_REPRODUCE_ENVIRONMENT, line.shown,
				"is no package", NULL, NULL);
			all = false;
		} else if (!guild_file_exists(line.path)) {
			guild_reproduce_find(p, GUILD_REPRODUCE_ENVIRONMENT, line.shown,
				"came from a place that is gone", line.path, NULL);
			all = false;
		} else if (guild_is_dir(line.path)) {
			guild_reproduce_note(p, GUILD_REPRODUCE_ENVIRONMENT, line.shown,
				"is taken as it is now in its directory", line.path, line.path);
			*has_trees = true;
		} else if (guild_digest_file(GUILD_SHA256, line.path, hex, NULL) == 0 &&
			   line.sha256 && strcmp(hex, line.sha256) != 0) {
			guild_reproduce_find(p, GUILD_REPRODUCE_ENVIRONMENT, line.shown,
				"came from a file that has changed", line.sha256, hex);
			all = false;
		}
		guild_buf_printf(key, "%s\n", hex);
	}
	return all;
}

/* ---- making ------------------------------------------------------------------------------------------------------------ */

/* Where the environment is, with its list, log and lock beside it. */
struct place {
	char *dir, *python, *list, *log, *done, *lock;
};

static void place_init(struct place *at, const char *dir)
{
	at->dir = guild_strdup(dir);
	at->python = guild_path_join(dir, "bin/python");
	at->list = guild_format("%s.txt", dir);
	at->log = guild_format("%s.log", dir);
	at->lock = guild_format("%s.lock", dir);
	at->done = guild_path_join(dir, "guild-packages.txt");
}

static void place_fini(struct place *at)
{
	free(at->dir);
	free(at->python);
	free(at->list);
	free(at->log);
	free(at->lock);
	free(at->done);
}

/* What a tool says went wrong: pip's last line with ERROR, else the last line there is. */
static const char *complaint(struct guild_arena *a, const struct guild_proc_result *r)
{
	struct guild_strs lines = {0};
	const char *found = NULL;
	guild_strs_split(&lines, guild_buf_cstr(r->err.n > 0 ? &r->err : &r->out), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct guild_str line = guild_str_trim(guild_str(lines.v[i]));
		bool is_error =
			guild_str_starts(line, "ERROR:") || guild_str_starts(line, "error:");
		bool is_better = is_error || !found || strncasecmp(found, "error:", 6) != 0;
		if (line.n > 0 && is_better) {
			found = guild_arena_strndup(a, line.p, line.n);
		}
	}
	guild_strs_fini(&lines);
	return found ? found : "no reason was given";
}

/* Runs a tool to its end; NULL: done, else why not. All it says is kept in the log. */
static const char *run_tool(struct guild_reproducing *p, const struct place *at,
	const char *const *argv)
{
	struct guild_proc_result r = {0};
	struct guild_error err = {0};
	const char *why = NULL;
	struct guild_buf log = {0};
	(void)guild_file_read(at->log, TOOL_OUTPUT_MAX, &log, NULL);
	for (size_t i = 0; argv[i]; i++) {
		guild_buf_printf(&log, "%s%s", i ? " " : "$ ", argv[i]);
	}
	guild_buf_putc(&log, '\n');
	if (guild_proc_run(argv, "/", p->world.env, TOOL_OUTPUT_MAX, 0, &r, &err) != 0) {
		why = guild_arena_strdup(p->a, err.text);
	} else if (r.exit_status != 0) {
		why = complaint(p->a, &r);
	}
	guild_buf_append(&log, guild_buf_cstr(&r.out), r.out.n);
	guild_buf_append(&log, guild_buf_cstr(&r.err), r.err.n);
	(void)guild_file_write(at->log, log.p, log.n, false, NULL);
	guild_buf_fini(&log);
	guild_proc_result_fini(&r);
	return why;
}

/* An empty environment. Python's own module brings setuptools where a program may expect it. */
static const char *make_empty(struct guild_reproducing *p, const struct place *at)
{
	bool has_uv = p->how == GUILD_REPRODUCE_ENV_UV;
	const char *version = *p->python_version ? p->python_version : "3";
	const char *dot = strchr(version, '.');
	int64_t minor = 0;
	const char *why = NULL;
	if (dot) {
		(void)guild_parse_i64(dot + 1, strcspn(dot + 1, "."), &minor);
	}
	if (p->interpreter && (!has_uv || minor < FIRST_WITHOUT_SETUPTOOLS)) {
		const char *const argv[] = {p->interpreter, "-m", "venv", at->dir, NULL};
		why = run_tool(p, at, argv);
		if (!why || !has_uv) {
			return why;
		}
		(void)guild_rmtree(at->dir, NULL);
	}
	if (!has_uv) {
		return guild_arena_format(p->a, "there is no Python %s on this machine", version);
	}
	const char *const argv[] = {
		"uv", "venv", "--python", p->interpreter ? p->interpreter : version, at->dir, NULL};
	return run_tool(p, at, argv);
}

/* The list is complete: nothing besides it is installed. */
static const char *install(struct guild_reproducing *p, const struct place *at)
{
	const char *const by_uv[] = {
		"uv", "pip", "install", "--python", at->python, "--no-deps", "-r", at->list, NULL};
	const char *const by_pip[] = {at->python, "-m", "pip", "install", "--no-input",
		"--disable-pip-version-check", "--no-deps", "-r", at->list, NULL};
	if (count_packages(p) == 0) {
		return NULL;
	}
	return run_tool(p, at, p->how == GUILD_REPRODUCE_ENV_UV ? by_uv : by_pip);
}

static const char *build(struct guild_reproducing *p, const struct place *at)
{
	char *list = guild_strs_join(&p->packages, "\n");
	struct guild_error err = {0};
	const char *why = NULL;
	guild_log(p->world.log, "info", "Installing %zu package%s for Python %s with %s",
		count_packages(p), plural(p), shown_version(p), tool_name(p));
	(void)guild_file_remove(at->log, NULL);
	int rc = guild_rmtree(at->dir, &err);
	rc = rc ? rc : guild_file_write(at->list, list, strlen(list), false, &err);
	if (rc != 0) {
		why = guild_arena_strdup(p->a, err.text);
	}
	why = why ? why : make_empty(p, at);
	why = why ? why : install(p, at);
	/* Written last: an environment without it was never finished. */
	if (!why && guild_file_write(at->done, list, strlen(list), false, &err) != 0) {
		why = guild_arena_strdup(p->a, err.text);
	}
	if (why) {
		(void)guild_rmtree(at->dir, NULL);
	}
	free(list);
	return why;
}

/* Ctrl-C reaches the tool, which ends; guild is interrupted when what was half made is gone. */
static const char *build_undisturbed(struct guild_reproducing *p, const struct place *at)
{
	sigset_t interrupt;
	sigset_t before;
	sigset_t pending;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &before);
	const char *why = build(p, at);
	sigpending(&pending);
	if (sigismember(&pending, SIGINT)) {
		(void)guild_rmtree(at->dir, NULL);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}

static const char *make(struct guild_reproducing *p, const struct place *at, bool is_reusable)
{
	struct guild_lock lock = {0};
	struct guild_error err = {0};
	char *envs = guild_path_dirname(at->dir);
	const char *why = NULL;
	if (guild_mkdirs(envs, &err) != 0 || guild_lock_take(&lock, at->lock, true, &err) != 0) {
		why = guild_arena_strdup(p->a, err.text);
	} else if (!is_reusable || !guild_is_file(at->done) || !guild_is_executable(at->python)) {
		why = build_undisturbed(p, at);
	} else {
		/* Its time tells when it was last used: caches are cleaned by that. */
		(void)utimensat(AT_FDCWD, at->dir, NULL, 0);
	}
	guild_lock_release(&lock);
	free(envs);
	return why;
}

/* ---- taking it ------------------------------------------------------------------------------------------------------------ */

static void activate(struct guild_reproducing *p, const struct place *at)
{
	const char *path = guild_env_get(p->world.env, "PATH");
	char *with_bin = guild_format("%s/bin:%s", at->dir, path ? path : "/usr/bin:/bin");
	guild_env_set(&p->env, "PATH", with_bin);
	guild_env_set(&p->env, "VIRTUAL_ENV", at->dir);
	guild_env_unset(&p->env, "CONDA_PREFIX");
	guild_env_unset(&p->env, "PYTHONHOME");
	guild_env_unset(&p->env, "GUILD_PYTHON");
	guild_env_unset(&p->env, "GUILD_PYTHON_EXE");
	p->world.env = p->env.v;
	free(with_bin);
}

/* Nothing can be run: what the packages that are here would differ in. */
static void explain_failure(struct guild_reproducing *p, const struct place *at, const char *why)
{
	struct guild_reproduce_check *c = guild_reproduce_check_of(p, GUILD_REPRODUCE_ENVIRONMENT);
	const struct guild_python *active = p->req->world->python;
	struct guild_strs now = {0};
	char *cache = guild_path_join(p->world.home->path, "cache");
	size_t n = 0;
	if (active && guild_python_packages(active, cache, &now, NULL) == 0) {
		n = guild_packages_compare(p, GUILD_REPRODUCE_ENVIRONMENT, &p->packages, &now,
			true);
	}
	guild_reproduce_conclude(p, GUILD_REPRODUCE_ENVIRONMENT, GUILD_REPRODUCE_DIFFERS,
		"%s cannot make it: %s", tool_name(p), why);
	c->hint = guild_arena_format(p->a,
		"--env current uses the packages that are installed here (%zu differ)%s%s", n,
		guild_is_file(at->log) ? "; all that was said is in " : "",
		guild_is_file(at->log) ? at->log : "");
	free(cache);
	guild_strs_fini(&now);
}

static bool take_current(struct guild_reproducing *p)
{
	const struct guild_python *active = p->req->world->python;
	struct guild_strs now = {0};
	char *cache = guild_path_join(p->world.home->path, "cache");
	if (!p->is_python) {
		guild_reproduce_conclude(p, GUILD_REPRODUCE_ENVIRONMENT, GUILD_REPRODUCE_UNKNOWN,
			"not a Python operation: what it calls is not recorded");
	} else if (p->how == GUILD_REPRODUCE_ENV_NONE || !active) {
		guild_reproduce_conclude(p, GUILD_REPRODUCE_ENVIRONMENT, GUILD_REPRODUCE_NOTED,
			active ? "current, not compared" : "there is no Python");
	} else if (guild_python_packages(active, cache, &now, NULL) == 0) {
		conclude_packages(p, &now, active->version);
	}
	note_machine(p);
	free(cache);
	guild_strs_fini(&now);
	return true;
}

static char *env_dir(const struct guild_reproducing *p, struct guild_buf *key)
{
	char hash[33];
	guild_buf_printf(key, "%s\n%s\n%s\n", tool_name(p), p->interpreter ? p->interpreter : "",
		p->python_version);
	for (size_t i = 0; i < p->packages.n; i++) {
		guild_buf_printf(key, "%s\n", p->packages.v[i]);
	}
	guild_fast_hash(key->p, key->n, hash);
	return guild_format("%s/cache/envs/%s", p->world.home->path, hash);
}

bool guild_reproduce_make_env(struct guild_reproducing *p)
{
	struct guild_buf key = {0};
	struct place at = {0};
	bool has_trees = false;
	struct guild_strs now = {0};
	if (!makes_env(p)) {
		return take_current(p);
	}
	bool is_there = check_list(p, &key, &has_trees);
	char *dir = env_dir(p, &key);
	place_init(&at, dir);
	const char *why =
		is_there ? make(p, &at, !has_trees) : "it has packages that cannot be had any more";
	char *cache = guild_path_join(p->world.home->path, "cache");
	struct guild_error err = {0};
	if (!why && guild_python_find_named(p->world.env, p->world.cwd, at.python, cache,
			    &p->python, &err) != 0) {
		why = guild_arena_strdup(p->a, err.text);
	}
	if (why) {
		explain_failure(p, &at, why);
	} else {
		activate(p, &at);
		p->world.python = &p->python;
		(void)guild_python_packages(&p->python, cache, &now, NULL);
		conclude_packages(p, &now, p->python.version);
		note_machine(p);
	}
	guild_strs_fini(&now);
	guild_buf_fini(&key);
	place_fini(&at);
	free(cache);
	free(dir);
	return !why;
}
