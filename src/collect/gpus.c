/* The GPUs of this machine and their memory: by NVIDIA's library, else by nvidia-smi. */
#include "sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, ANSWER_MS = 10000 };

/* "0, GPU-5f1c…, 81559 MiB, 1234 MiB" */
static bool read_line(struct guild_str line, struct guild_gpu_memory *out)
{
	struct guild_str parts[4];
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		const char *comma = line.n > 0 ? memchr(line.p, ',', line.n) : NULL;
		size_t n = comma ? (size_t)(comma - line.p) : line.n;
		parts[i] = guild_str_trim(guild_str_n(line.p, n));
		line.p += n + (comma != NULL);
		line.n -= n + (comma != NULL);
	}
	int64_t index;
	if (!guild_parse_i64(parts[0].p, parts[0].n, &index) || index < 0 || index > INT16_MAX) {
		return false;
	}
	*out = (struct guild_gpu_memory){
		.index = (int)index, .total_bytes = NAN, .free_bytes = NAN};
	bool has_uuid = parts[1].n > 0 && parts[1].n < sizeof(out->uuid) && parts[1].p[0] != '[' &&
			memchr(parts[1].p, '/', parts[1].n) == NULL;
	if (has_uuid) {
		memcpy(out->uuid, parts[1].p, parts[1].n);
	}
	double mib[2] = {NAN, NAN};
	for (size_t i = 0; i < 2; i++) {
		struct guild_str number = parts[2 + i];
		size_t n = 0;
		while (n < number.n && number.p[n] >= '0' && number.p[n] <= '9') {
			n++;
		}
		if (!guild_parse_f64(number.p, n, &mib[i])) {
			mib[i] = NAN;
		}
	}
	out->total_bytes = mib[0] * 1024 * 1024;
	out->free_bytes = (mib[0] - mib[1]) * 1024 * 1024;
	return true;
}

size_t guild_gpus_parse(struct guild_str text, struct guild_gpu_memory *out, size_t max)
{
	size_t n = 0;
	while (text.n > 0 && n < max) {
		const char *end = memchr(text.p, '\n', text.n);
		struct guild_str line = {text.p, end ? (size_t)(end - text.p) : text.n};
		text.p += line.n + (end != NULL);
		text.n -= line.n + (end != NULL);
		n += read_line(line, &out[n]);
	}
	return n;
}

static size_t by_program(const char *program, struct guild_gpu_memory *out, size_t max)
{
	const char *argv[] = {program, "--format=csv,noheader",
		"--query-gpu=index,uuid,memory.total,memory.used", NULL};
	struct guild_proc_result result = {0};
	size_t n = 0;
	if (guild_proc_run(argv, NULL, NULL, ANSWER_MAX, ANSWER_MS, &result, NULL) == 0 &&
		result.exit_status == 0) {
		n = guild_gpus_parse(guild_buf_str(&result.out), out, max);
	}
	guild_proc_result_fini(&result);
	return n;
}

static size_t by_library(struct guild_nvml *nvml, struct guild_gpu_memory *out, size_t max)
{
	struct guild_gpu *gpus = guild_alloc(GUILD_GPU_MAX * sizeof(*gpus));
	size_t n = guild_nvml_read(nvml, gpus);
	n = n < max ? n : max;
	for (size_t i = 0; i < n; i++) {
		out[i] = (struct guild_gpu_memory){.index = gpus[i].index,
			.total_bytes = gpus[i].mem_total,
			.free_bytes = gpus[i].mem_free};
		memcpy(out[i].uuid, gpus[i].uuid, sizeof(out[i].uuid));
	}
	free(gpus);
	return n;
}

size_t guild_gpus_read(struct guild_gpu_memory *out, size_t max)
{
	/* The program first: where it is there it knows what the driver does, and a library that hangs does not hang here. */
	char *program = guild_find_program(guild_sampler_machine.nvidia_smi);
	size_t n = program ? by_program(program, out, max) : 0;
	struct guild_nvml *nvml = n == 0 ? guild_nvml_open(guild_sampler_machine.nvml) : NULL;
	if (nvml) {
		n = by_library(nvml, out, max);
		guild_nvml_close(nvml);
	}
	free(program);
	return n;
}
