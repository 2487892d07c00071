/* The parts of the sampler: what is read from the kernel, and from the GPUs. */
#ifndef COLLECT_SAMPLER_H
#define COLLECT_SAMPLER_H

#include <guild/collect.h>

/* Where the sampler looks; tests point it elsewhere. */
struct guild_sampler_sources {
	const char *proc;       /* "/proc" */
	const char *nvml;       /* file name of NVIDIA's library */
	const char *nvidia_smi; /* program, found on PATH */
};
extern const struct guild_sampler_sources guild_sampler_machine;

int guild_sampler_new_at(const struct guild_sampler_sources *sources, const char *dir,
	pid_t root_pid, struct guild_sampler **out, struct guild_error *err);

/* Readings of one moment. Tags live in the arena. */
struct readings {
	struct guild_arena *arena;
	struct guild_scalar *v;
	size_t n, cap;
};
void guild_readings_init(struct readings *r);
void guild_readings_fini(struct readings *r);
void guild_readings_add(struct readings *r, double value, const char *fmt, ...) GUILD_PRINTF(3, 4);

/* ---- the kernel (sample_kernel.c, sample_process.c) --------------------------------------------------- */

/* Counters of the previous reading; rates need two. */
struct guild_kernel;
struct guild_kernel *guild_kernel_new(const char *proc, pid_t root_pid);
void guild_kernel_free(struct guild_kernel *k);
/* Adds what can be read now; now_us is monotonic. */
void guild_kernel_read(struct guild_kernel *k, int64_t now_us, struct readings *out);

struct guild_process_tree;
struct guild_process_tree *guild_process_tree_new(const char *proc, pid_t root_pid);
void guild_process_tree_free(struct guild_process_tree *t);
void guild_process_tree_read(struct guild_process_tree *t, int64_t now_us, struct readings *out);

/* ---- GPUs (sample_gpu.c, nvml.c, nvidia_smi.c) ----------------------------------------------------------- */

enum { GUILD_GPU_MAX = 64 };

/* One reading of one GPU; NaN: not known. Fractions 0..1, bytes, degrees Celsius, watts. */
struct guild_gpu {
	int index;
	double fanspeed, pstate, mem_total, mem_used, mem_free, mem_util, util, temp, powerdraw;
	char name[96];
	char uuid[64]; /* "": not known */
};
struct guild_gpu guild_gpu_unknown(int index);

/* NVIDIA's management library, loaded when it is opened. NULL when there is none, or no device. */
struct guild_nvml;
struct guild_nvml *guild_nvml_open(const char *file);
void guild_nvml_close(struct guild_nvml *n);
/* Fills at most GUILD_GPU_MAX; returns how many. */
size_t guild_nvml_read(struct guild_nvml *n, struct guild_gpu *out);

/* One run of nvidia-smi, at most 5 s: how many GPUs it told of. */
size_t guild_nvidia_smi_read(const char *program, struct guild_gpu *out);
/* Its answer, read. */
size_t guild_nvidia_smi_parse(struct guild_str text, struct guild_gpu *out);

/* Reads GPUs in a thread of its own: loading a driver can take seconds, which capture cannot wait. */
struct guild_gpu_reader;
/* NULL when the machine has neither the library nor the program. */
struct guild_gpu_reader *guild_gpu_reader_new(const struct guild_sampler_sources *sources);
/* Asks for a reading, if none is under way. */
void guild_gpu_reader_ask(struct guild_gpu_reader *r);
/* Takes the last finished reading, waiting for it at most wait_ms: how many GPUs, 0 for none; *wall_us is when it was read. */
size_t guild_gpu_reader_take(struct guild_gpu_reader *r, int wait_ms, struct guild_gpu *out,
	int64_t *wall_us);
/* Never waits for a driver that hangs. */
void guild_gpu_reader_free(struct guild_gpu_reader *r);

#endif
