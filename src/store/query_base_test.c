/* Expressions about two runs: what is read, what it says, and what it says where a value is missing. */

#include <math.h>

#include "testing.h"

static const struct {
	const char *text;
	const char *printed; /* NULL: cannot be read */
} prints[] = {
	{"acc < base - 0.01", "acc < (base(acc) - 0.01)"},
	{"last(loss) > 1.1 * base", "last(loss) > (1.1 * base(last(loss)))"},
	{"base < acc", "base(acc) < acc"},
	{"acc < base*0.9", "acc < (base(acc) * 0.9)"},
	{"acc<base-0.01", "acc < (base(acc) - 0.01)"},
	{"acc < base_acc", "acc < 'base_acc'"},
	{"abs(acc - base) > 0.01", "abs((acc - base(acc))) > 0.01"},
	{"loss at 100 > (base + 1) * 2", "at(loss, 100) > ((base(at(loss, 100)) + 1) * 2)"},
	{"acc + acc < base", "(acc + acc) < base(acc)"},
	{"acc < base and (f1 < base or x > 1)", "acc < base(acc) and (f1 < base(f1) or x > 1)"},
	{"base < acc < 1", NULL},
	{"acc < base.f1", "acc < base(f1)"},
	{"acc < base.max(acc) step", "acc < base(step(max(acc)))"},
	{"acc < base.max acc", "acc < base(max(acc))"},
	{"acc < base.loss at 3", "acc < base(at(loss, 3))"},
	{"act != base", "act != base(act)"},
	{"act is base", "act = base(act)"},
	{"act = base.flag:act", "act = base(flag:act)"},
	{"act = 'base'", "act = 'base'"},
	{"act in [base]", "act in ['base']"},
	{"acc < base(acc - lr)", "acc < base((acc - lr))"},
	{"base(acc) is undefined", "base(acc) = undefined"},
	{"base.acc * base.f1 < acc", "(base(acc) * base(f1)) < acc"},
	{"flag:base < 1", "flag:base < 1"},
	{"last(scalar:base) < 1", "last('base') < 1"},
	{"scalar:base at 3 < base", "at('base', 3) < base(at('base', 3))"},
	{"min('base.x') < base", "min('base.x') < base(min('base.x'))"},
	{"base.act =~ 'x'", "base(act) =~ 'x'"},
	{"not base.marked", "not base(marked)"},
	{"time > base + 10m", "time > (base(time) + 600s)"},
	{"loss at base > 2", NULL},
	{"at(loss, 2 * base) > 2", NULL},
	{"loss at base.epochs > base.loss at epochs",
		"at(loss, base(epochs)) > base(at(loss, epochs))"},
	{"acc < base - lr", NULL},
	{"acc < base - (lr)", NULL},
	{"1 < base", NULL},
	{"base", NULL},
	{"acc < 1 and base", NULL},
	{"base =~ x", NULL},
	{"acc < base(base.acc)", NULL},
	{"acc < base(acc", NULL},
	{"acc < base()", NULL},
	{"min(base.loss) < 1", NULL},
	{"base. < 1", "base. < 1"},
	{"base.1 < 1", "base.1 < 1"},
	{"base.base+x < 1", "base.base+x < 1"},
	{"base.baseline < 1", "base(baseline) < 1"},
	{"base.and < 1", "base.and < 1"},
	{"base.\x01 < 1", "base.\x01 < 1"},
};

static int parse(const char *text, struct guild_query **out, struct guild_error *err)
{
	const struct guild_query_options options = {.has_base = true};
	return guild_query_parse(text, &options, out, err);
}

static void test_reading(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(prints); i++) {
		const char *text = prints[i].text;
		for (int turn = 0; turn < 2; turn++) { /* what is printed is read as the same */
			struct guild_query *q = NULL;
			struct guild_error err = {0};
			struct guild_buf out = {0};
			int rc = parse(text, &q, &err);
			if ((rc == 0) != (prints[i].printed != NULL)) {
				fail_msg("'%s': %s", text, rc == 0 ? "was read" : err.text);
			}
			if (rc != 0) {
				assert_non_null(strchr(err.text, '^'));
				break;
			}
			guild_query_print(q, &out);
			assert_string_equal(guild_buf_cstr(&out), prints[i].printed);
			text = prints[i].printed;
			guild_buf_fini(&out);
			guild_query_free(q);
		}
	}
}

static void test_errors(void **state)
{
	(void)state;
	struct guild_query *q = NULL;
	struct guild_error err = {0};
	assert_int_equal(parse("acc < base - lr", &q, &err), GUILD_EINVALID);
	assert_string_equal(err.text,
		"filter expression, position 7: the comparison is about several figures: write "
		"which one, base.NAME or base(EXPR)\n  acc < base - lr\n        ^");
	/* Without a baseline it is a word as any other. */
	assert_int_equal(guild_query_parse("acc < base", NULL, &q, &err), 0);
	struct guild_buf out = {0};
	guild_query_print(q, &out);
	assert_string_equal(guild_buf_cstr(&out), "acc < 'base'");
	guild_buf_fini(&out);
	guild_query_free(q);
	struct guild_buf many = {0};
	guild_buf_puts(&many, "acc < base");
	for (size_t i = 0; i < 100; i++) {
		guild_buf_puts(&many, " + base");
	}
	assert_int_equal(parse(guild_buf_cstr(&many), &q, &err), GUILD_ELIMIT);
	guild_buf_fini(&many);
}

/* ---- verdicts --------------------------------------------------------------------------------------------- */

struct fake {
	struct guild_value *flags;
};

static const struct guild_value *no_attr(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static bool no_time(void *arg, const char *name, int64_t *us)
{
	(void)arg;
	(void)name;
	(void)us;
	return false;
}

static const struct guild_value *flag(void *arg, const char *name)
{
	const struct fake *f = arg;
	return guild_value_get(f->flags, name);
}

static const struct guild_scalar_summary *no_scalar(void *arg, const char *key)
{
	(void)arg;
	(void)key;
	return NULL;
}

static void fake_init(struct fake *f, struct guild_query_source *s, struct guild_arena *a,
	const char *flags)
{
	assert_int_equal(guild_yaml_parse(a, guild_str(flags), NULL, 0, &f->flags, NULL), 0);
	*s = (struct guild_query_source){
		.arg = f, .attr = no_attr, .attr_us = no_time, .flag = flag, .scalar = no_scalar};
}

static const struct {
	const char *text;
	enum guild_query_verdict verdict;
} verdicts[] = {
	{"acc < base - 0.01", GUILD_QUERY_YES},
	{"acc < base - 0.2", GUILD_QUERY_NO},
	{"acc < base.f1", GUILD_QUERY_NO},
	{"base.acc > acc and base.f1 < acc", GUILD_QUERY_YES},
	{"acc != base", GUILD_QUERY_YES},
	{"lr != base", GUILD_QUERY_NO},
	{"base(acc + f1) > 1", GUILD_QUERY_YES},
	{"f1 < base", GUILD_QUERY_MISSING},
	{"only < base", GUILD_QUERY_MISSING},
	{"acc < nothing", GUILD_QUERY_MISSING}, /* a word there is a text: no order */
	{"f1 < 1", GUILD_QUERY_MISSING},
	{"not f1 < 1", GUILD_QUERY_MISSING},
	{"f1 < 1 or acc < 1", GUILD_QUERY_YES},
	{"f1 < 1 and acc < 1", GUILD_QUERY_MISSING},
	{"f1 < 1 and acc > 1", GUILD_QUERY_NO},
	{"f1 is undefined", GUILD_QUERY_YES},
	{"f1 is not undefined", GUILD_QUERY_NO},
	{"f1 = 1", GUILD_QUERY_MISSING},
	{"f1 in [1]", GUILD_QUERY_MISSING},
	{"f1 =~ 'x'", GUILD_QUERY_MISSING},
	{"f1 contains x", GUILD_QUERY_NO},
	{"f1 + 1 > 2", GUILD_QUERY_MISSING},
	{"1 / (f1) > 2", GUILD_QUERY_MISSING},
	{"bad < base", GUILD_QUERY_MISSING},
	{"bad is nan", GUILD_QUERY_YES},
	{"f1 is nan", GUILD_QUERY_MISSING},
	{"base.bad is finite", GUILD_QUERY_YES},
	{"bad > 1", GUILD_QUERY_MISSING},
	{"act < 1", GUILD_QUERY_MISSING},
	{"act = relu", GUILD_QUERY_YES},
	{"act < base", GUILD_QUERY_YES},
	{"f1", GUILD_QUERY_NO},
	{"", GUILD_QUERY_YES},
};

static void test_verdicts(void **state)
{
	(void)state;
	struct guild_arena *a = guild_arena_new();
	struct fake run, baseline;
	struct guild_query_source s, base;
	fake_init(&run, &s, a, "{acc: 0.8, lr: 0.1, bad: .nan, act: relu, only: 1}");
	fake_init(&baseline, &base, a, "{acc: 0.9, lr: 0.1, f1: 0.7, bad: 1, act: tanh}");
	s.base = &base;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(verdicts); i++) {
		struct guild_query *q = NULL;
		assert_int_equal(parse(verdicts[i].text, &q, NULL), 0);
		enum guild_query_verdict v = guild_query_verdict(q, &s);
		if (v != verdicts[i].verdict) {
			fail_msg("'%s' gives %d", verdicts[i].text, (int)v);
		}
		if (v != GUILD_QUERY_MISSING) { /* only then it is another question */
			assert_int_equal(guild_query_holds(q, &s), v == GUILD_QUERY_YES);
		}
		guild_query_free(q);
	}
	struct guild_query *q = NULL;
	struct guild_query_figure *figures = NULL;
	assert_int_equal(parse("acc < base and base.f1 < acc * 2 or x > 1", &q, NULL), 0);
	assert_int_equal(guild_query_figures(q, &s, a, &figures), 3);
	assert_string_equal(figures[0].text, "acc");
	assert_true(figures[0].of_run && figures[0].of_base);
	assert_true(figures[0].value->f == 0.8 && figures[0].base->f == 0.9);
	assert_string_equal(figures[1].text, "f1");
	assert_true(!figures[1].of_run && figures[1].of_base);
	assert_true(figures[1].value == NULL && figures[1].base->f == 0.7);
	assert_true(figures[2].value == NULL && figures[2].of_run && !figures[2].of_base);
	guild_query_free(q);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_verdicts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
