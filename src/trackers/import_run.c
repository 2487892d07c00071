/* One run of another tool, filled by its source. */

#include "trackers_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { SHORT_TEXT = 4096 };

static bool is_run_id(const char *text)
{
	return strlen(text) == GUILD_RUN_ID_LEN &&
	       strspn(text, "0123456789abcdef") == GUILD_RUN_ID_LEN;
}

struct import_run *guild_import_run_new(struct import *imp, const char *key)
{
	struct import_run *r = guild_alloc(sizeof(*r));
	r->imp = imp;
	r->a = guild_arena_new();
	r->key = guild_arena_strdup(r->a, key);
	if (is_run_id(key)) { /* as MLflow's: people find it by the name they know */
		memcpy(r->id, key, sizeof(r->id));
	} else {
		char hex[65];
		char *name = guild_format("%s\n%s", imp->req->kind, key);
		guild_digest_bytes(GUILD_MD5, name, strlen(name), hex);
		memcpy(r->id, hex, GUILD_RUN_ID_LEN);
		free(name);
	}
	r->model = r->host = r->user = "";
	r->op = "import";
	r->flags = guild_value_dict(r->a);
	r->tags = guild_value_list(r->a);
	r->comments = guild_value_list(r->a);
	r->attrs = guild_value_dict(r->a);
	r->about = guild_value_dict(r->a);
	r->texts = guild_value_dict(r->a);
	r->started_us = r->stopped_us = IMPORT_NO_TIME;
	r->values = guild_digest_new(GUILD_SHA256);
	return r;
}

void guild_import_run_free(struct import_run *r)
{
	char hex[65];
	for (size_t i = 0; i < r->n_events; i++) {
		guild_buf_fini(&r->events[i].bytes);
	}
	if (r->values != NULL) {
		guild_digest_finish(r->values, hex);
	}
	guild_buf_fini(&r->output);
	guild_buf_fini(&r->output_index);
	free(r->events);
	free(r->files);
	guild_arena_free(r->a);
	free(r);
}

/* ---- parameters ------------------------------------------------------------------------------------------ */

/* What YAML makes of the text, where people would agree: "1_000", "1:30" and dates stay texts. */
static struct guild_value *decode(struct guild_arena *a, struct guild_str text)
{
	struct guild_value *as_typed = guild_value_string_n(a, text.p, text.n);
	if (text.n == 0 || text.n > SHORT_TEXT || memchr(text.p, '\n', text.n) != NULL) {
		return as_typed;
	}
	struct guild_value *v = NULL;
	if (text.p[0] == '[' || text.p[0] == '{') {
		if (guild_yaml_parse(a, text, NULL, GUILD_YAML_NUMBERS, &v, NULL) != 0) {
			v = NULL;
		}
		return v != NULL && (v->type == GUILD_LIST || v->type == GUILD_DICT) ? v : as_typed;
	}
	v = guild_yaml_resolve(a, text, GUILD_YAML_NUMBERS);
	bool is_odd = v == NULL || v->type == GUILD_DATE || v->type == GUILD_STRING ||
		      (guild_value_is_number(v) && (memchr(text.p, '_', text.n) != NULL ||
							   memchr(text.p, ':', text.n) != NULL));
	return is_odd ? as_typed : v;
}

void guild_import_flag_text(struct import_run *r, const char *name, struct guild_str text)
{
	struct guild_value *v = decode(r->a, text);
	guild_value_set(r->a, r->flags, name, v);
	if (v->type != GUILD_STRING) {
		struct guild_buf back = {0};
		guild_value_py_str(&back, v);
		if (!guild_str_eq(guild_buf_str(&back), text)) {
			guild_value_set(r->a, r->texts, name,
				guild_value_string_n(r->a, text.p, text.n));
		}
		guild_buf_fini(&back);
	}
}

static void add_leaves(struct import_run *r, const char *name, const struct guild_value *v,
	size_t depth)
{
	if (v->type != GUILD_DICT || v->n == 0 || depth > IMPORT_DEPTH_MAX) {
		guild_value_set(r->a, r->flags, name, guild_value_copy(r->a, v));
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		struct guild_buf key = {0};
		guild_value_py_str(&key, v->pairs[i].key);
		char *leaf = guild_arena_format(r->a, "%s.%s", name, guild_buf_cstr(&key));
		add_leaves(r, leaf, v->pairs[i].value, depth + 1);
		guild_buf_fini(&key);
	}
}

void guild_import_flag_value(struct import_run *r, const char *name, const struct guild_value *v)
{
	add_leaves(r, name, v, 0);
}

void guild_import_config(struct import_run *r, const struct guild_value *config)
{
	bool is_nested = false;
	for (size_t i = 0; config != NULL && config->type == GUILD_DICT && i < config->n; i++) {
		const struct guild_value *v = config->pairs[i].value;
		struct guild_buf key = {0};
		guild_value_py_str(&key, config->pairs[i].key);
		guild_import_flag_value(r, guild_buf_cstr(&key), v);
		is_nested = is_nested || (v->type == GUILD_DICT && v->n > 0);
		guild_buf_fini(&key);
	}
	if (is_nested) {
		guild_import_about(r, "config", guild_value_copy(r->a, config));
	}
}

/* ---- metrics ------------------------------------------------------------------------------------------------ */

static struct import_events *events_of(struct import_run *r, const char *dir)
{
	const char *name = dir == NULL ? ".guild" : dir;
	for (size_t i = r->n_events; i-- > 0;) {
		if (strcmp(r->events[i].dir, name) == 0) {
			return &r->events[i];
		}
	}
	r->events =
		guild_grow_array(r->events, &r->cap_events, r->n_events + 1, sizeof(*r->events));
	struct import_events *e = &r->events[r->n_events++];
	*e = (struct import_events){.dir = guild_arena_strdup(r->a, name)};
	return e;
}

void guild_import_metric(struct import_run *r, const char *dir, struct guild_str tag, int64_t step,
	double wall_time, double value)
{
	struct import_events *e = events_of(r, dir);
	double figures[2] = {wall_time, value};
	guild_digest_update(r->values, e->dir, strlen(e->dir) + 1);
	guild_digest_update(r->values, tag.p, tag.n);
	guild_digest_update(r->values, "", 1);
	guild_digest_update(r->values, &step, sizeof(step));
	guild_digest_update(r->values, figures, sizeof(figures));
	r->n_values++;
	if (r->imp->req->preview || r->failure != 0) {
		return;
	}
	if (e->bytes.n == 0 && !e->is_spooled) {
		e->first_wall = wall_time;
		guild_event_encode_version(&e->bytes, wall_time);
	}
	struct guild_event_scalar s = {
		.tag = tag, .step = step, .wall_time = wall_time, .value = value};
	guild_event_encode(&e->bytes, &s, false);
	if (e->bytes.n > IMPORT_SPOOL_BYTES) {
		r->failure = guild_import_spool(r, e, &r->error);
	}
}

/* ---- other facts ---------------------------------------------------------------------------------------------- */

void guild_import_tag(struct import_run *r, const char *tag)
{
	guild_value_append(r->a, r->tags, guild_value_string(r->a, tag));
}

void guild_import_comment(struct import_run *r, const char *body)
{
	if (*body == '\0') {
		return;
	}
	struct guild_value *c = guild_value_dict(r->a);
	guild_value_set(r->a, c, "body", guild_value_string(r->a, body));
	guild_value_append(r->a, r->comments, c);
}

void guild_import_about(struct import_run *r, const char *name, struct guild_value *v)
{
	guild_value_set(r->a, r->about, name, v);
}

void guild_import_about_text(struct import_run *r, const char *name, const char *text)
{
	if (text != NULL && *text != '\0') {
		guild_import_about(r, name, guild_value_string(r->a, text));
	}
}

void guild_import_status(struct import_run *r, const char *word)
{
	enum { TERMINATED = -15 };
	static const struct {
		const char *word;
		int exit_status;
	} words[] = {
		{"FINISHED", 0},
		{"COMPLETED", 0},
		{"SUCCESS", 0},
		{"FAILED", 1},
		{"ERROR", 1},
		{"FAILURE", 1},
		{"CRASHED", 1},
		{"KILLED", TERMINATED},
		{"INTERRUPTED", TERMINATED},
		{"TERMINATED", TERMINATED},
		{"TIMEOUT", TERMINATED},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (strcasecmp(words[i].word, word) == 0) {
			r->has_exit_status = true;
			r->exit_status = words[i].exit_status;
		}
	}
	guild_import_about_text(r, "status", word);
}

void guild_import_output(struct import_run *r, struct guild_str text, int64_t time_us,
	bool is_stderr)
{
	struct guild_output_line line = {
		.time_ms = (time_us != IMPORT_NO_TIME                ? time_us
				   : r->started_us != IMPORT_NO_TIME ? r->started_us
								     : 0) /
			   1000,
		.is_stderr = is_stderr};
	unsigned char record[GUILD_OUTPUT_RECORD_BYTES];
	guild_output_index_encode(line, record);
	guild_buf_append(&r->output, text.p, text.n);
	for (size_t n = guild_count_byte(text.p, text.n, '\n'); n > 0; n--) {
		guild_buf_append(&r->output_index, record, sizeof(record));
	}
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void leave_out(struct import_run *r, const char *what, const char *why)
{
	r->n_left_out++;
	guild_log(r->imp->log, "warning", "'%s' was left out: %s", what, why);
}

static struct import_file *add_file(struct import_run *r, const char *to)
{
	if (!guild_path_is_beneath(to) || strcmp(to, ".guild") == 0 ||
		guild_starts(to, ".guild/")) {
		leave_out(r, to, "it would not lie among the files of the run");
		return NULL;
	}
	r->files = guild_grow_array(r->files, &r->cap_files, r->n_files + 1, sizeof(*r->files));
	struct import_file *f = &r->files[r->n_files++];
	*f = (struct import_file){.to = guild_arena_strdup(r->a, to)};
	return f;
}

void guild_import_file(struct import_run *r, const char *from, const char *to)
{
	struct stat st;
	if (stat(from, &st) != 0) {
		leave_out(r, from, "it is not there");
	} else if (!S_ISREG(st.st_mode)) {
		leave_out(r, from, "it is no plain file");
	} else {
		struct import_file *f = add_file(r, to);
		if (f != NULL) {
			f->from = guild_arena_strdup(r->a, from);
			f->size = (int64_t)st.st_size;
		}
	}
}

void guild_import_text(struct import_run *r, const char *to, struct guild_str text)
{
	struct import_file *f = add_file(r, to);
	if (f != NULL) {
		f->text = guild_str_n(guild_arena_strndup(r->a, text.p, text.n), text.n);
		f->size = (int64_t)text.n;
	}
}

/* True when a link leads to a place below the store. */
static bool stays_inside(const struct import *imp, const char *path)
{
	char *real = guild_path_real(path);
	size_t n = strlen(imp->root);
	bool inside = strncmp(real, imp->root, n) == 0 && (real[n] == '/' || real[n] == '\0');
	free(real);
	return inside;
}

static void add_tree(struct import_run *r, const char *from, const char *to, bool any_links,
	size_t depth)
{
	struct guild_strs names = {0};
	if (depth > IMPORT_DEPTH_MAX) {
		leave_out(r, from, "its folders are nested too deep");
		return;
	}
	if (guild_dir_list(from, &names, NULL) != 0) {
		guild_strs_fini(&names);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		char *path = guild_path_join(from, names.v[i]);
		char *target =
			*to == '\0' ? guild_strdup(names.v[i]) : guild_path_join(to, names.v[i]);
		struct stat st;
		if (lstat(path, &st) != 0) {
			leave_out(r, path, "it is not there");
		} else if (S_ISDIR(st.st_mode)) {
			add_tree(r, path, target, any_links, depth + 1);
		} else if (S_ISLNK(st.st_mode) && !any_links && !stays_inside(r->imp, path)) {
			leave_out(r, path, "it is a link that leads out of the store");
		} else {
			guild_import_file(r, path, target);
		}
		free(target);
		free(path);
	}
	guild_strs_fini(&names);
}

void guild_import_tree(struct import_run *r, const char *from, const char *to, bool any_links)
{
	add_tree(r, from, to, any_links, 0);
}
