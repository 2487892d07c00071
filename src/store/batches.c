/* Which runs are trials of which batch: a batch has a link to each, named by its id. */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store_private.h"

static bool is_link(const char *dir, const char *name)
{
	struct stat st;
	char *path = guild_path_join(dir, name);
	bool is = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);

	free(path);
	return is;
}

bool guild_store_is_trial(const struct guild_run *batch, const char *run_id)
{
	return is_link(batch->dir, run_id);
}

static bool find_in(const char *runs_dir, const char *run_id, struct guild_run *out)
{
	struct guild_strs names = {0};
	bool is_found = false;

	(void)guild_dir_list(runs_dir, &names, NULL);
	for (size_t i = 0; i < names.n && !is_found; i++) {
		char *dir = guild_path_join(runs_dir, names.v[i]);

		if (is_link(dir, run_id)) {
			is_found = guild_run_open(dir, out, NULL) == 0 && guild_run_is_batch(out);
			if (!is_found) {
				guild_run_fini(out);
			}
		}
		free(dir);
	}
	guild_strs_fini(&names);
	return is_found;
}

bool guild_store_find_batch(const struct guild_home *h, const char *run_id, struct guild_run *out)
{
	bool is_found = false;

	/* Grids are in the trash once all their trials are there. */
	for (int deleted = 0; deleted < 2 && !is_found; deleted++) {
		char *dir = guild_home_runs_dir(h, deleted == 1);

		is_found = find_in(dir, run_id, out);
		free(dir);
	}
	return is_found;
}

void guild_store_trial_ids(const struct guild_run *batch, struct guild_strs *out)
{
	struct guild_strs names = {0};

	(void)guild_dir_list(batch->dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		if (names.v[i][0] != '.' && is_link(batch->dir, names.v[i])) {
			guild_strs_add(out, names.v[i]);
		}
	}
	guild_strs_fini(&names);
}

const struct guild_value *guild_store_batch_flags(const struct guild_run *batch,
	struct guild_arena *a)
{
	char *dir = guild_path_join(batch->guild_dir, "proto");
	struct guild_run proto = {0};
	const struct guild_value *flags = NULL;

	if (guild_run_open(dir, &proto, NULL) == 0) {
		flags = guild_run_attr(&proto, a, "flags");
	}
	guild_run_fini(&proto);
	free(dir);
	return flags && flags->type == GUILD_DICT ? flags : NULL;
}
