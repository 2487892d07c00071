/*
 * libgit2, loaded on first use: its lines of hunks, found with git's own algorithm and its rules of what belongs together. Its
 * headers are no build dependency; the layouts below are those of its versions 1.x, and what it answers is checked.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "sequence.h"

enum {
	OPTIONS_VERSION = 1,
	CONTEXT_DEFAULT = 3,
	DIFF_INDENT_HEURISTIC = 1 << 18,
	DIFF_FORCE_TEXT = 1 << 20,
};

/* struct git_diff_options up to the fields that are set; it is longer. */
struct options {
	unsigned version;
	uint32_t flags;
	int ignore_submodules;
	struct {
		char **strings;
		size_t count;
	} pathspec;
	void *notify, *progress, *payload;
	uint32_t context_lines, interhunk_lines;
	char rest[192];
};

struct hunk {
	int old_start, old_lines, new_start, new_lines;
	size_t header_len;
	char header[128];
};

typedef int on_hunk_fn(const void *delta, const struct hunk *hunk, void *payload);

struct library {
	int (*init)(void);
	int (*options_init)(struct options *options, unsigned version);
	int (*diff_buffers)(const void *old, size_t n_old, const char *old_path, const void *new,
		size_t n_new, const char *new_path, const struct options *options, void *on_file,
		void *on_binary, on_hunk_fn *on_hunk, void *on_line, void *payload);
};

/* It stays loaded: whoever compares one text compares more. */
static bool load(struct library *lib)
{
	static const char *const names[] = {"libgit2.so.1.5", "libgit2.so.1.7", "libgit2.so.1.8",
		"libgit2.so.1.9", "libgit2.so.1.1"};
	void *handle = NULL;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names) && !handle; i++) {
		handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	}
	if (!handle) {
		return false;
	}
	*(void **)&lib->init = dlsym(handle, "git_libgit2_init");
	*(void **)&lib->options_init = dlsym(handle, "git_diff_options_init");
	*(void **)&lib->diff_buffers = dlsym(handle, "git_diff_buffers");
	return lib->init && lib->options_init && lib->diff_buffers && lib->init() >= 0;
}

/* A range of no lines is said by the line before it. */
static size_t first_line(int start, int n)
{
	return (size_t)(n == 0 ? start : start - 1);
}

static int on_hunk(const void *delta, const struct hunk *h, void *payload)
{
	struct guild_text_changes *out = payload;

	(void)delta;
	if (h->old_start < 0 || h->new_start < 0 || h->old_lines < 0 || h->new_lines < 0 ||
		(h->old_lines > 0 && h->old_start == 0) ||
		(h->new_lines > 0 && h->new_start == 0)) {
		return -1;
	}
	out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct guild_text_change){
		.old_from = first_line(h->old_start, h->old_lines),
		.old_n = (size_t)h->old_lines,
		.new_from = first_line(h->new_start, h->new_lines),
		.new_n = (size_t)h->new_lines,
	};
	return 0;
}

bool guild_git2_diff(struct guild_str a, struct guild_str b, struct guild_text_changes *out)
{
	struct library lib = {0};
	struct options options = {0};
	struct guild_text_changes found = {0};

	if (!load(&lib) || lib.options_init(&options, OPTIONS_VERSION) != 0 ||
		options.context_lines != CONTEXT_DEFAULT) {
		return false;
	}
	options.flags |= DIFF_FORCE_TEXT | DIFF_INDENT_HEURISTIC;
	options.context_lines = 0;
	options.interhunk_lines = 0;
	if (lib.diff_buffers(a.p ? a.p : "", a.n, NULL, b.p ? b.p : "", b.n, NULL, &options, NULL,
		    NULL, on_hunk, NULL, &found) != 0) {
		free(found.v);
		return false;
	}
	*out = found;
	return true;
}
