/* Notebooks: which literals of a cell are flags, and what replacing them changes: those bytes and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guild/flags.h"

static struct guild_value *json(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	if (guild_json_parse(a, guild_str(text), "test", &v, &err) != 0) {
		print_error("%s\n", err.text);
		fail();
	}
	return v;
}

/* A notebook of one code cell. */
static const char *one_cell(struct guild_arena *a, const char *source)
{
	struct guild_buf text = {0};
	guild_json_dump(&text, guild_value_string(a, source), 0);
	const char *nb = guild_arena_format(a,
		"{\"cells\": [{\"cell_type\": \"code\", \"source\": %s}], \"nbformat\": 4}",
		guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return nb;
}

/* Finds one literal text; enough for these tests, whose patterns are "A(B)C" or plain. */
static int find_plain(const char *pattern, struct guild_str text, struct guild_span *groups,
	size_t max, struct guild_error *err)
{
	pattern += strlen("(?m)");
	if (strcmp(pattern, "[") == 0) {
		return guild_error_set(err, GUILD_EINVALID, "unterminated set");
	}
	size_t before = strcspn(pattern, "(");
	const char *close = strchr(pattern, ')');
	size_t inside = close ? (size_t)(close - pattern) - before - 1 : 0;
	char *all = guild_format("%.*s%.*s%s", (int)before, pattern, (int)inside,
		pattern + before + (close ? 1 : 0), close ? close + 1 : "");
	char *copy = guild_strndup(text.p, text.n);
	char *hit = strstr(copy, all);
	int n = 0;
	if (hit && max >= 2) {
		size_t at = (size_t)(hit - copy);
		groups[n++] = (struct guild_span){at, at + strlen(all)};
		if (close) {
			groups[n++] = (struct guild_span){at + before, at + before + inside};
		}
	}
	free(copy);
	free(all);
	return n;
}

static void count(void *arg, const char *level, const char *text)
{
	(void)level;
	(void)text;
	++*(int *)arg;
}

/* ---- import ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *source, *flags; /* NAME:TYPE=DEFAULT, sorted */
} imports[] = {
	{"x = 1\ny: float = 2\na = b = 'hi'\n", "b:string=hi x:number=1 y:float=2"},
	{"a: int = 1; b: bool = True; c: str = 'x'; d: 'int' = 2; e: Optional[int] = None",
		"a:int=1 b:boolean=true c:string=x d:number=2 e:-=-"},
	{"x = 1\nx = 2.5\n", "x:number=2.5"},
	{"_x = 1\nd = {'a': [1, None]}\n", "_x:number=1 d:-={a: [1, null]}"},
	{"l = [64, 'a b', 0.5]\nempty = []", "empty:string-split= l:split=64 'a b' 0.5"},
	{"t = (1, 2)\ns = {1}\nb = b'x'\nc = 1j\nf = f'x'\ne = 1 + 2\nn = -x\nz = x\nq = f()\n",
		""},
	{"n = -3\np = +2\nh = 0x10\nu = 1_000\ns = 'a' 'b'\n(k) = (5)",
		"h:number=16 k:number=5 n:number=-3 p:number=2 s:string=ab u:number=1000"},
	{"if True:\n    x = 1\ndef f():\n    y = 2\nclass A:\n    z = 3\n", ""},
	{"a, b = 1, 2\nc.d = 3\ne['f'] = 4\ng += 5\nh: int\n[i] = [6]\nj = k.l = 7\n", ""},
	/* what IPython adds */
	{"%matplotlib inline\n!ls -l *.csv\nx = 1\n", "x:number=1"},
	{"%run a.py \\\n  b = 2\nx = 1", "x:number=1"},
	{"x = !ls\ny = %pwd\nz = 3\nz?\n?z\nprint??", "z:number=3"},
	{"for i in a:\n    !echo {i}\nx = 1", "x:number=1"},
	{"x = (7\n  % 5)\ny = '''\n%a\n!b\n'''\nz = [1,\n !2]", NULL},
	{"x = (7\n  % 5)\ny = '''\n%a\n!b\n'''\nz = 1", "y:string=\"\\n%a\\n!b\\n\" z:number=1"},
	{"%%time\nx = 1", "x:number=1"},
	{"%%bash\nx=1", ""},
	{"%%html\n<b>x = 1</b>", ""},
	{"/print 1\n,f a b\n;f a\nx = 1", "x:number=1"},
	{"x = 'is it?'\ny = 2 # why?\n", "x:string=is it? y:number=2"},
	{"await f()\nx = 1", "x:number=1"},
	{"x = 1\r\ny = 2\r\n", "x:number=1 y:number=2"},
	{"s = 'caf\xC3\xA9 \xF0\x9F\x98\x80'", "s:string=\"caf\\xE9 \\U0001F600\""},
	{"", ""},
	{"broken = (", NULL},
};

static void put_flags(const struct guild_flag_defs *defs, struct guild_buf *out)
{
	for (size_t i = 0; i < defs->n; i++) {
		const struct guild_flag_def *f = &defs->v[i];
		guild_buf_printf(out, "%s%s:%s%s=", i ? " " : "", f->name,
			f->type        ? f->type
			: f->arg_split ? ""
				       : "-",
			f->arg_split ? f->def->s.n ? "split" : "string-split" : "");
		const char *text = f->def ? guild_value_text(f->def) : NULL;
		if (!f->def) {
			guild_buf_putc(out, '-');
		} else if (text && f->arg_split) {
			guild_buf_puts(out, text);
		} else {
			guild_yaml_dump_flow(out, f->def);
		}
	}
}

static void test_import(void **state)
{
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(imports); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = {0};
		struct guild_buf got = {0};
		int warnings = 0;
		struct guild_log log = {count, &warnings};
		assert_int_equal(guild_notebook_flags(a, guild_str(one_cell(a, imports[i].source)),
					 "n.ipynb", NULL, NULL, &defs, &log, NULL),
			0);
		guild_flag_defs_sort(&defs);
		put_flags(&defs, &got);
		if (imports[i].flags) {
			assert_string_equal(guild_buf_cstr(&got), imports[i].flags);
		}
		assert_int_equal(warnings, imports[i].flags ? 0 : 1);
		guild_buf_fini(&got);
		guild_arena_free(a);
	}
}

static void test_import_patterns(void **state)
{
	(void)state;
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_defs defs = {0};
	struct guild_flag_defs found = {0};
	struct guild_buf got = {0};
	int warnings = 0;
	struct guild_log log = {count, &warnings};
	const struct guild_value *map = json(a,
		"{\"lr\": {\"nb-replace\": \"lr=(0.1)\"}, \"n\": {\"nb-replace\": [\"none\", \"n=(3)\"]},"
		" \"bad\": {\"nb-replace\": \"[\"},"
		" \"x\": {\"nb-replace\": \"f\"}, \"y\": 1}");
	assert_int_equal(guild_flag_defs_parse(a, map, "guild.yml", &defs, NULL), 0);
	assert_int_equal(guild_notebook_flags(a, guild_str(one_cell(a, "f(lr=0.1, n=3)")),
				 "n.ipynb", &defs, find_plain, &found, &log, NULL),
		0);
	guild_flag_defs_sort(&found);
	put_flags(&found, &got);
	assert_string_equal(guild_buf_cstr(&got), "lr:number=0.1 n:number=3");
	assert_int_equal(warnings, 2); /* bad is no pattern, x finds the name f */
	guild_buf_fini(&got);
	guild_arena_free(a);
}

/* ---- setting ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *source, *flags, *cmd_flags, *patterns, *expected;
} settings[] = {
	{"x  =  1  # one\nprint(x)", "{\"x\": 2}", NULL, NULL, "x  =  2  # one\nprint(x)"},
	{"x = 1\nx = 2; y = x = 3", "{\"x\": 0.5}", NULL, NULL, "x = 0.5\nx = 0.5; y = x = 0.5"},
	{"y: float = 2", "{\"y\": 1e-5}", NULL, NULL, "y: float = 1e-05"},
	{"s = 'a'", "{\"s\": \"it's \\n \\\\ \\u00e9\"}", NULL, NULL,
		"s = \"it's \\n \\\\ \xC3\xA9\""},
	{"b = True; n = None; d = {}", "{\"b\": false, \"n\": [1, null], \"d\": {\"k\": true}}",
		NULL, NULL, "b = False; n = [1, None]; d = {'k': True}"},
	{"x = 1", "{\"x\": null, \"other\": 3}", NULL, NULL, "x = 1"},
	{"x = 1e-3; s = \"a\"; l = [ 1,2 ]; i = 1",
		"{\"x\": 0.001, \"s\": \"a\", \"l\": [1, 2], \"i\": 1.0}", NULL, NULL,
		"x = 1e-3; s = \"a\"; l = [ 1,2 ]; i = 1.0"},
	{"x = 1", "{\"x\": Infinity}", NULL, NULL, "x = float('inf')"},
	{"l = [1,\n  2]\nz = 1", "{\"l\": \"3 'a b' 0.5\"}", "{\"l\": {\"arg-split\": true}}", NULL,
		"l = [3, 'a b', 0.5]\nz = 1"},
	{"%time\n!cmd x = 1\nx = 1\n", "{\"x\": 5}", NULL, NULL, "%time\n!cmd x = 1\nx = 5\n"},
	{"x = '''\na\n'''; y = 2\n", "{\"x\": 1, \"y\": 3}", NULL, NULL, "x = 1; y = 3\n"},
	{"f(lr=0.1, b=0.1)", "{\"lr\": 0.5}", NULL, "{\"lr\": \"lr=(0.1)\"}", "f(lr=0.5, b=0.1)"},
	{"train", "{\"e\": \"go\"}", NULL, "{\"e\": [\"x\", \"train\"]}", "'go'"},
	{"train", "{\"e\": null}", NULL, "{\"e\": \"train\"}", "train"},
	{"x = 1\nbroken (", "{\"x\": 3}", NULL, NULL, "x = 1\nbroken ("},
};

static char *source_of(const char *notebook)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *v = json(a, notebook);
	const struct guild_value *source =
		guild_value_get(guild_value_get(v, "cells")->items[0], "source");
	struct guild_buf out = {0};
	for (size_t i = 0; source->type == GUILD_LIST && i < source->n; i++) {
		guild_buf_append(&out, source->items[i]->s.p, source->items[i]->s.n);
	}
	if (source->type == GUILD_STRING) {
		guild_buf_append(&out, source->s.p, source->s.n);
	}
	guild_arena_free(a);
	return guild_buf_take(&out);
}

/* The source as a list of lines, as Jupyter writes it. */
static const char *in_lines(struct guild_arena *a, const char *source)
{
	struct guild_value *list = guild_value_list(a);
	for (const char *p = source; *p;) {
		size_t n = strcspn(p, "\n");
		n += p[n] == '\n';
		guild_value_append(a, list, guild_value_string_n(a, p, n));
		p += n;
	}
	struct guild_buf text = {0};
	guild_json_dump(&text, list, GUILD_JSON_INDENT);
	const char *nb = guild_arena_format(a,
		"{\n \"cells\": [{\"metadata\": {\"source\": 1}, \"source\": %s , \"cell_type\":\n\"code\"}]}\n",
		guild_buf_cstr(&text));
	guild_buf_fini(&text);
	return nb;
}

static void test_setting(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * GUILD_ARRAY_LEN(settings); i++) {
		size_t k = i / 2;
		struct guild_arena *a = guild_arena_new();
		struct guild_buf out = {0};
		const char *cmd = settings[k].cmd_flags;
		const char *patterns = settings[k].patterns;
		struct guild_notebook_values values = {.flags = json(a, settings[k].flags),
			.cmd_flags = cmd ? json(a, cmd) : NULL,
			.patterns = patterns ? json(a, patterns) : NULL,
			.search = find_plain};
		const char *file =
			i % 2 ? in_lines(a, settings[k].source) : one_cell(a, settings[k].source);
		assert_int_equal(guild_notebook_set_flags(guild_str(file), "n", &values, &out, NULL,
					 NULL),
			0);
		char *source = source_of(guild_buf_cstr(&out));
		assert_string_equal(source, settings[k].expected);
		if (strcmp(settings[k].source, settings[k].expected) == 0) {
			assert_string_equal(guild_buf_cstr(&out), file);
		}
		free(source);
		guild_buf_fini(&out);
		guild_arena_free(a);
	}
}

/* Every byte outside the value stays, however odd. */
static void test_bytes_stay(void **state)
{
	(void)state;
	const char *file =
		"{ \"nbformat\" : 4,\"x\":[1.50, -0,{}, [ ], \"\\u00e9\\/\"],\n\t\"cells\": [\n"
		"{\"cell_type\":\"markdown\",\"source\":\"lr = 1\"} , {\"outputs\":[{\"source\":\"lr = 1\"}],"
		"\"source\" : [\"a = '\\u00e9'\\n\", \"lr = 1\\n\",\"b = \\\"\\ud83d\\ude00\\\"\" ] , \"cell_type\":\"code\"}]}";
	struct guild_arena *a = guild_arena_new();
	struct guild_buf out = {0};
	struct guild_notebook_values values = {.flags = json(a, "{\"lr\": \"\\u0001\\\"\\t\"}")};
	assert_int_equal(guild_notebook_set_flags(guild_str(file), "n", &values, &out, NULL, NULL),
		0);
	const char *at = strstr(file, "\"lr = 1\\n\"");
	const char *by = "\"lr = '\\\\x01\\\"\\\\t'\\n\"";
	char *expected =
		guild_format("%.*s%s%s", (int)(at - file), file, by, at + strlen("\"lr = 1\\n\""));
	assert_string_equal(guild_buf_cstr(&out), expected);
	free(expected);
	guild_buf_fini(&out);
	guild_arena_free(a);
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *file, *text;
	} bad[] = {
		{"", "n.ipynb"},
		{"{", "n.ipynb:1:"},
		{"[]", "no list of cells"},
		{"{\"cells\": {}}", "no list of cells"},
		{"{\"nbformat\": 3, \"worksheets\": []}", "format 3"},
		{"{\"cells\": [1]}", "cannot be read"},
		{"{\"cells\": [{\"source\": [1]}]}", "cannot be read"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bad); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_flag_defs defs = {0};
		struct guild_error err = {0};
		assert_int_equal(guild_notebook_flags(a, guild_str(bad[i].file), "n.ipynb", NULL,
					 NULL, &defs, NULL, &err),
			GUILD_EINVALID);
		if (!strstr(err.text, bad[i].text)) {
			print_error("%s\n", err.text);
			fail();
		}
		guild_arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_import_patterns),
		cmocka_unit_test(test_setting),
		cmocka_unit_test(test_bytes_stay),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
