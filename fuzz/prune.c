/* Pruning rules: read or refused with a reason; the plain form is read back as it is. */
#include "fuzz.h"

#include <guild/search.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = guild_strndup((const char *)data, size);
	struct guild_arena *a = guild_arena_new();
	struct guild_value *plain = NULL;
	struct guild_value *again = NULL;
	struct guild_error err = {0};
	int rc = guild_prune_read(a, guild_value_string(a, text), &plain, &err);
	guild_assert(rc == 0 ? plain->n <= 1 : err.code == rc && err.text[0] != '\0');
	if (rc == 0) {
		guild_assert(guild_prune_read(a, plain, &again, NULL) == 0);
		guild_assert(guild_value_eq(plain, again));
	}
	guild_arena_free(a);
	free(text);
	return 0;
}
