/* Packing a stream by Zstandard, with the checksum that libarchive does not ask for. Private to archive/. */
#ifndef GUILD_ARCHIVE_ZSTD_H
#define GUILD_ARCHIVE_ZSTD_H

#include "guild/base.h"

struct guild_zstd; /* opaque */
/* GUILD_EUNSUPPORTED when the machine has no libzstd. */
int guild_zstd_new(struct guild_zstd **out, struct guild_error *err);
/* Packs and writes; 0 or -errno (EIO for an error of the library). `is_last` ends the stream. */
int guild_zstd_write(struct guild_zstd *z, int fd, const void *p, size_t n, bool is_last);
void guild_zstd_free(struct guild_zstd *z);

#endif
