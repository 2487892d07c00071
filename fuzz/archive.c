/* Archives: whatever is in one, nothing comes to be outside of its directory; one that is refused leaves nothing. */
#include "fuzz.h"

#include <guild/archive.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_INPUT = 64 << 10, MAX_OUTPUT = 1 << 20 };

/* Regular files, directories, and links that stay beneath `root`, which is real. */
static void check_tree(const char *root, const char *dir)
{
	struct guild_strs names = {0};
	guild_assert(guild_dir_list(dir, &names, NULL) == 0);
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		guild_assert(lstat(path, &st) == 0);
		guild_assert(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode));
		guild_assert((st.st_mode & (S_ISUID | S_ISGID | S_ISVTX)) == 0);
		if (S_ISDIR(st.st_mode)) {
			check_tree(root, path);
		} else if (S_ISLNK(st.st_mode)) {
			char *real = guild_path_real(path);
			guild_assert(guild_starts(real, root));
			free(real);
		}
		free(path);
	}
	guild_strs_fini(&names);
}

static int on_member(void *arg, const struct guild_archive_member *m, struct guild_error *err)
{
	(void)arg;
	(void)err;
	guild_assert(*m->name && m->name[0] != '/' && guild_path_is_beneath(m->name));
	return 1;
}

static int on_data(void *arg, const void *p, size_t n, struct guild_error *err)
{
	int64_t *left = arg;
	(void)p;
	(void)err;
	*left -= (int64_t)n;
	guild_assert(*left >= 0);
	return 0;
}

static bool may_leave(void *arg, const char *name)
{
	(void)arg;
	return strchr(name, 'x') != NULL;
}

/* The other ways to read one: what may come out is bounded; what is taken over into a new archive is one again. */
static void look_through(const char *real, const char *archive, enum guild_archive_kind kind)
{
	int64_t left = MAX_OUTPUT;
	char *dir = guild_path_join(real, "inside");
	char *copy = guild_path_join(real, "copy.tar");
	struct guild_archive_writer *w = NULL;
	const struct guild_archive_scan_request scan = {.path = archive,
		.kind = kind,
		.max_bytes = MAX_OUTPUT,
		.on_member = on_member,
		.on_data = on_data,
		.arg = &left};
	const struct guild_archive_extract_request extract = {.path = archive,
		.dir = dir,
		.kind = kind,
		.max_bytes = MAX_OUTPUT,
		.may_leave = may_leave};
	(void)guild_archive_scan(&scan, NULL);
	guild_assert(mkdir(dir, 0777) == 0);
	(void)guild_archive_extract(&extract, NULL);
	struct guild_strs names = {0};
	guild_assert(guild_dir_list(real, &names, NULL) == 0);
	for (size_t i = 0; i < names.n; i++) {
		guild_assert(strcmp(names.v[i], "a") == 0 || strcmp(names.v[i], "out") == 0 ||
			     strcmp(names.v[i], "inside") == 0);
	}
	guild_strs_fini(&names);
	if (left > 0 && kind != GUILD_ARCHIVE_GZIP &&
		guild_archive_create(copy, "copy.tar", &w, NULL) == 0) {
		if (guild_archive_add_members(w, archive, kind, NULL, NULL, NULL, NULL, NULL) ==
			0) {
			guild_assert(guild_archive_finish(w, NULL) == 0);
		} else {
			guild_archive_abandon(w);
		}
	}
	free(copy);
	free(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > MAX_INPUT) {
		return 0;
	}
	struct guild_error err = {0};
	struct guild_strs names = {0};
	struct guild_strs members = {0};
	char *top = guild_tmp_dir("guild-fuzz-", &err);
	guild_assert(top);
	char *real = guild_path_real(top);
	char *archive = guild_path_join(real, "a");
	char *out = guild_path_join(real, "out");
	struct guild_archive_request req = {.path = archive,
		.dir = out,
		.kind = (enum guild_archive_kind)(1 + data[0] % 4),
		.max_bytes = MAX_OUTPUT};
	guild_assert(guild_file_write(archive, data + 1, size - 1, false, &err) == 0);
	int rc = guild_archive_unpack(&req, &members, &err);
	guild_assert(guild_dir_list(real, &names, &err) == 0);
	guild_assert(names.n == (rc == 0 ? 2 : 1)); /* the archive, and what came of it */
	if (rc == 0) {
		check_tree(out, out);
	}
	guild_strs_fini(&names);
	guild_strs_fini(&members);
	look_through(real, archive, req.kind);
	guild_assert(guild_rmtree(real, &err) == 0);
	free(real);
	free(archive);
	free(out);
	free(top);
	return 0;
}
