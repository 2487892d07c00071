/* Functions in flag values: sequences that become lists, and search functions that stay text. */

#include "flags_private.h"

#include <math.h>
#include <string.h>

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

/* The brackets from the first one on close at the very end, not before. */
static bool is_one_bracket(struct guild_str s)
{
	size_t depth = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '[') {
			depth++;
		} else if (s.p[i] == ']') {
			depth--;
			if (depth == 0) {
				return i + 1 == s.n;
			}
		}
	}
	return false;
}

bool guild_flag_split_function(struct guild_str text, struct guild_str *name,
	struct guild_str *args)
{
	struct guild_str s = guild_str_trim(text);
	size_t n = 0;
	while (n < s.n && is_name_char(s.p[n])) {
		n++;
	}
	if (n == s.n || s.p[n] != '[' || !is_one_bracket(guild_str_n(s.p + n, s.n - n))) {
		return false;
	}
	*name = guild_str_n(s.p, n);
	*args = guild_str_n(s.p + n + 1, s.n - n - 2);
	return true;
}

/* Arguments are trimmed and decoded like flag values. */
static struct guild_value *decode_args(struct guild_arena *a, struct guild_str args)
{
	struct guild_value *list = guild_value_list(a);
	if (guild_str_trim(args).n == 0) {
		return list;
	}
	for (size_t start = 0; start <= args.n;) {
		const char *colon = memchr(args.p + start, ':', args.n - start);
		size_t stop = colon ? (size_t)(colon - args.p) : args.n;
		struct guild_str arg = guild_str_trim(guild_str_n(args.p + start, stop - start));
		struct guild_value *v = NULL;
		if (guild_flag_decode(a, guild_arena_strndup(a, arg.p, arg.n), NULL, &v, NULL,
			    NULL) < 0) {
			v = guild_value_string_n(a, arg.p, arg.n);
		}
		guild_value_append(a, list, v);
		start = stop + 1;
	}
	return list;
}

/* ---- sequences ---- */

struct sequence {
	const char *name;
	size_t min_args, max_args;
	int (*make)(struct guild_arena *a, const struct guild_value *args, struct guild_value *out,
		struct guild_error *err);
};

static bool arg_is_int(const struct guild_value *v)
{
	return (v->type == GUILD_INT && v->s.n == 0) || v->type == GUILD_BOOL;
}

static double arg(const struct guild_value *args, size_t i, double missing)
{
	return i < args->n ? guild_value_as_f64(args->items[i]) : missing;
}

/* Sums like 0.1 + 0.2 are shown as people expect them: 8 decimals, unless the value is tiny. */
static struct guild_value *rounded(struct guild_arena *a, double f)
{
	char text[400];
	double back = f;
	if (f > 1e-8 && f < 1e300) {
		int n = snprintf(text, sizeof text, "%.8f", f);
		(void)guild_parse_f64(text, (size_t)n, &back);
	}
	return guild_value_float(a, back);
}

static int check_count(double count, struct guild_error *err)
{
	if (!(count <= GUILD_FLAG_SEQUENCE_MAX)) {
		return guild_error_set(err, GUILD_ELIMIT, "more than %d values",
			GUILD_FLAG_SEQUENCE_MAX);
	}
	return 0;
}

/* range[END]: 0 … END-1. range[START:END:STEP]: END is included when the steps meet it. */
static int make_range(struct guild_arena *a, const struct guild_value *args,
	struct guild_value *out, struct guild_error *err)
{
	const double meets = 1e-9; /* of a step: what is left of rounding errors */
	bool is_open = args->n == 1;
	double start = is_open ? 0.0 : arg(args, 0, 0.0);
	double end = is_open ? arg(args, 0, 0.0) : arg(args, 1, 0.0);
	double step = arg(args, 2, 1.0);
	bool is_whole = true;
	for (size_t i = 0; i < args->n; i++) {
		is_whole = is_whole && arg_is_int(args->items[i]);
	}
	if (step == 0.0) {
		return guild_error_set(err, GUILD_EINVALID, "the step is 0");
	}
	double steps = (end - start) / step;
	double count = is_open ? ceil(steps) : floor(steps + meets) + 1.0;
	if (check_count(count, err) < 0) {
		return GUILD_ELIMIT;
	}
	size_t n = count > 0.0 ? (size_t)count : 0;
	for (size_t i = 0; i < n; i++) {
		double f = start + (double)i * step;
		bool is_exact = is_whole && fabs(f) < 0x1p53;
		guild_value_append(a, out,
			is_exact ? guild_value_int(a, (int64_t)f) : rounded(a, f));
	}
	return 0;
}

static int read_count(const struct guild_value *args, size_t *count, struct guild_error *err)
{
	*count = 5;
	if (args->n < 3) {
		return 0;
	}
	const struct guild_value *v = args->items[2];
	if (!arg_is_int(v) || guild_value_as_f64(v) < 0) {
		return guild_error_set(err, GUILD_EINVALID, "the count must be a whole number");
	}
	int rc = check_count(guild_value_as_f64(v), err);
	if (rc == 0) {
		*count = (size_t)guild_value_as_f64(v);
	}
	return rc;
}

static double between(double start, double end, size_t i, size_t count)
{
	if (i > 0 && i + 1 == count) {
		return end;
	}
	return count > 1 ? start + (double)i * ((end - start) / (double)(count - 1)) : start;
}

static int make_linspace(struct guild_arena *a, const struct guild_value *args,
	struct guild_value *out, struct guild_error *err)
{
	size_t count = 0;
	int rc = read_count(args, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		guild_value_append(a, out,
			rounded(a, between(arg(args, 0, 0.0), arg(args, 1, 0.0), i, count)));
	}
	return rc;
}

static int make_logspace(struct guild_arena *a, const struct guild_value *args,
	struct guild_value *out, struct guild_error *err)
{
	size_t count = 0;
	int rc = read_count(args, &count, err);
	double base = arg(args, 3, 10.0);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		double power = between(arg(args, 0, 0.0), arg(args, 1, 0.0), i, count);
		guild_value_append(a, out, rounded(a, pow(base, power)));
	}
	return rc;
}

static int make_geomspace(struct guild_arena *a, const struct guild_value *args,
	struct guild_value *out, struct guild_error *err)
{
	size_t count = 0;
	double start = arg(args, 0, 0.0);
	double end = arg(args, 1, 0.0);
	if (!(start * end > 0.0)) {
		return guild_error_set(err, GUILD_EINVALID,
			"both ends must be on the same side of 0");
	}
	int rc = read_count(args, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		double f = between(0.0, 1.0, i, count);
		f = f == 1.0 ? end : start * pow(end / start, f);
		guild_value_append(a, out, rounded(a, f));
	}
	return rc;
}

static const struct sequence sequences[] = {
	{"geomspace", 2, 3, make_geomspace},
	{"linspace", 2, 3, make_linspace},
	{"logspace", 2, 4, make_logspace},
	{"range", 1, 3, make_range},
};

static const struct sequence *find_sequence(struct guild_str name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(sequences); i++) {
		if (guild_str_eqz(name, sequences[i].name)) {
			return &sequences[i];
		}
	}
	return NULL;
}

static int check_args(const struct sequence *s, struct guild_value *args,
	const struct guild_log *log, struct guild_error *err)
{
	if (args->n < s->min_args) {
		return guild_error_set(err, GUILD_EINVALID, "%s takes at least %zu argument%s",
			s->name, s->min_args, s->min_args == 1 ? "" : "s");
	}
	if (args->n > s->max_args) {
		guild_log(log, "warning", "%s takes at most %zu arguments: the rest is ignored",
			s->name, s->max_args);
		args->n = s->max_args;
	}
	for (size_t i = 0; i < args->n; i++) {
		const struct guild_value *v = args->items[i];
		if (!isfinite(guild_value_as_f64(v))) {
			struct guild_buf text = {0};
			guild_flag_encode(&text, v);
			int rc = guild_error_set(err, GUILD_EINVALID, "'%s' in %s is not a number",
				guild_buf_cstr(&text), s->name);
			guild_buf_fini(&text);
			return rc;
		}
	}
	return 0;
}

int guild_flag_expand_sequence(struct guild_arena *a, struct guild_str text,
	struct guild_value **out, const struct guild_log *log, struct guild_error *err)
{
	struct guild_str name;
	struct guild_str inner;
	if (!guild_flag_split_function(text, &name, &inner)) {
		return 0;
	}
	const struct sequence *sequence = find_sequence(name);
	if (!sequence) {
		return 0;
	}
	struct guild_value *args = decode_args(a, inner);
	struct guild_value *list = guild_value_list(a);
	int rc = check_args(sequence, args, log, err);
	if (rc == 0) {
		rc = sequence->make(a, args, list, err);
		if (rc < 0) {
			(void)guild_error_wrap(err, "%s", sequence->name);
		}
	}
	if (rc < 0) {
		return rc;
	}
	*out = list;
	return 1;
}

/* ---- search functions ---- */

/* ITEM*[MIN:MAX], a list of MIN to MAX items: ITEM is a function or a list. */
static bool split_list_search(struct guild_str text, struct guild_str *item,
	struct guild_str *bounds)
{
	struct guild_str s = guild_str_trim(text);
	struct guild_str ignored;
	const char *open = s.n > 0 && s.p[s.n - 1] == ']' ? memrchr(s.p, '[', s.n) : NULL;
	if (!open) {
		return false;
	}
	struct guild_str before = guild_str_trim(guild_str_n(s.p, (size_t)(open - s.p)));
	if (!guild_str_ends(before, "*")) {
		return false;
	}
	*item = guild_str_trim(guild_str_n(before.p, before.n - 1));
	*bounds = guild_str_n(open + 1, s.n - (size_t)(open - s.p) - 2);
	return guild_flag_split_function(*item, &ignored, &ignored);
}

static bool read_list_search(struct guild_arena *a, struct guild_str text,
	struct guild_flag_function *out)
{
	struct guild_str item;
	struct guild_str bounds;
	if (!split_list_search(text, &item, &bounds)) {
		return false;
	}
	struct guild_value *range = decode_args(a, bounds);
	struct guild_value *args = guild_value_list(a);
	struct guild_value *what = NULL;
	const char *item_text = guild_arena_strndup(a, item.p, item.n);
	if (range->n != 2 || !arg_is_int(range->items[0]) || !arg_is_int(range->items[1]) ||
		guild_flag_decode(a, item_text, NULL, &what, NULL, NULL) < 0) {
		return false;
	}
	guild_value_append(a, args, what);
	guild_value_append(a, args, range->items[0]);
	guild_value_append(a, args, range->items[1]);
	if (out) {
		out->name = GUILD_FLAG_LIST_SEARCH;
		out->args = args;
	}
	return true;
}

static bool is_search_name(struct guild_str name)
{
	return guild_str_eqz(name, "uniform") || guild_str_eqz(name, "loguniform") ||
	       guild_str_eqz(name, "log-uniform") || guild_str_eqz(name, "logint");
}

/* `[LOW:HIGH]` is a search unless YAML reads a list out of it that was meant: several items, a mapping, a quoted text,
 * an address. YAML 1.1 takes 1:10 and 1:2.5 for numbers of base 60; those are searches. */
static bool is_anonymous_search(struct guild_arena *a, struct guild_str text,
	struct guild_str inner)
{
	struct guild_value *v = NULL;
	struct guild_str bounds = guild_str_trim(inner);
	if (!memchr(bounds.p, ':', bounds.n) || bounds.p[0] == ':' ||
		bounds.p[bounds.n - 1] == ':' || memmem(bounds.p, bounds.n, "://", 3)) {
		return false;
	}
	if (guild_yaml_parse(a, text, NULL, GUILD_YAML_NUMBERS, &v, NULL) < 0) {
		return true;
	}
	if (v->type != GUILD_LIST || v->n != 1 || memchr(inner.p, '\'', inner.n) ||
		memchr(inner.p, '"', inner.n)) {
		return false;
	}
	enum guild_type type = v->items[0]->type;
	return type == GUILD_STRING || type == GUILD_INT || type == GUILD_FLOAT;
}

bool guild_flag_is_function(struct guild_arena *a, const struct guild_value *v,
	struct guild_flag_function *out)
{
	struct guild_str name;
	struct guild_str inner;
	if (!v || v->type != GUILD_STRING) {
		return false;
	}
	if (!guild_flag_split_function(v->s, &name, &inner)) {
		return read_list_search(a, v->s, out);
	}
	if (name.n == 0) {
		if (!is_anonymous_search(a, guild_str_trim(v->s), inner)) {
			return false;
		}
	} else if (find_sequence(name)) {
		return false;
	}
	struct guild_value *args = decode_args(a, inner);
	/* `data[1]` is a name with an index; `unifrom[1:2]` is a mistake somebody wants to hear of. */
	if (name.n > 0 && args->n < 2 && !is_search_name(name)) {
		return false;
	}
	if (out) {
		out->name = guild_arena_strndup(a, name.p, name.n);
		out->args = args;
	}
	return true;
}
