/* Patterns of output-scalars: any text is refused or compiles, and then a line is matched within its limits. */
#include "fuzz.h"

#include <guild/collect.h>

#include <string.h>

static void on_scalar(void *arg, const struct guild_output_scalar *s)
{
	(void)arg;
	guild_assert(s->key != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { SIZE_MAX_HERE = 2000 };
	const char *end = memchr(data, '\n', size);
	if (size > SIZE_MAX_HERE) {
		return 0;
	}
	size_t n = end ? (size_t)(end - (const char *)data) : size;
	struct guild_arena *a = guild_arena_new();
	struct guild_value *config = guild_value_string_n(a, (const char *)data, n);
	struct guild_output_scalars *p;
	guild_output_scalars_new(config, false, NULL, &p, NULL, NULL);
	struct guild_str line = {(const char *)data + n, size - n};
	guild_output_scalars_feed(p, 1, line, on_scalar, NULL);
	guild_output_scalars_end(p, on_scalar, NULL);
	guild_output_scalars_free(p);
	guild_arena_free(a);
	return 0;
}
