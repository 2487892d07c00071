/* Capture: every byte the program writes goes to the run's output, to guild's own stream, and line by line into the index
 * and to the scalar reader. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervise.h"

enum {
	RECORDS_MAX = 4096,
	PIPE_BYTES = 64 << 10, /* what a pipe holds at first */
	FULL_READS = 8,        /* in a row, until it is made longer */
};

static int open_for_run(struct guild_capture *c, const struct guild_run *run, const char *name)
{
	char *path = guild_path_join(run->guild_dir, name);
	int fd = guild_fd_private(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
	if (fd < 0) {
		guild_trouble(c->troubles, GUILD_TROUBLE_OUTPUT,
			"output is not saved: cannot write '%s': %s", path, strerror(errno));
	}
	free(path);
	return fd;
}

void guild_capture_open(struct guild_capture *c, const struct guild_run *run)
{
	c->output_fd = open_for_run(c, run, "output");
	c->index_fd = open_for_run(c, run, "output.index");
	c->buffer = guild_alloc(GUILD_CAPTURE_READ_BYTES);
	c->records = guild_alloc((size_t)RECORDS_MAX * GUILD_OUTPUT_RECORD_BYTES);
}

/* A disk that is full now may have room later, so a failed write ends nothing: the lost bytes are not in the file, and not
 * counted in the index. Returns how many bytes were kept. */
static size_t save_output(struct guild_capture *c, const char *p, size_t n)
{
	size_t done = 0;
	while (c->output_fd >= 0 && done < n) {
		ssize_t k = write(c->output_fd, p + done, n - done);
		if (k >= 0) {
			done += (size_t)k;
		} else if (errno != EINTR) {
			guild_trouble(c->troubles, GUILD_TROUBLE_OUTPUT,
				"output is lost: cannot write it to the run: %s", strerror(errno));
			break;
		}
	}
	return done;
}

/* At its own place: after a failed write the next records must still belong to their lines. */
static void write_records(struct guild_capture *c, size_t n)
{
	const unsigned char *p = c->records;
	size_t left = n * GUILD_OUTPUT_RECORD_BYTES;
	off_t at = (off_t)(c->n_lines * GUILD_OUTPUT_RECORD_BYTES);
	while (c->index_fd >= 0 && left > 0) {
		ssize_t k = pwrite(c->index_fd, p, left, at);
		if (k >= 0) {
			p += k;
			at += k;
			left -= (size_t)k;
		} else if (errno != EINTR) {
			guild_trouble(c->troubles, GUILD_TROUBLE_INDEX,
				"the times of output lines are lost: cannot write output.index: %s",
				strerror(errno));
			break;
		}
	}
	c->n_lines += (int64_t)n;
}

/* Lines that were read together share their time. */
static void add_lines(struct guild_capture *c, const struct guild_stream *s, size_t n)
{
	struct guild_output_line line = {.time_ms = c->batch_us / 1000, .is_stderr = s->is_stderr};
	guild_output_index_fill(line, n < RECORDS_MAX ? n : RECORDS_MAX, c->records);
	while (n > 0) {
		size_t part = n < RECORDS_MAX ? n : RECORDS_MAX;
		write_records(c, part);
		n -= part;
	}
}

static void take_batch(struct guild_capture *c, struct guild_stream *s, const char *p, size_t n)
{
	c->batch_us = guild_now_us();
	c->n_bytes += (int64_t)n;
	size_t n_kept = save_output(c, p, n);
	guild_echo_put(&s->echo, p, n);
	add_lines(c, s, guild_count_byte(p, n_kept, '\n'));
	s->has_tail = p[n - 1] != '\n';
	if (c->scalars != NULL) {
		guild_output_scalars_feed(c->scalars, s->is_stderr, guild_str_n(p, n), c->on_scalar,
			c->on_scalar_arg);
	}
	if (c->on_output != NULL) {
		c->on_output(c->on_output_arg, s->is_stderr, p, n);
	}
}

/* The unterminated rest counts as a line. */
static void end_stream(struct guild_capture *c, struct guild_stream *s)
{
	guild_fd_close(&s->fd);
	if (!s->has_tail) {
		return;
	}
	s->has_tail = false;
	c->batch_us = guild_now_us();
	add_lines(c, s, 1);
}

/* A program that keeps its pipe full gets a longer one: fewer turns between the two processes, and larger writes. Not while a slow
 * terminal is what holds it up: all that is on its way would still come after a Ctrl-C. */
static void follow_rate(struct guild_stream *s, size_t n)
{
	bool is_full = n >= PIPE_BYTES && guild_echo_pending(&s->echo) == 0;
	s->n_full = is_full ? s->n_full + 1 : 0;
	if (s->n_full == FULL_READS) {
		guild_fd_pipe_widen(s->fd, GUILD_CAPTURE_READ_BYTES);
	}
}

bool guild_capture_read(struct guild_capture *c, size_t i)
{
	struct guild_stream *s = &c->streams[i];
	if (s->fd < 0) {
		return false;
	}
	ssize_t n = read(s->fd, c->buffer, GUILD_CAPTURE_READ_BYTES);
	if (n > 0) {
		take_batch(c, s, c->buffer, (size_t)n);
		follow_rate(s, (size_t)n);
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		return false;
	}
	/* 0 is the end of a pipe, EIO that of a pty whose last writer closed it. */
	end_stream(c, s);
	return true;
}

bool guild_capture_is_open(const struct guild_capture *c)
{
	return c->streams[0].fd >= 0 || c->streams[1].fd >= 0;
}

void guild_capture_close(struct guild_capture *c, bool durable)
{
	for (size_t i = 0; i < 2; i++) {
		end_stream(c, &c->streams[i]);
	}
	if (c->scalars != NULL) {
		guild_output_scalars_end(c->scalars, c->on_scalar, c->on_scalar_arg);
		c->scalars = NULL;
	}
	if (durable && c->output_fd >= 0 && (fsync(c->output_fd) != 0 || fsync(c->index_fd) != 0)) {
		guild_trouble(c->troubles, GUILD_TROUBLE_OUTPUT,
			"output may not survive a loss of power: %s", strerror(errno));
	}
	guild_fd_close(&c->output_fd);
	guild_fd_close(&c->index_fd);
}

void guild_capture_fini(struct guild_capture *c)
{
	for (size_t i = 0; i < 2; i++) {
		guild_fd_close(&c->streams[i].fd);
		guild_echo_fini(&c->streams[i].echo);
	}
	guild_fd_close(&c->output_fd);
	guild_fd_close(&c->index_fd);
	free(c->buffer);
	free(c->records);
	c->buffer = NULL;
	c->records = NULL;
}
