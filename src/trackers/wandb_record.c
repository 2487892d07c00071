/* Records of a wandb log: the fields that say something about a run. Numbers are those of wandb's wandb_internal.proto. */

#include "wandb.h"

#include <stdlib.h>
#include <string.h>

void guild_wandb_run_init(struct wandb_run *w, struct import_run *r)
{
	*w = (struct wandb_run){.r = r};
	w->config = guild_value_dict(r->a);
	w->a = r->a;
	w->summary_arena = guild_arena_new();
	w->summary = guild_value_dict(w->summary_arena);
}

void guild_wandb_run_fini(struct wandb_run *w)
{
	guild_map_fini(&w->logged);
	guild_buf_fini(&w->other);
	guild_arena_free(w->summary_arena);
}

static char *text_of(struct wandb_run *w, const struct guild_protobuf_field *f)
{
	return guild_arena_strndup(w->a, f->bytes.p, f->bytes.n);
}

/* Timestamp: 1 seconds, 2 nanoseconds. */
static int64_t time_us(struct guild_str in)
{
	struct guild_protobuf_field f;
	int64_t seconds = 0;
	int64_t nanos = 0;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_VARINT) {
			seconds = (int64_t)f.bits;
		} else if (f.number == 2 && f.wire == GUILD_WIRE_VARINT) {
			nanos = (int64_t)f.bits;
		}
	}
	bool fits = seconds > 0 && seconds < (int64_t)1e11 && nanos >= 0 && nanos < 1000000000;
	return fits ? seconds * 1000000 + nanos / 1000 : IMPORT_NO_TIME;
}

static void saw_time(struct wandb_run *w, int64_t us)
{
	w->last_us = us > w->last_us ? us : w->last_us;
}

/* ---- items: a key, perhaps nested, and a value as JSON ------------------------------------------------------ */

enum { KEY_DEPTH_MAX = 32 };

struct item {
	const char *keys[KEY_DEPTH_MAX];
	size_t n_keys;
	struct guild_value *value; /* NULL: none that can be read */
};

/* 1 key, 2 nested_key (repeated), 16 value_json. */
static void read_item(struct wandb_run *w, struct guild_str in, struct item *item)
{
	struct guild_protobuf_field f;
	*item = (struct item){0};
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		if ((f.number == 1 || f.number == 2) && item->n_keys < KEY_DEPTH_MAX) {
			item->keys[item->n_keys++] = text_of(w, &f);
		} else if (f.number == 16 &&
			   guild_json_parse(w->a, f.bytes, NULL, &item->value, NULL) != 0) {
			item->value = NULL;
		}
	}
}

static void set_nested(struct wandb_run *w, struct guild_value *dict, const struct item *item)
{
	for (size_t i = 0; i + 1 < item->n_keys; i++) {
		struct guild_value *below = guild_value_get(dict, item->keys[i]);
		if (below == NULL || below->type != GUILD_DICT) {
			below = guild_value_dict(w->a);
			guild_value_set(w->a, dict, item->keys[i], below);
		}
		dict = below;
	}
	guild_value_set(w->a, dict, item->keys[item->n_keys - 1], item->value);
}

static void unset_nested(struct guild_value *dict, const struct item *item)
{
	for (size_t i = 0; dict != NULL && i + 1 < item->n_keys; i++) {
		dict = guild_value_get(dict, item->keys[i]);
	}
	if (dict != NULL && dict->type == GUILD_DICT) {
		guild_value_unset(dict, item->keys[item->n_keys - 1]);
	}
}

/* ConfigRecord, SummaryRecord: 1 update, 2 remove. */
static void take_updates(struct wandb_run *w, struct guild_value *dict, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct item item;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.wire != GUILD_WIRE_BYTES || (f.number != 1 && f.number != 2)) {
			continue;
		}
		read_item(w, f.bytes, &item);
		if (item.n_keys > 0 && f.number == 2) {
			unset_nested(dict, &item);
		} else if (item.n_keys > 0 && item.value != NULL) {
			set_nested(w, dict, &item);
		}
	}
}

/* ---- history ------------------------------------------------------------------------------------------------- */

struct row {
	int64_t step;
	double wall;
	struct guild_value *other;
};

static void take_value(struct wandb_run *w, struct row *row, const char *name,
	struct guild_value *v, size_t depth)
{
	if (guild_value_is_number(v) || v->type == GUILD_BOOL) {
		guild_import_metric(w->r, NULL, guild_str(name), row->step, row->wall,
			guild_value_as_f64(v));
		guild_map_put(&w->logged, name, w);
	} else if (v->type == GUILD_DICT && guild_value_get(v, "_type") == NULL &&
		   depth < KEY_DEPTH_MAX) {
		for (size_t i = 0; i < v->n; i++) {
			const char *key = guild_value_text(v->pairs[i].key);
			if (key != NULL) {
				take_value(w, row, guild_arena_format(w->a, "%s.%s", name, key),
					v->pairs[i].value, depth + 1);
			}
		}
	} else {
		guild_value_set(w->a, row->other, name, v);
	}
}

static const char *item_name(struct wandb_run *w, const struct item *item)
{
	const char *name = item->keys[0];
	for (size_t i = 1; i < item->n_keys; i++) {
		name = guild_arena_format(w->a, "%s.%s", name, item->keys[i]);
	}
	return name;
}

/* HistoryStep: 1 num. */
static int64_t step_of(struct guild_str in)
{
	struct guild_protobuf_field f;
	int64_t step = 0;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_VARINT) {
			step = (int64_t)f.bits;
		}
	}
	return step;
}

/* The row's own step and time; they may come after its values. */
static void read_row_place(struct wandb_run *w, struct guild_str in, struct row *row)
{
	struct guild_protobuf_field f;
	struct item item;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 2 && f.wire == GUILD_WIRE_BYTES) {
			row->step = step_of(f.bytes);
		} else if (f.number == 1 && f.wire == GUILD_WIRE_BYTES) {
			read_item(w, f.bytes, &item);
			if (item.n_keys != 1 || !guild_value_is_number(item.value)) {
				continue;
			}
			if (strcmp(item.keys[0], "_step") == 0 && item.value->type == GUILD_INT) {
				row->step = item.value->i;
			} else if (strcmp(item.keys[0], "_timestamp") == 0) {
				row->wall = guild_value_as_f64(item.value);
			}
		}
	}
}

/* HistoryRecord: 1 item, 2 step. */
static void take_history(struct wandb_run *w, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct item item;
	struct row row = {.other = guild_value_dict(w->a)};
	read_row_place(w, in, &row);
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number != 1 || f.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		read_item(w, f.bytes, &item);
		if (item.n_keys > 0 && item.value != NULL && item.keys[0][0] != '_') {
			take_value(w, &row, item_name(w, &item), item.value, 0);
		}
	}
	w->last_step = row.step > w->last_step ? row.step : w->last_step;
	if (row.wall > 0 && row.wall < 1e11) {
		saw_time(w, (int64_t)(row.wall * 1e6));
	}
	if (row.other->n > 0) {
		struct guild_value *line = guild_value_dict(w->a);
		guild_value_set(w->a, line, "_step", guild_value_int(w->a, row.step));
		guild_value_set(w->a, line, "_timestamp", guild_value_float(w->a, row.wall));
		for (size_t i = 0; i < row.other->n; i++) {
			guild_value_add_pair(w->a, line, row.other->pairs[i].key,
				row.other->pairs[i].value);
		}
		guild_json_dump(&w->other, line, GUILD_JSON_COMPACT);
		guild_buf_putc(&w->other, '\n');
	}
}

/* ---- other records -------------------------------------------------------------------------------------------- */

/* StatsRecord: 2 timestamp, 3 item (1 key, 16 value_json). Steps are seconds since the start. */
static void take_stats(struct wandb_run *w, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct item item;
	struct guild_str all = in;
	int64_t us = IMPORT_NO_TIME;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 2 && f.wire == GUILD_WIRE_BYTES) {
			us = time_us(f.bytes);
		}
	}
	bool is_timed = us != IMPORT_NO_TIME;
	saw_time(w, us);
	int64_t start = w->r->started_us;
	int64_t step =
		is_timed && start != IMPORT_NO_TIME && us > start ? (us - start) / 1000000 : 0;
	while (guild_protobuf_next(&all, &f) > 0) {
		if (f.number != 3 || f.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		read_item(w, f.bytes, &item);
		if (item.n_keys == 1 && guild_value_is_number(item.value)) {
			char *tag = guild_arena_format(w->a, "sys/%s", item.keys[0]);
			guild_import_metric(w->r, NULL, guild_str(tag), step,
				is_timed ? (double)us / 1e6 : 0, guild_value_as_f64(item.value));
		}
	}
}

/* OutputRecord, OutputRawRecord: 1 output_type (0 stderr, 1 stdout), 2 timestamp, 3 line. */
static void take_output(struct wandb_run *w, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct guild_str text = {0};
	int64_t us = IMPORT_NO_TIME;
	bool is_stderr = true;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_VARINT) {
			is_stderr = f.bits == 0;
		} else if (f.number == 2 && f.wire == GUILD_WIRE_BYTES) {
			us = time_us(f.bytes);
		} else if (f.number == 3 && f.wire == GUILD_WIRE_BYTES) {
			text = f.bytes;
		}
	}
	saw_time(w, us);
	guild_import_output(w->r, text, us, is_stderr);
}

/* GitRepoRecord: 1 remote_url, 2 commit. */
static void take_git(struct wandb_run *w, struct guild_str in)
{
	struct guild_protobuf_field f;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_BYTES) {
			guild_import_about_text(w->r, "git_remote", text_of(w, &f));
		} else if (f.number == 2 && f.wire == GUILD_WIRE_BYTES && f.bytes.n > 0) {
			guild_value_set(w->r->a, w->r->attrs, "vcs_commit",
				guild_value_string(w->r->a,
					guild_arena_format(w->r->a, "git:%s", text_of(w, &f))));
		}
	}
}

enum { SUMMARIES_MAX = 10000 }; /* until the summary is moved to memory of its own size */

static void take_summary(struct wandb_run *w, struct guild_str in)
{
	if (++w->n_summaries > SUMMARIES_MAX) {
		struct guild_arena *fresh = guild_arena_new();
		w->summary = guild_value_copy(fresh, w->summary);
		guild_arena_free(w->summary_arena);
		w->summary_arena = fresh;
		w->n_summaries = 0;
	}
	w->a = w->summary_arena;
	take_updates(w, w->summary, in);
	w->a = w->r->a;
}

static void take_run(struct wandb_run *w, struct guild_str in)
{
	static const struct {
		uint64_t number;
		const char *name;
	} kept[] = {{1, "run_id"}, {2, "entity"}, {3, "project"}, {6, "group"}, {7, "job_type"},
		{12, "sweep_id"}};
	struct import_run *r = w->r;
	struct guild_protobuf_field f;
	r->tags = guild_value_list(r->a); /* a run is recorded again when it changes */
	r->comments = guild_value_list(r->a);
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		for (size_t i = 0; i < GUILD_ARRAY_LEN(kept); i++) {
			if (kept[i].number == f.number) {
				guild_import_about_text(r, kept[i].name, text_of(w, &f));
			}
		}
		switch (f.number) {
		case 3:
			r->op = f.bytes.n > 0 ? text_of(w, &f) : r->op;
			break;
		case 4:
			take_updates(w, w->config, f.bytes);
			break;
		case 5:
			take_summary(w, f.bytes);
			break;
		case 8:
			r->label = text_of(w, &f);
			break;
		case 9:
			guild_import_comment(r, text_of(w, &f));
			break;
		case 10:
			guild_import_tag(r, text_of(w, &f));
			break;
		case 13:
			r->host = text_of(w, &f);
			break;
		case 17:
			r->started_us = time_us(f.bytes);
			break;
		case 21:
			take_git(w, f.bytes);
			break;
		default:
			break;
		}
	}
}

/* EnvironmentRecord: 2 python, 5 args, 6 program, 9 git, 12 host, 13 username, 14 executable. */
static void take_environment(struct wandb_run *w, struct guild_str in)
{
	struct import_run *r = w->r;
	struct guild_protobuf_field f;
	const char *program = NULL;
	const char *executable = NULL;
	struct guild_value *args = guild_value_list(r->a);
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.wire != GUILD_WIRE_BYTES) {
			continue;
		}
		if (f.number == 5) {
			guild_value_append(r->a, args, guild_value_string(r->a, text_of(w, &f)));
		} else if (f.number == 6) {
			program = text_of(w, &f);
		} else if (f.number == 9) {
			take_git(w, f.bytes);
		} else if (f.number == 12) {
			r->host = text_of(w, &f);
		} else if (f.number == 13) {
			r->user = text_of(w, &f);
		} else if (f.number == 14) {
			executable = text_of(w, &f);
		} else if (f.number == 2) {
			guild_import_about_text(r, "python", text_of(w, &f));
		}
	}
	if (program != NULL) { /* a later record tells only figures of the machine */
		r->cmd = guild_value_list(r->a);
		if (executable != NULL) {
			guild_value_append(r->a, r->cmd, guild_value_string(r->a, executable));
		}
		guild_value_append(r->a, r->cmd, guild_value_string(r->a, program));
		for (size_t i = 0; i < args->n; i++) {
			guild_value_append(r->a, r->cmd, args->items[i]);
		}
	}
}

/* RunExitRecord: 1 exit_code, 2 runtime, 3 not_complete. */
static void take_exit(struct wandb_run *w, struct guild_str in)
{
	struct guild_protobuf_field f;
	int32_t code = 0;
	int64_t seconds = 0;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_VARINT) {
			code = (int32_t)f.bits;
		} else if (f.number == 2 && f.wire == GUILD_WIRE_VARINT) {
			seconds = (int64_t)(int32_t)f.bits;
		}
	}
	w->has_exit = true;
	w->r->has_exit_status = true;
	w->r->exit_status = code > -256 && code < 256 ? code : 1;
	if (seconds > 0 && w->r->started_us != IMPORT_NO_TIME) {
		w->r->stopped_us = w->r->started_us + seconds * 1000000;
	}
}

/* ArtifactManifestEntry: 1 path, 3 ref, 6 local_path. */
static void take_artifact_file(struct wandb_run *w, const char *artifact, struct guild_str in)
{
	struct guild_protobuf_field f;
	const char *path = NULL;
	const char *local = NULL;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_BYTES) {
			path = text_of(w, &f);
		} else if (f.number == 6 && f.wire == GUILD_WIRE_BYTES) {
			local = text_of(w, &f);
		}
	}
	if (path != NULL && local != NULL) {
		guild_import_file(w->r, local,
			guild_arena_format(w->r->a, "artifacts/%s/%s", artifact, path));
	}
}

/* ArtifactRecord: 4 type, 5 name, 12 manifest (4 contents). */
static void take_artifact(struct wandb_run *w, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct guild_str manifest = {0};
	const char *name = "unnamed";
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 5 && f.wire == GUILD_WIRE_BYTES) {
			name = text_of(w, &f);
		} else if (f.number == 12 && f.wire == GUILD_WIRE_BYTES) {
			manifest = f.bytes;
		}
	}
	while (guild_protobuf_next(&manifest, &f) > 0) {
		if (f.number == 4 && f.wire == GUILD_WIRE_BYTES) {
			take_artifact_file(w, name, f.bytes);
		}
	}
}

static void take_config(struct wandb_run *w, struct guild_str in)
{
	take_updates(w, w->config, in);
}

/* Rows come by the hundred thousand: what is read of one does not outlive it. */
static void take_row(struct wandb_run *w, struct guild_str in)
{
	w->a = guild_arena_new();
	take_history(w, in);
	guild_arena_free(w->a);
	w->a = w->r->a;
}

static void take_figures(struct wandb_run *w, struct guild_str in)
{
	w->a = guild_arena_new();
	take_stats(w, in);
	guild_arena_free(w->a);
	w->a = w->r->a;
}

void guild_wandb_take_record(struct wandb_run *w, struct guild_str record)
{
	static const struct {
		uint64_t number;
		void (*take)(struct wandb_run *w, struct guild_str in);
	} kinds[] = {
		{2, take_row},
		{3, take_summary},
		{4, take_output},
		{5, take_config},
		{7, take_figures},
		{8, take_artifact},
		{13, take_output},
		{17, take_run},
		{18, take_exit},
		{26, take_environment},
	};
	struct guild_protobuf_field f;
	while (guild_protobuf_next(&record, &f) > 0) {
		for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
			if (f.number == kinds[i].number && f.wire == GUILD_WIRE_BYTES) {
				kinds[i].take(w, f.bytes);
			}
		}
	}
}
