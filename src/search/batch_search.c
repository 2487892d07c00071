/* A batch whose trials an optimizer chooses, by ask and tell (batches.md 3.3). All state is in run directories: a batch that is started
 * again tells its trials first. */

#include "batch_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct guild_search_batch {
	struct guild_arena *a;
	const struct guild_run *run;
	const struct guild_exec_world *world;
	const struct guild_log *log; /* of the batch; set when it begins */
	struct guild_search_op op;
	struct guild_flag_space fs;
	struct guild_optimizer *optimizer;
	struct search_goals goals;
	const char *prev; /* where points from before come from */
	size_t max_trials, random_starts;
	double n_points; /* that there are to try */
	size_t n_trials; /* of the batch so far */
	size_t n_known;  /* that count for the optimizer */
	size_t n_without,
		n_out; /* completed ones without the objective; ones outside of the space */
	bool is_seeded, has_initial, was_told_missing;
	struct guild_map ids;   /* run -> its id in the optimizer */
	struct guild_strs runs; /* id in the optimizer -> run */
	uint64_t asked;         /* the last ask */
	char *summary;
	double *x;
};

/* ---- ids -------------------------------------------------------------------------------------------------------------- */

static void remember(struct guild_search_batch *s, const char *run_id, uint64_t id)
{
	uint64_t *copy = guild_arena_alloc(s->a, sizeof(*copy));
	*copy = id;
	guild_map_put(&s->ids, run_id, copy);
	while (s->runs.n <= id) {
		guild_strs_add(&s->runs, "");
	}
	free(s->runs.v[id]);
	s->runs.v[id] = guild_strdup(run_id);
}

/* ---- what a run came to --------------------------------------------------------------------------------------------------- */

/* Said once: everything hangs on it. */
static void note_missing(struct guild_search_batch *s, const struct guild_run *run)
{
	struct guild_buf names = {0};
	if (s->was_told_missing) {
		return;
	}
	s->was_told_missing = true;
	search_scalars_text(run, s->log, &names);
	guild_log(s->log, "warning", "trial %.8s has no scalar '%s' to search by; %s%s", run->id,
		s->goals.objectives[0].text, names.n ? "what it has: " : "it has no scalars",
		guild_buf_cstr(&names));
	guild_buf_fini(&names);
}

struct outcome {
	struct guild_outcome o;
	double values[GUILD_OBJECTIVES_MAX];
	double *constraints;
};

static void read_outcome(struct guild_search_batch *s, const struct guild_run *run, bool has_failed,
	bool is_pruned, struct outcome *out)
{
	*out = (struct outcome){
		.constraints = guild_alloc((s->goals.n_constraints + 1) * sizeof(double))};
	bool has_all = !has_failed &&
		       search_goals_values(&s->goals, run, s->log, out->values, out->constraints);
	out->o.state = is_pruned ? GUILD_OUTCOME_PRUNED
		       : has_all ? GUILD_OUTCOME_COMPLETE
				 : GUILD_OUTCOME_FAILED;
	out->o.values = has_failed ? NULL : out->values;
	if (!has_failed) {
		out->o.constraints = out->constraints;
		out->o.n_constraints = s->goals.n_constraints;
	}
	if (has_all && !is_pruned) {
		s->n_known++;
	} else if (!has_failed && !is_pruned) {
		s->n_without++;
	}
}

static void outcome_fini(struct outcome *o)
{
	free(o->constraints);
}

/* ---- runs from before --------------------------------------------------------------------------------------------------------- */

static void add_run(struct guild_search_batch *s, const struct guild_run *run,
	const struct guild_value *flags, const struct guild_outcome *o)
{
	uint64_t id;
	if (!flags || !guild_flag_space_point(s->a, &s->fs, flags, s->x) ||
		guild_optimizer_add(s->optimizer, s->x, o, &id, NULL) != 0) {
		s->n_out++;
		return;
	}
	remember(s, run->id, id);
}

struct wanted {
	struct guild_search_batch *s;
	const char *digest; /* of the source code, or NULL */
	char *name;         /* of the operation */
};

static bool is_wanted(const struct wanted *w, const struct guild_run *run)
{
	char *link = guild_path_join(w->s->run->dir, run->id);
	struct stat st;
	bool is_own = lstat(link, &st) == 0 || guild_run_is_batch(run);
	free(link);
	if (is_own) {
		return false;
	}
	if (w->digest) {
		const struct guild_value *v = guild_run_attr(run, w->s->a, "sourcecode_digest");
		return guild_streq(guild_value_text(v), w->digest);
	}
	char *name = guild_run_display_name(run);
	bool is_same = guild_streq(name, w->name);
	free(name);
	return is_same;
}

static void add_previous(struct guild_search_batch *s, const struct guild_run *proto)
{
	bool by_source = strcmp(s->prev, "sourcecode") == 0;
	struct wanted w = {.s = s, .name = guild_run_display_name(proto)};
	struct guild_run_filter filter = {.statuses = 1u << GUILD_RUN_COMPLETED};
	struct guild_runs all = {0};
	struct guild_error err = {0};
	char *runs_dir = guild_path_dirname(s->run->dir);
	char *index = guild_store_index_path(s->world->home, false, s->world->env);
	if (by_source) {
		w.digest = guild_value_text(guild_run_attr(proto, s->a, "sourcecode_digest"));
		w.digest = w.digest ? w.digest : "";
	}
	filter.index_path = index;
	if (guild_store_list(runs_dir, &filter, NULL, &all, s->log, &err) != 0) {
		guild_log(s->log, "warning", "previous runs cannot be read: %s", err.text);
	}
	/* Oldest first. */
	for (size_t i = all.n; i > 0; i--) {
		const struct guild_run *run = &all.v[i - 1];
		if (!is_wanted(&w, run)) {
			continue;
		}
		struct outcome o;
		size_t n_without = s->n_without;
		read_outcome(s, run, false, false, &o);
		s->n_without = n_without;
		if (o.o.state == GUILD_OUTCOME_COMPLETE) {
			add_run(s, run, guild_run_attr(run, s->a, "flags"), &o.o);
		}
		outcome_fini(&o);
	}
	guild_runs_fini(&all);
	free(w.name);
	free(index);
	free(runs_dir);
}

/* The first trial has the initial values, which an optimizer gives its first point alone. */
static void seed(struct guild_search_batch *s)
{
	if (s->is_seeded || (s->n_trials == 0 && s->has_initial)) {
		return;
	}
	s->is_seeded = true;
	if (strcmp(s->prev, "batch") == 0) {
		return;
	}
	struct guild_run proto = {0};
	char *dir = guild_path_join(s->run->guild_dir, "proto");
	if (guild_run_open(dir, &proto, NULL) == 0) {
		add_previous(s, &proto);
	}
	guild_run_fini(&proto);
	free(dir);
}

/* ---- hooks ----------------------------------------------------------------------------------------------------------------------- */

static int begin(void *arg, const struct guild_log *log, struct guild_error *err)
{
	struct guild_search_batch *s = arg;
	(void)err;
	s->log = log;
	return 0;
}

static void is_there(void *arg, const struct guild_batch_trial *trial)
{
	struct guild_search_batch *s = arg;
	seed(s);
	s->n_trials++;
	add_run(s, trial->run, trial->flags, NULL);
}

static void note_ask(struct guild_search_batch *s)
{
	if (s->n_out > 0) {
		guild_log(s->log, "info",
			"%zu previous trial(s) have flags outside of what is searched: left out",
			s->n_out);
		s->n_out = 0;
	}
	if (s->n_trials < s->random_starts || (s->n_known == 0 && s->random_starts > 0)) {
		const char *objective = s->goals.objectives[0].text;
		char *why = s->n_trials < s->random_starts
				    ? guild_format("%zu of %zu", s->n_trials + 1, s->random_starts)
			    : s->n_without > 0
				    ? guild_format("cannot find objective '%s'", objective)
				    : guild_strdup("missing previous trials");
		guild_log(s->log, "info", "Random start for optimization (%s)", why);
		free(why);
	} else if (s->n_known > 0) {
		guild_log(s->log, "info", "Found %zu previous trial(s) for use in optimization",
			s->n_known);
	}
}

static int next(void *arg, struct guild_arena *a, const struct guild_value **flags,
	struct guild_error *err)
{
	struct guild_search_batch *s = arg;
	if (s->n_trials >= s->max_trials) {
		return 0;
	}
	if ((double)s->n_trials >= s->n_points) {
		guild_log(s->log, "info", "All combinations of values were tried");
		return 0;
	}
	seed(s);
	note_ask(s);
	int rc = guild_optimizer_ask(s->optimizer, s->x, &s->asked, err);
	if (rc != 0) {
		return rc;
	}
	*flags = guild_flag_space_values(a, &s->fs, s->x);
	return 1;
}

static void made(void *arg, const struct guild_batch_trial *trial)
{
	struct guild_search_batch *s = arg;
	s->n_trials++;
	remember(s, trial->run->id, s->asked);
}

static void tell(struct guild_search_batch *s, const struct guild_batch_trial *trial,
	const struct guild_outcome *o)
{
	struct guild_error err = {0};
	const uint64_t *id = guild_map_get(&s->ids, trial->run->id);
	if (id && guild_optimizer_tell(s->optimizer, *id, o, &err) != 0 &&
		err.code != GUILD_EEXISTS) {
		guild_log(s->log, "warning", "%s", err.text);
	}
}

static void ended(void *arg, const struct guild_batch_trial *trial,
	const struct guild_batch_end *end)
{
	struct guild_search_batch *s = arg;
	struct outcome o;
	bool has_failed = end->status != GUILD_RUN_COMPLETED && !end->is_pruned;
	if (end->is_old) {
		seed(s);
		s->n_trials += !end->is_earlier;
	}
	read_outcome(s, trial->run, has_failed, end->is_pruned, &o);
	if (!has_failed && !end->is_pruned && o.o.state == GUILD_OUTCOME_FAILED) {
		note_missing(s, trial->run);
	}
	if (end->is_old) {
		add_run(s, trial->run, trial->flags, &o.o);
	} else {
		tell(s, trial, &o.o);
	}
	outcome_fini(&o);
}

static const char *best_run(const struct guild_search_batch *s, uint64_t id)
{
	return id < s->runs.n && *s->runs.v[id] ? s->runs.v[id] : "a run from before";
}

static const char *summary(void *arg)
{
	struct guild_search_batch *s = arg;
	double values[GUILD_OBJECTIVES_MAX];
	uint64_t id;
	if (!guild_optimizer_best(s->optimizer, NULL, values, &id)) {
		return NULL;
	}
	free(s->summary);
	s->summary = guild_format("best %s %.6g (%.8s)", s->goals.objectives[0].text, values[0],
		best_run(s, id));
	return s->summary;
}

static void finish(void *arg)
{
	struct guild_search_batch *s = arg;
	const char *text = summary(s);
	if (text && s->goals.n_objectives == 1) {
		guild_log(s->log, "info", "Of %zu trial(s): %s", s->n_trials, text);
	} else if (text) {
		guild_log(s->log, "info",
			"Of %zu trial(s), %zu are beaten by none in all objectives", s->n_trials,
			guild_optimizer_front(s->optimizer, NULL, 0));
	}
}

/* ---- making --------------------------------------------------------------------------------------------------------------------------- */

static const struct guild_value *objectives_of(struct guild_arena *a, const struct guild_run *batch)
{
	const struct guild_value *all = guild_run_attr(batch, a, "_objectives");
	const struct guild_value *one = guild_run_attr(batch, a, "objective");
	if (all && all->type == GUILD_LIST) {
		return all;
	}
	struct guild_value *list = guild_value_list(a);
	if (guild_value_text(one)) {
		guild_value_append(a, list, guild_value_copy(a, one));
	}
	return list;
}

static int make_space(struct guild_search_batch *s, struct guild_error *err)
{
	struct guild_run proto = {0};
	char *dir = guild_path_join(s->run->guild_dir, "proto");
	int rc = guild_run_open(dir, &proto, err);
	if (rc == 0) {
		const struct guild_value *flags = guild_run_attr(&proto, s->a, "flags");
		const struct guild_value *op = guild_run_attr(&proto, s->a, "op");
		rc = guild_search_space(s->a, flags, guild_value_get(op, "flags-extra"),
			guild_value_get(guild_value_get(op, "op-cmd"), "cmd-flags"), s->op.kind,
			&s->fs, err);
	}
	guild_run_fini(&proto);
	free(dir);
	return rc;
}

int guild_search_space(struct guild_arena *a, const struct guild_value *flags,
	const struct guild_value *extra, const struct guild_value *cmd_flags,
	enum guild_search_kind kind, struct guild_flag_space *out, struct guild_error *err)
{
	const struct guild_flag_space_request req = {
		.flags = flags && flags->type == GUILD_DICT ? flags : guild_value_dict(a),
		.extra = extra,
		.cmd_flags = cmd_flags,
		.keeps_repeats = kind == GUILD_SEARCH_RANDOM};
	int rc = guild_flag_space_make(a, &req, out, err);
	if (rc == 0 && out->n == 0) {
		struct guild_buf names = {0};
		guild_flag_default_label(&names, req.flags);
		guild_error_set(err, GUILD_EINVALID,
			"flags for batch (%s) do not contain any search dimensions",
			guild_buf_cstr(&names));
		guild_error_hint(err, "search a flag with NAME=[LOW:HIGH] or NAME=[A,B,C]");
		guild_buf_fini(&names);
		rc = GUILD_EINVALID;
	}
	return rc;
}

static int make_optimizer(struct guild_search_batch *s, struct guild_error *err)
{
	struct guild_optimizer_options options = {
		.seed = (uint64_t)guild_run_attr_i64(s->run, "random_seed", 0),
		.n_objectives = s->goals.n_objectives,
		.flags = search_own_flags(s->a, s->op.optimizer, s->op.batch.flags)};
	for (size_t i = 0; i < s->goals.n_objectives; i++) {
		options.maximize[i] = s->goals.objectives[i].maximize;
	}
	return guild_optimizer_new(s->op.optimizer->name, &s->fs.space, &options, &s->optimizer,
		err);
}

static void read_settings(struct guild_search_batch *s)
{
	const char *prev = guild_value_text(guild_value_get(s->op.batch.flags, "prev-trials"));
	const struct guild_value *starts = guild_value_get(s->op.batch.flags, "random-starts");
	s->prev = prev ? prev : "batch";
	s->max_trials = s->op.batch.max_trials > 0 ? (size_t)s->op.batch.max_trials : SIZE_MAX;
	s->random_starts =
		starts && starts->type == GUILD_INT && starts->i > 0 ? (size_t)starts->i : 0;
	s->random_starts = s->random_starts > s->max_trials ? s->max_trials : s->random_starts;
	for (size_t i = 0; i < s->fs.space.n; i++) {
		s->has_initial = s->has_initial || s->fs.space.v[i].initial;
	}
	s->n_points = guild_space_size(&s->fs.space);
	s->x = guild_alloc((s->fs.space.n + 1) * sizeof(*s->x));
}

int guild_search_batch_new(const struct guild_run *batch, const struct guild_exec_world *world,
	struct guild_search_batch **out, struct guild_batch_hooks *hooks, struct guild_error *err)
{
	struct guild_search_batch *s = guild_alloc(sizeof(*s));
	s->a = guild_arena_new();
	s->run = batch;
	s->world = world;
	int rc = guild_search_of_run(s->a, batch, &s->op, err);
	if (rc == 0 && s->op.kind != GUILD_SEARCH_SEQUENTIAL) {
		rc = guild_error_set(err, GUILD_EINVALID, "batch %.8s has no optimizer", batch->id);
	}
	rc = rc ? rc
		: search_goals_read(s->a, objectives_of(s->a, batch),
			  guild_run_attr(batch, s->a, "_constraints"), &s->goals, err);
	rc = rc ? rc : make_space(s, err);
	rc = rc ? rc : make_optimizer(s, err);
	if (rc != 0) {
		guild_search_batch_free(s);
		return rc;
	}
	read_settings(s);
	*hooks = (struct guild_batch_hooks){.arg = s,
		.begin = begin,
		.is_there = is_there,
		.next = next,
		.made = made,
		.ended = ended,
		.n_planned = s->max_trials == SIZE_MAX ? 0 : s->max_trials,
		.finish = finish,
		.summary = summary};
	*out = s;
	return 0;
}

void guild_search_batch_free(struct guild_search_batch *s)
{
	if (!s) {
		return;
	}
	guild_optimizer_free(s->optimizer);
	guild_map_fini(&s->ids);
	guild_strs_fini(&s->runs);
	free(s->summary);
	free(s->x);
	guild_arena_free(s->a);
	free(s);
}
