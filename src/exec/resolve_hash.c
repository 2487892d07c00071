/* What files and directories hold, as one hash; hashes of large files are remembered (docs/formats/run-directory.md). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "resolve.h"

/* Smaller files are read faster than remembered. A file that changed a moment ago may change again within the grain of its times. */
enum { KEPT_MIN = 1 << 20, SETTLED_US = 2000000, DEPTH_MAX = 200, KEPT_TEXT_MAX = 512 };

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The identity of a file's content as far as the file system tells. */
static void identity(const struct stat *st, struct guild_buf *out)
{
	guild_buf_printf(out, "%llu %llu %lld %lld %lld ", (unsigned long long)st->st_dev,
		(unsigned long long)st->st_ino, (long long)st->st_size,
		(long long)ns_of(st->st_mtim), (long long)ns_of(st->st_ctim));
}

static char *kept_path(const char *cache_dir, enum guild_digest_kind kind, const char *path)
{
	char name[33];
	char *real = guild_path_real(path);
	guild_fast_hash(real, strlen(real), name);
	free(real);
	return guild_format("%s/digests/%s.%s", cache_dir, name,
		kind == GUILD_SHA256 ? "sha256" : "sha1");
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static bool recall(const char *kept, const struct guild_buf *who, char out[65])
{
	struct guild_buf text = {0};
	bool is_known = guild_file_read(kept, KEPT_TEXT_MAX, &text, NULL) == 0 &&
			text.n > who->n + 1 && memcmp(text.p, who->p, who->n) == 0 &&
			text.n - who->n - 1 <= 64;
	if (is_known) {
		memcpy(out, text.p + who->n, text.n - who->n - 1);
		out[text.n - who->n - 1] = '\0';
	}
	guild_buf_fini(&text);
	return is_known;
}

/* What cannot be remembered is computed again: no reason to complain. */
static void remember(const char *kept, const char *cache_dir, const struct guild_buf *who,
	const char *hex)
{
	char *dir = guild_path_join(cache_dir, "digests");
	struct guild_buf text = {0};
	guild_buf_printf(&text, "%s%s\n", guild_buf_cstr(who), hex);
	if (guild_mkdirs(dir, NULL) == 0) {
		(void)guild_file_write(kept, text.p, text.n, false, NULL);
	}
	guild_buf_fini(&text);
	free(dir);
}

static int file_hash(enum guild_digest_kind kind, const char *path, const char *cache_dir,
	char out[65], int64_t *size, struct guild_error *err)
{
	struct stat before;
	struct stat after;
	if (stat(path, &before) != 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	if (!S_ISREG(before.st_mode)) {
		return guild_error_set(err, GUILD_EINVALID, "'%s' is not a regular file", path);
	}
	*size = before.st_size;
	if (!cache_dir || before.st_size < KEPT_MIN) {
		return guild_digest_file(kind, path, out, err);
	}
	struct guild_buf who = {0};
	char *kept = kept_path(cache_dir, kind, path);
	identity(&before, &who);
	int rc = 0;
	if (!recall(kept, &who, out)) {
		rc = guild_digest_file(kind, path, out, err);
		bool is_settled = guild_now_us() - ns_of(before.st_mtim) / 1000 > SETTLED_US &&
				  rc == 0 && stat(path, &after) == 0 &&
				  ns_of(after.st_mtim) == ns_of(before.st_mtim) &&
				  after.st_size == before.st_size && after.st_ino == before.st_ino;
		if (is_settled) {
			remember(kept, cache_dir, &who, out);
		}
	}
	guild_buf_fini(&who);
	free(kept);
	return rc;
}

int guild_content_sha256(const char *path, const char *cache_dir, char out[65],
	struct guild_error *err)
{
	int64_t size;
	return file_hash(GUILD_SHA256, path, cache_dir, out, &size, err);
}

/* ---- directories -------------------------------------------------------------------------------------------------- */

struct tree {
	struct guild_digest *digest;
	const char *cache_dir;
	int64_t size;
	struct guild_error *err;
};

static void put_entry(const struct tree *t, const char *rel, char kind, const char *what)
{
	char mark[3] = {'\0', kind, '\0'};
	guild_digest_update(t->digest, rel, strlen(rel));
	guild_digest_update(t->digest, mark, sizeof(mark));
	guild_digest_update(t->digest, what, strlen(what));
	guild_digest_update(t->digest, "\n", 1);
}

static int put_link(const struct tree *t, const char *path, const char *rel)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	if (n < 0) {
		return guild_error_errno(t->err, errno, "cannot read link '%s'", path);
	}
	target[n] = '\0';
	put_entry(t, rel, 'l', target);
	return 0;
}

static int put_dir(struct tree *t, const char *path, const char *rel, int depth);

static int put_path(struct tree *t, const char *path, const char *rel, int depth)
{
	struct stat st;
	if (lstat(path, &st) != 0) {
		return guild_error_errno(t->err, errno, "cannot read '%s'", path);
	}
	if (S_ISLNK(st.st_mode)) {
		return put_link(t, path, rel);
	}
	if (S_ISDIR(st.st_mode)) {
		put_entry(t, rel, 'd', "");
		return put_dir(t, path, rel, depth + 1);
	}
	char hex[65];
	int64_t size = 0;
	int rc = file_hash(GUILD_SHA1, path, t->cache_dir, hex, &size, t->err);
	if (rc == 0) {
		put_entry(t, rel, 'f', hex);
		t->size += size;
	}
	return rc;
}

static int put_dir(struct tree *t, const char *path, const char *rel, int depth)
{
	struct guild_strs names = {0};
	int rc = depth > DEPTH_MAX
			 ? guild_error_set(t->err, GUILD_ELIMIT, "'%s' is nested too deeply", path)
			 : guild_dir_list(path, &names, t->err);
	for (size_t i = 0; i < names.n && rc == 0; i++) {
		char *below = guild_path_join(path, names.v[i]);
		char *below_rel =
			*rel ? guild_path_join(rel, names.v[i]) : guild_strdup(names.v[i]);
		rc = put_path(t, below, below_rel, depth);
		free(below);
		free(below_rel);
	}
	guild_strs_fini(&names);
	return rc;
}

int guild_content_sha1(const char *path, const char *cache_dir, char out[41], int64_t *size,
	struct guild_error *err)
{
	char hex[65];
	int rc;
	if (guild_is_dir(path)) {
		struct tree t = {
			.digest = guild_digest_new(GUILD_SHA1), .cache_dir = cache_dir, .err = err};
		rc = put_dir(&t, path, "", 0);
		guild_digest_finish(t.digest, hex);
		*size = t.size;
	} else {
		rc = file_hash(GUILD_SHA1, path, cache_dir, hex, size, err);
	}
	if (rc == 0) {
		memcpy(out, hex, 41);
	}
	return rc;
}
