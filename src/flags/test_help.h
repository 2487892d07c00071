/* What the tests of this room share: values as text in and out. */
#ifndef GUILD_FLAGS_TEST_HELP_H
#define GUILD_FLAGS_TEST_HELP_H

#include "guild/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static inline struct guild_value *from_yaml(struct guild_arena *a, const char *text)
{
	struct guild_value *v = NULL;
	struct guild_error err = {0};
	if (guild_yaml_parse(a, guild_str(text), "guild.yml", GUILD_YAML_NUMBERS, &v, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return v;
}

static inline const char *repr(struct guild_arena *a, const struct guild_value *v)
{
	struct guild_buf b = {0};
	guild_value_py_repr(&b, v);
	const char *text = guild_arena_strdup(a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return text;
}

static inline struct guild_flag_defs from_flags(struct guild_arena *a, const char *yaml)
{
	struct guild_flag_defs defs = {0};
	struct guild_error err = {0};
	if (guild_flag_defs_parse(a, from_yaml(a, yaml), "guild.yml", &defs, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return defs;
}

/* Keeps the last thing that was logged. */
static inline void keep_log(void *arg, const char *level, const char *text)
{
	(void)level;
	guild_buf_reset(arg);
	guild_buf_puts(arg, text);
}

#endif
