/* Modules of the script's own: finding, reading and running them when something of theirs is used. */

#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

/* Never looked for beside the script: they are loaded before it, or nobody has such a file. */
static const char *const standard_modules[] = {"__future__", "abc", "argparse", "array", "ast",
	"asyncio", "base64", "bisect", "builtins", "collections", "concurrent", "configparser",
	"contextlib", "copy", "csv", "ctypes", "dataclasses", "datetime", "decimal", "difflib",
	"enum", "errno", "fcntl", "fnmatch", "fractions", "functools", "gc", "getpass", "glob",
	"gzip", "hashlib", "heapq", "hmac", "html", "http", "importlib", "inspect", "io",
	"itertools", "json", "locale", "logging", "math", "multiprocessing", "operator", "os",
	"pathlib", "pdb", "pickle", "pkgutil", "platform", "pprint", "queue", "random", "re",
	"resource", "shlex", "shutil", "signal", "socket", "sqlite3", "ssl", "stat", "statistics",
	"string", "struct", "subprocess", "sys", "tarfile", "tempfile", "textwrap", "threading",
	"time", "timeit", "traceback", "types", "typing", "unittest", "urllib", "uuid", "warnings",
	"weakref", "xml", "zipfile", "zlib"};

static bool is_standard(struct guild_str name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(standard_modules); i++) {
		if (guild_str_eqz(name, standard_modules[i])) {
			return true;
		}
	}
	return false;
}

void guild_py_depend(struct py *py, enum py_dependency_kind kind, const char *name)
{
	for (size_t i = 0; i < py->n_deps; i++) {
		if (py->deps[i].kind == kind && strcmp(py->deps[i].name, name) == 0) {
			return;
		}
	}
	py->deps = guild_grow_array(py->deps, &py->cap_deps, py->n_deps + 1, sizeof *py->deps);
	py->deps[py->n_deps++] = (struct py_dependency){kind, guild_arena_strdup(py->arena, name)};
}

const char *guild_py_environment(struct py *py, const char *name)
{
	guild_py_depend(py, PY_DEP_ENV, name);
	return getenv(name);
}

static struct guild_str first_part(struct guild_str dotted)
{
	const char *dot = dotted.n > 0 ? memchr(dotted.p, '.', dotted.n) : NULL;
	return dot ? guild_str_n(dotted.p, (size_t)(dot - dotted.p)) : dotted;
}

static const char *parent_of(struct py *py, const char *dotted)
{
	const char *dot = strrchr(dotted, '.');
	return guild_arena_strndup(py->arena, dotted, dot ? (size_t)(dot - dotted) : 0);
}

static struct py_module *add_module(struct py *py, const char *path, const char *name,
	const char *package)
{
	struct py_module *m = guild_arena_alloc(py->arena, sizeof *m);
	m->path = path ? guild_arena_strdup(py->arena, path) : NULL;
	m->name = name;
	m->package = package;
	m->globals = guild_py_scope_new(py, NULL);
	py->modules = guild_grow_array(py->modules, &py->cap_modules, py->n_modules + 1,
		sizeof(struct py_module *));
	py->modules[py->n_modules++] = m;
	return m;
}

static void set_names(struct py *py, struct py_module *m, const char *name)
{
	guild_py_scope_set(py, m->globals, guild_str("__name__"), guild_py_strz(py, name));
	guild_py_scope_set(py, m->globals, guild_str("__file__"), guild_py_strz(py, m->path));
}

struct py_module *guild_py_main_module(struct py *py, struct py_source *src, const char *module)
{
	const char *package = module ? parent_of(py, module) : "";
	struct py_module *m = add_module(py, py->script_path, "__main__", package);
	m->src = src;
	m->is_read = true;
	set_names(py, m, "__main__");
	return m;
}

static struct py_module *find_module(struct py *py, const char *dotted)
{
	for (size_t i = 0; i < py->n_modules; i++) {
		if (strcmp(py->modules[i]->name, dotted) == 0) {
			return py->modules[i]->path ? py->modules[i] : NULL;
		}
	}
	char *relative = guild_strdup(dotted);
	for (char *p = relative; *p; p++) {
		*p = *p == '.' ? '/' : *p;
	}
	struct py_module *found = NULL;
	for (size_t i = 0; i < py->roots.n && !found; i++) {
		char *file = guild_format("%s/%s.py", py->roots.v[i], relative);
		char *package = guild_format("%s/%s/__init__.py", py->roots.v[i], relative);
		if (guild_is_file(package)) {
			found = add_module(py, package, guild_arena_strdup(py->arena, dotted),
				guild_arena_strdup(py->arena, dotted));
			found->is_package = true;
		} else if (guild_is_file(file)) {
			guild_py_depend(py, PY_DEP_ABSENT, package);
			found = add_module(py, file, guild_arena_strdup(py->arena, dotted),
				parent_of(py, dotted));
		} else {
			guild_py_depend(py, PY_DEP_ABSENT, package);
			guild_py_depend(py, PY_DEP_ABSENT, file);
		}
		free(file);
		free(package);
	}
	free(relative);
	if (!found) {
		add_module(py, NULL, guild_arena_strdup(py->arena, dotted),
			""); /* not asked for twice */
	}
	return found;
}

static bool is_interesting(struct guild_str text)
{
	static const char *const words[] = {"argparse", "add_argument", "parse_args", "click",
		"DEFINE_", "typer", "fire", "HfArgumentParser", "simple_parsing", "tyro",
		"dataclass", "Fire"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (text.n > 0 && memmem(text.p, text.n, words[i], strlen(words[i]))) {
			return true;
		}
	}
	return false;
}

/* Reads and runs a module once. A module that cannot be read has no names. */
static void load(struct py *py, struct py_module *m)
{
	if (m->is_read || !m->path) {
		return;
	}
	m->is_read = true;
	int64_t size = guild_file_size(m->path);
	guild_py_depend(py, PY_DEP_FILE, m->path);
	if (py->n_loaded >= PY_MODULES_LIMIT || size < 0 ||
		(size_t)size > PY_MODULES_BYTES_LIMIT - py->module_bytes) {
		m->is_bad = true;
		return;
	}
	py->n_loaded++;
	py->module_bytes += (size_t)size;
	if (guild_py_source_read(m->path, &m->src, NULL) != 0) {
		m->is_bad = true;
		return;
	}
	m->is_interesting = is_interesting(guild_py_source_text(m->src));
	set_names(py, m, m->name);
	guild_py_run_module(py, m);
}

void guild_py_load(struct py *py, struct py_module *m)
{
	load(py, m);
}

static struct pv *module_value(struct py *py, struct py_module *m)
{
	struct pv *v = guild_py_new(py, PV_MODULE);
	v->module = m;
	return v;
}

static struct pv *resolve(struct py *py, const char *dotted)
{
	struct py_module *m =
		is_standard(first_part(guild_str(dotted))) ? NULL : find_module(py, dotted);
	return m ? module_value(py, m) : NULL;
}

struct pv *guild_py_import(struct py *py, struct guild_str dotted, bool leaf)
{
	const char *whole = guild_arena_strndup(py->arena, dotted.p, dotted.n);
	struct guild_str head = first_part(dotted);
	const char *first = guild_arena_strndup(py->arena, head.p, head.n);
	struct pv *v = resolve(py, leaf ? whole : first);
	if (!v && !leaf && dotted.n > head.n && resolve(py, whole)) {
		/* A namespace package: a folder without __init__.py. */
		v = guild_py_new(py, PV_MODULE);
		v->module = guild_arena_alloc(py->arena, sizeof *v->module);
		v->module->name = first;
		v->module->package = first;
		v->module->globals = guild_py_scope_new(py, NULL);
		v->module->is_package = true;
		v->module->is_read = true;
	}
	return v ? v : guild_py_symbol(py, leaf ? whole : first);
}

/* Absolute dotted name of `from DOTS MODULE import`; NULL where the dots lead out of the known packages. */
static const char *absolute_name(struct py *py, struct guild_str module, size_t dots)
{
	const char *name = guild_arena_strndup(py->arena, module.n ? module.p : "", module.n);
	if (dots == 0) {
		return name;
	}
	const char *package = py->frame->module->package;
	for (size_t i = 1; i < dots; i++) {
		if (!*package) {
			return NULL;
		}
		package = parent_of(py, package);
	}
	if (!*package) {
		return name;
	}
	return *name ? guild_arena_format(py->arena, "%s.%s", package, name) : package;
}

struct pv *guild_py_import_from(struct py *py, struct guild_str module, size_t dots,
	struct guild_str name)
{
	const char *from = absolute_name(py, module, dots);
	if (!from) {
		return py->unknown;
	}
	struct pv *m = *from ? resolve(py, from) : NULL;
	const char *whole = guild_arena_format(py->arena, "%s%s%.*s", from, *from ? "." : "",
		GUILD_STR_FMT(name));
	if (m) {
		struct pv *v = guild_py_new(py, PV_IMPORT);
		v->module = m->module;
		v->s = name;
		return v;
	}
	struct pv *sub = dots > 0 || *from ? resolve(py, whole) : NULL;
	struct pv *known = sub ? NULL : guild_py_symbol_value(py, guild_str(whole));
	return sub ? sub : known ? known : guild_py_symbol(py, whole);
}

struct pv *guild_py_force(struct py *py, struct pv *import)
{
	struct pv *v = guild_py_module_get(py, import->module, import->s);
	return v ? v : py->unknown;
}

void guild_py_import_star(struct py *py, struct guild_str module, size_t dots)
{
	const char *from = absolute_name(py, module, dots);
	struct pv *m = from && *from ? resolve(py, from) : NULL;
	struct py_module *into = py->frame->module;
	if (!m) {
		static const char *const offered[] = {"argparse.ArgumentParser",
			"argparse.SUPPRESS", "click.Choice", "click.argument", "click.command",
			"click.group", "click.option", "click.pass_context",
			"dataclasses.dataclass", "dataclasses.field", "enum.Enum", "pathlib.Path",
			"typing.Dict", "typing.List", "typing.Optional", "typing.Union"};
		for (size_t i = 0; from && i < GUILD_ARRAY_LEN(offered); i++) {
			size_t n = strlen(from);
			if (strncmp(offered[i], from, n) == 0 && offered[i][n] == '.') {
				struct pv *known = guild_py_symbol_value(py, guild_str(offered[i]));
				guild_py_scope_set(py, py->frame->scope,
					guild_str(offered[i] + n + 1),
					known ? known : guild_py_symbol(py, offered[i]));
			}
		}
		return;
	}
	into->stars = guild_grow_array(into->stars, &into->cap_stars, into->n_stars + 1,
		sizeof(struct py_module *));
	into->stars[into->n_stars++] = m->module;
}

struct pv *guild_py_module_get(struct py *py, struct py_module *m, struct guild_str name)
{
	load(py, m);
	struct pv *v = guild_py_scope_own(m->globals, name);
	if (v && v->kind == PV_IMPORT && m->visits < PY_SAME_FUNCTION_LIMIT) {
		m->visits++;
		v = guild_py_force(py, v);
		m->visits--;
	}
	for (size_t i = m->n_stars; !v && i-- > 0 && m->visits < PY_SAME_FUNCTION_LIMIT;) {
		m->visits++;
		v = guild_py_module_get(py, m->stars[i], name);
		m->visits--;
	}
	if (!v && m->is_package) {
		const char *dotted =
			guild_arena_format(py->arena, "%s.%.*s", m->name, GUILD_STR_FMT(name));
		struct py_module *sub = find_module(py, dotted);
		v = sub ? module_value(py, sub) : NULL;
	}
	return v;
}
