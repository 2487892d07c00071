/* Operation references and the names made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "guild/run.h"

static void test_parse_and_format(void **state)
{
	static const struct {
		const char *text;
		const char *words[5]; /* type, package, version, model, op; NULL type: invalid */
	} cases[] = {
		{"guildfile:/p/guild.yml f2ec m train",
			{"guildfile", "/p/guild.yml", "f2ec", "m", "train"}},
		{"script:/p '' '' train.py", {"script", "/p", "", "", "train.py"}},
		{"script:'/a b' '' '' 'it'\"'\"'s.py'", {"script", "/a b", "", "", "it's.py"}},
		{"func:'' '' '' my_fn", {"func", "", "", "", "my_fn"}},
		{"builtin:guildai 0.9.0 '' +", {"builtin", "guildai", "0.9.0", "", "+"}},
		{"pending:'?' '?' '?' train", {"pending", "?", "?", "?", "train"}},
		{"guildfile:/a:b/guild.yml x '' t", {"guildfile", "/a:b/guild.yml", "x", "", "t"}},
		{"", {NULL}},
		{"guildfile:/p 1 2", {NULL}},
		{"guildfile:/p 1 2 3 4", {NULL}},
		{"guildfile 1 2 3", {NULL}},
		{":x 1 2 3", {NULL}},
		{"guildfile:'/p 1 2 3", {NULL}},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_opref ref = {0};
		struct guild_error err = {0};
		int rc = guild_opref_parse(cases[i].text, &ref, &err);
		if (cases[i].words[0] == NULL) {
			assert_int_equal(rc, GUILD_EINVALID);
			assert_null(ref.op);
			continue;
		}
		assert_int_equal(rc, 0);
		const char *const words[] = {
			ref.pkg_type, ref.pkg_name, ref.version, ref.model, ref.op};
		for (size_t j = 0; j < 5; j++) {
			assert_string_equal(words[j], cases[i].words[j]);
		}
		struct guild_buf text = {0};
		guild_opref_format(&ref, &text);
		assert_string_equal(text.p, cases[i].text);
		guild_buf_fini(&text);
		guild_opref_fini(&ref);
	}
}

static struct guild_run run_of(const char *opref)
{
	struct guild_run run = {
		.dir = guild_strdup("/nowhere/r"),
		.guild_dir = guild_strdup("/nowhere/r/.guild"),
		.id = guild_strdup("r"),
	};
	assert_int_equal(guild_opref_parse(opref, &run.opref, NULL), 0);
	return run;
}

static void test_names(void **state)
{
	static const struct {
		const char *opref;
		const char *display, *opspec, *from, *project;
	} cases[] = {
		{"guildfile:/home/u/p/guild.yml h m train", "m:train", "m:train", "~/p/guild.yml",
			"/home/u/p"},
		{"guildfile:/q/guild.yml h '' train", "train", "train", "/q/guild.yml", "/q"},
		{"script:/home/u/p '' '' sub/t.py", "sub/t.py", "p/sub/t.py", "~/p", "/home/u/p"},
		{"package:gpkg.hello 0.1 '' hello", "gpkg.hello/hello", "gpkg.hello/hello",
			"gpkg.hello==0.1", NULL},
		{"package:pkg 0.1 m hello", "pkg/m:hello", "pkg/m:hello", "pkg==0.1", NULL},
		{"func:'' '' '' f", "f()", "f", "", NULL},
		{"builtin:guildai 0.9.0 skopt gp", "skopt:gp", "skopt:gp", "guildai", NULL},
		{"pending:'?' '?' '?' m:t", "m:t", "m:t", "?", NULL},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_run run = run_of(cases[i].opref);
		char *display = guild_run_display_name(&run);
		char *opspec = guild_run_opspec(&run, "/home/u");
		char *from = guild_run_from(&run, "/home/u");
		char *project = guild_run_project_dir(&run);
		assert_string_equal(display, cases[i].display);
		assert_string_equal(opspec, cases[i].opspec);
		assert_string_equal(from, cases[i].from);
		assert_true(guild_streq(project, cases[i].project));
		free(project);
		free(from);
		free(opspec);
		free(display);
		guild_run_fini(&run);
	}
}

static void write_run(const char *dir, const char *opref)
{
	struct guild_run run;
	struct guild_opref ref = {0};
	assert_int_equal(guild_run_create(dir, &run, NULL), 0);
	assert_false(guild_run_is_run(dir));
	assert_int_equal(guild_opref_parse(opref, &ref, NULL), 0);
	assert_int_equal(guild_run_write_opref(&run, &ref, false, NULL), 0);
	assert_true(guild_run_is_run(dir));
	guild_opref_fini(&ref);
	guild_run_fini(&run);
}

static void test_batch_names(void **state)
{
	static const struct {
		const char *batch, *proto, *display;
	} cases[] = {
		{"builtin:guildai 0.9.0 '' +", "script:/p '' '' t2.py", "t2.py+"},
		{"builtin:guildai 0.9.0 skopt gp", "script:/p '' '' t2.py", "t2.py+skopt:gp"},
		{"guildfile:/p/guild.yml h m tune", "guildfile:/p/guild.yml h m train",
			"m:train+m:tune"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		char *dir = guild_tmp_dir("guild-run-", NULL);
		char *proto = guild_path_join(dir, ".guild/proto");
		write_run(dir, cases[i].batch);
		struct guild_run run;
		assert_int_equal(guild_run_open(dir, &run, NULL), 0);
		assert_false(guild_run_is_batch(&run));
		write_run(proto, cases[i].proto);
		assert_true(guild_run_is_batch(&run));
		char *name = guild_run_display_name(&run);
		assert_string_equal(name, cases[i].display);
		free(name);
		char *project = guild_run_project_dir(&run);
		assert_string_equal(project, "/p");
		free(project);
		guild_run_fini(&run);
		guild_rmtree(dir, NULL);
		free(proto);
		free(dir);
	}
}

static void test_circle_of_protos(void **state)
{
	char *dir = guild_tmp_dir("guild-run-", NULL);
	char *link = guild_path_join(dir, ".guild/proto");
	write_run(dir, "builtin:guildai 0.9.0 '' tune");
	assert_int_equal(symlink("..", link), 0);
	struct guild_run run;
	assert_int_equal(guild_run_open(dir, &run, NULL), 0);
	char *name = guild_run_display_name(&run);
	assert_string_equal(name, "tune+tune");
	free(name);
	guild_run_fini(&run);
	guild_rmtree(dir, NULL);
	free(link);
	free(dir);
}

static void test_open_damaged(void **state)
{
	char *dir = guild_tmp_dir("guild-run-", NULL);
	struct guild_run run;
	struct guild_error err = {0};
	assert_int_equal(guild_run_open(dir, &run, &err), GUILD_ENOTFOUND);
	guild_run_fini(&run);
	write_run(dir, "script:/p '' '' a");
	char *path = guild_path_join(dir, ".guild/opref");
	guild_file_write(path, "script:/p ''", 12, false, NULL);
	assert_int_equal(guild_run_open(dir, &run, &err), GUILD_EINVALID);
	assert_non_null(strstr(err.text, path));
	assert_string_equal(run.dir, dir);
	assert_string_equal(run.opref.op, "");
	guild_run_fini(&run);
	guild_rmtree(dir, NULL);
	free(path);
	free(dir);
}

static void test_ids(void **state)
{
	char one[GUILD_RUN_ID_LEN + 1];
	char two[GUILD_RUN_ID_LEN + 1];
	guild_run_new_id(one);
	guild_run_new_id(two);
	assert_int_equal(strlen(one), GUILD_RUN_ID_LEN);
	assert_int_equal(strspn(one, "0123456789abcdef"), GUILD_RUN_ID_LEN);
	assert_int_equal(one[12], '4');
	assert_non_null(strchr("89ab", one[16]));
	assert_string_not_equal(one, two);
	int64_t last = guild_run_timestamp();
	for (int i = 0; i < 1000; i++) {
		int64_t next = guild_run_timestamp();
		assert_true(next > last);
		last = next;
	}
}

static void test_output_index(void **state)
{
	unsigned char bytes[9];
	struct guild_output_line line = {.time_ms = 0x0102030405060708, .is_stderr = true};
	guild_output_index_encode(line, bytes);
	assert_memory_equal(bytes, "\1\2\3\4\5\6\7\10\1", 9);
	struct guild_output_line back = {0};
	assert_true(guild_output_index_decode(bytes, 9, &back));
	assert_int_equal(back.time_ms, line.time_ms);
	assert_true(back.is_stderr);
	assert_false(guild_output_index_decode(bytes, 8, &back));
	bytes[8] = 2;
	assert_false(guild_output_index_decode(bytes, 9, &back));
	bytes[8] = 0;
	bytes[0] = 0x80;
	assert_false(guild_output_index_decode(bytes, 9, &back));
	for (size_t n = 0; n < 20; n++) {
		unsigned char *records = guild_alloc(n * GUILD_OUTPUT_RECORD_BYTES + 1);
		guild_output_index_fill(line, n, records);
		for (size_t i = 0; i < n; i++) {
			assert_memory_equal(records + i * GUILD_OUTPUT_RECORD_BYTES,
				"\1\2\3\4\5\6\7\10\1", GUILD_OUTPUT_RECORD_BYTES);
		}
		assert_int_equal(records[n * GUILD_OUTPUT_RECORD_BYTES], 0);
		free(records);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_format),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_batch_names),
		cmocka_unit_test(test_circle_of_protos),
		cmocka_unit_test(test_open_damaged),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_output_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
