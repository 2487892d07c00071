/*
 * Reads the scalars of TensorBoard event files: TFRecords holding Event messages. Only the fields that carry scalars
 * are looked at; nothing is allocated for a record. Format: docs/formats/event-files.md.
 */
#include <guild/formats.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protobuf.h"

enum {
	HEADER_SIZE = 12, /* length and its checksum */
	FOOTER_SIZE = 4,  /* checksum of the data */
	READ_SIZE = 256 << 10,
	RECORD_MAX = 256 << 20,
};

static double double_of(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

static double float_of(uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	float v;
	memcpy(&v, &low, sizeof(v));
	return (double)v;
}

/* True when every dimension of a TensorShapeProto is 1. */
static bool shape_is_one(struct guild_str shape)
{
	struct guild_protobuf_field dim;
	int got;
	while ((got = guild_protobuf_take(&shape, &dim)) > 0) {
		if (dim.number == 3 && dim.wire == GUILD_WIRE_VARINT &&
			dim.bits != 0) { /* unknown_rank */
			return false;
		}
		if (dim.number != 2 || dim.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		struct guild_str in = dim.bytes;
		struct guild_protobuf_field f;
		uint64_t size = 0;
		while ((got = guild_protobuf_take(&in, &f)) > 0) {
			if (f.number == 1 && f.wire == GUILD_WIRE_VARINT) {
				size = f.bits;
			}
		}
		if (got < 0 || size != 1) {
			return false;
		}
	}
	return got == 0;
}

/* Values of one kind inside a TensorProto: how many, and the last. */
struct elements {
	size_t n;
	uint64_t last;
};

static void add_elements(struct elements *e, const struct guild_protobuf_field *f, size_t size)
{
	if (f->wire == GUILD_WIRE_BYTES) { /* packed */
		e->n += f->bytes.n / size + (f->bytes.n % size != 0);
		if (f->bytes.n == size) {
			e->last = guild_load_le(f->bytes.p, size);
		}
	} else if (f->wire == (size == 8 ? GUILD_WIRE_FIXED64 : GUILD_WIRE_FIXED32)) {
		e->n++;
		e->last = f->bits;
	}
}

/* The number in a TensorProto of one float or double: 1 and *out, 0 for any other tensor, -1 for nonsense. */
static int tensor_value(struct guild_str in, double *out)
{
	enum { DT_FLOAT = 1, DT_DOUBLE = 2 };
	uint64_t dtype = 0;
	struct guild_str shape = {0};
	struct guild_str content = {0};
	struct elements floats = {0};
	struct elements doubles = {0};
	struct guild_protobuf_field f;
	int got;
	while ((got = guild_protobuf_take(&in, &f)) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_VARINT) {
			dtype = f.bits;
		} else if (f.number == 2 && f.wire == GUILD_WIRE_BYTES) {
			shape = f.bytes;
		} else if (f.number == 4 && f.wire == GUILD_WIRE_BYTES) {
			content = f.bytes;
		} else if (f.number == 5) {
			add_elements(&floats, &f, 4);
		} else if (f.number == 6) {
			add_elements(&doubles, &f, 8);
		}
	}
	if (got < 0) {
		return -1;
	}
	if ((dtype != DT_FLOAT && dtype != DT_DOUBLE) || !shape_is_one(shape)) {
		return 0;
	}
	size_t size = dtype == DT_FLOAT ? 4 : 8;
	struct elements e = dtype == DT_FLOAT ? floats : doubles;
	if (content.n > 0) {
		e.n = content.n == size ? 1 : 0;
		e.last = e.n ? guild_load_le(content.p, size) : 0;
	}
	if (e.n != 1) {
		return 0;
	}
	*out = dtype == DT_FLOAT ? float_of(e.last) : double_of(e.last);
	return 1;
}

/* One Summary.Value: as tensor_value, filling tag and value. */
static int summary_value(struct guild_str in, struct guild_event_scalar *s)
{
	struct guild_str tensor = {0};
	bool has_simple = false;
	struct guild_protobuf_field f;
	int got;
	s->tag = guild_str_n("", 0);
	while ((got = guild_protobuf_take(&in, &f)) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_BYTES) {
			s->tag = f.bytes;
		} else if (f.number == 2 && f.wire == GUILD_WIRE_FIXED32) {
			s->value = float_of(f.bits);
			has_simple = true;
		} else if (f.number == 8 && f.wire == GUILD_WIRE_BYTES) {
			tensor = f.bytes;
		}
	}
	if (got < 0) {
		return -1;
	}
	return tensor.n > 0 ? tensor_value(tensor, &s->value) : has_simple;
}

struct reader {
	guild_event_fn *on_scalar;
	guild_event_record_fn *on_record; /* gets whole records instead */
	void *arg;
};

/* What became of one record. */
enum record_end { RECORD_READ, RECORD_CORRUPT, RECORD_STOPPED };

static enum record_end read_summary(const struct reader *r, struct guild_str in,
	struct guild_event_scalar *s)
{
	struct guild_protobuf_field f;
	int got;
	while ((got = guild_protobuf_take(&in, &f)) > 0) {
		if (f.number != 1 || f.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		int has_value = summary_value(f.bytes, s);
		if (has_value < 0) {
			return RECORD_CORRUPT;
		}
		if (has_value > 0 && r->on_scalar(r->arg, s) != 0) {
			return RECORD_STOPPED;
		}
	}
	return got < 0 ? RECORD_CORRUPT : RECORD_READ;
}

/* Time and step may follow the summary, so the summaries are read when the whole event is known. */
static enum record_end read_event(const struct reader *r, struct guild_str data)
{
	if (r->on_record != NULL) {
		return r->on_record(r->arg, data) == 0 ? RECORD_READ : RECORD_STOPPED;
	}
	guild_assert(r->on_scalar != NULL);
	struct guild_event_scalar s = {0};
	struct guild_str summary = {0};
	size_t n_summaries = 0;
	struct guild_str in = data;
	struct guild_protobuf_field f;
	int got;
	while ((got = guild_protobuf_take(&in, &f)) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_FIXED64) {
			s.wall_time = double_of(f.bits);
		} else if (f.number == 2 && f.wire == GUILD_WIRE_VARINT) {
			s.step = (int64_t)f.bits;
		} else if (f.number == 5 && f.wire == GUILD_WIRE_BYTES) {
			summary = f.bytes;
			n_summaries++;
		}
	}
	if (got < 0) {
		return RECORD_CORRUPT;
	}
	if (n_summaries <= 1) {
		return n_summaries == 0 ? RECORD_READ : read_summary(r, summary, &s);
	}
	in = data; /* several: protobuf merges them */
	while (guild_protobuf_take(&in, &f) > 0) {
		if (f.number == 5 && f.wire == GUILD_WIRE_BYTES) {
			enum record_end end = read_summary(r, f.bytes, &s);
			if (end != RECORD_READ) {
				return end;
			}
		}
	}
	return RECORD_READ;
}

/* The length in a record's header, or -1 when it cannot be one. */
static int64_t record_length(const char *p)
{
	uint64_t n = guild_load_le64(p);
	if (guild_load_le32(p + 8) != guild_crc32c_masked(p, 8) || n > RECORD_MAX) {
		return -1;
	}
	return (int64_t)n;
}

/* Reads whole records off the front of `data`. CLEAN: `data` is a (perhaps empty) beginning of a record and `need` the bytes
 * that record wants in all, as far as is known. */
static enum guild_event_end read_records(const struct reader *r, struct guild_str *data,
	uint64_t *need)
{
	for (;;) {
		*need = HEADER_SIZE;
		if (data->n < HEADER_SIZE) {
			return GUILD_EVENT_END_CLEAN;
		}
		int64_t n = record_length(data->p);
		if (n < 0) {
			return GUILD_EVENT_END_CORRUPT;
		}
		size_t length = (size_t)n;
		*need = HEADER_SIZE + length + FOOTER_SIZE;
		if (data->n < *need) {
			return GUILD_EVENT_END_CLEAN;
		}
		struct guild_str payload = {data->p + HEADER_SIZE, length};
		if (guild_load_le32(payload.p + length) != guild_crc32c_masked(payload.p, length)) {
			return GUILD_EVENT_END_CORRUPT;
		}
		data->p += *need;
		data->n -= (size_t)*need;
		enum record_end end = read_event(r, payload);
		if (end != RECORD_READ) {
			return end == RECORD_CORRUPT ? GUILD_EVENT_END_CORRUPT
						     : GUILD_EVENT_END_STOPPED;
		}
	}
}

enum guild_event_end guild_event_bytes_read(struct guild_str data, guild_event_fn *on_scalar,
	void *arg)
{
	struct reader r = {.on_scalar = on_scalar, .arg = arg};
	uint64_t need;
	enum guild_event_end end = read_records(&r, &data, &need);
	return end == GUILD_EVENT_END_CLEAN && data.n > 0 ? GUILD_EVENT_END_TRUNCATED : end;
}

enum guild_event_end guild_event_bytes_take(struct guild_str *data, guild_event_fn *on_scalar,
	void *arg, uint64_t *need)
{
	struct reader r = {.on_scalar = on_scalar, .arg = arg};
	return read_records(&r, data, need);
}

/* Reads until `need` bytes are in the buffer or the file ends; -errno on failure, else 0. */
static int fill(int fd, struct guild_buf *buf, uint64_t need)
{
	while (buf->n < need) {
		size_t want = buf->cap - buf->n - 1;
		ssize_t got = read(fd, buf->p + buf->n, want);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return -errno;
		}
		if (got == 0) {
			return 0;
		}
		buf->n += (size_t)got;
		buf->p[buf->n] = 0;
	}
	return 0;
}

static int64_t bytes_left(int fd)
{
	struct stat st;
	off_t at = lseek(fd, 0, SEEK_CUR);
	return at < 0 || fstat(fd, &st) != 0 ? 0 : (int64_t)(st.st_size - at);
}

/* Plain reads, not a mapping: a file that another process cuts must not kill the reader. */
static int read_file(int fd, const struct reader *r, struct guild_buf *buf,
	enum guild_event_end *end)
{
	guild_buf_reserve(buf, READ_SIZE);
	uint64_t need = HEADER_SIZE;
	for (;;) {
		int rc = fill(fd, buf, need);
		if (rc != 0) {
			return rc;
		}
		if (buf->n < need) {
			*end = buf->n > 0 ? GUILD_EVENT_END_TRUNCATED : GUILD_EVENT_END_CLEAN;
			return 0;
		}
		struct guild_str data = guild_buf_str(buf);
		*end = read_records(r, &data, &need);
		if (*end != GUILD_EVENT_END_CLEAN) {
			return 0;
		}
		memmove(buf->p, data.p, data.n);
		buf->n = data.n;
		/* Memory for a large record only where the file holds it. */
		if (need > buf->cap - 1) {
			if (bytes_left(fd) < (int64_t)(need - buf->n)) {
				*end = GUILD_EVENT_END_TRUNCATED;
				return 0;
			}
			guild_buf_reserve(buf, (size_t)need - buf->n);
		}
	}
}

static int read_path(const char *path, const struct reader *r, enum guild_event_end *end,
	struct guild_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	struct guild_buf buf = {0};
	enum guild_event_end reached = GUILD_EVENT_END_CLEAN;
	int rc = read_file(fd, r, &buf, &reached);
	guild_buf_fini(&buf);
	close(fd);
	if (rc != 0) {
		return guild_error_errno(err, -rc, "cannot read '%s'", path);
	}
	*end = reached;
	return 0;
}

int guild_event_file_read(const char *path, guild_event_fn *on_scalar, void *arg,
	enum guild_event_end *end, struct guild_error *err)
{
	struct reader r = {.on_scalar = on_scalar, .arg = arg};
	return read_path(path, &r, end, err);
}

int guild_event_file_records(const char *path, guild_event_record_fn *on_record, void *arg,
	enum guild_event_end *end, struct guild_error *err)
{
	struct reader r = {.on_record = on_record, .arg = arg};
	return read_path(path, &r, end, err);
}

int guild_protobuf_next(struct guild_str *in, struct guild_protobuf_field *f)
{
	return guild_protobuf_take(in, f);
}

double guild_protobuf_double(const struct guild_protobuf_field *f)
{
	return double_of(f->bits);
}
