/* A pair of files for people: notebooks by cell, images by pixel, the rest as a patch. */

#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "notebook.h"
#include "paint.h"
#include "patch.h"

static const char *const cell_changes[] = {"added", "removed", "source", "outputs"};

/* ---- notebooks ------------------------------------------------------------------------------------------------ */

static char *cell_name(const struct guild_cell_change *c)
{
	size_t old = c->old_cell, new = c->new_cell;

	if (old && new &&old != new) {
		return guild_format("cell %zu, was %zu (%s)", new, old, c->type);
	}
	return guild_format("cell %zu (%s)", new ? new : old, c->type);
}

static void show_cell(const struct guild_cell_change *c, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	struct guild_text_diff text;
	char *name = cell_name(c);

	guild_paint_line(out, style, GUILD_PAINT_HEAD, "%s: %s%s", name, cell_changes[c->kind],
		c->kind == GUILD_CELL_SOURCE || c->kind == GUILD_CELL_OUTPUTS ? " changed" : "");
	guild_text_diff(c->old_text, c->new_text, &text);
	guild_text_hunks(&text, style, out);
	guild_text_diff_fini(&text);
	free(name);
}

static void show_metadata(const struct guild_value_changes *changes,
	const struct guild_patch_style *style, struct guild_buf *out)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct guild_value_change *c = &changes->v[i];
		struct guild_buf old = {0}, new = {0};

		if (c->old) {
			guild_yaml_dump_flow(&old, c->old);
		}
		if (c->new_) {
			guild_yaml_dump_flow(&new, c->new_);
		}
		guild_paint_line(out, style, GUILD_PAINT_HEAD, "metadata %s: %s%s%s", c->name,
			guild_buf_cstr(&old), c->old && c->new_ ? " -> " : "",
			guild_buf_cstr(&new));
		guild_buf_fini(&old);
		guild_buf_fini(&new);
	}
}

static bool show_notebook(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_notebook_diff n = {0};
	bool is_notebook = guild_notebook_diff(a, d->old.text, d->new_.text, &n, NULL) == 0;

	if (is_notebook) {
		guild_patch_head(d, style, out);
		show_metadata(&n.metadata, style, out);
		for (size_t i = 0; i < n.n; i++) {
			show_cell(&n.v[i], style, out);
		}
		if (n.n == 0 && n.metadata.n == 0) {
			guild_buf_puts(out,
				"The cells are the same: only execution counts, metadata of "
				"cells or the layout of the file differ\n");
		}
	}
	guild_notebook_diff_fini(&n);
	guild_arena_free(a);
	return is_notebook;
}

/* ---- images ----------------------------------------------------------------------------------------------------- */

static void put_image(struct guild_buf *out, const char *what, const struct guild_file_side *side)
{
	struct guild_image_size size;

	guild_buf_printf(out, "  %s: %lld bytes, SHA-1 %.12s", what, (long long)side->size,
		side->sha1);
	if (guild_image_size_read(side->text, &size)) {
		guild_buf_printf(out, ", %s %u x %u", size.format, size.width, size.height);
	}
	guild_buf_putc(out, '\n');
}

static void show_image(const struct guild_file_diff *d, struct guild_buf *out)
{
	struct guild_image_diff pixels;
	struct guild_error err = {0};

	if (d->old.mode) {
		put_image(out, "old", &d->old);
	}
	if (d->new_.mode) {
		put_image(out, "new", &d->new_);
	}
	if (!d->old.mode || !d->new_.mode || d->status == GUILD_FILE_RENAMED) {
		return;
	}
	if (guild_image_diff(d->old.text, d->new_.text, &pixels, &err) == 0) {
		guild_buf_printf(out,
			"  %zu of %zu pixels differ (%.3g%%); largest difference of a channel %u of 255, mean %.3g\n",
			pixels.n_differ, pixels.n_pixels,
			pixels.n_pixels > 0
				? 100.0 * (double)pixels.n_differ / (double)pixels.n_pixels
				: 0.0,
			pixels.largest, pixels.mean);
	} else {
		guild_buf_printf(out, "  pixels are not compared: %s\n", err.text);
	}
}

static void show_binary(const struct guild_file_diff *d, struct guild_buf *out)
{
	if (d->old.mode && d->new_.mode) {
		guild_buf_printf(out, "  %lld -> %lld bytes\n", (long long)d->old.size,
			(long long)d->new_.size);
	} else {
		guild_buf_printf(out, "  %lld bytes\n",
			(long long)(d->old.mode ? d->old.size : d->new_.size));
	}
	if (d->kind == GUILD_KIND_LARGE) {
		guild_buf_printf(out, "  what is larger than %d MiB is not compared line by line\n",
			GUILD_DIFF_FILE_MAX >> 20);
	}
}

/* ---- public ------------------------------------------------------------------------------------------------------- */

void guild_file_diff_show(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out)
{
	if (d->kind == GUILD_KIND_NOTEBOOK && d->status != GUILD_FILE_RENAMED &&
		show_notebook(d, style, out)) {
		return;
	}
	guild_file_diff_patch(d, style, out);
	if (d->kind == GUILD_KIND_IMAGE) {
		show_image(d, out);
	} else if (d->kind == GUILD_KIND_BINARY || d->kind == GUILD_KIND_LARGE) {
		show_binary(d, out);
	}
}

/* ---- details as values -------------------------------------------------------------------------------------------- */

static struct guild_value *cells_value(struct guild_arena *a, const struct guild_notebook_diff *n)
{
	struct guild_value *list = guild_value_list(a);

	for (size_t i = 0; i < n->n; i++) {
		const struct guild_cell_change *c = &n->v[i];
		struct guild_value *item = guild_value_dict(a);

		guild_value_set(a, item, "change", guild_value_string(a, cell_changes[c->kind]));
		guild_value_set(a, item, "type", guild_value_string(a, c->type));
		guild_value_set(a, item, "old_cell",
			c->old_cell ? guild_value_int(a, (int64_t)c->old_cell)
				    : guild_value_null(a));
		guild_value_set(a, item, "new_cell",
			c->new_cell ? guild_value_int(a, (int64_t)c->new_cell)
				    : guild_value_null(a));
		guild_value_set(a, item, "old",
			guild_value_string_n(a, c->old_text.p, c->old_text.n));
		guild_value_set(a, item, "new",
			guild_value_string_n(a, c->new_text.p, c->new_text.n));
		guild_value_append(a, list, item);
	}
	return list;
}

static void image_value(struct guild_arena *a, const char *name, const struct guild_file_side *side,
	struct guild_value *out)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_image_size size;

	if (side->mode && guild_image_size_read(side->text, &size)) {
		guild_value_set(a, v, "format", guild_value_string(a, size.format));
		guild_value_set(a, v, "width", guild_value_int(a, size.width));
		guild_value_set(a, v, "height", guild_value_int(a, size.height));
		guild_value_set(a, out, name, v);
	}
}

static void images_value(struct guild_arena *a, const struct guild_file_diff *d,
	struct guild_value *out)
{
	struct guild_image_diff pixels;
	struct guild_value *v = guild_value_dict(a);

	image_value(a, "old_image", &d->old, out);
	image_value(a, "new_image", &d->new_, out);
	if (d->old.mode && d->new_.mode &&
		guild_image_diff(d->old.text, d->new_.text, &pixels, NULL) == 0) {
		guild_value_set(a, v, "n_pixels", guild_value_int(a, (int64_t)pixels.n_pixels));
		guild_value_set(a, v, "n_differ", guild_value_int(a, (int64_t)pixels.n_differ));
		guild_value_set(a, v, "largest", guild_value_int(a, pixels.largest));
		guild_value_set(a, v, "mean", guild_value_float(a, pixels.mean));
		guild_value_set(a, out, "pixels", v);
	}
}

struct guild_value *guild_file_diff_detail(struct guild_arena *a, const struct guild_file_diff *d)
{
	struct guild_value *out = guild_value_dict(a);
	struct guild_notebook_diff n = {0};

	if (d->kind == GUILD_KIND_NOTEBOOK &&
		guild_notebook_diff(a, d->old.text, d->new_.text, &n, NULL) == 0) {
		guild_value_set(a, out, "cells", cells_value(a, &n));
	} else if (d->kind == GUILD_KIND_IMAGE) {
		images_value(a, d, out);
	}
	guild_notebook_diff_fini(&n);
	return out;
}
