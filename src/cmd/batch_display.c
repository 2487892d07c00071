/* What a batch of parallel trials shows on a terminal while it runs. */

#include <stdlib.h>
#include <string.h>

#include "batch_display.h"

enum { BAR_WIDTH = 24, EVERY_US = 100000, ROWS_MAX = 16, ID_WIDTH = 8 };

static void erase(struct guild_batch_display *d)
{
	if (d->n_lines > 0) {
		fprintf(stderr, "\r\033[%zuA\033[J", d->n_lines);
		d->n_lines = 0;
	}
}

static void draw(struct guild_batch_display *d)
{
	fputs(guild_buf_cstr(&d->text), stderr);
	d->n_lines = guild_count_byte(guild_buf_cstr(&d->text), d->text.n, '\n');
	fflush(stderr);
}

/* A message goes where the display was, and that comes below again. */
static void emit(void *arg, const char *level, const char *text)
{
	struct guild_batch_display *d = arg;
	erase(d);
	guild_log(&d->ctx->log, level, "%s", text);
	draw(d);
}

void guild_batch_display_init(struct guild_batch_display *d, const struct guild_ctx *ctx,
	bool wanted)
{
	*d = (struct guild_batch_display){.ctx = ctx,
		.log = ctx->log,
		.started_us = guild_monotonic_us(),
		.is_on = wanted && ctx->stderr_tty};
	if (d->is_on) {
		d->log = (struct guild_log){.emit = emit, .arg = d};
	}
}

static void put_time(struct guild_buf *b, int64_t us)
{
	long long s = us / 1000000;
	if (s >= 3600) {
		guild_buf_printf(b, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	} else {
		guild_buf_printf(b, "%lld:%02lld", s / 60, s % 60);
	}
}

static void end_line(const struct guild_batch_display *d, struct guild_buf *line,
	struct guild_buf *out)
{
	guild_text_clip(line, d->ctx->columns > 1 ? (size_t)d->ctx->columns - 1 : 79);
	guild_buf_append(out, guild_buf_cstr(line), line->n);
	guild_buf_putc(out, '\n');
	guild_buf_fini(line);
}

/* " 12/200 [###---------]  best loss 0.21 (5f3a9c1e)  2 failed  4:12 left" */
static void put_summary(const struct guild_batch_display *d, const struct guild_batch_progress *p,
	int64_t now, struct guild_buf *out)
{
	struct guild_buf line = {0};
	size_t total = p->n_planned > p->n_trials ? p->n_planned : p->n_trials;
	size_t filled = total > 0 ? p->n_done * BAR_WIDTH / total : 0;
	size_t done_here = p->n_done - d->n_before;
	guild_buf_printf(&line, "%zu/%zu [", p->n_done, total);
	for (size_t i = 0; i < BAR_WIDTH; i++) {
		guild_buf_putc(&line, i < filled ? '#' : '-');
	}
	guild_buf_putc(&line, ']');
	if (p->summary) {
		guild_buf_printf(&line, "  %s", p->summary);
	}
	if (p->n_pruned > 0) {
		guild_buf_printf(&line, "  %zu pruned", p->n_pruned);
	}
	if (p->n_failed > 0) {
		guild_buf_printf(&line, "  %zu failed", p->n_failed);
	}
	if (p->is_stopping) {
		guild_buf_puts(&line, "  stopping");
	} else if (done_here > 0 && total > p->n_done) {
		int64_t each = (now - d->started_us) / (int64_t)done_here;
		guild_buf_puts(&line, "  ");
		put_time(&line, each * (int64_t)(total - p->n_done));
		guild_buf_puts(&line, " left");
	}
	end_line(d, &line, out);
}

static void put_running(const struct guild_batch_display *d, const struct guild_batch_progress *p,
	int64_t now, struct guild_buf *out)
{
	size_t n = p->n_running > ROWS_MAX ? ROWS_MAX - 1 : p->n_running;
	for (size_t i = 0; i < n; i++) {
		struct guild_buf line = {0};
		guild_buf_printf(&line, "  %.*s  ", ID_WIDTH, p->running[i].run->id);
		put_time(&line, now - p->started_us[i]);
		guild_buf_puts(&line, "  ");
		guild_flag_default_label(&line, p->running[i].flags);
		end_line(d, &line, out);
	}
	if (n < p->n_running) {
		struct guild_buf line = {0};
		guild_buf_printf(&line, "  and %zu more", p->n_running - n);
		end_line(d, &line, out);
	}
}

void guild_batch_display_update(void *display, const struct guild_batch_progress *p)
{
	struct guild_batch_display *d = display;
	int64_t now = guild_monotonic_us();
	if (!d->is_on) {
		return;
	}
	if (d->drawn_us == 0) {
		d->n_before = p->n_done;
		d->started_us = now;
	}
	if (now - d->drawn_us < EVERY_US && p->n_running > 0) {
		return;
	}
	d->drawn_us = now;
	guild_buf_fini(&d->text);
	put_summary(d, p, now, &d->text);
	put_running(d, p, now, &d->text);
	erase(d);
	draw(d);
}

/* The last state of the bar stays. */
void guild_batch_display_fini(struct guild_batch_display *d)
{
	guild_buf_fini(&d->text);
	d->n_lines = 0;
}
