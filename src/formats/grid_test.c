/* Tables of values in their formats. */
#include <guild/formats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { COLS = 3, ROWS = 2 };

struct fixture {
	struct guild_arena *a;
	struct guild_grid g;
};

static void fixture_init(struct fixture *f, const char *text)
{
	static const char *headers[] = {"run", "val_loss", "a|b<c>"};
	struct guild_arena *a = f->a = guild_arena_new();
	f->g = (struct guild_grid){.headers = headers, .n_cols = COLS, .n_rows = ROWS};
	f->g.rows = guild_arena_alloc(a, ROWS * sizeof *f->g.rows);
	for (size_t i = 0; i < ROWS; i++) {
		f->g.rows[i] = guild_arena_alloc(a, COLS * sizeof *f->g.rows[i]);
	}
	f->g.rows[0][0] = guild_value_string(a, "r1");
	f->g.rows[0][1] = guild_value_float(a, 0.123456789);
	f->g.rows[0][2] = guild_value_string(a, text);
	f->g.rows[1][0] = guild_value_string(a, "r2");
	f->g.rows[1][1] = guild_value_int(a, 2);
}

static void assert_written(const struct guild_grid *g, enum guild_grid_format format,
	const char *wanted)
{
	struct guild_buf out = {0};
	struct guild_sink to = guild_buf_sink(&out);
	assert_int_equal(guild_grid_write(g, format, &to, NULL), 0);
	assert_string_equal(guild_buf_cstr(&out), wanted);
	guild_buf_fini(&out);
}

static void test_csv_and_json(void **state)
{
	static const char *ids[] = {"id1", "id2"};
	struct fixture f;
	fixture_init(&f, "x,\"y\"");
	assert_written(&f.g, GUILD_GRID_CSV,
		"run,val_loss,a|b<c>\nr1,0.123456789,\"x,\"\"y\"\"\"\nr2,2,\n");
	f.g.ids = ids;
	assert_written(&f.g, GUILD_GRID_JSON,
		"[{\"id\": \"id1\", \"run\": \"r1\", \"val_loss\": 0.123456789, "
		"\"a|b<c>\": \"x,\\\"y\\\"\"}, "
		"{\"id\": \"id2\", \"run\": \"r2\", \"val_loss\": 2, \"a|b<c>\": null}]\n");
	f.g.n_rows = 0;
	assert_written(&f.g, GUILD_GRID_CSV, "");
	assert_written(&f.g, GUILD_GRID_JSON, "[]\n");
	guild_arena_free(f.a);
}

static void test_markdown(void **state)
{
	struct fixture f;
	fixture_init(&f, "*x*\n_y_ a_b [l](u) <b> & | \\ `c` $m$ ~");
	assert_written(&f.g, GUILD_GRID_MARKDOWN,
		"| run | val_loss | a\\|b&lt;c&gt; |\n"
		"| --- | ---: | --- |\n"
		"| r1 | 0.123456 | \\*x\\* \\_y\\_ a_b \\[l\\](u) &lt;b&gt; &amp; \\| \\\\ \\`c\\` "
		"\\$m\\$ \\~ |\n"
		"| r2 | 2 |  |\n");
	f.g.n_cols = 0;
	assert_written(&f.g, GUILD_GRID_MARKDOWN, "");
	guild_arena_free(f.a);
}

static void test_html(void **state)
{
	struct fixture f;
	struct guild_buf out = {0};
	struct guild_sink to = guild_buf_sink(&out);
	fixture_init(&f, "</td><script>'\"&\x01\xff");
	f.g.title = "1 < 2";
	assert_int_equal(guild_grid_write(&f.g, GUILD_GRID_HTML, &to, NULL), 0);
	assert_non_null(strstr(out.p, "<title>1 &lt; 2</title>"));
	assert_non_null(strstr(out.p, "<th scope=\"col\" class=\"n\">val_loss"));
	assert_non_null(strstr(out.p, "<td title=\"0.123456789\">0.123456<td>&lt;/td&gt;"
				      "&lt;script&gt;&#39;&quot;&amp;\xEF\xBF\xBD\xEF\xBF\xBD\n"));
	assert_non_null(strstr(out.p, "<tr><td>r2<td>2<td>\n"));
	guild_buf_fini(&out);
	guild_arena_free(f.a);
}

/* Bytes go on while the rows are made; a sink that fails ends it. */
static int refuse(void *arg, const void *p, size_t n, struct guild_error *err)
{
	(void)p;
	(void)n;
	++*(int *)arg;
	return guild_error_set(err, GUILD_EIO, "no room");
}

static void test_sink_that_fails(void **state)
{
	enum { MANY = 100000 };
	struct fixture f;
	fixture_init(&f, "text");
	const struct guild_value ***rows = guild_alloc(MANY * sizeof *rows);
	for (size_t i = 0; i < MANY; i++) {
		rows[i] = f.g.rows[i % ROWS];
	}
	f.g.rows = rows;
	f.g.n_rows = MANY;
	for (int format = GUILD_GRID_CSV; format <= GUILD_GRID_PARQUET; format++) {
		int calls = 0;
		struct guild_error err = {0};
		struct guild_sink to = {.write = refuse, .arg = &calls};
		assert_int_equal(guild_grid_write(&f.g, (enum guild_grid_format)format, &to, &err),
			GUILD_EIO);
		assert_string_equal(err.text, "no room");
		assert_int_equal(calls, 1);
	}
	free(rows);
	guild_arena_free(f.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_and_json),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_sink_that_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
