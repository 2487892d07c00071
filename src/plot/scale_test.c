#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "canvas.h"
#include "scale.h"

static void assert_texts(const struct plot_tick *ticks, size_t n, const char *expected)
{
	struct guild_buf out = {0};

	for (size_t i = 0; i < n; i++) {
		guild_buf_printf(&out, "%s%s", i ? " " : "", ticks[i].text);
	}
	assert_string_equal(guild_buf_cstr(&out), expected);
	guild_buf_fini(&out);
}

static void test_linear_ticks(void **state)
{
	static const struct {
		double low, high;
		size_t max;
		const char *texts;
	} cases[] = {
		{0, 1, 6, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{0.03, 0.97, 6, "0.2 0.4 0.6 0.8"},
		{-5, 5, 5, "-5 0 5"},
		{0, 100, 11, "0 10 20 30 40 50 60 70 80 90 100"},
		{1e-5, 9e-5, 5, "2e-5 4e-5 6e-5 8e-5"},
		{0, 3e6, 4, "0 1e6 2e6 3e6"},
		{1000000, 1000004, 5, "1000000 1000001 1000002 1000003 1000004"},
		{2, 2, 5, "2"},
		{-1e300, 1e300, 3, "-1e300 0 1e300"},
	};
	struct plot_tick ticks[PLOT_TICKS_MAX];

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		size_t n = plot_linear_ticks(cases[i].low, cases[i].high, cases[i].max, ticks);

		assert_in_range(n, 1, cases[i].max);
		assert_texts(ticks, n, cases[i].texts);
	}
}

/* Whatever the range: within it, in order, evenly apart, no more than allowed. */
static void test_linear_ticks_hold_for_any_range(void **state)
{
	struct guild_mt19937 mt;
	struct plot_tick ticks[PLOT_TICKS_MAX];

	guild_mt19937_seed(&mt, 1);
	for (int i = 0; i < 5000; i++) {
		double low = guild_mt19937_normal(&mt) * pow(10, guild_mt19937_unit(&mt) * 40 - 20);
		double span = pow(10, guild_mt19937_unit(&mt) * 20 - 10) * fabs(low);
		size_t max = 2 + guild_mt19937_below(&mt, PLOT_TICKS_MAX - 1);
		size_t n = plot_linear_ticks(low, low + span, max, ticks);

		assert_in_range(n, 0, max);
		for (size_t k = 0; k < n; k++) {
			assert_true(ticks[k].v >= low - span * 1e-6);
			assert_true(ticks[k].v <= low + span * (1 + 1e-6));
			assert_true(k == 0 || ticks[k].v > ticks[k - 1].v);
			assert_true(strlen(ticks[k].text) < PLOT_TICK_TEXT);
		}
	}
}

static void test_log_ticks(void **state)
{
	static const struct {
		double low, high;
		size_t max;
		const char *texts;
	} cases[] = {
		{-5, -1, 6, "1e-5 0.0001 0.001 0.01 0.1"},
		{-5, -1, 12, "1e-5 3e-5 0.0001 0.0003 0.001 0.003 0.01 0.03 0.1"},
		{0, 2, 8, "1 2 5 10 20 50 100"},
		{-20, 20, 5, "1e-16 1e-8 1 100000000 1e16"},
		{0.301, 0.602, 4, "2 3"},
	};
	struct plot_tick ticks[PLOT_TICKS_MAX];

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		size_t n = plot_log_ticks(cases[i].low, cases[i].high, cases[i].max, ticks);

		assert_in_range(n, 1, cases[i].max);
		if (i != 3 && i != 4) {
			assert_texts(ticks, n, cases[i].texts);
		}
		for (size_t k = 0; k < n; k++) {
			assert_true(ticks[k].v >= cases[i].low - 1e-6);
			assert_true(ticks[k].v <= cases[i].high + 1e-6);
		}
	}
}

/* ---- axes ---------------------------------------------------------------------------------------------------- */

static void init_axis(struct plot_axis *axis, struct guild_arena *a, const char *yaml,
	enum plot_scale_kind wanted)
{
	struct guild_value *list = NULL;

	assert_int_equal(guild_yaml_parse(a, guild_str(yaml), NULL, 0, &list, NULL), 0);
	plot_axis_init(axis, a, "x", (const struct guild_value *const *)list->items, list->n,
		wanted);
}

static void test_axis_kinds(void **state)
{
	static const struct {
		const char *values;
		enum plot_scale_kind wanted, kind;
		size_t n_set;
	} cases[] = {
		{"[1, 2, 3]", PLOT_CATEGORIES, PLOT_LINEAR, 3},
		{"[1, null, .nan, .inf, 3]", PLOT_CATEGORIES, PLOT_LINEAR, 2},
		{"[0.0001, 0.001, 0.01, 0.1]", PLOT_CATEGORIES, PLOT_LOG, 4},
		{"[0.0001, 0.001, 0.01, 0.1]", PLOT_LINEAR, PLOT_LINEAR, 4},
		{"[16, 32, 64, 128, 256]", PLOT_CATEGORIES, PLOT_LOG, 5},
		{"[1, 250, 500, 750, 1000]", PLOT_CATEGORIES, PLOT_LINEAR, 5},
		{"[0, 1, 10, 1000]", PLOT_CATEGORIES, PLOT_LINEAR, 4},
		{"[-1, 0, 10, 1000]", PLOT_LOG, PLOT_LOG, 2},
		{"[relu, tanh, null, 3]", PLOT_CATEGORIES, PLOT_CATEGORIES, 3},
		{"[true, false]", PLOT_CATEGORIES, PLOT_CATEGORIES, 2},
		{"[null]", PLOT_CATEGORIES, PLOT_LINEAR, 0},
		{"[5, 5]", PLOT_CATEGORIES, PLOT_LINEAR, 2},
	};
	struct guild_arena *a = guild_arena_new();

	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct plot_axis axis;
		struct plot_tick ticks[PLOT_TICKS_MAX];

		init_axis(&axis, a, cases[i].values, cases[i].wanted);
		assert_int_equal(axis.kind, cases[i].kind);
		assert_int_equal(axis.n_set, cases[i].n_set);
		assert_true(axis.low < axis.high);
		size_t n = plot_axis_ticks(&axis, 10, ticks);
		for (size_t k = 0; k < n; k++) {
			double at = plot_axis_place(&axis, ticks[k].v);

			assert_true(at >= 0 && at <= 1);
			assert_true(*plot_tick_text(&axis, &ticks[k]) != '\0');
		}
	}
	guild_arena_free(a);
}

static void test_axis_places(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct plot_axis axis;
	struct plot_tick ticks[PLOT_TICKS_MAX];

	init_axis(&axis, a, "[0.001, 0.01, 0.1]", PLOT_LOG);
	assert_float_equal(plot_axis_place(&axis, axis.v[1]), 0.5, 1e-12);
	assert_float_equal(plot_axis_number(&axis, axis.v[1]), 0.01, 1e-12);
	assert_true(isnan(plot_axis_place(&axis, NAN)));

	init_axis(&axis, a, "[b10, b9, a]", PLOT_CATEGORIES);
	assert_string_equal(axis.categories[1], "b9");
	assert_float_equal(plot_axis_place(&axis, axis.v[1]), 0.5, 1e-12);
	assert_string_equal(plot_axis_text(&axis, axis.v[0], a), "b10");
	assert_string_equal(plot_axis_text(&axis, NAN, a), "not set");

	/* What is counted has no halves; a grid's own values are its ticks. */
	init_axis(&axis, a, "[1, 2, 3, 4]", PLOT_CATEGORIES);
	assert_texts(ticks, plot_axis_ticks(&axis, 20, ticks), "1 2 3 4");
	init_axis(&axis, a, "[0.1, 0.25, 0.7]", PLOT_CATEGORIES);
	assert_texts(ticks, plot_axis_ticks(&axis, 10, ticks), "0.1 0.25 0.7");
	guild_arena_free(a);
}

static void test_outliers(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct plot_axis axis;

	init_axis(&axis, a, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 1000000]", PLOT_LINEAR);
	plot_axis_leave_outliers(&axis, false);
	assert_int_equal(axis.n_beyond, 0);
	plot_axis_leave_outliers(&axis, true);
	assert_int_equal(axis.n_beyond, 1);
	assert_true(axis.high < 100);
	assert_float_equal(plot_axis_place(&axis, 1000000), 1, 0);
	guild_arena_free(a);
}

static void test_text_fits(void **state)
{
	struct guild_arena *a = guild_arena_new();
	const char *text = "dropout-r\xc3\xa4te-of-the-network";

	assert_string_equal(plot_text_fit(a, text, 12, 1000), text);
	for (int width = 20; width < 250; width += 7) {
		const char *fit = plot_text_fit(a, text, 12, width);

		assert_true(plot_text_width(fit, 12, false) <= width);
		assert_true(guild_utf8_valid(fit, strlen(fit)));
	}
	char *clean = plot_clean_text("a\x01"
				      "b\xff"
				      "c");
	assert_string_equal(clean, "a\xef\xbf\xbd"
				   "b\xef\xbf\xbd"
				   "c");
	free(clean);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linear_ticks),
		cmocka_unit_test(test_linear_ticks_hold_for_any_range),
		cmocka_unit_test(test_log_ticks),
		cmocka_unit_test(test_axis_kinds),
		cmocka_unit_test(test_axis_places),
		cmocka_unit_test(test_outliers),
		cmocka_unit_test(test_text_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
