/*
 * What the file system takes at least. bench/check_store HOME: to see that no run of a Guild home was changed in place; it is asked, one run
 * after another, about the two directories whose names change with a run's attributes, the attributes that Guild AI 0.9.0 writes into
 * place, and the run's directory and event file. bench/check_store HOME --replace: to replace one small file in each run, as safely as a label
 * is replaced. Prints milliseconds.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <guild/base.h>

static const char *const looked_at[] = {"/.guild", "/.guild/attrs", "/.guild/attrs/label",
	"/.guild/attrs/tags", "/.guild/attrs/comments", "/.guild/attrs/flags", "/."};

/* Its event file, as bench/make_store names it. */
static void event_path(char *path, size_t n_max, const char *name, long long number)
{
	snprintf(path, n_max, "%s/.guild/events.out.tfevents.%010lld.bench.1.0", name,
		1700000000LL + 60 * number);
}

static size_t check_run(int dir, const char *name)
{
	char path[512];
	struct stat st;
	size_t n_seen = 0;
	for (size_t j = 0; j < GUILD_ARRAY_LEN(looked_at); j++) {
		snprintf(path, sizeof(path), "%s%s", name, looked_at[j]);
		n_seen += fstatat(dir, path, &st, 0) == 0;
	}
	/* The second half of a name is the run's number. */
	event_path(path, sizeof(path), name, strtoll(name + strlen(name) - 16, NULL, 16));
	return n_seen + (fstatat(dir, path, &st, 0) == 0);
}

static size_t replace_label(int dir, const char *name)
{
	static const char text[] = "measured\n";
	char tmp[512];
	char path[512];
	snprintf(tmp, sizeof(tmp), "%s/.guild/.tmp-bare", name);
	snprintf(path, sizeof(path), "%s/.guild/attrs/label", name);
	int fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	bool is_written = fd >= 0 && guild_fd_write_all(fd, text, sizeof(text) - 1) == 0;
	return is_written && close(fd) == 0 && renameat(dir, tmp, dir, path) == 0;
}

int main(int argc, char **argv)
{
	struct guild_strs names = {0};
	struct guild_error err = {0};
	char *runs = guild_path_join(argc > 1 ? argv[1] : "", "runs");
	DIR *dir = opendir(runs);
	bool replaces = argc == 3 && strcmp(argv[2], "--replace") == 0;
	if ((argc != 2 && !replaces) || dir == NULL || guild_dir_list(runs, &names, &err) != 0) {
		fprintf(stderr, "usage: check_store HOME [--replace] (%s)\n", strerror(errno));
		return 2;
	}
	size_t n_seen = 0;
	int64_t started_us = guild_monotonic_us();
	for (size_t i = 0; i < names.n; i++) {
		n_seen += replaces ? replace_label(dirfd(dir), names.v[i])
				   : check_run(dirfd(dir), names.v[i]);
	}
	double ms = (double)(guild_monotonic_us() - started_us) / 1000;
	printf("%.3f %zu\n", ms, n_seen);
	guild_strs_fini(&names);
	free(runs);
	closedir(dir);
	return 0;
}
