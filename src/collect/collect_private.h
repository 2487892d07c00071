/* What the files of this room share. */
#ifndef COLLECT_PRIVATE_H
#define COLLECT_PRIVATE_H

#include <guild/collect.h>

enum {
	GUILD_PATTERN_MAX = 16 << 10, /* bytes of one pattern */
	GUILD_LINE_MAX = 64 << 10,    /* bytes of a line that are looked at */
	GUILD_LINE_VALUES_MAX = 1000, /* values of one line */
};

/* ---- lines (line*.c, fold.c) -------------------------------------------------------------------- */

/* What a line holds, found in one pass. */
enum {
	LINE_DIGIT = 1,
	LINE_COLON = 2,
	LINE_EQUALS = 4,
	LINE_COLUMNS = 8, /* two blanks, a tab or '|': what separates columns */
	LINE_ODD = 16,    /* anything but printable ASCII and tabs */
	LINE_IS = 64,     /* "is", as in "accuracy is 0.9" */
	LINE_STEP = 32,   /* "po" or "te", as in epoch, step and iteration */
};
unsigned guild_line_scan(const char *p, size_t n);

/* What a line must hold, at the least, for anybody to find something in it (line_marks.c). */
struct line_marks {
	bool is_every_line; /* nothing: each line is to be looked at */
	bool has_automatic; /* the automatic rules are in force */
	char required[4];   /* by patterns */
	size_t n_required;
};
/* Adds a character that lines with matches of a pattern hold; 0: none is known. */
void guild_line_marks_require(struct line_marks *m, char c);
/* Where the first mark is, or n. A line without a mark from its first to its last byte holds nothing, unless is_every_line. */
size_t guild_line_find_mark(const struct line_marks *m, const char *p, size_t n);
/* Length without trailing white space as Python's str.rstrip sees it. */
size_t guild_line_trimmed(const char *p, size_t n);
/* The length in bytes of the white space character (as Python's str.isspace) at p, or 0. */
size_t guild_line_space(const char *p, size_t n);
/* Replaces out by the text of `raw` that scalars are read from: escape sequences, bytes that are no UTF-8 and control characters
 * below 9 left out, what was overwritten by carriage returns dropped, trailing blanks stripped. */
void guild_line_clean(struct guild_str raw, struct guild_buf *out);

/* ---- values found in a line ------------------------------------------------------------------------ */

struct found_value {
	size_t key_at; /* into found->keys, NUL-terminated */
	double value;
	const char *rule;
};
struct found {
	struct found_value *v;
	size_t n, cap;
	struct guild_buf keys;
	int64_t step;  /* set by the line, -1: not */
	bool has_step; /* a step was said, and as this number */
	double step_value;
};
void guild_found_reset(struct found *f);
void guild_found_fini(struct found *f);
/* Adds or overrides; the key "step" sets the step instead. */
void guild_found_put(struct found *f, struct guild_str key, double value, const char *rule);
const char *guild_found_key(const struct found *f, size_t i);
void guild_found_sort(struct found *f);
int64_t guild_step_of(double v); /* truncated, kept within int64_t */

/* ---- patterns (pattern*.c) --------------------------------------------------------------------------- */

/* Writes a Python pattern as PCRE2 reads it; `names` gets one entry for each group, "" for a group without a name. */
int guild_pattern_translate(struct guild_str pattern, struct guild_buf *out,
	struct guild_strs *names, struct guild_error *err);
/* The text after \key, \value and \step were replaced. */
void guild_pattern_substitute(const char *pattern, struct guild_buf *out);

struct guild_pattern;
/* `key` may be NULL: a pattern without a name. */
int guild_pattern_new(const char *key, const char *text, struct guild_pattern **out,
	struct guild_error *err);
void guild_pattern_free(struct guild_pattern *p);
const char *guild_pattern_text(const struct guild_pattern *p);   /* as written */
const char *guild_pattern_source(const struct guild_pattern *p); /* substituted */
/* A character every line with a match holds, or 0 when none is known. */
char guild_pattern_required(const struct guild_pattern *p);
/* How the groups become values is decided when the pattern is compiled; this says what is wrong with them, or NULL. */
const char *guild_pattern_complaint(const struct guild_pattern *p);
/* All values of a clean line. When `tuples` is not NULL it gets the groups of each match as Python prints them. False when matching
 * was given up because it took too long. */
bool guild_pattern_find(const struct guild_pattern *p, struct guild_str line, struct found *found,
	struct guild_buf *tuples);

/* The attribute op.output-scalars, read. */
struct scalar_config {
	struct guild_pattern **patterns;
	size_t n, cap;
	bool has_default; /* the default patterns */
	bool has_automatic;
};
/* What is wrong goes to `log` as warnings and is left out. Release with guild_scalar_config_fini. */
void guild_scalar_config_read(const struct guild_value *value, bool allow_auto,
	struct scalar_config *out, const struct guild_log *log);
void guild_scalar_config_fini(struct scalar_config *c);
void guild_scalar_config_add(struct scalar_config *c, const char *key, const char *text,
	const struct guild_log *log);

/* Appends patterns for guild.yml that find what automatic rules find in the text; nothing where they find nothing. */
void guild_propose_patterns(struct guild_str text, struct guild_buf *out);

/* The default patterns (scalars.md 1.3) without a regular expression engine; `line` is clean. */
extern const char guild_default_step_pattern[];
extern const char guild_default_value_pattern[];
bool guild_default_may_match(const char *p, size_t n, unsigned flags);
void guild_default_find(struct guild_str line, struct found *found);

/* ---- event files of a run (scalars_read.c) ------------------------------------------------------------- */

/* Event files of one directory, sorted; `prefix` is the directory's path below the run. */
typedef void guild_event_dir_fn(void *arg, const char *dir, const char *prefix,
	const struct guild_strs *files);
/* Every directory of a run that has event files; linked ones only where they are runs. */
void guild_event_dirs_walk(const char *run_dir, guild_event_dir_fn *fn, void *arg);
/* Reads those files one after another; what is damaged is a warning. */
void guild_event_dir_read(const char *dir, const struct guild_strs *files, guild_event_fn *fn,
	void *arg, const struct guild_log *log);

#endif
