/* TensorBoard log folders: each folder with event files is a run; the files come as they are, and hyperparameters become flags. */

#include "trackers_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

static bool is_event_file(const char *name)
{
	return strstr(name, ".tfevents.") != NULL;
}

/* ---- hyperparameters ----------------------------------------------------------------------------------------- */

/* What is looked for in the event files of one folder. */
struct look {
	struct import_run *r;
	struct guild_str tag;
	bool is_session;           /* hyperparameters were found */
	int64_t first_us, last_us; /* of events with a time */
};

/* google.protobuf.Value: 2 number, 3 text, 4 boolean. */
static struct guild_value *read_value(struct guild_arena *a, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct guild_value *v = guild_value_null(a);
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 2 && f.wire == GUILD_WIRE_FIXED64) {
			double n = guild_protobuf_double(&f);
			/* The only kind of number there: 3 was an int, most likely. */
			bool is_whole = n >= -9007199254740992.0 && n <= 9007199254740992.0 &&
					(double)(int64_t)n == n;
			v = is_whole ? guild_value_int(a, (int64_t)n) : guild_value_float(a, n);
		} else if (f.number == 3 && f.wire == GUILD_WIRE_BYTES) {
			v = guild_value_string_n(a, f.bytes.p, f.bytes.n);
		} else if (f.number == 4 && f.wire == GUILD_WIRE_VARINT) {
			v = guild_value_bool(a, f.bits != 0);
		}
	}
	return v;
}

/* SessionStartInfo: 1 hparams (map), 3 monitor_url, 4 group_name, 5 start_time_secs. */
static void read_start(struct look *l, struct guild_str in)
{
	struct guild_protobuf_field f;
	struct guild_arena *a = l->r->a;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_BYTES) {
			struct guild_str entry = f.bytes;
			struct guild_protobuf_field part;
			const char *name = NULL;
			struct guild_value *v = NULL;
			while (guild_protobuf_next(&entry, &part) > 0) {
				if (part.number == 1 && part.wire == GUILD_WIRE_BYTES) {
					name = guild_arena_strndup(a, part.bytes.p, part.bytes.n);
				} else if (part.number == 2 && part.wire == GUILD_WIRE_BYTES) {
					v = read_value(a, part.bytes);
				}
			}
			if (name != NULL && v != NULL) {
				guild_value_set(a, l->r->flags, name, v);
				l->is_session = true;
			}
		} else if (f.number == 4 && f.wire == GUILD_WIRE_BYTES) {
			guild_import_about_text(l->r, "group",
				guild_arena_strndup(a, f.bytes.p, f.bytes.n));
		} else if (f.number == 5 && f.wire == GUILD_WIRE_FIXED64) {
			double seconds = guild_protobuf_double(&f);
			if (seconds > 0 && seconds < 1e11) {
				l->r->started_us = (int64_t)(seconds * 1e6);
			}
		}
	}
}

/* SessionEndInfo: 1 status, 2 end_time_secs. */
static void read_end(struct look *l, struct guild_str in)
{
	static const char *const statuses[] = {NULL, "SUCCESS", "FAILURE", "RUNNING"};
	struct guild_protobuf_field f;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_VARINT && f.bits > 0 &&
			f.bits < GUILD_ARRAY_LEN(statuses)) {
			guild_import_status(l->r, statuses[f.bits]);
		} else if (f.number == 2 && f.wire == GUILD_WIRE_FIXED64) {
			double seconds = guild_protobuf_double(&f);
			if (seconds > 0 && seconds < 1e11) {
				l->r->stopped_us = (int64_t)(seconds * 1e6);
			}
		}
	}
}

/* HParamsPluginData: 3 session_start_info, 4 session_end_info. */
static void read_hparams(struct look *l, struct guild_str in)
{
	struct guild_protobuf_field f;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == 3 && f.wire == GUILD_WIRE_BYTES) {
			read_start(l, f.bytes);
		} else if (f.number == 4 && f.wire == GUILD_WIRE_BYTES) {
			read_end(l, f.bytes);
		}
	}
}

/* A field of a message by number; the last one counts. */
static bool find_field(struct guild_str in, uint64_t number, struct guild_str *out)
{
	struct guild_protobuf_field f;
	bool found = false;
	while (guild_protobuf_next(&in, &f) > 0) {
		if (f.number == number && f.wire == GUILD_WIRE_BYTES) {
			*out = f.bytes;
			found = true;
		}
	}
	return found;
}

/* Event: 1 wall_time, 5 summary; Summary: 1 value; Value: 9 metadata; SummaryMetadata: 1 plugin_data; PluginData: 1 name, 2 content. */
static int on_event(void *arg, struct guild_str event)
{
	struct look *l = arg;
	struct guild_str summary = {0};
	struct guild_protobuf_field f;
	while (guild_protobuf_next(&event, &f) > 0) {
		if (f.number == 1 && f.wire == GUILD_WIRE_FIXED64) {
			double seconds = guild_protobuf_double(&f);
			int64_t us = seconds > 0 && seconds < 1e11 ? (int64_t)(seconds * 1e6) : 0;
			l->first_us = us > 0 && us < l->first_us ? us : l->first_us;
			l->last_us = us > l->last_us ? us : l->last_us;
		} else if (f.number == 5 && f.wire == GUILD_WIRE_BYTES) {
			summary = f.bytes;
		}
	}
	while (guild_protobuf_next(&summary, &f) > 0) {
		struct guild_str metadata;
		struct guild_str plugin;
		struct guild_str name;
		struct guild_str content;
		if (f.number == 1 && f.wire == GUILD_WIRE_BYTES &&
			find_field(f.bytes, 9, &metadata) && find_field(metadata, 1, &plugin) &&
			find_field(plugin, 1, &name) && guild_str_eqz(name, "hparams") &&
			find_field(plugin, 2, &content)) {
			read_hparams(l, content);
		}
	}
	return 0;
}

static int on_scalar(void *arg, const struct guild_event_scalar *s)
{
	(void)s;
	(*(uint64_t *)arg)++;
	return 0;
}

/* ---- runs ------------------------------------------------------------------------------------------------------- */

static void take_event_file(struct look *l, const char *path, const char *name)
{
	enum guild_event_end end;
	struct guild_error why = {0};
	struct import_run *r = l->r;
	if (guild_event_file_records(path, on_event, l, &end, &why) != 0 ||
		guild_event_file_read(path, on_scalar, &r->n_values, &end, &why) != 0) {
		guild_log(r->imp->log, "warning", "%s", why.text);
	} else if (end == GUILD_EVENT_END_CORRUPT) {
		guild_log(r->imp->log, "warning",
			"what follows a damaged record is not read, though kept (%s)", path);
	}
	guild_import_file(r, path, name);
}

/* The folder's own files; folders below that have no event files belong to it as well (TensorBoard's plugins keep data there). */
static int import_folder(struct import *imp, const char *dir, const char *relative,
	const struct guild_strs *names, struct guild_error *err)
{
	struct import_run *r;
	char *key = guild_format("%s/%s", imp->root, relative);
	r = guild_import_run_new(imp, *relative == '\0' ? imp->root : key);
	struct look l = {.r = r, .first_us = INT64_MAX};
	r->op = imp->req->operation != NULL ? imp->req->operation : guild_path_basename(imp->root);
	r->label = guild_arena_strdup(r->a,
		*relative == '\0' ? guild_path_basename(imp->root) : relative);
	guild_import_about_text(r, "run", *relative == '\0' ? "." : relative);
	for (size_t i = 0; i < names->n; i++) {
		if (is_event_file(names->v[i])) {
			char *path = guild_path_join(dir, names->v[i]);
			take_event_file(&l, path, names->v[i]);
			free(path);
		}
	}
	char *plugins = guild_path_join(dir, "plugins");
	guild_import_tree(r, plugins, "plugins", false);
	free(plugins);
	if (r->started_us == IMPORT_NO_TIME && l.first_us != INT64_MAX) {
		r->started_us = l.first_us;
	}
	if (r->stopped_us == IMPORT_NO_TIME && l.last_us > 0) {
		r->stopped_us = l.last_us;
	}
	if (!r->has_exit_status && guild_value_get(r->about, "status") == NULL) {
		/* Event files do not say how a run ended: that it did is all one can take them for. */
		r->has_exit_status = true;
	}
	free(key);
	return guild_import_run_end(r, err);
}

/* Calls itself for every folder; `imp` with err: imports, `n`: counts. */
static int walk(struct import *imp, const char *dir, const char *relative, size_t depth, size_t *n,
	struct guild_error *err)
{
	struct guild_strs names = {0};
	bool has_events = false;
	int rc = 0;
	if (depth > DEPTH_MAX) {
		return guild_error_set(err, GUILD_ELIMIT, "folders are nested too deep (%s)", dir);
	}
	rc = guild_dir_list(dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		has_events = has_events || (is_event_file(names.v[i]) && guild_is_file(path));
		free(path);
	}
	if (rc == 0 && has_events && n != NULL) {
		(*n)++;
	} else if (rc == 0 && has_events) {
		rc = import_folder(imp, dir, relative, &names, err);
	}
	for (size_t i = 0; rc == 0 && i < names.n; i++) {
		char *path = guild_path_join(dir, names.v[i]);
		struct stat st;
		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			char *below = *relative == '\0' ? guild_strdup(names.v[i])
							: guild_path_join(relative, names.v[i]);
			rc = walk(imp, path, below, depth + 1, n, err);
			free(below);
		}
		free(path);
	}
	guild_strs_fini(&names);
	return rc;
}

static int count(struct import *imp, size_t *n, struct guild_error *err)
{
	int rc = 0;
	if (guild_is_dir(imp->root)) {
		rc = walk(imp, imp->root, "", 0, n, err);
	}
	if (rc == 0 && *n == 0) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' holds no TensorBoard event file (*.tfevents.*)", imp->root);
	}
	return rc;
}

static int import(struct import *imp, struct guild_error *err)
{
	return walk(imp, imp->root, "", 0, NULL, err);
}

const struct import_source guild_import_tensorboard = {
	.kind = "tensorboard",
	.what = "TensorBoard log folder",
	.count = count,
	.import = import,
};
