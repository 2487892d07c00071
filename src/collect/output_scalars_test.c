/* Output scalars as a whole: configurations, steps, streams in pieces, the text of --test-output-scalars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collect_private.h"

/* "key=value@step " for each scalar. */
static void on_scalar(void *arg, const struct guild_output_scalar *s)
{
	char value[GUILD_F64_MAX];
	guild_f64_repr(s->value, value);
	guild_buf_printf(arg, "%s=%s@%lld ", s->key, value, (long long)s->step);
}

static void on_warning(void *arg, const char *level, const char *text)
{
	guild_buf_printf(arg, "%s: %s\n", level, text);
}

static struct guild_value *yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v;
	assert_int_equal(guild_yaml_parse(a, guild_str(text), NULL, 0, &v, NULL), 0);
	return v;
}

/* Feeds the text in pieces of `piece` bytes (0: line by line) and compares what is found. */
static void check_pieces(const char *config, bool allow_auto, const char *flags, const char *text,
	const char *expected, size_t piece)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_output_scalars *p;
	struct guild_buf seen = {0};
	struct guild_buf warnings = {0};
	struct guild_log log = {on_warning, &warnings};
	assert_int_equal(guild_output_scalars_new(yaml(a, config), allow_auto, yaml(a, flags), &p,
				 &log, NULL),
		0);
	struct guild_strs lines = {0};
	if (piece == 0) {
		guild_strs_split(&lines, text, '\n');
		for (size_t i = 0; i < lines.n; i++) {
			guild_output_scalars_line(p, guild_str(lines.v[i]), on_scalar, &seen);
		}
	}
	for (size_t i = 0, n = strlen(text); piece > 0 && i < n; i += piece) {
		struct guild_str bytes = {text + i, n - i < piece ? n - i : piece};
		guild_output_scalars_feed(p, 1, bytes, on_scalar, &seen);
	}
	guild_output_scalars_end(p, on_scalar, &seen);
	assert_string_equal(guild_buf_cstr(&seen), expected);
	assert_string_equal(guild_buf_cstr(&warnings), "");
	guild_strs_fini(&lines);
	guild_buf_fini(&seen);
	guild_buf_fini(&warnings);
	guild_output_scalars_free(p);
	guild_arena_free(a);
}

static void check(const char *config, const char *flags, const char *text, const char *expected)
{
	static const size_t pieces[] = {0, 1, 7, 100000};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(pieces); i++) {
		check_pieces(config, false, flags, text, expected, pieces[i]);
	}
}

static void test_defaults(void **state)
{
	check("null", "{}", "loss: 0.5\nacc: 1", "loss=0.5@-1 acc=1.0@-1 ");
	check("null", "{}", "loss: 0.5 (step 3)\nacc: 1\nx: 2 (7)\n",
		"loss=0.5@3 acc=1.0@3 x=2.0@7 ");
	check("null", "{}", "step: 10\nloss: 0.5", "loss=0.5@10 ");
	check("null", "{lr: 0.1}", "lr: 0.1\nloss: 1", "loss=1.0@-1 ");
	check("null", "{}", "\x1b[32mloss: 1\x1b[0m\r\nold: 2\rnew: 3\n",
		"loss=1.0@-1 new=3.0@-1 ");
	check("null", "{}", "loss: 1\xff\n \n\nl: 2   \n", "loss=1.0@-1 l=2.0@-1 ");
	check("true", "{}", "loss: 1", "loss=1.0@-1 ");
}

static void test_configurations(void **state)
{
	check("false", "{}", "loss: 1", "");
	check("[]", "{}", "loss: 1", "");
	check("{l: 'loss=(\\value)', a: 'acc=(\\value)'}", "{l: 1}", "loss=1 acc=2 loss=3",
		"a=2.0@-1 l=3.0@-1 ");
	check("[{step: '^(\\step) '}, '(\\key)=(\\value)']", "{}", "5 b=1 a=2\nb=3\n6 b=4",
		"a=2.0@5 b=1.0@5 b=3.0@5 b=4.0@6 ");
	/* The step of a line holds for all its values, whatever found it. */
	check("['(\\key)=(\\value)', {step: '#(\\step)'}]", "{}", "a=1 #3", "a=1.0@3 ");
	/* A later pattern overrides an earlier one. */
	check("[{a: 'x(\\value)'}, {a: 'y(\\value)'}]", "{}", "y1 x2", "a=1.0@-1 ");
}

static void test_warnings(void **state)
{
	static const struct {
		const char *config, *warning;
	} cases[] = {
		{"[{a: '('}]",
			"warning: output-scalars pattern '(': missing ), unterminated subpattern at position 0\n"},
		{"[1]", "warning: output-scalars item 1 is neither a pattern nor a mapping\n"},
		{"{a: 1}", "warning: output-scalars 'a' is no pattern\n"},
		{"'\\value'",
			"warning: output-scalars pattern '\\value' needs one or two groups, or named ones\n"},
		{"'(\\value)'",
			"warning: output-scalars pattern '(\\value)' has one group and no name for it, its "
			"values are recorded as 'value'\n"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_buf warnings = {0};
		struct guild_log log = {on_warning, &warnings};
		struct guild_output_scalars *p;
		guild_output_scalars_new(yaml(a, cases[i].config), true, NULL, &p, &log, NULL);
		assert_string_equal(guild_buf_cstr(&warnings), cases[i].warning);
		guild_output_scalars_free(p);
		guild_buf_fini(&warnings);
		guild_arena_free(a);
	}
}

static void test_report(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_output_scalars *p;
	struct guild_buf seen = {0};
	guild_output_scalars_new(yaml(a, "['(\\key)=(\\value)']"), false, NULL, &p, NULL, NULL);
	assert_null(guild_output_scalars_report(p, a));
	guild_output_scalars_line(p, guild_str("b=1 a=2"), on_scalar, &seen);
	guild_output_scalars_line(p, guild_str("b=3"), on_scalar, &seen);
	struct guild_buf text = {0};
	guild_json_dump(&text, guild_output_scalars_report(p, a), GUILD_JSON_COMPACT);
	assert_string_equal(text.p,
		"{\"(\\\\key)=(\\\\value)\": {\"count\": 3, \"keys\": [\"a\", \"b\"]}}");
	guild_buf_fini(&text);
	guild_buf_fini(&seen);
	guild_output_scalars_free(p);
	guild_arena_free(a);
}

/* What cannot match is told before a line is looked at; what matches never is. */
static void test_may_match(void **state)
{
	struct guild_output_scalars *p;
	guild_output_scalars_new(NULL, false, NULL, &p, NULL, NULL);
	static const char *const never[] = {
		"", "plain text", "12:30:45 did a thing", "loss 0.5", "key: value"};
	static const char *const perhaps[] = {
		"loss: 0.5", "loss: 1 (3)", "\x1b[1mloss: 0.5", "x: -"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(never); i++) {
		assert_false(guild_output_scalars_may_match(p, never[i], strlen(never[i])));
	}
	for (size_t i = 0; i < 3; i++) {
		assert_true(guild_output_scalars_may_match(p, perhaps[i], strlen(perhaps[i])));
	}
	guild_output_scalars_free(p);
}

/* A line without end is read up to its limit and costs no more memory than that. */
static void test_long_lines(void **state)
{
	struct guild_output_scalars *p;
	struct guild_buf seen = {0};
	guild_output_scalars_new(NULL, false, NULL, &p, NULL, NULL);
	char *block = malloc(100000);
	memset(block, 'x', 100000);
	for (int i = 0; i < 20; i++) {
		guild_output_scalars_feed(p, 0, guild_str_n(block, 100000), on_scalar, &seen);
	}
	guild_output_scalars_feed(p, 0, guild_str(": 1\nloss: 2\n"), on_scalar, &seen);
	assert_string_equal(guild_buf_cstr(&seen), "loss=2.0@-1 ");
	/* The two streams do not mix. */
	guild_output_scalars_feed(p, 0, guild_str("a: "), on_scalar, &seen);
	guild_output_scalars_feed(p, 1, guild_str("b: 2\n"), on_scalar, &seen);
	guild_output_scalars_feed(p, 0, guild_str("1"), on_scalar, &seen);
	guild_output_scalars_end(p, on_scalar, &seen);
	assert_string_equal(guild_buf_cstr(&seen), "loss=2.0@-1 b=2.0@-1 a=1.0@-1 ");
	free(block);
	guild_buf_fini(&seen);
	guild_output_scalars_free(p);
}

/* As Guild AI 0.9.0 prints it. */
static void test_try(void **state)
{
	static const struct {
		const char *config, *text, *out;
	} cases[] = {
		{"null", "loss: 0.5 (step 3)\nacc",
			"loss: 0.5 (step 3)\n"
			"  '[^ \\t]+: +[0-9\\\\.e\\\\-]+\\\\s+\\\\((?:step\\\\s+)?(?P<step>[0-9]+)\\\\)$': [('3',)] (step=3.0)\n"
			"  '^([^ \\t]+):\\\\s+([0-9\\\\.e\\\\-]+)(?:\\\\s+\\\\(.*\\\\))?$': [('loss', '0.5')] (loss=0.5)\n"
			"acc\n"
			"  '[^ \\t]+: +[0-9\\\\.e\\\\-]+\\\\s+\\\\((?:step\\\\s+)?(?P<step>[0-9]+)\\\\)$': <no matches>\n"
			"  '^([^ \\t]+):\\\\s+([0-9\\\\.e\\\\-]+)(?:\\\\s+\\\\(.*\\\\))?$': <no matches>\n"},
		{"['(?P<w>\\value) (?P<u>\\value)', 'a=(\\value)(z)?']", "1 2 3 4\na=3 a=4\n",
			"1 2 3 4\n"
			"  '(?P<w>[0-9\\\\.e\\\\-]+) (?P<u>[0-9\\\\.e\\\\-]+)': [('1', '2'), ('3', '4')] (u=4.0, w=3.0)\n"
			"  'a=([0-9\\\\.e\\\\-]+)(z)?': <no matches>\n"
			"a=3 a=4\n"
			"  '(?P<w>[0-9\\\\.e\\\\-]+) (?P<u>[0-9\\\\.e\\\\-]+)': <no matches>\n"
			"  'a=([0-9\\\\.e\\\\-]+)(z)?': [('3', None), ('4', None)] ()\n"},
		{"{b: 'b=(\\value)'}", "b=1.2.3\xff",
			"b=1.2.3\n"
			"  'b=([0-9\\\\.e\\\\-]+)': [('1.2.3',)] ()\n"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_buf out = {0};
		assert_int_equal(guild_output_scalars_test(yaml(a, cases[i].config),
					 guild_str(cases[i].text), &out, NULL),
			0);
		assert_string_equal(out.p, cases[i].out);
		guild_buf_fini(&out);
		guild_arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_configurations),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_may_match),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_try),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
