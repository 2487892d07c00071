/* Records of the index whose checksum is right: whatever they hold, reading them ends and stays inside. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* The records are nobody's business but the store's. */
#include "../src/store/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"label", "flags", "x", ""};
	struct guild_str all = {(const char *)data, size};
	struct guild_arena *a = guild_arena_new();
	struct guild_scalars scalars = {0};
	struct guild_value *v = NULL;
	struct attrs_head head;
	/* The first byte says where attributes end and scalars begin. */
	size_t at = size > 0 ? 1 + (size - 1) * data[0] / 256 : 0;
	struct guild_str attrs = {all.p + (size > 0), at - (size > 0)};
	struct guild_str tree = {all.p + at, size - at};
	struct guild_run_facts *f = guild_facts_join(NULL, attrs, tree);
	struct guild_run run = {0};
	guild_facts_get_head(f, &head);
	(void)guild_facts_display_name(f);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (guild_facts_attr(f, a, names[i], &v) == GUILD_FACT_VALUE) {
			struct guild_buf text = {0};
			guild_assert(v != NULL);
			guild_value_py_repr(&text, v);
			guild_buf_fini(&text);
		}
	}
	guild_facts_scalars(f, a, &scalars);
	guild_assert(scalars.n * sizeof(struct tree_scalar) <= size);
	guild_facts_run(attrs, "/runs/a", &run);
	guild_run_fini(&run);
	free(f);
	guild_arena_free(a);
	return 0;
}
