/* One archive, read from its first member to its last. Private to archive/. */
#ifndef GUILD_ARCHIVE_STREAM_H
#define GUILD_ARCHIVE_STREAM_H

#include "library.h"

#include <locale.h>

struct guild_archive_stream {
	struct guild_libarchive lib;
	void *archive;
	void *entry;
	const char *name; /* of the archive, for messages; borrowed */
	int fd;
	void *gzip; /* packed by gzip: read through zlib, which believes nothing without its checksum; else NULL */
	char *chunk;
	locale_t utf8, before;
};

/* Close it in every case. */
int guild_archive_stream_open(struct guild_archive_stream *s, const char *path,
	enum guild_archive_kind kind, struct guild_error *err);
/* 1: s->entry is the next member; 0: there is none; negative: damaged. */
int guild_archive_stream_next(struct guild_archive_stream *s, struct guild_error *err);
/* 1: a block of the member's content; 0: that was all; negative: damaged. */
int guild_archive_stream_block(struct guild_archive_stream *s, const void **p, size_t *n,
	int64_t *offset, struct guild_error *err);
/* The member's name as it is written; NULL: it cannot be read. Borrowed. */
const char *guild_archive_stream_written_name(struct guild_archive_stream *s);
/* Bytes of the archive that were read. */
int64_t guild_archive_stream_done(struct guild_archive_stream *s);
void guild_archive_stream_close(struct guild_archive_stream *s);

#endif
