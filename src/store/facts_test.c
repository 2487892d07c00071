/* What the index keeps of a run comes back as it was; bytes that are not whole are refused. */
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "index.h"
#include "testing.h"

static const char train[] = "guildfile:/p/guild.yml h mlp train";

/* A time by which what was written so far is no longer recent. */
static int64_t later(void)
{
	return guild_now_us() + 10000000;
}

static struct index_place place(const struct testing_home *t)
{
	int fd = open(t->runs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return (struct index_place){fd, t->runs};
}

static void open_run(const struct testing_home *t, const char *id, struct guild_run *out)
{
	char *dir = guild_path_join(t->runs, id);
	assert_int_equal(guild_run_open(dir, out, NULL), 0);
	free(dir);
}

static struct guild_run_facts *read_facts(const struct index_place *p, const struct guild_run *r)
{
	struct guild_buf attrs = {0};
	struct guild_buf tree = {0};
	struct index_sign order = {0};
	guild_index_sign_order(p, r->id, &order);
	guild_facts_read_attrs(p, r, &order, later(), &attrs);
	guild_facts_read_tree(p, r, &order, later(), &tree);
	struct guild_run_facts *f =
		attrs.n > 0 ? guild_facts_join(NULL, guild_buf_str(&attrs), guild_buf_str(&tree))
			    : NULL;
	guild_buf_fini(&attrs);
	guild_buf_fini(&tree);
	return f;
}

static void test_values(void **state)
{
	static const char *const texts[] = {"null", "true", "-7", "1.5e-3", ".nan", "-.inf",
		"123456789012345678901234567890", "''", "text", "2026-01-02", "[]", "{}",
		"[1, [a, {b: null}], 2.5]", "{a: 1, 2: [x], c: {d: e}}"};
	(void)state;
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(texts); i++) {
		struct guild_value *v = NULL;
		struct guild_buf bytes = {0};
		struct guild_buf x = {0};
		struct guild_buf y = {0};
		assert_int_equal(guild_yaml_parse(a, guild_str(texts[i]), NULL, GUILD_YAML_NUMBERS,
					 &v, NULL),
			0);
		guild_facts_put_value(&bytes, v);
		struct facts_reader r = {bytes.p, bytes.p + bytes.n, false};
		const struct guild_value *back = guild_facts_get_value(&r, a);
		assert_non_null(back);
		assert_int_equal(back->type, v->type);
		assert_ptr_equal(r.p, r.end);
		guild_value_py_repr(&x, v);
		guild_value_py_repr(&y, back);
		assert_string_equal(guild_buf_cstr(&x), guild_buf_cstr(&y));
		/* Whatever is cut off, nothing is read past the end. */
		for (size_t n = 0; n < bytes.n; n++) {
			char *cut = malloc(n + 1);
			assert_non_null(cut);
			memcpy(cut, bytes.p, n);
			struct facts_reader short_one = {cut, cut + n, false};
			assert_null(guild_facts_get_value(&short_one, a));
			free(cut);
		}
		guild_buf_fini(&bytes);
		guild_buf_fini(&x);
		guild_buf_fini(&y);
	}
	guild_arena_free(a);
}

static void test_facts_of_a_run(void **state)
{
	struct testing_home *t = *state;
	testing_run(t, "aa1", train, "attrs/started", "1000000000000000\n", "attrs/stopped",
		"1000000003000000\n", "attrs/exit_status", "0\n", "attrs/label", "first\n",
		"attrs/flags", "lr: 0.1\nact: relu\n", "attrs/env", "PATH: /bin\n", "attrs/broken",
		"{\n", NULL);
	struct index_place p = place(t);
	struct guild_arena *a = guild_arena_new();
	struct guild_run r = {0};
	struct guild_value *v = NULL;
	struct attrs_head head;
	open_run(t, "aa1", &r);
	struct guild_run_facts *f = read_facts(&p, &r);
	assert_non_null(f);
	guild_facts_get_head(f, &head);
	assert_int_equal(head.status, GUILD_RUN_COMPLETED);
	assert_int_equal(head.stopped - head.started, 3000000);
	assert_int_equal(head.is_batch, 0);
	assert_string_equal(guild_facts_display_name(f), "mlp:train");
	assert_int_equal(guild_facts_attr(f, a, "label", &v), GUILD_FACT_VALUE);
	assert_string_equal(guild_value_text(v), "first");
	assert_int_equal(guild_facts_attr(f, a, "flags", &v), GUILD_FACT_VALUE);
	assert_string_equal(guild_value_text(guild_value_get(v, "act")), "relu");
	assert_int_equal(guild_facts_attr(f, a, "nothing", &v), GUILD_FACT_NONE);
	/* Long and damaged ones are left to the directory. */
	assert_int_equal(guild_facts_attr(f, a, "env", &v), GUILD_FACT_ASK);
	assert_int_equal(guild_facts_attr(f, a, "broken", &v), GUILD_FACT_ASK);
	struct guild_run again = {0};
	guild_facts_run(guild_str_n(f->bytes, f->n_attrs), r.dir, &again);
	assert_string_equal(again.id, "aa1");
	assert_string_equal(again.opref.model, "mlp");
	assert_string_equal(again.guild_dir, r.guild_dir);
	guild_run_fini(&again);
	free(f);
	guild_run_fini(&r);
	guild_arena_free(a);
	close(p.fd);
}

static void test_what_is_not_kept(void **state)
{
	struct testing_home *t = *state;
	testing_run(t, "live", train, "attrs/started", "1\n", "LOCK", "1", NULL);
	testing_run(t, "wait", train, "PENDING", "", NULL);
	testing_run(t, "over", train, "attrs/exit_status", "0\n", NULL);
	struct index_place p = place(t);
	static const char *const ids[] = {"live", "wait"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ids); i++) {
		struct guild_run r = {0};
		open_run(t, ids[i], &r);
		assert_null(read_facts(&p, &r));
		guild_run_fini(&r);
	}
	/* What was written a moment ago may be written again within the same tick. */
	struct guild_run r = {0};
	struct guild_buf attrs = {0};
	struct index_sign order = {0};
	open_run(t, "over", &r);
	guild_index_sign_order(&p, r.id, &order);
	guild_facts_read_attrs(&p, &r, &order, order.newest_ns / 1000, &attrs);
	assert_int_equal(attrs.n, 0);
	guild_facts_read_attrs(&p, &r, &order, later(), &attrs);
	assert_true(attrs.n > 0);
	/* The same bytes for another run, or with a bit turned, are not its own. */
	assert_true(guild_facts_is_sealed(guild_buf_str(&attrs), "over"));
	assert_false(guild_facts_is_sealed(guild_buf_str(&attrs), "live"));
	for (size_t i = 0; i < attrs.n; i++) {
		attrs.p[i] ^= 0x10;
		assert_false(guild_facts_is_sealed(guild_buf_str(&attrs), "over"));
		attrs.p[i] ^= 0x10;
	}
	assert_true(guild_facts_attrs_current(&p, "over", guild_buf_str(&attrs), order.hash));
	testing_put(t->runs, "over/.guild/attrs/label", "new\n");
	struct index_sign now = {0};
	guild_index_sign_order(&p, r.id, &now);
	assert_false(guild_facts_attrs_current(&p, "over", guild_buf_str(&attrs), now.hash));
	guild_buf_fini(&attrs);
	guild_run_fini(&r);
	close(p.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test_setup_teardown(test_facts_of_a_run, testing_setup,
			testing_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_kept, testing_setup,
			testing_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
