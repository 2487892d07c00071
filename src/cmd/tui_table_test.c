/* The state of the table in the terminal: where the cursor goes, and what stays when rows change. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui_table.h"
#include "tui_testing.h"

static const struct guild_tui_sort given;
static const struct guild_tui_sort by_loss = {GUILD_TUI_NUMBER, false, "loss"};

static void show(struct guild_tui_table *t, struct guild_tui_rows *take_rows,
	const struct guild_tui_sort *sort, const bool *passes)
{
	guild_tui_table_take_view(t, guild_tui_view_new(take_rows, sort, NULL, passes));
	guild_tui_rows_unref(take_rows);
}

static int setup(void **state)
{
	struct guild_tui_table *t = guild_alloc(sizeof(*t));

	guild_tui_table_init(t, true);
	show(t, guild_tui_testing_rows(), &given, NULL);
	guild_tui_table_set_height(t, 3);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	guild_tui_table_fini(*state);
	free(*state);
	return 0;
}

#define CHECK(t, wanted_row, wanted_col, wanted_top)    \
	do {                                            \
		assert_int_equal((t)->row, wanted_row); \
		assert_int_equal((t)->col, wanted_col); \
		assert_int_equal((t)->top, wanted_top); \
	} while (0)

static void test_move(void **state)
{
	struct guild_tui_table *t = *state;

	CHECK(t, 0, 0, 0);
	guild_tui_table_move(t, 2, 1);
	CHECK(t, 2, 1, 0);
	guild_tui_table_move(t, 1, 0);
	CHECK(t, 3, 1, 1);
	guild_tui_table_move(t, 100, 100);
	CHECK(t, 4, 3, 2);
	guild_tui_table_move(t, -3, -1);
	CHECK(t, 1, 2, 1);
	guild_tui_table_move(t, INT32_MIN, INT32_MIN);
	CHECK(t, 0, 0, 0);
	guild_tui_table_go(t, SIZE_MAX);
	CHECK(t, 4, 0, 2);
	guild_tui_table_set_height(t, 100);
	CHECK(t, 4, 0, 0);
	guild_tui_table_set_height(t, 0);
	CHECK(t, 4, 0, 4);
}

static void test_scroll(void **state)
{
	struct guild_tui_table *t = *state;

	guild_tui_table_scroll(t, 1);
	CHECK(t, 1, 0, 1);
	guild_tui_table_scroll(t, 10);
	CHECK(t, 2, 0, 2);
	guild_tui_table_scroll(t, -1);
	CHECK(t, 2, 0, 1);
	guild_tui_table_scroll(t, -10);
	CHECK(t, 2, 0, 0);
	guild_tui_table_set_height(t, 100);
	guild_tui_table_scroll(t, 5);
	CHECK(t, 2, 0, 0);
}

static void test_page(void **state)
{
	struct guild_tui_table *t = *state;

	guild_tui_table_page(t, 1);
	CHECK(t, 3, 0, 2);
	guild_tui_table_page(t, 1);
	CHECK(t, 4, 0, 2);
	guild_tui_table_page(t, -1);
	CHECK(t, 1, 0, 0);
	guild_tui_table_page(t, -1);
	CHECK(t, 0, 0, 0);
}

static void test_the_cursor_stays_with_its_run(void **state)
{
	struct guild_tui_table *t = *state;

	guild_tui_table_move(t, 3, 2); /* id3 */
	show(t, guild_tui_testing_rows(), &by_loss, NULL);
	CHECK(t, 0, 2, 0);
	assert_string_equal(guild_tui_table_run(t, t->row)->id, "id3");
	show(t, guild_tui_testing_rows(), &given, NULL);
	CHECK(t, 0, 2, 0);
	show(t, guild_tui_testing_rows(), &by_loss, NULL);
	guild_tui_table_go(t, 3); /* id0 */
	show(t, guild_tui_testing_rows(), &given, NULL);
	CHECK(t, 0, 2, 0);
	guild_tui_table_go(t, 3);
	CHECK(t, 3, 2, 1);
	/* id3 is gone. */
	show(t, guild_tui_testing_rows(), &given, (const bool[]){true, true, true, false, true});
	CHECK(t, 3, 2, 1);
	show(t, guild_tui_testing_rows(), &given, (const bool[5]){false});
	CHECK(t, 0, 2, 0);
	assert_false(guild_tui_table_has_cursor(t));
	guild_tui_table_move(t, 1, 0);
	guild_tui_table_next_row_change(t, 1);
	guild_tui_table_next_col_change(t, 1);
	CHECK(t, 0, 2, 0);
}

static void test_new_rows_at_the_top_are_seen(void **state)
{
	struct guild_tui_table *t = *state;

	show(t, guild_tui_testing_rows(), &given, (const bool[]){false, true, true, true, true});
	guild_tui_table_go(t, 0); /* id1 */
	show(t, guild_tui_testing_rows(), &given, NULL);
	CHECK(t, 1, 0, 0);
	guild_tui_table_go(t, 4);
	show(t, guild_tui_testing_rows(), &given, (const bool[]){false, true, true, true, true});
	CHECK(t, 3, 0, 1);
}

static void test_changes(void **state)
{
	struct guild_tui_table *t = *state;

	t->col = 2;
	guild_tui_table_next_row_change(t, 1);
	CHECK(t, 1, 2, 0);
	t->columns.v[1].is_hidden = true;
	guild_tui_table_next_col_change(t, -1);
	CHECK(t, 1, 0, 0);
	guild_tui_table_next_col_change(t, 1);
	CHECK(t, 1, 2, 0);
	guild_tui_table_go(t, 2); /* neither loss nor time: nothing to the right differs */
	guild_tui_table_next_col_change(t, 1);
	CHECK(t, 2, 3, 0);
	guild_tui_table_next_row_change(t, -1);
	CHECK(t, 1, 3, 0);
	guild_tui_table_go(t, 4);
	guild_tui_table_next_row_change(t, 1);
	CHECK(t, 4, 3, 2);
}

static void test_memory(void **state)
{
	struct guild_tui_table *t = *state;

	assert_false(guild_tui_table_go_back(t));
	guild_tui_table_move(t, 4, 2);
	guild_tui_table_remember(t);
	guild_tui_table_move(t, -4, -2);
	show(t, guild_tui_testing_rows(), &by_loss, NULL);
	assert_true(guild_tui_table_go_back(t));
	assert_string_equal(guild_tui_table_run(t, t->row)->id, "id4");
	assert_int_equal(t->col, 2);
	show(t, guild_tui_testing_rows(), &given, (const bool[5]){true});
	assert_false(guild_tui_table_go_back(t));
}

static void test_selection(void **state)
{
	struct guild_tui_table *t = *state;

	guild_tui_table_toggle_selected(t, 1);
	guild_tui_table_toggle_selected(t, 3);
	show(t, guild_tui_testing_rows(), &by_loss, NULL);
	assert_true(guild_tui_table_is_selected(t, 0));  /* id3 */
	assert_true(guild_tui_table_is_selected(t, 1));  /* id1 */
	assert_false(guild_tui_table_is_selected(t, 2)); /* id4 */
	guild_tui_table_toggle_selected(t, 1);
	assert_false(guild_tui_table_is_selected(t, 1));
	assert_int_equal(t->selected.n, 1);
}

static void test_cells(void **state)
{
	struct guild_tui_table *t = *state;
	struct guild_buf text = {0};

	guild_tui_table_cell(t, 1, 2, &text);
	assert_string_equal(guild_buf_cstr(&text), "0.5");
	assert_int_equal(guild_tui_table_natural_order(t, 2), GUILD_TUI_NUMBER);
	assert_int_equal(guild_tui_table_natural_order(t, 3), GUILD_TUI_NUMBER);
	assert_int_equal(guild_tui_table_natural_order(t, 1), GUILD_TUI_TEXT);
	guild_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_move, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scroll, setup, teardown),
		cmocka_unit_test_setup_teardown(test_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_cursor_stays_with_its_run, setup,
			teardown),
		cmocka_unit_test_setup_teardown(test_new_rows_at_the_top_are_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_selection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cells, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
