/* A line that the user types: what to search for, a filter, a row, a scalar. */

#include "tui_app.h"

#include <stdlib.h>
#include <string.h>

#include "tui_text.h"

enum { TEXT_MAX = 2000 };

static const char *const questions[] = {
	[GUILD_ASKS_SEARCH] = "search: ",
	[GUILD_ASKS_FILTER] = "filter: ",
	[GUILD_ASKS_ROW] = "row: ",
	[GUILD_ASKS_SCALAR] = "scalar: ",
};

static void forget_problem(struct guild_tui_prompt *p)
{
	free(p->problem);
	p->problem = NULL;
}

void guild_tui_prompt_open(struct guild_tui *app, enum guild_tui_asks asks, const char *text)
{
	struct guild_tui_prompt *p = &app->prompt;

	guild_tui_prompt_close(app);
	*p = (struct guild_tui_prompt){.is_open = true, .asks = asks};
	guild_buf_puts(&p->text, text ? text : "");
	p->at = p->text.n;
}

void guild_tui_prompt_close(struct guild_tui *app)
{
	forget_problem(&app->prompt);
	guild_buf_fini(&app->prompt.text);
	app->prompt = (struct guild_tui_prompt){0};
}

size_t guild_tui_prompt_height(const struct guild_tui *app)
{
	return app->prompt.problem ? 2 : 1;
}

/* ---- what was typed -------------------------------------------------------------------------------------- */

/* "WHAT\n  EXPRESSION\n    ^": the place is where the caret stands. */
static void set_problem(struct guild_tui_prompt *p, const struct guild_error *err)
{
	const char *caret = strrchr(err->text, '\n');
	const char *line = strchr(err->text, '\n');
	const char *what = strstr(err->text, ": ");

	forget_problem(p);
	p->problem_at = SIZE_MAX;
	if (caret && caret[1 + strspn(caret + 1, " ")] == '^') {
		size_t indent = strspn(line + 1, " ");
		size_t at = strspn(caret + 1, " ");

		p->problem_at = at > indent ? at - indent : 0;
	}
	what = what && line && what < line ? what + 2 : err->text;
	p->problem = guild_strndup(what, line ? (size_t)(line - what) : strlen(what));
}

static void take_filter(struct guild_tui *app)
{
	struct guild_tui_prompt *p = &app->prompt;
	struct guild_query_options options = {.syntax = app->source->query_syntax};
	struct guild_query *query = NULL;
	struct guild_error err = {0};
	struct guild_str text = guild_str_trim(guild_buf_str(&p->text));

	if (text.n > 0 &&
		guild_query_parse(guild_buf_cstr(&p->text), &options, &query, &err) != 0) {
		set_problem(p, &err);
		return;
	}
	guild_query_free(query);
	free(app->filter);
	app->filter = text.n > 0 ? guild_strndup(text.p, text.n) : NULL;
	guild_tui_prompt_close(app);
	guild_tui_refresh_view(app);
}

static void take_row(struct guild_tui *app)
{
	struct guild_str text = guild_str_trim(guild_buf_str(&app->prompt.text));
	int64_t row;

	if (guild_parse_i64(text.p, text.n, &row) && row > 0) {
		guild_tui_table_go(&app->table, (size_t)row - 1);
	} else if (text.n > 0) {
		guild_tui_complain(app, "'%.*s' is no row", GUILD_STR_FMT(text));
	}
	guild_tui_prompt_close(app);
}

static void take_text(struct guild_tui *app)
{
	struct guild_tui_prompt *p = &app->prompt;
	struct guild_buf text = p->text;

	switch (p->asks) {
	case GUILD_ASKS_FILTER:
		take_filter(app);
		break;
	case GUILD_ASKS_ROW:
		take_row(app);
		break;
	case GUILD_ASKS_SEARCH:
		if (text.n > 0) {
			free(app->needle);
			app->needle = guild_strdup(guild_buf_cstr(&text));
		}
		guild_tui_prompt_close(app);
		guild_tui_search(app, 1);
		break;
	case GUILD_ASKS_SCALAR:
		if (text.n > 0) {
			guild_tui_toggle_spark(app, guild_buf_cstr(&text));
		}
		guild_tui_prompt_close(app);
		break;
	}
}

/* ---- editing --------------------------------------------------------------------------------------------- */

static size_t before(const struct guild_tui_prompt *p, size_t at)
{
	while (at > 0 && ((unsigned char)p->text.p[--at] & 0xc0) == 0x80) {
	}
	return at;
}

static size_t after(const struct guild_tui_prompt *p, size_t at)
{
	uint32_t cp;
	size_t n = guild_utf8_decode(p->text.p + at, p->text.n - at, &cp);

	return at < p->text.n ? at + (n > 0 ? n : 1) : at;
}

static void erase(struct guild_tui_prompt *p, size_t from, size_t to)
{
	if (from < to) {
		memmove(p->text.p + from, p->text.p + to, p->text.n - to + 1);
		p->text.n -= to - from;
	}
	p->at = from;
}

static void insert(struct guild_tui_prompt *p, int32_t code)
{
	char bytes[4];
	size_t n = guild_utf8_encode((uint32_t)code, bytes);

	if (n == 0 || p->text.n + n > TEXT_MAX) {
		return;
	}
	guild_buf_append(&p->text, bytes, n);
	memmove(p->text.p + p->at + n, p->text.p + p->at, p->text.n - n - p->at);
	memcpy(p->text.p + p->at, bytes, n);
	p->at += n;
}

static size_t word_start(const struct guild_tui_prompt *p)
{
	size_t at = p->at;

	while (at > 0 && p->text.p[at - 1] == ' ') {
		at--;
	}
	while (at > 0 && p->text.p[at - 1] != ' ') {
		at--;
	}
	return at;
}

void guild_tui_prompt_key(struct guild_tui *app, const struct guild_tui_key *key)
{
	struct guild_tui_prompt *p = &app->prompt;

	switch (key->code) {
	case GUILD_KEY_ENTER:
		take_text(app);
		return;
	case GUILD_KEY_ESCAPE:
	case GUILD_KEY_CTRL('g'):
		guild_tui_prompt_close(app);
		return;
	case GUILD_KEY_LEFT:
	case GUILD_KEY_CTRL('b'):
		p->at = before(p, p->at);
		return;
	case GUILD_KEY_RIGHT:
	case GUILD_KEY_CTRL('f'):
		p->at = after(p, p->at);
		return;
	case GUILD_KEY_HOME:
	case GUILD_KEY_CTRL('a'):
		p->at = 0;
		return;
	case GUILD_KEY_END:
	case GUILD_KEY_CTRL('e'):
		p->at = p->text.n;
		return;
	case GUILD_KEY_BACKSPACE:
		if (p->text.n == 0) {
			guild_tui_prompt_close(app);
			return;
		}
		erase(p, before(p, p->at), p->at);
		break;
	case GUILD_KEY_DELETE:
	case GUILD_KEY_CTRL('d'):
		erase(p, p->at, after(p, p->at));
		break;
	case GUILD_KEY_CTRL('u'):
		erase(p, 0, p->at);
		break;
	case GUILD_KEY_CTRL('k'):
		erase(p, p->at, p->text.n);
		break;
	case GUILD_KEY_CTRL('w'):
		erase(p, word_start(p), p->at);
		break;
	default:
		if (key->code < ' ' || key->code >= GUILD_KEY_UP) {
			return;
		}
		insert(p, key->code);
		break;
	}
	forget_problem(p);
}

/* ---- drawing ---------------------------------------------------------------------------------------------- */

static size_t width_of(const struct guild_tui *app, const char *p, size_t n)
{
	return guild_tui_width(guild_str_n(p, n), SIZE_MAX - 1, app->utf8);
}

static void draw_problem(struct guild_tui *app, size_t y, size_t width, size_t label, size_t skip)
{
	const struct guild_tui_prompt *p = &app->prompt;
	size_t at = p->problem_at != SIZE_MAX && p->problem_at + label >= skip
			    ? p->problem_at + label - skip
			    : 0;
	struct guild_buf line = {0};
	size_t n = strlen(p->problem) + 2;
	bool is_left = at + n > width && at > n;

	/* Beside the caret, on the side where there is room. */
	if (p->problem_at == SIZE_MAX) {
		guild_buf_puts(&line, p->problem);
	} else if (is_left) {
		guild_buf_printf(&line, "%*s%s ^", (int)(at + 1 - n), "", p->problem);
	} else {
		guild_buf_printf(&line, "%*s^ %s", (int)at, "", p->problem);
	}
	struct guild_buf shown = {0};

	guild_tui_fit(&shown, guild_buf_str(&line), width, app->utf8);
	guild_tui_screen_put(app->screen, y, 0, guild_buf_cstr(&shown), GUILD_STYLE_RED);
	guild_buf_fini(&line);
	guild_buf_fini(&shown);
}

void guild_tui_prompt_draw(struct guild_tui *app, size_t rows, size_t width)
{
	const struct guild_tui_prompt *p = &app->prompt;
	struct guild_buf whole = {0};
	struct guild_buf line = {0};
	size_t y = rows > guild_tui_prompt_height(app) ? rows - guild_tui_prompt_height(app) : 0;
	size_t label = strlen(questions[p->asks]);
	size_t cursor = label + width_of(app, guild_buf_cstr(&p->text), p->at);
	size_t skip = cursor >= width ? cursor - width + 1 : 0;

	guild_buf_puts(&whole, questions[p->asks]);
	guild_buf_append(&whole, p->text.p, p->text.n);
	guild_tui_slice(&line, guild_buf_str(&whole), skip, width, app->utf8);
	guild_tui_screen_put(app->screen, y, 0, guild_buf_cstr(&line), GUILD_STYLE_BOLD);
	if (p->problem) {
		draw_problem(app, y + 1, width, label, skip);
	}
	guild_tui_screen_cursor(app->screen, y, cursor - skip, true);
	guild_buf_fini(&whole);
	guild_buf_fini(&line);
}
