/* Steps of pipelines: what they mean, and in which order they may run. */
#include <guild/project.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Stands for the option tables of guild run: OP, FLAG=VAL, @FILE, and --needed, --label L. */
static int read_words(struct guild_arena *a, char *const *words, size_t n,
	struct guild_step_words *out, struct guild_error *err)
{
	*out = (struct guild_step_words){.flag_words = guild_value_list(a),
		.files = guild_value_list(a),
		.options = guild_value_dict(a)};
	for (size_t i = 0; i < n; i++) {
		struct guild_value *word = guild_value_string(a, words[i]);
		if (strcmp(words[i], "--needed") == 0) {
			guild_value_set(a, out->options, "needed", guild_value_bool(a, true));
		} else if (strcmp(words[i], "--label") == 0 && i + 1 < n) {
			guild_value_set(a, out->options, "label",
				guild_value_string(a, words[++i]));
		} else if (words[i][0] == '-') {
			return guild_error_set(err, GUILD_EINVALID, "no option %s", words[i]);
		} else if (words[i][0] == '@') {
			guild_value_append(a, out->files, guild_value_string(a, words[i] + 1));
		} else if (strchr(words[i], '=')) {
			guild_value_append(a, out->flag_words, word);
		} else {
			out->op = word->s.p;
		}
	}
	return 0;
}

static struct guild_value *yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	assert_int_equal(guild_yaml_parse(a, guild_str(text), "f.yml", GUILD_YAML_NUMBERS, &v,
				 NULL),
		0);
	return v;
}

static int read_steps(struct guild_arena *a, const char *steps, const char *flags,
	struct guild_steps *out, struct guild_error *err)
{
	struct guild_steps_request req = {.steps = yaml(a, steps),
		.flags = yaml(a, flags),
		.model = "m",
		.file = "f.yml",
		.read_words = read_words};
	return guild_steps_read(a, &req, out, err);
}

/* "opspec [options] [words] [files] {values}" */
static const struct {
	const char *step, *flags, *expected;
} read_cases[] = {
	{"a", "{}", "m:a [] [] [] {}"},
	{"':a'", "{}", "m:a [] [] [] {}"},
	{"o:a", "{}", "o:a [] [] [] {}"},
	{"x.py", "{}", "x.py [] [] [] {}"},
	{"a x=1 @f.csv", "{}", "m:a [] [x=1] [f.csv] {}"},
	{"a --label l --needed", "{}", "m:a [--label, l, --needed] [] [] {}"},
	{"{run: a --label l, label: k}", "{}", "m:a [--label, k] [] [] {}"},
	{"{run: a --needed, needed: no}", "{}", "m:a [--needed] [] [] {}"},
	{"{run: a, tags: [b, 'c${z}']}", "{z: 1}", "m:a [--tag, b, --tag, c1] [] [] {}"},
	{"{run: a x=1 y=2, flags: {x: 3}}", "{}", "m:a [] [] [] {x: 3}"},
	{"{run: a x=1, flags: {}}", "{}", "m:a [] [x=1] [] {}"},
	{"{run: a, flags: [x=1]}", "{}", "m:a [] [x=1] [] {}"},
	{"{run: a, flags: {x: {default: 3}}}", "{}", "m:a [] [] [] {x: 3}"},
	{"a x=1 y=2", "{'m:a:x': 5}", "m:a [] [y=2] [] {x: 5}"},
	{"{run: a, name: n}", "{'n:x': 5, 'other:x': 6}", "m:a [] [] [] {x: 5}"},
	{"{run: a, name: n}", "{'n:x': 5, 'm:a:x': 6}", "m:a [] [] [] {x: 6}"},
	{"a x=1", "{'m:a:x': null}", "m:a [] [] [] {}"},
	{"a x=${z}", "{z: '1'}", "m:a [] [] [] {x: '1'}"},
	{"{run: a, flags: {x: '${z}', y: 'a${z}b${b}'}}", "{z: 1.50, b: yes}",
		"m:a [] [] [] {x: 1.5, y: a1.5btrue}"},
	{"{run: a, flags: {x: ['${z}', 2]}}", "{z: 1}", "m:a [] [] [] {x: [1, 2]}"},
	{"{run: a, flags: {x: '${z}'}}", "{z: '${w}', w: [1]}", "m:a [] [] [] {x: [1]}"},
};

static void dump(struct guild_buf *out, const struct guild_value *v)
{
	guild_buf_putc(out, ' ');
	guild_yaml_dump_flow(out, v);
}

static void reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(read_cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_steps steps = {0};
		struct guild_error err = {0};
		struct guild_buf got = {0};
		char *list = guild_format("[%s]", read_cases[i].step);
		if (strchr("{':", read_cases[i].step[0]) == NULL) {
			free(list);
			list = guild_format("- %s", read_cases[i].step);
		}
		int rc = read_steps(a, list, read_cases[i].flags, &steps, &err);
		assert_string_equal(err.text, "");
		assert_int_equal(rc, 0);
		guild_buf_puts(&got, steps.v[0].opspec);
		dump(&got, steps.v[0].options);
		dump(&got, steps.v[0].flag_words);
		dump(&got, steps.v[0].files);
		dump(&got, steps.v[0].values);
		assert_string_equal(guild_buf_cstr(&got), read_cases[i].expected);
		guild_buf_fini(&got);
		free(list);
		guild_arena_free(a);
	}
}

static const struct {
	const char *steps, *text;
} refused[] = {
	{"a", "'steps' must be a list"},
	{"[1]", "f.yml:1:2: a step must be text or a mapping"},
	{"[{name: x}]", "what to 'run'"},
	{"[a --bad]", "f.yml:1:2: invalid run of a step, 'a --bad': no option --bad"},
	{"[\"a 'b\"]", "invalid run of a step"},
	{"[x=1]", "names no operation"},
	{"[{run: a, flags: 3}]", "'flags' of a step must be a mapping"},
	{"[{run: a, flags: [x]}]", "FLAG=VAL"},
	{"[{run: a, flags: {x: '${no}'}}]", "'${no}' names no flag"},
	{"[{run: a, flags: {x: '${loop}'}}]", "in a circle"},
	{"[{run: a, label: {}}, {run: a, label: {b: c}}]", "f.yml:1:39: 'label' of a step"},
	{"[{run: a, name: [b]}]", "name of a step"},
	{"[{run: a, expect: output}]", "'expect' must be"},
	{"[{run: a, after: [nix]}]", "names no step: 'nix'"},
	{"[a, a, {run: b, after: [a]}]", "several steps: 'a'"},
	{"[{run: a, after: [a]}]", "cycle in steps: 'a' waits for 'a'"},
	{"[{run: a, after: [b]}, b]", "cycle in steps"},
	{"[{run: a, after: [c]}, {run: b, after: [a]}, {run: c, after: [b]}]",
		"'a' waits for 'c' waits for 'b' waits for 'a'"},
};

static void refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(refused); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_steps steps = {0};
		struct guild_error err = {0};
		assert_int_equal(read_steps(a, refused[i].steps, "{loop: '${loop}'}", &steps, &err),
			GUILD_EINVALID);
		if (!strstr(err.text, refused[i].text)) {
			assert_string_equal(err.text, refused[i].text);
		}
		guild_arena_free(a);
	}
}

/* The order in which one at a time would run, and whether two ever could at once. */
static const struct {
	const char *steps, *order;
	bool is_parallel;
} orders[] = {
	{"[]", "", false},
	{"[a, b, c]", "012", false},
	{"[{run: a, after: []}, {run: b, after: []}, c]", "012", true},
	{"[{run: a, after: [c]}, {run: b, after: [a]}, {run: c, after: []}]", "201", false},
	{"[a, {run: b, after: [a]}, {run: c, after: [a]}, d]", "0123", true},
	{"[a, {run: b, after: }, c]", "012", true},
	{"[{run: a, after: [b, b]}, {run: b, after: []}]", "10", false},
};

static void orders_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(orders); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_steps steps = {0};
		struct guild_steps_walk w;
		struct guild_buf got = {0};
		size_t step;
		assert_int_equal(read_steps(a, orders[i].steps, "{}", &steps, NULL), 0);
		assert_int_equal(steps.is_parallel, orders[i].is_parallel);
		guild_steps_walk_init(&w, &steps);
		while (guild_steps_walk_take(&w, &step)) {
			guild_buf_printf(&got, "%zu", step);
			guild_steps_walk_finish(&w, step);
		}
		guild_steps_walk_fini(&w);
		assert_string_equal(guild_buf_cstr(&got), orders[i].order);
		guild_buf_fini(&got);
		guild_arena_free(a);
	}
}

static void names_links(void **state)
{
	static const char *const expected[] = {"a", "a_2", "x-y-z", "a_3", "a_2_2"};
	struct guild_arena *a = guild_arena_new();
	struct guild_steps steps = {0};
	(void)state;
	assert_int_equal(read_steps(a,
				 "[a, a, {run: b, name: 'x/y z'}, {run: c, name: a}, "
				 "{run: d, name: a_2}]",
				 "{}", &steps, NULL),
		0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(expected); i++) {
		assert_string_equal(steps.v[i].link, expected[i]);
	}
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads), cmocka_unit_test(refuses),
		cmocka_unit_test(orders_steps), cmocka_unit_test(names_links)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
