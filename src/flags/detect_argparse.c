/* argparse: a model of ArgumentParser for the evaluator, and which parser a run of the script would use. */

#include <string.h>

#include "detect_private.h"

static const char *text_of(struct py *py, const struct pv *v)
{
	return guild_py_is_text(v) ? guild_arena_strndup(py->arena, v->s.p, v->s.n) : NULL;
}

void guild_py_parser_undecided(struct py *py, struct py_parser *p, const char *why)
{
	(void)py;
	p->undecided = p->undecided ? p->undecided : why;
}

/* A change of the parser in a branch that may not run. */
static void note_change(struct py *py, struct py_parser *p)
{
	if (py->uncertain > p->uncertain_at) {
		guild_py_parser_undecided(py, p, "options depend on a condition");
	}
}

static void add_option(struct py *py, struct py_parser *p, struct py_option *o)
{
	note_change(py, p);
	if (p->n == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 16;
		struct py_option **options =
			guild_arena_alloc(py->arena, cap * sizeof(struct py_option *));
		if (p->n > 0) {
			memcpy(options, p->options, p->n * sizeof(struct py_option *));
		}
		p->options = options;
		p->cap = cap;
	}
	p->options[p->n++] = o;
}

/* ---- making parsers ---- */

static void add_parents(struct py *py, struct py_parser *p, struct pv *parents)
{
	struct pv **items;
	size_t n;
	if (!guild_py_iterate(py, parents, &items, &n)) {
		guild_py_parser_undecided(py, p, "parents of the parser are computed");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (items[i]->kind != PV_PARSER) {
			guild_py_parser_undecided(py, p, "a parent of the parser is not known");
			continue;
		}
		struct py_parser *parent = items[i]->data;
		for (size_t k = 0; k < parent->n; k++) {
			add_option(py, p, parent->options[k]);
		}
		for (size_t k = 0; k < parent->defaults->n; k++) {
			guild_py_dict_set(py, p->defaults, parent->defaults->keys[k],
				parent->defaults->items[k]);
		}
		if (parent->undecided) {
			guild_py_parser_undecided(py, p, parent->undecided);
		}
	}
}

void guild_py_init_parser(struct py *py, struct py_parser *p, struct py_call *call)
{
	struct pv *help = guild_py_kw(call, "add_help");
	struct pv *parents = guild_py_kw(call, "parents");
	struct pv *argument_default = guild_py_kw(call, "argument_default");
	if (help && guild_py_truth(help) >= 0) {
		p->add_help = guild_py_truth(help);
	}
	if (argument_default && argument_default->kind != PV_NONE) {
		p->argument_default = argument_default;
	}
	if (parents) {
		add_parents(py, p, parents);
	}
}

struct pv *guild_py_new_parser(struct py *py, const char *flavour, struct py_call *call)
{
	struct pv *v = guild_py_new(py, PV_PARSER);
	struct py_parser *p = guild_arena_alloc(py->arena, sizeof *p);
	p->library = flavour ? PY_LIB_DATACLASS : PY_LIB_ARGPARSE;
	p->flavour = flavour;
	p->add_help = true;
	p->defaults = guild_py_new(py, PV_DICT);
	p->dataclasses = guild_py_new(py, PV_LIST);
	p->uncertain_at = py->uncertain;
	v->data = p;
	v->attrs = guild_py_scope_new(py, NULL);
	py->parsers = guild_grow_array(py->parsers, &py->cap_parsers, py->n_parsers + 1,
		sizeof(struct pv *));
	py->parsers[py->n_parsers++] = v;
	if (call) {
		guild_py_init_parser(py, p, call);
	}
	return v;
}

/* ---- add_argument ---- */

static void set_action(struct py *py, struct py_option *o, struct pv *action)
{
	static const struct {
		const char *name;
		enum py_action action;
	} actions[] = {
		{"store", PY_STORE},
		{"store_true", PY_STORE_TRUE},
		{"store_false", PY_STORE_FALSE},
	};
	(void)py;
	o->action = PY_OTHER_ACTION;
	if (!action) {
		o->action = PY_STORE;
	} else if (action->kind == PV_STR) {
		for (size_t i = 0; i < GUILD_ARRAY_LEN(actions); i++) {
			if (guild_str_eqz(action->s, actions[i].name)) {
				o->action = actions[i].action;
			}
		}
	} else if (guild_py_is_symbol(action, "argparse.BooleanOptionalAction")) {
		o->action = PY_BOOLEAN_OPTIONAL;
	} else if (action->kind == PV_UNKNOWN) {
		o->undecided = "an action is computed";
	}
}

static void set_nargs(struct py_option *o, struct pv *nargs)
{
	o->nargs = PY_NARGS_NONE;
	if (!nargs || nargs->kind == PV_NONE) {
		return;
	}
	if (nargs->kind == PV_INT && nargs->i >= 0 && nargs->i < 1000) {
		o->nargs = (int)nargs->i;
	} else if (nargs->kind == PV_STR) {
		bool is_many = guild_str_eqz(nargs->s, "*") || guild_str_eqz(nargs->s, "+");
		o->nargs = is_many                        ? PY_NARGS_MANY
			   : guild_str_eqz(nargs->s, "?") ? PY_NARGS_OPTIONAL
							  : PY_NARGS_OTHER;
	} else {
		o->undecided = "a number of arguments is computed";
	}
}

static void set_dest(struct py *py, struct py_option *o, struct pv *dest)
{
	const char *name = dest ? text_of(py, dest) : NULL;
	if (!name && o->n_names > 0) {
		name = o->names[0];
		for (size_t i = 0; i < o->n_names; i++) {
			if (guild_starts(o->names[i], "--")) {
				name = o->names[i];
				break;
			}
		}
		name += strspn(name, "-");
		char *copy = guild_arena_strdup(py->arena, name);
		for (char *p = copy; *p; p++) {
			*p = *p == '-' ? '_' : *p;
		}
		name = copy;
	}
	o->dest = name ? name : "";
}

/* Node of a keyword's value as the source has it, or 0. */
static uint32_t node_of_kw(const struct py_call *call, const char *name)
{
	uint32_t arguments = guild_py_child(call->src, call->node, PYF_arguments);
	for (uint32_t c = guild_py_first(call->src, arguments); c;
		c = guild_py_next(call->src, c)) {
		if (guild_py_kind(call->src, c) == PY_keyword_argument &&
			guild_str_eqz(guild_py_text(call->src,
					      guild_py_child(call->src, c, PYF_name)),
				name)) {
			return guild_py_child(call->src, c, PYF_value);
		}
	}
	return 0;
}

static struct pv *default_of(struct py *py, struct py_parser *p, struct py_option *o,
	struct py_call *call)
{
	struct pv *def = guild_py_kw(call, "default");
	o->is_explicit_default = def != NULL;
	if (def) {
		return def;
	}
	def = guild_py_dict_getz(p->defaults, o->dest);
	def = def ? def : p->argument_default;
	if (def) {
		return def;
	}
	return o->action == PY_STORE_TRUE ? py->no : o->action == PY_STORE_FALSE ? py->yes : NULL;
}

static bool is_one_of(struct guild_str name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (guild_str_eqz(name, names[i])) {
			return true;
		}
	}
	return false;
}

static struct pv *add_argument(struct py *py, struct py_parser *p, struct py_call *call)
{
	struct py_option *o = guild_py_option_new(py);
	for (size_t i = 0; i < call->n_pos; i++) {
		const char *name = text_of(py, call->pos[i]);
		if (!name) {
			guild_py_parser_undecided(py, p, "names of options are computed");
			return py->unknown;
		}
		guild_py_option_name(py, o, name);
	}
	if (call->has_unknown) {
		o->undecided = "arguments of add_argument are computed";
	}
	set_action(py, o, guild_py_kw(call, "action"));
	set_nargs(o, guild_py_kw(call, "nargs"));
	set_dest(py, o, guild_py_kw(call, "dest"));
	o->def = default_of(py, p, o, call);
	o->choices = guild_py_kw(call, "choices");
	o->help = guild_py_kw(call, "help");
	struct pv *required = guild_py_kw(call, "required");
	if (required) {
		int truth = guild_py_truth(required);
		o->has_required = o->required = truth == 1;
		o->undecided = truth < 0 ? "a required= is computed" : o->undecided;
	}
	struct pv *type = guild_py_kw(call, "type");
	if (type && type->kind != PV_NONE) {
		uint32_t node = node_of_kw(call, "type");
		/* What a call returns is no bare str, int, float or bool. */
		bool is_made =
			type->kind == PV_UNKNOWN && guild_py_kind(call->src, node) == PY_call;
		guild_py_option_type(py, o, is_made ? guild_py_symbol(py, "a call") : type,
			guild_py_text(call->src, node));
	}
	add_option(py, p, o);
	return py->unknown;
}

static struct pv *set_defaults(struct py *py, struct py_parser *p, struct py_call *call)
{
	if (call->has_unknown) {
		guild_py_parser_undecided(py, p, "defaults are computed");
	}
	for (size_t i = 0; i < call->n_kw; i++) {
		struct pv *v = call->kw[i].value;
		if (py->uncertain > p->uncertain_at) {
			v = py->unknown;
		}
		guild_py_dict_set(py, p->defaults, guild_py_str(py, call->kw[i].name), v);
		for (size_t k = 0; k < p->n; k++) {
			if (guild_str_eqz(call->kw[i].name, p->options[k]->dest)) {
				struct py_option *o = guild_arena_alloc(py->arena, sizeof *o);
				*o = *p->options[k];
				o->def = v;
				p->options[k] = o;
			}
		}
	}
	return py->none;
}

/* ---- parsing ---- */

/* Whether these arguments would be those of the command line, with --help among them. */
static bool is_command_line(const struct pv *args)
{
	if (!args || (args->kind != PV_LIST && args->kind != PV_TUPLE)) {
		return true;
	}
	for (size_t i = 0; i < args->n; i++) {
		if (!guild_py_is_text(args->items[i]) ||
			guild_str_eqz(args->items[i]->s, "--help") ||
			guild_str_eqz(args->items[i]->s, "-h")) {
			return true;
		}
	}
	return false;
}

static struct pv *parse(struct py *py, struct pv *self, struct guild_str method,
	struct py_call *call)
{
	struct py_parser *p = self->data;
	bool is_known_args = guild_str_ends(method, "known_args") ||
			     guild_str_eqz(method, "parse_known_intermixed_args");
	bool takes_help = is_command_line(guild_py_arg(call, 0, "args"));
	guild_py_event(py, p->library, self, NULL);
	if (py->uncertain == 0 && takes_help && (p->add_help || !is_known_args)) {
		py->has_stopped = true;
		return py->unknown;
	}
	struct pv *ns = guild_py_new(py, PV_NAMESPACE);
	ns->data = p;
	ns->attrs = guild_py_scope_new(py, NULL);
	if (!is_known_args) {
		return ns;
	}
	struct pv *pair = guild_py_new(py, PV_TUPLE);
	guild_py_append(py, pair, ns);
	guild_py_append(py, pair, py->unknown);
	return pair;
}

struct pv *guild_py_namespace_get(struct py *py, struct pv *ns, struct guild_str name)
{
	const struct py_parser *p = ns->data;
	for (size_t i = p->n; py->n_base_args == 0 && i-- > 0;) {
		if (guild_str_eqz(name, p->options[i]->dest)) {
			struct pv *def = p->options[i]->def;
			return def ? def : py->none;
		}
	}
	return py->unknown;
}

static struct pv *find_default(struct py *py, struct py_parser *p, struct py_call *call)
{
	struct pv ns = {.kind = PV_NAMESPACE, .data = p};
	return call->n_pos == 1 && guild_py_is_text(call->pos[0])
		       ? guild_py_namespace_get(py, &ns, call->pos[0]->s)
		       : py->unknown;
}

/* ---- methods ---- */

static struct pv *same_parser(struct py *py, struct pv *self, enum pv_kind kind)
{
	struct pv *v = guild_py_new(py, kind);
	v->data = self->data;
	v->attrs = guild_py_scope_new(py, NULL);
	return v;
}

static struct pv *add_arguments(struct py *py, struct py_parser *p, struct py_call *call)
{
	struct pv *type = guild_py_arg(call, 0, "dataclass");
	if (!p->flavour || !type) {
		return NULL;
	}
	note_change(py, p);
	guild_py_append(py, p->dataclasses, type);
	return py->unknown;
}

struct pv *guild_py_parser_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	static const char *const harmless[] = {"convert_arg_line_to_args", "error", "exit",
		"format_help", "format_usage", "print_help", "print_usage", "register"};
	static const char *const parsing[] = {"parse_args", "parse_args_and_config",
		"parse_args_into_dataclasses", "parse_intermixed_args", "parse_known_args",
		"parse_known_intermixed_args"};
	struct py_parser *p = self->data;
	if (guild_str_eqz(name, "add_argument")) {
		return add_argument(py, p, call);
	}
	if (is_one_of(name, parsing, GUILD_ARRAY_LEN(parsing))) {
		return parse(py, self, name, call);
	}
	if (guild_str_eqz(name, "add_argument_group") ||
		guild_str_eqz(name, "add_mutually_exclusive_group")) {
		return same_parser(py, self, PV_PARSER);
	}
	if (guild_str_eqz(name, "add_subparsers")) {
		note_change(py, p);
		return same_parser(py, self, PV_SUBPARSERS);
	}
	if (guild_str_eqz(name, "set_defaults")) {
		return set_defaults(py, p, call);
	}
	if (guild_str_eqz(name, "get_default")) {
		return find_default(py, p, call);
	}
	if (guild_str_eqz(name, "__init__")) {
		guild_py_init_parser(py, p, call);
		return py->none;
	}
	if (guild_str_eqz(name, "add_arguments")) {
		struct pv *v = add_arguments(py, p, call);
		if (v) {
			return v;
		}
	}
	if (is_one_of(name, harmless, GUILD_ARRAY_LEN(harmless))) {
		return py->unknown;
	}
	guild_py_parser_undecided(py, p, "the parser is changed in an unusual way");
	return py->unknown;
}

static void add_sub(struct py *py, struct py_parser *p, const char *name, struct pv *parser)
{
	if (p->n_subs == p->cap_subs) {
		size_t cap = p->cap_subs ? p->cap_subs * 2 : 8;
		struct py_subparser *subs = guild_arena_alloc(py->arena, cap * sizeof *subs);
		if (p->n_subs > 0) {
			memcpy(subs, p->subs, p->n_subs * sizeof *subs);
		}
		p->subs = subs;
		p->cap_subs = cap;
	}
	p->subs[p->n_subs++] = (struct py_subparser){name, parser};
}

struct pv *guild_py_subparsers_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	struct py_parser *p = self->data;
	if (!guild_str_eqz(name, "add_parser")) {
		return NULL;
	}
	struct pv *sub = guild_py_new_parser(py, NULL, call);
	struct pv *title = guild_py_arg(call, 0, "name");
	const char *text = title ? text_of(py, title) : NULL;
	note_change(py, p);
	if (!text) {
		guild_py_parser_undecided(py, p, "names of sub-commands are computed");
		return sub;
	}
	add_sub(py, p, text, sub);
	struct pv *aliases = guild_py_kw(call, "aliases");
	struct pv **items;
	size_t n;
	if (aliases && guild_py_iterate(py, aliases, &items, &n)) {
		for (size_t i = 0; i < n; i++) {
			const char *alias = text_of(py, items[i]);
			if (alias) {
				add_sub(py, p, alias, sub);
			}
		}
	}
	return sub;
}

/* ---- sub-commands ---- */

/* How many base arguments an option takes after its own word. */
static size_t taken_by(const struct py_parser *p, const char *word)
{
	if (strchr(word, '=')) {
		return 0;
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct py_option *o = p->options[i];
		for (size_t k = 0; k < o->n_names; k++) {
			if (strcmp(o->names[k], word) == 0) {
				bool takes = o->action == PY_STORE || o->action == PY_OTHER_ACTION;
				return takes ? (o->nargs > 0 ? (size_t)o->nargs : 1) : 0;
			}
		}
	}
	return 0;
}

struct py_parser *guild_py_chosen_parser(struct py *py, struct py_parser *p)
{
	size_t i = 0;
	while (i < py->n_base_args && p->n_subs > 0) {
		const char *word = py->base_args[i++];
		if (word[0] == '-') {
			i += taken_by(p, word);
			continue;
		}
		for (size_t k = 0; k < p->n_subs; k++) {
			if (strcmp(p->subs[k].name, word) == 0) {
				struct py_parser *sub = p->subs[k].parser->data;
				if (p->undecided) {
					guild_py_parser_undecided(py, sub, p->undecided);
				}
				p = sub;
				break;
			}
		}
	}
	return p;
}
