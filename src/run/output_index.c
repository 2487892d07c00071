/* Records of .guild/output.index: when each line of output ended, and on which stream. */

#include "run_private.h"

#include <string.h>

void guild_output_index_encode(struct guild_output_line line,
	unsigned char out[GUILD_OUTPUT_RECORD_BYTES])
{
	uint64_t time = (uint64_t)line.time_ms;
	for (int i = 7; i >= 0; i--) {
		out[i] = (unsigned char)(time & 0xff);
		time >>= 8;
	}
	out[8] = line.is_stderr ? 1 : 0;
}

void guild_output_index_fill(struct guild_output_line line, size_t n, unsigned char *out)
{
	if (n == 0) {
		return;
	}
	guild_output_index_encode(line, out);
	for (size_t i = 1; i < n;) {
		size_t more = i < n - i ? i : n - i;
		memcpy(out + i * GUILD_OUTPUT_RECORD_BYTES, out, more * GUILD_OUTPUT_RECORD_BYTES);
		i += more;
	}
}

bool guild_output_index_decode(const unsigned char *p, size_t n, struct guild_output_line *out)
{
	if (n < GUILD_OUTPUT_RECORD_BYTES) {
		return false;
	}
	uint64_t time = 0;
	for (int i = 0; i < 8; i++) {
		time = (time << 8) | p[i];
	}
	if (time > INT64_MAX || p[8] > 1) {
		return false;
	}
	*out = (struct guild_output_line){.time_ms = (int64_t)time, .is_stderr = p[8] == 1};
	return true;
}
