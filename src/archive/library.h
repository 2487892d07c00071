/* libarchive, loaded on first use. Private to archive/. */
#ifndef GUILD_ARCHIVE_LIBRARY_H
#define GUILD_ARCHIVE_LIBRARY_H

#include "guild/archive.h"

#include <sys/types.h>
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
typedef ssize_t guild_archive_read_fn(void *archive, void *arg, const void **p);
struct guild_libarchive {
	void *(*read_new)(void);
	int (*read_free)(void *archive);
	int (*open_fd)(void *archive, int fd, size_t block_size);
	int (*open)(void *archive, void *arg, void *open_fn, guild_archive_read_fn *read_fn,
		void *close_fn);
	int (*next_header)(void *archive, void **entry);
	int (*read_block)(void *archive, const void **p, size_t *n, int64_t *offset);
	const char *(*error_string)(void *archive);
	void (*set_error)(void *archive, int error_number, const char *format, ...);
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
	long (*mtime_nsec)(void *entry);
	void *handle;
};

typedef ssize_t guild_archive_write_fn(void *archive, void *arg, const void *p, size_t n);
struct guild_libarchive_writing {
	void *(*write_new)(void);
	int (*write_free)(void *archive);
	int (*write_close)(void *archive);
	int (*write_open)(void *archive, void *arg, void *open_fn, guild_archive_write_fn *write_fn,
		void *close_fn);
	int (*set_format_zip)(void *archive);
	int (*set_format_pax)(void *archive);
	int (*set_options)(void *archive, const char *options);
	int (*set_bytes_per_block)(void *archive, int bytes);
	int (*set_bytes_in_last_block)(void *archive, int bytes);
	int (*write_header)(void *archive, void *entry);
	ssize_t (*write_data)(void *archive, const void *p, size_t n);
	int (*finish_entry)(void *archive);
	const char *(*error_string)(void *archive);
	int (*error_number)(void *archive);
	void *(*entry_new)(void);
	void (*entry_free)(void *entry);
	void (*set_pathname)(void *entry, const char *name);
	void (*set_mode)(void *entry, unsigned mode);
	void (*set_size)(void *entry, int64_t size);
	void (*set_mtime)(void *entry, time_t seconds, long ns);
	void (*set_symlink)(void *entry, const char *to);
	void *handle;
};

/* GUILD_EUNSUPPORTED when the machine has none. */
int guild_libarchive_load(struct guild_libarchive *lib, struct guild_error *err);
int guild_libarchive_load_writing(struct guild_libarchive_writing *lib, struct guild_error *err);
/* Adds a filter ("gzip", "xz", "bzip2") to an archive being written. */
int guild_libarchive_filter(const struct guild_libarchive_writing *lib, void *archive,
	const char *name, struct guild_error *err);
/* Lets `archive` read one kind, and no program be started for a compression. */
int guild_libarchive_support(const struct guild_libarchive *lib, void *archive,
	enum guild_archive_kind kind, struct guild_error *err);

#endif
