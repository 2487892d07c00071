/* Finds the interpreter an operation runs with, its version, and the directories its packages live in. */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec_private.h"

enum {
	ASK_TIMEOUT_MS = 10000,
	ASK_MAX_OUTPUT = 64 << 10,
	SMALL_FILE_MAX = 1 << 20,
};

const char *guild_env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; env && env[i]; i++) {
		if (strncmp(env[i], name, n) == 0 && env[i][n] == '=') {
			return env[i] + n + 1;
		}
	}
	return NULL;
}

/* ---- which interpreter ------------------------------------------------------------------------- */

/* NAME in the first directory of PATH that has it; `skip_dir` is passed over. */
static char *find_on_path(char *const *env, const char *name, const char *skip_dir)
{
	const char *path = guild_env_get(env, "PATH");
	for (const char *p = path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
		size_t n = strcspn(p, ":");
		char *dir = n > 0 ? guild_strndup(p, n) : guild_strdup(".");
		char *full = guild_path_join(dir, name);
		bool is_skipped = skip_dir && strcmp(dir, skip_dir) == 0;
		free(dir);
		if (!is_skipped && guild_is_executable(full)) {
			return full;
		}
		free(full);
		p += n + (p[n] == ':');
	}
	return NULL;
}

static char *env_python(char *const *env, const char *variable)
{
	const char *prefix = guild_env_get(env, variable);
	if (!prefix || !*prefix) {
		return NULL;
	}
	char *exe = guild_path_join3(prefix, "bin", "python");
	if (!guild_is_executable(exe)) {
		free(exe);
		return NULL;
	}
	return exe;
}

/* Inside both a virtual environment and conda, the one that PATH shows first is the active one. */
static char *active_python(char *const *env)
{
	char *venv = env_python(env, "VIRTUAL_ENV");
	char *conda = env_python(env, "CONDA_PREFIX");
	if (venv && conda) {
		char *first = find_on_path(env, "python", NULL);
		bool is_conda = first && strcmp(first, conda) == 0;
		free(first);
		free(is_conda ? venv : conda);
		return is_conda ? conda : venv;
	}
	return venv ? venv : conda;
}

static char *first_line_of(const char *path)
{
	struct guild_buf text = {0};
	char *line = NULL;
	if (guild_file_read(path, SMALL_FILE_MAX, &text, NULL) == 0) {
		struct guild_str s = guild_buf_str(&text);
		s.n = s.n > 0 ? strcspn(s.p, "\n:") : 0;
		s = guild_str_trim(s);
		line = s.n > 0 ? guild_strndup(s.p, s.n) : NULL;
	}
	guild_buf_fini(&text);
	return line;
}

/* The version name pyenv would choose: environment, the nearest .python-version, the global choice. */
static char *pyenv_version(char *const *env, const char *root, const char *cwd)
{
	const char *named = guild_env_get(env, "PYENV_VERSION");
	if (named && *named) {
		return guild_strndup(named, strcspn(named, ":"));
	}
	char *dir = guild_strdup(cwd ? cwd : "/");
	for (;;) {
		char *file = guild_path_join(dir, ".python-version");
		char *version = first_line_of(file);
		free(file);
		if (version || strcmp(dir, "/") == 0 || *dir == 0) {
			free(dir);
			if (version) {
				return version;
			}
			break;
		}
		char *up = guild_path_dirname(dir);
		free(dir);
		dir = up;
	}
	char *file = guild_path_join(root, "version");
	char *version = first_line_of(file);
	free(file);
	return version ? version : guild_strdup("system");
}

/* What `python -c CODE` prints first, or NULL. */
static char *ask(const char *exe, const char *code, char *const *env)
{
	const char *argv[] = {exe, "-c", code, NULL};
	struct guild_proc_result r = {0};
	char *line = NULL;
	if (guild_proc_run(argv, NULL, env, ASK_MAX_OUTPUT, ASK_TIMEOUT_MS, &r, NULL) == 0 &&
		r.exit_status == 0 && r.out.n > 0) {
		line = guild_strndup(r.out.p, strcspn(r.out.p, "\n"));
	}
	guild_proc_result_fini(&r);
	return line;
}

static bool is_script(const char *path)
{
	char magic[2] = {0};
	FILE *f = fopen(path, "rbe");
	size_t n = f ? fread(magic, 1, 2, f) : 0;
	if (f) {
		fclose(f);
	}
	return n == 2 && magic[0] == '#' && magic[1] == '!';
}

/* Version managers put a small program named python on PATH that finds the real one each time; it costs more than the whole of our
 * start, so it is resolved here: pyenv's by its own rules, any other by asking it. Takes `exe`. */
static char *resolve_shim(char *exe, char *const *env, const char *cwd)
{
	char *real = guild_path_real(exe);
	const char *base = guild_path_basename(real);
	bool is_python = guild_starts(base, "python") || guild_starts(base, "pypy");
	bool is_shim = !is_python || is_script(real);
	free(real);
	if (!is_shim) {
		return exe;
	}
	char *dir = guild_path_dirname(exe);
	char *found = NULL;
	if (strcmp(guild_path_basename(dir), "shims") == 0) {
		char *root = guild_path_dirname(dir);
		char *version = pyenv_version(env, root, cwd);
		if (strcmp(version, "system") == 0) {
			found = find_on_path(env, guild_path_basename(exe), dir);
		} else {
			char *versions = guild_path_join3(root, "versions", version);
			found = guild_path_join3(versions, "bin", guild_path_basename(exe));
			free(versions);
		}
		free(version);
		free(root);
	}
	free(dir);
	if (found && guild_is_executable(found)) {
		free(exe);
		return found;
	}
	free(found);
	found = ask(exe, "import sys; print(sys.executable)", env);
	if (found && guild_is_executable(found)) {
		free(exe);
		return found;
	}
	free(found);
	return exe;
}

static char *choose(char *const *env, const char *cwd, struct guild_error *err)
{
	static const char *const variables[] = {"GUILD_PYTHON_EXE", "GUILD_PYTHON"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(variables); i++) {
		const char *named = guild_env_get(env, variables[i]);
		if (!named || !*named) {
			continue;
		}
		char *exe = strchr(named, '/') ? guild_path_abs(named, cwd)
					       : find_on_path(env, named, NULL);
		if (!exe || !guild_is_executable(exe)) {
			free(exe);
			guild_error_set(err, GUILD_ENOTFOUND, "%s names no program: '%s'",
				variables[i], named);
			return NULL;
		}
		return exe;
	}
	char *exe = active_python(env);
	if (!exe) {
		exe = find_on_path(env, "python3", NULL);
	}
	if (!exe) {
		exe = find_on_path(env, "python", NULL);
	}
	if (!exe) {
		guild_error_set(err, GUILD_ENOTFOUND, "cannot find a Python interpreter on PATH");
		guild_error_hint(err,
			"activate an environment, or name the interpreter in GUILD_PYTHON_EXE");
		return NULL;
	}
	return resolve_shim(exe, env, cwd);
}

/* ---- its version ---------------------------------------------------------------------------------- */

/* A name that changes whenever another program lies at `exe`. */
static bool identity(const char *exe, char out[33])
{
	struct stat st;
	if (stat(exe, &st) != 0) {
		return false;
	}
	char *text = guild_format("%s\n%llu %llu %lld %lld.%09ld", exe,
		(unsigned long long)st.st_dev, (unsigned long long)st.st_ino, (long long)st.st_size,
		(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	guild_fast_hash(text, strlen(text), out);
	free(text);
	return true;
}

/* "Python 3.11.2 (main, …) [GCC …]": all of it but the first word is sys.version. `python -VV` prints it without starting the
 * interpreter proper. */
static char *ask_version(const char *exe, char *const *env)
{
	const char *argv[] = {exe, "-VV", NULL};
	struct guild_proc_result r = {0};
	char *text = NULL;
	if (guild_proc_run(argv, NULL, env, ASK_MAX_OUTPUT, ASK_TIMEOUT_MS, &r, NULL) == 0 &&
		r.exit_status == 0) {
		struct guild_str s = guild_str_trim(guild_buf_str(r.out.n > 0 ? &r.out : &r.err));
		if (guild_str_starts(s, "Python ")) {
			text = guild_strndup(s.p + 7, s.n - 7);
		}
	}
	guild_proc_result_fini(&r);
	return text;
}

static char *read_version(const char *exe, char *const *env, const char *cache_dir)
{
	char key[33];
	char *file = NULL;
	struct guild_buf text = {0};
	if (cache_dir && identity(exe, key)) {
		char *dir = guild_path_join(cache_dir, "python");
		file = guild_path_join(dir, key);
		if (guild_file_read(file, SMALL_FILE_MAX, &text, NULL) == 0 && text.n > 0) {
			free(dir);
			free(file);
			return guild_buf_take(&text);
		}
		guild_buf_reset(&text);
		if (guild_mkdirs(dir, NULL) != 0) {
			free(file);
			file = NULL;
		}
		free(dir);
	}
	char *version = ask_version(exe, env);
	if (version && file) {
		/* A cache that cannot be written only costs time. */
		(void)guild_file_write(file, version, strlen(version), false, NULL);
	}
	free(file);
	guild_buf_fini(&text);
	return version ? version : guild_strdup("");
}

/* ---- where its packages are -------------------------------------------------------------------------- */

static void add_dir(struct guild_strs *dirs, char *path)
{
	if (guild_is_dir(path) && !guild_strs_has(dirs, path)) {
		guild_strs_take(dirs, path);
	} else {
		free(path);
	}
}

/* The directories site.py adds for one prefix. Debian's own interpreter has a layout of its own. */
static void add_prefix(struct guild_strs *dirs, const char *prefix, const char *minor)
{
	if (strcmp(prefix, "/usr") == 0 && guild_is_dir("/usr/lib/python3/dist-packages")) {
		add_dir(dirs, guild_format("/usr/local/lib/python%s/dist-packages", minor));
		add_dir(dirs, guild_strdup("/usr/lib/python3/dist-packages"));
		add_dir(dirs, guild_format("/usr/lib/python%s/dist-packages", minor));
		return;
	}
	char *lib64 = guild_format("%s/lib64/python%s/site-packages", prefix, minor);
	char *lib = guild_format("%s/lib/python%s/site-packages", prefix, minor);
	char *real64 = guild_path_real(lib64);
	char *real = guild_path_real(lib);
	if (strcmp(real, real64) != 0) {
		add_dir(dirs, guild_strdup(lib64));
	}
	add_dir(dirs, lib);
	free(lib64);
	free(real64);
	free(real);
}

/* KEY = VALUE of a pyvenv.cfg; caller frees. */
static char *config_value(const struct guild_buf *text, const char *key)
{
	for (const char *p = guild_buf_cstr(text); *p;) {
		size_t n = strcspn(p, "\n");
		const char *eq = memchr(p, '=', n);
		if (eq) {
			struct guild_str name = guild_str_trim(guild_str_n(p, (size_t)(eq - p)));
			struct guild_str value =
				guild_str_trim(guild_str_n(eq + 1, n - (size_t)(eq - p) - 1));
			if (guild_str_eqz(name, key)) {
				return guild_strndup(value.p, value.n);
			}
		}
		p += n + (p[n] == '\n');
	}
	return NULL;
}

/* True inside a virtual environment: `config` holds its pyvenv.cfg and `prefix` its directory. */
static bool find_venv(const char *exe, char **prefix, struct guild_buf *config)
{
	char *bin = guild_path_dirname(exe);
	char *up = guild_path_dirname(bin);
	const char *dirs[] = {bin, up};
	bool found = false;
	for (size_t i = 0; i < 2 && !found; i++) {
		char *file = guild_path_join(dirs[i], "pyvenv.cfg");
		found = guild_file_read(file, SMALL_FILE_MAX, config, NULL) == 0;
		free(file);
	}
	if (found) {
		*prefix = guild_strdup(up);
	}
	free(bin);
	free(up);
	return found;
}

static char *base_prefix(const char *exe)
{
	char *real = guild_path_real(exe);
	char *bin = guild_path_dirname(real);
	char *prefix = guild_path_dirname(bin);
	free(real);
	free(bin);
	return prefix;
}

static void add_user_site(struct guild_strs *dirs, char *const *env, const char *minor)
{
	const char *off = guild_env_get(env, "PYTHONNOUSERSITE");
	if (off && *off) {
		return;
	}
	const char *base = guild_env_get(env, "PYTHONUSERBASE");
	const char *home = guild_env_get(env, "HOME");
	if (base && *base) {
		add_dir(dirs, guild_format("%s/lib/python%s/site-packages", base, minor));
	} else if (home && *home) {
		add_dir(dirs, guild_format("%s/.local/lib/python%s/site-packages", home, minor));
	}
}

static void add_python_path(struct guild_strs *dirs, char *const *env)
{
	const char *path = guild_env_get(env, "PYTHONPATH");
	struct guild_strs parts = {0};
	guild_strs_split(&parts, path ? path : "", ':');
	for (size_t i = 0; i < parts.n; i++) {
		if (guild_path_is_abs(parts.v[i])) {
			add_dir(dirs, guild_strdup(parts.v[i]));
		}
	}
	guild_strs_fini(&parts);
}

static void find_sites(struct guild_python *py, char *const *env)
{
	size_t major = strcspn(py->version, ".");
	if (py->version[major] == 0) {
		return;
	}
	size_t n = major + 1 + strcspn(py->version + major + 1, ".");
	char *minor = guild_strndup(py->version, n);
	struct guild_buf config = {0};
	char *prefix = NULL;
	bool is_venv = find_venv(py->exe, &prefix, &config);
	char *shares = is_venv ? config_value(&config, "include-system-site-packages") : NULL;
	bool sees_base = !is_venv || (shares && strcasecmp(shares, "true") == 0);

	add_python_path(&py->site_dirs, env);
	if (sees_base) {
		add_user_site(&py->site_dirs, env, minor);
	}
	if (is_venv) {
		add_prefix(&py->site_dirs, prefix, minor);
	}
	if (sees_base) {
		char *base = base_prefix(py->exe);
		add_prefix(&py->site_dirs, base, minor);
		free(base);
	}
	free(shares);
	free(prefix);
	free(minor);
	guild_buf_fini(&config);
}

/* ---- public --------------------------------------------------------------------------------------------- */

int guild_python_find(char *const *env, const char *cwd, const char *cache_dir,
	struct guild_python *out, struct guild_error *err)
{
	char *exe = choose(env, cwd, err);
	if (!exe) {
		return GUILD_ENOTFOUND;
	}
	memset(out, 0, sizeof(*out));
	out->exe = exe;
	out->full_version = read_version(exe, env, cache_dir);
	out->version = guild_strndup(out->full_version, strcspn(out->full_version, " "));
	find_sites(out, env);
	return 0;
}

void guild_python_fini(struct guild_python *p)
{
	free(p->exe);
	free(p->version);
	free(p->full_version);
	guild_strs_fini(&p->site_dirs);
	memset(p, 0, sizeof(*p));
}
