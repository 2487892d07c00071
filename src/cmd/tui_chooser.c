/* Choosing which columns are shown. */

#include "tui_app.h"

#include <string.h>

#include "tui_text.h"

void guild_tui_chooser_open(struct guild_tui *app)
{
	if (app->table.columns.n > 0) {
		app->chooser = (struct guild_tui_chooser){.is_open = true, .at = app->table.col};
	}
}

static void close_chooser(struct guild_tui *app)
{
	struct guild_tui_table *t = &app->table;

	app->chooser.is_open = false;
	if (t->columns.v[t->col].is_hidden) {
		size_t col = guild_tui_columns_step(&t->columns, t->col, 1);

		t->col = col != t->col ? col : guild_tui_columns_step(&t->columns, t->col, -1);
	}
}

/* One column stays: a table of none says nothing. */
static void set_hidden(struct guild_tui *app, size_t col, bool is_hidden)
{
	struct guild_tui_columns *c = &app->table.columns;

	if (!is_hidden || c->v[col].is_hidden || guild_tui_columns_n_shown(c) > 1) {
		c->v[col].is_hidden = is_hidden;
	}
}

void guild_tui_chooser_draw(struct guild_tui *app, size_t rows, size_t width)
{
	const struct guild_tui_columns *c = &app->table.columns;
	struct guild_tui_chooser *k = &app->chooser;
	size_t height = rows > 2 ? rows - 2 : 1;
	struct guild_buf text = {0};
	struct guild_buf line = {0};

	/* Rows read meanwhile may have other columns. */
	k->at = k->at < c->n ? k->at : c->n - 1;
	if (k->at < k->top) {
		k->top = k->at;
	} else if (k->at >= k->top + height) {
		k->top = k->at - height + 1;
	}
	guild_tui_fit(&line, guild_str("Columns"), width, app->utf8);
	guild_tui_screen_put(app->screen, 0, 0, guild_buf_cstr(&line),
		GUILD_STYLE_BOLD | GUILD_STYLE_REVERSE);
	for (size_t i = 0; i < height && k->top + i < c->n; i++) {
		const struct guild_tui_column *column = &c->v[k->top + i];

		guild_buf_reset(&text);
		guild_buf_reset(&line);
		guild_buf_printf(&text, " [%c] %s%s", column->is_hidden ? ' ' : 'x', column->header,
			column->spark ? " (course)" : "");
		guild_tui_fit(&line, guild_buf_str(&text), width, app->utf8);
		guild_tui_screen_put(app->screen, i + 1, 0, guild_buf_cstr(&line),
			k->top + i == k->at ? GUILD_STYLE_REVERSE : GUILD_STYLE_PLAIN);
	}
	guild_buf_reset(&line);
	guild_tui_fit(&line, guild_str("space show or hide  a all  o only this one  q back"), width,
		app->utf8);
	if (rows > 1) {
		guild_tui_screen_put(app->screen, rows - 1, 0, guild_buf_cstr(&line),
			GUILD_STYLE_REVERSE);
	}
	guild_buf_fini(&text);
	guild_buf_fini(&line);
}

static void click(struct guild_tui *app, const struct guild_tui_key *key)
{
	struct guild_tui_chooser *k = &app->chooser;

	if (key->mouse == GUILD_MOUSE_CLICK && key->y > 0 &&
		k->top + key->y - 1 < app->table.columns.n) {
		k->at = k->top + key->y - 1;
		set_hidden(app, k->at, !app->table.columns.v[k->at].is_hidden);
	}
}

void guild_tui_chooser_key(struct guild_tui *app, const struct guild_tui_key *key)
{
	struct guild_tui_chooser *k = &app->chooser;
	struct guild_tui_columns *c = &app->table.columns;

	switch (key->code) {
	case GUILD_KEY_UP:
	case 'k':
		k->at = k->at > 0 ? k->at - 1 : 0;
		break;
	case GUILD_KEY_DOWN:
	case 'j':
		k->at = k->at + 1 < c->n ? k->at + 1 : k->at;
		break;
	case GUILD_KEY_HOME:
	case 'g':
		k->at = 0;
		break;
	case GUILD_KEY_END:
	case 'G':
		k->at = c->n - 1;
		break;
	case ' ':
	case 'x':
		set_hidden(app, k->at, !c->v[k->at].is_hidden);
		break;
	case 'a':
		for (size_t i = 0; i < c->n; i++) {
			c->v[i].is_hidden = false;
		}
		break;
	case 'o':
		for (size_t i = 0; i < c->n; i++) {
			c->v[i].is_hidden = i != k->at;
		}
		break;
	case GUILD_KEY_MOUSE:
		click(app, key);
		break;
	case 'q':
	case 'Q':
	case GUILD_KEY_ENTER:
	case GUILD_KEY_ESCAPE:
		close_chooser(app);
		break;
	default:
		break;
	}
}
