/* Column specs: every column that is parsed can be looked up and shown, and is written down so that it reads as the same. */
#include "fuzz.h"

#include <guild/store.h>

#include <stdlib.h>
#include <string.h>

static const char *const qualifiers[] = {
	[GUILD_COL_LAST] = "last ",
	[GUILD_COL_MIN] = "min ",
	[GUILD_COL_MAX] = "max ",
	[GUILD_COL_FIRST] = "first ",
	[GUILD_COL_AVG] = "avg ",
	[GUILD_COL_TOTAL] = "total ",
	[GUILD_COL_COUNT] = "count ",
};

/* False where bytes need escapes that only the reader of YAML knows. */
static bool put_quoted(struct guild_buf *out, const char *text)
{
	guild_buf_printf(out, "'%s'", text);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c < ' ' || *c == '\'' || *c == '\\' || *c == 0x7f) {
			return false;
		}
	}
	return text[0] != '\0';
}

static bool put_col(struct guild_buf *out, const struct guild_col *c)
{
	bool can = true;
	if (c->kind == GUILD_COL_FLAG) {
		guild_buf_printf(out, "=%s", c->key); /* only what was read so */
	} else if (c->kind == GUILD_COL_ATTR) {
		guild_buf_putc(out, '.');
		can = put_quoted(out, c->key);
	} else {
		guild_buf_puts(out, c->qualified ? qualifiers[c->qualifier] : "");
		can = put_quoted(out, c->key);
		guild_buf_puts(out, c->step ? " step" : "");
	}
	guild_buf_puts(out, " as ");
	return put_quoted(out, c->header) && can;
}

static bool is_same(const struct guild_col *a, const struct guild_col *b)
{
	return a->kind == b->kind && a->qualifier == b->qualifier && a->qualified == b->qualified &&
	       a->step == b->step && strcmp(a->key, b->key) == 0 &&
	       strcmp(a->header, b->header) == 0;
}

static void check_printed(struct guild_arena *a, const struct guild_col *col)
{
	struct guild_buf text = {0};
	struct guild_cols again = {0};
	if (put_col(&text, col)) {
		int code = guild_cols_parse(a, guild_buf_cstr(&text), &again, NULL);
		guild_assert(code == 0 && again.n == 1 && is_same(&again.v[0], col));
	}
	guild_buf_fini(&text);
}

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
		check_printed(a, col);
	}
	free(text);
	guild_arena_free(a);
	return 0;
}
