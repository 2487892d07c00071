/* Making a listing: entries, then those that pass. Private to list*.c. */
#ifndef GUILD_STORE_LIST_PRIVATE_H
#define GUILD_STORE_LIST_PRIVATE_H

#include "index.h"

enum entry_state {
	ENTRY_NEW,
	ENTRY_NO_RUN,
	ENTRY_KNOWN,  /* the index knows its timestamp */
	ENTRY_OPENED, /* `run` was opened */
	ENTRY_ASK, /* something is worth saying about it: it is opened again where that can be said */
};

/* One name in the directory of runs. */
struct list_entry {
	const char *name;
	int64_t id;              /* in the index; 0: not there */
	uint64_t known_order;    /* signature in the index */
	struct index_sign order; /* now */
	int64_t timestamp;       /* INT64_MIN: unknown */
	enum entry_state state;
	struct guild_run run; /* ENTRY_OPENED */
};

struct listing {
	const struct guild_run_filter *filter;
	const struct guild_filter_plan *plan;
	const struct guild_log *log;
	struct index_place place;
	struct guild_index *index; /* or NULL */
	struct guild_arena *arena; /* names */
	struct list_entry *v;
	size_t n, cap;
	bool is_whole; /* every name of the directory is an entry */
	int64_t now_us;
	size_t n_done; /* runs looked at, for the progress */
};

/* Names, then what the index knows of them, then what the directories say; the index learns what it did not know (list_entries.c). */
int guild_listing_load(struct listing *l, const char *parent, struct guild_error *err);
void guild_listing_fini(struct listing *l);
/* Opens an entry where the log may speak; false: no run. */
bool guild_listing_open(const struct listing *l, const struct list_entry *e, struct guild_run *out,
	bool *is_damaged, int64_t *timestamp);
/* Looks at entries with their attributes, and scalars where the filter asks for them (list_facts.c); `fn` gets each that passes, with a
 * run it may take over; its facts live during the call only. */
typedef void guild_listing_fn(void *arg, struct guild_run *run, int64_t timestamp, bool is_damaged);
void guild_listing_each(struct listing *l, guild_listing_fn *fn, void *arg);

#endif
