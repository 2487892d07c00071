/* A line as words, numbers and marks. */
#include <math.h>
#include <string.h>

#include "auto.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_alnum(char c)
{
	return is_digit(c) || is_letter(c);
}

static char at(struct guild_str s, size_t i)
{
	return i < s.n ? s.p[i] : 0;
}

static size_t digits(struct guild_str s, size_t i)
{
	size_t n = 0;
	while (is_digit(at(s, i + n))) {
		n++;
	}
	return n;
}

static bool starts_nocase(struct guild_str s, size_t i, const char *word)
{
	size_t n = 0;
	for (; word[n]; n++) {
		char c = at(s, i + n);
		if (c != word[n] && (c < 'A' || c > 'Z' || c - 'A' + 'a' != word[n])) {
			return false;
		}
	}
	return !is_alnum(at(s, i + n));
}

/* inf, nan and their like, behind a sign at most. */
static size_t special_number(struct guild_str s, size_t i, double *value)
{
	static const struct {
		const char *word;
		double value;
	} specials[] = {{"nan", NAN}, {"inf", INFINITY}, {"infinity", INFINITY}};
	size_t sign = at(s, i) == '-' || at(s, i) == '+';
	for (size_t k = 0; k < GUILD_ARRAY_LEN(specials); k++) {
		if (starts_nocase(s, i + sign, specials[k].word)) {
			*value = at(s, i) == '-' ? -specials[k].value : specials[k].value;
			return sign + strlen(specials[k].word);
		}
	}
	return 0;
}

size_t guild_auto_number(struct guild_str text, double *value, bool *is_integer)
{
	size_t i = at(text, 0) == '-' || at(text, 0) == '+';
	size_t whole = digits(text, i);
	size_t end = i + whole;
	size_t fraction = 0;
	*is_integer = true;
	if (at(text, end) == '.' && (whole > 0 || is_digit(at(text, end + 1)))) {
		fraction = digits(text, end + 1);
		/* The full stop of a sentence is not of the number. */
		if (fraction > 0 || !is_alnum(at(text, end + 1))) {
			bool is_stop =
				fraction == 0 && (end + 1 == text.n || text.p[end + 1] == ' ');
			end += is_stop ? 0 : 1 + fraction;
			*is_integer = is_stop;
		}
	}
	if (whole + fraction == 0) {
		*is_integer = false;
		return special_number(text, 0, value);
	}
	if (at(text, end) == 'e' || at(text, end) == 'E') {
		size_t sign = at(text, end + 1) == '-' || at(text, end + 1) == '+';
		size_t exponent = digits(text, end + 1 + sign);
		if (exponent > 0) {
			end += 1 + sign + exponent;
			*is_integer = false;
		}
	}
	return guild_parse_f64(text.p, end, value) ? end : 0;
}

/* What stands to the right of a number without a blank, and makes it something else: the length of all of it. */
static size_t grown_on(struct guild_str s, size_t i, enum token_kind *kind)
{
	size_t end = i;
	char c = at(s, end);
	char next = at(s, end + 1);
	/* 12:30:45, 2024-01-01, 1.2.3, 10.0.0.1, 1,234, 3/4/2024 */
	bool is_chain = (c == ':' || c == '-' || c == '.' || c == ',') && is_digit(next);
	if (is_chain) {
		*kind = TOKEN_JUNK;
		while (is_alnum(at(s, end)) ||
			(strchr(":-.,", at(s, end)) && is_alnum(at(s, end + 1)))) {
			end++;
		}
		return end;
	}
	bool is_grown = is_letter(c) || (unsigned char)c >= 0x80;
	if (!is_grown) {
		return i;
	}
	*kind = TOKEN_QUANTITY;
	while (is_alnum(at(s, end)) || (unsigned char)at(s, end) >= 0x80 ||
		(at(s, end) == '/' && is_alnum(at(s, end + 1)))) {
		end++;
	}
	return end;
}

/* 0.3+0.01, 0.3±0.01: a spread is no part of the value. */
static size_t spread(struct guild_str s, size_t i)
{
	size_t sign = at(s, i) == '+' ? 1 : at(s, i) == '\xc2' && at(s, i + 1) == '\xb1' ? 2 : 0;
	double value;
	bool is_integer;
	if (sign == 0 || !is_digit(at(s, i + sign))) {
		return 0;
	}
	return sign + guild_auto_number((struct guild_str){s.p + i + sign, s.n - i - sign}, &value,
			      &is_integer);
}

/* A number, or what begins like one; returns its end. */
static size_t take_number(struct guild_str s, size_t i, struct token *t)
{
	size_t n =
		guild_auto_number((struct guild_str){s.p + i, s.n - i}, &t->value, &t->is_integer);
	if (n == 0) {
		return i;
	}
	t->kind = TOKEN_NUMBER;
	size_t end = i + n;
	end += spread(s, end);
	if (at(s, end) == '%') {
		t->has_percent = true;
		return end + 1;
	}
	return grown_on(s, end, &t->kind);
}

static bool may_start_number(struct guild_str s, size_t i)
{
	char c = s.p[i];
	if (is_digit(c) || (c == '.' && is_digit(at(s, i + 1)))) {
		return true;
	}
	if (c != '-' && c != '+') {
		return false;
	}
	bool is_sign = is_digit(at(s, i + 1)) || (at(s, i + 1) == '.' && is_digit(at(s, i + 2))) ||
		       starts_nocase(s, i + 1, "inf") || starts_nocase(s, i + 1, "nan");
	char before = i > 0 ? s.p[i - 1] : ' ';
	return is_sign && !is_alnum(before) && before != ')' && before != ']';
}

/* Words hold what names of measures hold: val_loss, train/acc, Acc@1, top-5, valid_0's, R^2, Avg. */
static size_t take_word(struct guild_str s, size_t i)
{
	size_t end = i;
	while (end < s.n) {
		char c = s.p[end];
		char next = at(s, end + 1);
		bool joins = c && strchr("/@-'^.+", c) && end > i && is_alnum(next);
		if (!is_alnum(c) && !joins) {
			break;
		}
		end++;
	}
	bool is_short_form = at(s, end) == '.' && end - i <= 5 && at(s, end + 1) == ' ' &&
			     at(s, end + 2) >= 'a' && at(s, end + 2) <= 'z';
	return end + is_short_form;
}

void guild_auto_tokenize(struct guild_str s, struct tokens *out)
{
	out->n = 0;
	bool is_spaced = false;
	for (size_t i = 0; i < s.n && out->n < TOKENS_MAX;) {
		if (s.p[i] == ' ' || s.p[i] == '\t') {
			is_spaced = true;
			i++;
			continue;
		}
		struct token t = {.kind = TOKEN_MARK, .is_spaced = is_spaced};
		size_t end = i;
		if (may_start_number(s, i)) {
			end = take_number(s, i, &t);
		} else if (is_letter(s.p[i])) {
			t.kind = TOKEN_WORD;
			end = take_word(s, i);
		}
		if (end == i) {
			uint32_t cp;
			size_t n = guild_utf8_decode(s.p + i, s.n - i, &cp);
			t.kind = TOKEN_MARK;
			t.mark = s.p[i];
			end = i + (n > 0 ? n : 1);
		}
		t.text = (struct guild_str){s.p + i, end - i};
		t.word = t.kind == TOKEN_WORD ? guild_auto_word(t.text) : 0;
		out->v[out->n++] = t;
		is_spaced = false;
		i = end;
	}
	out->v[out->n] = (struct token){.kind = TOKEN_MARK, .text = {s.p + s.n, 0}};
}

/* ---- what logging puts before a message ------------------------------------------------------------- */

/* Levels are written in capitals; "error" is a measure. */
static bool is_level(const struct token *t)
{
	return (t->word & WORD_LEVEL) && (!(t->word & WORD_METRIC) || t->text.p[1] < 'a');
}

/* glog and absl: "I0131 12:30:45.123456 140 train.py:123] message". */
static size_t skip_glog(const struct tokens *t)
{
	struct guild_str first = t->v[0].text;
	bool is_glog = t->n > 3 && t->v[0].kind == TOKEN_WORD && first.n == 5 &&
		       strchr("IWEF", first.p[0]) && digits(first, 1) == 4 &&
		       t->v[1].kind == TOKEN_JUNK;
	for (size_t i = 2; is_glog && i < t->n && i < 12; i++) {
		if (t->v[i].mark == ']') {
			return i + 1;
		}
	}
	return 0;
}

/* "[2024-01-31 12:30:45]", "[INFO]", "[rank 0]", "(main pid=123)": a group that opens the line and says who speaks and when. */
static size_t skip_group(const struct tokens *t, size_t i)
{
	static const char *const speakers[] = {
		"rank", "rank0", "pid", "worker", "main", "__main__", "Rank"};
	char close = t->v[i].mark == '[' ? ']' : t->v[i].mark == '(' ? ')' : 0;
	bool is_prefix = false;
	for (size_t k = i + 1; close && k < t->n && k < i + 12; k++) {
		const struct token *token = &t->v[k];
		if (token->kind == TOKEN_MARK && token->mark == close) {
			return is_prefix ? k + 1 : i;
		}
		is_prefix |= token->kind == TOKEN_JUNK || is_level(token);
		for (size_t s = 0; token->kind == TOKEN_WORD && s < GUILD_ARRAY_LEN(speakers);
			s++) {
			is_prefix |= guild_str_starts(token->text, speakers[s]);
		}
	}
	return i;
}

/* The place behind a level and the names that follow it: "INFO:root:", "INFO - ", "INFO | __main__:main:12 - ". */
static size_t skip_level(const struct tokens *t, size_t i)
{
	size_t after = i + 1;
	if (t->v[after].mark == ':' && t->v[after + 1].kind == TOKEN_WORD &&
		t->v[after + 2].mark == ':' && !t->v[after + 1].is_spaced &&
		!t->v[after + 2].is_spaced && t->v[after + 3].kind == TOKEN_WORD) {
		return after + 3;
	}
	if (t->v[after].mark == '|') {
		for (size_t k = after + 1; k < t->n && k < after + 12; k++) {
			if (t->v[k].mark == '-' && t->v[k].is_spaced && t->v[k + 1].is_spaced) {
				return k + 1;
			}
		}
	}
	return after;
}

static bool is_mark(const struct token *t, const char *marks)
{
	return t->kind == TOKEN_MARK && t->mark && strchr(marks, t->mark);
}

size_t guild_auto_message(const struct tokens *t)
{
	enum { PREFIX_MAX = 14 };
	size_t start = skip_glog(t);
	bool has_prefix = start > 0;
	while (start < t->n) {
		size_t next = skip_group(t, start);
		if (next == start && t->v[start].kind == TOKEN_JUNK) {
			next++;
		}
		if (next == start && has_prefix && is_mark(&t->v[start], "-|:,")) {
			next++;
		}
		if (next == start) {
			break;
		}
		has_prefix = true;
		start = next;
	}
	/* A level may follow a name or two. */
	for (size_t i = start; i < t->n && i < start + PREFIX_MAX; i++) {
		const struct token *token = &t->v[i];
		if (is_level(token) && (has_prefix || i == start)) {
			start = skip_level(t, i);
			while (start < t->n && is_mark(&t->v[start], "-|:])")) {
				start++;
			}
			return start;
		}
		if (token->kind != TOKEN_WORD && !is_mark(token, "-|:.<>[]")) {
			break;
		}
	}
	return start;
}

/* ---- steps ------------------------------------------------------------------------------------------- */

static bool is_count(const struct token *t)
{
	return t->kind == TOKEN_NUMBER && t->is_integer && !t->has_percent && t->value >= 0;
}

/* "/10", "of 10" behind a number at token i: how many tokens. */
static size_t total_behind(const struct tokens *t, size_t i)
{
	bool is_of = t->v[i].kind == TOKEN_WORD && guild_str_eqz(t->v[i].text, "of");
	if (!is_mark(&t->v[i], "/") && !is_of) {
		return 0;
	}
	return is_count(&t->v[i + 1]) || (is_of && t->v[i + 1].kind == TOKEN_WORD) ? 2 : 0;
}

/* A word such as "Epoch3" or "step_12". */
static bool split_word(struct guild_str word, struct guild_str *name, int64_t *step)
{
	size_t n = word.n;
	while (n > 0 && is_digit(word.p[n - 1])) {
		n--;
	}
	*name = (struct guild_str){word.p, n};
	if (name->n > 0 && name->p[name->n - 1] == '_') {
		name->n--;
	}
	return n < word.n && guild_parse_i64(word.p + n, word.n - n, step);
}

struct step_mark guild_auto_step_mark(const struct tokens *t, size_t start)
{
	struct step_mark none = {0};
	struct step_mark m = {0};
	if (t->v[start].kind != TOKEN_WORD) {
		return none;
	}
	struct guild_str name;
	if (split_word(t->v[start].text, &name, &m.step) && name.n > 2) {
		m.rank = guild_auto_step_rank(guild_auto_exact(name));
		m.n = 1 + total_behind(t, start + 1);
		m.is_part = m.n > 1;
		return m.rank > 0 ? m : none;
	}
	m.rank = guild_auto_step_rank(t->v[start].word);
	size_t i = start + 1;
	while (i < start + 4 && is_mark(&t->v[i], ":=#[(")) {
		i++;
	}
	/* A fraction of an epoch counts as the epochs that are over. */
	bool is_fraction = m.rank == STEP_EPOCH && t->v[i].kind == TOKEN_NUMBER &&
			   t->v[i].value >= 0 && !t->v[i].has_percent;
	if (m.rank == 0 || (!is_count(&t->v[i]) && !is_fraction)) {
		return none;
	}
	m.step = guild_step_of(t->v[i].value);
	i++;
	size_t total = total_behind(t, i);
	m.is_part = total > 0;
	i += total;
	while (i < t->n && is_mark(&t->v[i], "])") && i < start + 9) {
		i++;
	}
	m.n = i - start;
	return m;
}

void guild_auto_choose_step(struct step_choice *c, struct step_mark m)
{
	if (m.rank == STEP_EPOCH && c->epoch < 0) {
		c->epoch = m.step;
	}
	if (m.rank > c->rank) {
		c->rank = m.rank;
		c->step = m.step;
		c->is_part = m.is_part;
	}
}
