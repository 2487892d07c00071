/* Patterns for guild.yml that find what automatic rules found: tried one after the other, and offered only when running them over the same output
 * gives the same values at the same steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collect_private.h"

enum { KEYS_MAX = 200, TABLE_COLUMNS_MAX = 24 };

struct row {
	char *key;
	int64_t step;
	double value;
	bool by_default;
};
struct rows {
	struct row *v;
	size_t n, cap;
};

static void fini_rows(struct rows *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].key);
	}
	free(r->v);
	*r = (struct rows){0};
}

static void add_row(void *arg, const struct guild_output_scalar *s)
{
	struct rows *r = arg;
	bool by_default = strcmp(s->rule, guild_default_value_pattern) == 0;
	r->v = guild_grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct row){guild_strdup(s->key), s->step, s->value, by_default};
}

/* What a configuration finds in the text. */
static void read_text(const struct guild_value *config, bool allow_auto, struct guild_str text,
	struct rows *out)
{
	struct guild_output_scalars *p;
	if (guild_output_scalars_new(config, allow_auto, NULL, &p, NULL, NULL) == 0) {
		guild_output_scalars_feed(p, 0, text, add_row, out);
		guild_output_scalars_end(p, add_row, out);
		guild_output_scalars_free(p);
	}
}

static bool is_same_value(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* Both hold the same values of one key in the same order. */
static bool is_same_series(const struct rows *a, const struct rows *b, const char *key,
	bool with_steps)
{
	size_t i = 0;
	size_t k = 0;
	for (;;) {
		while (i < a->n && strcmp(a->v[i].key, key) != 0) {
			i++;
		}
		while (k < b->n && strcmp(b->v[k].key, key) != 0) {
			k++;
		}
		if (i == a->n || k == b->n) {
			return i == a->n && k == b->n;
		}
		bool is_same = is_same_value(a->v[i].value, b->v[k].value) &&
			       (!with_steps || a->v[i].step == b->v[k].step);
		if (!is_same) {
			return false;
		}
		i++;
		k++;
	}
}

/* ---- candidates ------------------------------------------------------------------------------------- */

static void put_escaped(struct guild_buf *out, const char *text, const char *blank)
{
	for (; *text; text++) {
		if (*text == '_') {
			guild_buf_puts(out, blank);
		} else {
			if (strchr("\\.[]{}()*+?^$|", *text)) {
				guild_buf_putc(out, '\\');
			}
			guild_buf_putc(out, *text);
		}
	}
}

struct search {
	struct guild_arena *arena;
	struct guild_str text;
	const struct rows *wanted;
	const char *key;
	char *found; /* the pattern, in the arena */
};

/* Tries one pattern for the key; true when it finds the key's values and no others. */
static bool try_pattern(struct search *s, const char *pattern)
{
	struct guild_value *config = guild_value_dict(s->arena);
	guild_value_set(s->arena, config, s->key, guild_value_string(s->arena, pattern));
	struct rows rows = {0};
	read_text(config, false, s->text, &rows);
	bool is_same = is_same_series(s->wanted, &rows, s->key, false);
	fini_rows(&rows);
	if (is_same) {
		s->found = guild_arena_strdup(s->arena, pattern);
	}
	return is_same;
}

/* Numbers that \value cannot read have a sign, a capital E, or no digits. */
static const char *const value_forms[] = {"(\\value)", "([-+0-9.eE]+|[-+]?nan|[-+]?inf)"};

static bool try_names(struct search *s)
{
	static const char *const starts[] = {"\\b", "(?<![\\w./-])"};
	static const char *const blanks[] = {"_", " ", "(?:'s)?[_ ]+"};
	static const char *const separators[] = {": ", "=", ":", " = ", "': ", "\": ", "': '", " ",
		"['\"]?\\s*[:=]\\s*['\"]?", "\\s+"};
	const char *slash = strrchr(s->key, '/');
	const char *names[] = {s->key, slash ? slash + 1 : NULL};
	struct guild_buf pattern = {0};
	bool done = false;
	for (size_t v = 0; v < GUILD_ARRAY_LEN(value_forms) && !done; v++) {
		for (size_t i = 0; i < 2 * 3 * 2 * GUILD_ARRAY_LEN(separators) && !done; i++) {
			size_t form = i;
			const char *separator = separators[form % GUILD_ARRAY_LEN(separators)];
			form /= GUILD_ARRAY_LEN(separators);
			const char *start = starts[form % 2];
			const char *blank = blanks[form / 2 % 3];
			const char *name = names[form / 6];
			bool is_new = name && (strchr(name, '_') || blank == blanks[0]);
			if (!is_new) {
				continue;
			}
			guild_buf_reset(&pattern);
			guild_buf_puts(&pattern, start);
			put_escaped(&pattern, name, blank);
			guild_buf_puts(&pattern, separator);
			guild_buf_puts(&pattern, value_forms[v]);
			done = try_pattern(s, guild_buf_cstr(&pattern));
		}
	}
	guild_buf_fini(&pattern);
	return done;
}

/* Bars of Keras count when they are full; a name is needed beside the group that says so. */
static bool try_keras(struct search *s)
{
	for (const char *p = s->key; *p; p++) {
		bool is_word = *p == '_' || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			       (*p >= '0' && *p <= '9' && p > s->key);
		if (!is_word) {
			return false;
		}
	}
	bool done = false;
	for (size_t v = 0; v < GUILD_ARRAY_LEN(value_forms) && !done; v++) {
		char *pattern = guild_format("^(\\d+)/\\1 .* - %s: (?P<%s>%s", s->key, s->key,
			value_forms[v] + 1);
		done = try_pattern(s, pattern);
		free(pattern);
	}
	return done;
}

/* Rows begin with a number; headers and prose do not. */
static bool try_columns(struct search *s)
{
	for (int column = 0; column < TABLE_COLUMNS_MAX; column++) {
		char *blanks = guild_format("^\\s*(?=\\d)(?:\\S+\\s+){%d}%s(?![^\\s%%])", column,
			value_forms[0]);
		char *bars = guild_format("^\\s*\\|(?=\\s*\\d)(?:[^|]*\\|){%d}\\s*%s", column,
			value_forms[0]);
		bool done = try_pattern(s, blanks) || try_pattern(s, bars);
		free(blanks);
		free(bars);
		if (done) {
			return true;
		}
	}
	return false;
}

/* ---- the proposal ---------------------------------------------------------------------------------------- */

static bool needs_steps(const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++) {
		if (rows->v[i].step >= 0) {
			return true;
		}
	}
	return false;
}

/* A configuration finds all rows of the keys it has patterns for, at their steps. */
static bool is_right(const struct guild_value *config, struct guild_str text,
	const struct rows *wanted, const struct guild_map *keys)
{
	struct rows rows = {0};
	read_text(config, false, text, &rows);
	bool right = true;
	for (size_t i = 0; i < keys->n && right; i++) {
		right = is_same_series(wanted, &rows, keys->entries[i].key, true);
	}
	fini_rows(&rows);
	return right;
}

static void append_pattern(struct guild_arena *a, struct guild_value *list, const char *key,
	const char *text)
{
	struct guild_value *item = guild_value_string(a, text);
	if (key) {
		struct guild_value *map = guild_value_dict(a);
		guild_value_set(a, map, key, item);
		item = map;
	}
	guild_value_append(a, list, item);
}

/* Adds the pattern for steps that makes the proposal right; false when none does. */
static bool add_steps(struct guild_arena *a, struct guild_value *list, struct guild_str text,
	const struct rows *wanted, const struct guild_map *keys)
{
	static const char *const forms[] = {"^Epoch (\\step)/", "^Epoch (\\step)\\b",
		"\\bstep=(\\step)", "'epoch': '?(\\step)", "\"step\": (\\step)",
		"\"epoch\": (\\step)", "^\\[(\\step)\\]",
		"^(\\step):", "^\\s*(\\step)(?:/\\d+)?\\s", "^\\s*\\|\\s*(\\step)\\s*\\|",
		"total_timesteps\\s*\\|\\s*(\\step)", "\\bTrial (\\step)",
		"(?i)\\bepoch\\W{0,3}(\\step)", "(?i)\\bstep\\W{0,3}(\\step)",
		"(?i)\\biter(?:ation)?\\W{0,3}(\\step)", "(?i)\\btrial\\W{0,3}(\\step)"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(forms); i++) {
		struct guild_value *with = guild_value_list(a);
		append_pattern(a, with, "step", forms[i]);
		for (size_t k = 0; k < list->n; k++) {
			guild_value_append(a, with, list->items[k]);
		}
		if (is_right(with, text, wanted, keys)) {
			*list = *with;
			return true;
		}
	}
	return false;
}

static void say(struct guild_buf *out, const struct guild_value *list, bool has_steps,
	const struct guild_strs *others)
{
	guild_buf_puts(out, "\nAutomatic rules found scalars in this output.");
	if (list->n > 0) {
		guild_buf_puts(out,
			" Patterns for guild.yml that find the same:\n\n  output-scalars:\n");
		struct guild_buf yaml = {0};
		guild_yaml_dump(&yaml, list, false);
		struct guild_strs lines = {0};
		guild_strs_split(&lines, guild_buf_cstr(&yaml), '\n');
		for (size_t i = 0; i < lines.n; i++) {
			if (lines.v[i][0]) {
				guild_buf_printf(out, "    %s\n", lines.v[i]);
			}
		}
		guild_strs_fini(&lines);
		guild_buf_fini(&yaml);
		if (!has_steps) {
			guild_buf_puts(out,
				"\nNo pattern gives their steps; 'output-scalars: auto' does.\n");
		}
	} else {
		guild_buf_puts(out, "\n");
	}
	if (others->n > 0) {
		char *names = guild_strs_join(others, ", ");
		guild_buf_printf(out, "\nOnly 'output-scalars: auto' finds: %s\n", names);
		free(names);
	}
}

void guild_propose_patterns(struct guild_str text, struct guild_buf *out)
{
	struct rows wanted = {0};
	read_text(NULL, true, text, &wanted);
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = guild_value_list(a);
	struct guild_strs others = {0};
	struct guild_map keys = {0}; /* what patterns were found for */
	struct guild_map seen = {0};
	bool by_default = false;
	bool by_rule = false;
	for (size_t i = 0; i < wanted.n && seen.n < KEYS_MAX; i++) {
		const struct row *r = &wanted.v[i];
		by_default |= r->by_default;
		by_rule |= !r->by_default;
		if (r->by_default || guild_map_has(&seen, r->key)) {
			continue;
		}
		guild_map_put(&seen, r->key, &wanted);
		struct search s = {.arena = a, .text = text, .wanted = &wanted, .key = r->key};
		if (try_names(&s) || try_keras(&s) || try_columns(&s)) {
			guild_map_put(&keys, r->key, &wanted);
			append_pattern(a, list, r->key, s.found);
		} else {
			guild_strs_add(&others, r->key);
		}
	}
	if (by_rule) {
		if (by_default) {
			append_pattern(a, list, NULL, guild_default_step_pattern);
			append_pattern(a, list, NULL, guild_default_value_pattern);
		}
		bool has_steps = list->n == 0 || !needs_steps(&wanted) ||
				 add_steps(a, list, text, &wanted, &keys);
		say(out, list, has_steps, &others);
	}
	guild_map_fini(&keys);
	guild_map_fini(&seen);
	guild_strs_fini(&others);
	guild_arena_free(a);
	fini_rows(&wanted);
}
