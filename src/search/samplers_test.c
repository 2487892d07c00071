/* What every sampler of its own kind promises: better than chance, the same again, spread in parallel. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler.h"

enum { DIMS = 4 };
/* How many times less it leaves than chance does, at least. */
static const struct {
	const char *name;
	double gain;
	size_t first; /* of the problems that it is for */
	uint64_t seeds;
} learning[] = {{"cmaes", 3, 0, 7}, {"forest", 10, 2, 2}, {"gbrt", 10, 2, 2}, {"nsga2", 1.7, 0, 7},
	{"tpe", 4, 0, 7}};

#define REAL(name) "{\"name\": \"" name "\", \"type\": \"float\", \"low\": 0, \"high\": 1}"
static const char reals[] = "[" REAL("a") "," REAL("b") "," REAL("c") "," REAL("d") "]";
static const char mixed[] =
	"[{\"name\": \"a\", \"type\": \"float\", \"low\": 1e-6, \"high\": 1, \"log\": true},"
	"{\"name\": \"b\", \"type\": \"int\", \"low\": 1, \"high\": 40},"
	"{\"name\": \"c\", \"type\": \"categorical\", \"choices\": [\"x\", \"y\", \"z\", 4]},"
	"{\"name\": \"d\", \"type\": \"int\", \"low\": 0, \"high\": 4}]";
static const char conditional[] =
	"[{\"name\": \"a\", \"type\": \"categorical\", \"choices\": [\"x\", \"y\"]},"
	"{\"name\": \"b\", \"type\": \"float\", \"low\": 0, \"high\": 1, \"when\": {\"a\": \"x\"}},"
	"{\"name\": \"c\", \"type\": \"int\", \"low\": 0, \"high\": 9999, \"when\": {\"a\": \"y\"}},"
	"{\"name\": \"d\", \"type\": \"categorical\", \"choices\": [\"only\"]}]";

static double square(double a)
{
	return a * a;
}

static double bowl(const double *x)
{
	return square(x[0] - 0.3) + 2 * square(x[1] - x[0]) + square(x[2] - 0.9) +
	       0.5 * square(x[3] - 0.1);
}

static double rugged(const double *x)
{
	double sum = 0;
	for (size_t i = 0; i < DIMS; i++) {
		double z = 5 * (x[i] - 0.6);
		sum += z * z + 2 - 2 * cos(4 * z);
	}
	return sum;
}

static double tuning(const double *x)
{
	static const double choice[] = {0.6, 0, 0.9, 0.4};
	return square(log10(x[0]) + 3) / 4 + square((x[1] - 25) / 20) + choice[(size_t)x[2]] +
	       0.2 * fabs(x[3] - 3);
}

static double branches(const double *x)
{
	return x[0] == 0 ? 0.3 + square(x[1] - 0.5) : square((x[2] - 7000) / 5000);
}

static const struct problem {
	const char *space;
	double (*f)(const double *x);
} problems[] = {{reals, bowl}, {reals, rugged}, {mixed, tuning}, {conditional, branches}};

static struct guild_optimizer *start(struct guild_arena *a, const char *name, const char *space,
	uint64_t seed)
{
	struct guild_value *v = NULL;
	struct guild_space s;
	struct guild_optimizer *o = NULL;
	struct guild_optimizer_options options = {.seed = seed};
	assert_int_equal(guild_json_parse(a, guild_str(space), NULL, &v, NULL), 0);
	assert_int_equal(guild_space_read(a, v, &s, NULL), 0);
	assert_int_equal(guild_optimizer_new(name, &s, &options, &o, NULL), 0);
	return o;
}

static double best_of(const char *name, const struct problem *p, uint64_t seed, size_t budget)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_optimizer *o = start(a, name, p->space, seed);
	double best = INFINITY;
	for (size_t k = 0; k < budget; k++) {
		double x[DIMS];
		uint64_t id;
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		double y = p->f(x);
		best = fmin(best, y);
		struct guild_outcome out = {.values = &y};
		assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), 0);
	}
	guild_optimizer_free(o);
	guild_arena_free(a);
	return best;
}

/* The geometric mean of what is left after 120 trials, over some seeds, is far less than what chance leaves. */
static void beat_chance(void **state)
{
	enum { SEEDS = 7, BUDGET = 120 };
	if (getenv("GUILD_MEMORY_ONLY")) {
		skip(); /* minutes under valgrind, over code that the other tests go through as well */
	}
	for (size_t k = 0; k < GUILD_ARRAY_LEN(problems); k++) {
		double chance = 0;
		for (uint64_t seed = 0; seed < SEEDS; seed++) {
			chance += log(best_of("random", &problems[k], seed, BUDGET) + 1e-6);
		}
		for (size_t i = 0; i < GUILD_ARRAY_LEN(learning); i++) {
			double sum = 0;
			uint64_t n = k >= learning[i].first ? learning[i].seeds : 0;
			for (uint64_t seed = 0; seed < n; seed++) {
				sum += log(best_of(learning[i].name, &problems[k], seed, BUDGET) +
					   1e-6);
			}
			assert_true(n == 0 ||
				    sum / (double)n < chance / SEEDS - log(learning[i].gain));
		}
	}
}

/* Told again by additions, a search goes on with the same point. */
static void go_on_from_history(void **state)
{
	enum { N = 60 };
	for (size_t i = 0; guild_optimizer_at(i); i++) {
		const char *name = guild_optimizer_at(i)->name;
		struct guild_arena *a = guild_arena_new();
		struct guild_optimizer *o = start(a, name, mixed, 5);
		struct guild_optimizer *again = start(a, name, mixed, 5);
		double x[DIMS];
		double y[DIMS];
		uint64_t id;
		for (size_t k = 0; k < N; k++) {
			assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
			double f = k % 7 == 3 ? NAN : tuning(x);
			struct guild_outcome out = {.values = &f};
			assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), 0);
			assert_int_equal(guild_optimizer_add(again, x, &out, NULL, NULL), 0);
		}
		assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
		assert_int_equal(guild_optimizer_ask(again, y, &id, NULL), 0);
		assert_memory_equal(x, y, sizeof(x));
		guild_optimizer_free(o);
		guild_optimizer_free(again);
		guild_arena_free(a);
	}
}

/* 50 points asked at once do not sit on one place, and are none of those tried. */
static void spread_parallel_asks(void **state)
{
	enum { N = 50 };
	for (size_t i = 0; i < GUILD_ARRAY_LEN(learning); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_optimizer *o = start(a, learning[i].name, reals, 9);
		double x[N][DIMS];
		uint64_t id;
		for (size_t k = 0; k < 40; k++) {
			assert_int_equal(guild_optimizer_ask(o, x[0], &id, NULL), 0);
			double y = bowl(x[0]);
			struct guild_outcome out = {.values = &y};
			assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), 0);
		}
		double sum = 0;
		for (size_t k = 0; k < N; k++) {
			assert_int_equal(guild_optimizer_ask(o, x[k], &id, NULL), 0);
			double nearest = INFINITY;
			for (size_t j = 0; j < k; j++) {
				double d = 0;
				for (size_t m = 0; m < DIMS; m++) {
					d += square(x[k][m] - x[j][m]);
				}
				nearest = fmin(nearest, sqrt(d));
			}
			assert_true(nearest > 1e-4);
			sum += k > 0 ? nearest : 0;
		}
		assert_true(sum / (N - 1) > 0.05);
		guild_optimizer_free(o);
		guild_arena_free(a);
	}
}

/* No value, one value, nothing to choose, nothing told, no trial that works: always a point of the space. */
static void take_odd_searches(void **state)
{
	static const char *const spaces[] = {
		"[{\"name\": \"a\", \"type\": \"categorical\", \"choices\": [1]},"
		"{\"name\": \"b\", \"type\": \"float\", \"low\": 2, \"high\": 2}]",
		"[{\"name\": \"a\", \"type\": \"int\", \"low\": -1, \"high\": 1},"
		"{\"name\": \"b\", \"type\": \"int\", \"low\": 7, \"high\": 7}]",
		"[{\"name\": \"a\", \"type\": \"float\", \"low\": -1e300, \"high\": 1e300},"
		"{\"name\": \"b\", \"type\": \"float\", \"low\": 1e-300, \"high\": 1e300, \"log\": true}]",
		conditional,
	};
	static const double values[] = {NAN, 1, INFINITY, 1e300, -1e300};
	for (size_t i = 0; guild_optimizer_at(i); i++) {
		for (size_t k = 0; k < GUILD_ARRAY_LEN(spaces) * GUILD_ARRAY_LEN(values); k++) {
			struct guild_arena *a = guild_arena_new();
			struct guild_optimizer *o = start(a, guild_optimizer_at(i)->name,
				spaces[k / GUILD_ARRAY_LEN(values)], 1);
			double y = values[k % GUILD_ARRAY_LEN(values)];
			for (size_t j = 0; j < 45; j++) {
				double x[DIMS];
				uint64_t id;
				assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
				/* It is refused when it is not in the space. */
				assert_int_equal(guild_optimizer_add(o, x, NULL, NULL, NULL), 0);
				double f = j % 3 ? y : -y / 2;
				struct guild_outcome out = {.values = &f};
				if (j % 4) {
					assert_int_equal(guild_optimizer_tell(o, id, &out, NULL),
						0);
				}
			}
			guild_optimizer_free(o);
			guild_arena_free(a);
		}
	}
}

static void find_the_kth(void **state)
{
	struct guild_mt19937 mt;
	guild_mt19937_seed(&mt, 1);
	for (size_t n = 1; n < 60; n++) {
		double v[60];
		for (size_t i = 0; i < n; i++) {
			v[i] = (double)guild_mt19937_below(&mt, n % 3 == 0 ? 3 : 1000);
		}
		size_t k = guild_mt19937_below(&mt, (uint32_t)n);
		double kth = search_kth(v, n, k);
		size_t below = 0;
		size_t above = 0;
		for (size_t i = 0; i < n; i++) {
			below += v[i] < kth;
			above += v[i] > kth;
		}
		assert_true(below <= k && above <= n - 1 - k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find_the_kth),
		cmocka_unit_test(beat_chance),
		cmocka_unit_test(take_odd_searches),
		cmocka_unit_test(go_on_from_history),
		cmocka_unit_test(spread_parallel_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
