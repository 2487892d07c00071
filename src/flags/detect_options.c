/* Declared options -> flag definitions, by the tables of argparse and click. */

#include <string.h>

#include "detect_private.h"

struct py_option *guild_py_option_new(struct py *py)
{
	struct py_option *o = guild_arena_alloc(py->arena, sizeof *o);
	o->nargs = PY_NARGS_NONE;
	return o;
}

void guild_py_option_name(struct py *py, struct py_option *o, const char *name)
{
	const char **names = guild_arena_alloc(py->arena, (o->n_names + 1) * sizeof(const char *));
	if (o->n_names > 0) {
		memcpy(names, o->names, o->n_names * sizeof(const char *));
	}
	names[o->n_names++] = name;
	o->names = names;
	if (!o->flag && guild_starts(name, "--") && name[2]) {
		o->flag = name + 2;
	}
}

void guild_py_option_type(struct py *py, struct py_option *o, struct pv *type,
	struct guild_str text)
{
	static const struct {
		const char *symbol, *type;
	} types[] = {
		{"builtins.str", "string"},
		{"builtins.int", "int"},
		{"builtins.float", "float"},
		{"builtins.bool", "boolean"},
	};
	(void)py;
	o->type = "?";
	o->type_text = text;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
		if (guild_py_is_symbol(type, types[i].symbol)) {
			o->type = types[i].type;
		}
	}
	if (type->kind == PV_UNKNOWN) {
		o->undecided = "a type is computed";
	}
}

/* ---- parts of a definition ---- */

struct guild_flag_def *guild_detect_flag(struct detect *d, const char *name)
{
	const char *own = guild_arena_strdup(d->arena, name);
	struct guild_flag_def *f = guild_flag_defs_get(d->defs, own);
	if (f) {
		*f = (struct guild_flag_def){.name = own};
		return f;
	}
	return guild_flag_defs_add(d->arena, d->defs, own);
}

static void undecide(struct detect *d, const char *why)
{
	d->undecided = d->undecided ? d->undecided : why;
}

const struct guild_value *guild_detect_default(struct detect *d, const char *flag, struct pv *v)
{
	if (!v || v->kind == PV_NONE) {
		return NULL;
	}
	if (v->kind == PV_UNKNOWN || v->kind == PV_SYMBOL) {
		if (v->is_volatile) {
			guild_strs_add(&d->changing, flag);
			guild_log(d->log, "debug",
				"the default of '%s' differs each time: left to the script", flag);
		} else if (v->kind == PV_SYMBOL && guild_str_starts(v->s, "builtins.")) {
			guild_log(d->log, "debug",
				"the default of '%s' is no plain value: left to the script", flag);
		} else {
			undecide(d, "a default is computed");
		}
		return NULL;
	}
	struct guild_value *value = guild_py_to_value(d->arena, v);
	if (value) {
		bool is_suppressed =
			value->type == GUILD_STRING && guild_str_eqz(value->s, "==SUPPRESS==");
		return is_suppressed ? NULL : value;
	}
	struct guild_buf buf = {0};
	if (guild_py_to_str(d->py, v, &buf)) {
		value = guild_value_string_n(d->arena, guild_buf_cstr(&buf), buf.n);
	} else if (v->kind == PV_LIST || v->kind == PV_TUPLE || v->kind == PV_DICT ||
		   v->kind == PV_SET || v->kind == PV_ENUM) {
		undecide(d, "a default is computed");
	} else {
		guild_log(d->log, "debug",
			"the default of '%s' is no plain value: left to the script", flag);
	}
	guild_buf_fini(&buf);
	return value;
}

static void set_description(struct detect *d, struct guild_flag_def *f, struct pv *help)
{
	if (!help || help->kind == PV_NONE) {
		return;
	}
	if (help->kind != PV_STR) {
		if (!help->is_volatile) {
			undecide(d, "a help text is computed");
		}
		return;
	}
	if (help->s.n > 0 && !guild_str_eqz(help->s, "==SUPPRESS==")) {
		f->description = guild_arena_strndup(d->arena, help->s.p, help->s.n);
	}
}

void guild_detect_choices(struct detect *d, struct guild_flag_def *f, struct pv *choices)
{
	if (!choices || choices->kind == PV_NONE) {
		return;
	}
	struct pv **items;
	size_t n;
	if (!guild_py_iterate(d->py, choices, &items, &n)) {
		undecide(d, "choices are computed");
		return;
	}
	struct guild_flag_choice *out = guild_arena_alloc(d->arena, (n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++) {
		out[i].value = items[i]->kind == PV_NONE
				       ? guild_value_null(d->arena)
				       : guild_detect_default(d, f->name, items[i]);
		if (!out[i].value) {
			undecide(d, "choices are computed");
			return;
		}
	}
	f->choices = out;
	f->n_choices = n;
}

void guild_detect_bool_choices(struct detect *d, struct guild_flag_def *f)
{
	f->choices = guild_arena_alloc(d->arena, 2 * sizeof *f->choices);
	f->choices[0].value = guild_value_bool(d->arena, true);
	f->choices[1].value = guild_value_bool(d->arena, false);
	f->n_choices = 2;
}

void guild_detect_switch(struct detect *d, struct guild_flag_def *f, bool on, const char *arg_name)
{
	f->arg_switch = guild_value_bool(d->arena, on);
	f->arg_name = arg_name ? guild_arena_strdup(d->arena, arg_name) : NULL;
}

const struct guild_value *guild_detect_joined(struct detect *d, const struct guild_value *list,
	bool as_yaml)
{
	struct guild_buf out = {0};
	for (size_t i = 0; i < list->n; i++) {
		const struct guild_value *item = list->items[i];
		struct guild_buf one = {0};
		if (!as_yaml && item->type == GUILD_STRING) {
			guild_buf_append(&one, item->s.p, item->s.n);
		} else if (!as_yaml && item->type == GUILD_BOOL) {
			guild_buf_puts(&one, item->b ? "yes" : "no");
		} else {
			guild_yaml_dump_flow(&one, item);
		}
		if (i > 0) {
			guild_buf_putc(&out, ' ');
		}
		guild_shlex_quote(&out, guild_buf_cstr(&one));
		guild_buf_fini(&one);
	}
	const struct guild_value *joined =
		guild_value_string_n(d->arena, guild_buf_cstr(&out), out.n);
	guild_buf_fini(&out);
	return joined;
}

static void set_type(struct detect *d, struct guild_flag_def *f, const struct py_option *o)
{
	if (!o->type) {
		return;
	}
	if (strcmp(o->type, "?") == 0) {
		guild_log(d->log, "debug",
			"type %.*s of '%s' is not one guild knows: values are guessed",
			GUILD_STR_FMT(o->type_text), f->name);
		return;
	}
	f->type = guild_arena_strdup(d->arena, o->type);
}

static void set_common(struct detect *d, struct guild_flag_def *f, const struct py_option *o)
{
	if (o->undecided) {
		undecide(d, o->undecided);
	}
	set_description(d, f, o->help);
	f->def = guild_detect_default(d, f->name, o->def);
	f->required = f->has_required = o->required;
	f->source_module = NULL;
}

static bool is_sequence(const struct guild_value *v)
{
	return v && v->type == GUILD_LIST;
}

void guild_detect_argparse_option(struct detect *d, const struct py_option *o)
{
	if (!o->flag || o->action == PY_OTHER_ACTION) {
		if (o->undecided) {
			undecide(d, o->undecided);
		}
		return;
	}
	struct guild_flag_def *f = guild_detect_flag(d, o->flag);
	set_common(d, f, o);
	switch (o->action) {
	case PY_STORE_TRUE:
	case PY_STORE_FALSE:
		guild_detect_switch(d, f, o->action == PY_STORE_TRUE, NULL);
		guild_detect_bool_choices(d, f);
		return;
	case PY_BOOLEAN_OPTIONAL: {
		bool is_on = f->def && f->def->type == GUILD_BOOL && f->def->b;
		guild_detect_switch(d, f, !is_on,
			is_on ? guild_arena_format(d->arena, "no-%s", f->name) : f->name);
		guild_detect_bool_choices(d, f);
		return;
	}
	default:
		break;
	}
	set_type(d, f, o);
	guild_detect_choices(d, f, o->choices);
	if (o->nargs == PY_NARGS_MANY || o->nargs > 1) {
		f->arg_split = guild_value_bool(d->arena, true);
		if (is_sequence(f->def)) {
			f->def = guild_detect_joined(d, f->def, false);
		}
	}
}

void guild_detect_click_option(struct detect *d, const struct py_option *o)
{
	/* An option that is counted takes no value: there is nothing a flag could pass. */
	if (!o->flag || o->is_count) {
		if (o->undecided) {
			undecide(d, o->undecided);
		}
		return;
	}
	struct guild_flag_def *f = guild_detect_flag(d, o->flag);
	set_common(d, f, o);
	set_type(d, f, o);
	guild_detect_choices(d, f, o->choices);
	if (o->is_flag_value) {
		f->type = "boolean";
		f->def = guild_value_bool(d->arena, f->def && guild_value_truthy(f->def));
	}
	if (o->is_flag) {
		bool is_on = f->def && guild_value_truthy(f->def) && !o->is_flag_value;
		guild_detect_switch(d, f, !is_on, is_on && o->off_flag ? o->off_flag : NULL);
	} else if (o->nargs > 1) {
		f->arg_split = guild_value_bool(d->arena, true);
		if (is_sequence(f->def)) {
			f->def = guild_detect_joined(d, f->def, false);
		}
	} else if (o->is_multiple && is_sequence(f->def)) {
		f->def =
			NULL; /* a list would make every run a batch; not passing it says the same */
	}
}
