/*
 * The watch over a running program: what it said so far, and which rules hold.
 *
 * A value costs one look-up by its name and the rules that name it; the clock brings everything else once a second. All of it happens on
 * the supervisor's thread, but for what takes long (alert_actions.c).
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "alerts.h"
#include "exec_private.h"

/* A name that values came for, or figures of the machine. */
struct watched {
	struct guild_scalar_summary summary;
	uint64_t rules;  /* that name it */
	int64_t last_us; /* when the program said it; 0: a figure of the machine */
};

struct watch_rule {
	struct alert_rule rule;
	uint64_t bit;
	int64_t since_us; /* it holds; 0: it does not */
	int64_t fired_us; /* 0: never */
};

struct guild_alerts {
	struct guild_alerts_request req;
	struct guild_arena *arena;
	struct watch_rule *rules;
	size_t n_rules;
	struct guild_map watched; /* name -> struct watched */
	struct alert_events *events;
	struct alert_nans *nans;
	int heard; /* why the program is to be stopped, in the output at hand */
	struct alert_actions *actions;
	volatile sig_atomic_t pid; /* of the program; 0: it has ended */
	int64_t started_us, output_us, scalar_us;
	int64_t elapsed_us;
	int64_t last_step; /* of any scalar; -1: none */
	struct guild_value *time_value;
	bool wants_disk, wants_output;
	struct alert_machine machine;
};

/* ---- names --------------------------------------------------------------------------------------------- */

/* "PREFIX#TAG" names the directory; a tag alone is any directory's. */
static bool names(const char *wanted, const char *key)
{
	const char *hash = strrchr(key, '#');
	return strcmp(wanted, key) == 0 || (hash && strcmp(wanted, hash + 1) == 0);
}

static bool rule_names(const struct watch_rule *r, const char *key)
{
	for (size_t i = 0; i < r->rule.condition.names.n; i++) {
		if (names(r->rule.condition.names.v[i], key)) {
			return true;
		}
	}
	return r->rule.condition.kind == ALERT_NO_SCALAR && r->rule.condition.scalar &&
	       names(r->rule.condition.scalar, key);
}

static struct watched *watch(struct guild_alerts *w, const char *key)
{
	struct watched *found = guild_map_get(&w->watched, key);
	if (found) {
		return found;
	}
	found = guild_arena_alloc(w->arena, sizeof(*found));
	found->summary.prefix = "";
	found->summary.tag = guild_arena_strdup(w->arena, key);
	for (size_t i = 0; i < w->n_rules; i++) {
		found->rules |= rule_names(&w->rules[i], key) ? w->rules[i].bit : 0;
	}
	guild_map_put(&w->watched, key, found);
	return found;
}

/* As the reader of event files summarises, but in the order of arrival: a step seen again is a new value. NaN is no minimum. */
static void add_value(struct guild_scalar_summary *s, double v, int64_t step)
{
	if (s->count == 0) {
		s->first = v;
		s->first_step = step;
	}
	if (s->count == 0 || v < s->min || isnan(s->min)) {
		s->min = v;
		s->min_step = step;
	}
	if (s->count == 0 || v > s->max || isnan(s->max)) {
		s->max = v;
		s->max_step = step;
	}
	s->last = v;
	s->last_step = step;
	s->total += v;
	s->count++;
}

/* ---- the query's view of the run --------------------------------------------------------------------------- */

static const struct guild_value *attr(void *arg, const char *name)
{
	struct guild_alerts *w = arg;
	return strcmp(name, "time") == 0 ? w->time_value : NULL;
}

static bool attr_us(void *arg, const char *name, int64_t *us)
{
	struct guild_alerts *w = arg;
	*us = w->elapsed_us;
	return strcmp(name, "time") == 0;
}

static const struct guild_value *flag(void *arg, const char *name)
{
	return guild_value_get(((struct guild_alerts *)arg)->req.flags, name);
}

static const struct watched *find(const struct guild_alerts *w, const char *key)
{
	const struct watched *found = guild_map_get(&w->watched, key);
	for (size_t i = 0; !found && i < w->watched.n; i++) {
		const struct guild_map_entry *e = &w->watched.entries[i];
		found = names(key, e->key) ? e->value : NULL;
	}
	return found;
}

static const struct guild_scalar_summary *scalar(void *arg, const char *key)
{
	const struct watched *found = find(arg, key);
	return found && found->summary.count > 0 ? &found->summary : NULL;
}

/* Values of earlier steps are not kept. */
static bool scalar_at(void *arg, const char *key, int64_t step, double *value)
{
	const struct guild_scalar_summary *s = scalar(arg, key);
	*value = s ? s->last : 0;
	return s && s->last_step == step;
}

static bool holds(struct guild_alerts *w, const struct watch_rule *r)
{
	const struct guild_query_source source = {
		.arg = w,
		.attr = attr,
		.attr_us = attr_us,
		.flag = flag,
		.scalar = scalar,
		.scalar_at = scalar_at,
	};
	return guild_query_holds(r->rule.condition.query, &source);
}

/* ---- what an alert says ------------------------------------------------------------------------------------- */

static struct guild_value *silence(struct guild_arena *a, int64_t since_us, int64_t now)
{
	struct guild_value *v = guild_value_dict(a);
	guild_value_set(a, v, "seconds",
		guild_value_float(a, floor((double)(now - since_us) / 1e5) / 10));
	return v;
}

/* The figures that the condition names. */
static struct guild_value *figures(struct guild_alerts *w, const struct watch_rule *r,
	struct guild_arena *a)
{
	const struct guild_strs *wanted = &r->rule.condition.names;
	struct guild_value *v = guild_value_dict(a);
	for (size_t i = 0; i < wanted->n; i++) {
		const struct guild_scalar_summary *s = scalar(w, wanted->v[i]);
		if (strcmp(wanted->v[i], "time") == 0) {
			guild_value_set(a, v, "time",
				guild_value_float(a, (double)w->elapsed_us / 1e6));
		} else if (s) {
			guild_value_set(a, v, wanted->v[i], guild_value_float(a, s->last));
		}
	}
	return v;
}

static int64_t since_of(const struct guild_alerts *w, const struct watch_rule *r)
{
	const struct watched *found =
		r->rule.condition.scalar ? find(w, r->rule.condition.scalar) : NULL;
	if (r->rule.condition.kind == ALERT_NO_OUTPUT) {
		return w->output_us;
	}
	if (r->rule.condition.scalar) {
		return found && found->last_us ? found->last_us : w->started_us;
	}
	return w->scalar_us;
}

/* "loss = nan at step 12" */
static char *figures_text(const struct guild_alerts *w, const struct guild_value *value)
{
	struct guild_buf b = {0};
	for (size_t i = 0; i < value->n; i++) {
		const char *name = guild_value_text(value->pairs[i].key);
		char number[GUILD_F64_MAX];
		double figure = value->pairs[i].value->f;
		const struct watched *s = find(w, name);
		size_t n = guild_f64_repr(figure, number);
		n = n > 2 && memcmp(number + n - 2, ".0", 2) == 0 ? n - 2 : n;
		guild_buf_printf(&b, "%s%s = %.*s", i > 0 ? ", " : "", name, (int)n, number);
		if (s && s->summary.last_step >= 0 && s->last_us > 0) {
			guild_buf_printf(&b, " at step %lld", (long long)s->summary.last_step);
		}
	}
	return guild_buf_take(&b);
}

/* ---- when -------------------------------------------------------------------------------------------------------- */

static bool may_fire(const struct watch_rule *r, int64_t now)
{
	return r->fired_us == 0 || (r->rule.again_us > 0 && now - r->fired_us >= r->rule.again_us);
}

/* What it waited for is there; *since_us: since when there is silence, for rules that wait for that. */
static bool has_come(struct guild_alerts *w, struct watch_rule *r, int64_t now, int64_t *since_us)
{
	if (r->rule.condition.kind != ALERT_HOLDS) {
		*since_us = since_of(w, r);
	} else if (holds(w, r)) {
		r->since_us = r->since_us ? r->since_us : now;
		*since_us = r->since_us;
	} else {
		r->since_us = 0;
		return false;
	}
	return now - *since_us >= r->rule.condition.for_us;
}

static int fire(struct guild_alerts *w, struct watch_rule *r, int64_t since_us, int64_t now)
{
	struct guild_arena *a = guild_arena_new();
	bool is_silence = r->rule.condition.kind != ALERT_HOLDS;
	struct guild_value *value = is_silence ? silence(a, since_us, now) : figures(w, r, a);
	char *shown = figures_text(w, value);
	char *text = guild_format("%s%s%s%s", r->rule.when, *shown ? " (" : "", shown,
		*shown ? ")" : "");
	const struct alert_firing firing = {
		.req = &w->req,
		.rule = &r->rule,
		.value = value,
		.text = text,
		.step = w->last_step,
		.has_ended = w->pid == 0,
	};
	int reason = guild_alert_fire(&firing, &w->actions);
	free(text);
	free(shown);
	guild_arena_free(a);
	return reason;
}

static int consider(struct guild_alerts *w, struct watch_rule *r, int64_t now)
{
	int64_t since_us;
	if (!may_fire(r, now) || !has_come(w, r, now, &since_us)) {
		return 0;
	}
	r->fired_us = now;
	return fire(w, r, since_us, now);
}

static int consider_all(struct guild_alerts *w, uint64_t which, int64_t now)
{
	int reason = 0;
	for (size_t i = 0; i < w->n_rules; i++) {
		if (w->rules[i].bit & which) {
			int asked = consider(w, &w->rules[i], now);
			reason = reason ? reason : asked;
		}
	}
	return reason;
}

static int take_value(struct guild_alerts *w, const char *key, double value, int64_t step)
{
	struct watched *s = watch(w, key);
	int64_t now = guild_monotonic_us();
	add_value(&s->summary, value, step);
	s->last_us = w->scalar_us = now;
	w->last_step = step >= 0 ? step : w->last_step;
	w->elapsed_us = now - w->started_us;
	return s->rules ? consider_all(w, s->rules, now) : 0;
}

static int on_scalar(void *arg, const struct guild_output_scalar *s)
{
	return take_value(arg, s->key, s->value, s->step);
}

/* Only names that rules know: the rest of the output is text. */
static void take_nan(void *arg, const char *key, double value, int64_t step)
{
	struct guild_alerts *w = arg;
	for (size_t i = 0; i < w->n_rules; i++) {
		if (rule_names(&w->rules[i], key)) {
			int reason = take_value(w, key, value,
				step > w->last_step ? step : w->last_step);
			w->heard = w->heard ? w->heard : reason;
			return;
		}
	}
}

static int on_output(void *arg, bool is_stderr, const char *p, size_t n)
{
	struct guild_alerts *w = arg;
	int reason = w->req.on_output ? w->req.on_output(w->req.on_output_arg, is_stderr, p, n) : 0;
	w->output_us = guild_monotonic_us();
	w->heard = 0;
	if (w->nans) {
		guild_alert_nans_feed(w->nans, is_stderr, p, n);
	}
	return reason ? reason : w->heard;
}

/* ---- figures of the machine ----------------------------------------------------------------------------------- */

static void set_figure(void *arg, const char *name, double value)
{
	struct guild_alerts *w = arg;
	struct watched *s = watch(w, name);
	if (isfinite(value) &&
		s->last_us == 0) { /* else the program prints a scalar of that name */
		add_value(&s->summary, value, -1);
	}
}

static void on_readings(void *arg, const struct guild_scalar *v, size_t n)
{
	guild_alert_machine_tell(&((struct guild_alerts *)arg)->machine, v, n);
}

static void look_at_disk(struct guild_alerts *w)
{
	struct statvfs st;
	if (w->wants_disk && statvfs(w->req.run->dir, &st) == 0) {
		set_figure(w, "disk free", (double)st.f_bavail * (double)st.f_frsize);
	}
}

/* ---- the clock ---------------------------------------------------------------------------------------------------- */

struct event_values {
	struct guild_alerts *w;
	int reason;
};

static void take_event(void *arg, const char *key, double value, int64_t step)
{
	struct event_values *v = arg;
	int reason = take_value(v->w, key, value, step);
	v->reason = v->reason ? v->reason : reason;
}

static int on_tick(void *arg, int64_t elapsed_us)
{
	struct guild_alerts *w = arg;
	struct event_values v = {.w = w};
	(void)elapsed_us;
	if (w->actions) {
		guild_alert_actions_report(w->actions, w->req.log);
	}
	if (w->events) {
		guild_alert_events_look(w->events, take_event, &v);
	}
	if (w->pid == 0) {
		return 0;
	}
	int64_t now = guild_monotonic_us();
	w->elapsed_us = now - w->started_us;
	look_at_disk(w);
	int reason = consider_all(w, UINT64_MAX, now);
	return v.reason ? v.reason : reason;
}

/* ---- from start to end ---------------------------------------------------------------------------------------------- */

/* Names that only the clock, flags or the machine can give need no look into event files. */
static bool needs_events(const struct guild_alerts *w)
{
	static const char *const others[] = {
		"time", "memory", "disk free", "cpu util", "gpu util", "gpu memory", NULL};
	for (size_t i = 0; i < w->n_rules; i++) {
		const struct alert_condition *c = &w->rules[i].rule.condition;
		bool needs = c->kind == ALERT_NO_SCALAR;
		for (size_t k = 0; k < c->names.n && !needs; k++) {
			const char *name = c->names.v[k];
			needs = !guild_value_get(w->req.flags, name) && !guild_starts(name, "sys/");
			for (size_t o = 0; others[o] && needs; o++) {
				needs = strcmp(name, others[o]) != 0;
			}
		}
		if (needs) {
			return true;
		}
	}
	return false;
}

static void note_wishes(struct guild_alerts *w)
{
	for (size_t i = 0; i < w->n_rules; i++) {
		const struct alert_condition *c = &w->rules[i].rule.condition;
		w->wants_disk |= guild_strs_has(&c->names, "disk free");
		w->wants_output |= c->kind == ALERT_NO_OUTPUT;
	}
}

int guild_alerts_new(const struct guild_alerts_request *req, struct guild_alerts **out,
	struct guild_error *err)
{
	*out = NULL;
	if (!req->rules || req->rules->type != GUILD_LIST || req->rules->n == 0) {
		return 0;
	}
	struct guild_alerts *w = guild_alloc(sizeof(*w));
	w->req = *req;
	w->arena = guild_arena_new();
	w->time_value = guild_value_bool(w->arena, true);
	w->last_step = -1;
	w->pid = -1;
	w->rules = guild_alloc(req->rules->n * sizeof(*w->rules));
	int rc = req->rules->n > GUILD_ALERTS_MAX ? guild_error_set(err, GUILD_ELIMIT,
							    "more than %d alerts", GUILD_ALERTS_MAX)
						  : 0;
	for (size_t i = 0; rc == 0 && i < req->rules->n; i++) {
		struct watch_rule *r = &w->rules[w->n_rules];
		r->bit = UINT64_C(1) << i;
		rc = guild_alert_rule_read(w->arena, req->rules->items[i], &r->rule, err);
		w->n_rules++;
	}
	if (rc != 0) {
		guild_alerts_free(w);
		return rc;
	}
	note_wishes(w);
	w->machine = (struct alert_machine){.env = w->req.env,
		.limits = guild_container_limits_read("/"),
		.each = set_figure,
		.arg = w};
	w->started_us = w->output_us = w->scalar_us = guild_monotonic_us();
	if (needs_events(w)) {
		w->events = guild_alert_events_new(req->run);
		w->nans = guild_alert_nans_new(take_nan, w);
		w->wants_output = true;
	}
	*out = w;
	return 0;
}

void guild_alerts_attach(struct guild_alerts *w, struct guild_supervise_request *req)
{
	if (!w) {
		return;
	}
	req->on_scalar = on_scalar;
	req->on_tick = on_tick;
	req->on_readings = on_readings;
	req->arg = w;
	req->pid_out = &w->pid;
	if (w->wants_output) {
		req->on_output = on_output;
		req->on_output_arg = w;
	}
}

void guild_alerts_free(struct guild_alerts *w)
{
	if (!w) {
		return;
	}
	guild_alert_actions_free(w->actions, w->req.log);
	guild_alert_events_free(w->events);
	guild_alert_nans_free(w->nans);
	for (size_t i = 0; i < w->n_rules; i++) {
		guild_alert_rule_fini(&w->rules[i].rule);
	}
	free(w->rules);
	guild_map_fini(&w->watched);
	guild_arena_free(w->arena);
	free(w);
}
