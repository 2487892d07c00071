/* Alerts of a run: rules as they are written, what they watch, what they do (docs/guide/alerts.md). Private to exec. */
#ifndef GUILD_EXEC_ALERTS_H
#define GUILD_EXEC_ALERTS_H

#include <guild/collect.h>
#include <guild/exec.h>

/* ---- what a rule says (alert_rule.c, alert_condition.c) ------------------------------------------------ */

enum alert_kind {
	ALERT_HOLDS,     /* an expression holds, for `for_us` on end */
	ALERT_NO_OUTPUT, /* nothing was printed for `for_us` */
	ALERT_NO_SCALAR, /* no value of `scalar` (NULL: of any) came for `for_us` */
};
struct alert_condition {
	enum alert_kind kind;
	struct guild_query *query;
	struct guild_strs names; /* in the expression, that may be scalars */
	const char *scalar;      /* in the arena */
	int64_t for_us;
};
/* GUILD_EINVALID for what cannot be read. */
int guild_alert_condition_read(struct guild_arena *a, const char *text, struct alert_condition *out,
	struct guild_error *err);
void guild_alert_condition_fini(struct alert_condition *c);

/* One rule in its plain form: a dict with `when` and the actions. */
struct alert_rule {
	const char *when;
	struct alert_condition condition;
	bool stop, mark;
	struct guild_strs tags;
	struct guild_strs run; /* argv; empty: none */
	const char *post;      /* URL or NULL */
	int64_t again_us;      /* 0: once */
};
/* GUILD_EINVALID with the place of what is wrong, where it has one. Strings live in the rule's value. */
int guild_alert_rule_read(struct guild_arena *a, const struct guild_value *v,
	struct alert_rule *out, struct guild_error *err);
void guild_alert_rule_fini(struct alert_rule *r);

/* ---- scalars that the program writes into event files itself (alert_events.c) ------------------------------ */

/* Reads what was added to the event files of a run since the last look; files of earlier attempts do not count. */
struct alert_events;
struct alert_events *guild_alert_events_new(const struct guild_run *run);
void guild_alert_events_free(struct alert_events *e);
/* `key` as users write it: "loss", or "DIR#loss". */
typedef void guild_alert_value_fn(void *arg, const char *key, double value, int64_t step);
void guild_alert_events_look(struct alert_events *e, guild_alert_value_fn *each, void *arg);

/* ---- what the output says beyond its scalars (alert_nan.c) --------------------------------------------------- */

/* "loss: nan", "loss = -inf": with the last step printed, or -1. */
struct alert_nans;
struct alert_nans *guild_alert_nans_new(guild_alert_value_fn *each, void *arg);
void guild_alert_nans_free(struct alert_nans *n);
void guild_alert_nans_feed(struct alert_nans *n, bool is_stderr, const char *p, size_t size);

/* ---- commands and posts, which may take their time (alert_actions.c) ---------------------------------------- */

/* A thread that does them one after another; it starts with the first. */
struct alert_actions;
struct alert_actions *guild_alert_actions_new(char *const *env, const char *cwd);
/* Both copy what they are given. `json` goes to the command's standard input, or is what is posted. */
void guild_alert_actions_run(struct alert_actions *w, const struct guild_strs *argv,
	const struct guild_strs *env, const char *json);
void guild_alert_actions_post(struct alert_actions *w, const char *url, const char *json);
/* Says what went wrong since the last call. */
void guild_alert_actions_report(struct alert_actions *w, const struct guild_log *log);
/* Waits until all is done: what is left after ALERT_GOODBYE_MS is given up. */
enum { ALERT_JOB_MS = 30000, ALERT_GOODBYE_MS = 30000 };
void guild_alert_actions_free(struct alert_actions *w, const struct guild_log *log);

/* ---- figures of the machine (alert_machine.c) ------------------------------------------------------------------ */

struct alert_machine {
	char *const *env; /* of the program: CUDA_VISIBLE_DEVICES */
	struct guild_container_limits limits;
	/* `value` may be NaN: there is none. */
	void (*each)(void *arg, const char *name, double value);
	void *arg;
};
/* Tells every reading by its tag, and what rules call "memory", "cpu util", "gpu util" and the like. */
void guild_alert_machine_tell(const struct alert_machine *m, const struct guild_scalar *v,
	size_t n);

/* ---- the watch over one run (alerts.c) ------------------------------------------------------------------------ */

struct guild_alerts_request {
	const struct guild_run *run;
	const struct guild_value *rules; /* in their plain form: attribute op.alerts */
	const struct guild_value *flags; /* dict */
	char *const *env;                /* of the program */
	bool durable;
	/* What the supervisor was to call for output besides; may be NULL. */
	int (*on_output)(void *arg, bool is_stderr, const char *p, size_t n);
	void *on_output_arg;
	const struct guild_log *log;
};

/* ---- what an alert does (alert_fire.c) --------------------------------------------------------------------------- */

struct alert_firing {
	const struct guild_alerts_request *req;
	const struct alert_rule *rule;
	const struct guild_value *value; /* dict: the figures that made it go off */
	const char *text;                /* "loss > 10 (loss = 11.5 at step 40)" */
	int64_t step;                    /* the last one of any scalar; -1: none */
	bool has_ended;                  /* there is nothing left to stop */
};
/* GUILD_STOP_ALERT when the program is to be stopped. *actions is made when it is needed. */
int guild_alert_fire(const struct alert_firing *f, struct alert_actions **actions);

struct guild_alerts;
/* *out is NULL where there are no rules. */
int guild_alerts_new(const struct guild_alerts_request *req, struct guild_alerts **out,
	struct guild_error *err);
/* Hangs the watch on the supervisor; nothing for NULL. */
void guild_alerts_attach(struct guild_alerts *alerts, struct guild_supervise_request *req);
void guild_alerts_free(struct guild_alerts *alerts);

#endif
