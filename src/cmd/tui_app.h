/* What the parts of the table in the terminal share. Private to tui_*.c. */
#ifndef GUILD_CMD_TUI_APP_H
#define GUILD_CMD_TUI_APP_H

#include <pthread.h>

#include "tui.h"
#include "tui_screen.h"
#include "tui_table.h"
#include "tui_worker.h"

enum { GUILD_TUI_MESSAGE_MAX = 512 };

/* Warnings and notes, from any thread. */
struct guild_tui_log {
	pthread_mutex_t lock;
	struct guild_strs lines; /* the latest GUILD_TUI_LOG_MAX */
	size_t n_new;            /* that nobody was told of */
};
enum { GUILD_TUI_LOG_MAX = 500 };
void guild_tui_log_init(struct guild_tui_log *log);
void guild_tui_log_fini(struct guild_tui_log *log);
struct guild_log guild_tui_log_sink(struct guild_tui_log *log);
/* The latest line that nobody was told of, once; the caller frees. NULL: there is none. */
char *guild_tui_log_take_new(struct guild_tui_log *log);
void guild_tui_log_text(struct guild_tui_log *log, struct guild_buf *out);

/* A text to scroll through. */
struct guild_tui_page {
	bool is_open;
	char *title;
	struct guild_strs lines;
	size_t top, left;
	size_t height; /* lines on the screen */
	bool is_diff;  /* lines are coloured by their first letter */
	char *ids[2];  /* runs of a diff */
};

/* One line typed by the user. */
enum guild_tui_asks { GUILD_ASKS_SEARCH, GUILD_ASKS_FILTER, GUILD_ASKS_ROW, GUILD_ASKS_SCALAR };
struct guild_tui_prompt {
	bool is_open;
	enum guild_tui_asks asks;
	struct guild_buf text;
	size_t at;         /* byte of the cursor */
	char *problem;     /* why the text was not taken, or NULL */
	size_t problem_at; /* column of the text that it is about; SIZE_MAX: no place */
};

/* Which columns are shown. */
struct guild_tui_chooser {
	bool is_open;
	size_t at, top;
};

/* Courses of scalars that were read. */
struct guild_tui_sparks {
	struct guild_map entries;  /* struct spark by "ID\nSCALAR" */
	struct guild_tui_job *job; /* being done */
	unsigned generation;       /* of rows: older courses are read again */
};

struct guild_tui {
	struct guild_ctx *ctx;
	const struct guild_tui_source *source;
	struct guild_tui_screen *screen;
	struct guild_tui_log log;
	int wake[2];                     /* read end, write end */
	struct guild_tui_worker *loader; /* reads rows */
	struct guild_tui_worker *reader; /* sorts, filters, searches, reads courses */
	struct guild_tui_table table;

	/* What the view should be; the view says what it is. */
	struct guild_tui_sort sort;
	char *filter;

	char *needle; /* searched for last */
	struct guild_tui_page page;
	struct guild_tui_prompt prompt;
	struct guild_tui_chooser chooser;
	struct guild_tui_sparks sparks;

	size_t count; /* digits typed before a command */
	struct guild_tui_sort undo;

	char message[GUILD_TUI_MESSAGE_MAX];

	atomic_int percent; /* of the rows that are being read; 0: not told yet */
	size_t n_viewing;   /* sorts and filters under way */
	size_t n_searching;
	int64_t next_load_us;  /* on the monotonic clock */
	int64_t full_load_us;  /* then even if nothing seems to have changed */
	int64_t runs_mtime_ns; /* of the directory of runs, when rows were read */

	struct guild_tui_slot *slots; /* columns as drawn */
	size_t n_slots;
	/* The last click, for double clicks. */
	int64_t clicked_us;
	size_t clicked_row;

	struct guild_error load_error; /* that the first rows met */

	bool utf8;
	bool has_count;
	bool has_undo; /* the digit in `count` sorted; a further one takes that back */
	bool message_is_problem;
	bool refreshes; /* by itself */
	bool is_loading;
	bool has_live_runs;
	bool quits;
	bool prints_ids;
};

/* ---- what the user is told ---- */
void guild_tui_say(struct guild_tui *app, const char *fmt, ...) GUILD_PRINTF(2, 3);
void guild_tui_complain(struct guild_tui *app, const char *fmt, ...) GUILD_PRINTF(2, 3);

/* ---- work (tui_load.c, tui_find.c, tui_spark.c) ---- */
/* A context for work elsewhere, with an arena of its own: release it with guild_tui_ctx_fini. */
struct guild_ctx guild_tui_ctx(struct guild_tui *app);
void guild_tui_ctx_fini(struct guild_ctx *ctx);
/* Reads the rows again; with `if_changed` only where something may have happened. */
void guild_tui_load(struct guild_tui *app, bool if_changed);
/* Brings the view to app->sort and app->filter. */
void guild_tui_refresh_view(struct guild_tui *app);
void guild_tui_search(struct guild_tui *app, int step);
/* Gives up sorts, filters and searches under way. */
void guild_tui_cancel(struct guild_tui *app);
/* Marks the rows of a view that an expression holds for. */
int guild_tui_filter_rows(struct guild_ctx *ctx, struct guild_tui_rows *rows, const char *filter,
	unsigned syntax, bool *passes, struct guild_error *err);
/* Appends the course of a scalar of a row, as far as it was read; what was not is asked for. */
struct guild_tui_wish;
void guild_tui_spark_cell(struct guild_tui *app, size_t at, size_t col, size_t width,
	struct guild_buf *out, struct guild_tui_wish **wishes);
void guild_tui_sparks_read(struct guild_tui *app, struct guild_tui_wish *take_wishes);
void guild_tui_sparks_fini(struct guild_tui_sparks *sparks);

/* ---- parts of the screen: each draws itself and gets the keys while it is open ---- */
void guild_tui_draw(struct guild_tui *app);
void guild_tui_table_key(struct guild_tui *app, const struct guild_tui_key *key);

/* Opens a page; takes over nothing. */
void guild_tui_page_open(struct guild_tui *app, const char *title, const char *text);
void guild_tui_page_close(struct guild_tui *app);
void guild_tui_page_draw(struct guild_tui *app, size_t rows, size_t width);
void guild_tui_page_key(struct guild_tui *app, const struct guild_tui_key *key);
void guild_tui_open_help(struct guild_tui *app);
void guild_tui_open_detail(struct guild_tui *app);
void guild_tui_open_diff(struct guild_tui *app);
void guild_tui_open_messages(struct guild_tui *app);

void guild_tui_prompt_open(struct guild_tui *app, enum guild_tui_asks asks, const char *text);
void guild_tui_prompt_close(struct guild_tui *app);
size_t guild_tui_prompt_height(const struct guild_tui *app);
void guild_tui_prompt_draw(struct guild_tui *app, size_t rows, size_t width);
void guild_tui_prompt_key(struct guild_tui *app, const struct guild_tui_key *key);

void guild_tui_chooser_open(struct guild_tui *app);
void guild_tui_chooser_draw(struct guild_tui *app, size_t rows, size_t width);
void guild_tui_chooser_key(struct guild_tui *app, const struct guild_tui_key *key);
void guild_tui_toggle_spark(struct guild_tui *app, const char *scalar);

/* What `?` says: appends all keys. */
void guild_tui_keys_text(struct guild_buf *out);

#endif
