/* Automatic rules: scalars in what real programs print, without a pattern. docs/guide/scalars.md says what they read. */
#ifndef COLLECT_AUTO_H
#define COLLECT_AUTO_H

#include "collect_private.h"

struct guild_auto;
struct guild_auto *guild_auto_new(void);
void guild_auto_free(struct guild_auto *a);
/* True while any line may belong to what the lines before it began, and line marks say nothing. */
bool guild_auto_wants_every_line(const struct guild_auto *a);
/* False for a raw line that no rule can read; `flags` are those of guild_line_scan. */
bool guild_auto_may_match(const struct guild_auto *a, const char *p, size_t n, unsigned flags);
/* The step that the last bar named, -1 for none: what is printed beside a bar belongs to it. */
int64_t guild_auto_bar_step(const struct guild_auto *a);
/* Reads a clean line; `running` is the step of the lines before, -1 for none. */
void guild_auto_line(struct guild_auto *a, struct guild_str line, int64_t running,
	struct found *found);
/* True for a clean line that is a progress bar. */
bool guild_auto_is_bar(struct guild_str line);
/* Reads a state of a line that was overwritten later. */
void guild_auto_redraw(struct guild_auto *a, struct guild_str line, int64_t running);
/* The values of a finished bar that were not told yet, unless `next` (NULL: the end) says that they may change. They belong to the step
 * found->step (-1: the running one); *is_named: a step the bar itself names. */
bool guild_auto_settle(struct guild_auto *a, const struct guild_str *next, struct found *found,
	bool *is_named);

/* ---- words and keys (auto_words.c) ---------------------------------------------------------------- */

/* What a word can mean; case does not count. */
enum {
	WORD_METRIC = 1 << 0,   /* what is measured: "loss", "Accuracy" */
	WORD_NUMBERED = 1 << 1, /* the same with a number: "F1", "top5" */
	WORD_GLOBAL = 1 << 2,   /* names of steps, from the best */
	WORD_ITERATION = 1 << 3,
	WORD_EPOCH = 1 << 4,
	WORD_BATCH = 1 << 5,
	WORD_PREPOSITION = 1 << 6, /* the key is on one side of it */
	WORD_VERB = 1 << 7,        /* makes a sentence */
	WORD_TIME = 1 << 8,        /* never a scalar */
	WORD_COUNT = 1 << 9,       /* no scalar unless it counts a measure */
	WORD_UNIT = 1 << 10,       /* makes the number before it a time, a size or a rate */
	WORD_PHASE = 1 << 11,      /* "train", "val" */
	WORD_LEVEL = 1 << 12,      /* of logging */
	WORD_SETTING = 1 << 13,    /* a value of a setting */
	WORD_BEGIN = 1 << 14,      /* "Starting epoch 3" */
	WORD_PLACE = 1 << 15,      /* keys of dictionaries that place a line in time */
	WORD_ALL = 1 << 16,        /* the label of a row that sums up */
};
/* The meanings of exactly this word. */
unsigned guild_auto_exact(struct guild_str word);
/* The same with what its parts say: "val_loss" is a measure, "it/s" a unit. */
unsigned guild_auto_word(struct guild_str word);
bool guild_auto_is_metric(struct guild_str word);
/* How well the meanings of a word name a step; more is better. */
enum { STEP_NONE, STEP_BATCH, STEP_EPOCH, STEP_ITERATION, STEP_GLOBAL };
int guild_auto_step_rank(unsigned meaning);
/* True for names of times, sizes, rates, counts, versions: never scalars in text made for people. */
bool guild_auto_is_denied(struct guild_str key);
/* Replaces out by a key made of the words of a text ("Val. loss" is "Val_loss"); false when nothing is left that a key could be. */
bool guild_auto_key(struct guild_str text, struct guild_buf *out);

/* ---- tokens (auto_tokens.c) -------------------------------------------------------------------------- */

enum token_kind {
	TOKEN_WORD,
	TOKEN_NUMBER,
	TOKEN_QUANTITY, /* a number with a unit grown to it: 0.04s, 12it/s, 3GB */
	TOKEN_JUNK,     /* dates, times of day, versions, addresses */
	TOKEN_MARK,     /* one character */
};
struct token {
	enum token_kind kind;
	struct guild_str text;
	double value;
	unsigned word; /* meanings of a TOKEN_WORD, 0 for others */
	bool is_integer;
	bool has_percent;
	bool is_spaced; /* white space before it */
	char mark;      /* of TOKEN_MARK */
};
enum { TOKENS_MAX = 600 };
struct tokens {
	struct token v[TOKENS_MAX + 1]; /* one mark 0 after the last */
	size_t n;
};
void guild_auto_tokenize(struct guild_str line, struct tokens *out);
/* Where the message starts behind what logging puts before it. */
size_t guild_auto_message(const struct tokens *t);
/* Reads a number at the start of the text: its length, or 0. inf and nan count. */
size_t guild_auto_number(struct guild_str text, double *value, bool *is_integer);
/* Reads "Epoch 3/10", "step=5", "[Epoch 3]" at token `at`: how many tokens, or 0. */
struct step_mark {
	size_t n;
	int rank;
	int64_t step;
	bool is_part; /* of a total: "100/600" */
};
struct step_mark guild_auto_step_mark(const struct tokens *t, size_t at);

/* ---- rules --------------------------------------------------------------------------------------------- */

/* The best step seen in a line so far. */
struct step_choice {
	int rank;
	int64_t step;
	bool is_part;
	int64_t epoch; /* -1: none */
};
void guild_auto_choose_step(struct step_choice *c, struct step_mark m);

/* Each returns true when the line was its own, whether or not it found values. `t` are the tokens of the line. */
bool guild_auto_dict(struct guild_str line, const struct tokens *t, struct found *found);
void guild_auto_sentence(const struct tokens *t, struct found *found);
/* All pairs and steps of a text that is known to hold figures. */
void guild_auto_figures(const struct tokens *t, const char *rule, struct found *found,
	struct step_choice *step);

struct table;
struct table *guild_table_new(void);
void guild_table_free(struct table *t);
bool guild_table_is_open(const struct table *t);
bool guild_table_in_box(const struct table *t);
bool guild_table_line(struct table *t, struct guild_str line, struct found *found);

/* A progress bar as it is drawn. */
struct bar {
	bool is_keras, is_rich;
	bool is_line;            /* printed once, not redrawn */
	struct guild_str before; /* what it is about */
	struct guild_str after;  /* figures */
	int64_t at, total;       /* -1: not said */
};
bool guild_bar_parse(struct guild_str line, struct bar *out);

#endif
