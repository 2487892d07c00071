/* Summaries: what is walked, which value is first, last, least and most, and how they are found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <guild/collect.h>

struct place {
	char *dir;
	struct guild_run run;
	struct guild_arena *arena;
	struct guild_buf warnings;
	unsigned serial;
};

static void on_warning(void *arg, const char *level, const char *text)
{
	guild_buf_printf(arg, "%s: %s\n", level, text);
}

static void open_place(struct place *p)
{
	*p = (struct place){.dir = guild_tmp_dir("scalars", NULL), .arena = guild_arena_new()};
	p->run.dir = p->dir;
}

static void close_place(struct place *p)
{
	guild_rmtree(p->dir, NULL);
	guild_arena_free(p->arena);
	guild_buf_fini(&p->warnings);
	free(p->dir);
}

/* "tag step value" pieces go into one more event file of a directory below the run. */
struct event {
	const char *tag;
	int64_t step;
	float value;
};

static void write_events(struct place *p, const char *below, const struct event *v, size_t n)
{
	char *dir = guild_path_join(p->dir, below);
	struct guild_event_writer *w = guild_event_writer_new(dir, p->serial++, "");
	for (size_t i = 0; i < n; i++) {
		struct guild_scalar s = {v[i].tag, v[i].value};
		assert_int_equal(guild_event_writer_add(w, 1000000, v[i].step, &s, 1, NULL), 0);
	}
	guild_event_writer_close(w, NULL);
	free(dir);
}

static struct guild_scalars read_all(struct place *p)
{
	struct guild_scalars s;
	struct guild_log log = {on_warning, &p->warnings};
	assert_int_equal(guild_scalars_read(&p->run, p->arena, &s, &log, NULL), 0);
	return s;
}

static void check_keys(const struct guild_scalars *s, const char *expected)
{
	struct guild_buf keys = {0};
	for (size_t i = 0; i < s->n; i++) {
		guild_scalar_key(&s->v[i], &keys);
		guild_buf_putc(&keys, ' ');
	}
	assert_string_equal(guild_buf_cstr(&keys), expected);
	guild_buf_fini(&keys);
}

static void test_summary(void **state)
{
	struct place p;
	open_place(&p);
	static const struct event events[] = {{"x", 5, 2.0F}, {"x", 1, 1.5F}, {"x", 1, 7.0F},
		{"x", 9, 0.5F}, {"x", 9, 0.5F}, {"x", 9, 0.25F}, {"y", -1, 4.0F}};
	write_events(&p, "", events, 6);
	write_events(&p, "", events + 6, 1);
	struct guild_scalars s = read_all(&p);
	check_keys(&s, "x y ");
	const struct guild_scalar_summary *x = &s.v[0];
	assert_true(x->first == 1.5 && x->first_step == 1); /* the lowest step, read first */
	assert_true(x->last == 0.25 && x->last_step == 9);  /* the highest step, read last */
	assert_true(x->min == 0.25 && x->min_step == 9);
	assert_true(x->max == 7.0 && x->max_step == 1);
	assert_true(x->total == 11.75 && x->count == 6);
	assert_true(s.v[1].first_step == 0 && s.v[1].count == 1);
	close_place(&p);
}

/* Tags that begin alike, in no order, among some that are no text. */
static void test_tags(void **state)
{
	struct place p;
	open_place(&p);
	static const char *const tags[] = {
		"ab", "a", "", "abc", "\xff", "a\xc3", "a", "abc", "ab", "\xff", "", "b", "abc"};
	struct event events[GUILD_ARRAY_LEN(tags)];
	for (size_t i = 0; i < GUILD_ARRAY_LEN(tags); i++) {
		events[i] = (struct event){tags[i], (int64_t)i, (float)i};
	}
	write_events(&p, "", events, GUILD_ARRAY_LEN(events));
	write_events(&p, "", events, GUILD_ARRAY_LEN(events));
	struct guild_scalars s = read_all(&p);
	check_keys(&s, " a ab abc b ");
	static const int64_t counts[] = {4, 4, 4, 6, 2};
	static const int64_t last_steps[] = {10, 6, 8, 12, 11};
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.v[i].count, counts[i]);
		assert_int_equal(s.v[i].last_step, last_steps[i]);
	}
	close_place(&p);
}

static void test_nan(void **state)
{
	struct place p;
	open_place(&p);
	static const struct event events[] = {
		{"a", 1, 2.0F}, {"a", 2, NAN}, {"a", 3, 1.0F}, {"b", 1, NAN}, {"b", 2, 1.0F}};
	write_events(&p, "", events, 5);
	struct guild_scalars s = read_all(&p);
	assert_true(s.v[0].min == 1.0 && s.v[0].max == 2.0 && isnan(s.v[0].total));
	assert_true(isnan(s.v[1].min) && isnan(s.v[1].max) && s.v[1].last == 1.0);
	close_place(&p);
}

static void test_walk(void **state)
{
	struct place p;
	open_place(&p);
	static const struct event e = {"x", 1, 1.0F};
	write_events(&p, "", &e, 1);
	write_events(&p, ".guild", &e, 1);
	write_events(&p, "sub/.hidden", &e, 1);
	char *outside = guild_tmp_dir("scalars", NULL);
	char *is_run = guild_path_join(outside, "run/.guild");
	char *no_run = guild_path_join(outside, "plain");
	assert_int_equal(guild_mkdirs(is_run, NULL), 0);
	assert_int_equal(guild_mkdirs(no_run, NULL), 0);
	char *opref = guild_path_join(is_run, "opref");
	guild_file_write(opref, "guildfile:. '' '' '' x", 22, false, NULL);
	char *link = guild_path_join(p.dir, "step");
	char *run = guild_path_join(outside, "run");
	assert_int_equal(symlink(run, link), 0);
	char *plain_link = guild_path_join(p.dir, "plain");
	assert_int_equal(symlink(no_run, plain_link), 0);
	struct place other = {.dir = outside};
	write_events(&other, "run", &e, 1);
	write_events(&other, "plain", &e, 1);
	/* A run that leads back to itself. */
	char *loop = guild_path_join(run, "again");
	assert_int_equal(symlink(run, loop), 0);
	/* No ".tfevents." in any name: not a directory of events. */
	write_events(&p, "odd", &e, 1);
	struct guild_strs names = {0};
	char *odd = guild_path_join(p.dir, "odd");
	guild_dir_list(odd, &names, NULL);
	char *from = guild_path_join(odd, names.v[0]);
	char *to = guild_path_join(odd, "mytfevents");
	assert_int_equal(rename(from, to), 0);
	struct guild_scalars s = read_all(&p);
	check_keys(&s, "x x step#x sub/.hidden#x ");
	assert_string_equal(s.v[1].prefix, ".guild");
	assert_string_equal(guild_buf_cstr(&p.warnings), "");
	guild_strs_fini(&names);
	free(from);
	free(to);
	free(odd);
	free(loop);
	free(plain_link);
	free(run);
	free(link);
	free(opref);
	free(no_run);
	free(is_run);
	guild_rmtree(outside, NULL);
	free(outside);
	close_place(&p);
}

static void test_find(void **state)
{
	static struct guild_scalar_summary v[] = {{.prefix = ".guild", .tag = "x"},
		{.prefix = "Sub", .tag = "y"}, {.prefix = "sub", .tag = "y"},
		{.prefix = "sub/a", .tag = "x"}, {.prefix = "sub/a", .tag = "z#w"}};
	struct guild_scalars s = {v, 5};
	assert_ptr_equal(guild_scalars_find(&s, "x"), &v[0]);
	assert_ptr_equal(guild_scalars_find(&s, "y"), &v[1]);
	assert_ptr_equal(guild_scalars_find(&s, "sub#y"), &v[2]);
	assert_ptr_equal(guild_scalars_find(&s, "SUB#y"), &v[1]);
	assert_ptr_equal(guild_scalars_find(&s, "sub#x"), &v[3]);
	assert_ptr_equal(guild_scalars_find(&s, "%a#x"), &v[3]);
	assert_ptr_equal(guild_scalars_find(&s, "s_b/#x"), &v[3]);
	assert_ptr_equal(guild_scalars_find(&s, "z#w"), &v[4]);
	assert_null(guild_scalars_find(&s, "b#x"));
	assert_null(guild_scalars_find(&s, "w"));
	assert_false(guild_scalar_is_system(&v[0]));
}

static void test_damage(void **state)
{
	struct place p;
	open_place(&p);
	static const struct event e[] = {{"x", 1, 1.0F}, {"x", 2, 2.0F}, {"z", 2, 2.0F}};
	write_events(&p, "", e, 2);
	write_events(&p, "", e + 2, 1);
	struct guild_strs names = {0};
	guild_dir_list(p.dir, &names, NULL);
	char *path = guild_path_join(p.dir, names.v[0]);
	struct guild_buf bytes = {0};
	guild_file_read(path, 0, &bytes, NULL);
	guild_file_write(path, bytes.p, bytes.n - 3, false, NULL);
	struct guild_scalars s = read_all(&p);
	assert_int_equal(s.v[0].count, 1);
	assert_int_equal(s.n, 2);
	assert_string_equal(guild_buf_cstr(&p.warnings), ""); /* a torn tail is normal */
	bytes.p[bytes.n - 6] ^= 1;
	guild_file_write(path, bytes.p, bytes.n, false, NULL);
	s = read_all(&p);
	assert_int_equal(s.v[0].count, 1);
	assert_int_equal(s.n, 2);
	assert_non_null(strstr(guild_buf_cstr(&p.warnings), "is damaged"));
	guild_buf_fini(&bytes);
	guild_strs_fini(&names);
	free(path);
	close_place(&p);
}

static void test_many_tags(void **state)
{
	struct place p;
	open_place(&p);
	struct guild_event_writer *w = guild_event_writer_new(p.dir, 0, "");
	for (int i = 0; i < 3000; i++) {
		char *tag = guild_format("tag%d", i % 1000);
		struct guild_scalar v = {tag, (float)i};
		guild_event_writer_add(w, 0, i, &v, 1, NULL);
		free(tag);
	}
	guild_event_writer_close(w, NULL);
	struct guild_scalars s = read_all(&p);
	assert_int_equal(s.n, 1000);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.v[i].count, 3);
	}
	assert_true(guild_scalars_find(&s, "tag999")->last == 2999);
	close_place(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_nan),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_many_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
