/* Flags to the arguments and the environment of a command (flags.md 7). */

#include "flags_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- splitting ---- */

/* The separator, or NULL for shell words. */
static const char *separator_of(const struct guild_value *arg_split)
{
	const char *text = guild_value_text(arg_split);
	return text && strcmp(text, "shlex") != 0 ? text : NULL;
}

int guild_flag_split_parts(struct guild_strs *out, const char *text,
	const struct guild_value *arg_split, struct guild_error *err)
{
	const char *separator = separator_of(arg_split);
	if (!separator || !*separator) {
		return guild_shlex_split(text, out, err);
	}
	size_t len = strlen(separator);
	for (const char *next = text; next;) {
		const char *start = next;
		const char *found = strstr(start, separator);
		size_t n = found ? (size_t)(found - start) : strlen(start);
		if (n > 0) {
			guild_strs_add_n(out, start, n);
		}
		next = found ? found + len : NULL;
	}
	return 0;
}

void guild_flag_join_parts(struct guild_buf *out, const struct guild_strs *parts,
	const struct guild_value *arg_split)
{
	const char *separator = separator_of(arg_split);
	for (size_t i = 0; i < parts->n; i++) {
		if (i > 0) {
			guild_buf_puts(out, separator ? separator : " ");
		}
		if (separator) {
			guild_buf_puts(out, parts->v[i]);
		} else {
			guild_shlex_quote(out, parts->v[i]);
		}
	}
}

/* ---- text of a value ---- */

static void list_text(struct guild_buf *out, const struct guild_value *v,
	const struct guild_value *arg_split)
{
	struct guild_strs parts = {0};
	for (size_t i = 0; i < v->n; i++) {
		struct guild_buf item = {0};
		guild_flag_arg_text(&item, v->items[i], NULL);
		guild_strs_take(&parts, guild_buf_take(&item));
	}
	guild_flag_join_parts(out, &parts, arg_split);
	guild_strs_fini(&parts);
}

void guild_flag_arg_text(struct guild_buf *out, const struct guild_value *v,
	const struct guild_value *arg_split)
{
	if (guild_value_is_null(v)) {
		return;
	}
	if (v->type == GUILD_BOOL) {
		guild_buf_puts(out, v->b ? "1" : "");
	} else if (v->type == GUILD_LIST) {
		list_text(out, v, arg_split);
	} else {
		guild_value_py_str(out, v);
	}
}

static const struct guild_value *encoded(const struct guild_value *encoding,
	const struct guild_value *v)
{
	static const struct guild_value null = {.type = GUILD_NULL};
	for (size_t i = 0; encoding && encoding->type == GUILD_DICT && i < encoding->n; i++) {
		if (guild_value_eq(encoding->pairs[i].key, v ? v : &null)) {
			return encoding->pairs[i].value;
		}
	}
	return NULL;
}

/* ---- what a command needs to know ---- */

static void put_attr(struct guild_arena *a, struct guild_value *attrs, const char *name,
	const struct guild_value *v)
{
	if (v) {
		guild_value_set(a, attrs, name, guild_value_copy(a, v));
	}
}

struct guild_value *guild_flag_cmd_flags(struct guild_arena *a, const struct guild_flag_defs *defs)
{
	struct guild_value *all = guild_value_dict(a);
	for (size_t i = 0; i < defs->n; i++) {
		const struct guild_flag_def *d = &defs->v[i];
		struct guild_value *attrs = guild_value_dict(a);
		if (d->arg_name) {
			guild_value_set(a, attrs, "arg-name", guild_value_string(a, d->arg_name));
		}
		if (d->arg_skip) {
			guild_value_set(a, attrs, "arg-skip", guild_value_bool(a, true));
		}
		put_attr(a, attrs, "arg-switch", d->arg_switch);
		put_attr(a, attrs, "arg-split",
			guild_value_truthy(d->arg_split) ? d->arg_split : NULL);
		if (d->env_name) {
			guild_value_set(a, attrs, "env-name", guild_value_string(a, d->env_name));
		}
		put_attr(a, attrs, "arg-encoding", d->arg_encoding);
		put_attr(a, attrs, "env-encoding", d->env_encoding);
		if (d->imported) {
			guild_value_set(a, attrs, "imported", guild_value_copy(a, d->imported));
		}
		guild_value_set(a, all, d->name, attrs);
	}
	return all;
}

/* ---- arguments ---- */

struct arg_writer {
	struct guild_strs *out;
	const struct guild_strs *before; /* may be `out`: only what was there at the start counts */
	size_t n_before;
	const char *flags_dest;
	bool is_yaml; /* the program side reads the text as YAML */
	const struct guild_log *log;
};

static bool is_yaml_dest(const char *flags_dest)
{
	return flags_dest &&
	       (strcmp(flags_dest, "globals") == 0 || guild_starts(flags_dest, "global:") ||
		       guild_starts(flags_dest, "dict:") || guild_starts(flags_dest, "namespace:"));
}

/* Text that a reader of Python literals would take for something else. */
static bool reads_as_literal(const char *text)
{
	static const char *const words[] = {"None", "True", "False"};
	double number;
	text += strspn(text, " \t");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i]) == 0) {
			return true;
		}
	}
	return (*text && strchr("'\"[({", *text)) || guild_parse_f64(text, strlen(text), &number) ||
	       (text[0] == '0' && text[1] && strchr("xXoObB", text[1]));
}

/* --NAME=VALUE for scripts that evaluate VALUE as a Python literal and keep what is none as text. */
static void put_equals(struct arg_writer *w, const char *option, const struct guild_value *v,
	const struct guild_value *attrs)
{
	struct guild_buf word = {0};
	const struct guild_value *as = encoded(guild_value_get(attrs, "arg-encoding"), v);
	guild_buf_printf(&word, "%s=", option);
	const char *text = as ? NULL : guild_value_text(v);
	if (as) {
		guild_flag_arg_text(&word, as, NULL);
	} else if (text && !reads_as_literal(text)) {
		guild_buf_puts(&word, text);
	} else {
		guild_value_py_repr(&word, v);
	}
	guild_strs_take(w->out, guild_buf_take(&word));
}

static void put_text(struct arg_writer *w, const struct guild_value *v,
	const struct guild_value *attrs)
{
	struct guild_buf text = {0};
	const struct guild_value *as = encoded(guild_value_get(attrs, "arg-encoding"), v);
	if (w->is_yaml) {
		guild_yaml_dump_flow(&text, v);
	} else {
		guild_flag_arg_text(&text, as ? as : v, guild_value_get(attrs, "arg-split"));
	}
	guild_strs_take(w->out, guild_buf_take(&text));
}

/* Module globals take a whole list; a program's parser takes its parts as words. */
static void put_list(struct arg_writer *w, const struct guild_strs *parts)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = guild_value_list(a);
	struct guild_buf text = {0};
	for (size_t i = 0; i < parts->n; i++) {
		struct guild_value *part = NULL;
		if (guild_yaml_parse(a, guild_str(parts->v[i]), NULL, GUILD_YAML_NUMBERS, &part,
			    NULL) < 0) {
			part = guild_value_string(a, parts->v[i]);
		}
		guild_value_append(a, list, part);
	}
	guild_yaml_dump_flow(&text, list);
	guild_strs_take(w->out, guild_buf_take(&text));
	guild_arena_free(a);
}

static void put_parts(struct arg_writer *w, const char *option, const struct guild_value *v,
	const struct guild_value *arg_split)
{
	struct guild_strs parts = {0};
	struct guild_buf text = {0};
	guild_flag_arg_text(&text, v, arg_split);
	if (guild_flag_split_parts(&parts, guild_buf_cstr(&text), arg_split, NULL) < 0) {
		/* An open quote: the text is one part. */
		guild_strs_fini(&parts);
		guild_strs_add(&parts, guild_buf_cstr(&text));
	}
	if (parts.n > 0) {
		guild_strs_add(w->out, option);
		if (w->flags_dest && strcmp(w->flags_dest, "globals") == 0) {
			put_list(w, &parts);
		} else {
			for (size_t i = 0; i < parts.n; i++) {
				guild_strs_add(w->out, parts.v[i]);
			}
		}
	}
	guild_buf_fini(&text);
	guild_strs_fini(&parts);
}

static bool is_shadowed(const struct arg_writer *w, const char *option)
{
	for (size_t i = 0; i < w->n_before; i++) {
		if (strcmp(w->before->v[i], option) == 0) {
			return true;
		}
	}
	return false;
}

static void put_flag(struct arg_writer *w, const char *name, const struct guild_value *v,
	const struct guild_value *attrs)
{
	const char *arg_name = guild_value_text(guild_value_get(attrs, "arg-name"));
	const struct guild_value *arg_switch = guild_value_get(attrs, "arg-switch");
	const struct guild_value *arg_split = guild_value_get(attrs, "arg-split");
	if (guild_value_truthy(guild_value_get(attrs, "arg-skip"))) {
		return;
	}
	char *option = guild_format("--%s", arg_name ? arg_name : name);
	if (is_shadowed(w, option)) {
		guild_log(w->log, "warning",
			"flag '%s' is not passed: the command has a %s of its own", name, option);
	} else if (!guild_value_is_null(arg_switch)) {
		if (guild_value_eq(v, arg_switch)) {
			guild_strs_add(w->out, option);
		}
	} else if (!guild_value_is_null(v)) {
		if (w->flags_dest && strcmp(w->flags_dest, "args:equals") == 0) {
			put_equals(w, option, v, attrs);
		} else if (guild_value_truthy(arg_split)) {
			put_parts(w, option, v, arg_split);
		} else {
			guild_strs_add(w->out, option);
			put_text(w, v, attrs);
		}
	}
	free(option);
}

/* A copy of the pairs in the order of their names; the caller frees the pairs. */
static struct guild_value in_name_order(const struct guild_value *flags)
{
	struct guild_value sorted = *flags;
	sorted.pairs = guild_alloc((flags->n + 1) * sizeof *sorted.pairs);
	if (flags->n > 0) {
		memcpy(sorted.pairs, flags->pairs, flags->n * sizeof *sorted.pairs);
	}
	guild_value_sort_keys(&sorted);
	return sorted;
}

void guild_flag_cmd_args(struct guild_strs *out, const struct guild_value *flags,
	const struct guild_value *cmd_flags, const char *flags_dest,
	const struct guild_strs *before, const struct guild_log *log)
{
	struct arg_writer w = {.out = out,
		.before = before,
		.n_before = before ? before->n : 0,
		.flags_dest = flags_dest,
		.is_yaml = is_yaml_dest(flags_dest),
		.log = log};
	if (!flags || flags->type != GUILD_DICT) {
		return;
	}
	struct guild_value sorted = in_name_order(flags);
	for (size_t i = 0; i < sorted.n; i++) {
		const char *name = guild_value_text(sorted.pairs[i].key);
		if (name) {
			put_flag(&w, name, sorted.pairs[i].value, guild_value_get(cmd_flags, name));
		}
	}
	free(sorted.pairs);
}

/* ---- environment ---- */

void guild_flag_env_value(struct guild_buf *out, const struct guild_value *v,
	const struct guild_value *cmd_flag)
{
	const struct guild_value *encoding = guild_value_get(cmd_flag, "env-encoding");
	if (!encoding) {
		encoding = guild_value_get(cmd_flag, "arg-encoding");
	}
	const struct guild_value *as = encoded(encoding, v);
	guild_flag_arg_text(out, as ? as : v, guild_value_get(cmd_flag, "arg-split"));
}

static void put_env_name(struct guild_buf *out, const char *name,
	const struct guild_value *cmd_flag)
{
	const char *given = guild_value_text(guild_value_get(cmd_flag, "env-name"));
	if (given) {
		guild_buf_puts(out, given);
		return;
	}
	guild_buf_puts(out, "FLAG_");
	for (const char *p = name; *p; p++) {
		bool is_lower = *p >= 'a' && *p <= 'z';
		bool is_kept = (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9');
		if (is_lower || is_kept) {
			guild_buf_putc(out, is_lower ? (char)(*p - 'a' + 'A') : *p);
		} else if (((unsigned char)*p & 0xC0) != 0x80) {
			guild_buf_putc(out, '_'); /* one for each character, not each byte */
		}
	}
}

void guild_flag_env(struct guild_strs *out, const struct guild_value *flags,
	const struct guild_value *cmd_flags)
{
	if (!flags || flags->type != GUILD_DICT) {
		return;
	}
	struct guild_value sorted = in_name_order(flags);
	for (size_t i = 0; i < sorted.n; i++) {
		const char *name = guild_value_text(sorted.pairs[i].key);
		if (!name) {
			continue;
		}
		const struct guild_value *cmd_flag = guild_value_get(cmd_flags, name);
		struct guild_buf entry = {0};
		put_env_name(&entry, name, cmd_flag);
		guild_buf_putc(&entry, '=');
		guild_flag_env_value(&entry, sorted.pairs[i].value, cmd_flag);
		guild_strs_take(out, guild_buf_take(&entry));
	}
	free(sorted.pairs);
}
