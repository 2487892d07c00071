/* Methods of strings, lists, dictionaries, sets. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

static struct pv *change_case(struct py *py, struct guild_str s, struct guild_str how)
{
	struct pv *v = guild_py_str(py, s);
	char *p = guild_arena_strndup(py->arena, s.n ? s.p : "", s.n);
	bool at_start = true;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c >= 0x80) {
			return py->unknown;
		}
		bool is_upper = guild_str_eqz(how, "upper") ||
				(at_start && (guild_str_eqz(how, "title") ||
						     guild_str_eqz(how, "capitalize")));
		p[i] = (char)(is_upper ? toupper(c) : tolower(c));
		at_start = guild_str_eqz(how, "title") && !isalpha(c);
	}
	v->s = guild_str_n(p, s.n);
	return v;
}

static struct pv *strip(struct py *py, struct guild_str s, struct guild_str how,
	struct py_call *call)
{
	const char *set = " \t\n\r\f\v";
	if (call->n_pos > 0) {
		if (!guild_py_is_text(call->pos[0])) {
			return py->unknown;
		}
		set = guild_arena_strndup(py->arena, call->pos[0]->s.p, call->pos[0]->s.n);
	}
	while (!guild_str_eqz(how, "rstrip") && s.n > 0 && s.p[0] && strchr(set, s.p[0])) {
		s.p++;
		s.n--;
	}
	while (!guild_str_eqz(how, "lstrip") && s.n > 0 && s.p[s.n - 1] &&
		strchr(set, s.p[s.n - 1])) {
		s.n--;
	}
	return guild_py_str(py, s);
}

static struct pv *split(struct py *py, struct guild_str s, struct py_call *call)
{
	struct pv *list = guild_py_new(py, PV_LIST);
	struct pv *by = guild_py_arg(call, 0, "sep");
	if (call->n_pos > 1 || guild_py_kw(call, "maxsplit")) {
		return py->unknown;
	}
	if (!by || by->kind == PV_NONE) {
		for (size_t i = 0; i < s.n;) {
			while (i < s.n && isspace((unsigned char)s.p[i])) {
				i++;
			}
			size_t start = i;
			while (i < s.n && !isspace((unsigned char)s.p[i])) {
				i++;
			}
			if (i > start) {
				guild_py_append(py, list,
					guild_py_str(py, guild_str_n(s.p + start, i - start)));
			}
		}
		return list;
	}
	if (!guild_py_is_text(by) || by->s.n == 0) {
		return py->unknown;
	}
	size_t start = 0;
	for (;;) {
		const char *hit = memmem(s.p + start, s.n - start, by->s.p, by->s.n);
		size_t end = hit ? (size_t)(hit - s.p) : s.n;
		guild_py_append(py, list, guild_py_str(py, guild_str_n(s.p + start, end - start)));
		if (!hit) {
			return list;
		}
		start = end + by->s.n;
	}
}

static struct pv *join(struct py *py, struct guild_str by, struct py_call *call)
{
	struct pv **items;
	size_t n;
	struct pv *culprit = call->n_pos == 1 ? call->pos[0] : py->unknown;
	if (call->n_pos != 1 || !guild_py_iterate(py, call->pos[0], &items, &n)) {
		return guild_py_unknown_from(py, culprit, NULL);
	}
	struct guild_buf buf = {0};
	bool ok = true;
	for (size_t i = 0; i < n && ok; i++) {
		guild_buf_append(&buf, by.p, i > 0 ? by.n : 0);
		ok = guild_py_is_text(items[i]);
		guild_buf_append(&buf, items[i]->s.p, ok ? items[i]->s.n : 0);
		culprit = items[i];
	}
	struct pv *v = ok ? guild_py_str(py, guild_buf_str(&buf))
			  : guild_py_unknown_from(py, culprit, NULL);
	guild_buf_fini(&buf);
	return v;
}

static struct pv *replace(struct py *py, struct guild_str s, struct py_call *call)
{
	if (call->n_pos != 2 || !guild_py_is_text(call->pos[0]) ||
		!guild_py_is_text(call->pos[1]) || call->pos[0]->s.n == 0) {
		return py->unknown;
	}
	struct guild_str old = call->pos[0]->s;
	struct guild_str new = call->pos[1]->s;
	struct guild_buf buf = {0};
	size_t at = 0;
	for (const char *hit;
		at < s.n && (hit = memmem(s.p + at, s.n - at, old.p, old.n)) != NULL;) {
		guild_buf_append(&buf, s.p + at, (size_t)(hit - s.p) - at);
		guild_buf_append(&buf, new.p, new.n);
		at = (size_t)(hit - s.p) + old.n;
		if (buf.n > (1u << 20)) {
			break;
		}
	}
	guild_buf_append(&buf, s.p + at, s.n - at);
	struct pv *v = guild_py_str(py, guild_buf_str(&buf));
	guild_buf_fini(&buf);
	return v;
}

static struct pv *string_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	static const char *const cases[] = {"upper", "lower", "title", "capitalize"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		if (guild_str_eqz(name, cases[i])) {
			return change_case(py, self->s, name);
		}
	}
	if (guild_str_ends(name, "strip")) {
		return strip(py, self->s, name, call);
	}
	if (guild_str_eqz(name, "split")) {
		return split(py, self->s, call);
	}
	if (guild_str_eqz(name, "join")) {
		return join(py, self->s, call);
	}
	if (guild_str_eqz(name, "replace")) {
		return replace(py, self->s, call);
	}
	if (guild_str_eqz(name, "format")) {
		return guild_py_str_format(py, self->s, call);
	}
	bool starts = guild_str_eqz(name, "startswith");
	if ((starts || guild_str_eqz(name, "endswith")) && call->n_pos == 1 &&
		guild_py_is_text(call->pos[0])) {
		const char *part =
			guild_arena_strndup(py->arena, call->pos[0]->s.p, call->pos[0]->s.n);
		return guild_py_bool(py,
			starts ? guild_str_starts(self->s, part) : guild_str_ends(self->s, part));
	}
	return NULL;
}

/* A list or dict changed in a way, or under a condition, that is not followed. */
static struct pv *lose(struct py *py, struct pv *self, struct py_call *call)
{
	self->kind = PV_UNKNOWN;
	guild_py_escape(py, call);
	return py->unknown;
}

static struct pv *list_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	bool is_certain = py->uncertain <= py->frame->uncertain_at;
	if (guild_str_eqz(name, "append") && call->n_pos == 1 && is_certain) {
		guild_py_append(py, self, call->pos[0]);
		return py->none;
	}
	if (guild_str_eqz(name, "extend") && call->n_pos == 1 && is_certain) {
		struct pv **items;
		size_t n;
		if (!guild_py_iterate(py, call->pos[0], &items, &n)) {
			return lose(py, self, call);
		}
		for (size_t i = 0; i < n; i++) {
			guild_py_append(py, self, items[i]);
		}
		return py->none;
	}
	if (guild_str_eqz(name, "copy")) {
		struct pv *copy = guild_py_new(py, PV_LIST);
		for (size_t i = 0; i < self->n; i++) {
			guild_py_append(py, copy, self->items[i]);
		}
		return copy;
	}
	if (guild_str_eqz(name, "index") || guild_str_eqz(name, "count")) {
		return py->unknown;
	}
	return lose(py, self, call);
}

static struct pv *dict_views(struct py *py, struct pv *self, struct guild_str name)
{
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < self->n; i++) {
		struct pv *item = self->items[i];
		if (guild_str_eqz(name, "keys")) {
			item = self->keys[i];
		} else if (guild_str_eqz(name, "items")) {
			item = guild_py_new(py, PV_TUPLE);
			guild_py_append(py, item, self->keys[i]);
			guild_py_append(py, item, self->items[i]);
		}
		guild_py_append(py, list, item);
	}
	return list;
}

static struct pv *dict_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	if (guild_str_eqz(name, "keys") || guild_str_eqz(name, "values") ||
		guild_str_eqz(name, "items")) {
		return dict_views(py, self, name);
	}
	if (guild_str_eqz(name, "get") && call->n_pos > 0 && guild_py_is_const(call->pos[0])) {
		struct pv *item = guild_py_dict_get(self, call->pos[0]);
		return item ? item : call->n_pos > 1 ? call->pos[1] : py->none;
	}
	if (guild_str_eqz(name, "copy")) {
		struct pv *copy = guild_py_new(py, PV_DICT);
		for (size_t i = 0; i < self->n; i++) {
			guild_py_dict_set(py, copy, self->keys[i], self->items[i]);
		}
		return copy;
	}
	bool is_certain = py->uncertain <= py->frame->uncertain_at;
	if (guild_str_eqz(name, "update") && is_certain && !call->has_unknown &&
		(call->n_pos == 0 || (call->n_pos == 1 && call->pos[0]->kind == PV_DICT))) {
		for (size_t i = 0; call->n_pos == 1 && i < call->pos[0]->n; i++) {
			guild_py_dict_set(py, self, call->pos[0]->keys[i], call->pos[0]->items[i]);
		}
		for (size_t i = 0; i < call->n_kw; i++) {
			guild_py_dict_set(py, self, guild_py_str(py, call->kw[i].name),
				call->kw[i].value);
		}
		return py->none;
	}
	return lose(py, self, call);
}

struct pv *guild_py_call_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	switch (self->kind) {
	case PV_STR: {
		struct pv *v = string_method(py, self, name, call);
		return v ? v : py->unknown;
	}
	case PV_LIST:
		return list_method(py, self, name, call);
	case PV_DICT:
		return dict_method(py, self, name, call);
	case PV_SET:
		return guild_str_eqz(name, "add") ? lose(py, self, call) : py->unknown;
	case PV_PATH:
		return guild_py_call_path_method(py, self, name, call);
	default:
		return NULL;
	}
}
