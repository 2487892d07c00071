/* Includes, extends, params and $include: projects of several files, by tables of texts and what must come of them. */
#include <guild/project.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct file {
	const char *name, *text;
};

/* A directory with `lib` on its Python path. */
struct place {
	char *dir, *lib;
	const char *path[2];
	struct guild_project_world world;
};

static const char *const *python_path(void *arg)
{
	return ((struct place *)arg)->path;
}

static void open_place(struct place *p, const struct file *files, size_t n)
{
	struct guild_error err = {0};
	p->dir = guild_tmp_dir("guild-compose-", &err);
	p->lib = guild_path_join(p->dir, "lib");
	p->path[0] = p->lib;
	p->path[1] = NULL;
	p->world = (struct guild_project_world){.python_path = python_path, .arg = p};
	for (size_t i = 0; i < n && files[i].name; i++) {
		char *path = guild_path_join(p->dir, files[i].name);
		char *up = guild_path_dirname(path);
		assert_int_equal(guild_mkdirs(up, &err), 0);
		assert_int_equal(guild_file_write(path, files[i].text, strlen(files[i].text), false,
					 &err),
			0);
		free(up);
		free(path);
	}
}

static void close_place(struct place *p)
{
	assert_int_equal(guild_rmtree(p->dir, NULL), 0);
	free(p->dir);
	free(p->lib);
}

/* "MODEL:OP main=MAIN label=LABEL NAME=DEFAULT… | …" of all operations. */
static void describe(const struct guild_project *p, struct guild_buf *out)
{
	for (size_t m = 0; m < p->n_models; m++) {
		for (size_t i = 0; i < p->models[m]->n_ops; i++) {
			const struct guild_op_def *op = p->models[m]->ops[i];
			guild_buf_puts(out, out->n > 0 ? " | " : "");
			guild_op_fullname(op, out);
			if (op->main) {
				guild_buf_printf(out, " main=%s", op->main);
			}
			if (op->label) {
				guild_buf_printf(out, " label=%s", op->label);
			}
			for (size_t k = 0; k < op->flags.n; k++) {
				guild_buf_printf(out, " %s=", op->flags.v[k].name);
				guild_flag_encode(out, op->flags.v[k].def);
			}
		}
	}
}

/* The text with "DIR/" left out wherever it is. */
static void add_without(struct guild_buf *out, const char *text, const char *dir)
{
	for (const char *at; (at = strstr(text, dir)); text = at + strlen(dir) + 1) {
		guild_buf_append(out, text, (size_t)(at - text));
	}
	guild_buf_puts(out, text);
}

static void check(const struct file *files, size_t n, const char *wanted)
{
	struct place place;
	struct guild_project *p = NULL;
	struct guild_error err = {0};
	struct guild_buf found = {0};
	open_place(&place, files, n);
	if (guild_project_load(place.dir, &place.world, &p, NULL, &err) == 0) {
		describe(p, &found);
	} else {
		guild_buf_puts(&found, "error ");
		add_without(&found, err.text, place.dir);
	}
	assert_string_equal(guild_buf_cstr(&found), wanted);
	guild_project_free(p);
	guild_buf_fini(&found);
	close_place(&place);
}

struct row {
	const char *text, *wanted;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(&(struct file){"guild.yml", rows[i].text}, 1, rows[i].wanted);
	}
}

static void test_extends(void **state)
{
	static const struct row rows[] = {
		/* The child wins, then the first parent. */
		{"- config: a\n  operations: {t: {main: am, label: a}}\n"
		 "- config: b\n  operations: {t: {main: bm, label: b}, u: {}}\n"
		 "- model: m\n  extends: [a, b]\n  operations: {t: {label: m}}\n",
			"m:t main=am label=m | m:u"},
		/* Through a grandparent, and one that both parents have. */
		{"- config: top\n  operations: {t: {flags: {x: 1, y: 1, z: 1}}}\n"
		 "- config: a\n  extends: top\n  operations: {t: {flags: {y: 2}}}\n"
		 "- config: b\n  extends: top\n  operations: {t: {flags: {z: 3}}}\n"
		 "- model: m\n  extends: [a, b]\n",
			"m:t x=1 y=2 z=1"},
		/* Short forms are merged as what they stand for. */
		{"- config: a\n  operations: {t: am, u: {flags: {x: {default: 1, min: 0}, y: 2}}}\n"
		 "- model: m\n  extends: a\n  operations: {t: {flags: {q: 1}}, u: {flags: {x: 5, y: {min: 1}}}}\n",
			"m:t main=am q=1 | m:u x=5 y=2"},
		{"- config: a\n  operation-defaults: {label: l}\n- model: m\n  extends: a\n  operations: {t: x}\n",
			"m:t main=x label=l"},
		/* An empty section says nothing. */
		{"- config: a\n  operations: {t: x}\n- model: m\n  extends: a\n  operations:\n",
			"m:t main=x"},
		{"- model: a\n  operations: {t: x}\n- model: m\n  extends: a\n",
			"a:t main=x | m:t main=x"},
		{"- config: a\n  extends: b\n- config: b\n  extends: a\n- model: m\n", ""},
		{"- config: a\n  extends: b\n- config: b\n  extends: a\n- model: m\n  extends: a\n",
			"error guild.yml:4:12: a cycle in 'extends': a -> b -> a"},
		{"- model: m\n  extends: [m]\n",
			"error guild.yml:2:13: a cycle in 'extends': m -> m"},
		{"- model: m\n  extends: n\n",
			"error guild.yml:2:12: there is no model or config 'n' to extend"},
		{"- model: m\n  extends: p/n\n",
			"error guild.yml:2:12: cannot find a guild.yml of package 'p'"},
		{"- model: m\n  extends: p/\n",
			"error guild.yml:2:12: 'p/' is not PACKAGE/NAME of a model or config"},
		{"- model: m\n  extends: [3]\n",
			"error guild.yml:2:13: 'extends' takes names of models and configs, not int"},
		{"- model: m\n  extends: {a: 1}\n",
			"error guild.yml:2:12: 'extends' must be text or a list, not mapping"},
	};
	check_rows(rows, GUILD_ARRAY_LEN(rows));
}

static void test_params(void **state)
{
	static const struct row rows[] = {
		{"- model: m\n  params: {a: 2, b: '{{a}}x', l: [1, '{{a}}']}\n"
		 "  operations: {t: {main: 'x {{b}} {{ a }} {{no}}', flags: {i: '{{a}}', l: '{{l}}', s: 'v{{l}}'}}}\n",
			"m:t main=x 2x 2 {{no}} i=2 l=[1, 2] s=v[1, 2]"},
		/* A child's parameter counts in what the parent says. */
		{"- config: c\n  params: {n: 1, keep: k}\n  operations: {t: {main: 'x{{n}}{{keep}}'}}\n"
		 "- model: m\n  extends: c\n  params: {n: 2}\n",
			"m:t main=x2k"},
		{"- model: m\n  params: {a: '{{b}}', b: '{{a}}', c: 'x{{c}}'}\n"
		 "  operations: {t: {flags: {a: '{{a}}', c: '{{c}}'}}}\n",
			"m:t a='{{b}}' c=x{{c}}"},
		/* Names are left alone, and so is what a file includes. */
		{"- config: c\n  flags: {y: '{{a}}'}\n"
		 "- model: m\n  params: {a: 1}\n  operations: {t: {flags: {'{{a}}': '{{a}}', $include: c}}}\n",
			"m:t y='{{a}}' {{a}}=1"},
		{"- model: m\n  params: {a: yes, f: 1e-3, n: null}\n"
		 "  operations: {t: {label: '{{a}} {{f}} {{n}}', flags: {f: '{{f}}', n: '{{n}}'}}}\n",
			"m:t label=True 0.001 None f=0.001 n=null"},
		{"- model: m\n  params: [1]\n",
			"error guild.yml:2:11: 'params' must be a mapping, not list"},
		{"- model: m\n  params: {a: [1]}\n  operations: {t: {main: '{{a}}'}}\n",
			"error guild.yml:2:15: 'main' must be text ([PATH/]MODULE [ARG]...), not list"},
	};
	check_rows(rows, GUILD_ARRAY_LEN(rows));
}

static void test_include(void **state)
{
	static const struct row rows[] = {
		{"- config: a\n  flags: {x: 1, y: 1}\n- config: b\n  flags: {x: 2}\n"
		 "- model: m\n  operations: {t: {flags: {$include: [a, b], y: 7}}}\n",
			"m:t x=2 y=7"},
		/* Exact names, not parts of them. */
		{"- config: c\n  flags: {lr: 1, r: 2, out: 3, dropout: 4}\n"
		 "- model: m\n  operations: {t: {flags: {$include: 'c#lr, dropout'}}}\n",
			"m:t dropout=4 lr=1"},
		{"- model: m\n  operations: {t: {flags: {$include: 'm:u'}}, u: {flags: {a: 2}}}\n",
			"m:t a=2 | m:u a=2"},
		{"t: {flags: {$include: ':u#a'}}\nu: {flags: {a: 2, b: 3}}\n", "t a=2 | u a=2 b=3"},
		{"- config: c\n  operations: {t: x, u: {main: y, flags: {$include: f}}, v: z}\n"
		 "- config: f\n  flags: {q: 1}\n"
		 "- model: m\n  operations: {$include: 'c#t,u', t: {label: own}}\n",
			"m:t main=x label=own | m:u main=y q=1"},
		/* What was included already is left out; the rest of the list is not. */
		{"- config: a\n  flags: {$include: b, x: 1}\n- config: b\n  flags: {$include: a, y: 1}\n"
		 "- config: c\n  flags: {z: 1}\n"
		 "- model: m\n  operations: {t: {flags: {$include: [a, a, c]}}}\n",
			"m:t x=1 y=1 z=1"},
		{"- config: c\n- model: m\n  operations: {t: {flags: {$include: c, x: 1}}}\n",
			"m:t x=1"},
		{"- config: p\n  operations: {t: {flags: {x: 1}}}\n"
		 "- model: m\n  extends: p\n  operations: {u: {flags: {$include: 'm:t'}}}\n",
			"m:t x=1 | m:u x=1"},
		{"- model: m\n  operations: {t: {flags: {$include: nope}}}\n",
			"error guild.yml:2:38: '$include' of flags: there is no 'nope'"},
		{"- model: m\n  operations: {t: {flags: {$include: 3}}}\n",
			"error guild.yml:2:38: '$include' must be text or a list, not int"},
		{"- config: c\n  flags: 3\n- model: m\n  operations: {t: {flags: {$include: c}}}\n",
			"error guild.yml:2:10: 'flags' must be a mapping, not int"},
	};
	check_rows(rows, GUILD_ARRAY_LEN(rows));
}

static void test_files(void **state)
{
	static const struct {
		struct file files[4];
		const char *wanted;
	} cases[] = {
		{{{"guild.yml", "- include: sub/a.yml\n- model: m\n  operations: {t: x}\n"},
			 {"sub/a.yml", "- include: [b.yml]\n"},
			 {"sub/b.yml", "- model: b\n  operations: {u: y}\n"}},
			"b:u main=y | m:t main=x"},
		{{{"guild.yml", "- include: [mod.sub, known]\n"},
			 {"lib/mod/sub/guild.yml", "- model: s\n  operations: {u: y}\n"},
			 {"lib/gpkg/known/guild.yml", "t: z\n"}},
			"s:u main=y | t main=z"},
		{{{"guild.yml", "- include: a.yml\n"}, {"a.yml", "- include: b.yml\n"},
			 {"b.yml", "- include: a.yml\n"}},
			"error b.yml:1:12: a cycle of includes: a.yml, included by b.yml, included by "
			"a.yml"},
		{{{"guild.yml", "- include: none.yml\n"}},
			"error guild.yml:1:12: cannot find 'none.yml' to include"},
		{{{"guild.yml", "- include: a.yml\n"}, {"a.yml", "x: {main: [1]}\n"}},
			"error a.yml:1:11: 'main' must be text ([PATH/]MODULE [ARG]...), not list"},
		{{{"guild.yml", "- include: a.yml\n"}, {"a.yml", "x: {\n"}},
			"error a.yml:2:1: did not find expected node content"},
		/* A package: its names are found from here, errors name its file. */
		{{{"guild.yml", "- model: m\n  extends: my-pkg/base\n  params: {q: 2}\n"},
			 {"lib/my_pkg/guild.yml",
				 "- config: base\n  params: {q: 1}\n"
				 "  operations: {t: {main: 'p{{q}}', flags: {$include: fl}}}\n"
				 "- config: fl\n  flags: {z: 3}\n"}},
			"m:t main=p2 z=3"},
		{{{"guild.yml", "- model: m\n  extends: p/base\n"},
			 {"lib/p/guild.yml", "- config: base\n  extends: none\n"}},
			"error lib/p/guild.yml:2:12: there is no model or config 'none' to extend"},
		{{{"guild.yml", "- model: m\n  extends: p/base\n"},
			 {"lib/p/guild.yml",
				 "- config: base\n  operations: {t: {tags: {a: 1}}}\n"}},
			"error lib/p/guild.yml:2:26: 'tags' must be text or a list, not mapping"},
		{{{"guild.yml", "- model: m\n  extends: p/nope\n"},
			 {"lib/p/guild.yml", "- config: base\n"}},
			"error guild.yml:2:12: package file lib/p/guild.yml has no model or config "
			"'nope'"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		check(cases[i].files, GUILD_ARRAY_LEN(cases[i].files), cases[i].wanted);
	}
}

/* Later rooms find a model's files in its locations, and know what the project was read from. */
static void test_locations(void **state)
{
	static const struct file files[] = {
		{"guild.yml",
			"- include: a.yml\n- model: m\n  extends: [q/x, p/x, c]\n- config: c\n"},
		{"a.yml", "- model: a\n"},
		{"lib/p/guild.yml", "- config: x\n  resources: {r: [file: data.csv]}\n"},
		{"lib/q/guild.yml", "- config: x\n  extends: p/x\n  resources: {s: [file: d]}\n"},
	};
	struct place place;
	struct guild_project *p = NULL;
	struct guild_error err = {0};
	open_place(&place, files, GUILD_ARRAY_LEN(files));
	assert_int_equal(guild_project_load(place.dir, &place.world, &p, NULL, &err), 0);
	assert_int_equal(p->n_models, 2);
	assert_int_equal(p->models[0]->n_locations, 1);
	const struct guild_model_def *m = p->models[1];
	assert_int_equal(m->n_locations, 3);
	assert_string_equal(m->locations[0], place.dir);
	assert_true(guild_ends(m->locations[1], "/lib/q"));
	assert_true(guild_ends(m->locations[2], "/lib/p"));
	assert_int_equal(m->resources->n, 2);
	assert_true(guild_ends(guild_value_get(m->resources, "r")->file, "lib/p/guild.yml"));
	assert_int_equal(p->n_files, 4);
	assert_true(guild_ends(p->files[0].path, "/guild.yml"));
	assert_string_equal(p->files[0].hash, p->hash);
	guild_project_free(p);
	close_place(&place);
}

/* Small files that would grow beyond all bounds. */
static void test_bombs(void **state)
{
	struct guild_buf text = {0};
	guild_buf_puts(&text, "- model: m\n  params:\n    p0: [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++) {
		guild_buf_printf(&text, "    p%d: [", i);
		for (int k = 0; k < 10; k++) {
			guild_buf_printf(&text, "'{{p%d}}', ", i - 1);
		}
		guild_buf_puts(&text, "]\n");
	}
	guild_buf_puts(&text, "  operations: {t: {label: 'v{{p11}}'}}\n");
	struct guild_project *p = NULL;
	struct guild_error err = {0};
	assert_int_equal(guild_project_parse(guild_buf_str(&text), "guild.yml", NULL, &p, NULL,
				 &err),
		GUILD_ELIMIT);
	assert_non_null(strstr(err.text, "grows too large"));
	guild_buf_reset(&text);
	guild_buf_puts(&text, "- model: m\n  params:\n    p0: 0\n");
	for (int i = 1; i < 5000; i++) {
		guild_buf_printf(&text, "    p%d: ['{{p%d}}']\n", i, i - 1);
	}
	assert_int_equal(guild_project_parse(guild_buf_str(&text), "guild.yml", NULL, &p, NULL,
				 &err),
		GUILD_ELIMIT);
	guild_buf_reset(&text);
	for (int i = 0; i < 200; i++) {
		guild_buf_printf(&text, "- model: m%d\n  extends: m%d\n", i, i + 1);
	}
	assert_int_equal(guild_project_parse(guild_buf_str(&text), "guild.yml", NULL, &p, NULL,
				 &err),
		GUILD_ELIMIT);
	guild_buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_extends),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_locations),
		cmocka_unit_test(test_bombs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
