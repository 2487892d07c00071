/* Two texts, line by line. */

#include <stdlib.h>
#include <string.h>

#include "sequence.h"

enum { BINARY_LOOK = 8000 };

bool guild_text_is_binary(struct guild_str text)
{
	/* As git decides. */
	return text.n > 0 && memchr(text.p, 0, text.n < BINARY_LOOK ? text.n : BINARY_LOOK);
}

static void find_changes(struct guild_str a, struct guild_str b, const struct guild_pieces *old,
	const struct guild_pieces *new, struct guild_text_changes *out)
{
	if (guild_str_eq(a, b)) {
		return;
	}
	if (guild_git2_diff(a, b, out)) {
		if (guild_sequence_fits(old, new, out)) {
			return;
		}
		free(out->v);
		*out = (struct guild_text_changes){0};
	}
	(void)guild_sequence_diff(old, new, GUILD_TEXT_DISTANCE_MAX, out);
}

void guild_text_diff(struct guild_str a, struct guild_str b, struct guild_text_diff *out)
{
	struct guild_pieces old = {0}, new = {0};
	struct guild_text_changes changes = {0};

	guild_pieces_split_lines(&old, a);
	guild_pieces_split_lines(&new, b);
	find_changes(a, b, &old, &new, &changes);
	*out = (struct guild_text_diff){
		.old_lines = old.v,
		.n_old = old.n,
		.new_lines = new.v,
		.n_new = new.n,
		.changes = changes.v,
		.n = changes.n,
	};
	for (size_t i = 0; i < changes.n; i++) {
		out->n_removed += changes.v[i].old_n;
		out->n_added += changes.v[i].new_n;
	}
}

void guild_text_diff_fini(struct guild_text_diff *d)
{
	free(d->old_lines);
	free(d->new_lines);
	free(d->changes);
	*d = (struct guild_text_diff){0};
}

/* ---- hunks ------------------------------------------------------------------------------------------------ */

static size_t lines_before(const struct guild_text_diff *d, size_t i, size_t context)
{
	size_t from = d->changes[i].old_from;

	return from < context ? from : context;
}

bool guild_text_next_hunk(const struct guild_text_diff *d, size_t context, struct guild_hunk *h)
{
	size_t first = h->first + h->n;

	if (first >= d->n) {
		return false;
	}
	size_t last = first;

	/* Changes with few equal lines between them make one hunk. */
	while (last + 1 < d->n && d->changes[last + 1].old_from - (d->changes[last].old_from +
									  d->changes[last].old_n) <=
					  2 * context) {
		last++;
	}
	const struct guild_text_change *c = &d->changes[last];
	size_t before = lines_before(d, first, context);
	size_t rest = d->n_old - (c->old_from + c->old_n);
	size_t after = rest < context ? rest : context;

	*h = (struct guild_hunk){
		.first = first,
		.n = last - first + 1,
		.old_from = d->changes[first].old_from - before,
		.new_from = d->changes[first].new_from - before,
	};
	h->old_n = c->old_from + c->old_n + after - h->old_from;
	h->new_n = c->new_from + c->new_n + after - h->new_from;
	return true;
}
