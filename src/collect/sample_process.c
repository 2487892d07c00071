/* The supervised program and everything it started: CPU and memory of the process and of its tree. */
#include "sampler.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* On a machine with thousands of processes a look at all of them costs: the next waits this many times as long as the last took. */
enum { COST_FACTOR = 500 };
/* A list of children past this is cut: a million processes of one parent. */
enum { CHILDREN_MAX = 16 << 20 };

/* One line of /proc/PID/stat. */
struct process {
	pid_t pid, parent;
	double own_ticks;    /* CPU time of its own */
	double reaped_ticks; /* of children that ended and were waited for */
	double vms, rss;     /* bytes */
};

struct guild_process_tree {
	char *proc;
	pid_t root;
	double own_ticks, tree_ticks; /* at the last reading, -1: none */
	int64_t own_us, tree_us;      /* when, monotonic */
	int64_t next_tree_us;
	struct process *all;
	size_t n, cap;
};

struct guild_process_tree *guild_process_tree_new(const char *proc, pid_t root_pid)
{
	struct guild_process_tree *t = guild_alloc(sizeof(*t));
	t->proc = guild_strdup(proc);
	t->root = root_pid;
	t->own_ticks = t->tree_ticks = -1;
	return t;
}

void guild_process_tree_free(struct guild_process_tree *t)
{
	if (t == NULL) {
		return;
	}
	free(t->all);
	free(t->proc);
	free(t);
}

/* Fields of stat by their numbers in proc(5), counted behind the name, which may hold anything but ends at the last ')'. */
enum {
	PARENT = 4,
	UTIME = 14,
	STIME = 15,
	CUTIME = 16,
	CSTIME = 17,
	VSIZE = 23,
	RSS = 24,
	FIRST = 3
};

static bool parse_stat(char *text, struct process *out)
{
	double v[RSS + 1] = {0};
	char *p = strrchr(text, ')');
	if (p == NULL || p[1] != ' ') {
		return false;
	}
	p += 2;
	for (int field = FIRST; field <= RSS; field++) {
		size_t n = strcspn(p, " \n");
		if (field > FIRST && !guild_parse_f64(p, n, &v[field])) {
			return false;
		}
		p += n + (p[n] != 0);
	}
	out->parent = (pid_t)v[PARENT];
	out->own_ticks = v[UTIME] + v[STIME];
	out->reaped_ticks = v[CUTIME] + v[CSTIME];
	out->vms = v[VSIZE];
	out->rss = v[RSS] * (double)sysconf(_SC_PAGESIZE);
	return true;
}

static bool read_process(int dir_fd, const char *pid, struct process *out)
{
	char path[64];
	char text[2048];
	int64_t number;
	if (!guild_parse_i64(pid, strlen(pid), &number) || strlen(pid) > 20) {
		return false;
	}
	snprintf(path, sizeof(path), "%s/stat", pid);
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0) {
		return false;
	}
	text[n] = 0;
	out->pid = (pid_t)number;
	return parse_stat(text, out);
}

static void read_all(struct guild_process_tree *t)
{
	t->n = 0;
	DIR *d = opendir(t->proc);
	struct dirent *e;
	while (d && (e = readdir(d)) != NULL) {
		struct process p;
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
			read_process(dirfd(d), e->d_name, &p)) {
			t->all = guild_grow_array(t->all, &t->cap, t->n + 1, sizeof(*t->all));
			t->all[t->n++] = p;
		}
	}
	if (d) {
		closedir(d);
	}
}

/* Moves the tree's processes to the front; returns how many they are. */
static size_t gather_tree(struct guild_process_tree *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (t->all[i].pid == t->root) {
			struct process root = t->all[i];
			t->all[i] = t->all[0];
			t->all[n++] = root;
			break;
		}
	}
	for (size_t at = 0; at < n; at++) {
		for (size_t i = n; i < t->n; i++) {
			if (t->all[i].parent == t->all[at].pid) {
				struct process child = t->all[i];
				t->all[i] = t->all[n];
				t->all[n++] = child;
			}
		}
	}
	return n;
}

/* Appends the processes that the threads of one process started; false where the kernel does not tell. */
static bool add_children(struct guild_process_tree *t, int dir_fd, pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "%ld/task", (long)pid);
	int task_fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = task_fd >= 0 ? fdopendir(task_fd) : NULL;
	struct dirent *e;
	bool is_told = false;
	while (d && (e = readdir(d)) != NULL) {
		struct guild_buf text = {0};
		char *file = guild_format("%s/%ld/task/%s/children", t->proc, (long)pid, e->d_name);
		if (e->d_name[0] != '.' && guild_file_read(file, CHILDREN_MAX, &text, NULL) == 0) {
			is_told = true;
		}
		for (char *p = text.p; p && *p;) {
			size_t n = strcspn(p, " \n");
			struct process child;
			char *next = p + n + (p[n] != 0);
			p[n] = 0;
			if (n > 0 && read_process(dir_fd, p, &child)) {
				t->all = guild_grow_array(t->all, &t->cap, t->n + 1,
					sizeof(*t->all));
				t->all[t->n++] = child;
			}
			p = next;
		}
		free(file);
		guild_buf_fini(&text);
	}
	if (d) {
		closedir(d);
	}
	return is_told;
}

/* The tree alone, from lists of children (Linux with CONFIG_PROC_CHILDREN): a look at all processes costs more than a short
 * program. */
static bool read_from_root(struct guild_process_tree *t)
{
	char pid[32];
	struct process root;
	bool is_told = false;
	t->n = 0;
	snprintf(pid, sizeof(pid), "%ld", (long)t->root);
	int dir = open(t->proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && read_process(dir, pid, &root)) {
		t->all = guild_grow_array(t->all, &t->cap, 1, sizeof(*t->all));
		t->all[t->n++] = root;
		is_told = add_children(t, dir, t->root);
		for (size_t at = 1; is_told && at < t->n; at++) {
			(void)add_children(t, dir, t->all[at].pid);
		}
	}
	if (dir >= 0) {
		close(dir);
	}
	return is_told;
}

/* CPU seconds a second since the last reading. */
static void add_cpu(struct readings *out, const char *tag, double ticks, double before,
	double seconds)
{
	if (before >= 0 && ticks >= before && seconds > 0) {
		double per_second = (double)sysconf(_SC_CLK_TCK);
		guild_readings_add(out, (ticks - before) / per_second / seconds, "%s", tag);
	}
}

static void read_tree(struct guild_process_tree *t, int64_t now_us, struct readings *out)
{
	int64_t started = guild_monotonic_us();
	size_t n = 0;
	if (read_from_root(t)) {
		n = t->n;
	} else {
		read_all(t);
		n = gather_tree(t);
	}
	double rss = 0;
	double ticks = 0;
	for (size_t i = 0; i < n; i++) {
		rss += t->all[i].rss;
		ticks += t->all[i].own_ticks + t->all[i].reaped_ticks;
	}
	if (n > 0) {
		guild_readings_add(out, (double)n, "sys/proc/tree/count");
		guild_readings_add(out, rss, "sys/proc/tree/mem_rss");
		add_cpu(out, "sys/proc/tree/cpu_util", ticks, t->tree_ticks,
			(double)(now_us - t->tree_us) / 1e6);
		t->tree_ticks = ticks;
		t->tree_us = now_us;
	}
	t->next_tree_us = now_us + COST_FACTOR * (guild_monotonic_us() - started);
}

void guild_process_tree_read(struct guild_process_tree *t, int64_t now_us, struct readings *out)
{
	if (t->root <= 0) {
		return;
	}
	char pid[32];
	struct process root;
	snprintf(pid, sizeof(pid), "%ld", (long)t->root);
	int dir = open(t->proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0 && read_process(dir, pid, &root)) {
		if (root.vms > 0) { /* not one that ended and was not waited for yet */
			guild_readings_add(out, root.rss, "sys/proc/mem_rss");
			guild_readings_add(out, root.vms, "sys/proc/mem_vms");
		}
		add_cpu(out, "sys/proc/cpu_util", root.own_ticks, t->own_ticks,
			(double)(now_us - t->own_us) / 1e6);
		t->own_ticks = root.own_ticks;
		t->own_us = now_us;
	}
	if (dir >= 0) {
		close(dir);
	}
	if (now_us >= t->next_tree_us) {
		read_tree(t, now_us, out);
	}
}
