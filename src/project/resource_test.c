/* Resources: what their attributes mean, and which flags their sources have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <guild/project.h>

struct fixture {
	struct guild_arena *arena;
	struct guild_resource resource;
	struct guild_error err;
	int rc;
};

static struct fixture parse(const char *text)
{
	struct fixture f = {.arena = guild_arena_new()};
	struct guild_value *data = NULL;
	assert_int_equal(guild_yaml_parse(f.arena, guild_str(text), "r.yml", GUILD_YAML_NUMBERS,
				 &data, NULL),
		0);
	f.rc = guild_resource_parse(f.arena, data, NULL, NULL, "r.yml", &f.resource, NULL, &f.err);
	return f;
}

static void kinds_and_names(void **state)
{
	static const struct {
		const char *text, *type, *spec, *uri, *name, *flag;
	} cases[] = {
		{"[a.txt]", "file", "a.txt", "file:a.txt", "file:a.txt", NULL},
		{"['file:a.txt']", "file", "a.txt", "file:a.txt", "file:a.txt", NULL},
		{"[{file: a, name: n}]", "file", "a", "file:a", "n", NULL},
		{"[{file: a, flag-name: f}]", "file", "a", "file:a", "f", "f"},
		{"[{file: a, name: n, flag-name: f}]", "file", "a", "file:a", "n", "f"},
		{"[{url: 'http://x/y'}]", "url", "http://x/y", "http://x/y", "http://x/y", NULL},
		{"[{operation: p}]", "operation", "p", "operation:p", "operation:p", "operation:p"},
		{"[{operation: p, name: n}]", "operation", "p", "operation:p", "n", "n"},
		{"[{operation: p, name: n, flag-name: f}]", "operation", "p", "operation:p", "n",
			"f"},
		{"[{operation: p, flag-name: no}]", "operation", "p", "operation:p", "operation:p",
			NULL},
		{"[{module: m, flag-name: f}]", "module", "m", "module:m", "f", NULL},
		{"[{config: c.yml}]", "config", "c.yml", "config:c.yml", "config:c.yml", NULL},
		{"[{dvcfile: d}]", "dvcfile", "d", "dvcfile:d", "dvcfile:d", NULL},
		{"[{file: 2020}]", "file", "2020", "file:2020", "file:2020", NULL},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct fixture f = parse(cases[i].text);
		assert_int_equal(f.rc, 0);
		assert_int_equal(f.resource.n_sources, 1);
		const struct guild_source *s = &f.resource.sources[0];
		assert_string_equal(guild_source_type(s->kind), cases[i].type);
		assert_string_equal(s->spec, cases[i].spec);
		assert_string_equal(s->uri, cases[i].uri);
		assert_string_equal(s->name, cases[i].name);
		assert_string_equal(f.resource.name, cases[i].name);
		assert_true(guild_streq(guild_source_flag(s), cases[i].flag));
		guild_arena_free(f.arena);
	}
}

static void attributes_of_the_resource(void **state)
{
	struct fixture f =
		parse("{sources: [a, {file: b, unpack: yes, target-path: own, name: n}], "
		      "path: once, default-unpack: no, target-type: link, private: yes, "
		      "description: d}");
	assert_int_equal(f.rc, 0);
	const struct guild_source *a = &f.resource.sources[0];
	const struct guild_source *b = &f.resource.sources[1];
	assert_string_equal(f.resource.name, "file:a,n");
	assert_string_equal(f.resource.description, "d");
	assert_true(f.resource.is_private);
	assert_string_equal(a->target_path, "once");
	assert_string_equal(b->target_path, "own");
	assert_true(!a->has_own_target && b->has_own_target);
	assert_true(!a->unpack && b->unpack);
	assert_string_equal(a->target_type, "link");
	assert_true(a->warn_if_empty && !a->fail_if_empty && !a->optional);
	guild_arena_free(f.arena);
	f = parse("{sources: []}");
	assert_string_equal(f.resource.name, "resource");
	guild_arena_free(f.arena);
}

static void renames(void **state)
{
	struct fixture f = parse("[{file: a, rename: ['x y', z, {pattern: p, repl: '\\1'}]}]");
	const struct guild_source *s = &f.resource.sources[0];
	assert_int_equal(f.rc, 0);
	assert_int_equal(s->n_renames, 3);
	assert_string_equal(s->renames[0].pattern, "x");
	assert_string_equal(s->renames[0].replacement, "y");
	assert_string_equal(s->renames[1].pattern, ".*");
	assert_string_equal(s->renames[1].replacement, "z");
	assert_string_equal(s->renames[2].replacement, "\\1");
	guild_arena_free(f.arena);
}

static void values_of_flags(void **state)
{
	struct guild_arena *a = guild_arena_new();
	static const struct {
		const char *text, *flag; /* NULL: none of them */
	} cases[] = {
		{"[{operation: p}]", "operation:p"},
		{"[{operation: q}]", "q"},
		{"[{operation: r}]", NULL},
		{"[{operation: q, name: n}]", "n"},
		{"[{operation: q, name: other}]", NULL},
		{"[{file: q, flag-name: n}]", "n"},
	};
	struct guild_value *flags = guild_value_dict(a);
	static const char *const names[] = {"operation:p", "q", "n"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		guild_value_set(a, flags, names[i], guild_value_string(a, names[i]));
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct fixture f = parse(cases[i].text);
		const char *name = NULL;
		const struct guild_value *v =
			guild_source_flag_value(&f.resource.sources[0], flags, &name);
		assert_true(guild_streq(name, cases[i].flag));
		assert_true(guild_streq(guild_value_text(v), cases[i].flag));
		guild_arena_free(f.arena);
	}
	guild_arena_free(a);
}

static void mistakes(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"5", "r.yml:1:1: resource '<inline>' must be a list or a mapping, not int"},
		{"{sources: x}", "r.yml:1:11: 'sources' of resource '<inline>' must be a list, not "
				 "string"},
		{"[{name: n}]", "r.yml:1:2: a source of resource '<inline>' needs one of: config, "
				"dvcfile, dvcstage, file, module, operation, url"},
		{"[{file: [a]}]",
			"r.yml:1:9: 'file' of resource '<inline>' must be text, not list"},
		{"[{file: a, select: [1]}]",
			"r.yml:1:21: 'select' of resource '<inline>' must hold text, not int"},
		{"[{file: a, rename: \"'a\"}]",
			"r.yml:1:20: 'rename' of resource '<inline>' is ''a': expected 'PATTERN NAME' or "
			"'NAME'"},
		{"[{file: a, rename: [5]}]", "r.yml:1:21: 'rename' of resource '<inline>' must be "
					     "text or a mapping, not int"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct fixture f = parse(cases[i].text);
		assert_int_equal(f.rc, GUILD_EINVALID);
		assert_string_equal(f.err.text, cases[i].message);
		guild_arena_free(f.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_and_names),
		cmocka_unit_test(attributes_of_the_resource),
		cmocka_unit_test(renames),
		cmocka_unit_test(values_of_flags),
		cmocka_unit_test(mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
