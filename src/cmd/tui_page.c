/* Texts to scroll through: a run, what differs, help, messages. */

#include "tui_app.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff_found.h"
#include "run_info.h"
#include "tui_text.h"

enum { SIDE_STEP = 8 };

/* ---- the page ------------------------------------------------------------------------------------------ */

void guild_tui_page_close(struct guild_tui *app)
{
	struct guild_tui_page *p = &app->page;

	free(p->title);
	guild_strs_fini(&p->lines);
	free(p->ids[0]);
	free(p->ids[1]);
	*p = (struct guild_tui_page){0};
}

void guild_tui_page_open(struct guild_tui *app, const char *title, const char *text)
{
	size_t n = strlen(text);

	guild_tui_page_close(app);
	app->page.is_open = true;
	app->page.title = guild_strdup(title);
	while (n > 0 && text[n - 1] == '\n') {
		n--;
	}
	char *copy = guild_strndup(text, n);

	guild_strs_split(&app->page.lines, copy, '\n');
	free(copy);
}

static unsigned line_style(const struct guild_tui_page *p, const char *line)
{
	if (!p->is_diff) {
		return GUILD_STYLE_PLAIN;
	}
	switch (line[strspn(line, " ")]) {
	case '-':
		return GUILD_STYLE_RED;
	case '+':
		return GUILD_STYLE_GREEN;
	case '~':
		return GUILD_STYLE_YELLOW;
	default:
		return GUILD_STYLE_BOLD;
	}
}

static void put_line(struct guild_tui *app, size_t y, size_t width, const char *text,
	unsigned style)
{
	struct guild_buf line = {0};

	guild_tui_fit(&line, guild_str(text), width, app->utf8);
	guild_tui_screen_put(app->screen, y, 0, guild_buf_cstr(&line), style);
	guild_buf_fini(&line);
}

static void scroll(struct guild_tui_page *p, int64_t lines)
{
	int64_t last = p->lines.n > p->height ? (int64_t)(p->lines.n - p->height) : 0;
	int64_t top = (int64_t)p->top + lines;

	top = top > last ? last : top;
	p->top = top > 0 ? (size_t)top : 0;
}

void guild_tui_page_draw(struct guild_tui *app, size_t rows, size_t width)
{
	struct guild_tui_page *p = &app->page;
	struct guild_buf line = {0};

	p->height = rows > 2 ? rows - 2 : 1;
	scroll(p, 0);
	put_line(app, 0, width, p->title, GUILD_STYLE_BOLD | GUILD_STYLE_REVERSE);
	for (size_t i = 0; i < p->height && p->top + i < p->lines.n; i++) {
		const char *text = p->lines.v[p->top + i];

		guild_buf_reset(&line);
		guild_tui_slice(&line, guild_str(text), p->left, width, app->utf8);
		guild_tui_screen_put(app->screen, i + 1, 0, guild_buf_cstr(&line),
			line_style(p, text));
	}
	guild_buf_reset(&line);
	guild_buf_printf(&line, "%zu-%zu of %zu  q back%s", p->lines.n > 0 ? p->top + 1 : 0,
		p->top + p->height < p->lines.n ? p->top + p->height : p->lines.n, p->lines.n,
		p->is_diff ? "  D source code" : "");
	if (rows > 1) {
		put_line(app, rows - 1, width,
			app->message[0] ? app->message : guild_buf_cstr(&line),
			GUILD_STYLE_REVERSE);
	}
	guild_buf_fini(&line);
}

static void wait_for_enter(void)
{
	char c = 0;

	fputs("Press Enter to go back. ", stdout);
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n' && c != '\r') {
	}
}

/* The source code of two runs is compared by `guild diff`, on the whole terminal. */
static void diff_source(struct guild_tui *app)
{
	struct guild_buf command = {0};
	struct guild_error err = {0};
	int status = 0;

	guild_shlex_quote(&command, app->ctx->program);
	if (app->ctx->home_option) {
		guild_buf_puts(&command, " -H ");
		guild_shlex_quote(&command, app->ctx->home_option);
	}
	guild_buf_printf(&command, " diff --sourcecode %s %s", app->page.ids[0], app->page.ids[1]);
	guild_tui_screen_leave(app->screen);
	int rc = guild_cmd_run_foreground(app->ctx, guild_buf_cstr(&command), NULL, NULL, &status,
		&err);

	wait_for_enter();
	guild_tui_screen_return(app->screen);
	if (rc != 0) {
		guild_tui_complain(app, "%s", err.text);
	}
	guild_buf_fini(&command);
}

static void page_side(struct guild_tui_page *p, bool right)
{
	if (right) {
		p->left += SIDE_STEP;
	} else {
		p->left = p->left > SIDE_STEP ? p->left - SIDE_STEP : 0;
	}
}

void guild_tui_page_key(struct guild_tui *app, const struct guild_tui_key *key)
{
	struct guild_tui_page *p = &app->page;
	int64_t page = p->height > 1 ? (int64_t)p->height - 1 : 1;

	switch (key->code) {
	case GUILD_KEY_UP:
	case 'k':
		scroll(p, -1);
		break;
	case GUILD_KEY_DOWN:
	case GUILD_KEY_ENTER:
	case 'j':
		scroll(p, 1);
		break;
	case GUILD_KEY_PAGE_UP:
	case 'K':
	case 'b':
		scroll(p, -page);
		break;
	case GUILD_KEY_PAGE_DOWN:
	case 'J':
	case ' ':
		scroll(p, page);
		break;
	case GUILD_KEY_HOME:
	case 'g':
		scroll(p, -(int64_t)p->lines.n);
		break;
	case GUILD_KEY_END:
	case 'G':
		scroll(p, (int64_t)p->lines.n);
		break;
	case GUILD_KEY_LEFT:
	case 'h':
		page_side(p, false);
		break;
	case GUILD_KEY_RIGHT:
	case 'l':
		page_side(p, true);
		break;
	case GUILD_KEY_MOUSE:
		if (key->mouse == GUILD_MOUSE_UP || key->mouse == GUILD_MOUSE_DOWN) {
			scroll(p, key->mouse == GUILD_MOUSE_UP ? -3 : 3);
		}
		break;
	case 'D':
		if (p->is_diff) {
			diff_source(app);
		}
		break;
	case 'q':
	case 'Q':
	case '?':
	case GUILD_KEY_F1:
	case GUILD_KEY_ESCAPE:
		guild_tui_page_close(app);
		break;
	default:
		break;
	}
}

/* ---- what pages show ------------------------------------------------------------------------------------ */

void guild_tui_open_help(struct guild_tui *app)
{
	struct guild_buf text = {0};

	guild_tui_keys_text(&text);
	guild_tui_page_open(app, "Keys", guild_buf_cstr(&text));
	guild_buf_fini(&text);
}

void guild_tui_open_messages(struct guild_tui *app)
{
	struct guild_buf text = {0};

	guild_tui_log_text(&app->log, &text);
	guild_tui_page_open(app, "Messages",
		text.n > 0 ? guild_buf_cstr(&text) : "There are no messages.");
	guild_buf_fini(&text);
}

/* The cells of a row that is no run. */
static void put_cells(const struct guild_tui_table *t, struct guild_buf *out)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		if (!t->columns.v[i].spark) {
			guild_buf_printf(out, "%s: ", t->columns.v[i].header);
			guild_tui_table_cell(t, t->row, i, out);
			guild_buf_putc(out, '\n');
		}
	}
}

void guild_tui_open_detail(struct guild_tui *app)
{
	const struct guild_tui_table *t = &app->table;
	struct guild_buf text = {0};

	if (!guild_tui_table_has_cursor(t)) {
		return;
	}
	if (t->view->rows->are_groups) {
		put_cells(t, &text);
		guild_tui_page_open(app, "Group", guild_buf_cstr(&text));
	} else {
		struct guild_ctx ctx = guild_tui_ctx(app);
		const struct guild_run *run = guild_tui_table_run(t, t->row);
		char *title = guild_format("Run %s", run->id);

		guild_run_info_text(&text, guild_run_info(&ctx, run, GUILD_INFO_COMMENTS));
		guild_tui_page_open(app, title, guild_buf_cstr(&text));
		free(title);
		guild_tui_ctx_fini(&ctx);
	}
	guild_buf_fini(&text);
}

/* ---- two runs ---------------------------------------------------------------------------------------------- */

/* "0.5 (step 20)": one text, so that a value that changed is one line. */
static struct guild_value *scalar_texts(struct guild_arena *a, const struct guild_value *scalars)
{
	struct guild_value *texts = guild_value_dict(a);

	for (size_t i = 0; scalars && i < scalars->n; i++) {
		const struct guild_value *pair = scalars->pairs[i].value;
		char value[GUILD_F64_MAX];

		(void)guild_f64_repr(pair->items[0]->f, value);
		guild_value_set(a, texts, guild_value_text(scalars->pairs[i].key),
			guild_value_string(a, guild_arena_format(a, "%s (step %lld)", value,
						      (long long)pair->items[1]->i)));
	}
	return texts;
}

static void put_part(struct guild_arena *a, struct guild_buf *out, const char *name,
	const struct guild_value *old, const struct guild_value *new)
{
	struct guild_value_changes changes = {0};

	guild_value_changes(a, old, new, &changes);
	if (changes.n > 0) {
		guild_buf_printf(out, "\n%s\n", name);
		guild_diff_value_lines(out, &changes, false, "");
	}
	guild_value_changes_fini(&changes);
}

static void put_diff(struct guild_ctx *ctx, const struct guild_run *old,
	const struct guild_run *new, struct guild_buf *out)
{
	struct guild_arena *a = ctx->arena;
	const struct guild_run *runs[] = {old, new};
	struct guild_value *info[2], *flags[2], *scalars[2];
	size_t start = out->n;

	for (size_t i = 0; i < 2; i++) {
		info[i] = guild_run_info(ctx, runs[i], GUILD_INFO_DEPS);
		flags[i] = guild_value_get(info[i], "flags");
		scalars[i] = scalar_texts(a, guild_value_get(info[i], "scalars"));
		guild_value_unset(info[i], "flags");
		guild_value_unset(info[i], "scalars");
	}
	put_part(a, out, "Flags", flags[0], flags[1]);
	put_part(a, out, "Scalars", scalars[0], scalars[1]);
	put_part(a, out, "Attributes", info[0], info[1]);
	if (out->n == start) {
		guild_buf_puts(out, "\nNothing differs.\n");
	}
}

/* The two runs to compare, older first: both selected ones, or the selected one and that of the cursor. */
static bool pick_two(const struct guild_tui_table *t, size_t rows[2])
{
	const struct guild_tui_rows *all = t->view->rows;
	const char *ids[2];

	if (t->selected.n == 2) {
		ids[0] = t->selected.v[0];
		ids[1] = t->selected.v[1];
	} else if (t->selected.n == 1) {
		ids[0] = t->selected.v[0];
		ids[1] = guild_tui_table_run(t, t->row)->id;
	} else {
		return false;
	}
	rows[0] = guild_tui_rows_find(all, ids[0]);
	rows[1] = guild_tui_rows_find(all, ids[1]);
	if (rows[0] == SIZE_MAX || rows[1] == SIZE_MAX || rows[0] == rows[1]) {
		return false;
	}
	if (all->table.run_index[rows[0]] < all->table.run_index[rows[1]]) {
		size_t newer = rows[0];

		rows[0] = rows[1];
		rows[1] = newer;
	}
	return true;
}

void guild_tui_open_diff(struct guild_tui *app)
{
	const struct guild_tui_table *t = &app->table;
	size_t rows[2];

	if (!guild_tui_table_has_cursor(t) || t->view->rows->are_groups) {
		return;
	}
	if (!pick_two(t, rows)) {
		guild_tui_complain(app, "select two runs with the space bar, then compare them");
		return;
	}
	const struct guild_run *old = guild_tui_rows_run(t->view->rows, rows[0]);
	const struct guild_run *new = guild_tui_rows_run(t->view->rows, rows[1]);
	struct guild_ctx ctx = guild_tui_ctx(app);
	struct guild_buf text = {0};
	char *old_op = guild_run_display_name(old);
	char *new_op = guild_run_display_name(new);
	char *title = guild_format("From %.*s %s to %.*s %s", GUILD_RUN_SHORT_LEN, old->id, old_op,
		GUILD_RUN_SHORT_LEN, new->id, new_op);

	put_diff(&ctx, old, new, &text);
	guild_tui_page_open(app, title, guild_buf_cstr(&text) + 1);
	app->page.is_diff = true;
	app->page.ids[0] = guild_strdup(old->id);
	app->page.ids[1] = guild_strdup(new->id);
	free(title);
	free(old_op);
	free(new_op);
	guild_buf_fini(&text);
	guild_tui_ctx_fini(&ctx);
}
