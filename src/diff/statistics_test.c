/* Values are SciPy 1.10's and numpy's: rankdata, corrcoef, spearmanr, t.ppf, chi2_contingency, exact permutation tests; limits of t by special.betaincinv, as t.ppf of that version is good to 9 digits only. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "statistics.h"

static void near(double seen, double wanted)
{
	if (!(fabs(seen - wanted) <= 1e-12 * fmax(1, fabs(wanted)))) {
		fail_msg("%.17g, not %.17g", seen, wanted);
	}
}

static const double x[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};
static const double y[] = {2, 7, 1, 8, 2, 8, 1, 8, 2, 8.5};
static const double y2[] = {10, 12, 11, 30, 29, 31, 12, 11, 10.5, 11.5};
static const size_t la[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 2};
static const size_t lb[] = {0, 0, 1, 1, 1, 1, 0, 0, 1, 0};

static void ranks_and_correlations(void **state)
{
	static const double wanted[] = {4.5, 1.5, 6, 1.5, 7.5, 10, 3, 9, 7.5, 4.5};
	static const double flat[10] = {0};
	double rx[10], ry[10];

	guild_stat_ranks(x, 10, rx);
	guild_stat_ranks(y, 10, ry);
	assert_memory_equal(rx, wanted, sizeof(rx));
	near(guild_stat_correlation(x, y, 10), 0.0970625183203627);
	near(guild_stat_correlation(rx, ry, 10), 0.08806599154457967);
	near(guild_stat_correlation(x, x, 10), 1);
	assert_true(isnan(guild_stat_correlation(x, flat, 10)));
	assert_true(isnan(guild_stat_mean(x, 0)) && isnan(guild_stat_variance(x, 1)));
}

static void intervals(void **state)
{
	static const struct {
		double p, degrees, limit;
	} limits[] = {{.05, 1, 12.706204736174707}, {.05, 3.7, 2.867520707191189},
		{.05, 30, 2.0422724563012395}, {.01, 1000, 2.580754698065864},
		{.5, 2, 0.8164965809277266}};
	static const double a[] = {1, 2, 3.5, 4}, b[] = {2, 5, 6, 7.5, 9};
	double low, high;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(limits); i++) {
		near(guild_stat_t_limit(limits[i].p, limits[i].degrees), limits[i].limit);
	}
	assert_true(guild_stat_welch(a, 4, b, 5, &low, &high));
	near(low, -0.056713080604399835);
	near(high, 6.6067130806044005);
	assert_false(guild_stat_welch(a, 1, b, 5, &low, &high));
	assert_false(guild_stat_welch((const double[]){2, 2}, 2, (const double[]){3, 3}, 2, &low,
		&high));
}

static void associations(void **state)
{
	double ranks[10];

	near(guild_stat_labels_alike(la, 3, lb, 2, 10), 0.48733971724044817);
	near(guild_stat_labels_alike(la, 3, la, 3, 10), 1);
	guild_stat_ranks(y, 10, ranks);
	near(guild_stat_labels_tell(la, 3, ranks, 10), 0);
	guild_stat_ranks(y2, 10, ranks);
	near(guild_stat_labels_tell(la, 3, ranks, 10), 0.7427711808956712);
	assert_true(guild_stat_labels_tell(la, 3, ranks, 3) == 0);
}

/* As many labels as there are runs: names, say. A table of all pairs would be 80 GB. */
static void many_labels(void **state)
{
	enum { N = 100000 };
	size_t *labels = guild_alloc(N * sizeof(*labels));
	size_t *halves = guild_alloc(N * sizeof(*halves));

	(void)state;
	for (size_t i = 0; i < N; i++) {
		labels[i] = i;
		halves[i] = i / 2;
	}
	near(guild_stat_labels_alike(labels, N, labels, N, N), 0);
	near(guild_stat_labels_alike(halves, N / 2, halves, N / 2, N), 1);
	free(labels);
	free(halves);
}

/* Drawn orders come near to all orders. */
static void permutations(void **state)
{
	static const double xs[] = {1, 2, 3, 4, 5, 6, 7}, ys[] = {1, 3, 2, 5, 4, 7, 6};
	static const double values[] = {1, 2, 3, 6, 5, 7, 8};
	static const size_t groups[] = {0, 0, 0, 0, 1, 1, 1};
	const struct guild_stat_permutations by = {.n = 200000, .seed = 1};

	/* Early stopping leaves a tenth of the value open. */
	assert_true(fabs(guild_stat_p_correlation(xs, ys, 7, &by) / 0.012301587301587301 - 1) <
		    0.3);
	assert_true(fabs(guild_stat_p_groups(groups, 2, values, 7, &by) / 0.08571428571428572 - 1) <
		    0.3);
	assert_true(guild_stat_p_groups(groups, 2, values, 7, &by) ==
		    guild_stat_p_groups(groups, 2, values, 7, &by));
	/* Three blocks of two: a rise in each happens in two of eight orders, up or down. */
	static const size_t blocks[] = {2, 2, 2}, sides[] = {0, 1, 0, 1, 0, 1};
	static const double pairs[] = {1, 2, 11, 12, 21, 22}, at[] = {0, 1, 0, 1, 0, 1};
	const struct guild_stat_permutations blocked = {
		.n = 20000, .seed = 1, .blocks = blocks, .n_blocks = 3};

	assert_true(fabs(guild_stat_p_groups(sides, 2, pairs, 6, &blocked) / 0.25 - 1) < 0.4);
	assert_true(fabs(guild_stat_p_correlation(at, pairs, 6, &blocked) / 0.25 - 1) < 0.4);
	/* As large is not smaller: where nothing varies every order is as large. */
	assert_true(guild_stat_p_groups(groups, 2, (const double[7]){0}, 7, &by) == 1);
}

static void adjusted(void **state)
{
	static const double p[] = {.01, .04, NAN, .03, .005, .5};
	static const double wanted[] = {.025, .05, NAN, .05, .025, .5};
	double q[6];

	guild_stat_adjust(p, 6, q);
	for (size_t i = 0; i < 6; i++) {
		if (isnan(wanted[i])) {
			assert_true(isnan(q[i]));
		} else {
			near(q[i], wanted[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranks_and_correlations),
		cmocka_unit_test(intervals),
		cmocka_unit_test(associations),
		cmocka_unit_test(many_labels),
		cmocka_unit_test(permutations),
		cmocka_unit_test(adjusted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
