/* Doing a merge: every file is copied before the first one of the project is touched. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guild/store.h"
#include "staging.h"

static int stage_file(const struct guild_merge_plan *plan, const struct guild_staging *staging,
	size_t i, struct guild_error *err)
{
	char *from = guild_path_join(plan->run.dir, plan->v[i].run_path);
	char *to = guild_format("%s/%zu", staging->path, i);
	int rc = guild_file_copy(from, to, err);
	free(from);
	free(to);
	return rc;
}

/* On another file system (a directory of the project is a mount) the copy is made beside its place. */
static int place_by_copy(const char *from, const char *to, struct guild_error *err)
{
	struct guild_staging there = {.fd = -1};
	char *dir = guild_path_dirname(to);
	int rc = guild_staging_open(&there, dir, err);
	if (rc == 0) {
		char *copy = guild_path_join(there.path, "copy");
		rc = guild_file_copy(from, copy, err);
		if (rc == 0 && rename(copy, to) != 0) {
			rc = guild_error_errno(err, errno, "cannot write '%s'", to);
		}
		free(copy);
	}
	guild_staging_close(&there);
	free(dir);
	return rc;
}

static int place_file(const struct guild_merge_plan *plan, const struct guild_staging *staging,
	size_t i, struct guild_error *err)
{
	char *from = guild_format("%s/%zu", staging->path, i);
	char *to = guild_path_join(plan->target_dir, plan->v[i].target_path);
	char *dir = guild_path_dirname(to);
	int rc = guild_mkdirs(dir, err);
	if (rc == 0 && rename(from, to) != 0) {
		rc = errno == EXDEV ? place_by_copy(from, to, err)
				    : guild_error_errno(err, errno, "cannot write '%s'", to);
	}
	free(dir);
	free(to);
	free(from);
	return rc;
}

static int refuse(const struct guild_merge_plan *plan, struct guild_error *err)
{
	const struct guild_strs *paths = plan->unstaged.n > 0 ? &plan->unstaged : &plan->replaced;
	return guild_error_set(err, GUILD_EEXISTS, "'%s' would be lost", paths->v[0]);
}

/* Told in the order in which they are shown. */
static int compare_targets(const void *a, const void *b)
{
	const struct guild_merge_file *const *x = a;
	const struct guild_merge_file *const *y = b;
	return strcmp((*x)->target_path, (*y)->target_path);
}

int guild_store_merge_apply(const struct guild_merge_plan *plan, guild_merge_fn *on_copy, void *arg,
	struct guild_error *err)
{
	struct guild_staging staging = {.fd = -1};
	if (plan->replaced.n + plan->unstaged.n > 0) {
		return refuse(plan, err);
	}
	const struct guild_merge_file **files = guild_alloc((plan->n_copy + 1) * sizeof(*files));
	size_t n = 0;
	for (size_t i = 0; i < plan->n; i++) {
		if (plan->v[i].reason == GUILD_MERGE_COPY) {
			files[n++] = &plan->v[i];
		}
	}
	qsort(files, n, sizeof(*files), compare_targets);
	guild_staging_sweep(plan->target_dir);
	int rc = n > 0 ? guild_staging_open(&staging, plan->target_dir, err) : 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = stage_file(plan, &staging, (size_t)(files[i] - plan->v), err);
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (on_copy) {
			on_copy(arg, files[i]);
		}
		rc = place_file(plan, &staging, (size_t)(files[i] - plan->v), err);
	}
	guild_staging_close(&staging);
	free(files);
	return rc;
}
