/* Patterns: what Python's re.finditer finds (expectations printed by Python 3.11), and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collect_private.h"

static void test_matches(void **state)
{
	static const struct {
		const char *pattern, *line, *tuples;
	} cases[] = {
		{"(a)|(b)", "ab", "('a', None), (None, 'b')"},
		{"(x*)", "axb", "('',), ('x',), ('',), ('',)"},
		{"(\\d+)", "1\u06612", "('1\u06612',)"},
		{"(?a)(\\d+)", "1\u06612", "('1',), ('2',)"},
		{"(?a:(\\w))(\\w)", "\u00e9a\u00e9", "('a', '\u00e9')"},
		{"(a\\sb)",
			"a\u00a0b a\x1c"
			"b a\u180e"
			"b",
			"('a\\xa0b',), ('a\\x1cb',)"},
		{"(a\\Sb)",
			"a\x1c"
			"b a.b",
			"('a.b',)"},
		{"([\\S]+)",
			"a\x1c"
			"b",
			"('a',), ('b',)"},
		{"(\\u00e9\\xe9)", "\u00e9\u00e9", "('\u00e9\u00e9',)"},
		{"(a{,2})b", "aaab", "('aa',)"},
		{"(a{1)", "a{1", "('a{1',)"},
		{"(a{,})b", "aaab", "('aaa',)"},
		{"(a++)(a)?", "aaa", "('aaa', None)"},
		{"(?>a+)(b)", "aab", "('b',)"},
		{"(c)\\Z", "c", "('c',)"},
		{"([[:alpha:]]+)", "a:x] p:]", "(':]',)"},
		{"([]a]+)([^]a])", "]a]b", "(']a]', 'b')"},
		{"([a\\-z]+)", "a-z", "('a-z',)"},
		{"(?P<q>['\"])(x)(?P=q)", "'x' \"x'", "(\"'\", 'x')"},
		{"(.)\\1", "abba", "('b',)"},
		{"(\\101\\x42\\0)", "ABC", ""},
		{"(<)?(a)(?(1)>|b)", "<a> ab a", "('<', 'a'), (None, 'a')"},
		{"(?x) ( a ) # note\n b", "ab", "('a',)"},
		{"(?i)(LOSS)", "Loss", "('Loss',)"},
		{"(?i:L)(o)", "lo LO", "('o',)"},
		{"(?s:(.))(?#comment)+", "a", "('a',)"},
		{"(?m)^(b)$", "b", "('b',)"},
		{"(?<=a)(b)(?!c)", "abc ab", "('b',)"},
		{"(\\bx)", "\u00e9x x", "('x',)"},
		{"(?a)(\\bx)", "\u00e9x x", "('x',), ('x',)"},
		{"(\\v|\\f)", "a\fb", "('\\x0c',)"},
		{"(\\/\\-\\#)", "/-#", "('/-#',)"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_pattern *p;
		struct guild_error err = {0};
		int rc = guild_pattern_new(NULL, cases[i].pattern, &p, &err);
		if (rc != 0) {
			fail_msg("%s: %s", cases[i].pattern, err.text);
		}
		struct found found = {0};
		struct guild_buf tuples = {0};
		assert_true(guild_pattern_find(p, guild_str(cases[i].line), &found, &tuples));
		assert_string_equal(guild_buf_cstr(&tuples), cases[i].tuples);
		guild_buf_fini(&tuples);
		guild_found_fini(&found);
		guild_pattern_free(p);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *pattern, *reason;
	} cases[] = {
		{"(", "missing ), unterminated subpattern at position 0"},
		{"a)", "unbalanced parenthesis at position 1"},
		{"*a", "nothing to repeat at position 0"},
		{"^*", "nothing to repeat at position 1"},
		{"\\b+", "nothing to repeat at position 2"},
		{"a**", "multiple repeat at position 2"},
		{"a{2}{3}", "multiple repeat at position 4"},
		{"a{3,2}", "min repeat greater than max repeat"},
		{"\\Q", "bad escape at position 0"},
		{"\\R", "bad escape"},
		{"\\h", "bad escape"},
		{"\\p{L}", "bad escape"},
		{"\\xg", "bad character escape"},
		{"\\ud800", "bad character escape"},
		{"\\U00110000", "bad character escape"},
		{"\\1(a)", "invalid group reference"},
		{"(a\\1)", "cannot refer to an open group"},
		{"(*UTF8)a", "nothing to repeat"},
		{"(?<n>a)", "at position 0"},
		{"(?P<1>a)", "bad character in group name"},
		{"(?P<a>.)(?P<a>.)", "redefinition of group name"},
		{"(?P=b)", "unknown group name"},
		{"(?P>a)", "unknown extension ?P"},
		{"(?R)", "at position 0"},
		{"(?1)", "at position 0"},
		{"a(?i)b", "global flags not at the start of the expression"},
		{"(?i", "at position 0"},
		{"(?iL)a", "at position 0"},
		{"[a", "unterminated character set"},
		{"[\\d-z]", "bad character range"},
		{"[z-a]", "bad character range"},
		{"\\", "bad escape (end of pattern)"},
		{"[\\8]", "bad escape"},
		{"\\400", "octal escape value"},
		{"(?#a", "unterminated comment"},
		{"(?(2)a)", "unknown group in a condition"},
		{"(?<=a+)b", "lookbehind"},
		{"\xff", "not UTF-8"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_pattern *p = NULL;
		struct guild_error err = {0};
		if (guild_pattern_new("k", cases[i].pattern, &p, &err) != GUILD_EINVALID) {
			fail_msg("%s: accepted", cases[i].pattern);
		}
		if (strstr(err.text, cases[i].reason) == NULL) {
			fail_msg("%s: %s", cases[i].pattern, err.text);
		}
		assert_null(p);
	}
}

static void check_values(const char *key, const char *pattern, const char *line, const char *values,
	int64_t step)
{
	struct guild_pattern *p;
	assert_int_equal(guild_pattern_new(key, pattern, &p, NULL), 0);
	struct found found = {0};
	guild_found_reset(&found);
	assert_true(guild_pattern_find(p, guild_str(line), &found, NULL));
	guild_found_sort(&found);
	struct guild_buf text = {0};
	for (size_t i = 0; i < found.n; i++) {
		char value[GUILD_F64_MAX];
		guild_f64_repr(found.v[i].value, value);
		guild_buf_printf(&text, "%s=%s;", guild_found_key(&found, i), value);
	}
	assert_string_equal(guild_buf_cstr(&text), values);
	assert_int_equal(found.step, step);
	guild_buf_fini(&text);
	guild_found_fini(&found);
	guild_pattern_free(p);
}

/* How groups become values (scalars.md 1.2). */
static void test_values(void **state)
{
	check_values("b", "b=(\\value)", "b=1 b=2", "b=2.0;", -1);
	check_values(NULL, "(\\key)=(\\value)", "z=1 a=2e-1", "a=0.2;z=1.0;", -1);
	check_values(NULL, "(?P<_val>\\value) (?P<_key>\\key)", "3 foo", "foo=3.0;", -1);
	check_values(NULL, "x(?P<u>\\value) (?P<w>\\value)", "x1 2", "u=1.0;w=2.0;", -1);
	check_values("n", "x(?P<u>\\value) (\\value)", "x1 2", "u=1.0;", -1);
	check_values(NULL, "(?P<step>\\step):(?P<l>\\value)", "7:1 8:2", "l=2.0;", 8);
	check_values("b", "b=(\\value)", "b=1.2.3 b=- b=e", "", -1);
	check_values("b", "b=(.*)", "b= 1_000.5 ", "b=1000.5;", -1);
	check_values("b", "b=(.*)", "b=nan", "b=nan;", -1);
	check_values("b", "b=(.*)", "b=-Infinity", "b=-inf;", -1);
	check_values("b", "b=(.*)", "b=1__0", "", -1);
	check_values("b", "b=(.*)", "b=0x10", "", -1);
	check_values("b", "b=\\value", "b=1", "", -1);
	check_values("b", "(b)=(\\value)()", "b=1", "", -1);
	check_values(NULL, "b=(\\value)", "b=1", "value=1.0;", -1);
	check_values("step", "s(\\value)", "s3.9", "", 3);
	check_values(NULL, "(?P<a>x)?(?P<b>\\value)", "1", "b=1.0;", -1);
}

/* A pattern that would run for years gives the line up. */
static void test_limits(void **state)
{
	struct guild_pattern *p;
	assert_int_equal(guild_pattern_new("b", "(x+x+)+\\d", &p, NULL), 0);
	char line[400];
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = 0;
	struct found found = {0};
	assert_false(guild_pattern_find(p, guild_str(line), &found, NULL));
	guild_pattern_free(p);
	guild_found_fini(&found);
	char *deep = malloc(1001);
	memset(deep, '(', 500);
	memset(deep + 500, ')', 500);
	deep[1000] = 0;
	struct guild_error err;
	assert_int_equal(guild_pattern_new("b", deep, &p, &err), GUILD_EINVALID);
	free(deep);
}

static void test_required(void **state)
{
	static const struct {
		const char *pattern;
		char required;
	} cases[] = {{"loss=(\\value)", '='}, {"(?i)loss=(\\value)", 0}, {"(\\key) (\\value)", 0},
		{"a(\\d)|b(\\d)", 0}, {"loss(\\d+)", 's'}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_pattern *p;
		assert_int_equal(guild_pattern_new("b", cases[i].pattern, &p, NULL), 0);
		assert_int_equal(guild_pattern_required(p), cases[i].required);
		guild_pattern_free(p);
	}
}

static void put_all(struct guild_buf *out, struct found *found)
{
	guild_found_sort(found);
	guild_buf_printf(out, "%lld:", (long long)found->step);
	for (size_t i = 0; i < found->n; i++) {
		guild_buf_printf(out, "%s=%a;", guild_found_key(found, i), found->v[i].value);
	}
	guild_found_fini(found);
}

static void check_default(struct guild_pattern *const *patterns, struct guild_str line)
{
	struct found by_hand = {.step = -1};
	struct found by_pattern = {.step = -1};
	guild_default_find(line, &by_hand);
	guild_pattern_find(patterns[0], line, &by_pattern, NULL);
	guild_pattern_find(patterns[1], line, &by_pattern, NULL);
	bool found_any = by_pattern.n > 0 || by_pattern.step >= 0;
	bool may = guild_default_may_match(line.p, line.n, guild_line_scan(line.p, line.n));
	struct guild_buf a = {0};
	struct guild_buf b = {0};
	put_all(&a, &by_hand);
	put_all(&b, &by_pattern);
	if (strcmp(a.p, b.p) != 0 || (found_any && !may)) {
		fail_msg("'%.*s': by hand %s, by pattern %s, may %d", GUILD_STR_FMT(line), a.p, b.p,
			may);
	}
	guild_buf_fini(&a);
	guild_buf_fini(&b);
}

/* The default patterns by hand find what the patterns find, on lines made of the pieces they are about. */
static void test_default_patterns(void **state)
{
	static const char *const pieces[] = {"loss", "a:b", ":", " ", "  ", "\t", "0.1", "-",
		"1e-3", ".", "(", ")", "step", "step ", "(step 3)", "(30)", "30", ": ", ": 5",
		" (x)", "\x0b", "\u00a0", "\u00e9", "e", "\x1c", "note"};
	static const char *const lines[] = {"loss: 0.12 (step 30)", "loss: 0.12 (30)", "loss:0.2",
		"  y: 5", "val loss: 3", "k: 0.1 extra", "l: 1e+5", "x: nan", "k: 0.1 (n) x",
		"a:b: 3", ": 3", "k: 3 ()", "k: 3 )", "k: 3 (", "k: 3 (step3)",
		"k: 3 (step\u00a03)", "k:\u00a03",
		"k\x0b"
		"x:\x0b"
		"3: 4",
		"k:  1.2.3", "val loss: 3  (step 7)", "k: 3\t(7)", "k:\t3 (7)", "k: 3(7)", "k: (7)",
		"k: 3 (99999999999999999999)"};
	struct guild_pattern *patterns[2];
	assert_int_equal(guild_pattern_new(NULL, guild_default_step_pattern, &patterns[0], NULL),
		0);
	assert_int_equal(guild_pattern_new(NULL, guild_default_value_pattern, &patterns[1], NULL),
		0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(lines); i++) {
		check_default(patterns, guild_str(lines[i]));
	}
	uint32_t seed = 7;
	for (int i = 0; i < 50000; i++) {
		struct guild_buf line = {0};
		seed = seed * 1664525 + 1013904223;
		for (uint32_t n = seed >> 29; n > 0; n--) {
			seed = seed * 1664525 + 1013904223;
			guild_buf_puts(&line, pieces[(seed >> 16) % GUILD_ARRAY_LEN(pieces)]);
		}
		const char *p = guild_buf_cstr(&line);
		check_default(patterns, (struct guild_str){p, guild_line_trimmed(p, line.n)});
		guild_buf_fini(&line);
	}
	guild_pattern_free(patterns[0]);
	guild_pattern_free(patterns[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_default_patterns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
