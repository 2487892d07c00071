/* Series: values come by step, the last one written counts, directories are kept apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <guild/collect.h>

struct event {
	const char *tag;
	int64_t step;
	float value;
};

static void write_events(const char *run_dir, const char *below, unsigned serial,
	const struct event *v, size_t n)
{
	char *dir = guild_path_join(run_dir, below);
	struct guild_event_writer *w = guild_event_writer_new(dir, serial, "");
	for (size_t i = 0; i < n; i++) {
		struct guild_scalar s = {v[i].tag, v[i].value};
		assert_int_equal(guild_event_writer_add(w, 2000000, v[i].step, &s, 1, NULL), 0);
	}
	guild_event_writer_close(w, NULL);
	free(dir);
}

static void test_series(void **state)
{
	(void)state;
	char *dir = guild_tmp_dir("series", NULL);
	struct guild_run run = {.dir = dir};
	struct guild_arena *a = guild_arena_new();
	struct guild_series s = {0};
	const struct event first[] = {
		{"loss", 3, 0.5F}, {"loss", 1, 1.0F}, {"acc", 1, 0.25F}, {"loss", 2, 0.75F}};
	const struct event again[] = {{"loss", 2, 8.0F}, {"loss", 4, 9.0F}};
	const struct event other[] = {{"loss", 0, 7.0F}};
	write_events(dir, ".guild", 1, first, GUILD_ARRAY_LEN(first));
	write_events(dir, ".guild", 2, again, GUILD_ARRAY_LEN(again));
	write_events(dir, "val", 1, other, GUILD_ARRAY_LEN(other));

	assert_int_equal(guild_series_read(&run, a, &s, NULL, NULL), 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.v[0].tag, "acc");
	assert_string_equal(s.v[1].tag, "loss");
	assert_string_equal(s.v[1].prefix, ".guild");
	assert_string_equal(s.v[2].prefix, "val");
	const double values[] = {1.0, 8.0, 0.5, 9.0};
	assert_int_equal(s.v[1].n, GUILD_ARRAY_LEN(values));
	for (size_t i = 0; i < s.v[1].n; i++) {
		assert_int_equal(s.v[1].v[i].step, (int64_t)i + 1);
		assert_true(s.v[1].v[i].value == values[i]);
		assert_true(s.v[1].v[i].wall_time == 2.0);
	}
	assert_int_equal(s.v[2].n, 1);

	struct guild_run gone = {.dir = (char *)"/no/such/run"};
	assert_int_equal(guild_series_read(&gone, a, &s, NULL, NULL), GUILD_ENOTFOUND);
	guild_arena_free(a);
	guild_rmtree(dir, NULL);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_series)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
