/* Batch files of every kind: trials are mappings, or there is an error that names the file. */
#include "fuzz.h"

#include <guild/flags.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"f.csv", "f.json", "f.yml", "f"};
	if (size < 1 || size > 16 << 10) {
		return 0;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *trials = NULL;
	struct guild_value *all = NULL;
	struct guild_str text = {(const char *)data + 1, size - 1};
	if (guild_flag_batch_parse(a, names[data[0] & 3], text, &trials, &err) < 0) {
		guild_assert(guild_starts(err.text, "batch file 'f"));
	} else {
		for (size_t i = 0; i < trials->n; i++) {
			guild_assert(trials->items[i]->type == GUILD_DICT);
			if (guild_flag_expand(a, trials->items[i], 100, &all, NULL) == 0) {
				guild_assert(all->n <= 100);
			}
		}
	}
	guild_arena_free(a);
	return 0;
}
