/* Files below a directory that no path and no link leads out of. Private to archive/. */
#ifndef GUILD_ARCHIVE_BENEATH_H
#define GUILD_ARCHIVE_BENEATH_H

#include "guild/base.h"

/* A directory, and the parent that was opened last: members of one directory mostly come together. */
struct guild_beneath {
	int root;
	int parent; /* -1: none */
	char *parent_path;
};

int guild_beneath_init(struct guild_beneath *b, const char *dir, struct guild_error *err);
void guild_beneath_fini(struct guild_beneath *b);
/* The directory of `path` (clean, relative), opened without following links. With `make` it is made where it is missing. Borrowed until
 * the next call. -1: errno says why (ELOOP or ENOTDIR: a link or file is in the way). */
int guild_beneath_parent(struct guild_beneath *b, const char *path, bool make);

/* A member's name without "./", "//" and final '/'; "" for the directory itself. The caller frees; NULL when it is absolute
 * or has "..". */
char *guild_member_name(const char *written);
/* True when a link called `name` (clean) with this target stays below the directory: relative, and ".." only in front, not
 * above the directory. A ".." after a name could leave through another link. */
bool guild_member_link_is_safe(const char *name, const char *target);

#endif
