/* The keys of the table in the terminal. */

#include "tui_app.h"

#include <stdlib.h>
#include <string.h>

enum { DOUBLE_CLICK_US = 400000, WHEEL_ROWS = 3, COUNT_MAX = 100000000, KEYS_MAX = 5 };

typedef void command_fn(struct guild_tui *app, int arg);
struct command {
	int32_t codes[KEYS_MAX]; /* 0 ends them */
	int arg;
	command_fn *run;
	const char *keys, *help; /* NULL: said with another one */
};

static size_t count(const struct guild_tui *app, size_t missing)
{
	return app->has_count ? app->count : missing;
}

/* ---- moving ------------------------------------------------------------------------------------------- */

static void move_rows(struct guild_tui *app, int arg)
{
	guild_tui_table_move(&app->table, arg * (int64_t)count(app, 1), 0);
}

static void move_cols(struct guild_tui *app, int arg)
{
	guild_tui_table_move(&app->table, 0, arg * (int64_t)count(app, 1));
}

static void page_rows(struct guild_tui *app, int arg)
{
	guild_tui_table_page(&app->table, arg * (int64_t)count(app, 1));
}

static void page_cols(struct guild_tui *app, int arg)
{
	guild_tui_table_move(&app->table, 0, arg * (int64_t)(app->table.page_cols * count(app, 1)));
}

static void go_first(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_table_go(&app->table, 0);
}

static void go_row(struct guild_tui *app, int arg)
{
	size_t row = count(app, SIZE_MAX);

	(void)arg;
	guild_tui_table_go(&app->table, row > 0 ? row - 1 : 0);
}

static void line_end(struct guild_tui *app, int arg)
{
	guild_tui_table_move(&app->table, 0, (int64_t)arg * (int64_t)app->table.columns.n);
	app->table.left = arg < 0 ? 0 : app->table.left;
}

static void go_col(struct guild_tui *app, int arg)
{
	size_t col = count(app, 1);

	(void)arg;
	line_end(app, -1);
	if (app->table.columns.n > 0 && app->table.columns.v[0].is_hidden) {
		guild_tui_table_move(&app->table, 0, 1);
	}
	guild_tui_table_move(&app->table, 0, col > 0 ? (int64_t)col - 1 : 0);
}

static void row_change(struct guild_tui *app, int arg)
{
	guild_tui_table_next_row_change(&app->table, arg);
}

static void col_change(struct guild_tui *app, int arg)
{
	guild_tui_table_next_col_change(&app->table, arg);
}

static void remember(struct guild_tui *app, int arg)
{
	(void)arg;
	if (guild_tui_table_has_cursor(&app->table)) {
		guild_tui_table_remember(&app->table);
		guild_tui_say(app, "position kept; ' goes back to it");
	}
}

static void go_back(struct guild_tui *app, int arg)
{
	(void)arg;
	if (!guild_tui_table_go_back(&app->table)) {
		guild_tui_complain(app, app->table.has_memory ? "the kept run is not shown"
							      : "no position was kept (Ins)");
	}
}

/* ---- sorting, searching, filtering ------------------------------------------------------------------------ */

static void set_sort(struct guild_tui *app, enum guild_tui_order order, bool descending,
	const char *header)
{
	struct guild_tui_sort sort = {order, descending, guild_strdup(header)};

	guild_tui_sort_fini(&app->sort);
	app->sort = sort;
	guild_tui_refresh_view(app);
}

/* 1 and -1: as texts up and down, 2 and -2: as numbers. */
static void sort_col(struct guild_tui *app, int arg)
{
	const struct guild_tui_table *t = &app->table;

	if (t->col >= t->columns.n) {
		return;
	}
	if (t->columns.v[t->col].spark) {
		guild_tui_complain(app, "a course has no order; sort by the scalar");
		return;
	}
	set_sort(app, arg == 1 || arg == -1 ? GUILD_TUI_TEXT : GUILD_TUI_NUMBER, arg < 0,
		t->columns.v[t->col].header);
}

static void sort_given(struct guild_tui *app, int arg)
{
	set_sort(app, GUILD_TUI_GIVEN, arg < 0, NULL);
}

static void ask(struct guild_tui *app, int arg)
{
	guild_tui_prompt_open(app, (enum guild_tui_asks)arg,
		arg == GUILD_ASKS_FILTER ? app->filter : NULL);
}

static void search_again(struct guild_tui *app, int arg)
{
	if (!app->needle) {
		guild_tui_complain(app, "nothing was searched for yet (/)");
		return;
	}
	guild_tui_search(app, arg);
}

static void reload(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_load(app, false);
}

static void toggle_refresh(struct guild_tui *app, int arg)
{
	(void)arg;
	app->refreshes = !app->refreshes;
	guild_tui_say(app, app->refreshes ? "new and running runs appear by themselves"
					  : "rows stay as they are until r is pressed");
}

/* ---- columns ------------------------------------------------------------------------------------------------ */

static size_t resized(size_t width, int by)
{
	int64_t wanted = (int64_t)width + by;

	return wanted < 1 ? 1 : wanted > GUILD_TUI_WIDTH_MAX ? GUILD_TUI_WIDTH_MAX : (size_t)wanted;
}

static void resize_col(struct guild_tui *app, int arg)
{
	struct guild_tui_columns *c = &app->table.columns;

	if (app->table.col < c->n) {
		c->v[app->table.col].fixed =
			resized(guild_tui_column_width(c, app->table.col, app->utf8), arg);
	}
}

static void resize_all(struct guild_tui *app, int arg)
{
	struct guild_tui_columns *c = &app->table.columns;

	for (size_t i = 0; i < c->n; i++) {
		c->v[i].fixed = resized(guild_tui_column_width(c, i, app->utf8), arg);
	}
}

static void resize_gap(struct guild_tui *app, int arg)
{
	size_t *gap = &app->table.columns.gap;

	if (arg > 0 ? *gap < GUILD_TUI_GAP_MAX : *gap > 0) {
		*gap = arg > 0 ? *gap + 1 : *gap - 1;
	}
}

static void width_mode(struct guild_tui *app, int arg)
{
	struct guild_tui_columns *c = &app->table.columns;

	(void)arg;
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].fixed = app->has_count && app->count > 0 ? resized(0, (int)app->count) : 0;
		c->v[i].is_full = false;
	}
	if (!app->has_count) {
		c->is_full = !c->is_full;
	}
}

static void maximise(struct guild_tui *app, int arg)
{
	struct guild_tui_columns *c = &app->table.columns;

	(void)arg;
	if (app->table.col >= c->n) {
		return;
	}
	struct guild_tui_column *column = &c->v[app->table.col];

	column->is_full = !app->has_count && (!column->is_full || column->fixed > 0);
	column->fixed = app->has_count && app->count > 0 ? resized(0, (int)app->count) : 0;
}

static void freeze(struct guild_tui *app, int arg)
{
	struct guild_tui_columns *c = &app->table.columns;
	size_t n = 0;

	(void)arg;
	for (size_t i = 0; i <= app->table.col && i < c->n; i++) {
		n += !c->v[i].is_hidden;
	}
	c->frozen = c->frozen == n ? 0 : n;
	guild_tui_say(app, c->frozen > 0 ? "the columns up to this one stay at the left"
					 : "no column stays at the left");
}

static void hide(struct guild_tui *app, int arg)
{
	struct guild_tui_table *t = &app->table;
	size_t col = guild_tui_columns_step(&t->columns, t->col, 1);

	(void)arg;
	col = col != t->col ? col : guild_tui_columns_step(&t->columns, t->col, -1);
	if (t->col >= t->columns.n || col == t->col) {
		return;
	}
	t->columns.v[t->col].is_hidden = true;
	t->col = col;
}

static void choose(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_chooser_open(app);
}

void guild_tui_toggle_spark(struct guild_tui *app, const char *scalar)
{
	struct guild_tui_table *t = &app->table;
	bool is_on_it = t->columns.v[t->col].spark != NULL;
	size_t col = guild_tui_columns_toggle_spark(&t->columns, t->col, scalar);

	if (col != SIZE_MAX) {
		t->col = col; /* so that it is in sight */
	} else if ((is_on_it && t->col > 0) || t->col >= t->columns.n) {
		t->col--;
	}
}

/* Whether the run of the cursor has a scalar. */
static bool has_scalar(struct guild_tui *app, const char *key)
{
	struct guild_ctx ctx = guild_tui_ctx(app);
	struct guild_run_data *data =
		guild_run_data_new(guild_tui_table_run(&app->table, app->table.row), &ctx.log);
	bool found = guild_scalars_find(guild_run_data_scalars(data), key) != NULL;

	guild_run_data_free(data);
	guild_tui_ctx_fini(&ctx);
	return found;
}

static void course(struct guild_tui *app, int arg)
{
	const struct guild_tui_table *t = &app->table;

	(void)arg;
	if (!guild_tui_table_has_cursor(t) || t->view->rows->are_groups) {
		guild_tui_complain(app, "there is no run whose course could be drawn");
		return;
	}
	const struct guild_tui_column *column = &t->columns.v[t->col];
	char *key = guild_strdup(column->spark ? column->spark : column->header);

	if (column->spark || has_scalar(app, key)) {
		guild_tui_toggle_spark(app, key);
	} else {
		guild_tui_prompt_open(app, GUILD_ASKS_SCALAR, NULL);
	}
	free(key);
}

/* ---- runs ------------------------------------------------------------------------------------------------------ */

static void mark(struct guild_tui *app, int arg)
{
	struct guild_tui_table *t = &app->table;
	struct guild_error err = {0};

	if (!guild_tui_table_has_cursor(t) || t->view->rows->are_groups) {
		return;
	}
	const struct guild_run *run = guild_tui_table_run(t, t->row);

	if (guild_store_set_marked(run, arg > 0, &err) != 0) {
		guild_tui_complain(app, "%s", err.text);
		return;
	}
	t->view->rows->marked[guild_tui_table_source_row(t, t->row)] = arg > 0;
	guild_tui_say(app, "%s %.*s", arg > 0 ? "marked" : "unmarked", GUILD_RUN_SHORT_LEN,
		run->id);
}

static void select_run(struct guild_tui *app, int arg)
{
	struct guild_tui_table *t = &app->table;

	(void)arg;
	if (guild_tui_table_has_cursor(t)) {
		guild_tui_table_toggle_selected(t, t->row);
		guild_tui_table_move(t, 1, 0);
	}
}

static void detail(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_open_detail(app);
}

static void diff(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_open_diff(app);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static void help(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_open_help(app);
}

static void messages(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_open_messages(app);
}

static void redraw(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_screen_redraw(app->screen);
}

static void cancel(struct guild_tui *app, int arg)
{
	(void)arg;
	guild_tui_cancel(app);
}

static void quit(struct guild_tui *app, int arg)
{
	app->prints_ids = arg > 0;
	app->quits = true;
}

static const struct command commands[] = {
	{{GUILD_KEY_UP, 'k'}, -1, move_rows, "arrows h j k l", "one cell"},
	{{GUILD_KEY_DOWN, 'j'}, 1, move_rows, NULL, NULL},
	{{GUILD_KEY_LEFT, 'h'}, -1, move_cols, NULL, NULL},
	{{GUILD_KEY_RIGHT, 'l'}, 1, move_cols, NULL, NULL},
	{{GUILD_KEY_PAGE_UP, 'K', GUILD_KEY_CTRL('b')}, -1, page_rows, "PgUp PgDn K J",
		"one page up or down"},
	{{GUILD_KEY_PAGE_DOWN, 'J', GUILD_KEY_CTRL('f')}, 1, page_rows, NULL, NULL},
	{{'H'}, -1, page_cols, "H L", "one page to the left or right"},
	{{'L'}, 1, page_cols, NULL, NULL},
	{{'g'}, 0, go_first, "g", "first row"},
	{{'G'}, 0, go_row, "G  N G  :N", "last row, row N"},
	{{':'}, GUILD_ASKS_ROW, ask, NULL, NULL},
	{{GUILD_KEY_HOME, '^', '0', GUILD_KEY_CTRL('a')}, -1, line_end, "Home ^ 0 Ctrl-A",
		"first column"},
	{{GUILD_KEY_END, '$', GUILD_KEY_CTRL('e')}, 1, line_end, "End $ Ctrl-E", "last column"},
	{{'|'}, 0, go_col, "N |", "column N"},
	{{'['}, -1, row_change, "[ ]", "up or down to where this column's value changes"},
	{{']'}, 1, row_change, NULL, NULL},
	{{'{'}, -1, col_change, "{ }", "left or right to where this row's value changes"},
	{{'}'}, 1, col_change, NULL, NULL},
	{{GUILD_KEY_INSERT}, 0, remember, "Ins", "keep this position"},
	{{GUILD_KEY_DELETE, '\''}, 0, go_back, "Del '", "go back to it"},
	{{'/'}, GUILD_ASKS_SEARCH, ask, "/", "search all cells"},
	{{'n'}, 1, search_again, "n p", "next or previous cell found"},
	{{'p'}, -1, search_again, NULL, NULL},
	{{'f', '&'}, GUILD_ASKS_FILTER, ask, "f &",
		"show only runs for which an expression holds: loss < 0.1 and act = relu"},
	{{'s'}, 1, sort_col, "s S", "sort by this column as text, up or down"},
	{{'S'}, -1, sort_col, NULL, NULL},
	{{'1', '#'}, 2, sort_col, "1 #", "sort by this column as numbers, lowest first"},
	{{'2', '!', '@'}, -2, sort_col, "2 ! @", "highest first"},
	{{'a'}, 1, sort_given, "a A", "original order, reversed"},
	{{'A'}, -1, sort_given, NULL, NULL},
	{{GUILD_KEY_ENTER}, 0, detail, "Enter", "the run: attributes, flags, scalars, comments"},
	{{' '}, 0, select_run, "Space", "select the run, or not any more"},
	{{'d'}, 0, diff, "d",
		"what differs between two selected runs, or the selected one and this"},
	{{'m'}, 1, mark, "m u", "mark or unmark the run"},
	{{'u'}, -1, mark, NULL, NULL},
	{{'w'}, 0, course, "w", "draw the course of this column's scalar, or no more"},
	{{'v'}, 0, choose, "v", "choose which columns are shown"},
	{{'x'}, 0, hide, "x", "hide this column"},
	{{'z'}, 0, freeze, "z", "keep the columns up to this one at the left, or not"},
	{{'<'}, -1, resize_all, "< >", "all columns narrower or wider"},
	{{'>'}, 1, resize_all, NULL, NULL},
	{{','}, -1, resize_col, ", .", "this column narrower or wider"},
	{{'.'}, 1, resize_col, NULL, NULL},
	{{'-'}, -1, resize_gap, "- +", "less or more space between columns"},
	{{'+'}, 1, resize_gap, NULL, NULL},
	{{'c'}, 0, width_mode, "c  N c", "all columns as wide as their cells, or N wide"},
	{{'C'}, 0, maximise, "C  N C", "this column as wide as its cells, or N wide"},
	{{'r'}, 0, reload, "r", "read the runs again"},
	{{'R'}, 0, toggle_refresh, "R", "new and running runs appear by themselves, or not"},
	{{'`'}, 0, messages, "`", "messages"},
	{{GUILD_KEY_CTRL('l')}, 0, redraw, "Ctrl-L", "draw the screen anew"},
	{{GUILD_KEY_ESCAPE}, 0, cancel, "Esc", "give up a search, a filter or a number typed"},
	{{GUILD_KEY_F1, '?'}, 0, help, "F1 ?", "this text"},
	{{'Y'}, 1, quit, "Y", "quit and print the ids of the selected runs, or of this one"},
	{{'q', 'Q', GUILD_KEY_CTRL('c')}, 0, quit, "q Q", "quit"},
};

void guild_tui_keys_text(struct guild_buf *out)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(commands); i++) {
		if (commands[i].keys) {
			guild_buf_printf(out, "%-16s  %s\n", commands[i].keys, commands[i].help);
		}
	}
	guild_buf_puts(out,
		"\nMouse: the wheel scrolls, a click selects a cell, two show the run, a click "
		"on a heading sorts.\n");
}

/* ---- what was typed -------------------------------------------------------------------------------------------------- */

static const struct command *find_command(int32_t code)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(commands); i++) {
		for (size_t k = 0; k < KEYS_MAX && commands[i].codes[k] != 0; k++) {
			if (commands[i].codes[k] == code) {
				return &commands[i];
			}
		}
	}
	return NULL;
}

static void click(struct guild_tui *app, const struct guild_tui_key *key)
{
	struct guild_tui_table *t = &app->table;
	int64_t now = guild_monotonic_us();
	size_t row = key->y > 0 ? t->top + key->y - 1 : 0;
	const struct guild_tui_slot *slot = NULL;

	for (size_t i = 0; i < app->n_slots; i++) {
		if (key->x > app->slots[i].x) {
			slot = &app->slots[i];
		}
	}
	if (!slot || row >= guild_tui_table_n_rows(t) || key->y > t->height) {
		return;
	}
	t->col = slot->col;
	if (key->y == 0) {
		enum guild_tui_order order = guild_tui_table_natural_order(t, t->col);
		const struct guild_tui_sort *s = &app->sort;
		bool is_up = s->order == order && !s->descending &&
			     guild_streq(s->header, t->columns.v[t->col].header);

		sort_col(app, (order == GUILD_TUI_TEXT ? 1 : 2) * (is_up ? -1 : 1));
		return;
	}
	guild_tui_table_go(t, row);
	bool is_second = app->clicked_row == row && now - app->clicked_us < DOUBLE_CLICK_US;

	if (is_second || key->mouse == GUILD_MOUSE_DOUBLE) {
		guild_tui_open_detail(app);
	}
	app->clicked_row = row;
	app->clicked_us = now;
}

static void mouse(struct guild_tui *app, const struct guild_tui_key *key)
{
	if (key->mouse == GUILD_MOUSE_CLICK || key->mouse == GUILD_MOUSE_DOUBLE) {
		click(app, key);
	} else {
		guild_tui_table_scroll(&app->table,
			key->mouse == GUILD_MOUSE_UP ? -WHEEL_ROWS : WHEEL_ROWS);
	}
}

static void forget_undo(struct guild_tui *app)
{
	guild_tui_sort_fini(&app->undo);
	app->has_undo = false;
}

/* As in Guild AI 0.9.0, 0, 1 and 2 alone are commands. A further digit makes a number of the latter, which had sorted already. */
static bool take_digit(struct guild_tui *app, int32_t code)
{
	if (code < '0' || code > '9') {
		return false;
	}
	if (app->has_undo) {
		guild_tui_sort_fini(&app->sort);
		app->sort = app->undo;
		app->undo = (struct guild_tui_sort){0};
		app->has_undo = false;
		guild_tui_refresh_view(app);
	} else if (!app->has_count && code == '0') {
		return false;
	} else if (!app->has_count && (code == '1' || code == '2')) {
		app->undo = guild_tui_sort_copy(&app->sort);
		app->has_undo = true;
		app->count = (size_t)(code - '0');
		return false;
	} else if (!app->has_count) {
		app->count = 0;
	}
	app->has_count = true;
	app->count = app->count * 10 + (size_t)(code - '0');
	app->count = app->count < COUNT_MAX ? app->count : COUNT_MAX;
	return true;
}

void guild_tui_table_key(struct guild_tui *app, const struct guild_tui_key *key)
{
	if (key->code == GUILD_KEY_MOUSE) {
		mouse(app, key);
		return;
	}
	if (take_digit(app, key->code)) {
		return;
	}
	if (key->code < '0' || key->code > '9') {
		forget_undo(app);
	}
	const struct command *command = find_command(key->code);

	if (command) {
		command->run(app, command->arg);
	}
	app->has_count = false;
}
