/* Lines of output under the default patterns and the automatic rules: any bytes, in pieces and line by line, give the same values. */
#include "fuzz.h"

#include <guild/collect.h>

#include <stdlib.h>
#include <string.h>

static void on_scalar(void *arg, const struct guild_output_scalar *s)
{
	guild_assert(guild_utf8_valid(s->key, strlen(s->key)));
	guild_buf_printf(arg, "%s=%a@%lld;", s->key, s->value, (long long)s->step);
}

static void read_in_pieces(struct guild_str text, size_t piece, struct guild_buf *seen)
{
	struct guild_output_scalars *p;
	guild_output_scalars_new(NULL, true, NULL, &p, NULL, NULL);
	for (size_t i = 0; i < text.n; i += piece) {
		struct guild_str bytes = {text.p + i, text.n - i < piece ? text.n - i : piece};
		guild_output_scalars_feed(p, 0, bytes, on_scalar, seen);
	}
	guild_output_scalars_end(p, on_scalar, seen);
	guild_output_scalars_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { SIZE_MAX_HERE = 20000 };
	if (size > SIZE_MAX_HERE) {
		return 0;
	}
	/* A copy of exactly this size lets the sanitizers see a read past the end. */
	char *copy = malloc(size + (size == 0));
	memcpy(copy, data, size);
	struct guild_str text = {copy, size};
	struct guild_buf whole = {0};
	struct guild_buf pieces = {0};
	read_in_pieces(text, size + 1, &whole);
	read_in_pieces(text, 7, &pieces);
	guild_assert(strcmp(guild_buf_cstr(&whole), guild_buf_cstr(&pieces)) == 0);
	struct guild_buf folded = {0};
	guild_output_fold_line(text, &folded);
	guild_assert(guild_utf8_valid(folded.p, folded.n));
	guild_buf_fini(&folded);
	guild_buf_fini(&whole);
	guild_buf_fini(&pieces);
	free(copy);
	return 0;
}
