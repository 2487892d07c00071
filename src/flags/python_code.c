/* Literals assigned at the top level of Python text (flags.md 10), and values as Python source. */

#include <stdlib.h>
#include <string.h>

#include "code_flags.h"
#include "detect_private.h"
#include "notebook.h"

/* ---- evaluating literals ----------------------------------------------------------------------------- */

static struct guild_value *literal_of(struct guild_arena *a, struct py_source *src, uint32_t node)
{
	struct py py = {0};
	struct py_module module = {.src = src};
	if (!guild_py_is_literal(src, node) || guild_py_kind(src, node) == PY_call) {
		return NULL;
	}
	guild_py_begin(&py, a);
	module.globals = guild_py_scope_new(&py, NULL);
	struct py_frame frame = {.module = &module, .src = src, .scope = module.globals};
	py.frame = &frame;
	return guild_py_to_value(a, guild_py_eval(&py, node));
}

struct guild_value *guild_python_literal_value(struct guild_arena *a, struct guild_str text)
{
	struct py_source *src = NULL;
	struct guild_value *v = NULL;
	if (guild_py_source_parse("literal", text.p ? text.p : "", text.n, &src, NULL) != 0) {
		return NULL;
	}
	uint32_t statement = guild_py_first(src, PY_ROOT);
	if (statement && !guild_py_next(src, statement) && !guild_py_syntax_error(src, NULL) &&
		guild_py_kind(src, statement) == PY_expression_statement) {
		v = literal_of(a, src, guild_py_first(src, statement));
	}
	guild_py_source_free(src);
	return v;
}

/* ---- assignments ---------------------------------------------------------------------------------------- */

static const char *annotated_type(struct py_source *src, uint32_t annotation)
{
	static const char *const types[][2] = {
		{"bool", "boolean"}, {"float", "float"}, {"int", "int"}, {"str", "string"}};
	struct guild_str text = guild_str_trim(guild_py_text(src, annotation));
	for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
		if (guild_str_eqz(text, types[i][0])) {
			return types[i][1];
		}
	}
	return NULL;
}

const char *guild_python_type(const struct guild_value *v)
{
	switch (v->type) {
	case GUILD_STRING:
		return "string";
	case GUILD_BOOL:
		return "boolean";
	case GUILD_INT:
	case GUILD_FLOAT:
		return "number";
	default:
		return NULL;
	}
}

/* The right-most target is the one whose name counts. */
static void add_assignment(struct guild_arena *a, struct py_source *src, uint32_t node,
	struct code_flags *out)
{
	uint32_t annotation = guild_py_child(src, node, PYF_type);
	uint32_t value = guild_py_child(src, node, PYF_right);
	while (guild_py_kind(src, value) == PY_assignment) {
		node = value;
		value = guild_py_child(src, node, PYF_right);
	}
	uint32_t left = guild_py_unwrap(src, guild_py_child(src, node, PYF_left));
	if (guild_py_kind(src, left) == PY_tuple_pattern &&
		!guild_py_next(src, guild_py_first(src, left))) {
		left = guild_py_first(src, left); /* (x) = 1 */
	}
	if (!value || guild_py_kind(src, left) != PY_identifier) {
		return;
	}
	struct guild_value *v = literal_of(a, src, value);
	if (!v) {
		return;
	}
	struct guild_str name = guild_py_text(src, left);
	struct code_flag *f = guild_code_flags_add(out);
	f->name = guild_arena_strndup(a, name.p, name.n);
	f->from = guild_py_node(src, value)->start;
	f->to = guild_py_node(src, value)->end;
	f->value = v;
	const char *type = annotation ? annotated_type(src, annotation) : NULL;
	f->type = type ? type : guild_python_type(v);
}

int guild_python_code_flags(struct guild_arena *a, struct guild_str text, const char *name,
	struct code_flags *out, struct guild_error *err)
{
	struct guild_buf plain = {0};
	struct py_source *src = NULL;
	guild_buf_append(&plain, text.p, text.n);
	if (!guild_py_mask_cell(&plain)) {
		guild_buf_fini(&plain);
		return 0;
	}
	int rc = guild_py_source_parse(name, guild_buf_cstr(&plain), plain.n, &src, err);
	if (rc == 0 && guild_py_syntax_error(src, err)) {
		rc = GUILD_EINVALID;
	}
	/* An encoding line or a byte order mark has moved everything: then nothing is known to be where it seems. */
	if (rc == 0 && guild_py_source_text(src).n == text.n) {
		for (uint32_t s = guild_py_first(src, PY_ROOT); s; s = guild_py_next(src, s)) {
			uint32_t node = guild_py_first(src, s);
			if (guild_py_kind(src, s) == PY_expression_statement &&
				guild_py_kind(src, node) == PY_assignment) {
				add_assignment(a, src, node, out);
			}
		}
	}
	guild_py_source_free(src);
	guild_buf_fini(&plain);
	return rc;
}

/* ---- values as source -------------------------------------------------------------------------------------- */

static void put_items(struct guild_buf *out, const struct guild_value *v)
{
	for (size_t i = 0; i < v->n; i++) {
		guild_buf_puts(out, i ? ", " : "");
		if (v->type == GUILD_DICT) {
			guild_python_put_literal(out, v->pairs[i].key);
			guild_buf_puts(out, ": ");
			guild_python_put_literal(out, v->pairs[i].value);
		} else {
			guild_python_put_literal(out, v->items[i]);
		}
	}
}

/* repr(), but for the numbers whose repr is a name that means nothing. */
void guild_python_put_literal(struct guild_buf *out, const struct guild_value *v)
{
	if (v->type == GUILD_FLOAT && v->f - v->f != 0.0) {
		guild_buf_puts(out, "float('");
		guild_value_py_repr(out, v);
		guild_buf_puts(out, "')");
	} else if (v->type == GUILD_LIST || v->type == GUILD_DICT) {
		guild_buf_putc(out, v->type == GUILD_LIST ? '[' : '{');
		put_items(out, v);
		guild_buf_putc(out, v->type == GUILD_LIST ? ']' : '}');
	} else {
		guild_value_py_repr(out, v);
	}
}
