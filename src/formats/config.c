/* Configuration files of four formats: read, changed in place, and checked to hold what they should. */

#include "config_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROUNDS = 8, MAX_KEYS = 64 };

/* ---- formats ---------------------------------------------------------------------------------------- */

bool guild_config_format_of(const char *path, enum guild_config_format *out)
{
	static const struct {
		const char *ext;
		enum guild_config_format format;
	} formats[] = {
		{".json", GUILD_CONFIG_JSON},
		{".yml", GUILD_CONFIG_YAML},
		{".yaml", GUILD_CONFIG_YAML},
		{".ini", GUILD_CONFIG_INI},
		{".cfg", GUILD_CONFIG_INI},
		{".toml", GUILD_CONFIG_TOML},
	};
	struct guild_str name = guild_str(path);
	if (guild_str_ends(name, ".in")) {
		name.n -= strlen(".in");
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(formats); i++) {
		if (guild_str_ends(name, formats[i].ext)) {
			*out = formats[i].format;
			return true;
		}
	}
	return false;
}

/* `as_python`: YAML as the program will read it, without the reference's patch of numbers (1e-3). */
static int parse(struct guild_arena *a, enum guild_config_format format, struct guild_str text,
	const char *name, bool as_python, struct guild_value **out, struct guild_error *err)
{
	switch (format) {
	case GUILD_CONFIG_JSON:
		return guild_json_parse(a, text, name, out, err);
	case GUILD_CONFIG_YAML:
		return guild_yaml_parse(a, text, name,
			as_python ? GUILD_YAML_PLAIN : GUILD_YAML_NUMBERS, out, err);
	case GUILD_CONFIG_INI:
		return guild_ini_parse(a, text, name, out, err);
	default:
		return guild_toml_parse(a, text, name, out, err);
	}
}

int guild_config_parse(struct guild_arena *a, enum guild_config_format format,
	struct guild_str text, const char *name, struct guild_value **out, struct guild_error *err)
{
	return parse(a, format, text, name, false, out, err);
}

static void dump(enum guild_config_format format, const struct guild_value *v,
	struct guild_buf *out)
{
	switch (format) {
	case GUILD_CONFIG_JSON:
		guild_json_dump(out, v, GUILD_JSON_INDENT);
		break;
	case GUILD_CONFIG_YAML:
		guild_yaml_dump(out, v, false);
		break;
	case GUILD_CONFIG_INI:
		guild_ini_dump(out, v);
		return;
	default:
		guild_toml_dump(out, v);
		return;
	}
	guild_buf_putc(out, '\n');
}

static guild_edit_fn *const editors[] = {
	[GUILD_CONFIG_JSON] = guild_json_edit,
	[GUILD_CONFIG_YAML] = guild_yaml_edit,
	[GUILD_CONFIG_INI] = guild_ini_edit,
	[GUILD_CONFIG_TOML] = guild_toml_edit,
};

void guild_splice(struct guild_buf *out, struct guild_str text, size_t from, size_t to,
	struct guild_str with)
{
	guild_buf_append(out, text.p, from);
	guild_buf_append(out, with.p, with.n);
	guild_buf_append(out, text.p + to, text.n - to);
}

struct guild_value *guild_change_nest(struct guild_arena *a, const struct guild_change *c,
	size_t first)
{
	struct guild_value *v = guild_value_copy(a, c->value);
	for (size_t i = c->n; i > first; i--) {
		struct guild_value *dict = guild_value_dict(a);
		guild_value_set(a, dict, c->keys[i - 1], v);
		v = dict;
	}
	return v;
}

/* ---- what the file is to hold ------------------------------------------------------------------------- */

/* A value as it comes back from a file of the format: text for what has no other form there. */
static int normalize(struct guild_arena *a, enum guild_config_format format, const char *key,
	const struct guild_value *v, struct guild_value **out, struct guild_error *err)
{
	if (format == GUILD_CONFIG_TOML && !guild_toml_can_hold(v)) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' holds null, which TOML has not",
			key);
	}
	struct guild_buf text = {0};
	struct guild_value *dict = guild_value_dict(a);
	int rc = 0;
	guild_value_set(a, dict, "v", guild_value_copy(a, v));
	if (format == GUILD_CONFIG_INI) {
		/* As an option of a section, whatever it is. */
		struct guild_value *section = guild_value_dict(a);
		guild_value_set(a, section, "s", dict);
		dict = section;
	}
	dump(format, dict, &text);
	rc = parse(a, format, guild_buf_str(&text), NULL, true, &dict, err);
	if (rc == 0) {
		dict = format == GUILD_CONFIG_INI ? guild_value_get(dict, "s") : dict;
		*out = guild_value_get(dict, "v");
	}
	guild_buf_fini(&text);
	return rc;
}

/* The longest start of the key, whole or up to a dot, that names something here; else the part before its first dot. */
static size_t first_part(const struct guild_value *dict, const char *key)
{
	size_t n = strlen(key);
	for (size_t i = n; i > 0; i--) {
		if (i == n || key[i] == '.') {
			char *part = guild_strndup(key, i);
			bool is_there = guild_value_get(dict, part) != NULL;
			free(part);
			if (is_there) {
				return i;
			}
		}
	}
	return strcspn(key, ".");
}

static int fail_nested(const char *key, const char *part, const struct guild_value *in_the_way,
	struct guild_error *err)
{
	struct guild_buf shown = {0};
	guild_value_py_repr(&shown, in_the_way);
	int rc = guild_error_set(err, GUILD_EINVALID,
		"'%s' cannot be nested: conflicts with {'%s': %.200s}", key, part,
		guild_buf_cstr(&shown));
	guild_buf_fini(&shown);
	return rc;
}

static int set_dotted(struct guild_arena *a, enum guild_config_format format,
	struct guild_value *dict, const char *key, const struct guild_value *value,
	struct guild_error *err)
{
	struct guild_value *v = NULL;
	const char *rest = key;
	int rc = normalize(a, format, key, value, &v, err);
	for (unsigned depth = 0; rc == 0; depth++) {
		bool is_option = format == GUILD_CONFIG_INI && depth > 0;
		size_t n = is_option ? strlen(rest) : first_part(dict, rest);
		const char *part = guild_arena_strndup(a, rest, n);
		if (!rest[n]) {
			guild_value_set(a, dict, part, v);
			return 0;
		}
		struct guild_value *next = guild_value_get(dict, part);
		if (guild_value_is_null(next)) {
			next = guild_value_dict(a);
			guild_value_set(a, dict, part, next);
		}
		if (next->type != GUILD_DICT) {
			return fail_nested(key, part, next, err);
		}
		dict = next;
		rest += n + 1;
	}
	return rc;
}

static char *lower(struct guild_arena *a, const char *key)
{
	char *copy = guild_arena_strdup(a, key);
	/* Sections keep their case; options have none. */
	char *dot = strrchr(copy, '.');
	for (char *c = dot ? dot + 1 : copy; *c; c++) {
		if (*c >= 'A' && *c <= 'Z') {
			*c = (char)(*c - 'A' + 'a');
		}
	}
	return copy;
}

static int make_expected(struct guild_arena *a, enum guild_config_format format,
	struct guild_str text, const char *name, const struct guild_value *settings,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_value *v = NULL;
	int rc = parse(a, format, text, name, false, &v, err);
	if (rc != 0) {
		return rc;
	}
	/* A copy: what an anchor shares is not to change in two places. */
	v = v->type == GUILD_NULL ? guild_value_dict(a) : guild_value_copy(a, v);
	if (v->type != GUILD_DICT) {
		return guild_error_set(err, GUILD_EINVALID, "%s: expected a mapping, not %s", name,
			guild_type_name(v->type));
	}
	for (size_t i = 0; i < settings->n && rc == 0; i++) {
		const char *key = guild_value_text(settings->pairs[i].key);
		guild_assert(key);
		rc = set_dotted(a, format, v, format == GUILD_CONFIG_INI ? lower(a, key) : key,
			settings->pairs[i].value, err);
	}
	*out = v;
	return rc;
}

/* ---- what is missing -------------------------------------------------------------------------------------- */

static const struct guild_value *find(const struct guild_value *dict, const struct guild_value *key)
{
	for (size_t i = 0; i < dict->n; i++) {
		const struct guild_value *k = dict->pairs[i].key;
		if (k->type == key->type && guild_value_eq(k, key)) {
			return dict->pairs[i].value;
		}
	}
	return NULL;
}

/* Equal to the type: 1 is not 1.0, and NaN is NaN. */
static bool is_same(const struct guild_value *a, const struct guild_value *b)
{
	if (a->type != b->type) {
		return false;
	}
	if (a->type == GUILD_FLOAT) {
		return a->f == b->f ? !signbit(a->f) == !signbit(b->f) : isnan(a->f) && isnan(b->f);
	}
	if (a->type != GUILD_LIST && a->type != GUILD_DICT) {
		return guild_value_eq(a, b);
	}
	bool is_equal = a->n == b->n;
	for (size_t i = 0; i < a->n && is_equal; i++) {
		const struct guild_value *x =
			a->type == GUILD_LIST ? a->items[i] : a->pairs[i].value;
		const struct guild_value *y =
			a->type == GUILD_LIST ? b->items[i] : find(b, a->pairs[i].key);
		is_equal = y && is_same(x, y);
	}
	return is_equal;
}

/* A section may show more than is expected of it: new keys of DEFAULT. */
static bool is_same_section(const struct guild_value *expected, const struct guild_value *found,
	const struct guild_value *defaults)
{
	for (size_t i = 0; i < expected->n; i++) {
		const struct guild_value *v = find(found, expected->pairs[i].key);
		if (!v || !is_same(expected->pairs[i].value, v)) {
			return false;
		}
	}
	for (size_t i = 0; i < found->n; i++) {
		const struct guild_value *key = found->pairs[i].key;
		if (!find(expected, key) && !find(defaults, key)) {
			return false;
		}
	}
	return true;
}

static bool is_same_ini(const struct guild_value *expected, const struct guild_value *found)
{
	bool is_equal = expected->n == found->n;
	for (size_t i = 0; i < expected->n && is_equal; i++) {
		const struct guild_value *x = expected->pairs[i].value;
		const struct guild_value *y = find(found, expected->pairs[i].key);
		bool are_sections = y && x->type == GUILD_DICT && y->type == GUILD_DICT;
		is_equal = are_sections ? is_same_section(x, y, expected) : y && is_same(x, y);
	}
	return is_equal;
}

struct differences {
	struct guild_arena *a;
	bool has_leaves; /* new dicts value by value: the format has sections for them */
	struct guild_change *v;
	size_t n, cap;
	const char *keys[MAX_KEYS]; /* on the way down */
};

static void add_difference(struct differences *d, size_t depth, const struct guild_value *value)
{
	const char **keys = guild_arena_alloc(d->a, (depth + 1) * sizeof *keys);
	memcpy(keys, d->keys, depth * sizeof *keys);
	d->v = guild_grow_array(d->v, &d->cap, d->n + 1, sizeof *d->v);
	d->v[d->n++] = (struct guild_change){keys, depth, value};
}

static void find_differences(struct differences *d, const struct guild_value *expected,
	const struct guild_value *found, size_t depth)
{
	for (size_t i = 0; i < expected->n && depth < MAX_KEYS; i++) {
		const struct guild_value *key = expected->pairs[i].key;
		const struct guild_value *want = expected->pairs[i].value;
		const struct guild_value *have = found ? find(found, key) : NULL;
		if (key->type != GUILD_STRING) {
			continue;
		}
		d->keys[depth] = guild_value_text(key);
		bool is_deeper = have ? have->type == GUILD_DICT : d->has_leaves;
		if (is_deeper && want->type == GUILD_DICT && want->n > 0) {
			find_differences(d, want, have, depth + 1);
		} else if (!have || !is_same(want, have)) {
			add_difference(d, depth + 1, want);
		}
	}
}

/* ---- editing ------------------------------------------------------------------------------------------------- */

static const struct guild_value *at_keys(const struct guild_value *v, const char *const *keys,
	size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v = guild_value_get(v, keys[i]);
	}
	return v;
}

/* Makes one change in `text`, which stays where that cannot be done. `with_whole`: a value it is below may be replaced. */
static bool apply(enum guild_config_format format, const struct guild_value *expected,
	const struct guild_change *c, bool with_whole, struct guild_buf *text)
{
	struct guild_buf next = {0};
	int rc = editors[format](guild_buf_str(text), c, &next);
	if (rc > 0 && with_whole) {
		struct guild_change whole = {
			c->keys, (size_t)rc, at_keys(expected, c->keys, (size_t)rc)};
		guild_buf_reset(&next);
		rc = editors[format](guild_buf_str(text), &whole, &next);
	}
	if (rc != 0) {
		guild_buf_fini(&next);
		return false;
	}
	guild_buf_fini(text);
	*text = next;
	return true;
}

/* True when the text holds what is expected; else what is not as it should be goes to `d`. */
static bool holds(enum guild_config_format format, struct guild_arena *a, struct guild_str text,
	const struct guild_value *expected, struct differences *d)
{
	struct guild_value *found = NULL;
	d->n = 0;
	if (parse(a, format, text, NULL, true, &found, NULL) != 0) {
		return false;
	}
	found = found->type == GUILD_DICT ? found : guild_value_dict(a); /* an empty file */
	if (format == GUILD_CONFIG_INI ? is_same_ini(expected, found) : is_same(expected, found)) {
		return true;
	}
	find_differences(d, expected, found, 0);
	return false;
}

/* A change in one place may show in another, by an anchor or a default: look again until nothing differs. An alias is replaced only
 * when nothing else is left to do: what it names may have become right. */
static bool edit_in_place(enum guild_config_format format, struct guild_arena *a,
	const struct guild_value *expected, struct guild_buf *text)
{
	struct differences d = {
		.a = a, .has_leaves = format == GUILD_CONFIG_INI || format == GUILD_CONFIG_TOML};
	bool is_done = false;
	for (int round = 0; round <= MAX_ROUNDS && !is_done; round++) {
		is_done = holds(format, a, guild_buf_str(text), expected, &d);
		size_t n_applied = 0;
		for (int pass = 0; pass < 2 && n_applied == 0 && !is_done; pass++) {
			for (size_t i = 0; i < d.n; i++) {
				n_applied += apply(format, expected, &d.v[i], pass == 1, text);
			}
		}
		if (n_applied == 0) {
			break;
		}
	}
	free(d.v);
	return is_done;
}

int guild_config_edit(enum guild_config_format format, struct guild_str text, const char *name,
	const struct guild_value *settings, struct guild_buf *out, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf edited = {0};
	struct guild_value *expected = NULL;
	int rc = make_expected(a, format, text, name, settings, &expected, err);
	if (rc == 0) {
		guild_buf_append(&edited, text.p, text.n);
		if (!edit_in_place(format, a, expected, &edited)) {
			guild_buf_reset(&edited);
			dump(format, expected, &edited);
		}
		guild_buf_append(out, edited.p, edited.n);
	}
	guild_buf_fini(&edited);
	guild_arena_free(a);
	return rc;
}
