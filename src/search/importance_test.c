/* Shares that follow from the function. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler.h"

enum { N = 600, DIMS = 4 };

static const char space_text[] =
	"[{\"name\": \"a\", \"type\": \"float\", \"low\": 0, \"high\": 1},"
	"{\"name\": \"b\", \"type\": \"float\", \"low\": 1e-4, \"high\": 1, \"log\": true},"
	"{\"name\": \"c\", \"type\": \"categorical\", \"choices\": [\"x\", \"y\", \"z\"]},"
	"{\"name\": \"d\", \"type\": \"int\", \"low\": 0, \"high\": 9}]";

static double decades(double b)
{
	return (log10(b) + 4) / 4;
}

/* Variances: 9/12, 4/12, 2/3 * 0.25, none. */
static double sum(const double *x)
{
	return 3 * x[0] + 2 * decades(x[1]) + (x[2] == 1 ? 0.5 : x[2] == 2 ? -0.5 : 0);
}

/* All of it is in the pair. */
static double product(const double *x)
{
	return (x[0] - 0.5) * (decades(x[1]) - 0.5);
}

static void measure(double (*f)(const double *x), bool with_pairs, struct guild_importance *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_space s;
	struct guild_mt19937 mt;
	static double points[N][DIMS];
	static double values[N];
	assert_int_equal(guild_json_parse(a, guild_str(space_text), NULL, &v, NULL), 0);
	assert_int_equal(guild_space_read(a, v, &s, NULL), 0);
	guild_mt19937_seed(&mt, 3);
	for (size_t i = 0; i < N; i++) {
		for (size_t d = 0; d < DIMS; d++) {
			points[i][d] = search_dim_from_unit(&s.v[d], guild_mt19937_unit(&mt));
		}
		values[i] = f(points[i]);
	}
	assert_int_equal(guild_importance(&s, points[0], values, N, with_pairs, 1, out, NULL), 0);
	guild_arena_free(a);
}

static void shares_of_a_sum(void **state)
{
	static const double variances[DIMS] = {9.0 / 12, 4.0 / 12, 0.5 / 3, 0};
	double total = 9.0 / 12 + 4.0 / 12 + 0.5 / 3;
	struct guild_importance i;
	measure(sum, true, &i);
	for (size_t d = 0; d < DIMS; d++) {
		assert_true(fabs(i.share[d] - variances[d] / total) < 0.06);
		assert_true(i.deviation[d] < 0.1);
	}
	assert_int_equal(i.n_pairs, DIMS * (DIMS - 1) / 2);
	assert_true(i.pairs[0].share < 0.05);
	guild_importance_fini(&i);
}

static void share_of_a_pair(void **state)
{
	struct guild_importance i;
	measure(product, true, &i);
	assert_true(i.share[0] < 0.15 && i.share[1] < 0.15);
	assert_true(i.pairs[0].a == 0 && i.pairs[0].b == 1 && i.pairs[0].share > 0.5);
	guild_importance_fini(&i);
}

static double nothing(const double *x)
{
	return 7 + 0 * x[0];
}

static void nothing_to_explain(void **state)
{
	struct guild_importance i;
	struct guild_space s = {0};
	struct guild_error err = {0};
	measure(nothing, false, &i);
	assert_true(i.share[0] == 0 && i.n_pairs == 0);
	guild_importance_fini(&i);
	assert_true(guild_importance(&s, NULL, NULL, 0, false, 1, &i, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_of_a_sum),
		cmocka_unit_test(share_of_a_pair),
		cmocka_unit_test(nothing_to_explain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
