/* The flags of a step: typed words, values, flags of the pipeline that are meant for it, references. */
#include "steps.h"

#include <string.h>

enum { REFS_DEPTH_MAX = 20 };

/* ---- references ---------------------------------------------------------------------------------------- */

/* The name in "${NAME}" at p, or an empty view. */
static struct guild_str ref_name(const char *p)
{
	const char *end = p[0] == '$' && p[1] == '{' ? strchr(p + 2, '}') : NULL;
	return end ? guild_str_n(p + 2, (size_t)(end - p - 2)) : guild_str_n(NULL, 0);
}

static const struct guild_value *pipeline_flag(const struct steps_reader *r, struct guild_str name)
{
	return guild_value_get(r->req->flags, guild_arena_strndup(r->a, name.p, name.n));
}

static int resolve(struct steps_reader *r, const struct guild_value *at,
	const struct guild_value *v, int depth, const struct guild_value **out);

/* A value within a longer text, as 0.9.0 writes it there. */
static void put_text(struct guild_buf *out, const struct guild_value *v)
{
	if (v->type == GUILD_BOOL) {
		guild_buf_puts(out, v->b ? "true" : "false");
	} else {
		guild_value_py_str(out, v);
	}
}

static int undefined(struct steps_reader *r, const struct guild_value *at, struct guild_str name)
{
	return steps_fail(r, at, "'${%.*s}' names no flag of the pipeline", GUILD_STR_FMT(name));
}

static int resolve_text(struct steps_reader *r, const struct guild_value *at,
	const struct guild_value *v, int depth, const struct guild_value **out)
{
	const char *text = v->s.p;
	struct guild_str whole = ref_name(text);
	if (whole.n > 0 && whole.n + 3 == v->s.n) {
		const struct guild_value *flag = pipeline_flag(r, whole);
		return flag ? resolve(r, at, flag, depth + 1, out) : undefined(r, at, whole);
	}
	struct guild_buf b = {0};
	int rc = 0;
	for (const char *p = text; *p && rc == 0;) {
		struct guild_str name = ref_name(p);
		if (name.n == 0) {
			guild_buf_putc(&b, *p++);
			continue;
		}
		const struct guild_value *flag = pipeline_flag(r, name);
		rc = flag ? resolve(r, at, flag, depth + 1, &flag) : undefined(r, at, name);
		if (rc == 0) {
			put_text(&b, flag);
		}
		p = name.p + name.n + 1;
	}
	if (rc == 0) {
		*out = guild_value_string_n(r->a, b.p ? b.p : "", b.n);
	}
	guild_buf_fini(&b);
	return rc;
}

static int resolve(struct steps_reader *r, const struct guild_value *at,
	const struct guild_value *v, int depth, const struct guild_value **out)
{
	if (depth > REFS_DEPTH_MAX) {
		return steps_fail(r, at, "references of flags go round in a circle");
	}
	if (v->type == GUILD_STRING && memmem(v->s.p, v->s.n, "${", 2)) {
		return resolve_text(r, at, v, depth, out);
	}
	*out = v;
	if (v->type != GUILD_LIST) {
		return 0;
	}
	struct guild_value *list = guild_value_list(r->a);
	for (size_t i = 0; i < v->n; i++) {
		const struct guild_value *item = NULL;
		int rc = resolve(r, at, v->items[i], depth + 1, &item);
		if (rc != 0) {
			return rc;
		}
		guild_value_append(r->a, list, (struct guild_value *)item);
	}
	*out = list;
	return 0;
}

const char *steps_resolve_text(struct steps_reader *r, const char *text)
{
	struct guild_buf b = {0};
	if (!strstr(text, "${")) {
		return text;
	}
	for (const char *p = text; *p;) {
		struct guild_str name = ref_name(p);
		const struct guild_value *flag = name.n > 0 ? pipeline_flag(r, name) : NULL;
		if (!flag) {
			guild_buf_putc(&b, *p++);
			continue;
		}
		put_text(&b, flag);
		p = name.p + name.n + 1;
	}
	text = guild_arena_strdup(r->a, guild_buf_cstr(&b));
	guild_buf_fini(&b);
	return text;
}

/* ---- flags of the pipeline that are meant for a step ---------------------------------------------------------- */

void steps_list_targets(struct steps_reader *r)
{
	const struct guild_value *flags = r->req->flags;
	for (size_t i = 0; flags && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		const char *colon = name ? strrchr(name, ':') : NULL;
		if (!colon || colon == name) {
			continue;
		}
		const char *target = guild_arena_strndup(r->a, name, (size_t)(colon - name));
		struct step_flag *flag = guild_arena_alloc(r->a, sizeof(*flag));
		*flag = (struct step_flag){.name = colon + 1,
			.value = flags->pairs[i].value,
			.next = guild_map_get(&r->targets, target)};
		guild_map_put(&r->targets, target, flag);
	}
}

static void take_target(struct steps_reader *r, const char *target, struct guild_value *values)
{
	for (const struct step_flag *f = guild_map_get(&r->targets, target); f; f = f->next) {
		guild_value_set(r->a, values, f->name, (struct guild_value *)f->value);
	}
}

/* ---- all flags of a step ---------------------------------------------------------------------------------------------- */

/* A mapping of values, of {default: VALUE}, or a list of FLAG=VAL. */
static int read_own(struct steps_reader *r, const struct guild_value *flags,
	struct guild_value *values, struct guild_value *typed)
{
	for (size_t i = 0; flags->type == GUILD_LIST && i < flags->n; i++) {
		const char *word = guild_value_text(flags->items[i]);
		if (!word || !strchr(word, '=')) {
			return steps_fail(r, flags->items[i], "a flag of a step must be FLAG=VAL");
		}
		guild_value_append(r->a, typed, flags->items[i]);
	}
	for (size_t i = 0; flags->type == GUILD_DICT && i < flags->n; i++) {
		const struct guild_value *key = flags->pairs[i].key;
		const struct guild_value *v = flags->pairs[i].value;
		const char *name = guild_value_text(key);
		if (!name) {
			return steps_fail(r, key, "a flag's name must be text (quote it)");
		}
		if (strcmp(name, "$include") == 0) {
			return steps_fail(r, key,
				"'$include' in the flags of a step cannot be resolved here");
		}
		if (v->type == GUILD_DICT) {
			v = guild_value_get(v, "default");
		}
		guild_value_set(r->a, values, name,
			v ? (struct guild_value *)v : guild_value_null(r->a));
	}
	return 0;
}

/* Typed words go as they are, but where a value replaces them, or they refer to a flag. */
static int sort_words(struct steps_reader *r, const struct guild_value *typed,
	const struct guild_value *targets, struct guild_step *step)
{
	for (size_t i = 0; i < typed->n; i++) {
		const char *word = guild_value_text(typed->items[i]);
		const char *eq = strchr(word, '=');
		const char *name = guild_arena_strndup(r->a, word, (size_t)(eq - word));
		struct guild_value *v = NULL;
		if (guild_value_get(targets, name)) {
			continue;
		}
		if (!strstr(eq, "${")) {
			guild_value_append(r->a, step->flag_words, typed->items[i]);
			continue;
		}
		int rc = guild_flag_decode(r->a, eq + 1, NULL, &v, r->req->log, r->err);
		if (rc != 0) {
			return rc;
		}
		guild_value_set(r->a, step->values, name, v);
	}
	return 0;
}

static int resolve_values(struct steps_reader *r, struct guild_step *step)
{
	struct guild_value *resolved = guild_value_dict(r->a);
	for (size_t i = 0; i < step->values->n; i++) {
		const struct guild_value *v = NULL;
		int rc = resolve(r, step->at, step->values->pairs[i].value, 0, &v);
		if (rc != 0) {
			return rc;
		}
		if (!guild_value_is_null(v)) {
			guild_value_set(r->a, resolved,
				guild_value_text(step->values->pairs[i].key),
				(struct guild_value *)v);
		}
	}
	step->values = resolved;
	return 0;
}

int steps_read_flags(struct steps_reader *r, const struct guild_value *data,
	const struct guild_step_words *words, struct guild_step *step)
{
	const struct guild_value *flags = guild_value_get(data, "flags");
	struct guild_value *targets = guild_value_dict(r->a);
	struct guild_value *typed = guild_value_list(r->a);
	step->values = guild_value_dict(r->a);
	step->flag_words = guild_value_list(r->a);
	if (flags && guild_value_truthy(flags) && flags->type != GUILD_DICT &&
		flags->type != GUILD_LIST) {
		return steps_fail(r, flags, "'flags' of a step must be a mapping, not %s",
			guild_type_name(flags->type));
	}
	if (guild_value_truthy(flags)) {
		int rc = read_own(r, flags, step->values, typed);
		if (rc != 0) {
			return rc;
		}
	} else {
		typed = words->flag_words;
	}
	/* Where both names are used, the operation's wins, as in 0.9.0. */
	take_target(r, step->name, targets);
	take_target(r, step->opspec, targets);
	int rc = sort_words(r, typed, targets, step);
	for (size_t i = 0; i < targets->n; i++) {
		guild_value_set(r->a, step->values, guild_value_text(targets->pairs[i].key),
			targets->pairs[i].value);
	}
	return rc ? rc : resolve_values(r, step);
}
