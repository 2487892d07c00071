/* absl.flags and what came before it in TensorFlow: flags.DEFINE_…(name, default, help). */

#include <ctype.h>
#include <string.h>

#include "detect_private.h"

static const struct {
	const char *name, *type;
	bool is_multi, is_list;
} kinds[] = {
	{"DEFINE_alias", NULL, false, false},
	{"DEFINE_bool", "boolean", false, false},
	{"DEFINE_boolean", "boolean", false, false},
	{"DEFINE_config_file", "string", false, false},
	{"DEFINE_enum", NULL, false, false},
	{"DEFINE_enum_class", NULL, false, false},
	{"DEFINE_float", "float", false, false},
	{"DEFINE_integer", "int", false, false},
	{"DEFINE_list", "string", false, true},
	{"DEFINE_multi_enum", NULL, true, false},
	{"DEFINE_multi_enum_class", NULL, true, false},
	{"DEFINE_multi_float", "float", true, false},
	{"DEFINE_multi_integer", "int", true, false},
	{"DEFINE_multi_string", "string", true, false},
	{"DEFINE_spaceseplist", "string", false, true},
	{"DEFINE_string", "string", false, false},
};

static struct guild_str last_part(struct guild_str name)
{
	const char *dot = name.n > 0 ? memrchr(name.p, '.', name.n) : NULL;
	return dot ? guild_str_n(dot + 1, name.n - (size_t)(dot + 1 - name.p)) : name;
}

static bool is_absl_name(struct guild_str name)
{
	return guild_str_starts(name, "absl.") || guild_str_starts(name, "tensorflow.") ||
	       guild_str_starts(name, "gflags.") || guild_str_starts(name, "ml_collections.");
}

/* "a,b,c" of a list default. */
static struct pv *comma_joined(struct py *py, struct pv *v, char by)
{
	if (!v || v->kind != PV_LIST) {
		return v;
	}
	struct guild_buf buf = {0};
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0) {
			guild_buf_putc(&buf, by);
		}
		if (!guild_py_to_str(py, v->items[i], &buf)) {
			guild_buf_fini(&buf);
			return py->unknown;
		}
	}
	struct pv *text = guild_py_str(py, guild_buf_str(&buf));
	guild_buf_fini(&buf);
	return text;
}

static struct pv *member_name(struct py *py, const struct pv *member)
{
	char *lower = guild_arena_strndup(py->arena, member->s.p, member->s.n);
	for (char *p = lower; *p; p++) {
		*p = (char)tolower((unsigned char)*p);
	}
	return guild_py_strz(py, lower);
}

/* enum classes are named by their members, in lower case. */
static struct pv *member_names(struct py *py, struct pv *cls)
{
	struct pv **items;
	size_t n;
	if (!cls || cls->kind != PV_CLASS || !guild_py_iterate(py, cls, &items, &n)) {
		return py->unknown;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < n; i++) {
		guild_py_append(py, list, member_name(py, items[i]));
	}
	return list;
}

static void define(struct py *py, size_t kind, struct py_call *call)
{
	struct pv *v = guild_py_new(py, PV_OPTION);
	struct py_option *o = guild_py_option_new(py);
	struct guild_str what = guild_str(kinds[kind].name);
	v->data = o;
	struct pv *name = guild_py_arg(call, 0, "name");
	if (!name || !guild_py_is_text(name)) {
		guild_py_undecided(py, "names of flags are computed");
		return;
	}
	o->flag = guild_arena_strndup(py->arena, name->s.p, name->s.n);
	o->type = kinds[kind].type;
	o->is_multiple = kinds[kind].is_multi;
	bool has_values = guild_str_ends(what, "enum") || guild_str_ends(what, "enum_class");
	o->def = guild_py_arg(call, 1, "default");
	o->help = guild_py_arg(call, has_values ? 3 : 2, "help");
	if (has_values) {
		struct pv *values = guild_py_arg(call, 2,
			guild_str_ends(what, "class") ? "enum_class" : "enum_values");
		o->choices = guild_str_ends(what, "class") ? member_names(py, values) : values;
	}
	if (o->def && o->def->kind == PV_ENUM) {
		o->def = member_name(py, o->def);
	}
	if (kinds[kind].is_list) {
		o->def = comma_joined(py, o->def, guild_str_ends(what, "spaceseplist") ? ' ' : ',');
	}
	struct pv *required = guild_py_kw(call, "required");
	o->required = required && guild_py_truth(required) == 1;
	o->undecided = py->uncertain > 0 ? "flags depend on a condition" : NULL;
	py->absl_flags = guild_grow_array(py->absl_flags, &py->cap_absl_flags, py->n_absl_flags + 1,
		sizeof(struct pv *));
	py->absl_flags[py->n_absl_flags++] = v;
}

static void require(struct py *py, const struct pv *name)
{
	for (size_t i = 0; name && i < py->n_absl_flags; i++) {
		struct py_option *o = py->absl_flags[i]->data;
		if (guild_py_is_text(name) && guild_str_eqz(name->s, o->flag)) {
			o->required = true;
		}
	}
}

static struct pv *run(struct py *py, struct py_call *call)
{
	guild_py_event(py, PY_LIB_ABSL, py->none, call);
	py->has_stopped = py->has_stopped || py->uncertain == 0;
	return py->unknown;
}

struct pv *guild_py_absl_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	if (!is_absl_name(name)) {
		return NULL;
	}
	struct guild_str last = last_part(name);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		if (guild_str_eqz(last, kinds[i].name)) {
			if (kinds[i].type || guild_str_starts(last, "DEFINE_enum") ||
				kinds[i].is_multi) {
				define(py, i, call);
			}
			return py->unknown;
		}
	}
	if (guild_str_starts(last, "DEFINE")) {
		guild_py_undecided(py, "a flag is defined in an unusual way");
		return py->unknown;
	}
	if (guild_str_eqz(last, "mark_flag_as_required")) {
		require(py, guild_py_arg(call, 0, "flag_name"));
		return py->none;
	}
	if (guild_str_eqz(last, "mark_flags_as_required")) {
		struct pv *names = guild_py_arg(call, 0, "flag_names");
		for (size_t i = 0; names && (names->kind == PV_LIST || names->kind == PV_TUPLE) &&
				   i < names->n;
			i++) {
			require(py, names->items[i]);
		}
		return py->none;
	}
	if (guild_str_ends(name, "app.run") || guild_str_ends(name, "flags.FLAGS") ||
		guild_str_eqz(name, "absl.app.run")) {
		return run(py, call);
	}
	return NULL;
}

void guild_detect_absl_option(struct detect *d, const struct py_option *o)
{
	struct guild_flag_def *f = guild_detect_flag(d, o->flag);
	d->undecided = d->undecided ? d->undecided : o->undecided;
	if (o->help && o->help->kind == PV_STR) {
		f->description = guild_arena_strndup(d->arena, o->help->s.p, o->help->s.n);
	}
	f->def = guild_detect_default(d, f->name, o->def);
	f->required = f->has_required = o->required;
	f->type = o->type;
	guild_detect_choices(d, f, o->choices);
	if (o->is_multiple && f->def && f->def->type == GUILD_LIST) {
		f->def = NULL; /* given once a value: what the script has by itself is the same */
	}
	if (o->type && strcmp(o->type, "boolean") == 0) {
		bool is_on = f->def && guild_value_truthy(f->def);
		guild_detect_switch(d, f, !is_on,
			is_on ? guild_arena_format(d->arena, "no%s", f->name) : NULL);
	}
}

void guild_detect_absl(struct detect *d)
{
	for (size_t i = 0; i < d->py->n_absl_flags; i++) {
		guild_detect_absl_option(d, d->py->absl_flags[i]->data);
	}
}
