/* Pruning rules: one text, mappings of guild.yml, and the plain form that runs keep. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prune.h"

enum { TEXT_MAX = 1024, STEP_MAX = INT32_MAX };

/* ---- what there is --------------------------------------------------------------------------------------------------- */

enum { MEDIAN = 1, PERCENTILE = 2, ASHA = 4, HYPERBAND = 8, PATIENCE = 16, THRESHOLD = 32 };
enum { HALVING = ASHA | HYPERBAND, QUANTILE = MEDIAN | PERCENTILE };
enum { COMPARES = HALVING | QUANTILE, ALL = COMPARES | PATIENCE | THRESHOLD };

static const struct kind {
	const char *name;
	const struct prune_class *class;
	const char *first, *second; /* options that may follow the name without theirs */
	struct prune_rule defaults;
	unsigned bit;
	bool needs_first;
} kinds[] = {
	{.name = "median",
		.class = &search_prune_quantile,
		.defaults = {.keep = 50, .startup = 2, .min_trials = 2, .warmup = -1},
		.bit = MEDIAN},
	{.name = "percentile",
		.class = &search_prune_quantile,
		.first = "keep",
		.defaults = {.startup = 2, .min_trials = 2, .warmup = -1},
		.bit = PERCENTILE,
		.needs_first = true},
	{.name = "asha",
		.class = &search_prune_halving,
		.defaults = {.factor = 2, .brackets = 1},
		.bit = ASHA},
	{.name = "hyperband",
		.class = &search_prune_halving,
		.defaults = {.factor = 2},
		.bit = HYPERBAND},
	{.name = "patience",
		.class = &search_prune_patience,
		.first = "reports",
		.second = "min-delta",
		.bit = PATIENCE,
		.needs_first = true},
	{.name = "threshold",
		.class = &search_prune_threshold,
		.defaults = {.after = -1},
		.bit = THRESHOLD},
};

/* Options with a number. */
static const struct option {
	const char *name;
	double min, max;
	size_t offset; /* of an int64_t or a double */
	unsigned kinds;
	bool is_whole;
} options[] = {
	{"after", 0, STEP_MAX, offsetof(struct prune_rule, after), THRESHOLD, true},
	{"brackets", 1, 16, offsetof(struct prune_rule, brackets), HYPERBAND, true},
	{"factor", 2, 1000, offsetof(struct prune_rule, factor), HALVING, true},
	{"interval", 1, STEP_MAX, offsetof(struct prune_rule, interval), QUANTILE, true},
	{"keep", 0, 100, offsetof(struct prune_rule, keep), PERCENTILE, false},
	{"max-resource", 1, STEP_MAX, offsetof(struct prune_rule, max_resource), HALVING, true},
	{"min-delta", 0, 1e300, offsetof(struct prune_rule, min_delta), PATIENCE, false},
	{"min-resource", 1, STEP_MAX, offsetof(struct prune_rule, min_resource), HALVING, true},
	{"min-trials", 0, 1000000, offsetof(struct prune_rule, min_trials), COMPARES, true},
	{"reports", 1, STEP_MAX, offsetof(struct prune_rule, reports), PATIENCE, true},
	{"startup", 0, 1000000, offsetof(struct prune_rule, startup), ALL, true},
	{"warmup", 0, STEP_MAX, offsetof(struct prune_rule, warmup), ALL, true},
};

/* All names of a mapping, sorted. */
static const char *const keys[] = {"after", "brackets", "direction", "factor", "interval", "keep",
	"max-resource", "min-delta", "min-resource", "min-trials", "of", "reports", "rule",
	"startup", "warmup", "when", NULL};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}

static const struct option *find_option(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(options); i++) {
		if (strcmp(options[i].name, name) == 0) {
			return &options[i];
		}
	}
	return NULL;
}

/* ---- errors ---------------------------------------------------------------------------------------------------------------- */

static int fail_kind(const struct guild_value *at, const char *name, struct guild_error *err)
{
	const char *names[GUILD_ARRAY_LEN(kinds) + 1] = {0};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		names[i] = kinds[i].name;
	}
	const char *near = guild_nearest(name, names);
	if (near) {
		return guild_value_fail(at, err,
			"there is no pruning rule '%s' (did you mean '%s'?)", name, near);
	}
	return guild_value_fail(at, err,
		"there is no pruning rule '%s': it can be median, percentile N, asha, hyperband, "
		"patience N, or a threshold such as 'loss > 10'",
		name);
}

static int fail_key(const struct guild_value *at, const char *name, struct guild_error *err)
{
	const char *near = guild_nearest(name, keys);
	return near ? guild_value_fail(at, err,
			      "unknown option '%s' of a pruning rule (did you mean '%s'?)", name,
			      near)
		    : guild_value_fail(at, err, "unknown option '%s' of a pruning rule", name);
}

/* ---- text ----------------------------------------------------------------------------------------------------------------- */

/* A rule while it is made of text. */
struct writing {
	struct guild_arena *a;
	const struct guild_value *at;
	struct guild_value *rule; /* dict */
	struct guild_error *err;
};

static void put(const struct writing *w, const char *key, struct guild_value *v)
{
	v->file = w->at->file;
	v->line = w->at->line;
	v->column = w->at->column;
	guild_value_set(w->a, w->rule, key, v);
}

static void put_text(const struct writing *w, const char *key, const char *text)
{
	put(w, key, guild_value_string(w->a, text));
}

static int put_number(const struct writing *w, const char *key, const char *text)
{
	int64_t whole;
	double number;
	if (guild_parse_i64(text, strlen(text), &whole)) {
		put(w, key, guild_value_int(w->a, whole));
	} else if (guild_parse_f64(text, strlen(text), &number)) {
		put(w, key, guild_value_float(w->a, number));
	} else {
		return guild_value_fail(w->at, w->err, "'%s' needs a number, not '%s'", key, text);
	}
	return 0;
}

static int put_option(const struct writing *w, const struct guild_strs *words)
{
	const char *name = words->v[0];
	bool is_direction = strcmp(name, "minimize") == 0 || strcmp(name, "maximize") == 0;
	if (is_direction && words->n == 1) {
		put_text(w, "direction", name);
	} else if (words->n == 2 && strcmp(name, "of") == 0) {
		put_text(w, "of", words->v[1]);
	} else if (words->n == 2 && find_option(name)) {
		return put_number(w, name, words->v[1]);
	} else if (find_option(name) || is_direction || strcmp(name, "of") == 0) {
		return guild_value_fail(w->at, w->err, "'%s' takes %s", name,
			is_direction ? "no value" : "one value");
	} else {
		return fail_key(w->at, name, w->err);
	}
	return 0;
}

/* "percentile 25 of val_loss" */
static int put_head(const struct writing *w, const struct guild_strs *words)
{
	const struct kind *kind = find_kind(words->v[0]);
	if (!kind || kind->bit == THRESHOLD) {
		return fail_kind(w->at, words->v[0], w->err);
	}
	put_text(w, "rule", kind->name);
	const char *const names[] = {kind->first, kind->second};
	size_t i = 1;
	for (size_t k = 0; k < GUILD_ARRAY_LEN(names) && i < words->n; k++) {
		if (!names[k] || strcmp(words->v[i], "of") == 0) {
			break;
		}
		if (put_number(w, names[k], words->v[i++]) != 0) {
			return GUILD_EINVALID;
		}
	}
	if (i + 1 < words->n && strcmp(words->v[i], "of") == 0) {
		put_text(w, "of", words->v[i + 1]);
		i += 2;
	}
	return i == words->n ? 0
			     : guild_value_fail(w->at, w->err,
				       "'%s' is not understood after '%s': options follow a comma",
				       words->v[i], words->v[i - 1]);
}

/* "loss > 10 after step 5" */
static int put_threshold(const struct writing *w, struct guild_str s)
{
	static const char word[] = " after ";
	size_t at = SIZE_MAX;
	for (size_t i = 0; i + strlen(word) <= s.n; i++) {
		at = memcmp(s.p + i, word, strlen(word)) == 0 ? i : at;
	}
	struct guild_str when = guild_str_trim(at == SIZE_MAX ? s : guild_str_n(s.p, at));
	put_text(w, "rule", "threshold");
	put(w, "when", guild_value_string_n(w->a, when.p, when.n));
	if (at == SIZE_MAX) {
		return 0;
	}
	struct guild_str rest = guild_str_n(s.p + at + strlen(word), s.n - at - strlen(word));
	rest = guild_str_trim(rest);
	if (guild_str_starts(rest, "step ")) {
		rest = guild_str_trim(guild_str_n(rest.p + 5, rest.n - 5));
	}
	return put_number(w, "after", guild_arena_strndup(w->a, rest.p, rest.n));
}

static int put_part(const struct writing *w, struct guild_str part, bool is_first)
{
	if (is_first && search_prune_is_condition(part)) {
		return put_threshold(w, part);
	}
	struct guild_strs words = {0};
	char *text = guild_strndup(part.p, part.n);
	int rc = guild_shlex_split(text, &words, w->err);
	if (rc != 0) {
		guild_value_error_at(w->at, w->err);
	} else if (words.n == 0) {
		rc = guild_value_fail(w->at, w->err,
			is_first ? "a pruning rule needs a name" : "an option is missing at ','");
	} else {
		rc = is_first ? put_head(w, &words) : put_option(w, &words);
	}
	guild_strs_fini(&words);
	free(text);
	return rc;
}

/* Bytes up to the next comma outside quotes. */
static size_t part_span(struct guild_str s)
{
	char quote = '\0';
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (quote != '\0') {
			quote = c == quote ? '\0' : quote;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (c == ',') {
			return i;
		}
	}
	return s.n;
}

static int read_text(struct guild_arena *a, const struct guild_value *at, struct guild_value **out,
	struct guild_error *err)
{
	const struct writing w = {
		.a = a, .at = at, .rule = guild_value_dict_like(a, at), .err = err};
	struct guild_str left = guild_str(guild_value_text(at));
	if (left.n > TEXT_MAX) {
		guild_error_set(err, GUILD_ELIMIT, "a pruning rule is longer than %d bytes",
			TEXT_MAX);
		guild_value_error_at(at, err);
		return GUILD_ELIMIT;
	}
	int rc = 0;
	for (bool is_first = true, is_last = false; rc == 0 && !is_last; is_first = false) {
		size_t n = part_span(left);
		rc = put_part(&w, guild_str_trim(guild_str_n(left.p, n)), is_first);
		is_last = n == left.n;
		left = is_last ? left : guild_str_n(left.p + n + 1, left.n - n - 1);
	}
	*out = w.rule;
	return rc;
}

/* ---- mappings ------------------------------------------------------------------------------------------------------------- */

static int plain_rule(struct guild_arena *a, const struct guild_value *v, struct guild_value **out,
	struct guild_error *err)
{
	struct prune_rule rule;
	int rc = 0;
	if (v->type == GUILD_STRING) {
		rc = read_text(a, v, out, err);
	} else if (v->type == GUILD_DICT) {
		*out = guild_value_copy(a, v);
	} else {
		rc = guild_value_fail(v, err, "a pruning rule must be text or a mapping, not %s",
			guild_type_name(v->type));
	}
	return rc ? rc : search_prune_rule_read(a, *out, &rule, err);
}

/* "no" alone: nothing is pruned. */
static bool is_none(const struct guild_value *v)
{
	const char *text = guild_value_text(v);
	return guild_value_is_null(v) || (v->type == GUILD_BOOL && !v->b) ||
	       (text && (strcmp(text, "no") == 0 || strcmp(text, "none") == 0));
}

int guild_prune_read(struct guild_arena *a, const struct guild_value *written,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	struct guild_value one = {.type = GUILD_LIST, .n = 1};
	struct guild_value *item = (struct guild_value *)(uintptr_t)written;
	one.items = &item;
	const struct guild_value *all = written && written->type == GUILD_LIST ? written : &one;
	if (all->n == 1 && is_none(all->items[0])) {
		*out = list;
		return 0;
	}
	if (all->n > GUILD_PRUNE_RULES_MAX) {
		guild_error_set(err, GUILD_ELIMIT, "more than %d pruning rules",
			GUILD_PRUNE_RULES_MAX);
		guild_value_error_at(written, err);
		return GUILD_ELIMIT;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct guild_value *rule = NULL;
		int rc = plain_rule(a, all->items[i], &rule, err);
		if (rc != 0) {
			return rc;
		}
		guild_value_append(a, list, rule);
	}
	*out = list;
	return 0;
}

/* ---- what a rule asks for ------------------------------------------------------------------------------------------------- */

static int check_keys(const struct guild_value *v, const struct kind *kind, struct guild_error *err)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *key = guild_value_text(v->pairs[i].key);
		size_t k = 0;
		while (key && keys[k] && strcmp(keys[k], key) != 0) {
			k++;
		}
		if (!key || !keys[k]) {
			return fail_key(v->pairs[i].key, key ? key : "", err);
		}
		const struct option *o = find_option(key);
		bool is_threshold = kind->bit == THRESHOLD;
		bool fits = o                          ? (o->kinds & kind->bit) != 0
			    : strcmp(key, "when") == 0 ? is_threshold
			    : strcmp(key, "rule") == 0 ? true
						       : !is_threshold;
		if (!fits) {
			return guild_value_fail(v->pairs[i].key, err,
				"rule '%s' has no option '%s'", kind->name, key);
		}
	}
	return 0;
}

static int read_number(const struct guild_value *v, const struct option *o, struct prune_rule *out,
	struct guild_error *err)
{
	double number = guild_value_as_f64(v);
	bool is_number = guild_value_is_number(v) && number >= o->min && number <= o->max;
	if (!is_number || (o->is_whole && number != floor(number))) {
		return guild_value_fail(v, err, "'%s' must be a %s from %g%s", o->name,
			o->is_whole ? "whole number" : "number", o->min,
			o->max == 100  ? " to 100"
			: o->max == 16 ? " to 16"
				       : " on");
	}
	char *field = (char *)out + o->offset;
	if (o->is_whole) {
		*(int64_t *)(void *)field = (int64_t)number;
	} else {
		*(double *)(void *)field = number;
	}
	return 0;
}

static int read_numbers(const struct guild_value *v, struct prune_rule *out,
	struct guild_error *err)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(options); i++) {
		const struct guild_value *said = guild_value_get(v, options[i].name);
		int rc = guild_value_is_null(said) ? 0 : read_number(said, &options[i], out, err);
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static int read_words(struct guild_arena *a, const struct guild_value *v, struct prune_rule *out,
	struct guild_error *err)
{
	const struct guild_value *of = guild_value_get(v, "of");
	const struct guild_value *direction = guild_value_get(v, "direction");
	const char *way = guild_value_text(direction);
	if (!guild_value_is_null(of)) {
		const char *key = guild_value_text(of);
		if (!key || !*key) {
			return guild_value_fail(of, err, "'of' needs the name of a scalar");
		}
		out->key = guild_arena_strdup(a, key);
	}
	if (!guild_value_is_null(direction)) {
		out->direction = guild_streq(way, "maximize")   ? 1
				 : guild_streq(way, "minimize") ? -1
								: 0;
		if (out->direction == 0) {
			return guild_value_fail(direction, err,
				"'direction' must be minimize or maximize");
		}
	}
	return 0;
}

static int read_when(struct guild_arena *a, const struct guild_value *v, struct prune_rule *out,
	struct guild_error *err)
{
	const struct guild_value *when = guild_value_get(v, "when");
	const char *text = guild_value_text(when);
	if (!text) {
		return guild_value_fail(when ? when : v, err,
			"a threshold needs 'when', a text such as 'loss > 10'");
	}
	if (search_prune_condition_read(a, guild_str(text), &out->when, err) != 0) {
		return guild_value_error_at(when, err);
	}
	out->key = out->when.key;
	return 0;
}

static const char *shown(struct guild_arena *a, const struct guild_value *v,
	const struct kind *kind, const struct prune_rule *rule)
{
	struct guild_buf b = {0};
	const char *const names[] = {kind->first, kind->second};
	const char *when = guild_value_text(guild_value_get(v, "when"));
	guild_buf_puts(&b, when ? when : kind->name);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		const struct guild_value *said = names[i] ? guild_value_get(v, names[i]) : NULL;
		if (!guild_value_is_null(said)) {
			guild_buf_putc(&b, ' ');
			guild_value_py_str(&b, said);
		}
	}
	if (!when && rule->key) {
		guild_buf_printf(&b, " of %s", rule->key);
	}
	if (when && rule->after >= 0) {
		guild_buf_printf(&b, " after step %lld", (long long)rule->after);
	}
	const char *text = guild_arena_strndup(a, guild_buf_cstr(&b), b.n);
	guild_buf_fini(&b);
	return text;
}

int search_prune_rule_read(struct guild_arena *a, const struct guild_value *v,
	struct prune_rule *out, struct guild_error *err)
{
	const struct guild_value *name = guild_value_get(v, "rule");
	const char *text = guild_value_text(name);
	if (!text) {
		return guild_value_fail(v, err,
			"a pruning rule needs 'rule', a name such as median, asha or threshold");
	}
	const struct kind *kind = find_kind(text);
	if (!kind) {
		return fail_kind(name, text, err);
	}
	*out = kind->defaults;
	out->class = kind->class;
	int rc = check_keys(v, kind, err);
	rc = rc ? rc : read_numbers(v, out, err);
	rc = rc ? rc : read_words(a, v, out, err);
	if (rc == 0 && kind->bit == THRESHOLD) {
		rc = read_when(a, v, out, err);
	}
	if (rc == 0 && kind->needs_first && guild_value_is_null(guild_value_get(v, kind->first))) {
		rc = guild_value_fail(v, err, "rule '%s' needs '%s': '%s %s'", kind->name,
			kind->first, kind->name, kind->bit == PERCENTILE ? "25" : "10");
	}
	if (rc == 0) {
		out->text = shown(a, v, kind, out);
	}
	return rc;
}
