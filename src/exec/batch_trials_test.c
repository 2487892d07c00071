/* Which trials a batch has. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exec_private.h"

static const struct {
	const char *flags;
	const char *user_flags;
	const char *rows; /* or NULL */
	int64_t max_trials;
	const char *trials;
} cases[] = {
	{"{a: [1, 2], b: [x, y], c: 0}", "{}", NULL, 0,
		"[{a: 1, b: x, c: 0}, {a: 1, b: y, c: 0}, {a: 2, b: x, c: 0}, {a: 2, b: y, c: 0}]"},
	{"{a: 1}", "{}", NULL, 0, "[{a: 1}]"},
	{"{a: []}", "{}", NULL, 0, "[]"},
	{"{a: 1, b: 2}", "{b: 2}", "[{a: 5, b: 6}, {a: [7, 8]}]", 0,
		"[{a: 5, b: 2}, {a: 7, b: 2}, {a: 8, b: 2}]"},
	{"{a: 1}", "{}", "[]", 0, "[]"},
	{"{a: [0, 1, 2, 3, 4, 5, 6, 7]}", "{}", NULL, 3, "[{a: 0}, {a: 1}, {a: 5}]"},
	{"{a: [0, 1]}", "{}", NULL, 2, "[{a: 0}, {a: 1}]"},
	{"{a: [0, 1]}", "{}", NULL, 5, "[{a: 0}, {a: 1}]"},
};

static const struct guild_value *yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_yaml_parse(a, guild_str(text), NULL, 0, &v, NULL), 0);
	return v;
}

static void makes_trials(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *trials = NULL;
		assert_int_equal(guild_batch_trials(a, yaml(a, cases[i].flags),
					 yaml(a, cases[i].user_flags),
					 cases[i].rows ? yaml(a, cases[i].rows) : NULL,
					 cases[i].max_trials, 42, &trials, NULL),
			0);
		assert_true(guild_value_eq(trials, yaml(a, cases[i].trials)));
		guild_arena_free(a);
	}
}

static void refuses_too_many(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *flags = guild_value_dict(a);
	struct guild_value *many = guild_value_list(a);
	struct guild_value *trials = NULL;
	for (int i = 0; i < 1001; i++) {
		guild_value_append(a, many, guild_value_int(a, i));
	}
	guild_value_set(a, flags, "a", many);
	guild_value_set(a, flags, "b", many);
	assert_int_equal(guild_batch_trials(a, flags, guild_value_dict(a), NULL, 0, 0, &trials,
				 NULL),
		GUILD_ELIMIT);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_trials), cmocka_unit_test(refuses_too_many)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
