/* Parsers made from annotated classes: Hugging Face's, simple-parsing's, tyro's. */

#include <string.h>

#include "detect_private.h"

static bool ends(struct guild_str name, const char *last)
{
	size_t n = strlen(last);
	return name.n > n && guild_str_ends(name, last) && name.p[name.n - n - 1] == '.';
}

/* ---- making them ---- */

static struct pv *field_value(struct py *py, const char *what, struct py_call *call)
{
	struct pv *v = guild_py_new(py, PV_FIELD);
	v->s = guild_str(what);
	v->call = call;
	return v;
}

static struct pv *mark_record(struct py *py, struct py_call *call, struct guild_str name)
{
	struct pv *symbol = guild_py_new(py, PV_DECORATOR);
	symbol->s = guild_str("dataclass");
	symbol->target = NULL;
	(void)name;
	if (call->n_pos == 1 && call->pos[0]->kind == PV_CLASS) {
		call->pos[0]->decorator = symbol;
		return call->pos[0];
	}
	return symbol;
}

static void add_classes(struct py *py, struct py_parser *p, struct pv *classes)
{
	struct pv **items;
	size_t n;
	if (!classes) {
		return;
	}
	if (classes->kind == PV_CLASS || classes->kind == PV_SYMBOL ||
		classes->kind == PV_UNKNOWN) {
		guild_py_append(py, p->dataclasses, classes);
	} else if (guild_py_iterate(py, classes, &items, &n)) {
		for (size_t i = 0; i < n; i++) {
			guild_py_append(py, p->dataclasses, items[i]);
		}
	} else {
		guild_py_append(py, p->dataclasses, py->unknown);
	}
}

static struct pv *parse_now(struct py *py, enum py_library library, struct pv *target,
	struct py_call *call)
{
	guild_py_event(py, library, target, call);
	py->has_stopped = py->has_stopped || py->uncertain == 0;
	return py->unknown;
}

struct pv *guild_py_dataclass_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	static const char *const records[] = {"dataclasses.dataclass", "attr.s", "attr.attrs",
		"attr.dataclass", "attr.define", "attrs.define", "attrs.frozen", "attr.frozen",
		"pydantic.dataclasses.dataclass", "flax.struct.dataclass",
		"simple_parsing.dataclass"};
	static const char *const fields[] = {"dataclasses.field", "attr.ib", "attr.field",
		"attrs.field", "pydantic.Field", "simple_parsing.field", "simple_parsing.choice",
		"simple_parsing.list_field", "simple_parsing.mutable_field",
		"simple_parsing.helpers.field", "simple_parsing.helpers.choice",
		"simple_parsing.helpers.list_field", "tyro.conf.arg", "HfArg",
		"transformers.hf_argparser.HfArg"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(records); i++) {
		if (guild_str_eqz(name, records[i])) {
			return mark_record(py, call, name);
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(fields); i++) {
		if (guild_str_eqz(name, fields[i])) {
			return field_value(py, fields[i], call);
		}
	}
	if (ends(name, "HfArgumentParser") || guild_str_eqz(name, "trl.TrlParser")) {
		struct pv *parser = guild_py_new_parser(py, "hf", NULL);
		add_classes(py, parser->data, guild_py_arg(call, 0, "dataclass_types"));
		return parser;
	}
	if (guild_str_eqz(name, "simple_parsing.ArgumentParser")) {
		return guild_py_new_parser(py, "simple", call);
	}
	if (guild_str_eqz(name, "simple_parsing.parse") && call->n_pos > 0) {
		struct pv *parser = guild_py_new_parser(py, "simple", NULL);
		add_classes(py, parser->data, call->pos[0]);
		return parse_now(py, PY_LIB_DATACLASS, parser, NULL);
	}
	if (guild_str_eqz(name, "tyro.cli") && call->n_pos > 0) {
		return parse_now(py, PY_LIB_DATACLASS, call->pos[0], call);
	}
	return NULL;
}

/* ---- flags of one class ---- */

struct style {
	bool dashes;       /* tyro: batch-size */
	bool switches;     /* tyro: --x, --no-x; else --x true */
	bool nests;        /* nested records are options of their own */
	bool prefixes;     /* their names carry the field's */
	bool doc_comments; /* comments document fields */
	bool enum_by_name; /* members are typed by name, not by value */
};
static const struct style hf_style = {0};
static const struct style simple_style = {
	.nests = true, .doc_comments = true, .enum_by_name = true};
static const struct style tyro_style = {.dashes = true,
	.switches = true,
	.nests = true,
	.prefixes = true,
	.doc_comments = true,
	.enum_by_name = true};

static void add_record(struct detect *d, struct pv *cls, const char *prefix,
	const struct style *style, struct pv *values, unsigned depth);

static void undecide(struct detect *d, const char *why)
{
	d->undecided = d->undecided ? d->undecided : why;
}

static const char *flag_name(struct detect *d, const struct py_param *p, const char *prefix,
	const struct style *style)
{
	char *name = guild_arena_strndup(d->arena, p->name.p, p->name.n);
	for (char *q = name; style->dashes && *q; q++) {
		*q = *q == '_' ? '-' : *q;
	}
	return guild_arena_format(d->arena, "%s%s", prefix, name);
}

struct guild_value *guild_detect_true_false(struct detect *d)
{
	struct guild_value *dict = guild_value_dict(d->arena);
	static const struct {
		bool b;
		const char *text;
	} words[] = {{true, "true"}, {false, "false"}};
	dict->pairs = guild_arena_alloc(d->arena, 2 * sizeof *dict->pairs);
	for (size_t i = 0; i < 2; i++) {
		dict->pairs[i].key = guild_value_bool(d->arena, words[i].b);
		dict->pairs[i].value = guild_value_string(d->arena, words[i].text);
	}
	dict->n = dict->cap = 2;
	return dict;
}

static void set_boolean(struct detect *d, struct guild_flag_def *f, const struct py_param *p,
	const char *prefix, const struct style *style)
{
	f->type = "boolean";
	if (!style->switches) {
		f->arg_encoding = guild_detect_true_false(d);
		return;
	}
	if (f->required) {
		return; /* tyro then wants the word True or False */
	}
	bool is_on = f->def && guild_value_truthy(f->def);
	const char *own = flag_name(d, p, "", style);
	guild_detect_switch(d, f, !is_on,
		is_on ? guild_arena_format(d->arena, "%sno-%s", prefix, own) : NULL);
}

static struct pv *enum_texts(struct py *py, const struct py_annotation *a,
	const struct style *style)
{
	if (!a->enumeration || !a->choices) {
		return a->choices;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < a->choices->n; i++) {
		struct pv *item = a->choices->items[i];
		guild_py_append(py, list,
			style->enum_by_name ? guild_py_str(py, item->s) : item->target);
	}
	return list;
}

static struct pv *text_of_enum(struct py *py, struct pv *v, const struct style *style)
{
	if (!v || v->kind != PV_ENUM) {
		return v;
	}
	return style->enum_by_name ? guild_py_str(py, v->s) : v->target;
}

static void set_doc(struct detect *d, struct guild_flag_def *f, const struct py_param *p,
	const struct style *style)
{
	struct pv *help = guild_py_field_note(p->def, "help");
	if (help && help->kind == PV_STR) {
		f->description = guild_arena_strndup(d->arena, help->s.p, help->s.n);
	} else if (help && help->kind == PV_UNKNOWN) {
		undecide(d, "a help text is computed");
	} else if (style->doc_comments && p->doc && p->doc[0]) {
		f->description = guild_arena_strdup(d->arena, p->doc);
	}
}

static void add_field(struct detect *d, const struct py_param *p, const char *prefix,
	const struct style *style, struct pv *given, unsigned depth)
{
	const struct py_annotation *a = &p->annotation;
	struct pv *init = guild_py_field_note(p->def, "init");
	if ((init && guild_py_truth(init) == 0) || guild_str_ends(a->name, ".ClassVar") ||
		guild_str_ends(a->name, ".Suppress") || guild_str_ends(a->name, ".Fixed") ||
		guild_str_ends(a->name, ".Positional") || p->is_star) {
		return;
	}
	struct pv *def = given ? given : guild_py_field_default(d->py, p->def);
	const char *name = flag_name(d, p, prefix, style);
	if (a->record && style->nests && !a->is_list) {
		const char *below =
			style->prefixes ? guild_arena_format(d->arena, "%s.", name) : prefix;
		add_record(d, a->record, below, style, def, depth + 1);
		return;
	}
	if (a->is_union || (a->outside && a->outside->kind == PV_CLASS && style->nests)) {
		undecide(d, "a field is of a kind only the library knows");
	}
	struct guild_flag_def *f = guild_detect_flag(d, name);
	set_doc(d, f, p, style);
	f->def = guild_detect_default(d, name, text_of_enum(d->py, def, style));
	f->required = f->has_required = !def;
	if (a->type && strcmp(a->type, "boolean") == 0 && !a->is_list && !a->is_tuple) {
		set_boolean(d, f, p, prefix, style);
		return;
	}
	struct pv *choices = guild_py_field_note(p->def, "choices");
	choices = choices ? choices : enum_texts(d->py, a, style);
	guild_detect_choices(d, f, choices);
	f->type = choices ? NULL : a->type;
	if (a->is_list || a->is_tuple) {
		f->arg_split = guild_value_bool(d->arena, true);
		if (f->def && f->def->type == GUILD_LIST) {
			f->def = guild_detect_joined(d, f->def, false);
		}
	}
}

static void add_record(struct detect *d, struct pv *cls, const char *prefix,
	const struct style *style, struct pv *values, unsigned depth)
{
	if (depth > 8) {
		undecide(d, "records are nested too deep");
		return;
	}
	size_t n;
	bool is_complete;
	struct py_param *fields = guild_py_fields(d->py, cls, &n, &is_complete);
	if (!is_complete) {
		undecide(d, "a base class of the arguments comes from elsewhere");
	}
	for (size_t i = 0; i < n; i++) {
		struct pv *given = values && values->kind == PV_INSTANCE
					   ? guild_py_scope_own(values->attrs, fields[i].name)
					   : NULL;
		given = given && given->kind != PV_UNKNOWN ? given : NULL;
		add_field(d, &fields[i], prefix, style, given, depth);
	}
}

void guild_detect_dataclasses(struct detect *d, struct py_parser *p)
{
	bool is_hf = p->flavour && strcmp(p->flavour, "hf") == 0;
	for (size_t i = 0; i < p->dataclasses->n; i++) {
		struct pv *cls = p->dataclasses->items[i];
		if (!guild_py_is_record(cls)) {
			undecide(d, "a class of arguments comes from elsewhere");
			continue;
		}
		add_record(d, cls, "", is_hf ? &hf_style : &simple_style, NULL, 0);
	}
	for (size_t i = 0; i < p->n; i++) {
		guild_detect_argparse_option(d, p->options[i]);
	}
}

/* ---- tyro ---- */

void guild_detect_tyro(struct detect *d, const struct py_event *event)
{
	struct pv *v = event->target;
	struct pv *def = event->call ? guild_py_kw(event->call, "default") : NULL;
	if (v->kind == PV_GENERIC && v->n > 0) {
		struct py_annotation a = {0};
		guild_py_read_annotation(d->py, v, &a);
		v = a.record ? a.record : v;
	}
	if (guild_py_is_record(v)) {
		add_record(d, v, "", &tyro_style, def, 0);
		return;
	}
	struct pv *function = v->kind == PV_FUNCTION ? v : NULL;
	if (v->kind == PV_CLASS) {
		struct pv *from = NULL;
		struct pv *init = guild_py_class_attribute(v, guild_str("__init__"), &from);
		function = init && init->kind == PV_FUNCTION ? init : NULL;
	}
	if (!function) {
		undecide(d, "what tyro is given comes from elsewhere");
		return;
	}
	size_t n;
	struct py_param *params = guild_py_parameters(d->py, function, v->kind == PV_CLASS, &n);
	for (size_t i = 0; i < n; i++) {
		if (!params[i].def && !params[i].has_annotation) {
			undecide(d, "a parameter has no annotation");
		}
		add_field(d, &params[i], "", &tyro_style, NULL, 0);
	}
}
