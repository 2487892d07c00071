/* Pruning rules: as they are written, and what they decide over curves made by hand. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prune.h"

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *written; /* YAML */
	const char *plain;   /* flow YAML; or what the error says */
} rules[] = {
	{"null", "[]"},
	{"no", "[]"},
	{"['none']", "[]"},
	{"median", "[{rule: median}]"},
	{"[median, asha]", "[{rule: median}, {rule: asha}]"},
	{"'median of val_loss, warmup 3, startup 4, interval 2, min-trials 3, maximize'",
		"[{rule: median, of: val_loss, warmup: 3, startup: 4, interval: 2, min-trials: 3, direction: maximize}]"},
	{"percentile 12.5", "[{rule: percentile, keep: 12.5}]"},
	{"'hyperband of ''a b'', factor 4, brackets 3, min-resource 2, max-resource 81'",
		"[{rule: hyperband, of: a b, factor: 4, brackets: 3, min-resource: 2, max-resource: 81}]"},
	{"patience 5 0.01", "[{rule: patience, reports: 5, min-delta: 0.01}]"},
	{"patience 5 of acc", "[{rule: patience, reports: 5, of: acc}]"},
	{"loss > 10 after step 5", "[{rule: threshold, when: loss > 10, after: 5}]"},
	{"'x is nan, startup 3'", "[{rule: threshold, when: x is nan, startup: 3}]"},
	{"{rule: threshold, when: acc <= 0.1, after: 3}",
		"[{rule: threshold, when: acc <= 0.1, after: 3}]"},
	{"3", "a pruning rule must be text or a mapping, not int"},
	{"''", "a pruning rule needs a name"},
	{"medain", "there is no pruning rule 'medain' (did you mean 'median'?)"},
	{"threshold", "there is no pruning rule 'threshold'"},
	{"'median, warmup'", "'warmup' takes one value"},
	{"'median, warmup x'", "'warmup' needs a number, not 'x'"},
	{"'median, wramup 3'",
		"unknown option 'wramup' of a pruning rule (did you mean 'warmup'?)"},
	{"'median warmup 3'", "'warmup' is not understood after 'median': options follow a comma"},
	{"'median, '", "an option is missing at ','"},
	{"'median, factor 3'", "rule 'median' has no option 'factor'"},
	{"percentile", "rule 'percentile' needs 'keep': 'percentile 25'"},
	{"percentile 101", "'keep' must be a number from 0 to 100"},
	{"'asha, factor 1'", "'factor' must be a whole number from 2 on"},
	{"'asha, factor 2.5'", "'factor' must be a whole number from 2 on"},
	{"patience 3 nan", "'min-delta' must be a number from 0 on"},
	{"loss > much", "expected a number after '>', not 'much'"},
	{"'> 3'", "'> 3' compares no scalar"},
	{"{rule: median, of: [1]}", "'of' needs the name of a scalar"},
	{"{rule: threshold, when: loss}", "expected a condition such as 'loss > 10'"},
	{"{of: loss}", "a pruning rule needs 'rule'"},
	{"{rule: median, direction: up}", "'direction' must be minimize or maximize"},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rules); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_value *v = NULL;
		struct guild_value *want = NULL;
		struct guild_value *plain = NULL;
		struct guild_error err = {0};
		assert_int_equal(guild_yaml_parse(a, guild_str(rules[i].written), NULL, 0, &v,
					 NULL),
			0);
		if (guild_prune_read(a, v, &plain, &err) == 0) {
			struct guild_value *again = NULL;
			assert_int_equal(guild_prune_read(a, plain, &again, &err), 0);
			assert_true(guild_value_eq(again, plain));
			assert_int_equal(guild_yaml_parse(a, guild_str(rules[i].plain), NULL, 0,
						 &want, NULL),
				0);
			if (!guild_value_eq(plain, want)) {
				struct guild_buf b = {0};
				guild_yaml_dump_flow(&b, plain);
				fail_msg("%s is read as %s", rules[i].written, guild_buf_cstr(&b));
			}
		} else if (!guild_starts(err.text, rules[i].plain)) {
			fail_msg("%s: %s", rules[i].written, err.text);
		}
		guild_arena_free(a);
	}
}

/* ---- deciding ------------------------------------------------------------------------------------------------------- */

static struct guild_pruner *pruner(const char *text, bool maximize)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_pruner *p = NULL;
	struct guild_error err = {0};
	if (guild_pruner_new(guild_value_string(a, text), "loss", maximize, &p, &err) != 0) {
		fail_msg("%s: %s", text, err.text);
	}
	guild_arena_free(a);
	return p;
}

/* Reports values at steps 1, 2, …; at which one it is stopped, 0: never. */
static int run(struct guild_pruner *p, uint64_t trial, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (guild_pruner_report(p, trial, "loss", -1, v[i])) {
			guild_pruner_end(p, trial, false);
			return (int)i + 1;
		}
	}
	guild_pruner_end(p, trial, true);
	return 0;
}
#define RUN(p, trial, ...)                           \
	run(p, trial, (const double[]){__VA_ARGS__}, \
		sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

static void test_median(void **state)
{
	(void)state;
	struct guild_pruner *p = pruner("median, warmup 2", false);
	assert_int_equal(RUN(p, 0, 9, 5, 4, 3), 0);
	assert_int_equal(RUN(p, 1, 9, 9, 9, 9), 0); /* startup */
	assert_int_equal(RUN(p, 2, 9, 6, 4, 3), 0); /* the middle one counts: 6, then 4 */
	assert_int_equal(RUN(p, 3, 99, 7, 1, 1), 2);
	assert_int_equal(RUN(p, 4, NAN, NAN), 2);
	assert_int_equal(RUN(p, 5, -INFINITY, 8), 2); /* no value at all */
	assert_int_equal(RUN(p, 6, 1, INFINITY, 1), 0);
	guild_pruner_free(p);
	p = pruner("median, startup 0, min-trials 1, warmup 0", true);
	assert_int_equal(RUN(p, 0, 5), 0);
	assert_int_equal(RUN(p, 1, 5), 0); /* equal is not worse */
	assert_int_equal(RUN(p, 2, 4), 1);
	guild_pruner_free(p);
}

/* Steps with gaps, that come again, go back, and do not meet those of others. */
static void test_steps(void **state)
{
	(void)state;
	struct guild_pruner *p = pruner("median, startup 0, min-trials 1, warmup 0", false);
	assert_null(guild_pruner_report(p, 0, "loss", 10, 5));
	assert_null(guild_pruner_report(p, 0, "loss", 20, 3));
	assert_null(guild_pruner_report(p, 0, "loss", 20, 3));
	assert_null(guild_pruner_report(p, 0, "loss", 5, 4));
	assert_null(guild_pruner_report(p, 0, "loss", 40, 2));
	/* Between: nobody was there; then over 20, where it is remembered with 4. */
	assert_null(guild_pruner_report(p, 1, "loss", 15, 4));
	assert_null(guild_pruner_report(p, 1, "loss", 30, 4));
	const struct guild_prune_reason *why = guild_pruner_report(p, 1, "loss", 40, 4);
	assert_non_null(why);
	assert_string_equal(why->text,
		"median: loss = 4 at step 40, where the median is 3 (1 trial)");
	assert_int_equal(why->n_compared, 1);
	assert_true(why->limit == 3 && why->value == 4 && why->step == 40);
	/* Once. */
	assert_null(guild_pruner_report(p, 1, "loss", 41, 400));
	assert_non_null(guild_pruner_report(p, 2, "loss", 20, 3.6)); /* of 3 and 4 */
	assert_null(guild_pruner_report(p, 3, "acc", 20, 99));
	assert_null(guild_pruner_report(p, 3, "loss", INT64_MAX, 99));
	guild_pruner_free(p);
	p = pruner("median, startup 0, min-trials 1, warmup 0, interval 10", false);
	assert_int_equal(RUN(p, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 0);
	assert_int_equal(RUN(p, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 0);
	assert_null(guild_pruner_report(p, 2, "loss", 1, 1));
	assert_null(guild_pruner_report(p, 2, "loss", 2, 5));
	assert_null(guild_pruner_report(p, 2, "loss", 3, 5));
	why = guild_pruner_report(p, 2, "loss", 10, 7);
	assert_non_null(why);
	assert_string_equal(why->text,
		"median: loss = 7 at step 10 (of the last three: 5), where the median is 1 (2 trials)");
	guild_pruner_free(p);
}

static void test_percentile(void **state)
{
	(void)state;
	struct guild_pruner *p = pruner("percentile 25, warmup 0", false);
	for (uint64_t i = 0; i < 5; i++) {
		guild_pruner_recall(p, i, "loss", 1, (double)i + 1);
		guild_pruner_end(p, i, true);
	}
	/* Nothing was decided over trials from before, but they count: the border is 2. */
	assert_null(guild_pruner_report(p, 5, "loss", 1, 2));
	assert_non_null(guild_pruner_report(p, 6, "loss", 1, 2.1));
	guild_pruner_free(p);
}

/* Rungs at 1, 3, 9; of n that came, the best n/3 and at least one go on. */
static void test_asha(void **state)
{
	(void)state;
	struct guild_pruner *p = pruner("asha, factor 3, min-resource 1", false);
	assert_int_equal(RUN(p, 0, 5, 5, 5, 5), 0);
	assert_int_equal(RUN(p, 1, 6, 1), 1);
	assert_int_equal(RUN(p, 2, 4, 4, 4, 4), 0);
	assert_int_equal(RUN(p, 3, 4.5, 1), 1);
	assert_int_equal(RUN(p, 4, NAN, 1), 1);
	assert_int_equal(RUN(p, 5, 3, 9, 4.5, 1), 3);
	assert_int_equal(RUN(p, 6, 4, 9, 3, 1), 0); /* second of six */
	guild_pruner_free(p);
	/* Resources found out: 24 steps, so the first rung is at 4; none from 8 on. */
	p = pruner("asha, max-resource 8", false);
	double v[24] = {0};
	assert_int_equal(run(p, 0, v, 24), 0);
	v[3] = 1;
	assert_int_equal(run(p, 1, v, 24), 0); /* the first at the rung */
	v[3] = 2;
	assert_int_equal(run(p, 2, v, 24), 4);
	v[3] = 0;
	v[7] = 9;
	assert_int_equal(run(p, 3, v, 24), 0);
	guild_pruner_free(p);
}

static void test_hyperband(void **state)
{
	(void)state;
	struct guild_pruner *p =
		pruner("hyperband, factor 3, min-resource 1, max-resource 9", false);
	/* Brackets begin at 1 and 3; the one at 9 never stops a trial. Of 9 + 5 + 3 parts. */
	size_t first_stop[4] = {0};
	for (uint64_t i = 0; i < 1700; i++) {
		double x = 1 + (double)i;
		first_stop[RUN(p, i, x, x, x)]++;
	}
	assert_in_range(first_stop[1], 880, 915);
	assert_in_range(first_stop[3], 480, 515);
	assert_int_equal(first_stop[2], 0);
	guild_pruner_free(p);
}

static void test_alone(void **state)
{
	(void)state;
	struct guild_pruner *p = pruner("patience 3 0.1", false);
	assert_int_equal(RUN(p, 0, 5, 4, 3, 2.95, 2.91, 2.8, 2.75, NAN, 2.71), 9);
	assert_int_equal(RUN(p, 1, NAN, NAN, NAN), 3);
	assert_int_equal(RUN(p, 2, 5, 6, 4, 6, 6, 3), 0);
	guild_pruner_free(p);
	p = pruner("loss > 10 after step 2", true);
	assert_int_equal(RUN(p, 0, 99, 99, 10, 11), 4);
	assert_int_equal(RUN(p, 1, NAN, 1, NAN), 3);
	guild_pruner_free(p);
	p = pruner("loss is not finite", false);
	assert_int_equal(RUN(p, 0, 1e308, -INFINITY), 2);
	guild_pruner_free(p);
	p = pruner("loss < 0.1, startup 1", false);
	assert_int_equal(RUN(p, 0, 0, 0), 0);
	assert_int_equal(RUN(p, 1, 1, 0), 2);
	/* What ended and speaks again is a new attempt. */
	assert_int_equal(RUN(p, 1, 1, 1), 0);
	guild_pruner_free(p);
}

static void test_several(void **state)
{
	(void)state;
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = NULL;
	struct guild_pruner *p = NULL;
	assert_int_equal(guild_yaml_parse(a, guild_str("[patience 2 of val#acc, loss > 3]"), NULL,
				 0, &list, NULL),
		0);
	assert_int_equal(guild_pruner_new(list, NULL, false, &p, NULL), 0);
	assert_true(guild_pruner_watches(p, "loss"));
	assert_true(guild_pruner_watches(p, "train#loss"));
	assert_true(guild_pruner_watches(p, "val#acc"));
	assert_false(guild_pruner_watches(p, "acc"));
	assert_null(guild_pruner_report(p, 0, "val#acc", 1, 1));
	assert_null(guild_pruner_report(p, 0, "train#loss", 1, 1));
	assert_null(guild_pruner_report(p, 0, "val#acc", 2, 1));
	const struct guild_prune_reason *why = guild_pruner_report(p, 0, "val#acc", 3, 1);
	assert_non_null(why);
	assert_string_equal(why->rule, "patience 2 of val#acc");
	assert_string_equal(why->text,
		"patience 2 of val#acc: val#acc = 1 at step 3, no better for 2 reports than 1");
	assert_null(guild_pruner_report(p, 0, "loss", 4, 100));
	why = guild_pruner_report(p, 1, "loss", 4, 100);
	assert_non_null(why);
	assert_string_equal(why->text, "loss > 3: loss = 100 at step 4");
	guild_pruner_free(p);
	guild_arena_free(a);
}

/* The border against sorting, over numbers with ties. */
static void test_rank(void **state)
{
	(void)state;
	struct guild_mt19937 mt;
	struct prune_rank r = {0};
	double sorted[300] = {0};
	guild_mt19937_seed(&mt, 1);
	for (size_t n = 0; n < GUILD_ARRAY_LEN(sorted); n++) {
		double v = (double)guild_mt19937_below(&mt, 50);
		size_t i = n;
		for (; i > 0 && sorted[i - 1] > v; i--) {
			sorted[i] = sorted[i - 1];
		}
		sorted[i] = v;
		search_rank_add(&r, v);
		size_t k = 1 + guild_mt19937_below(&mt, (uint32_t)n + 1);
		search_rank_split(&r, k);
		assert_int_equal(r.n_low, k);
		assert_true(r.low[0] == sorted[k - 1]);
		assert_true(k == n + 1 || r.high[0] == sorted[k]);
	}
	search_rank_fini(&r);
}

/* 100,000 trials with 20 reports each take a moment, not minutes. */
static void test_many(void **state)
{
	(void)state;
	static const char *const texts[] = {"median", "hyperband, min-resource 1"};
	for (size_t k = 0; k < GUILD_ARRAY_LEN(texts); k++) {
		struct guild_pruner *p = pruner(texts[k], false);
		struct guild_mt19937 mt;
		size_t n_stopped = 0;
		guild_mt19937_seed(&mt, 1);
		for (uint64_t i = 0; i < 100000; i++) {
			bool is_stopped = false;
			double v = guild_mt19937_unit(&mt);
			for (int64_t s = 1; s <= 20 && !is_stopped; s++) {
				is_stopped = guild_pruner_report(p, i, "loss", s, v) != NULL;
			}
			guild_pruner_end(p, i, !is_stopped);
			n_stopped += is_stopped;
		}
		assert_in_range(n_stopped, 50000, 99999);
		guild_pruner_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_percentile),
		cmocka_unit_test(test_asha),
		cmocka_unit_test(test_hyperband),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
