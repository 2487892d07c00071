/* Column specs: every column that is parsed can be looked up and shown. */
#include "fuzz.h"

#include <guild/store.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_cols cols = {0};
	struct guild_error err = {0};
	char *text = guild_strndup((const char *)data, size);
	int code = guild_cols_parse(a, text, &cols, &err);
	guild_assert(code == 0 || (err.code == code && err.text[0] != '\0'));
	for (size_t i = 0; code == 0 && i < cols.n; i++) {
		const struct guild_col *col = &cols.v[i];
		guild_assert(col->key != NULL && col->header != NULL);
		guild_assert(col->kind == GUILD_COL_SCALAR || (!col->step && !col->qualified));
	}
	free(text);
	guild_arena_free(a);
	return 0;
}
