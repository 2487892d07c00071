/* A pair of files as git prints it: what `git apply` and `patch` read. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "paint.h"
#include "patch.h"

enum { SHORT_SHA1 = 7, BINARY_LINE = 52 };

/* ---- heads -------------------------------------------------------------------------------------------------- */

/* As git quotes paths in patches (core.quotePath). */
static bool needs_quotes(const char *path)
{
	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f || *c == '"' ||
			*c == '\\') {
			return true;
		}
	}
	return false;
}

static char *quoted(const char *prefix, const char *path)
{
	static const char special[] = "\a\b\t\n\v\f\r\"\\";
	static const char letters[] = "abtnvfr\"\\";
	struct guild_buf out = {0};

	if (!needs_quotes(path)) {
		return guild_format("%s%s", prefix, path);
	}
	guild_buf_printf(&out, "\"%s", prefix);
	for (const char *c = path; *c; c++) {
		const char *at = strchr(special, *c);

		if (at) {
			guild_buf_printf(&out, "\\%c", letters[at - special]);
		} else if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f) {
			guild_buf_printf(&out, "\\%03o", (unsigned char)*c);
		} else {
			guild_buf_putc(&out, *c);
		}
	}
	guild_buf_putc(&out, '"');
	return guild_buf_take(&out);
}

static unsigned git_mode(unsigned mode)
{
	return S_ISLNK(mode) ? 0120000 : mode & S_IXUSR ? 0100755 : 0100644;
}

void guild_patch_head(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	char *old_name = quoted("a/", d->old_name);
	char *new_name = quoted("b/", d->name);
	unsigned old_mode = d->old.mode ? git_mode(d->old.mode) : 0;
	unsigned new_mode = d->new_.mode ? git_mode(d->new_.mode) : 0;
	bool is_pair = old_mode && new_mode;
	int n = style->binary ? 40 : SHORT_SHA1;

	guild_paint_line(out, style, GUILD_PAINT_HEAD, "diff --git %s %s", old_name, new_name);
	if (!old_mode) {
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "new file mode %06o", new_mode);
	} else if (!new_mode) {
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "deleted file mode %06o", old_mode);
	} else if (old_mode != new_mode) {
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "old mode %06o", old_mode);
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "new mode %06o", new_mode);
	}
	if (d->status == GUILD_FILE_RENAMED) {
		char *from = quoted("", d->old_name);
		char *to = quoted("", d->name);

		guild_paint_line(out, style, GUILD_PAINT_HEAD, "similarity index 100%%");
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "rename from %s", from);
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "rename to %s", to);
		free(from);
		free(to);
	} else if (d->old.sha1[0] && strcmp(d->old.sha1, d->new_.sha1) != 0) {
		bool same_mode = is_pair && old_mode == new_mode;

		guild_paint_line(out, style, GUILD_PAINT_HEAD,
			same_mode ? "index %.*s..%.*s %06o" : "index %.*s..%.*s", n, d->old.sha1, n,
			d->new_.sha1, new_mode);
	}
	free(old_name);
	free(new_name);
}

/* ---- texts -------------------------------------------------------------------------------------------------- */

/* A blank in a name: a tab tells where it ends. */
static const char *name_end(const char *name)
{
	return strchr(name, ' ') && !needs_quotes(name) ? "\t" : "";
}

static void put_text(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	char *old_name = d->old.mode ? quoted("a/", d->old_name) : guild_strdup("/dev/null");
	char *new_name = d->new_.mode ? quoted("b/", d->name) : guild_strdup("/dev/null");

	if (d->text.n > 0) {
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "--- %s%s", old_name,
			d->old.mode ? name_end(d->old_name) : "");
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "+++ %s%s", new_name,
			d->new_.mode ? name_end(d->name) : "");
		guild_text_hunks(&d->text, style, out);
	}
	free(old_name);
	free(new_name);
}

/* ---- binaries ----------------------------------------------------------------------------------------------- */

/* 52 bytes a line in git's own base 85, each line begun by its length. */
static void put_base85(const unsigned char *p, size_t n, struct guild_buf *out)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

	while (n > 0) {
		size_t line = n < BINARY_LINE ? n : BINARY_LINE;

		guild_buf_putc(out, (char)(line <= 26 ? 'A' + line - 1 : 'a' + line - 27));
		for (size_t i = 0; i < line; i += 4) {
			uint32_t word = 0;
			char text[5];

			for (size_t j = 0; j < 4; j++) {
				word = (word << 8) | (i + j < line ? p[i + j] : 0);
			}
			for (size_t j = 5; j > 0; j--) {
				text[j - 1] = digits[word % 85];
				word /= 85;
			}
			guild_buf_append(out, text, 5);
		}
		guild_buf_putc(out, '\n');
		p += line;
		n -= line;
	}
}

static void put_literal(struct guild_str text, struct guild_buf *out)
{
	uLongf n = compressBound((uLong)text.n);
	unsigned char *packed = guild_alloc(n);
	int rc = compress2(packed, &n, (const Bytef *)(text.p ? text.p : ""), (uLong)text.n, 9);

	guild_assert(rc == Z_OK);
	guild_buf_printf(out, "literal %zu\n", text.n);
	put_base85(packed, n, out);
	guild_buf_putc(out, '\n');
	free(packed);
}

static void put_binary(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	/* Only the mode differs. */
	if (d->old.sha1[0] && strcmp(d->old.sha1, d->new_.sha1) == 0) {
		return;
	}
	if (style->binary && d->kind != GUILD_KIND_LARGE) {
		guild_buf_puts(out, "GIT binary patch\n");
		put_literal(d->new_.text, out);
		put_literal(d->old.text, out);
		return;
	}
	char *old_name = d->old.mode ? quoted("a/", d->old_name) : guild_strdup("/dev/null");
	char *new_name = d->new_.mode ? quoted("b/", d->name) : guild_strdup("/dev/null");

	guild_paint_line(out, style, "", "%s files %s and %s differ",
		d->kind == GUILD_KIND_LARGE ? "Large" : "Binary", old_name, new_name);
	free(old_name);
	free(new_name);
}

/* What is a file on one side and a link on the other is taken away and made anew, as git has it. */
static void put_as_two(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	for (int side = 0; side < 2; side++) {
		struct guild_file_diff half = *d;

		half.status = side == 0 ? GUILD_FILE_REMOVED : GUILD_FILE_ADDED;
		*(side == 0 ? &half.new_ : &half.old) = (struct guild_file_side){0};
		guild_text_diff(half.old.text, half.new_.text, &half.text);
		bool is_binary = guild_text_is_binary(side == 0 ? d->old.text : d->new_.text);

		half.kind = is_binary ? GUILD_KIND_BINARY : GUILD_KIND_TEXT;
		if (side == 0) {
			memset(half.new_.sha1, '0', 40);
		} else {
			memset(half.old.sha1, '0', 40);
		}
		guild_patch_head(&half, style, out);
		if (is_binary) {
			put_binary(&half, style, out);
		} else {
			put_text(&half, style, out);
		}
		guild_text_diff_fini(&half.text);
	}
}

void guild_file_diff_patch(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	guild_assert(d->is_open);
	if (d->old.mode && d->new_.mode && S_ISLNK(d->old.mode) != S_ISLNK(d->new_.mode)) {
		put_as_two(d, style, out);
		return;
	}
	guild_patch_head(d, style, out);
	if (d->status == GUILD_FILE_RENAMED) {
		return;
	}
	if (d->kind == GUILD_KIND_BINARY || d->kind == GUILD_KIND_IMAGE ||
		d->kind == GUILD_KIND_LARGE) {
		put_binary(d, style, out);
	} else {
		put_text(d, style, out);
	}
}
