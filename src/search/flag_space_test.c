/* Flags as a space, and the draws of random search. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flag_space.h"

static struct guild_value *yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_yaml_parse(a, guild_str(text), NULL, 0, &v, NULL), 0);
	return v;
}

static int make(struct guild_arena *a, const char *flags, const char *extra,
	struct guild_flag_space *out, struct guild_error *err)
{
	const struct guild_flag_space_request req = {.flags = yaml(a, flags),
		.extra = extra ? yaml(a, extra) : NULL,
		.cmd_flags = yaml(a, "{parts: {arg-split: true}}")};
	return guild_flag_space_make(a, &req, out, err);
}

static void refuses(void **state)
{
	static const char *const bad[][3] = {
		{"{x: 'uniform[3:1]'}", NULL, "empty"},
		{"{x: 'loguniform[0:1]'}", NULL, "above 0"},
		{"{x: 'logint[1.5:2]'}", NULL, "whole"},
		{"{x: 'uniform[1:2:3:4]'}", NULL, "LOW:HIGH"},
		{"{x: 'uniform[1:2:3]'}", NULL, "initial"},
		{"{x: 'loguniform[a:b]'}", NULL, "numbers"},
		{"{x: 'uniform[1:inf]'}", NULL, "finite"},
		{"{x: 'nope[1:2]'}", NULL, "unknown function 'nope'"},
		{"{x: []}", NULL, "no values"},
		{"{x: '[1:2]*[2:1]'}", NULL, "1 to 64"},
		{"{x: [1, 2], y: [1, 2]}", "{x: {when: {z: 1}}}", "no flag"},
		{"{x: [1, 2], y: [1, 2]}", "{x: {when: {y: 1}}, y: {when: x=1}}", "itself"},
		{"{x: [1, 2], y: [1, 2]}", "{x: {when: y}}", "'when'"},
		{"{x: [1, 2], y: '[1:2]*[1:2]'}", "{x: {when: {y: 1}}}", "a list"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_space fs;
		struct guild_error err = {0};
		assert_int_equal(make(a, bad[i][0], bad[i][1], &fs, &err), GUILD_EINVALID);
		assert_non_null(strstr(err.text, bad[i][2]));
		guild_arena_free(a);
	}
}

/* Every point is the flags of a trial, and they are that point again. */
static void points_are_flags(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_space fs;
	struct guild_mt19937 mt;
	double x[32];
	double y[32];
	assert_int_equal(
		make(a,
			"{a: [sgd, adam], m: 'uniform[0.1:0.9]', fixed: 7, one: [5], "
			"list: '[1:9]*[1:3]', parts: '[p,q]*[1:2]', never: [1, 2], b: 'logint[1:100]'}",
			"{m: {when: {a: sgd}}, never: {when: fixed=8}, b: {when: {m: [0.5]}}, "
			"list: {when: 'a=[sgd, x]'}}",
			&fs, NULL),
		0);
	assert_in_range(fs.space.n, 1, GUILD_ARRAY_LEN(x));
	guild_mt19937_seed(&mt, 1);
	for (int i = 0; i < 200; i++) {
		for (size_t k = 0; k < fs.space.n; k++) {
			x[k] = search_draw(&mt, &fs.space.v[k]);
		}
		search_mask(&fs.space, x);
		struct guild_value *flags = guild_flag_space_values(a, &fs, x);
		bool is_sgd = guild_streq(guild_value_text(guild_value_get(flags, "a")), "sgd");
		assert_int_equal(!guild_value_is_null(guild_value_get(flags, "m")), is_sgd);
		assert_int_equal(!guild_value_is_null(guild_value_get(flags, "list")), is_sgd);
		assert_true(guild_value_is_null(guild_value_get(flags, "never")));
		assert_int_equal(guild_value_get(flags, "parts")->type, GUILD_STRING);
		assert_true(guild_flag_space_point(a, &fs, flags, y));
		for (size_t k = 0; k < fs.space.n; k++) {
			assert_true(x[k] == y[k] || (isnan(x[k]) && isnan(y[k])));
		}
		guild_value_set(a, flags, "a", guild_value_string(a, "other"));
		assert_false(guild_flag_space_point(a, &fs, flags, y));
	}
	guild_arena_free(a);
}

/* batches.md 3.2, seed 1. */
static void draws_are_golden(void **state)
{
	static const struct {
		const char *flags;
		double drawn[3];
	} cases[] = {
		{"{x: '[0.01:0.5]'}", {0.498620557360046, 0.466953106075943, 0.0727809794853848}},
		{"{x: 'uniform[1:10]'}", {9, 10, 6}},
		{"{x: 'loguniform[0.001:10]'}", {9.74404416538, 5.37315846, 0.00325460128}},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_space fs;
		struct guild_value *trials = NULL;
		assert_int_equal(make(a, cases[i].flags, NULL, &fs, NULL), 0);
		assert_int_equal(guild_search_random_trials(a, &fs, 3, 1, &trials), 0);
		for (size_t k = 0; k < 3; k++) {
			double x = guild_value_as_f64(guild_value_get(trials->items[k], "x"));
			assert_true(fabs(x / cases[i].drawn[k] - 1) < 1e-5);
		}
		guild_arena_free(a);
	}
}

/* Each draw is as likely as it should be: chi squared, 9 degrees of freedom, p = 0.001. */
static void draws_are_even(void **state)
{
	static const char *const flags[] = {"{x: 'uniform[0:9]'}", "{x: 'uniform[0.0:10.0]'}",
		"{x: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}", "{x: 'loguniform[1:1024]'}"};
	enum { N = 20000, PARTS = 10 };
	for (size_t i = 0; i < GUILD_ARRAY_LEN(flags); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_space fs;
		struct guild_mt19937 mt;
		double seen[PARTS] = {0};
		double chi2 = 0;
		assert_int_equal(make(a, flags[i], NULL, &fs, NULL), 0);
		guild_mt19937_seed_32(&mt, 42);
		for (int k = 0; k < N; k++) {
			double x = search_draw(&mt, fs.space.v);
			x = fs.space.v->log ? log2(x) : x;
			seen[(size_t)fmin(x, PARTS - 1)]++;
		}
		for (int k = 0; k < PARTS; k++) {
			double expected = (double)N / PARTS;
			chi2 += (seen[k] - expected) * (seen[k] - expected) / expected;
		}
		assert_true(chi2 < 27.9);
		guild_arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(points_are_flags),
		cmocka_unit_test(draws_are_golden),
		cmocka_unit_test(draws_are_even),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
