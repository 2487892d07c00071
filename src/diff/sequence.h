/* The shortest way from one list of pieces of text to another. Private to diff/. */
#ifndef GUILD_DIFF_SEQUENCE_H
#define GUILD_DIFF_SEQUENCE_H

#include "guild/diff.h"

struct guild_pieces {
	struct guild_str *v;
	size_t n, cap;
};
void guild_pieces_add(struct guild_pieces *p, const char *at, size_t n);
void guild_pieces_split_lines(struct guild_pieces *p, struct guild_str text);

struct guild_text_changes {
	struct guild_text_change *v;
	size_t n, cap;
};
/* Changes do not touch each other. False: more than distance_max pieces differ; then all of it (but what both begin and end with) is one change. */
bool guild_sequence_diff(const struct guild_pieces *a, const struct guild_pieces *b,
	int distance_max, struct guild_text_changes *out);
/* Whether `changes` lead from a to b and nothing else does. */
bool guild_sequence_fits(const struct guild_pieces *a, const struct guild_pieces *b,
	const struct guild_text_changes *changes);

/* How much of the words of the longer text the other one has, too, in percent; 0 for what is too long to tell. */
unsigned guild_words_alike(struct guild_str a, struct guild_str b);

/* Lines that differ as libgit2 finds them; false: there is no libgit2, or one that cannot be used. */
bool guild_git2_diff(struct guild_str a, struct guild_str b, struct guild_text_changes *out);

#endif
