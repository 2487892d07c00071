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
	{"'it''s'", "position 5: expected 'as NAME', ',' or the end, not 's'"},
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
	{"", "position 1: expected the name of a scalar, .ATTR or =FLAG, but the text ends here"},
	{" ", "position 2: expected the name of a scalar, .ATTR or =FLAG, but the text ends here"},
	{"loss,",
		"position 6: expected the name of a scalar, .ATTR or =FLAG, but the text ends here"},
	{"loss as", "position 8: expected a name, but the text ends here"},
	{"min", "position 4: expected the name of a scalar, but the text ends here"},
	{".", "position 2: expected the name of an attribute, but the text ends here"},
	{"=", "position 2: expected the name of a flag, without quotes, but the text ends here"},
	{"flag:",
		"position 6: expected the name of a flag, without quotes, but the text ends here"},
	{"a b", "position 3: expected 'as NAME', ',' or the end, not 'b'"},
	{"min scalar:x", "position 5: expected the name of a scalar, not 'scalar:'"},
	{"scalar:min x", "position 8: expected the name of a scalar, not 'min'"},
	{"min .label", "position 5: expected the name of a scalar, not '.'"},
	{"step", "position 1: expected the name of a scalar, .ATTR or =FLAG, not 'step'"},
	{"last step", "position 6: expected the name of a scalar, not 'step'"},
	{"=min", "position 2: expected the name of a flag, without quotes, not 'min'"},
	{"='lr'", "position 2: expected the name of a flag, without quotes, not 'lr'"},
	{"a,,b", "position 3: expected the name of a scalar, .ATTR or =FLAG, not ','"},
	{", a", "position 1: expected the name of a scalar, .ATTR or =FLAG, not ','"},
	{"a\nb c", "position 3: expected 'as NAME', ',' or the end, not 'b'"},
	{"a,\n b c", "position 7: expected 'as NAME', ',' or the end, not 'c'"},
	{"select a", "position 1: expected the name of a scalar, .ATTR or =FLAG, not 'select'"},
	{"min max", "position 5: expected the name of a scalar, not 'max'"},
	{"min step", "position 5: expected the name of a scalar, not 'step'"},
	{"MIN loss", "position 5: expected 'as NAME', ',' or the end, not 'loss'"},
	{"a as b c", "position 8: expected 'as NAME', ',' or the end, not 'c'"},
	{"loss step step", "position 11: expected 'as NAME', ',' or the end, not 'step'"},
	{"x as =y", "position 6: expected a name, not '='"},
	{"'a' 'b'", "position 5: expected 'as NAME', ',' or the end, not 'b'"},
	{"scalar:step", "position 8: expected the name of a scalar, not 'step'"},
	{".step", "position 2: expected the name of an attribute, not 'step'"},
	{"as as as", "position 1: expected the name of a scalar, .ATTR or =FLAG, not 'as'"},
	{"a as as", "position 6: expected a name, not 'as'"},
	{"loss as scalar:x", "position 9: expected a name, not 'scalar:'"},
	{"min loss as x step", "position 15: expected 'as NAME', ',' or the end, not 'step'"},
	{"avg loss step", "position 10: expected 'as NAME', ',' or the end, not 'step'"},
	{"\"open", "position 1: the text that begins here has no closing quote"},
	{"bad bad, ", "position 5: expected 'as NAME', ',' or the end, not 'bad'"},
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
			guild_buf_append(&text, err.text, strcspn(err.text, "\n"));
		}
		if (strcmp(guild_buf_cstr(&text), cases[i].meaning) != 0) {
			fail_msg("[%s]: %s", cases[i].spec, guild_buf_cstr(&text));
		}
		guild_buf_fini(&text);
		guild_arena_free(a);
	}
}

/* The line in question, and a caret under the place; nothing where there is no text. */
static void test_excerpts(void **state)
{
	static const struct {
		const char *spec, *excerpt;
	} shown[] = {
		{"a b", "\n  a b\n    ^"},
		{"a,\n größe, b c, d", "\n   größe, b c, d\n            ^"},
		{"loss,", "\n  loss,\n       ^"},
		{" ", ""},
	};
	(void)state;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(shown); i++) {
		struct guild_arena *a = guild_arena_new();
		struct guild_cols cols = {0};
		struct guild_error err = {0};
		assert_int_equal(guild_cols_parse(a, shown[i].spec, &cols, &err), GUILD_EINVALID);
		assert_string_equal(err.text + strcspn(err.text, "\n"), shown[i].excerpt);
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
		cmocka_unit_test(test_excerpts),
		cmocka_unit_test(test_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
