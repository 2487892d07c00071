/* Event files: golden bytes, both kinds of summary, torn and damaged files, a disk that fills. */
#include <guild/formats.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

/* Written by Guild AI 0.9.0: the version, then loss = 0.3 without time and step. */
static const unsigned char golden[] = {0x0f, 0, 0, 0, 0, 0, 0, 0, 0x6d, 0x53, 0x2b, 0x09, 0x1a,
	0x0d, 'b', 'r', 'a', 'i', 'n', '.', 'E', 'v', 'e', 'n', 't', ':', '2', 0xfc, 0x98, 0x51,
	0x29, //
	0x0f, 0, 0, 0, 0, 0, 0, 0, 0x6d, 0x53, 0x2b, 0x09, 0x2a, 0x0d, 0x0a, 0x0b, 0x0a, 0x04, 'l',
	'o', 's', 's', 0x15, 0x9a, 0x99, 0x99, 0x3e, 0xad, 0x46, 0xe8, 0x89};

/* What a reader saw, as text: "tag=value@step;" for each scalar. */
struct seen {
	struct guild_buf text;
	double wall_time;
	size_t stop_after;
	size_t n;
};

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	struct seen *seen = arg;
	char value[GUILD_F64_MAX];
	guild_f64_repr(s->value, value);
	guild_buf_printf(&seen->text, "%.*s=%s@%lld;", GUILD_STR_FMT(s->tag), value,
		(long long)s->step);
	seen->wall_time = s->wall_time;
	return ++seen->n == seen->stop_after;
}

static void check_bytes(const void *p, size_t n, const char *text, enum guild_event_end end)
{
	struct seen seen = {0};
	/* A copy of exactly n bytes lets the sanitizers see a read past the end. */
	char *copy = malloc(n + (n == 0));
	memcpy(copy, p, n);
	assert_int_equal(guild_event_bytes_read(guild_str_n(copy, n), on_scalar, &seen), end);
	assert_string_equal(guild_buf_cstr(&seen.text), text);
	guild_buf_fini(&seen.text);
	free(copy);
}

static void test_golden(void **state)
{
	check_bytes(golden, sizeof(golden), "loss=0.30000001192092896@0;", GUILD_EVENT_END_CLEAN);
	check_bytes(golden, 0, "", GUILD_EVENT_END_CLEAN);
}

/* Whole records go, the beginning of the next stays and says how long it will be. */
static void test_take(void **state)
{
	const size_t n = sizeof(golden);
	for (size_t k = 0; k <= n; k++) {
		struct seen seen = {0};
		uint64_t need = 0;
		struct guild_str left = guild_str_n((const char *)golden, k);
		assert_int_equal(guild_event_bytes_take(&left, on_scalar, &seen, &need),
			GUILD_EVENT_END_CLEAN);
		size_t taken = k - left.n;
		assert_true(left.n < need && (left.n < 12 ? need == 12 : taken + need <= n));
		assert_int_equal(seen.text.n > 0, k == n);
		guild_buf_fini(&seen.text);
	}
}

static void test_torn(void **state)
{
	for (size_t n = 1; n < sizeof(golden); n++) {
		if (n != 31) {
			check_bytes(golden, n, "", GUILD_EVENT_END_TRUNCATED);
		}
	}
	check_bytes(golden, 31, "", GUILD_EVENT_END_CLEAN);
}

static void test_damaged(void **state)
{
	unsigned char bytes[sizeof(golden)];
	for (size_t i = 31; i < sizeof(golden); i++) {
		memcpy(bytes, golden, sizeof(golden));
		bytes[i] ^= 0x40;
		check_bytes(bytes, sizeof(bytes), "", GUILD_EVENT_END_CORRUPT);
	}
}

/* One record around an event's bytes. */
static void put_record(struct guild_buf *out, const void *p, size_t n)
{
	unsigned char header[8] = {(unsigned char)n, (unsigned char)(n >> 8)};
	uint32_t crc = guild_crc32c_masked(header, 8);
	guild_buf_append(out, header, 8);
	guild_buf_append(out, &crc, 4);
	guild_buf_append(out, p, n);
	crc = guild_crc32c_masked(p, n);
	guild_buf_append(out, &crc, 4);
}

static void test_kinds(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
		enum guild_event_end end;
	} cases[] = {
#define BYTES(s) s, sizeof(s) - 1
		/* simple value, step after the summary */
		{BYTES("\x2a\x0a\x0a\x08\x0a\x01x\x15\0\0\x80\x3f\x10\x07"), "x=1.0@7;", 0},
		/* two values in one summary, an image between them */
		{BYTES("\x2a\x1a\x0a\x08\x0a\x01x\x15\0\0\x80\x3f\x0a\x04\x0a\x02im\x0a\x08\x0a\x01y\x15\0\0\0\x40"),
			"x=1.0@0;y=2.0@0;", 0},
		/* two summaries in one event */
		{BYTES("\x2a\x0a\x0a\x08\x0a\x01x\x15\0\0\x80\x3f\x2a\x0a\x0a\x08\x0a\x01y\x15\0\0\0\x40"),
			"x=1.0@0;y=2.0@0;", 0},
		/* tensor, float in tensor_content, no shape */
		{BYTES("\x2a\x0f\x0a\x0d\x0a\x01x\x42\x08\x08\x01\x22\x04\0\0\0\x3f"), "x=0.5@0;",
			0},
		/* tensor, float_val packed, shape [1] */
		{BYTES("\x2a\x15\x0a\x13\x0a\x01x\x42\x0e\x08\x01\x12\x04\x12\x02\x08\x01\x2a\x04\0\0\0\x3f"),
			"x=0.5@0;", 0},
		/* tensor, float_val not packed */
		{BYTES("\x2a\x0e\x0a\x0c\x0a\x01x\x42\x07\x08\x01\x2d\0\0\0\x3f"), "x=0.5@0;", 0},
		/* tensor, double_val packed, shape [1, 1] */
		{BYTES("\x2a\x1d\x0a\x1b\x0a\x01x\x42\x16\x08\x02\x12\x08\x12\x02\x08\x01\x12\x02\x08\x01\x32\x08"
		       "\0\0\0\0\0\0\xf8\x3f"),
			"x=1.5@0;", 0},
		/* tensor, double in tensor_content */
		{BYTES("\x2a\x13\x0a\x11\x0a\x01x\x42\x0c\x08\x02\x22\x08\0\0\0\0\0\0\xf8\x3f"),
			"x=1.5@0;", 0},
		/* two elements, an integer tensor, shape [0], unknown rank, wrong content size: no scalars */
		{BYTES("\x2a\x13\x0a\x11\x0a\x01x\x42\x0c\x08\x01\x2a\x08\0\0\0\x3f\0\0\0\x3f"), "",
			0},
		{BYTES("\x2a\x0f\x0a\x0d\x0a\x01x\x42\x08\x08\x03\x22\x04\0\0\0\x3f"), "", 0},
		{BYTES("\x2a\x15\x0a\x13\x0a\x01x\x42\x0e\x08\x01\x12\x04\x12\x02\x08\x00\x2a\x04\0\0\0\x3f"),
			"", 0},
		{BYTES("\x2a\x13\x0a\x11\x0a\x01x\x42\x0c\x08\x01\x12\x02\x18\x01\x2a\x04\0\0\0\x3f"),
			"", 0},
		{BYTES("\x2a\x0e\x0a\x0c\x0a\x01x\x42\x07\x08\x01\x22\x03\0\0\0"), "", 0},
		/* a tensor wins over a simple value */
		{BYTES("\x2a\x14\x0a\x12\x0a\x01x\x15\0\0\x80\x3f\x42\x08\x08\x01\x22\x04\0\0\0\x3f"),
			"x=0.5@0;", 0},
		/* a value without a number */
		{BYTES("\x2a\x05\x0a\x03\x0a\x01x"), "", 0},
		/* good checksum, no message: field 0, a length past the end, a group */
		{BYTES("\x00"), "", GUILD_EVENT_END_CORRUPT},
		{BYTES("\x2a\x7f"), "", GUILD_EVENT_END_CORRUPT},
		{BYTES("\x0b"), "", GUILD_EVENT_END_CORRUPT},
		{BYTES("\x2a\x04\x0a\x02\x0a\x09"), "", GUILD_EVENT_END_CORRUPT},
#undef BYTES
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct guild_buf bytes = {0};
		put_record(&bytes, cases[i].bytes, cases[i].n);
		check_bytes(bytes.p, bytes.n, cases[i].text, cases[i].end);
		guild_buf_fini(&bytes);
	}
}

static void check_file(const char *path, const char *text, enum guild_event_end end,
	size_t stop_after)
{
	struct seen seen = {.stop_after = stop_after};
	enum guild_event_end got;
	assert_int_equal(guild_event_file_read(path, on_scalar, &seen, &got, NULL), 0);
	assert_int_equal(got, end);
	assert_string_equal(guild_buf_cstr(&seen.text), text);
	guild_buf_fini(&seen.text);
}

static char *only_file(const char *dir)
{
	struct guild_strs names = {0};
	assert_int_equal(guild_dir_list(dir, &names, NULL), 0);
	assert_int_equal(names.n, 1);
	char *path = guild_path_join(dir, names.v[0]);
	guild_strs_fini(&names);
	return path;
}

static void test_write(void **state)
{
	char *top = guild_tmp_dir("tfevents", NULL);
	char *dir = guild_path_join(top, "a/b");
	struct guild_event_writer *w = guild_event_writer_new(dir, 3, ".x");
	assert_false(guild_file_exists(dir)); /* nothing before the first value */
	struct guild_scalar values[] = {{"loss", 0.5F}, {"acc", 0.25F}};
	assert_int_equal(guild_event_writer_add(w, 1700000000250000, -1, values, 2, NULL), 0);
	char *path = only_file(dir);
	char *host = guild_hostname();
	char *name =
		guild_format("events.out.tfevents.1700000000.%s.%ld.3.x", host, (long)getpid());
	assert_string_equal(guild_path_basename(path), name);
	/* Each value is in the file at once. */
	check_file(path, "loss=0.5@0;acc=0.25@0;", GUILD_EVENT_END_CLEAN, 0);
	assert_int_equal(guild_event_writer_add(w, 1700000001250000, INT64_MAX, values, 1, NULL),
		0);
	assert_int_equal(guild_event_writer_add(w, 1700000001250000, 300, values + 1, 1, NULL), 0);
	assert_int_equal(guild_event_writer_close(w, NULL), 0);
	check_file(path, "loss=0.5@0;acc=0.25@0;loss=0.5@9223372036854775807;acc=0.25@300;",
		GUILD_EVENT_END_CLEAN, 0);
	check_file(path, "loss=0.5@0;", GUILD_EVENT_END_STOPPED, 1);
	struct seen seen = {.stop_after = 1};
	enum guild_event_end end;
	guild_event_file_read(path, on_scalar, &seen, &end, NULL);
	assert_true(seen.wall_time == 1700000000.25);
	guild_buf_fini(&seen.text);
	/* The same name again: the next serial. */
	w = guild_event_writer_new(dir, 3, ".x");
	assert_int_equal(guild_event_writer_add(w, 1700000000250000, 1, values, 1, NULL), 0);
	guild_event_writer_close(w, NULL);
	struct guild_strs names = {0};
	guild_dir_list(dir, &names, NULL);
	assert_int_equal(names.n, 2);
	guild_strs_fini(&names);
	guild_rmtree(top, NULL);
	free(name);
	free(host);
	free(path);
	free(dir);
	free(top);
}

/* The first record of a file is the golden one with a wall time before it. */
static void test_written_bytes(void **state)
{
	static const unsigned char version[] = {0x18, 0, 0, 0, 0, 0, 0, 0};
	static const unsigned char data[] = {0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x1a, 0x0d};
	char *dir = guild_tmp_dir("tfevents", NULL);
	struct guild_event_writer *w = guild_event_writer_new(dir, 0, "");
	struct guild_scalar value = {"loss", 0.3F};
	assert_int_equal(guild_event_writer_add(w, 1500000, 5, &value, 1, NULL), 0);
	guild_event_writer_close(w, NULL);
	char *path = only_file(dir);
	struct guild_buf bytes = {0};
	assert_int_equal(guild_file_read(path, 0, &bytes, NULL), 0);
	assert_int_equal(bytes.n, 40 + 16 + 26);
	assert_memory_equal(bytes.p, version, 8);
	assert_memory_equal(bytes.p + 12, data, sizeof(data));
	assert_memory_equal(bytes.p + 12 + sizeof(data), "brain.Event:2", 13);
	assert_memory_equal(bytes.p + 40 + 12, data, 9);
	assert_memory_equal(bytes.p + 40 + 12 + 9, "\x10\x05", 2);
	assert_memory_equal(bytes.p + 40 + 12 + 11, golden + 31 + 12, 15);
	guild_buf_fini(&bytes);
	guild_rmtree(dir, NULL);
	free(path);
	free(dir);
}

/* Past the size limit a value is lost, the file stays whole, and the next value that fits is written. */
static void test_full_disk(void **state)
{
	char *dir = guild_tmp_dir("tfevents", NULL);
	struct guild_event_writer *w = guild_event_writer_new(dir, 0, "");
	struct guild_scalar value = {"loss", 0.5F};
	assert_int_equal(guild_event_writer_add(w, 1000000, 1, &value, 1, NULL), 0);
	struct rlimit old;
	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	struct rlimit small = {90, old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	struct guild_error err;
	assert_int_equal(guild_event_writer_add(w, 1000000, 2, &value, 1, &err), GUILD_EIO);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(guild_event_writer_add(w, 1000000, 3, &value, 1, NULL), 0);
	guild_event_writer_close(w, NULL);
	char *path = only_file(dir);
	check_file(path, "loss=0.5@1;loss=0.5@3;", GUILD_EVENT_END_CLEAN, 0);
	guild_rmtree(dir, NULL);
	free(path);
	free(dir);
}

/* Records that straddle reads, one larger than the read size, and a file that claims more than it holds. */
static void test_large(void **state)
{
	enum { TAG = 300000 };
	char *dir = guild_tmp_dir("tfevents", NULL);
	char *tag = malloc(TAG + 1);
	memset(tag, 't', TAG);
	tag[TAG] = 0;
	struct guild_event_writer *w = guild_event_writer_new(dir, 0, "");
	struct guild_scalar value = {"x", 0.5F};
	struct guild_scalar big = {tag, 0.5F};
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(guild_event_writer_add(w, 1000000, i, &value, 1, NULL), 0);
	}
	assert_int_equal(guild_event_writer_add(w, 1000000, 1, &big, 1, NULL), 0);
	guild_event_writer_close(w, NULL);
	char *path = only_file(dir);
	struct seen seen = {0};
	enum guild_event_end end;
	assert_int_equal(guild_event_file_read(path, on_scalar, &seen, &end, NULL), 0);
	assert_int_equal(end, GUILD_EVENT_END_CLEAN);
	assert_int_equal(seen.n, 20001);
	guild_buf_fini(&seen.text);
	assert_int_equal(truncate(path, guild_file_size(path) - 1), 0);
	seen = (struct seen){0};
	assert_int_equal(guild_event_file_read(path, on_scalar, &seen, &end, NULL), 0);
	assert_int_equal(end, GUILD_EVENT_END_TRUNCATED);
	assert_int_equal(seen.n, 20000);
	guild_buf_fini(&seen.text);
	guild_rmtree(dir, NULL);
	free(path);
	free(tag);
	free(dir);
}

static void test_missing(void **state)
{
	struct guild_error err;
	enum guild_event_end end = GUILD_EVENT_END_STOPPED;
	assert_int_equal(guild_event_file_read("/nonexistent/file", on_scalar, NULL, &end, &err),
		GUILD_ENOTFOUND);
	assert_int_equal(end, GUILD_EVENT_END_STOPPED);
	assert_non_null(strstr(err.text, "/nonexistent/file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_written_bytes),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
