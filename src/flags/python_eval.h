/*
 * A careful evaluator of Python source: runs the top level of a script over what can be known without running anything,
 * until the script's arguments would be parsed. What it cannot know is PV_UNKNOWN; branches it cannot choose
 * are both walked as "uncertain". It never touches the outside but to read local modules (the list of what was read is kept).
 *
 * Everything lives in the evaluator's arena. One thread.
 */
#ifndef GUILD_PYTHON_EVAL_H
#define GUILD_PYTHON_EVAL_H

#include "guild/formats.h"
#include "python_tree.h"

enum {
	PY_STEP_LIMIT = 400000,     /* evaluated nodes: some 20 ms */
	PY_DEPTH_LIMIT = 800,       /* nested expressions, statements and calls together */
	PY_SAME_FUNCTION_LIMIT = 2, /* nested activations of one function */
	PY_LOOP_LIMIT = 2000,       /* unrolled iterations of one loop */
	PY_ITEMS_LIMIT = 20000,     /* items of one list, characters of one repeated string / 64 */
	PY_UNIQUE_KEYS_LIMIT = 512, /* keys of a dict up to which repeats are looked for */
	PY_MODULES_LIMIT = 60,      /* local modules read */
	PY_MODULES_BYTES_LIMIT = 4 << 20,
};

enum pv_kind {
	PV_UNKNOWN,
	PV_NONE,
	PV_BOOL,
	PV_INT,   /* i; beyond 64 bits decimal text in s */
	PV_FLOAT, /* f */
	PV_STR,   /* s */
	PV_BYTES, /* s */
	PV_PATH,  /* s: a pathlib path */
	PV_ELLIPSIS,
	PV_LIST,
	PV_TUPLE,
	PV_SET,
	PV_DICT,
	PV_SYMBOL, /* s: dotted name of something outside: argparse.ArgumentParser, builtins.int */
	PV_FUNCTION,   /* src, node (function_definition or lambda), scope */
	PV_CLASS,      /* src, node, s: name, items: bases, attrs */
	PV_INSTANCE,   /* cls, attrs */
	PV_MODULE,     /* module */
	PV_IMPORT,     /* module, s: a name of it that was not looked at yet */
	PV_METHOD,     /* self, s: name of a method of a built-in or modelled object */
	PV_BOUND,      /* self, target: a function of the script bound to an instance */
	PV_PARTIAL,    /* target, call */
	PV_GENERIC,    /* target, items: Optional[int], Annotated[...], int | None */
	PV_ENUM,       /* a member: cls, s: name, target: value */
	PV_SUPER,      /* self, cls: where lookup starts */
	PV_PARSER,     /* data: struct py_parser; cls for a subclass of the script's */
	PV_SUBPARSERS, /* data: struct py_parser */
	PV_NAMESPACE,  /* data: struct py_parser; what parse_args returned */
	PV_OPTION,     /* data: struct py_option: click.option(...) before it is applied */
	PV_COMMAND,    /* data: struct py_command of click or typer */
	PV_DECORATOR,  /* s: what it does, call: its arguments, self: what it belongs to */
	PV_FIELD,      /* call: dataclasses.field(...) and its like */
};

struct pv;
struct py_scope;
struct py_module;

struct py_keyword {
	struct guild_str name;
	struct pv *value;
};

struct py_call {
	struct pv **pos;
	size_t n_pos, cap_pos;
	struct py_keyword *kw;
	size_t n_kw, cap_kw;
	bool has_unknown; /* *args or **kwargs that could not be looked into */
	struct py_source *src;
	uint32_t node;
};

struct py_class_field { /* an annotated name of a class body */
	struct guild_str name;
	uint32_t annotation;
	uint32_t statement;
	struct pv *value; /* NULL: none given */
};

struct pv {
	enum pv_kind kind;
	bool b;
	bool is_volatile; /* unknown because it differs each time: the time, a random number, a process id */
	bool is_async;
	int64_t i;
	double f;
	struct guild_str s;
	struct pv **items, **keys; /* keys of dicts */
	size_t n, cap;
	struct py_source *src;
	uint32_t node;
	struct py_scope *scope;
	struct py_scope *attrs;
	struct py_module *module;
	struct pv *self, *target, *cls;
	struct py_call *call;
	void *data;
	struct py_class_field *fields;
	size_t n_fields, cap_fields;
	struct pv *decorator; /* of a class: what made it a dataclass, or NULL */
	unsigned activations;
};

struct py_module {
	const char *path;      /* of the file, absolute */
	const char *name;      /* dotted */
	const char *package;   /* dotted package for relative imports, "" at the top */
	struct py_source *src; /* NULL until read */
	struct py_scope *globals;
	bool is_package, is_read, is_bad;
	bool is_interesting;      /* its text mentions a library of arguments */
	struct py_module **stars; /* from X import * */
	size_t n_stars, cap_stars;
	unsigned visits;
};

enum py_flow { PY_NEXT, PY_RETURN, PY_BREAK, PY_CONTINUE, PY_RAISE, PY_STOP };

/* What parses the arguments of a script. */
enum py_library {
	PY_LIB_NONE,
	PY_LIB_ARGPARSE,
	PY_LIB_CLICK,
	PY_LIB_ABSL,
	PY_LIB_TYPER,
	PY_LIB_FIRE,
	PY_LIB_DATACLASS,
	PY_LIB_CONFIGURATOR, /* executes a file over its globals, takes --key=value */
};

/* One place where arguments are parsed. */
struct py_event {
	enum py_library library;
	struct pv *target;
	struct py_call *call; /* of fire.Fire, tyro.cli, … */
	bool is_certain;
	size_t n_options; /* the parser's options so far */
};

/* What the answer depends on beside the script's text. */
enum py_dependency_kind { PY_DEP_FILE, PY_DEP_ABSENT, PY_DEP_ENV, PY_DEP_FOLDER };
struct py_dependency {
	enum py_dependency_kind kind;
	const char *name;
};

struct py_frame { /* one executing body */
	struct py_frame *up;
	struct py_module *module;
	struct py_source *src;
	struct py_scope *scope;
	struct pv *function;
	struct pv *self_class; /* class whose method runs, for super() */
	struct pv *self;
	struct pv *result; /* of return */
	unsigned uncertain_at;
	bool is_class_body;
	struct pv *class_value;
};

struct py {
	struct guild_arena *arena;
	char *const *base_args;
	size_t n_base_args;
	const char *script_dir;
	const char *script_path;
	struct guild_strs roots; /* where local modules are looked for */
	struct py_module **modules;
	size_t n_modules, cap_modules;
	size_t module_bytes, n_loaded;
	struct py_source **mini; /* sources of string annotations */
	size_t n_mini, cap_mini;
	struct py_dependency *deps;
	size_t n_deps, cap_deps;
	struct py_event *events;
	size_t n_events, cap_events;
	struct pv **absl_flags; /* PV_OPTION */
	size_t n_absl_flags, cap_absl_flags;
	struct pv *unknown, *volatile_unknown, *none, *yes, *no;
	struct pv *argv; /* sys.argv */
	struct py_frame *frame;
	size_t steps;
	unsigned depth;
	unsigned uncertain;
	bool has_stopped;      /* the script would have ended, or its arguments were parsed */
	bool gave_up;          /* a limit was passed */
	const char *undecided; /* first reason that concerns no parser in particular */
	struct pv **parsers;   /* PV_PARSER, in order of creation */
	size_t n_parsers, cap_parsers;
	size_t n_commands;
};

/* ---- python_value.c ---- */
/* Makes the values every evaluation needs; what is in `py` otherwise is the caller's. */
void guild_py_begin(struct py *py, struct guild_arena *a);
struct pv *guild_py_new(struct py *py, enum pv_kind kind);
struct pv *guild_py_str(struct py *py, struct guild_str s); /* copies */
struct pv *guild_py_strz(struct py *py, const char *z);
struct pv *guild_py_int(struct py *py, int64_t i);
struct pv *guild_py_float(struct py *py, double f);
struct pv *guild_py_bool(struct py *py, bool b);
struct pv *guild_py_symbol(struct py *py, const char *dotted);
struct pv *guild_py_method(struct py *py, struct pv *self, struct guild_str name);
void guild_py_append(struct py *py, struct pv *list, struct pv *item);
struct pv *guild_py_dict_get(const struct pv *dict, const struct pv *key); /* NULL: missing */
struct pv *guild_py_dict_getz(const struct pv *dict, const char *key);
void guild_py_dict_set(struct py *py, struct pv *dict, struct pv *key, struct pv *value);
bool guild_py_is_symbol(const struct pv *v, const char *dotted);
bool guild_py_is_const(const struct pv *v);  /* None, numbers, text and containers of them */
bool guild_py_is_text(const struct pv *v);   /* PV_STR */
bool guild_py_is_number(const struct pv *v); /* int, float, bool */
double guild_py_number(const struct pv *v);
/* 1, 0, or -1 when it cannot be known. */
int guild_py_truth(const struct pv *v);
/* Equality of constants: 1, 0, -1. */
int guild_py_equal(const struct pv *a, const struct pv *b);
/* Python's str() and repr(); false when not known. */
bool guild_py_to_str(struct py *py, const struct pv *v, struct guild_buf *out);
bool guild_py_to_repr(struct py *py, const struct pv *v, struct guild_buf *out);
/* As JSON would hold it: tuples become lists. NULL for what JSON cannot hold. */
struct guild_value *guild_py_to_value(struct guild_arena *a, const struct pv *v);
struct pv *guild_py_from_value(struct py *py, const struct guild_value *v);
/* Items of a list, tuple, set, dict (keys), string (characters), enum class; false when not iterable here. */
bool guild_py_iterate(struct py *py, struct pv *v, struct pv ***items, size_t *n);

/* ---- python_scope.c ---- */
struct py_scope *guild_py_scope_new(struct py *py, struct py_scope *up);
struct pv *guild_py_scope_own(const struct py_scope *s, struct guild_str name);
struct py_scope *guild_py_scope_up(const struct py_scope *s);
void guild_py_scope_set(struct py *py, struct py_scope *s, struct guild_str name, struct pv *v);
void guild_py_scope_declare(struct py *py, struct py_scope *s,
	struct guild_str name); /* global or nonlocal */
bool guild_py_scope_is_declared(const struct py_scope *s, struct guild_str name);
/* Visits names in order of their first assignment. */
size_t guild_py_scope_count(const struct py_scope *s);
struct pv *guild_py_scope_at(const struct py_scope *s, size_t i, struct guild_str *name);

/* ---- python_expr.c ---- */
struct pv *guild_py_eval(struct py *py, uint32_t node);
struct pv *guild_py_unknown_from(struct py *py, const struct pv *a,
	const struct pv *b); /* keeps volatility */

/* ---- python_names.c ---- */
struct pv *guild_py_lookup(struct py *py, struct guild_str name);
/* Never NULL; PV_UNKNOWN where the attribute cannot be told. */
struct pv *guild_py_attribute(struct py *py, struct pv *object, struct guild_str name);
/* NULL when the class and its bases in the script lack it. `from` is set to the class that has it. */
struct pv *guild_py_class_attribute(struct pv *cls, struct guild_str name, struct pv **from);
void guild_py_assign_name(struct py *py, struct guild_str name, struct pv *v);
void guild_py_assign(struct py *py, uint32_t target, struct pv *v);
bool guild_py_same(const struct pv *a, const struct pv *b); /* the same, or known to be equal */

/* ---- python_operator.c ---- */
struct pv *guild_py_binary(struct py *py, struct guild_str op, struct pv *a, struct pv *b);
struct pv *guild_py_compare(struct py *py, struct guild_str op, struct pv *a, struct pv *b);
struct pv *guild_py_subscript(struct py *py, struct pv *v, struct pv *key);
struct pv *guild_py_slice(struct py *py, struct pv *v, struct pv *start, struct pv *stop,
	struct pv *step);
/* "%" formatting and str.format; PV_UNKNOWN when not all of it is known. */
struct pv *guild_py_percent(struct py *py, struct guild_str format, struct pv *args);
struct pv *guild_py_str_format(struct py *py, struct guild_str format, const struct py_call *call);
/* One value by a format specification ("" for str()); false when not known. */
bool guild_py_format_value(struct py *py, const struct pv *v, struct guild_str spec,
	char conversion, struct guild_buf *out);

/* ---- python_exec.c ---- */
enum py_flow guild_py_exec_block(struct py *py, uint32_t block);
void guild_py_run_module(struct py *py, struct py_module *m);

/* ---- python_call.c ---- */
struct pv *guild_py_eval_call(struct py *py, uint32_t node);
struct pv *guild_py_invoke(struct py *py, struct pv *callee, struct py_call *call);
/* Runs a function of the script; `self` may be NULL. */
struct pv *guild_py_run_function(struct py *py, struct pv *function, struct pv *self,
	struct pv *cls, struct py_call *call);
void guild_py_call_add(struct py *py, struct py_call *call, struct pv *v);
void guild_py_call_add_kw(struct py *py, struct py_call *call, struct guild_str name, struct pv *v);
struct pv *guild_py_kw(const struct py_call *call, const char *name); /* NULL: not given */
/* Positional argument i or keyword `name`. */
struct pv *guild_py_arg(const struct py_call *call, size_t i, const char *name);
/* Something outside got these arguments: parsers among them may have grown. */
struct pv *guild_py_escape(struct py *py, struct py_call *call);
struct pv *guild_py_new_class(struct py *py, uint32_t node);
bool guild_py_is_subclass(const struct pv *cls, const char *dotted);
bool guild_py_is_enum(const struct pv *cls);

/* ---- python_builtin.c ---- */
/* Calls of what is outside the script. NULL when there is no model of it. */
struct pv *guild_py_call_symbol(struct py *py, struct guild_str name, struct py_call *call);
struct pv *guild_py_symbol_value(struct py *py, struct guild_str dotted); /* sys.argv, …; NULL */

/* ---- python_method.c ---- */
/* Methods of strings, lists, dicts, paths. NULL when there is no model of it. */
struct pv *guild_py_call_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);

/* ---- python_path.c ---- */
struct pv *guild_py_call_path_symbol(struct py *py, struct guild_str name, struct py_call *call);
struct pv *guild_py_call_path_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);

/* ---- python_module.c ---- */
struct py_module *guild_py_main_module(struct py *py, struct py_source *src, const char *module);
/* The value `import a.b.c` binds to `a` (or, with `leaf`, to the last part). */
struct pv *guild_py_import(struct py *py, struct guild_str dotted, bool leaf);
/* from MODULE import NAME; `dots` leading dots. */
struct pv *guild_py_import_from(struct py *py, struct guild_str module, size_t dots,
	struct guild_str name);
struct pv *guild_py_force(struct py *py, struct pv *import); /* PV_IMPORT -> its value */
void guild_py_load(struct py *py, struct py_module *m);
void guild_py_import_star(struct py *py, struct guild_str module, size_t dots);
/* A name of a local module, evaluating the module when needed. NULL when it has none. */
struct pv *guild_py_module_get(struct py *py, struct py_module *m, struct guild_str name);
/* A variable of the environment (NULL: unset), noted as a dependency. */
const char *guild_py_environment(struct py *py, const char *name);
void guild_py_depend(struct py *py, enum py_dependency_kind kind, const char *name);

/* ---- the libraries of arguments: detect_*.c ---- */
struct pv *guild_py_lib_symbol(struct py *py, struct guild_str name, struct py_call *call);
struct pv *guild_py_lib_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);
/* An object of the script's class when a base is of a library: a parser. NULL: a plain instance. */
struct pv *guild_py_lib_instance(struct py *py, struct pv *cls, struct py_call *call);
/* Something outside may have changed this parser. */
void guild_py_lib_escaped(struct py *py, struct pv *parser);
/* What a parsed name space holds: the default of the option, where that can be told. */
struct pv *guild_py_namespace_get(struct py *py, struct pv *ns, struct guild_str name);
/* A loop over sys.argv that sets globals()[…]: every global so far can be given as --key=value. */
void guild_py_maybe_inline_configurator(struct py *py, uint32_t loop);
void guild_py_event(struct py *py, enum py_library library, struct pv *target,
	struct py_call *call);
void guild_py_undecided(struct py *py, const char *why);

#endif
