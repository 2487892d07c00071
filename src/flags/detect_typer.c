/* typer: commands whose options are the parameters of functions. */

#include <string.h>

#include "detect_private.h"

static bool ends(struct guild_str name, const char *last)
{
	size_t n = strlen(last);
	return name.n > n && guild_str_ends(name, last) && name.p[name.n - n - 1] == '.';
}

struct pv *guild_py_typer_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	if (!guild_str_starts(name, "typer.")) {
		return NULL;
	}
	if (ends(name, "Option") || ends(name, "Argument")) {
		struct pv *v = guild_py_new(py, PV_FIELD);
		v->s = guild_str(ends(name, "Option") ? "typer.Option" : "typer.Argument");
		v->call = call;
		return v;
	}
	if (ends(name, "Typer")) {
		struct pv *app = guild_py_new_command(py, PY_LIB_TYPER, true, NULL);
		struct pv *callback = guild_py_kw(call, "callback");
		struct pv *title = guild_py_kw(call, "name");
		struct py_command *c = app->data;
		c->function = callback && callback->kind == PV_FUNCTION ? callback : NULL;
		c->name = guild_py_is_text(title) ? guild_py_dashed(py, title->s) : NULL;
		return app;
	}
	if (ends(name, "run") && call->n_pos == 1) {
		struct pv *command = guild_py_new_command(py, PY_LIB_TYPER, false, call->pos[0]);
		guild_py_event(py, PY_LIB_TYPER, command, call);
		py->has_stopped = py->has_stopped || py->uncertain == 0;
		return py->unknown;
	}
	return NULL;
}

static struct pv *decorator(struct py *py, const char *what, struct py_call *call, struct pv *app)
{
	struct pv *v = guild_py_new(py, PV_DECORATOR);
	v->s = guild_str(what);
	v->call = call;
	v->self = app;
	return v;
}

/* Applies @app.command() and @app.callback(), and adds sub-applications. */
struct pv *guild_py_typer_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	if (self->kind == PV_DECORATOR) {
		struct pv *to = call->n_pos == 1 ? call->pos[0] : py->unknown;
		if (to->kind != PV_FUNCTION) {
			return to;
		}
		struct py_command *app = self->self->data;
		if (guild_str_eqz(self->s, "typer.callback")) {
			app->function = to;
			return to;
		}
		struct pv *title = guild_py_arg(self->call, 0, "name");
		struct pv *command = guild_py_new_command(py, PY_LIB_TYPER, false, to);
		const char *sub = guild_py_is_text(title)
					  ? guild_arena_strndup(py->arena, title->s.p, title->s.n)
					  : guild_py_dashed(py, to->s);
		guild_py_add_subcommand(py, app, sub, command);
		return to;
	}
	if (guild_str_eqz(name, "command") || guild_str_eqz(name, "callback")) {
		return decorator(py,
			guild_str_eqz(name, "command") ? "typer.command" : "typer.callback", call,
			self);
	}
	if (guild_str_eqz(name, "add_typer")) {
		struct pv *app = guild_py_arg(call, 0, "typer_instance");
		struct pv *title = guild_py_kw(call, "name");
		struct py_command *c = self->data;
		if (!app || app->kind != PV_COMMAND) {
			c->undecided = "a sub-command comes from elsewhere";
			return py->none;
		}
		const struct py_command *sub = app->data;
		const char *text = guild_py_is_text(title)
					   ? guild_arena_strndup(py->arena, title->s.p, title->s.n)
					   : sub->name;
		guild_py_add_subcommand(py, c, text ? text : "", app);
		return py->none;
	}
	return guild_py_command_method(py, self, name, call);
}

/* ---- options ---- */

static struct pv *option_of(const struct py_param *p)
{
	if (p->def && p->def->kind == PV_FIELD) {
		return p->def;
	}
	for (size_t i = 0; i < p->annotation.n_notes; i++) {
		if (p->annotation.notes[i]->kind == PV_FIELD) {
			return p->annotation.notes[i];
		}
	}
	return NULL;
}

static const char *dashes_of(struct detect *d, const struct py_param *p)
{
	return guild_py_dashed(d->py, p->name);
}

/* Names given to typer.Option("--name", "-n"); the default stands first where the option is the parameter's default. */
static void read_names(struct detect *d, struct py_option *o, const struct pv *field,
	bool in_default)
{
	for (size_t i = in_default ? 1 : 0; field && i < field->call->n_pos; i++) {
		const struct pv *text = field->call->pos[i];
		if (!guild_py_is_text(text) || !guild_str_starts(text->s, "-")) {
			continue;
		}
		const char *word = guild_arena_strndup(d->arena, text->s.p, text->s.n);
		const char *slash = strchr(word, '/');
		o->has_off |= slash != NULL;
		if (slash && guild_starts(slash + 1, "--")) {
			o->off_flag = slash + 3;
		}
		guild_py_option_name(d->py, o,
			slash ? guild_arena_strndup(d->arena, word, (size_t)(slash - word)) : word);
	}
}

static struct pv *enum_values(struct py *py, const struct py_annotation *a)
{
	if (!a->enumeration || !a->choices) {
		return a->choices;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < a->choices->n; i++) {
		guild_py_append(py, list, a->choices->items[i]->target);
	}
	return list;
}

static void add_parameter(struct detect *d, const struct py_param *p)
{
	struct pv *field = option_of(p);
	bool in_default = field && field == p->def;
	bool is_option = field && guild_str_eqz(field->s, "typer.Option");
	if (p->is_star || (field && !is_option) || (!field && !p->def) ||
		guild_str_eqz(p->annotation.name, "typer.Context")) {
		return;
	}
	struct py_option *o = guild_py_option_new(d->py);
	const struct py_annotation *a = &p->annotation;
	o->def = p->def;
	if (in_default) {
		o->def = guild_py_arg(field->call, 0, "default");
		bool is_name = guild_py_is_text(o->def) && guild_str_starts(o->def->s, "--");
		o->def = is_name ? NULL : o->def;
	}
	if (!o->def || o->def->kind == PV_ELLIPSIS) {
		o->required = true;
		o->def = NULL;
	}
	if (o->def && o->def->kind == PV_ENUM) {
		o->def = o->def->target;
	}
	o->help = field ? guild_py_kw(field->call, "help") : NULL;
	read_names(d, o, field, in_default);
	o->is_count = field && guild_py_kw(field->call, "count");
	o->is_multiple = a->is_list;
	o->nargs = a->is_tuple ? (int)a->n_tuple : PY_NARGS_NONE;
	o->choices = enum_values(d->py, a);
	o->type = a->choices || a->is_tuple ? NULL : p->has_annotation ? a->type : "string";
	bool is_named = o->n_names > 0;
	const char *name = dashes_of(d, p);
	if (!o->flag) {
		guild_py_option_name(d->py, o, guild_arena_format(d->arena, "--%s", name));
	}
	if (a->type && strcmp(a->type, "boolean") == 0 && !a->is_list) {
		o->is_flag = true;
		if (!is_named) {
			o->has_off = true;
			o->off_flag = guild_arena_format(d->arena, "no-%s", name);
		}
		/* An option of one name only can be turned on, not off. */
		o->is_flag_value = !o->has_off;
	}
	guild_detect_click_option(d, o);
}

void guild_detect_typer(struct detect *d, struct py_command *c)
{
	struct pv *function = c->function;
	if (!function || function->kind != PV_FUNCTION) {
		if (!c->is_group) {
			d->undecided = d->undecided ? d->undecided
						    : "the command's function comes from elsewhere";
		}
		return;
	}
	size_t n;
	struct py_param *params = guild_py_parameters(d->py, function, false, &n);
	for (size_t i = 0; i < n; i++) {
		add_parameter(d, &params[i]);
	}
}
