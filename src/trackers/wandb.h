/* Weights & Biases: the log of a run. Private to the room. */
#ifndef GUILD_TRACKERS_WANDB_H
#define GUILD_TRACKERS_WANDB_H

#include "trackers_private.h"

enum guild_wandb_end {
	GUILD_WANDB_CLEAN,
	GUILD_WANDB_TRUNCATED, /* a run that was killed, or still writes: what came before is good */
	GUILD_WANDB_CORRUPT,
};
/* One record: a serialized message. */
typedef void guild_wandb_fn(void *arg, struct guild_str record);
bool guild_wandb_is_log(struct guild_str data);
enum guild_wandb_end guild_wandb_read(struct guild_str data, guild_wandb_fn *on_record, void *arg);

/* What the records of a log say, collected in a run. */
struct wandb_run {
	struct import_run *r;
	struct guild_arena *a;                /* of the record being read */
	struct guild_value *config, *summary; /* dicts */
	struct guild_arena
		*summary_arena; /* every step renews the summary: it is moved now and then */
	size_t n_summaries;
	struct guild_map logged; /* metrics in the history */
	struct guild_buf other;  /* lines of JSON: what the history has that is no number */
	int64_t last_step;
	int64_t last_us; /* of anything that has a time */
	bool has_exit;
};
void guild_wandb_run_init(struct wandb_run *w, struct import_run *r);
void guild_wandb_run_fini(struct wandb_run *w);
void guild_wandb_take_record(struct wandb_run *w, struct guild_str record);

#endif
