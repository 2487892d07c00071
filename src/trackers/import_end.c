/* An imported run is whole: it is checked against what is there, written, and reported. */

#include "trackers_private.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART_BYTES = 64 << 10 };

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
	guild_import_run_free(r);
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
		guild_import_run_free(r);
	}
	return rc;
}
