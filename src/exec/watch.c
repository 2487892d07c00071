/* Scalars of a running program, from its output and from the event files it writes, shown to a watch that may stop it. */

#include "watch.h"

#include "alerts.h"

static void show(void *arg, const char *key, double value, int64_t step)
{
	struct guild_watched_run *w = arg;
	if (!w->is_to_stop && w->watch->watches(w->watch->arg, key)) {
		w->is_to_stop = w->watch->seen(w->watch->arg, key, step, value);
	}
}

static int reason(const struct guild_watched_run *w, int other)
{
	return other ? other : w->is_to_stop ? GUILD_STOP_PRUNED : 0;
}

static int on_scalar(void *arg, const struct guild_output_scalar *s)
{
	struct guild_watched_run *w = arg;
	int other = w->before.on_scalar ? w->before.on_scalar(w->before.arg, s) : 0;
	show(w, s->key, s->value, s->step);
	return reason(w, other);
}

static int on_tick(void *arg, int64_t elapsed_us)
{
	struct guild_watched_run *w = arg;
	int other = w->before.on_tick ? w->before.on_tick(w->before.arg, elapsed_us) : 0;
	guild_alert_events_look(w->events, show, w);
	return reason(w, other);
}

static void on_readings(void *arg, const struct guild_scalar *v, size_t n)
{
	struct guild_watched_run *w = arg;
	w->before.on_readings(w->before.arg, v, n);
}

void guild_watch_attach(struct guild_watched_run *w, const struct guild_scalar_watch *watch,
	struct guild_supervise_request *req)
{
	*w = (struct guild_watched_run){.watch = watch};
	if (!watch) {
		return;
	}
	w->before = *req;
	w->events = guild_alert_events_new(req->run);
	req->on_scalar = on_scalar;
	req->on_tick = on_tick;
	req->on_readings = w->before.on_readings ? on_readings : NULL;
	req->arg = w;
}

void guild_watch_detach(struct guild_watched_run *w)
{
	guild_alert_events_free(w->events);
}
