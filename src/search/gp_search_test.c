/* Optimizer gp as a whole. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gp_warp.h"
#include "sampler.h"

static bool is_same(const double *x, const double *y)
{
	for (size_t i = 0; i < 4; i++) {
		if (x[i] != y[i] && !(isnan(x[i]) && isnan(y[i]))) {
			return false;
		}
	}
	return true;
}

static struct guild_optimizer *open_search(const char *name, const char *json, uint64_t seed,
	const char *flags)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_value *flag_values = NULL;
	struct guild_space s;
	struct guild_optimizer *o = NULL;
	struct guild_error err = {0};
	assert_int_equal(guild_json_parse(a, guild_str(json), NULL, &v, NULL), 0);
	assert_int_equal(guild_space_read(a, v, &s, NULL), 0);
	if (flags) {
		assert_int_equal(guild_json_parse(a, guild_str(flags), NULL, &flag_values, NULL),
			0);
	}
	struct guild_optimizer_options options = {.seed = seed, .flags = flag_values};
	if (guild_optimizer_new(name, &s, &options, &o, &err) != 0) {
		fail_msg("%s", err.text);
	}
	guild_arena_free(a);
	return o;
}

static void tell(struct guild_optimizer *o, uint64_t id, double y)
{
	struct guild_outcome outcome = {.values = &y};
	assert_int_equal(guild_optimizer_tell(o, id, &outcome, NULL), 0);
}

static const char branin_space[] =
	"[{\"name\": \"x\", \"type\": \"float\", \"low\": -5, \"high\": 10},"
	"{\"name\": \"y\", \"type\": \"float\", \"low\": 0, \"high\": 15}]";

static double branin(const double *x)
{
	double a = x[1] - 5.1 / (4 * M_PI * M_PI) * x[0] * x[0] + 5 / M_PI * x[0] - 6;
	return a * a + 10 * (1 - 1 / (8 * M_PI)) * cos(x[0]) + 10;
}

static double find_branin(const char *name, uint64_t seed, const char *flags, size_t n)
{
	struct guild_optimizer *o = open_search(name, branin_space, seed, flags);
	double best = INFINITY;
	for (size_t i = 0; i < n; i++) {
		double x[2];
		uint64_t id;
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		tell(o, id, branin(x));
		best = fmin(best, branin(x));
	}
	guild_optimizer_free(o);
	return best;
}

static void finds_the_minimum_of_branin(void **state)
{
	static const char *const acquisitions[] = {"EI", "PI", "LCB", "gp_hedge", "EIps", "PIps"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(acquisitions); i++) {
		char flags[64];
		snprintf(flags, sizeof(flags), "{\"acq-func\": \"%s\"}", acquisitions[i]);
		/* PI, which is greedy, takes the longest. */
		double found = find_branin("gp", i + 1, flags, 60);
		assert_true(found < 0.41);
		assert_true(found < find_branin("random", i + 1, NULL, 60));
	}
	assert_true(find_branin("gp", 7, "{\"noise\": 0.01}", 40) < 0.5);
}

static const char mixed_space[] =
	"[{\"name\": \"c\", \"type\": \"categorical\", \"choices\": [\"a\", \"b\", \"c\"]},"
	"{\"name\": \"k\", \"type\": \"int\", \"low\": 1, \"high\": 9, \"when\": {\"c\": \"b\"}},"
	"{\"name\": \"n\", \"type\": \"categorical\", \"choices\": [64, 16, 32, 128]},"
	"{\"name\": \"x\", \"type\": \"float\", \"low\": 1e-5, \"high\": 1, \"log\": true}]";

static double mixed(const double *x)
{
	return x[0] + fabs(x[2] - 2) + pow(log10(x[3]) + 2, 2) +
	       (isnan(x[1]) ? 0 : fabs(x[1] - 4) - 2);
}

/* Some fail, some are pruned, some are told late. */
static void play(struct guild_optimizer *o, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		double x[4];
		uint64_t id;
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		assert_int_equal(id, i);
		if (i % 7 == 3) {
			struct guild_outcome failed = {.state = GUILD_OUTCOME_FAILED};
			assert_int_equal(guild_optimizer_tell(o, id, &failed, NULL), 0);
		} else if (i % 7 != 5) {
			tell(o, id, mixed(x));
		}
	}
}

static void expect_same(const struct guild_optimizer *a, const struct guild_optimizer *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const double *x = guild_optimizer_point(a, i);
		const double *y = guild_optimizer_point(b, i);
		for (size_t k = 0; k < 4; k++) {
			assert_true(x[k] == y[k] || (isnan(x[k]) && isnan(y[k])));
		}
	}
}

/* The same seed, the same points; and a search whose past is added, not asked for, goes on as the first would have. */
static void follows_from_what_was_told(const char *name)
{
	struct guild_optimizer *a = open_search(name, mixed_space, 3, NULL);
	struct guild_optimizer *b = open_search(name, mixed_space, 3, NULL);
	struct guild_optimizer *c = open_search(name, mixed_space, 3, NULL);
	play(a, 0, 34);
	play(b, 0, 34);
	expect_same(a, b, 34);
	for (size_t i = 0; i < 30; i++) {
		const double *x = guild_optimizer_point(a, i);
		double y = mixed(x);
		struct guild_outcome outcome = {
			.state = i % 7 == 3 ? GUILD_OUTCOME_FAILED : GUILD_OUTCOME_COMPLETE,
			.values = &y};
		assert_int_equal(guild_optimizer_add(c, x, i % 7 == 5 ? NULL : &outcome, NULL,
					 NULL),
			0);
	}
	play(c, 30, 34);
	expect_same(a, c, 34);
	guild_optimizer_free(a);
	guild_optimizer_free(b);
	guild_optimizer_free(c);
}

static void gp_follows_from_what_was_told(void **state)
{
	follows_from_what_was_told("gp");
}

static void auto_follows_from_what_was_told(void **state)
{
	follows_from_what_was_told("auto");
}

/* Noise has nothing that a model could foretell: points come all the same. */
static void auto_gets_by_without_a_model(void **state)
{
	struct guild_mt19937 mt;
	struct guild_optimizer *o = open_search("auto", mixed_space, 2, NULL);
	guild_mt19937_seed(&mt, 1);
	for (size_t i = 0; i < 60; i++) {
		double x[4];
		uint64_t id;
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		for (size_t k = 0; k < i; k++) {
			assert_false(is_same(guild_optimizer_point(o, k), x));
		}
		tell(o, id, guild_mt19937_normal(&mt));
	}
	guild_optimizer_free(o);
	assert_true(find_branin("auto", 1, NULL, 40) < 0.41);
}

/* Nothing told, only failures, always the same, and values of all sizes: points come, all in the space, none twice. */
static void bears_every_history(void **state)
{
	for (int kind = 0; kind < 5; kind++) {
		struct guild_optimizer *o = open_search("gp", mixed_space, 5, NULL);
		for (size_t i = 0; i < 30; i++) {
			double x[4];
			uint64_t id;
			assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
			assert_true(x[3] >= 1e-5 && x[3] <= 1);
			for (size_t k = 0; k < i; k++) {
				assert_false(is_same(guild_optimizer_point(o, k), x));
			}
			struct guild_outcome failed = {.state = GUILD_OUTCOME_FAILED};
			if (kind == 1) {
				assert_int_equal(guild_optimizer_tell(o, id, &failed, NULL), 0);
			} else if (kind > 1) {
				double sizes[] = {1, pow(10, 20 * sin((double)i)),
					i == 9 ? -1e300 : 1e-300 * (double)i};
				tell(o, id, sizes[kind - 2]);
			}
		}
		guild_optimizer_free(o);
	}
}

static void takes_several_objectives(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_space s;
	struct guild_optimizer *o = NULL;
	struct guild_optimizer_options options = {.seed = 1, .n_objectives = 2};
	assert_int_equal(guild_json_parse(a, guild_str(branin_space), NULL, &v, NULL), 0);
	assert_int_equal(guild_space_read(a, v, &s, NULL), 0);
	assert_int_equal(guild_optimizer_new("gp", &s, &options, &o, NULL), 0);
	for (size_t i = 0; i < 25; i++) {
		double x[2];
		uint64_t id;
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		double y[2] = {fabs(x[0] - 1), fabs(x[0] - 3) + x[1]};
		struct guild_outcome outcome = {.values = y};
		assert_int_equal(guild_optimizer_tell(o, id, &outcome, NULL), 0);
	}
	assert_true(guild_optimizer_front(o, NULL, 0) >= 4);
	guild_optimizer_free(o);
	guild_arena_free(a);
}

static void refuses_bad_flags(void **state)
{
	static const char *const bad[] = {"{\"acq-func\": \"UCB\"}", "{\"xi\": -1}",
		"{\"noise\": \"white\"}", "{\"random-starts\": \"many\"}", "{\"kapa\": 1}"};
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_value *flags = NULL;
	struct guild_space s;
	assert_int_equal(guild_json_parse(a, guild_str(branin_space), NULL, &v, NULL), 0);
	assert_int_equal(guild_space_read(a, v, &s, NULL), 0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_optimizer *o = NULL;
		assert_int_equal(guild_json_parse(a, guild_str(bad[i]), NULL, &flags, NULL), 0);
		struct guild_optimizer_options options = {.flags = flags};
		assert_int_equal(guild_optimizer_new("gp", &s, &options, &o, NULL), GUILD_EINVALID);
	}
	guild_arena_free(a);
}

static void warps_what_is_skewed(void **state)
{
	enum { N = 200 };
	struct guild_mt19937 mt;
	double y[N], out[N], log_slope, third = 0;
	guild_mt19937_seed(&mt, 1);
	for (size_t i = 0; i < N; i++) {
		y[i] = exp(2 * guild_mt19937_normal(&mt));
	}
	double lambda = gp_warp_fit(N, y);
	assert_true(lambda < 0.5);
	(void)gp_warp(lambda, N, y, out, &log_slope);
	for (size_t i = 0; i < N; i++) {
		third += out[i] * out[i] * out[i] / N;
		for (size_t k = 0; k < i; k++) {
			assert_true((y[i] < y[k]) == (out[i] < out[k]));
		}
	}
	assert_true(fabs(third) < 0.5);
	double same[3] = {2, 2, 2};
	assert_true(gp_warp(gp_warp_fit(3, same), 3, same, out, &log_slope) == 0 && out[1] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_minimum_of_branin),
		cmocka_unit_test(gp_follows_from_what_was_told),
		cmocka_unit_test(auto_follows_from_what_was_told),
		cmocka_unit_test(auto_gets_by_without_a_model),
		cmocka_unit_test(bears_every_history),
		cmocka_unit_test(takes_several_objectives),
		cmocka_unit_test(refuses_bad_flags),
		cmocka_unit_test(warps_what_is_skewed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
