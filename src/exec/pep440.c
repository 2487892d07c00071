/* Version numbers of Python packages in their normal form (PEP 440, "Version specifiers", appendix on normalisation). */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "exec_private.h"

struct cursor {
	const char *p;
};

static bool is_separator(char c)
{
	return c == '-' || c == '_' || c == '.';
}

/* Copies a number without leading zeros. */
static bool take_number(struct cursor *c, struct guild_buf *out)
{
	const char *start = c->p;
	while (isdigit((unsigned char)*c->p)) {
		c->p++;
	}
	if (c->p == start) {
		return false;
	}
	while (*start == '0' && start + 1 < c->p) {
		start++;
	}
	guild_buf_append(out, start, (size_t)(c->p - start));
	return true;
}

/* A word followed by no letter, after an optional separator. Longer words come first in `words`. */
static size_t take_word(struct cursor *c, const char *const *words)
{
	const char *p = c->p + (is_separator(*c->p) ? 1 : 0);
	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(words[i]);
		if (strncasecmp(p, words[i], n) == 0 && !isalpha((unsigned char)p[n])) {
			c->p = p + n;
			return i + 1;
		}
	}
	return 0;
}

/* The number after such a word: an optional separator, then digits; none means 0. */
static void take_word_number(struct cursor *c, struct guild_buf *out)
{
	const char *p = c->p + (is_separator(*c->p) ? 1 : 0);
	if (isdigit((unsigned char)*p)) {
		c->p = p;
		(void)take_number(c, out);
	} else {
		guild_buf_putc(out, '0');
	}
}

static void take_pre(struct cursor *c, struct guild_buf *out)
{
	static const char *const words[] = {
		"alpha", "a", "beta", "b", "preview", "pre", "rc", "c", NULL};
	static const char *const normal[] = {"a", "a", "b", "b", "rc", "rc", "rc", "rc"};
	size_t i = take_word(c, words);
	if (i > 0) {
		guild_buf_puts(out, normal[i - 1]);
		take_word_number(c, out);
	}
}

static void take_post(struct cursor *c, struct guild_buf *out)
{
	static const char *const words[] = {"post", "rev", "r", NULL};
	if (c->p[0] == '-' && isdigit((unsigned char)c->p[1])) {
		c->p++;
		guild_buf_puts(out, ".post");
		(void)take_number(c, out);
	} else if (take_word(c, words) > 0) {
		guild_buf_puts(out, ".post");
		take_word_number(c, out);
	}
}

static void take_dev(struct cursor *c, struct guild_buf *out)
{
	static const char *const words[] = {"dev", NULL};
	if (take_word(c, words) > 0) {
		guild_buf_puts(out, ".dev");
		take_word_number(c, out);
	}
}

static bool take_local(struct cursor *c, struct guild_buf *out)
{
	if (*c->p != '+') {
		return true;
	}
	c->p++;
	guild_buf_putc(out, '+');
	for (;;) {
		const char *start = c->p;
		bool is_number = true;
		while (isalnum((unsigned char)*c->p)) {
			is_number = is_number && isdigit((unsigned char)*c->p);
			c->p++;
		}
		if (c->p == start) {
			return false;
		}
		if (is_number) {
			struct cursor number = {start};
			(void)take_number(&number, out);
		} else {
			for (const char *q = start; q < c->p; q++) {
				guild_buf_putc(out, (char)tolower((unsigned char)*q));
			}
		}
		if (!is_separator(*c->p)) {
			return true;
		}
		c->p++;
		guild_buf_putc(out, '.');
	}
}

bool guild_pep440_normalize(const char *version, struct guild_buf *out)
{
	struct cursor c = {version};
	size_t start = out->n;
	if (*c.p == 'v' || *c.p == 'V') {
		c.p++;
	}
	struct guild_buf number = {0};
	bool ok = take_number(&c, &number);
	if (ok && *c.p == '!') {
		c.p++;
		if (strcmp(guild_buf_cstr(&number), "0") != 0) {
			guild_buf_puts(out, number.p);
			guild_buf_putc(out, '!');
		}
		guild_buf_reset(&number);
		ok = take_number(&c, &number);
	}
	guild_buf_puts(out, guild_buf_cstr(&number));
	guild_buf_fini(&number);
	while (ok && *c.p == '.' && isdigit((unsigned char)c.p[1])) {
		c.p++;
		guild_buf_putc(out, '.');
		ok = take_number(&c, out);
	}
	if (ok) {
		take_pre(&c, out);
		take_post(&c, out);
		take_dev(&c, out);
		ok = take_local(&c, out) && *c.p == 0;
	}
	if (!ok) {
		out->n = start;
		if (out->p) {
			out->p[start] = 0;
		}
	}
	return ok;
}
