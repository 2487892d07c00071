/*
 * The ground room: errors, memory, strings, paths, files, time, processes. Knows libc only.
 *
 * Ownership: X_new/X_free allocate and release, X_init/X_fini work on the caller's memory, both accept zeroed
 * structs. A `const` pointer that is returned is borrowed. Memory in an arena dies with the arena.
 * Threads: no function here keeps hidden state; a handle belongs to one thread.
 * Out of memory aborts with one line; sizes that come from input are bounded by the caller.
 */
#ifndef GUILD_BASE_H
#define GUILD_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GUILD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define GUILD_NORETURN __attribute__((noreturn))
/* For the few helpers whose call would cost more than their work. */
#define GUILD_INLINE static inline __attribute__((always_inline))
#else
#define GUILD_PRINTF(fmt, args)
#define GUILD_NORETURN
#define GUILD_INLINE static inline
#endif

#define GUILD_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Checks an invariant of the program itself; stays on in release builds. */
#define guild_assert(cond) ((cond) ? (void)0 : guild_assert_failed(#cond, __FILE__, __LINE__))
GUILD_NORETURN void guild_assert_failed(const char *cond, const char *file, int line);

/* ---- errors ---------------------------------------------------------------------------------- */

/* Result codes: 0 is success, negative is failure. Programs test these; people read the text. */
enum guild_code {
	GUILD_OK = 0,
	GUILD_ENOTFOUND = -1,    /* what was named does not exist */
	GUILD_EINVALID = -2,     /* input that cannot be understood or is not allowed */
	GUILD_EEXISTS = -3,      /* would overwrite something */
	GUILD_EBUSY = -4,        /* somebody else holds it */
	GUILD_EDENIED = -5,      /* no permission */
	GUILD_EIO = -6,          /* the system refused a read, write or process */
	GUILD_ELIMIT = -7,       /* a named limit was passed */
	GUILD_ECANCELLED = -8,   /* the user said no, or interrupted */
	GUILD_EUNSUPPORTED = -9, /* known, but not by this build or on this system */
};

enum { GUILD_ERROR_TEXT_MAX = 2048 };

/* What went wrong, for people: one line (several only where a list belongs to it), lower case, no full stop.
 * `hint` is what to do about it, or empty. The caller owns the struct; every field is inline. */
struct guild_error {
	int code;
	char text[GUILD_ERROR_TEXT_MAX];
	char hint[512];
};

/* Sets code and text, clears the hint; returns `code` so that a failure is one statement. `err` may be NULL. */
int guild_error_set(struct guild_error *err, int code, const char *fmt, ...) GUILD_PRINTF(3, 4);
/* As guild_error_set with ": strerror(errnum)" appended and the code derived from errnum. */
int guild_error_errno(struct guild_error *err, int errnum, const char *fmt, ...) GUILD_PRINTF(3, 4);
/* Adds the one hint line. */
void guild_error_hint(struct guild_error *err, const char *fmt, ...) GUILD_PRINTF(2, 3);
/* Puts "PREFIX: " before the text (this layer's where). Returns err->code. */
int guild_error_wrap(struct guild_error *err, const char *fmt, ...) GUILD_PRINTF(2, 3);
/* Appends " (WHERE)" to the text. Returns err->code. */
int guild_error_where(struct guild_error *err, const char *fmt, ...) GUILD_PRINTF(2, 3);

/* How a library function reports something that is not a failure (a file left out, a value ignored).
 * `level` is "warning", "note" or "info". Rooms never print; commands pass a sink. A NULL sink drops. */
struct guild_log {
	void (*emit)(void *arg, const char *level, const char *text);
	void *arg;
};
void guild_log(const struct guild_log *log, const char *level, const char *fmt, ...)
	GUILD_PRINTF(3, 4);

/* ---- memory ---------------------------------------------------------------------------------- */

void *guild_alloc(size_t n);            /* zeroed; aborts when there is none */
void *guild_realloc(void *p, size_t n); /* not zeroed */
void *guild_grow_array(void *p, size_t *cap, size_t need, size_t item_size); /* amortised growth */
char *guild_strdup(const char *s);                                           /* NULL gives NULL */
char *guild_strndup(const char *p, size_t n);                                /* always terminated */
char *guild_format(const char *fmt, ...) GUILD_PRINTF(1, 2); /* owned by the caller: free() */

/* Memory that dies together: a parsed file, a query result. */
struct guild_arena;
struct guild_arena *guild_arena_new(void);
void guild_arena_free(struct guild_arena *a);
void *guild_arena_alloc(struct guild_arena *a, size_t n); /* zeroed, 16-byte aligned */
char *guild_arena_strdup(struct guild_arena *a, const char *s);
char *guild_arena_strndup(struct guild_arena *a, const char *p, size_t n);
char *guild_arena_format(struct guild_arena *a, const char *fmt, ...) GUILD_PRINTF(2, 3);

/* ---- strings --------------------------------------------------------------------------------- */

/* A borrowed view. May hold NUL bytes; p may be NULL when n is 0. */
struct guild_str {
	const char *p;
	size_t n;
};

/* Bytes [from, to) of some text; from == SIZE_MAX: nothing. */
struct guild_span {
	size_t from, to;
};

#define GUILD_STR_FMT(s) (int)(s).n, (s).p /* for "%.*s" */
struct guild_str guild_str(const char *s); /* NULL gives the empty view */
struct guild_str guild_str_n(const char *p, size_t n);
bool guild_str_eq(struct guild_str a, struct guild_str b);
bool guild_str_eqz(struct guild_str a, const char *z);
bool guild_str_starts(struct guild_str s, const char *prefix);
bool guild_str_ends(struct guild_str s, const char *suffix);
struct guild_str guild_str_trim(struct guild_str s);      /* ASCII white space, both ends */
size_t guild_count_byte(const char *p, size_t n, char c); /* how often it occurs */
bool guild_starts(const char *s, const char *prefix);
bool guild_ends(const char *s, const char *suffix);
bool guild_streq(const char *a, const char *b);                            /* NULL equals NULL */
bool guild_contains_nocase(struct guild_str hay, struct guild_str needle); /* ASCII case folding */
/* Damerau-Levenshtein distance over bytes, for "did you mean". */
size_t guild_edit_distance(const char *a, const char *b);
/* The nearest of `names` (NULL-terminated) within a third of the word's length, or NULL. */
const char *guild_nearest(const char *word, const char *const *names);
/* Shell-style matching as Python's fnmatch.fnmatchcase: `*` crosses '/', `?`, `[..]`, `[!..]`. */
bool guild_fnmatch(const char *pattern, const char *name);
/* Human ("natural") order: digit runs compare as numbers. */
int guild_natural_cmp(const char *a, const char *b);
bool guild_utf8_valid(const char *p, size_t n);
/* Decodes one code point at p; returns its byte length (1..4), 0 for an invalid sequence. */
size_t guild_utf8_decode(const char *p, size_t n, uint32_t *cp);
size_t guild_utf8_encode(uint32_t cp, char out[4]);

/* A growing byte string. Invariants: p is NULL or p[n] == 0 and n < cap. Growing past `max` (0: 1 GiB) aborts
 * the program for buffers of our own making; buffers fed from outside use guild_buf_try_append. */
struct guild_buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
};

void guild_buf_fini(struct guild_buf *b);
void guild_buf_reset(struct guild_buf *b); /* n = 0, keeps the memory */
void guild_buf_reserve(struct guild_buf *b, size_t extra);
void guild_buf_append(struct guild_buf *b, const void *p, size_t n);
int guild_buf_try_append(struct guild_buf *b, const void *p, size_t n); /* 0 or GUILD_ELIMIT */
void guild_buf_puts(struct guild_buf *b, const char *s);
void guild_buf_putc(struct guild_buf *b, char c);
void guild_buf_printf(struct guild_buf *b, const char *fmt, ...) GUILD_PRINTF(2, 3);
char *guild_buf_take(struct guild_buf *b); /* the caller frees; never NULL; b is empty after */
const char *guild_buf_cstr(const struct guild_buf *b); /* never NULL */
struct guild_str guild_buf_str(const struct guild_buf *b);

/* An owned list of owned strings, always NULL-terminated once non-empty: usable as argv or environ. */
struct guild_strs {
	char **v;
	size_t n;
	size_t cap;
};

void guild_strs_fini(struct guild_strs *s);
void guild_strs_add(struct guild_strs *s, const char *z); /* copies */
void guild_strs_add_n(struct guild_strs *s, const char *p, size_t n);
void guild_strs_take(struct guild_strs *s, char *z); /* takes over */
void guild_strs_addf(struct guild_strs *s, const char *fmt, ...) GUILD_PRINTF(2, 3);
bool guild_strs_has(const struct guild_strs *s, const char *z);
void guild_strs_sort(struct guild_strs *s); /* by byte value */
void guild_strs_sort_natural(struct guild_strs *s);
void guild_strs_split(struct guild_strs *s, const char *text, char sep); /* keeps empty parts */
char *guild_strs_join(const struct guild_strs *s, const char *sep);      /* caller frees */

/* String keys to borrowed pointers, insertion order kept. Keys are copied. */
struct guild_map {
	struct guild_map_entry *entries;
	size_t n, cap;
	uint32_t *slots;
	size_t n_slots;
};
struct guild_map_entry {
	char *key;
	void *value;
};
void guild_map_fini(struct guild_map *m);
void *guild_map_get(const struct guild_map *m, const char *key); /* NULL when missing */
bool guild_map_has(const struct guild_map *m, const char *key);
void guild_map_put(struct guild_map *m, const char *key, void *value); /* replaces */

/* ---- shell words ----------------------------------------------------------------------------- */

/* Splits as Python's shlex.split (POSIX rules, no expansion). GUILD_EINVALID for an open quote. */
int guild_shlex_split(const char *text, struct guild_strs *out, struct guild_error *err);
/* Quotes as Python's shlex.quote. */
void guild_shlex_quote(struct guild_buf *out, const char *word);

/* ---- numbers, independent of the locale ------------------------------------------------------- */

/* Whole text must be the number (no blanks). False when it is not, or does not fit. */
bool guild_parse_i64(const char *p, size_t n, int64_t *out);
/* C-locale floating point over the whole text; accepts inf, infinity, nan in any case. */
bool guild_parse_f64(const char *p, size_t n, double *out);
/* Shortest decimal that reads back equal, as Python's repr(float): 0.1, 1e-05, 1e+22, inf, nan, 1.0. */
enum { GUILD_F64_MAX = 32 };
size_t guild_f64_repr(double v, char out[GUILD_F64_MAX]);

/* A size for people: "930.6K"; the caller frees. */
char *guild_size_text(int64_t bytes);

/* ---- paths (bytes; '/' separated) -------------------------------------------------------------- */

char *guild_path_join(const char *a, const char *b); /* an absolute b wins; caller frees */
char *guild_path_join3(const char *a, const char *b, const char *c);
char *guild_path_dirname(const char *p);              /* "" for a bare name, as os.path.dirname */
const char *guild_path_basename(const char *p);       /* after the last '/', as os.path.basename */
const char *guild_path_ext(const char *p);            /* ".py" or "" */
char *guild_path_normalize(const char *p);            /* as os.path.normpath */
char *guild_path_abs(const char *p, const char *cwd); /* normalised; cwd NULL: the process's */
char *guild_path_real(const char *p); /* as os.path.realpath: missing tail is kept */
/* as os.path.relpath over absolute inputs */
char *guild_path_rel(const char *p, const char *start);
char *guild_path_expand_user(const char *p, const char *home); /* leading "~" or "~/" only */
/* "$HOME/x" shown as "~/x"; caller frees. */
char *guild_path_compress_user(const char *p, const char *home);
bool guild_path_is_abs(const char *p);
/* True when `p`, relative, stays beneath its root: no absolute path, no "..", no empty name. */
bool guild_path_is_beneath(const char *p);

/* ---- files ------------------------------------------------------------------------------------ */

bool guild_file_exists(const char *path); /* follows links */
bool guild_is_file(const char *path);
bool guild_is_dir(const char *path);
bool guild_is_executable(const char *path);
int64_t guild_file_size(const char *path); /* -1 when it cannot be told */
/* Reads a whole file of at most `max` bytes (GUILD_ELIMIT past it, 0: 1 GiB). Appends to out. GUILD_ENOTFOUND when
 * there is none. */
int guild_file_read(const char *path, size_t max, struct guild_buf *out, struct guild_error *err);
/* Has the file system that `path` is on write all it holds back: what was written before survives a loss of power. -errno when it cannot. */
int guild_sync_file_system(const char *path);
/* Replaces `path` by temporary file and rename. `durable` adds fsync of file and directory. */
int guild_file_write(const char *path, const void *p, size_t n, bool durable,
	struct guild_error *err);
/* As guild_file_write with the temporary file in `tmp_dir` (same file system). */
int guild_file_write_via(const char *path, const char *tmp_dir, const void *p, size_t n,
	bool durable, struct guild_error *err);
int guild_file_touch(const char *path, struct guild_error *err);  /* creates an empty file */
int guild_file_remove(const char *path, struct guild_error *err); /* missing is fine */
/* mkdir -p with 0777 & ~umask. An existing directory is fine. */
int guild_mkdirs(const char *path, struct guild_error *err);
/* Removes a tree, never following links; continues past errors and reports the first. */
int guild_rmtree(const char *path, struct guild_error *err);
/* Copies content (reflink where the file system can, else plain copy) and permission bits. Never a hard link. */
int guild_file_copy(const char *from, const char *to, struct guild_error *err);
/* Copies a tree: symlinks stay symlinks. */
int guild_tree_copy(const char *from, const char *to, struct guild_error *err);
/* The same, telling how many bytes came after each piece. */
typedef void guild_copied_fn(void *arg, int64_t more_bytes);
int guild_tree_copy_watched(const char *from, const char *to, guild_copied_fn *on_copied, void *arg,
	struct guild_error *err);
/* Names in a directory except "." and "..", sorted by byte value; GUILD_ENOTFOUND when there is none. */
int guild_dir_list(const char *path, struct guild_strs *names, struct guild_error *err);
/* Writes all bytes to a descriptor, resuming after EINTR and short writes; 0 or -errno. */
int guild_fd_write_all(int fd, const void *p, size_t n);
/* under $TMPDIR; caller frees and removes */
char *guild_tmp_dir(const char *prefix, struct guild_error *err);

/* Where bytes go, piece after piece. */
struct guild_sink {
	int (*write)(void *arg, const void *p, size_t n, struct guild_error *err);
	void *arg;
};
int guild_sink_write(const struct guild_sink *to, const void *p, size_t n, struct guild_error *err);
struct guild_sink guild_buf_sink(struct guild_buf *b); /* appends; never fails */
/* Writes what `b` holds and empties it when that is much, or, with `all`, when it is anything. */
int guild_sink_flush(const struct guild_sink *to, struct guild_buf *b, bool all,
	struct guild_error *err);

/* A file that appears under its name when it is whole. What is no file (a pipe, a device) is written at once; where `path` is a link,
 * its target is replaced. */
struct guild_new_file;
int guild_new_file_open(const char *path, struct guild_new_file **out, struct guild_error *err);
struct guild_sink guild_new_file_sink(struct guild_new_file *f);
/* Closes and renames; frees f. After a failed write it fails the same way, and nothing is left behind. */
int guild_new_file_commit(struct guild_new_file *f, bool durable, struct guild_error *err);
void guild_new_file_discard(struct guild_new_file *f); /* frees f; nothing is left behind */

/* One process at a time: the file `path` is there, and locked, while somebody holds it. */
struct guild_lock {
	char *path;
	int fd;
};
/* Waits for the holder, or GUILD_EBUSY when `may_wait` is false. */
int guild_lock_take(struct guild_lock *lock, const char *path, bool may_wait,
	struct guild_error *err);
void guild_lock_release(struct guild_lock *lock); /* removes the file; zeroed is fine */

/* ---- time --------------------------------------------------------------------------------------- */

int64_t guild_now_us(void);       /* microseconds since the Unix epoch, UTC */
int64_t guild_monotonic_us(void); /* never goes back; no meaning across boots */
/* "YYYY-MM-DD HH:MM:SS" in local time, or UTC. */
enum { GUILD_TIME_MAX = 32 };
void guild_time_format(int64_t us, bool utc, char out[GUILD_TIME_MAX]);
/* "H:MM:SS" of a duration in microseconds, cut to whole seconds. */
void guild_duration_format(int64_t us, char out[GUILD_TIME_MAX]);

/* Seconds of a unit as people write it: s, min, minutes, h, days, w, …; 0: no unit. */
double guild_duration_unit(struct guild_str word);
/* "10 min", "90s", "1.5 hours", "30d" in microseconds; false when it is none, or not above 0. */
bool guild_duration_parse(struct guild_str text, int64_t *us);

/* ---- processes ---------------------------------------------------------------------------------- */

struct guild_proc_result {
	int exit_status; /* exit code, or minus the signal number */
	struct guild_buf out;
	struct guild_buf err;
};

/* Runs argv (found on PATH) to its end without a shell, standard input from /dev/null, both outputs captured up to
 * `max_output` bytes each. `cwd` and `env` may be NULL (inherited). `timeout_ms` 0 is none; past it the process is
 * killed and GUILD_ELIMIT returned. GUILD_ENOTFOUND when the program cannot be found. A non-zero exit is no error. */
int guild_proc_run(const char *const *argv, const char *cwd, char *const *env, size_t max_output,
	int timeout_ms, struct guild_proc_result *out, struct guild_error *err);
/* The same with `input`, at most GUILD_PROC_INPUT_MAX bytes (GUILD_ELIMIT), as standard input. */
enum { GUILD_PROC_INPUT_MAX = 32 << 10 };
int guild_proc_run_input(const char *const *argv, const char *cwd, char *const *env,
	struct guild_str input, size_t max_output, int timeout_ms, struct guild_proc_result *out,
	struct guild_error *err);
void guild_proc_result_fini(struct guild_proc_result *r);
/* Full path of a program on PATH (or of a path with '/'), caller frees; NULL when there is none. */
char *guild_find_program(const char *name);
bool guild_pid_alive(pid_t pid);
/* All descendants of pid, parents before children. */
int guild_proc_descendants(pid_t pid, pid_t **out, size_t *n);
/* Sends a text to a program of this machine that listens on a TCP port, and closes; within half a second. False: nobody took it. */
bool guild_notify_port(uint16_t port, const char *text);
char *guild_hostname(void); /* caller frees */
/* n bytes from the system's generator. */
void guild_random_bytes(void *p, size_t n);

/* ---- random numbers from a seed ----------------------------------------------------------------- */

/* The Mersenne Twister MT19937: the same seed, the same numbers, everywhere. */
struct guild_mt19937 {
	uint32_t state[624];
	size_t at;
};
/* As random.seed(n) of Python 3 for an integer (init_by_array). */
void guild_mt19937_seed(struct guild_mt19937 *mt, uint64_t seed);
/* As numpy.random.RandomState(seed) (init_genrand). */
void guild_mt19937_seed_32(struct guild_mt19937 *mt, uint32_t seed);
/* Of many independent sequences for one seed, the one numbered `stream`. */
void guild_mt19937_seed_2(struct guild_mt19937 *mt, uint64_t seed, uint64_t stream);
uint32_t guild_mt19937_next(struct guild_mt19937 *mt);
double guild_mt19937_unit(struct guild_mt19937 *mt);   /* [0, 1), 53 bits, as random.random() */
double guild_mt19937_normal(struct guild_mt19937 *mt); /* mean 0, variance 1 */
/* Below m, which is positive. As random.Random._randbelow. */
uint32_t guild_mt19937_below(struct guild_mt19937 *mt, uint32_t m);
/* random.sample(range(n), k): k positions below n, in the order drawn. */
void guild_mt19937_sample(struct guild_mt19937 *mt, uint32_t n, uint32_t k, uint32_t *out);

/* ---- threads ----------------------------------------------------------------------------------- */

/* Does part [from, to) of the work. Parts run at the same time; `thread` is below guild_parallel_threads() and no two parts that run
 * at the same time share it. */
typedef void guild_parallel_fn(void *arg, unsigned thread, size_t from, size_t to);
unsigned guild_parallel_threads(void); /* at least 1 */
/* Does [0, n) by as many threads as there are processors, but by no more than leaves each `worth` items; returns when all is done. */
void guild_parallel(size_t n, size_t worth, guild_parallel_fn *fn, void *arg);

#ifdef __cplusplus
}
#endif

#endif
