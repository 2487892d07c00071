/* Values of a query from a run directory. */

#include <stdlib.h>
#include <string.h>

#include "query_private.h"

static const struct guild_value *attr(void *arg, const char *name)
{
	return guild_run_data_attr(arg, name);
}

static bool attr_us(void *arg, const char *name, int64_t *us)
{
	return guild_run_data_time(arg, name, us);
}

static const struct guild_value *flag(void *arg, const char *name)
{
	return guild_value_get(guild_run_data_flags(arg), name);
}

/* "prefix#tag" means that prefix exactly; column specs are less strict. */
static const struct guild_scalar_summary *scalar(void *arg, const char *key)
{
	const struct guild_scalar_summary *s = guild_scalars_find(guild_run_data_scalars(arg), key);
	if (s == NULL || strcmp(s->tag, key) == 0) {
		return s;
	}
	size_t n = strlen(s->prefix);
	return strncmp(key, s->prefix, n) == 0 && key[n] == '#' ? s : NULL;
}

struct wanted {
	const char *tag;
	int64_t step;
	bool found;
	double value;
};

static int look(void *arg, const struct guild_event_scalar *s)
{
	struct wanted *w = arg;
	if (s->step == w->step && guild_str_eqz(s->tag, w->tag)) {
		w->found = true;
		w->value = s->value;
	}
	return 0;
}

static bool scalar_at(void *arg, const char *key, int64_t step, double *value)
{
	const struct guild_scalar_summary *s = scalar(arg, key);
	if (s == NULL || step < s->first_step || step > s->last_step) {
		return false;
	}
	struct wanted w = {.tag = s->tag, .step = step};
	struct guild_strs names = {0};
	char *dir = guild_path_join(guild_run_data_run(arg)->dir, s->prefix);
	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		enum guild_event_end end;
		if (strstr(names.v[i], "tfevents") != NULL) {
			char *path = guild_path_join(dir, names.v[i]);
			(void)guild_event_file_read(path, look, &w, &end, NULL);
			free(path);
		}
	}
	guild_strs_fini(&names);
	free(dir);
	*value = w.value;
	return w.found;
}

static void each_name(void *arg, guild_query_name_fn *each, void *to)
{
	const struct guild_value *flags = guild_run_data_flags(arg);
	const struct guild_scalars *scalars = guild_run_data_scalars(arg);
	for (size_t i = 0; i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name != NULL) {
			each(to, GUILD_COL_FLAG, name);
		}
	}
	for (size_t i = 0; i < scalars->n; i++) {
		if (!guild_scalar_is_system(&scalars->v[i])) {
			each(to, GUILD_COL_SCALAR, scalars->v[i].tag);
		}
	}
}

void guild_query_run_source(struct guild_run_data *d, struct guild_query_source *out)
{
	*out = (struct guild_query_source){
		.arg = d,
		.attr = attr,
		.attr_us = attr_us,
		.flag = flag,
		.scalar = scalar,
		.scalar_at = scalar_at,
		.names = each_name,
	};
}
