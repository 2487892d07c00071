/* A stand-in for NVIDIA's management library in tests: two devices, the second of which supports little. The declarations are written from
 * the documentation once more, so that a slip in nvml.c shows. */
#include <stdio.h>
#include <string.h>

typedef struct {
	unsigned long long total;
	unsigned long long free;
	unsigned long long used;
} nvmlMemory_t;
typedef struct {
	unsigned int gpu;
	unsigned int memory;
} nvmlUtilization_t;
typedef struct nvmlDevice_st *nvmlDevice_t;

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned int *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device);
int nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length);
int nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *speed);
int nvmlDeviceGetPerformanceState(nvmlDevice_t device, int *state);
int nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory);
int nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization);
int nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned int *temp);
int nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *power);

enum { SUCCESS = 0, NOT_SUPPORTED = 3 };

static char devices[2];

static int is_second(nvmlDevice_t d)
{
	return (char *)d == &devices[1];
}

int nvmlInit_v2(void)
{
	return SUCCESS;
}

int nvmlShutdown(void)
{
	return SUCCESS;
}

int nvmlDeviceGetCount_v2(unsigned int *count)
{
	*count = 2;
	return SUCCESS;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
{
	*device = (nvmlDevice_t)(void *)&devices[index];
	return SUCCESS;
}

int nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned int length)
{
	snprintf(name, length, "%s", is_second(device) ? "Fake B" : "Fake A");
	return SUCCESS;
}

int nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *speed)
{
	*speed = 30;
	return is_second(device) ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetPerformanceState(nvmlDevice_t device, int *state)
{
	*state = is_second(device) ? 32 : 8;
	return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory)
{
	(void)device;
	*memory = (nvmlMemory_t){1ULL << 34, 3ULL << 32, 1ULL << 32};
	return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization)
{
	*utilization = (nvmlUtilization_t){75, 50};
	return is_second(device) ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetTemperature(nvmlDevice_t device, int sensor, unsigned int *temp)
{
	*temp = sensor == 0 ? 40 : 0;
	return is_second(device) ? NOT_SUPPORTED : SUCCESS;
}

int nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int *power)
{
	*power = 75500;
	return is_second(device) ? NOT_SUPPORTED : SUCCESS;
}
