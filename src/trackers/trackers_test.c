/* Texts of other trackers: times, places, lines of metrics, logs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dvc.h"
#include "mlflow.h"
#include "wandb.h"

static void test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* -1: none */
	} cases[] = {
		{"2026-11-30T19:14:22.201074", 1796066062201074},
		{"2026-11-30 19:14:22Z", 1796066062000000},
		{"2026-11-30T20:14:22+01:00", 1796066062000000},
		{"2026-11-30T12:14:22.5-0700", 1796066062500000},
		{" 2026-11-30 ", 1795996800000000},
		{"2026-11-30 19:14", 1796066040000000},
		{"1796066062", 1796066062000000},
		{"1796066062201", 1796066062201000},
		{"1796066062201074", 1796066062201074},
		{"0.5", 500000},
		{"", -1},
		{"now", -1},
		{"-5", -1},
		{"2026-13-30", -1},
		{"2026-11-30T19:14:22 x", -1},
		{"2026-11-30T25:14:22", -1},
		{"1e300", -1},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		int64_t us = -1;
		bool good = guild_import_parse_time(guild_str(cases[i].text), &us);
		if (good != (cases[i].us >= 0) || (good && us != cases[i].us)) {
			fail_msg("'%s': %d %lld", cases[i].text, good, (long long)us);
		}
	}
}

static void test_places(void **state)
{
	static const struct {
		const char *uri, *path; /* NULL: none of this machine */
	} cases[] = {
		{"file:///a%20b/c", "/a b/c"},
		{"file://localhost/a", "/a"},
		{"file:rel", "/base/rel"},
		{"./mlruns/1", "/base/./mlruns/1"},
		{"/abs", "/abs"},
		{"file:///a%00b%zz", "/a%00b%zz"},
		{"s3://bucket/x", NULL},
		{"file://host/x", NULL},
		{"mlflow-artifacts:/x", "/base/mlflow-artifacts:/x"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *path = guild_import_uri_path(cases[i].uri, "/base");
		if (!guild_streq(path, cases[i].path)) {
			fail_msg("'%s': %s", cases[i].uri, path != NULL ? path : "(none)");
		}
		free(path);
	}
}

struct points {
	size_t n;
	struct {
		int64_t ms, step;
		double value;
	} v[8];
};

static void on_point(void *arg, int64_t ms, double value, int64_t step)
{
	struct points *p = arg;
	assert_true(p->n < GUILD_ARRAY_LEN(p->v));
	p->v[p->n].ms = ms;
	p->v[p->n].step = step;
	p->v[p->n++].value = value;
}

static void test_metric_lines(void **state)
{
	static const char mlflow[] =
		"5 0.1 -3\r\n6 nan\n\nbroken\n7 x 1\n8 inf 2 dataset 0a1b\n9 1e3 4";
	static const char dvc[] =
		"timestamp\tstep\tstep\n5\t-1\t0.25\r\n6\t2\n7\tx\t1\n\n8\t3\t-inf";
	struct points p = {0};
	assert_int_equal(guild_mlflow_parse_metric(guild_str(mlflow), on_point, &p), 2);
	assert_int_equal(p.n, 4);
	assert_true(p.v[0].ms == 5 && p.v[0].step == -3 && p.v[0].value == 0.1);
	assert_true(p.v[1].value != p.v[1].value && p.v[1].step == 0);
	assert_true(p.v[3].step == 4 && p.v[3].value == 1000);
	p = (struct points){0};
	assert_int_equal(guild_dvc_parse_table(guild_str(dvc), on_point, &p), 2);
	assert_int_equal(p.n, 2);
	assert_true(p.v[0].ms == 5 && p.v[0].step == -1 && p.v[0].value == 0.25);
	assert_int_equal(guild_dvc_parse_table(guild_str(""), on_point, &p), 0);
}

static void on_record(void *arg, struct guild_str record)
{
	(void)record;
	(*(size_t *)arg)++;
}

static void test_wandb_frames(void **state)
{
	size_t n = 0;
	struct guild_str head = guild_str_n(":W&B\xe1\xbe\0", 7);
	assert_int_equal(guild_wandb_read(head, on_record, &n), GUILD_WANDB_CLEAN);
	assert_int_equal(guild_wandb_read(guild_str(":W&B"), on_record, &n), GUILD_WANDB_CORRUPT);
	assert_int_equal(guild_wandb_read(guild_str_n(":W&B\xe1\xbe\0\1\2\3", 10), on_record, &n),
		GUILD_WANDB_TRUNCATED);
	/* An empty piece whose checksum does not fit. */
	assert_int_equal(guild_wandb_read(guild_str_n(":W&B\xe1\xbe\0\1\2\3\4\0\0\1", 14),
				 on_record, &n),
		GUILD_WANDB_CORRUPT);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_metric_lines),
		cmocka_unit_test(test_wandb_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
