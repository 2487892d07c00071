/*
 * File formats and the value type they share: YAML 1.1, JSON, CSV, digests, event files. Knows base.
 *
 * Values live in an arena and die with it; every pointer inside a value points into the same arena or to a constant.
 * A value is immutable for everybody but the code that built it.
 */
#ifndef GUILD_FORMATS_H
#define GUILD_FORMATS_H

#include <guild/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- values ------------------------------------------------------------------------------------ */

enum guild_type {
	GUILD_NULL,
	GUILD_BOOL,
	GUILD_INT,    /* i; integers beyond 64 bits keep their decimal text in s and have s.n > 0 */
	GUILD_FLOAT,  /* f */
	GUILD_STRING, /* s: UTF-8, NUL-terminated */
	GUILD_DATE,   /* s: canonical text of a YAML timestamp, as Python prints it */
	GUILD_LIST,
	GUILD_DICT, /* insertion order; keys may be any scalar, mostly strings */
};

struct guild_value;
struct guild_pair {
	struct guild_value *key;
	struct guild_value *value;
};
struct guild_value {
	enum guild_type type;
	bool b;
	uint32_t line, column; /* 1-based place in the source file, 0 when built by code */
	const char *file;      /* the name guild_yaml_parse was given, or NULL */
	int64_t i;
	double f;
	struct guild_str s;
	size_t n; /* items or pairs */
	size_t cap;
	union {
		struct guild_value **items; /* GUILD_LIST */
		struct guild_pair *pairs;   /* GUILD_DICT */
	};
};

struct guild_value *guild_value_null(struct guild_arena *a);
struct guild_value *guild_value_bool(struct guild_arena *a, bool b);
struct guild_value *guild_value_int(struct guild_arena *a, int64_t i);
struct guild_value *guild_value_float(struct guild_arena *a, double f);
struct guild_value *guild_value_string(struct guild_arena *a, const char *z); /* NULL gives null */
struct guild_value *guild_value_string_n(struct guild_arena *a, const char *p, size_t n);
struct guild_value *guild_value_list(struct guild_arena *a);
struct guild_value *guild_value_dict(struct guild_arena *a);
struct guild_value *guild_value_strs(struct guild_arena *a, const struct guild_strs *s);
struct guild_value *guild_value_copy(struct guild_arena *a, const struct guild_value *v); /* deep */
void guild_value_append(struct guild_arena *a, struct guild_value *list, struct guild_value *v);
/* Sets or replaces a string key. */
void guild_value_set(struct guild_arena *a, struct guild_value *dict, const char *key,
	struct guild_value *v);
/* Adds a pair whose key the caller knows to be new: nothing is looked for. */
void guild_value_add_pair(struct guild_arena *a, struct guild_value *dict, struct guild_value *key,
	struct guild_value *v);
/* An empty dict that counts as written where `at` was. */
struct guild_value *guild_value_dict_like(struct guild_arena *a, const struct guild_value *at);
void guild_value_unset(struct guild_value *dict, const char *key);
/* The value of a string key, NULL when missing or `dict` is no dict (or NULL). */
struct guild_value *guild_value_get(const struct guild_value *dict, const char *key);
void guild_value_sort_keys(struct guild_value *dict); /* by string form, not recursive */
/* Equality as Python's ==: 1 == 1.0 == true; dict order does not count; NaN is unequal. */
bool guild_value_eq(const struct guild_value *a, const struct guild_value *b);
/* Truth as Python's bool(): null, false, 0, "", [] and {} are false. NULL is false. */
bool guild_value_truthy(const struct guild_value *v);
bool guild_value_is_null(const struct guild_value *v);   /* NULL or null */
bool guild_value_is_number(const struct guild_value *v); /* int or float, not bool */
double guild_value_as_f64(const struct guild_value *v);  /* int, float, bool; else NaN */
/* Text of a string value, else NULL. Borrowed. */
const char *guild_value_text(const struct guild_value *v);
/* Puts the place of a value, "FILE:LINE:COLUMN: ", before the error, where the value has one; returns the error's code. */
int guild_value_error_at(const struct guild_value *at, struct guild_error *err);
/* Sets an error (GUILD_EINVALID) about a value, with its place. */
int guild_value_fail(const struct guild_value *at, struct guild_error *err, const char *fmt, ...)
	GUILD_PRINTF(3, 4);
const char *guild_type_name(enum guild_type t); /* "null", "boolean", "int", "float", "string", … */
/* Appends Python's str(v) / repr(v): True, None, 1e-05, 'a', [1, 'b'], {'k': 1}. */
void guild_value_py_str(struct guild_buf *out, const struct guild_value *v);
void guild_value_py_repr(struct guild_buf *out, const struct guild_value *v);

/* ---- YAML 1.1, reading as PyYAML's safe_load -------------------------------------------------------- */

enum guild_yaml_options {
	GUILD_YAML_PLAIN = 0,
	GUILD_YAML_NUMBERS =
		1, /* floats may drop '.' and exponent sign: 1e-3, 1E3, 1_0e5 (the reference's patch) */
	GUILD_YAML_STRINGS = 2, /* scalars without a tag are strings, as typed */
};
enum {
	GUILD_YAML_MAX_BYTES = 64 << 20,
	GUILD_YAML_MAX_DEPTH = 200,
	GUILD_YAML_MAX_NODES = 4 << 20
};

/* Parses one document into `a`; empty text gives null. `name` (may be NULL) is the file for messages:
 * "NAME:LINE:COLUMN: what". Anchors, aliases, merge keys, duplicate keys (last wins) as PyYAML. GUILD_EINVALID for
 * bad YAML, unknown tags and more than one document; GUILD_ELIMIT for the limits above (alias bombs included). */
int guild_yaml_parse(struct guild_arena *a, struct guild_str text, const char *name,
	unsigned options, struct guild_value **out, struct guild_error *err);
int guild_yaml_parse_file(struct guild_arena *a, const char *path, unsigned options,
	struct guild_value **out, struct guild_error *err);
/* Resolves one plain scalar as the reader would. */
struct guild_value *guild_yaml_resolve(struct guild_arena *a, struct guild_str plain,
	unsigned options);

/* Block style as PyYAML safe_dump(default_flow_style=False, sort_keys=sort): what attribute files hold, without the final
 * newline and without "...". Strings that the number patch or y/n rules would change are quoted (runs.md 3.2). */
void guild_yaml_dump(struct guild_buf *out, const struct guild_value *v, bool sort_keys);
/* One line of flow style, as safe_dump(default_flow_style=True, width=inf) without "...": [1, 'yes', {a: b}]. Texts of
 * several lines are double-quoted, so that it is one line. */
void guild_yaml_dump_flow(struct guild_buf *out, const struct guild_value *v);

/* ---- JSON ------------------------------------------------------------------------------------------- */

int guild_json_parse(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err);
enum guild_json_options {
	GUILD_JSON_COMPACT =
		0, /* one line, ", " and ": " as Python's json.dumps, non-ASCII escaped */
	GUILD_JSON_INDENT = 1, /* two blanks */
	GUILD_JSON_SORT = 2,
	GUILD_JSON_STRICT =
		4, /* NaN and infinities become null (for browsers); else NaN, Infinity */
};
void guild_json_dump(struct guild_buf *out, const struct guild_value *v, unsigned options);

/* ---- CSV ---------------------------------------------------------------------------------------------- */

/* Rows of cells, RFC 4180 quoting; empty lines skipped. `rows` is a list of lists of strings. */
int guild_csv_parse(struct guild_arena *a, struct guild_str text, struct guild_value **rows,
	struct guild_error *err);
/* One field with minimal quoting (no separator added). */
void guild_csv_field(struct guild_buf *out, struct guild_str text);

/* ---- tables: rows of values under headings -------------------------------------------------------------- */

struct guild_grid {
	const char **headers;             /* all different */
	const struct guild_value ***rows; /* rows[i][j]; NULL: no value */
	size_t n_cols, n_rows;
	const char **ids;    /* of the rows, which JSON gives as "id" before the columns; or NULL */
	const char *title;   /* of a page; NULL: none */
	const bool *is_time; /* Parquet: columns whose integers are times; or NULL */
};
enum guild_grid_format {
	GUILD_GRID_CSV,      /* in full, as Python's str(); nothing at all where there is no row */
	GUILD_GRID_JSON,     /* a list of objects, on one line */
	GUILD_GRID_MARKDOWN, /* a table as GitHub and GitLab show it */
	GUILD_GRID_HTML,     /* a page that asks for nothing outside itself */
	GUILD_GRID_PARQUET,  /* columns have the narrowest type that holds their values */
};
int guild_grid_write(const struct guild_grid *g, enum guild_grid_format format,
	const struct guild_sink *to, struct guild_error *err);
/* Appends a value as a cell of a table for people, one line: floats cut (not rounded) to 6 decimals, booleans as yes and no, nothing for
 * NULL and null. */
void guild_cell_text(struct guild_buf *out, const struct guild_value *v);
/* Text that Markdown, or HTML, shows as it is. Line breaks become blanks in Markdown. */
void guild_markdown_text(struct guild_buf *out, struct guild_str text);
void guild_html_text(struct guild_buf *out, struct guild_str text);

/* ---- Parquet (docs/formats/parquet.md) ------------------------------------------------------------------ */

/* Writes a table, row by row, to a sink it only ever appends to. One thread.
 *
 *	struct guild_parquet_column cols[] = {{"run", GUILD_PARQUET_TEXT}, {"loss", GUILD_PARQUET_FLOAT}};
 *	struct guild_parquet *w = guild_parquet_new(cols, 2, &sink);
 *	for each row:
 *		guild_parquet_text(w, 0, guild_str(id));
 *		guild_parquet_float(w, 1, loss);       (a column that gets nothing is null in this row)
 *		rc = guild_parquet_end_row(w, err);
 *	rc = guild_parquet_finish(w, err);
 *	guild_parquet_free(w);
 *
 * Rows are kept until GUILD_PARQUET_GROUP_BYTES of them can be written as a row group, so memory does not grow with the table. */
enum guild_parquet_type {
	GUILD_PARQUET_BOOL,
	GUILD_PARQUET_INT,   /* 64 bits */
	GUILD_PARQUET_FLOAT, /* 64 bits */
	GUILD_PARQUET_TEXT,  /* UTF-8 */
	GUILD_PARQUET_TIME,  /* microseconds since the epoch, UTC */
};
enum {
	GUILD_PARQUET_GROUP_BYTES = 32 << 20,
	GUILD_PARQUET_TEXT_MAX = 256 << 20, /* of one value */
};
struct guild_parquet_column {
	const char *name; /* all different */
	enum guild_parquet_type type;
};
struct guild_parquet;
/* Copies what it is given but for what the sink points to. */
struct guild_parquet *guild_parquet_new(const struct guild_parquet_column *cols, size_t n_cols,
	const struct guild_sink *to);
/* The value of a column, of its type, in the row that is being made; at most once a row. Text that is no UTF-8 gets U+FFFD where it
 * is not. */
void guild_parquet_bool(struct guild_parquet *w, size_t col, bool v);
void guild_parquet_int(struct guild_parquet *w, size_t col, int64_t v); /* INT, TIME */
void guild_parquet_float(struct guild_parquet *w, size_t col, double v);
void guild_parquet_text(struct guild_parquet *w, size_t col, struct guild_str v);
/* Any value, NULL included, as what the column holds: as text what is no text (lists and dicts as JSON, else as Python's str()); null
 * what is no such number, boolean or time. */
void guild_parquet_value(struct guild_parquet *w, size_t col, const struct guild_value *v);
/* The narrowest type that holds both; NULL and null fit into each. `seen` false: there is no `so_far` yet. */
enum guild_parquet_type guild_parquet_type_with(enum guild_parquet_type so_far, bool seen,
	const struct guild_value *v);
/* GUILD_ELIMIT: a text longer than GUILD_PARQUET_TEXT_MAX; else what the sink says. */
int guild_parquet_end_row(struct guild_parquet *w, struct guild_error *err);
/* Writes what is left and the footer, without which nothing can be read. */
int guild_parquet_finish(struct guild_parquet *w, struct guild_error *err);
void guild_parquet_free(struct guild_parquet *w); /* NULL is fine */

/* ---- configuration files: JSON, YAML, INI, TOML ------------------------------------------------------------ */

enum guild_config_format {
	GUILD_CONFIG_JSON,
	GUILD_CONFIG_YAML,
	GUILD_CONFIG_INI,
	GUILD_CONFIG_TOML
};
/* By extension: .json, .yml, .yaml, .ini, .cfg, .toml; a further ".in" is taken off. False: none of them. */
bool guild_config_format_of(const char *path, enum guild_config_format *out);
/* The file as a dict (an empty YAML file is null; JSON and YAML may hold any value). GUILD_EINVALID with "NAME:LINE:COLUMN: what". */
int guild_config_parse(struct guild_arena *a, enum guild_config_format format,
	struct guild_str text, const char *name, struct guild_value **out, struct guild_error *err);
/* Appends the text with values set. `settings` is a dict of dotted keys, which apply in order; a key that is in the file as it is
 * written, dots included, means that one. Only what changes is changed: comments, order and layout stay; new keys go to the end of
 * their section. Where a format or an anchor leaves no other way the file is written anew. What the result holds is what the
 * file holds with the values set, and nothing else. GUILD_EINVALID: the file cannot be read or is no mapping, a key is nested below
 * something that is no mapping, or the format cannot hold the value (TOML has no null). */
int guild_config_edit(enum guild_config_format format, struct guild_str text, const char *name,
	const struct guild_value *settings, struct guild_buf *out, struct guild_error *err);

/* INI as Python's configparser reads it (strict, basic interpolation; a value that cannot be interpolated is kept as it is):
 * keys of DEFAULT, then sections as dicts, in which the keys of DEFAULT repeat. Keys are lower-cased. Values that read as int, float
 * or boolean (yes, no, on, off, true, false) are such. */
int guild_ini_parse(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err);
/* TOML 1.0; dates and times are GUILD_DATE as Python prints them. */
enum { GUILD_TOML_MAX_DEPTH = 200 };
int guild_toml_parse(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_value **out, struct guild_error *err);

/* ---- text templates ---------------------------------------------------------------------------------------------- */

/* A part of the Jinja language (docs/formats/templates.md): {{ expression|filter }}, if, for, set, include, raw, comments, '-' at the
 * inside of a bracket. What is undefined is empty, also inside of it. */
enum {
	GUILD_TEMPLATE_MAX_DEPTH = 64,
	GUILD_TEMPLATE_MAX_BYTES = 64 << 20, /* of the text, and of each value as text */
	GUILD_TEMPLATE_MAX_KEPT = 256 << 20, /* of values made and files included, at one moment */
	GUILD_TEMPLATE_MAX_TURNS = 1000 * 1000
};
struct guild_template_env {
	/* The text of a file that is included, in `a`; GUILD_ENOTFOUND. NULL: nothing can be included. */
	int (*load)(void *arg, const char *name, struct guild_arena *a, struct guild_str *out,
		struct guild_error *err);
	/* A filter that is not built in: 1 and *out (NULL: undefined), 0 where the name is unknown. May be NULL. */
	int (*filter)(void *arg, const char *name, const struct guild_value *v,
		const struct guild_value *const *args, size_t n_args, struct guild_arena *a,
		const struct guild_value **out);
	void *arg;
};
/* Appends the text that the template makes of `vars` (a dict); one newline at its end is left out. GUILD_EINVALID: "NAME:LINE: what";
 * GUILD_ELIMIT: the limits above. */
int guild_template_render(struct guild_arena *a, struct guild_str text, const char *name,
	const struct guild_value *vars, const struct guild_template_env *env, struct guild_buf *out,
	struct guild_error *err);

/* ---- digests -------------------------------------------------------------------------------------------- */

struct guild_digest; /* opaque */
enum guild_digest_kind { GUILD_MD5, GUILD_SHA1, GUILD_SHA224, GUILD_SHA256 };
struct guild_digest *guild_digest_new(enum guild_digest_kind kind);
void guild_digest_update(struct guild_digest *d, const void *p, size_t n);
/* Lower-case hex; frees d. */
void guild_digest_finish(struct guild_digest *d, char out[65]);
void guild_digest_bytes(enum guild_digest_kind kind, const void *p, size_t n, char out[65]);
int guild_digest_file(enum guild_digest_kind kind, const char *path, char out[65],
	struct guild_error *err);
/* XXH3-128 as 32 hex digits: for our own caches only. */
void guild_fast_hash(const void *p, size_t n, char out[33]);

/* ---- protobuf, the wire format ---------------------------------------------------------------------------- */

enum {
	GUILD_WIRE_VARINT = 0,
	GUILD_WIRE_FIXED64 = 1,
	GUILD_WIRE_BYTES = 2,
	GUILD_WIRE_FIXED32 = 5,
};
struct guild_protobuf_field {
	uint64_t number;
	unsigned wire;
	uint64_t bits;          /* of a varint or fixed field */
	struct guild_str bytes; /* of a length-delimited (or fixed) field; borrowed */
};
/* Takes one field off the front of a message: 1; 0 at its end; -1 for bytes that are no message. */
int guild_protobuf_next(struct guild_str *in, struct guild_protobuf_field *f);
double guild_protobuf_double(const struct guild_protobuf_field *f); /* of GUILD_WIRE_FIXED64 */

/* ---- event files (TensorBoard) ------------------------------------------------------------------------------ */

uint32_t guild_crc32c(uint32_t crc, const void *p, size_t n); /* Castagnoli; start with 0 */
uint32_t guild_crc32c_masked(const void *p, size_t n);

/* Writes one event file. One thread. Nothing exists on disk before the first value; each value is flushed. */
struct guild_event_writer;
/* The file is DIR/events.out.tfevents.<10-digit seconds>.<host>.<pid>.<serial><suffix>; `suffix` may be "". */
struct guild_event_writer *guild_event_writer_new(const char *dir, unsigned serial,
	const char *suffix);
struct guild_scalar {
	const char *tag;
	float value;
};
/* One event holding n values; step < 0: no step field; wall_us microseconds since the epoch. */
int guild_event_writer_add(struct guild_event_writer *w, int64_t wall_us, int64_t step,
	const struct guild_scalar *values, size_t n, struct guild_error *err);
int guild_event_writer_close(struct guild_event_writer *w, struct guild_error *err); /* frees w */

/* Reads scalars of one event file. `on_scalar` returns non-zero to stop. The strings live during the call only. */
struct guild_event_scalar {
	struct guild_str tag;
	int64_t step;
	double wall_time; /* seconds since the epoch, 0 when the writer gave none */
	double value;     /* float32 widened, or float64 */
};
enum guild_event_end {
	GUILD_EVENT_END_CLEAN,
	GUILD_EVENT_END_TRUNCATED, /* a growing or cut file: what came before is good */
	GUILD_EVENT_END_CORRUPT,   /* a checksum that does not fit, or nonsense */
	GUILD_EVENT_END_STOPPED,   /* on_scalar asked */
};
typedef int guild_event_fn(void *arg, const struct guild_event_scalar *s);
int guild_event_file_read(const char *path, guild_event_fn *on_scalar, void *arg,
	enum guild_event_end *end, struct guild_error *err);
/* Whole records, whatever they hold: serialized Event messages. `on_record` returns non-zero to stop. */
typedef int guild_event_record_fn(void *arg, struct guild_str event);
int guild_event_file_records(const char *path, guild_event_record_fn *on_record, void *arg,
	enum guild_event_end *end, struct guild_error *err);
/* For those who write whole event files at once, append a record: the one that begins every file; one scalar, as a
 * float64 tensor that TensorBoard knows for a scalar, or (`as_single`) as float32, which every reader knows; any serialized Event. One
 * tag is best written one way: readers of the one kind do not see the other. */
void guild_event_encode_version(struct guild_buf *out, double wall_time);
void guild_event_encode(struct guild_buf *out, const struct guild_event_scalar *s, bool as_single);
void guild_event_encode_record(struct guild_buf *out, struct guild_str event);
/* guild_event_file_read over bytes (fuzzing, archives). Records larger than 256 MiB count as corrupt. */
enum guild_event_end guild_event_bytes_read(struct guild_str data, guild_event_fn *on_scalar,
	void *arg);
/* The same for a file read piece by piece: takes the records that are whole off the front of `data`. CLEAN: what is left, if anything, is the
 * beginning of one that has *need bytes in all, as far as is known. */
enum guild_event_end guild_event_bytes_take(struct guild_str *data, guild_event_fn *on_scalar,
	void *arg, uint64_t *need);

#ifdef __cplusplus
}
#endif

#endif
