/* An alert goes off: it is said and recorded, the run is changed, others are told. */

#include <stdlib.h>
#include <string.h>

#include <guild/net.h>

#include "alerts.h"
#include "exec_private.h"

static struct guild_value *actions_of(struct guild_arena *a, const struct alert_rule *rule,
	bool has_ended)
{
	struct guild_value *list = guild_value_list(a);
	if (rule->stop && !has_ended) {
		guild_value_append(a, list, guild_value_string(a, "stop"));
	}
	if (rule->mark) {
		guild_value_append(a, list, guild_value_string(a, "mark"));
	}
	for (size_t i = 0; i < rule->tags.n; i++) {
		const char *text = guild_arena_format(a, "tag %s", rule->tags.v[i]);
		guild_value_append(a, list, guild_value_string(a, text));
	}
	if (rule->run.n > 0) {
		char *command = guild_strs_join(&rule->run, " ");
		const char *text = guild_arena_format(a, "run %s", command);
		guild_value_append(a, list, guild_value_string(a, text));
		free(command);
	}
	if (rule->post) {
		char *shown = guild_net_url_shown(rule->post);
		const char *text = guild_arena_format(a, "post %s", shown);
		guild_value_append(a, list, guild_value_string(a, text));
		free(shown);
	}
	return list;
}

/* Attribute `alerts`: what fired, in every attempt; the oldest go when there are more than GUILD_ALERTS_KEPT. */
static int record(const struct guild_alerts_request *req, const struct guild_value *event,
	struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *before = guild_run_attr(req->run, a, "alerts");
	struct guild_value *list = guild_value_list(a);
	size_t n = before && before->type == GUILD_LIST ? before->n : 0;
	size_t skip = n >= GUILD_ALERTS_KEPT ? n - GUILD_ALERTS_KEPT + 1 : 0;
	for (size_t i = skip; i < n; i++) {
		guild_value_append(a, list, before->items[i]);
	}
	guild_value_append(a, list, guild_value_copy(a, event));
	int rc = guild_run_attr_write(req->run, "alerts", list, req->durable, err);
	guild_arena_free(a);
	return rc;
}

/* What commands and servers are told, as JSON; the caller frees. */
static char *event_json(const struct alert_firing *f, const struct guild_value *event)
{
	const struct guild_run *r = f->req->run;
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *run = guild_value_dict(a);
	struct guild_buf b = {0};
	char *operation = guild_run_display_name(r);
	char *host = guild_hostname();
	const struct guild_value *label = guild_run_attr(r, a, "label");
	guild_value_set(a, v, "event", guild_value_string(a, "alert"));
	guild_value_set(a, v, "text",
		guild_value_string(a,
			guild_arena_format(a, "run %.8s (%s): %s", r->id, operation, f->text)));
	for (size_t i = 0; i < event->n; i++) {
		guild_value_set(a, v, guild_value_text(event->pairs[i].key), event->pairs[i].value);
	}
	guild_value_set(a, v, "step",
		f->step >= 0 ? guild_value_int(a, f->step) : guild_value_null(a));
	guild_value_set(a, run, "id", guild_value_string(a, r->id));
	guild_value_set(a, run, "dir", guild_value_string(a, r->dir));
	guild_value_set(a, run, "operation", guild_value_string(a, operation));
	guild_value_set(a, run, "label",
		label ? guild_value_copy(a, label) : guild_value_string(a, ""));
	guild_value_set(a, v, "run", run);
	guild_value_set(a, v, "host", guild_value_string(a, host));
	guild_json_dump(&b, v, GUILD_JSON_STRICT);
	free(host);
	free(operation);
	guild_arena_free(a);
	return guild_buf_take(&b);
}

static void tell_others(const struct alert_firing *f, struct alert_actions **actions,
	const struct guild_value *event)
{
	const struct alert_rule *rule = f->rule;
	if (rule->run.n == 0 && !rule->post) {
		return;
	}
	if (!*actions) {
		*actions = guild_alert_actions_new(f->req->env, f->req->run->dir);
	}
	char *json = event_json(f, event);
	if (rule->run.n > 0) {
		struct guild_strs env = {0};
		guild_strs_addf(&env, "GUILD_ALERT_RULE=%s", rule->when);
		guild_strs_addf(&env, "GUILD_ALERT_TEXT=%s", f->text);
		guild_alert_actions_run(*actions, &rule->run, &env, json);
		guild_strs_fini(&env);
	}
	if (rule->post) {
		guild_alert_actions_post(*actions, rule->post, json);
	}
	free(json);
}

static void change_run(const struct guild_alerts_request *req, const struct alert_rule *rule)
{
	struct guild_strs none = {0};
	struct guild_error err = {0};
	int rc = rule->mark ? guild_store_set_marked(req->run, true, &err) : 0;
	if (rc == 0 && rule->tags.n > 0) {
		rc = guild_store_edit_tags(req->run, &rule->tags, &none, false, false, &err);
	}
	if (rc != 0) {
		guild_log(req->log, "warning", "an alert could not change the run: %s", err.text);
	}
}

int guild_alert_fire(const struct alert_firing *f, struct alert_actions **actions)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_error err = {0};
	struct guild_value *event = guild_value_dict(a);
	bool stops = f->rule->stop && !f->has_ended;
	guild_value_set(a, event, "time", guild_value_int(a, guild_now_us()));
	guild_value_set(a, event, "rule", guild_value_string(a, f->rule->when));
	guild_value_set(a, event, "action", actions_of(a, f->rule, f->has_ended));
	guild_value_set(a, event, "value", guild_value_copy(a, f->value));
	guild_log(f->req->log, "warning", "alert: %s%s", f->text,
		stops ? " - the run is stopped" : "");
	if (record(f->req, event, &err) != 0) {
		guild_log(f->req->log, "warning", "the alert could not be recorded: %s", err.text);
	}
	change_run(f->req, f->rule);
	tell_others(f, actions, event);
	guild_arena_free(a);
	return stops ? GUILD_STOP_ALERT : 0;
}
