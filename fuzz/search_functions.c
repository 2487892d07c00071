/* Search and sequence functions, and label templates: any text. */
#include "fuzz.h"

#include <guild/flags.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096) {
		return 0;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_flag_function f = {0};
	struct guild_value *text = guild_value_string_n(a, (const char *)data, size);
	struct guild_value *flags = guild_value_dict(a);
	struct guild_value *v = NULL;
	struct guild_buf label = {0};
	if (guild_flag_is_function(a, text, &f)) {
		guild_assert(f.args->n > 1 || *f.name);
		guild_assert(memchr(data, '[', size) && memchr(data, ']', size));
	} else if (guild_flag_decode(a, text->s.p, NULL, &v, NULL, NULL) == 0 &&
		   v->type == GUILD_LIST) {
		guild_assert(v->n <= 1000000);
	}
	guild_value_set(a, flags, "x", v ? v : guild_value_float(a, 1.5));
	guild_value_set(a, flags, "s", text);
	guild_flag_render_label(&label, text->s.p, flags, "label", NULL);
	guild_buf_fini(&label);
	guild_arena_free(a);
	return 0;
}
