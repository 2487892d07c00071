/* Sobol points and what they promise. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sobol.h"

static struct search_sobol *make(size_t n, uint64_t seed)
{
	struct guild_mt19937 mt;
	guild_mt19937_seed(&mt, seed);
	return search_sobol_new(n, &mt);
}

/* Every block of 2^m points has one in each of 2^m parts of each axis, past the table, too. */
static void stratifies_every_axis(void **state)
{
	enum { DIMS = 230, M = 64 };
	struct search_sobol *s = make(DIMS, 1);
	double u[DIMS];
	for (size_t block = 0; block < 4; block++) {
		bool seen[DIMS][M] = {{false}};
		for (size_t k = 0; k < M; k++) {
			search_sobol_point(s, block * M + k, u);
			for (size_t i = 0; i < DIMS; i++) {
				assert_true(u[i] > 0 && u[i] < 1);
				size_t part = (size_t)(u[i] * M);
				assert_false(seen[i][part]);
				seen[i][part] = true;
			}
		}
	}
	search_sobol_free(s);
}

/* The first two dimensions are a (0, 2)-sequence: one point in every elementary interval. */
static void stratifies_the_first_plane(void **state)
{
	struct search_sobol *s = make(2, 2);
	for (unsigned a = 0; a <= 8; a++) {
		bool seen[256] = {false};
		for (size_t k = 0; k < 256; k++) {
			double u[2];
			search_sobol_point(s, 512 + k, u);
			size_t i = (size_t)(u[0] * (1U << a));
			size_t j = (size_t)(u[1] * (1U << (8 - a)));
			size_t part = (i << (8 - a)) + j;
			assert_false(seen[part]);
			seen[part] = true;
		}
	}
	search_sobol_free(s);
}

/* Squared star discrepancy in the mean over boxes (Warnock 1972). */
static double discrepancy(const double *u, size_t n, size_t dims)
{
	double single = 0;
	double pairs = 0;
	for (size_t i = 0; i < n; i++) {
		double p = 1;
		for (size_t d = 0; d < dims; d++) {
			p *= (1 - u[i * dims + d] * u[i * dims + d]) / 2;
		}
		single += p;
		for (size_t k = 0; k < n; k++) {
			double q = 1;
			for (size_t d = 0; d < dims; d++) {
				q *= 1 - fmax(u[i * dims + d], u[k * dims + d]);
			}
			pairs += q;
		}
	}
	double count = (double)n;
	return pow(1.0 / 3, (double)dims) - 2 * single / count + pairs / (count * count);
}

/* Chance alone gives (2^-d - 3^-d) / n in the mean. */
static void is_more_even_than_chance(void **state)
{
	enum { N = 256, SEEDS = 8 };
	static const struct {
		size_t dims;
		double share;
	} cases[] = {{2, 0.03}, {5, 0.25}, {8, 0.65}};
	for (size_t c = 0; c < GUILD_ARRAY_LEN(cases); c++) {
		size_t dims = cases[c].dims;
		double sum = 0;
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			double u[N * 8];
			struct search_sobol *s = make(dims, seed);
			for (size_t k = 0; k < N; k++) {
				search_sobol_point(s, k, &u[k * dims]);
			}
			sum += discrepancy(u, N, dims);
			search_sobol_free(s);
		}
		double chance = (pow(0.5, (double)dims) - pow(1.0 / 3, (double)dims)) / N;
		assert_true(sum / SEEDS < cases[c].share * chance);
	}
}

/* Over many scramblings one point is uniform, and two dimensions of it are not tied to each other. */
static void each_point_is_uniform(void **state)
{
	enum { N = 4000, PARTS = 10 };
	const double share = (double)N / PARTS;
	size_t count[3][PARTS] = {{0}};
	double tied[2] = {0};
	for (uint64_t seed = 0; seed < N; seed++) {
		struct search_sobol *s = make(103, seed);
		double u[103];
		search_sobol_point(s, 5, u);
		count[0][(size_t)(u[0] * PARTS)]++;
		count[1][(size_t)(u[57] * PARTS)]++;
		count[2][(size_t)(u[102] * PARTS)]++;
		tied[0] += 12 * (u[0] - 0.5) * (u[57] - 0.5);
		tied[1] += 12 * (u[1] - 0.5) * (u[102] - 0.5);
		search_sobol_free(s);
	}
	for (size_t i = 0; i < 3; i++) {
		double chi = 0;
		for (size_t k = 0; k < PARTS; k++) {
			double d = (double)count[i][k] - share;
			chi += d * d / share;
		}
		assert_true(chi < 27.9); /* 99.9 % with 9 degrees of freedom */
	}
	/* Three standard errors. */
	assert_true(fabs(tied[0] / N) < 3 / sqrt(N) && fabs(tied[1] / N) < 3 / sqrt(N));
}

/* Dimension i and its copy past the table have other points together than chance alone would not explain. */
static void padded_dimensions_are_not_tied(void **state)
{
	enum { DIMS = 205, N = 1024 };
	struct search_sobol *s = make(DIMS, 3);
	double *u = guild_alloc(N * DIMS * sizeof(*u));
	for (size_t k = 0; k < N; k++) {
		search_sobol_point(s, k, &u[k * DIMS]);
	}
	for (size_t i = 0; i < DIMS - 101; i++) {
		double r = 0;
		for (size_t k = 0; k < N; k++) {
			r += 12 * (u[k * DIMS + i] - 0.5) * (u[k * DIMS + i + 101] - 0.5);
		}
		assert_true(fabs(r / N) < 0.2);
	}
	free(u);
	search_sobol_free(s);
}

/* The directions of the published list, seen through a scrambling that leaves them as they are up to lower bits: the net property in the plane of dimensions
 * 2 and 3 (t = 1) would not hold for others. */
static void higher_planes_have_their_quality(void **state)
{
	struct search_sobol *s = make(3, 4);
	for (unsigned a = 0; a <= 7; a++) {
		size_t count[128] = {0};
		for (size_t k = 0; k < 256; k++) {
			double u[3];
			search_sobol_point(s, k, u);
			size_t i = (size_t)(u[1] * (1U << a));
			size_t j = (size_t)(u[2] * (1U << (7 - a)));
			count[(i << (7 - a)) + j]++;
		}
		for (size_t i = 0; i < 128; i++) {
			assert_int_equal(count[i], 2);
		}
	}
	search_sobol_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stratifies_every_axis),
		cmocka_unit_test(stratifies_the_first_plane),
		cmocka_unit_test(higher_planes_have_their_quality),
		cmocka_unit_test(is_more_even_than_chance),
		cmocka_unit_test(each_point_is_uniform),
		cmocka_unit_test(padded_dimensions_are_not_tied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
