/* Flag values: any text for a flag of any type, through decoding, its type, and every way it is shown and passed on. */
#include "fuzz.h"

#include <guild/flags.h>

#include <string.h>

static const char *const types[] = {
	NULL, "string", "int", "float", "number", "boolean", "path", "auto"};

static void show(struct guild_arena *a, const struct guild_value *v,
	const struct guild_flag_def *def)
{
	struct guild_flag_defs defs = {0};
	struct guild_value *flags = guild_value_dict(a);
	struct guild_strs args = {0};
	struct guild_strs env = {0};
	struct guild_buf text = {0};
	struct guild_value *again = NULL;
	*guild_flag_defs_add(a, &defs, "x") = *def;
	guild_value_set(a, flags, "x", guild_value_copy(a, v));
	struct guild_value *cmd_flags = guild_flag_cmd_flags(a, &defs);
	guild_flag_cmd_args(&args, flags, cmd_flags, "args", NULL, NULL);
	guild_flag_cmd_args(&args, flags, cmd_flags, "globals", NULL, NULL);
	guild_flag_env(&env, flags, cmd_flags);
	guild_assert(env.n == 1 && guild_starts(env.v[0], "FLAG_X="));
	guild_flag_default_label(&text, flags);
	guild_buf_reset(&text);
	/* What people are shown can be typed again. */
	guild_flag_encode(&text, v);
	guild_assert(guild_yaml_parse(a, guild_buf_str(&text), NULL, GUILD_YAML_NUMBERS, &again,
			     NULL) == 0);
	guild_strs_fini(&args);
	guild_strs_fini(&env);
	guild_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 4096) {
		return 0;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *v = NULL;
	struct guild_value *converted = NULL;
	struct guild_flag_def def = {.name = "x", .type = types[data[0] & 7]};
	if (data[0] & 8) {
		def.arg_split =
			data[0] & 16 ? guild_value_string(a, ",") : guild_value_bool(a, true);
	}
	char *text = guild_arena_strndup(a, (const char *)data + 1, size - 1);
	if (guild_flag_decode(a, text, &def, &v, NULL, &err) < 0) {
		guild_assert(err.text[0]);
	} else {
		if (guild_streq(def.type, "string") && !strchr("['\"", text[0])) {
			guild_assert(v->type == GUILD_STRING && guild_str_eqz(v->s, text));
		}
		if (guild_flag_coerce(a, v, &def, "/", &converted, &err) < 0) {
			guild_assert(err.text[0]);
		} else if (v->n < 1000) {
			show(a, converted, &def);
		}
	}
	guild_arena_free(a);
	return 0;
}
