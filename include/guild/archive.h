/*
 * Archives: unpacked into a directory they cannot leave, looked through, written. Knows base. The libraries are loaded on first use.
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
/* Unpacks the members that are wanted into `dir`, which is empty and the caller's alone. Refused (GUILD_EINVALID) are names that lead
 * out of it, members below a link of another member, devices, pipes and sockets, and links that lead out unless `may_leave` says
 * yes. Modes and times are kept. On failure `dir` holds what was read so far: the caller removes it. Errors as
 * guild_archive_unpack. */
struct guild_archive_extract_request {
	const char *path;
	const char *dir;
	enum guild_archive_kind kind;
	int64_t max_bytes;                              /* 0: what the limits above say */
	bool (*wants)(void *arg, const char *name);     /* NULL: all */
	bool (*may_leave)(void *arg, const char *name); /* NULL: no link */
	void *arg;
	guild_archive_progress_fn *on_progress; /* or NULL */
	void *progress_arg;
	const struct guild_log *log;
};
int guild_archive_extract(const struct guild_archive_extract_request *req, struct guild_error *err);

/* ---- looking through -------------------------------------------------------------------------------------- */

struct guild_archive_member {
	const char *name; /* clean: no "./", no final '/' */
	char type; /* 'f' file, 'd' directory, 'l' link, 'h' another name of `link`, '?' something else */
	unsigned mode; /* permission bits */
	int64_t size;  /* -1: unknown */
	const char *
		link; /* where it leads as it is written; the clean name of the other member; or NULL */
};
/* Reads an archive once, writing nothing. `on_member` answers 1 to be given the content in order, 0 not; `on_data` and `on_end`
 * (may be NULL) follow for files. A negative answer, or a non-zero one of the others, ends the scan with it. Limits as for unpacking
 * apply to content that is asked for. */
struct guild_archive_scan_request {
	const char *path;
	enum guild_archive_kind kind;
	int64_t max_bytes;
	int (*on_member)(void *arg, const struct guild_archive_member *m, struct guild_error *err);
	int (*on_data)(void *arg, const void *p, size_t n, struct guild_error *err);
	int (*on_end)(void *arg, struct guild_error *err);
	void *arg;
	guild_archive_progress_fn *on_progress; /* or NULL */
	void *progress_arg;
};
int guild_archive_scan(const struct guild_archive_scan_request *req, struct guild_error *err);

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* True for names of archives that can be written: .zip, .tar, .tar.gz (.tgz), .tar.zst, .tar.xz, .tar.bz2, in any case. */
bool guild_archive_is_writable(const char *name);

/* One archive being written. One thread. */
struct guild_archive_writer;
/* Makes file `path` (which must not exist), in the form that `name` says. */
int guild_archive_create(const char *path, const char *name, struct guild_archive_writer **out,
	struct guild_error *err);
/* Told how many bytes of content more were written. A non-zero return stops (GUILD_ECANCELLED). */
typedef int guild_archive_written_fn(void *arg, int64_t more_bytes);
struct guild_archive_tree {
	const char *dir;    /* what is written */
	const char *prefix; /* its name in the archive */
	bool follow_links; /* what links lead to is written in their place; those that lead nowhere, or in a circle, stay links */
	bool (*leaves_out)(void *arg,
		const char *path); /* path below dir; NULL: nothing is left out */
	void *arg;
	guild_archive_written_fn *on_written; /* or NULL */
	void *written_arg;
	const struct guild_log *log; /* told of pipes, sockets and devices, which are left out */
};
/* Directories are members of their own and come before what is in them; names are sorted. A file that grows meanwhile is written as
 * long as it was when it was opened; one that shrinks is GUILD_EBUSY. */
int guild_archive_add_tree(struct guild_archive_writer *w, const struct guild_archive_tree *tree,
	struct guild_error *err);
/* Takes over members of another archive as they are; `wants` NULL: all of them. */
int guild_archive_add_members(struct guild_archive_writer *w, const char *path,
	enum guild_archive_kind kind, bool (*wants)(void *arg, const char *name), void *arg,
	guild_archive_written_fn *on_written, void *written_arg, struct guild_error *err);
/* Ends the archive and brings it to the disk. Frees w, also on failure: then the file is not whole. */
int guild_archive_finish(struct guild_archive_writer *w, struct guild_error *err);
/* Frees w and leaves the file as it is; NULL is fine. */
void guild_archive_abandon(struct guild_archive_writer *w);

/* Bytes as GUILD_UNPACK_MAX gives them ("500000", "20G"): 0 for NULL and what is no size. */
int64_t guild_archive_max_bytes(const char *text);

#ifdef __cplusplus
}
#endif

#endif
