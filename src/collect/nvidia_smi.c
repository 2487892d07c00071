/* GPU figures by nvidia-smi, where its library cannot be loaded. */
#include "sampler.h"

#include <math.h>
#include <string.h>

enum { ANSWER_MAX = 1 << 20, ANSWER_MS = 5000 };

struct guild_gpu guild_gpu_unknown(int index)
{
	return (struct guild_gpu){.index = index,
		.fanspeed = NAN,
		.pstate = NAN,
		.mem_total = NAN,
		.mem_used = NAN,
		.mem_free = NAN,
		.mem_util = NAN,
		.util = NAN,
		.temp = NAN,
		.powerdraw = NAN};
}

/* Takes one field off a line: the number in "30 %", "P8", "81559 MiB"; NaN for "[Not Supported]" and the like. */
static double next_number(struct guild_str *line)
{
	const char *comma = memchr(line->p, ',', line->n);
	struct guild_str field = {line->p, comma ? (size_t)(comma - line->p) : line->n};
	line->p += field.n + (comma != NULL);
	line->n -= field.n + (comma != NULL);
	field = guild_str_trim(field);
	if (field.n > 0 && *field.p == 'P') {
		field.p++;
		field.n--;
	}
	size_t n = 0;
	while (n < field.n && ((field.p[n] >= '0' && field.p[n] <= '9') || field.p[n] == '.')) {
		n++;
	}
	double v;
	return guild_parse_f64(field.p, n, &v) ? v : NAN;
}

size_t guild_nvidia_smi_parse(struct guild_str text, struct guild_gpu *out)
{
	const double mib = 1024.0 * 1024.0;
	size_t n = 0;
	while (text.n > 0 && n < GUILD_GPU_MAX) {
		const char *end = memchr(text.p, '\n', text.n);
		struct guild_str line = {text.p, end ? (size_t)(end - text.p) : text.n};
		text.p += line.n + (end != NULL);
		text.n -= line.n + (end != NULL);
		double index = next_number(&line);
		if (!(index >= 0 && index < 1000)) {
			continue;
		}
		struct guild_gpu g = guild_gpu_unknown((int)index);
		g.fanspeed = next_number(&line) / 100;
		g.pstate = next_number(&line);
		g.mem_total = next_number(&line) * mib;
		g.mem_used = next_number(&line) * mib;
		g.mem_free = g.mem_total - g.mem_used;
		g.util = next_number(&line) / 100;
		g.mem_util = next_number(&line) / 100;
		g.temp = next_number(&line);
		g.powerdraw = next_number(&line);
		out[n++] = g;
	}
	return n;
}

size_t guild_nvidia_smi_read(const char *program, struct guild_gpu *out)
{
	const char *argv[] = {program, "--format=csv,noheader",
		"--query-gpu=index,fan.speed,pstate,memory.total,memory.used,utilization.gpu,"
		"utilization.memory,temperature.gpu,power.draw",
		NULL};
	struct guild_proc_result result = {0};
	size_t n = 0;
	if (guild_proc_run(argv, NULL, NULL, ANSWER_MAX, ANSWER_MS, &result, NULL) == 0 &&
		result.exit_status == 0) {
		n = guild_nvidia_smi_parse(guild_buf_str(&result.out), out);
	}
	guild_proc_result_fini(&result);
	return n;
}
