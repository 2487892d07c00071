/* The table in the terminal: its life from the first screen to the last key. */

#include "tui_app.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The signals that end the table, once the terminal is as it was. */
static const int deadly[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static volatile sig_atomic_t caught;

static void on_signal(int signum)
{
	caught = signum;
}

static void set_handlers(struct sigaction *old)
{
	struct sigaction act = {.sa_handler = on_signal};

	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(deadly); i++) {
		sigaction(deadly[i], &act, &old[i]);
	}
}

static void reset_handlers(const struct sigaction *old)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(deadly); i++) {
		sigaction(deadly[i], &old[i], NULL);
	}
}

bool guild_tui_fits(const struct guild_ctx *ctx)
{
	const char *term = guild_ctx_env(ctx, "TERM");

	return ctx->stdout_tty && isatty(STDIN_FILENO) == 1 && term && *term &&
	       strcmp(term, "dumb") != 0 && strcmp(term, "unknown") != 0;
}

/* ---- messages --------------------------------------------------------------------------------------- */

void guild_tui_say(struct guild_tui *app, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(app->message, sizeof(app->message), fmt, ap);
	va_end(ap);
	app->message_is_problem = false;
}

void guild_tui_complain(struct guild_tui *app, const char *fmt, ...)
{
	struct guild_log log = guild_tui_log_sink(&app->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(app->message, sizeof(app->message), fmt, ap);
	va_end(ap);
	app->message_is_problem = true;
	guild_log(&log, "info", "%s", app->message);
}

static void show_log(struct guild_tui *app)
{
	char *line = guild_tui_log_take_new(&app->log);

	if (line && !app->message[0]) {
		guild_tui_say(app, "%s", line);
	}
	free(line);
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

/* Milliseconds until rows are to be read again; -1: never. */
static int wait_ms(const struct guild_tui *app)
{
	if (!app->refreshes || app->is_loading) {
		return -1;
	}
	int64_t left = (app->next_load_us - guild_monotonic_us()) / 1000;

	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left + 1;
}

static void finish_jobs(struct guild_tui *app)
{
	struct guild_tui_worker *workers[] = {app->loader, app->reader};
	char bytes[64];

	while (read(app->wake[0], bytes, sizeof(bytes)) > 0) {
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(workers); i++) {
		struct guild_tui_job *job;

		while ((job = guild_tui_worker_take_done(workers[i]))) {
			job->finish(job);
		}
	}
}

static void take_key(struct guild_tui *app, const struct guild_tui_key *key)
{
	app->message[0] = '\0';
	app->message_is_problem = false;
	if (app->prompt.is_open) {
		guild_tui_prompt_key(app, key);
	} else if (app->page.is_open) {
		guild_tui_page_key(app, key);
	} else if (app->chooser.is_open) {
		guild_tui_chooser_key(app, key);
	} else {
		guild_tui_table_key(app, key);
	}
}

static void take_keys(struct guild_tui *app)
{
	for (;;) {
		struct guild_tui_key key = guild_tui_screen_key(app->screen);

		if (key.code == GUILD_KEY_NONE || app->quits) {
			return;
		}
		if (key.code != GUILD_KEY_RESIZE) {
			take_key(app, &key);
		}
	}
}

static void loop(struct guild_tui *app)
{
	struct pollfd fds[] = {
		{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = app->wake[0], .events = POLLIN}};

	while (!app->quits && !caught) {
		show_log(app);
		guild_tui_draw(app);
		int n = poll(fds, GUILD_ARRAY_LEN(fds), wait_ms(app));

		if (n < 0 && errno != EINTR) {
			break;
		}
		finish_jobs(app);
		/* An interrupted wait may be a resize, which curses tells as a key. */
		if (n < 0 || fds[0].revents & POLLIN) {
			take_keys(app);
		} else if (n > 0 && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
			break;
		}
		if (app->refreshes && guild_monotonic_us() >= app->next_load_us) {
			guild_tui_load(app, true);
		}
	}
}

/* ---- beginning and end ------------------------------------------------------------------------------------ */

static int open_app(struct guild_tui *app, struct guild_error *err)
{
	const char *no_color = guild_ctx_env(app->ctx, "NO_COLOR");

	guild_tui_log_init(&app->log);
	if (pipe2(app->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
		app->wake[0] = app->wake[1] = -1;
		return guild_error_errno(err, errno, "no pipe can be made");
	}
	int rc = guild_tui_worker_new(app->wake[1], &app->loader, err);

	if (rc == 0) {
		rc = guild_tui_worker_new(app->wake[1], &app->reader, err);
	}
	if (rc == 0) {
		rc = guild_tui_screen_open(guild_ctx_env(app->ctx, "TERM"), !no_color || !*no_color,
			&app->screen, err);
	}
	if (rc == 0) {
		app->utf8 = guild_tui_screen_is_utf8(app->screen);
		guild_tui_table_init(&app->table, app->utf8);
		app->refreshes = true;
	}
	return rc;
}

/* The ids the user asked for, as `guild runs` takes them. */
static void print_ids(struct guild_tui *app)
{
	const struct guild_tui_table *t = &app->table;

	for (size_t i = 0; i < t->selected.n; i++) {
		printf("%s\n", t->selected.v[i]);
	}
	if (t->selected.n == 0 && guild_tui_table_has_cursor(t) && !t->view->rows->are_groups) {
		printf("%s\n", guild_tui_table_run(t, t->row)->id);
	}
}

static void close_app(struct guild_tui *app)
{
	guild_tui_worker_free(app->loader);
	guild_tui_worker_free(app->reader);
	guild_tui_page_close(app);
	guild_tui_prompt_close(app);
	guild_tui_table_fini(&app->table);
	guild_tui_sort_fini(&app->sort);
	guild_tui_sort_fini(&app->undo);
	guild_tui_sparks_fini(&app->sparks);
	guild_tui_log_fini(&app->log);
	free(app->filter);
	free(app->needle);
	free(app->slots);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(app->wake); i++) {
		if (app->wake[i] >= 0) {
			close(app->wake[i]);
		}
	}
}

/* Nobody waits for rows that nobody will see: reading changes nothing that an end could break. */
static void leave_busy(struct guild_tui *app, int code)
{
	if (guild_tui_worker_is_busy(app->loader) || guild_tui_worker_is_busy(app->reader)) {
		fflush(stdout);
		_exit(code);
	}
}

int guild_tui(struct guild_ctx *ctx, const struct guild_tui_source *source)
{
	struct guild_tui app = {.ctx = ctx, .source = source};
	struct sigaction old[GUILD_ARRAY_LEN(deadly)];
	struct guild_error err = {0};
	int code = GUILD_EXIT_OK;

	caught = 0;
	set_handlers(old);
	if (open_app(&app, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else {
		guild_tui_load(&app, false);
		loop(&app);
	}
	guild_tui_screen_close(app.screen);
	reset_handlers(old);
	if (caught) {
		raise(caught);
	}
	if (app.load_error.code != 0) {
		code = guild_cmd_fail(ctx, &app.load_error);
	}
	if (app.prints_ids) {
		print_ids(&app);
	}
	if (app.loader && app.reader) {
		leave_busy(&app, code);
	}
	close_app(&app);
	return code;
}
