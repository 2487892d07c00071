/* Fire: parameters of a function, or of a class and its methods, are the options. */

#include <string.h>

#include "detect_private.h"

static bool is_container(const struct pv *v)
{
	return v->kind == PV_LIST || v->kind == PV_TUPLE || v->kind == PV_DICT || v->kind == PV_SET;
}

/* Fire reads values as Python literals: containers are passed in their own spelling. */
static struct pv *literal_text(struct py *py, struct pv *v)
{
	struct guild_buf buf = {0};
	struct pv *text =
		guild_py_to_repr(py, v, &buf) ? guild_py_str(py, guild_buf_str(&buf)) : py->unknown;
	guild_buf_fini(&buf);
	return text;
}

static const char *type_of(const struct py_param *p)
{
	if (p->has_annotation && p->annotation.type && !p->annotation.is_list &&
		!p->annotation.is_tuple) {
		return p->annotation.type;
	}
	if (p->has_annotation || !p->def) {
		return NULL;
	}
	switch (p->def->kind) {
	case PV_BOOL:
		return "boolean";
	case PV_INT:
	case PV_FLOAT:
		return "number";
	case PV_STR:
		return "string";
	default:
		return NULL;
	}
}

void guild_detect_fire_option(struct detect *d, const struct py_option *o)
{
	struct guild_flag_def *f = guild_detect_flag(d, o->flag);
	f->type = o->type;
	f->required = f->has_required = o->required;
	f->def = guild_detect_default(d, f->name, o->def);
	if (f->def && f->def->type == GUILD_BOOL) {
		guild_detect_switch(d, f, !f->def->b,
			f->def->b ? guild_arena_format(d->arena, "no%s", f->name) : NULL);
	}
}

static void add_parameter(struct detect *d, const struct py_param *p)
{
	if (p->is_star) {
		return;
	}
	struct py_option *o = guild_py_option_new(d->py);
	o->flag = guild_arena_strndup(d->arena, p->name.p, p->name.n);
	o->type = type_of(p);
	o->required = !p->def;
	o->def = p->def && is_container(p->def) ? literal_text(d->py, p->def) : p->def;
	guild_detect_fire_option(d, o);
}

static void add_function(struct detect *d, struct pv *function, bool is_method)
{
	size_t n;
	struct py_param *params = guild_py_parameters(d->py, function, is_method, &n);
	for (size_t i = 0; i < n; i++) {
		add_parameter(d, &params[i]);
	}
}

static struct pv *constructor(struct pv *cls)
{
	struct pv *from = NULL;
	struct pv *init = guild_py_class_attribute(cls, guild_str("__init__"), &from);
	return init && init->kind == PV_FUNCTION ? init : NULL;
}

/* The words that choose among members: base arguments that are no options. */
static const char *next_word(struct detect *d, size_t *at)
{
	while (*at < d->py->n_base_args) {
		const char *word = d->py->base_args[(*at)++];
		if (word[0] != '-') {
			char *name = guild_arena_strdup(d->arena, word);
			for (char *p = name; *p; p++) {
				*p = *p == '-' ? '_' : *p;
			}
			return name;
		}
	}
	return NULL;
}

static struct pv *member(struct detect *d, struct pv *v, const char *word)
{
	struct pv *from = NULL;
	struct pv *found = NULL;
	if (v->kind == PV_DICT) {
		found = guild_py_dict_getz(v, word);
	} else if (v->kind == PV_CLASS) {
		found = guild_py_class_attribute(v, guild_str(word), &from);
	} else if (v->kind == PV_INSTANCE) {
		found = guild_py_class_attribute(v->cls, guild_str(word), &from);
	} else if (v->kind == PV_MODULE) {
		found = guild_py_module_get(d->py, v->module, guild_str(word));
	}
	if (found && found->kind == PV_DECORATOR && found->target) {
		found = found->target;
	}
	return found;
}

void guild_detect_fire(struct detect *d, const struct py_event *event)
{
	struct pv *v = event->target;
	bool is_method = false;
	size_t at = 0;
	for (unsigned depth = 0; depth < 8; depth++) {
		if (v->kind == PV_FUNCTION) {
			add_function(d, v, is_method);
			return;
		}
		if (v->kind == PV_BOUND) {
			add_function(d, v->target, true);
			return;
		}
		if (v->kind == PV_CLASS && constructor(v)) {
			add_function(d, constructor(v), true);
		}
		if (v->kind != PV_CLASS && v->kind != PV_INSTANCE && v->kind != PV_DICT &&
			v->kind != PV_MODULE) {
			d->undecided = d->undecided ? d->undecided
						    : "what Fire is given comes from elsewhere";
			return;
		}
		const char *word = next_word(d, &at);
		struct pv *found = word ? member(d, v, word) : NULL;
		if (!found) {
			return;
		}
		is_method = v->kind == PV_CLASS || v->kind == PV_INSTANCE;
		v = found;
	}
}
