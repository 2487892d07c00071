/* What the machine has and what of it this process may use. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sampler.h"

enum { SMALL_FILE_MAX = 1 << 16 };

/* The text of a small file, trimmed; NULL when it cannot be read. Caller frees. */
static char *read_text(const char *dir, const char *name)
{
	char *path = guild_path_join(dir, name);
	struct guild_buf text = {0};
	char *found = NULL;
	if (guild_file_read(path, SMALL_FILE_MAX, &text, NULL) == 0) {
		struct guild_str trimmed = guild_str_trim(guild_buf_str(&text));
		found = guild_strndup(trimmed.p, trimmed.n);
	}
	guild_buf_fini(&text);
	free(path);
	return found;
}

/* ---- control groups ----------------------------------------------------------------------------- */

/* A limit as the kernel writes it, -1 for "max" and the like. A quota has its period behind it ("200000 100000"). */
static double parse_limit(const char *text, bool has_period)
{
	double value;
	double period;
	size_t n = strcspn(text, " ");
	if (!guild_parse_f64(text, n, &value) || value < 0) {
		return -1;
	}
	if (!has_period) {
		/* Version 1 writes "none" as the largest page-aligned number. */
		return value < 1e18 ? value : -1;
	}
	if (text[n] != ' ' || !guild_parse_f64(text + n + 1, strlen(text + n + 1), &period) ||
		period <= 0) {
		return -1;
	}
	return value / period;
}

static double least(double a, double b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

typedef double read_limit_fn(const char *dir);

/* The least of a limit over the groups from our own up to the top: each of them holds. */
static double least_limit(const char *base, const char *group, read_limit_fn *read_limit)
{
	double limit = -1;
	char *at = guild_strdup(group);
	for (;;) {
		char *dir = guild_path_join(base, at[0] == '/' ? at + 1 : at);
		limit = least(limit, read_limit(dir));
		free(dir);
		if (at[0] == 0 || strcmp(at, "/") == 0) {
			break;
		}
		char *up = guild_path_dirname(at);
		free(at);
		at = up;
	}
	free(at);
	return limit;
}

static double read_limit_file(const char *dir, const char *name, bool has_period)
{
	char *text = read_text(dir, name);
	double limit = text ? parse_limit(text, has_period) : -1;
	free(text);
	return limit;
}

static double cpus_v2(const char *dir)
{
	return read_limit_file(dir, "cpu.max", true);
}

static double memory_v2(const char *dir)
{
	return read_limit_file(dir, "memory.max", false);
}

static double cpus_v1(const char *dir)
{
	double quota = read_limit_file(dir, "cpu.cfs_quota_us", false);
	double period = read_limit_file(dir, "cpu.cfs_period_us", false);
	return quota > 0 && period > 0 ? quota / period : -1;
}

static double memory_v1(const char *dir)
{
	return read_limit_file(dir, "memory.limit_in_bytes", false);
}

/* Our group under one controller ("" for version 2), from lines "4:cpu,cpuacct:/path"; "/" when there is none. Caller frees. */
static char *own_group(const char *text, const char *controller)
{
	struct guild_strs lines = {0};
	char *group = NULL;
	guild_strs_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n && group == NULL; i++) {
		struct guild_strs fields = {0};
		struct guild_strs names = {0};
		guild_strs_split(&fields, lines.v[i], ':');
		guild_strs_split(&names, fields.n >= 3 ? fields.v[1] : "?", ',');
		if (guild_strs_has(&names, controller)) {
			const char *path = strchr(strchr(lines.v[i], ':') + 1, ':') + 1;
			group = guild_strdup(path);
		}
		guild_strs_fini(&names);
		guild_strs_fini(&fields);
	}
	guild_strs_fini(&lines);
	return group ? group : guild_strdup("/");
}

struct guild_container_limits guild_container_limits_read(const char *root)
{
	static const struct {
		const char *controller, *mount;
		read_limit_fn *read_limit;
		bool is_memory;
	} kinds[] = {
		{"", "sys/fs/cgroup", cpus_v2, false},
		{"", "sys/fs/cgroup", memory_v2, true},
		{"cpu", "sys/fs/cgroup/cpu", cpus_v1, false},
		{"memory", "sys/fs/cgroup/memory", memory_v1, true},
	};
	double cpus = -1;
	double memory = -1;
	char *groups = read_text(root, "proc/self/cgroup");
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		char *base = guild_path_join(root, kinds[i].mount);
		char *group = own_group(groups ? groups : "", kinds[i].controller);
		double *out = kinds[i].is_memory ? &memory : &cpus;
		*out = least(*out, least_limit(base, group, kinds[i].read_limit));
		free(group);
		free(base);
	}
	free(groups);
	return (struct guild_container_limits){cpus, memory < 0 ? -1 : (int64_t)memory};
}

/* ---- the machine ------------------------------------------------------------------------------------ */

static int64_t meminfo_bytes(const char *text, const char *name)
{
	const char *line = strstr(text, name);
	int64_t kib;
	if (line == NULL) {
		return -1;
	}
	const char *p = line + strlen(name);
	p += strspn(p, " ");
	return guild_parse_i64(p, strspn(p, "0123456789"), &kib) ? kib * 1024 : -1;
}

static void set_memory(struct guild_arena *a, struct guild_value *out)
{
	static const struct {
		const char *line, *key;
	} figures[] = {{"MemTotal:", "total"}, {"MemAvailable:", "available"},
		{"SwapTotal:", "swap_total"}};
	char *text = read_text("/proc", "meminfo");
	struct guild_value *memory = guild_value_dict(a);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(figures); i++) {
		int64_t bytes = text ? meminfo_bytes(text, figures[i].line) : -1;
		if (bytes >= 0) {
			guild_value_set(a, memory, figures[i].key, guild_value_int(a, bytes));
		}
	}
	guild_value_set(a, out, "memory", memory);
	free(text);
}

static void set_cpu_model(struct guild_arena *a, struct guild_value *out)
{
	enum { CPUINFO_HEAD_MAX = 1 << 20 };
	struct guild_buf text = {0};
	if (guild_file_read("/proc/cpuinfo", CPUINFO_HEAD_MAX, &text, NULL) == 0) {
		const char *line = strstr(guild_buf_cstr(&text), "model name");
		const char *colon = line ? strchr(line, ':') : NULL;
		if (colon) {
			struct guild_str model = guild_str_trim((struct guild_str){
				colon + 1, strcspn(colon + 1, "\n")});
			guild_value_set(a, out, "model", guild_value_string_n(a, model.p, model.n));
		}
	}
	guild_buf_fini(&text);
}

static void set_cpus(struct guild_arena *a, struct guild_value *out)
{
	struct guild_value *cpus = guild_value_dict(a);
	guild_value_set(a, cpus, "online", guild_value_int(a, sysconf(_SC_NPROCESSORS_ONLN)));
	cpu_set_t allowed;
	CPU_ZERO(&allowed);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
		guild_value_set(a, cpus, "allowed", guild_value_int(a, CPU_COUNT(&allowed)));
	}
	set_cpu_model(a, cpus);
	guild_value_set(a, out, "cpus", cpus);
}

static void set_limits(struct guild_arena *a, struct guild_value *out)
{
	struct guild_container_limits limits = guild_container_limits_read("/");
	struct guild_value *v = guild_value_dict(a);
	if (limits.cpus >= 0) {
		guild_value_set(a, v, "cpus", guild_value_float(a, limits.cpus));
	}
	if (limits.memory_bytes >= 0) {
		guild_value_set(a, v, "memory", guild_value_int(a, limits.memory_bytes));
	}
	guild_value_set(a, out, "limits", v->n > 0 ? v : guild_value_null(a));
}

static void set_number(struct guild_arena *a, struct guild_value *dict, const char *key, double v)
{
	if (v == v) {
		guild_value_set(a, dict, key, guild_value_int(a, (int64_t)v));
	}
}

static void set_gpus(struct guild_arena *a, struct guild_value *out)
{
	struct guild_gpu gpus[GUILD_GPU_MAX];
	struct guild_value *list = guild_value_list(a);
	struct guild_nvml *nvml = guild_nvml_open(guild_sampler_machine.nvml);
	size_t n = nvml ? guild_nvml_read(nvml, gpus)
			: guild_nvidia_smi_read(guild_sampler_machine.nvidia_smi, gpus);
	guild_nvml_close(nvml);
	for (size_t i = 0; i < n; i++) {
		struct guild_value *gpu = guild_value_dict(a);
		guild_value_set(a, gpu, "index", guild_value_int(a, gpus[i].index));
		if (gpus[i].name[0]) {
			guild_value_set(a, gpu, "name", guild_value_string(a, gpus[i].name));
		}
		set_number(a, gpu, "memory_total", gpus[i].mem_total);
		set_number(a, gpu, "memory_free", gpus[i].mem_free);
		guild_value_append(a, list, gpu);
	}
	guild_value_set(a, out, "gpus", list);
}

struct guild_value *guild_system_info(struct guild_arena *a)
{
	struct guild_value *out = guild_value_dict(a);
	struct utsname u;
	char *host = guild_hostname();
	guild_value_set(a, out, "host", guild_value_string(a, host));
	free(host);
	if (uname(&u) == 0) {
		guild_value_set(a, out, "kernel",
			guild_value_string(a,
				guild_arena_format(a, "%s %s", u.sysname, u.release)));
		guild_value_set(a, out, "machine", guild_value_string(a, u.machine));
	}
	set_cpus(a, out);
	set_memory(a, out);
	set_limits(a, out);
	set_gpus(a, out);
	return out;
}
