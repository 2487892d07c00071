/* os.path and pathlib, as far as they need no file system. */

#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

static const char *path_text(struct py *py, const struct pv *v)
{
	return v->kind == PV_STR || v->kind == PV_PATH
		       ? guild_arena_strndup(py->arena, v->s.p, v->s.n)
		       : NULL;
}

static struct pv *take_text(struct py *py, char *text)
{
	struct pv *v = guild_py_strz(py, text);
	free(text);
	return v;
}

static struct pv *join_parts(struct py *py, struct pv **parts, size_t n)
{
	struct pv *bad = NULL;
	char *joined = guild_strdup("");
	for (size_t i = 0; i < n && !bad; i++) {
		const char *part = path_text(py, parts[i]);
		if (!part) {
			bad = parts[i];
			break;
		}
		char *next = guild_path_join(joined, part);
		free(joined);
		joined = next;
	}
	struct pv *v =
		bad || n == 0 ? guild_py_unknown_from(py, bad, NULL) : guild_py_strz(py, joined);
	free(joined);
	return v;
}

static struct pv *call_join(struct py *py, struct py_call *call)
{
	return call->has_unknown ? py->unknown : join_parts(py, call->pos, call->n_pos);
}

static struct pv *call_dirname(struct py *py, struct py_call *call)
{
	const char *path = call->n_pos == 1 ? path_text(py, call->pos[0]) : NULL;
	return path ? take_text(py, guild_path_dirname(path)) : py->unknown;
}

static struct pv *call_basename(struct py *py, struct py_call *call)
{
	const char *path = call->n_pos == 1 ? path_text(py, call->pos[0]) : NULL;
	return path ? guild_py_strz(py, guild_path_basename(path)) : py->unknown;
}

static struct pv *call_abspath(struct py *py, struct py_call *call)
{
	const char *path = call->n_pos == 1 ? path_text(py, call->pos[0]) : NULL;
	return path && guild_path_is_abs(path) ? take_text(py, guild_path_normalize(path))
					       : py->unknown;
}

static struct pv *call_normpath(struct py *py, struct py_call *call)
{
	const char *path = call->n_pos == 1 ? path_text(py, call->pos[0]) : NULL;
	return path ? take_text(py, guild_path_normalize(path)) : py->unknown;
}

static struct pv *call_splitext(struct py *py, struct py_call *call)
{
	const char *path = call->n_pos == 1 ? path_text(py, call->pos[0]) : NULL;
	if (!path) {
		return py->unknown;
	}
	const char *ext = guild_path_ext(path);
	struct pv *pair = guild_py_new(py, PV_TUPLE);
	guild_py_append(py, pair, guild_py_str(py, guild_str_n(path, strlen(path) - strlen(ext))));
	guild_py_append(py, pair, guild_py_strz(py, ext));
	return pair;
}

static struct pv *expand_user(struct py *py, struct pv *of)
{
	const char *path = path_text(py, of);
	if (!path) {
		return py->unknown;
	}
	const char *home = path[0] == '~' ? guild_py_environment(py, "HOME") : "";
	if (!home) {
		return py->unknown;
	}
	struct pv *v = take_text(py, guild_path_expand_user(path, home));
	v->kind = of->kind;
	return v;
}

static struct pv *call_expanduser(struct py *py, struct py_call *call)
{
	return call->n_pos == 1 ? expand_user(py, call->pos[0]) : py->unknown;
}

static struct pv *call_path(struct py *py, struct py_call *call)
{
	struct pv *v =
		call->n_pos == 0 ? guild_py_strz(py, ".") : join_parts(py, call->pos, call->n_pos);
	if (v->kind == PV_STR) {
		/* A path drops "./", "//" and a trailing slash, and keeps "..". */
		struct guild_buf buf = {0};
		struct guild_str s = v->s;
		for (size_t i = 0; i < s.n;) {
			size_t k = i;
			while (k < s.n && s.p[k] != '/') {
				k++;
			}
			bool is_dot = k - i == 1 && s.p[i] == '.';
			if (k > i && !is_dot) {
				if (buf.n > 0 && buf.p[buf.n - 1] != '/') {
					guild_buf_putc(&buf, '/');
				}
				guild_buf_append(&buf, s.p + i, k - i);
			} else if (i == 0 && k == 0) {
				guild_buf_putc(&buf, '/');
			}
			i = k + 1;
		}
		v = buf.n > 0 ? guild_py_str(py, guild_buf_str(&buf)) : guild_py_strz(py, ".");
		v->kind = PV_PATH;
		guild_buf_fini(&buf);
	}
	return v;
}

static const struct {
	const char *name;
	struct pv *(*call)(struct py *py, struct py_call *call);
} symbols[] = {
	{"os.path.abspath", call_abspath},
	{"os.path.basename", call_basename},
	{"os.path.dirname", call_dirname},
	{"os.path.expanduser", call_expanduser},
	{"os.path.join", call_join},
	{"os.path.normpath", call_normpath},
	{"os.path.realpath", call_abspath},
	{"os.path.splitext", call_splitext},
	{"pathlib.Path", call_path},
	{"pathlib.PosixPath", call_path},
	{"pathlib.PurePath", call_path},
};

struct pv *guild_py_call_path_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(symbols); i++) {
		if (guild_str_eqz(name, symbols[i].name)) {
			return symbols[i].call(py, call);
		}
	}
	return NULL;
}

/* PATH.METHOD(…) of pathlib. */
struct pv *guild_py_call_path_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	if (guild_str_eqz(name, "joinpath")) {
		struct py_call all = {.src = call->src, .has_unknown = call->has_unknown};
		guild_py_call_add(py, &all, self);
		for (size_t i = 0; i < call->n_pos; i++) {
			guild_py_call_add(py, &all, call->pos[i]);
		}
		return call_path(py, &all);
	}
	if (guild_str_eqz(name, "expanduser")) {
		return expand_user(py, self);
	}
	if (guild_str_eqz(name, "as_posix") || guild_str_eqz(name, "__str__")) {
		return guild_py_str(py, self->s);
	}
	if (guild_str_eqz(name, "resolve") || guild_str_eqz(name, "absolute")) {
		return guild_str_starts(self->s, "/") ? self : py->unknown;
	}
	return py->unknown;
}
