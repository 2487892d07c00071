/*
 * Search: spaces, optimizers, pruning rules, importance. Knows exec, store, flags. How it works: docs/design/search.md.
 */
#ifndef GUILD_SEARCH_H
#define GUILD_SEARCH_H

#include <guild/exec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- spaces ----------------------------------------------------------------------------------------------- */

enum guild_dim_kind { GUILD_DIM_REAL, GUILD_DIM_INT, GUILD_DIM_CATEGORICAL };
enum { GUILD_SPACE_DIMS_MAX = 1000, GUILD_DIM_CHOICES_MAX = 100000 };

/* One dimension. */
struct guild_dim {
	const char *name;
	enum guild_dim_kind kind;
	double low, high; /* REAL, INT: both ends belong to it; whole numbers below 2^53 for INT */
	bool log;         /* REAL, INT: searched on a logarithmic scale; low > 0 then */
	const struct guild_value *const *choices; /* CATEGORICAL: different values, at least one */
	size_t n_choices;
	const struct guild_value *initial; /* the first trial's value, or NULL */
	/* It is searched only where the earlier dimension `parent` has one of the values `when` (in the form of points).
	 * GUILD_DIM_ALWAYS: everywhere. */
	size_t parent;
	const double *when;
	size_t n_when;
};
#define GUILD_DIM_ALWAYS ((size_t)-1)

/* Lives in the arena it was made in. */
struct guild_space {
	struct guild_dim *v;
	size_t n;
};
/* A point has a double for each dimension: the number itself, for CATEGORICAL the index of the choice, NaN where the dimension is
 * not searched. */

/* From [{"name", "type": "float|int|categorical", "low", "high", "log", "choices", "initial", "when": {NAME: VALUE or [VALUES]}}]. Names what is
 * wrong: an empty or contradictory range, log of zero, no choices, a name that is there twice, an unknown key. */
int guild_space_read(struct guild_arena *a, const struct guild_value *list, struct guild_space *out,
	struct guild_error *err);
/* The same checks for a space made otherwise. */
int guild_space_check(const struct guild_space *s, struct guild_error *err);
/* A point's values as a dict in the order of the space; what is not searched is left out. */
struct guild_value *guild_space_values(struct guild_arena *a, const struct guild_space *s,
	const double *x);
/* The point for a dict of values, which may hold others, too. False: it is not in the space. */
bool guild_space_point(const struct guild_space *s, const struct guild_value *values, double *x);
/* How many points there are, one for all that differ in nothing that is searched; INFINITY with a REAL dimension. */
double guild_space_size(const struct guild_space *s);

/* ---- flags as a space (docs/guide/search.md) --------------------------------------------------------------------- */

/* What is searched of a batch's flags. */
struct guild_flag_space_request {
	const struct guild_value
		*flags; /* dict: lists and search functions are searched, all else is fixed */
	const struct guild_value
		*extra; /* dict: flag -> its other attributes, `when` among them; or NULL */
	const struct guild_value *cmd_flags; /* as guild_flag_cmd_flags makes them; or NULL */
	/* As random search of Guild AI 0.9.0 takes it: equal values of a list count each, and initial values may be anything. */
	bool keeps_repeats;
};
struct guild_search_flag {
	const char *name;
	size_t dim;      /* its first dimension */
	size_t n_items;  /* of a list, at most; 0: no list */
	bool has_length; /* the first dimension is how many items the list has */
	const struct guild_value *arg_split; /* its list is one text, split so; or NULL */
};
/* Lives in the arena it was made in. */
struct guild_flag_space {
	struct guild_space space; /* by name; what a flag hangs on comes before it */
	struct guild_search_flag *v;
	size_t n;
	struct guild_value *fixed; /* dict: the other flags */
};
/* GUILD_EINVALID: an empty range, log of zero, an unknown function, a `when` that cannot be. Without anything to search out->n is 0. */
int guild_flag_space_make(struct guild_arena *a, const struct guild_flag_space_request *req,
	struct guild_flag_space *out, struct guild_error *err);
/* All flags of the trial at a point, sorted; those that are not searched there are null. */
struct guild_value *guild_flag_space_values(struct guild_arena *a,
	const struct guild_flag_space *fs, const double *x);
/* The point of a run with these flags; false: it is not in the space. */
bool guild_flag_space_point(struct guild_arena *a, const struct guild_flag_space *fs,
	const struct guild_value *flags, double *x);

/* n trials drawn by chance, the same for the same seed as those of Guild AI 0.9.0. */
int guild_search_random_trials(struct guild_arena *a, const struct guild_flag_space *fs, size_t n,
	uint64_t seed, struct guild_value **out);
/* The trials of a grid: guild_batch_trials, then functions within it are drawn, flags whose `when` does not hold are null and trials
 * that are equal by that are one, then `max_trials` of them are taken. */
struct guild_grid_request {
	const struct guild_value *flags, *user_flags, *rows, *extra;
	int64_t max_trials;
	uint64_t seed;
};
int guild_search_grid_trials(struct guild_arena *a, const struct guild_grid_request *req,
	struct guild_value **out, struct guild_error *err);

/* ---- optimizers --------------------------------------------------------------------------------------------- */

/* A flag of an optimizer, for help and checks. */
struct guild_optimizer_flag {
	const char *name;
	const char *default_text; /* as typed; NULL: null */
	const char *choices;      /* "EI PI LCB", or NULL */
	const char *help;
};
struct guild_optimizer_info {
	const char *name;    /* "gp" */
	const char *aliases; /* "skopt:gp bayesian gaussian" */
	const char *help;    /* one line */
	const struct guild_optimizer_flag *flags;
	size_t n_flags;
};
/* The i-th optimizer, NULL past the last; sorted by name. */
const struct guild_optimizer_info *guild_optimizer_at(size_t i);
/* By name or alias, or NULL. */
const struct guild_optimizer_info *guild_optimizer_find(const char *name);
/* Is there such an optimizer with such flags, as guild_optimizer_new would say it. */
int guild_optimizer_check(const char *name, const struct guild_value *flags,
	struct guild_error *err);

enum { GUILD_OBJECTIVES_MAX = 16 };
struct guild_optimizer_options {
	uint64_t seed;
	size_t n_objectives; /* 0: one */
	bool maximize[GUILD_OBJECTIVES_MAX];
	const struct guild_value *flags; /* dict, or NULL */
};
enum guild_outcome_state { GUILD_OUTCOME_COMPLETE, GUILD_OUTCOME_FAILED, GUILD_OUTCOME_PRUNED };
struct guild_outcome {
	enum guild_outcome_state state;
	/* Of each objective. A NaN or infinite one makes COMPLETE a FAILED; PRUNED may have the last values seen, else NaN. */
	const double *values; /* NULL: all NaN */
	/* Each at most 0 where it holds. */
	const double *constraints;
	size_t n_constraints;
};

/* One search. Everything is told by asks and tells alone: the same seed, the same sequence of calls, the same points; a search is
 * resumed by telling it again. One thread. */
struct guild_optimizer;
/* `space` is copied. GUILD_ENOTFOUND: no such optimizer; GUILD_EINVALID: a flag it has not, or a bad value, or the space;
 * GUILD_EUNSUPPORTED: a library it needs is not installed. */
int guild_optimizer_new(const char *name, const struct guild_space *space,
	const struct guild_optimizer_options *options, struct guild_optimizer **out,
	struct guild_error *err);
void guild_optimizer_free(struct guild_optimizer *o);
/* A new point for x[space->n]; *id counts from 0 and is what it is told by. Points that were asked and not told yet are taken into
 * account. No point is given twice while others are left in a finite space. */
int guild_optimizer_ask(struct guild_optimizer *o, double *x, uint64_t *id,
	struct guild_error *err);
/* GUILD_ENOTFOUND: no such id; GUILD_EEXISTS: it was told before. */
int guild_optimizer_tell(struct guild_optimizer *o, uint64_t id,
	const struct guild_outcome *outcome, struct guild_error *err);
/* A point that was not asked for: a run from before, or one given by hand. NULL outcome: it is being tried. */
int guild_optimizer_add(struct guild_optimizer *o, const double *x,
	const struct guild_outcome *outcome, uint64_t *id, struct guild_error *err);
/* The best complete point (one objective; of several, the one best in the first among those that no other beats in all): false
 * when there is none. What is violated least comes first. Any of x, values, id may be NULL. */
bool guild_optimizer_best(const struct guild_optimizer *o, double *x, double *values, uint64_t *id);
/* Ids of the points that none beats in all objectives, at most `max`; returns how many there are. */
size_t guild_optimizer_front(const struct guild_optimizer *o, uint64_t *ids, size_t max);
/* What was asked or added as `id`; NULL: nothing. Borrowed. */
const double *guild_optimizer_point(const struct guild_optimizer *o, uint64_t id);
/* The values of a complete trial; false: it is none. */
bool guild_optimizer_values(const struct guild_optimizer *o, uint64_t id, double *values);

/* ---- ask and tell as lines of JSON -------------------------------------------------------------------------- */

/* What `guild optimizer ask-tell` speaks (docs/formats/ask-tell.md). */
enum { GUILD_ASK_TELL_LINE_MAX = 16 << 20, GUILD_ASK_TELL_ASK_MAX = 100000 };
struct guild_ask_tell_options {
	const char *optimizer; /* NULL: "auto" */
	uint64_t seed;
	bool has_direction; /* false: the first line may say it, and else values are made small */
	bool maximize;
	const struct guild_value *flags; /* of the optimizer; dict, or NULL */
};
/* One conversation. One thread. */
struct guild_ask_tell;
/* The options are copied; the optimizer is made when the space is known, but its name and flags are checked here:
 * GUILD_ENOTFOUND, GUILD_EINVALID. */
int guild_ask_tell_new(const struct guild_ask_tell_options *options, struct guild_ask_tell **out,
	struct guild_error *err);
void guild_ask_tell_free(struct guild_ask_tell *t);
/* Takes the next bytes of what the other side says and writes the answer to every whole line as it is found, one write for each line
 * of the answer. What is wrong with a line is an answer, too. Returns what `to` returned when it failed. */
int guild_ask_tell_feed(struct guild_ask_tell *t, const char *p, size_t n,
	const struct guild_sink *to, struct guild_error *err);
/* The end of what is said: answers a last line without its line feed. */
int guild_ask_tell_end(struct guild_ask_tell *t, const struct guild_sink *to,
	struct guild_error *err);

/* ---- pruning (docs/guide/pruning.md) ----------------------------------------------------------------------- */

enum { GUILD_PRUNE_RULES_MAX = 16 };
/* Rules as guild.yml and --prune have them - a text, a mapping, a list of those, "no" or NULL - in the plain form that attribute `op`
 * keeps: a list of mappings with `rule` and its options; empty: nothing is pruned. GUILD_EINVALID names what is wrong, and its place in
 * the file: "guild.yml:12:9: …"; GUILD_ELIMIT: more than GUILD_PRUNE_RULES_MAX, or a text that is too long. */
int guild_prune_read(struct guild_arena *a, const struct guild_value *written,
	struct guild_value **out, struct guild_error *err);

/* Why a trial is to be stopped. */
struct guild_prune_reason {
	const char *text; /* "median: loss = 0.9 at step 10, where the median is 0.5 (7 trials)" */
	const char *rule; /* "percentile 25", "loss > 10 after step 5" */
	const char *scalar; /* that the rule is about */
	int64_t step;
	double value;        /* that came */
	double compared;     /* the value, or the middle one of the last three */
	double limit;        /* it was compared with this; NaN: with nothing */
	uint64_t n_compared; /* other trials it was compared with */
};

/* Judges trials by the scalars they report while they run. The same calls, the same decisions. One thread. A report costs O(log n) in
 * the number of trials; memory is 8 bytes for most reports. */
struct guild_pruner;
/* `rules` as guild_prune_read takes them; those that name no scalar are about `objective` (NULL: loss), which is to be made large with
 * `maximize`. */
int guild_pruner_new(const struct guild_value *rules, const char *objective, bool maximize,
	struct guild_pruner **out, struct guild_error *err);
void guild_pruner_free(struct guild_pruner *p);
/* True for scalars that rules are about: "loss", or "DIR#loss" for "loss". */
bool guild_pruner_watches(const struct guild_pruner *p, const char *key);
/* A scalar of a running trial; step below 0: reports are counted from 1. Steps may have gaps, come again or go back. Why it is to be
 * stopped, once, borrowed until the next call; or NULL. */
const struct guild_prune_reason *guild_pruner_report(struct guild_pruner *p, uint64_t trial,
	const char *key, int64_t step, double value);
/* The same of a trial from before: others are compared with it, nothing is decided. */
void guild_pruner_recall(struct guild_pruner *p, uint64_t trial, const char *key, int64_t step,
	double value);
/* A scalar that a rule is about and that no trial has reported, or NULL. Borrowed. */
const char *guild_pruner_unseen(const struct guild_pruner *p);
/* A trial has ended. If it reports again, it is a new attempt. */
void guild_pruner_end(struct guild_pruner *p, uint64_t trial, bool completed);
/* The curve of an ended run from its event files, recalled as trial `trial`; what is damaged is a warning. */
void guild_pruner_recall_run(struct guild_pruner *p, uint64_t trial, const struct guild_run *run,
	const struct guild_log *log);

/* Hooks of a batch with a pruner around them: its trials are judged as they run, those from before are recalled. Stopped trials have attribute
 * `_pruned`: `rule`, `scalar`, `step`, `value`, `compared`, `limit`, `trials`, `text`. */
struct guild_pruning;
/* `objective` as the batch has it: "loss", "-max acc" is to be made large. `inner` is borrowed; `hooks` are those to give to the batch,
 * good until guild_pruning_free. Without rules they are `inner` themselves, and *out is NULL. Errors as guild_pruner_new. */
int guild_prune_hooks(const struct guild_value *rules, const char *objective,
	const struct guild_batch_hooks *inner, struct guild_batch_hooks *hooks,
	struct guild_pruning **out, struct guild_error *err);
void guild_pruning_free(struct guild_pruning *p);
/* The same for a batch run, by its recorded objective (the first of several) and `rules`, or, where they are NULL, those recorded. */
int guild_prune_batch(const struct guild_run *batch, const struct guild_value *rules,
	const struct guild_batch_hooks *inner, struct guild_batch_hooks *hooks,
	struct guild_pruning **out, struct guild_error *err);

/* ---- where the trials of a batch come from ------------------------------------------------------------------------ */

/* A list of flags (dicts), each to be one trial; those that a batch has already are not made again. `trials` is borrowed. */
struct guild_trial_list;
struct guild_trial_list *guild_trial_list_new(const struct guild_value *trials,
	struct guild_batch_hooks *hooks);
void guild_trial_list_free(struct guild_trial_list *l);

/* ---- batches that search (docs/guide/search.md) ----------------------------------------------------------------------- */

enum guild_search_kind {
	GUILD_SEARCH_GRID,       /* all combinations */
	GUILD_SEARCH_RANDOM,     /* drawn before the first trial starts */
	GUILD_SEARCH_SEQUENTIAL, /* an optimizer chooses each trial by those before */
	GUILD_SEARCH_PROGRAM,    /* an operation makes the trials */
};
struct guild_search_op {
	enum guild_search_kind kind;
	const char *shown;                            /* "skopt:gp" */
	const struct guild_optimizer_info *optimizer; /* or NULL */
	struct guild_batch_op batch;
};
/* Which optimizer an operation's runs are searched by. `optimizers` is what its Guild file says (NULL: nothing), `name` what was asked for
 * (NULL: its default, or its only one, or "auto"). *spec names a builtin one or an operation, *flags (dict) are those that the Guild file
 * gives it. GUILD_EINVALID: there are several and none is the default. */
int guild_search_pick(struct guild_arena *a, const struct guild_value *optimizers, const char *name,
	const char **spec, struct guild_value **flags, struct guild_error *err);
/* A builtin one by its name: "+", "random", "gp", "skopt:gp", "guild:tpe". `given` are its flags (dict); max_trials 0: the usual number.
 * GUILD_ENOTFOUND: there is none; GUILD_EINVALID: flags it has not, or bad values. */
int guild_search_builtin(struct guild_arena *a, const char *spec, const struct guild_value *given,
	int64_t max_trials, struct guild_search_op *out, struct guild_error *err);
/* The same of a batch that is there. */
int guild_search_of_run(struct guild_arena *a, const struct guild_run *batch,
	struct guild_search_op *out, struct guild_error *err);
/* Flags that the user did not type become what is searched: their choices, or the range from `min` to `max` (batches.md 2). */
struct guild_value *guild_search_encode_flags(struct guild_arena *a,
	const struct guild_flag_defs *defs, const struct guild_value *flags,
	const struct guild_value *user_flags);
/* guild_flag_space_make for a kind of batch. Nothing to search is GUILD_EINVALID. */
int guild_search_space(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *extra, const struct guild_value *cmd_flags,
	enum guild_search_kind kind, struct guild_flag_space *out, struct guild_error *err);
/* Objectives ("loss", "-max acc") and constraints ("latency <= 20") as lists of texts are fine, or the error says why not. */
int guild_search_check_goals(const struct guild_value *objectives,
	const struct guild_value *constraints, struct guild_error *err);

/* Hooks for a GUILD_SEARCH_SEQUENTIAL batch: its records say everything. `batch` and `world` are borrowed. */
struct guild_search_batch;
int guild_search_batch_new(const struct guild_run *batch, const struct guild_exec_world *world,
	struct guild_search_batch **out, struct guild_batch_hooks *hooks, struct guild_error *err);
void guild_search_batch_free(struct guild_search_batch *s);

/* ---- importance -------------------------------------------------------------------------------------------------------- */

enum {
	GUILD_IMPORTANCE_POINTS_MIN = 4,
	GUILD_IMPORTANCE_POINTS_MAX = 2000, /* of more, so many are drawn by chance */
	GUILD_IMPORTANCE_DIMS_MAX = 64,
};
struct guild_importance_pair {
	size_t a, b;  /* dimensions */
	double share; /* what both explain together beyond what each explains alone */
};
struct guild_importance {
	double *share; /* of each dimension: of the objective's variance over the space, what it alone explains */
	double *deviation;                   /* of that between the trees of the forest */
	struct guild_importance_pair *pairs; /* largest first; none unless asked for */
	size_t n_pairs;
};
/* Functional ANOVA (Hutter, Hoos, Leyton-Brown 2014) of n points (row by row) and their values, which are finite. An objective that is everywhere the same has
 * shares of 0. GUILD_EINVALID: too few points, or the space; GUILD_ELIMIT: too many dimensions. */
int guild_importance(const struct guild_space *space, const double *points, const double *values,
	size_t n, bool with_pairs, uint64_t seed, struct guild_importance *out,
	struct guild_error *err);
void guild_importance_fini(struct guild_importance *i);

#ifdef __cplusplus
}
#endif

#endif
