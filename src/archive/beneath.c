/* Files below a directory that no path and no link leads out of. */

#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int guild_beneath_init(struct guild_beneath *b, const char *dir, struct guild_error *err)
{
	*b = (struct guild_beneath){
		.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), -1, NULL};
	return b->root >= 0 ? 0 : guild_error_errno(err, errno, "cannot open '%s'", dir);
}

static void close_parent(struct guild_beneath *b)
{
	if (b->parent >= 0) {
		close(b->parent);
	}
	free(b->parent_path);
	b->parent = -1;
	b->parent_path = NULL;
}

void guild_beneath_fini(struct guild_beneath *b)
{
	close_parent(b);
	if (b->root >= 0) {
		close(b->root);
	}
	b->root = -1;
}

static int open_step(int at, const char *name, bool make)
{
	int fd = openat(at, name, DIR_FLAGS);
	if (fd < 0 && errno == ENOENT && make &&
		(mkdirat(at, name, 0777) == 0 || errno == EEXIST)) {
		fd = openat(at, name, DIR_FLAGS);
	}
	return fd;
}

int guild_beneath_parent(struct guild_beneath *b, const char *path, bool make)
{
	char *dir = guild_path_dirname(path);
	if (b->parent >= 0 && strcmp(dir, b->parent_path) == 0) {
		free(dir);
		return b->parent;
	}
	int fd = fcntl(b->root, F_DUPFD_CLOEXEC, 0);
	char *rest = dir;
	while (fd >= 0 && *rest) {
		size_t n = strcspn(rest, "/");
		char *name = guild_strndup(rest, n);
		int next = open_step(fd, name, make);
		int errnum = errno;
		close(fd);
		free(name);
		fd = next;
		errno = errnum;
		rest += rest[n] ? n + 1 : n;
	}
	int errnum = errno;
	close_parent(b);
	if (fd >= 0) {
		b->parent = fd;
		b->parent_path = dir;
	} else {
		free(dir);
	}
	errno = errnum;
	return fd;
}

char *guild_member_name(const char *written)
{
	struct guild_buf out = {0};
	if (*written == '/') {
		return NULL;
	}
	for (const char *at = written; *at;) {
		size_t n = strcspn(at, "/");
		struct guild_str part = guild_str_n(at, n);
		if (guild_str_eqz(part, "..")) {
			guild_buf_fini(&out);
			return NULL;
		}
		if (n > 0 && !guild_str_eqz(part, ".")) {
			guild_buf_printf(&out, "%s%.*s", out.n ? "/" : "", GUILD_STR_FMT(part));
		}
		at += at[n] ? n + 1 : n;
	}
	return guild_buf_take(&out);
}

bool guild_member_link_is_safe(const char *name, const char *target)
{
	size_t depth = 0; /* of the directory the link is in */
	for (const char *c = name; *c; c++) {
		depth += *c == '/';
	}
	if (*target == '/' || !*target) {
		return false;
	}
	bool is_down = false;
	for (const char *at = target; *at;) {
		size_t n = strcspn(at, "/");
		struct guild_str part = guild_str_n(at, n);
		if (guild_str_eqz(part, "..")) {
			if (is_down || depth == 0) {
				return false;
			}
			depth--;
		} else if (n > 0 && !guild_str_eqz(part, ".")) {
			is_down = true;
		}
		at += at[n] ? n + 1 : n;
	}
	return true;
}
