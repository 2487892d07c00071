/* Changing configuration files in place. Private to formats/. */
#ifndef GUILD_FORMATS_CONFIG_PRIVATE_H
#define GUILD_FORMATS_CONFIG_PRIVATE_H

#include "formats_private.h"

/* The value under `keys`, from the top, is to be `value`. */
struct guild_change {
	const char *const *keys;
	size_t n;
	const struct guild_value *value;
};

enum { GUILD_EDIT_CANNOT = -1 };
/* Appends the text with one change made. 0: done; GUILD_EDIT_CANNOT: there is no place for it; n > 0: the value of the first n keys
 * has to be replaced as a whole (what is there is only a reference). The text was read without fault before. */
typedef int guild_edit_fn(struct guild_str text, const struct guild_change *c,
	struct guild_buf *out);
int guild_json_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out);
int guild_yaml_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out);
int guild_ini_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out);
int guild_toml_edit(struct guild_str text, const struct guild_change *c, struct guild_buf *out);

/* Appends the text with bytes [from, to) replaced. */
void guild_splice(struct guild_buf *out, struct guild_str text, size_t from, size_t to,
	struct guild_str with);
/* Wraps `value` into dicts of the keys from `first` on: {k: {k: value}}. */
struct guild_value *guild_change_nest(struct guild_arena *a, const struct guild_change *c,
	size_t first);

/* ---- INI ---- */

struct guild_ini_option {
	const char *key;    /* lower case */
	const char *raw;    /* the text, lines joined by '\\n', not interpolated */
	size_t indent;      /* blanks before the key */
	size_t key_end;     /* offset after the key */
	size_t value_start; /* after the delimiter and blanks */
	size_t value_end;   /* of the last line, without its end */
	uint32_t line;
};
struct guild_ini_section {
	const char *name;  /* "DEFAULT" too */
	size_t header_end; /* of the line, without its end */
	struct guild_ini_option *options;
	size_t n, cap;
};
struct guild_ini {
	struct guild_ini_section *sections; /* as they come; DEFAULT may come more than once */
	size_t n, cap;
};
int guild_ini_scan(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_ini *out, struct guild_error *err);
void guild_ini_fini(struct guild_ini *ini);
/* The value a text stands for. */
struct guild_value *guild_ini_value(struct guild_arena *a, struct guild_str text);
/* What is written for a value: Python's str(), '%' doubled, lines after the first behind `indent` blanks and a tab. */
void guild_ini_put(struct guild_buf *out, const struct guild_value *v, size_t indent);
void guild_ini_dump(struct guild_buf *out, const struct guild_value *v);

/* ---- TOML ---- */

/* What the reader knows of a value besides it. The value comes first: a pointer to it is one to this. */
struct guild_toml_node {
	struct guild_value v;
	size_t from, to; /* the value's text; of a table by header 0, 0 */
	struct guild_toml_node
		*section; /* of a table that dotted keys made: the table whose lines they are in */
	struct guild_value *path; /* of such a table: the keys from there */
	size_t insert_at;         /* of a table by header, and of the top: where its lines end */
	unsigned serial;          /* of the section that dotted keys made it in */
	bool is_inline, is_header, is_dotted, is_frozen, is_tables;
};
int guild_toml_scan(struct guild_arena *a, struct guild_str text, const char *name,
	struct guild_toml_node **out, struct guild_error *err);
/* False when it holds a null. */
bool guild_toml_can_hold(const struct guild_value *v);
void guild_toml_put_key(struct guild_buf *out, struct guild_str key);
void guild_toml_put(struct guild_buf *out, const struct guild_value *v);
void guild_toml_dump(struct guild_buf *out, const struct guild_value *v);

#endif
