/*
 * Archives: unpacked into a directory they cannot leave. Knows base. The library is loaded on first use.
 */
#ifndef GUILD_ARCHIVE_H
#define GUILD_ARCHIVE_H

#include <guild/base.h>

#ifdef __cplusplus
extern "C" {
#endif

enum guild_archive_kind {
	GUILD_ARCHIVE_NONE,
	GUILD_ARCHIVE_ZIP,
	GUILD_ARCHIVE_TAR,  /* plain, or packed by gzip, bzip2, xz, zstd, lz4, compress */
	GUILD_ARCHIVE_GZIP, /* one file */
	GUILD_ARCHIVE_7Z,   /* by `type` only */
};

/* What a file is by its name: .zip; .tar, .tgz, .tar.*; another .gz; else NONE. `type` ("zip", "tar", "gzip", "7z"; may be NULL) wins.
 * GUILD_EINVALID for another type. */
int guild_archive_kind(const char *path, const char *type, enum guild_archive_kind *out,
	struct guild_error *err);

/* Told while members are unpacked: bytes of the archive. A non-zero return stops it (GUILD_ECANCELLED). */
typedef int guild_archive_progress_fn(void *arg, int64_t done_bytes, int64_t total_bytes);

enum {
	GUILD_ARCHIVE_MAX_MEMBERS = 10 * 1000 * 1000,
	/* Unpacked, an archive may have this many times its own size, or GUILD_ARCHIVE_SMALL bytes, whichever is more. */
	GUILD_ARCHIVE_MAX_RATIO = 200,
	GUILD_ARCHIVE_SMALL = 1 << 30,
};

struct guild_archive_request {
	const char *path; /* of the archive */
	const char *dir;  /* where its members go; made */
	enum guild_archive_kind kind;
	int64_t max_bytes; /* 0: what the limits above say */
	bool is_list_enough; /* members may have been changed since: the list is believed though some are gone */
	guild_archive_progress_fn *on_progress; /* or NULL */
	void *arg;
	const struct guild_log *log;
};

/* Unpacks what is not in `dir` yet and appends the members: directories that only other names imply, then the names as they come,
 * without "./" and final '/'. The list is kept in DIR/.guild-cache-NAME.unpacked and believed while it is not older than the
 * archive and everything in it is there. Members that were unpacked since the archive last changed are kept.
 *
 * All members are unpacked, or none: they are put in place when the last one was read. Refused (GUILD_EINVALID) are names and links
 * that lead out of `dir`, devices, pipes and sockets; setuid, setgid and sticky bits are dropped. Processes that want one archive in
 * one directory do it one after another.
 * GUILD_EINVALID: also a damaged archive; GUILD_ELIMIT: the limits above; GUILD_EUNSUPPORTED: no libarchive on this machine;
 * GUILD_EIO and file errors. */
int guild_archive_unpack(const struct guild_archive_request *req, struct guild_strs *members,
	struct guild_error *err);
/* Bytes as GUILD_UNPACK_MAX gives them ("500000", "20G"): 0 for NULL and what is no size. */
int64_t guild_archive_max_bytes(const char *text);

#ifdef __cplusplus
}
#endif

#endif
