/* Regular expressions as Python's module re understands them, for whoever selects and renames by pattern. */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { REGEX_MATCH_LIMIT = 2000000, REGEX_HEAP_KIB = 16384, REPLACEMENT_MAX = 64 << 10 };

struct guild_regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	struct guild_strs names; /* of groups, "" without one */
};

int guild_regex_new(const char *pattern, struct guild_regex **out, struct guild_error *err)
{
	struct guild_regex *re = guild_alloc(sizeof(*re));
	struct guild_buf text = {0};
	int rc = strlen(pattern) > GUILD_PATTERN_MAX
			 ? guild_error_set(err, GUILD_ELIMIT, "the pattern is longer than %d bytes",
				   GUILD_PATTERN_MAX)
			 : guild_pattern_translate(guild_str(pattern), &text, &re->names, err);
	int code = 0;
	PCRE2_SIZE at = 0;
	if (rc == 0) {
		re->code = pcre2_compile((PCRE2_SPTR)guild_buf_cstr(&text), text.n,
			PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_INVALID_UTF,
			&code, &at, NULL);
		if (!re->code) {
			PCRE2_UCHAR message[200];
			pcre2_get_error_message(code, message, sizeof(message));
			rc = guild_error_set(err, GUILD_EINVALID, "%s", (char *)message);
		}
	}
	guild_buf_fini(&text);
	if (rc != 0) {
		guild_regex_free(re);
		return rc;
	}
	re->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(re->context, REGEX_MATCH_LIMIT);
	pcre2_set_heap_limit(re->context, REGEX_HEAP_KIB);
	re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
	*out = re;
	return 0;
}

void guild_regex_free(struct guild_regex *re)
{
	if (re) {
		pcre2_code_free(re->code);
		pcre2_match_data_free(re->match);
		pcre2_match_context_free(re->context);
		guild_strs_fini(&re->names);
		free(re);
	}
}

static struct guild_str group_of(const struct guild_regex *re, struct guild_str text, size_t group)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(re->match);
	if (group >= pcre2_get_ovector_count(re->match) || at[2 * group] == PCRE2_UNSET) {
		return (struct guild_str){0};
	}
	return guild_str_n(text.p + at[2 * group], at[2 * group + 1] - at[2 * group]);
}

static bool match(const struct guild_regex *re, struct guild_str text, uint32_t options)
{
	return pcre2_match(re->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, options,
		       re->match, re->context) > 0;
}

bool guild_regex_search(const struct guild_regex *re, struct guild_str text)
{
	return match(re, text, 0);
}

bool guild_regex_full_match(const struct guild_regex *re, struct guild_str text,
	struct guild_str *group1)
{
	if (!match(re, text, PCRE2_ANCHORED | PCRE2_ENDANCHORED)) {
		return false;
	}
	if (group1) {
		*group1 = group_of(re, text, 1);
	}
	return true;
}

int guild_regex_find(const char *pattern, struct guild_str text, struct guild_span *groups,
	size_t max, struct guild_error *err)
{
	struct guild_regex *re = NULL;
	int rc = guild_regex_new(pattern, &re, err);
	if (rc != 0) {
		return rc;
	}
	size_t n = match(re, text, 0) ? pcre2_get_ovector_count(re->match) : 0;
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
	n = n < max ? n : max;
	for (size_t i = 0; i < n; i++) {
		bool took_part = v[2 * i] != PCRE2_UNSET && v[2 * i] <= v[2 * i + 1];
		groups[i] = took_part ? (struct guild_span){v[2 * i], v[2 * i + 1]}
				      : (struct guild_span){SIZE_MAX, SIZE_MAX};
	}
	guild_regex_free(re);
	return (int)n;
}

/* ---- replacing ------------------------------------------------------------------------------------------- */

struct replacing {
	const struct guild_regex *re;
	struct guild_str text;
	struct guild_buf *out;
	struct guild_error *err;
};

static int bad_group(const struct replacing *r, const char *p, size_t n)
{
	return guild_error_set(r->err, GUILD_EINVALID, "invalid group reference '%.*s'", (int)n, p);
}

static int put_group(const struct replacing *r, size_t number, const char *p, size_t n)
{
	if (number > r->re->names.n) {
		return bad_group(r, p, n);
	}
	struct guild_str group = group_of(r->re, r->text, number);
	guild_buf_append(r->out, group.p, group.n);
	return 0;
}

/* \g<NAME> and \g<NUMBER>; *p is at the '<'. */
static int put_named(const struct replacing *r, const char **p)
{
	const char *name = *p + 1;
	const char *end = **p == '<' ? strchr(name, '>') : NULL;
	if (!end || end == name) {
		return guild_error_set(r->err, GUILD_EINVALID, "missing group name after '\\g'");
	}
	size_t n = (size_t)(end - name);
	int64_t number = -1;
	*p = end + 1;
	for (size_t i = 0; i < r->re->names.n; i++) {
		if (guild_str_eqz(guild_str_n(name, n), r->re->names.v[i])) {
			number = (int64_t)i + 1;
		}
	}
	if (number < 0 && (!guild_parse_i64(name, n, &number) || number < 0)) {
		return bad_group(r, name, n);
	}
	return put_group(r, (size_t)number, name, n);
}

/* One escape of a replacement; *p is after the backslash. */
static int put_escape(const struct replacing *r, const char **p)
{
	static const char plain[] = "abfnrtv\\";
	static const char meant[] = "\a\b\f\n\r\t\v\\";
	char c = **p;
	if (c == 'g') {
		++*p;
		return put_named(r, p);
	}
	if (c >= '1' && c <= '9') {
		size_t n = (*p)[1] >= '0' && (*p)[1] <= '9' ? 2 : 1;
		size_t number = (size_t)(c - '0');
		number = n == 2 ? number * 10 + (size_t)((*p)[1] - '0') : number;
		const char *at = *p;
		*p += n;
		return put_group(r, number, at, n);
	}
	const char *known = c ? strchr(plain, c) : NULL;
	if (!known && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '0' || !c)) {
		return guild_error_set(r->err, GUILD_EINVALID, "bad escape '\\%.1s'", *p);
	}
	if (known) {
		guild_buf_putc(r->out, meant[known - plain]);
	} else {
		guild_buf_putc(r->out, '\\');
		guild_buf_putc(r->out, c);
	}
	++*p;
	return 0;
}

int guild_regex_replace_first(const struct guild_regex *re, const char *replacement,
	struct guild_str text, struct guild_buf *out, struct guild_error *err)
{
	struct replacing r = {.re = re, .text = text, .out = out, .err = err};
	struct guild_str all = match(re, text, 0) ? group_of(re, text, 0) : (struct guild_str){0};
	if (!all.p) {
		guild_buf_append(out, text.p, text.n);
		return 0;
	}
	guild_buf_append(out, text.p, (size_t)(all.p - text.p));
	int rc = 0;
	for (const char *p = replacement; *p && rc == 0;) {
		if (*p != '\\') {
			guild_buf_putc(out, *p++);
		} else {
			p++;
			rc = put_escape(&r, &p);
		}
		if (rc == 0 && out->n > REPLACEMENT_MAX) {
			rc = guild_error_set(err, GUILD_ELIMIT, "the replaced text is too long");
		}
	}
	guild_buf_append(out, all.p + all.n, (size_t)((text.p + text.n) - (all.p + all.n)));
	return rc;
}
