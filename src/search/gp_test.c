/* Gaussian processes: gradients against differences, and matrices that cannot be. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gp_acquire.h"
#include "gp_model.h"
#include "lbfgsb.h"

enum { N = 25, M = 4 };
static const bool is_category[M] = {false, false, true, false};

static void random_data(struct guild_mt19937 *mt, double *x, double *y)
{
	for (size_t i = 0; i < N; i++) {
		for (size_t f = 0; f < M; f++) {
			double u = guild_mt19937_unit(mt);
			x[f * N + i] = is_category[f] ? floor(3 * u) : u;
		}
		y[i] = sin(5 * x[i]) + x[N + i] * x[N + i] + (x[2 * N + i] == 1) +
		       0.1 * guild_mt19937_normal(mt);
	}
}

static void expect_near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b))))) {
		fail_msg("%.12g is not %.12g", a, b);
	}
}

static void checks_gradient_of_loss(bool is_additive, double noise)
{
	struct search_linalg la;
	struct guild_mt19937 mt;
	double x[N * M], y[N], hyper[16], gradient[16];
	guild_mt19937_seed(&mt, 3);
	random_data(&mt, x, y);
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	struct gp_data d = {.n = N,
		.n_features = M,
		.is_category = is_category,
		.x = x,
		.y = y,
		.noise = noise,
		.is_additive = is_additive};
	struct gp_work *w = gp_work_new(&la, &d);
	gp_default_hyper(&d, hyper);
	for (size_t i = 0; i < gp_n_hyper(&d); i++) {
		hyper[i] += 0.3 * guild_mt19937_normal(&mt);
	}
	double loss = gp_loss(w, hyper, gradient);
	for (size_t i = 0; i < gp_n_hyper(&d); i++) {
		double at = hyper[i];
		double step = 1e-5;
		hyper[i] = at + step;
		double up = gp_loss(w, hyper, NULL);
		hyper[i] = at - step;
		double down = gp_loss(w, hyper, NULL);
		hyper[i] = at;
		expect_near(gradient[i], (up - down) / (2 * step), 1e-5);
	}
	assert_true(gp_fit(w, hyper, 100) < loss);
	gp_work_free(w);
}

static void has_gradients_of_the_loss(void **state)
{
	checks_gradient_of_loss(false, -1);
	checks_gradient_of_loss(true, -1);
}

static void checks_gradient_of_promise(struct gp *g, double *at, enum gp_acquisition kind)
{
	struct gp_promise p = {.kind = kind, .best = -0.7, .xi = 0.05, .kappa = 1.96};
	double mean, deviation, by_mean, by_deviation, d_mean[M], d_deviation[M];
	gp_predict(g, at, &mean, &deviation, d_mean, d_deviation);
	(void)gp_promise(&p, mean, deviation, &by_mean, &by_deviation);
	for (size_t f = 0; f < M; f++) {
		double value[2];
		double x = at[f];
		if (is_category[f]) {
			continue;
		}
		for (size_t k = 0; k < 2; k++) {
			at[f] = x + (k ? 1e-5 : -1e-5);
			gp_predict(g, at, &mean, &deviation, NULL, NULL);
			value[k] = gp_promise(&p, mean, deviation, NULL, NULL);
		}
		at[f] = x;
		expect_near(by_mean * d_mean[f] + by_deviation * d_deviation[f],
			(value[1] - value[0]) / 2e-5, 1e-4);
	}
}

static void predicts_with_gradients(void **state)
{
	struct search_linalg la;
	struct guild_mt19937 mt;
	double x[N * M], y[N], hyper[16];
	guild_mt19937_seed(&mt, 4);
	random_data(&mt, x, y);
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	for (int is_additive = 0; is_additive < 2; is_additive++) {
		struct gp_data d = {N, M, is_category, x, y, -1, is_additive};
		gp_default_hyper(&d, hyper);
		struct gp *g = gp_new(&la, &d, hyper, 3);
		double at[M] = {0.3, 0.8, 1, 0.4};
		double many[2 * M] = {0.3, 0.1, 0.8, 0.2, 1, 2, 0.4, 0.9};
		double mean, deviation, means[2], deviations[2];
		for (size_t k = 0; k <= GP_LCB; k++) {
			checks_gradient_of_promise(g, at, (enum gp_acquisition)k);
		}
		gp_predict(g, at, &mean, &deviation, NULL, NULL);
		gp_predict_many(g, 2, many, means, deviations);
		expect_near(means[0], mean, 1e-12);
		expect_near(deviations[0], deviation, 1e-9);
		/* What is believed is predicted, and more surely. */
		assert_true(gp_append(g, at, mean));
		double less;
		double same;
		gp_predict(g, at, &same, &less, NULL, NULL);
		expect_near(same, mean, 1e-9);
		assert_true(less < deviation);
		gp_free(g);
	}
}

static void leaves_one_out_as_if_it_were_not_there(void **state)
{
	struct search_linalg la;
	struct guild_mt19937 mt;
	double x[N * M], y[N], hyper[16], mean[N], deviation[N], rest[(N - 1) * M], at[M];
	guild_mt19937_seed(&mt, 5);
	random_data(&mt, x, y);
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	struct gp_data d = {N, M, is_category, x, y, -1, false};
	gp_default_hyper(&d, hyper);
	struct gp *g = gp_new(&la, &d, hyper, 0);
	gp_leave_one_out(g, mean, deviation);
	for (size_t f = 0; f < M; f++) {
		memcpy(rest + f * (N - 1), x + f * N + 1, (N - 1) * sizeof(*rest));
		at[f] = x[f * N];
	}
	struct gp_data without = {N - 1, M, is_category, rest, y + 1, -1, false};
	struct gp *h = gp_new(&la, &without, hyper, 0);
	double m, s;
	gp_predict(h, at, &m, &s, NULL, NULL);
	expect_near(mean[0], m, 1e-8);
	expect_near(deviation[0], sqrt(s * s + h->noise), 1e-8);
	gp_free(g);
	gp_free(h);
}

static void bears_points_that_are_the_same(void **state)
{
	struct search_linalg la;
	double x[N * M] = {0}, y[N] = {0}, hyper[16];
	static const bool numbers[M] = {false};
	assert_int_equal(search_linalg_load(&la, NULL), 0);
	for (int kind = 0; kind < 3; kind++) {
		for (size_t i = 0; i < N; i++) {
			x[i] = kind == 1 ? 0.5 + 1e-12 * (double)i : 0.5;
			y[i] = kind == 2 ? 0 : (double)(i % 2) - 0.5;
		}
		struct gp_data d = {N, M, numbers, x, y, 0, false};
		struct gp_work *w = gp_work_new(&la, &d);
		gp_default_hyper(&d, hyper);
		assert_true(isfinite(gp_fit(w, hyper, 50)));
		struct gp *g = gp_new(&la, &d, hyper, 1);
		assert_non_null(g);
		double mean, deviation, d_mean[M], d_deviation[M];
		gp_predict(g, x + N, &mean, &deviation, d_mean, d_deviation);
		assert_true(isfinite(mean) && deviation > 0 && isfinite(d_deviation[0]));
		gp_free(g);
		gp_work_free(w);
	}
}

/* Each against the other's slope, and scipy.special.log_ndtr of SciPy 1.17. */
static void knows_its_tails(void **state)
{
	for (int k = -240; k < 32; k++) {
		double z = k * 0.25;
		/* d/dz log h = Phi / h, d/dz log Phi = phi / Phi */
		double step = 1e-5;
		double slope =
			(gp_log_improvement(z + step) - gp_log_improvement(z - step)) / (2 * step);
		expect_near(slope, exp(gp_log_normal_cdf(z) - gp_log_improvement(z)), 1e-5);
	}
	expect_near(gp_log_normal_cdf(-10), -53.23128515051247, 1e-13);
	expect_near(gp_log_normal_cdf(-40), -804.6084420137538, 1e-13);
	expect_near(gp_log_improvement(0), -0.91893853320467274, 1e-14);
}

static double rosenbrock(void *arg, const double *x, double *g)
{
	double a = x[1] - x[0] * x[0];
	(*(size_t *)arg)++;
	g[0] = -400 * a * x[0] - 2 * (1 - x[0]);
	g[1] = 200 * a;
	return 100 * a * a + (1 - x[0]) * (1 - x[0]);
}

/* Minima of Rosenbrock's function in boxes, as scipy.optimize.minimize(method="L-BFGS-B") finds them. */
static void descends_in_boxes(void **state)
{
	static const struct {
		double low[2], high[2], start[2], x[2];
	} cases[] = {
		{{-5, -5}, {5, 5}, {-1.2, 1}, {1, 1}},
		{{-5, -5}, {0.5, 5}, {-1.2, 1}, {0.5, 0.25}},
		{{0, 1.5}, {5, 5}, {3, 4}, {1.22437, 1.5}},
		{{2, -3}, {3, 2}, {2.5, -1}, {2, 2}},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		size_t n_calls = 0;
		double x[2] = {cases[i].start[0], cases[i].start[1]};
		struct search_descent d = {.function = rosenbrock,
			.arg = &n_calls,
			.n = 2,
			.low = cases[i].low,
			.high = cases[i].high,
			.max_calls = 200,
			.gradient_below = 1e-8};
		(void)search_descend(&d, x);
		expect_near(x[0], cases[i].x[0], 1e-4);
		expect_near(x[1], cases[i].x[1], 1e-4);
		assert_true(n_calls < 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descends_in_boxes),
		cmocka_unit_test(has_gradients_of_the_loss),
		cmocka_unit_test(predicts_with_gradients),
		cmocka_unit_test(leaves_one_out_as_if_it_were_not_there),
		cmocka_unit_test(bears_points_that_are_the_same),
		cmocka_unit_test(knows_its_tails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
