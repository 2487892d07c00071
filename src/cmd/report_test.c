/* Progress: after a while, and to whom it belongs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd.h"

static const int64_t an_hour_us = INT64_C(3600000000);

static void keep(void *arg, int percent)
{
	*(int *)arg = percent;
}

static void test_progress_is_shown_after_a_while(void **state)
{
	int shown = -1;
	struct guild_ctx ctx = {.show_progress = keep, .show_progress_arg = &shown};
	struct guild_progress p;

	(void)state;
	guild_progress_start(&p, &ctx, "reading", 200);
	p.started_us += an_hour_us; /* no machine is so slow */
	guild_progress_add(&p, 50);
	assert_int_equal(shown, -1);
	p.started_us -= 2 * an_hour_us;
	guild_progress_add(&p, 50);
	assert_int_equal(shown, 50);
	p.shown_us -= an_hour_us;
	guild_progress_add(&p, 150);
	assert_int_equal(shown, 100);
	guild_progress_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_progress_is_shown_after_a_while)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
