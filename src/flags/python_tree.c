/* Python source as a compact syntax tree, over tree-sitter. */

#include "python_tree.h"

#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

#include "python_decode.h"

const TSLanguage *tree_sitter_python(void);

enum {
	PARSE_LIMIT_US =
		10 * 1000 * 1000, /* no source of ours takes a tenth; stops adversarial input */
	ERROR_LINE_MAX = 120,     /* source bytes shown with an error */
};

/* `first` of a body that was not converted yet: this bit and the index of its tree node. */
static const uint32_t LAZY = UINT32_C(1) << 31;

struct py_source {
	char *path;
	struct guild_buf text;
	TSTree *tree;
	struct py_node *nodes;
	size_t n_nodes, cap_nodes;
	TSNode *lazy;
	size_t n_lazy, cap_lazy;
	TSNode empty; /* a body without statements: the grammar takes what Python refuses */
	bool has_empty;
	uint16_t *kinds; /* grammar symbol -> enum py_kind */
	size_t n_kinds;
	uint16_t *fields; /* grammar field -> enum py_field */
	size_t n_fields;
};

static const char *const kind_names[PY_KIND_COUNT] = {
#define X(name) [PY_##name] = #name,
	GUILD_PY_KINDS(X)
#undef X
};

static const char *const field_names[PYF_COUNT] = {
#define X(name) [PYF_##name] = #name,
	GUILD_PY_FIELDS(X)
#undef X
};

/* Both tables are sorted by name from their second real entry on. */
static uint16_t find_name(const char *const *names, size_t first, size_t count, const char *name)
{
	size_t low = first;
	size_t high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, names[middle]);
		if (order == 0) {
			return (uint16_t)middle;
		}
		if (order < 0) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}
	return 0;
}

static void map_symbols(struct py_source *s)
{
	const TSLanguage *language = tree_sitter_python();
	s->n_kinds = ts_language_symbol_count(language);
	s->kinds = guild_alloc(s->n_kinds * sizeof *s->kinds);
	for (size_t i = 0; i < s->n_kinds; i++) {
		if (ts_language_symbol_type(language, (TSSymbol)i) != TSSymbolTypeRegular) {
			s->kinds[i] = PY_token;
			continue;
		}
		const char *name = ts_language_symbol_name(language, (TSSymbol)i);
		s->kinds[i] = find_name(kind_names, PY_token + 1, PY_KIND_COUNT, name);
	}
	s->n_fields = ts_language_field_count(language) + 1;
	s->fields = guild_alloc(s->n_fields * sizeof *s->fields);
	for (size_t i = 1; i < s->n_fields; i++) {
		const char *name = ts_language_field_name_for_id(language, (TSFieldId)i);
		s->fields[i] = find_name(field_names, PYF_none + 1, PYF_COUNT, name);
	}
}

static uint16_t kind_of(const struct py_source *s, TSNode node)
{
	TSSymbol symbol = ts_node_symbol(node);
	return symbol < s->n_kinds ? s->kinds[symbol] : (uint16_t)PY_other;
}

static uint32_t add_node(struct py_source *s, TSNode node, uint16_t kind, uint16_t field)
{
	s->nodes = guild_grow_array(s->nodes, &s->cap_nodes, s->n_nodes + 1, sizeof *s->nodes);
	uint32_t index = (uint32_t)s->n_nodes++;
	s->nodes[index] = (struct py_node){
		.kind = kind,
		.field = field,
		.start = ts_node_start_byte(node),
		.end = ts_node_end_byte(node),
	};
	return index;
}

/* Tells apart what the tree keeps: comments, punctuation and keywords without a field are left out. */
static bool is_kept(TSNode node, uint16_t kind, uint16_t field)
{
	if (kind == PY_token) {
		return field != PYF_none;
	}
	return kind != PY_other || !ts_node_is_extra(node) || ts_node_is_error(node);
}

/* Converts the children of `parent` (a converted node whose tree node is `top`), bodies of functions excepted. Iterative:
 * the depth of the source is not ours to choose. */
static void convert_children(struct py_source *s, uint32_t parent, TSNode top)
{
	struct level {
		uint32_t parent, last;
	} *stack = NULL;
	size_t depth = 0;
	size_t cap = 0;
	TSTreeCursor cursor = ts_tree_cursor_new(top);
	bool more = ts_tree_cursor_goto_first_child(&cursor);
	if (more) {
		stack = guild_grow_array(stack, &cap, 1, sizeof *stack);
		stack[depth++] = (struct level){parent, 0};
	}
	while (depth > 0) {
		struct level *level = &stack[depth - 1];
		TSNode node = ts_tree_cursor_current_node(&cursor);
		uint16_t kind = kind_of(s, node);
		TSFieldId field_id = ts_tree_cursor_current_field_id(&cursor);
		uint16_t field = field_id < s->n_fields ? s->fields[field_id] : (uint16_t)PYF_none;
		bool is_down = false;
		if (is_kept(node, kind, field)) {
			uint32_t index = add_node(s, node, kind, field);
			if (level->last) {
				s->nodes[level->last].next = index;
			} else {
				s->nodes[level->parent].first = index;
			}
			level->last = index;
			if (kind == PY_block && !s->has_empty &&
				ts_node_named_child_count(node) == 0) {
				s->has_empty = true;
				s->empty = node;
			}
			if (kind == PY_block && field == PYF_body &&
				s->nodes[level->parent].kind == PY_function_definition) {
				s->lazy = guild_grow_array(s->lazy, &s->cap_lazy, s->n_lazy + 1,
					sizeof *s->lazy);
				s->nodes[index].first = LAZY | (uint32_t)s->n_lazy;
				s->lazy[s->n_lazy++] = node;
			} else if (kind != PY_token && ts_tree_cursor_goto_first_child(&cursor)) {
				stack = guild_grow_array(stack, &cap, depth + 1, sizeof *stack);
				stack[depth++] = (struct level){index, 0};
				is_down = true;
			}
		}
		while (!is_down && depth > 0 && !ts_tree_cursor_goto_next_sibling(&cursor)) {
			depth--;
			if (depth > 0) {
				ts_tree_cursor_goto_parent(&cursor);
			}
		}
	}
	free(stack);
	ts_tree_cursor_delete(&cursor);
}

static bool is_past_deadline(TSParseState *state)
{
	const int64_t *deadline = state->payload;
	return guild_monotonic_us() > *deadline;
}

static const char *read_text(void *payload, uint32_t at, TSPoint point, uint32_t *n)
{
	(void)point;
	const struct guild_buf *text = payload;
	*n = at < text->n ? (uint32_t)(text->n - at) : 0;
	return *n > 0 ? text->p + at : "";
}

static int parse_text(struct py_source *s, struct guild_error *err)
{
	TSParser *parser = ts_parser_new();
	guild_assert(ts_parser_set_language(parser, tree_sitter_python()));
	TSInput input = {.payload = &s->text, .read = read_text, .encoding = TSInputEncodingUTF8};
	int64_t deadline = guild_monotonic_us() + PARSE_LIMIT_US;
	TSParseOptions options = {.payload = &deadline, .progress_callback = is_past_deadline};
	s->tree = ts_parser_parse_with_options(parser, NULL, input, options);
	ts_parser_delete(parser);
	if (!s->tree) {
		return guild_error_set(err, GUILD_ELIMIT, "%s: takes too long to parse", s->path);
	}
	map_symbols(s);
	TSNode root = ts_tree_root_node(s->tree);
	add_node(s, root, PY_other, PYF_none); /* index 0 is "none" */
	add_node(s, root, PY_module, PYF_none);
	convert_children(s, PY_ROOT, root);
	return 0;
}

int guild_py_source_parse(const char *path, const void *p, size_t n, struct py_source **out,
	struct guild_error *err)
{
	if (n > GUILD_PY_MAX_BYTES) {
		return guild_error_set(err, GUILD_ELIMIT,
			"%s: larger than %d MiB: not read as Python source", path,
			GUILD_PY_MAX_BYTES >> 20);
	}
	struct py_source *s = guild_alloc(sizeof *s);
	s->path = guild_strdup(path);
	int rc = guild_py_decode(path, p, n, &s->text, err);
	if (rc == 0) {
		rc = parse_text(s, err);
	}
	if (rc != 0) {
		guild_py_source_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

int guild_py_source_read(const char *path, struct py_source **out, struct guild_error *err)
{
	struct guild_buf bytes = {0};
	int rc = guild_file_read(path, GUILD_PY_MAX_BYTES, &bytes, err);
	if (rc == 0) {
		rc = guild_py_source_parse(path, guild_buf_cstr(&bytes), bytes.n, out, err);
	}
	guild_buf_fini(&bytes);
	return rc;
}

void guild_py_source_free(struct py_source *s)
{
	if (!s) {
		return;
	}
	ts_tree_delete(s->tree);
	guild_buf_fini(&s->text);
	free(s->path);
	free(s->nodes);
	free(s->lazy);
	free(s->kinds);
	free(s->fields);
	free(s);
}

const char *guild_py_path(const struct py_source *s)
{
	return s->path;
}

struct guild_str guild_py_source_text(const struct py_source *s)
{
	return guild_buf_str(&s->text);
}

/* ---- errors ---- */

uint32_t guild_py_line(const struct py_source *s, uint32_t node)
{
	uint32_t line = 1;
	for (size_t i = 0; i < s->nodes[node].start; i++) {
		line += s->text.p[i] == '\n';
	}
	return line;
}

static struct guild_str line_text(const struct py_source *s, uint32_t line)
{
	size_t at = 0;
	for (uint32_t i = 1; i < line; i++) {
		const char *nl =
			at < s->text.n ? memchr(s->text.p + at, '\n', s->text.n - at) : NULL;
		if (!nl) {
			return guild_str(NULL);
		}
		at = (size_t)(nl - s->text.p) + 1;
	}
	if (at >= s->text.n) {
		return guild_str(NULL);
	}
	const char *nl = memchr(s->text.p + at, '\n', s->text.n - at);
	return guild_str_n(s->text.p + at, nl ? (size_t)(nl - s->text.p) - at : s->text.n - at);
}

int guild_py_error_at(const struct py_source *s, uint32_t line, uint32_t column, const char *what,
	struct guild_error *err)
{
	struct guild_str text = line_text(s, line);
	size_t indent = 0;
	while (indent < text.n && (text.p[indent] == ' ' || text.p[indent] == '\t')) {
		indent++;
	}
	text.p += indent;
	text.n -= indent;
	if (text.n == 0 || text.n > ERROR_LINE_MAX) {
		return guild_error_set(err, GUILD_EINVALID, "%s:%u:%u: %s", s->path, (unsigned)line,
			(unsigned)column, what);
	}
	size_t caret = column > indent ? column - 1 - indent : 0;
	return guild_error_set(err, GUILD_EINVALID, "%s:%u:%u: %s\n    %.*s\n    %*s^", s->path,
		(unsigned)line, (unsigned)column, what, GUILD_STR_FMT(text), (int)caret, "");
}

bool guild_py_syntax_error(struct py_source *s, struct guild_error *err)
{
	TSNode node = ts_tree_root_node(s->tree);
	if (!ts_node_has_error(node)) {
		if (s->has_empty) {
			TSPoint at = ts_node_start_point(s->empty);
			guild_py_error_at(s, at.row + 1, at.column + 1,
				"expected an indented block", err);
		}
		return s->has_empty;
	}
	TSTreeCursor cursor = ts_tree_cursor_new(node);
	while (!ts_node_is_error(node) && !ts_node_is_missing(node)) {
		if (!ts_tree_cursor_goto_first_child(&cursor)) {
			break;
		}
		TSNode child = ts_tree_cursor_current_node(&cursor);
		while (!ts_node_has_error(child) && ts_tree_cursor_goto_next_sibling(&cursor)) {
			child = ts_tree_cursor_current_node(&cursor);
		}
		node = child;
	}
	/* An error node starts where recovery went back to; its last child is nearer to the trouble. */
	if (ts_node_is_error(node) && ts_node_child_count(node) > 1) {
		TSNode last = ts_node_child(node, ts_node_child_count(node) - 1);
		TSPoint end = ts_node_end_point(last);
		if (end.row == ts_node_start_point(node).row) {
			node = last;
		}
	}
	ts_tree_cursor_delete(&cursor);
	TSPoint at = ts_node_start_point(node);
	guild_py_error_at(s, at.row + 1, at.column + 1, "invalid syntax", err);
	return true;
}

bool guild_py_has_python2(struct py_source *s)
{
	static const char *const words[] = {"print", "exec"};
	bool is_possible = false;
	for (size_t w = 0; w < GUILD_ARRAY_LEN(words) && !is_possible; w++) {
		size_t n = strlen(words[w]);
		const char *p = s->text.p;
		const char *end = p + s->text.n;
		while (p && (p = memmem(p, (size_t)(end - p), words[w], n)) != NULL &&
			!is_possible) {
			p += n;
			is_possible =
				p < end && (*p == ' ' || *p == '\t' || *p == '"' || *p == '\'');
		}
	}
	if (!is_possible) {
		return false;
	}
	bool found = false;
	TSTreeCursor cursor = ts_tree_cursor_new(ts_tree_root_node(s->tree));
	for (bool more = true; more && !found;) {
		uint16_t kind = kind_of(s, ts_tree_cursor_current_node(&cursor));
		found = kind == PY_print_statement || kind == PY_exec_statement;
		more = ts_tree_cursor_goto_first_child(&cursor);
		while (!more && !ts_tree_cursor_goto_next_sibling(&cursor)) {
			if (!ts_tree_cursor_goto_parent(&cursor)) {
				break;
			}
		}
		if (!more) {
			/* Either moved to a sibling, or back at the root: the root has no kind of interest. */
			more = ts_tree_cursor_current_depth(&cursor) > 0;
		}
	}
	ts_tree_cursor_delete(&cursor);
	return found;
}

/* ---- nodes ---- */

const struct py_node *guild_py_node(const struct py_source *s, uint32_t node)
{
	return &s->nodes[node];
}

enum py_kind guild_py_kind(const struct py_source *s, uint32_t node)
{
	return node ? (enum py_kind)s->nodes[node].kind : PY_other;
}

struct guild_str guild_py_text(const struct py_source *s, uint32_t node)
{
	const struct py_node *n = &s->nodes[node];
	return node && n->end <= s->text.n ? guild_str_n(s->text.p + n->start, n->end - n->start)
					   : guild_str(NULL);
}

uint32_t guild_py_first(struct py_source *s, uint32_t node)
{
	if (!node) {
		return 0;
	}
	uint32_t first = s->nodes[node].first;
	if (first & LAZY) {
		s->nodes[node].first = 0;
		convert_children(s, node, s->lazy[first & ~LAZY]);
		first = s->nodes[node].first;
	}
	return first;
}

uint32_t guild_py_next(const struct py_source *s, uint32_t node)
{
	return node ? s->nodes[node].next : 0;
}

uint32_t guild_py_child(struct py_source *s, uint32_t node, enum py_field field)
{
	uint32_t child = guild_py_first(s, node);
	while (child && s->nodes[child].field != field) {
		child = s->nodes[child].next;
	}
	return child;
}

uint32_t guild_py_nth(struct py_source *s, uint32_t node, size_t i)
{
	uint32_t child = guild_py_first(s, node);
	for (; child; child = s->nodes[child].next) {
		if (s->nodes[child].kind == PY_token) {
			continue;
		}
		if (i == 0) {
			return child;
		}
		i--;
	}
	return 0;
}

uint32_t guild_py_unwrap(struct py_source *s, uint32_t node)
{
	while (guild_py_kind(s, node) == PY_parenthesized_expression) {
		node = guild_py_first(s, node);
	}
	return node;
}

bool guild_py_in_first_column(const struct py_source *s, uint32_t node)
{
	uint32_t start = s->nodes[node].start;
	return start == 0 || s->text.p[start - 1] == '\n';
}
