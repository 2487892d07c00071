/*
 * Two texts, parted by the byte 1E: what a unified diff says leads from the one to the other, whatever the bytes; and the same as
 * notebooks, as images and as versions of a package.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <guild/diff.h>

#include "fuzz.h"

enum { CONTEXTS = 4 };

/* One line of a hunk, its end taken away where the next line says so. */
static void take_line(struct guild_buf *out, const char *p, size_t n, const char *end)
{
	bool has_no_end = p + n < end && p[n] == '\\';

	guild_buf_append(out, p + 1, n - 1 - (has_no_end ? 1 : 0));
}

/* What hunks make of a text. */
static void apply(const struct guild_text_diff *d, size_t context, struct guild_str hunks,
	struct guild_buf *out)
{
	struct guild_hunk h = {0};
	const char *p = hunks.p, *end = hunks.p + hunks.n;
	size_t line = 0;

	while (guild_text_next_hunk(d, context, &h)) {
		size_t n_old = 0, n_new = 0;

		guild_assert(p < end && *p == '@');
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		for (; line < h.old_from; line++) {
			guild_buf_append(out, d->old_lines[line].p, d->old_lines[line].n);
		}
		while (n_old < h.old_n || n_new < h.new_n || (p < end && *p == '\\')) {
			size_t n =
				(size_t)((const char *)memchr(p, '\n', (size_t)(end - p)) - p) + 1;

			if (*p == ' ' || *p == '+') {
				take_line(out, p, n, end);
				n_new++;
			}
			n_old += *p == ' ' || *p == '-';
			p += n;
		}
		line = h.old_from + h.old_n;
	}
	guild_assert(p == end);
	for (; line < d->n_old; line++) {
		guild_buf_append(out, d->old_lines[line].p, d->old_lines[line].n);
	}
}

static void check_text(struct guild_str a, struct guild_str b, size_t context)
{
	struct guild_patch_style plain = {.context = context};
	struct guild_patch_style colored = {.context = context, .color = true};
	struct guild_text_diff d;
	struct guild_buf hunks = {0}, made = {0}, shown = {0};

	guild_text_diff(a, b, &d);
	guild_text_hunks(&d, &plain, &hunks);
	apply(&d, context, guild_buf_str(&hunks), &made);
	guild_assert(guild_str_eq(guild_buf_str(&made), b));
	guild_text_hunks(&d, &colored, &shown);
	guild_text_diff_fini(&d);
	guild_buf_fini(&hunks);
	guild_buf_fini(&made);
	guild_buf_fini(&shown);
}

static void check_kind(struct guild_str a, struct guild_str b, enum guild_file_kind kind)
{
	struct guild_patch_style style = {.context = 3, .binary = true};
	struct guild_arena *arena = guild_arena_new();
	struct guild_buf out = {0};
	struct guild_file_diff d = {
		.name = "n",
		.old_name = "n",
		.status = GUILD_FILE_CHANGED,
		.kind = kind,
		.old = {.path = "a", .mode = S_IFREG | 0644, .size = (int64_t)a.n, .text = a},
		.new_ = {.path = "b", .mode = S_IFREG | 0644, .size = (int64_t)b.n, .text = b},
		.is_open = true,
	};

	guild_file_diff_show(&d, &style, &out);
	(void)guild_file_diff_detail(arena, &d);
	guild_buf_fini(&out);
	guild_arena_free(arena);
}

static void check_versions(struct guild_str a, struct guild_str b)
{
	struct guild_arena *arena = guild_arena_new();
	const char *x = guild_arena_strndup(arena, a.p, a.n);
	const char *y = guild_arena_strndup(arena, b.p, b.n);

	guild_assert(guild_package_version_cmp(x, y) == -guild_package_version_cmp(y, x));
	guild_assert(guild_package_version_cmp(x, x) == 0);
	guild_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	const char *part = size > 0 ? memchr(p, 0x1e, size) : NULL;
	size_t n = part ? (size_t)(part - p) : size;
	struct guild_str a = {p, n};
	struct guild_str b = {part ? part + 1 : p + n, part ? size - n - 1 : 0};

	check_text(a, b, size % CONTEXTS);
	check_text(b, a, size % CONTEXTS);
	check_kind(a, b, GUILD_KIND_NOTEBOOK);
	check_kind(a, b, GUILD_KIND_IMAGE);
	check_versions(a, b);
	return 0;
}
