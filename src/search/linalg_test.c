/* Linear algebra against its own definitions. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "linalg.h"

enum { N = 40, LDA = 43 };

/* A positive definite matrix, both triangles. */
static double *random_spd(const struct search_linalg *la, struct guild_mt19937 *mt)
{
	double *b = guild_alloc((size_t)LDA * N * sizeof(*b));
	double *a = guild_alloc((size_t)LDA * N * sizeof(*a));
	for (size_t i = 0; i < (size_t)LDA * N; i++) {
		b[i] = guild_mt19937_normal(mt);
	}
	for (size_t i = 0; i < N; i++) {
		a[i + i * LDA] = 1;
	}
	search_multiply_self(la, N, N, 0.5, b, LDA, 1, a, LDA);
	for (size_t j = 1; j < N; j++) {
		for (size_t i = 0; i < j; i++) {
			a[i + j * LDA] = a[j + i * LDA];
		}
	}
	free(b);
	return a;
}

static void expect_identity(const double *p, size_t ld)
{
	for (size_t j = 0; j < N; j++) {
		for (size_t i = 0; i < N; i++) {
			assert_true(fabs(p[i + j * ld] - (i == j)) < 1e-9);
		}
	}
}

static void solves_and_inverts(void **state)
{
	struct search_linalg la;
	struct guild_mt19937 mt;
	double x[N], b[N];
	double *product = guild_alloc((size_t)N * N * sizeof(*product));
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	guild_mt19937_seed(&mt, 1);
	double *a = random_spd(&la, &mt);
	double *l = guild_alloc((size_t)LDA * N * sizeof(*l));
	memcpy(l, a, (size_t)LDA * N * sizeof(*l));
	assert_true(search_cholesky(&la, N, l, LDA));
	for (size_t i = 0; i < N; i++) {
		x[i] = guild_mt19937_normal(&mt);
	}
	search_multiply_vector(&la, false, N, N, 1, a, LDA, x, 0, b);
	search_cholesky_solve(&la, N, l, LDA, b, N, 1);
	for (size_t i = 0; i < N; i++) {
		assert_true(fabs(b[i] - x[i]) < 1e-9);
	}
	/* L then L' is both at once. */
	search_multiply_vector(&la, true, N, N, 1, a, LDA, x, 0, b);
	search_solve_lower(&la, false, N, l, LDA, b);
	search_solve_lower_many(&la, true, N, l, LDA, b, N, 1);
	for (size_t i = 0; i < N; i++) {
		assert_true(fabs(b[i] - x[i]) < 1e-9);
	}
	search_cholesky_inverse(&la, N, l, LDA);
	struct search_product p = {.m = N, .n = N, .k = N, .alpha = 1, .transpose_b = true};
	search_multiply(&la, &p, l, LDA, a, LDA, product, N);
	expect_identity(product, N);
	a[3 + 3 * LDA] = -1;
	assert_false(search_cholesky(&la, N, a, LDA));
	free(a);
	free(l);
	free(product);
}

static void finds_eigenvectors(void **state)
{
	struct search_linalg la;
	struct guild_mt19937 mt;
	double values[N], v[N];
	double *product = guild_alloc((size_t)N * N * sizeof(*product));
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	guild_mt19937_seed(&mt, 2);
	double *a = random_spd(&la, &mt);
	double *vectors = guild_alloc((size_t)LDA * N * sizeof(*vectors));
	memcpy(vectors, a, (size_t)LDA * N * sizeof(*vectors));
	assert_true(search_symmetric_eigen(&la, N, vectors, LDA, values));
	for (size_t k = 0; k < N; k++) {
		assert_true(k == 0 || values[k] >= values[k - 1]);
		search_multiply_vector(&la, false, N, N, 1, a, LDA, vectors + k * LDA, 0, v);
		for (size_t i = 0; i < N; i++) {
			assert_true(fabs(v[i] - values[k] * vectors[i + k * LDA]) < 1e-8);
		}
	}
	struct search_product p = {.m = N, .n = N, .k = N, .alpha = 1, .transpose_a = true};
	search_multiply(&la, &p, vectors, LDA, vectors, LDA, product, N);
	expect_identity(product, N);
	free(a);
	free(vectors);
	free(product);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(solves_and_inverts),
		cmocka_unit_test(finds_eigenvectors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
