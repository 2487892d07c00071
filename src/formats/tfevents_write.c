/*
 * Writes TensorBoard event files of scalars. A record goes out in one write, so a reader sees whole records, and a
 * killed writer leaves at most a torn tail. Format: docs/formats/event-files.md.
 */
#include <guild/formats.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_VERSION "brain.Event:2"

enum { SERIAL_TRIES = 1000 };

struct guild_event_writer {
	char *dir;
	char *suffix;
	unsigned serial;
	int fd;                  /* -1: nothing written yet */
	off_t size;              /* bytes of whole records */
	struct guild_buf event;  /* of the record being made */
	struct guild_buf record; /* framed */
};

struct guild_event_writer *guild_event_writer_new(const char *dir, unsigned serial,
	const char *suffix)
{
	struct guild_event_writer *w = guild_alloc(sizeof(*w));
	w->dir = guild_strdup(dir);
	w->suffix = guild_strdup(suffix);
	w->serial = serial;
	w->fd = -1;
	return w;
}

static void put_le(struct guild_buf *out, uint64_t v, size_t n)
{
	char bytes[8];
	for (size_t i = 0; i < n; i++) {
		bytes[i] = (char)(v >> (8 * i));
	}
	guild_buf_append(out, bytes, n);
}

static void put_varint(struct guild_buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7) {
		guild_buf_putc(out, (char)(v | 0x80));
	}
	guild_buf_putc(out, (char)v);
}

static size_t varint_size(uint64_t v)
{
	size_t n = 1;
	for (; v >= 0x80; v >>= 7) {
		n++;
	}
	return n;
}

static void put_record(struct guild_buf *out, struct guild_str data)
{
	char length[8];
	for (size_t i = 0; i < sizeof(length); i++) {
		length[i] = (char)((uint64_t)data.n >> (8 * i));
	}
	guild_buf_append(out, length, sizeof(length));
	put_le(out, guild_crc32c_masked(length, sizeof(length)), 4);
	guild_buf_append(out, data.p, data.n);
	put_le(out, guild_crc32c_masked(data.p, data.n), 4);
}

/* Field keys of the messages, wire type included. */
enum {
	EVENT_WALL_TIME = 1 << 3 | 1,
	EVENT_STEP = 2 << 3 | 0,
	EVENT_FILE_VERSION = 3 << 3 | 2,
	EVENT_SUMMARY = 5 << 3 | 2,
	SUMMARY_VALUE = 1 << 3 | 2,
	VALUE_TAG = 1 << 3 | 2,
	VALUE_SIMPLE = 2 << 3 | 5,
};

static size_t value_size(const struct guild_scalar *s)
{
	size_t tag = strlen(s->tag);
	return 1 + varint_size(tag) + tag + 1 + 4;
}

static void put_value(struct guild_buf *out, const struct guild_scalar *s)
{
	size_t tag = strlen(s->tag);
	guild_buf_putc(out, SUMMARY_VALUE);
	put_varint(out, value_size(s));
	guild_buf_putc(out, VALUE_TAG);
	put_varint(out, tag);
	guild_buf_append(out, s->tag, tag);
	guild_buf_putc(out, VALUE_SIMPLE);
	uint32_t bits;
	memcpy(&bits, &s->value, sizeof(bits));
	put_le(out, bits, 4);
}

static void put_event(struct guild_buf *out, int64_t wall_us, int64_t step,
	const struct guild_scalar *values, size_t n)
{
	double wall = (double)wall_us / 1e6;
	uint64_t bits;
	memcpy(&bits, &wall, sizeof(bits));
	guild_buf_putc(out, EVENT_WALL_TIME);
	put_le(out, bits, 8);
	if (step >= 0) {
		guild_buf_putc(out, EVENT_STEP);
		put_varint(out, (uint64_t)step);
	}
	size_t summary = 0;
	for (size_t i = 0; i < n; i++) {
		size_t value = value_size(&values[i]);
		summary += 1 + varint_size(value) + value;
	}
	guild_buf_putc(out, EVENT_SUMMARY);
	put_varint(out, summary);
	for (size_t i = 0; i < n; i++) {
		put_value(out, &values[i]);
	}
}

static void put_double(struct guild_buf *out, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	put_le(out, bits, 8);
}

void guild_event_encode_record(struct guild_buf *out, struct guild_str event)
{
	put_record(out, event);
}

void guild_event_encode_version(struct guild_buf *out, double wall_time)
{
	struct guild_buf event = {0};
	guild_buf_putc(&event, EVENT_WALL_TIME);
	put_double(&event, wall_time);
	guild_buf_putc(&event, EVENT_FILE_VERSION);
	put_varint(&event, strlen(FILE_VERSION));
	guild_buf_puts(&event, FILE_VERSION);
	put_record(out, guild_buf_str(&event));
	guild_buf_fini(&event);
}

/* A double as a tensor of rank 0, with the metadata by which TensorBoard knows it for a scalar. */
static const char tensor_head[] = {0x42, 0x0e,                     /* Value.tensor */
	0x08, 0x02,                                                /* dtype: double */
	0x12, 0x00,                                                /* shape: none */
	0x32, 0x08};                                               /* double_val, packed */
static const char tensor_metadata[] = {0x4a, 0x0d,                 /* Value.metadata */
	0x0a, 0x09, 0x0a, 0x07, 's', 'c', 'a', 'l', 'a', 'r', 's', /* plugin_data.plugin_name */
	0x20, 0x01};                                               /* data_class: scalar */

void guild_event_encode(struct guild_buf *out, const struct guild_event_scalar *s, bool as_single)
{
	size_t payload = as_single ? 1 + 4 : sizeof(tensor_head) + 8 + sizeof(tensor_metadata);
	size_t value = 1 + varint_size(s->tag.n) + s->tag.n + payload;
	struct guild_buf event = {0};
	guild_buf_reserve(&event, value + 64);
	guild_buf_putc(&event, EVENT_WALL_TIME);
	put_double(&event, s->wall_time);
	guild_buf_putc(&event, EVENT_STEP);
	put_varint(&event, (uint64_t)s->step);
	guild_buf_putc(&event, EVENT_SUMMARY);
	put_varint(&event, 1 + varint_size(value) + value);
	guild_buf_putc(&event, SUMMARY_VALUE);
	put_varint(&event, value);
	guild_buf_putc(&event, VALUE_TAG);
	put_varint(&event, s->tag.n);
	guild_buf_append(&event, s->tag.p, s->tag.n);
	if (as_single) {
		float single = (float)s->value; /* infinite where it is too large */
		uint32_t bits;
		memcpy(&bits, &single, sizeof(bits));
		guild_buf_putc(&event, VALUE_SIMPLE);
		put_le(&event, bits, 4);
	} else {
		guild_buf_append(&event, tensor_head, sizeof(tensor_head));
		put_double(&event, s->value);
		guild_buf_append(&event, tensor_metadata, sizeof(tensor_metadata));
	}
	put_record(out, guild_buf_str(&event));
	guild_buf_fini(&event);
}

/* Makes the file; another writer's file of the same second, process id and serial is never touched. */
static int create_file(struct guild_event_writer *w, int64_t wall_us, struct guild_error *err)
{
	int rc = guild_mkdirs(w->dir, err);
	if (rc != 0) {
		return rc;
	}
	char *host = guild_hostname();
	for (int i = 0; i < SERIAL_TRIES && w->fd < 0; i++) {
		char *name = guild_format("events.out.tfevents.%010lld.%s.%ld.%u%s",
			(long long)(wall_us / 1000000), host, (long)getpid(), w->serial, w->suffix);
		char *path = guild_path_join(w->dir, name);
		w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
		int failure = errno;
		if (w->fd < 0 && (failure != EEXIST || i == SERIAL_TRIES - 1)) {
			rc = guild_error_errno(err, failure, "cannot write '%s'", path);
			i = SERIAL_TRIES;
		}
		w->serial += w->fd < 0;
		free(name);
		free(path);
	}
	free(host);
	return rc;
}

int guild_event_writer_add(struct guild_event_writer *w, int64_t wall_us, int64_t step,
	const struct guild_scalar *values, size_t n, struct guild_error *err)
{
	guild_buf_reset(&w->record);
	if (w->fd < 0) {
		int rc = create_file(w, wall_us, err);
		if (rc != 0) {
			return rc;
		}
	}
	if (w->size == 0) {
		guild_event_encode_version(&w->record, (double)wall_us / 1e6);
	}
	guild_buf_reset(&w->event);
	put_event(&w->event, wall_us, step, values, n);
	put_record(&w->record, guild_buf_str(&w->event));
	int rc = guild_fd_write_all(w->fd, w->record.p, w->record.n);
	if (rc != 0) {
		/* A full disk may end: what is written then must not follow half a record. */
		if (ftruncate(w->fd, w->size) != 0) {
			return guild_error_errno(err, errno, "cannot repair event file in '%s'",
				w->dir);
		}
		return guild_error_errno(err, -rc, "cannot write event file in '%s'", w->dir);
	}
	w->size += (off_t)w->record.n;
	return 0;
}

int guild_event_writer_close(struct guild_event_writer *w, struct guild_error *err)
{
	if (w == NULL) {
		return 0;
	}
	int rc = 0;
	if (w->fd >= 0 && close(w->fd) != 0) {
		rc = guild_error_errno(err, errno, "cannot close event file in '%s'", w->dir);
	}
	guild_buf_fini(&w->event);
	guild_buf_fini(&w->record);
	free(w->dir);
	free(w->suffix);
	free(w);
	return rc;
}
