/* The sampler over captured /proc files, a pretend driver, a pretend nvidia-smi, and the machine itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "sampler.h"

/* ---- a machine in a folder ------------------------------------------------------------------------ */

struct machine {
	char *dir;
	struct guild_sampler_sources sources;
};

static void put(const struct machine *m, const char *name, const char *text)
{
	char *path = guild_path_join(m->dir, name);
	char *dir = guild_path_dirname(path);
	assert_int_equal(guild_mkdirs(dir, NULL), 0);
	assert_int_equal(guild_file_write(path, text, strlen(text), false, NULL), 0);
	free(dir);
	free(path);
}

static void open_machine(struct machine *m)
{
	m->dir = guild_tmp_dir("sampler", NULL);
	m->sources = (struct guild_sampler_sources){.proc = m->dir,
		.nvml = "/nonexistent/nvml.so",
		.nvidia_smi = "/nonexistent/nvidia-smi"};
}

static void close_machine(struct machine *m)
{
	guild_rmtree(m->dir, NULL);
	free(m->dir);
}

/* Reads twice, ten seconds apart; `text` gets "tag=value;" of the second reading for tags that start with `prefix`. */
static void read_twice(const struct machine *m, pid_t pid, void (*between)(const struct machine *m),
	const char *prefix, struct guild_buf *text)
{
	struct guild_kernel *k = guild_kernel_new(m->dir, pid);
	struct readings r;
	guild_readings_init(&r);
	guild_kernel_read(k, 1000000, &r);
	guild_readings_fini(&r);
	if (between) {
		between(m);
	}
	guild_readings_init(&r);
	guild_kernel_read(k, 11000000, &r);
	guild_buf_reset(text);
	for (size_t i = 0; i < r.n; i++) {
		if (guild_starts(r.v[i].tag, prefix)) {
			guild_buf_printf(text, "%s=%g;", r.v[i].tag, (double)r.v[i].value);
		}
	}
	guild_readings_fini(&r);
	guild_kernel_free(k);
}

/* Captured on Linux 6.1. */
static const char stat_before[] = "cpu  269305 0 55241 448520 6052 0 1110 5450 0 0\n"
				  "cpu0 125599 0 25184 238466 871 0 87 2716 0 0\n"
				  "cpu1 143705 0 30056 210054 5180 0 1023 2733 0 0\n"
				  "intr 1 2 3\nctxt 5\n";
/* cpu0: 1000 ticks, 250 idle, 50 waiting for disks; cpu1: 1000 ticks, all idle. */
static const char stat_after[] = "cpu  269305 0 55241 448520 6052 0 1110 5450 0 0\n"
				 "cpu0 126199 0 25284 238716 921 0 87 2716 0 0\n"
				 "cpu1 143705 0 30056 211054 5180 0 1023 2733 0 0\n";

static void cpu_goes_on(const struct machine *m)
{
	put(m, "stat", stat_after);
}

static void test_cpu(void **state)
{
	struct machine m;
	struct guild_buf text = {0};
	open_machine(&m);
	put(&m, "stat", stat_before);
	read_twice(&m, 0, cpu_goes_on, "sys/cpu", &text);
	assert_string_equal(text.p, "sys/cpu0/util=0.7;sys/cpu1/util=0;sys/cpu/util=0.35;");
	/* Counters that stand still tell nothing. */
	read_twice(&m, 0, NULL, "sys/cpu", &text);
	assert_string_equal(guild_buf_cstr(&text), "");
	guild_buf_fini(&text);
	close_machine(&m);
}

static void test_memory(void **state)
{
	struct machine m;
	struct guild_buf text = {0};
	open_machine(&m);
	put(&m, "meminfo",
		"MemTotal:       1000 kB\nMemFree:         400 kB\nMemAvailable:    750 kB\nBuffers:          50 kB\n"
		"Cached:          200 kB\nSwapCached:        0 kB\nSwapTotal:       100 kB\nSwapFree:         75 kB\n"
		"SReclaimable:     50 kB\n");
	read_twice(&m, 0, NULL, "sys/mem", &text);
	assert_string_equal(text.p,
		"sys/mem_total=1.024e+06;sys/mem_free=409600;sys/mem_used=307200;sys/mem_util=0.25;");
	read_twice(&m, 0, NULL, "sys/swap", &text);
	assert_string_equal(text.p,
		"sys/swap_total=102400;sys/swap_free=76800;sys/swap_used=25600;sys/swap_util=0.25;");
	put(&m, "meminfo", "SwapTotal: 0 kB\nSwapFree: 0 kB\nMemTotal: x\n");
	read_twice(&m, 0, NULL, "sys/", &text);
	assert_string_equal(text.p,
		"sys/swap_total=0;sys/swap_free=0;sys/swap_used=0;sys/swap_util=0;");
	guild_buf_fini(&text);
	close_machine(&m);
}

static void disks_go_on(const struct machine *m)
{
	put(m, "diskstats",
		"   7       7 loop7 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
		" 254       0 vda 206180 37531 10476394 300797 138579 224382 44324232 322799 0 105408 638595 55025 111 1 1 1 1\n");
}

static void test_disks(void **state)
{
	struct machine m;
	struct guild_buf text = {0};
	open_machine(&m);
	put(&m, "self/mountinfo",
		"25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k\n"
		"27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n");
	put(&m, "diskstats",
		"   7       7 loop7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		" 254       0 vda 206080 37531 10455914 300797 138529 224382 44313992 322799 0 100408 638595 55025 111 1 1 1 1\n");
	read_twice(&m, 0, disks_go_on, "sys/dev", &text);
	assert_string_equal(text.p, "sys/devvda/rps=10;sys/devvda/wps=5;sys/devvda/rkbps=1024;"
				    "sys/devvda/wkbps=512;sys/devvda/util=0.5;");
	guild_buf_fini(&text);
	close_machine(&m);
}

/* Process 100 "(a) b" started 101, which started 102; 103 is somebody else's. */
static void put_process(const struct machine *m, int pid, int parent, int ticks, int reaped,
	int pages)
{
	char *name = guild_format("%d/stat", pid);
	char *text = guild_format(
		"%d ((a) b) S %d 1 1 0 -1 4194560 20767 3442489 0 2159 %d 0 %d 0 20 0 1 0 112604 5558272 %d 18446744073709551615\n",
		pid, parent, ticks, reaped, pages);
	put(m, name, text);
	free(text);
	free(name);
}

static void processes_go_on(const struct machine *m)
{
	put_process(m, 100, 1, 600, 500, 20);
	put_process(m, 101, 100, 1000, 0, 30);
	char *gone = guild_path_join(m->dir, "102");
	guild_rmtree(gone, NULL);
	free(gone);
}

static void test_processes(void **state)
{
	struct machine m;
	struct guild_buf text = {0};
	long hz = sysconf(_SC_CLK_TCK);
	long page = sysconf(_SC_PAGESIZE);
	assert_int_equal(hz, 100);
	open_machine(&m);
	put_process(&m, 100, 1, 100, 0, 10);
	put_process(&m, 101, 100, 0, 0, 30);
	put_process(&m, 102, 101, 500, 0, 30);
	put_process(&m, 103, 1, 0, 0, 30);
	put(&m, "104/stat", "104 (broken");
	put(&m, "105/status", "no stat");
	read_twice(&m, 100, processes_go_on, "sys/proc", &text);
	char *expected = guild_format(
		"sys/proc/mem_rss=%g;sys/proc/mem_vms=5.55827e+06;sys/proc/cpu_util=0.5;"
		"sys/proc/tree/count=2;sys/proc/tree/mem_rss=%g;sys/proc/tree/cpu_util=1.5;",
		20.0 * (double)page, 50.0 * (double)page);
	assert_string_equal(text.p, expected);
	free(expected);
	guild_buf_fini(&text);
	close_machine(&m);
}

/* A folder without anything, and files without sense: nothing is read, nothing breaks. */
static void test_nothing(void **state)
{
	struct machine m;
	struct guild_buf text = {0};
	open_machine(&m);
	read_twice(&m, 100, NULL, "", &text);
	assert_string_equal(guild_buf_cstr(&text), "");
	put(&m, "stat", "cpu0\ncpu1 1 2\ncpux\n\xff\n");
	put(&m, "meminfo", "MemTotal: kB\n:::\n");
	put(&m, "diskstats", "1\n 8 0\n 8 0 sda 1 2 3\n");
	put(&m, "self/mountinfo", "a b c\n1 2 3 - ext4 /dev/x\n1 2 8:0 - \n - ext4 /dev/x");
	put(&m, "100/stat", ") ");
	read_twice(&m, 100, NULL, "", &text);
	assert_string_equal(guild_buf_cstr(&text), "");
	guild_buf_fini(&text);
	close_machine(&m);
}

/* ---- GPUs ------------------------------------------------------------------------------------------ */

static void check_gpu(const struct guild_gpu *g, const char *expected)
{
	struct guild_buf text = {0};
	guild_buf_printf(&text, "%d %g %g %g %g %g %g %g %g %g %s", g->index, g->fanspeed,
		g->pstate, g->mem_total, g->mem_used, g->mem_free, g->mem_util, g->util, g->temp,
		g->powerdraw, g->name);
	assert_string_equal(text.p, expected);
	guild_buf_fini(&text);
}

static void test_nvidia_smi_answer(void **state)
{
	struct guild_gpu gpus[GUILD_GPU_MAX];
	size_t n = guild_nvidia_smi_parse(
		guild_str(
			"0, 30 %, P8, 16384 MiB, 4096 MiB, 75 %, 50 %, 40, 75.50 W\n"
			"1, [Not Supported], [N/A], 16384 MiB, 4096 MiB, N/A, [N/A], [N/A], [Not Supported]\n"
			"Failed to initialize NVML: Driver/library version mismatch\n\n2\n"),
		gpus);
	assert_int_equal(n, 3);
	check_gpu(&gpus[0], "0 0.3 8 1.71799e+10 4.29497e+09 1.28849e+10 0.5 0.75 40 75.5 ");
	check_gpu(&gpus[1], "1 nan nan 1.71799e+10 4.29497e+09 1.28849e+10 nan nan nan nan ");
	check_gpu(&gpus[2], "2 nan nan nan nan nan nan nan nan nan ");
	assert_int_equal(guild_nvidia_smi_parse(guild_str(""), gpus), 0);
}

static void test_nvml(void **state)
{
	struct guild_gpu gpus[GUILD_GPU_MAX];
	assert_null(guild_nvml_open("/nonexistent/nvml.so"));
	struct guild_nvml *n = guild_nvml_open("collect/libnvml-fake.so");
	assert_non_null(n);
	assert_int_equal(guild_nvml_read(n, gpus), 2);
	check_gpu(&gpus[0], "0 0.3 8 1.71799e+10 4.29497e+09 1.28849e+10 0.5 0.75 40 75.5 Fake A");
	check_gpu(&gpus[1], "1 nan nan 1.71799e+10 4.29497e+09 1.28849e+10 nan nan nan nan Fake B");
	guild_nvml_close(n);
}

/* ---- the whole -------------------------------------------------------------------------------------- */

struct seen {
	struct guild_buf text; /* "tag=value@step;" */
	size_t n;
};

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	struct seen *seen = arg;
	guild_buf_printf(&seen->text, "%.*s=%g@%lld;", GUILD_STR_FMT(s->tag), s->value,
		(long long)s->step);
	seen->n++;
	assert_true(s->wall_time > 1.5e9);
	return 0;
}

static void read_events(const char *dir, struct seen *seen)
{
	struct guild_strs names = {0};
	*seen = (struct seen){0};
	assert_int_equal(guild_dir_list(dir, &names, NULL), 0);
	assert_int_equal(names.n, 1);
	char *path = guild_path_join(dir, names.v[0]);
	enum guild_event_end end;
	assert_int_equal(guild_event_file_read(path, on_scalar, seen, &end, NULL), 0);
	assert_int_equal(end, GUILD_EVENT_END_CLEAN);
	free(path);
	guild_strs_fini(&names);
}

static void sample_twice(const struct guild_sampler_sources *sources, const char *dir,
	struct seen *seen)
{
	struct guild_sampler *s;
	assert_int_equal(guild_sampler_new_at(sources, dir, getpid(), &s, NULL), 0);
	assert_int_equal(guild_sampler_tick(s, NULL), 0);
	assert_int_equal(guild_sampler_finish(s, NULL), 0);
	read_events(dir, seen);
}

static void test_machine(void **state)
{
	char *dir = guild_tmp_dir("sampler", NULL);
	struct guild_sampler_sources sources = guild_sampler_machine;
	struct seen seen;
	sample_twice(&sources, dir, &seen);
	static const char *const tags[] = {"sys/mem_total=", "sys/mem_util=", "sys/swap_total=",
		"sys/proc/mem_rss=", "sys/guild/cpu_seconds=", "sys/guild/sampler_cpu_seconds="};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(tags); i++) {
		const char *hit = strstr(seen.text.p, tags[i]);
		assert_non_null(hit);
		assert_non_null(strstr(hit, "@0;"));
		assert_non_null(strstr(hit + 1, tags[i])); /* at the start and at the end */
	}
	assert_non_null(strstr(seen.text.p, "sys/proc/tree/count="));
	assert_null(strstr(seen.text.p, "performance/"));
	guild_buf_fini(&seen.text);
	guild_rmtree(dir, NULL);
	free(dir);
}

static void test_gpus_by_library(void **state)
{
	struct machine m;
	struct seen seen;
	open_machine(&m);
	char *dir = guild_path_join(m.dir, "events");
	m.sources.nvml = "collect/libnvml-fake.so";
	sample_twice(&m.sources, dir, &seen);
	assert_non_null(strstr(seen.text.p,
		"sys/gpu0/fanspeed=0.3@0;sys/gpu0/pstate=8@0;sys/gpu0/mem_total=1.71799e+10@0;"
		"sys/gpu0/mem_used=4.29497e+09@0;sys/gpu0/mem_free=1.28849e+10@0;"
		"sys/gpu0/mem_util=0.5@0;sys/gpu0/util=0.75@0;sys/gpu0/temp=40@0;"
		"sys/gpu0/powerdraw=75.5@0;sys/gpu1/mem_total="));
	assert_null(strstr(seen.text.p, "sys/gpu1/util"));
	guild_buf_fini(&seen.text);
	free(dir);
	close_machine(&m);
}

static void test_gpus_by_program(void **state)
{
	struct machine m;
	struct seen seen;
	open_machine(&m);
	char *dir = guild_path_join(m.dir, "events");
	char *program = guild_path_join(m.dir, "nvidia-smi");
	put(&m, "nvidia-smi",
		"#!/bin/sh\n"
		"[ \"$1 $2\" = '--format=csv,noheader --query-gpu=index,fan.speed,pstate,memory.total,memory.used,"
		"utilization.gpu,utilization.memory,temperature.gpu,power.draw' ] || exit 1\n"
		"echo '0, 30 %, P8, 16384 MiB, 4096 MiB, 75 %, 50 %, 40, 75.50 W'\n");
	assert_int_equal(chmod(program, 0755), 0);
	m.sources.nvidia_smi = program;
	sample_twice(&m.sources, dir, &seen);
	assert_non_null(strstr(seen.text.p, "sys/gpu0/powerdraw=75.5@0;"));
	guild_buf_fini(&seen.text);
	free(program);
	free(dir);
	close_machine(&m);
}

/* A driver that does not answer costs the wait at the end, never a tick. */
static void test_gpu_hangs(void **state)
{
	struct machine m;
	struct guild_sampler *s;
	open_machine(&m);
	char *dir = guild_path_join(m.dir, "events");
	char *fifo = guild_path_join(m.dir, "fifo");
	char *program = guild_path_join(m.dir, "nvidia-smi");
	char *script = guild_format("#!/bin/sh\nexec cat '%s'\n", fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	put(&m, "nvidia-smi", script);
	assert_int_equal(chmod(program, 0755), 0);
	m.sources.nvidia_smi = program;
	assert_int_equal(guild_sampler_new_at(&m.sources, dir, 0, &s, NULL), 0);
	int64_t started = guild_monotonic_us();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(guild_sampler_tick(s, NULL), 0);
	}
	assert_true(guild_monotonic_us() - started < 2000000);
	assert_int_equal(guild_sampler_finish(s, NULL), 0);
	assert_true(guild_monotonic_us() - started < 4000000);
	struct seen seen;
	read_events(dir, &seen);
	assert_null(strstr(seen.text.p, "sys/gpu"));
	close(open(fifo, O_RDWR | O_NONBLOCK)); /* lets the program go */
	guild_buf_fini(&seen.text);
	free(script);
	free(program);
	free(fifo);
	free(dir);
	close_machine(&m);
}

/* An unwritable directory is an error of every call, and no more. */
static void test_no_directory(void **state)
{
	struct machine m;
	struct guild_sampler *s;
	struct guild_error err;
	open_machine(&m);
	put(&m, "meminfo", "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
	put(&m, "file", "");
	char *dir = guild_path_join(m.dir, "file/events");
	assert_int_equal(guild_sampler_new_at(&m.sources, dir, 0, &s, NULL), 0);
	assert_int_not_equal(guild_sampler_tick(s, &err), 0);
	assert_non_null(strstr(err.text, "file"));
	assert_int_not_equal(guild_sampler_finish(s, &err), 0);
	free(dir);
	close_machine(&m);
}

static void test_limits(void **state)
{
	static const struct {
		const char *groups, *file_a, *text_a, *file_b, *text_b;
		double cpus;
		int64_t memory;
	} cases[] = {
		{"0::/a/b\n", "sys/fs/cgroup/a/cpu.max", "150000 100000\n",
			"sys/fs/cgroup/a/b/memory.max", "4096\n", 1.5, 4096},
		{"0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max", "max 100000\n",
			"sys/fs/cgroup/memory.max", "max\n", -1, -1},
		{"0::/\n", "sys/fs/cgroup/cpu.max", "50000 100000\n", "sys/fs/cgroup/memory.max",
			"1\n", 0.5, 1},
		{"4:memory:/x\n1:cpu,cpuacct:/x\n0::/\n",
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes", "8192\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n", -1,
			8192},
		{"3:cpu,cpuacct:/y:z\n", "sys/fs/cgroup/cpu/y:z/cpu.cfs_quota_us", "200000\n",
			"sys/fs/cgroup/cpu/y:z/cpu.cfs_period_us", "100000\n", 2, -1},
		{"1:cpu:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n", -1, -1},
		{"nonsense\n::\n", "x", "", "y", "", -1, -1},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(cases); i++) {
		struct machine m;
		open_machine(&m);
		put(&m, "proc/self/cgroup", cases[i].groups);
		put(&m, cases[i].file_a, cases[i].text_a);
		put(&m, cases[i].file_b, cases[i].text_b);
		struct guild_container_limits limits = guild_container_limits_read(m.dir);
		assert_true(limits.cpus == cases[i].cpus);
		assert_int_equal(limits.memory_bytes, cases[i].memory);
		close_machine(&m);
	}
}

static void test_system_info(void **state)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *info = guild_system_info(a);
	assert_true(guild_value_get(guild_value_get(info, "cpus"), "online")->i >= 1);
	assert_true(guild_value_get(guild_value_get(info, "memory"), "total")->i > 0);
	assert_int_equal(guild_value_get(info, "gpus")->type, GUILD_LIST);
	assert_true(guild_value_text(guild_value_get(info, "host"))[0] != 0);
	guild_arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_disks),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_nvidia_smi_answer),
		cmocka_unit_test(test_nvml),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_gpus_by_library),
		cmocka_unit_test(test_gpus_by_program),
		cmocka_unit_test(test_gpu_hangs),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_system_info),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
