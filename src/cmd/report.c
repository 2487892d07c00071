/* How commands speak to people besides their results: errors, questions, progress. */

#include "cmd.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void guild_cmd_put_visible(struct guild_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f) {
			guild_buf_printf(out, "\\x%02x", c);
		} else {
			guild_buf_putc(out, *text);
		}
	}
}

static void print_error(const struct guild_ctx *ctx, const char *text, const char *hint)
{
	(void)ctx;
	fflush(stdout);
	struct guild_buf lines = {0};

	guild_buf_puts(&lines, "guild: ");
	guild_cmd_put_visible(&lines, text);
	guild_buf_putc(&lines, '\n');
	if (hint && *hint) {
		guild_buf_puts(&lines, "hint: ");
		guild_cmd_put_visible(&lines, hint);
		guild_buf_putc(&lines, '\n');
	}
	fputs(guild_buf_cstr(&lines), stderr);
	guild_buf_fini(&lines);
}

int guild_cmd_fail(const struct guild_ctx *ctx, const struct guild_error *err)
{
	print_error(ctx, err->text, err->hint);
	return GUILD_EXIT_ERROR;
}

int guild_cmd_failf(const struct guild_ctx *ctx, const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_error(ctx, text, NULL);
	return GUILD_EXIT_ERROR;
}

int guild_cmd_usage(const struct guild_ctx *ctx, const char *cmd, const char *fmt, ...)
{
	char text[GUILD_ERROR_TEXT_MAX];
	char hint[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(hint, sizeof(hint), "try 'guild %s%s--help' for more information", cmd,
		*cmd ? " " : "");
	print_error(ctx, text, hint);
	return GUILD_EXIT_USAGE;
}

/* ---- questions ---------------------------------------------------------------------------------------- */

static void on_interrupt(int signum)
{
	(void)signum; /* only interrupts the read */
}

/* One line from standard input, byte by byte: what follows belongs to programs started later. False at the end. */
static bool read_answer(struct guild_buf *line)
{
	for (;;) {
		char c;
		ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n <= 0) {
			return n == 0 && line->n > 0;
		}
		if (c == '\n') {
			return true;
		}
		if (guild_buf_try_append(line, &c, 1) != 0) {
			return false;
		}
	}
}

int guild_cmd_confirm(const struct guild_ctx *ctx, const char *question, bool default_yes)
{
	struct sigaction act = {.sa_handler = on_interrupt}, old;
	struct guild_buf line = {.max = 4096};
	int answer = default_yes;

	fflush(stdout);
	fprintf(stderr, "%s (%s) ", question, default_yes ? "Y/n" : "y/N");
	fflush(stderr);
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, &old);
	bool answered = read_answer(&line);

	sigaction(SIGINT, &old, NULL);
	if (!answered) {
		answer = -1;
		if (ctx->stderr_tty) {
			fputc('\n', stderr);
		}
	} else if (line.n > 0) {
		struct guild_str text = guild_str_trim(guild_buf_str(&line));

		if (text.n > 0) {
			answer = (text.n == 1 && strncasecmp(text.p, "y", 1) == 0) ||
				 (text.n == 3 && strncasecmp(text.p, "yes", 3) == 0);
		}
	}
	guild_buf_fini(&line);
	return answer;
}

int guild_cmd_confirm_runs(const struct guild_ctx *ctx, const struct guild_args *args,
	const struct guild_runs *runs, const char *heading, const char *question, bool default_yes)
{
	if (guild_args_flag(args, "yes")) {
		return GUILD_EXIT_OK;
	}
	struct guild_table table;

	guild_table_init(&table, 5, 2);
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_row row;

		guild_run_row_init(&row, ctx, &runs->v[i], 0);
		guild_table_add(&table, (const char *[]){row.id_text, row.operation, row.started,
						row.status, row.label});
		guild_run_row_fini(&row);
	}
	fflush(stdout);
	fprintf(stderr, "%s\n", heading);
	guild_table_print(&table, stderr, ctx->stderr_tty ? ctx->columns : 0);
	guild_table_fini(&table);
	int answer = guild_cmd_confirm(ctx, question, default_yes);

	if (answer < 0) {
		return GUILD_EXIT_ERROR;
	}
	return answer ? GUILD_EXIT_OK : GUILD_EXIT_DECLINED;
}

/* ---- progress ------------------------------------------------------------------------------------------ */

enum { PROGRESS_WAIT_US = 1000000, PROGRESS_EVERY_US = 100000, PROGRESS_WIDTH = 30 };

void guild_progress_start(struct guild_progress *p, const struct guild_ctx *ctx, const char *what,
	int64_t total)
{
	*p = (struct guild_progress){
		.ctx = ctx, .what = what, .total = total, .started_us = guild_monotonic_us()};
}

static void draw_progress(struct guild_progress *p)
{
	char bar[PROGRESS_WIDTH + 1];
	int64_t done = p->done < p->total ? p->done : p->total;
	int filled = p->total > 0 ? (int)((double)done / (double)p->total * PROGRESS_WIDTH) : 0;

	if (p->ctx->show_progress) {
		p->ctx->show_progress(p->ctx->show_progress_arg,
			p->total > 0 ? (int)((double)done * 100.0 / (double)p->total) : 0);
		return;
	}
	memset(bar, ' ', PROGRESS_WIDTH);
	memset(bar, '#', (size_t)filled);
	bar[PROGRESS_WIDTH] = '\0';
	if (p->total > 0) {
		fprintf(stderr, "\r%s [%s] %3d%%\033[K", p->what, bar,
			(int)((double)done * 100.0 / (double)p->total));
	} else {
		fprintf(stderr, "\r%s %lld\033[K", p->what, (long long)p->done);
	}
	fflush(stderr);
}

void guild_progress_add(struct guild_progress *p, int64_t n)
{
	p->done += n;
	if (!p->ctx->stderr_tty && !p->ctx->show_progress) {
		return;
	}
	int64_t now = guild_monotonic_us();

	if (now - p->started_us < PROGRESS_WAIT_US || now - p->shown_us < PROGRESS_EVERY_US) {
		return;
	}
	p->shown_us = now;
	p->shown = true;
	draw_progress(p);
}

void guild_progress_report(void *arg, size_t done, size_t total)
{
	struct guild_progress *p = arg;

	p->total = (int64_t)total;
	guild_progress_add(p, (int64_t)done - p->done);
}

void guild_progress_end(struct guild_progress *p)
{
	if (p->shown && !p->ctx->show_progress) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
	}
}

/* ---- results for programs --------------------------------------------------------------------------------- */

void guild_cmd_print_json(const struct guild_value *v)
{
	struct guild_buf out = {0};

	guild_json_dump(&out, v, GUILD_JSON_COMPACT);
	guild_buf_putc(&out, '\n');
	fwrite(out.p, 1, out.n, stdout);
	guild_buf_fini(&out);
}
