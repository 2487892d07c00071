/* Loading libarchive. */

#include "library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{"archive_read_new", offsetof(struct guild_libarchive, read_new)},
	{"archive_read_free", offsetof(struct guild_libarchive, read_free)},
	{"archive_read_open_fd", offsetof(struct guild_libarchive, open_fd)},
	{"archive_read_next_header", offsetof(struct guild_libarchive, next_header)},
	{"archive_read_data_block", offsetof(struct guild_libarchive, read_block)},
	{"archive_error_string", offsetof(struct guild_libarchive, error_string)},
	{"archive_filter_bytes", offsetof(struct guild_libarchive, filter_bytes)},
	{"archive_entry_pathname", offsetof(struct guild_libarchive, pathname)},
	{"archive_entry_pathname_utf8", offsetof(struct guild_libarchive, pathname_utf8)},
	{"archive_entry_hardlink", offsetof(struct guild_libarchive, hardlink)},
	{"archive_entry_symlink", offsetof(struct guild_libarchive, symlink)},
	{"archive_entry_filetype", offsetof(struct guild_libarchive, filetype)},
	{"archive_entry_perm", offsetof(struct guild_libarchive, perm)},
	{"archive_entry_size_is_set", offsetof(struct guild_libarchive, size_is_set)},
	{"archive_entry_size", offsetof(struct guild_libarchive, size)},
	{"archive_entry_mtime_is_set", offsetof(struct guild_libarchive, mtime_is_set)},
	{"archive_entry_mtime", offsetof(struct guild_libarchive, mtime)},
};

int guild_libarchive_load(struct guild_libarchive *lib, struct guild_error *err)
{
	lib->handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle) {
		guild_error_set(err, GUILD_EUNSUPPORTED, "libarchive is needed for archives");
		guild_error_hint(err, "install package libarchive13, or say 'unpack: no'");
		return GUILD_EUNSUPPORTED;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(functions); i++) {
		void *function = dlsym(lib->handle, functions[i].name);
		if (!function) {
			return guild_error_set(err, GUILD_EUNSUPPORTED, "this libarchive lacks %s",
				functions[i].name);
		}
		*(void **)(void *)((char *)lib + functions[i].offset) = function;
	}
	return 0;
}

/* Not all filters: some start a program that the archive asks for. */
static const char *const tar_parts[] = {"filter_gzip", "filter_bzip2", "filter_xz", "filter_lzma",
	"filter_zstd", "filter_lz4", "filter_compress", "format_tar", "format_empty", NULL};
static const char *const zip_parts[] = {"format_zip", "format_empty", NULL};
static const char *const gzip_parts[] = {"filter_gzip", "format_raw", "format_empty", NULL};
static const char *const seven_parts[] = {"format_7zip", NULL};

int guild_libarchive_support(const struct guild_libarchive *lib, void *archive,
	enum guild_archive_kind kind, struct guild_error *err)
{
	const char *const *parts = kind == GUILD_ARCHIVE_ZIP    ? zip_parts
				   : kind == GUILD_ARCHIVE_GZIP ? gzip_parts
				   : kind == GUILD_ARCHIVE_7Z   ? seven_parts
								: tar_parts;
	for (size_t i = 0; parts[i]; i++) {
		char *name = guild_format("archive_read_support_%s", parts[i]);
		guild_archive_support_fn *support = NULL;
		*(void **)&support = dlsym(lib->handle, name);
		int rc = support ? support(archive) : ARCHIVE_WARN;
		bool is_format = guild_starts(parts[i], "format_");
		if (is_format && rc != ARCHIVE_OK) {
			guild_error_set(err, GUILD_EUNSUPPORTED, "this libarchive lacks %s", name);
		}
		free(name);
		if (is_format && rc != ARCHIVE_OK) {
			return GUILD_EUNSUPPORTED;
		}
	}
	return 0;
}
