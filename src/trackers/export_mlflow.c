/* Runs as a store of folders that MLflow reads: ROOT/EXPERIMENT/RUN. */

#include "export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct experiment {
	char *name, *id;
};

/* The store being written. */
struct store {
	struct export *exp;
	struct experiment *experiments;
	size_t n, cap;
};

static void add_experiment(struct store *s, const char *name, const char *id)
{
	s->experiments =
		guild_grow_array(s->experiments, &s->cap, s->n + 1, sizeof(*s->experiments));
	s->experiments[s->n++] = (struct experiment){guild_strdup(name), guild_strdup(id)};
}

static void free_store(struct store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->experiments[i].name);
		free(s->experiments[i].id);
	}
	free(s->experiments);
}

/* The experiments that are there; a folder with other things in it is no store, and nothing comes into it. */
static int open_store(struct store *s, struct guild_error *err)
{
	struct guild_strs names = {0};
	int rc = guild_dir_list(s->exp->root, &names, err);
	if (rc == GUILD_ENOTFOUND) {
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		struct guild_arena *a = guild_arena_new();
		char *meta = guild_format("%s/%s/meta.yaml", s->exp->root, names.v[i]);
		struct guild_value *v = NULL;
		if (guild_is_file(meta) && guild_yaml_parse_file(a, meta, 0, &v, NULL) == 0) {
			const char *name = guild_value_text(guild_value_get(v, "name"));
			const char *stage = guild_value_text(guild_value_get(v, "lifecycle_stage"));
			if (name != NULL && !guild_streq(stage, "deleted")) {
				add_experiment(s, name, names.v[i]);
			}
		}
		free(meta);
		guild_arena_free(a);
	}
	if (rc == 0 && names.n > 0 && s->n == 0) {
		rc = guild_error_set(err, GUILD_EEXISTS,
			"'%s' holds other things: runs would lie among them", s->exp->root);
		guild_error_hint(err, "name a new folder, or one that is a store of MLflow");
	}
	guild_strs_fini(&names);
	return rc;
}

static char *file_uri(const char *path)
{
	struct guild_buf out = {0};
	guild_buf_puts(&out, "file://");
	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(c >= '0' && c <= '9') || strchr("/-._~", c) != NULL;
		if (is_plain) {
			guild_buf_putc(&out, (char)c);
		} else {
			guild_buf_printf(&out, "%%%02X", c);
		}
	}
	return guild_buf_take(&out);
}

static int write_yaml(const char *dir, const char *name, const struct guild_value *v,
	struct guild_error *err)
{
	char *path = guild_path_join(dir, name);
	struct guild_buf text = {0};
	guild_yaml_dump(&text, v, true);
	guild_buf_putc(&text, '\n');
	int rc = guild_export_write(path, guild_buf_str(&text), err);
	guild_buf_fini(&text);
	free(path);
	return rc;
}

static int make_experiment(struct store *s, const char *name, const char *id,
	const struct guild_value *tags, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *v = guild_value_dict(a);
	char *dir = guild_path_join(s->exp->root, id);
	char *uri = file_uri(dir);
	int64_t now_ms = guild_now_us() / 1000;
	guild_value_set(a, v, "artifact_location", guild_value_string(a, uri));
	guild_value_set(a, v, "creation_time", guild_value_int(a, now_ms));
	guild_value_set(a, v, "experiment_id", guild_value_string(a, id));
	guild_value_set(a, v, "last_update_time", guild_value_int(a, now_ms));
	guild_value_set(a, v, "lifecycle_stage", guild_value_string(a, "active"));
	guild_value_set(a, v, "name", guild_value_string(a, name));
	int rc = 0;
	for (size_t i = 0; rc == 0 && tags != NULL && tags->type == GUILD_DICT && i < tags->n;
		i++) {
		const char *key = guild_value_text(tags->pairs[i].key);
		const char *value = guild_value_text(tags->pairs[i].value);
		if (key != NULL && value != NULL && guild_path_is_beneath(key)) {
			char *path = guild_format("%s/tags/%s", dir, key);
			rc = guild_export_write(path, guild_str(value), err);
			free(path);
		}
	}
	if (rc == 0) {
		rc = write_yaml(dir, "meta.yaml", v, err);
	}
	if (rc == 0) {
		add_experiment(s, name, id);
	}
	free(uri);
	free(dir);
	guild_arena_free(a);
	return rc;
}

/* Eighteen digits that follow from the name, as MLflow's are by chance. */
static int find_experiment(struct store *s, const char *name, const struct guild_value *tags,
	const char **id, struct guild_error *err)
{
	char hex[65];
	char digits[19];
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->experiments[i].name, name) == 0) {
			*id = s->experiments[i].id;
			return 0;
		}
	}
	guild_digest_bytes(GUILD_SHA256, name, strlen(name), hex);
	for (size_t i = 0; i < sizeof(digits) - 1; i++) {
		digits[i] = (char)('0' + (hex[2 * i] * 16 + hex[2 * i + 1]) % 10);
	}
	digits[0] = digits[0] == '0' ? '1' : digits[0];
	digits[sizeof(digits) - 1] = '\0';
	int rc = make_experiment(s, name, digits, tags, err);
	if (rc == 0) {
		*id = s->experiments[s->n - 1].id;
	}
	return rc;
}

/* ---- keys ----------------------------------------------------------------------------------------------------- */

/* Keys are file names. What MLflow does not take in one becomes '_'; *renamed keeps what it was. */
struct keys {
	struct guild_arena *a;
	struct guild_map taken;      /* files and folders */
	struct guild_value *renamed; /* new -> old */
};

static const char *key_of(struct keys *k, const char *kind, const char *name)
{
	struct guild_buf out = {0};
	for (const char *p = name; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(c >= '0' && c <= '9') || c >= 0x80 || strchr("_-. /:", c) != NULL;
		guild_buf_putc(&out, is_plain ? (char)c : '_');
	}
	/* "a//b", "./a", "../a" are no keys. */
	char *plain = guild_path_normalize(guild_buf_cstr(&out));
	if (strcmp(plain, guild_buf_cstr(&out)) != 0 || !guild_path_is_beneath(plain)) {
		for (char *p = out.p; out.n > 0 && *p != '\0'; p++) {
			*p = *p == '/' ? '_' : *p;
		}
		if (out.n == 0 || strspn(out.p, ".") == out.n) {
			guild_buf_puts(&out, "_");
		}
	}
	free(plain);
	/* A key may be no folder of another, nor have one for its folder. */
	for (;;) {
		char *place = guild_format("%s/%s", kind, guild_buf_cstr(&out));
		bool clashes = guild_map_has(&k->taken, place);
		char *folder = guild_path_dirname(place);
		for (; !clashes && strlen(folder) > strlen(kind);) {
			clashes = guild_map_get(&k->taken, folder) == k;
			char *up = guild_path_dirname(folder);
			free(folder);
			folder = up;
		}
		free(folder);
		if (!clashes) {
			guild_map_put(&k->taken, place, k);
			folder = guild_path_dirname(place);
			while (strlen(folder) > strlen(kind)) {
				if (!guild_map_has(&k->taken, folder)) {
					guild_map_put(&k->taken, folder, k->a); /* a folder */
				}
				char *up = guild_path_dirname(folder);
				free(folder);
				folder = up;
			}
			free(folder);
			free(place);
			break;
		}
		free(place);
		guild_buf_putc(&out, '_');
	}
	const char *key = guild_arena_strdup(k->a, guild_buf_cstr(&out));
	if (strcmp(key, name) != 0) {
		guild_value_set(k->a, k->renamed, guild_arena_format(k->a, "%s/%s", kind, key),
			guild_value_string(k->a, name));
	}
	guild_buf_fini(&out);
	return key;
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

static int write_key(const char *dir, const char *kind, const char *key, struct guild_str text,
	struct guild_error *err)
{
	char *path = guild_format("%s/%s/%s", dir, kind, key);
	int rc = guild_export_write(path, text, err);
	free(path);
	return rc;
}

static int write_params(const struct export_run *x, struct keys *k, const char *dir,
	struct guild_error *err)
{
	const struct guild_value *texts = guild_value_get(x->imported, "texts");
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < x->flags->n; i++) {
		const char *name = guild_value_text(x->flags->pairs[i].key);
		struct guild_buf text = {0};
		if (name == NULL) {
			continue;
		}
		const char *original = guild_value_text(guild_value_get(texts, name));
		if (original != NULL) {
			guild_buf_puts(&text, original);
		} else {
			guild_value_py_str(&text, x->flags->pairs[i].value);
		}
		rc = write_key(dir, "params", key_of(k, "params", name), guild_buf_str(&text), err);
		guild_buf_fini(&text);
	}
	return rc;
}

/* Metrics in memory: text of each file. */
struct metrics {
	struct guild_arena *a;
	struct guild_map by_key; /* key -> struct guild_buf * */
	int64_t default_ms;
};

static int on_value(void *arg, const char *key, const struct guild_event_scalar *s)
{
	struct metrics *m = arg;
	struct guild_buf *text = guild_map_get(&m->by_key, key);
	char figure[GUILD_F64_MAX];
	double ms = s->wall_time * 1000;
	int64_t time = ms > 0 && ms < 9e15 ? (int64_t)llround(ms) : m->default_ms;
	if (text == NULL) {
		text = guild_arena_alloc(m->a, sizeof(*text));
		guild_map_put(&m->by_key, key, text);
	}
	guild_f64_repr(s->value, figure);
	guild_buf_printf(text, "%lld %s %lld\n", (long long)time, figure, (long long)s->step);
	return 0;
}

static int write_metrics(const struct export_run *x, struct keys *k, const char *dir,
	struct guild_exported *what, const struct guild_log *log, struct guild_error *err)
{
	struct metrics m = {.a = x->a};
	int rc = 0;
	m.default_ms = x->started_us != INT64_MIN ? x->started_us / 1000 : 0;
	what->n_values = guild_export_each_value(x, on_value, &m, log);
	for (size_t i = 0; i < m.by_key.n; i++) {
		struct guild_buf *text = m.by_key.entries[i].value;
		if (rc == 0) {
			rc = write_key(dir, "metrics",
				key_of(k, "metrics", m.by_key.entries[i].key), guild_buf_str(text),
				err);
		}
		guild_buf_fini(text);
	}
	guild_map_fini(&m.by_key);
	return rc;
}

/* "KEY=VALUE" or "KEY", as an import writes them. */
static void add_own_tag(const struct export_run *x, struct guild_value *tags, const char *tag)
{
	const char *sign = strchr(tag, '=');
	if (sign != NULL && sign != tag) {
		guild_value_set(x->a, tags, guild_arena_strndup(x->a, tag, (size_t)(sign - tag)),
			guild_value_string(x->a, sign + 1));
	} else if (guild_value_get(tags, tag) == NULL) {
		guild_value_set(x->a, tags, tag, guild_value_string(x->a, "true"));
	}
}

static void add_comments(const struct export_run *x, struct guild_value *tags)
{
	struct guild_buf text = {0};
	for (size_t i = 0; i < x->comments->n; i++) {
		const char *body = guild_value_text(guild_value_get(x->comments->items[i], "body"));
		if (body != NULL) {
			guild_buf_printf(&text, "%s%s", text.n > 0 ? "\n\n" : "", body);
		}
	}
	if (text.n > 0) {
		guild_value_set(x->a, tags, "mlflow.note.content",
			guild_value_string(x->a, guild_buf_cstr(&text)));
	}
	guild_buf_fini(&text);
}

static void set_text(const struct export_run *x, struct guild_value *tags, const char *key,
	const char *text)
{
	if (text != NULL && *text != '\0') {
		guild_value_set(x->a, tags, key, guild_value_string(x->a, text));
	}
}

static const char *run_name(const struct export_run *x)
{
	return *x->label != '\0' ? x->label
				 : guild_arena_format(x->a, "%s %.8s", x->op, x->run->id);
}

static int write_tags(const struct export_run *x, struct keys *k, const char *dir,
	struct guild_error *err)
{
	struct guild_value *tags = guild_value_dict(x->a);
	const struct guild_value *known = guild_value_get(x->imported, "tags");
	struct guild_buf cmd = {0};
	int rc = 0;
	if (known != NULL && known->type == GUILD_DICT) {
		tags = guild_value_copy(x->a, known);
	}
	for (size_t i = 0; i < x->tags->n; i++) {
		const char *tag = guild_value_text(x->tags->items[i]);
		if (tag != NULL) {
			add_own_tag(x, tags, tag);
		}
	}
	add_comments(x, tags);
	for (size_t i = 0; i < x->cmd->n; i++) {
		const char *word = guild_value_text(x->cmd->items[i]);
		guild_buf_printf(&cmd, "%s%s", i > 0 ? " " : "", word != NULL ? word : "");
	}
	set_text(x, tags, "mlflow.runName", run_name(x));
	set_text(x, tags, "mlflow.source.name", guild_buf_cstr(&cmd));
	if (!guild_streq(guild_value_text(guild_value_get(x->imported, "from")), "mlflow")) {
		set_text(x, tags, "mlflow.user", x->user); /* as MLflow's own programs do */
		set_text(x, tags, "mlflow.source.type", "LOCAL");
	}
	set_text(x, tags, "mlflow.source.git.commit", x->commit);
	set_text(x, tags, "mlflow.parentRunId",
		guild_value_text(guild_value_get(x->imported, "parent")));
	set_text(x, tags, "guild.operation", x->op);
	if (k->renamed->n > 0) {
		struct guild_buf text = {0};
		guild_json_dump(&text, k->renamed, GUILD_JSON_SORT);
		set_text(x, tags, "guild.renamed", guild_buf_cstr(&text));
		guild_buf_fini(&text);
	}
	for (size_t i = 0; rc == 0 && i < tags->n; i++) {
		const char *key = guild_value_text(tags->pairs[i].key);
		const char *value = guild_value_text(tags->pairs[i].value);
		if (key != NULL && value != NULL) {
			rc = write_key(dir, "tags", key_of(k, "tags", key), guild_str(value), err);
		}
	}
	guild_buf_fini(&cmd);
	return rc;
}

static int write_meta(const struct export_run *x, const char *dir, const char *experiment,
	const char *target, struct guild_error *err)
{
	enum { RUNNING = 1, SCHEDULED = 2, FINISHED = 3, FAILED = 4, KILLED = 5, LOCAL = 4 };
	static const int statuses[] = {
		[GUILD_RUN_RUNNING] = RUNNING,
		[GUILD_RUN_COMPLETED] = FINISHED,
		[GUILD_RUN_ERROR] = FAILED,
		[GUILD_RUN_TERMINATED] = KILLED,
		[GUILD_RUN_PENDING] = SCHEDULED,
		[GUILD_RUN_STAGED] = SCHEDULED,
	};
	struct guild_arena *a = x->a;
	struct guild_value *v = guild_value_dict(a);
	char *artifacts = guild_path_join(target, "artifacts");
	char *uri = file_uri(artifacts);
	const char *was = guild_value_text(guild_value_get(x->imported, "status"));
	/* A run that was imported unfinished is so still. */
	bool is_open = x->exit_status == INT64_MIN && guild_streq(was, "RUNNING");
	guild_value_set(a, v, "artifact_uri", guild_value_string(a, uri));
	guild_value_set(a, v, "end_time",
		x->stopped_us != INT64_MIN ? guild_value_int(a, x->stopped_us / 1000)
					   : guild_value_null(a));
	guild_value_set(a, v, "entry_point_name", guild_value_string(a, ""));
	guild_value_set(a, v, "experiment_id", guild_value_string(a, experiment));
	guild_value_set(a, v, "lifecycle_stage", guild_value_string(a, "active"));
	guild_value_set(a, v, "run_id", guild_value_string(a, guild_path_basename(target)));
	guild_value_set(a, v, "run_uuid", guild_value_string(a, guild_path_basename(target)));
	guild_value_set(a, v, "run_name", guild_value_string(a, run_name(x)));
	guild_value_set(a, v, "source_name", guild_value_string(a, ""));
	guild_value_set(a, v, "source_type", guild_value_int(a, LOCAL));
	guild_value_set(a, v, "source_version", guild_value_string(a, ""));
	/* MLflow cannot read a run without one. */
	guild_value_set(a, v, "start_time",
		guild_value_int(a, x->started_us != INT64_MIN       ? x->started_us / 1000
				   : x->initialized_us != INT64_MIN ? x->initialized_us / 1000
								    : 0));
	guild_value_set(a, v, "status",
		guild_value_int(a, is_open ? RUNNING : statuses[x->status]));
	guild_value_set(a, v, "tags", guild_value_list(a));
	guild_value_set(a, v, "user_id", guild_value_string(a, x->user));
	free(uri);
	free(artifacts);
	return write_yaml(dir, "meta.yaml", v, err);
}

/* MLflow wants 32 hexadecimal digits. */
static void run_id(const struct guild_run *r, char out[65])
{
	if (strlen(r->id) == GUILD_RUN_ID_LEN &&
		strspn(r->id, "0123456789abcdef") == GUILD_RUN_ID_LEN) {
		memcpy(out, r->id, GUILD_RUN_ID_LEN + 1);
	} else {
		guild_digest_bytes(GUILD_MD5, r->id, strlen(r->id), out);
	}
}

static int export_one(struct store *s, const struct guild_run *run, struct guild_error *err)
{
	struct export_run x;
	struct guild_exported what = {0};
	const char *experiment = NULL;
	char id[65];
	char *staged = NULL;
	guild_export_run_read(&x, run, s->exp->log);
	struct keys k = {.a = x.a, .renamed = guild_value_dict(x.a)};
	const struct guild_value *tags =
		guild_value_get(guild_value_get(x.imported, "experiment"), "tags");
	run_id(run, id);
	int rc = find_experiment(s, x.op, tags, &experiment, err);
	if (rc == 0) {
		staged = guild_export_stage(s->exp, id, err);
		rc = staged == NULL ? GUILD_EIO : 0;
	}
	if (rc == 0) {
		static const char *const folders[] = {"params", "metrics", "tags", "artifacts"};
		char *name = guild_format("%s/%s", experiment, id);
		char *target = guild_path_join(s->exp->root, name);
		char *artifacts = guild_path_join(staged, "artifacts");
		for (size_t i = 0; rc == 0 && i < GUILD_ARRAY_LEN(folders); i++) {
			char *folder = guild_path_join(staged, folders[i]);
			rc = guild_mkdirs(folder, err);
			free(folder);
		}
		if (rc == 0 && (rc = write_params(&x, &k, staged, err)) == 0 &&
			(rc = write_metrics(&x, &k, staged, &what, s->exp->log, err)) == 0 &&
			(rc = write_tags(&x, &k, staged, err)) == 0 &&
			(rc = write_meta(&x, staged, experiment, target, err)) == 0 &&
			(rc = guild_export_files(&x, artifacts, true, &what, err)) == 0) {
			rc = guild_export_place(s->exp, &x, staged, name, &what, err);
		}
		free(artifacts);
		free(target);
		free(name);
		(void)guild_rmtree(staged, NULL);
	}
	guild_map_fini(&k.taken);
	free(staged);
	guild_export_run_fini(&x);
	return rc;
}

static int export(struct export *exp, struct guild_error *err)
{
	struct store s = {.exp = exp};
	int rc = open_store(&s, err);
	if (rc == 0 && s.n == 0) { /* MLflow's own is always there */
		rc = make_experiment(&s, "Default", "0", NULL, err);
	}
	for (size_t i = 0; rc == 0 && i < exp->req->runs->n; i++) {
		rc = export_one(&s, &exp->req->runs->v[i], err);
	}
	free_store(&s);
	return rc;
}

const struct export_target guild_export_mlflow = {.kind = "mlflow", .export = export};
