/* Column specs, case by case as Guild AI 0.9.0 reads them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guild/store.h"

static void describe(struct guild_buf *out, const struct guild_cols *cols)
{
	static const char *const kinds[] = {"scalar", "attr", "flag"};
	static const char *const qualifiers[] = {
		"last", "min", "max", "first", "avg", "total", "count"};
	for (size_t i = 0; i < cols->n; i++) {
		const struct guild_col *c = &cols->v[i];
		guild_buf_printf(out, "%s%s", i > 0 ? "; " : "", kinds[c->kind]);
		if (c->qualified) {
			guild_buf_printf(out, " %s", qualifiers[c->qualifier]);
		}
		guild_buf_printf(out, " <%s>%s -> %s", c->key, c->step ? " step" : "", c->header);
	}
}

static const struct {
	const char *spec;
	const char *meaning; /* or the error */
} cases[] = {
	{"loss", "scalar <loss> -> loss"},
	{"min loss", "scalar min <loss> -> loss"},
	{"last loss step", "scalar last <loss> step -> loss step"},
	{"loss step as step", "scalar <loss> step -> step"},
	{".label", "attr <label> -> label"},
	{"attr:label", "attr <label> -> label"},
	{". label", "attr <label> -> label"},
	{".a.b", "attr <a.b> -> a.b"},
	{".'label'", "attr <label> -> label"},
	{"=lr", "flag <lr> -> lr"},
	{"= lr", "flag <lr> -> lr"},
	{"flag: lr", "flag <lr> -> lr"},
	{"flag:a:b", "flag <a:b> -> a:b"},
	{"=a=b", "flag <a=b> -> a=b"},
	{"=#lr", "flag <#lr> -> #lr"},
	{"scalar: loss", "scalar <loss> -> loss"},
	{"scalar:loss step", "scalar <loss> step -> loss step"},
	{"#lr", "scalar <#lr> -> lr"},
	{"sub#loss", "scalar <sub#loss> -> sub loss"},
	{"'step'", "scalar <step> -> step"},
	{"\"a\\tb\"", "scalar <a\tb> -> a\tb"},
	{"'it''s'", "unexpected token ''s'', line 1, pos 11"},
	{"a'b", "scalar <a'b> -> a'b"},
	{"a\"b", "scalar <a\"b> -> a\"b"},
	{"stepx", "scalar <stepx> -> stepx"},
	{"loss.step", "scalar <loss.step> -> loss.step"},
	{"MIN", "scalar <MIN> -> MIN"},
	{"x as y as z", "scalar <x> -> z"},
	{"x as 'two words'", "scalar <x> -> two words"},
	{"x as min", "scalar <x> -> min"},
	{"x as step", "scalar <x> -> step"},
	{"loss as a.b", "scalar <loss> -> a.b"},
	{"a, =b,.c", "scalar <a> -> a; flag <b> -> b; attr <c> -> c"},
	{"a,\n b", "scalar <a> -> a; scalar <b> -> b"},
	{"count loss", "scalar count <loss> -> loss"},
	{"", "query string cannot be empty"},
	{" ", "query string cannot be empty"},
	{"loss,", "query string cannot be empty"},
	{"loss as", "query string cannot be empty"},
	{"min", "query string cannot be empty"},
	{".", "query string cannot be empty"},
	{"=", "query string cannot be empty"},
	{"flag:", "query string cannot be empty"},
	{"a b", "unexpected token 'b', line 1, pos 9"},
	{"min scalar:x", "unexpected token 'scalar:', line 1, pos 11"},
	{"scalar:min x", "unexpected token 'min', line 1, pos 14"},
	{"min .label", "unexpected token '.', line 1, pos 11"},
	{"step", "unexpected token 'step', line 1, pos 7"},
	{"last step", "unexpected token 'step', line 1, pos 12"},
	{"=min", "unexpected token 'min', line 1, pos 8"},
	{"='lr'", "unexpected token ''lr'', line 1, pos 8"},
	{"a,,b", "unexpected token ',', line 1, pos 9"},
	{", a", "unexpected token ',', line 1, pos 7"},
	{"a\nb c", "unexpected token 'b', line 2, pos 9"},
	{"a,\n b c", "unexpected token 'c', line 2, pos 13"},
	{"select a", "unexpected token 'select', line 1, pos 7"},
	{"min max", "unexpected token 'max', line 1, pos 11"},
	{"min step", "unexpected token 'step', line 1, pos 11"},
	{"MIN loss", "unexpected token 'loss', line 1, pos 11"},
	{"a as b c", "unexpected token 'c', line 1, pos 14"},
	{"loss step step", "unexpected token 'step', line 1, pos 17"},
	{"x as =y", "unexpected token '=', line 1, pos 12"},
	{"'a' 'b'", "unexpected token ''b'', line 1, pos 11"},
	{"scalar:step", "unexpected token 'step', line 1, pos 14"},
	{".step", "unexpected token 'step', line 1, pos 8"},
	{"as as as", "unexpected token 'as', line 1, pos 7"},
	{"a as as", "unexpected token 'as', line 1, pos 12"},
	{"loss as scalar:x", "unexpected token 'scalar:', line 1, pos 15"},
	{"min loss as x step", "unexpected token 'step', line 1, pos 21"},
	{"avg loss step", "unexpected token 'step', line 1, pos 16"},
	{"\"open", "unexpected token '\"', line 1, pos 7"},
	{"bad bad, ", "unexpected token 'bad', line 1, pos 11"},
};

static void test_specs(void **state)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_cols cols = {0};
		struct guild_error err = {0};
		struct guild_buf text = {0};
		if (guild_cols_parse(a, cases[i].spec, &cols, &err) == 0) {
			describe(&text, &cols);
		} else {
			assert_int_equal(err.code, GUILD_EINVALID);
			guild_buf_puts(&text, err.text);
		}
		if (strcmp(text.p, cases[i].meaning) != 0) {
			fail_msg("[%s]: %s", cases[i].spec, text.p);
		}
		guild_buf_fini(&text);
		guild_arena_free(a);
	}
}

static void test_limit(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_cols cols = {0};
	struct guild_error err = {0};
	char *spec = guild_alloc((1 << 20) + 1);
	memset(spec, 'x', 1 << 20);
	assert_int_equal(guild_cols_parse(a, spec, &cols, &err), GUILD_ELIMIT);
	assert_int_equal(cols.n, 0);
	free(spec);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
