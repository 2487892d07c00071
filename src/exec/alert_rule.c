/* Rules of alerts: the short form in one text, mappings of guild.yml, and the plain form that runs keep. */

#include <stdlib.h>
#include <string.h>

#include "alerts.h"

static const char *const keys[] = {
	"again-after", "log", "mark", "post", "run", "stop", "tag", "when", NULL};

/* ---- errors ------------------------------------------------------------------------------------------------ */

/* ---- the short form ------------------------------------------------------------------------------------------ */

/* Where ": " ends the condition, outside quotes; SIZE_MAX: there is none. */
static size_t find_colon(const char *text)
{
	char quote = '\0';
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (quote != '\0') {
			quote = text[i] == quote ? '\0' : quote;
		} else if (text[i] == '\'' || text[i] == '"') {
			quote = text[i];
		} else if (text[i] == ':' && (text[i + 1] == ' ' || text[i + 1] == '\0')) {
			return i;
		}
	}
	return SIZE_MAX;
}

static bool take_word(struct guild_str *s, const char *word)
{
	size_t n = strlen(word);
	if (s->n < n || memcmp(s->p, word, n) != 0 || (s->n > n && s->p[n] != ' ')) {
		return false;
	}
	*s = guild_str_trim(guild_str_n(s->p + n, s->n - n));
	return true;
}

static void put_tag(struct guild_arena *a, struct guild_value *rule, struct guild_str tag)
{
	struct guild_value *tags = guild_value_get(rule, "tag");
	if (!tags) {
		tags = guild_value_list(a);
		guild_value_set(a, rule, "tag", tags);
	}
	guild_value_append(a, tags, guild_value_string_n(a, tag.p, tag.n));
}

/* One action: "stop", "tag NAME", "post URL", "again after 10 min". */
static int read_action(struct guild_arena *a, struct guild_str s, struct guild_value *rule,
	const struct guild_value *at, struct guild_error *err)
{
	static const char *const switches[] = {"stop", "mark", "log"};
	struct guild_str whole = s;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(switches); i++) {
		if (guild_str_eqz(s, switches[i])) {
			guild_value_set(a, rule, switches[i], guild_value_bool(a, true));
			return 0;
		}
	}
	if (take_word(&s, "tag") && s.n > 0) {
		put_tag(a, rule, s);
	} else if ((take_word(&s, "post") || take_word(&s, "run")) && s.n > 0) {
		const char *key = whole.p[0] == 'p' ? "post" : "run";
		guild_value_set(a, rule, key, guild_value_string_n(a, s.p, s.n));
	} else if (take_word(&s, "again after") && s.n > 0) {
		guild_value_set(a, rule, "again-after", guild_value_string_n(a, s.p, s.n));
	} else {
		return guild_value_fail(at, err,
			"an alert cannot '%.*s': it can stop, mark, log, tag NAME, post URL, run COMMAND, "
			"again after DURATION",
			GUILD_STR_FMT(whole));
	}
	return 0;
}

static int read_actions(struct guild_arena *a, const char *text, struct guild_value *rule,
	const struct guild_value *at, struct guild_error *err)
{
	struct guild_str left = guild_str_trim(guild_str(text));
	int rc = left.n > 0 ? 0 : guild_value_fail(at, err, "an alert needs an action after ':'");
	while (rc == 0 && left.n > 0) {
		/* A command may hold commas: it takes the rest. */
		const char *comma =
			guild_str_starts(left, "run ") ? NULL : memchr(left.p, ',', left.n);
		size_t n = comma ? (size_t)(comma - left.p) : left.n;
		rc = read_action(a, guild_str_trim(guild_str_n(left.p, n)), rule, at, err);
		left = comma ? guild_str_trim(guild_str_n(comma + 1, left.n - n - 1))
			     : guild_str_n(NULL, 0);
	}
	return rc;
}

static int read_text(struct guild_arena *a, const struct guild_value *at, const char *text,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_value *rule = guild_value_dict_like(a, at);
	size_t colon = find_colon(text);
	struct guild_str when =
		guild_str_trim(guild_str_n(text, colon == SIZE_MAX ? strlen(text) : colon));
	struct guild_value *condition = guild_value_string_n(a, when.p, when.n);
	condition->file = at->file;
	condition->line = at->line;
	condition->column = at->column;
	guild_value_set(a, rule, "when", condition);
	*out = rule;
	return colon == SIZE_MAX ? 0 : read_actions(a, text + colon + 1, rule, at, err);
}

/* ---- mappings -------------------------------------------------------------------------------------------------- */

/* `- loss is nan: stop`, which YAML reads as a mapping. */
static bool is_short_map(const struct guild_value *v)
{
	const char *key = v->n == 1 ? guild_value_text(v->pairs[0].key) : NULL;
	for (size_t i = 0; key && keys[i]; i++) {
		if (strcmp(keys[i], key) == 0) {
			return false;
		}
	}
	/* One word is a misspelt attribute. */
	return key && strpbrk(key, " <>=") != NULL;
}

static int check_keys(const struct guild_value *v, struct guild_error *err)
{
	for (size_t i = 0; i < v->n; i++) {
		const char *key = guild_value_text(v->pairs[i].key);
		size_t k = 0;
		while (key && keys[k] && strcmp(keys[k], key) != 0) {
			k++;
		}
		if (!key || !keys[k]) {
			const char *nearest = key ? guild_nearest(key, keys) : NULL;
			return nearest ? guild_value_fail(v->pairs[i].key, err,
						 "unknown attribute '%s' of an alert (did you mean '%s'?)",
						 key, nearest)
				       : guild_value_fail(v->pairs[i].key, err,
						 "unknown attribute '%s' of an alert",
						 key ? key : "");
		}
	}
	return 0;
}

/* A rule in its plain form: `when`, and the actions as they are asked for. */
static int plain_rule(struct guild_arena *a, const struct guild_value *v, struct guild_value **out,
	struct guild_error *err)
{
	struct alert_rule rule = {0};
	int rc = 0;
	if (v->type == GUILD_STRING) {
		rc = read_text(a, v, guild_value_text(v), out, err);
	} else if (v->type == GUILD_DICT && is_short_map(v)) {
		const char *actions = guild_value_text(v->pairs[0].value);
		const struct guild_value *key = v->pairs[0].key;
		rc = actions ? read_text(a, key,
				       guild_arena_format(a, "%s: %s", guild_value_text(key),
					       actions),
				       out, err)
			     : guild_value_fail(v->pairs[0].value, err,
				       "expected what to do, such as 'stop', after '%s:'",
				       guild_value_text(key));
	} else if (v->type == GUILD_DICT) {
		rc = check_keys(v, err);
		*out = guild_value_copy(a, v);
	} else {
		rc = guild_value_fail(v, err, "an alert must be text or a mapping, not %s",
			guild_type_name(v->type));
	}
	rc = rc ? rc : guild_alert_rule_read(a, *out, &rule, err);
	guild_alert_rule_fini(&rule);
	return rc;
}

int guild_alerts_read(struct guild_arena *a, const struct guild_value *written,
	struct guild_value **out, struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	struct guild_value one = {.type = GUILD_LIST, .n = 1};
	struct guild_value *item = (struct guild_value *)(uintptr_t)written;
	one.items = &item;
	const struct guild_value *all = written && written->type == GUILD_LIST ? written : &one;
	int rc = 0;
	for (size_t i = 0; rc == 0 && !guild_value_is_null(written) && i < all->n; i++) {
		struct guild_value *rule = NULL;
		rc = plain_rule(a, all->items[i], &rule, err);
		if (rc == 0) {
			guild_value_append(a, list, rule);
		}
	}
	if (rc == 0 && list->n > GUILD_ALERTS_MAX) {
		guild_error_set(err, GUILD_ELIMIT, "more than %d alerts", GUILD_ALERTS_MAX);
		guild_value_error_at(written, err);
		rc = GUILD_ELIMIT;
	}
	if (rc == 0) {
		*out = list;
	}
	return rc;
}

/* ---- what a rule asks for ------------------------------------------------------------------------------------- */

static int read_switch(const struct guild_value *v, const char *key, bool *out,
	struct guild_error *err)
{
	const struct guild_value *said = guild_value_get(v, key);
	if (guild_value_is_null(said)) {
		return 0;
	}
	if (said->type != GUILD_BOOL) {
		return guild_value_fail(said, err, "'%s' must be yes or no, not %s", key,
			guild_type_name(said->type));
	}
	*out = said->b;
	return 0;
}

/* Text, or a list of it. */
static int read_texts(const struct guild_value *v, const char *key, struct guild_strs *out,
	struct guild_error *err)
{
	const struct guild_value *said = guild_value_get(v, key);
	if (guild_value_is_null(said)) {
		return 0;
	}
	if (guild_value_text(said)) {
		guild_strs_add(out, guild_value_text(said));
		return 0;
	}
	for (size_t i = 0; said->type == GUILD_LIST && i < said->n; i++) {
		if (!guild_value_text(said->items[i])) {
			return guild_value_fail(said->items[i], err, "'%s' takes text, not %s", key,
				guild_type_name(said->items[i]->type));
		}
		guild_strs_add(out, guild_value_text(said->items[i]));
	}
	return said->type == GUILD_LIST && said->n > 0
		       ? 0
		       : guild_value_fail(said, err, "'%s' must be text or a list of texts", key);
}

static int read_command(const struct guild_value *v, struct guild_strs *out,
	struct guild_error *err)
{
	const struct guild_value *said = guild_value_get(v, "run");
	const char *text = guild_value_text(said);
	if (!text) {
		return read_texts(v, "run", out, err);
	}
	if (guild_shlex_split(text, out, err) != 0) {
		return guild_value_error_at(said, err);
	}
	return out->n > 0 ? 0 : guild_value_fail(said, err, "'run' needs a command");
}

static int read_url(const struct guild_value *v, const char **out, struct guild_error *err)
{
	const struct guild_value *said = guild_value_get(v, "post");
	if (guild_value_is_null(said)) {
		return 0;
	}
	*out = guild_value_text(said);
	bool is_web = *out && (guild_starts(*out, "http://") || guild_starts(*out, "https://"));
	return is_web ? 0
		      : guild_value_fail(said, err,
				"'post' must be a URL that starts with http:// or https://");
}

int guild_alert_rule_read(struct guild_arena *a, const struct guild_value *v,
	struct alert_rule *out, struct guild_error *err)
{
	const struct guild_value *when = guild_value_get(v, "when");
	const struct guild_value *again = guild_value_get(v, "again-after");
	bool ignored = false;
	*out = (struct alert_rule){.when = guild_value_text(when)};
	if (!out->when) {
		return guild_value_fail(when && when->line ? when : v, err,
			"an alert needs 'when', a text such as 'loss is nan'");
	}
	int rc = guild_alert_condition_read(a, out->when, &out->condition, err);
	if (rc != 0) {
		return guild_value_error_at(when, err);
	}
	rc = read_switch(v, "stop", &out->stop, err);
	rc = rc ? rc : read_switch(v, "mark", &out->mark, err);
	rc = rc ? rc : read_switch(v, "log", &ignored, err);
	rc = rc ? rc : read_texts(v, "tag", &out->tags, err);
	rc = rc ? rc : read_command(v, &out->run, err);
	rc = rc ? rc : read_url(v, &out->post, err);
	if (rc == 0 && !guild_value_is_null(again) &&
		!guild_duration_parse(guild_str(guild_value_text(again)), &out->again_us)) {
		rc = guild_value_fail(again, err,
			"'again-after' must be a duration such as '10 min'");
	}
	return rc;
}

void guild_alert_rule_fini(struct alert_rule *r)
{
	guild_alert_condition_fini(&r->condition);
	guild_strs_fini(&r->tags);
	guild_strs_fini(&r->run);
	*r = (struct alert_rule){0};
}
