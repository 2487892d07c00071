/* What kind of archive a file is, and how much may come out of one. */

#include "guild/archive.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum guild_archive_kind kind;
} types[] = {
	{"zip", GUILD_ARCHIVE_ZIP},
	{"tar", GUILD_ARCHIVE_TAR},
	{"gzip", GUILD_ARCHIVE_GZIP},
	{"7z", GUILD_ARCHIVE_7Z},
};

/* "x.tar.zst": an extension before the last one. */
static bool is_packed_tar(const char *name)
{
	const char *ext = guild_path_ext(name);
	struct guild_str stem = guild_str_n(name, strlen(name) - strlen(ext));

	return *ext && guild_str_ends(stem, ".tar");
}

int guild_archive_kind(const char *path, const char *type, enum guild_archive_kind *out,
	struct guild_error *err)
{
	char *name = guild_strdup(guild_path_basename(path));

	for (char *c = name; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	enum guild_archive_kind kind = GUILD_ARCHIVE_NONE;
	bool is_known = !type;

	for (size_t i = 0; type && i < GUILD_ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, type) == 0) {
			kind = types[i].kind;
			is_known = true;
		}
	}
	if (!type) {
		kind = guild_ends(name, ".zip") ? GUILD_ARCHIVE_ZIP
		       : guild_ends(name, ".tar") || guild_ends(name, ".tgz") || is_packed_tar(name)
			       ? GUILD_ARCHIVE_TAR
		       : guild_ends(name, ".gz") ? GUILD_ARCHIVE_GZIP
						 : GUILD_ARCHIVE_NONE;
	}
	free(name);
	if (!is_known) {
		guild_error_set(err, GUILD_EINVALID,
			"'%s' cannot be unpacked: unsupported archive type '%s'", path, type);
		guild_error_hint(err, "supported are zip, tar, gzip and 7z");
		return GUILD_EINVALID;
	}
	*out = kind;
	return 0;
}

int64_t guild_archive_max_bytes(const char *text)
{
	static const char units[] = "KMGT";
	size_t n = text ? strlen(text) : 0;
	const char *unit = n > 0 ? strchr(units, toupper((unsigned char)text[n - 1])) : NULL;
	int64_t bytes = 0;

	if (n == 0 || !guild_parse_i64(text, unit ? n - 1 : n, &bytes) || bytes <= 0) {
		return 0;
	}
	for (const char *u = units; unit && u <= unit; u++) {
		if (__builtin_mul_overflow(bytes, (int64_t)1024, &bytes)) {
			return INT64_MAX;
		}
	}
	return bytes;
}
