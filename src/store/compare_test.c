/* Columns of runs and the comparison table. */
#include "testing.h"

static const char train[] = "guildfile:/home/u/p/guild.yml h mlp train";

/* Three events of loss and one of acc in DIR of a run. */
static void put_scalars(const struct testing_home *t, const char *id, const char *sub, float scale)
{
	static const float losses[] = {0.5F, 0.1F, 0.25F};
	char *run = guild_path_join(t->runs, id);
	char *dir = guild_path_join(run, sub);
	struct guild_event_writer *w = guild_event_writer_new(dir, 0, "");
	assert_int_equal(guild_mkdirs(dir, NULL), 0);
	for (int i = 0; i < 3; i++) {
		struct guild_scalar values[] = {{"loss", losses[i] * scale}, {"sys/cpu", 1.0F}};
		assert_int_equal(guild_event_writer_add(w, 1, i + 1, values, 2, NULL), 0);
	}
	struct guild_scalar acc = {"acc", 0.75F};
	assert_int_equal(guild_event_writer_add(w, 1, 9, &acc, 1, NULL), 0);
	assert_int_equal(guild_event_writer_close(w, NULL), 0);
	free(dir);
	free(run);
}

static void fill(const struct testing_home *t)
{
	testing_run(t, "aaaaaaaaaaaa", train, "attrs/started", "1000000000000000\n",
		"attrs/stopped", "1000003661900000\n", "attrs/exit_status", "0\n", "attrs/flags",
		"lr: 0.1\nyy: true\nnone: null\n", "attrs/label", "one\n",
		"attrs/sourcecode_digest", "0123456789abcdef\n", NULL);
	put_scalars(t, "aaaaaaaaaaaa", ".guild", 1);
	put_scalars(t, "aaaaaaaaaaaa", "sub", 2);
	testing_run(t, "bbbbbbbbbbbb", train, "attrs/started", "1000000001000000\n",
		"attrs/exit_status", "3\n", "attrs/flags", "lr: 0.05\nx: text\n", "attrs/compare",
		"- =lr\n- min loss as best\n- bad spec here\n- .exit_status as lr\n", NULL);
	testing_run(t, "cccccccccccc", "script:/p '' '' s.py", "attrs/started",
		"1000000002000000\n", "STAGED", "", "attrs/flags", "lr: 0.5\n", NULL);
	testing_run(t, "dddddddddddd", "builtin:guildai 0.9.0 '' +", "attrs/started",
		"1000000003000000\n", "attrs/exit_status", "0\n", "proto/.guild/opref", train,
		NULL);
}

static void test_columns(void **state)
{
	static const struct {
		const char *spec, *value; /* NULL: undefined */
	} cases[] = {
		{".id", "'aaaaaaaaaaaa'"},
		{".run", "'aaaaaaaa'"},
		{".short_id", "'aaaaaaaa'"},
		{".model", "'mlp'"},
		{".op", "'train'"},
		{".operation", "'mlp:train'"},
		{".from", "'~/p/guild.yml'"},
		{".sourcecode", "'01234567'"},
		{".started", "'2001-09-09 01:46:40'"},
		{".stopped", "'2001-09-09 02:47:41'"},
		{".time", "'1:01:01'"},
		{".status", "'completed'"},
		{".label", "'one'"},
		{".exit_status", "0"},
		{".nothing", NULL},
		{"=lr", "0.1"},
		{"=yy", "True"},
		{"=none", NULL},
		{"=no", NULL},
		{"loss", "0.25"},
		{"last loss step", "3"},
		{"min loss", "0.10000000149011612"},
		{"min loss step", "2"},
		{"max loss", "0.5"},
		{"first loss step", "1"},
		{"count loss", "3"},
		{"total loss", "0.8500000014901161"},
		{"avg loss", "0.2833333338300387"},
		{"sub#loss", "0.5"},
		{"acc step", "9"},
		{"none", NULL},
	};
	struct testing_home *t = *state;
	fill(t);
	char *dir = guild_path_join(t->runs, "aaaaaaaaaaaa");
	struct guild_run run;
	assert_int_equal(guild_run_open(dir, &run, NULL), 0);
	struct guild_run_data *d = guild_run_data_new(&run, NULL);
	guild_run_data_set_user_home(d, "/home/u");
	struct guild_arena *a = guild_arena_new();
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_cols cols;
		struct guild_buf text = {0};
		assert_int_equal(guild_cols_parse(a, cases[i].spec, &cols, NULL), 0);
		const struct guild_value *value = guild_run_data_col(d, &cols.v[0]);
		if (value != NULL) {
			guild_value_py_repr(&text, value);
		}
		if (!guild_streq(text.p, cases[i].value)) {
			fail_msg("%s: %s", cases[i].spec, guild_buf_cstr(&text));
		}
		guild_buf_fini(&text);
	}
	guild_arena_free(a);
	guild_run_data_free(d);
	guild_run_fini(&run);
	free(dir);
}

static void test_damaged_parts(void **state)
{
	struct testing_home *t = *state;
	struct testing_log said = {0};
	struct guild_log log = {testing_emit, &said};
	testing_run(t, "r1", train, "attrs/flags", "[1", "attrs/label", "{", NULL);
	char *dir = guild_path_join(t->runs, "r1");
	struct guild_run run;
	assert_int_equal(guild_run_open(dir, &run, NULL), 0);
	struct guild_run_data *d = guild_run_data_new(&run, &log);
	assert_int_equal(guild_run_data_flags(d)->n, 0);
	assert_int_equal(guild_run_data_flags(d)->n, 0);
	assert_null(guild_run_data_attr(d, "label"));
	assert_null(guild_run_data_attr(d, "label"));
	assert_int_equal(said.n, 2); /* each once */
	guild_run_data_free(d);
	guild_run_fini(&run);
	free(dir);
}

/* The table as text: cells separated by '|', rows by newlines. */
static char *table_text(const struct guild_compare_table *t)
{
	struct guild_buf out = {0};
	for (size_t i = 0; i < t->n_cols; i++) {
		guild_buf_printf(&out, "%s%s", i > 0 ? "|" : "", t->headers[i]);
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		guild_buf_putc(&out, '\n');
		for (size_t j = 0; j < t->n_cols; j++) {
			guild_buf_puts(&out, j > 0 ? "|" : "");
			if (t->rows[i][j] != NULL) {
				guild_value_py_str(&out, t->rows[i][j]);
			}
		}
	}
	return guild_buf_take(&out);
}

static const struct guild_value *op_compare(void *arg, const struct guild_run *run)
{
	return strcmp(run->opref.op, "s.py") == 0 ? arg : NULL;
}

static void test_tables(void **state)
{
	struct testing_home *t = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_cols lr;
	struct guild_cols label_lr;
	fill(t);
	assert_int_equal(guild_cols_parse(a, "=lr", &lr, NULL), 0);
	assert_int_equal(guild_cols_parse(a, ".label, =lr as label, .nope as run", &label_lr, NULL),
		0);
	struct guild_value *list = guild_value_list(a);
	guild_value_append(a, list, guild_value_string(a, ".status, =lr as rate"));
	const struct {
		const char *what;
		struct guild_compare_request req;
		const char *text;
	} cases[] = {
		{"core", {.skip_op_cols = true},
			"run|operation|started|time|status|label\n"
			"cccccccc|s.py|2001-09-09 01:46:42||staged|\n"
			"bbbbbbbb|mlp:train|2001-09-09 01:46:41||error|\n"
			"aaaaaaaa|mlp:train|2001-09-09 01:46:40|1:01:01|completed|one"},
		{"ops", {.skip_core = true},
			"run|lr|best|none|yy|step|acc|loss\n"
			"cccccccc|0.5||||||\n"
			"bbbbbbbb|0.05||||||\n"
			"aaaaaaaa|0.1|||True|3|0.75|0.25"},
		{"all scalars", {.skip_core = true, .all_scalars = true},
			"run|lr|best|none|yy|step|acc|loss|sys/cpu\n"
			"cccccccc|0.5|||||||\n"
			"bbbbbbbb|0.05|||||||\n"
			"aaaaaaaa|0.1|||True|3|0.75|0.25|1.0"},
		{"strict", {.strict = true, .user_cols = &lr},
			"run|lr\ncccccccc|0.5\nbbbbbbbb|0.05\naaaaaaaa|0.1"},
		{"extra", {.strict = true, .extra_cols = true},
			"run|sourcecode\ncccccccc|\nbbbbbbbb|\naaaaaaaa|01234567"},
		{"batch", {.strict = true, .include_batch = true},
			"run\ndddddddd\ncccccccc\nbbbbbbbb\naaaaaaaa"},
		{"min", {.strict = true, .user_cols = &lr, .min_header = "lr"},
			"run|lr\nbbbbbbbb|0.05\naaaaaaaa|0.1\ncccccccc|0.5"},
		{"max", {.strict = true, .user_cols = &lr, .max_header = "lr"},
			"run|lr\ncccccccc|0.5\naaaaaaaa|0.1\nbbbbbbbb|0.05"},
		{"limit", {.strict = true, .user_cols = &lr, .max_header = "lr", .limit = 1},
			"run|lr\ncccccccc|0.5"},
		{"unknown header", {.strict = true, .user_cols = &lr, .max_header = "nope"},
			"run|lr\ncccccccc|0.5\nbbbbbbbb|0.05\naaaaaaaa|0.1"},
		{"undefined last",
			{.skip_op_cols = true,
				.skip_core = true,
				.user_cols = &label_lr,
				.max_header = "label"},
			"run|label\naaaaaaaa|one\ncccccccc|0.5\nbbbbbbbb|0.05"},
		{"unchanged",
			{.strict = true, .user_cols = &lr, .skip_unchanged = true, .limit = 1},
			"run|lr\ncccccccc|0.5"},
		{"list of the project",
			{.skip_core = true, .op_compare = op_compare, .arg = list, .limit = 1},
			"run|status|rate|lr|best|none|yy|step|acc|loss\ncccccccc|staged|0.5|||||||"},
	};
	struct guild_runs runs;
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, NULL, NULL), 0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_compare_table table;
		assert_int_equal(guild_store_compare(&runs, &cases[i].req, &table, NULL, NULL), 0);
		char *text = table_text(&table);
		if (strcmp(text, cases[i].text) != 0) {
			fail_msg("%s:\n%s", cases[i].what, text);
		}
		free(text);
		guild_compare_table_fini(&table);
	}
	guild_runs_fini(&runs);
	guild_arena_free(a);
}

static void test_bad_spec_is_said_once(void **state)
{
	struct testing_home *t = *state;
	struct testing_log said = {0};
	struct guild_log log = {testing_emit, &said};
	testing_run(t, "r1", train, "attrs/compare", "- bad spec\n", NULL);
	testing_run(t, "r2", train, "attrs/compare", "- bad spec\n", NULL);
	struct guild_runs runs;
	struct guild_compare_table table;
	struct guild_compare_request req = {.skip_core = true, .skip_unchanged = true};
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, NULL, NULL), 0);
	assert_int_equal(guild_store_compare(&runs, &req, &table, &log, NULL), 0);
	assert_int_equal(said.n, 1);
	assert_string_equal(said.text,
		"error parsing 'bad spec': position 5: expected 'as NAME', ',' or the end, not 'spec'\n"
		"  bad spec\n"
		"      ^");
	assert_int_equal(table.n_rows, 2);
	assert_int_equal(table.n_cols, 1);
	guild_compare_table_fini(&table);
	req = (struct guild_compare_request){.min_header = "a", .max_header = "b"};
	assert_int_equal(guild_store_compare(&runs, &req, &table, &log, NULL), GUILD_EINVALID);
	guild_runs_fini(&runs);
}

static void test_best(void **state)
{
	static const struct {
		const char *spec;
		bool lowest;
		const char *id; /* NULL: none has a value */
	} cases[] = {
		{"=lr", true, "bbbbbbbbbbbb"},
		{"=lr", false, "cccccccccccc"},
		{"min loss", true, "aaaaaaaaaaaa"}, /* the only one with a value */
		{"min loss", false, "aaaaaaaaaaaa"},
		{".status", true, "dddddddddddd"}, /* completed; the newest of two */
		{"nope", true, NULL},
	};
	struct testing_home *t = *state;
	struct guild_arena *a = guild_arena_new();
	struct guild_runs runs;
	fill(t);
	assert_int_equal(guild_store_list(t->runs, NULL, NULL, &runs, NULL, NULL), 0);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_cols cols;
		struct guild_error err = {0};
		size_t best = 99;
		assert_int_equal(guild_cols_parse(a, cases[i].spec, &cols, NULL), 0);
		int rc = guild_store_find_best(&runs, &cols.v[0], cases[i].lowest, &best, NULL,
			&err);
		assert_int_equal(rc, cases[i].id != NULL ? 0 : GUILD_ENOTFOUND);
		if (rc == 0) {
			assert_string_equal(runs.v[best].id, cases[i].id);
		} else {
			assert_string_equal(err.text, "none of 4 run(s) has a value for 'nope'");
		}
	}
	guild_runs_fini(&runs);
	guild_arena_free(a);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, testing_setup, testing_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_columns),
		CASE(test_damaged_parts),
		CASE(test_tables),
		CASE(test_bad_spec_is_said_once),
		CASE(test_best),
	};
	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
