/* What columns read of one run, each part loaded when first asked for. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

enum { SHORT_DIGEST = 8 };

struct guild_run_data {
	const struct guild_run *run;
	const struct guild_log *log;
	const char *user_home;
	struct guild_arena *arena;
	struct guild_value *flags;
	struct guild_scalars scalars;
	bool has_scalars;
	struct guild_map attrs; /* values by name, NULL where undefined */
};

struct guild_run_data *guild_run_data_new(const struct guild_run *r, const struct guild_log *log)
{
	struct guild_run_data *d = guild_alloc(sizeof(*d));
	d->run = r;
	d->log = log;
	d->arena = guild_arena_new();
	return d;
}

void guild_run_data_free(struct guild_run_data *d)
{
	if (d == NULL) {
		return;
	}
	guild_map_fini(&d->attrs);
	guild_arena_free(d->arena);
	free(d);
}

void guild_run_data_set_user_home(struct guild_run_data *d, const char *home)
{
	d->user_home = home;
}

/* A raw attribute; a damaged one is said once and counts as undefined. */
static struct guild_value *read_attr(struct guild_run_data *d, const char *name)
{
	struct guild_value *value = NULL;
	struct guild_error err = {0};
	if (d->run->facts != NULL) {
		enum guild_fact known = guild_facts_attr(d->run->facts, d->arena, name, &value);
		if (known != GUILD_FACT_ASK) {
			return known == GUILD_FACT_VALUE && value->type != GUILD_NULL ? value
										      : NULL;
		}
	}
	int rc = guild_run_attr_read(d->run, d->arena, name, &value, &err);
	if (rc < 0) {
		guild_log(d->log, "warning", "%s", err.text);
	}
	return rc == 1 && value->type != GUILD_NULL ? value : NULL;
}

const struct guild_value *guild_run_data_flags(struct guild_run_data *d)
{
	if (d->flags == NULL) {
		d->flags = read_attr(d, "flags");
		if (d->flags == NULL || d->flags->type != GUILD_DICT) {
			d->flags = guild_value_dict(d->arena);
		}
	}
	return d->flags;
}

const struct guild_scalars *guild_run_data_scalars(struct guild_run_data *d)
{
	const struct guild_run_facts *facts = d->run->facts;
	if (!d->has_scalars && facts != NULL && guild_facts_has_scalars(facts)) {
		guild_facts_scalars(facts, d->arena, &d->scalars);
		d->has_scalars = true;
	}
	if (!d->has_scalars) {
		struct guild_error err = {0};
		if (guild_scalars_read(d->run, d->arena, &d->scalars, d->log, &err) != 0) {
			guild_log(d->log, "warning", "scalars of run %.8s cannot be read: %s",
				d->run->id, err.text);
			d->scalars = (struct guild_scalars){0};
		}
		d->has_scalars = true;
	}
	return &d->scalars;
}

/* ---- computed attributes -------------------------------------------------------------------------- */

static struct guild_value *text(struct guild_run_data *d, const char *z)
{
	return guild_value_string(d->arena, z);
}

static struct guild_value *take_text(struct guild_run_data *d, char *z)
{
	struct guild_value *value = guild_value_string(d->arena, z);
	free(z);
	return value;
}

static struct guild_value *id_attr(struct guild_run_data *d)
{
	return text(d, d->run->id);
}

static struct guild_value *short_id_attr(struct guild_run_data *d)
{
	return guild_value_string_n(d->arena, d->run->id, strnlen(d->run->id, GUILD_RUN_SHORT_LEN));
}

static struct guild_value *model_attr(struct guild_run_data *d)
{
	return text(d, d->run->opref.model);
}

static struct guild_value *op_attr(struct guild_run_data *d)
{
	return text(d, d->run->opref.op);
}

static struct guild_value *operation_attr(struct guild_run_data *d)
{
	if (d->run->facts != NULL) {
		return text(d, guild_facts_display_name(d->run->facts));
	}
	return take_text(d, guild_run_display_name(d->run));
}

static struct guild_value *from_attr(struct guild_run_data *d)
{
	return take_text(d, guild_run_from(d->run, d->user_home));
}

static struct guild_value *sourcecode_attr(struct guild_run_data *d)
{
	const char *digest = guild_value_text(read_attr(d, "sourcecode_digest"));
	return digest != NULL
		       ? guild_value_string_n(d->arena, digest, strnlen(digest, SHORT_DIGEST))
		       : NULL;
}

enum guild_run_status guild_run_data_status(const struct guild_run_data *d)
{
	struct attrs_head head;
	if (d->run->facts == NULL) {
		return guild_run_status(d->run, NULL);
	}
	guild_facts_get_head(d->run->facts, &head);
	return (enum guild_run_status)head.status;
}

bool guild_run_facts_is_batch(const struct guild_run *r)
{
	struct attrs_head head;
	if (r->facts == NULL) {
		return guild_run_is_batch(r);
	}
	guild_facts_get_head(r->facts, &head);
	return head.is_batch != 0;
}

/* Of a run that is over. */
static bool known_duration(const struct guild_run_facts *f, int64_t *us)
{
	struct attrs_head head;
	guild_facts_get_head(f, &head);
	return head.started != INT64_MIN && head.stopped != INT64_MIN &&
	       !__builtin_sub_overflow(head.stopped, head.started, us);
}

static bool read_duration(const struct guild_run *r, int64_t *us)
{
	if (r->facts != NULL) {
		return known_duration(r->facts, us);
	}
	int64_t started = guild_run_attr_i64(r, "started", INT64_MIN);
	int64_t stopped = guild_run_attr_i64(r, "stopped", INT64_MIN);
	if (started != INT64_MIN && guild_run_status(r, NULL) == GUILD_RUN_RUNNING) {
		stopped = guild_now_us();
	}
	return started != INT64_MIN && stopped != INT64_MIN &&
	       !__builtin_sub_overflow(stopped, started, us);
}

bool guild_run_data_time(struct guild_run_data *d, const char *name, int64_t *us)
{
	if (strcmp(name, "time") == 0) {
		return read_duration(d->run, us);
	}
	struct attrs_head head;
	if (d->run->facts != NULL) {
		guild_facts_get_head(d->run->facts, &head);
		*us = strcmp(name, "started") == 0 ? head.started : head.stopped;
	} else {
		*us = guild_run_attr_i64(d->run, name, INT64_MIN);
	}
	return *us != INT64_MIN;
}

const struct guild_run *guild_run_data_run(const struct guild_run_data *d)
{
	return d->run;
}

static struct guild_value *time_attr(struct guild_run_data *d, const char *name)
{
	const struct guild_value *raw = read_attr(d, name);
	if (raw == NULL || raw->type != GUILD_INT || raw->s.n > 0) {
		return NULL;
	}
	char buffer[GUILD_TIME_MAX];
	guild_time_format(raw->i, false, buffer);
	return text(d, buffer);
}

static struct guild_value *started_attr(struct guild_run_data *d)
{
	return time_attr(d, "started");
}

static struct guild_value *stopped_attr(struct guild_run_data *d)
{
	return time_attr(d, "stopped");
}

static struct guild_value *status_attr(struct guild_run_data *d)
{
	return text(d, guild_run_status_name(guild_run_data_status(d)));
}

static struct guild_value *duration_attr(struct guild_run_data *d)
{
	int64_t us;
	if (!read_duration(d->run, &us)) {
		return NULL;
	}
	char buffer[GUILD_TIME_MAX];
	guild_duration_format(us, buffer);
	return text(d, buffer);
}

static const struct {
	const char *name;
	struct guild_value *(*get)(struct guild_run_data *d);
} computed[] = {
	{"from", from_attr},
	{"id", id_attr},
	{"model", model_attr},
	{"op", op_attr},
	{"operation", operation_attr},
	{"run", short_id_attr},
	{"short_id", short_id_attr},
	{"sourcecode", sourcecode_attr},
	{"started", started_attr},
	{"status", status_attr},
	{"stopped", stopped_attr},
	{"time", duration_attr},
};

const struct guild_value *guild_run_data_attr(struct guild_run_data *d, const char *name)
{
	if (guild_map_has(&d->attrs, name)) {
		return guild_map_get(&d->attrs, name);
	}
	struct guild_value *(*get)(struct guild_run_data *) = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(computed) && get == NULL; i++) {
		get = strcmp(computed[i].name, name) == 0 ? computed[i].get : NULL;
	}
	struct guild_value *value = get != NULL ? get(d) : read_attr(d, name);
	guild_map_put(&d->attrs, name, value);
	return value;
}

bool guild_run_data_has_scalars(const struct guild_run_data *d)
{
	return d->has_scalars;
}

/* ---- columns ------------------------------------------------------------------------------------------- */

static struct guild_value *scalar_step(struct guild_run_data *d,
	const struct guild_scalar_summary *s, enum guild_col_qualifier q)
{
	switch (q) {
	case GUILD_COL_MIN:
		return guild_value_int(d->arena, s->min_step);
	case GUILD_COL_MAX:
		return guild_value_int(d->arena, s->max_step);
	case GUILD_COL_FIRST:
		return guild_value_int(d->arena, s->first_step);
	case GUILD_COL_LAST:
		return guild_value_int(d->arena, s->last_step);
	default:
		return NULL; /* guild_cols_parse lets nobody ask for the step of a mean */
	}
}

static struct guild_value *scalar_value(struct guild_run_data *d,
	const struct guild_scalar_summary *s, enum guild_col_qualifier q)
{
	switch (q) {
	case GUILD_COL_MIN:
		return guild_value_float(d->arena, s->min);
	case GUILD_COL_MAX:
		return guild_value_float(d->arena, s->max);
	case GUILD_COL_FIRST:
		return guild_value_float(d->arena, s->first);
	case GUILD_COL_AVG:
		return guild_value_float(d->arena,
			s->count > 0 ? s->total / (double)s->count : NAN);
	case GUILD_COL_TOTAL:
		return guild_value_float(d->arena, s->total);
	case GUILD_COL_COUNT:
		return guild_value_int(d->arena, s->count);
	default:
		return guild_value_float(d->arena, s->last);
	}
}

const struct guild_value *guild_run_data_col(struct guild_run_data *d, const struct guild_col *c)
{
	if (c->kind == GUILD_COL_ATTR) {
		return guild_run_data_attr(d, c->key);
	}
	if (c->kind == GUILD_COL_FLAG) {
		const struct guild_value *flag = guild_value_get(guild_run_data_flags(d), c->key);
		return guild_value_is_null(flag) ? NULL : flag;
	}
	const struct guild_scalar_summary *s =
		guild_scalars_find(guild_run_data_scalars(d), c->key);
	if (s == NULL) {
		return NULL;
	}
	return c->step ? scalar_step(d, s, c->qualifier) : scalar_value(d, s, c->qualifier);
}
