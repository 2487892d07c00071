/* One archive, read from its first member to its last. */

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK_SIZE = 128 << 10 };

static int fail(struct guild_archive_stream *s, struct guild_error *err)
{
	const char *why = s->lib.error_string(s->archive);
	return guild_error_set(err, GUILD_EINVALID, "cannot unpack '%s': %s", s->name,
		why ? why : "it is damaged");
}

/* ---- gzip: the library does not look at the checksum ---------------------------------------------------- */

static bool is_gzip(int fd)
{
	unsigned char magic[2];
	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) && magic[0] == 0x1f &&
	       magic[1] == 0x8b;
}

static ssize_t read_gzip(void *archive, void *arg, const void **p)
{
	struct guild_archive_stream *s = arg;
	int n = gzread(s->gzip, s->chunk, BLOCK_SIZE);
	int code = Z_OK;
	const char *why = gzerror(s->gzip, &code);
	*p = s->chunk;
	if (n < 0 || (n < BLOCK_SIZE && code != Z_OK && code != Z_STREAM_END)) {
		s->lib.set_error(archive, EIO, "%s",
			code == Z_BUF_ERROR ? "Truncated gzip input"
			: why               ? why
					    : "bad gzip data");
		return -1;
	}
	return n;
}

static int open_file(struct guild_archive_stream *s, enum guild_archive_kind kind)
{
	bool may_be_gzip = kind == GUILD_ARCHIVE_TAR || kind == GUILD_ARCHIVE_GZIP;
	if (!may_be_gzip || !is_gzip(s->fd)) {
		return s->lib.open_fd(s->archive, s->fd, BLOCK_SIZE);
	}
	int fd = dup(s->fd);
	s->gzip = fd < 0 ? NULL : gzdopen(fd, "rb");
	if (!s->gzip) {
		if (fd >= 0) {
			close(fd);
		}
		s->lib.set_error(s->archive, errno, "it cannot be opened");
		return -1;
	}
	s->chunk = guild_alloc(BLOCK_SIZE);
	return s->lib.open(s->archive, s, NULL, read_gzip, NULL);
}

int64_t guild_archive_stream_done(struct guild_archive_stream *s)
{
	return s->gzip ? (int64_t)gzoffset(s->gzip) : s->lib.filter_bytes(s->archive, -1);
}

/* ---- members ----------------------------------------------------------------------------------------------- */

int guild_archive_stream_open(struct guild_archive_stream *s, const char *path,
	enum guild_archive_kind kind, struct guild_error *err)
{
	*s = (struct guild_archive_stream){.fd = -1, .name = guild_path_basename(path)};
	int rc = guild_libarchive_load(&s->lib, err);
	if (rc != 0) {
		return rc;
	}
	/* libarchive gives names in the encoding of the locale; in "C" those beyond ASCII would be lost. */
	s->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	s->before = s->utf8 ? uselocale(s->utf8) : (locale_t)0;
	s->archive = s->lib.read_new();
	guild_assert(s->archive);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	rc = guild_libarchive_support(&s->lib, s->archive, kind, err);
	if (rc == 0 && open_file(s, kind) != ARCHIVE_OK) {
		rc = fail(s, err);
	}
	return rc;
}

int guild_archive_stream_next(struct guild_archive_stream *s, struct guild_error *err)
{
	int rc = s->lib.next_header(s->archive, &s->entry);
	return rc == ARCHIVE_EOF ? 0 : rc < ARCHIVE_WARN ? fail(s, err) : 1;
}

int guild_archive_stream_block(struct guild_archive_stream *s, const void **p, size_t *n,
	int64_t *offset, struct guild_error *err)
{
	int rc = s->lib.read_block(s->archive, p, n, offset);
	/* A checksum that does not fit is a mere warning to the library. */
	return rc == ARCHIVE_EOF ? 0 : rc != ARCHIVE_OK || *offset < 0 ? fail(s, err) : 1;
}

const char *guild_archive_stream_written_name(struct guild_archive_stream *s)
{
	const char *text = s->lib.pathname(s->entry);
	return text ? text : s->lib.pathname_utf8(s->entry);
}

void guild_archive_stream_close(struct guild_archive_stream *s)
{
	if (s->archive) {
		s->lib.read_free(s->archive);
	}
	if (s->gzip) {
		(void)gzclose(s->gzip);
	}
	if (s->fd >= 0) {
		close(s->fd);
	}
	free(s->chunk);
	if (s->utf8) {
		uselocale(s->before);
		freelocale(s->utf8);
	}
	s->archive = s->gzip = NULL;
	s->chunk = NULL;
	s->fd = -1;
	s->utf8 = (locale_t)0;
}
