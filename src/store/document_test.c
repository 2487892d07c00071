/* The document of a run: its files and what they link to, dependencies, damage. */

#include "testing.h"

#include <sys/stat.h>
#include <unistd.h>

static const char one[] = "11111111111111111111111111111111";
static const char two[] = "22222222222222222222222222222222";

static struct guild_value *document(const struct testing_home *t, const char *id,
	struct guild_arena *a, unsigned version, struct testing_log *said)
{
	const struct guild_log log = {.emit = testing_emit, .arg = said};
	char *dir = guild_path_join(t->runs, id);
	struct guild_run run = {0};

	assert_int_equal(guild_run_open(dir, &run, NULL), 0);
	struct guild_value *doc = guild_run_document(&run, a, version, &log);

	guild_run_fini(&run);
	free(dir);
	return doc;
}

/* "PATH TYPE VIEWER OPERATION" of each file, separated by '\n'. */
static char *files_text(const struct guild_value *doc)
{
	const struct guild_value *files = guild_value_get(doc, "files");
	struct guild_buf out = {0};

	for (size_t i = 0; i < files->n; i++) {
		static const char *const keys[] = {"path", "type", "viewer", "operation"};

		for (size_t k = 0; k < GUILD_ARRAY_LEN(keys); k++) {
			const char *text =
				guild_value_text(guild_value_get(files->items[i], keys[k]));

			guild_buf_printf(&out, "%s%s",
				k > 0   ? "|"
				: i > 0 ? "\n"
					: "",
				text ? text : "-");
		}
	}
	return guild_buf_take(&out);
}

static void link_to(const struct testing_home *t, const char *id, const char *name, const char *to)
{
	char *path = guild_format("%s/%s/%s", t->runs, id, name);

	assert_int_equal(symlink(to, path), 0);
	free(path);
}

static void test_files(void **state)
{
	const struct testing_home *t = *state;
	struct guild_arena *a = guild_arena_new();
	struct testing_log said = {0};
	char *dir = guild_path_join(t->runs, one);

	testing_run(t, one, "script:/p '' '' t.py", NULL);
	testing_run(t, two, "guildfile:/p/guild.yml 0 m op", NULL);
	testing_put(dir, "a.csv", "");
	testing_put(dir, "b/PIC.PNG", "");
	testing_put(dir, "b/plain", "gr\xc3\xbc\xc3\x9f");
	testing_put(dir, "b/strange", "\x01\x02\x03\x04z");
	testing_put(dir, "b/latin", "gr\xfc\xdf und mehr Text");
	testing_put(dir, "events.out.tfevents.1", "");
	link_to(t, one, "in", "../22222222222222222222222222222222/x");
	link_to(t, one, "gone", "../33333333333333333333333333333333/x");
	link_to(t, one, "out", "/etc");
	char *text = files_text(document(t, one, a, 1, &said));

	assert_string_equal(text, "a.csv|Table|table|-\n"
				  "b/PIC.PNG|Image|image|-\n"
				  "b/latin|Text file|text|-\n"
				  "b/plain|Text file|text|-\n"
				  "b/strange|File|-|-\n"
				  "events.out.tfevents.1|Event log|-|-\n"
				  "gone|Link to operation output|-|33333333 (deleted)\n"
				  "in|Link to operation output|-|m:op\n"
				  "out|Link|-|-");
	assert_int_equal(said.n, 0);
	free(text);
	free(dir);
	guild_arena_free(a);
}

static void test_dependencies(void **state)
{
	static const struct {
		const char *recorded, *expected;
	} cases[] = {
		{"{operation:o: {operation:o: {config: x, paths: [../%s/a, ../%s/b/c, ../../../p], uri: u}}}",
			"[{\"run\": \"22222222\", \"operation\": \"m:op\", \"paths\": [\"a\", \"b/c\"]}]"},
		{"{operation:o: [../%s/a, ../%s/b]}",
			"[{\"run\": \"22222222\", \"operation\": \"m:op\", \"paths\": [\"a\", \"b\"]}]"},
		{"{file:x: {file:x: {paths: [x], uri: u}}}", "[]"},
		{"{a: 1, b: {c: text}, d: null}", "[]"},
		{"[1, 2]", "[]"},
	};
	const struct testing_home *t = *state;
	char *dir = guild_path_join(t->runs, one);

	testing_run(t, two, "guildfile:/p/guild.yml 0 m op", NULL);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct testing_log said = {0};
		struct guild_strs parts = {0};
		struct guild_buf json = {0};

		/* The other run's id in place of each "%s". */
		guild_strs_split(&parts, cases[i].recorded, '%');
		struct guild_buf recorded = {0};
		for (size_t k = 0; k < parts.n; k++) {
			guild_buf_printf(&recorded, "%s%s", k > 0 ? two : "",
				parts.v[k] + (k > 0 ? 1 : 0));
		}
		testing_run(t, one, "script:/p '' '' t.py", "attrs/deps", guild_buf_cstr(&recorded),
			NULL);
		guild_json_dump(&json, guild_value_get(document(t, one, a, 2, &said), "deps"),
			GUILD_JSON_COMPACT);
		assert_string_equal(guild_buf_cstr(&json), cases[i].expected);
		guild_buf_fini(&json);
		guild_buf_fini(&recorded);
		guild_strs_fini(&parts);
		guild_arena_free(a);
	}
	free(dir);
}

static void test_damage_is_said_and_left_empty(void **state)
{
	const struct testing_home *t = *state;
	struct guild_arena *a = guild_arena_new();
	struct testing_log said = {0};

	testing_run(t, one, "script:/p '' '' t.py", "attrs/flags", "{a", "attrs/tags", "3",
		"attrs/started", "soon", "attrs/label", "kept", "manifest", "s\n", NULL);
	const struct guild_value *doc = document(t, one, a, 2, &said);

	assert_int_equal(guild_value_get(doc, "flags")->n, 0);
	assert_int_equal(guild_value_get(doc, "tags")->type, GUILD_LIST);
	assert_true(guild_value_is_null(guild_value_get(doc, "started")));
	assert_string_equal(guild_value_text(guild_value_get(doc, "label")), "kept");
	assert_true(said.n >= 1);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, testing_setup, testing_teardown),
		cmocka_unit_test_setup_teardown(test_dependencies, testing_setup, testing_teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_said_and_left_empty, testing_setup,
			testing_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
