/* Columns of the table in the terminal: what is shown where. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui_columns.h"
#include "tui_testing.h"

static struct guild_tui_columns make(const char *const *headers, const size_t *widths, size_t n)
{
	struct guild_tui_columns c = {.gap = 2};

	c.v = guild_grow_array(c.v, &c.cap, n, sizeof(*c.v));
	for (size_t i = 0; i < n; i++) {
		c.v[c.n++] = (struct guild_tui_column){
			.header = guild_strdup(headers[i]), .source = i, .fixed = widths[i]};
	}
	return c;
}

static const char *const letters[] = {"a", "b", "c", "d", "e"};
static const size_t widths[] = {8, 10, 10, 30, 5};

static void check_layout(const struct guild_tui_columns *c, size_t width, size_t col, size_t *left,
	const char *wanted)
{
	struct guild_buf found = {0};
	size_t n;
	struct guild_tui_slot *slots = guild_tui_columns_layout(c, width, col, left, true, &n);

	for (size_t i = 0; i < n; i++) {
		guild_buf_printf(&found, "%s%s@%zu+%zu", i > 0 ? " " : "",
			c->v[slots[i].col].header, slots[i].x, slots[i].width);
	}
	assert_string_equal(guild_buf_cstr(&found), wanted);
	guild_buf_fini(&found);
	free(slots);
}

static void test_layout(void **state)
{
	struct guild_tui_columns c = make(letters, widths, 5);
	size_t left = 0;

	check_layout(&c, 80, 0, &left, "a@0+8 b@10+10 c@22+10 d@34+30 e@66+5");
	check_layout(&c, 40, 0, &left, "a@0+8 b@10+10 c@22+10 d@34+6");
	/* To the right and back: no further than needed. */
	check_layout(&c, 40, 4, &left, "d@0+30 e@32+5");
	check_layout(&c, 40, 3, &left, "d@0+30 e@32+5");
	check_layout(&c, 40, 2, &left, "c@0+10 d@12+28");
	c.frozen = 1;
	left = 0;
	check_layout(&c, 40, 0, &left, "a@0+8 b@10+10 c@22+10 d@34+6");
	check_layout(&c, 40, 3, &left, "a@0+8 d@10+30");
	check_layout(&c, 40, 0, &left, "a@0+8 d@10+30");
	check_layout(&c, 40, 1, &left, "a@0+8 b@10+10 c@22+10 d@34+6");
	/* Frozen columns never fill the screen. */
	check_layout(&c, 15, 3, &left, "d@0+15");
	c.frozen = 2;
	c.v[1].is_hidden = true;
	left = 0;
	check_layout(&c, 60, 3, &left, "a@0+8 c@10+10 d@22+30 e@54+5");
	check_layout(&c, 3, 3, &left, "d@0+3");
	check_layout(&c, 1, 0, &left, "a@0+1");
	guild_tui_columns_fini(&c);
}

static void test_step(void **state)
{
	struct guild_tui_columns c = make(letters, widths, 5);

	c.v[0].is_hidden = c.v[2].is_hidden = true;
	assert_int_equal(guild_tui_columns_step(&c, 1, 1), 3);
	assert_int_equal(guild_tui_columns_step(&c, 3, -1), 1);
	assert_int_equal(guild_tui_columns_step(&c, 3, -5), 1);
	assert_int_equal(guild_tui_columns_step(&c, 1, 100), 4);
	assert_int_equal(guild_tui_columns_n_shown(&c), 3);
	guild_tui_columns_fini(&c);
}

static void test_update_keeps_what_the_user_set(void **state)
{
	struct guild_tui_rows *rows = guild_tui_testing_rows();
	struct guild_tui_columns c = {.gap = 2};

	guild_tui_columns_update(&c, rows);
	guild_tui_columns_sample(&c, rows, true);
	assert_int_equal(c.n, 4);
	assert_int_equal(guild_tui_column_width(&c, 1, true), 7);
	c.v[1].fixed = 3;
	c.v[2].is_hidden = true;
	assert_int_equal(guild_tui_columns_toggle_spark(&c, 2, "loss"), 3);
	assert_string_equal(c.v[3].spark, "loss");
	assert_int_equal(guild_tui_column_width(&c, 3, true), GUILD_TUI_SPARK_WIDTH);
	/* Other rows: "name" is gone, "acc" is new between "loss" and "time". */
	rows->table.headers[1] = "acc";
	guild_tui_columns_update(&c, rows);
	assert_int_equal(c.n, 5);
	assert_int_equal(guild_tui_columns_find(&c, "name"), SIZE_MAX);
	assert_int_equal(c.v[guild_tui_columns_find(&c, "acc")].source, 1);
	assert_true(c.v[guild_tui_columns_find(&c, "loss")].is_hidden);
	assert_int_equal(guild_tui_columns_toggle_spark(&c, 0, "loss"), SIZE_MAX);
	assert_int_equal(c.n, 4);
	guild_tui_columns_fini(&c);
	guild_tui_rows_unref(rows);
}

static void test_widths(void **state)
{
	static const char *const headers[] = {"a header that is long", "b"};
	static const size_t none[] = {0, 0};
	struct guild_tui_columns c = make(headers, none, 2);

	assert_int_equal(guild_tui_column_width(&c, 0, true), GUILD_TUI_HEADER_MAX);
	assert_int_equal(guild_tui_column_width(&c, 1, true), 1);
	guild_tui_columns_see(&c.v[1], 50);
	guild_tui_columns_see(&c.v[1], 10);
	assert_int_equal(guild_tui_column_width(&c, 1, true), GUILD_TUI_CELL_MAX);
	c.v[1].is_full = true;
	assert_int_equal(guild_tui_column_width(&c, 1, true), 50);
	c.is_full = true;
	assert_int_equal(guild_tui_column_width(&c, 0, true), 21);
	guild_tui_columns_fini(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_update_keeps_what_the_user_set),
		cmocka_unit_test(test_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
