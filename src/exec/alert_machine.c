/* Figures of the machine as rules name them, from what the sampler read. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alerts.h"
#include "exec_private.h"

enum { GPUS_MAX = 64 };

static double reading(const struct guild_scalar *v, size_t n, const char *tag)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i].tag, tag) == 0) {
			return (double)v[i].value;
		}
	}
	return NAN;
}

/* CUDA_VISIBLE_DEVICES says which GPUs are the program's, where it lists numbers. */
static bool is_visible_gpu(char *const *env, int64_t index)
{
	const char *visible = guild_env_get(env, "CUDA_VISIBLE_DEVICES");
	struct guild_strs parts = {0};
	bool is_listed = !visible;
	guild_strs_split(&parts, visible ? visible : "", ',');
	for (size_t i = 0; i < parts.n && !is_listed; i++) {
		int64_t number;
		is_listed = !guild_parse_i64(parts.v[i], strlen(parts.v[i]), &number) ||
			    number == index;
	}
	guild_strs_fini(&parts);
	return is_listed;
}

/* The busiest and the fullest of the program's GPUs, and each by its number. */
static void tell_gpus(const struct alert_machine *m, const struct guild_scalar *v, size_t n)
{
	double busiest = NAN;
	double fullest = NAN;
	for (int64_t i = 0; i < GPUS_MAX; i++) {
		char tags[3][48];
		snprintf(tags[0], sizeof(tags[0]), "sys/gpu%lld/util", (long long)i);
		snprintf(tags[1], sizeof(tags[1]), "sys/gpu%lld/mem_used", (long long)i);
		snprintf(tags[2], sizeof(tags[2]), "sys/gpu%lld/mem_total", (long long)i);
		double util = reading(v, n, tags[0]) * 100;
		double memory = reading(v, n, tags[1]) / reading(v, n, tags[2]) * 100;
		char name[48];
		snprintf(name, sizeof(name), "gpu%lld util", (long long)i);
		m->each(m->arg, name, util);
		snprintf(name, sizeof(name), "gpu%lld memory", (long long)i);
		m->each(m->arg, name, memory);
		if (is_visible_gpu(m->env, i)) {
			busiest = isnan(busiest) || util > busiest ? util : busiest;
			fullest = isnan(fullest) || memory > fullest ? memory : fullest;
		}
	}
	m->each(m->arg, "gpu util", busiest);
	m->each(m->arg, "gpu memory", fullest);
}

void guild_alert_machine_tell(const struct alert_machine *m, const struct guild_scalar *v, size_t n)
{
	bool has_kernel = false;
	bool has_gpu = false;
	for (size_t i = 0; i < n; i++) {
		has_gpu |= guild_starts(v[i].tag, "sys/gpu");
		has_kernel |= guild_starts(v[i].tag, "sys/mem_");
		m->each(m->arg, v[i].tag, (double)v[i].value);
	}
	if (has_gpu) {
		tell_gpus(m, v, n);
	}
	if (has_kernel) {
		double limit = (double)m->limits.memory_bytes;
		double used = reading(v, n, "sys/proc/tree/mem_rss");
		m->each(m->arg, "memory",
			100 * (limit > 0 && !isnan(used) ? used / limit
							 : reading(v, n, "sys/mem_util")));
		m->each(m->arg, "cpu util", 100 * reading(v, n, "sys/cpu/util"));
	}
}
