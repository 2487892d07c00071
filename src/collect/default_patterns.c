/* The default patterns by hand: every line of every run passes here, and a search by pattern would cost the most of capture. That they
 * find what the patterns find is tested against PCRE2. */
#include "collect_private.h"

#include <string.h>

const char guild_default_step_pattern[] = "\\key: +\\value\\s+\\((?:step\\s+)?(?P<step>\\step)\\)$";
const char guild_default_value_pattern[] = "^(\\key):\\s+(\\value)(?:\\s+\\(.*\\))?$";

static bool is_value_char(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == '-';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the white space that ends at `end` starts. */
static size_t skip_space_back(const char *p, size_t end)
{
	return guild_line_trimmed(p, end);
}

bool guild_default_may_match(const char *p, size_t n, unsigned flags)
{
	if (flags & LINE_ODD) {
		return true;
	}
	if ((flags & (LINE_DIGIT | LINE_COLON)) != (LINE_DIGIT | LINE_COLON)) {
		return false;
	}
	n = guild_line_trimmed(p, n);
	return n > 0 && (is_value_char(p[n - 1]) || p[n - 1] == ')');
}

/* Pattern 1, from the end: "(30)" or "(step 30)", white space, a value, blanks, a colon, the end of a key. */
static void find_step(struct guild_str line, struct found *found)
{
	const char *p = line.p;
	size_t end = line.n;
	if (end == 0 || p[end - 1] != ')') {
		return;
	}
	size_t digits_end = end - 1;
	size_t at = digits_end;
	while (at > 0 && is_digit(p[at - 1])) {
		at--;
	}
	struct guild_str step = {p + at, digits_end - at};
	if (step.n == 0) {
		return;
	}
	if (at > 0 && p[at - 1] != '(') {
		size_t word_end = skip_space_back(p, at);
		if (word_end == at || word_end < 4 || memcmp(p + word_end - 4, "step", 4) != 0) {
			return;
		}
		at = word_end - 4;
	}
	if (at == 0 || p[at - 1] != '(') {
		return;
	}
	at--;
	size_t value_end = skip_space_back(p, at);
	if (value_end == at) {
		return;
	}
	for (at = value_end; at > 0 && is_value_char(p[at - 1]); at--) {
	}
	size_t value = at;
	while (at > 0 && p[at - 1] == ' ') {
		at--;
	}
	bool has_key = at >= 2 && p[at - 1] == ':' && p[at - 2] != ' ' && p[at - 2] != '\t';
	double v;
	if (value < value_end && at < value && has_key && guild_python_float(step, &v)) {
		guild_found_put(found, guild_str("step"), v, guild_default_step_pattern);
	}
}

/* The value of pattern 2 after the key of length k: true when the whole pattern fits. */
static bool match_value(struct guild_str line, size_t k, struct guild_str *value)
{
	const char *p = line.p;
	size_t at = k + 1;
	size_t space;
	while ((space = guild_line_space(p + at, line.n - at)) > 0) {
		at += space;
	}
	if (at == k + 1) {
		return false;
	}
	size_t start = at;
	while (at < line.n && is_value_char(p[at])) {
		at++;
	}
	*value = (struct guild_str){p + start, at - start};
	if (value->n == 0 || at == line.n) {
		return value->n > 0;
	}
	size_t after = at;
	while ((space = guild_line_space(p + at, line.n - at)) > 0) {
		at += space;
	}
	return at > after && p[at] == '(' && line.n > at + 1 && p[line.n - 1] == ')';
}

/* Pattern 2: the key ends at the last colon of the first word that white space follows. */
static void find_value(struct guild_str line, struct found *found)
{
	size_t word = 0;
	while (word < line.n && line.p[word] != ' ' && line.p[word] != '\t') {
		word++;
	}
	for (size_t k = word; k-- > 1;) {
		struct guild_str text;
		if (line.p[k] != ':' || !match_value(line, k, &text)) {
			continue;
		}
		double v;
		if (guild_python_float(text, &v)) {
			guild_found_put(found, (struct guild_str){line.p, k}, v,
				guild_default_value_pattern);
		}
		return;
	}
}

void guild_default_find(struct guild_str line, struct found *found)
{
	find_step(line, found);
	find_value(line, found);
}
