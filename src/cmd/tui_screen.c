/* The terminal, through curses. */

#define NCURSES_WIDECHAR 1
#include "tui_screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

enum { ESCAPE_DELAY_MS = 25, FIRST_PAIR = 1 };

struct guild_tui_screen {
	SCREEN *screen;
	bool is_utf8;
	bool has_colors;
	char *old_locale;
};

/* Characters follow the user's locale. Where there is none, terminals of today still read UTF-8. */
static bool set_locale(void)
{
	const char *name = setlocale(LC_CTYPE, "");
	const char *all = getenv("LC_ALL");

	if (!name || ((!all || !*all) && (strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0))) {
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	}
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool start_colors(bool wanted)
{
	static const short colors[] = {
		COLOR_RED, COLOR_GREEN, COLOR_YELLOW, COLOR_BLUE, COLOR_CYAN};

	if (!wanted || !has_colors() || start_color() == ERR) {
		return false;
	}
	short background = use_default_colors() == OK ? -1 : COLOR_BLACK;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(colors); i++) {
		init_pair((short)(FIRST_PAIR + i), colors[i], background);
	}
	return true;
}

static void set_modes(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	/* Clicks at once, not after curses has waited for a second one. */
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
			  BUTTON5_PRESSED,
		NULL);
}

int guild_tui_screen_open(const char *term, bool color, struct guild_tui_screen **out,
	struct guild_error *err)
{
	struct guild_tui_screen *s = guild_alloc(sizeof(*s));

	s->old_locale = guild_strdup(setlocale(LC_CTYPE, NULL));
	s->is_utf8 = set_locale();
	/* Asked first: newterm forgets memory where it fails. */
	if (guild_tui_knows_term(term)) {
		s->screen = newterm(term, stdout, stdin);
	}
	if (!s->screen) {
		guild_tui_screen_close(s);
		guild_error_set(err, GUILD_EUNSUPPORTED,
			"the kind of this terminal is not known here: TERM is '%s'", term);
		guild_error_hint(err, "set TERM to one that is, 'xterm' say; or print a plain "
				      "table with --table");
		return GUILD_EUNSUPPORTED;
	}
	set_modes();
	s->has_colors = start_colors(color);
	*out = s;
	return 0;
}

void guild_tui_screen_close(struct guild_tui_screen *s)
{
	if (!s) {
		return;
	}
	if (s->screen) {
		guild_tui_screen_leave(s);
		delscreen(s->screen);
	}
	(void)setlocale(LC_CTYPE, s->old_locale);
	free(s->old_locale);
	free(s);
}

bool guild_tui_screen_is_utf8(const struct guild_tui_screen *s)
{
	return s->is_utf8;
}

void guild_tui_screen_leave(struct guild_tui_screen *s)
{
	(void)s;
	/* Where there is no screen to go back to, what comes next starts on an empty line. */
	(void)move(LINES - 1, 0);
	(void)clrtoeol();
	(void)refresh();
	(void)curs_set(1);
	(void)endwin();
}

void guild_tui_screen_return(struct guild_tui_screen *s)
{
	(void)s;
	curs_set(0);
	clearok(curscr, TRUE);
	refresh();
}

/* ---- drawing -------------------------------------------------------------------------------------------- */

void guild_tui_screen_size(const struct guild_tui_screen *s, size_t *rows, size_t *columns)
{
	(void)s;
	*rows = LINES > 0 ? (size_t)LINES : 1;
	*columns = COLS > 0 ? (size_t)COLS : 1;
}

void guild_tui_screen_clear(struct guild_tui_screen *s)
{
	(void)s;
	erase();
}

static attr_t attributes(const struct guild_tui_screen *s, unsigned style, short *pair)
{
	attr_t a = 0;

	a |= style & GUILD_STYLE_BOLD ? A_BOLD : 0;
	a |= style & GUILD_STYLE_REVERSE ? A_REVERSE : 0;
	a |= style & GUILD_STYLE_UNDERLINE ? A_UNDERLINE : 0;
	*pair = s->has_colors ? (short)((style & GUILD_STYLE_COLORS) >> 4) : 0;
	return a;
}

static void put_line(struct guild_tui_screen *s, size_t y, size_t x, const char *text,
	unsigned style)
{
	size_t n = strlen(text);
	wchar_t *wide = guild_alloc((n + 1) * sizeof(*wide));
	size_t n_wide = 0;
	short pair;
	attr_t a = attributes(s, style, &pair);

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t len = guild_utf8_decode(text + i, n - i, &cp);

		wide[n_wide++] = len > 0 ? (wchar_t)cp : L'?';
		i += len > 0 ? len : 1;
	}
	attr_set(a, pair, NULL);
	(void)mvaddnwstr((int)y, (int)x, wide, (int)n_wide);
	attr_set(0, 0, NULL);
	free(wide);
}

void guild_tui_screen_put(struct guild_tui_screen *s, size_t y, size_t x, const char *text,
	unsigned style)
{
	if (LINES > 0 && COLS > 0 && y < (size_t)LINES && x < (size_t)COLS) {
		put_line(s, y, x, text, style);
	}
}

void guild_tui_screen_cursor(struct guild_tui_screen *s, size_t y, size_t x, bool is_visible)
{
	(void)s;
	(void)move((int)y, (int)x);
	(void)curs_set(is_visible ? 1 : 0);
}

void guild_tui_screen_show(struct guild_tui_screen *s)
{
	(void)s;
	refresh();
}

void guild_tui_screen_redraw(struct guild_tui_screen *s)
{
	(void)s;
	clearok(curscr, TRUE);
}

/* ---- keys --------------------------------------------------------------------------------------------------- */

static const struct {
	wint_t curses;
	int32_t code;
} key_codes[] = {
	{KEY_UP, GUILD_KEY_UP},
	{KEY_DOWN, GUILD_KEY_DOWN},
	{KEY_LEFT, GUILD_KEY_LEFT},
	{KEY_RIGHT, GUILD_KEY_RIGHT},
	{KEY_PPAGE, GUILD_KEY_PAGE_UP},
	{KEY_NPAGE, GUILD_KEY_PAGE_DOWN},
	{KEY_HOME, GUILD_KEY_HOME},
	{KEY_FIND, GUILD_KEY_HOME},
	{KEY_A1, GUILD_KEY_HOME},
	{KEY_END, GUILD_KEY_END},
	{KEY_SELECT, GUILD_KEY_END},
	{KEY_C1, GUILD_KEY_END},
	{KEY_IC, GUILD_KEY_INSERT},
	{KEY_DC, GUILD_KEY_DELETE},
	{KEY_BACKSPACE, GUILD_KEY_BACKSPACE},
	{KEY_ENTER, GUILD_KEY_ENTER},
	{KEY_F(1), GUILD_KEY_F1},
	{KEY_RESIZE, GUILD_KEY_RESIZE},
};

static struct guild_tui_key mouse_key(void)
{
	struct guild_tui_key key = {.code = GUILD_KEY_OTHER};
	MEVENT event;

	if (getmouse(&event) != OK || event.x < 0 || event.y < 0) {
		return key;
	}
	key.code = GUILD_KEY_MOUSE;
	key.x = (size_t)event.x;
	key.y = (size_t)event.y;
	if (event.bstate & BUTTON4_PRESSED) {
		key.mouse = GUILD_MOUSE_UP;
	} else if (event.bstate & BUTTON5_PRESSED) {
		key.mouse = GUILD_MOUSE_DOWN;
	} else if (event.bstate & BUTTON1_DOUBLE_CLICKED) {
		key.mouse = GUILD_MOUSE_DOUBLE;
	} else if (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) {
		key.mouse = GUILD_MOUSE_CLICK;
	} else {
		key.code = GUILD_KEY_OTHER;
	}
	return key;
}

static struct guild_tui_key special_key(wint_t c)
{
	struct guild_tui_key key = {.code = GUILD_KEY_OTHER};

	if (c == KEY_MOUSE) {
		return mouse_key();
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(key_codes); i++) {
		if (key_codes[i].curses == c) {
			key.code = key_codes[i].code;
		}
	}
	return key;
}

struct guild_tui_key guild_tui_screen_key(struct guild_tui_screen *s)
{
	struct guild_tui_key key = {.code = GUILD_KEY_NONE};
	wint_t c = 0;

	(void)s;
	int rc = get_wch(&c);

	if (rc == KEY_CODE_YES) {
		return special_key(c);
	}
	if (rc == ERR) {
		return key;
	}
	key.code = (int32_t)c;
	if (c == '\r' || c == '\n') {
		key.code = GUILD_KEY_ENTER;
	} else if (c == 0x7f || c == '\b') {
		key.code = GUILD_KEY_BACKSPACE;
	}
	return key;
}
