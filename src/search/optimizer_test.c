/* Spaces and searches. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sampler.h"

static void read_space(struct guild_arena *a, const char *json, struct guild_space *out)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_json_parse(a, guild_str(json), NULL, &v, NULL), 0);
	assert_int_equal(guild_space_read(a, v, out, NULL), 0);
}

static void refuses_bad_spaces(void **state)
{
	static const char *const bad[][2] = {
		{"{}", "list of dimensions"},
		{"[]", "nothing to search"},
		{"[{\"type\": \"int\"}]", "no name"},
		{"[{\"name\": \"x\", \"type\": \"real\"}]", "needs a type"},
		{"[{\"name\": \"x\", \"type\": \"int\", \"low\": 1}]", "'high'"},
		{"[{\"name\": \"x\", \"type\": \"int\", \"low\": 1, \"high\": 0}]", "above"},
		{"[{\"name\": \"x\", \"type\": \"float\", \"low\": -1e308, \"high\": 1e308}]",
			"too far apart"},
		{"[{\"name\": \"x\", \"type\": \"int\", \"low\": 0.5, \"high\": 2}]", "whole"},
		{"[{\"name\": \"x\", \"type\": \"float\", \"low\": 0, \"high\": 1, \"log\": true}]",
			"logarithmic"},
		{"[{\"name\": \"x\", \"type\": \"categorical\", \"choices\": []}]", "no choices"},
		{"[{\"name\": \"x\", \"type\": \"int\", \"low\": 0, \"hihg\": 2}]", "hihg"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *v = NULL;
		struct guild_space s;
		struct guild_error err = {0};
		assert_int_equal(guild_json_parse(a, guild_str(bad[i][0]), NULL, &v, NULL), 0);
		assert_true(guild_space_read(a, v, &s, &err) < 0);
		assert_non_null(strstr(err.text, bad[i][1]));
		guild_arena_free(a);
	}
}

static void units_go_there_and_back(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_space s;
	read_space(a,
		"[{\"name\": \"i\", \"type\": \"int\", \"low\": 1, \"high\": 1000, \"log\": true},"
		"{\"name\": \"k\", \"type\": \"int\", \"low\": -3, \"high\": 3},"
		"{\"name\": \"c\", \"type\": \"categorical\", \"choices\": [1, true, \"a\", null]}]",
		&s);
	for (size_t i = 0; i < s.n; i++) {
		int low = s.v[i].choices ? 0 : (int)s.v[i].low;
		int high = s.v[i].choices ? 3 : (int)s.v[i].high;
		for (int x = low; x <= high; x++) {
			double u = search_dim_to_unit(&s.v[i], x);
			assert_true(u > 0 && u < 1);
			assert_true(search_dim_from_unit(&s.v[i], u) == x);
		}
		assert_true(search_dim_from_unit(&s.v[i], 0) == low);
		assert_true(search_dim_from_unit(&s.v[i], 1) == high);
	}
	assert_true(search_dim_point(&s.v[2], guild_value_bool(a, true)) == 1);
	assert_true(search_dim_point(&s.v[2], guild_value_int(a, 1)) == 0);
	guild_arena_free(a);
}

static void counts_points_that_differ(void **state)
{
#define ROOT "{\"name\": \"c\", \"type\": \"categorical\", \"choices\": [\"a\", \"b\", \"d\"]}"
#define HUNG(name, high, when)                                                     \
	",{\"name\": \"" name "\", \"type\": \"int\", \"low\": 1, \"high\": " high \
	", \"when\": " when "}"
	static const struct {
		const char *json;
		double size;
	} cases[] = {
		{"[" ROOT "]", 3},
		{"[" ROOT HUNG("k", "4", "{\"c\": \"b\"}") "]", 6},
		{"[" ROOT HUNG("k", "4", "{\"c\": [\"b\", \"a\", \"b\"]}") "]", 9},
		{"[" ROOT HUNG("k", "4", "{\"c\": \"b\"}")
				HUNG("m", "5", "{\"c\": [\"b\", \"d\"]}") "]",
			1 + 20 + 5},
		{"[" ROOT HUNG("k", "4", "{\"c\": \"b\"}") HUNG("m", "5", "{\"k\": 2}") "]",
			2 + 3 + 5},
		{"[" ROOT HUNG("k", "4",
			 "{\"c\": \"b\"}") ",{\"name\": \"f\", \"type\": \"int\", \"low\": 0, \"high\": 1}]",
			12},
		{"[" ROOT
		 ",{\"name\": \"x\", \"type\": \"float\", \"low\": 1, \"high\": 2, \"when\": "
		 "{\"c\": \"a\"}}]",
			INFINITY},
	};
#undef ROOT
#undef HUNG
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_space s;
		read_space(a, cases[i].json, &s);
		assert_true(guild_space_size(&s) == cases[i].size);
		guild_arena_free(a);
	}
}

/* By the definition: what no other one is nowhere worse than and somewhere better. */
static size_t plain_front(const double *y, size_t n, size_t n_objectives, uint64_t *ids)
{
	size_t n_front = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_beaten = false;
		for (size_t k = 0; k < n && !is_beaten; k++) {
			bool is_worse = false;
			bool is_better = false;
			for (size_t m = 0; m < n_objectives; m++) {
				double diff = y[k * n_objectives + m] - y[i * n_objectives + m];
				is_worse = is_worse || diff > 0;
				is_better = is_better || diff < 0;
			}
			is_beaten = is_better && !is_worse;
		}
		if (!is_beaten) {
			ids[n_front++] = i;
		}
	}
	return n_front;
}

static void the_front_is_what_none_beats(void **state)
{
	enum { N = 300, DIMS = 4 };
	static const struct guild_dim dim = {.name = "x", .high = 1, .parent = GUILD_DIM_ALWAYS};
	struct guild_dim copy = dim;
	struct guild_space s = {.v = &copy, .n = 1};
	for (size_t n_objectives = 1; n_objectives <= DIMS; n_objectives++) {
		struct guild_optimizer_options options = {.n_objectives = n_objectives};
		struct guild_optimizer *o = NULL;
		struct guild_mt19937 mt;
		double y[N * DIMS];
		uint64_t wanted[N];
		uint64_t found[N];
		guild_mt19937_seed(&mt, n_objectives);
		assert_int_equal(guild_optimizer_new("random", &s, &options, &o, NULL), 0);
		for (size_t i = 0; i < N; i++) {
			double x = 0.5;
			struct guild_outcome out = {.values = y + i * n_objectives};
			for (size_t m = 0; m < n_objectives; m++) {
				y[i * n_objectives + m] = guild_mt19937_below(&mt, 12);
			}
			assert_int_equal(guild_optimizer_add(o, &x, &out, NULL, NULL), 0);
		}
		size_t n = plain_front(y, N, n_objectives, wanted);
		assert_int_equal(guild_optimizer_front(o, found, N), n);
		assert_memory_equal(found, wanted, n * sizeof(*found));
		guild_optimizer_free(o);
	}
}

static void gives_every_point_of_a_finite_space_once(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_space s;
	read_space(a,
		"[{\"name\": \"c\", \"type\": \"categorical\", \"choices\": [\"a\", \"b\"]},"
		"{\"name\": \"k\", \"type\": \"int\", \"low\": 1, \"high\": 4, \"when\": {\"c\": \"b\"}}]",
		&s);
	for (size_t i = 0; guild_optimizer_at(i); i++) {
		struct guild_optimizer *o = NULL;
		struct guild_optimizer_options options = {.seed = 7};
		bool seen[5] = {0};
		assert_int_equal(guild_optimizer_new(guild_optimizer_at(i)->name, &s, &options, &o,
					 NULL),
			0);
		for (size_t k = 0; k < 5; k++) {
			double x[2];
			uint64_t id = 99;
			assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
			assert_int_equal(id, k);
			size_t at = x[0] == 0 ? 0 : (size_t)x[1];
			assert_true(x[0] == 0 ? isnan(x[1]) : (x[1] >= 1 && x[1] <= 4));
			assert_false(seen[at]);
			seen[at] = true;
			double y = (double)at;
			struct guild_outcome out = {.values = &y};
			assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), 0);
			assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), GUILD_EEXISTS);
		}
		double again[2];
		uint64_t last = 0;
		assert_int_equal(guild_optimizer_ask(o, again, &last, NULL), 0);
		assert_int_equal(last, 5);
		double best = -1;
		assert_true(guild_optimizer_best(o, NULL, &best, NULL));
		assert_true(best == 0);
		guild_optimizer_free(o);
	}
	guild_arena_free(a);
}

static void same_seed_same_points(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_space s;
	read_space(a,
		"[{\"name\": \"x\", \"type\": \"float\", \"low\": 0, \"high\": 1, \"initial\": 0.25},"
		"{\"name\": \"k\", \"type\": \"int\", \"low\": 1, \"high\": 40}]",
		&s);
	for (size_t i = 0; guild_optimizer_at(i); i++) {
		double points[2][16][2];
		for (size_t turn = 0; turn < 2; turn++) {
			struct guild_optimizer *o = NULL;
			struct guild_optimizer_options options = {.seed = 3};
			assert_int_equal(guild_optimizer_new(guild_optimizer_at(i)->name, &s,
						 &options, &o, NULL),
				0);
			for (size_t k = 0; k < 16; k++) {
				uint64_t id;
				double *x = points[turn][k];
				assert_int_equal(guild_optimizer_ask(o, x, &id, NULL), 0);
				double y = k % 5 == 4 ? NAN : x[0] * x[1];
				struct guild_outcome out = {.values = &y};
				assert_int_equal(guild_optimizer_tell(o, id, &out, NULL), 0);
			}
			guild_optimizer_free(o);
		}
		assert_true(points[0][0][0] == 0.25);
		assert_memory_equal(points[0], points[1], sizeof(points[0]));
	}
	guild_arena_free(a);
}

static void targets_are_finite_and_ordered(void **state)
{
	double y[5][1] = {{1}, {3}, {NAN}, {2}, {0.5}};
	struct guild_space s = {0};
	struct search_point v[5] = {
		{.state = SEARCH_COMPLETE, .y = y[0]},
		{.state = SEARCH_COMPLETE, .y = y[1]},
		{.state = SEARCH_FAILED, .y = y[2]},
		{.state = SEARCH_COMPLETE, .y = y[3], .violation = 4},
		{.state = SEARCH_PRUNED, .y = y[4]},
	};
	size_t told[] = {0, 1, 2, 3, 4};
	struct search_history h = {.space = &s,
		.n_objectives = 1,
		.v = v,
		.n = 5,
		.n_complete = 3,
		.told = told,
		.n_told = 5};
	double out[5];
	search_targets(&h, NULL, out);
	assert_true(out[0] == 1 && out[1] == 3);
	assert_true(out[2] > 3 && out[3] > 3 && isfinite(out[2]) && isfinite(out[3]));
	assert_true(out[4] >= 1 && out[4] <= out[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_spaces),
		cmocka_unit_test(units_go_there_and_back),
		cmocka_unit_test(counts_points_that_differ),
		cmocka_unit_test(the_front_is_what_none_beats),
		cmocka_unit_test(gives_every_point_of_a_finite_space_once),
		cmocka_unit_test(same_seed_same_points),
		cmocka_unit_test(targets_are_finite_and_ordered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
