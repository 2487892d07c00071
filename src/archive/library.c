/* Loading libarchive. */

#include "library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

struct function {
	const char *name;
	size_t offset;
};

static const struct function functions[] = {
	{"archive_read_new", offsetof(struct guild_libarchive, read_new)},
	{"archive_read_free", offsetof(struct guild_libarchive, read_free)},
	{"archive_read_open_fd", offsetof(struct guild_libarchive, open_fd)},
	{"archive_read_open", offsetof(struct guild_libarchive, open)},
	{"archive_set_error", offsetof(struct guild_libarchive, set_error)},
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
	{"archive_entry_mtime_nsec", offsetof(struct guild_libarchive, mtime_nsec)},
};

#define WRITING(symbol, member)                                                      \
	{                                                                            \
		"archive_" symbol, offsetof(struct guild_libarchive_writing, member) \
	}
static const struct function writing_functions[] = {
	WRITING("write_new", write_new),
	WRITING("write_free", write_free),
	WRITING("write_close", write_close),
	WRITING("write_open", write_open),
	WRITING("write_set_format_zip", set_format_zip),
	WRITING("write_set_format_pax_restricted", set_format_pax),
	WRITING("write_set_options", set_options),
	WRITING("write_set_bytes_per_block", set_bytes_per_block),
	WRITING("write_set_bytes_in_last_block", set_bytes_in_last_block),
	WRITING("write_header", write_header),
	WRITING("write_data", write_data),
	WRITING("write_finish_entry", finish_entry),
	WRITING("error_string", error_string),
	WRITING("errno", error_number),
	WRITING("entry_new", entry_new),
	WRITING("entry_free", entry_free),
	WRITING("entry_set_pathname", set_pathname),
	WRITING("entry_set_mode", set_mode),
	WRITING("entry_set_size", set_size),
	WRITING("entry_set_mtime", set_mtime),
	WRITING("entry_set_symlink", set_symlink),
};
#undef WRITING

static int load(const struct function *table, size_t n, void *out, void **handle,
	struct guild_error *err)
{
	*handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	if (!*handle) {
		guild_error_set(err, GUILD_EUNSUPPORTED, "libarchive is needed for archives");
		guild_error_hint(err, "install package libarchive13");
		return GUILD_EUNSUPPORTED;
	}
	for (size_t i = 0; i < n; i++) {
		void *function = dlsym(*handle, table[i].name);
		if (!function) {
			return guild_error_set(err, GUILD_EUNSUPPORTED, "this libarchive lacks %s",
				table[i].name);
		}
		*(void **)(void *)((char *)out + table[i].offset) = function;
	}
	return 0;
}

int guild_libarchive_load(struct guild_libarchive *lib, struct guild_error *err)
{
	return load(functions, GUILD_ARRAY_LEN(functions), lib, &lib->handle, err);
}

int guild_libarchive_load_writing(struct guild_libarchive_writing *lib, struct guild_error *err)
{
	return load(writing_functions, GUILD_ARRAY_LEN(writing_functions), lib, &lib->handle, err);
}

int guild_libarchive_filter(const struct guild_libarchive_writing *lib, void *archive,
	const char *name, struct guild_error *err)
{
	char *symbol = guild_format("archive_write_add_filter_%s", name);
	guild_archive_support_fn *add = NULL;
	*(void **)&add = dlsym(lib->handle, symbol);
	int rc = add && add(archive) >= ARCHIVE_WARN ? 0
						     : guild_error_set(err, GUILD_EUNSUPPORTED,
							       "this libarchive lacks %s", symbol);
	free(symbol);
	return rc;
}

/* Not all filters: some start a program that the archive asks for. */
static const char *const tar_parts[] = {"filter_gzip", "filter_bzip2", "filter_xz", "filter_lzma",
	"filter_zstd", "filter_lz4", "filter_compress", "format_tar", "format_empty", NULL};
/* By the list at the end: without it, as in a truncated file, links would read as files. */
static const char *const zip_parts[] = {"format_zip_seekable", "format_empty", NULL};
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
