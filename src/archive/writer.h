/* One archive being written. Private to archive/. */
#ifndef GUILD_ARCHIVE_WRITER_H
#define GUILD_ARCHIVE_WRITER_H

#include "library.h"
#include "zstd.h"

#include <locale.h>

struct guild_archive_writer {
	struct guild_libarchive_writing lib;
	void *archive;
	void *entry; /* reused */
	struct guild_zstd *zstd;
	char *path;
	int fd;
	int errnum; /* of the write that failed */
	locale_t utf8, before;
};

/* The message of a failed call, with what the system said. */
int guild_archive_fail_write(struct guild_archive_writer *w, const char *name,
	struct guild_error *err);
/* Begins a member; the entry is of this libarchive. */
int guild_archive_begin(struct guild_archive_writer *w, void *entry, const char *name,
	struct guild_error *err);
int guild_archive_put(struct guild_archive_writer *w, const void *p, size_t n, const char *name,
	struct guild_error *err);
int guild_archive_end(struct guild_archive_writer *w, const char *name, struct guild_error *err);

#endif
