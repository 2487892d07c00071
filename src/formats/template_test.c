/* Templates end in bounded space, and what a turn of a loop made is gone after it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <guild/formats.h>

enum { SETS = 200 };

static int render(const char *text, struct guild_buf *out, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	int rc =
		guild_template_render(a, guild_str(text), "t", guild_value_dict(a), NULL, out, err);
	guild_arena_free(a);
	return rc;
}

/* `first`, then `again` many times. */
static void check_limit(const char *first, const char *again, const char *what)
{
	struct guild_buf text = {0};
	struct guild_buf out = {0};
	struct guild_error err = {0};
	guild_buf_puts(&text, first);
	for (size_t i = 0; i < SETS; i++) {
		guild_buf_puts(&text, again);
	}
	assert_int_equal(render(guild_buf_cstr(&text), &out, &err), GUILD_ELIMIT);
	if (!strstr(err.text, what)) {
		fail_msg("'%s' does not say '%s'", err.text, what);
	}
	guild_buf_fini(&out);
	guild_buf_fini(&text);
}

static void test_values_are_bounded(void **state)
{
	(void)state;
	check_limit("{% set a = 'x' %}", "{% set a = a ~ a %}", "t:1: a value becomes larger");
	check_limit("{% set a = ['x'] %}", "{% set a = [a, a] %}", "a value becomes larger");
	check_limit("{% set a = ['x'] %}", "{% set a = [a] %}", "lists deep");
	check_limit("{% set a = 'x' %}", "{% set a = {'k': a, 'l': a} %}",
		"a value becomes larger");
	check_limit("{% set a = 'xx' %}", "{% set a = a|replace('x', a) %}",
		"a value becomes larger");
	check_limit("{% set a = ['x', 'x'] %}", "{% set a = [a|join(a), a|join(a)] %}",
		"becomes larger");
}

/* 2 MiB in each of 200 turns: too much, unless each is gone before the next. */
static void test_turns_leave_nothing(void **state)
{
	struct guild_buf text = {0};
	struct guild_buf out = {0};
	struct guild_error err = {0};
	(void)state;
	guild_buf_puts(&text, "{% set b = 'x' %}");
	for (size_t i = 0; i < 20; i++) {
		guild_buf_puts(&text, "{% set b = b ~ b %}");
	}
	guild_buf_puts(&text, "{% for i in [");
	for (size_t i = 0; i < SETS; i++) {
		guild_buf_puts(&text, "0,");
	}
	guild_buf_puts(&text, "] %}{% set c = b ~ b %}{% if loop.last %}{{ c|length }}{% endif %}"
			      "{% endfor %} {{ c }}{{ b|length }}");
	assert_int_equal(render(guild_buf_cstr(&text), &out, &err), 0);
	assert_string_equal(guild_buf_cstr(&out), "2097152 1048576");
	guild_buf_fini(&out);
	guild_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_bounded),
		cmocka_unit_test(test_turns_leave_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
