/* Parameters of functions and fields of records: names, annotations, defaults. */

#include <string.h>

#include "detect_private.h"

/* ---- annotations ---- */

/* An annotation written as text ("int", or any under `from __future__ import annotations` of some styles). */
static struct pv *eval_text(struct py *py, struct guild_str text)
{
	struct py_source *src = NULL;
	if (py->n_mini >= PY_MODULES_LIMIT * 4 ||
		guild_py_source_parse("annotation", text.p, text.n, &src, NULL) != 0) {
		return py->unknown;
	}
	py->mini = guild_grow_array(py->mini, &py->cap_mini, py->n_mini + 1,
		sizeof(struct py_source *));
	py->mini[py->n_mini++] = src;
	struct py_source *outer = py->frame->src;
	py->frame->src = src;
	uint32_t statement = guild_py_first(src, PY_ROOT);
	struct pv *v = guild_py_eval(py, guild_py_first(src, statement));
	py->frame->src = outer;
	return v;
}

static bool is_in(const struct pv *v, const char *const *names, size_t n)
{
	if (v->kind != PV_SYMBOL) {
		return false;
	}
	const char *dot = v->s.n > 0 ? memrchr(v->s.p, '.', v->s.n) : NULL;
	struct guild_str last =
		dot ? guild_str_n(dot + 1, v->s.n - (size_t)(dot + 1 - v->s.p)) : v->s;
	for (size_t i = 0; i < n; i++) {
		if (guild_str_eqz(last, names[i])) {
			return true;
		}
	}
	return false;
}

static void read_union(struct py *py, struct pv *v, struct py_annotation *out)
{
	size_t n_others = 0;
	struct pv *other = NULL;
	for (size_t i = 0; i < v->n; i++) {
		if (v->items[i]->kind == PV_NONE) {
			out->is_optional = true;
		} else {
			other = v->items[i];
			n_others++;
		}
	}
	if (n_others == 1) {
		guild_py_read_annotation(py, other, out);
	} else {
		out->is_union = true;
	}
}

static void read_generic(struct py *py, struct pv *v, struct py_annotation *out)
{
	static const char *const optionals[] = {"Optional"};
	static const char *const unions[] = {"Union"};
	static const char *const literals[] = {"Literal"};
	static const char *const annotated[] = {"Annotated"};
	static const char *const lists[] = {"List", "list", "Sequence", "Iterable", "Collection",
		"Set", "set", "FrozenSet", "MutableSequence"};
	static const char *const tuples[] = {"Tuple", "tuple"};
	static const char *const dicts[] = {"Dict", "dict", "Mapping", "MutableMapping"};
	static const char *const transparent[] = {
		"ClassVar", "Final", "InitVar", "Positional", "Suppress", "Fixed"};
	struct pv *of = v->target;
	if (is_in(of, optionals, GUILD_ARRAY_LEN(optionals))) {
		out->is_optional = true;
		if (v->n > 0) {
			guild_py_read_annotation(py, v->items[0], out);
		}
	} else if (is_in(of, unions, GUILD_ARRAY_LEN(unions))) {
		read_union(py, v, out);
	} else if (is_in(of, literals, GUILD_ARRAY_LEN(literals))) {
		struct pv *list = guild_py_new(py, PV_LIST);
		for (size_t i = 0; i < v->n; i++) {
			guild_py_append(py, list, v->items[i]);
		}
		out->choices = list;
	} else if (is_in(of, annotated, GUILD_ARRAY_LEN(annotated)) && v->n > 0) {
		guild_py_read_annotation(py, v->items[0], out);
		out->notes = v->items + 1;
		out->n_notes = v->n - 1;
	} else if (is_in(of, lists, GUILD_ARRAY_LEN(lists))) {
		if (v->n > 0) {
			guild_py_read_annotation(py, v->items[0], out);
		}
		out->is_list = true;
	} else if (is_in(of, tuples, GUILD_ARRAY_LEN(tuples))) {
		if (v->n > 0) {
			guild_py_read_annotation(py, v->items[0], out);
		}
		out->is_tuple = true;
		out->n_tuple = v->n > 1 && v->items[1]->kind != PV_ELLIPSIS ? v->n : 0;
	} else if (is_in(of, dicts, GUILD_ARRAY_LEN(dicts))) {
		out->is_dict = true;
	} else if (is_in(of, transparent, GUILD_ARRAY_LEN(transparent)) && v->n > 0) {
		guild_py_read_annotation(py, v->items[0], out);
		out->name = of->s;
	} else {
		guild_py_read_annotation(py, of, out);
	}
}

void guild_py_read_annotation(struct py *py, struct pv *v, struct py_annotation *out)
{
	static const struct {
		const char *symbol, *type;
	} types[] = {
		{"builtins.str", "string"},
		{"builtins.int", "int"},
		{"builtins.float", "float"},
		{"builtins.bool", "boolean"},
	};
	static const char *const lists[] = {"List", "list", "Sequence"};
	static const char *const dicts[] = {"Dict", "dict", "Mapping"};
	if (++py->steps > PY_STEP_LIMIT || py->depth > PY_DEPTH_LIMIT) {
		return;
	}
	py->depth++;
	switch (v->kind) {
	case PV_STR:
		guild_py_read_annotation(py, eval_text(py, v->s), out);
		break;
	case PV_GENERIC:
		read_generic(py, v, out);
		break;
	case PV_CLASS:
		if (guild_py_is_enum(v)) {
			out->enumeration = v;
			struct pv **items;
			size_t n;
			if (guild_py_iterate(py, v, &items, &n)) {
				out->choices = guild_py_new(py, PV_LIST);
				for (size_t i = 0; i < n; i++) {
					guild_py_append(py, out->choices, items[i]);
				}
			}
		} else if (guild_py_is_record(v)) {
			out->record = v;
		} else {
			out->outside = v;
		}
		break;
	case PV_SYMBOL:
		for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
			if (guild_str_eqz(v->s, types[i].symbol)) {
				out->type = types[i].type;
			}
		}
		if (!out->type) {
			out->is_list = is_in(v, lists, GUILD_ARRAY_LEN(lists));
			out->is_dict = is_in(v, dicts, GUILD_ARRAY_LEN(dicts));
			out->name = v->s;
			out->outside = out->is_list || out->is_dict ? NULL : v;
		}
		break;
	default:
		break;
	}
	py->depth--;
}

/* ---- parameters ---- */

static void enter(struct py *py, struct py_frame *frame, struct pv *owner, struct py_scope *scope)
{
	*frame = (struct py_frame){
		.up = py->frame,
		.module = owner->module,
		.src = owner->src,
		.scope = scope,
		.uncertain_at = py->uncertain,
	};
	py->frame = frame;
}

static void read_parameter(struct py *py, uint32_t node, struct py_param *out)
{
	struct py_source *src = py->frame->src;
	enum py_kind kind = guild_py_kind(src, node);
	uint32_t name = node;
	uint32_t type = 0;
	uint32_t value = 0;
	if (kind == PY_typed_parameter) {
		name = guild_py_first(src, node);
		type = guild_py_child(src, node, PYF_type);
	} else if (kind == PY_default_parameter || kind == PY_typed_default_parameter) {
		name = guild_py_child(src, node, PYF_name);
		type = guild_py_child(src, node, PYF_type);
		value = guild_py_child(src, node, PYF_value);
	}
	kind = guild_py_kind(src, name);
	out->is_star = kind == PY_list_splat_pattern || kind == PY_dictionary_splat_pattern;
	out->name = guild_py_text(src, name);
	out->def = value ? guild_py_eval(py, value) : NULL;
	if (type) {
		out->has_annotation = true;
		guild_py_read_annotation(py, guild_py_eval(py, type), &out->annotation);
	}
}

struct py_param *guild_py_parameters(struct py *py, struct pv *function, bool is_method, size_t *n)
{
	struct py_source *src = function->src;
	uint32_t parameters = guild_py_child(src, function->node, PYF_parameters);
	size_t count = 0;
	for (uint32_t c = guild_py_first(src, parameters); c; c = guild_py_next(src, c)) {
		count++;
	}
	struct py_param *out = guild_arena_alloc(py->arena, (count + 1) * sizeof *out);
	struct py_frame frame;
	enter(py, &frame, function, function->scope);
	bool has_stopped = py->has_stopped;
	py->has_stopped = false;
	bool skip = is_method;
	bool after_star = false;
	*n = 0;
	for (uint32_t c = guild_py_first(src, parameters); c; c = guild_py_next(src, c)) {
		enum py_kind kind = guild_py_kind(src, c);
		if (kind == PY_keyword_separator) {
			after_star = true;
			continue;
		}
		if (kind == PY_positional_separator) {
			continue;
		}
		if (skip) {
			skip = false;
			continue;
		}
		struct py_param *p = &out[(*n)++];
		read_parameter(py, c, p);
		p->is_keyword_only = after_star;
		after_star |= p->is_star;
	}
	py->has_stopped = has_stopped;
	py->frame = frame.up;
	return out;
}

/* ---- records ---- */

bool guild_py_is_record(const struct pv *v)
{
	static const char *const bases[] = {
		"typing.NamedTuple", "pydantic.BaseModel", "pydantic.v1.BaseModel"};
	if (!v || v->kind != PV_CLASS) {
		return false;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(bases); i++) {
		if (guild_py_is_subclass(v, bases[i])) {
			return true;
		}
	}
	return v->decorator != NULL;
}

struct pv *guild_py_field_note(struct pv *value, const char *name)
{
	if (!value || value->kind != PV_FIELD) {
		return NULL;
	}
	struct pv *direct = guild_py_kw(value->call, name);
	struct pv *metadata = guild_py_kw(value->call, "metadata");
	if (!direct && metadata && metadata->kind == PV_DICT) {
		direct = guild_py_dict_getz(metadata, name);
	}
	return direct;
}

struct pv *guild_py_field_default(struct py *py, struct pv *value)
{
	if (!value || value->kind != PV_FIELD) {
		return value;
	}
	struct pv *def = guild_py_kw(value->call, "default");
	def = def ? def : guild_py_kw(value->call, "factory_default");
	if (!def && value->call->n_pos > 0) {
		def = value->call->pos[0];
	}
	if (def && def->kind != PV_ELLIPSIS) {
		return def;
	}
	struct pv *factory = guild_py_kw(value->call, "default_factory");
	factory = factory ? factory : guild_py_kw(value->call, "factory");
	if (!factory) {
		return NULL;
	}
	struct py_call call = {.src = value->call->src, .node = value->call->node};
	bool has_stopped = py->has_stopped;
	py->has_stopped = false;
	struct pv *made = guild_py_invoke(py, factory, &call);
	py->has_stopped = has_stopped;
	return made;
}

static struct guild_str rest_of_line(struct guild_str text, size_t at)
{
	size_t end = at;
	while (end < text.n && text.p[end] != '\n') {
		end++;
	}
	return guild_str_n(text.p + at, end - at);
}

/* What documents a field: the text literal after it, else a comment on its line, else comments above it. */
static const char *field_doc(struct py *py, struct py_source *src, uint32_t statement)
{
	struct guild_str text = guild_py_source_text(src);
	const struct py_node *node = guild_py_node(src, statement);
	struct guild_str rest = rest_of_line(text, node->end);
	size_t next = node->end + rest.n;
	struct guild_str after = guild_str_trim(guild_str_n(text.p + next, text.n - next));
	if (guild_str_starts(after, "\"\"\"") || guild_str_starts(after, "'''")) {
		char quote[4] = {after.p[0], after.p[0], after.p[0], '\0'};
		const char *end = memmem(after.p + 3, after.n - 3, quote, 3);
		if (end) {
			struct guild_str doc = guild_str_trim(guild_str_n(after.p + 3,
				(size_t)(end - after.p) - 3));
			return guild_arena_strndup(py->arena, doc.p, doc.n);
		}
	}
	const char *hash = rest.n > 0 ? memchr(rest.p, '#', rest.n) : NULL;
	if (hash) {
		struct guild_str doc =
			guild_str_trim(guild_str_n(hash + 1, rest.n - (size_t)(hash + 1 - rest.p)));
		return guild_arena_strndup(py->arena, doc.p, doc.n);
	}
	size_t start = node->start;
	while (start > 0 && text.p[start - 1] != '\n') {
		start--;
	}
	struct guild_buf doc = {0};
	size_t lines_start = start;
	while (lines_start > 0) {
		size_t above = lines_start - 1;
		while (above > 0 && text.p[above - 1] != '\n') {
			above--;
		}
		struct guild_str line =
			guild_str_trim(guild_str_n(text.p + above, lines_start - 1 - above));
		if (!guild_str_starts(line, "#")) {
			break;
		}
		lines_start = above;
	}
	while (lines_start < start) {
		struct guild_str line = rest_of_line(text, lines_start);
		lines_start += line.n + 1;
		line = guild_str_trim(line);
		line = guild_str_trim(guild_str_n(line.p + 1, line.n - 1));
		guild_buf_puts(&doc, doc.n > 0 ? "\n" : "");
		guild_buf_append(&doc, line.p, line.n);
	}
	const char *out = doc.n > 0 ? guild_arena_strdup(py->arena, guild_buf_cstr(&doc)) : NULL;
	guild_buf_fini(&doc);
	return out;
}

static void add_fields(struct py *py, struct pv *cls, struct py_param *out, size_t *n, size_t max,
	bool *is_complete)
{
	if (cls->activations > 0) {
		return;
	}
	cls->activations++;
	for (size_t i = 0; i < cls->n; i++) {
		struct pv *base = cls->items[i];
		bool is_plain =
			base->kind == PV_SYMBOL && (guild_str_starts(base->s, "builtins.") ||
							   guild_str_starts(base->s, "typing.") ||
							   guild_str_starts(base->s, "abc.") ||
							   guild_str_starts(base->s, "pydantic."));
		if (base->kind == PV_CLASS) {
			add_fields(py, base, out, n, max, is_complete);
		} else if (base->kind != PV_GENERIC && !is_plain) {
			*is_complete = false;
		}
	}
	struct py_frame frame;
	enter(py, &frame, cls, cls->attrs);
	for (size_t i = 0; i < cls->n_fields; i++) {
		const struct py_class_field *field = &cls->fields[i];
		size_t at = 0;
		while (at < *n && !guild_str_eq(out[at].name, field->name)) {
			at++;
		}
		if (at == *n) {
			if (*n >= max) {
				continue;
			}
			(*n)++;
		}
		out[at] = (struct py_param){
			.name = field->name, .def = field->value, .has_annotation = true};
		guild_py_read_annotation(py, guild_py_eval(py, field->annotation),
			&out[at].annotation);
		out[at].doc = field_doc(py, cls->src, field->statement);
	}
	py->frame = frame.up;
	cls->activations--;
}

static size_t count_fields(const struct pv *cls, unsigned depth)
{
	size_t n = cls->n_fields;
	for (size_t i = 0; i < cls->n && depth < 50; i++) {
		if (cls->items[i]->kind == PV_CLASS && cls->items[i] != cls) {
			n += count_fields(cls->items[i], depth + 1);
		}
	}
	return n;
}

struct py_param *guild_py_fields(struct py *py, struct pv *cls, size_t *n, bool *is_complete)
{
	size_t max = count_fields(cls, 0);
	struct py_param *out = guild_arena_alloc(py->arena, (max + 1) * sizeof *out);
	bool has_stopped = py->has_stopped;
	py->has_stopped = false;
	*n = 0;
	*is_complete = true;
	add_fields(py, cls, out, n, max, is_complete);
	py->has_stopped = has_stopped;
	return out;
}
