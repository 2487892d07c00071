/* Tables with a header, and boxes of names and values. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"

enum { COLUMNS_MAX = 60, HEADER_CELL_MAX = 40 };

struct column {
	char *key;
	int step_rank;
	bool is_denied;
};

struct table {
	struct column columns[COLUMNS_MAX];
	size_t n; /* 0: no table */
	double last_step;
	bool has_labels; /* the first column names the rows */
	/* A box that is being read. */
	bool in_box;
	struct guild_buf section;
	struct found box;
	struct step_choice box_step;
	bool box_has_metric;
};

struct cells {
	struct guild_str v[COLUMNS_MAX];
	size_t n;
};

struct table *guild_table_new(void)
{
	struct table *t = guild_alloc(sizeof(*t));
	guild_found_reset(&t->box);
	return t;
}

static void close_table(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->columns[i].key);
	}
	t->n = 0;
}

void guild_table_free(struct table *t)
{
	if (t) {
		close_table(t);
		guild_found_fini(&t->box);
		guild_buf_fini(&t->section);
		free(t);
	}
}

bool guild_table_is_open(const struct table *t)
{
	return t->n > 0;
}

bool guild_table_in_box(const struct table *t)
{
	return t->in_box;
}

/* ---- cells ----------------------------------------------------------------------------------------- */

/* A line between cells: '|' or a vertical of a box (U+2502, U+2503, U+2551). Its length, or 0. */
static size_t bar_at(struct guild_str s, size_t i)
{
	uint32_t cp;
	if (s.p[i] == '|') {
		return 1;
	}
	if ((unsigned char)s.p[i] != 0xe2 || guild_utf8_decode(s.p + i, s.n - i, &cp) != 3) {
		return 0;
	}
	return cp == 0x2502 || cp == 0x2503 || cp == 0x2551 ? 3 : 0;
}

static void add_cell(struct cells *c, struct guild_str text)
{
	if (c->n < COLUMNS_MAX) {
		c->v[c->n++] = guild_str_trim(text);
	}
}

/* Cells between bars; false when there are none. */
static bool split_bars(struct guild_str line, struct cells *c)
{
	size_t start = 0;
	bool has_bar = false;
	for (size_t i = 0; i < line.n;) {
		size_t bar = bar_at(line, i);
		if (bar == 0) {
			i++;
			continue;
		}
		if (has_bar || guild_str_trim((struct guild_str){line.p, i}).n > 0) {
			add_cell(c, (struct guild_str){line.p + start, i - start});
		}
		has_bar = true;
		i += bar;
		start = i;
	}
	if (has_bar && guild_str_trim((struct guild_str){line.p + start, line.n - start}).n > 0) {
		add_cell(c, (struct guild_str){line.p + start, line.n - start});
	}
	return has_bar;
}

/* Cells between runs of blanks, or tabs. */
static void split_blanks(struct guild_str line, struct cells *c)
{
	size_t start = 0;
	size_t i = 0;
	while (i < line.n) {
		bool is_gap = line.p[i] == '\t' ||
			      (line.p[i] == ' ' && i + 1 < line.n && line.p[i + 1] == ' ');
		if (!is_gap) {
			i++;
			continue;
		}
		if (i > start) {
			add_cell(c, (struct guild_str){line.p + start, i - start});
		}
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t')) {
			i++;
		}
		start = i;
	}
	if (start < line.n) {
		add_cell(c, (struct guild_str){line.p + start, line.n - start});
	}
}

/* "-----", "---- | ----", "+====+": between rows. */
static bool is_rule(struct guild_str line)
{
	size_t n = 0;
	for (size_t i = 0; i < line.n;) {
		uint32_t cp = 0;
		size_t size = guild_utf8_decode(line.p + i, line.n - i, &cp);
		bool is_drawn = cp >= 0x2500 && cp <= 0x257f;
		if (size == 0 ||
			(!is_drawn && (cp >= 0x80 || strchr("-=+| :_*", (int)cp) == NULL))) {
			return false;
		}
		n += cp != ' ';
		i += size;
	}
	return n >= 3;
}

/* ---- headers ------------------------------------------------------------------------------------------ */

/* "Box(P" names P, "mAP50-95)" what is before the parenthesis. */
static struct guild_str header_name(struct guild_str cell)
{
	const char *open = memchr(cell.p, '(', cell.n);
	const char *close = memchr(cell.p, ')', cell.n);
	if (open && !close) {
		size_t skip = (size_t)(open - cell.p) + 1;
		return (struct guild_str){cell.p + skip, cell.n - skip};
	}
	return cell;
}

static bool is_name(struct guild_str cell)
{
	bool has_letter = false;
	size_t words = 1;
	for (size_t i = 0; i < cell.n; i++) {
		char c = cell.p[i];
		has_letter |= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '#';
		words += c == ' ';
		bool starts_number = c >= '0' && c <= '9' && (i == 0 || cell.p[i - 1] == ' ');
		if (starts_number || c == '=' || c == ',' || c == ';' || c == '"') {
			return false;
		}
	}
	return has_letter && words <= 4 && cell.n <= HEADER_CELL_MAX;
}

static bool is_label_column(struct guild_str name)
{
	return guild_str_eqz(name, "Class") || guild_str_eqz(name, "class");
}

static bool read_header(struct table *t, const struct cells *c)
{
	size_t n_steps = 0;
	size_t n_metrics = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct guild_str name = header_name(c->v[i]);
		if (!is_name(name)) {
			return false;
		}
		n_steps += guild_auto_step_rank(guild_auto_exact(name)) != STEP_NONE;
		n_metrics += guild_auto_is_metric(name);
	}
	bool is_header = c->n >= 2 && (n_steps > 0 || n_metrics >= 2);
	if (!is_header) {
		return false;
	}
	close_table(t);
	struct guild_buf key = {0};
	for (size_t i = 0; i < c->n; i++) {
		struct guild_str name = header_name(c->v[i]);
		bool is_key = guild_auto_key(name, &key);
		t->columns[i] = (struct column){.key = guild_strdup(guild_buf_cstr(&key)),
			.step_rank = guild_auto_step_rank(guild_auto_exact(name)),
			.is_denied = !is_key || guild_auto_is_denied(guild_buf_str(&key))};
	}
	guild_buf_fini(&key);
	t->n = c->n;
	t->has_labels = is_label_column(c->v[0]);
	t->last_step = -1;
	return true;
}

/* ---- rows ------------------------------------------------------------------------------------------------ */

enum cell_kind { CELL_NUMBER, CELL_STEP, CELL_OTHER, CELL_TEXT };

/* A number, "3/10", something with a unit or nothing at all, or text. */
static enum cell_kind read_cell(struct guild_str cell, double *value, bool *is_integer)
{
	struct tokens t;
	if (cell.n == 0 || guild_str_eqz(cell, "-") || guild_str_eqz(cell, "--")) {
		return CELL_OTHER;
	}
	/* Most cells are numbers; the rest is for the tokenizer. */
	size_t n = guild_auto_number(cell, value, is_integer);
	if (n > 0 && (n == cell.n || (n + 1 == cell.n && cell.p[n] == '%'))) {
		return CELL_NUMBER;
	}
	if (cell.n > HEADER_CELL_MAX) {
		return CELL_TEXT;
	}
	guild_auto_tokenize(cell, &t);
	if (t.n == 1 && (t.v[0].kind == TOKEN_QUANTITY || t.v[0].kind == TOKEN_JUNK)) {
		return CELL_OTHER;
	}
	if (t.n == 2 && t.v[0].kind == TOKEN_NUMBER && (t.v[1].word & WORD_UNIT)) {
		return CELL_OTHER;
	}
	bool is_part = t.n == 3 && t.v[0].kind == TOKEN_NUMBER && t.v[1].mark == '/' &&
		       t.v[2].kind == TOKEN_NUMBER;
	if (is_part) {
		*value = t.v[0].value;
		*is_integer = t.v[0].is_integer;
		return CELL_STEP;
	}
	return CELL_TEXT;
}

static bool read_row(struct table *t, const struct cells *c, struct found *found)
{
	if (t->n == 0 || c->n != t->n ||
		(t->has_labels && !(guild_auto_exact(c->v[0]) & WORD_ALL))) {
		return false;
	}
	double values[COLUMNS_MAX];
	bool has_value[COLUMNS_MAX];
	struct step_choice step = {.epoch = -1};
	size_t n_values = 0;
	for (size_t i = t->has_labels; i < c->n; i++) {
		bool is_integer = false;
		enum cell_kind kind = read_cell(c->v[i], &values[i], &is_integer);
		int rank = t->columns[i].step_rank;
		if (kind == CELL_TEXT || (kind == CELL_STEP && rank == STEP_NONE)) {
			return false;
		}
		has_value[i] = kind == CELL_NUMBER && rank == STEP_NONE && !t->columns[i].is_denied;
		n_values += has_value[i];
		if (rank != STEP_NONE && kind != CELL_OTHER) {
			if (!is_integer) {
				return false;
			}
			guild_auto_choose_step(&step,
				(struct step_mark){
					.n = 1, .rank = rank, .step = guild_step_of(values[i])});
		}
	}
	if (n_values == 0) {
		return false;
	}
	for (size_t i = t->has_labels; i < c->n; i++) {
		if (has_value[i]) {
			guild_found_put(found, guild_str(t->columns[i].key), values[i], "table");
		}
	}
	found->step = step.rank > 0 ? step.step : -1;
	return true;
}

/* ---- boxes ------------------------------------------------------------------------------------------------- */

/* "| train/ | |" opens a section, "|    loss | 0.31 |" is a value; what a box says belongs together, so it is told at its end. */
static void read_box_row(struct table *t, const struct cells *c)
{
	struct guild_str name = c->v[0];
	if (name.n > 0 && name.p[name.n - 1] == '/' && c->v[1].n == 0) {
		guild_buf_reset(&t->section);
		guild_buf_append(&t->section, name.p, name.n);
		return;
	}
	double value;
	bool is_integer;
	struct guild_buf key = {0};
	if (read_cell(c->v[1], &value, &is_integer) == CELL_NUMBER && guild_auto_key(name, &key)) {
		int rank = guild_auto_step_rank(guild_auto_exact(guild_buf_str(&key)));
		if (rank != STEP_NONE && is_integer) {
			guild_auto_choose_step(&t->box_step,
				(struct step_mark){
					.n = 1, .rank = rank, .step = guild_step_of(value)});
		} else if (!guild_auto_is_denied(guild_buf_str(&key))) {
			t->box_has_metric |= guild_auto_is_metric(guild_buf_str(&key));
			struct guild_buf full = {0};
			guild_buf_append(&full, t->section.p, t->section.n);
			guild_buf_append(&full, key.p, key.n);
			guild_found_put(&t->box, guild_buf_str(&full), value, "box");
			guild_buf_fini(&full);
		}
	}
	guild_buf_fini(&key);
}

static void open_box(struct table *t)
{
	t->in_box = true;
	guild_buf_reset(&t->section);
	guild_found_reset(&t->box);
	t->box_step = (struct step_choice){.epoch = -1};
	t->box_has_metric = false;
}

static void close_box(struct table *t, struct found *found)
{
	if (t->box.n > 0 && (t->box_has_metric || t->box_step.rank > 0)) {
		for (size_t i = 0; i < t->box.n; i++) {
			guild_found_put(found, guild_str(guild_found_key(&t->box, i)),
				t->box.v[i].value, "box");
		}
		found->step = t->box_step.rank > 0 ? t->box_step.step : -1;
	}
	t->in_box = false;
}

bool guild_table_line(struct table *t, struct guild_str line, struct found *found)
{
	struct cells c;
	c.n = 0;
	if (is_rule(line)) {
		if (t->in_box && t->box.n > 0) {
			close_box(t, found);
		} else {
			open_box(t);
		}
		return true;
	}
	bool has_bars = split_bars(line, &c);
	if (!has_bars) {
		split_blanks(line, &c);
	}
	if (t->in_box && has_bars && c.n == 2 && is_name(c.v[0])) {
		read_box_row(t, &c);
		return true;
	}
	t->in_box = t->in_box && c.n == 0;
	if (c.n < 2) {
		return false;
	}
	return read_row(t, &c, found) || read_header(t, &c);
}
