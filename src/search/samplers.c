/* The optimizers there are, and the flags they are given. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sampler.h"

const struct sampler_class *const search_samplers[] = {
	&search_auto,
	&search_cmaes,
	&search_forest,
	&search_gbrt,
	&search_gp,
	&search_nsga2,
	&search_qmc,
	&search_random,
	&search_tpe,
	NULL,
};

const struct guild_optimizer_info *guild_optimizer_at(size_t i)
{
	return i + 1 < GUILD_ARRAY_LEN(search_samplers) ? &search_samplers[i]->info : NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = words; p && *p;) {
		size_t len = strcspn(p, " ");
		if (len == n && memcmp(p, word, n) == 0) {
			return true;
		}
		p += len + (p[len] == ' ');
	}
	return false;
}

const struct guild_optimizer_info *guild_optimizer_find(const char *name)
{
	for (size_t i = 0; search_samplers[i]; i++) {
		const struct guild_optimizer_info *info = &search_samplers[i]->info;
		if (strcmp(info->name, name) == 0 || has_word(info->aliases, name)) {
			return info;
		}
	}
	return NULL;
}

struct guild_value *search_default_flags(struct guild_arena *a,
	const struct guild_optimizer_info *info)
{
	struct guild_value *flags = guild_value_dict(a);
	for (size_t i = 0; i < info->n_flags; i++) {
		struct guild_value *v = guild_value_null(a);
		if (info->flags[i].default_text) {
			(void)guild_flag_decode(a, info->flags[i].default_text, NULL, &v, NULL,
				NULL);
		}
		guild_value_set(a, flags, info->flags[i].name, v);
	}
	return flags;
}

double search_flag_f64(const struct guild_value *flags, const char *name)
{
	const struct guild_value *v = guild_value_get(flags, name);
	return v && guild_value_is_number(v) ? guild_value_as_f64(v) : NAN;
}

int64_t search_flag_i64(const struct guild_value *flags, const char *name)
{
	double f = search_flag_f64(flags, name);
	return f >= 0 && f <= 0x1p53 ? (int64_t)f : 0;
}

const char *search_flag_text(const struct guild_value *flags, const char *name)
{
	return guild_value_text(guild_value_get(flags, name));
}
