/* What a script declares as its arguments, by library, and how that becomes flags. Private to the room. */
#ifndef GUILD_DETECT_PRIVATE_H
#define GUILD_DETECT_PRIVATE_H

#include "guild/flags.h"
#include "python_eval.h"

/* Raised when what is found for the same script may differ from before: old cache entries are then no longer read. */
enum { GUILD_DETECT_VERSION = 1 };

enum py_action {
	PY_STORE,
	PY_STORE_TRUE,
	PY_STORE_FALSE,
	PY_BOOLEAN_OPTIONAL, /* --x and --no-x */
	PY_OTHER_ACTION,     /* count, append, const, version, help, classes of the script */
};

enum { PY_NARGS_NONE = -1, PY_NARGS_OPTIONAL = -2, PY_NARGS_MANY = -3, PY_NARGS_OTHER = -4 };

/* One declared option, of any library. Values not given are NULL. */
struct py_option {
	const char *flag; /* name of the flag; NULL: none can be made */
	const char *dest;
	const char **names; /* option strings as declared */
	size_t n_names;
	enum py_action action;
	int nargs; /* a count, or PY_NARGS_… */
	struct pv *def, *choices, *help;
	const char *type; /* string int float boolean; "?" one of the script's own; NULL none */
	struct guild_str type_text; /* how the source spells it */
	bool required, has_required;
	bool is_explicit_default; /* default= was given */
	/* click */
	bool is_flag, has_off; /* --x, --x/--no-x */
	bool is_flag_value;    /* --x stands for a value: it can only be turned on */
	bool is_multiple, is_count;
	const char *off_flag;  /* name of the other option of --x/--no-x */
	const char *undecided; /* why it cannot be told, or NULL */
};

struct py_subparser {
	const char *name;
	struct pv *parser;
};

struct py_parser {
	struct py_option **options;
	size_t n, cap;
	struct py_subparser *subs;
	size_t n_subs, cap_subs;
	struct pv *defaults; /* of set_defaults: dict */
	struct pv *argument_default;
	struct pv *
		dataclasses; /* HfArgumentParser, simple_parsing: list of classes (or [class, dest]) */
	enum py_library library;
	const char *flavour; /* "hf", "simple"; NULL: argparse itself */
	bool add_help;
	unsigned uncertain_at;
	const char *undecided;
};

struct detect { /* flags being made */
	struct guild_arena *arena;
	struct py *py;
	struct guild_flag_defs *defs;
	const char *undecided; /* first reason to ask the script */
	const struct guild_log *log;
	struct guild_strs changing; /* flags whose default differs each time */
};

/* ---- detect_argparse.c ---- */
struct pv *guild_py_new_parser(struct py *py, const char *flavour, struct py_call *call);
struct pv *guild_py_parser_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);
struct pv *guild_py_subparsers_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);
void guild_py_init_parser(struct py *py, struct py_parser *p, struct py_call *call);
/* The parser that the base arguments lead to, sub-commands followed. */
struct py_parser *guild_py_chosen_parser(struct py *py, struct py_parser *p);
void guild_py_parser_undecided(struct py *py, struct py_parser *p, const char *why);

/* ---- detect_click.c: click, and typer's commands, which are click's ---- */
struct py_command {
	enum py_library library; /* PY_LIB_CLICK or PY_LIB_TYPER */
	bool is_group;
	struct pv *
		function; /* of the script; its options were applied to it (click), or are its parameters (typer) */
	struct pv *options; /* click: list of PV_OPTION in order of declaration */
	struct py_subparser *subs;
	size_t n_subs, cap_subs;
	const char *name;
	const char *undecided;
};
/* click.NAME(…); NULL: not of click. */
struct pv *guild_py_click_symbol(struct py *py, struct guild_str name, struct py_call *call);
struct pv *guild_py_apply_option(struct py *py, struct pv *option, struct py_call *call);
struct pv *guild_py_decorator_call(struct py *py, struct pv *decorator, struct py_call *call);
struct pv *guild_py_command_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);
/* The command the base arguments lead to. */
struct py_command *guild_py_chosen_command(struct py *py, struct py_command *c);
void guild_py_add_subcommand(struct py *py, struct py_command *group, const char *name,
	struct pv *command);
struct pv *guild_py_new_command(struct py *py, enum py_library library, bool is_group,
	struct pv *function);
const char *guild_py_dashed(struct py *py, struct guild_str name); /* lower case, '_' -> '-' */

/* ---- detect_signature.c: parameters and annotations ---- */
struct py_annotation {
	const char *type;       /* string int float boolean; NULL: none of them */
	struct pv *choices;     /* of Literal and enumerations */
	struct pv *enumeration; /* the enum class */
	struct pv *record;      /* a class of the script with fields */
	struct pv *outside;     /* a class that was not found */
	struct pv **notes;      /* extras of Annotated[] */
	size_t n_notes;
	bool is_list, is_tuple, is_optional, is_union, is_dict;
	size_t n_tuple;        /* 0: any length */
	struct guild_str name; /* of a plain outside type */
};
struct py_param {
	struct guild_str name;
	struct py_annotation annotation;
	bool has_annotation;
	struct pv *def; /* NULL: none */
	bool is_star;   /* *args, **kwargs */
	bool is_keyword_only;
	const char *doc; /* or NULL */
};
/* Parameters of a function (`self` left out when `is_method`), or the fields of a record, bases first. In the arena. */
struct py_param *guild_py_parameters(struct py *py, struct pv *function, bool is_method, size_t *n);
struct py_param *guild_py_fields(struct py *py, struct pv *cls, size_t *n, bool *is_complete);
void guild_py_read_annotation(struct py *py, struct pv *v, struct py_annotation *out);
bool guild_py_is_record(const struct pv *v); /* dataclass, attrs, named tuple, pydantic model */
/* field(default=…), field(default_factory=…) and plain values -> the default, or NULL. */
struct pv *guild_py_field_default(struct py *py, struct pv *value);
/* A key of field(metadata={…}), or a keyword of the call itself. */
struct pv *guild_py_field_note(struct pv *value, const char *name);

/* ---- the other libraries ---- */
struct pv *guild_py_typer_symbol(struct py *py, struct guild_str name, struct py_call *call);
struct pv *guild_py_typer_method(struct py *py, struct pv *self, struct guild_str name,
	struct py_call *call);
struct pv *guild_py_absl_symbol(struct py *py, struct guild_str name, struct py_call *call);
struct pv *guild_py_dataclass_symbol(struct py *py, struct guild_str name, struct py_call *call);
void guild_detect_typer(struct detect *d, struct py_command *c);
void guild_detect_fire(struct detect *d, const struct py_event *event);
void guild_detect_absl(struct detect *d);
void guild_detect_absl_option(struct detect *d, const struct py_option *o);
void guild_detect_fire_option(struct detect *d, const struct py_option *o);
/* Booleans passed as the words true and false. */
struct guild_value *guild_detect_true_false(struct detect *d);
void guild_detect_dataclasses(struct detect *d, struct py_parser *p);
void guild_detect_tyro(struct detect *d, const struct py_event *event);
void guild_detect_globals(struct detect *d, struct py_source *src, const char *flags_dest);
/* nanoGPT's way: exec(open(FILE).read()) over values assigned before, where FILE reads sys.argv. */
void guild_py_maybe_configurator(struct py *py, const struct py_call *call);
void guild_detect_configurator(struct detect *d, const struct py_event *event);

/* ---- detect_options.c ---- */
struct py_option *guild_py_option_new(struct py *py);
void guild_py_option_name(struct py *py, struct py_option *o, const char *name);
/* Sets type and type_text from a value that stands for a conversion function. */
void guild_py_option_type(struct py *py, struct py_option *o, struct pv *type,
	struct guild_str text);
/* A flag made anew: an earlier one of the same name is forgotten. */
struct guild_flag_def *guild_detect_flag(struct detect *d, const char *name);
void guild_detect_argparse_option(struct detect *d, const struct py_option *o);
void guild_detect_click_option(struct detect *d, const struct py_option *o);
/* The default as JSON would hold it; NULL for none. Objects become text, with a note. */
const struct guild_value *guild_detect_default(struct detect *d, const char *flag, struct pv *v);
void guild_detect_choices(struct detect *d, struct guild_flag_def *f, struct pv *choices);
void guild_detect_switch(struct detect *d, struct guild_flag_def *f, bool on, const char *arg_name);
void guild_detect_bool_choices(struct detect *d, struct guild_flag_def *f);
/* Items shell-quoted and joined: the default of a flag that is split. */
const struct guild_value *guild_detect_joined(struct detect *d, const struct guild_value *list,
	bool as_yaml);

/* ---- detect_globals.c ---- */
/* A literal as flags.md 5.2 means it. */
bool guild_py_is_literal(struct py_source *src, uint32_t node);

/* ---- detect_script.c: one script, without cache ---- */
struct detection {
	struct guild_arena *arena;
	const struct guild_detect_request *req;
	const struct guild_log *log;
	const char *script; /* absolute */
	const char *flags_dest;
	const char *library;
	struct guild_flag_defs flags;
	bool asked;
	const char *ask_failure;    /* why the script could not be asked, or NULL */
	struct py_dependency *deps; /* in the arena */
	size_t n_deps;
};
int guild_detect_script(struct detection *d, const void *text, size_t n, struct guild_error *err);

/* ---- detect_cache.c ---- */
/* Name of the entry for this request and content; caller frees. */
char *guild_detect_cache_path(const struct guild_detect_request *req, const char *script,
	struct guild_str text);
/* True when there is a whole entry whose dependencies are as they were. Replays its warnings. */
bool guild_detect_cache_read(const char *path, struct detection *d);
/* Writes an entry; what goes wrong is nobody's concern. */
void guild_detect_cache_write(const char *path, const struct detection *d,
	const struct guild_strs *warnings);

/* ---- detect_ask.c: the script's own parser ---- */
enum { GUILD_ASK_TIMEOUT_MS = 60 * 1000, GUILD_ASK_OUTPUT_MAX = 8 << 20 };
/* Runs the script up to where it parses its arguments and replaces what `d` holds by its answer. False, with
 * `failure` set, when that does not work. */
bool guild_detect_ask(struct detect *d, struct detection *whole, const char **failure);
/* Lets the interpreter itself compile the text: GUILD_EINVALID with its message, 0 when it is fine or cannot be asked;
 * `is_asked` tells which. */
int guild_detect_compile(const struct detection *d, struct py_source *src, bool *is_asked,
	struct guild_error *err);
/* Text of the program above, python/ask.py. */
extern const char guild_ask_py[];

#endif
