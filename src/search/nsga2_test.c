/* Several objectives, and the distribution of CMA-ES. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cma.h"
#include "sampler.h"

enum { DIMS = 10, BUDGET = 1500 };

static struct guild_optimizer *start(struct guild_arena *a, const char *name, uint64_t seed)
{
	struct guild_dim v[DIMS];
	char names[DIMS][8];
	struct guild_space s = {.v = v, .n = DIMS};
	struct guild_optimizer *o = NULL;
	struct guild_optimizer_options options = {.seed = seed, .n_objectives = 2};
	for (size_t i = 0; i < DIMS; i++) {
		snprintf(names[i], sizeof(names[i]), "x%zu", i);
		v[i] = (struct guild_dim){.name = names[i], .high = 1, .parent = GUILD_DIM_ALWAYS};
	}
	(void)a;
	assert_int_equal(guild_optimizer_new(name, &s, &options, &o, NULL), 0);
	return o;
}

/* ZDT1 (Zitzler, Deb, Thiele 2000): the front is y1 = 1 - sqrt(y0). */
static void zdt1(const double *x, double *y)
{
	double sum = 0;
	for (size_t i = 1; i < DIMS; i++) {
		sum += x[i];
	}
	double g = 1 + 9 * sum / (DIMS - 1);
	y[0] = x[0];
	y[1] = g * (1 - sqrt(x[0] / g));
}

static int compare_first(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;
	return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* The area that a front covers below (1.1, 1.1); the best is 0.871. */
static double covered(double (*y)[2], size_t n)
{
	double area = 0;
	double low = 1.1;
	qsort(y, n, sizeof(*y), compare_first);
	for (size_t i = 0; i < n; i++) {
		if (y[i][0] < 1.1 && y[i][1] < low) {
			area += (1.1 - y[i][0]) * (low - y[i][1]);
			low = y[i][1];
		}
	}
	return area;
}

/* With a limit: only points with x0 at least `limit` are feasible. */
static double area_of(const char *name, uint64_t seed, double limit)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_optimizer *o = start(a, name, seed);
	static double y[BUDGET][2];
	uint64_t ids[BUDGET];
	for (size_t k = 0; k < BUDGET; k++) {
		double x[DIMS];
		double f[2];
		uint64_t id;
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		zdt1(x, f);
		double constraint = limit - x[0];
		struct guild_outcome out = {
			.values = f, .constraints = &constraint, .n_constraints = 1};
		assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), 0);
	}
	size_t n = guild_optimizer_front(o, ids, BUDGET);
	assert_true(n > 10);
	for (size_t k = 0; k < n; k++) {
		const double *x = guild_optimizer_point(o, ids[k]);
		assert_true(x[0] >= limit);
		zdt1(x, y[k]);
	}
	guild_optimizer_free(o);
	guild_arena_free(a);
	return covered(y, n);
}

static void nsga2_covers_the_front(void **state)
{
	for (uint64_t seed = 0; seed < 3; seed++) {
		assert_true(area_of("nsga2", seed, 0) > 0.6);
		assert_true(area_of("nsga2", seed, 0.25) > 0.6);
		assert_true(area_of("random", seed, 0) < 0.3);
	}
}

/* An ellipsoid whose axes are far from those of the space, with a condition of a million. */
static void cma_learns_the_axes(void **state)
{
	enum { N = 6, COUNT = 10 };
	struct search_linalg la;
	struct guild_mt19937 mt;
	double mean[N] = {1, 1, 1, 1, 1, 1};
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	guild_mt19937_seed(&mt, 1);
	struct search_cma *c = search_cma_new(N, mean, 0.5);
	double f = 0;
	for (size_t g = 0; g < 500; g++) {
		double all[COUNT][N + 1];
		double sorted[COUNT * N];
		for (size_t k = 0; k < COUNT; k++) {
			double *x = &all[k][1];
			search_cma_draw(c, &mt, x);
			f = 0;
			for (size_t i = 0; i < N; i++) {
				double z = x[i] + x[(i + 1) % N] - 0.5 * x[(i + 2) % N];
				f += pow(1e6, (double)i / (N - 1)) * z * z;
			}
			all[k][0] = f;
		}
		qsort(all, COUNT, sizeof(all[0]), compare_first);
		for (size_t k = 0; k < COUNT; k++) {
			memcpy(&sorted[k * N], &all[k][1], N * sizeof(double));
		}
		search_cma_update(c, &la, sorted, COUNT);
		f = all[0][0];
	}
	assert_true(f < 1e-12);
	search_cma_free(c);
}

/* 150 dimensions: a diagonal is all that is kept. */
static void cma_scales_many_axes(void **state)
{
	enum { N = 150, COUNT = 19 };
	struct guild_mt19937 mt;
	struct search_linalg la = {0};
	double mean[N];
	static double all[COUNT][N + 1];
	static double sorted[COUNT * N];
	guild_mt19937_seed(&mt, 2);
	for (size_t i = 0; i < N; i++) {
		mean[i] = 1;
	}
	struct search_cma *c = search_cma_new(N, mean, 0.5);
	for (size_t g = 0; g < 800; g++) {
		for (size_t k = 0; k < COUNT; k++) {
			double *x = &all[k][1];
			search_cma_draw(c, &mt, x);
			all[k][0] = 0;
			for (size_t i = 0; i < N; i++) {
				all[k][0] += (i % 2 ? 100 : 1) * x[i] * x[i];
			}
		}
		qsort(all, COUNT, sizeof(all[0]), compare_first);
		for (size_t k = 0; k < COUNT; k++) {
			memcpy(&sorted[k * N], &all[k][1], N * sizeof(double));
		}
		search_cma_update(c, &la, sorted, COUNT);
	}
	assert_true(all[0][0] < 0.01);
	search_cma_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nsga2_covers_the_front),
		cmocka_unit_test(cma_learns_the_axes),
		cmocka_unit_test(cma_scales_many_axes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
