/*
 * What it costs at least to see that no run of a Guild home was changed in place: bench/check_store HOME asks the file system, one run after
 * another, about the two directories whose names change with a run's attributes, the attributes that Guild AI 0.9.0 writes into place,
 * and the run's directory and event file. Prints milliseconds.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <guild/base.h>

static const char *const looked_at[] = {"/.guild", "/.guild/attrs", "/.guild/attrs/label",
	"/.guild/attrs/tags", "/.guild/attrs/comments", "/.guild/attrs/flags", "/."};

/* Its event file, as bench/make_store names it. */
static void event_path(char *path, size_t n_max, const char *name, long long number)
{
	snprintf(path, n_max, "%s/.guild/events.out.tfevents.%010lld.bench.1.0", name,
		1700000000LL + 60 * number);
}

int main(int argc, char **argv)
{
	struct guild_strs names = {0};
	struct guild_error err = {0};
	char *runs = guild_path_join(argc > 1 ? argv[1] : "", "runs");
	DIR *dir = opendir(runs);
	if (argc != 2 || dir == NULL || guild_dir_list(runs, &names, &err) != 0) {
		fprintf(stderr, "usage: check_store HOME (%s)\n", strerror(errno));
		return 2;
	}
	size_t n_seen = 0;
	int64_t started_us = guild_monotonic_us();
	for (size_t i = 0; i < names.n; i++) {
		char path[512];
		struct stat st;
		for (size_t j = 0; j < GUILD_ARRAY_LEN(looked_at); j++) {
			snprintf(path, sizeof(path), "%s%s", names.v[i], looked_at[j]);
			n_seen += fstatat(dirfd(dir), path, &st, 0) == 0;
		}
		/* The second half of a name is the run's number. */
		const char *tail = names.v[i] + strlen(names.v[i]) - 16;
		event_path(path, sizeof(path), names.v[i], strtoll(tail, NULL, 16));
		n_seen += fstatat(dirfd(dir), path, &st, 0) == 0;
	}
	double ms = (double)(guild_monotonic_us() - started_us) / 1000;
	printf("%.3f %zu\n", ms, n_seen);
	guild_strs_fini(&names);
	closedir(dir);
	return 0;
}
