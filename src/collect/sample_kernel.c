/* CPU, memory, swap and disks as /proc tells them. Names and units: scalars.md 5. */
#include "sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROC_FILE_MAX = 1 << 20, SECTOR_BYTES = 512 };

struct cpu_times {
	double total, idle;
};

struct disk {
	unsigned major, minor;
	char name[64];
	double reads, writes, read_sectors, written_sectors, busy_ms;
};

struct guild_kernel {
	char *proc;
	struct guild_process_tree *tree;
	struct guild_buf text; /* of the file being read */
	struct cpu_times *cpus;
	size_t n_cpus, cap_cpus;
	struct disk *disks;
	size_t n_disks, cap_disks;
	int64_t disks_us; /* when, monotonic; 0: not yet */
};

struct guild_kernel *guild_kernel_new(const char *proc, pid_t root_pid)
{
	struct guild_kernel *k = guild_alloc(sizeof(*k));
	k->proc = guild_strdup(proc);
	k->tree = guild_process_tree_new(proc, root_pid);
	return k;
}

void guild_kernel_free(struct guild_kernel *k)
{
	if (k == NULL) {
		return;
	}
	guild_process_tree_free(k->tree);
	guild_buf_fini(&k->text);
	free(k->cpus);
	free(k->disks);
	free(k->proc);
	free(k);
}

/* The lines of a file below /proc, NUL-terminated; "" when there is none. */
static const char *read_proc(struct guild_kernel *k, const char *name)
{
	char *path = guild_path_join(k->proc, name);
	guild_buf_reset(&k->text);
	if (guild_file_read(path, PROC_FILE_MAX, &k->text, NULL) != 0) {
		guild_buf_reset(&k->text);
	}
	free(path);
	return guild_buf_cstr(&k->text);
}

static const char *next_line(const char *p)
{
	const char *end = strchr(p, '\n');
	return end ? end + 1 : p + strlen(p);
}

/* Reads up to n numbers separated by blanks; returns how many there were. */
static size_t read_numbers(const char *p, double *out, size_t n)
{
	size_t i = 0;
	while (i < n) {
		p += strspn(p, " \t");
		size_t length = strspn(p, "0123456789");
		if (length == 0 || !guild_parse_f64(p, length, &out[i])) {
			break;
		}
		p += length;
		i++;
	}
	return i;
}

/* ---- CPU --------------------------------------------------------------------------------------- */

/* "cpu3 user nice system idle iowait irq softirq steal guest guest_nice"; guest time is within user time. */
static bool read_cpu_line(const char *p, size_t *index, struct cpu_times *out)
{
	enum { IDLE = 3, IOWAIT = 4, STEAL = 7, FIELDS = 8 };
	double v[FIELDS] = {0};
	int64_t number;
	if (strncmp(p, "cpu", 3) != 0) {
		return false;
	}
	size_t digits = strspn(p + 3, "0123456789");
	if (!guild_parse_i64(p + 3, digits, &number)) {
		return false;
	}
	size_t n = read_numbers(p + 3 + digits, v, FIELDS);
	if (n <= IDLE) {
		return false;
	}
	*out = (struct cpu_times){0, v[IDLE] + v[IOWAIT]};
	for (size_t i = 0; i <= STEAL; i++) {
		out->total += v[i];
	}
	*index = (size_t)number;
	return true;
}

static void read_cpus(struct guild_kernel *k, struct readings *out)
{
	enum { CPUS_MAX = 8192 };
	double sum = 0;
	size_t n = 0;
	const char *p = read_proc(k, "stat");
	for (; *p; p = next_line(p)) {
		size_t index;
		struct cpu_times now;
		if (!read_cpu_line(p, &index, &now) || index >= CPUS_MAX) {
			continue;
		}
		if (index >= k->n_cpus) {
			k->cpus = guild_grow_array(k->cpus, &k->cap_cpus, index + 1,
				sizeof(*k->cpus));
			memset(k->cpus + k->n_cpus, 0, (index + 1 - k->n_cpus) * sizeof(*k->cpus));
			k->n_cpus = index + 1;
		}
		struct cpu_times *before = &k->cpus[index];
		double total = now.total - before->total;
		double idle = now.idle - before->idle;
		if (before->total > 0 && total > 0) {
			double util = idle < 0 ? 1 : idle > total ? 0 : 1 - idle / total;
			guild_readings_add(out, util, "sys/cpu%zu/util", index);
			sum += util;
			n++;
		}
		*before = now;
	}
	if (n > 0) {
		guild_readings_add(out, sum / (double)n, "sys/cpu/util");
	}
}

/* ---- memory ------------------------------------------------------------------------------------ */

/* A line "Name:   123 kB" in bytes, or -1. */
static double meminfo(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = text; *p; p = next_line(p)) {
		double kib;
		if (strncmp(p, name, n) == 0 && p[n] == ':' &&
			read_numbers(p + n + 1, &kib, 1) == 1) {
			return kib * 1024;
		}
	}
	return -1;
}

static double or_zero(double v)
{
	return v > 0 ? v : 0;
}

static void read_memory(struct guild_kernel *k, struct readings *out)
{
	const char *text = read_proc(k, "meminfo");
	double total = meminfo(text, "MemTotal");
	double free_bytes = meminfo(text, "MemFree");
	if (total > 0 && free_bytes >= 0) {
		double cached =
			or_zero(meminfo(text, "Cached")) + or_zero(meminfo(text, "SReclaimable"));
		double used = total - free_bytes - or_zero(meminfo(text, "Buffers")) - cached;
		double available = meminfo(text, "MemAvailable");
		guild_readings_add(out, total, "sys/mem_total");
		guild_readings_add(out, free_bytes, "sys/mem_free");
		guild_readings_add(out, or_zero(used), "sys/mem_used");
		if (available >= 0) {
			guild_readings_add(out, (total - available) / total, "sys/mem_util");
		}
	}
	double swap = meminfo(text, "SwapTotal");
	double swap_free = meminfo(text, "SwapFree");
	if (swap >= 0 && swap_free >= 0) {
		guild_readings_add(out, swap, "sys/swap_total");
		guild_readings_add(out, swap_free, "sys/swap_free");
		guild_readings_add(out, swap - swap_free, "sys/swap_used");
		guild_readings_add(out, swap > 0 ? (swap - swap_free) / swap : 0, "sys/swap_util");
	}
}

/* ---- disks -------------------------------------------------------------------------------------- */

struct device {
	unsigned major, minor;
};

/* Devices that are mounted from /dev, of lines "36 35 98:0 /root /mount options - ext4 /dev/sda1 options". */
static size_t mounted_devices(struct guild_kernel *k, struct device **out)
{
	size_t n = 0;
	size_t cap = 0;
	for (const char *p = read_proc(k, "self/mountinfo"); *p; p = next_line(p)) {
		size_t line = strcspn(p, "\n");
		const char *dash = memmem(p, line, " - ", 3);
		double ids[2];
		if (dash == NULL || read_numbers(p, ids, 2) != 2) {
			continue;
		}
		const char *source = dash + 3 + strcspn(dash + 3, " \n");
		const char *number = p + strcspn(p, " ") + 1;
		number += strcspn(number, " ") + 1;
		double major;
		double minor;
		const char *colon = number + strspn(number, "0123456789");
		if (strncmp(source, " /dev/", 6) != 0 || read_numbers(number, &major, 1) != 1 ||
			*colon != ':' || read_numbers(colon + 1, &minor, 1) != 1) {
			continue;
		}
		*out = guild_grow_array(*out, &cap, n + 1, sizeof(**out));
		(*out)[n++] = (struct device){(unsigned)major, (unsigned)minor};
	}
	return n;
}

static bool is_mounted(const struct device *devices, size_t n, const struct disk *d)
{
	for (size_t i = 0; i < n; i++) {
		if (devices[i].major == d->major && devices[i].minor == d->minor) {
			return true;
		}
	}
	return false;
}

/* "8 1 sda1 reads merged sectors ms writes merged sectors ms in_flight busy_ms …" */
static bool read_disk_line(const char *p, struct disk *out)
{
	enum { READS, READ_SECTORS = 2, WRITES = 4, WRITTEN_SECTORS = 6, BUSY_MS = 9, FIELDS };
	double ids[2];
	if (read_numbers(p, ids, 2) != 2) {
		return false;
	}
	for (int i = 0; i < 2; i++) {
		p += strspn(p, " ");
		p += strspn(p, "0123456789");
	}
	p += strspn(p, " ");
	size_t name = strcspn(p, " \n");
	double v[FIELDS];
	if (name >= sizeof(out->name) || read_numbers(p + name, v, FIELDS) != FIELDS) {
		return false;
	}
	*out = (struct disk){.major = (unsigned)ids[0],
		.minor = (unsigned)ids[1],
		.reads = v[READS],
		.writes = v[WRITES],
		.read_sectors = v[READ_SECTORS],
		.written_sectors = v[WRITTEN_SECTORS],
		.busy_ms = v[BUSY_MS]};
	memcpy(out->name, p, name);
	return true;
}

static const struct disk *disk_before(const struct guild_kernel *k, const struct disk *now)
{
	for (size_t i = 0; i < k->n_disks; i++) {
		if (strcmp(k->disks[i].name, now->name) == 0) {
			return &k->disks[i];
		}
	}
	return NULL;
}

static void add_disk(const struct disk *now, const struct disk *before, double seconds,
	struct readings *out)
{
	double kib = SECTOR_BYTES / 1024.0;
	double busy = (now->busy_ms - before->busy_ms) / 1000 / seconds;
	if (now->reads < before->reads || now->writes < before->writes) {
		return; /* another disk under the same name, or a counter that came round */
	}
	const char *name = now->name;
	guild_readings_add(out, (now->reads - before->reads) / seconds, "sys/dev%s/rps", name);
	guild_readings_add(out, (now->writes - before->writes) / seconds, "sys/dev%s/wps", name);
	guild_readings_add(out, (now->read_sectors - before->read_sectors) * kib / seconds,
		"sys/dev%s/rkbps", name);
	guild_readings_add(out, (now->written_sectors - before->written_sectors) * kib / seconds,
		"sys/dev%s/wkbps", name);
	guild_readings_add(out, busy < 0 ? 0 : busy > 1 ? 1 : busy, "sys/dev%s/util", name);
}

static void read_disks(struct guild_kernel *k, int64_t now_us, struct readings *out)
{
	struct device *devices = NULL;
	size_t n_devices = mounted_devices(k, &devices);
	double seconds = (double)(now_us - k->disks_us) / 1e6;
	struct disk *disks = NULL;
	size_t n = 0;
	size_t cap = 0;
	for (const char *p = read_proc(k, "diskstats"); *p; p = next_line(p)) {
		struct disk now;
		if (!read_disk_line(p, &now) || !is_mounted(devices, n_devices, &now)) {
			continue;
		}
		const struct disk *before = disk_before(k, &now);
		if (before && k->disks_us > 0 && seconds > 0) {
			add_disk(&now, before, seconds, out);
		}
		disks = guild_grow_array(disks, &cap, n + 1, sizeof(*disks));
		disks[n++] = now;
	}
	free(devices);
	free(k->disks);
	k->disks = disks;
	k->n_disks = n;
	k->disks_us = now_us;
}

void guild_kernel_read(struct guild_kernel *k, int64_t now_us, struct readings *out)
{
	read_cpus(k, out);
	read_memory(k, out);
	read_disks(k, now_us, out);
	guild_process_tree_read(k->tree, now_us, out);
}
