/* Event files: any bytes, and any bytes as the data of a record whose checksums fit. */
#include "fuzz.h"

#include <guild/formats.h>

#include <stdlib.h>
#include <string.h>

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	const struct guild_str *all = arg;
	guild_assert(s->tag.n == 0 ||
		     (s->tag.p >= all->p && s->tag.p + s->tag.n <= all->p + all->n));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_str raw = {(const char *)data, size};
	guild_event_bytes_read(raw, on_scalar, &raw);
	char *framed = malloc(size + 16);
	uint64_t length = size;
	memcpy(framed, &length, 8);
	uint32_t crc = guild_crc32c_masked(framed, 8);
	memcpy(framed + 8, &crc, 4);
	memcpy(framed + 12, data, size);
	crc = guild_crc32c_masked(data, size);
	memcpy(framed + 12 + size, &crc, 4);
	struct guild_str all = {framed, size + 16};
	enum guild_event_end end = guild_event_bytes_read(all, on_scalar, &all);
	guild_assert(end == GUILD_EVENT_END_CLEAN || end == GUILD_EVENT_END_CORRUPT);
	free(framed);
	return 0;
}
