/* LOCK and LOCK.info: which process a run is, and whether it still lives. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "run_private.h"

enum { LOCK_MAX_BYTES = 4096, LOCK_PID_DIGITS = 10, ENVIRON_MAX_BYTES = 4 << 20 };

/* The words of LOCK.info. */
struct lock_info {
	int64_t pid;
	int64_t start_ticks; /* since boot: field 22 of /proc/PID/stat */
	char *host;
	char *boot_id;
	char *pid_space; /* the pid namespace: numbers of another one mean nothing here */
};

static void info_fini(struct lock_info *info)
{
	free(info->host);
	free(info->boot_id);
	free(info->pid_space);
}

struct proc_stat {
	char state;
	int64_t parent;
	int64_t start_ticks;
};

/* False when there is no such process. */
static bool read_proc_stat(int64_t pid, struct proc_stat *out)
{
	char *path = guild_format("/proc/%" PRId64 "/stat", pid);
	struct guild_buf text = {0};
	struct guild_strs fields = {0};
	bool is_found = false;
	/* The second field, the name in parentheses, may hold anything; what follows its last ')' is plain. */
	const char *rest = NULL;
	if (guild_file_read(path, LOCK_MAX_BYTES, &text, NULL) == 0) {
		rest = strrchr(guild_buf_cstr(&text), ')');
	}
	if (rest != NULL && rest[1] == ' ') {
		guild_strs_split(&fields, rest + 2, ' ');
	}
	if (fields.n > 19) {
		out->state = fields.v[0][0];
		is_found = guild_parse_i64(fields.v[1], strlen(fields.v[1]), &out->parent) &&
			   guild_parse_i64(fields.v[19], strlen(fields.v[19]), &out->start_ticks);
	}
	guild_strs_fini(&fields);
	guild_buf_fini(&text);
	free(path);
	return is_found;
}

/* A zombie that nobody but init could reap is over; with a living parent its end is just being recorded. */
static bool is_alive(const struct proc_stat *stat)
{
	return stat->state != 'X' && !(stat->state == 'Z' && stat->parent <= 1);
}

static char *read_word(const char *path)
{
	struct guild_buf text = {0};
	char *word = NULL;
	if (guild_file_read(path, LOCK_MAX_BYTES, &text, NULL) == 0) {
		struct guild_str s = guild_str_trim(guild_buf_str(&text));
		word = s.n > 0 ? guild_strndup(s.p, s.n) : NULL;
	}
	guild_buf_fini(&text);
	return word;
}

static char *boot_id(void)
{
	char *id = read_word("/proc/sys/kernel/random/boot_id");
	return id != NULL ? id : guild_strdup("-");
}

static char *pid_space(void)
{
	char target[64];
	ssize_t n = readlink("/proc/self/ns/pid", target, sizeof(target));
	return n > 0 ? guild_strndup(target, (size_t)n) : guild_strdup("-");
}

/* The words of LOCK.info that all processes of this machine and pid namespace share. */
static char *place_name(void)
{
	char *host = guild_hostname();
	char *boot = boot_id();
	char *space = pid_space();
	char *name = guild_format("%s %s %s", host[0] != '\0' ? host : "-", boot, space);
	free(space);
	free(boot);
	free(host);
	return name;
}

char *guild_process_name(pid_t pid)
{
	struct proc_stat stat = {0};
	if (!read_proc_stat(pid, &stat)) {
		stat.start_ticks = 0;
	}
	char *place = place_name();
	char *name =
		guild_format("%" PRId64 " %" PRId64 " %s", (int64_t)pid, stat.start_ticks, place);
	free(place);
	return name;
}

int guild_run_lock(const struct guild_run *r, pid_t pid, struct guild_error *err)
{
	char *name = guild_process_name(pid);
	char *info = guild_format("%s\n", name);
	char *lock = guild_format("%" PRId64, (int64_t)pid);
	char *info_path = guild_run_file(r, "LOCK.info");
	char *lock_path = guild_run_file(r, "LOCK");
	int rc = guild_file_write(info_path, info, strlen(info), false, err);
	if (rc == 0) {
		rc = guild_file_write(lock_path, lock, strlen(lock), false, err);
	}
	free(lock_path);
	free(info_path);
	free(lock);
	free(info);
	free(name);
	return rc;
}

/* ---- by the process itself, after vfork ---------------------------------------------------------------------------------- */

int guild_run_lock_plan(const struct guild_run *r, struct guild_run_lock_plan *out,
	struct guild_error *err)
{
	*out = (struct guild_run_lock_plan){.dir_fd = -1};
	out->dir_fd = open(r->guild_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dir_fd < 0) {
		return guild_error_errno(err, errno, "cannot open '%s'", r->guild_dir);
	}
	out->place = place_name();
	return 0;
}

void guild_run_lock_plan_fini(struct guild_run_lock_plan *p)
{
	if (p->dir_fd >= 0) {
		close(p->dir_fd);
	}
	free(p->place);
	*p = (struct guild_run_lock_plan){.dir_fd = -1};
}

/* Decimal digits at `to`; how many. */
static size_t put_number(char *to, int64_t number)
{
	char digits[20];
	size_t n = 0;
	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (size_t i = 0; i < n; i++) {
		to[i] = digits[n - 1 - i];
	}
	return n;
}

/* As read_proc_stat, of the calling process: exec does not change it. */
static int64_t own_start_ticks(void)
{
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	if (fd >= 0) {
		close(fd);
	}
	ssize_t at = n;
	while (at > 0 && text[at - 1] != ')') {
		at--;
	}
	int64_t ticks = 0;
	for (int blanks = 0; at > 0 && at < n && blanks <= 20; at++) {
		if (text[at] == ' ') {
			blanks++;
		} else if (blanks == 20) {
			ticks = ticks * 10 + (text[at] - '0');
		}
	}
	return ticks;
}

static bool write_at(int dir_fd, const char *name, const char *p, size_t n)
{
	static const char draft[] = ".tmp-LOCK-self";
	int fd = openat(dir_fd, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		return false;
	}
	bool is_whole = write(fd, p, n) == (ssize_t)n;
	is_whole = close(fd) == 0 && is_whole;
	if (!is_whole || renameat(dir_fd, draft, dir_fd, name) != 0) {
		unlinkat(dir_fd, draft, 0);
		return false;
	}
	return true;
}

void guild_run_lock_self(struct guild_run_lock_plan *p)
{
	char info[LOCK_MAX_BYTES];
	size_t place_n = strlen(p->place);
	if (place_n > sizeof(info) - 64) {
		return;
	}
	size_t pid_n = put_number(info, getpid());
	size_t n = pid_n;
	info[n++] = ' ';
	n += put_number(info + n, own_start_ticks());
	info[n++] = ' ';
	memcpy(info + n, p->place, place_n);
	n += place_n;
	info[n++] = '\n';
	p->is_locked = write_at(p->dir_fd, "LOCK.info", info, n) &&
		       write_at(p->dir_fd, "LOCK", info, pid_n);
}

void guild_run_unlock_self(struct guild_run_lock_plan *p)
{
	unlinkat(p->dir_fd, "LOCK", 0);
	unlinkat(p->dir_fd, "LOCK.info", 0);
	p->is_locked = false;
}

/* ---- by others ------------------------------------------------------------------------------------------------------------ */

void guild_run_lock_touch(const struct guild_run *r)
{
	char *path = guild_run_file(r, "LOCK.info");
	utimensat(AT_FDCWD, path, NULL, 0);
	free(path);
}

int guild_run_unlock(const struct guild_run *r, struct guild_error *err)
{
	char *lock_path = guild_run_file(r, "LOCK");
	char *info_path = guild_run_file(r, "LOCK.info");
	int rc = guild_file_remove(lock_path, err);
	int rc_info = guild_file_remove(info_path, rc == 0 ? err : NULL);
	free(info_path);
	free(lock_path);
	return rc != 0 ? rc : rc_info;
}

pid_t guild_run_lock_pid(const struct guild_run *r)
{
	char *path = guild_run_file(r, "LOCK");
	char *word = read_word(path);
	int64_t pid = -1;
	if (word != NULL) {
		size_t n = strnlen(word, LOCK_PID_DIGITS);
		if (!guild_parse_i64(word, n, &pid) || pid <= 0 || pid > INT32_MAX) {
			pid = -1;
		}
	}
	free(word);
	free(path);
	return (pid_t)pid;
}

static bool parse_info(const char *text, struct lock_info *info)
{
	*info = (struct lock_info){0};
	struct guild_strs words = {0};
	bool is_good = false;
	guild_strs_split(&words, text, ' ');
	if (words.n == 5) {
		is_good = guild_parse_i64(words.v[0], strlen(words.v[0]), &info->pid) &&
			  guild_parse_i64(words.v[1], strlen(words.v[1]), &info->start_ticks);
	}
	if (is_good) {
		info->host = guild_strdup(words.v[2]);
		info->boot_id = guild_strdup(words.v[3]);
		info->pid_space = guild_strdup(words.v[4]);
	}
	guild_strs_fini(&words);
	return is_good;
}

static bool read_info(const struct guild_run *r, struct lock_info *info)
{
	char *path = guild_run_file(r, "LOCK.info");
	char *text = read_word(path);
	*info = (struct lock_info){0};
	bool is_good = text != NULL && parse_info(text, info);
	free(text);
	free(path);
	return is_good;
}

static bool is_here(const struct lock_info *info)
{
	char *boot = boot_id();
	char *space = pid_space();
	bool here = strcmp(boot, info->boot_id) == 0 && strcmp(space, info->pid_space) == 0;
	free(space);
	free(boot);
	return here;
}

enum guild_run_process guild_process_find(const char *name, pid_t *pid, char **host)
{
	struct lock_info info;
	struct proc_stat process;
	enum guild_run_process found = GUILD_PROCESS_NONE;
	bool is_good = parse_info(name, &info) && info.pid > 0 && info.pid <= INT32_MAX;
	if (is_good && !is_here(&info)) {
		found = GUILD_PROCESS_AWAY;
	} else if (is_good && read_proc_stat(info.pid, &process) && process.state != 'Z' &&
		   process.state != 'X' && process.start_ticks == info.start_ticks) {
		found = GUILD_PROCESS_OURS;
	}
	if (pid != NULL) {
		*pid = found == GUILD_PROCESS_NONE ? -1 : (pid_t)info.pid;
	}
	if (host != NULL) {
		*host = is_good ? guild_strdup(info.host) : NULL;
	}
	info_fini(&info);
	return found;
}

/* Guild AI 0.9.0 writes no LOCK.info; but every process it starts has RUN_ID in its environment. */
static bool has_run_id(pid_t pid, const char *id)
{
	char *path = guild_format("/proc/%d/environ", (int)pid);
	char *wanted = guild_format("RUN_ID=%s", id);
	struct guild_buf text = {0};
	bool has = false;
	if (guild_file_read(path, ENVIRON_MAX_BYTES, &text, NULL) == 0) {
		for (size_t at = 0; at < text.n && !has; at += strlen(text.p + at) + 1) {
			has = strcmp(text.p + at, wanted) == 0;
		}
	}
	guild_buf_fini(&text);
	free(wanted);
	free(path);
	return has;
}

/* LOCK is written when the process exists already: one that started later is another one. Two seconds are for the coarse
 * clock of boot time; a clock that was set in between is why this alone never proves a process ours. */
static bool started_after_lock(const struct guild_run *r, const struct proc_stat *process)
{
	struct stat lock;
	char *path = guild_run_file(r, "LOCK");
	bool is_later = false;
	struct timespec boot;
	struct timespec now;
	if (stat(path, &lock) == 0 && clock_gettime(CLOCK_BOOTTIME, &boot) == 0 &&
		clock_gettime(CLOCK_REALTIME, &now) == 0) {
		int64_t booted = (int64_t)now.tv_sec - (int64_t)boot.tv_sec;
		int64_t started = booted + process->start_ticks / sysconf(_SC_CLK_TCK);
		is_later = started > (int64_t)lock.st_mtime + 2;
	}
	free(path);
	return is_later;
}

enum guild_run_process guild_run_find_process(const struct guild_run *r, pid_t *pid, char **host)
{
	*pid = guild_run_lock_pid(r);
	if (host != NULL) {
		*host = NULL;
	}
	if (*pid < 0) {
		return GUILD_PROCESS_NONE;
	}
	struct proc_stat process;
	bool exists = read_proc_stat(*pid, &process) && is_alive(&process);
	struct lock_info info;
	enum guild_run_process found = GUILD_PROCESS_NONE;
	if (read_info(r, &info) && info.pid == *pid) {
		if (!is_here(&info)) {
			found = GUILD_PROCESS_AWAY;
		} else if (exists && process.start_ticks == info.start_ticks) {
			found = GUILD_PROCESS_OURS;
		}
		if (host != NULL) {
			*host = info.host;
			info.host = NULL;
		}
	} else if (exists && has_run_id(*pid, r->id)) {
		found = GUILD_PROCESS_OURS;
	} else if (exists && !started_after_lock(r, &process)) {
		found = GUILD_PROCESS_MAYBE;
	}
	info_fini(&info);
	return found;
}

void guild_run_settle_start(const struct guild_run *r)
{
	pid_t pid;
	if (guild_run_find_process(r, &pid, NULL) == GUILD_PROCESS_OURS) {
		(void)guild_run_set_marker(r, "STAGED", false, NULL);
		(void)guild_run_set_marker(r, "PENDING", false, NULL);
	}
}
