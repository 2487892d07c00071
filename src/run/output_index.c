/* Records of .guild/output.index: when each line of output ended, and on which stream. */

#include "run_private.h"

enum { RECORD_BYTES = 9 };

void guild_output_index_encode(struct guild_output_line line, unsigned char out[9])
{
	uint64_t time = (uint64_t)line.time_ms;
	for (int i = 7; i >= 0; i--) {
		out[i] = (unsigned char)(time & 0xff);
		time >>= 8;
	}
	out[8] = line.is_stderr ? 1 : 0;
}

bool guild_output_index_decode(const unsigned char *p, size_t n, struct guild_output_line *out)
{
	if (n < RECORD_BYTES) {
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
