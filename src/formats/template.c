/* Text templates: blocks and what is between them. Rendered straight from the text: a block that is not taken is only looked through
 * for its end. */

#include "template.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int template_fail(struct template_state *t, uint32_t line, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return guild_error_set(t->err, GUILD_EINVALID, "%s:%u: %s", t->file, line, text);
}

/* ---- bounds ------------------------------------------------------------------------------------------------ */

enum { NUMBER_BYTES = 24, MAX_NESTING = 100 };

/* How long a value is as text, about; more than GUILD_TEMPLATE_MAX_BYTES when it is too large or too deep. Lists share what is in
 * them: [a, a] of [b, b] of [c, c] is soon endless. */
static size_t weigh(const struct guild_value *v, size_t depth)
{
	size_t n = NUMBER_BYTES;
	if (depth > MAX_NESTING) {
		return GUILD_TEMPLATE_MAX_BYTES + 1;
	}
	if (guild_value_text(v)) {
		return n + v->s.n;
	}
	bool is_list = v && v->type == GUILD_LIST;
	bool is_dict = v && v->type == GUILD_DICT;
	for (size_t i = 0; (is_list || is_dict) && i < v->n && n <= GUILD_TEMPLATE_MAX_BYTES; i++) {
		n += weigh(is_list ? v->items[i] : v->pairs[i].key, depth + 1);
		n += is_dict ? weigh(v->pairs[i].value, depth + 1) : 0;
	}
	return n;
}

static int keep_bytes(struct template_state *t, uint32_t line, size_t n)
{
	t->kept += n;
	if (n > GUILD_TEMPLATE_MAX_BYTES) {
		return guild_error_set(t->err, GUILD_ELIMIT,
			"%s:%u: a value becomes larger than %d bytes, or more than %d lists deep",
			t->file, line, GUILD_TEMPLATE_MAX_BYTES, MAX_NESTING);
	}
	if (t->kept > GUILD_TEMPLATE_MAX_KEPT) {
		return guild_error_set(t->err, GUILD_ELIMIT,
			"%s:%u: the values become larger than %d bytes", t->file, line,
			GUILD_TEMPLATE_MAX_KEPT);
	}
	return 0;
}

int template_keep(struct template_state *t, uint32_t line, const struct guild_value *v)
{
	return keep_bytes(t, line, weigh(v, 0));
}

/* ---- pieces ------------------------------------------------------------------------------------------------ */

enum piece_kind { PIECE_END, PIECE_TEXT, PIECE_OUTPUT, PIECE_TAG };
struct piece {
	enum piece_kind kind;
	struct guild_str text; /* without brackets and blanks */
	uint32_t line;
};
struct reader {
	struct guild_str text;
	size_t at;
	uint32_t line;
	bool strip_next; /* the piece before ended in '-' */
};

static const char *find(const char *p, size_t n, const char *what)
{
	return n == 0 ? NULL : memmem(p, n, what, strlen(what));
}

/* The first bracket that opens at or after `at`; the end of the text where there is none. */
static size_t next_open(const struct reader *r, size_t at)
{
	while (at + 1 < r->text.n) {
		const char *p = memchr(r->text.p + at, '{', r->text.n - at - 1);
		if (!p) {
			return r->text.n;
		}
		if (p[1] && strchr("{%#", p[1])) {
			return (size_t)(p - r->text.p);
		}
		at = (size_t)(p - r->text.p) + 1;
	}
	return r->text.n;
}

/* Where a bracket closes; quoted texts may hold the same characters. */
static size_t find_close(const struct reader *r, size_t at, const char *close)
{
	char quote = '\0';
	for (; at + 1 < r->text.n; at++) {
		char c = r->text.p[at];
		if (close[0] != '#' && quote) {
			if (c == '\\') {
				at++;
			} else if (c == quote) {
				quote = '\0';
			}
		} else if (close[0] != '#' && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == close[0] && r->text.p[at + 1] == close[1]) {
			return at;
		}
	}
	return r->text.n;
}

static struct guild_str strip_left(struct guild_str s)
{
	while (s.n > 0 && strchr(" \t\r\n", *s.p)) {
		s = guild_str_n(s.p + 1, s.n - 1);
	}
	return s;
}

static struct guild_str strip_right(struct guild_str s)
{
	while (s.n > 0 && strchr(" \t\r\n", s.p[s.n - 1])) {
		s.n--;
	}
	return s;
}

static void pass(struct reader *r, size_t to)
{
	r->line += (uint32_t)guild_count_byte(r->text.p + r->at, to - r->at, '\n');
	r->at = to;
}

static int read_bracket(struct template_state *t, struct reader *r, struct piece *out)
{
	char kind = r->text.p[r->at + 1];
	const char *close = kind == '{' ? "}}" : kind == '%' ? "%}" : "#}";
	size_t from = r->at + 2;
	size_t to = find_close(r, from, close);
	out->line = r->line;
	if (to >= r->text.n) {
		return template_fail(t, r->line, "'{%c' is not closed", kind);
	}
	struct guild_str inside = guild_str_n(r->text.p + from, to - from);
	if (inside.n > 0 && (*inside.p == '-' || *inside.p == '+')) {
		inside = guild_str_n(inside.p + 1, inside.n - 1);
	}
	r->strip_next = inside.n > 0 && inside.p[inside.n - 1] == '-';
	if (inside.n > 0 && (r->strip_next || inside.p[inside.n - 1] == '+')) {
		inside.n--;
	}
	out->kind = kind == '{' ? PIECE_OUTPUT : PIECE_TAG;
	out->text = kind == '#' ? guild_str("") : guild_str_trim(inside);
	pass(r, to + 2);
	return 0;
}

static int next_piece(struct template_state *t, struct reader *r, struct piece *out)
{
	*out = (struct piece){.line = r->line};
	if (r->at >= r->text.n) {
		return 0;
	}
	size_t open = next_open(r, r->at);
	if (open == r->at) {
		return read_bracket(t, r, out);
	}
	out->kind = PIECE_TEXT;
	out->text = guild_str_n(r->text.p + r->at, open - r->at);
	if (r->strip_next) {
		out->text = strip_left(out->text);
	}
	if (open + 2 < r->text.n && r->text.p[open + 2] == '-') {
		out->text = strip_right(out->text);
	}
	r->strip_next = false;
	pass(r, open);
	return 0;
}

/* The first word of a tag; `rest` is what follows. */
static struct guild_str tag_word(struct guild_str text, struct guild_str *rest)
{
	size_t n = 0;
	while (n < text.n && !strchr(" \t\r\n", text.p[n])) {
		n++;
	}
	*rest = guild_str_trim(guild_str_n(text.p + n, text.n - n));
	return guild_str_n(text.p, n);
}

static bool is_one_of(struct guild_str word, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		if (guild_str_eqz(word, words[i])) {
			return true;
		}
	}
	return false;
}

/* ---- rendering ----------------------------------------------------------------------------------------------- */

static int put(struct template_state *t, const char *p, size_t n)
{
	if (t->out->n + n > GUILD_TEMPLATE_MAX_BYTES) {
		return guild_error_set(t->err, GUILD_ELIMIT,
			"%s: the text becomes larger than %d bytes", t->file,
			GUILD_TEMPLATE_MAX_BYTES);
	}
	guild_buf_append(t->out, p, n);
	return 0;
}

/* Renders (or, with is_taken false, passes) up to a tag of `ends`; `end` gets it. */
static int render(struct template_state *t, struct reader *r, bool is_taken,
	const char *const *ends, struct piece *end);

static int output(struct template_state *t, const struct piece *p)
{
	const struct guild_value *v = NULL;
	struct guild_buf text = {0};
	int rc = template_eval(t, p->text, p->line, &v);
	if (rc == 0) {
		template_text(v, &text);
		rc = put(t, guild_buf_cstr(&text), text.n);
	}
	guild_buf_fini(&text);
	return rc;
}

static void set_name(struct template_state *t, struct guild_str name, const struct guild_value *v)
{
	struct template_name *n = guild_arena_alloc(t->a, sizeof(*n));
	n->name = guild_arena_strndup(t->a, name.p, name.n);
	n->value = v;
	n->next = t->names;
	t->names = n;
}

static int render_if(struct template_state *t, struct reader *r, bool is_taken,
	struct guild_str condition, uint32_t line)
{
	static const char *const ends[] = {"elif", "else", "endif", NULL};
	bool is_done = !is_taken;
	for (;;) {
		const struct guild_value *v = NULL;
		bool is_now = false;
		if (!is_done) {
			int rc = condition.p ? template_eval(t, condition, line, &v) : 0;
			if (rc != 0) {
				return rc;
			}
			is_now = is_done = !condition.p || guild_value_truthy(v);
		}
		struct piece end;
		struct guild_str rest;
		int rc = render(t, r, is_now, ends, &end);
		if (rc != 0) {
			return rc;
		}
		struct guild_str word = tag_word(end.text, &rest);
		if (guild_str_eqz(word, "endif")) {
			return 0;
		}
		condition = guild_str_eqz(word, "elif") ? rest : (struct guild_str){0};
		line = end.line;
	}
}

static const struct guild_value *loop_value(struct template_state *t, size_t i, size_t n)
{
	struct guild_value *v = guild_value_dict(t->a);
	guild_value_set(t->a, v, "index", guild_value_int(t->a, (int64_t)i + 1));
	guild_value_set(t->a, v, "index0", guild_value_int(t->a, (int64_t)i));
	guild_value_set(t->a, v, "first", guild_value_bool(t->a, i == 0));
	guild_value_set(t->a, v, "last", guild_value_bool(t->a, i + 1 == n));
	guild_value_set(t->a, v, "length", guild_value_int(t->a, (int64_t)n));
	return v;
}

static size_t count_items(const struct guild_value *v)
{
	return v && (v->type == GUILD_LIST || v->type == GUILD_DICT) ? v->n : 0;
}

/* `names` is "a" or "a, b": the second takes the second item of each pair. */
static void set_loop_names(struct template_state *t, struct guild_str names,
	const struct guild_value *item)
{
	const char *comma = memchr(names.p, ',', names.n);
	if (!comma) {
		set_name(t, names, item);
		return;
	}
	size_t n = (size_t)(comma - names.p);
	bool is_pair = item && item->type == GUILD_LIST && item->n >= 2;
	set_name(t, guild_str_trim(guild_str_n(names.p, n)), is_pair ? item->items[0] : NULL);
	set_name(t, guild_str_trim(guild_str_n(comma + 1, names.n - n - 1)),
		is_pair ? item->items[1] : NULL);
}

static int render_for(struct template_state *t, struct reader *r, bool is_taken,
	struct guild_str spec, uint32_t line)
{
	static const char *const ends[] = {"else", "endfor", NULL};
	static const char *const last[] = {"endfor", NULL};
	const char *in = find(spec.p, spec.n, " in ");
	const struct guild_value *list = NULL;
	struct template_name *before = t->names;
	struct guild_arena *outer = t->a;
	struct piece end;
	if (!in) {
		return template_fail(t, line, "expected 'for NAME in LIST'");
	}
	size_t n_names = (size_t)(in - spec.p);
	struct guild_str names = guild_str_trim(guild_str_n(spec.p, n_names));
	struct guild_str what = guild_str_n(in + 4, spec.n - n_names - 4);
	int rc = is_taken ? template_eval(t, what, line, &list) : 0;
	size_t n = count_items(list);
	const struct reader start = *r;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (++t->turns > GUILD_TEMPLATE_MAX_TURNS) {
			return guild_error_set(t->err, GUILD_ELIMIT,
				"%s:%u: more than %d turns of loops", t->file, line,
				GUILD_TEMPLATE_MAX_TURNS);
		}
		*r = start;
		size_t kept = t->kept;
		t->a = guild_arena_new(); /* no name of a turn outlives it */
		set_name(t, guild_str("loop"), loop_value(t, i, n));
		set_loop_names(t, names,
			list->type == GUILD_LIST ? list->items[i] : list->pairs[i].key);
		rc = render(t, r, true, ends, &end);
		guild_arena_free(t->a);
		t->a = outer;
		t->names = before;
		t->kept = kept;
	}
	if (n == 0 && rc == 0) {
		rc = render(t, r, false, ends, &end);
	}
	if (rc == 0 && guild_str_eqz(end.text, "else")) {
		rc = render(t, r, is_taken && n == 0, last, &end);
	}
	return rc;
}

static int render_set(struct template_state *t, struct guild_str spec, uint32_t line)
{
	const char *is = memchr(spec.p, '=', spec.n);
	const struct guild_value *v = NULL;
	if (!is) {
		return template_fail(t, line, "expected 'set NAME = VALUE'");
	}
	size_t n = (size_t)(is - spec.p);
	int rc = template_eval(t, guild_str_n(is + 1, spec.n - n - 1), line, &v);
	if (rc == 0) {
		set_name(t, guild_str_trim(guild_str_n(spec.p, n)), v);
	}
	return rc;
}

static int render_text(struct template_state *t, struct guild_str text, const char *name);

static int render_include(struct template_state *t, struct guild_str spec, uint32_t line)
{
	const struct guild_value *v = NULL;
	struct guild_str text = {0};
	int rc = template_eval(t, spec, line, &v);
	const char *name = guild_value_text(v);
	if (rc == 0 && !name) {
		rc = template_fail(t, line, "expected 'include \"FILE\"'");
	}
	if (rc == 0 &&
		(!t->env->load || t->env->load(t->env->arg, name, t->a, &text, t->err) != 0)) {
		rc = template_fail(t, line, "cannot include '%s'", name);
	}
	rc = rc ? rc : keep_bytes(t, line, text.n);
	return rc ? rc : render_text(t, text, name);
}

static int render_raw(struct template_state *t, struct reader *r, bool is_taken, uint32_t line)
{
	for (size_t at = r->at;; at++) {
		const char *p = find(r->text.p + at, r->text.n - at, "{%");
		if (!p) {
			return template_fail(t, line, "'raw' has no 'endraw'");
		}
		struct reader there = *r;
		struct piece tag;
		at = (size_t)(p - r->text.p);
		pass(&there, at);
		if (read_bracket(t, &there, &tag) == 0 && guild_str_eqz(tag.text, "endraw")) {
			int rc = is_taken ? put(t, r->text.p + r->at, at - r->at) : 0;
			*r = there;
			return rc;
		}
	}
}

static int render_tag(struct template_state *t, struct reader *r, bool is_taken,
	const struct piece *p)
{
	struct guild_str rest;
	struct guild_str word = tag_word(p->text, &rest);
	if (word.n == 0) {
		return 0; /* a comment */
	}
	if (guild_str_eqz(word, "if")) {
		return render_if(t, r, is_taken, rest, p->line);
	}
	if (guild_str_eqz(word, "for")) {
		return render_for(t, r, is_taken, rest, p->line);
	}
	if (guild_str_eqz(word, "raw")) {
		return render_raw(t, r, is_taken, p->line);
	}
	if (guild_str_eqz(word, "set")) {
		return is_taken ? render_set(t, rest, p->line) : 0;
	}
	if (guild_str_eqz(word, "include")) {
		return is_taken ? render_include(t, rest, p->line) : 0;
	}
	return template_fail(t, p->line, "tag '%.*s' is not known here", GUILD_STR_FMT(word));
}

static int render(struct template_state *t, struct reader *r, bool is_taken,
	const char *const *ends, struct piece *end)
{
	uint32_t line = r->line;
	if (++t->depth > GUILD_TEMPLATE_MAX_DEPTH) {
		t->depth--;
		return guild_error_set(t->err, GUILD_ELIMIT, "%s:%u: more than %d blocks deep",
			t->file, line, GUILD_TEMPLATE_MAX_DEPTH);
	}
	int rc = 0;
	while (rc == 0) {
		struct piece p;
		struct guild_str rest;
		rc = next_piece(t, r, &p);
		if (rc == 0 && p.kind == PIECE_END) {
			*end = p;
			rc = ends ? template_fail(t, line, "a block has no '%s'", ends[0]) : 0;
			break;
		}
		if (rc == 0 && p.kind == PIECE_TAG && ends &&
			is_one_of(tag_word(p.text, &rest), ends)) {
			*end = p;
			break;
		}
		if (rc == 0 && p.kind == PIECE_TAG) {
			rc = render_tag(t, r, is_taken, &p);
		} else if (rc == 0 && is_taken) {
			rc = p.kind == PIECE_OUTPUT ? output(t, &p) : put(t, p.text.p, p.text.n);
		}
	}
	t->depth--;
	return rc;
}

static int render_text(struct template_state *t, struct guild_str text, const char *name)
{
	const char *outer = t->file;
	struct piece end;
	if (text.n > 0 && text.p[text.n - 1] == '\n') {
		text.n--;
	}
	struct reader r = {.text = text, .line = 1};
	t->file = name;
	int rc = render(t, &r, true, NULL, &end);
	t->file = outer;
	return rc;
}

int guild_template_render(struct guild_arena *a, struct guild_str text, const char *name,
	const struct guild_value *vars, const struct guild_template_env *env, struct guild_buf *out,
	struct guild_error *err)
{
	static const struct guild_template_env nothing;
	struct template_state t = {
		.a = a, .vars = vars, .env = env ? env : &nothing, .out = out, .err = err};
	return render_text(&t, text, name);
}
