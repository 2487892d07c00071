/* YAML: what is read can be written, and what is written reads back as the same. */
#include "fuzz.h"

#include <guild/formats.h>

#include <string.h>

enum { MAX_INPUT = 64 << 10, MAX_SHOWN = 20000 };

/* Nodes with every alias written out, which is what writing costs. */
static size_t count(const struct guild_value *v)
{
	size_t n = 1;
	for (size_t i = 0; i < v->n && n < MAX_SHOWN; i++) {
		n += count(v->type == GUILD_LIST ? v->items[i] : v->pairs[i].value);
	}
	return n;
}

static void write_block(struct guild_buf *out, const struct guild_value *v)
{
	guild_yaml_dump(out, v, true);
}

static void check_stable(struct guild_arena *a, const struct guild_value *v,
	void (*write)(struct guild_buf *, const struct guild_value *))
{
	struct guild_buf first = {0};
	struct guild_buf second = {0};
	struct guild_value *again = NULL;
	struct guild_error err = {0};
	write(&first, v);
	int rc = guild_yaml_parse(a, guild_buf_str(&first), NULL, GUILD_YAML_NUMBERS, &again, &err);
	guild_assert(rc == 0);
	write(&second, again);
	guild_assert(guild_str_eq(guild_buf_str(&first), guild_buf_str(&second)));
	guild_buf_fini(&first);
	guild_buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > MAX_INPUT) {
		return 0;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	struct guild_str text = {(const char *)data + 1, size - 1};
	if (guild_yaml_parse(a, text, "f", data[0] & 3, &v, &err) < 0) {
		guild_assert(guild_starts(err.text, "f:"));
	} else if (count(v) < MAX_SHOWN) {
		check_stable(a, v, write_block);
		check_stable(a, v, guild_yaml_dump_flow);
	}
	guild_arena_free(a);
	return 0;
}
