/* Writes an event file of COUNT scalar records to FILE: bench/make_events FILE COUNT. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <guild/formats.h>

enum { TAGS = 4, RECORD_MAX = 64 };

static size_t put_varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;
	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

static size_t put_event(uint8_t *p, double wall_time, uint64_t step, const char *tag, float value)
{
	size_t tag_size = strlen(tag);
	size_t n = 0;
	p[n++] = 0x09;
	memcpy(p + n, &wall_time, sizeof wall_time);
	n += sizeof wall_time;
	p[n++] = 0x10;
	n += put_varint(p + n, step);
	p[n++] = 0x2a;
	p[n++] = (uint8_t)(tag_size + 9);
	p[n++] = 0x0a;
	p[n++] = (uint8_t)(tag_size + 7);
	p[n++] = 0x0a;
	p[n++] = (uint8_t)tag_size;
	memcpy(p + n, tag, tag_size);
	n += tag_size;
	p[n++] = 0x15;
	memcpy(p + n, &value, sizeof value);
	return n + sizeof value;
}

static int put_record(FILE *file, const uint8_t *data, size_t n)
{
	uint64_t size = n;
	uint32_t size_crc = guild_crc32c_masked(&size, sizeof size);
	uint32_t data_crc = guild_crc32c_masked(data, n);
	return fwrite(&size, sizeof size, 1, file) == 1 &&
			       fwrite(&size_crc, sizeof size_crc, 1, file) == 1 &&
			       fwrite(data, n, 1, file) == 1 &&
			       fwrite(&data_crc, sizeof data_crc, 1, file) == 1
		       ? 0
		       : -1;
}

int main(int argc, char **argv)
{
	static const char *const tags[TAGS] = {"loss", "accuracy", "val_loss", "val_accuracy"};
	int64_t count;
	if (argc != 3 || !guild_parse_i64(argv[2], strlen(argv[2]), &count)) {
		fputs("usage: make_events FILE COUNT\n", stderr);
		return 2;
	}
	FILE *file = fopen(argv[1], "wb");
	if (!file) {
		perror(argv[1]);
		return 1;
	}
	static const char version[] = "\x09\0\0\0\0\0\0\0\0\x1a\x0d"
				      "brain.Event:2";
	int failed = put_record(file, (const uint8_t *)version, sizeof version - 1);
	for (int64_t i = 0; i < count && !failed; i++) {
		uint8_t record[RECORD_MAX];
		size_t n = put_event(record, 1.7e9 + (double)i * 0.001, (uint64_t)(i / TAGS),
			tags[i % TAGS], 1.0f / (float)(i + 1));
		failed = put_record(file, record, n);
	}
	if (fclose(file) != 0 || failed) {
		fprintf(stderr, "%s: cannot be written\n", argv[1]);
		return 1;
	}
	return 0;
}
