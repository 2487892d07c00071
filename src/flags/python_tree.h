/*
 * Python source as a compact syntax tree: only python_tree.c knows the grammar library.
 *
 * Bodies of functions are converted when they are first looked into, so that a detection which never calls a
 * function pays for its parse alone. A node is an index into its source; 0 is "none" (the module is node 1).
 */
#ifndef GUILD_PYTHON_TREE_H
#define GUILD_PYTHON_TREE_H

#include "guild/base.h"

enum {
	GUILD_PY_MAX_BYTES = 16 << 20
}; /* of one source file; larger is no program a person wrote */

/* The node kinds the evaluator tells apart, by the grammar's names. */
#define GUILD_PY_KINDS(X)           \
	X(aliased_import)           \
	X(argument_list)            \
	X(as_pattern)               \
	X(as_pattern_target)        \
	X(assert_statement)         \
	X(assignment)               \
	X(attribute)                \
	X(augmented_assignment)     \
	X(await)                    \
	X(binary_operator)          \
	X(block)                    \
	X(boolean_operator)         \
	X(break_statement)          \
	X(call)                     \
	X(case_clause)              \
	X(class_definition)         \
	X(comparison_operator)      \
	X(concatenated_string)      \
	X(conditional_expression)   \
	X(continue_statement)       \
	X(decorated_definition)     \
	X(decorator)                \
	X(default_parameter)        \
	X(delete_statement)         \
	X(dictionary)               \
	X(dictionary_comprehension) \
	X(dictionary_splat)         \
	X(dictionary_splat_pattern) \
	X(dotted_name)              \
	X(elif_clause)              \
	X(ellipsis)                 \
	X(else_clause)              \
	X(escape_interpolation)     \
	X(escape_sequence)          \
	X(except_clause)            \
	X(except_group_clause)      \
	X(exec_statement)           \
	X(expression_list)          \
	X(expression_statement)     \
	X(false)                    \
	X(finally_clause)           \
	X(float)                    \
	X(for_in_clause)            \
	X(for_statement)            \
	X(format_specifier)         \
	X(function_definition)      \
	X(future_import_statement)  \
	X(generator_expression)     \
	X(generic_type)             \
	X(global_statement)         \
	X(identifier)               \
	X(if_clause)                \
	X(if_statement)             \
	X(import_from_statement)    \
	X(import_prefix)            \
	X(import_statement)         \
	X(integer)                  \
	X(interpolation)            \
	X(keyword_argument)         \
	X(keyword_separator)        \
	X(lambda)                   \
	X(lambda_parameters)        \
	X(list)                     \
	X(list_comprehension)       \
	X(list_pattern)             \
	X(list_splat)               \
	X(list_splat_pattern)       \
	X(match_statement)          \
	X(member_type)              \
	X(module)                   \
	X(named_expression)         \
	X(none)                     \
	X(nonlocal_statement)       \
	X(not_operator)             \
	X(pair)                     \
	X(parameters)               \
	X(parenthesized_expression) \
	X(pass_statement)           \
	X(pattern_list)             \
	X(positional_separator)     \
	X(print_statement)          \
	X(raise_statement)          \
	X(relative_import)          \
	X(return_statement)         \
	X(set)                      \
	X(set_comprehension)        \
	X(slice)                    \
	X(string)                   \
	X(string_content)           \
	X(string_end)               \
	X(string_start)             \
	X(subscript)                \
	X(true)                     \
	X(try_statement)            \
	X(tuple)                    \
	X(tuple_pattern)            \
	X(type)                     \
	X(type_conversion)          \
	X(type_parameter)           \
	X(typed_default_parameter)  \
	X(typed_parameter)          \
	X(unary_operator)           \
	X(union_type)               \
	X(while_statement)          \
	X(wildcard_import)          \
	X(with_clause)              \
	X(with_item)                \
	X(with_statement)           \
	X(yield)

enum py_kind {
	PY_other, /* a named node of no interest */
	PY_token, /* an operator or keyword that carries a field */
#define X(name) PY_##name,
	GUILD_PY_KINDS(X)
#undef X
		PY_KIND_COUNT
};

#define GUILD_PY_FIELDS(X)  \
	X(alias)            \
	X(alternative)      \
	X(argument)         \
	X(arguments)        \
	X(attribute)        \
	X(body)             \
	X(condition)        \
	X(consequence)      \
	X(definition)       \
	X(expression)       \
	X(format_specifier) \
	X(function)         \
	X(key)              \
	X(left)             \
	X(module_name)      \
	X(name)             \
	X(object)           \
	X(operator)         \
	X(operators)        \
	X(parameters)       \
	X(return_type)      \
	X(right)            \
	X(subject)          \
	X(subscript)        \
	X(superclasses)     \
	X(type)             \
	X(type_conversion)  \
	X(value)

enum py_field {
	PYF_none,
#define X(name) PYF_##name,
	GUILD_PY_FIELDS(X)
#undef X
		PYF_COUNT
};

struct py_node {
	uint16_t kind;       /* enum py_kind */
	uint16_t field;      /* enum py_field */
	uint32_t start, end; /* bytes of the normalised text */
	uint32_t first,
		next; /* child and sibling, 0 = none; `first` may stand for an unconverted body */
};

struct py_source;

/* Reads a file, checks its encoding, parses. GUILD_ENOTFOUND, GUILD_EIO, GUILD_ELIMIT (too large), GUILD_EINVALID (not text).
 * A syntax error is no failure here: see guild_py_syntax_error. Freed by guild_py_source_free. */
int guild_py_source_read(const char *path, struct py_source **out, struct guild_error *err);
/* The same over bytes; `path` is for messages. */
int guild_py_source_parse(const char *path, const void *p, size_t n, struct py_source **out,
	struct guild_error *err);
void guild_py_source_free(struct py_source *s);

const char *guild_py_path(const struct py_source *s);
struct guild_str guild_py_source_text(const struct py_source
		*s); /* normalised: UTF-8, no BOM, '\n' */

/* The first place the grammar could not read, as "PATH:LINE:COLUMN: invalid syntax" plus the line and a caret. True when
 * there is one. The grammar is not Python's own: it may refuse what a newer Python reads. */
bool guild_py_syntax_error(struct py_source *s, struct guild_error *err);
/* True for print and exec statements, which the grammar reads and Python 3 refuses. */
bool guild_py_has_python2(struct py_source *s);
/* Sets "PATH:LINE:COLUMN: what" with the source line and a caret under it. line and column count from 1. */
int guild_py_error_at(const struct py_source *s, uint32_t line, uint32_t column, const char *what,
	struct guild_error *err);
uint32_t guild_py_line(const struct py_source *s, uint32_t node); /* from 1 */

enum { PY_ROOT = 1 };
const struct py_node *guild_py_node(const struct py_source *s, uint32_t node);
enum py_kind guild_py_kind(const struct py_source *s, uint32_t node);
struct guild_str guild_py_text(const struct py_source *s, uint32_t node);
/* Children in order (comments left out). Both take 0 and then give 0. */
uint32_t guild_py_first(struct py_source *s, uint32_t node);
uint32_t guild_py_next(const struct py_source *s, uint32_t node);
uint32_t guild_py_child(struct py_source *s, uint32_t node,
	enum py_field field); /* first with it, or 0 */
/* Children that are no token, counted and by position. */
uint32_t guild_py_nth(struct py_source *s, uint32_t node, size_t i);
/* Takes parentheses off an expression. */
uint32_t guild_py_unwrap(struct py_source *s, uint32_t node);
/* True when the node starts its line. */
bool guild_py_in_first_column(const struct py_source *s, uint32_t node);

/* ---- literals ---- */

/* Value of one `string` node without interpolation, appended to out. `is_bytes` tells b"…". False for f-strings with
 * interpolations and for escapes UTF-8 cannot hold (lone surrogates, \N{…}). */
bool guild_py_string_value(struct py_source *s, uint32_t node, struct guild_buf *out,
	bool *is_bytes);
bool guild_py_is_fstring(struct py_source *s, uint32_t node);
/* Text of one string_content child with its escapes resolved. */
bool guild_py_content_value(struct py_source *s, uint32_t node, bool raw, bool bytes,
	struct guild_buf *out);
bool guild_py_string_is_raw(struct py_source *s, uint32_t node);

#endif
