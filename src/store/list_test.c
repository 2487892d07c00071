/* Listing, filtering, selecting and finding runs. */
#include <unistd.h>

#include "testing.h"

static const char train[] = "guildfile:/p/guild.yml h mlp train";
static const char script[] = "script:/p '' '' t.py";

static void fill(const struct testing_home *t)
{
	testing_run(t, "aa1", train, "attrs/started", "1000000000000000\n", "attrs/exit_status",
		"0\n", "attrs/label", "first run\n", "attrs/tags", "- one\n- '2'\n",
		"attrs/sourcecode_digest", "abc123\n", NULL);
	testing_run(t, "aa2", train, "attrs/started", "1000000002500000\n", "attrs/exit_status",
		"1\n", "attrs/label", "lr=0.1\n", "attrs/marked", "true\n", "attrs/comments",
		"- body: Hello there\n  host: h1\n  time: 1\n  user: me\n", NULL);
	testing_run(t, "b1", script, "attrs/initialized", "1000000001000000\n", "PENDING", "",
		NULL);
	testing_run(t, "b2", "builtin:guildai 0.9.0 '' +", "attrs/started", "1000000003000000\n",
		"attrs/exit_status", "-15\n", "proto/.guild/opref", script, NULL);
	testing_run(t, "c1", "package:pkg 1.0 m op", "STAGED", "", NULL);
}

static struct guild_strs one(const char *text)
{
	struct guild_strs list = {0};
	guild_strs_split(&list, text, '|');
	return list;
}

static void assert_listed(const struct testing_home *t, const struct guild_run_filter *filter,
	const char *expected, const char *what)
{
	struct guild_runs runs;
	struct guild_error err = {0};
	if (guild_store_list(t->runs, filter, NULL, &runs, NULL, &err) != 0) {
		fail_msg("%s: %s", what, err.text);
	}
	char *ids = testing_ids(&runs);
	if (strcmp(ids, expected) != 0) {
		fail_msg("%s: %s", what, ids);
	}
	free(ids);
	guild_runs_fini(&runs);
}

static void test_order(void **state)
{
	struct testing_home *t = *state;
	assert_listed(t, NULL, "", "no runs");
	fill(t);
	testing_put(t->runs, "not-a-run/file", "x");
	testing_put(t->runs, ".deleting-x/.guild/opref", train);
	assert_listed(t, NULL, "b2 aa2 b1 aa1 c1", "all");
	const struct guild_run_filter in_time = {.look_until_us = INT64_MAX};
	assert_listed(t, &in_time, "b2 aa2 b1 aa1 c1", "all, in time");
	const struct guild_run_filter late = {.look_until_us = 1};
	assert_listed(t, &late, "b2 aa2 b1 aa1 c1", "a few, however late");
	for (int i = 0; i < 30; i++) {
		char id[8];
		snprintf(id, sizeof(id), "d%d", i);
		testing_run(t, id, train, "attrs/started", "900000000000000\n", NULL);
	}
	struct guild_runs few;
	assert_int_equal(guild_store_list(t->runs, &late, NULL, &few, NULL, NULL), 0);
	assert_in_range(few.n, 1, GUILD_HASTY_RUNS);
	guild_runs_fini(&few);
	char *missing = guild_path_join(t->root, "nowhere");
	struct guild_runs runs;
	assert_int_equal(guild_store_list(missing, NULL, NULL, &runs, NULL, NULL), 0);
	assert_int_equal(runs.n, 0);
	free(missing);
}

static void test_damaged(void **state)
{
	struct testing_home *t = *state;
	struct testing_log said = {0};
	struct guild_log log = {testing_emit, &said};
	struct guild_runs runs;
	fill(t);
	testing_run(t, "d1", "half a reference", "attrs/started", "1000000009000000\n", NULL);
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, &log, NULL), 0);
	char *ids = testing_ids(&runs);
	assert_string_equal(ids, "b2 aa2 b1 aa1 c1 d1");
	assert_int_equal(said.n, 1);
	assert_non_null(strstr(said.text, "d1"));
	free(ids);
	guild_runs_fini(&runs);
	/* A torn time: the run is listed by its other one. */
	testing_run(t, "b1", script, "attrs/started", "[10000", NULL);
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, &log, NULL), 0);
	assert_int_equal(said.n, 3);
	assert_int_equal(runs.n, 6);
	assert_string_equal(runs.v[2].id, "b1");
	guild_runs_fini(&runs);
}

static void test_operations(void **state)
{
	static const struct {
		const char *wanted, *ids;
	} cases[] = {
		{"train", "aa2 aa1"},
		{"mlp:train", "aa2 aa1"},
		{":train", "aa2 aa1"},
		{"mlp:", "aa2 aa1"},
		{"ain", ""},
		{"mlp:t", ""},
		{"m*:train", "aa2 aa1"},
		{"t*", "b2 aa2 b1 aa1"},
		{"m*", ""},
		{"t.py", "b1"},
		{"t?py", ""},
		{"t.py+", "b2"},
		{"*+", "b2"},
		{"op", "c1"},
		{"pkg/op", "c1"},
		{"pkg/m:op", "c1"},
		{"pkg/x:op", ""},
		{"x/t.py", ""},
		{"^t", "b2 b1"},
		{"in$", "aa2 aa1"},
		{"^mlp:train$", "aa2 aa1"},
		{"^T", ""},
		{"t.py|op", "b1 c1"},
	};
	struct testing_home *t = *state;
	fill(t);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_run_filter filter = {.operations = one(cases[i].wanted)};
		assert_listed(t, &filter, cases[i].ids, cases[i].wanted);
		guild_run_filter_fini(&filter);
	}
}

static void test_attribute_filters(void **state)
{
	struct testing_home *t = *state;
	fill(t);
	const struct {
		const char *what;
		struct guild_run_filter filter;
		const char *ids;
	} cases[] = {
		{"label", {.labels = one("lr")}, "aa2"},
		{"labels", {.labels = one("lr|run")}, "aa2 aa1"},
		{"label, case", {.labels = one("First")}, ""},
		{"label -", {.labels = one("-")}, "b2 b1 c1"},
		{"label - or", {.labels = one("-|lr")}, "b2 aa2 b1 c1"},
		{"unlabeled", {.unlabeled = true}, "b2 b1 c1"},
		{"marked", {.marked = true}, "aa2"},
		{"unmarked", {.unmarked = true}, "b2 b1 aa1 c1"},
		{"tag", {.tags = one("one")}, "aa1"},
		{"tag part", {.tags = one("on")}, ""},
		{"tags", {.tags = one("x|2")}, "aa1"},
		{"comment", {.comments = one("HELLO")}, "aa2"},
		{"comment user", {.comments = one("me")}, "aa2"},
		{"comment host", {.comments = one("h1")}, "aa2"},
		{"comment key", {.comments = one("body")}, ""},
		{"comment -", {.comments = one("-")}, "b2 b1 aa1 c1"},
		{"digest", {.digest = "abc"}, "aa1"},
		{"digest none", {.digest = "abd"}, ""},
		{"and", {.labels = one("run"), .tags = one("one")}, "aa1"},
		{"and none", {.labels = one("lr"), .tags = one("one")}, ""},
		{"error", {.statuses = 1U << GUILD_RUN_ERROR}, "aa2"},
		{"two", {.statuses = 1U << GUILD_RUN_ERROR | 1U << GUILD_RUN_TERMINATED}, "b2 aa2"},
		{"not", {.not_statuses = 1U << GUILD_RUN_COMPLETED}, "b2 aa2 b1 c1"},
		{"pending", {.statuses = 1U << GUILD_RUN_PENDING}, "b1"},
		{"staged", {.statuses = 1U << GUILD_RUN_STAGED}, "c1"},
		/* 2001-09-09 01:46:40 UTC is the first; whole seconds count. */
		{"started", {.started = "between 2001-9-9 01:46:40 and 2001-9-9 01:46:42"},
			"b1 aa1"},
		{"since", {.started = "after 2001-9-9 01:46:42"}, "b2 aa2"},
		{"minute", {.started = "2001-9-9 01:46"}, "b2 aa2 b1 aa1"},
		{"today", {.started = "this minute", .now_us = 1000000000000000}, "b2 aa2 b1 aa1"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_run_filter filter = cases[i].filter;
		assert_listed(t, &filter, cases[i].ids, cases[i].what);
		guild_run_filter_fini(&filter);
	}
}

static void test_bad_filters(void **state)
{
	struct testing_home *t = *state;
	const struct {
		struct guild_run_filter filter;
		int code;
		const char *text;
	} cases[] = {
		{{.operations = one("(in$")}, GUILD_EINVALID, "regular expression"},
		{{.started = "some day"}, GUILD_EINVALID, "unexpected 'some'"},
		{{.expression = "lr > "}, GUILD_EINVALID, "filter expression"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_run_filter filter = cases[i].filter;
		struct guild_runs runs;
		struct guild_error err = {0};
		int rc = guild_store_list(t->runs, &filter, NULL, &runs, NULL, &err);
		assert_int_equal(rc, cases[i].code);
		assert_non_null(strstr(err.text, cases[i].text));
		guild_run_filter_fini(&filter);
	}
}

static void test_parent(void **state)
{
	struct testing_home *t = *state;
	fill(t);
	char *inside = guild_format("%s/b2/step", t->runs);
	char *twice = guild_format("%s/b2/again", t->runs);
	char *outside = guild_format("%s/b2/far", t->runs);
	assert_int_equal(symlink("../aa1", inside), 0);
	assert_int_equal(symlink("../aa1", twice), 0);
	assert_int_equal(symlink("/tmp", outside), 0);
	struct guild_runs runs;
	assert_int_equal(guild_store_list(t->runs, NULL, "b2", &runs, NULL, NULL), 0);
	char *ids = testing_ids(&runs);
	assert_string_equal(ids, "aa1");
	free(ids);
	guild_runs_fini(&runs);
	assert_int_equal(guild_store_list(t->runs, NULL, "zz", &runs, NULL, NULL), 0);
	assert_int_equal(runs.n, 0);
	free(outside);
	free(twice);
	free(inside);
}

static void test_select(void **state)
{
	static const struct {
		const char *args; /* separated by '|' */
		bool dedup;
		const char *ids; /* or the error */
	} cases[] = {
		{"1", true, "b2"},
		{"01", true, "b2"},
		{"5", true, "c1"},
		{":", true, "b2 aa2 b1 aa1 c1"},
		{"2:3", true, "aa2 b1"},
		{":2", true, "b2 aa2"},
		{"4:", true, "aa1 c1"},
		{"b1", true, "b1"},
		{"c", true, "c1"},
		{"3|1", true, "b1 b2"},
		{"1|1|:2|b2", true, "b2 aa2"},
		{"1|1", false, "b2 b2"},
		{"0", true, "could not find a run matching '0'"},
		{"6", true, "could not find a run matching '6'"},
		{"0:1", true, "could not find a run matching '0:1'"},
		{"2:9", true, "could not find a run matching '2:9'"},
		{"3:2", true, "could not find a run matching '3:2'"},
		{"9:", true, "could not find a run matching '9:'"},
		{"1:2x", true, "could not find a run matching '1:2x'"},
		{"zz", true, "could not find a run matching 'zz'"},
		{"", true, "could not find a run matching ''"},
		{"aa", true, "'aa' matches multiple runs:\n  aa2\n  aa1"},
		{"1|zz", true, "could not find a run matching 'zz'"},
	};
	struct testing_home *t = *state;
	fill(t);
	struct guild_runs runs;
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, NULL, NULL), 0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_strs args = one(cases[i].args);
		struct guild_error err = {0};
		struct guild_strs ids = {0};
		size_t *chosen = NULL;
		size_t n = 0;
		int rc = guild_store_select(&runs, args.v, args.n, cases[i].dedup, &chosen, &n,
			&err);
		for (size_t j = 0; j < n; j++) {
			guild_strs_add(&ids, runs.v[chosen[j]].id);
		}
		char *text = rc == 0 ? guild_strs_join(&ids, " ") : guild_strdup(err.text);
		if (strcmp(text, cases[i].ids) != 0) {
			fail_msg("[%s]: %s", cases[i].args, text);
		}
		free(text);
		free(chosen);
		guild_strs_fini(&ids);
		guild_strs_fini(&args);
	}
	guild_runs_fini(&runs);
}

static void test_digits_as_prefix(void **state)
{
	struct testing_home *t = *state;
	testing_run(t, "77aa", train, NULL);
	testing_run(t, "78aa", train, NULL);
	struct guild_runs runs;
	char *args[] = {"77"};
	size_t *chosen = NULL;
	size_t n = 0;
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, NULL, NULL), 0);
	assert_int_equal(guild_store_select(&runs, args, 1, true, &chosen, &n, NULL), 0);
	assert_int_equal(n, 1);
	assert_string_equal(runs.v[chosen[0]].id, "77aa");
	free(chosen);
	/* Of nothing, all is nothing. */
	struct guild_runs none = {0};
	char *all[] = {":"};
	assert_int_equal(guild_store_select(&none, all, 1, true, &chosen, &n, NULL), 0);
	assert_int_equal(n, 0);
	free(chosen);
	guild_runs_fini(&runs);
}

static void test_find(void **state)
{
	static const struct {
		const char *spec, *id; /* NULL: not found */
	} cases[] = {
		{"mlp:train", "aa1"}, /* the latest that did not fail */
		{"t.py", NULL},       /* pending does not count */
		{"t.py+", "b2"},
		{"b1", "b1"},
		{"aa", NULL},
		{"", NULL},
		{".", NULL},
		{"zz", NULL},
	};
	struct testing_home *t = *state;
	fill(t);
	struct guild_run run;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_error err = {0};
		int rc = guild_store_find_spec(t->runs, NULL, cases[i].spec, t->root, &run, &err);
		if ((rc == 0) != (cases[i].id != NULL)) {
			fail_msg("'%s': %d %s", cases[i].spec, rc, err.text);
		}
		if (rc == 0) {
			assert_string_equal(run.id, cases[i].id);
			guild_run_fini(&run);
		}
	}
	assert_int_equal(guild_store_find_spec(t->runs, NULL, "./home/runs/c1", t->root, &run,
				 NULL),
		0);
	assert_string_equal(run.id, "c1");
	guild_run_fini(&run);
	testing_run(t, "aa1", train, "attrs/marked", "true\n", NULL);
	testing_run(t, "aa3", train, "attrs/started", "1900000000000000\n", "attrs/exit_status",
		"0\n", NULL);
	assert_int_equal(guild_store_find_spec(t->runs, NULL, "train", t->root, &run, NULL), 0);
	assert_string_equal(run.id, "aa1");
	guild_run_fini(&run);
}

static void test_find_prefix(void **state)
{
	struct testing_home *t = *state;
	struct guild_run run;
	struct guild_error err = {0};
	fill(t);
	testing_put(t->runs, "c123/notes", "no run");
	testing_run(t, "aa", train, NULL);
	assert_int_equal(guild_store_find_prefix(t->runs, "c", &run, &err), 0);
	assert_string_equal(run.id, "c1");
	guild_run_fini(&run);
	assert_int_equal(guild_store_find_prefix(t->runs, "aa", &run, &err), 0);
	assert_string_equal(run.id, "aa");
	guild_run_fini(&run);
	assert_int_equal(guild_store_find_prefix(t->runs, "b", &run, &err), GUILD_EINVALID);
	assert_string_equal(err.text, "'b' matches multiple runs:\n  b1\n  b2");
	assert_int_equal(guild_store_find_prefix(t->runs, "", &run, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_store_find_prefix(t->runs, "zz", &run, &err), GUILD_ENOTFOUND);
	assert_int_equal(guild_store_find_prefix("/nowhere", "zz", &run, &err), GUILD_ENOTFOUND);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, testing_setup, testing_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_order),
		CASE(test_damaged),
		CASE(test_operations),
		CASE(test_attribute_filters),
		CASE(test_bad_filters),
		CASE(test_parent),
		CASE(test_select),
		CASE(test_digits_as_prefix),
		CASE(test_find),
		CASE(test_find_prefix),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
