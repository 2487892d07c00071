/* Pruning: the curves of all trials, and the rules that look at them. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "prune.h"

/* Where nothing is said: the noisy start of the curve, by the length of the first trial that completed. */
enum { WARMUP_PARTS = 5 };

struct rule {
	struct prune_rule asked;
	void *state;
	double sign; /* a value times this is small when it is good */
	uint64_t n_complete;
	int64_t warmup;          /* -1: not known before a trial has completed */
	struct guild_map trials; /* number -> struct prune_curve */
};

struct guild_pruner {
	struct guild_arena *arena;
	const char *objective;
	struct rule *rules;
	size_t n_rules;
	struct guild_prune_reason reason;
	struct guild_buf text;
};

int guild_pruner_new(const struct guild_value *rules, const char *objective, bool maximize,
	struct guild_pruner **out, struct guild_error *err)
{
	struct guild_pruner *p = guild_alloc(sizeof(*p));
	p->arena = guild_arena_new();
	p->objective = guild_arena_strdup(p->arena, objective ? objective : "loss");
	struct guild_value *plain = NULL;
	int rc = guild_prune_read(p->arena, rules, &plain, err);
	p->rules = guild_alloc((rc == 0 ? plain->n + 1 : 1) * sizeof(*p->rules));
	for (size_t i = 0; rc == 0 && i < plain->n; i++) {
		struct rule *r = &p->rules[i];
		rc = search_prune_rule_read(p->arena, plain->items[i], &r->asked, err);
		if (rc == 0) {
			bool up = r->asked.direction ? r->asked.direction > 0 : maximize;
			r->sign = up ? -1 : 1;
			r->warmup = r->asked.warmup;
			r->state = r->asked.class->open(&r->asked);
			p->n_rules++;
		}
	}
	if (rc != 0) {
		guild_pruner_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void guild_pruner_free(struct guild_pruner *p)
{
	if (!p) {
		return;
	}
	for (size_t i = 0; i < p->n_rules; i++) {
		struct rule *r = &p->rules[i];
		for (size_t k = 0; k < r->trials.n; k++) {
			free(r->trials.entries[k].value);
		}
		guild_map_fini(&r->trials);
		r->asked.class->close(r->state);
	}
	free(p->rules);
	guild_buf_fini(&p->text);
	guild_arena_free(p->arena);
	free(p);
}

/* ---- scalars ------------------------------------------------------------------------------------------------------------- */

/* "DIR#TAG" names the directory; a tag alone is any directory's. */
static bool names(const char *wanted, const char *key)
{
	const char *hash = strrchr(key, '#');
	return strcmp(wanted, key) == 0 || (hash && strcmp(wanted, hash + 1) == 0);
}

static const char *key_of(const struct guild_pruner *p, const struct rule *r)
{
	return r->asked.key ? r->asked.key : p->objective;
}

bool guild_pruner_watches(const struct guild_pruner *p, const char *key)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		if (names(key_of(p, &p->rules[i]), key)) {
			return true;
		}
	}
	return false;
}

const char *guild_pruner_unseen(const struct guild_pruner *p)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		if (p->rules[i].trials.n == 0) {
			return key_of(p, &p->rules[i]);
		}
	}
	return NULL;
}

/* ---- curves --------------------------------------------------------------------------------------------------------------- */

enum { NUMBER_TEXT_MAX = 24 };

static struct prune_curve *find_curve(const struct rule *r, uint64_t trial)
{
	char text[NUMBER_TEXT_MAX];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)trial);
	return guild_map_get(&r->trials, text);
}

static void begin_curve(struct prune_curve *c, uint64_t trial)
{
	*c = (struct prune_curve){.trial = trial,
		.step = -1,
		.level = INFINITY,
		.decided = -1,
		.last = {INFINITY, INFINITY, INFINITY}};
}

/* A trial that ended and speaks again is run once more. */
static struct prune_curve *curve_of(struct rule *r, uint64_t trial)
{
	struct prune_curve *c = find_curve(r, trial);
	if (!c) {
		char text[NUMBER_TEXT_MAX];
		snprintf(text, sizeof(text), "%llu", (unsigned long long)trial);
		c = guild_alloc(sizeof(*c));
		begin_curve(c, trial);
		guild_map_put(&r->trials, text, c);
	} else if (c->is_over) {
		begin_curve(c, trial);
	}
	return c;
}

/* Decisions are made once in each interval of steps, counted from the end of the warm-up. */
static bool is_time(const struct rule *r, struct prune_curve *c, int64_t step)
{
	const struct prune_rule *asked = &r->asked;
	if (r->warmup < 0 || step < r->warmup || r->n_complete < (uint64_t)asked->startup) {
		return false;
	}
	if (asked->interval > 0) {
		int64_t number = (step - r->warmup) / asked->interval;
		bool is_first = number > c->decided;
		c->decided = is_first ? number : c->decided;
		return is_first;
	}
	return true;
}

/* Three values are enough that one bad or lucky one decides nothing, and few enough to follow a curve that rises again. */
static void note_value(struct prune_curve *c, double value)
{
	c->last[2] = c->last[1];
	c->last[1] = c->last[0];
	c->last[0] = isfinite(value) ? value : INFINITY;
	double low = fmin(c->last[0], c->last[1]);
	double high = fmax(c->last[0], c->last[1]);
	c->level = c->n < 3 ? low : fmax(low, fmin(high, c->last[2]));
}

static bool take(struct rule *r, struct prune_curve *c, int64_t step, double value, bool is_old,
	struct prune_verdict *out)
{
	c->n++;
	struct prune_report report = {.step = step >= 0 ? step : c->n,
		.raw = value,
		.value = r->sign * value,
		.before = c->level};
	c->step = report.step > c->step ? report.step : c->step;
	note_value(c, report.value);
	report.may_stop = !is_old && is_time(r, c, report.step);
	*out = (struct prune_verdict){.limit = NAN, .compared = report.value};
	return r->asked.class->take(r->state, c, &report, out);
}

/* ---- reasons -------------------------------------------------------------------------------------------------------------- */

static void put_number(struct guild_buf *b, double v)
{
	char text[GUILD_F64_MAX];
	size_t n = guild_f64_repr(v, text);
	n = n > 2 && memcmp(text + n - 2, ".0", 2) == 0 ? n - 2 : n;
	guild_buf_append(b, text, n);
}

static const struct guild_prune_reason *explain(struct guild_pruner *p, const struct rule *r,
	const struct prune_curve *c, const char *key, double value, const struct prune_verdict *v)
{
	struct guild_buf *b = &p->text;
	p->reason = (struct guild_prune_reason){.rule = r->asked.text,
		.scalar = key_of(p, r),
		.step = c->step,
		.value = value,
		.compared = r->sign * v->compared,
		.limit = r->sign * v->limit,
		.n_compared = v->n_compared};
	guild_buf_reset(b);
	guild_buf_printf(b, "%s: %s = ", r->asked.text, key);
	put_number(b, value);
	guild_buf_printf(b, " at step %lld", (long long)c->step);
	if (p->reason.compared != value && !isnan(value)) {
		guild_buf_puts(b, " (of the last three: ");
		put_number(b, p->reason.compared);
		guild_buf_putc(b, ')');
	}
	if (v->what && r->asked.reports > 0) {
		guild_buf_printf(b, ", no better for %lld reports than ",
			(long long)(c->n - c->n_good));
		put_number(b, p->reason.limit);
	} else if (v->what && !isnan(v->limit)) {
		guild_buf_printf(b, ", where %s is ", v->what);
		put_number(b, p->reason.limit);
		guild_buf_printf(b, " (%llu trial%s)", (unsigned long long)v->n_compared,
			v->n_compared == 1 ? "" : "s");
	}
	p->reason.text = guild_buf_cstr(b);
	return &p->reason;
}

/* ---- from report to end ----------------------------------------------------------------------------------------------------- */

static const struct guild_prune_reason *report(struct guild_pruner *p, uint64_t trial,
	const char *key, int64_t step, double value, bool is_old)
{
	const struct guild_prune_reason *reason = NULL;
	for (size_t i = 0; i < p->n_rules; i++) {
		struct rule *r = &p->rules[i];
		if (!names(key_of(p, r), key)) {
			continue;
		}
		struct prune_verdict v;
		struct prune_curve *c = curve_of(r, trial);
		if (!c->is_stopped && take(r, c, step, value, is_old, &v) && !reason) {
			reason = explain(p, r, c, key, value, &v);
		}
	}
	for (size_t i = 0; reason && i < p->n_rules; i++) {
		struct prune_curve *c = find_curve(&p->rules[i], trial);
		if (c) {
			c->is_stopped = true;
		}
	}
	return reason;
}

const struct guild_prune_reason *guild_pruner_report(struct guild_pruner *p, uint64_t trial,
	const char *key, int64_t step, double value)
{
	return report(p, trial, key, step, value, false);
}

void guild_pruner_recall(struct guild_pruner *p, uint64_t trial, const char *key, int64_t step,
	double value)
{
	report(p, trial, key, step, value, true);
}

void guild_pruner_end(struct guild_pruner *p, uint64_t trial, bool completed)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		struct rule *r = &p->rules[i];
		struct prune_curve *c = find_curve(r, trial);
		if (!c || c->is_over) {
			continue;
		}
		c->is_over = true;
		r->n_complete += completed;
		if (completed && r->warmup < 0) {
			r->warmup = c->step / WARMUP_PARTS;
		}
		if (r->asked.class->ended) {
			r->asked.class->ended(r->state, c, completed);
		}
	}
}
