/*
 * What an alert waits for: an expression of the query language with figures of the machine and units as people write them, which may
 * have to hold for a while; or silence.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"

enum { CONDITION_MAX = 4096 };

/* ---- units ----------------------------------------------------------------------------------------------- */

struct unit {
	const char *name;
	double factor;
};
static const struct unit size_units[] = {
	{"kB", 1e3},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"KiB", 1024},
	{"MiB", 1048576},
	{"GiB", 1073741824},
	{"TiB", 1099511627776},
	{0},
};

static double size_unit(struct guild_str word)
{
	for (const struct unit *u = size_units; u->name != NULL; u++) {
		if (guild_str_eqz(word, u->name)) {
			return u->factor;
		}
	}
	return 0;
}

static size_t span(struct guild_str s, size_t at, int (*is)(int))
{
	size_t n = 0;
	while (at + n < s.n && is((unsigned char)s.p[at + n])) {
		n++;
	}
	return n;
}

static int is_number_char(int c)
{
	return isdigit(c) || c == '.';
}

/* Digits with an exponent. */
static size_t number_span(struct guild_str s, size_t at)
{
	size_t n = span(s, at, is_number_char);
	size_t e = at + n;
	if (n > 0 && e < s.n && (s.p[e] == 'e' || s.p[e] == 'E')) {
		e++;
		e += e < s.n && (s.p[e] == '-' || s.p[e] == '+');
		size_t digits = span(s, e, isdigit);
		n = digits > 0 ? e + digits - at : n;
	}
	return n;
}

/* ---- from people's words to the query language ------------------------------------------------------------- */

struct rewrite {
	struct guild_str in;
	size_t at;
	struct guild_buf out;
};

static int is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static int is_name_char(int c)
{
	return !is_blank(c) && strchr(",()[]<>!='\"", c) == NULL;
}

static void copy(struct rewrite *r, size_t n)
{
	guild_buf_append(&r->out, r->in.p + r->at, n);
	r->at += n;
}

static void copy_quoted(struct rewrite *r)
{
	char quote = r->in.p[r->at];
	size_t n = 1;
	while (r->at + n < r->in.n && r->in.p[r->at + n] != quote) {
		n += r->in.p[r->at + n] == '\\' && r->at + n + 1 < r->in.n ? 2 : 1;
	}
	copy(r, r->at + n < r->in.n ? n + 1 : n);
}

static void put_number(struct rewrite *r, double number, const char *suffix)
{
	char text[GUILD_F64_MAX];
	size_t n = guild_f64_repr(number, text);
	guild_buf_printf(&r->out, "%.*s%s", (int)n, text, suffix);
}

/* A percent sign after a number, unless it divides. */
static bool is_percent(struct guild_str s, size_t at)
{
	if (at >= s.n || s.p[at] != '%') {
		return false;
	}
	at++;
	at += span(s, at, is_blank);
	struct guild_str word = guild_str_n(s.p + at, span(s, at, isalpha));
	return at >= s.n || s.p[at] == ')' || guild_str_eqz(word, "and") ||
	       guild_str_eqz(word, "or");
}

/* "10 min" becomes seconds, "1 GB" bytes, "5 %" loses its sign: such figures are in percent. */
static void rewrite_number(struct rewrite *r)
{
	double number;
	size_t n = number_span(r->in, r->at);
	size_t after = r->at + n + span(r->in, r->at + n, is_blank);
	size_t letters = span(r->in, after, isalpha);
	struct guild_str word = guild_str_n(r->in.p + after, letters);
	bool is_word = after + letters >= r->in.n ||
		       !is_name_char((unsigned char)r->in.p[after + letters]);
	double lasts = is_word ? guild_duration_unit(word) : 0;
	double size = is_word ? size_unit(word) : 0;
	if (!guild_parse_f64(r->in.p + r->at, n, &number)) {
		copy(r, n);
	} else if (is_percent(r->in, after)) {
		copy(r, n);
		r->at = after + 1;
	} else if (lasts > 0 || size > 0) {
		put_number(r, number * (lasts > 0 ? lasts : size), lasts > 0 ? "s" : "");
		r->at = after + letters;
	} else {
		copy(r, n);
	}
}

/* "gpu util", "gpu 0 memory", "disk free": names of two words and more, in the order of a sentence. */
static bool rewrite_figure(struct rewrite *r)
{
	static const struct {
		const char *first, *second;
	} figures[] = {{"gpu", "util"}, {"gpu", "memory"}, {"cpu", "util"}, {"disk", "free"}};
	struct guild_str s = r->in;
	size_t letters = span(s, r->at, isalpha);
	struct guild_str first = guild_str_n(s.p + r->at, letters);
	size_t at = r->at + letters;
	size_t digits_at = at + span(s, at, is_blank);
	size_t digits = guild_str_eqz(first, "gpu") ? span(s, digits_at, isdigit) : 0;
	at = digits > 0 ? digits_at + digits : at;
	size_t blanks = span(s, at, is_blank);
	at += blanks;
	size_t n = span(s, at, is_name_char);
	struct guild_str second = guild_str_n(s.p + at, n);
	for (size_t i = 0; blanks > 0 && i < GUILD_ARRAY_LEN(figures); i++) {
		if (guild_str_eqz(first, figures[i].first) &&
			guild_str_eqz(second, figures[i].second)) {
			guild_buf_printf(&r->out, "scalar:'%.*s%.*s %.*s'", GUILD_STR_FMT(first),
				(int)digits, s.p + digits_at, GUILD_STR_FMT(second));
			r->at = at + n;
			return true;
		}
	}
	return false;
}

static void rewrite(struct rewrite *r)
{
	while (r->at < r->in.n) {
		unsigned char c = (unsigned char)r->in.p[r->at];
		if (c == '\'' || c == '"') {
			copy_quoted(r);
		} else if (isdigit(c) || (c == '.' && number_span(r->in, r->at) > 1)) {
			rewrite_number(r);
		} else if (isalpha(c)) {
			if (!rewrite_figure(r)) {
				copy(r, span(r->in, r->at, is_name_char));
			}
		} else {
			copy(r, 1);
		}
	}
}

/* ---- conditions --------------------------------------------------------------------------------------------- */

/* Where the last word `for` outside quotes is; SIZE_MAX: there is none. */
static size_t find_for(struct guild_str s)
{
	size_t found = SIZE_MAX;
	char quote = '\0';
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (quote != '\0') {
			i += c == '\\' ? 1 : 0;
			quote = c == quote ? '\0' : quote;
		} else if (c == '\'' || c == '"') {
			quote = c;
		} else if (i > 0 && is_blank((unsigned char)s.p[i - 1]) && i + 3 < s.n &&
			   memcmp(s.p + i, "for", 3) == 0 && is_blank((unsigned char)s.p[i + 3])) {
			found = i;
		}
	}
	return found;
}

/* "no output", "no new scalar", "no new LOSS". */
static bool read_silence(struct guild_arena *a, struct guild_str s, struct alert_condition *out)
{
	struct guild_strs words = {0};
	char *text = guild_strndup(s.p, s.n);
	bool is_silence = guild_shlex_split(text, &words, NULL) == 0 && words.n >= 2 &&
			  strcmp(words.v[0], "no") == 0;
	bool is_new = is_silence && words.n == 3 && strcmp(words.v[1], "new") == 0;
	if (is_silence && words.n == 2 && strcmp(words.v[1], "output") == 0) {
		out->kind = ALERT_NO_OUTPUT;
	} else if (is_new || (is_silence && words.n == 2 && strcmp(words.v[1], "scalar") == 0)) {
		out->kind = ALERT_NO_SCALAR;
		const char *name = words.v[words.n - 1];
		bool is_any = strcmp(name, "scalar") == 0 || strcmp(name, "scalars") == 0;
		out->scalar = is_any ? NULL : guild_arena_strdup(a, name);
	} else {
		is_silence = false;
	}
	guild_strs_fini(&words);
	free(text);
	return is_silence;
}

static int read_expression(struct guild_str s, struct alert_condition *out, struct guild_error *err)
{
	struct rewrite r = {.in = s};
	struct guild_query_options options = {0};
	rewrite(&r);
	int rc = guild_query_parse(guild_buf_cstr(&r.out), &options, &out->query, err);
	if (rc == 0) {
		guild_query_scalar_names(out->query, &out->names);
	}
	guild_buf_fini(&r.out);
	return rc;
}

int guild_alert_condition_read(struct guild_arena *a, const char *text, struct alert_condition *out,
	struct guild_error *err)
{
	struct guild_str s = guild_str_trim(guild_str(text));
	*out = (struct alert_condition){0};
	if (s.n == 0) {
		return guild_error_set(err, GUILD_EINVALID, "an alert needs a condition");
	}
	if (s.n > CONDITION_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "a condition is longer than %d bytes",
			CONDITION_MAX);
	}
	size_t at = find_for(s);
	if (at != SIZE_MAX) {
		struct guild_str rest = guild_str_trim(guild_str_n(s.p + at + 3, s.n - at - 3));
		if (!guild_duration_parse(rest, &out->for_us)) {
			return guild_error_set(err, GUILD_EINVALID,
				"expected how long after 'for', such as '10 min', not '%.*s'",
				GUILD_STR_FMT(rest));
		}
		s = guild_str_trim(guild_str_n(s.p, at));
	}
	if (read_silence(a, s, out)) {
		return out->for_us > 0
			       ? 0
			       : guild_error_set(err, GUILD_EINVALID,
					 "say how long: '%.*s for 10 min'", GUILD_STR_FMT(s));
	}
	return read_expression(s, out, err);
}

void guild_alert_condition_fini(struct alert_condition *c)
{
	guild_query_free(c->query);
	guild_strs_fini(&c->names);
	*c = (struct alert_condition){0};
}
