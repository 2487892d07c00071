/* Lines of a recorded list of packages: each is a package, a comment or refused, and what would be installed is one line. */
#include <string.h>

#include "../src/exec/reproduce.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_package_line line;
	const char *text = guild_arena_strndup(a, (const char *)data, size);
	guild_package_line_parse(a, text, &line);
	guild_assert(line.name && line.shown);
	if (!line.is_comment && !line.is_other) {
		guild_assert(!strpbrk(text, "\n\r\\"));
		guild_assert(text[0] != '-' || line.is_editable);
	}
	struct guild_package_line again;
	guild_package_line_parse(a, line.name, &again);
	guild_assert(strlen(line.name) <= size);
	guild_arena_free(a);
	return 0;
}
