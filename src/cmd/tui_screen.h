/* The terminal, through curses, whose headers nothing else includes. Private to cmd/. */
#ifndef GUILD_CMD_TUI_SCREEN_H
#define GUILD_CMD_TUI_SCREEN_H

#include <guild/base.h>

/* Keys are code points, or one of these. */
enum guild_tui_keys {
	GUILD_KEY_NONE = -1, /* nothing was typed */
	GUILD_KEY_UP = 0x200000,
	GUILD_KEY_DOWN,
	GUILD_KEY_LEFT,
	GUILD_KEY_RIGHT,
	GUILD_KEY_PAGE_UP,
	GUILD_KEY_PAGE_DOWN,
	GUILD_KEY_HOME,
	GUILD_KEY_END,
	GUILD_KEY_INSERT,
	GUILD_KEY_DELETE,
	GUILD_KEY_BACKSPACE,
	GUILD_KEY_ENTER,
	GUILD_KEY_F1,
	GUILD_KEY_RESIZE,
	GUILD_KEY_MOUSE,
	GUILD_KEY_OTHER, /* a key that has no meaning here */
};
#define GUILD_KEY_CTRL(c) ((c)&0x1f)
enum { GUILD_KEY_ESCAPE = 27 };

enum guild_tui_mouse { GUILD_MOUSE_CLICK, GUILD_MOUSE_DOUBLE, GUILD_MOUSE_UP, GUILD_MOUSE_DOWN };
struct guild_tui_key {
	int32_t code;
	enum guild_tui_mouse mouse; /* with GUILD_KEY_MOUSE; UP and DOWN are the wheel */
	size_t x, y;
};

enum guild_tui_style {
	GUILD_STYLE_PLAIN = 0,
	GUILD_STYLE_BOLD = 1,
	GUILD_STYLE_REVERSE = 2,
	GUILD_STYLE_UNDERLINE = 4,
	/* One colour at most, where there are colours. */
	GUILD_STYLE_RED = 0x10,
	GUILD_STYLE_GREEN = 0x20,
	GUILD_STYLE_YELLOW = 0x30,
	GUILD_STYLE_BLUE = 0x40,
	GUILD_STYLE_CYAN = 0x50,
	GUILD_STYLE_COLORS = 0x70,
};

/* Whether a kind of terminal is described here (tui_terminfo.c, as the names of terminfo's header are everybody's words). */
bool guild_tui_knows_term(const char *term);

struct guild_tui_screen;
/* Takes the terminal of standard input and output; one at a time in a process. `color`: where it has some. GUILD_EUNSUPPORTED: the
 * kind of terminal (`term`) is not known here. */
int guild_tui_screen_open(const char *term, bool color, struct guild_tui_screen **out,
	struct guild_error *err);
void guild_tui_screen_close(struct guild_tui_screen *s); /* NULL is fine */
bool guild_tui_screen_is_utf8(const struct guild_tui_screen *s);
/* For a while the terminal is somebody else's. */
void guild_tui_screen_leave(struct guild_tui_screen *s);
void guild_tui_screen_return(struct guild_tui_screen *s);

void guild_tui_screen_size(const struct guild_tui_screen *s, size_t *rows, size_t *columns);
void guild_tui_screen_clear(struct guild_tui_screen *s);
/* Text of guild_tui_fit or guild_tui_slice; what does not fit is cut. */
void guild_tui_screen_put(struct guild_tui_screen *s, size_t y, size_t x, const char *text,
	unsigned style);
void guild_tui_screen_cursor(struct guild_tui_screen *s, size_t y, size_t x, bool is_visible);
void guild_tui_screen_show(struct guild_tui_screen *s);
void guild_tui_screen_redraw(struct guild_tui_screen *s); /* as if nothing were there yet */
/* The next key that was typed already. */
struct guild_tui_key guild_tui_screen_key(struct guild_tui_screen *s);

#endif
