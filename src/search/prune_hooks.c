/* A pruner around the hooks of a batch. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <guild/collect.h>
#include <guild/search.h>

#define ATTR "_pruned"

struct guild_pruning {
	struct guild_pruner *pruner;
	const struct guild_batch_hooks *inner;
	const struct guild_log *log;
	size_t n_ended; /* trials */
	char *text;     /* of the last reason */
};

/* ---- trials from before ------------------------------------------------------------------------------------------- */

struct recalled {
	struct guild_pruner *pruner;
	struct guild_arena *a;
	struct point {
		const char *key;
		int64_t step;
		double value;
	} * v;
	size_t n, cap;
	bool has_steps;
};

static void recall(void *arg, const char *key, int64_t step, double value)
{
	struct recalled *r = arg;
	if (!guild_pruner_watches(r->pruner, key)) {
		return;
	}
	bool is_same = r->n > 0 && strcmp(r->v[r->n - 1].key, key) == 0;
	const char *name = is_same ? r->v[r->n - 1].key : guild_arena_strdup(r->a, key);
	r->v = guild_grow_array(r->v, &r->cap, r->n + 1, sizeof(*r->v));
	r->v[r->n++] = (struct point){.key = name, .step = step, .value = value};
	r->has_steps |= step > 0;
}

void guild_pruner_recall_run(struct guild_pruner *p, uint64_t trial, const struct guild_run *run,
	const struct guild_log *log)
{
	struct recalled r = {.pruner = p, .a = guild_arena_new()};
	guild_scalars_each(run, recall, &r, log);
	/* Event files have step 0 where there is none. */
	for (size_t i = 0; i < r.n; i++) {
		int64_t step = r.has_steps || r.n == 1 ? r.v[i].step : -1;
		guild_pruner_recall(p, trial, r.v[i].key, step, r.v[i].value);
	}
	free(r.v);
	guild_arena_free(r.a);
}

/* ---- what is recorded ------------------------------------------------------------------------------------------------ */

static struct guild_value *number_or_null(struct guild_arena *a, double v)
{
	return isnan(v) ? guild_value_null(a) : guild_value_float(a, v);
}

static void record(const struct guild_pruning *p, const struct guild_run *run,
	const struct guild_prune_reason *why)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);
	struct guild_error err = {0};
	guild_value_set(a, v, "rule", guild_value_string(a, why->rule));
	guild_value_set(a, v, "scalar", guild_value_string(a, why->scalar));
	guild_value_set(a, v, "step", guild_value_int(a, why->step));
	guild_value_set(a, v, "value", guild_value_float(a, why->value));
	guild_value_set(a, v, "compared", guild_value_float(a, why->compared));
	guild_value_set(a, v, "limit", number_or_null(a, why->limit));
	guild_value_set(a, v, "trials", guild_value_int(a, (int64_t)why->n_compared));
	guild_value_set(a, v, "text", guild_value_string(a, why->text));
	if (guild_run_attr_write(run, ATTR, v, false, &err) != 0) {
		guild_log(p->log, "warning", "why trial %.8s is stopped could not be recorded: %s",
			run->id, err.text);
	}
	guild_arena_free(a);
}

/* A batch that was killed just as it decided leaves the record with a trial that came to its own end. */
static bool was_pruned(const struct guild_run *run, const struct guild_batch_end *end)
{
	struct guild_arena *a = guild_arena_new();
	bool has_record = guild_run_attr(run, a, ATTR) != NULL;
	bool is_pruned = has_record && end->status == GUILD_RUN_TERMINATED &&
			 (end->is_pruned || end->is_old);
	guild_arena_free(a);
	if (has_record && !is_pruned) {
		(void)guild_run_attr_remove(run, ATTR, NULL);
	}
	return is_pruned;
}

/* ---- hooks ------------------------------------------------------------------------------------------------------------- */

static int begin(void *arg, const struct guild_log *log, struct guild_error *err)
{
	struct guild_pruning *p = arg;
	p->log = log;
	return p->inner->begin ? p->inner->begin(p->inner->arg, log, err) : 0;
}

static void is_there(void *arg, const struct guild_batch_trial *trial)
{
	const struct guild_batch_hooks *inner = ((struct guild_pruning *)arg)->inner;
	if (inner->is_there) {
		inner->is_there(inner->arg, trial);
	}
}

static int next(void *arg, struct guild_arena *a, const struct guild_value **flags,
	struct guild_error *err)
{
	const struct guild_batch_hooks *inner = ((struct guild_pruning *)arg)->inner;
	return inner->next(inner->arg, a, flags, err);
}

static void made(void *arg, const struct guild_batch_trial *trial)
{
	const struct guild_batch_hooks *inner = ((struct guild_pruning *)arg)->inner;
	if (inner->made) {
		inner->made(inner->arg, trial);
	}
}

static bool inner_watches(const struct guild_batch_hooks *inner, const char *key)
{
	return inner->seen && inner->watches && inner->watches(inner->arg, key);
}

static bool watches(void *arg, const char *key)
{
	const struct guild_pruning *p = arg;
	return guild_pruner_watches(p->pruner, key) || inner_watches(p->inner, key);
}

static const char *seen(void *arg, const struct guild_batch_trial *trial, const char *key,
	int64_t step, double value)
{
	struct guild_pruning *p = arg;
	const struct guild_prune_reason *why =
		guild_pruner_report(p->pruner, trial->number, key, step, value);
	const char *other = inner_watches(p->inner, key)
				    ? p->inner->seen(p->inner->arg, trial, key, step, value)
				    : NULL;
	if (!why) {
		return other;
	}
	/* Before the trial is stopped: one that ended so and has no record would be run again. */
	record(p, trial->run, why);
	free(p->text);
	p->text = guild_strdup(why->text);
	return p->text;
}

static void ended(void *arg, const struct guild_batch_trial *trial,
	const struct guild_batch_end *end)
{
	struct guild_pruning *p = arg;
	struct guild_batch_end told = *end;
	told.is_pruned = was_pruned(trial->run, end);
	p->n_ended++;
	if (end->is_old) {
		guild_pruner_recall_run(p->pruner, trial->number, trial->run, p->log);
	}
	guild_pruner_end(p->pruner, trial->number, end->status == GUILD_RUN_COMPLETED);
	if (p->inner->ended) {
		p->inner->ended(p->inner->arg, trial, &told);
	}
}

static const char *summary(void *arg)
{
	const struct guild_batch_hooks *inner = ((struct guild_pruning *)arg)->inner;
	return inner->summary ? inner->summary(inner->arg) : NULL;
}

static void finish(void *arg)
{
	const struct guild_pruning *p = arg;
	const struct guild_batch_hooks *inner = p->inner;
	const char *unseen = guild_pruner_unseen(p->pruner);
	if (unseen && p->n_ended > 0) {
		guild_log(p->log, "warning",
			"no trial has reported '%s', which a pruning rule is about", unseen);
	}
	if (inner->finish) {
		inner->finish(inner->arg);
	}
}

/* ---- making ------------------------------------------------------------------------------------------------------------- */

/* The scalar of a column: "-max acc" is acc, to be made large. */
static const char *scalar_of(struct guild_arena *a, const char *objective, bool *maximize)
{
	struct guild_cols cols = {0};
	*maximize = objective && objective[0] == '-';
	const char *column = objective ? objective + *maximize : "loss";
	bool is_scalar = guild_cols_parse(a, column, &cols, NULL) == 0 && cols.n > 0 &&
			 cols.v[0].kind == GUILD_COL_SCALAR;
	return is_scalar ? cols.v[0].key : column;
}

int guild_prune_hooks(const struct guild_value *rules, const char *objective,
	const struct guild_batch_hooks *inner, struct guild_batch_hooks *hooks,
	struct guild_pruning **out, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *plain = NULL;
	struct guild_pruner *pruner = NULL;
	bool maximize;
	const char *scalar = scalar_of(a, objective, &maximize);
	int rc = guild_prune_read(a, rules, &plain, err);
	bool is_none = rc == 0 && plain->n == 0;
	rc = rc || is_none ? rc : guild_pruner_new(plain, scalar, maximize, &pruner, err);
	guild_arena_free(a);
	if (is_none) {
		*hooks = *inner;
		*out = NULL;
	} else if (rc == 0) {
		struct guild_pruning *p = guild_alloc(sizeof(*p));
		p->pruner = pruner;
		p->inner = inner;
		*hooks = (struct guild_batch_hooks){.arg = p,
			.begin = begin,
			.is_there = is_there,
			.next = next,
			.all_at_once = inner->all_at_once,
			.n_planned = inner->n_planned,
			.made = made,
			.watches = watches,
			.seen = seen,
			.ended = ended,
			.finish = finish,
			.summary = summary};
		*out = p;
	}
	return rc;
}

void guild_pruning_free(struct guild_pruning *p)
{
	if (p) {
		guild_pruner_free(p->pruner);
		free(p->text);
		free(p);
	}
}

/* The prototype's record holds them. */
static const struct guild_value *recorded_rules(const struct guild_run *batch,
	struct guild_arena *a)
{
	char *dir = guild_path_join(batch->guild_dir, "proto");
	struct guild_run proto = {0};
	const struct guild_value *record =
		guild_run_open(dir, &proto, NULL) == 0 ? guild_run_attr(&proto, a, "op") : NULL;
	guild_run_fini(&proto);
	free(dir);
	return guild_value_get(record, "prune");
}

int guild_prune_batch(const struct guild_run *batch, const struct guild_value *rules,
	const struct guild_batch_hooks *inner, struct guild_batch_hooks *hooks,
	struct guild_pruning **out, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *objective = guild_run_attr(batch, a, "objective");
	if (objective && objective->type == GUILD_LIST && objective->n > 0) {
		objective = objective->items[0];
	}
	int rc = guild_prune_hooks(rules ? rules : recorded_rules(batch, a),
		guild_value_text(objective), inner, hooks, out, err);
	guild_arena_free(a);
	return rc;
}
