/* Installed packages as runs record them, and which of two versions is the later one. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "guild/diff.h"

/* PEP 503: names differ neither in case nor in what separates their words. */
static const char *name_key(struct guild_arena *a, const char *name)
{
	char *key = guild_arena_strdup(a, name);
	size_t n = 0;

	for (const char *c = name; *c; c++) {
		bool is_separator = *c == '-' || *c == '_' || *c == '.';

		if (is_separator && n > 0 && key[n - 1] == '-') {
			continue;
		}
		key[n++] = is_separator ? '-' : (char)tolower((unsigned char)*c);
	}
	key[n] = '\0';
	return key;
}

static const char *trimmed(struct guild_arena *a, const char *p, size_t n)
{
	struct guild_str s = guild_str_trim(guild_str_n(p, n));

	return guild_arena_strndup(a, s.p, s.n);
}

/* False for a line that names no package (comments of pip). */
static bool read_line(struct guild_arena *a, const char *line, struct guild_installed_package *out)
{
	const char *equals = strstr(line, "==");
	const char *at = strstr(line, " @ ");
	const char *egg = strstr(line, "#egg=");

	if (line[0] == '#' || line[0] == '\0') {
		return false;
	}
	if (guild_starts(line, "-e ")) {
		out->name = trimmed(a, egg ? egg + 5 : line + 3, strlen(egg ? egg + 5 : line + 3));
		out->version = trimmed(a, line, egg ? (size_t)(egg - line) : strlen(line));
	} else if (equals && (!at || equals < at)) {
		size_t n = (size_t)(equals - line);

		while (n > 0 && line[n - 1] == '=') {
			n--;
		}
		out->name = trimmed(a, line, n);
		equals += strspn(equals, "=");
		out->version = trimmed(a, equals, strlen(equals));
	} else if (at) {
		out->name = trimmed(a, line, (size_t)(at - line));
		out->version = trimmed(a, at + 3, strlen(at + 3));
	} else {
		out->name = trimmed(a, line, strlen(line));
		out->version = "";
	}
	out->key = name_key(a, out->name);
	return true;
}

static int compare_keys(const void *x, const void *y)
{
	const struct guild_installed_package *a = x, *b = y;
	int order = strcmp(a->key, b->key);

	return order != 0 ? order : strcmp(a->version, b->version);
}

void guild_installed_read(struct guild_arena *a, const struct guild_value *freeze,
	struct guild_installed *out)
{
	size_t n = freeze && freeze->type == GUILD_LIST ? freeze->n : 0;

	out->n = 0;
	out->v = guild_arena_alloc(a, (n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < n; i++) {
		const char *line = guild_value_text(freeze->items[i]);

		if (line && read_line(a, line, &out->v[out->n])) {
			out->n++;
		}
	}
	if (out->n > 1) {
		qsort(out->v, out->n, sizeof(*out->v), compare_keys);
	}
}

/* ---- versions -------------------------------------------------------------------------------------------- */

/* A run of digits or of letters; what a release that goes on with it comes after. */
enum rank {
	RANK_DEV,
	RANK_ALPHA,
	RANK_BETA,
	RANK_CANDIDATE,
	RANK_END,
	RANK_OTHER,
	RANK_POST,
	RANK_NUMBER
};

struct part {
	enum rank rank;
	struct guild_str text; /* digits without leading zeros, or letters */
};

static enum rank word_rank(struct guild_str word)
{
	static const struct {
		const char *word;
		enum rank rank;
	} words[] = {
		{"dev", RANK_DEV},
		{"a", RANK_ALPHA},
		{"alpha", RANK_ALPHA},
		{"b", RANK_BETA},
		{"beta", RANK_BETA},
		{"c", RANK_CANDIDATE},
		{"rc", RANK_CANDIDATE},
		{"pre", RANK_CANDIDATE},
		{"preview", RANK_CANDIDATE},
		{"post", RANK_POST},
		{"rev", RANK_POST},
		{"r", RANK_POST},
	};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (guild_str_eqz(word, words[i].word)) {
			return words[i].rank;
		}
	}
	return RANK_OTHER;
}

static struct part next_part(const char **at)
{
	const char *p = *at;

	while (*p && !isalnum((unsigned char)*p)) {
		p++;
	}
	const char *from = p;
	struct part part = {.rank = RANK_END};

	if (isdigit((unsigned char)*p)) {
		while (isdigit((unsigned char)*p)) {
			p++;
		}
		while (from + 1 < p && *from == '0') {
			from++;
		}
		part = (struct part){RANK_NUMBER, {from, (size_t)(p - from)}};
	} else if (*p) {
		while (isalpha((unsigned char)*p)) {
			p++;
		}
		part.text = guild_str_n(from, (size_t)(p - from));
		part.rank = word_rank(part.text);
	}
	*at = p;
	return part;
}

static int text_cmp(struct guild_str a, struct guild_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static bool is_zero(struct part p)
{
	return p.rank == RANK_NUMBER && guild_str_eqz(p.text, "0");
}

int guild_package_version_cmp(const char *a, const char *b)
{
	for (;;) {
		struct part x = next_part(&a);
		struct part y = next_part(&b);

		/* 1.0 and 1.0.0 are one version. */
		while (is_zero(x) && y.rank != RANK_NUMBER) {
			x = next_part(&a);
		}
		while (is_zero(y) && x.rank != RANK_NUMBER) {
			y = next_part(&b);
		}
		if (x.rank != y.rank) {
			return x.rank < y.rank ? -1 : 1;
		}
		if (x.rank == RANK_END) {
			return 0;
		}
		int order = 0;

		if (x.rank == RANK_NUMBER && x.text.n != y.text.n) {
			order = x.text.n < y.text.n ? -1 : 1;
		} else if (x.rank == RANK_NUMBER || x.rank == RANK_OTHER) {
			order = text_cmp(x.text, y.text);
		}
		if (order != 0) {
			return order < 0 ? -1 : 1;
		}
	}
}
