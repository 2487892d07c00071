/* Asking the script: its own parser says what its options are. The program that does it is python/ask.py. */

#include <stdlib.h>
#include <string.h>

#include "detect_private.h"

enum { COMPILE_TIMEOUT_MS = 20 * 1000, ANSWER_LINE_MAX = 300 };

/* ---- syntax ---- */

static const char compile_py[] =
	"import sys\n"
	"try:\n"
	"    compile(open(sys.argv[1], 'rb').read(), sys.argv[1], 'exec', dont_inherit=True)\n"
	"except (SyntaxError, ValueError) as e:\n"
	"    line, column = getattr(e, 'lineno', 1) or 1, getattr(e, 'offset', 1) or 1\n"
	"    sys.stdout.buffer.write(('%d %d %s' % (line, max(column, 1), getattr(e, 'msg', e))).encode())\n"
	"    sys.exit(3)\n";

int guild_detect_compile(const struct detection *d, struct py_source *src, bool *is_asked,
	struct guild_error *err)
{
	*is_asked = false;
	if (!d->req->python) {
		return 0;
	}
	const char *argv[] = {
		d->req->python, "-I", "-W", "ignore", "-c", compile_py, d->script, NULL};
	struct guild_proc_result done = {0};
	int rc = 0;
	if (guild_proc_run(argv, NULL, NULL, GUILD_ASK_OUTPUT_MAX, COMPILE_TIMEOUT_MS, &done,
		    NULL) == 0) {
		*is_asked = done.exit_status == 0 || done.exit_status == 3;
		char *end;
		const char *text = guild_buf_cstr(&done.out);
		if (done.exit_status == 3) {
			unsigned long line = strtoul(text, &end, 10);
			unsigned long column = strtoul(end, &end, 10);
			end += *end == ' ';
			rc = guild_py_error_at(src, (uint32_t)line, (uint32_t)column, end, err);
		}
	}
	guild_proc_result_fini(&done);
	return rc;
}

/* ---- the answer ---- */

static const char *text(const struct guild_value *v, const char *key)
{
	return guild_value_text(guild_value_get(v, key));
}

static bool truth(const struct guild_value *v, const char *key)
{
	return guild_value_truthy(guild_value_get(v, key));
}

/* Values without a spelling are left to the script, {"$text": …} is its text. */
static struct pv *answer_value(struct py *py, const struct guild_value *v)
{
	if (!v || v->type == GUILD_NULL) {
		return NULL;
	}
	const char *spelt = text(v, "$text");
	if (spelt) {
		return guild_py_strz(py, spelt);
	}
	return guild_value_get(v, "$object") ? guild_py_symbol(py, "builtins.object")
					     : guild_py_from_value(py, v);
}

static struct pv *answer_choices(struct py *py, const struct guild_value *v)
{
	if (!v || v->type != GUILD_LIST) {
		return NULL;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < v->n; i++) {
		struct pv *item = answer_value(py, v->items[i]);
		guild_py_append(py, list, item ? item : py->none);
	}
	return list;
}

static int answer_nargs(const struct guild_value *v)
{
	if (!v || v->type == GUILD_NULL) {
		return PY_NARGS_NONE;
	}
	if (v->type == GUILD_INT) {
		return v->i >= -1 && v->i < 1000 ? (int)v->i : PY_NARGS_OTHER;
	}
	const char *word = guild_value_text(v);
	if (word && (strcmp(word, "*") == 0 || strcmp(word, "+") == 0)) {
		return PY_NARGS_MANY;
	}
	return word && strcmp(word, "?") == 0 ? PY_NARGS_OPTIONAL : PY_NARGS_OTHER;
}

static enum py_action answer_action(const char *name)
{
	static const struct {
		const char *name;
		enum py_action action;
	} actions[] = {
		{"store", PY_STORE},
		{"true-false", PY_STORE},
		{"boolean_switch", PY_STORE},
		{"store_true", PY_STORE_TRUE},
		{"store_false", PY_STORE_FALSE},
		{"boolean_optional", PY_BOOLEAN_OPTIONAL},
	};
	for (size_t i = 0; name && i < GUILD_ARRAY_LEN(actions); i++) {
		if (strcmp(name, actions[i].name) == 0) {
			return actions[i].action;
		}
	}
	return name ? PY_OTHER_ACTION : PY_STORE;
}

static struct py_option *read_option(struct detect *d, const struct guild_value *v)
{
	struct py_option *o = guild_py_option_new(d->py);
	const struct guild_value *names = guild_value_get(v, "names");
	for (size_t i = 0; names && names->type == GUILD_LIST && i < names->n; i++) {
		const char *name = guild_value_text(names->items[i]);
		if (name) {
			guild_py_option_name(d->py, o, name);
		}
	}
	const struct guild_value *off = guild_value_get(v, "off");
	for (size_t i = 0; off && off->type == GUILD_LIST && i < off->n; i++) {
		const char *name = guild_value_text(off->items[i]);
		o->has_off = true;
		if (name && !o->off_flag && guild_starts(name, "--")) {
			o->off_flag = name + 2;
		}
	}
	o->action = answer_action(text(v, "action"));
	o->nargs = answer_nargs(guild_value_get(v, "nargs"));
	o->def = answer_value(d->py, guild_value_get(v, "default"));
	o->choices = answer_choices(d->py, guild_value_get(v, "choices"));
	const char *help = text(v, "help");
	o->help = help ? guild_py_strz(d->py, help) : NULL;
	o->required = truth(v, "required");
	const char *type = text(v, "type");
	o->type = type && type[0] == '?' ? "?" : type;
	o->type_text = guild_str(type && type[0] == '?' ? type + 1 : type);
	o->is_flag = truth(v, "is_flag");
	o->is_flag_value = truth(v, "is_flag_value");
	o->is_count = truth(v, "is_count");
	o->is_multiple = truth(v, "is_multiple");
	return o;
}

/* The type functions of PyTorch Lightning's own arguments. */
static void map_lightning(struct detect *d, struct py_option *o)
{
	const char *name = o->type + strlen("lightning:");
	bool is_bool = guild_starts(name, "str_to_bool");
	o->type = strcmp(name, "_int_or_float_type") == 0 ? "number"
		  : strstr(name, "gpus")                  ? "string"
		  : strstr(name, "precision")             ? "int"
							  : NULL;
	if (is_bool && o->def && o->def->kind == PV_BOOL) {
		o->def = guild_py_strz(d->py, o->def->b ? "yes" : "no");
	}
	if (strstr(name, "precision")) {
		o->choices = guild_py_new(d->py, PV_LIST);
		static const int precisions[] = {16, 32, 64};
		for (size_t i = 0; i < GUILD_ARRAY_LEN(precisions); i++) {
			guild_py_append(d->py, o->choices, guild_py_int(d->py, precisions[i]));
		}
	}
}

/* --x and --no-x, named in this order. */
static void set_switch(struct detect *d, const struct py_option *o, const struct guild_value *v)
{
	const struct guild_value *names = guild_value_get(v, "names");
	struct guild_flag_def *f = guild_flag_defs_get(d->defs, o->flag);
	bool is_on = f->def && guild_value_truthy(f->def);
	const char *off = names->n > 1 ? guild_value_text(names->items[names->n - 1]) : NULL;
	guild_detect_switch(d, f, !is_on, is_on && off && guild_starts(off, "--") ? off + 2 : NULL);
}

static void take_option(struct detect *d, const char *library, const struct guild_value *v)
{
	struct py_option *o = read_option(d, v);
	const char *action = text(v, "action");
	bool is_true_false = o->type && strcmp(o->type, "true-false") == 0;
	is_true_false |= action && strcmp(action, "true-false") == 0;
	if (o->type && guild_starts(o->type, "lightning:")) {
		map_lightning(d, o);
	}
	if (strcmp(library, "click") == 0) {
		guild_detect_click_option(d, o);
	} else if (strcmp(library, "absl") == 0) {
		guild_detect_absl_option(d, o);
	} else if (strcmp(library, "fire") == 0) {
		guild_detect_fire_option(d, o);
	} else {
		o->type = is_true_false ? "boolean" : o->type;
		guild_detect_argparse_option(d, o);
		struct guild_flag_def *f =
			is_true_false && o->flag ? guild_flag_defs_get(d->defs, o->flag) : NULL;
		if (f) {
			f->arg_encoding = guild_detect_true_false(d);
			f->arg_split = NULL;
		}
		if (action && strcmp(action, "boolean_switch") == 0) {
			set_switch(d, o, v);
		}
	}
}

static void add_dep(struct py *py, const struct guild_value *list, enum py_dependency_kind kind)
{
	for (size_t i = 0; list && list->type == GUILD_LIST && i < list->n; i++) {
		const char *path = guild_value_text(list->items[i]);
		if (path) {
			guild_py_depend(py, kind, path);
		}
	}
}

static const char *first_line(struct guild_arena *a, const char *message)
{
	size_t n = strcspn(message, "\n");
	return guild_arena_strndup(a, message, n > ANSWER_LINE_MAX ? ANSWER_LINE_MAX : n);
}

/* True when the answer holds options; `failure` says why not. */
static bool take_answer(struct detect *d, struct detection *whole, const struct guild_value *v,
	const char **failure)
{
	const char *library = text(v, "library");
	const char *error = text(v, "error");
	add_dep(d->py, guild_value_get(v, "files"), PY_DEP_FILE);
	if (!library) {
		add_dep(d->py, guild_value_get(v, "folders"), PY_DEP_FOLDER);
		*failure = error ? first_line(whole->arena, error) : "it parsed no arguments";
		return false;
	}
	const struct guild_value *options = guild_value_get(v, "options");
	d->defs->n = 0;
	for (size_t i = 0; options && options->type == GUILD_LIST && i < options->n; i++) {
		take_option(d, library, options->items[i]);
	}
	for (size_t i = 0; i < d->defs->n; i++) {
		if (guild_strs_has(&d->changing, d->defs->v[i].name)) {
			d->defs->v[i].def = NULL;
		}
	}
	return true;
}

bool guild_detect_ask(struct detect *d, struct detection *whole, const char **failure)
{
	const struct guild_detect_request *req = whole->req;
	const char **argv =
		guild_arena_alloc(whole->arena, (req->n_base_args + 7) * sizeof(const char *));
	size_t n = 0;
	argv[n++] = req->python;
	argv[n++] = "-c";
	argv[n++] = guild_ask_py;
	argv[n++] = whole->script;
	argv[n++] = req->module ? req->module : "";
	for (size_t i = 0; i < req->n_base_args; i++) {
		argv[n++] = req->base_args[i];
	}
	char *dir = guild_path_dirname(whole->script);
	struct guild_proc_result done = {0};
	struct guild_error err = {0};
	struct guild_value *v = NULL;
	bool ok = false;
	if (guild_proc_run(argv, req->cwd ? req->cwd : dir, NULL, GUILD_ASK_OUTPUT_MAX,
		    GUILD_ASK_TIMEOUT_MS, &done, &err) != 0) {
		*failure = err.code == GUILD_ELIMIT ? "it took too long"
						    : guild_arena_strdup(whole->arena, err.text);
	} else if (guild_json_parse(whole->arena, guild_buf_str(&done.out), "answer", &v, NULL) !=
		   0) {
		*failure = "it ended early";
	} else {
		ok = take_answer(d, whole, v, failure);
	}
	guild_proc_result_fini(&done);
	free(dir);
	return ok;
}
