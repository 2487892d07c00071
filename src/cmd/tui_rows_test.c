/* Rows of the table in the terminal: order, search, numbers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tui_testing.h"

static void check_order(const struct guild_tui_sort *sort, const bool *passes, const char *wanted)
{
	struct guild_tui_rows *rows = guild_tui_testing_rows();
	struct guild_tui_view *view = guild_tui_view_new(rows, sort, NULL, passes);
	struct guild_buf found = {0};

	guild_tui_rows_unref(rows);
	for (size_t i = 0; i < view->n; i++) {
		guild_buf_printf(&found, "%u", (unsigned)view->order[i]);
	}
	assert_string_equal(guild_buf_cstr(&found), wanted);
	guild_buf_fini(&found);
	guild_tui_view_unref(view);
}

static void test_order(void **state)
{
	static const struct {
		struct guild_tui_sort sort;
		const char *wanted;
	} cases[] = {
		{{0}, "01234"},
		{{.descending = true}, "43210"},
		{{GUILD_TUI_TEXT, false, "name"}, "40132"},
		{{GUILD_TUI_TEXT, true, "name"}, "31042"},
		{{GUILD_TUI_NUMBER, false, "loss"}, "31402"},
		{{GUILD_TUI_NUMBER, true, "loss"}, "41302"},
		{{GUILD_TUI_TEXT, false, "loss"}, "31402"},
		{{GUILD_TUI_NUMBER, false, "time"}, "13024"},
		{{GUILD_TUI_NUMBER, false, "gone"}, "01234"},
	};
	const bool passes[] = {true, false, true, true, false};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		check_order(&cases[i].sort, NULL, cases[i].wanted);
	}
	check_order(&(struct guild_tui_sort){GUILD_TUI_NUMBER, false, "loss"}, passes, "302");
	check_order(&(struct guild_tui_sort){0}, passes, "023");
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool is_number;
		double value;
	} cases[] = {
		{"1:02:03", true, 3723},
		{"0:00:00", true, 0},
		{"12", true, 12},
		{"1e3", true, 1000},
		{"1:2", false, 0},
		{"1:-2:3", false, 0},
		{"", false, 0},
		{"nan", false, 0},
		{"x", false, 0},
	};
	struct guild_arena *a = guild_arena_new();
	double number;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		const struct guild_value *v = guild_value_string(a, cases[i].text);
		bool is_number = guild_tui_number(v, &number);

		assert_int_equal(is_number, cases[i].is_number);
		if (is_number) {
			assert_true(number == cases[i].value);
		}
	}
	assert_true(guild_tui_number(guild_value_bool(a, true), &number));
	assert_true(number == 1);
	assert_false(guild_tui_number(NULL, &number));
	assert_false(guild_tui_number(guild_value_list(a), &number));
	guild_arena_free(a);
}

static void test_search(void **state)
{
	struct guild_tui_rows *rows = guild_tui_testing_rows();
	struct guild_tui_view *view =
		guild_tui_view_new(rows, &(struct guild_tui_sort){.descending = true}, NULL, NULL);
	const size_t cols[] = {0, 1, 2, 3};
	struct guild_tui_search search = {
		.needle = "BRAVO", .cols = cols, .n_cols = GUILD_ARRAY_LEN(cols), .step = 1};
	size_t at = 0;
	size_t col = 0;

	/* Rows stand as 4 3 2 1 0. */
	assert_true(guild_tui_view_search(view, &search, &at, &col));
	assert_int_equal(at, 3);
	assert_int_equal(col, 1);
	assert_true(guild_tui_view_search(view, &search, &at, &col));
	assert_int_equal(at, 3);
	search.needle = "a";
	search.step = -1;
	assert_true(guild_tui_view_search(view, &search, &at, &col));
	assert_int_equal(at, 1);
	assert_true(guild_tui_view_search(view, &search, &at, &col));
	assert_int_equal(at, 0);
	assert_true(guild_tui_view_search(view, &search, &at, &col));
	assert_int_equal(at, 4);
	search.needle = "nowhere";
	assert_false(guild_tui_view_search(view, &search, &at, &col));
	assert_int_equal(at, 4);
	search.needle = "";
	assert_false(guild_tui_view_search(view, &search, &at, &col));
	guild_tui_view_unref(view);
	guild_tui_rows_unref(rows);
}

static void test_find(void **state)
{
	struct guild_tui_rows *rows = guild_tui_testing_rows();
	const bool passes[] = {true, false, true, true, false};
	struct guild_tui_view *view =
		guild_tui_view_new(rows, &(struct guild_tui_sort){0}, "loss < 1", passes);

	assert_int_equal(guild_tui_rows_find(rows, "id3"), 3);
	assert_int_equal(guild_tui_rows_find(rows, "id9"), SIZE_MAX);
	assert_int_equal(guild_tui_view_find(view, 3), 2);
	assert_int_equal(guild_tui_view_find(view, 4), SIZE_MAX);
	assert_string_equal(view->filter, "loss < 1");
	guild_tui_view_unref(view);
	guild_tui_rows_unref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
