/* The tree of processes where there is no /proc: asked of ps. */
#include <guild/base.h>

#include <stdlib.h>
#include <string.h>

int guild_proc_descendants(pid_t pid, pid_t **out, size_t *n)
{
	const char *const argv[] = {"ps", "-A", "-o", "pid=,ppid=", NULL};
	struct guild_proc_result r = {0};
	*out = NULL;
	*n = 0;
	int rc = guild_proc_run(argv, NULL, NULL, 4 << 20, 5000, &r, NULL);
	if (rc) {
		return rc;
	}
	size_t cap = 0;
	for (size_t at = 0; at <= *n; at++) {
		int of = (int)(at ? (*out)[at - 1] : pid), child, parent;
		for (const char *p = r.out.p; p && sscanf(p, "%d %d", &child, &parent) == 2;
			p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
			if (parent == of) {
				*out = guild_grow_array(*out, &cap, *n + 1, sizeof **out);
				(*out)[(*n)++] = child;
			}
		}
	}
	guild_proc_result_fini(&r);
	return 0;
}
