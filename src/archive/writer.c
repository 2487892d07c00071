/* Writing one archive: its form by its name, its bytes to a file that nobody else has. */

#include "writer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAR_BLOCK = 64 << 10 };

/* The longer endings first. */
static const struct form {
	const char *ending;
	const char *filter; /* of libarchive; "zstd" is our own; NULL: none */
	bool is_zip;
} forms[] = {
	{".zip", NULL, true},
	{".tar.gz", "gzip", false},
	{".tgz", "gzip", false},
	{".tar.zst", "zstd", false},
	{".tar.xz", "xz", false},
	{".tar.bz2", "bzip2", false},
	{".tar", NULL, false},
};

static const struct form *find_form(const char *name)
{
	char *lower = guild_strdup(guild_path_basename(name));
	const struct form *found = NULL;
	for (char *c = lower; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(forms) && !found; i++) {
		found = guild_ends(lower, forms[i].ending) ? &forms[i] : NULL;
	}
	free(lower);
	return found;
}

bool guild_archive_is_writable(const char *name)
{
	return find_form(name) != NULL;
}

int guild_archive_fail_write(struct guild_archive_writer *w, const char *name,
	struct guild_error *err)
{
	const char *why = w->lib.error_string(w->archive);
	if (w->errnum != 0) {
		return guild_error_errno(err, w->errnum, "cannot write '%s'", w->path);
	}
	return guild_error_set(err, GUILD_EIO, "cannot write '%s' to '%s': %s", name, w->path,
		why ? why : "libarchive refuses it");
}

static ssize_t write_bytes(void *archive, void *arg, const void *p, size_t n)
{
	struct guild_archive_writer *w = arg;
	int rc = w->zstd ? guild_zstd_write(w->zstd, w->fd, p, n, false)
			 : guild_fd_write_all(w->fd, p, n);
	(void)archive;
	if (rc != 0) {
		w->errnum = -rc;
		return -1;
	}
	return (ssize_t)n;
}

static int set_up(struct guild_archive_writer *w, const struct form *form, struct guild_error *err)
{
	int rc = form->is_zip ? w->lib.set_format_zip(w->archive)
			      : w->lib.set_format_pax(w->archive);
	if (rc != ARCHIVE_OK) {
		return guild_archive_fail_write(w, "", err);
	}
	if (form->filter && strcmp(form->filter, "zstd") == 0) {
		rc = guild_zstd_new(&w->zstd, err);
	} else if (form->filter) {
		rc = guild_libarchive_filter(&w->lib, w->archive, form->filter, err);
	}
	if (rc != 0) {
		return rc;
	}
	/* Names are bytes here and UTF-8 in an archive; one that is not UTF-8 is kept as it is. */
	(void)w->lib.set_options(w->archive, form->is_zip ? "zip:hdrcharset=UTF-8" : "");
	(void)w->lib.set_bytes_per_block(w->archive, TAR_BLOCK);
	(void)w->lib.set_bytes_in_last_block(w->archive, 1);
	if (w->lib.write_open(w->archive, w, NULL, write_bytes, NULL) != ARCHIVE_OK) {
		return guild_archive_fail_write(w, "", err);
	}
	return 0;
}

int guild_archive_create(const char *path, const char *name, struct guild_archive_writer **out,
	struct guild_error *err)
{
	const struct form *form = find_form(name);
	if (!form) {
		guild_error_set(err, GUILD_EUNSUPPORTED, "'%s' is no name of an archive", name);
		guild_error_hint(err,
			"names end in .zip, .tar, .tar.gz, .tar.zst, .tar.xz or .tar.bz2");
		return GUILD_EUNSUPPORTED;
	}
	struct guild_archive_writer *w = guild_alloc(sizeof(*w));
	w->fd = -1;
	int rc = guild_libarchive_load_writing(&w->lib, err);
	if (rc != 0) {
		free(w);
		return rc;
	}
	w->path = guild_strdup(path);
	w->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	w->before = w->utf8 ? uselocale(w->utf8) : (locale_t)0;
	w->archive = w->lib.write_new();
	w->entry = w->lib.entry_new();
	guild_assert(w->archive && w->entry);
	w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	rc = w->fd < 0 ? guild_error_errno(err, errno, "cannot write '%s'", path)
		       : set_up(w, form, err);
	if (rc != 0) {
		guild_archive_abandon(w);
		return rc;
	}
	*out = w;
	return 0;
}

int guild_archive_begin(struct guild_archive_writer *w, void *entry, const char *name,
	struct guild_error *err)
{
	return w->lib.write_header(w->archive, entry) >= ARCHIVE_WARN
		       ? 0
		       : guild_archive_fail_write(w, name, err);
}

int guild_archive_put(struct guild_archive_writer *w, const void *p, size_t n, const char *name,
	struct guild_error *err)
{
	for (size_t at = 0; at < n;) {
		ssize_t put = w->lib.write_data(w->archive, (const char *)p + at, n - at);
		if (put <= 0) {
			return guild_archive_fail_write(w, name, err);
		}
		at += (size_t)put;
	}
	return 0;
}

int guild_archive_end(struct guild_archive_writer *w, const char *name, struct guild_error *err)
{
	return w->lib.finish_entry(w->archive) >= ARCHIVE_WARN
		       ? 0
		       : guild_archive_fail_write(w, name, err);
}

static int end_file(struct guild_archive_writer *w, struct guild_error *err)
{
	int rc = w->zstd ? guild_zstd_write(w->zstd, w->fd, NULL, 0, true) : 0;
	if (rc == 0 && fsync(w->fd) != 0) {
		rc = -errno;
	}
	int fd = w->fd;
	w->fd = -1;
	if (close(fd) != 0 && rc == 0) {
		rc = -errno;
	}
	return rc ? guild_error_errno(err, -rc, "cannot write '%s'", w->path) : 0;
}

int guild_archive_finish(struct guild_archive_writer *w, struct guild_error *err)
{
	int rc = w->lib.write_close(w->archive) >= ARCHIVE_WARN
			 ? 0
			 : guild_archive_fail_write(w, "", err);
	rc = rc ? rc : end_file(w, err);
	guild_archive_abandon(w);
	return rc;
}

void guild_archive_abandon(struct guild_archive_writer *w)
{
	if (!w) {
		return;
	}
	if (w->fd >= 0) {
		close(w->fd); /* what libarchive still has to say is lost, as it should be */
	}
	w->fd = -1;
	w->lib.entry_free(w->entry);
	w->lib.write_free(w->archive);
	guild_zstd_free(w->zstd);
	if (w->utf8) {
		uselocale(w->before);
		freelocale(w->utf8);
	}
	free(w->path);
	free(w);
}
