/* libarchive, loaded on first use, as far as reading goes. Private to archive/. */
#ifndef GUILD_ARCHIVE_LIBRARY_H
#define GUILD_ARCHIVE_LIBRARY_H

#include "guild/archive.h"

#include <time.h>

/* The stable numbers of its interface; its headers are no build dependency. */
enum {
	ARCHIVE_EOF = 1,
	ARCHIVE_OK = 0,
	ARCHIVE_WARN = -20,
	MEMBER_MASK = 0170000,
	MEMBER_FILE = 0100000,
	MEMBER_LINK = 0120000,
	MEMBER_DIR = 0040000,
};

typedef int guild_archive_support_fn(void *archive);
struct guild_libarchive {
	void *(*read_new)(void);
	int (*read_free)(void *archive);
	int (*open_fd)(void *archive, int fd, size_t block_size);
	int (*next_header)(void *archive, void **entry);
	int (*read_block)(void *archive, const void **p, size_t *n, int64_t *offset);
	const char *(*error_string)(void *archive);
	int64_t (*filter_bytes)(void *archive, int index);
	const char *(*pathname)(void *entry);
	const char *(*pathname_utf8)(void *entry);
	const char *(*hardlink)(void *entry);
	const char *(*symlink)(void *entry);
	unsigned (*filetype)(void *entry);
	unsigned (*perm)(void *entry);
	int (*size_is_set)(void *entry);
	int64_t (*size)(void *entry);
	int (*mtime_is_set)(void *entry);
	time_t (*mtime)(void *entry);
	void *handle;
};

/* GUILD_EUNSUPPORTED when the machine has none. */
int guild_libarchive_load(struct guild_libarchive *lib, struct guild_error *err);
/* Lets `archive` read one kind, and no program be started for a compression. */
int guild_libarchive_support(const struct guild_libarchive *lib, void *archive,
	enum guild_archive_kind kind, struct guild_error *err);

#endif
