/* Rules as people write them, and the plain form they are kept in; what the output says beyond numbers. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alerts.h"

static const struct {
	const char *written; /* YAML */
	const char *plain;   /* flow YAML; or what the error says */
} rules[] = {
	{"null", "[]"},
	{"loss is nan", "[{when: loss is nan}]"},
	{"'loss is nan: stop'", "[{when: loss is nan, stop: true}]"},
	{"loss is nan: stop", "[{when: loss is nan, stop: true}]"},
	{"['x > 1: mark, tag a, tag b c, log', 'x < 0']",
		"[{when: x > 1, mark: true, tag: [a, b c], log: true}, {when: x < 0}]"},
	{"'x > 1: tag a, run python notify.py --to a,b'",
		"[{when: x > 1, tag: [a], run: 'python notify.py --to a,b'}]"},
	{"'time > ''2:00:00'': again after 10 min, post https://h/x'",
		"[{when: 'time > ''2:00:00''', again-after: 10 min, post: 'https://h/x'}]"},
	{"{when: flag:lr = 1, stop: yes, tag: [a]}",
		"[{when: 'flag:lr = 1', stop: true, tag: [a]}]"},
	{"{when: no output for 1.5 hours}", "[{when: no output for 1.5 hours}]"},
	{"{when: no new 'val loss' for 90s}", "[{when: no new 'val loss' for 90s}]"},
	{"{when: gpu util < 5 % and time > 10 min for 10 min}",
		"[{when: gpu util < 5 % and time > 10 min for 10 min}]"},
	{"{when: disk free < 1 GB or gpu 1 memory > 95%}",
		"[{when: disk free < 1 GB or gpu 1 memory > 95%}]"},
	{"{when: x % 2 = 0 or x > 1e3}", "[{when: x % 2 = 0 or x > 1e3}]"},
	{"{when: 5 % x = 0}", "[{when: 5 % x = 0}]"},
	{"3", "an alert must be text or a mapping, not int"},
	{"{whne: x}", "unknown attribute 'whne' of an alert (did you mean 'when'?)"},
	{"''", "an alert needs a condition"},
	{"'x > 1 for ever'", "expected how long after 'for', such as '10 min', not 'ever'"},
	{"'no scalar'", "say how long: 'no scalar for 10 min'"},
	{"'x > 1: run'", "an alert cannot 'run'"},
	{"{when: x, run: []}", "'run' must be text or a list of texts"},
	{"{when: x, again-after: 0 s}", "'again-after' must be a duration such as '10 min'"},
	{"{when: x 5 % 3}", "filter expression"},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rules); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *v = NULL;
		struct guild_value *plain = NULL;
		struct guild_error err = {0};
		struct guild_buf b = {0};
		assert_int_equal(guild_yaml_parse(a, guild_str(rules[i].written), NULL, 0, &v,
					 NULL),
			0);
		if (guild_alerts_read(a, v, &plain, &err) == 0) {
			guild_yaml_dump_flow(&b, plain);
			/* What runs keep is read back as it is. */
			struct guild_value *again = NULL;
			assert_int_equal(guild_alerts_read(a, plain, &again, &err), 0);
			assert_true(guild_value_eq(again, plain));
			assert_int_equal(guild_yaml_parse(a, guild_str(rules[i].plain), NULL, 0, &v,
						 NULL),
				0);
			if (guild_value_eq(plain, v)) {
				guild_buf_reset(&b);
				guild_buf_puts(&b, rules[i].plain);
			}
		} else {
			guild_buf_printf(&b, "%s", err.text);
			b.n = strlen(rules[i].plain) < b.n ? strlen(rules[i].plain) : b.n;
			b.p[b.n] = '\0';
		}
		if (!guild_streq(guild_buf_cstr(&b), rules[i].plain)) {
			fail_msg("%s is read as %s, not %s", rules[i].written, guild_buf_cstr(&b),
				rules[i].plain);
		}
		guild_buf_fini(&b);
		guild_arena_free(a);
	}
}

static const struct {
	const char *text;
	const char *query; /* in the plainest form of the query language */
	int64_t for_s;
} conditions[] = {
	{"gpu util < 5 % for 10 min", "scalar:'gpu util' < 5", 600},
	{"gpu 1 memory > 95%", "scalar:'gpu1 memory' > 95", 0},
	{"gpu0 util < 1 % and cpu util > 90 %", "scalar:'gpu0 util' < 1 and scalar:'cpu util' > 90",
		0},
	{"disk free < 1.5 GB", "scalar:'disk free' < 1500000000.0", 0},
	{"disk free < 2 GiB or time > 2 h", "scalar:'disk free' < 2147483648.0 or time > 7200s", 0},
	{"memory > 90 %", "memory > 90", 0},
	{"a = '5 % for 3 min' for 2d", "a = '5 % for 3 min'", 172800},
	{"last(loss) > 1.5*min(loss)", "last(loss) > (1.5 * min(loss))", 0},
	{"sys/gpu0/temp > 85", "sys/gpu0/temp > 85", 0},
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(conditions); i++) {
		struct guild_arena *a = guild_arena_new();
		struct alert_condition c;
		struct guild_error err = {0};
		struct guild_buf b = {0};
		if (guild_alert_condition_read(a, conditions[i].text, &c, &err) != 0) {
			fail_msg("%s: %s", conditions[i].text, err.text);
		}
		guild_query_print(c.query, &b);
		assert_string_equal(guild_buf_cstr(&b), conditions[i].query);
		assert_int_equal(c.for_us, conditions[i].for_s * 1000000);
		guild_buf_fini(&b);
		guild_alert_condition_fini(&c);
		guild_arena_free(a);
	}
}

static void note(void *arg, const char *key, double value, int64_t step)
{
	const char *word = isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
	guild_buf_printf(arg, "%s=%s@%lld ", key, word, (long long)step);
}

static void test_nans(void **state)
{
	(void)state;
	static const struct {
		const char *output, *heard;
	} cases[] = {
		{"loss: nan\n", "loss=nan@-1 "},
		{"step: 12\nloss: 0.5 acc = -Inf\r", "acc=-inf@12 "},
		{"{'loss': nan, \"acc\": +inf}\nstep=3 val_loss=NaN - a/b.c: infinity\n",
			"loss=nan@-1 acc=inf@-1 val_loss=nan@3 a/b.c=inf@3 "},
		{"banana: nano\nthe nan is nan\n: nan\ninformation: info\nloss: nan", ""},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		/* In one piece, and byte by byte. */
		for (size_t piece = 1; piece < 100; piece += 98) {
			struct guild_buf b = {0};
			struct alert_nans *n = guild_alert_nans_new(note, &b);
			size_t size = strlen(cases[i].output);
			for (size_t at = 0; at < size; at += piece) {
				size_t left = size - at;
				guild_alert_nans_feed(n, false, cases[i].output + at,
					left < piece ? left : piece);
			}
			assert_string_equal(guild_buf_cstr(&b), cases[i].heard);
			guild_alert_nans_free(n);
			guild_buf_fini(&b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_nans),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
