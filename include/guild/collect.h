/*
 * What a run tells while it runs and after: scalars in its output, event files, figures of the system. Knows run, formats.
 */
#ifndef GUILD_COLLECT_H
#define GUILD_COLLECT_H

#include <guild/run.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- output scalars (scalars.md 1) ------------------------------------------------------------------- */

/* Reads scalars from lines of output. One thread. */
struct guild_output_scalars;

/* One value found in a line. */
struct guild_output_scalar {
	const char *key; /* lives until the next line */
	double value;
	int64_t step; /* -1: none seen yet */
	/* the pattern as written, or the automatic rule that found it ("keras", "dict", …) */
	const char *rule;
};
typedef void guild_output_scalar_fn(void *arg, const struct guild_output_scalar *s);

/* `config` is the normalised attribute op.output-scalars: NULL/null = default patterns (automatic rules step in where they find
 * nothing, when `allow_auto`), false or [] = none, "auto" or a list holding "auto" = automatic rules, else the list of patterns and
 * {NAME: PATTERN}. `flags` (may be NULL): keys equal to a flag name are ignored with default patterns and automatic rules.
 * A bad pattern is a warning to `log` and left out. */
int guild_output_scalars_new(const struct guild_value *config, bool allow_auto,
	const struct guild_value *flags, struct guild_output_scalars **out,
	const struct guild_log *log, struct guild_error *err);
void guild_output_scalars_free(struct guild_output_scalars *p);
/* Output of one stream (0: standard output, 1: standard error) as it comes, in pieces of any size: finds the lines itself, passes over what
 * cannot hold a scalar at the speed of memory, and reads progress bars that are redrawn on one line as they are redrawn. Lines longer than 64 KiB are
 * read up to there. Calls `fn` as guild_output_scalars_line does. Use either this or guild_output_scalars_line. */
void guild_output_scalars_feed(struct guild_output_scalars *p, unsigned stream,
	struct guild_str bytes, guild_output_scalar_fn *fn, void *arg);
/* One line without its line end, bytes as written; ANSI codes and carriage-return overwrites are folded inside. Calls `fn` for
 * every scalar of the line, keys sorted. */
void guild_output_scalars_line(struct guild_output_scalars *p, struct guild_str line,
	guild_output_scalar_fn *fn, void *arg);
/* End of output: a last line without line end is read, and automatic rules that wait for a second line may still report. */
void guild_output_scalars_end(struct guild_output_scalars *p, guild_output_scalar_fn *fn,
	void *arg);
/* Which rules found something so far: dict rule -> {count, keys}; NULL when none did. */
struct guild_value *guild_output_scalars_report(const struct guild_output_scalars *p,
	struct guild_arena *a);
/* True when this line cannot hold a scalar, decided in a few ns per byte: lets capture skip the work. */
bool guild_output_scalars_may_match(const struct guild_output_scalars *p, const char *line,
	size_t n);

/* Output without ANSI escapes and with carriage returns folded as a terminal would show the line. */
void guild_output_fold_line(struct guild_str line, struct guild_buf *out);

/* `--test-output-scalars`: the text of spec cli.md 1.1 for each line of `text`, then proposed patterns for guild.yml where automatic
 * rules matched. */
int guild_output_scalars_test(const struct guild_value *config, struct guild_str text,
	struct guild_buf *out, struct guild_error *err);

/* ---- reading scalars of a run (scalars.md 3) ------------------------------------------------------------ */

struct guild_scalar_summary {
	const char *prefix; /* directory below the run, "" for the root */
	const char *tag;
	double first, last, min, max, total;
	int64_t first_step, last_step, min_step, max_step;
	int64_t count;
};
struct guild_scalars { /* sorted by prefix, then tag */
	struct guild_scalar_summary *v;
	size_t n;
};
/* Summaries of every event file under the run. A torn tail is normal; other damage is a warning to `log`. */
int guild_scalars_read(const struct guild_run *r, struct guild_arena *a, struct guild_scalars *out,
	const struct guild_log *log, struct guild_error *err);
/* Every value of a scalar, by step; of several values for one step the one written last. */
struct guild_scalar_point {
	int64_t step;
	double value;
	double wall_time; /* seconds since the epoch, 0 when it was not written */
};
struct guild_scalar_series {
	const char *prefix, *tag; /* as in the summary */
	struct guild_scalar_point *v;
	size_t n;
};
struct guild_series { /* sorted by prefix, then tag */
	struct guild_scalar_series *v;
	size_t n;
};
/* The scalars of every event file under the run in full, in `a`. Damage as in guild_scalars_read. */
int guild_series_read(const struct guild_run *r, struct guild_arena *a, struct guild_series *out,
	const struct guild_log *log, struct guild_error *err);
/* Every value of every scalar, in the order it was written; `key` as users write it. */
typedef void guild_scalar_each_fn(void *arg, const char *key, int64_t step, double value);
void guild_scalars_each(const struct guild_run *r, guild_scalar_each_fn *fn, void *arg,
	const struct guild_log *log);
/* guild_scalars_read, telling what the answer hangs on: 'd' a directory that was listed, 'f' an event file that was read, 'l' a link that was not
 * followed; paths are relative to the run, "." for itself. */
typedef void guild_scalars_seen_fn(void *arg, char kind, const char *path);
int guild_scalars_read_watched(const struct guild_run *r, struct guild_arena *a,
	struct guild_scalars *out, guild_scalars_seen_fn *seen, void *arg,
	const struct guild_log *log, struct guild_error *err);
/* By user key: "tag" (first by prefix order) or "prefix#tag". NULL when missing. */
const struct guild_scalar_summary *guild_scalars_find(const struct guild_scalars *s,
	const char *key);
/* The key shown to users: tag alone for prefix "" and ".guild", else "prefix#tag". */
void guild_scalar_key(const struct guild_scalar_summary *s, struct guild_buf *out);
/* True for sys/ tags (hidden by default). */
bool guild_scalar_is_system(const struct guild_scalar_summary *s);

/* ---- system figures (scalars.md 5) ------------------------------------------------------------------------ */

/* Samples the machine and the GPUs. One thread. */
struct guild_sampler;
enum { GUILD_SAMPLE_INTERVAL_MS = 10000 };
/* Event file in RUN/.guild/sys/. `root_pid` is the supervised program (its tree's figures are recorded too); 0: none. Never fails
 * because the machine lacks something: what cannot be read is left out. */
int guild_sampler_new(const struct guild_run *r, pid_t root_pid, struct guild_sampler **out,
	struct guild_error *err);
/* Called for what each reading found; `fn` may be NULL. */
typedef void guild_readings_fn(void *arg, const struct guild_scalar *v, size_t n);
void guild_sampler_listen(struct guild_sampler *s, guild_readings_fn *fn, void *arg);
/* One reading now; step is whole seconds since creation. */
int guild_sampler_tick(struct guild_sampler *s, struct guild_error *err);
/* Tells the sampler of the latest training step seen in the output (for steps per second). */
void guild_sampler_set_step(struct guild_sampler *s, int64_t step);
/* Last reading, own cost, close, free. */
int guild_sampler_finish(struct guild_sampler *s, struct guild_error *err);
/* What control groups (version 2 or 1) allow this process: CPUs (fractions count), bytes of memory; -1: no limit. `root` is "/" except in
 * tests. */
struct guild_container_limits {
	double cpus;
	int64_t memory_bytes;
};
struct guild_container_limits guild_container_limits_read(const char *root);
/* What the machine has, for `guild sys` and `guild check`: cpus, memory, gpus, container limits. */
struct guild_value *guild_system_info(struct guild_arena *a);

/* A GPU of this machine; NaN: not known. */
struct guild_gpu_memory {
	int index;
	char uuid[64]; /* "GPU-…", or "" */
	double total_bytes, free_bytes;
};
/* What is there now, at most `max`; returns how many. Asks nvidia-smi, else NVIDIA's library; takes up to 10 s. */
size_t guild_gpus_read(struct guild_gpu_memory *out, size_t max);
/* The answer of nvidia-smi to index,uuid,memory.total,memory.used as CSV without heading. */
size_t guild_gpus_parse(struct guild_str text, struct guild_gpu_memory *out, size_t max);

/* ---- regular expressions ------------------------------------------------------------------------------------- */

/* A pattern as Python's module re reads it, over UTF-8. One thread. A match that takes too long counts as none. */
struct guild_regex;
/* GUILD_EINVALID: no pattern (the message says why), GUILD_ELIMIT: longer than 16 KiB. */
int guild_regex_new(const char *pattern, struct guild_regex **out, struct guild_error *err);
void guild_regex_free(struct guild_regex *re);
/* True when the pattern matches the whole text. `group1` (may be NULL) gets the first group, p NULL when there is none; borrowed from `text`. */
bool guild_regex_full_match(const struct guild_regex *re, struct guild_str text,
	struct guild_str *group1);
/* True when the pattern matches somewhere in the text. */
bool guild_regex_search(const struct guild_regex *re, struct guild_str text);
/* Appends `text` with the first match replaced as re.sub(..., count=1) does: \1, \g<name>, \n in `replacement`. */
int guild_regex_replace_first(const struct guild_regex *re, const char *replacement,
	struct guild_str text, struct guild_buf *out, struct guild_error *err);
/* A guild_search_fn (flags.h): the first match of a pattern, and where its groups are. */
int guild_regex_find(const char *pattern, struct guild_str text, struct guild_span *groups,
	size_t max, struct guild_error *err);
/* Python's float(text): surrounding white space, digits grouped by '_', inf and nan. */
bool guild_python_float(struct guild_str text, double *out);

#ifdef __cplusplus
}
#endif

#endif
