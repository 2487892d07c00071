/* Drawing the table in the terminal: only what is in sight. */

#include "tui_app.h"

#include <stdlib.h>
#include <string.h>

#include "tui_text.h"

/* The first column of the screen tells selected rows. */
enum { GUTTER = 1 };

static void put(struct guild_tui *app, size_t y, size_t x, const struct guild_buf *text,
	unsigned style)
{
	guild_tui_screen_put(app->screen, y, x, guild_buf_cstr(text), style);
}

/* ---- cells ---------------------------------------------------------------------------------------------- */

static unsigned status_style(const char *status)
{
	static const struct {
		const char *status;
		unsigned style;
	} styles[] = {
		{"running", GUILD_STYLE_CYAN},
		{"error", GUILD_STYLE_RED},
		{"terminated", GUILD_STYLE_YELLOW},
		{"pending", GUILD_STYLE_BLUE},
		{"staged", GUILD_STYLE_BLUE},
	};

	for (size_t i = 0; i < GUILD_ARRAY_LEN(styles); i++) {
		if (guild_starts(status, styles[i].status)) {
			return styles[i].style;
		}
	}
	return GUILD_STYLE_PLAIN;
}

static unsigned cell_style(const struct guild_tui_table *t, size_t at, size_t col, const char *text)
{
	const struct guild_tui_column *column = &t->columns.v[col];
	unsigned style = GUILD_STYLE_PLAIN;

	if (column->spark) {
		style = GUILD_STYLE_GREEN;
	} else if (strcmp(column->header, "status") == 0) {
		style = status_style(text);
	}
	if (guild_tui_table_is_selected(t, at)) {
		style |= GUILD_STYLE_BOLD;
	}
	return style;
}

static void draw_cell(struct guild_tui *app, size_t at, const struct guild_tui_slot *slot, size_t y,
	struct guild_tui_wish **wishes)
{
	const struct guild_tui_table *t = &app->table;
	struct guild_buf text = {0};
	struct guild_buf fitted = {0};
	bool is_cursor = at == t->row && slot->col == t->col;

	if (t->columns.v[slot->col].spark) {
		guild_tui_spark_cell(app, at, slot->col, slot->width, &fitted, wishes);
	} else {
		guild_tui_table_cell(t, at, slot->col, &text);
		guild_tui_fit(&fitted, guild_buf_str(&text), slot->width, app->utf8);
	}
	unsigned style = cell_style(t, at, slot->col, guild_buf_cstr(&text));

	put(app, y, slot->x + GUTTER, &fitted, is_cursor ? style | GUILD_STYLE_REVERSE : style);
	guild_buf_fini(&text);
	guild_buf_fini(&fitted);
}

/* A column gets wider when a wider cell comes into sight, so that it does so at most once. */
static void see_rows(struct guild_tui *app, size_t height)
{
	struct guild_tui_table *t = &app->table;
	struct guild_buf text = {0};

	for (size_t at = t->top; at < guild_tui_table_n_rows(t) && at < t->top + height; at++) {
		for (size_t i = 0; i < app->n_slots; i++) {
			struct guild_tui_column *column = &t->columns.v[app->slots[i].col];

			guild_buf_reset(&text);
			guild_tui_table_cell(t, at, app->slots[i].col, &text);
			guild_tui_columns_see(column, guild_tui_width(guild_buf_str(&text),
							      GUILD_TUI_WIDTH_MAX, app->utf8));
		}
	}
	guild_buf_fini(&text);
}

static void lay_out(struct guild_tui *app, size_t width)
{
	struct guild_tui_table *t = &app->table;
	size_t frozen = 0;

	free(app->slots);
	app->slots = guild_tui_columns_layout(&t->columns, width > GUTTER ? width - GUTTER : 1,
		t->col, &t->left, app->utf8, &app->n_slots);
	for (size_t i = 0; i < app->n_slots; i++) {
		frozen += app->slots[i].col < t->left;
	}
	t->page_cols = app->n_slots > frozen ? app->n_slots - frozen : 1;
}

static void draw_header(struct guild_tui *app, size_t width)
{
	const struct guild_tui_table *t = &app->table;
	struct guild_buf text = {0};

	guild_tui_fit(&text, guild_str(app->n_slots == 0 && t->view ? "no runs" : ""), width,
		app->utf8);
	put(app, 0, 0, &text, GUILD_STYLE_BOLD | GUILD_STYLE_UNDERLINE);
	for (size_t i = 0; i < app->n_slots; i++) {
		const struct guild_tui_slot *slot = &app->slots[i];
		unsigned style = GUILD_STYLE_BOLD | GUILD_STYLE_UNDERLINE;

		guild_buf_reset(&text);
		guild_tui_fit(&text, guild_str(t->columns.v[slot->col].header), slot->width,
			app->utf8);
		put(app, 0, slot->x + GUTTER, &text,
			slot->col == t->col ? style | GUILD_STYLE_REVERSE : style);
	}
	guild_buf_fini(&text);
}

static void draw_rows(struct guild_tui *app)
{
	const struct guild_tui_table *t = &app->table;
	struct guild_tui_wish *wishes = NULL;

	for (size_t i = 0; i < t->height && t->top + i < guild_tui_table_n_rows(t); i++) {
		size_t at = t->top + i;

		if (guild_tui_table_is_selected(t, at)) {
			guild_tui_screen_put(app->screen, i + 1, 0, "*", GUILD_STYLE_BOLD);
		}
		for (size_t j = 0; j < app->n_slots; j++) {
			draw_cell(app, at, &app->slots[j], i + 1, &wishes);
		}
	}
	guild_tui_sparks_read(app, wishes);
}

/* ---- the last line -------------------------------------------------------------------------------------------- */

static void put_position(const struct guild_tui *app, struct guild_buf *out)
{
	const struct guild_tui_table *t = &app->table;
	size_t all = t->view->rows->table.n_rows;

	guild_buf_printf(out, "%zu/%zu", guild_tui_table_n_rows(t) > 0 ? t->row + 1 : 0,
		guild_tui_table_n_rows(t));
	if (all != guild_tui_table_n_rows(t)) {
		guild_buf_printf(out, " of %zu", all);
	}
	if (guild_tui_table_has_cursor(t)) {
		guild_buf_printf(out, "  %s: ", t->columns.v[t->col].header);
		guild_tui_table_cell(t, t->row, t->col, out);
	}
}

static void put_sort(const struct guild_tui *app, struct guild_buf *out)
{
	const struct guild_tui_sort *s = &app->sort;
	const char *up = app->utf8 ? "\xe2\x86\x91" : "^";
	const char *down = app->utf8 ? "\xe2\x86\x93" : "v";

	if (s->order != GUILD_TUI_GIVEN) {
		guild_buf_printf(out, "  %s%s", s->header, s->descending ? down : up);
	} else if (s->descending) {
		guild_buf_puts(out, "  reversed");
	}
}

/* What the table is like, and what is being done. */
static void put_state(const struct guild_tui *app, struct guild_buf *out)
{
	if (app->has_count) {
		guild_buf_printf(out, "  %zu", app->count);
	}
	if (app->table.selected.n > 0) {
		guild_buf_printf(out, "  %zu selected", app->table.selected.n);
	}
	put_sort(app, out);
	if (app->filter) {
		guild_buf_printf(out, "  & %s", app->filter);
	}
	if (app->n_viewing > 0) {
		guild_buf_puts(out, "  sorting");
	} else if (app->n_searching > 0) {
		guild_buf_puts(out, "  searching");
	}
	if (!app->refreshes) {
		guild_buf_puts(out, "  still");
	}
}

static void put_reading(struct guild_tui *app, struct guild_buf *out)
{
	int percent = atomic_load(&app->percent);

	guild_buf_puts(out, "reading runs");
	if (percent > 0) {
		guild_buf_printf(out, "  %d %%", percent);
	}
}

static void draw_status(struct guild_tui *app, size_t y, size_t width)
{
	struct guild_buf left = {0};
	struct guild_buf right = {0};
	struct guild_buf line = {0};

	if (app->message[0]) {
		guild_buf_puts(&left, app->message);
	} else if (!app->table.view) {
		put_reading(app, &left);
	} else {
		put_position(app, &left);
		put_state(app, &right);
	}
	size_t right_width = guild_tui_width(guild_buf_str(&right), width, app->utf8);
	size_t left_width = guild_tui_width(guild_buf_str(&left), width, app->utf8);

	/* The state has two thirds at most; the rest shows as much of the cell as fits. */
	if (left_width + right_width > width && right_width > width * 2 / 3) {
		right_width = width * 2 / 3;
	}
	guild_tui_fit(&line, guild_buf_str(&left), width - right_width, app->utf8);
	guild_tui_fit(&line, guild_buf_str(&right), right_width, app->utf8);
	put(app, y, 0, &line,
		GUILD_STYLE_REVERSE | (app->message_is_problem ? GUILD_STYLE_RED : 0));
	guild_buf_fini(&left);
	guild_buf_fini(&right);
	guild_buf_fini(&line);
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static void draw_table(struct guild_tui *app, size_t rows, size_t width)
{
	struct guild_tui_table *t = &app->table;
	size_t below = app->prompt.is_open ? guild_tui_prompt_height(app) : 1;

	guild_tui_table_set_height(t, rows > 1 + below ? rows - 1 - below : 1);
	lay_out(app, width);
	see_rows(app, t->height);
	lay_out(app, width);
	draw_header(app, width);
	draw_rows(app);
	if (app->prompt.is_open) {
		guild_tui_prompt_draw(app, rows, width);
	} else if (rows > 2) {
		draw_status(app, rows - 1, width);
	}
}

void guild_tui_draw(struct guild_tui *app)
{
	size_t rows, width;

	guild_tui_screen_size(app->screen, &rows, &width);
	guild_tui_screen_clear(app->screen);
	guild_tui_screen_cursor(app->screen, 0, 0, false);
	if (app->page.is_open) {
		guild_tui_page_draw(app, rows, width);
	} else if (app->chooser.is_open && app->table.columns.n > 0) {
		guild_tui_chooser_draw(app, rows, width);
	} else {
		draw_table(app, rows, width);
	}
	guild_tui_screen_show(app->screen);
}
