/* What the file system says of a run: has it changed since it was read? */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <xxhash.h>

#include "index.h"

/* File times are as coarse as the kernel's tick, 1 to 10 ms; what changes twice within one looks the same. */
enum { RECENT_US = 50000 };

static int64_t to_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void guild_index_sign(const struct index_place *p, const char *name, const char *path,
	enum index_check_kind kind, struct index_sign *sign)
{
	char full[4096];
	struct stat st;
	uint64_t seen[5] = {sign->hash, (uint64_t)kind};
	size_t n_name = strlen(name);
	size_t n_path = strlen(path);
	bool is_there = false;
	if (n_name + n_path + 2 <= sizeof(full)) {
		memcpy(full, name, n_name);
		full[n_name] = '/';
		memcpy(full + n_name + 1, path, n_path + 1);
		is_there = fstatat(p->fd, full, &st, 0) == 0;
	}
	if (!is_there) {
		sign->is_missing |= sign->hash == 0;
	} else if (kind == INDEX_CHECK_LINK) {
		seen[2] = (uint64_t)st.st_ino;
		seen[3] = (uint64_t)(st.st_mode & S_IFMT);
	} else {
		int64_t changed = to_ns(st.st_ctim);
		seen[2] = (uint64_t)st.st_ino;
		seen[3] = (uint64_t)to_ns(st.st_mtim) ^ ((uint64_t)changed << 1);
		seen[4] = kind == INDEX_CHECK_FILE ? (uint64_t)st.st_size + 1 : 1;
		sign->newest_ns = changed > sign->newest_ns ? changed : sign->newest_ns;
	}
	sign->hash = XXH3_64bits(seen, sizeof(seen)) | 1;
}

void guild_index_sign_order(const struct index_place *p, const char *name, struct index_sign *sign)
{
	guild_index_sign(p, name, ".guild", INDEX_CHECK_DIR, sign);
	if (!sign->is_missing) {
		guild_index_sign(p, name, ".guild/attrs", INDEX_CHECK_DIR, sign);
	}
}

bool guild_index_is_recent(const struct index_sign *sign, int64_t now_us)
{
	return sign->newest_ns / 1000 > now_us - RECENT_US;
}
