/* Patterns of the output-scalars attribute: compiled once, applied to each line as scalars.md 1.2 says. */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* A pattern that needs more on one line gives that line up: capture must not stop for it. */
enum { MATCH_LIMIT = 200000, HEAP_LIMIT_KIB = 4096, DEPTH_LIMIT = 5000, JIT_STACK_MAX = 512 << 10 };

/* How the groups of a match become values. */
enum use { USE_NOTHING, USE_NAMED_PAIR, USE_NAMED, USE_ONE, USE_PAIR };

struct guild_pattern {
	char *key;
	char *text;
	char *source;
	struct guild_strs names;
	enum use use;
	size_t key_group, value_group;
	char required;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct guild_buf *subject; /* the line being matched */
};

static void replace_all(struct guild_buf *text, const char *token, const char *by)
{
	struct guild_buf out = {0};
	const char *p = guild_buf_cstr(text);
	const char *hit;
	while ((hit = strstr(p, token)) != NULL) {
		guild_buf_append(&out, p, (size_t)(hit - p));
		guild_buf_puts(&out, by);
		p = hit + strlen(token);
	}
	guild_buf_puts(&out, p);
	guild_buf_fini(text);
	*text = out;
}

void guild_pattern_substitute(const char *pattern, struct guild_buf *out)
{
	struct guild_buf text = {0};
	guild_buf_puts(&text, pattern);
	replace_all(&text, "\\key", "[^ \t]+");
	replace_all(&text, "\\value", "[0-9\\.e\\-]+");
	replace_all(&text, "\\step", "[0-9]+");
	guild_buf_append(out, text.p, text.n);
	guild_buf_fini(&text);
}

static size_t group_named(const struct guild_pattern *p, const char *name)
{
	for (size_t i = 0; i < p->names.n; i++) {
		if (strcmp(p->names.v[i], name) == 0) {
			return i + 1;
		}
	}
	return 0;
}

static void choose_use(struct guild_pattern *p)
{
	bool named = false;
	for (size_t i = 0; i < p->names.n; i++) {
		named |= p->names.v[i][0] != 0;
	}
	p->key_group = group_named(p, "_key");
	p->value_group = group_named(p, "_val");
	if (p->key_group && p->value_group) {
		p->use = USE_NAMED_PAIR;
	} else if (named) {
		p->use = USE_NAMED;
	} else if (p->names.n == 1) {
		p->use = USE_ONE;
	} else if (p->names.n == 2) {
		p->use = USE_PAIR;
	}
}

/* Only a character that cleaning a line never makes or changes the case of is worth anything to a filter of raw lines. */
static char required_char(const pcre2_code *code, const char *source)
{
	uint32_t type = 0;
	uint32_t unit = 0;
	if (strstr(source, "(?") != NULL && strstr(source, "i") != NULL) {
		return 0; /* perhaps caseless */
	}
	pcre2_pattern_info(code, PCRE2_INFO_LASTCODETYPE, &type);
	pcre2_pattern_info(code, PCRE2_INFO_LASTCODEUNIT, &unit);
	if (type != 1) {
		pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODETYPE, &type);
		pcre2_pattern_info(code, PCRE2_INFO_FIRSTCODEUNIT, &unit);
	}
	return type == 1 && unit > ' ' && unit < 0x7f ? (char)unit : 0;
}

static int compile(struct guild_pattern *p, struct guild_error *err)
{
	struct guild_buf text = {0};
	int rc = guild_pattern_translate(guild_str(p->source), &text, &p->names, err);
	if (rc != 0) {
		guild_buf_fini(&text);
		return guild_error_wrap(err, "output-scalars pattern '%s'", p->text);
	}
	int code;
	PCRE2_SIZE at;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	p->code = pcre2_compile((PCRE2_SPTR)guild_buf_cstr(&text), text.n,
		PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
	pcre2_compile_context_free(context);
	guild_buf_fini(&text);
	if (p->code == NULL) {
		PCRE2_UCHAR message[200];
		pcre2_get_error_message(code, message, sizeof(message));
		return guild_error_set(err, GUILD_EINVALID, "output-scalars pattern '%s': %s",
			p->text, (char *)message);
	}
	p->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(p->context, MATCH_LIMIT);
	pcre2_set_heap_limit(p->context, HEAP_LIMIT_KIB);
	pcre2_set_depth_limit(p->context, DEPTH_LIMIT);
	/* Where code cannot be made executable the interpreter does. */
	if (pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0) {
		p->stack = pcre2_jit_stack_create(32 << 10, JIT_STACK_MAX, NULL);
		pcre2_jit_stack_assign(p->context, NULL, p->stack);
	}
	p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->subject = guild_alloc(sizeof(*p->subject));
	return 0;
}

int guild_pattern_new(const char *key, const char *text, struct guild_pattern **out,
	struct guild_error *err)
{
	struct guild_pattern *p = guild_alloc(sizeof(*p));
	struct guild_buf source = {0};
	guild_pattern_substitute(text, &source);
	p->key = guild_strdup(key);
	p->text = guild_strdup(text);
	p->source = guild_buf_take(&source);
	int rc = compile(p, err);
	if (rc != 0) {
		guild_pattern_free(p);
		return rc;
	}
	choose_use(p);
	p->required = required_char(p->code, p->source);
	*out = p;
	return 0;
}

void guild_pattern_free(struct guild_pattern *p)
{
	if (p == NULL) {
		return;
	}
	if (p->subject) {
		guild_buf_fini(p->subject);
		free(p->subject);
	}
	pcre2_match_data_free(p->match);
	pcre2_match_context_free(p->context);
	pcre2_jit_stack_free(p->stack);
	pcre2_code_free(p->code);
	guild_strs_fini(&p->names);
	free(p->key);
	free(p->text);
	free(p->source);
	free(p);
}

const char *guild_pattern_text(const struct guild_pattern *p)
{
	return p->text;
}

const char *guild_pattern_source(const struct guild_pattern *p)
{
	return p->source;
}

char guild_pattern_required(const struct guild_pattern *p)
{
	return p->required;
}

const char *guild_pattern_complaint(const struct guild_pattern *p)
{
	if (p->use == USE_NOTHING) {
		return "needs one or two groups, or named ones";
	}
	if (p->use == USE_ONE && p->key == NULL) {
		return "has one group and no name for it, its values are recorded as 'value'";
	}
	return NULL;
}

/* False when the group took no part in the match. */
static bool group_text(const struct guild_pattern *p, struct guild_str line, size_t group,
	struct guild_str *out)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(p->match);
	if (v[2 * group] == PCRE2_UNSET || v[2 * group] > v[2 * group + 1]) {
		return false;
	}
	*out = (struct guild_str){line.p + v[2 * group], v[2 * group + 1] - v[2 * group]};
	return true;
}

static void put_group(const struct guild_pattern *p, struct guild_str line, struct guild_str key,
	size_t group, struct found *found)
{
	struct guild_str text;
	double value;
	if (group_text(p, line, group, &text) && guild_python_float(text, &value)) {
		guild_found_put(found, key, value, p->text);
	}
}

static void put_match(const struct guild_pattern *p, struct guild_str line, struct found *found)
{
	struct guild_str key;
	switch (p->use) {
	case USE_NAMED_PAIR:
		if (group_text(p, line, p->key_group, &key)) {
			put_group(p, line, key, p->value_group, found);
		}
		break;
	case USE_NAMED:
		for (size_t i = 0; i < p->names.n; i++) {
			if (p->names.v[i][0] != 0) {
				put_group(p, line, guild_str(p->names.v[i]), i + 1, found);
			}
		}
		break;
	case USE_ONE:
		put_group(p, line, guild_str(p->key ? p->key : "value"), 1, found);
		break;
	case USE_PAIR:
		if (group_text(p, line, 1, &key)) {
			put_group(p, line, key, 2, found);
		}
		break;
	case USE_NOTHING:
		break;
	}
}

static void put_tuple(const struct guild_pattern *p, struct guild_str line, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	guild_buf_puts(out, out->n > 0 ? ", (" : "(");
	for (size_t i = 0; i < p->names.n; i++) {
		struct guild_str text;
		struct guild_value *v = group_text(p, line, i + 1, &text)
						? guild_value_string_n(a, text.p, text.n)
						: guild_value_null(a);
		guild_buf_puts(out, i > 0 ? ", " : "");
		guild_value_py_repr(out, v);
	}
	guild_buf_puts(out, p->names.n == 1 ? ",)" : ")");
	guild_arena_free(a);
}

/* Compiled patterns look at whole vectors, past the end of the line: what they see there must be something. */
static struct guild_str pad(const struct guild_pattern *p, struct guild_str line)
{
	static const char zeros[64] = {0};
	guild_buf_reset(p->subject);
	guild_buf_append(p->subject, line.p, line.n);
	guild_buf_append(p->subject, zeros, sizeof(zeros));
	return (struct guild_str){p->subject->p, line.n};
}

bool guild_pattern_find(const struct guild_pattern *p, struct guild_str line, struct found *found,
	struct guild_buf *tuples)
{
	PCRE2_SIZE at = 0;
	uint32_t options = PCRE2_NO_UTF_CHECK;
	line = pad(p, line);
	while (at <= line.n) {
		int rc = pcre2_match(p->code, (PCRE2_SPTR)line.p, line.n, at, options, p->match,
			p->context);
		if (rc < 0) {
			return rc == PCRE2_ERROR_NOMATCH;
		}
		if (tuples) {
			put_tuple(p, line, tuples);
		}
		put_match(p, line, found);
		/* As Python: an empty match may follow any match, but not an empty one at the same place. */
		const PCRE2_SIZE *v = pcre2_get_ovector_pointer(p->match);
		bool is_empty = v[0] >= v[1];
		options = PCRE2_NO_UTF_CHECK | (is_empty ? PCRE2_NOTEMPTY_ATSTART : 0);
		at = v[1];
	}
	return true;
}
