/*
 * What differs: texts, values, packages, files and series of two runs; columns and effects of flags over many. Knows store, collect, run, formats.
 */
#ifndef GUILD_DIFF_H
#define GUILD_DIFF_H

#include <guild/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- packages ---------------------------------------------------------------------------------------- */

struct guild_installed_package {
	const char *key;     /* what is compared: lower case, '-' for '_' and '.' */
	const char *name;    /* as it was written */
	const char *version; /* or the place it came from */
};
struct guild_installed { /* sorted by key */
	struct guild_installed_package *v;
	size_t n;
};
/* The packages of attribute pip_freeze: "NAME==VERSION", "NAME @ PLACE", "-e PLACE#egg=NAME". NULL and what is no list: none. */
void guild_installed_read(struct guild_arena *a, const struct guild_value *freeze,
	struct guild_installed *out);
/* Order of two versions as far as their releases, pre-releases and post-releases tell (PEP 440). */
int guild_package_version_cmp(const char *a, const char *b);

enum guild_package_change_kind {
	GUILD_PACKAGE_ADDED,
	GUILD_PACKAGE_REMOVED,
	GUILD_PACKAGE_UPGRADED,
	GUILD_PACKAGE_DOWNGRADED,
	GUILD_PACKAGE_CHANGED, /* places, or versions that are equal in rank */
};
const char *guild_package_change_name(enum guild_package_change_kind k);
struct guild_package_change {
	const char *name, *old, *new_; /* versions, NULL: not installed */
	enum guild_package_change_kind kind;
};
struct guild_package_changes {
	struct guild_package_change *v;
	size_t n;
};
/* Between two attributes pip_freeze, by name. */
void guild_package_changes(struct guild_arena *a, const struct guild_value *old,
	const struct guild_value *new_, struct guild_package_changes *out);

/* ---- values ----------------------------------------------------------------------------------------------- */

struct guild_value_change {
	const char
		*name; /* of a nested value: "op-cmd.cmd-env.A"; of an item of a list: "names[]" */
	const struct guild_value *old, *new_; /* NULL: was not there, is not there */
};
struct guild_value_changes {
	struct guild_value_change *v;
	size_t n, cap;
};
/* Appends what differs between two mappings (NULL: empty), keys sorted; lists that both have something the other lacks, or only one
 * does, by item. Lives in `a`, but for the values. */
void guild_value_changes(struct guild_arena *a, const struct guild_value *old,
	const struct guild_value *new_, struct guild_value_changes *out);
void guild_value_changes_fini(struct guild_value_changes *c);

enum guild_run_part {
	GUILD_PART_FLAGS,
	GUILD_PART_ENV,
	GUILD_PART_TELLING_ENV, /* without what guild gives each run */
	GUILD_PART_DEPS,
	GUILD_PART_INPUTS,  /* the content of inputs, by hash */
	GUILD_PART_TELLING, /* attributes that tell how a run came about */
	GUILD_PART_ATTRS,   /* all of them */
};
/* Appends what the records of two runs say differently; keep `out` no longer than `a`. Fails for a damaged attribute. */
int guild_run_changes(struct guild_arena *a, const struct guild_run *old,
	const struct guild_run *new_, enum guild_run_part part, struct guild_value_changes *out,
	struct guild_error *err);

/* ---- series ----------------------------------------------------------------------------------------------- */

struct guild_series_point {
	int64_t step;
	double old, new_; /* NAN where has_* is false, and where NaN was written */
	bool has_old, has_new;
};
/* A scalar of two runs, step by step; of several values at a step the last one written counts. */
struct guild_series_diff {
	const char *key;                       /* as shown to users */
	struct guild_scalar_summary old, new_; /* count 0: the run lacks it */
	struct guild_series_point *points;     /* by step */
	size_t n_points, n_differ; /* in all; where the values differ or one is missing */
	int64_t first_step;        /* where they first differ, when n_differ > 0 */
	double largest; /* difference new - old of the largest size; 0 without common steps */
	int64_t largest_step;
};
struct guild_series_diffs { /* by key */
	struct guild_series_diff *v;
	size_t n;
};
/* All scalars that differ, those of the system (sys/) too when `with_system`. */
int guild_series_diffs(struct guild_arena *a, const struct guild_run *old,
	const struct guild_run *new_, bool with_system, struct guild_series_diffs *out,
	const struct guild_log *log, struct guild_error *err);

/* ---- many runs ------------------------------------------------------------------------------------------ */

/* guild compare --changed: leaves out the columns that are the same in every row, but "run", and adds those attributes that are not:
 * source code, commit, host, user, interpreter, processor, attributes of the operation's own, inputs and packages. */
void guild_compare_keep_changed(const struct guild_runs *runs, struct guild_compare_table *t,
	const struct guild_log *log);

/* ---- which flag changes go with which metric changes (guild explain-diff) ----------------------------------- */

/* Runs that agree in all flags but one, before and after; of several runs with the same flags the mean. */
struct guild_matched_change {
	const struct guild_value *from, *to; /* values of the flag; NULL: it was not set */
	size_t n, n_up, n_down;              /* pairs, and in how many the metric rose or fell */
	double mean, least, most;            /* change of the metric */
};
struct guild_effect {
	const char *flag, *metric;
	bool is_numeric;
	size_t n, n_values; /* runs that have both; distinct values of the flag among them */
	/* Numeric flags: Spearman's rank correlation, and the slope with both in standard deviations. Else NAN. */
	double rank_correlation, slope;
	/* The values of the flag with the lowest and the highest mean of the metric (numeric: lowest and highest value). */
	const struct guild_value *low, *high;
	double low_mean, high_mean;
	size_t n_low, n_high;
	bool has_interval; /* 95 % (Welch), of high_mean - low_mean: two values only, as more would have been chosen after the fact */
	double interval_low, interval_high;
	double p; /* by permutation; NAN: the metric does not vary, or there are too few runs */
	double q; /* the same adjusted for how many were looked at (Benjamini and Hochberg) */
	struct guild_matched_change *matched; /* by values */
	size_t n_matched;
	size_t n_pairs, n_pairs_up, n_pairs_down; /* of all of them, from lower to higher value */
	double p_matched; /* by permutation among runs that agree in all other flags; NAN: there are none */
	double q_matched;
};
/* Flags that vary so much together that their effects cannot be told apart. */
struct guild_confounded {
	const char *a, *b;
	double alike; /* 0..1 */
};
struct guild_effects {
	size_t n_runs, n_flags, n_metrics;
	struct guild_effect *v; /* by metric, then the smaller p */
	size_t n;
	struct guild_confounded *confounded;
	size_t n_confounded;
	size_t n_not_finite;                /* values of metrics left out: NaN, infinite */
	size_t n_operations, n_sourcecodes; /* distinct ones among the runs */
};
enum {
	GUILD_EFFECTS_RUNS_FEW = 8, /* below it nothing is claimed */
	GUILD_EFFECTS_PERMUTATIONS = 9999,
	GUILD_EFFECTS_CONFOUNDED_PERCENT = 70,
	GUILD_EFFECTS_MAX = 20000, /* pairs of a flag and a metric */
};
struct guild_effects_request {
	const struct guild_cols *metrics; /* or NULL: the last values of all scalars */
	bool all_scalars;                 /* those of the system, too */
	size_t n_permutations;            /* 0: GUILD_EFFECTS_PERMUTATIONS */
	uint64_t seed;
	void (*on_step)(void *arg, size_t done, size_t total); /* or NULL */
	void *arg;
};
/* Batches are passed over. GUILD_ENOTFOUND: no flag varies, or no run has a metric that does; GUILD_ELIMIT: more than
 * GUILD_EFFECTS_MAX pairs of flag and metric. Everything lives in `a`. */
int guild_effects_find(struct guild_arena *a, const struct guild_runs *runs,
	const struct guild_effects_request *req, struct guild_effects *out,
	const struct guild_log *log, struct guild_error *err);

/* ---- texts ------------------------------------------------------------------------------------------------ */

/* Lines [old_from, old_from + old_n) became [new_from, new_from + new_n), counted from 0. */
struct guild_text_change {
	size_t old_from, old_n, new_from, new_n;
};
/* The lines borrow from the texts; a line holds its line end. */
struct guild_text_diff {
	struct guild_str *old_lines, *new_lines;
	size_t n_old, n_new;
	struct guild_text_change *changes; /* in order, never touching */
	size_t n;
	size_t n_removed, n_added; /* lines */
};
enum { GUILD_TEXT_DISTANCE_MAX = 2000 };
/* As git finds it where libgit2 is installed; else the shortest way, where no more than GUILD_TEXT_DISTANCE_MAX lines differ: what
 * differs more is one change. */
void guild_text_diff(struct guild_str a, struct guild_str b, struct guild_text_diff *out);
void guild_text_diff_fini(struct guild_text_diff *d);
/* A NUL among its first 8000 bytes, as git has it. */
bool guild_text_is_binary(struct guild_str text);

/* Changes and the lines around them. */
struct guild_hunk {
	size_t first, n; /* of the changes */
	size_t old_from, old_n, new_from, new_n;
};
/* The hunk after *h, which starts zeroed; false: there is none. `context` is the same each time. */
bool guild_text_next_hunk(const struct guild_text_diff *d, size_t context, struct guild_hunk *h);

/* Parts of lines, in order. */
struct guild_word_spans {
	struct guild_str *v;
	size_t n, cap;
};
/* Appends the words of the lines of a change that differ; none where the lines have little in common, or are too many. */
void guild_text_changed_words(const struct guild_text_diff *d, size_t change,
	struct guild_word_spans *old, struct guild_word_spans *new_);
void guild_word_spans_fini(struct guild_word_spans *s);

enum { GUILD_PATCH_CONTEXT = 3 }; /* lines around a change, where nobody asks otherwise */
struct guild_patch_style {
	bool color;  /* for a terminal: colours, words that differ marked, nothing it would obey */
	bool binary; /* binary files are in the patch, as `git diff --binary` writes them */
	size_t context; /* lines around a change */
};
/* Hunks of a unified diff, without a head. */
void guild_text_hunks(const struct guild_text_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out);
/* A unified diff of two texts, with three lines around each change; nothing is appended for equal texts. */
void guild_line_diff(struct guild_str a, struct guild_str b, const char *a_name, const char *b_name,
	struct guild_buf *out);

/* ---- files ------------------------------------------------------------------------------------------------ */

/* Files by name. Everything lives in the arena they were made with. */
struct guild_file_set_entry {
	const char *name; /* relative, as shown */
	const char *path;
};
struct guild_file_set { /* sorted by name */
	struct guild_file_set_entry *v;
	size_t n, cap;
};
void guild_file_set_fini(struct guild_file_set *s);
void guild_file_set_add(struct guild_arena *a, struct guild_file_set *s, const char *name,
	const char *path);
/* After adding: by name, the first of equal names is kept. */
void guild_file_set_sort(struct guild_file_set *s);
/* Every file below `root` (or `root` itself, named `prefix`), links to directories as links; ".guild" and ".git" of the root are left
 * out. Names begin with `prefix` ("": nothing). A missing root has no files. GUILD_EINVALID: nested too deeply. */
int guild_file_set_walk(struct guild_arena *a, const char *root, const char *prefix,
	struct guild_file_set *out, struct guild_error *err);
/* The source code of a run by its manifest, or what is below `dir` where that says nothing and `dir` is not the run's own. */
int guild_file_set_source(struct guild_arena *a, const struct guild_run *r, const char *dir,
	struct guild_file_set *out, struct guild_error *err);
/* What a run made: neither source code, nor inputs, nor event files. */
int guild_file_set_generated(struct guild_arena *a, const struct guild_run *r,
	struct guild_file_set *out, struct guild_error *err);

enum guild_file_status {
	GUILD_FILE_ADDED,
	GUILD_FILE_REMOVED,
	GUILD_FILE_CHANGED,
	GUILD_FILE_RENAMED, /* with the same content */
};
char guild_file_status_letter(enum guild_file_status s); /* A D M R */
const char *guild_file_status_name(enum guild_file_status s);
enum guild_file_kind {
	GUILD_KIND_TEXT,
	GUILD_KIND_BINARY,
	GUILD_KIND_IMAGE,
	GUILD_KIND_NOTEBOOK,
	GUILD_KIND_LINK,  /* what a link points to is compared */
	GUILD_KIND_LARGE, /* larger than GUILD_DIFF_FILE_MAX: only told to differ */
};
const char *guild_file_kind_name(enum guild_file_kind k);
enum { GUILD_DIFF_FILE_MAX = 64 << 20 };

struct guild_file_side {
	const char *path; /* NULL: there is none */
	unsigned mode;    /* as lstat says, for a link to a file that file's */
	int64_t size;
	struct guild_str text; /* the content while it is open, or what the link points to */
	char sha1[41];         /* of a git blob; "" for what was not read */
};
/* A pair of files that differ. */
struct guild_file_diff {
	const char *name, *old_name; /* old_name differs where it was renamed */
	enum guild_file_status status;
	enum guild_file_kind kind;
	struct guild_file_side old, new_;
	bool is_open;
	struct guild_text_diff text; /* texts (and notebooks) while it is open */
	size_t n_added, n_removed;   /* lines, once it was open */
	struct guild_buf buffers[2];
};
struct guild_file_diffs {
	struct guild_file_diff *v;
	size_t n, cap;
};
void guild_file_diffs_fini(struct guild_file_diffs *d);
/* Pairs by name whose content or permission to execute differs, in the order of names. What is gone under one name and came under
 * another with the same content was renamed. What cannot be read is a warning, and differs. */
void guild_file_sets_diff(struct guild_arena *a, const struct guild_file_set *old,
	const struct guild_file_set *new_, struct guild_file_diffs *out,
	const struct guild_log *log);
/* Reads the pair and finds what kind it is, and which lines differ. May be called again after closing. GUILD_EIO: it cannot be read. */
int guild_file_diff_open(struct guild_file_diff *d, struct guild_error *err);
void guild_file_diff_close(struct guild_file_diff *d);
/* Finds the kind of a pair and how many lines differ, reading no more of binary files than their first bytes. */
int guild_file_diff_count(struct guild_file_diff *d, struct guild_error *err);
/* An open pair as `git diff` would print it, which `git apply` and `patch` read. */
void guild_file_diff_patch(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out);

/* The same for people: notebooks by cell, images with their sizes and how many pixels differ. */
void guild_file_diff_show(const struct guild_file_diff *d, const struct guild_patch_style *style,
	struct guild_buf *out);
/* What is known beyond lines, as values: "cells" of a notebook; "old_image", "new_image" and "pixels" of images. */
struct guild_value *guild_file_diff_detail(struct guild_arena *a, const struct guild_file_diff *d);

#ifdef __cplusplus
}
#endif

#endif
