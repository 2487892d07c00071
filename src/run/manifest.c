/* Which files of a run came from where (.guild/manifest), and the digest over its source code. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "run_private.h"

enum { MANIFEST_MAX_BYTES = 256 << 20 };

static bool is_sha1(const char *s)
{
	if (strcmp(s, "-") == 0) {
		return true;
	}
	return strlen(s) == 40 && strspn(s, "0123456789abcdefABCDEF") == 40;
}

/* One line without its line end; false when it is none of ours. */
static bool parse_line(struct guild_arena *a, const char *line, struct guild_manifest_entry *e)
{
	struct guild_strs words = {0};
	bool is_good = guild_shlex_split(line, &words, NULL) == 0 && words.n >= 4 && words.n <= 5 &&
		       strlen(words.v[0]) == 1 && strchr("sdi", words.v[0][0]) != NULL &&
		       (words.n == 4 || words.v[0][0] != 's') && words.v[1][0] != '\0' &&
		       is_sha1(words.v[2]);
	if (is_good) {
		*e = (struct guild_manifest_entry){
			.kind = words.v[0][0],
			.path = guild_arena_strdup(a, words.v[1]),
			.sha1 = guild_arena_strdup(a, words.v[2]),
			.source = guild_arena_strdup(a, words.v[3]),
			.subpath = words.n == 5 ? guild_arena_strdup(a, words.v[4]) : NULL,
		};
	}
	guild_strs_fini(&words);
	return is_good;
}

size_t guild_manifest_parse(struct guild_arena *a, struct guild_str text,
	struct guild_manifest *out)
{
	size_t n_lines = 1;
	for (size_t i = 0; i < text.n; i++) {
		n_lines += text.p[i] == '\n';
	}
	*out = (struct guild_manifest){.v = guild_arena_alloc(a, n_lines * sizeof(*out->v))};
	size_t n_bad = 0;
	struct guild_buf line = {0};
	for (size_t start = 0; start < text.n;) {
		const char *end = memchr(text.p + start, '\n', text.n - start);
		size_t n = end != NULL ? (size_t)(end - text.p) - start : text.n - start;
		guild_buf_reset(&line);
		guild_buf_append(&line, text.p + start, n);
		/* A line without its end was cut while being written: its last word cannot be trusted. */
		bool is_whole = end != NULL && memchr(text.p + start, '\0', n) == NULL;
		if (is_whole && parse_line(a, guild_buf_cstr(&line), &out->v[out->n])) {
			out->n++;
		} else {
			n_bad++;
		}
		start += n + 1;
	}
	guild_buf_fini(&line);
	return n_bad;
}

int guild_manifest_read(const struct guild_run *r, struct guild_arena *a,
	struct guild_manifest *out, size_t *n_bad, struct guild_error *err)
{
	char *path = guild_run_file(r, "manifest");
	struct guild_buf text = {0};
	size_t bad = 0;
	int rc = guild_file_read(path, MANIFEST_MAX_BYTES, &text, err);
	if (rc == 0) {
		bad = guild_manifest_parse(a, guild_buf_str(&text), out);
	} else if (rc == GUILD_ENOTFOUND) {
		*out = (struct guild_manifest){0};
		rc = 0;
	}
	if (rc == 0 && n_bad != NULL) {
		*n_bad = bad;
	}
	guild_buf_fini(&text);
	free(path);
	return rc;
}

void guild_manifest_format(struct guild_buf *out, const struct guild_manifest_entry *e)
{
	guild_buf_putc(out, e->kind);
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, e->path);
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, e->sha1);
	guild_buf_putc(out, ' ');
	guild_shlex_quote(out, e->source);
	if (e->subpath != NULL) {
		guild_buf_putc(out, ' ');
		guild_shlex_quote(out, e->subpath);
	}
	guild_buf_putc(out, '\n');
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int digest_file(struct guild_digest *d, const char *path, struct guild_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	static const size_t chunk = 64 << 10;
	char *buffer = guild_alloc(chunk);
	int rc = 0;
	for (;;) {
		ssize_t n = read(fd, buffer, chunk);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			rc = guild_error_errno(err, errno, "cannot read '%s'", path);
		}
		if (n <= 0) {
			break;
		}
		guild_digest_update(d, buffer, (size_t)n);
	}
	free(buffer);
	close(fd);
	return rc;
}

int guild_run_sourcecode_digest(const struct guild_run *r, char out[33], struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_manifest manifest = {0};
	struct guild_digest *digest = NULL;
	const char **paths = NULL;
	size_t n = 0;
	int rc = guild_manifest_read(r, a, &manifest, NULL, err);
	if (rc != 0) {
		goto out;
	}
	paths = guild_alloc((manifest.n + 1) * sizeof(*paths));
	for (size_t i = 0; i < manifest.n; i++) {
		if (manifest.v[i].kind == 's') {
			paths[n++] = manifest.v[i].path;
		}
	}
	if (n == 0) {
		out[0] = '\0';
		goto out;
	}
	/* Byte order of UTF-8 is the order of code points. */
	qsort(paths, n, sizeof(*paths), compare_paths);
	digest = guild_digest_new(GUILD_MD5);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		guild_digest_update(digest, paths[i], strlen(paths[i]) + 1);
		char *path = guild_path_join(r->dir, paths[i]);
		rc = digest_file(digest, path, err);
		free(path);
		guild_digest_update(digest, "", 1);
	}
	char hex[65];
	guild_digest_finish(digest, hex);
	if (rc == 0) {
		memcpy(out, hex, 33);
	}
out:
	free(paths);
	guild_arena_free(a);
	return rc;
}

char *guild_run_original_path(const struct guild_run *r, const char *path)
{
	return guild_path_join3(r->guild_dir, "original",
		guild_path_is_beneath(path) ? path : guild_path_basename(path));
}

char *guild_run_source_path(const struct guild_run *r, const char *path)
{
	char *original = guild_run_original_path(r, path);
	if (guild_is_file(original)) {
		return original;
	}
	free(original);
	return guild_path_join(r->dir, path);
}
