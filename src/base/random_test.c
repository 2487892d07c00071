/* Draws compared with those CPython 3.11 printed for random.Random(SEED).sample(range(N), K). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <guild/base.h>

static const struct {
	uint64_t seed;
	uint32_t n, k;
	uint32_t drawn[10];
} cases[] = {
	{42, 8, 3, {1, 0, 5}},
	{0, 4, 2, {3, 1}},
	{1, 100, 10, {17, 72, 97, 8, 32, 15, 63, 57, 60, 83}},
	{4294967296, 1000, 7, {115, 359, 427, 957, 17, 23, 626}},
	{123456789012345, 30, 6, {21, 7, 9, 13, 28, 24}},
	{7, 5, 5, {2, 1, 3, 0, 4}},
	{2442307311, 85, 6, {42, 40, 34, 36, 70, 80}},
};

static void samples_like_python(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_mt19937 mt;
		uint32_t drawn[10];
		guild_mt19937_seed(&mt, cases[i].seed);
		guild_mt19937_sample(&mt, cases[i].n, cases[i].k, drawn);
		for (uint32_t k = 0; k < cases[i].k; k++) {
			assert_int_equal(drawn[k], cases[i].drawn[k]);
		}
	}
}

/* random.Random(5489).getrandbits(32), the first and the thousandth time. */
static void generates_like_python(void **state)
{
	struct guild_mt19937 mt;
	guild_mt19937_seed(&mt, 5489);
	assert_int_equal(guild_mt19937_next(&mt), 3382763572U);
	for (int i = 1; i < 999; i++) {
		(void)guild_mt19937_next(&mt);
	}
	assert_int_equal(guild_mt19937_next(&mt), 2180146995U);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_like_python),
		cmocka_unit_test(generates_like_python),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
