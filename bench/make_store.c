/*
 * Fills a Guild home with finished runs: bench/make_store HOME COUNT [METRICS STEPS PARAMS TAGS EXPERIMENTS]. Each run has the files that
 * Guild AI 0.9.0 writes for a Python script; figures and times follow from the run's number.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guild/collect.h>
#include <guild/formats.h>

enum { RECORD_MAX = 256, PACKAGES = 60, VARIABLES = 40 };

struct shape {
	int64_t metrics, steps, params, tags, experiments;
};

static void fail(const char *what)
{
	fprintf(stderr, "make_store: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void put_file(int dir, const char *name, const void *p, size_t n)
{
	int fd = openat(dir, name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
	if (fd < 0 || guild_fd_write_all(fd, p, n) != 0 || close(fd) != 0) {
		fail(name);
	}
}

static void put_attr(int dir, const char *name, const char *fmt, ...)
{
	struct guild_buf text = {0};
	va_list args;
	va_start(args, fmt);
	char line[4096];
	int n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	guild_buf_append(&text, line, (size_t)n);
	guild_buf_putc(&text, '\n');
	put_file(dir, name, text.p, text.n);
	guild_buf_fini(&text);
}

/* ---- events --------------------------------------------------------------------------------------- */

static size_t put_varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;
	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	return n;
}

static void put_record(struct guild_buf *out, const uint8_t *data, size_t n)
{
	uint64_t size = n;
	uint32_t size_crc = guild_crc32c_masked(&size, sizeof size);
	uint32_t data_crc = guild_crc32c_masked(data, n);
	guild_buf_append(out, &size, sizeof size);
	guild_buf_append(out, &size_crc, sizeof size_crc);
	guild_buf_append(out, data, n);
	guild_buf_append(out, &data_crc, sizeof data_crc);
}

static void put_scalar(struct guild_buf *out, double wall_time, int64_t step, const char *tag,
	float value)
{
	uint8_t p[RECORD_MAX];
	size_t tag_size = strlen(tag);
	size_t n = 0;
	p[n++] = 0x09;
	memcpy(p + n, &wall_time, sizeof wall_time);
	n += sizeof wall_time;
	p[n++] = 0x10;
	n += put_varint(p + n, (uint64_t)step);
	p[n++] = 0x2a;
	p[n++] = (uint8_t)(tag_size + 9);
	p[n++] = 0x0a;
	p[n++] = (uint8_t)(tag_size + 7);
	p[n++] = 0x0a;
	p[n++] = (uint8_t)tag_size;
	memcpy(p + n, tag, tag_size);
	n += tag_size;
	p[n++] = 0x15;
	memcpy(p + n, &value, sizeof value);
	put_record(out, p, n + sizeof value);
}

static void tag_name(int64_t i, char out[64])
{
	static const char *const first[] = {"loss", "acc", "val_loss"};
	if (i < 3) {
		snprintf(out, 64, "%s", first[i]);
	} else {
		snprintf(out, 64, "metric_%04" PRId64, i);
	}
}

static void put_events(int dir, const struct shape *shape, int64_t run, double started)
{
	static const uint8_t version[] = {
		0x1a, 0x0d, 'b', 'r', 'a', 'i', 'n', '.', 'E', 'v', 'e', 'n', 't', ':', '2'};
	struct guild_buf out = {0};
	char tag[64];
	put_record(&out, version, sizeof(version));
	for (int64_t step = 0; step < shape->steps; step++) {
		for (int64_t i = 0; i < shape->metrics; i++) {
			double value =
				1.0 / (1.0 + (double)step) + 0.001 * (double)((run * 7 + i) % 997);
			tag_name(i, tag);
			put_scalar(&out, started + (double)step, step, tag, (float)value);
		}
	}
	char name[96];
	snprintf(name, sizeof(name), "events.out.tfevents.%010lld.bench.1.0", (long long)started);
	put_file(dir, name, out.p, out.n);
	guild_buf_fini(&out);
}

/* ---- a run ------------------------------------------------------------------------------------------ */

static void put_flags(int dir, const struct shape *shape, int64_t run)
{
	static const char *const acts[] = {"relu", "tanh", "gelu"};
	struct guild_buf text = {0};
	guild_buf_printf(&text, "act: %s\nepochs: %" PRId64 "\nlr: %s\nseed: %" PRId64 "\n",
		acts[run % 3], shape->steps, run % 2 ? "0.1" : "0.01", run % 17);
	for (int64_t i = 4; i < shape->params; i++) {
		guild_buf_printf(&text, "x%03" PRId64 ": %" PRId64 "\n", i, (run * i) % 1000);
	}
	put_file(dir, "flags", text.p, text.n);
	guild_buf_fini(&text);
}

static void put_big_attrs(int dir)
{
	struct guild_buf text = {0};
	for (int i = 0; i < VARIABLES; i++) {
		guild_buf_printf(&text, "VARIABLE_%02d: value of the variable number %d\n", i, i);
	}
	put_file(dir, "env", text.p, text.n);
	guild_buf_reset(&text);
	for (int i = 0; i < PACKAGES; i++) {
		guild_buf_printf(&text, "- some-package-%02d==%d.%d.%d\n", i, i % 5, i % 7, i % 11);
	}
	put_file(dir, "pip_freeze", text.p, text.n);
	guild_buf_fini(&text);
}

static void put_attrs(int dir, const struct shape *shape, int64_t run, const char *id)
{
	int64_t started = INT64_C(1700000000000000) + run * 60000000;
	put_attr(dir, "id", "%s", id);
	put_attr(dir, "initialized", "%" PRId64, started - 1000);
	put_attr(dir, "started", "%" PRId64, started);
	put_attr(dir, "stopped", "%" PRId64, started + 30000000);
	put_attr(dir, "exit_status", "%d", run % 50 == 49 ? 1 : 0);
	put_attr(dir, "label", "lr=%s seed=%" PRId64, run % 2 ? "0.1" : "0.01", run % 17);
	put_attr(dir, "cmd",
		"- /usr/bin/python3\n- -um\n- guild.op_main\n- train\n- --\n- --lr\n- '0.1'");
	put_attr(dir, "deps", "{}");
	put_attr(dir, "host", "bench");
	put_attr(dir, "user", "bench");
	put_attr(dir, "random_seed", "%" PRId64, run * 7919);
	put_attr(dir, "user_flags", "{}");
	put_attr(dir, "plugins", "- cpu\n- disk\n- gpu\n- memory\n- perf");
	put_attr(dir, "sourcecode_digest", "%032" PRIx64,
		(uint64_t)(run % 23) * 0x9e3779b97f4a7c15U);
	put_attr(dir, "platform",
		"architecture: x86_64\nprocessor: ''\npython_version: 3.11.2\nuname: Linux 6.1");
	put_attr(dir, "run_params",
		"additional_deps: null\nbackground: false\nbatch_label: null\nyes: true");
	put_attr(dir, "op",
		"deps: []\nflag-null-labels: {}\nflags-extra: {}\nlabel-template: null\nop-cmd:\n  cmd-args:\n"
		"  - ${python_exe}\n  - -um\n  - guild.op_main\n  - train\n  - --\n  - __flag_args__\n  cmd-env: {}\n"
		"  flags-dest: args\noutput-scalars: null\npython-requires: null\nsourcecode:\n  dest: .");
	put_flags(dir, shape, run);
	put_big_attrs(dir);
	if (shape->tags > 0) {
		struct guild_buf text = {0};
		for (int64_t i = 0; i < shape->tags; i++) {
			guild_buf_printf(&text, "- tag%03" PRId64 "\n", i);
		}
		put_file(dir, "tags", text.p, text.n);
		guild_buf_fini(&text);
	}
}

static int make_dir(int at, const char *name)
{
	if (mkdirat(at, name, 0777) != 0 && errno != EEXIST) {
		fail(name);
	}
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fail(name);
	}
	return fd;
}

static void make_run(int runs, const struct shape *shape, int64_t run)
{
	char id[33];
	uint64_t mixed = (uint64_t)run * 0x9e3779b97f4a7c15U;
	snprintf(id, sizeof(id), "%016" PRIx64 "%016" PRIx64, mixed ^ (mixed >> 29), (uint64_t)run);
	int dir = make_dir(runs, id);
	int guild_dir = make_dir(dir, ".guild");
	int attrs = make_dir(guild_dir, "attrs");
	put_attrs(attrs, shape, run, id);
	put_events(guild_dir, shape, run, 1700000000.0 + 60.0 * (double)run);
	put_file(dir, "train.py", "print('loss: 0.1')\n", 19);
	put_attr(guild_dir, "manifest",
		"s train.py c3d1a1fcb1cb3b1ff2b1d7ff6c9b2b4ad7b0a5a8 train.py");
	put_attr(guild_dir, "output", "loss: 0.1");
	char opref[96];
	int n = snprintf(opref, sizeof(opref),
		"script:/home/bench/project%" PRId64 " '' '' train.py", run % shape->experiments);
	put_file(guild_dir, "opref", opref, (size_t)n);
	close(attrs);
	close(guild_dir);
	close(dir);
}

static int64_t number(char **argv, int argc, int i, int64_t missing)
{
	int64_t value = missing;
	if (i < argc && (!guild_parse_i64(argv[i], strlen(argv[i]), &value) || value < 0)) {
		fprintf(stderr, "make_store: '%s' is not a number\n", argv[i]);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr,
			"usage: make_store HOME COUNT [METRICS STEPS PARAMS TAGS EXPERIMENTS]\n");
		return 2;
	}
	struct shape shape = {
		.metrics = number(argv, argc, 3, 3),
		.steps = number(argv, argc, 4, 20),
		.params = number(argv, argc, 5, 4),
		.tags = number(argv, argc, 6, 0),
		.experiments = number(argv, argc, 7, 1),
	};
	int64_t count = number(argv, argc, 2, 0);
	int home = make_dir(AT_FDCWD, argv[1]);
	int runs = make_dir(home, "runs");
	for (int64_t run = 0; run < count; run++) {
		make_run(runs, &shape, run);
	}
	return 0;
}
