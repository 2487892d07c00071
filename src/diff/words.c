/* Words that differ within lines that differ. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sequence.h"

enum {
	WORDS_MAX = 20000, /* of one change; more are not looked at */
	WORD_DISTANCE_MAX = 1000,
	ALIKE_PERCENT = 30 /* what less has in common is another line, not a changed one */
};

static int word_class(unsigned char c)
{
	if (isalnum(c) || c == '_' || c >= 0x80) {
		return 1;
	}
	return c == ' ' || c == '\t' ? 2 : 0;
}

static void add_words(struct guild_pieces *words, struct guild_str line)
{
	for (size_t from = 0; from < line.n && words->n <= WORDS_MAX;) {
		int class = word_class((unsigned char)line.p[from]);
		size_t to = from + 1;

		while (class != 0 && to < line.n &&
			word_class((unsigned char)line.p[to]) == class) {
			to++;
		}
		guild_pieces_add(words, line.p + from, to - from);
		from = to;
	}
}

static size_t bytes_of(const struct guild_pieces *words)
{
	size_t n = 0;

	for (size_t i = 0; i < words->n; i++) {
		n += words->v[i].n;
	}
	return n;
}

/* Words that follow each other make one span; spans end with their line. */
static void add_spans(const struct guild_pieces *words, size_t from, size_t n,
	struct guild_word_spans *out)
{
	for (size_t i = from; i < from + n; i++) {
		struct guild_str *last = out->n > 0 ? &out->v[out->n - 1] : NULL;

		if (words->v[i].p[0] == '\n' || words->v[i].p[0] == '\r') {
			continue;
		}
		if (last && last->p + last->n == words->v[i].p) {
			last->n += words->v[i].n;
		} else {
			out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
			out->v[out->n++] = words->v[i];
		}
	}
}

void guild_word_spans_fini(struct guild_word_spans *s)
{
	free(s->v);
	*s = (struct guild_word_spans){0};
}

void guild_text_changed_words(const struct guild_text_diff *d, size_t change,
	struct guild_word_spans *old, struct guild_word_spans *new)
{
	const struct guild_text_change *c = &d->changes[change];
	struct guild_pieces a = {0}, b = {0};
	struct guild_text_changes changes = {0};

	for (size_t i = 0; i < c->old_n && c->new_n > 0; i++) {
		add_words(&a, d->old_lines[c->old_from + i]);
	}
	for (size_t i = 0; i < c->new_n && c->old_n > 0; i++) {
		add_words(&b, d->new_lines[c->new_from + i]);
	}
	if (a.n > 0 && b.n > 0 && a.n <= WORDS_MAX && b.n <= WORDS_MAX &&
		guild_sequence_diff(&a, &b, WORD_DISTANCE_MAX, &changes)) {
		size_t total = bytes_of(&a), differ = 0;

		for (size_t i = 0; i < changes.n; i++) {
			for (size_t j = 0; j < changes.v[i].old_n; j++) {
				differ += a.v[changes.v[i].old_from + j].n;
			}
		}
		bool is_alike = (total - differ) * 100 >= total * ALIKE_PERCENT;

		for (size_t i = 0; i < changes.n && is_alike; i++) {
			add_spans(&a, changes.v[i].old_from, changes.v[i].old_n, old);
			add_spans(&b, changes.v[i].new_from, changes.v[i].new_n, new);
		}
	}
	free(changes.v);
	free(a.v);
	free(b.v);
}

unsigned guild_words_alike(struct guild_str x, struct guild_str y)
{
	struct guild_pieces a = {0}, b = {0};
	struct guild_text_changes changes = {0};
	size_t longer = x.n > y.n ? x.n : y.n;
	size_t common = x.n;

	add_words(&a, x);
	add_words(&b, y);
	if (longer == 0 || a.n > WORDS_MAX || b.n > WORDS_MAX ||
		!guild_sequence_diff(&a, &b, WORD_DISTANCE_MAX, &changes)) {
		common = 0;
	}
	for (size_t i = 0; i < changes.n && common > 0; i++) {
		for (size_t j = 0; j < changes.v[i].old_n; j++) {
			common -= a.v[changes.v[i].old_from + j].n;
		}
	}
	free(changes.v);
	free(a.v);
	free(b.v);
	return longer > 0 ? (unsigned)(common * 100 / longer) : 0;
}
