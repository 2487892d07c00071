/* Encodings and line ends of Python source files. */

#include "python_decode.h"

#include <ctype.h>
#include <string.h>

/* The encoding named on one of the first two lines (`# -*- coding: NAME -*-`), or the empty view. */
static struct guild_str find_cookie(const char *p, size_t n)
{
	size_t at = 0;
	for (int line = 0; line < 2 && at < n; line++) {
		const char *nl = memchr(p + at, '\n', n - at);
		size_t end = nl ? (size_t)(nl - p) : n;
		struct guild_str text = guild_str_trim(guild_str_n(p + at, end - at));
		at = end + 1;
		if (text.n == 0) {
			continue;
		}
		if (text.p[0] != '#') {
			break;
		}
		const char *word = memmem(text.p, text.n, "coding", 6);
		if (!word) {
			continue;
		}
		const char *q = word + 6;
		const char *stop = text.p + text.n;
		if (q == stop || (*q != ':' && *q != '=')) {
			continue;
		}
		q++;
		while (q < stop && (*q == ' ' || *q == '\t')) {
			q++;
		}
		const char *name = q;
		while (q < stop && (isalnum((unsigned char)*q) || strchr("-_.", *q))) {
			q++;
		}
		return guild_str_n(name, (size_t)(q - name));
	}
	return guild_str(NULL);
}

static bool is_utf8_name(struct guild_str name)
{
	return guild_contains_nocase(name, guild_str("utf-8")) ||
	       guild_contains_nocase(name, guild_str("utf8")) ||
	       guild_contains_nocase(name, guild_str("utf_8"));
}

static size_t line_of(const char *p, size_t at)
{
	size_t line = 1;
	for (size_t i = 0; i < at; i++) {
		line += p[i] == '\n';
	}
	return line;
}

static size_t first_bad_byte(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n) {
		uint32_t cp;
		size_t k = guild_utf8_decode(p + i, n - i, &cp);
		if (k == 0) {
			return i;
		}
		i += k;
	}
	return n;
}

static void put_lines(const char *p, size_t n, bool latin1, struct guild_buf *out)
{
	guild_buf_reserve(out, n + 1);
	size_t i = 0;
	while (i < n) {
		size_t start = i;
		while (i < n && p[i] != '\r' && (!latin1 || (unsigned char)p[i] < 0x80)) {
			i++;
		}
		guild_buf_append(out, p + start, i - start);
		if (i == n) {
			break;
		}
		if (p[i] == '\r') {
			guild_buf_putc(out, '\n');
			i += i + 1 < n && p[i + 1] == '\n' ? 2 : 1;
		} else {
			char utf8[4];
			guild_buf_append(out, utf8, guild_utf8_encode((unsigned char)p[i], utf8));
			i++;
		}
	}
}

int guild_py_decode(const char *path, const char *p, size_t n, struct guild_buf *out,
	struct guild_error *err)
{
	bool has_bom = n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0;
	if (has_bom) {
		p += 3;
		n -= 3;
	}
	const char *nul = n > 0 ? memchr(p, 0, n) : NULL;
	if (nul) {
		return guild_error_set(err, GUILD_EINVALID,
			"%s:%zu: NUL byte: this is no Python source", path,
			line_of(p, (size_t)(nul - p)));
	}
	struct guild_str cookie = find_cookie(p, n);
	bool latin1 = false;
	if (!guild_utf8_valid(p, n)) {
		if (has_bom || cookie.n == 0 || is_utf8_name(cookie)) {
			return guild_error_set(err, GUILD_EINVALID,
				"%s:%zu: invalid UTF-8 and no other encoding declared", path,
				line_of(p, first_bad_byte(p, n)));
		}
		latin1 = true;
	} else if (cookie.n > 0 && !is_utf8_name(cookie)) {
		latin1 = guild_contains_nocase(cookie, guild_str("latin")) ||
			 guild_contains_nocase(cookie, guild_str("8859"));
	}
	put_lines(p, n, latin1, out);
	return 0;
}
