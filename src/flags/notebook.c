/* Notebooks: flags from their code cells, and cells with the values of a run (flags.md 10). */

#include "notebook.h"

#include <stdlib.h>
#include <string.h>

#include "code_flags.h"

/* ---- the language of the cells -------------------------------------------------------------------------- */

enum language { LANGUAGE_OTHER, LANGUAGE_PYTHON, LANGUAGE_R };

static enum language language_of(const struct notebook *nb)
{
	struct guild_str name = guild_str(nb->language);
	return guild_contains_nocase(name, guild_str("python"))       ? LANGUAGE_PYTHON
	       : guild_str_eqz(name, "R") || guild_str_eqz(name, "r") ? LANGUAGE_R
								      : LANGUAGE_OTHER;
}

static int cell_flags(enum language language, struct guild_arena *a, struct guild_str source,
	const char *name, struct code_flags *out, struct guild_error *err)
{
	return language == LANGUAGE_PYTHON ? guild_python_code_flags(a, source, name, out, err)
	       : language == LANGUAGE_R    ? guild_r_code_flags(a, source, name, out, err)
					   : 0;
}

static char *cell_name(const char *name, size_t i)
{
	return guild_format("%s: cell %zu", name, i + 1);
}

/* ---- patterns -------------------------------------------------------------------------------------------------- */

enum { GROUPS_MAX = 100 };

typedef void match_fn(void *arg, const struct guild_span *groups, size_t n);

/* Calls `found` for the first match of one pattern. */
static void search_for(guild_search_fn *search, const struct guild_value *pattern, const char *flag,
	struct guild_str text, match_fn *found, void *arg, const struct guild_log *log)
{
	const char *p = guild_value_text(pattern);
	struct guild_error err = {0};
	struct guild_span groups[GROUPS_MAX];
	if (!p || !search) {
		return;
	}
	char *multiline = guild_format("(?m)%s", p);
	int n = search(multiline, text, groups, GROUPS_MAX, &err);
	if (n < 0) {
		guild_log(log, "warning", "nb-replace of flag '%s' is no pattern: %s", flag,
			err.text);
	} else if (n > 0) {
		found(arg, groups, (size_t)n < GROUPS_MAX ? (size_t)n : GROUPS_MAX);
	}
	free(multiline);
}

/* ---- import ---------------------------------------------------------------------------------------------------------- */

struct pattern_import {
	struct guild_arena *a;
	struct guild_str text;
	const char *flag;
	struct guild_value *value;
	const struct guild_log *log;
};

static void take_value(void *arg, const struct guild_span *groups, size_t n)
{
	struct pattern_import *p = arg;
	struct guild_span at = groups[n > 1 && groups[1].from != SIZE_MAX ? 1 : 0];
	struct guild_str found = guild_str_n(p->text.p + at.from, at.to - at.from);
	p->value = guild_python_literal_value(p->a, found);
	if (!p->value) {
		guild_log(p->log, "warning",
			"nb-replace of flag '%s' finds no literal value but '%.*s'", p->flag,
			GUILD_STR_FMT(found));
	}
}

/* The first match of a flag's patterns in the notebook is its default. */
static void import_pattern(struct guild_arena *a, const struct notebook *nb,
	const struct guild_flag_def *def, guild_search_fn *search, struct guild_flag_defs *out,
	const struct guild_log *log)
{
	const struct guild_value *v = def->nb_replace;
	size_t n = v->type == GUILD_LIST ? v->n : 1;
	struct pattern_import p = {.a = a, .flag = def->name, .log = log};
	for (size_t i = 0; i < nb->n && !p.value; i++) {
		struct guild_buf source = {0};
		if (nb->cells[i].is_code) {
			guild_notebook_cell_source(&nb->cells[i], &source);
		}
		p.text = guild_buf_str(&source);
		for (size_t k = 0; k < n && source.n > 0 && !p.value; k++) {
			search_for(search, v->type == GUILD_LIST ? v->items[k] : v, def->name,
				p.text, take_value, &p, log);
		}
		guild_buf_fini(&source);
	}
	if (p.value) {
		struct code_flag f = {
			.name = def->name, .value = p.value, .type = guild_python_type(p.value)};
		guild_code_flag_define(a, &f, out);
	}
}

int guild_notebook_flags(struct guild_arena *a, struct guild_str file, const char *name,
	const struct guild_flag_defs *defs, guild_search_fn *search, struct guild_flag_defs *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct notebook nb;
	int rc = guild_notebook_parse(file, name, &nb, err);
	if (rc != 0) {
		return rc;
	}
	enum language language = language_of(&nb);
	for (size_t i = 0; i < nb.n; i++) {
		struct guild_buf source = {0};
		struct code_flags found = {0};
		struct guild_error why = {0};
		char *cell = cell_name(name, i);
		if (nb.cells[i].is_code) {
			guild_notebook_cell_source(&nb.cells[i], &source);
		}
		if (cell_flags(language, a, guild_buf_str(&source), cell, &found, &why) != 0) {
			guild_log(log, "warning", "no flags are taken from a cell: %s", why.text);
		}
		for (size_t k = 0; k < found.n; k++) {
			/* In R the first assignment is the flag, in Python the last. */
			if (language != LANGUAGE_R || !guild_flag_defs_get(out, found.v[k].name)) {
				guild_code_flag_define(a, &found.v[k], out);
			}
		}
		guild_code_flags_fini(&found);
		guild_buf_fini(&source);
		free(cell);
	}
	for (size_t i = 0; defs && i < defs->n; i++) {
		if (!guild_value_is_null(defs->v[i].nb_replace)) {
			import_pattern(a, &nb, &defs->v[i], search, out, log);
		}
	}
	guild_notebook_fini(&nb);
	return 0;
}

/* ---- setting --------------------------------------------------------------------------------------------------------- */

struct setting {
	struct guild_arena *a;
	enum language language;
	const struct guild_notebook_values *values;
	const struct guild_log *log;
	struct guild_map used; /* flags that some cell holds */
	struct notebook_cell *cell;
	const char *name; /* of the cell */
};

static void put_literal(const struct setting *s, struct guild_buf *out, const struct guild_value *v,
	const struct code_flag *at, struct guild_str old)
{
	if (s->language == LANGUAGE_R) {
		guild_r_put_literal(out, v, at, old);
	} else {
		guild_python_put_literal(out, v);
	}
}

/* The value a cell gets, or NULL: a null flag changes nothing. */
static const struct guild_value *value_of(const struct setting *s, const char *name)
{
	const struct guild_value *v = guild_value_get(s->values->flags, name);
	return guild_value_is_null(v) ? NULL
				      : guild_code_flag_value(s->a, v,
						guild_value_get(s->values->cmd_flags, name));
}

struct pattern_edit {
	struct setting *s;
	const char *flag;
	const struct guild_value *value;
};

/* Every group, or the whole match, from the last to the first so that places stay right. */
static void replace_match(void *arg, const struct guild_span *groups, size_t n)
{
	struct pattern_edit *e = arg;
	struct guild_buf text = {0};
	struct code_flag at = {0};
	put_literal(e->s, &text, e->value, &at, (struct guild_str){0});
	size_t before = SIZE_MAX;
	for (size_t i = n; i-- > (n > 1 ? 1 : 0);) {
		/* Groups may lie in one another: then the inner one, met first, has changed the outer. */
		if (groups[i].from == SIZE_MAX || groups[i].to > before) {
			continue;
		}
		before = groups[i].from;
		guild_notebook_cell_edit(e->s->cell, groups[i].from, groups[i].to,
			guild_buf_str(&text));
	}
	guild_map_put(&e->s->used, e->flag, e->s);
	guild_buf_fini(&text);
}

static void set_patterns(struct setting *s)
{
	const struct guild_value *patterns = s->values->patterns;
	for (size_t i = 0; patterns && patterns->type == GUILD_DICT && i < patterns->n; i++) {
		const char *name = guild_value_text(patterns->pairs[i].key);
		const struct guild_value *v = name ? value_of(s, name) : NULL;
		const struct guild_value *p = patterns->pairs[i].value;
		size_t n = p->type == GUILD_LIST ? p->n : 1;
		for (size_t k = 0; v && k < n; k++) {
			struct guild_buf source = {0};
			struct pattern_edit edit = {s, name, v};
			guild_notebook_cell_source(s->cell, &source);
			search_for(s->values->search, p->type == GUILD_LIST ? p->items[k] : p, name,
				guild_buf_str(&source), replace_match, &edit, s->log);
			guild_buf_fini(&source);
		}
	}
}

/* R code has its first assignment replaced only: later ones are meant. */
static bool is_set_already(const struct setting *s, const char *name)
{
	return s->language == LANGUAGE_R && guild_map_has(&s->used, name);
}

static void set_assignments(struct setting *s)
{
	struct guild_buf source = {0};
	struct code_flags found = {0};
	struct guild_error err = {0};
	guild_notebook_cell_source(s->cell, &source);
	if (cell_flags(s->language, s->a, guild_buf_str(&source), s->name, &found, &err) != 0) {
		guild_log(s->log, "warning", "no flags are set in a cell: %s", err.text);
	}
	for (size_t i = found.n; i-- > 0;) {
		const struct code_flag *f = &found.v[i];
		const struct guild_value *v = value_of(s, f->name);
		struct guild_buf text = {0};
		if (!v || is_set_already(s, f->name) || guild_code_flag_says(f, v)) {
			continue;
		}
		struct guild_str old = guild_str_n(source.p + f->from, f->to - f->from);
		put_literal(s, &text, v, f, old);
		guild_notebook_cell_edit(s->cell, f->from, f->to, guild_buf_str(&text));
		guild_buf_fini(&text);
	}
	for (size_t i = 0; i < found.n; i++) {
		guild_map_put(&s->used, found.v[i].name, s);
	}
	guild_code_flags_fini(&found);
	guild_buf_fini(&source);
}

/* A value that nothing in the notebook takes may be meant for its environment, or be an error of the user's. */
static void note_unused(const struct setting *s, const char *name)
{
	for (size_t i = 0; s->values->flags && i < s->values->flags->n; i++) {
		const char *flag = guild_value_text(s->values->flags->pairs[i].key);
		if (flag && value_of(s, flag) && !guild_map_has(&s->used, flag)) {
			guild_log(s->log, "note", "no cell of %s assigns or matches flag '%s'",
				name, flag);
		}
	}
}

int guild_notebook_set_flags(struct guild_str file, const char *name,
	const struct guild_notebook_values *values, struct guild_buf *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct notebook nb;
	int rc = guild_notebook_parse(file, name, &nb, err);
	if (rc != 0) {
		return rc;
	}
	struct setting s = {
		.a = guild_arena_new(), .language = language_of(&nb), .values = values, .log = log};
	for (size_t i = 0; i < nb.n; i++) {
		char *cell = cell_name(name, i);
		s.cell = &nb.cells[i];
		s.name = cell;
		if (s.cell->is_code && s.cell->n > 0) {
			set_patterns(&s);
			set_assignments(&s);
		}
		free(cell);
	}
	note_unused(&s, name);
	guild_notebook_print(&nb, out);
	guild_map_fini(&s.used);
	guild_arena_free(s.a);
	guild_notebook_fini(&nb);
	return 0;
}
