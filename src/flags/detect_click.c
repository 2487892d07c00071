/* click: decorators that gather options, commands and groups. */

#include <ctype.h>
#include <string.h>

#include "detect_private.h"

static const char *text_of(struct py *py, const struct pv *v)
{
	return v && v->kind == PV_STR ? guild_arena_strndup(py->arena, v->s.p, v->s.n) : NULL;
}

const char *guild_py_dashed(struct py *py, struct guild_str name)
{
	char *out = guild_arena_strndup(py->arena, name.n ? name.p : "", name.n);
	for (char *p = out; *p; p++) {
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	}
	return out;
}

struct pv *guild_py_new_command(struct py *py, enum py_library library, bool is_group,
	struct pv *function)
{
	struct pv *v = guild_py_new(py, PV_COMMAND);
	struct py_command *c = guild_arena_alloc(py->arena, sizeof *c);
	c->library = library;
	py->n_commands++;
	c->is_group = is_group;
	c->function = function;
	c->options = guild_py_new(py, PV_LIST);
	v->data = c;
	v->attrs = guild_py_scope_new(py, NULL);
	return v;
}

void guild_py_add_subcommand(struct py *py, struct py_command *group, const char *name,
	struct pv *command)
{
	if (group->n_subs == group->cap_subs) {
		size_t cap = group->cap_subs ? group->cap_subs * 2 : 8;
		struct py_subparser *subs = guild_arena_alloc(py->arena, cap * sizeof *subs);
		if (group->n_subs > 0) {
			memcpy(subs, group->subs, group->n_subs * sizeof *subs);
		}
		group->subs = subs;
		group->cap_subs = cap;
	}
	group->subs[group->n_subs++] = (struct py_subparser){name, command};
}

/* ---- options ---- */

/* `--shout/--no-shout`, `-s/-S`: the second part is what turns it off. */
static void add_declaration(struct py *py, struct py_option *o, const char *text)
{
	if (text[0] != '-') {
		const char *slash = strchr(text, '/');
		if (!slash) {
			o->dest = text;
			return;
		}
	}
	const char *slash = strchr(text, '/');
	const char *semicolon = strchr(text, ';');
	const char *split = semicolon ? semicolon : slash;
	struct guild_str first =
		guild_str_trim(split ? guild_str_n(text, (size_t)(split - text)) : guild_str(text));
	if (first.n > 0) {
		guild_py_option_name(py, o, guild_arena_strndup(py->arena, first.p, first.n));
	}
	if (split) {
		struct guild_str off = guild_str_trim(guild_str(split + 1));
		o->has_off = true;
		o->is_flag = true;
		if (!o->off_flag && guild_str_starts(off, "--")) {
			o->off_flag = guild_arena_strndup(py->arena, off.p + 2, off.n - 2);
		}
	}
}

/* The type click takes from a default. */
static const char *inferred_type(const struct pv *def)
{
	if ((def->kind == PV_LIST || def->kind == PV_TUPLE) && def->n > 0) {
		def = def->items[0];
	}
	switch (def->kind) {
	case PV_BOOL:
		return "boolean";
	case PV_INT:
		return "int";
	case PV_FLOAT:
		return "float";
	default:
		return "string";
	}
}

static void set_type(struct py *py, struct py_option *o, struct pv *type)
{
	static const struct {
		const char *symbol, *type;
	} types[] = {
		{"click.BOOL", "boolean"},
		{"click.FLOAT", "float"},
		{"click.FloatRange", "float"},
		{"click.INT", "int"},
		{"click.IntRange", "int"},
		{"click.STRING", "string"},
		{"click.types.BOOL", "boolean"},
		{"click.types.FLOAT", "float"},
		{"click.types.INT", "int"},
		{"click.types.STRING", "string"},
	};
	if (type->kind == PV_DECORATOR && guild_str_eqz(type->s, "click.Choice")) {
		o->choices = guild_py_arg(type->call, 0, "choices");
		o->choices = o->choices ? o->choices : py->unknown;
		return;
	}
	if (type->kind == PV_TUPLE || type->kind == PV_LIST) {
		o->nargs = (int)type->n;
		return;
	}
	struct guild_str name =
		type->kind == PV_SYMBOL || type->kind == PV_DECORATOR ? type->s : guild_str("");
	if (guild_str_eqz(name, "click.Tuple")) {
		struct pv *parts = guild_py_arg(type->call, 0, "types");
		o->nargs = parts && parts->kind == PV_LIST ? (int)parts->n : 2;
		return;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
		if (guild_str_eqz(name, types[i].symbol)) {
			o->type = types[i].type;
			return;
		}
	}
	struct py_option plain = {0};
	guild_py_option_type(py, &plain, type, guild_str(""));
	o->undecided = plain.undecided;
	if (strcmp(plain.type, "?") != 0) {
		o->type = plain.type;
	}
}

static bool is_true(struct py_call *call, const char *name)
{
	struct pv *v = guild_py_kw(call, name);
	return v && guild_py_truth(v) == 1;
}

static void clean_help(struct py *py, struct py_option *o)
{
	/* As inspect.cleandoc: the margin of the lines after the first is taken away. */
	struct pv *help = o->help;
	if (!help || help->kind != PV_STR) {
		return;
	}
	struct guild_strs lines = {0};
	guild_strs_split(&lines, guild_arena_strndup(py->arena, help->s.p, help->s.n), '\n');
	size_t margin = SIZE_MAX;
	for (size_t i = 1; i < lines.n; i++) {
		size_t indent = strspn(lines.v[i], " \t");
		if (lines.v[i][indent]) {
			margin = indent < margin ? indent : margin;
		}
	}
	struct guild_buf out = {0};
	for (size_t i = 0; i < lines.n; i++) {
		size_t skip = i == 0 ? strspn(lines.v[i], " \t") : margin;
		size_t n = strlen(lines.v[i]);
		guild_buf_puts(&out, lines.v[i] + (skip > n ? n : skip));
		guild_buf_putc(&out, '\n');
	}
	struct guild_str text = guild_buf_str(&out);
	while (text.n > 0 && text.p[text.n - 1] == '\n') {
		text.n--;
	}
	while (text.n > 0 && text.p[0] == '\n') {
		text.p++;
		text.n--;
	}
	o->help = guild_py_str(py, text);
	guild_buf_fini(&out);
	guild_strs_fini(&lines);
}

static struct pv *make_option(struct py *py, struct py_call *call)
{
	struct pv *v = guild_py_new(py, PV_OPTION);
	struct py_option *o = guild_py_option_new(py);
	v->data = o;
	for (size_t i = 0; i < call->n_pos; i++) {
		const char *text = text_of(py, call->pos[i]);
		if (!text) {
			o->undecided = "names of options are computed";
			return v;
		}
		add_declaration(py, o, text);
	}
	if (call->has_unknown) {
		o->undecided = "arguments of an option are computed";
	}
	o->def = guild_py_kw(call, "default");
	o->help = guild_py_kw(call, "help");
	clean_help(py, o);
	o->required = is_true(call, "required");
	o->is_multiple = is_true(call, "multiple");
	o->is_count = is_true(call, "count");
	struct pv *is_flag = guild_py_kw(call, "is_flag");
	struct pv *flag_value = guild_py_kw(call, "flag_value");
	o->is_flag = is_flag ? guild_py_truth(is_flag) == 1 : o->is_flag || flag_value;
	struct pv *nargs = guild_py_kw(call, "nargs");
	if (nargs && nargs->kind == PV_INT) {
		o->nargs = (int)nargs->i;
	}
	struct pv *type = guild_py_kw(call, "type");
	if (type && type->kind != PV_NONE) {
		set_type(py, o, type);
	} else if (o->is_flag) {
		o->type = "boolean";
	} else if (o->is_count) {
		o->type = "int";
	} else if (!o->def || o->def->kind != PV_UNKNOWN) {
		o->type = o->def ? inferred_type(o->def) : "string";
	}
	if (o->is_flag && flag_value) {
		bool is_on = o->def && (guild_py_truth(o->def) == 1);
		o->def = guild_py_bool(py, is_on);
		o->type = "boolean";
		o->is_flag_value = true;
	} else if (o->is_flag && !o->def) {
		o->def = py->no;
	}
	return v;
}

static struct pv *fixed_option(struct py *py, const char *name, const char *help,
	struct py_call *call, size_t first_name)
{
	struct pv *v = guild_py_new(py, PV_OPTION);
	struct py_option *o = guild_py_option_new(py);
	v->data = o;
	bool has_name = false;
	for (size_t i = first_name; i < call->n_pos; i++) {
		const char *text = text_of(py, call->pos[i]);
		if (text && text[0] == '-') {
			guild_py_option_name(py, o, text);
			has_name = true;
		}
	}
	if (!has_name) {
		guild_py_option_name(py, o, name);
	}
	if (help) {
		o->is_flag = true;
		o->type = "boolean";
		o->def = py->no;
		o->help = guild_py_strz(py, help);
	} else {
		o->type = "string";
	}
	return v;
}

/* ---- decorators ---- */

static struct pv *make_decorator(struct py *py, const char *what, struct py_call *call,
	struct pv *of)
{
	struct pv *v = guild_py_new(py, PV_DECORATOR);
	v->s = guild_str(what);
	v->call = call;
	v->self = of;
	return v;
}

/* The options gathered on a function so far (innermost decorator first). */
static struct pv *options_of(struct py *py, struct pv *function)
{
	if (!function->data) {
		function->data = guild_py_new(py, PV_LIST);
	}
	return function->data;
}

static struct pv *make_command(struct py *py, struct pv *function, struct py_call *call,
	bool is_group)
{
	struct pv *v = guild_py_new_command(py, PY_LIB_CLICK, is_group, function);
	struct py_command *c = v->data;
	struct pv *gathered = options_of(py, function);
	for (size_t i = gathered->n; i-- > 0;) {
		guild_py_append(py, c->options, gathered->items[i]);
	}
	const char *name = call ? text_of(py, guild_py_arg(call, 0, "name")) : NULL;
	c->name = name ? name : guild_py_dashed(py, function->s);
	struct pv *params = call ? guild_py_kw(call, "params") : NULL;
	for (size_t i = 0; params && params->kind == PV_LIST && i < params->n; i++) {
		if (params->items[i]->kind == PV_OPTION) {
			guild_py_append(py, c->options, params->items[i]);
		}
	}
	return v;
}

/* An option applied to a function, or to a command that was made already. */
struct pv *guild_py_apply_option(struct py *py, struct pv *option, struct py_call *call)
{
	struct pv *to = call->n_pos == 1 ? call->pos[0] : py->unknown;
	if (to->kind == PV_FUNCTION) {
		guild_py_append(py, options_of(py, to), option);
	} else if (to->kind == PV_COMMAND) {
		struct py_command *c = to->data;
		guild_py_append(py, c->options, option);
	}
	return to;
}

static bool is_name(struct guild_str name, const char *short_name)
{
	size_t n = strlen(short_name);
	return name.n > n + 1 && guild_str_ends(name, short_name) && name.p[name.n - n - 1] == '.';
}

struct pv *guild_py_click_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	static const char *const kept[] = {
		"Choice", "DateTime", "File", "FloatRange", "IntRange", "Path", "Tuple"};
	static const char *const neutral[] = {
		"argument", "pass_context", "pass_obj", "make_pass_decorator"};
	if (!guild_str_starts(name, "click.") && !guild_str_starts(name, "rich_click.")) {
		return NULL;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kept); i++) {
		if (is_name(name, kept[i])) {
			return make_decorator(py,
				guild_arena_format(py->arena, "click.%s", kept[i]), call, NULL);
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(neutral); i++) {
		if (is_name(name, neutral[i])) {
			bool is_direct = call->n_pos == 1 && call->pos[0]->kind == PV_FUNCTION;
			return is_direct ? call->pos[0] : make_decorator(py, "", call, NULL);
		}
	}
	if (is_name(name, "option") || is_name(name, "Option")) {
		struct pv *names =
			is_name(name, "Option") ? guild_py_arg(call, 0, "param_decls") : NULL;
		if (names && names->kind == PV_LIST) {
			struct py_call *spread = guild_arena_alloc(py->arena, sizeof *spread);
			*spread = *call;
			spread->pos = names->items;
			spread->n_pos = spread->cap_pos = names->n;
			call = spread;
		}
		return make_option(py, call);
	}
	if (is_name(name, "version_option")) {
		return fixed_option(py, "--version", "Show the version and exit.", call, 1);
	}
	if (is_name(name, "help_option")) {
		return fixed_option(py, "--help", "Show this message and exit.", call, 0);
	}
	if (is_name(name, "confirmation_option")) {
		return fixed_option(py, "--yes", "Confirm the action without prompting.", call, 0);
	}
	if (is_name(name, "password_option")) {
		return fixed_option(py, "--password", NULL, call, 0);
	}
	bool is_group = is_name(name, "group");
	if (is_group || is_name(name, "command")) {
		if (call->n_pos == 1 && call->pos[0]->kind == PV_FUNCTION) {
			return make_command(py, call->pos[0], NULL, is_group);
		}
		return make_decorator(py, is_group ? "click.group" : "click.command", call, NULL);
	}
	if (is_name(name, "Group")) {
		return guild_py_new_command(py, PY_LIB_CLICK, true, NULL);
	}
	return NULL;
}

struct pv *guild_py_decorator_call(struct py *py, struct pv *decorator, struct py_call *call)
{
	if (call->n_pos != 1) {
		return NULL;
	}
	struct pv *to = call->pos[0];
	bool is_group = guild_str_eqz(decorator->s, "click.group");
	if (!is_group && !guild_str_eqz(decorator->s, "click.command")) {
		return to;
	}
	if (to->kind != PV_FUNCTION) {
		return to;
	}
	struct pv *command = make_command(py, to, decorator->call, is_group);
	if (decorator->self) {
		struct py_command *c = command->data;
		guild_py_add_subcommand(py, decorator->self->data, c->name, command);
	}
	return command;
}

/* ---- commands ---- */

struct pv *guild_py_command_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	struct py_command *c = self->data;
	if (guild_str_eqz(name, "__call__") || guild_str_eqz(name, "main")) {
		guild_py_event(py, c->library, self, call);
		if (py->uncertain == 0) {
			py->has_stopped = true;
		}
		return py->unknown;
	}
	bool is_group = guild_str_eqz(name, "group");
	if (c->library == PY_LIB_CLICK && (is_group || guild_str_eqz(name, "command"))) {
		if (call->n_pos == 1 && call->pos[0]->kind == PV_FUNCTION) {
			struct pv *command = make_command(py, call->pos[0], NULL, is_group);
			guild_py_add_subcommand(py, c, ((struct py_command *)command->data)->name,
				command);
			return command;
		}
		return make_decorator(py, is_group ? "click.group" : "click.command", call, self);
	}
	if (guild_str_eqz(name, "add_command")) {
		struct pv *command = guild_py_arg(call, 0, "cmd");
		if (!command || command->kind != PV_COMMAND) {
			c->undecided = "a sub-command comes from elsewhere";
			return py->unknown;
		}
		const char *text = text_of(py, guild_py_arg(call, 1, "name"));
		struct py_command *sub = command->data;
		guild_py_add_subcommand(py, c, text ? text : sub->name ? sub->name : "", command);
		return py->none;
	}
	if (guild_str_eqz(name, "callback") || guild_str_eqz(name, "result_callback")) {
		return make_decorator(py, "", call, NULL);
	}
	return NULL;
}

static bool takes_value(const struct py_command *c, const char *word)
{
	if (strchr(word, '=')) {
		return false;
	}
	for (size_t i = 0; i < c->options->n; i++) {
		const struct py_option *o = c->options->items[i]->data;
		for (size_t k = 0; k < o->n_names; k++) {
			if (strcmp(o->names[k], word) == 0) {
				return !o->is_flag && !o->is_count;
			}
		}
	}
	return false;
}

struct py_command *guild_py_chosen_command(struct py *py, struct py_command *c)
{
	for (size_t i = 0; i < py->n_base_args && c->n_subs > 0; i++) {
		const char *word = py->base_args[i];
		if (word[0] == '-') {
			i += takes_value(c, word);
			continue;
		}
		for (size_t k = 0; k < c->n_subs; k++) {
			if (strcmp(c->subs[k].name, word) == 0) {
				struct py_command *sub = c->subs[k].parser->data;
				sub->undecided = sub->undecided ? sub->undecided : c->undecided;
				c = sub;
				break;
			}
		}
	}
	return c;
}
