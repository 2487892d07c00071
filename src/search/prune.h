/* What pruning rules are made of. Private to search. */
#ifndef GUILD_SEARCH_PRUNE_H
#define GUILD_SEARCH_PRUNE_H

#include <guild/search.h>

/* ---- rules as they are written (prune_rule.c, prune_condition.c) ------------------------------------------------ */

enum prune_compare {
	PRUNE_ABOVE,
	PRUNE_AT_LEAST,
	PRUNE_BELOW,
	PRUNE_AT_MOST,
	PRUNE_NAN,
	PRUNE_NOT_FINITE
};
/* "loss > 10", "loss is nan" */
struct prune_condition {
	const char *key;
	enum prune_compare compare;
	double limit;
};
/* GUILD_EINVALID for what cannot be read; `key` is in the arena. */
int search_prune_condition_read(struct guild_arena *a, struct guild_str text,
	struct prune_condition *out, struct guild_error *err);
/* True where a text has a comparison: it is a threshold, not the name of a rule. */
bool search_prune_is_condition(struct guild_str text);

struct prune_rule {
	const struct prune_class *class;
	const char *text;   /* as shown */
	const char *key;    /* of the scalar; NULL: the objective */
	int direction;      /* 1: maximize, -1: minimize, 0: as the batch */
	double keep;        /* percent */
	int64_t warmup;     /* steps below it decide nothing; -1: found out */
	int64_t interval;   /* of steps, one decision in each; 0: every report */
	int64_t startup;    /* trials that have to complete before anything is decided */
	int64_t min_trials; /* to compare with */
	int64_t factor, min_resource, max_resource, brackets; /* 0: found out */
	int64_t reports;
	double min_delta;
	struct prune_condition when;
	int64_t after;
};
/* One rule in its plain form. Strings live in `v` or the arena. */
int search_prune_rule_read(struct guild_arena *a, const struct guild_value *v,
	struct prune_rule *out, struct guild_error *err);

/* ---- one rule at work --------------------------------------------------------------------------------------------- */

/* What a rule knows of one trial. */
struct prune_curve {
	uint64_t trial;
	bool is_stopped, is_over;
	int64_t n;      /* reports */
	int64_t n_good; /* of them until the best so far */
	int64_t step;   /* the greatest so far; -1: none */
	double last[3]; /* values, the newest first, small is good; INFINITY: none, or not finite */
	double level;   /* the middle one of them, of two the better; INFINITY: there is none */
	double anchor;  /* patience: the best that was better by min-delta */
	int64_t next; /* first bucket (prune_quantile.c) or rung (prune_halving.c) that it has not entered */
	int64_t decided; /* number of the last interval that had its decision; -1: none */
};
struct prune_report {
	int64_t step;
	double raw;    /* as the program said it */
	double value;  /* small is good; NaN and infinities as they came */
	double before; /* the curve's best before this report */
	bool may_stop; /* else it is only noted: a trial from before, warm-up */
};
/* What a decision came from. */
struct prune_verdict {
	double limit;    /* small is good; NaN: none */
	double compared; /* with it; the value itself where nothing else is said */
	uint64_t n_compared;
	const char *what; /* "the median", in the arena of the pruner or constant */
};
struct prune_class {
	const char *name;
	void *(*open)(const struct prune_rule *rule);
	/* Takes one report; true: the trial is to be stopped. The curve has it already but for `next` and `anchor`. */
	bool (*take)(void *state, struct prune_curve *c, const struct prune_report *r,
		struct prune_verdict *out);
	/* May be NULL. */
	void (*ended)(void *state, const struct prune_curve *c, bool completed);
	void (*close)(void *state);
};
extern const struct prune_class search_prune_quantile; /* median, percentile */
extern const struct prune_class search_prune_halving;  /* asha, hyperband */
extern const struct prune_class search_prune_patience;
extern const struct prune_class search_prune_threshold;

/* ---- the k best of many numbers (prune_rank.c) -------------------------------------------------------------------- */

/* Numbers come and stay; the border between the best ones and the others is at hand. */
struct prune_rank {
	double *low,
		*high; /* heaps: the `n_low` smallest with the greatest first, the others with the smallest first */
	size_t n_low, n_high, cap_low, cap_high;
};
void search_rank_fini(struct prune_rank *r);
void search_rank_add(struct prune_rank *r, double v); /* O(log n); no NaN */
/* Moves the border so that `n` numbers, at most all, are below: O(log n) for each that goes over. */
void search_rank_split(struct prune_rank *r, size_t n);

#endif
