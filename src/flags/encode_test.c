/* Values as people see them (flags.md 2.1), and label templates (runs.md 7). */
#include "test_help.h"

#include <unistd.h>

static void test_encode_and_format(void **state)
{
	static const struct {
		const char *yaml;
		const char *encoded;
		const char *formatted; /* NULL: as encoded */
	} rows[] = {
		{"yes", "yes", NULL},
		{"no", "no", NULL},
		{"null", "null", NULL},
		{"1", "1", NULL},
		{"1e-5", "1.0e-05", NULL},
		{"1.0", "1.0", NULL},
		{".nan", ".nan", NULL},
		{"a", "a", NULL},
		{"''", "''", NULL},
		{"'yes'", "'yes'", NULL},
		{"'1'", "'1'", NULL},
		{"'1e5'", "'1e5'", NULL},
		{"y", "y", NULL},
		{"a b", "a b", "'a b'"},
		{"it's", "it's", NULL},
		{"x'y z", "x'y z", "\"x'y z\""},
		{"\"it's \\\"q\\\"\"", "it's \"q\"", "'it''s \"q\"'"},
		{"'a: b'", "'a: b'", NULL},
		{"\"a\\nb\"", "\"a\\nb\"", NULL},
		{"\"\\u00e9t\\u00e9\"", "\xc3\xa9t\xc3\xa9", NULL},
		{"\"\\u00e9 b\"", "\xc3\xa9 b", "'\xc3\xa9 b'"},
		{"\"\\u00e9: b\"", "'\xc3\xa9: b'", NULL},
		{"\"\\u200b\"", "\"\\u200B\"", NULL},
		{"[]", "[]", NULL},
		{"[a, b]", "[a, b]", NULL},
		{"['a,b', 'c']", "['a,b', c]", NULL},
		{"[\"it's, x\"]", "[\"it's, x\"]", NULL},
		{"['a]']", "['a]']", NULL},
		{"[a:b, x y]", "[a:b, x y]", NULL},
		{"[1, 2.5, null, yes]", "[1, 2.5, null, yes]", NULL},
		{"[[a, 'b,c'], {k: 'v,w'}]", "[[a, 'b,c'], {k: 'v,w'}]", NULL},
		{"{b: 1, a: x y}", "{a: x y, b: 1}", NULL},
		{"{}", "{}", NULL},
		{"{':a:': ':b:'}", "{':a:': ':b:'}", NULL},
		{"{k: 'a,b', 'k]': a:b}", "{k: 'a,b', 'k]': a:b}", NULL},
		{"2020-01-01", "2020-01-01", NULL},
	};
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_buf encoded = {0};
		struct guild_buf formatted = {0};
		const struct guild_value *v = from_yaml(a, rows[i].yaml);
		guild_flag_encode(&encoded, v);
		guild_flag_format(&formatted, v);
		assert_string_equal(guild_buf_cstr(&encoded), rows[i].encoded);
		assert_string_equal(guild_buf_cstr(&formatted),
			rows[i].formatted ? rows[i].formatted : rows[i].encoded);
		guild_buf_fini(&encoded);
		guild_buf_fini(&formatted);
	}
	guild_arena_free(a);
}

static void test_default_label(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf label = {0};
	guild_flag_default_label(&label,
		from_yaml(a,
			"{s: a b, n: null, f: 0.123456789, g: 0.99999999, h: 1.234567e+20, b: yes,"
			" i: 1, e: '', l: [0.123456789]}"));
	assert_string_equal(guild_buf_cstr(&label),
		"b=yes e='' f=0.12345 g=0.99999 h=1.23456e+20 i=1 l=[0.123456789] s='a b'");
	guild_buf_fini(&label);
	guild_arena_free(a);
}

static void test_long_paths(void **state)
{
	static const struct {
		const char *path;
		const char *shown;
	} rows[] = {
		{"some/deep/dir/with-a-long-name/x.txt", "some/…/x.txt"},
		{"some/deep/dir/f.txt", "some/deep/dir/f.txt"},
		{"averyveryverylongfilename.txt", "averyveryverylongfilename.txt"},
		{"some/averyveryverylongfilename.txt", "some/averyveryverylongfilename.txt"},
		{"some/deep/averyveryverylongfilename.txt", "some/…/averyveryverylongfilename.txt"},
		{"a/b/c/d/e/f/g/h/i/j.txt", "a/b/c/…/g/h/i/j.txt"},
		{"./some/deep/dir/with-a-long-name", "./…/with-a-long-name"},
		{"a b/c d/some file name.txt", "'a b/…/some file name.txt'"},
		{"aa/bb/cc/dd/ee/ff.txt", "aa/bb/…/dd/ee/ff.txt"},
		{"some/deep/dir/with-a-long-name/", "some/…/with-a-long-name"},
		{"abcdefghij/b/lmnopqrst", "abcdefghij/b/lmnopqrst"},
		{"a\xc3\xa9/b\xc3\xa9/c\xc3\xa9/d\xc3\xa9/e\xc3\xa9/f\xc3\xa9/g\xc3\xa9.txt",
			"a\xc3\xa9/b\xc3\xa9/…/e\xc3\xa9/f\xc3\xa9/g\xc3\xa9.txt"},
		{"not/there/at/all/whatever/it/is.txt", "not/there/at/all/whatever/it/is.txt"},
	};
	char *dir = guild_tmp_dir("guild-flags-", NULL);
	char *home = getcwd(NULL, 0);
	struct guild_arena *a = guild_arena_new();
	assert_non_null(dir);
	assert_int_equal(chdir(dir), 0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		if (!guild_starts(rows[i].path, "not/")) {
			char *parent = guild_path_dirname(rows[i].path);
			assert_int_equal(*parent ? guild_mkdirs(parent, NULL) : 0, 0);
			if (!guild_file_exists(rows[i].path)) {
				assert_int_equal(guild_file_touch(rows[i].path, NULL), 0);
			}
			free(parent);
		}
		struct guild_value *flags = guild_value_dict(a);
		struct guild_buf label = {0};
		guild_value_set(a, flags, "p", guild_value_string(a, rows[i].path));
		guild_flag_default_label(&label, flags);
		assert_string_equal(guild_buf_cstr(&label) + 2, rows[i].shown);
		guild_buf_fini(&label);
	}
	guild_arena_free(a);
	assert_int_equal(chdir(home), 0);
	assert_int_equal(guild_rmtree(dir, NULL), 0);
	free(dir);
	free(home);
}

static void test_templates(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} rows[] = {
		{"", ""},
		{"plain $a a} ${a", "plain $a a} ${a"},
		{"${a}", "1"},
		{"$${a}", "$1"},
		{"x ${a} y ${s}!", "x 1 y hello!"},
		{"${f}", "0.12345"},
		{"${q}", "'a b'"},
		{"${sq}", "'1'"},
		{"${b}", "yes"},
		{"${m}", "{x: 1}"},
		{"${n}${missing}${ a }${a|}", "#error#"},
		{"${a-b} ${a.b}", "3 4"},
		{"${n|default:V}", "V"},
		{"${missing|default:a b}", "a b"},
		{"${missing|default:}", ""},
		{"${missing|default}", ""},
		{"${q|default:x}", "a b"},
		{"${e|default:z}", ""},
		{"${f|default:1|%.1f}", "0.1"},
		{"${p|basename}", "f.txt"},
		{"${dir|basename}", "deep"},
		{"${a|basename}", "1"},
		{"${missing|basename}", ""},
		{"${q|unquote}", "a b"},
		{"${sq|unquote}", "1"},
		{"${qq|unquote}", "x"},
		{"${b|unquote}", "True"},
		{"${f|%.2f}", "0.12"},
		{"${f|%+.2f}", "+0.12"},
		{"${f|%.3e}", "1.235e-01"},
		{"${f|%g}", "0.123457"},
		{"${f|%d}", "0"},
		{"${f|%s}", "0.123456789"},
		{"${f|%.2fms}", "0.12ms"},
		{"${a|%d}", "1"},
		{"${a|%03d}", "001"},
		{"${a|%5.1f}|", "  1.0|"},
		{"${a|%x}", "1"},
		{"${neg|%x}", "-ff"},
		{"${neg|%05d}", "-0255"},
		{"${b|%s}", "True"},
		{"${b|%d}", "1"},
		{"${big|%d}", "12345678901234567890"},
		{"${s|%.2s}", "he"},
		{"${s|%-8s}.", "hello   ."},
		{"${q|%r}", "'a b'"},
		{"${s|%d}", "hello"},
		{"${f|%}", "0.123456789"},
		{"${f|%%}", "0.123456789"},
		{"${f|%.2f %s}", "0.123456789"},
		{"${f|%n}", "0.123456789"},
		{"${f|%.999999999999f}", NULL},
		{"${missing|%.2f}", ""},
		{"${a|bogus}", "#error#"},
		{"${label} new", "old new"},
		{"${default_label}",
			"a=1 a-b=3 a.b=4 b=yes big=12345678901234567890 dir=some/deep/ e='' "
			"f=0.12345 m={x: 1} neg=-255 p=some/deep/f.txt q='a b' "
			"qq='''x''' s=hello sq='1'"},
	};
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *flags = from_yaml(a,
		"{a: 1, s: hello, f: 0.123456789, n: null, p: some/deep/f.txt, dir: some/deep/, q: a b,"
		" sq: '1', qq: \"'x'\", b: yes, m: {x: 1}, e: '', neg: -255, big: 12345678901234567890,"
		" a-b: 3, a.b: 4}");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(rows); i++) {
		struct guild_buf out = {0};
		guild_flag_render_label(&out, rows[i].text, flags, "old", NULL);
		if (rows[i].wanted) {
			assert_string_equal(guild_buf_cstr(&out), rows[i].wanted);
		} else {
			assert_int_equal(out.n, 2 + 1000); /* the precision is limited */
		}
		guild_buf_fini(&out);
	}
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode_and_format),
		cmocka_unit_test(test_default_label),
		cmocka_unit_test(test_long_paths),
		cmocka_unit_test(test_templates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
