/* Lists of packages as pip freeze prints them, line by line held against each other. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "reproduce.h"

/* Runs of "-_." become one "-", letters lower case (PEP 503). */
static const char *canonical(struct guild_arena *a, const char *name, size_t n)
{
	struct guild_buf b = {0};
	for (size_t i = 0; i < n; i++) {
		if (strchr("-_.", name[i])) {
			if (b.n == 0 || b.p[b.n - 1] != '-') {
				guild_buf_putc(&b, '-');
			}
		} else {
			guild_buf_putc(&b, (char)tolower((unsigned char)name[i]));
		}
	}
	const char *kept = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return kept;
}

static void set_name(struct guild_arena *a, struct guild_package_line *out, const char *p, size_t n)
{
	out->shown = guild_arena_strndup(a, p, n);
	out->name = canonical(a, p, n);
}

/* file:///a%20b -> "/a b" */
static const char *path_of_url(struct guild_arena *a, const char *url, size_t n)
{
	struct guild_buf b = {0};
	for (size_t i = strlen("file://"); i < n; i++) {
		char hex[3] = {0};
		if (url[i] == '%' && i + 2 < n) {
			memcpy(hex, url + i + 1, 2);
		}
		if (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
			guild_buf_putc(&b, (char)strtoul(hex, NULL, 16));
			i += 2;
		} else {
			guild_buf_putc(&b, url[i]);
		}
	}
	const char *path = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return path;
}

/* NAME @ URL[#sha256=HEX] */
static void parse_direct(struct guild_arena *a, const char *line, const char *at,
	struct guild_package_line *out)
{
	const char *url = at + strlen(" @ ");
	size_t n = strcspn(url, "#");
	const char *hash = strstr(url + n, "sha256=");
	set_name(a, out, line, (size_t)(at - line));
	out->version = url;
	if (guild_starts(url, "file://")) {
		out->path = path_of_url(a, url, n);
	}
	if (hash) {
		hash += strlen("sha256=");
		out->sha256 = guild_arena_strndup(a, hash, strcspn(hash, "&"));
	}
}

static void parse_editable(struct guild_arena *a, const char *what, struct guild_package_line *out)
{
	const char *egg = strstr(what, "#egg=");
	out->is_editable = true;
	out->is_other = strpbrk(what, "\n\r\\") != NULL;
	out->version = what;
	if (egg) {
		egg += strlen("#egg=");
		set_name(a, out, egg, strcspn(egg, "&"));
	} else {
		/* A path: the comment before it has the name. */
		set_name(a, out, what, strlen(what));
		out->path = what;
	}
}

void guild_package_line_parse(struct guild_arena *a, const char *line,
	struct guild_package_line *out)
{
	const char *text = guild_arena_strdup(a, line);
	const char *direct = strstr(text, " @ ");
	const char *equals = strstr(text, "==");
	*out = (struct guild_package_line){.name = "", .shown = ""};
	if (text[0] == '#' || !text[strspn(text, " ")]) {
		out->is_comment = true;
	} else if (guild_starts(text, "-e ")) {
		parse_editable(a, text + 3, out);
	} else if (!isalnum((unsigned char)text[0]) || strpbrk(text, "\n\r\\")) {
		out->is_other = true;
		set_name(a, out, text, strlen(text));
	} else if (direct) {
		parse_direct(a, text, direct, out);
	} else if (equals) {
		set_name(a, out, text, (size_t)(equals - text));
		out->version = equals + 2 + strspn(equals + 2, "=");
	} else {
		set_name(a, out, text, strlen(text));
	}
}

/* Position + 1 of the last line that names a package, by name. */
static struct guild_package_line *parse_all(struct guild_arena *a, const struct guild_strs *lines,
	struct guild_map *by_name)
{
	struct guild_package_line *v = guild_arena_alloc(a, (lines->n + 1) * sizeof(*v));
	for (size_t i = 0; i < lines->n; i++) {
		guild_package_line_parse(a, lines->v[i], &v[i]);
		if (!v[i].is_comment) {
			guild_map_put(by_name, v[i].name, &v[i]);
		}
	}
	return v;
}

size_t guild_packages_compare(struct guild_reproducing *p, enum guild_reproduce_level l,
	const struct guild_strs *before, const struct guild_strs *after, bool as_notes)
{
	struct guild_map then = {0};
	struct guild_map now = {0};
	struct guild_package_line *v = parse_all(p->a, before, &then);
	struct guild_package_line *w = parse_all(p->a, after, &now);
	size_t n = 0;
	for (size_t i = 0; i < before->n; i++) {
		const struct guild_package_line *b = guild_map_get(&now, v[i].name);
		if (v[i].is_comment || (b && guild_streq(v[i].version, b->version))) {
			continue;
		}
		(as_notes ? guild_reproduce_note : guild_reproduce_find)(p, l, v[i].shown,
			b ? "changed" : "is not there", v[i].version, b ? b->version : NULL);
		n++;
	}
	for (size_t i = 0; i < after->n; i++) {
		if (!w[i].is_comment && !guild_map_has(&then, w[i].name)) {
			guild_reproduce_note(p, l, w[i].shown, "is new", NULL, w[i].version);
		}
	}
	guild_map_fini(&then);
	guild_map_fini(&now);
	return n;
}
