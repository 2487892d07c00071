/* The files of one run as a whole: listed, copied, compared. Private to store/. */
#ifndef GUILD_STORE_TREE_H
#define GUILD_STORE_TREE_H

#include "guild/archive.h"
#include "guild/store.h"

#include <sys/stat.h>

/* True for files that say which process writes the run: they mean nothing anywhere else and are no part of it. */
bool guild_tree_is_volatile(const char *path);

struct guild_tree_file {
	char *path; /* below the run */
	char type;  /* 'f' file, 'd' directory, 'l' link */
	int64_t size;
	struct timespec mtime;
	bool is_matched;
};
struct guild_tree {
	char *dir;
	struct guild_tree_file *v; /* sorted by path */
	size_t n, cap;
	int64_t bytes;
};
/* With `follow` links stand for what they lead to, unless that is nothing or a directory above. Pipes, sockets and devices are left
 * out. */
int guild_tree_list(const char *dir, bool follow, struct guild_tree *out, struct guild_error *err);
void guild_tree_fini(struct guild_tree *t);
struct guild_tree_file *guild_tree_find(const struct guild_tree *t, const char *path);

/* Copies to `to`, which must not exist. Times and modes are kept. */
struct guild_tree_copying {
	const char *from, *to;
	bool follow;
	guild_copied_fn *on_bytes; /* or NULL */
	void *arg;
	const struct guild_log *log; /* told of what is left out */
};
int guild_run_tree_copy(const struct guild_tree_copying *c, struct guild_error *err);

/* Whether two directories hold the same: 1 yes, 0 no (`why` names the first difference; the caller frees), negative: cannot be
 * read. `quick` believes equal sizes and times. */
int guild_tree_compare(const char *a, const char *b, bool follow, bool quick, char **why,
	struct guild_error *err);
/* True when both are regular files with the same bytes. */
bool guild_file_has_same_content(const char *a, const char *b);

/* What an archive has of some runs. */
struct guild_archived_run {
	const char *id;  /* borrowed */
	const char *dir; /* what it is compared with; borrowed */
	bool is_there, is_same;
	char *why; /* the first difference */
	struct guild_tree tree;
};
/* Reads the archive once and fills is_there, is_same and why. The caller frees `why` of each. With `links_copied` what a link leads to
 * is the same as the link: the directories may have come out of the archive that way. */
int guild_archive_compare(const char *path, bool follow, bool links_copied,
	struct guild_archived_run *runs, size_t n, guild_archive_progress_fn *on_progress,
	void *arg, struct guild_error *err);

#endif
