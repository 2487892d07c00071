/* Filter expressions: how they are grouped, what they say of a run, what is said of broken ones, what they read. */

#include <math.h>

#include "testing.h"

/* ---- grouping ------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	const char *printed; /* NULL: cannot be read */
	const char *old;     /* with syntax 1; NULL: the same */
} prints[] = {
	{"", "", NULL},
	{"a = 1", "a = 1", NULL},
	{"a==1", "a = 1", NULL},
	{"a <> x", "a != 'x'", NULL},
	{"a = 1 and b = 2 or c = 3", "(a = 1 and b = 2) or c = 3", "a = 1 and (b = 2 or c = 3)"},
	{"a = 1 or b = 2 and c = 3", "a = 1 or (b = 2 and c = 3)", NULL},
	{"a = 1 and b = 2 and c = 3", "a = 1 and b = 2 and c = 3", "a = 1 and (b = 2 and c = 3)"},
	{"not a = 1 AND b = 2", "not a = 1 and b = 2", NULL},
	{"not (a = 1 or b = 2)", "not (a = 1 or b = 2)", NULL},
	{"a is not undefined", "a != undefined", NULL},
	{"a not in [1, x, 'y z', true]", "a not in [1, 'x', 'y z', true]", NULL},
	{"tags contains x", "tags contains 'x'", NULL},
	{"a = flag:b", "a = (flag:b)", "a = 'flag:b'"},
	{"a = (b)", "a = (b)", NULL},
	{"a", "a", "'a'"},
	{"flag:batch-size > 1", "flag:batch-size > 1", NULL},
	{"sub#loss < .5", "sub#loss < 0.5", NULL},
	{"n = 01", "n = 1", NULL},
	{"x > -1", "x > -1", NULL},
	{"x = 1e-3", "x = 0.001", NULL},
	{"a = 'it\\'s'", NULL, NULL},
	{"a = \"it's\"", "a = \"it's\"", NULL},
	{"last(loss) < 0.9*first(loss)", "last(loss) < (0.9 * first(loss))", NULL},
	{"min loss step > 3", "step(min(loss)) > 3", NULL},
	{"loss step = 3", "step(last(loss)) = 3", NULL},
	{"step(max(acc)) = 3", "step(max(acc)) = 3", NULL},
	{"loss at 100 < 1", "at(loss, 100) < 1", NULL},
	{"abs(lr - 1) < 2 - -3", "abs((lr - 1)) < (2 - -3)", NULL},
	{"1 - 2 - 3 = x", "((1 - 2) - 3) = x", NULL},
	{"1 + 2 * 3 = x", "(1 + (2 * 3)) = x", NULL},
	{"started > now-2d", "started > (now() - 172800s)", "started > (now - 172800s)"},
	{"time > 1.5h", "time > 5400s", NULL},
	{"started > 2026-11-21 10:00", "started > '2026-11-21 10:00'", NULL},
	{"label =~ '^v[0-9]'", "label =~ '^v[0-9]'", NULL},
	{"label !~ x", "label !~ 'x'", NULL},
	{"loss is nan", "loss is nan", "loss = 'nan'"},
	{"not last(loss) is not finite", "not last(loss) is not finite", NULL},
	{"loss + 1 is infinite", "(loss + 1) is infinite", NULL},
	{"run = 24771334", "run = '24771334'", "run = 24771334"},
	{"id = 4a3f21bc", "id = '4a3f21bc'", NULL},
	{"last('val loss') < 1", "last('val loss') < 1", NULL},
	{"flag:'a b' = 1", "flag:'a b' = 1", NULL},
	{"a < b < c", NULL, NULL},
	{"a in x", NULL, NULL},
	{"(a = 1", NULL, NULL},
	{"a = 1)", NULL, NULL},
	{"a = ", NULL, NULL},
	{"a = 'x", NULL, NULL},
	{"step(avg(loss)) > 1", NULL, NULL},
	{"nothing(loss) > 1", NULL, NULL},
	{"label =~ '('", NULL, NULL},
	{"started > yesterdy", NULL, NULL},
	{"a $ b", NULL, NULL},
	{"-now2026 < 1", "(-now2026) < 1", NULL},
	{"-(1) < 1", "(-(1)) < 1", NULL},
	{"loss at - 2d < 1", "at(loss, (-(172800s))) < 1", NULL},
	{"x < -2d", "x < -172800s", NULL},
	{"x < 9e999d", "x < '9e999d'", NULL},
	{"last loss\xc3 < 1", NULL, NULL},
};

/* Prints the text as read with a syntax; NULL when it cannot be read. */
static char *print(const char *text, unsigned syntax)
{
	struct guild_query_options options = {.syntax = syntax};
	struct guild_query *q = NULL;
	struct guild_buf out = {0};
	struct guild_error err = {0};
	if (guild_query_parse(text, &options, &q, &err) != 0) {
		assert_true(err.text[0] != '\0');
		return NULL;
	}
	guild_query_print(q, &out);
	guild_query_free(q);
	return guild_buf_take(&out);
}

static void assert_prints(const char *text, unsigned syntax, const char *expected)
{
	char *printed = print(text, syntax);
	if (!guild_streq(printed, expected)) {
		fail_msg("'%s' with syntax %u is read as '%s', not '%s'", text, syntax,
			printed ? printed : "(an error)", expected ? expected : "(an error)");
	}
	if (printed != NULL) {
		char *again = print(printed, syntax);
		assert_string_equal(again, printed);
		free(again);
	}
	free(printed);
}

static void test_grouping(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(prints); i++) {
		assert_prints(prints[i].text, 2, prints[i].printed);
		if (prints[i].old != NULL) {
			assert_prints(prints[i].text, 1, prints[i].old);
		}
	}
}

/* ---- one run, from a source of our own ---------------------------------------------------------------------- */

struct fake {
	struct guild_arena *a;
	struct guild_value *attrs, *flags;
	size_t n_scalar_reads;
	struct guild_scalar_summary loss;
};

static const struct guild_value *fake_attr(void *arg, const char *name)
{
	const struct fake *f = arg;
	return guild_value_get(f->attrs, name);
}

static const struct guild_value *fake_flag(void *arg, const char *name)
{
	const struct fake *f = arg;
	return guild_value_get(f->flags, name);
}

static bool fake_us(void *arg, const char *name, int64_t *us)
{
	(void)arg;
	*us = strcmp(name, "time") == 0 ? 5400 * INT64_C(1000000) : INT64_C(1700000000500000);
	return strcmp(name, "stopped") != 0;
}

static const struct guild_scalar_summary *fake_scalar(void *arg, const char *key)
{
	struct fake *f = arg;
	f->n_scalar_reads++;
	return strcmp(key, "loss") == 0 || strcmp(key, ".guild#loss") == 0 ? &f->loss : NULL;
}

static bool fake_at(void *arg, const char *key, int64_t step, double *value)
{
	(void)arg;
	(void)key;
	*value = (double)step / 2;
	return step <= 10;
}

static void fake_init(struct fake *f, struct guild_query_source *s)
{
	static const char flags[] =
		"{lr: 0.1, n: 1, big: 123456789012345678901234567890, good: true, none: null, text: 'Über 1', "
		"empty: '', list: [1, a, true], nan: .nan, label: flag, 'two words': 2}";
	static const char attrs[] =
		"{label: best one, started: '2023-11-14 22:13:20', time: '1:30:00', status: completed, "
		"tags: [a, b], run: '24771334', env: {PATH: /bin}}";
	*f = (struct fake){.a = guild_arena_new()};
	f->loss = (struct guild_scalar_summary){.prefix = ".guild",
		.tag = "loss",
		.first = 1,
		.last = 0.25,
		.min = 0.125,
		.max = 2,
		.total = 4.5,
		.count = 9,
		.first_step = 0,
		.last_step = 10,
		.min_step = 8,
		.max_step = 1};
	assert_int_equal(guild_yaml_parse(f->a, guild_str(flags), NULL, 0, &f->flags, NULL), 0);
	assert_int_equal(guild_yaml_parse(f->a, guild_str(attrs), NULL, 0, &f->attrs, NULL), 0);
	*s = (struct guild_query_source){.arg = f,
		.attr = fake_attr,
		.attr_us = fake_us,
		.flag = fake_flag,
		.scalar = fake_scalar,
		.scalar_at = fake_at};
}

static bool holds(const struct guild_query_source *s, const char *text, unsigned syntax)
{
	struct guild_query_options options = {
		.syntax = syntax, .now_us = INT64_C(1700003600000000)};
	struct guild_query *q = NULL;
	struct guild_error err = {0};
	if (guild_query_parse(text, &options, &q, &err) != 0) {
		fail_msg("'%s': %s", text, err.text);
	}
	bool result = guild_query_holds(q, s);
	guild_query_free(q);
	return result;
}

static const char *const true_ones[] = {"lr = 0.1", "n = 1.0", "n = true", "good = 1", "n < 2",
	"n >= 1", "not n > 1", "text contains UBER or text contains ber", "text = 'Über 1'",
	"none is undefined", "missing is undefined", "missing != 3", "none = undefined",
	"lr is not undefined", "list contains a", "list contains 1", "a is undefined",
	"tags contains a", "tags not contains c", "tags in [[a, b]]", "lr in [0.1, 0.2]",
	"n not in [2, 3]", "missing in [undefined]", "empty not contains ''", "big > 1e20",
	"big = 123456789012345678901234567890", "nan != nan", "label = 'best one'",
	"flag:label = flag", "attr:label contains BEST", "env contains path", "loss = 0.25",
	"scalar:loss = 0.25", "scalar:.guild#loss < 1", "last(loss) < 0.9 * first(loss)",
	"min(loss) = 0.125", "max loss = 2", "avg(loss) = 0.5", "total(loss) = 4.5",
	"count(loss) = 9", "loss step = 10", "step(min(loss)) = 8", "max loss step = 1",
	"loss at 4 = 2", "at(loss, 2 + 2) = 2", "loss at 11 is undefined", "abs(0 - lr) = lr",
	"sqrt(4) = 2", "7 % 4 = 3", "-7 % 4 = 1", "lr * 10 = n", "n / 0 is undefined",
	"label =~ '^best .ne$'", "label !~ '^one'", "missing !~ x", "n =~ '^1$'", "started < now()",
	"started > now - 2h", "now - started < 1h", "started =~ '2023'", "started = 2023-11-14",
	"started > 2023-11-13", "started < '2023-12-1'", "started > '2023-1'",
	"stopped is undefined", "time = 1.5h", "time > 5000", "time < '2:00:00'",
	"time = '1:30:00'", "time < '10:00:00'", "time / 2 = 45m", "run = 24771334", "lr",
	"not none", "(lr < 1) = true", "flag:'two words' = 2", "nan is nan", "nan is not finite",
	"loss is finite", "last(loss) is not nan", "last(loss) is not infinite", "text is not nan"};

static const char *const false_ones[] = {"lr = '0.1'", "n = '1'", "missing < 1", "missing >= 1",
	"none < 1", "text < 1", "1 < text", "empty contains ''", "missing contains x", "nan = nan",
	"list contains c", "tags = a", "tags in [a, b]", "label = flag", "missing", "not lr",
	"loss > 0.25", "sub#loss is not undefined", "started > now()", "label =~ 'BEST'",
	"time > '2:00:00'", "text + 1 = 2", "lr in []", "stopped < now()", "started = 2023-11-13",
	"-text < 1", "loss is nan", "missing is nan", "missing is not nan", "lr is infinite",
	"text is nan"};

static void test_truth(void **state)
{
	(void)state;
	struct fake f;
	struct guild_query_source s;
	fake_init(&f, &s);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(true_ones); i++) {
		if (!holds(&s, true_ones[i], 2)) {
			fail_msg("'%s' should hold", true_ones[i]);
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(false_ones); i++) {
		if (holds(&s, false_ones[i], 2)) {
			fail_msg("'%s' should not hold", false_ones[i]);
		}
	}
	/* As Guild AI 0.9.0: a word alone is a text, times are texts, ids of digits are numbers. */
	assert_true(holds(&s, "missing", 1));
	assert_false(holds(&s, "time < '10:00:00' and missing is not undefined", 1));
	assert_false(holds(&s, "run = 24771334", 1));
	assert_true(holds(&s, "time < '10' or time > '10'", 1));
	assert_false(holds(&s, "n = 2 and n = 2 or n = 1", 1));
	assert_true(holds(&s, "n = 2 and n = 2 or n = 1", 2));
	guild_arena_free(f.a);
}

static const struct {
	const char *text;
	size_t reads;
} costs[] = {
	{"lr = 0.1 or loss < 1", 0},
	{"loss < 1 or lr = 0.1", 0},
	{"loss < 1 and lr = 2", 0},
	{"not (loss < 1 or n = 1)", 0},
	{"loss < 1 and lr = 0.1", 1},
	{"status = completed and tags contains a", 0},
	{"flag:loss = 1", 0},
	{"attr:loss is undefined", 0},
	{"min(loss) < max(loss) and n = 2", 0},
};

static void test_reads_only_what_it_needs(void **state)
{
	(void)state;
	struct fake f;
	struct guild_query_source s;
	fake_init(&f, &s);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(costs); i++) {
		f.n_scalar_reads = 0;
		(void)holds(&s, costs[i].text, 2);
		if (f.n_scalar_reads != costs[i].reads) {
			fail_msg("'%s' read scalars %zu times", costs[i].text, f.n_scalar_reads);
		}
	}
	guild_arena_free(f.a);
}

static void test_values(void **state)
{
	(void)state;
	struct fake f;
	struct guild_query_source s;
	fake_init(&f, &s);
	static const struct {
		const char *text;
		const char *value;
	} cases[] = {{"last(loss) / first(loss)", "0.25"}, {"n", "1"}, {"label", "best one"},
		{"time * 2", "3:00:00"}, {"missing", "-"}, {"lr < 1", "True"}, {"text + 1", "-"}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_query *q = NULL;
		struct guild_buf text = {0};
		assert_int_equal(guild_query_parse(cases[i].text, NULL, &q, NULL), 0);
		const struct guild_value *v = guild_query_value(q, &s, f.a);
		if (v != NULL) {
			guild_value_py_str(&text, v);
		} else {
			guild_buf_puts(&text, "-");
		}
		assert_string_equal(guild_buf_cstr(&text), cases[i].value);
		guild_buf_fini(&text);
		guild_query_free(q);
	}
	guild_arena_free(f.a);
}

/* ---- errors and limits ------------------------------------------------------------------------------------ */

static void assert_error(const char *text, const char *expected)
{
	struct guild_query *q = NULL;
	struct guild_error err = {0};
	assert_int_equal(guild_query_parse(text, NULL, &q, &err), GUILD_EINVALID);
	assert_string_equal(err.text, expected);
}

static void test_errors(void **state)
{
	(void)state;
	assert_error("lr < 1 an x",
		"filter expression, position 8: expected 'and', 'or' or the end, "
		"not 'an'\n  lr < 1 an x\n         ^");
	assert_error("ä =\n  ) b",
		"filter expression, position 8: expected a name, a number, a text "
		"or '(', not ')'\n    ) b\n    ^");
	assert_error("lsat(loss) < 1",
		"filter expression, position 1: there is no function 'lsat' (did you mean 'last'?)\n  "
		"lsat(loss) < 1\n  ^");
}

static char *repeat(const char *text, size_t n)
{
	struct guild_buf out = {0};
	for (size_t i = 0; i < n; i++) {
		guild_buf_puts(&out, text);
	}
	return guild_buf_take(&out);
}

static void test_limits(void **state)
{
	static const char *const parts[] = {
		"(", "not ", "a = [", "[", "- ", "a and ", "a or ", "1 + ", "aaaaaaaaaaaaaaaa"};
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		for (unsigned syntax = 1; syntax <= 2; syntax++) {
			struct guild_query_options options = {.syntax = syntax};
			struct guild_query *q = NULL;
			char *text = repeat(parts[i], 10000);
			assert_true(guild_query_parse(text, &options, &q, NULL) < 0);
			free(text);
		}
	}
	char *chain = repeat("a = 1 or ", 1900);
	char *text = guild_format("%sb = 2", chain);
	char *printed = print(text, 2);
	assert_non_null(printed);
	free(printed);
	free(text);
	free(chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grouping),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_reads_only_what_it_needs),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests_name("store/query", tests, NULL, NULL);
}
