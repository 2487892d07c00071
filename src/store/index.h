/*
 * The index of a directory of runs: a cache of what the runs hold, in one SQLite file. Deleting it changes no answer.
 *
 * Nothing in it is believed unless the file system says that the run is as it was: a signature over inode, size, mtime and ctime
 * of what was read is kept with it, and every record carries a checksum, so that a damaged file costs time and nothing else.
 * Format: docs/formats/index.md. Private to this room.
 */
#ifndef GUILD_STORE_INDEX_H
#define GUILD_STORE_INDEX_H

#include "store_private.h"

/* ---- signatures (index_check.c) ------------------------------------------------------------------- */

/* A directory of runs, for looking at many of them. Threads may share it. */
struct index_place {
	int fd; /* of the directory, or -1 */
	const char *dir;
};
/* What was seen of one file, or of several. */
struct index_sign {
	uint64_t hash;
	int64_t newest_ns; /* latest ctime seen */
	bool is_missing;   /* the first thing looked at is not there */
};
enum index_check_kind {
	INDEX_CHECK_DIR = 'd',  /* names in it */
	INDEX_CHECK_FILE = 'f', /* its content */
	INDEX_CHECK_LINK = 'l', /* whether it leads to something, and to what */
};
/* Adds what the file system says of NAME/PATH. */
void guild_index_sign(const struct index_place *p, const char *name, const char *path,
	enum index_check_kind kind, struct index_sign *sign);
/* What tells that a run's times, and so its place in a listing, are as they were: .guild and .guild/attrs. */
void guild_index_sign_order(const struct index_place *p, const char *name, struct index_sign *sign);
/* True when a file may change once more without its times telling. */
bool guild_index_is_recent(const struct index_sign *sign, int64_t now_us);

/* ---- facts ------------------------------------------------------------------------------------------ */

/* What is known of one run, in two parts, each with a checksum and the signature of what it was read from. One block: free(). */
struct guild_run_facts {
	uint32_t n_attrs, n_tree; /* bytes; n_tree 0: scalars are not known */
	char bytes[];             /* attributes, then tree */
};

/* What every part begins with. */
struct facts_head {
	uint64_t sum;  /* of what follows, and of the run's name */
	uint64_t sign; /* of what was read */
};
struct attrs_head {
	struct facts_head head;
	int64_t started, stopped; /* microseconds since the epoch; INT64_MIN: undefined */
	uint8_t status, is_batch; /* enum guild_run_status */
	uint16_t n_checks, n_attrs;
	uint16_t unused;
	/* Then, as texts with a final NUL: five words of the operation reference, the name to show, names of attributes to look at besides
	 * the usual ones; and attributes: name, a byte (enum guild_fact), value (facts_value.c). */
};
struct tree_head {
	struct facts_head head;
	uint32_t n_checks, n_scalars;
	/* Then: a byte (enum index_check_kind) and a path each; scalars (struct tree_scalar, prefix, tag). */
};
struct tree_scalar {
	double first, last, min, max, total;
	int64_t first_step, last_step, min_step, max_step, count;
};

/* A place in bytes that may be short. */
struct facts_reader {
	const char *p, *end;
	bool is_bad;
};
void guild_facts_get(struct facts_reader *r, void *out, size_t n); /* zeros past the end */
const char *guild_facts_get_text(struct facts_reader *r);          /* "" past the end */
/* Values (facts_value.c). Strings point into the bytes, the rest lives in `a`; NULL where the bytes are none. */
void guild_facts_put_value(struct guild_buf *out, const struct guild_value *v);
struct guild_value *guild_facts_get_value(struct facts_reader *r, struct guild_arena *a);

/* Reads a run's attributes (facts_read.c); `out` stays empty where they cannot be kept: the run is not over, changes right now, or
 * something in it is damaged. `order` is what guild_index_sign_order says now. */
void guild_facts_read_attrs(const struct index_place *p, const struct guild_run *r,
	const struct index_sign *order, int64_t now_us, struct guild_buf *out);
/* The same with scalars, and the directories and files they come from. */
void guild_facts_read_tree(const struct index_place *p, const struct guild_run *r,
	const struct index_sign *order, int64_t now_us, struct guild_buf *out);

/* Whether bytes from the index are such a part of this run, whole, and the run is as it was when they were made. */
bool guild_facts_attrs_current(const struct index_place *p, const char *name,
	struct guild_str bytes, uint64_t order);
bool guild_facts_tree_current(const struct index_place *p, const char *name, struct guild_str bytes,
	uint64_t order);
void guild_facts_seal(struct guild_buf *part, const char *name, uint64_t sign);
bool guild_facts_is_sealed(struct guild_str part, const char *name);
/* Adds attributes that may be written into place to `sign`, which is that of the order. Those that are not there need no look: their
 * directory tells when they come. */
void guild_facts_sign_attrs(const struct index_place *p, const char *name,
	const struct guild_strs *attrs, struct index_sign *sign);
/* Both parts as one block: in `a`, or (NULL) the caller's to free. */
struct guild_run_facts *guild_facts_join(struct guild_arena *a, struct guild_str attrs,
	struct guild_str tree);
struct guild_run_facts *guild_facts_copy(const struct guild_run_facts *f);

/* Of parts that are valid (facts.c). The run as guild_run_open would give it. */
void guild_facts_run(struct guild_str attrs, const char *dir, struct guild_run *out);
enum guild_fact {
	GUILD_FACT_NONE,  /* there is no such attribute */
	GUILD_FACT_VALUE, /* *out */
	GUILD_FACT_ASK,   /* the directory knows */
};
enum guild_fact guild_facts_attr(const struct guild_run_facts *f, struct guild_arena *a,
	const char *name, struct guild_value **out);
void guild_facts_get_head(const struct guild_run_facts *f, struct attrs_head *out);
const char *guild_facts_display_name(const struct guild_run_facts *f);
bool guild_facts_has_scalars(const struct guild_run_facts *f);
void guild_facts_scalars(const struct guild_run_facts *f, struct guild_arena *a,
	struct guild_scalars *out);

/* ---- the file (index_file.c) -------------------------------------------------------------------------- */

struct guild_index;
/* NULL where there can be none; never fails otherwise: what is damaged or of another version is made anew. */
struct guild_index *guild_index_open(const char *path);
void guild_index_close(struct guild_index *x);
/* One row a run: how it was found, and its place in a listing. */
typedef void guild_index_order_fn(void *arg, int64_t id, struct guild_str name, uint64_t sign,
	int64_t timestamp);
void guild_index_each_order(struct guild_index *x, guild_index_order_fn *fn, void *arg);
/* Facts of the runs with these ids (ascending); `fn` gets the position in `ids`. Bytes live during the call. */
typedef void guild_index_facts_fn(void *arg, size_t position, struct guild_str attrs,
	struct guild_str tree);
void guild_index_each_facts(struct guild_index *x, const int64_t *ids, size_t n,
	guild_index_facts_fn *fn, void *arg);
/* Changes. Between begin and end; begin says false when another process writes, and nothing is written then. */
bool guild_index_begin(struct guild_index *x);
/* id 0: a new row. Returns the id, 0 when it could not be written. */
int64_t guild_index_put_order(struct guild_index *x, int64_t id, const char *name, uint64_t sign,
	int64_t timestamp);
/* An empty part is kept as it is in the file. */
void guild_index_put_facts(struct guild_index *x, int64_t id, struct guild_str attrs,
	struct guild_str tree);
void guild_index_remove(struct guild_index *x, int64_t id);
void guild_index_end(struct guild_index *x);

#endif
