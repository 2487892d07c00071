/* One run of another tool, filled by its source; then checked against what is there, written and reported. */

#include "trackers_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHORT_TEXT = 4096, PART_BYTES = 64 << 10 };

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

static void free_run(struct import_run *r)
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

/* ---- the end ------------------------------------------------------------------------------------------------------ */

/* What does not depend on where the store is and when it was imported. */
static void digest_run(struct import_run *r, char out[65])
{
	struct guild_value *all = guild_value_list(r->a);
	struct guild_value *files = guild_value_list(r->a);
	char values[65];
	char output[65];
	guild_digest_finish(r->values, values);
	guild_digest_bytes(GUILD_SHA256, guild_buf_cstr(&r->output), r->output.n, output);
	r->values = NULL;
	for (size_t i = 0; i < r->n_files; i++) {
		guild_value_append(r->a, files, guild_value_string(r->a, r->files[i].to));
		guild_value_append(r->a, files, guild_value_int(r->a, r->files[i].size));
	}
	const struct guild_value *parts[] = {guild_value_string(r->a, r->op),
		guild_value_string(r->a, r->label), r->flags, r->tags, r->comments,
		guild_value_string(r->a, r->host), guild_value_string(r->a, r->user),
		r->cmd != NULL ? r->cmd : guild_value_null(r->a), r->attrs, r->about, r->texts,
		guild_value_int(r->a, r->started_us), guild_value_int(r->a, r->stopped_us),
		guild_value_int(r->a, r->has_exit_status ? r->exit_status : INT64_MIN), files,
		guild_value_string(r->a, values), guild_value_string(r->a, output)};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		guild_value_append(r->a, all, guild_value_copy(r->a, parts[i]));
	}
	struct guild_buf text = {0};
	guild_json_dump(&text, all, GUILD_JSON_SORT);
	guild_digest_bytes(GUILD_SHA256, text.p, text.n, out);
	guild_buf_fini(&text);
}

static struct guild_value *attributes(struct import_run *r, const char *digest)
{
	struct guild_arena *a = r->a;
	struct guild_value *attrs = guild_value_copy(a, r->attrs);
	struct guild_value *about = guild_value_dict(a);
	const struct import *imp = r->imp;
	int64_t now = guild_run_timestamp();
	int64_t begin = r->started_us != IMPORT_NO_TIME ? r->started_us : now;

	guild_value_set(a, about, "from", guild_value_string(a, imp->req->kind));
	guild_value_set(a, about, "id", guild_value_string(a, r->key));
	guild_value_set(a, about, "path", guild_value_string(a, imp->root));
	guild_value_set(a, about, "time", guild_value_int(a, now));
	guild_value_set(a, about, "digest", guild_value_string(a, digest));
	for (size_t i = 0; i < r->about->n; i++) {
		guild_value_add_pair(a, about, r->about->pairs[i].key, r->about->pairs[i].value);
	}
	if (r->texts->n > 0) {
		guild_value_set(a, about, "texts", r->texts);
	}
	guild_value_set(a, attrs, "imported", about);
	guild_value_set(a, attrs, "id", guild_value_string(a, r->id));
	guild_value_set(a, attrs, "initialized", guild_value_int(a, begin));
	guild_value_set(a, attrs, "flags", r->flags);
	guild_value_set(a, attrs, "cmd", r->cmd != NULL ? r->cmd : guild_value_list(a));
	guild_value_set(a, attrs, "host", guild_value_string(a, r->host));
	guild_value_set(a, attrs, "user", guild_value_string(a, r->user));
	if (r->started_us != IMPORT_NO_TIME) {
		guild_value_set(a, attrs, "started", guild_value_int(a, r->started_us));
	}
	if (r->stopped_us != IMPORT_NO_TIME) {
		guild_value_set(a, attrs, "stopped", guild_value_int(a, r->stopped_us));
	}
	if (r->has_exit_status) {
		guild_value_set(a, attrs, "exit_status", guild_value_int(a, r->exit_status));
	}
	if (r->label != NULL && *r->label != '\0') {
		guild_value_set(a, attrs, "label", guild_value_string(a, r->label));
	}
	if (r->tags->n > 0) {
		guild_value_set(a, attrs, "tags", r->tags);
	}
	for (size_t i = 0; i < r->comments->n; i++) {
		struct guild_value *c = r->comments->items[i];
		guild_value_set(a, c, "host", guild_value_string(a, r->host));
		guild_value_set(a, c, "time", guild_value_int(a, begin));
		guild_value_set(a, c, "user", guild_value_string(a, r->user));
	}
	if (r->comments->n > 0) {
		guild_value_set(a, attrs, "comments", r->comments);
	}
	return attrs;
}

/* Content of `path` is what the source gives for it. */
static bool is_same_file(const struct import_file *f, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size != f->size) {
		return false;
	}
	struct guild_buf mine = {0};
	bool same = true;
	if (f->from == NULL) {
		same = guild_file_read(path, 0, &mine, NULL) == 0 &&
		       guild_str_eq(guild_buf_str(&mine), f->text);
		guild_buf_fini(&mine);
		return same;
	}
	int a = open(path, O_RDONLY | O_CLOEXEC);
	int b = open(f->from, O_RDONLY | O_CLOEXEC);
	char *parts = guild_alloc(2 * (size_t)PART_BYTES);
	same = a >= 0 && b >= 0;
	while (same) {
		ssize_t n = read(a, parts, PART_BYTES);
		ssize_t m = read(b, parts + PART_BYTES, PART_BYTES);
		if (n < 0 || n != m) {
			same = false;
		} else if (n == 0) {
			break;
		} else {
			same = memcmp(parts, parts + PART_BYTES, (size_t)n) == 0;
		}
	}
	free(parts);
	if (a >= 0) {
		close(a);
	}
	if (b >= 0) {
		close(b);
	}
	return same;
}

/* What the run with this id, if there is one, means for the import. */
static enum guild_import_state compare(struct import_run *r, const char *dir, const char *digest,
	const char **why)
{
	struct guild_run old = {0};
	enum guild_import_state state = GUILD_IMPORT_DIFFERS;
	if (guild_run_open(dir, &old, NULL) != 0) {
		*why = "a damaged run has its id";
		goto out;
	}
	const struct guild_value *about = guild_run_attr(&old, r->a, "imported");
	const char *from = guild_value_text(guild_value_get(about, "from"));
	const char *key = guild_value_text(guild_value_get(about, "id"));
	const char *known = guild_value_text(guild_value_get(about, "digest"));
	if (!guild_streq(from, r->imp->req->kind) || !guild_streq(key, r->key)) {
		*why = "another run has its id";
	} else if (!guild_streq(known, digest)) {
		*why = "it has changed since it was imported";
		state = r->imp->req->replace ? GUILD_IMPORT_CHANGED : GUILD_IMPORT_DIFFERS;
	} else {
		state = GUILD_IMPORT_SAME;
		for (size_t i = 0; i < r->n_files; i++) {
			char *path = guild_path_join(dir, r->files[i].to);
			bool same = is_same_file(&r->files[i], path);
			free(path);
			if (!same) {
				*why = guild_arena_format(r->a,
					"file '%s' is not as it was imported", r->files[i].to);
				state = r->imp->req->replace ? GUILD_IMPORT_CHANGED
							     : GUILD_IMPORT_DIFFERS;
				break;
			}
		}
	}
out:
	guild_run_fini(&old);
	return state;
}

static enum guild_import_state find_state(struct import_run *r, const char *digest,
	const char **why)
{
	const struct guild_import_request *req = r->imp->req;
	char *dir = guild_path_join(req->runs_dir, r->id);
	char *trashed = guild_path_join(req->trash_dir, r->id);
	enum guild_import_state state = GUILD_IMPORT_NEW;
	if (guild_map_has(&r->imp->taken, r->id)) {
		state = GUILD_IMPORT_DAMAGED;
		*why = "the store has another run of this name";
	} else if (guild_file_exists(dir)) {
		state = compare(r, dir, digest, why);
	} else if (guild_run_is_run(trashed)) {
		state = GUILD_IMPORT_TRASHED;
	}
	free(trashed);
	free(dir);
	return state;
}

static int report(struct import *imp, const struct guild_imported *what, struct guild_error *err)
{
	imp->sum.n[what->state]++;
	if (what->state == GUILD_IMPORT_NEW || what->state == GUILD_IMPORT_CHANGED) {
		imp->sum.n_values += what->n_values;
		imp->sum.n_files += what->n_files;
		imp->sum.n_left_out += what->n_left_out;
	}
	if (imp->req->on_run != NULL && imp->req->on_run(imp->req->arg, what) != 0) {
		return guild_error_set(err, GUILD_ECANCELLED, "the import was cancelled");
	}
	return 0;
}

int guild_import_run_end(struct import_run *r, struct guild_error *err)
{
	char digest[65];
	const char *why = NULL;
	enum guild_import_state state = GUILD_IMPORT_DELETED;
	int rc = r->failure;
	if (rc != 0) {
		if (err != NULL) {
			*err = r->error;
		}
		goto out;
	}
	digest_run(r, digest);
	if (!r->is_deleted || r->imp->req->include_deleted) {
		state = find_state(r, digest, &why);
	}
	if ((state == GUILD_IMPORT_NEW || state == GUILD_IMPORT_CHANGED) && !r->imp->req->preview) {
		rc = guild_import_write(r, attributes(r, digest), state == GUILD_IMPORT_CHANGED,
			err);
	}
	if (rc == 0) {
		guild_map_put(&r->imp->taken, r->id, r->imp);
		struct guild_imported what = {
			.state = state,
			.run_id = r->id,
			.source_id = r->key,
			.operation = r->op,
			.label = r->label != NULL ? r->label : "",
			.why = why,
			.started_us = r->started_us,
			.n_values = r->n_values,
			.n_files = r->n_files,
			.n_left_out = r->n_left_out,
		};
		rc = report(r->imp, &what, err);
	}
out:
	guild_import_unstage(r);
	free_run(r);
	return rc;
}

int guild_import_run_damaged(struct import *imp, struct import_run *r, const char *key,
	const struct guild_error *why, struct guild_error *err)
{
	struct guild_imported what = {
		.state = GUILD_IMPORT_DAMAGED,
		.source_id = key,
		.operation = "",
		.label = "",
		.why = why->text,
		.started_us = IMPORT_NO_TIME,
	};
	int rc = report(imp, &what, err);
	if (r != NULL) {
		guild_import_unstage(r);
		free_run(r);
	}
	return rc;
}
