/* Finding the flags of one script: which library, what the source says, and asking the script where it cannot be told. */

#include <stdlib.h>
#include <string.h>

#include "detect_private.h"

/* ---- imports: the rule of the reference ---- */

struct imports {
	bool argparse, click; /* named exactly, anywhere in the file */
	bool other;           /* another library of arguments */
	bool relative;        /* from . import */
};

static void note_import(struct imports *found, struct guild_str name)
{
	static const char *const others[] = {"absl", "tensorflow", "typer", "fire", "transformers",
		"trl", "simple_parsing", "tyro", "configargparse", "jsonargparse", "tap", "gflags",
		"rich_click"};
	found->argparse |= guild_str_eqz(name, "argparse");
	found->click |= guild_str_eqz(name, "click");
	const char *dot = name.n > 0 ? memchr(name.p, '.', name.n) : NULL;
	struct guild_str first = dot ? guild_str_n(name.p, (size_t)(dot - name.p)) : name;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(others); i++) {
		found->other |= guild_str_eqz(first, others[i]);
	}
}

static void scan_import(struct py_source *src, uint32_t node, struct imports *found)
{
	bool is_from = guild_py_kind(src, node) == PY_import_from_statement;
	for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
		enum py_kind kind = guild_py_kind(src, c);
		if (kind == PY_relative_import) {
			found->relative = true;
		} else if (kind == PY_aliased_import) {
			note_import(found, guild_py_text(src, guild_py_child(src, c, PYF_name)));
		} else if (kind == PY_dotted_name || is_from) {
			note_import(found, guild_py_text(src, c));
		}
	}
}

/* Walks the whole tree, but not into nodes whose text has no import. Iterative: depth is not ours to choose. */
static void scan_imports(struct py_source *src, struct imports *found)
{
	uint32_t *stack = NULL;
	size_t cap = 0;
	size_t n = 0;
	stack = guild_grow_array(stack, &cap, 1, sizeof *stack);
	stack[n++] = PY_ROOT;
	while (n > 0) {
		uint32_t node = stack[--n];
		for (uint32_t c = guild_py_first(src, node); c; c = guild_py_next(src, c)) {
			enum py_kind kind = guild_py_kind(src, c);
			if (kind == PY_import_statement || kind == PY_import_from_statement) {
				scan_import(src, c, found);
				continue;
			}
			struct guild_str text = guild_py_text(src, c);
			if (text.n > 6 && kind != PY_string &&
				memmem(text.p, text.n, "import", 6)) {
				stack = guild_grow_array(stack, &cap, n + 1, sizeof *stack);
				stack[n++] = c;
			}
		}
	}
	free(stack);
}

/* ---- the evaluator ---- */

static void py_init(struct py *py, struct detection *d, const char *dir)
{
	const struct guild_detect_request *req = d->req;
	guild_py_begin(py, d->arena);
	py->base_args = req->base_args;
	py->n_base_args = req->n_base_args;
	py->script_path = d->script;
	py->script_dir = dir;
	py->argv = guild_py_new(py, PV_LIST);
	guild_py_append(py, py->argv, guild_py_strz(py, d->script));
	for (size_t i = 0; i < req->n_base_args; i++) {
		guild_py_append(py, py->argv, guild_py_strz(py, req->base_args[i]));
	}
	guild_py_append(py, py->argv, guild_py_strz(py, "--help"));
	guild_strs_add(&py->roots, dir);
	if (req->module) {
		/* The folder that holds the topmost package. */
		char *root = guild_strdup(dir);
		for (const char *p = req->module; (p = strchr(p, '.')) != NULL; p++) {
			char *up = guild_path_dirname(root);
			free(root);
			root = up;
		}
		if (*root) {
			guild_strs_add(&py->roots, root);
		}
		free(root);
	}
	if (req->cwd && !guild_strs_has(&py->roots, req->cwd)) {
		guild_strs_add(&py->roots, req->cwd);
	}
}

static void py_fini(struct py *py)
{
	for (size_t i = 0; i < py->n_modules; i++) {
		if (i > 0) {
			guild_py_source_free(py->modules[i]->src);
		}
		free(py->modules[i]->stars);
	}
	for (size_t i = 0; i < py->n_mini; i++) {
		guild_py_source_free(py->mini[i]);
	}
	free(py->modules);
	free(py->mini);
	free(py->deps);
	free(py->events);
	free(py->absl_flags);
	free(py->parsers);
	guild_strs_fini(&py->roots);
}

static bool mentions(struct guild_str text, const char *word)
{
	return text.n > 0 && memmem(text.p, text.n, word, strlen(word)) != NULL;
}

/* ---- when the flow of the script never reached a parser ---- */

static bool is_telling(const struct pv *function)
{
	static const char *const words[] = {"parse_args", "parse_known_args", "ArgumentParser",
		"add_argument", "parse_args_into_dataclasses"};
	struct guild_str text = guild_py_text(function->src, function->node);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (mentions(text, words[i])) {
			return true;
		}
	}
	return false;
}

static void try_functions(struct py *py, struct py_scope *scope, struct pv *self)
{
	size_t n = guild_py_scope_count(scope);
	for (size_t i = 0; i < n; i++) {
		struct guild_str name;
		struct pv *v = guild_py_scope_at(scope, i, &name);
		struct py_call call = {.has_unknown = true, .src = py->modules[0]->src};
		if (!v || (v->kind != PV_FUNCTION && v->kind != PV_CLASS) ||
			v->src != py->modules[0]->src) {
			continue;
		}
		if (v->kind == PV_CLASS && !self &&
			mentions(guild_py_text(v->src, v->node), "add_argument")) {
			struct pv *object = guild_py_invoke(py, v, &call);
			try_functions(py, v->attrs, object);
		} else if (v->kind == PV_FUNCTION && is_telling(v)) {
			guild_py_run_function(py, v, self, self ? self->cls : NULL, &call);
		}
	}
}

/* Functions that look as if they made or used a parser, called with nothing known. */
static void search_functions(struct py *py)
{
	struct py_module *m = py->modules[0];
	struct py_frame frame = {.module = m, .src = m->src, .scope = m->globals};
	py->frame = &frame;
	py->uncertain++;
	try_functions(py, m->globals, NULL);
	py->uncertain--;
	py->frame = NULL;
	guild_py_undecided(py, "the place where arguments are parsed was not found");
}

static void add_parser_event(struct py *py)
{
	struct pv *best = NULL;
	for (size_t i = 0; i < py->n_parsers; i++) {
		const struct py_parser *p = py->parsers[i]->data;
		const struct py_parser *old = best ? best->data : NULL;
		if (p->n + p->dataclasses->n > 0 && (!old || p->n > old->n)) {
			best = py->parsers[i];
		}
	}
	if (best) {
		py->uncertain++;
		guild_py_event(py, ((struct py_parser *)best->data)->library, best, NULL);
		py->uncertain--;
	}
}

static void evaluate(struct py *py)
{
	guild_py_run_module(py, py->modules[0]);
	if (py->n_events > 0) {
		return;
	}
	/* Local modules nobody looked into may parse when they are imported, or define flags. */
	for (size_t i = 1; i < py->n_modules && !py->has_stopped; i++) {
		struct py_frame frame = {.module = py->modules[0],
			.src = py->modules[0]->src,
			.scope = py->modules[0]->globals};
		py->frame = &frame;
		guild_py_load(py, py->modules[i]);
		py->frame = NULL;
	}
}

/* ---- from events to flags ---- */

/* The event that decides: the last one, as each parse replaces what was there before. */
static const struct py_event *deciding_event(struct py *py, bool wants_parser)
{
	const struct py_event *chosen = NULL;
	for (size_t i = 0; i < py->n_events; i++) {
		bool is_parser = py->events[i].library == PY_LIB_ARGPARSE ||
				 py->events[i].library == PY_LIB_DATACLASS;
		if (!wants_parser || is_parser) {
			chosen = &py->events[i];
		}
	}
	if (!chosen || chosen->is_certain) {
		return chosen;
	}
	for (size_t i = 0; i < py->n_events; i++) {
		const struct py_event *e = &py->events[i];
		bool is_same = e->target->data && e->target->data == chosen->target->data;
		if (!is_same || e->n_options != chosen->n_options) {
			guild_py_undecided(py, "it depends on a condition which parser is used");
		}
	}
	if (chosen->target->kind == PV_PARSER &&
		chosen->n_options != ((struct py_parser *)chosen->target->data)->n) {
		guild_py_undecided(py, "the parser grows after it was used");
	}
	return chosen;
}

static void undecide(struct detect *d, const char *why)
{
	d->undecided = d->undecided || !why ? d->undecided : why;
}

static struct py_command *typer_command(struct py *py, struct py_command *app)
{
	/* An application with one command and nothing else is that command. */
	if (app->is_group && !app->function && app->n_subs == 1) {
		struct py_command *only = app->subs[0].parser->data;
		if (!only->is_group) {
			return only;
		}
	}
	struct py_command *c = guild_py_chosen_command(py, app);
	return c;
}

static void take_event(struct detect *d, const struct py_event *event)
{
	struct py *py = d->py;
	switch (event->library) {
	case PY_LIB_ARGPARSE:
	case PY_LIB_DATACLASS: {
		if (event->target->kind != PV_PARSER) {
			guild_detect_tyro(d, event);
			break;
		}
		struct py_parser *p = event->target->data;
		if (event->is_certain) {
			p->n = event->n_options; /* what is added later came too late */
		}
		p = guild_py_chosen_parser(py, p);
		undecide(d, p->undecided);
		guild_detect_dataclasses(d, p);
		break;
	}
	case PY_LIB_CLICK: {
		struct py_command *c = guild_py_chosen_command(py, event->target->data);
		undecide(d, c->undecided);
		for (size_t i = 0; i < c->options->n; i++) {
			const struct py_option *o = c->options->items[i]->data;
			undecide(d, o->undecided);
			guild_detect_click_option(d, o);
		}
		break;
	}
	case PY_LIB_TYPER: {
		struct py_command *c = typer_command(py, event->target->data);
		undecide(d, c->undecided);
		guild_detect_typer(d, c);
		break;
	}
	case PY_LIB_FIRE:
		guild_detect_fire(d, event);
		break;
	case PY_LIB_ABSL:
		guild_detect_absl(d);
		break;
	case PY_LIB_CONFIGURATOR:
		guild_detect_configurator(d, event);
		break;
	case PY_LIB_NONE:
		break;
	}
}

static void name_result(struct detection *d, enum py_library library)
{
	static const struct {
		const char *library, *dest;
	} names[] = {
		[PY_LIB_NONE] = {"argparse", "args"},
		[PY_LIB_ARGPARSE] = {"argparse", "args"},
		[PY_LIB_CLICK] = {"click", "args:click"},
		[PY_LIB_ABSL] = {"absl", "args"},
		[PY_LIB_TYPER] = {"typer", "args"},
		[PY_LIB_FIRE] = {"fire", "args"},
		[PY_LIB_DATACLASS] = {"dataclass", "args"},
		[PY_LIB_CONFIGURATOR] = {"configurator", "args:equals"},
	};
	d->library = names[library].library;
	d->flags_dest = d->req->flags_dest ? d->req->flags_dest : names[library].dest;
}

/* Evaluates the script; true when it uses a library of arguments. */
static bool find_arguments(struct detection *d, struct detect *detect, const struct imports *found)
{
	struct py *py = detect->py;
	struct guild_str text = guild_py_source_text(py->modules[0]->src);
	evaluate(py);
	bool makes_parser = mentions(text, "ArgumentParser") || mentions(text, "add_argument") ||
			    mentions(text, "parse_args") || mentions(text, "parse_known_args");
	if (py->n_events == 0 && (makes_parser || py->n_parsers > 0) &&
		(found->argparse || found->other)) {
		py->has_stopped = false;
		search_functions(py);
		if (py->n_events == 0) {
			add_parser_event(py);
		}
	}
	if (py->n_events == 0 && py->n_absl_flags > 0) {
		guild_py_event(py, PY_LIB_ABSL, py->none, NULL);
	}
	bool wants_parser = found->argparse && makes_parser;
	const struct py_event *event = deciding_event(py, wants_parser);
	event = event ? event : deciding_event(py, false);
	enum py_library library = PY_LIB_NONE;
	if (event) {
		library = event->library;
		take_event(detect, event);
	} else if (found->argparse && makes_parser) {
		library = PY_LIB_ARGPARSE;
		guild_py_undecided(py, "no parser was found");
	} else if (found->click && py->n_commands > 0) {
		library = PY_LIB_CLICK;
		guild_py_undecided(py, "no command that is run was found");
	} else {
		return false;
	}
	if (py->gave_up) {
		guild_py_undecided(py, "the script is too large to be followed");
	}
	undecide(detect, py->undecided);
	name_result(d, library);
	if (d->req->always_ask) {
		undecide(detect, "asked for");
	}
	if (detect->undecided && d->req->python) {
		const char *failure = NULL;
		d->asked = guild_detect_ask(detect, d, &failure);
		d->ask_failure = failure;
		if (failure) {
			guild_log(d->log, "warning",
				"flags of %s may be incomplete (%s, and asking the script failed: %s)",
				d->req->script, detect->undecided, failure);
		}
	}
	return true;
}

static void keep_deps(struct detection *d, const struct py *py)
{
	d->n_deps = py->n_deps;
	d->deps = guild_arena_alloc(d->arena, (py->n_deps + 1) * sizeof *d->deps);
	if (py->n_deps > 0) {
		memcpy(d->deps, py->deps, py->n_deps * sizeof *d->deps);
	}
}

static void find_flags(struct detection *d, struct py_source *src, const char *dir)
{
	struct py py = {0};
	py_init(&py, d, dir);
	guild_py_main_module(&py, src, d->req->module);
	struct detect detect = {.arena = d->arena, .py = &py, .defs = &d->flags, .log = d->log};
	struct py_frame frame = {
		.module = py.modules[0], .src = src, .scope = py.modules[0]->globals};
	struct imports found = {0};
	const char *dest = d->req->flags_dest;
	bool wants_globals =
		dest && (strcmp(dest, "globals") == 0 || guild_starts(dest, "global:") ||
				guild_starts(dest, "dict:") || guild_starts(dest, "namespace:"));
	bool wants_args = dest && (strcmp(dest, "args") == 0 || guild_starts(dest, "args:"));
	scan_imports(src, &found);
	struct guild_str text = guild_py_source_text(src);
	bool may_configure = mentions(text, "exec(") ||
			     (mentions(text, "globals()[") && mentions(text, "sys.argv"));
	bool has_library = found.argparse || found.click || found.other || may_configure;
	if (dest && !wants_globals && !wants_args) {
		d->flags_dest = dest;
		d->library = "none";
	} else if (wants_globals ||
		   !((has_library || wants_args) && find_arguments(d, &detect, &found))) {
		py.frame = &frame;
		py.has_stopped = false;
		d->flags_dest = dest ? dest : "globals";
		d->library = wants_args ? "none" : "globals";
		if (!wants_args) {
			guild_detect_globals(&detect, src, d->flags_dest);
		}
		py.frame = NULL;
		if (!dest && d->flags.n == 0 && !has_library && mentions(text, "import")) {
			/* The parser may be in a module of the script's own. */
			find_arguments(d, &detect, &found);
		}
	}
	keep_deps(d, &py);
	guild_strs_fini(&detect.changing);
	py_fini(&py);
}

int guild_detect_script(struct detection *d, const void *text, size_t n, struct guild_error *err)
{
	struct py_source *src = NULL;
	int rc = guild_py_source_parse(d->req->script, text, n, &src, err);
	if (rc != 0) {
		return rc;
	}
	struct guild_error syntax = {0};
	bool has_error = guild_py_syntax_error(src, &syntax);
	if (has_error || guild_py_has_python2(src)) {
		bool is_asked = false;
		rc = guild_detect_compile(d, src, &is_asked, err);
		if (rc == 0 && has_error && !is_asked) {
			rc = guild_error_set(err, syntax.code, "%s", syntax.text);
		}
	}
	if (rc == 0) {
		char *dir = guild_path_dirname(d->script);
		find_flags(d, src, guild_arena_strdup(d->arena, dir));
		free(dir);
	}
	guild_py_source_free(src);
	return rc;
}
