/* NVIDIA's management library, by the functions of its documented interface (NVML API reference, since release 4). */
#include "sampler.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct nvml_device *nvml_device;
struct nvml_memory {
	unsigned long long total, free, used;
};
struct nvml_utilization {
	unsigned gpu, memory;
};
enum { NVML_SUCCESS = 0, NVML_TEMPERATURE_GPU = 0, NVML_PSTATE_UNKNOWN = 32 };

struct guild_nvml {
	void *library;
	int (*init)(void);
	int (*shutdown)(void);
	int (*count)(unsigned *);
	int (*handle)(unsigned, nvml_device *);
	/* The rest may be missing in old releases. */
	int (*name)(nvml_device, char *, unsigned);
	int (*uuid)(nvml_device, char *, unsigned);
	int (*fan_speed)(nvml_device, unsigned *);
	int (*performance_state)(nvml_device, unsigned *);
	int (*memory)(nvml_device, struct nvml_memory *);
	int (*utilization)(nvml_device, struct nvml_utilization *);
	int (*temperature)(nvml_device, unsigned, unsigned *);
	int (*power)(nvml_device, unsigned *);
};

/* ISO C knows no cast from an object to a function pointer; POSIX promises that this works. */
static void find(struct guild_nvml *n, const char *name, void *function)
{
	void *symbol = dlsym(n->library, name);
	memcpy(function, &symbol, sizeof(symbol));
}

struct guild_nvml *guild_nvml_open(const char *file)
{
	struct guild_nvml *n = guild_alloc(sizeof(*n));
	n->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (n->library) {
		find(n, "nvmlInit_v2", &n->init);
		find(n, "nvmlShutdown", &n->shutdown);
		find(n, "nvmlDeviceGetCount_v2", &n->count);
		find(n, "nvmlDeviceGetHandleByIndex_v2", &n->handle);
		find(n, "nvmlDeviceGetName", &n->name);
		find(n, "nvmlDeviceGetUUID", &n->uuid);
		find(n, "nvmlDeviceGetFanSpeed", &n->fan_speed);
		find(n, "nvmlDeviceGetPerformanceState", &n->performance_state);
		find(n, "nvmlDeviceGetMemoryInfo", &n->memory);
		find(n, "nvmlDeviceGetUtilizationRates", &n->utilization);
		find(n, "nvmlDeviceGetTemperature", &n->temperature);
		find(n, "nvmlDeviceGetPowerUsage", &n->power);
	}
	if (n->init && n->shutdown && n->count && n->handle && n->init() == NVML_SUCCESS) {
		return n;
	}
	if (n->library) {
		dlclose(n->library);
	}
	free(n);
	return NULL;
}

void guild_nvml_close(struct guild_nvml *n)
{
	if (n) {
		n->shutdown();
		dlclose(n->library);
		free(n);
	}
}

static void read_device(const struct guild_nvml *n, nvml_device d, struct guild_gpu *out)
{
	unsigned v;
	struct nvml_memory memory;
	struct nvml_utilization utilization;
	if (n->name == NULL || n->name(d, out->name, sizeof(out->name)) != NVML_SUCCESS) {
		out->name[0] = 0;
	}
	if (n->uuid == NULL || n->uuid(d, out->uuid, sizeof(out->uuid)) != NVML_SUCCESS) {
		out->uuid[0] = 0;
	}
	if (n->fan_speed && n->fan_speed(d, &v) == NVML_SUCCESS) {
		out->fanspeed = v / 100.0;
	}
	if (n->performance_state && n->performance_state(d, &v) == NVML_SUCCESS &&
		v < NVML_PSTATE_UNKNOWN) {
		out->pstate = v;
	}
	if (n->memory && n->memory(d, &memory) == NVML_SUCCESS) {
		out->mem_total = (double)memory.total;
		out->mem_used = (double)memory.used;
		out->mem_free = (double)(memory.total - memory.used);
	}
	if (n->utilization && n->utilization(d, &utilization) == NVML_SUCCESS) {
		out->util = utilization.gpu / 100.0;
		out->mem_util = utilization.memory / 100.0;
	}
	if (n->temperature && n->temperature(d, NVML_TEMPERATURE_GPU, &v) == NVML_SUCCESS) {
		out->temp = v;
	}
	if (n->power && n->power(d, &v) == NVML_SUCCESS) {
		out->powerdraw = v / 1000.0;
	}
}

size_t guild_nvml_read(struct guild_nvml *n, struct guild_gpu *out)
{
	unsigned count = 0;
	if (n->count(&count) != NVML_SUCCESS) {
		return 0;
	}
	size_t read = 0;
	for (unsigned i = 0; i < count && read < GUILD_GPU_MAX; i++) {
		nvml_device d;
		if (n->handle(i, &d) == NVML_SUCCESS) {
			out[read] = guild_gpu_unknown((int)i);
			read_device(n, d, &out[read++]);
		}
	}
	return read;
}
