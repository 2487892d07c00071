/* The rules of the command line, one row each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "args.h"

static const struct guild_opt test_opts[] = {
	{.names = "-l --label", .value = "LABEL", .kind = GUILD_OPT_TEXT, .help = "A label."},
	{.names = "-t --tag", .value = "TAG", .kind = GUILD_OPT_LIST, .help = "A tag."},
	{.names = "-n --limit --top",
		.value = "N",
		.kind = GUILD_OPT_INT,
		.min = 1,
		.help = "A number."},
	{.names = "-x --stop-after", .value = "N", .kind = GUILD_OPT_NUMBER, .help = "A fraction."},
	{.names = "-m --more", .kind = GUILD_OPT_COUNT, .help = "More."},
	{.names = "-y --yes", .help = "Yes."},
	{.names = "-s --short", .help = "Short.", .excludes = "all label"},
	{.names = "-a --all", .help = "All."},
	{.names = "-F --filter", .value = "EXPR", .kind = GUILD_OPT_TEXT, .help = "Filter."},
	{.names = "-Fo --operation", .value = "VAL", .kind = GUILD_OPT_LIST, .help = "Operation."},
	{.names = "-Sc --completed !--not-completed", .help = "Completed."},
	{.names = "-S",
		.value = "CHARS",
		.kind = GUILD_OPT_TEXT,
		.hidden = true,
		.help = "Letters."},
	{.names = "--offline !--no-offline", .help = "Offline."},
	{.names = "--shell",
		.value = "SHELL",
		.kind = GUILD_OPT_TEXT,
		.choices = "bash|zsh|fish",
		.help = "Shell."},
	{.names = "-r --remote", .value = "REMOTE", .kind = GUILD_OPT_LATER, .help = "Remote."},
	{0},
};
static const struct guild_arg test_args[] = {
	{.name = "FIRST", .required = true, .help = "One."},
	{.name = "REST", .many = true, .help = "Others."},
	{0},
};
static const struct guild_arg one_arg[] = {{.name = "RUN", .help = "One."}, {0}};
static const struct guild_cmd many_cmd = {.name = "test",
	.opts = (const struct guild_opt *const[]){test_opts, NULL},
	.args = test_args};
static const struct guild_cmd one_cmd = {
	.name = "one", .opts = (const struct guild_opt *const[]){test_opts, NULL}, .args = one_arg};

/* Everything the parser understood, as one line. */
static char *describe(const struct guild_args *a)
{
	struct guild_buf out = {0};
	char *words = guild_strs_join(guild_args_words(a), ",");

	for (size_t i = 0; i < a->n_slots; i++) {
		const struct guild_opt_slot *slot = &a->slots[i];
		char *values = guild_strs_join(&slot->values, ",");

		if (slot->count == 0) {
			free(values);
			continue;
		}
		guild_buf_printf(&out, "%s", slot->key);
		if (guild_opt_takes_value(slot->opt)) {
			guild_buf_printf(&out, "=%s", values);
		} else if (slot->opt->kind == GUILD_OPT_COUNT) {
			guild_buf_printf(&out, "*%zu", slot->count);
		} else if (!slot->on) {
			guild_buf_puts(&out, " off");
		}
		guild_buf_puts(&out, "; ");
		free(values);
	}
	guild_buf_printf(&out, "[%s]", words);
	free(words);
	return guild_buf_take(&out);
}

static const struct {
	const char *line; /* words between blanks; "_" stands for an empty word */
	const char *expected;
} good[] = {
	{"a", "[a]"},
	{"a b c", "[a,b,c]"},
	{"a -l x", "label=x; [a]"},
	{"-l x a", "label=x; [a]"},
	{"a --label x b", "label=x; [a,b]"},
	{"a --label=x", "label=x; [a]"},
	{"a --label=x=y", "label=x=y; [a]"},
	{"a --label=", "label=; [a]"},
	{"a -l _", "label=; [a]"},
	{"a -l x -l y", "label=y; [a]"},
	{"a -l -x", "label=-x; [a]"},
	{"a -l --help", "label=--help; [a]"},
	{"a -t x --tag y -tz", "tag=x,y,z; [a]"},
	{"a -n 4", "top=4; [a]"},
	{"a -n4", "top=4; [a]"},
	{"a -n=4", "top=4; [a]"},
	{"a --limit 1 --top 2", "top=2; [a]"},
	{"a --stop-after 0.5", "stop-after=0.5; [a]"},
	{"a -mm --more", "more*3; [a]"},
	{"a -ym", "more*1; yes; [a]"},
	{"a -yn3", "top=3; yes; [a]"},
	{"a -yn 3", "top=3; yes; [a]"},
	{"a -Fo train", "operation=train; [a]"},
	{"a -Fo=train", "operation=train; [a]"},
	{"a -Fotrain", "filter=otrain; [a]"},
	{"a -F x", "filter=x; [a]"},
	{"a -Sc", "completed; [a]"},
	{"a -Sce", "S=ce; [a]"},
	{"a -S c", "S=c; [a]"},
	{"a --not-completed", "completed off; [a]"},
	{"a --completed --not-completed", "completed off; [a]"},
	{"a --not-completed --completed", "completed; [a]"},
	{"a --no-offline", "offline off; [a]"},
	{"a --shell zsh", "shell=zsh; [a]"},
	{"a -- -l x", "[a,-l,x]"},
	{"-- --help", "[--help]"},
	{"a -- --", "[a,--]"},
	{"-", "[-]"},
	{"a _", "[a,]"},
	{"a lr=0.1 -y x=[1,2]", "yes; [a,lr=0.1,x=[1,2]]"},
};

static const struct {
	const struct guild_cmd *cmd;
	const char *line;
	int code;
	const char *message;
} bad[] = {
	{&many_cmd, "", 2, "missing argument for FIRST"},
	{&many_cmd, "a --lab x", 2, "unrecognized option '--lab' (did you mean --label?)"},
	{&many_cmd, "a --lable x", 2, "unrecognized option '--lable' (did you mean --label?)"},
	{&many_cmd, "a --not-complete", 2,
		"unrecognized option '--not-complete' (did you mean --not-completed?)"},
	{&many_cmd, "a --zzzzz", 2, "unrecognized option '--zzzzz'"},
	{&many_cmd, "a --lab=x", 2, "unrecognized option '--lab' (did you mean --label?)"},
	{&many_cmd, "a -q", 2, "unrecognized option '-q'"},
	{&many_cmd, "a -yq", 2, "unrecognized option '-q'"},
	{&many_cmd, "a -1", 2, "unrecognized option '-1'"},
	{&many_cmd, "a -l", 2, "option '-l' needs a value"},
	{&many_cmd, "a --label", 2, "option '--label' needs a value"},
	{&many_cmd, "a -yl", 2, "option '-l' needs a value"},
	{&many_cmd, "a --all=3", 2, "option '--all' takes no value"},
	{&many_cmd, "a -n x", 2, "invalid value 'x' for -n: expected an integer"},
	{&many_cmd, "a --top 0", 2, "invalid value '0' for --top: must be 1 or more"},
	{&many_cmd, "a -n -3", 2, "invalid value '-3' for -n: must be 1 or more"},
	{&many_cmd, "a -n 99999999999999999999", 2,
		"invalid value '99999999999999999999' for -n: expected an integer"},
	{&many_cmd, "a -x soon", 2, "invalid value 'soon' for -x: expected a number"},
	{&many_cmd, "a --shell sh", 2,
		"invalid value 'sh' for --shell: choose one of bash|zsh|fish"},
	{&many_cmd, "a --shell _", 2, "invalid value '' for --shell: choose one of bash|zsh|fish"},
	{&many_cmd, "a -s -a", 1, "--short and --all cannot both be used"},
	{&many_cmd, "a -l x -s", 1, "--short and --label cannot both be used"},
	{&many_cmd, "a -r x", 1, "this version does not have option -r yet"},
	{&one_cmd, "a b", 2, "unexpected extra argument 'b'"},
};

static size_t split(const char *line, struct guild_strs *words)
{
	struct guild_strs parts = {0};

	guild_strs_split(&parts, line, ' ');
	for (size_t i = 0; i < parts.n; i++) {
		if (parts.v[i][0]) {
			guild_strs_add(words, strcmp(parts.v[i], "_") == 0 ? "" : parts.v[i]);
		}
	}
	guild_strs_fini(&parts);
	return words->n;
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(good); i++) {
		struct guild_strs words = {0};
		struct guild_args args;
		struct guild_error err = {0};
		size_t n = split(good[i].line, &words);
		int code = guild_args_parse(&many_cmd, words.v, n, GUILD_ARGS_STRICT, &args, &err);
		char *got = describe(&args);

		if (code != 0 || strcmp(got, good[i].expected) != 0) {
			fail_msg("'%s': exit %d, %s (%s), not %s", good[i].line, code, got,
				err.text, good[i].expected);
		}
		free(got);
		guild_args_fini(&args);
		guild_strs_fini(&words);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_strs words = {0};
		struct guild_args args;
		struct guild_error err = {0};
		size_t n = split(bad[i].line, &words);
		int code = guild_args_parse(bad[i].cmd, words.v, n, GUILD_ARGS_STRICT, &args, &err);

		if (code != bad[i].code || strcmp(err.text, bad[i].message) != 0) {
			fail_msg("'%s': exit %d, '%s'", bad[i].line, code, err.text);
		}
		guild_args_fini(&args);
		guild_strs_fini(&words);
	}
}

static void test_help_wins(void **state)
{
	const char *words[] = {"a", "-n", "3", "--help", "--bogus"};
	struct guild_args args;
	struct guild_error err = {0};

	(void)state;
	assert_int_equal(guild_args_parse(&many_cmd, (char *const *)words, 5, GUILD_ARGS_STRICT,
				 &args, &err),
		0);
	assert_true(args.help);
	guild_args_fini(&args);
}

static void test_stop_at_word(void **state)
{
	const char *words[] = {"-y", "-n", "3", "runs", "-a"};
	struct guild_args args;
	struct guild_error err = {0};

	(void)state;
	assert_int_equal(guild_args_parse(&many_cmd, (char *const *)words, 5,
				 GUILD_ARGS_STOP_AT_WORD, &args, &err),
		0);
	assert_int_equal(args.taken, 3);
	assert_true(guild_args_flag(&args, "yes"));
	assert_false(guild_args_flag(&args, "all"));
	guild_args_fini(&args);
}

static void test_lenient(void **state)
{
	const char *words[] = {"a", "--bogus", "-n", "x", "-s", "-a", "--label"};
	struct guild_args args;
	struct guild_error err = {0};

	(void)state;
	assert_int_equal(guild_args_parse(&many_cmd, (char *const *)words, 7, GUILD_ARGS_LENIENT,
				 &args, &err),
		0);
	assert_non_null(args.awaiting);
	assert_string_equal(args.awaiting->names, "-l --label");
	assert_true(guild_args_flag(&args, "all"));
	guild_args_fini(&args);
}

static void test_values(void **state)
{
	const char *words[] = {"a", "-n", "7", "-x", "1.5", "-t", "p", "-t", "q"};
	struct guild_args args;
	struct guild_error err = {0};

	(void)state;
	assert_int_equal(guild_args_parse(&many_cmd, (char *const *)words, 9, GUILD_ARGS_STRICT,
				 &args, &err),
		0);
	assert_int_equal(guild_args_int(&args, "top", -1), 7);
	assert_true(guild_args_number(&args, "stop-after", 0) == 1.5);
	assert_int_equal(guild_args_list(&args, "tag")->n, 2);
	assert_null(guild_args_text(&args, "label"));
	assert_false(guild_args_given(&args, "offline"));
	assert_int_equal(guild_args_int(&args, "top", -1), 7);
	guild_args_fini(&args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_help_wins),
		cmocka_unit_test(test_stop_at_word),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
