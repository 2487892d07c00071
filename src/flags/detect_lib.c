/* What the evaluator asks of the libraries of arguments: which model answers a call. */

#include <string.h>

#include "detect_private.h"

void guild_py_undecided(struct py *py, const char *why)
{
	py->undecided = py->undecided ? py->undecided : why;
}

void guild_py_event(struct py *py, enum py_library library, struct pv *target, struct py_call *call)
{
	size_t n_options = 0;
	if (target->kind == PV_PARSER) {
		const struct py_parser *p = target->data;
		n_options = p->n;
	}
	py->events =
		guild_grow_array(py->events, &py->cap_events, py->n_events + 1, sizeof *py->events);
	py->events[py->n_events++] = (struct py_event){
		.library = library,
		.target = target,
		.call = call,
		.is_certain = py->uncertain == 0,
		.n_options = n_options,
	};
}

void guild_py_lib_escaped(struct py *py, struct pv *parser)
{
	guild_py_parser_undecided(py, parser->data,
		"the parser is given to code that was not found");
}

static bool is_parser_class(struct guild_str name)
{
	static const char *const classes[] = {"argparse.ArgumentParser", "configargparse.ArgParser",
		"configargparse.ArgumentParser", "jsonargparse.ArgumentParser"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(classes); i++) {
		if (guild_str_eqz(name, classes[i])) {
			return true;
		}
	}
	return false;
}

/* argparse.ArgumentParser.METHOD(parser, …) */
static struct pv *unbound_parser_method(struct py *py, struct guild_str name, struct py_call *call)
{
	static const char prefix[] = "argparse.ArgumentParser.";
	if (!guild_str_starts(name, prefix) || call->n_pos == 0 ||
		call->pos[0]->kind != PV_PARSER) {
		return NULL;
	}
	struct py_call rest = *call;
	rest.pos++;
	rest.n_pos--;
	struct guild_str method = guild_str_n(name.p + strlen(prefix), name.n - strlen(prefix));
	return guild_py_parser_method(py, call->pos[0], method, &rest);
}

static struct pv *call_fire(struct py *py, struct py_call *call)
{
	struct pv *target = guild_py_arg(call, 0, "component");
	if (!target) {
		target = guild_py_new(py, PV_MODULE);
		target->module = py->frame->module;
	}
	guild_py_event(py, PY_LIB_FIRE, target, call);
	py->has_stopped = py->has_stopped || py->uncertain == 0;
	return py->unknown;
}

struct pv *guild_py_lib_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	if (guild_str_eqz(name, "builtins.exec")) {
		guild_py_maybe_configurator(py, call);
		return py->none;
	}
	if (is_parser_class(name)) {
		struct pv *parser = guild_py_new_parser(py, NULL, call);
		if (guild_str_starts(name, "jsonargparse")) {
			guild_py_parser_undecided(py, parser->data,
				"jsonargparse adds options of its own");
		}
		return parser;
	}
	if (guild_str_eqz(name, "fire.Fire") || guild_str_eqz(name, "fire.core.Fire")) {
		return call_fire(py, call);
	}
	struct pv *v = unbound_parser_method(py, name, call);
	v = v ? v : guild_py_click_symbol(py, name, call);
	v = v ? v : guild_py_typer_symbol(py, name, call);
	v = v ? v : guild_py_absl_symbol(py, name, call);
	return v ? v : guild_py_dataclass_symbol(py, name, call);
}

static struct pv *apply_decorator(struct py *py, struct pv *decorator, struct py_call *call)
{
	if (guild_str_eqz(decorator->s, "dataclass")) {
		struct pv *to = call->n_pos == 1 ? call->pos[0] : py->unknown;
		if (to->kind == PV_CLASS) {
			to->decorator = decorator;
		}
		return to;
	}
	if (guild_str_starts(decorator->s, "typer.")) {
		return guild_py_typer_method(py, decorator, guild_str("__call__"), call);
	}
	return guild_py_decorator_call(py, decorator, call);
}

struct pv *guild_py_lib_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call)
{
	switch (self->kind) {
	case PV_PARSER:
		return guild_str_eqz(name, "__call__")
			       ? NULL
			       : guild_py_parser_method(py, self, name, call);
	case PV_SUBPARSERS:
		return guild_py_subparsers_method(py, self, name, call);
	case PV_OPTION:
		return guild_str_eqz(name, "__call__") ? guild_py_apply_option(py, self, call)
						       : NULL;
	case PV_DECORATOR:
		return guild_str_eqz(name, "__call__") ? apply_decorator(py, self, call) : NULL;
	case PV_COMMAND:
		return ((struct py_command *)self->data)->library == PY_LIB_TYPER
			       ? guild_py_typer_method(py, self, name, call)
			       : guild_py_command_method(py, self, name, call);
	case PV_CLASS:
		if (guild_str_eqz(name, "__init__") && call->n_pos > 0 &&
			call->pos[0]->kind == PV_PARSER) {
			guild_py_init_parser(py, call->pos[0]->data, call);
			return py->none;
		}
		return NULL;
	default:
		return NULL;
	}
}

/* The outermost base that is not of the script. */
static struct pv *outside_base(struct pv *cls, unsigned depth)
{
	for (size_t i = 0; i < cls->n && depth < 50; i++) {
		struct pv *base = cls->items[i];
		if (base->kind == PV_SYMBOL) {
			if (!guild_str_starts(base->s, "builtins.")) {
				return base;
			}
		} else if (base->kind == PV_CLASS && base != cls) {
			struct pv *found = outside_base(base, depth + 1);
			if (found) {
				return found;
			}
		}
	}
	return NULL;
}

struct pv *guild_py_lib_instance(struct py *py, struct pv *cls, struct py_call *call)
{
	struct pv *base = outside_base(cls, 0);
	if (!base) {
		return NULL;
	}
	if (is_parser_class(base->s)) {
		return guild_py_new_parser(py, NULL, NULL);
	}
	if (guild_str_eqz(base->s, "simple_parsing.ArgumentParser") ||
		guild_str_ends(base->s, "HfArgumentParser")) {
		return guild_py_dataclass_symbol(py, base->s, call);
	}
	static const char *const others[] = {"tap.Tap", "jsonargparse.", "configargparse."};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(others); i++) {
		if (guild_str_starts(base->s, others[i])) {
			struct pv *parser = guild_py_new_parser(py, NULL, NULL);
			guild_py_parser_undecided(py, parser->data,
				"the parser is of a library only it knows");
			return parser;
		}
	}
	return NULL;
}
