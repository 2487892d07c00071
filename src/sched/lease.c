/*
 * Leases of GPUs: HOME/queues/gpus/KEY.N is held by one run. Every change is made under the lock gpu-leases; GPUs belong to one machine, so
 * that those who want one share its kernel. Should the lock not work on that file system, a lease is still made once: by a link.
 *
 * A lease is dead when its queue, its runner and its run's process are. Every change is a line in HOME/queues/leases.log.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sched_private.h"

enum { GPUS_MAX = 256, HOLDERS_MAX = 64, LOG_MAX_BYTES = 4 << 20, GPUS_WAIT_MS = 30000 };

/* ---- which GPUs -------------------------------------------------------------------------------------------------------------- */

void sched_gpus_fini(struct sched_gpus *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->v[i].key);
		free(g->v[i].name);
	}
	free(g->v);
	*g = (struct sched_gpus){0};
}

/* Where a GPU has no UUID, machine and number name it. */
static char *key_of(const struct guild_gpu_memory *known, int64_t index)
{
	if (known != NULL && known->uuid[0] != '\0') {
		return guild_strdup(known->uuid);
	}
	char *me = guild_process_name(getpid());
	struct guild_strs words = {0};
	guild_strs_split(&words, me, ' ');
	char *key = guild_format("%s-%" PRId64, words.n > 3 ? words.v[3] : "-", index);
	guild_strs_fini(&words);
	free(me);
	return key;
}

static void add_gpu(struct sched_gpus *g, const struct guild_gpu_memory *known, int64_t index,
	const char *name)
{
	char *key = key_of(known, index);
	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(g->v[i].key, key) == 0) {
			free(key);
			return;
		}
	}
	g->v = guild_grow_array(g->v, &g->cap, g->n + 1, sizeof(*g->v));
	g->v[g->n++] = (struct sched_gpu){.key = key,
		.name = name ? guild_strdup(name) : guild_format("%" PRId64, index),
		.index = index};
}

static const struct guild_gpu_memory *find_gpu(const struct guild_gpu_memory *v, size_t n,
	int64_t index, const char *uuid)
{
	for (size_t i = 0; i < n; i++) {
		if (uuid != NULL ? strcmp(v[i].uuid, uuid) == 0 : v[i].index == index) {
			return &v[i];
		}
	}
	return NULL;
}

static int no_gpu(const char *word, size_t n, struct guild_error *err)
{
	if (n == 0) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"no GPU '%s': nvidia-smi and NVIDIA's library tell of none here", word);
	}
	return guild_error_set(err, GUILD_ENOTFOUND, "no GPU '%s': there are %zu here", word, n);
}

/* "3", "0-3" or a UUID. */
static int add_word(struct sched_gpus *out, const char *word, const struct guild_gpu_memory *v,
	size_t n, struct guild_error *err)
{
	const char *dash = strchr(word, '-');
	size_t first_n = dash ? (size_t)(dash - word) : strlen(word);
	int64_t from;
	int64_t to;
	if (!guild_parse_i64(word, first_n, &from)) {
		const struct guild_gpu_memory *known = find_gpu(v, n, -1, word);
		if (known == NULL) {
			return *word && strpbrk(word, " /\t") == NULL
				       ? no_gpu(word, n, err)
				       : guild_error_set(err, GUILD_EINVALID,
						 "invalid GPU '%s': expected a number, a range "
						 "(0-3), a UUID or 'all'",
						 word);
		}
		add_gpu(out, known, known->index, word);
		return 0;
	}
	to = from;
	if (from < 0 ||
		(dash && (!guild_parse_i64(dash + 1, strlen(dash + 1), &to) || to < from)) ||
		to - from >= GPUS_MAX) {
		return guild_error_set(err, GUILD_EINVALID,
			"invalid GPU '%s': expected a number "
			"or a range (0-3)",
			word);
	}
	for (int64_t i = from; i <= to; i++) {
		const struct guild_gpu_memory *known = find_gpu(v, n, i, NULL);
		if (known == NULL) {
			char *number = guild_format("%" PRId64, i);
			int rc = no_gpu(number, n, err);
			free(number);
			return rc;
		}
		add_gpu(out, known, i, NULL);
	}
	return 0;
}

int sched_gpus_parse(const char *text, struct sched_gpus *out, struct guild_error *err)
{
	struct guild_gpu_memory *v = guild_alloc(GPUS_MAX * sizeof(*v));
	size_t n = guild_gpus_read(v, GPUS_MAX);
	struct guild_strs words = {0};
	struct sched_gpus found = {0};
	int rc = 0;
	guild_strs_split(&words, text, ',');
	if (strcmp(text, "all") == 0) {
		rc = n > 0 ? 0 : no_gpu("all", n, err);
		for (size_t i = 0; i < n; i++) {
			add_gpu(&found, &v[i], v[i].index, NULL);
		}
		guild_strs_fini(&words);
	}
	for (size_t i = 0; i < words.n && rc == 0; i++) {
		rc = add_word(&found, words.v[i], v, n, err);
	}
	if (rc == 0) {
		*out = found;
	} else {
		sched_gpus_fini(&found);
	}
	guild_strs_fini(&words);
	free(v);
	return rc;
}

/* ---- the record of what happened --------------------------------------------------------------------------------------------- */

/* Under the lock. */
static void note(const struct guild_home *home, const char *what, const char *gpu, const char *run,
	const char *queue)
{
	char *path = sched_path(home, "leases.log", "");
	path[strlen(path) - 1] = '\0';
	if (guild_file_size(path) > LOG_MAX_BYTES) {
		char *old = guild_format("%s.1", path);
		(void)rename(path, old);
		free(old);
	}
	struct guild_buf line = {0};
	guild_buf_printf(&line, "%" PRId64 " %s %s %s %s\n", guild_now_us(), what, gpu, run,
		*queue ? queue : "-");
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd >= 0) {
		(void)guild_fd_write_all(fd, line.p, line.n);
		close(fd);
	}
	guild_buf_fini(&line);
	free(path);
}

/* ---- who holds one ------------------------------------------------------------------------------------------------------------- */

struct holders {
	size_t n;
	int64_t least_per_gpu;
	bool taken[HOLDERS_MAX];
};

/* Under the lock: dead leases are removed on the way. */
static void count_holders(const struct guild_home *home, const char *key, struct holders *out)
{
	*out = (struct holders){.least_per_gpu = HOLDERS_MAX};
	for (int i = 0; i < HOLDERS_MAX; i++) {
		char *name = guild_format("%s.%d", key, i);
		char *path = sched_path(home, "gpus", name);
		struct sched_record r = {0};
		int rc = sched_record_read(path, &r, NULL);
		if (rc == 0 && sched_record_is_live(home, &r, path)) {
			out->n++;
			out->taken[i] = true;
			if (r.per_gpu < out->least_per_gpu) {
				out->least_per_gpu = r.per_gpu;
			}
		} else if (rc != GUILD_ENOTFOUND) {
			note(home, "stale", key, rc == 0 ? r.run : "-", rc == 0 ? r.queue : "");
			(void)unlink(path);
		}
		sched_record_fini(&r);
		free(path);
		free(name);
	}
}

static bool has_memory(const struct sched_gpu *gpu, double min_free_mb)
{
	if (!(min_free_mb > 0)) {
		return true;
	}
	struct guild_gpu_memory *v = guild_alloc(GPUS_MAX * sizeof(*v));
	size_t n = guild_gpus_read(v, GPUS_MAX);
	const struct guild_gpu_memory *known = find_gpu(v, n, gpu->index, NULL);
	/* What cannot be told is not enough. */
	bool has = known != NULL && known->free_bytes >= min_free_mb * 1024 * 1024;
	free(v);
	return has;
}

static int take(const struct sched_lease_request *req, const struct sched_gpu *gpu,
	const struct holders *h, struct sched_lease *out, struct guild_error *err)
{
	int i = 0;
	while (i < HOLDERS_MAX && h->taken[i]) {
		i++;
	}
	char *name = guild_format("%s.%d", gpu->key, i);
	char *path = sched_path(req->home, "gpus", name);
	char *owner = guild_process_name(getpid());
	struct sched_record r = {.run = (char *)req->run_id,
		.token = (char *)req->token,
		.queue = (char *)req->queue,
		.owner = owner,
		.gpu = gpu->key,
		.index = gpu->index,
		.per_gpu = req->per_gpu};
	int rc = i < HOLDERS_MAX ? sched_record_create(path, &r, err) : GUILD_EBUSY;
	if (rc == 0) {
		note(req->home, "take", gpu->key, req->run_id, req->queue);
		guild_strs_add(&out->paths, path);
		guild_strs_add(&out->names, gpu->name);
	}
	free(owner);
	free(path);
	free(name);
	return rc;
}

static bool may_take(const struct sched_lease_request *req, const struct holders *h)
{
	int64_t most = req->per_gpu < h->least_per_gpu ? req->per_gpu : h->least_per_gpu;
	return (int64_t)h->n < most;
}

static int busy(struct guild_error *err)
{
	return guild_error_set(err, GUILD_EBUSY, "no GPU is free");
}

int sched_lease_any(const struct sched_lease_request *req, const struct sched_gpus *from,
	struct sched_lease *out, struct guild_error *err)
{
	int fd = -1;
	int rc = sched_lock(req->home, SCHED_GPU_LOCK, GPUS_WAIT_MS, &fd, err);
	size_t best = SIZE_MAX;
	struct holders best_holders = {.n = SIZE_MAX};
	for (size_t i = 0; rc == 0 && i < from->n; i++) {
		struct holders h;
		count_holders(req->home, from->v[i].key, &h);
		if (may_take(req, &h) && h.n < best_holders.n &&
			has_memory(&from->v[i], req->min_free_mb)) {
			best = i;
			best_holders = h;
		}
	}
	if (rc == 0) {
		rc = best == SIZE_MAX ? busy(err)
				      : take(req, &from->v[best], &best_holders, out, err);
	}
	sched_unlock(&fd);
	return rc;
}

int sched_lease_all(const struct sched_lease_request *req, const struct sched_gpus *these,
	struct sched_lease *out, struct guild_error *err)
{
	int fd = -1;
	int rc = sched_lock(req->home, SCHED_GPU_LOCK, GPUS_WAIT_MS, &fd, err);
	for (size_t i = 0; rc == 0 && i < these->n; i++) {
		struct holders h;
		count_holders(req->home, these->v[i].key, &h);
		rc = may_take(req, &h) && has_memory(&these->v[i], req->min_free_mb)
			     ? take(req, &these->v[i], &h, out, err)
			     : busy(err);
	}
	sched_unlock(&fd);
	if (rc != 0) {
		sched_lease_release(req->home, out, req->token);
	}
	return rc;
}

void sched_lease_release(const struct guild_home *home, struct sched_lease *lease,
	const char *token)
{
	int fd = -1;
	if (lease->paths.n > 0 && sched_lock(home, SCHED_GPU_LOCK, GPUS_WAIT_MS, &fd, NULL) == 0) {
		for (size_t i = 0; i < lease->paths.n; i++) {
			struct sched_record r = {0};
			if (sched_record_read(lease->paths.v[i], &r, NULL) == 0 &&
				strcmp(r.token, token) == 0) {
				note(home, "release", r.gpu ? r.gpu : "-", r.run, r.queue);
				(void)unlink(lease->paths.v[i]);
			}
			sched_record_fini(&r);
		}
	}
	sched_unlock(&fd);
	sched_lease_fini(lease);
}

void sched_lease_fini(struct sched_lease *lease)
{
	guild_strs_fini(&lease->paths);
	guild_strs_fini(&lease->names);
}
