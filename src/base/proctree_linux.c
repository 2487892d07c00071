/* The tree of processes, from /proc. */
#include <guild/base.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct parent {
	pid_t pid, parent;
};

/* Parent of a process: field 4 of /proc/PID/stat, behind the last ')' since the name may hold anything. */
static pid_t parent_of(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	struct guild_buf text = {0};
	pid_t found = -1;
	if (guild_file_read(path, 8192, &text, NULL) == 0) {
		const char *p = strrchr(text.p, ')');
		int64_t v;
		if (p && strlen(p) > 4 && guild_parse_i64(p + 4, strcspn(p + 4, " "), &v)) {
			found = (pid_t)v;
		}
	}
	guild_buf_fini(&text);
	return found;
}

static size_t all_parents(struct parent **out)
{
	size_t n = 0, cap = 0;
	DIR *d = opendir("/proc");
	for (struct dirent *e; d && (e = readdir(d));) {
		int64_t pid;
		if (!guild_parse_i64(e->d_name, strlen(e->d_name), &pid)) {
			continue;
		}
		*out = guild_grow_array(*out, &cap, n + 1, sizeof **out);
		(*out)[n++] = (struct parent){.pid = (pid_t)pid, .parent = parent_of((pid_t)pid)};
	}
	if (d) {
		closedir(d);
	}
	return n;
}

int guild_proc_descendants(pid_t pid, pid_t **out, size_t *n)
{
	struct parent *all = NULL;
	size_t n_all = all_parents(&all), n_found = 0, cap = 0;
	pid_t *found = NULL;
	for (size_t at = 0; at <= n_found; at++) {
		pid_t of = at > 0 && found ? found[at - 1] : pid;
		for (size_t i = 0; i < n_all; i++) {
			if (all[i].parent == of && all[i].pid != pid) {
				found = guild_grow_array(found, &cap, n_found + 1, sizeof *found);
				found[n_found++] = all[i].pid;
				all[i].parent = -1;
			}
		}
	}
	free(all);
	*out = found;
	*n = n_found;
	return 0;
}
