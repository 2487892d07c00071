/* The contents of two files that differ. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guild/diff.h"

enum { HEAD_BYTES = 8000 }; /* as many as tell binary files from texts */

static void hash_blob(struct guild_file_side *side)
{
	char head[32];
	char hex[65];
	if (!side->mode) {
		memset(side->sha1, '0', 40);
		side->sha1[40] = '\0';
		return;
	}
	int n = snprintf(head, sizeof(head), "blob %zu", side->text.n);

	struct guild_digest *d = guild_digest_new(GUILD_SHA1);

	guild_digest_update(d, head, (size_t)n + 1);
	guild_digest_update(d, side->text.p ? side->text.p : "", side->text.n);
	guild_digest_finish(d, hex);
	memcpy(side->sha1, hex, 40);
	side->sha1[40] = '\0';
}

static int read_side(struct guild_file_side *side, struct guild_buf *buffer,
	struct guild_error *err)
{
	if (!side->path || !side->mode || S_ISLNK(side->mode)) {
		return 0;
	}
	int rc = guild_file_read(side->path, GUILD_DIFF_FILE_MAX, buffer, err);

	if (rc == 0) {
		side->text = guild_buf_str(buffer);
		side->size = (int64_t)buffer->n;
	}
	return rc;
}

static bool is_image(struct guild_str s)
{
	return (s.n >= 8 && memcmp(s.p, "\x89PNG\r\n\x1a\n", 8) == 0) ||
	       (s.n >= 3 && memcmp(s.p, "\xff\xd8\xff", 3) == 0) ||
	       (s.n >= 6 && (memcmp(s.p, "GIF87a", 6) == 0 || memcmp(s.p, "GIF89a", 6) == 0));
}

static enum guild_file_kind kind_of(const struct guild_file_diff *d)
{
	bool is_text = !guild_text_is_binary(d->old.text) && !guild_text_is_binary(d->new_.text);

	if (S_ISLNK(d->old.mode) || S_ISLNK(d->new_.mode)) {
		return GUILD_KIND_LINK;
	}
	if (is_image(d->old.mode ? d->old.text : d->new_.text) &&
		is_image(d->new_.mode ? d->new_.text : d->old.text)) {
		return GUILD_KIND_IMAGE;
	}
	if (is_text && guild_ends(d->name, ".ipynb")) {
		return GUILD_KIND_NOTEBOOK;
	}
	return is_text ? GUILD_KIND_TEXT : GUILD_KIND_BINARY;
}

int guild_file_diff_open(struct guild_file_diff *d, struct guild_error *err)
{
	if (d->is_open) {
		return 0;
	}
	d->is_open = true;
	if (d->old.size > GUILD_DIFF_FILE_MAX || d->new_.size > GUILD_DIFF_FILE_MAX) {
		d->kind = GUILD_KIND_LARGE;
		return 0;
	}
	int rc = read_side(&d->old, &d->buffers[0], err);

	rc = rc ? rc : read_side(&d->new_, &d->buffers[1], err);
	if (rc == GUILD_ELIMIT) {
		/* It grew meanwhile. */
		d->kind = GUILD_KIND_LARGE;
		return 0;
	}
	if (rc != 0) {
		return rc;
	}
	hash_blob(&d->old);
	hash_blob(&d->new_);
	d->kind = kind_of(d);
	if (d->kind != GUILD_KIND_BINARY && d->kind != GUILD_KIND_IMAGE) {
		guild_text_diff(d->old.text, d->new_.text, &d->text);
		d->n_added = d->text.n_added;
		d->n_removed = d->text.n_removed;
	}
	return 0;
}

/* The first bytes of a file, which tell its kind. */
static int peek(const struct guild_file_side *side, struct guild_buf *out, struct guild_error *err)
{
	char bytes[HEAD_BYTES];

	if (!side->path || !side->mode || S_ISLNK(side->mode)) {
		return 0;
	}
	int fd = open(side->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	int errnum = errno;

	if (fd >= 0) {
		close(fd);
	}
	if (n < 0) {
		return guild_error_errno(err, errnum, "cannot read '%s'", side->path);
	}
	guild_buf_append(out, bytes, (size_t)n);
	return 0;
}

int guild_file_diff_count(struct guild_file_diff *d, struct guild_error *err)
{
	struct guild_file_diff heads = *d;
	struct guild_buf old = {0}, new = {0};
	int rc = peek(&d->old, &old, err);

	rc = rc ? rc : peek(&d->new_, &new, err);
	if (rc == 0 && !S_ISLNK(d->old.mode) && !S_ISLNK(d->new_.mode)) {
		heads.old.text = guild_buf_str(&old);
		heads.new_.text = guild_buf_str(&new);
		d->kind = kind_of(&heads);
	}
	guild_buf_fini(&old);
	guild_buf_fini(&new);
	if (rc != 0 || d->kind == GUILD_KIND_BINARY || d->kind == GUILD_KIND_IMAGE) {
		return rc;
	}
	rc = guild_file_diff_open(d, err);
	guild_file_diff_close(d);
	return rc;
}

void guild_file_diff_close(struct guild_file_diff *d)
{
	struct guild_file_side *sides[] = {&d->old, &d->new_};

	guild_text_diff_fini(&d->text);
	for (size_t i = 0; i < 2; i++) {
		if (d->buffers[i].p) {
			sides[i]->text = (struct guild_str){0};
		}
		guild_buf_fini(&d->buffers[i]);
	}
	d->is_open = false;
}
