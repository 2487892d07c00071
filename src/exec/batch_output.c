/* The output of a batch: its own messages and everything its trials print, with the index of lines (runs.md 3.7). */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"

static int open_file(const struct guild_run *batch, const char *name)
{
	char *path = guild_path_join(batch->guild_dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	free(path);
	return fd;
}

void guild_batch_output_open(struct guild_batch_output *o, const struct guild_run *batch,
	unsigned serial, struct guild_output_scalars *scalars)
{
	/* A copy that cannot be kept changes nothing: every trial has its own. */
	*o = (struct guild_batch_output){.output_fd = open_file(batch, "output"),
		.index_fd = open_file(batch, "output.index"),
		.batch = batch,
		.serial = serial,
		.scalars = scalars};
}

static void take_scalar(void *arg, const struct guild_output_scalar *found)
{
	struct guild_batch_output *o = arg;
	struct guild_scalar value = {.tag = found->key, .value = (float)found->value};
	if (!o->events) {
		o->events = guild_event_writer_new(o->batch->guild_dir, o->serial, "");
	}
	(void)guild_event_writer_add(o->events, guild_now_us(), found->step, &value, 1, NULL);
}

static void put_records(struct guild_batch_output *o, bool is_stderr, size_t n_lines)
{
	struct guild_output_line line = {.time_ms = guild_now_us() / 1000, .is_stderr = is_stderr};
	size_t size = n_lines * GUILD_OUTPUT_RECORD_BYTES;
	unsigned char *records = guild_alloc(size);
	guild_output_index_fill(line, n_lines, records);
	(void)guild_fd_write_all(o->index_fd, records, size);
	free(records);
}

static void close_files(struct guild_batch_output *o)
{
	if (o->output_fd >= 0) {
		close(o->output_fd);
	}
	if (o->index_fd >= 0) {
		close(o->index_fd);
	}
	o->output_fd = -1;
	o->index_fd = -1;
}

int guild_batch_output_put(void *output, bool is_stderr, const char *p, size_t n)
{
	struct guild_batch_output *o = output;
	if (o->scalars) {
		guild_output_scalars_feed(o->scalars, is_stderr, guild_str_n(p, n), take_scalar, o);
	}
	if (o->output_fd < 0 || o->index_fd < 0 || n == 0) {
		return 0;
	}
	if (guild_fd_write_all(o->output_fd, p, n) != 0) {
		close_files(o);
		return 0;
	}
	size_t n_lines = guild_count_byte(p, n, '\n');
	if (n_lines > 0) {
		put_records(o, is_stderr, n_lines);
	}
	o->has_tail[is_stderr] = p[n - 1] != '\n';
	return 0;
}

void guild_batch_output_close(struct guild_batch_output *o)
{
	if (o->scalars) {
		guild_output_scalars_end(o->scalars, take_scalar, o);
		guild_output_scalars_free(o->scalars);
		o->scalars = NULL;
	}
	if (o->events) {
		(void)guild_event_writer_close(o->events, NULL);
		o->events = NULL;
	}
	for (int i = 0; i < 2 && o->index_fd >= 0; i++) {
		if (o->has_tail[i]) {
			put_records(o, i == 1, 1);
			o->has_tail[i] = false;
		}
	}
	close_files(o);
}
