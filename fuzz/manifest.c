/* Manifests: every line is an entry or counted as bad, and entries that were read are written so that they read back the same. */
#include "fuzz.h"

#include <guild/run.h>

#include <string.h>

static void write_all(struct guild_buf *out, const struct guild_manifest *m)
{
	for (size_t i = 0; i < m->n; i++) {
		guild_manifest_format(out, &m->v[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest first = {0};
	struct guild_manifest second = {0};
	struct guild_buf once = {0};
	struct guild_buf twice = {0};
	size_t n_lines = size > 0 && data[size - 1] != '\n';
	for (size_t i = 0; i < size; i++) {
		n_lines += data[i] == '\n';
	}
	size_t n_bad = guild_manifest_parse(a, guild_str_n((const char *)data, size), &first);
	guild_assert(first.n + n_bad == n_lines);
	write_all(&once, &first);
	guild_assert(guild_manifest_parse(a, guild_buf_str(&once), &second) == 0);
	guild_assert(second.n == first.n);
	write_all(&twice, &second);
	guild_assert(guild_str_eq(guild_buf_str(&once), guild_buf_str(&twice)));
	guild_buf_fini(&once);
	guild_buf_fini(&twice);
	guild_arena_free(a);
	return 0;
}
