/* Runs as a log folder of TensorBoard: a folder a run, with the event files as they are and a file for the HParams tab. */

#include "export.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 148 };

/* ---- writing protobuf ---------------------------------------------------------------------------------------- */

static void put_varint(struct guild_buf *out, uint64_t v)
{
	for (; v >= 0x80; v >>= 7) {
		guild_buf_putc(out, (char)(v | 0x80));
	}
	guild_buf_putc(out, (char)v);
}

static void put_bytes(struct guild_buf *out, unsigned number, struct guild_str s)
{
	put_varint(out, number << 3 | GUILD_WIRE_BYTES);
	put_varint(out, s.n);
	guild_buf_append(out, s.p, s.n);
}

/* A message as a field; empties it. */
static void put_message(struct guild_buf *out, unsigned number, struct guild_buf *message)
{
	put_bytes(out, number, guild_buf_str(message));
	guild_buf_reset(message);
}

static void put_double(struct guild_buf *out, unsigned number, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	put_varint(out, number << 3 | GUILD_WIRE_FIXED64);
	for (unsigned i = 0; i < 8; i++) {
		guild_buf_putc(out, (char)(bits >> (8 * i)));
	}
}

static void put_number(struct guild_buf *out, unsigned number, uint64_t v)
{
	put_varint(out, number << 3 | GUILD_WIRE_VARINT);
	put_varint(out, v);
}

/* ---- hyperparameters ------------------------------------------------------------------------------------------- */

/* One record: an Event whose only Value is an empty float tensor with the plugin's data in its metadata. */
static void put_hparams(struct guild_buf *out, double wall_time, const char *tag,
	struct guild_buf *data)
{
	static const char no_tensor[] = {0x08, 0x01, 0x12, 0x02, 0x12, 0x00};
	struct guild_buf part = {0};
	struct guild_buf value = {0};
	struct guild_buf event = {0};
	put_bytes(&part, 1, guild_str("hparams"));
	put_bytes(&part, 2, guild_buf_str(data));
	guild_buf_reset(data);
	struct guild_buf metadata = {0};
	put_message(&metadata, 1, &part);
	put_bytes(&value, 1, guild_str(tag));
	put_bytes(&value, 8, guild_str_n(no_tensor, sizeof(no_tensor)));
	put_message(&value, 9, &metadata);
	put_message(&part, 1, &value); /* the summary */
	put_double(&event, 1, wall_time);
	put_message(&event, 5, &part);
	guild_event_encode_record(out, guild_buf_str(&event));
	guild_buf_fini(&metadata);
	guild_buf_fini(&event);
	guild_buf_fini(&value);
	guild_buf_fini(&part);
}

/* google.protobuf.Value: 2 number, 3 text, 4 boolean. */
static void put_value(struct guild_buf *out, unsigned number, const struct guild_value *v)
{
	struct guild_buf value = {0};
	if (guild_value_is_number(v)) {
		put_double(&value, 2, guild_value_as_f64(v));
	} else if (v->type == GUILD_BOOL) {
		put_number(&value, 4, v->b);
	} else {
		struct guild_buf text = {0};
		if (v->type != GUILD_NULL) {
			guild_value_py_str(&text, v);
		}
		put_bytes(&value, 3, guild_str_n(guild_buf_cstr(&text), text.n));
		guild_buf_fini(&text);
	}
	put_message(out, number, &value);
	guild_buf_fini(&value);
}

/* The columns of the tab: all flags and all scalars of the runs exported. */
struct columns {
	struct guild_arena *a;
	struct guild_strs flags, metrics;
	struct guild_map kinds; /* flag -> what it holds */
};
enum kind { KIND_NONE, KIND_TEXT, KIND_BOOL, KIND_NUMBER, KIND_MIXED };

static enum kind kind_of(const struct guild_value *v)
{
	return v->type == GUILD_NULL      ? KIND_NONE
	       : v->type == GUILD_BOOL    ? KIND_BOOL
	       : guild_value_is_number(v) ? KIND_NUMBER
					  : KIND_TEXT;
}

static void add_columns(struct columns *c, const struct guild_run *run, const struct guild_log *log)
{
	struct guild_arena *a = guild_arena_new();
	const struct guild_value *flags = guild_run_attr(run, a, "flags");
	struct guild_scalars scalars = {0};
	for (size_t i = 0; flags != NULL && flags->type == GUILD_DICT && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name == NULL) {
			continue;
		}
		enum kind kind = kind_of(flags->pairs[i].value);
		enum kind so_far = (enum kind)(uintptr_t)guild_map_get(&c->kinds, name);
		if (!guild_map_has(&c->kinds, name)) {
			guild_strs_add(&c->flags, name);
		}
		kind = so_far == KIND_NONE || kind == so_far ? kind
		       : kind == KIND_NONE                   ? so_far
							     : KIND_MIXED;
		guild_map_put(&c->kinds, name, (void *)(uintptr_t)kind);
	}
	if (guild_scalars_read(run, a, &scalars, log, NULL) == 0) {
		for (size_t i = 0; i < scalars.n; i++) {
			const char *tag = scalars.v[i].tag;
			if (!guild_starts(tag, "sys/") && !guild_map_has(&c->kinds, tag) &&
				!guild_strs_has(&c->metrics, tag)) {
				guild_strs_add(&c->metrics, tag);
			}
		}
	}
	guild_arena_free(a);
}

/* Experiment: 4 hparam_infos (1 name, 4 type), 5 metric_infos (1 name: 2 tag). */
static void put_experiment(struct guild_buf *out, double wall_time, const struct columns *c)
{
	static const uint64_t types[] = {[KIND_NONE] = 0,
		[KIND_TEXT] = 1,
		[KIND_BOOL] = 2,
		[KIND_NUMBER] = 3,
		[KIND_MIXED] = 1};
	struct guild_buf experiment = {0};
	struct guild_buf info = {0};
	struct guild_buf name = {0};
	struct guild_buf data = {0};
	for (size_t i = 0; i < c->flags.n; i++) {
		enum kind kind = (enum kind)(uintptr_t)guild_map_get(&c->kinds, c->flags.v[i]);
		put_bytes(&info, 1, guild_str(c->flags.v[i]));
		if (types[kind] != 0) {
			put_number(&info, 4, types[kind]);
		}
		put_message(&experiment, 4, &info);
	}
	for (size_t i = 0; i < c->metrics.n; i++) {
		put_bytes(&name, 2, guild_str(c->metrics.v[i]));
		put_message(&info, 1, &name);
		put_message(&experiment, 5, &info);
	}
	put_message(&data, 2, &experiment);
	put_hparams(out, wall_time, "_hparams_/experiment", &data);
	guild_buf_fini(&data);
	guild_buf_fini(&name);
	guild_buf_fini(&info);
	guild_buf_fini(&experiment);
}

static void put_session(struct guild_buf *out, const struct export_run *x, double begin)
{
	enum { UNKNOWN, SUCCESS, FAILURE, RUNNING };
	static const uint64_t statuses[] = {
		[GUILD_RUN_RUNNING] = RUNNING,
		[GUILD_RUN_COMPLETED] = SUCCESS,
		[GUILD_RUN_ERROR] = FAILURE,
		[GUILD_RUN_TERMINATED] = SUCCESS,
		[GUILD_RUN_PENDING] = UNKNOWN,
		[GUILD_RUN_STAGED] = UNKNOWN,
	};
	struct guild_buf info = {0};
	struct guild_buf entry = {0};
	struct guild_buf data = {0};
	for (size_t i = 0; i < x->flags->n; i++) {
		const char *name = guild_value_text(x->flags->pairs[i].key);
		if (name != NULL) {
			put_bytes(&entry, 1, guild_str(name));
			put_value(&entry, 2, x->flags->pairs[i].value);
			put_message(&info, 1, &entry);
		}
	}
	char *group = guild_arena_format(x->a, "%.8s %s", x->run->id, x->op);
	put_bytes(&info, 4, guild_str(group));
	put_double(&info, 5, begin);
	put_message(&data, 3, &info);
	put_hparams(out, begin, "_hparams_/session_start_info", &data);

	double end = x->stopped_us != INT64_MIN ? (double)x->stopped_us / 1e6 : begin;
	if (statuses[x->status] != UNKNOWN) {
		put_number(&info, 1, statuses[x->status]);
	}
	put_double(&info, 2, end);
	put_message(&data, 4, &info);
	put_hparams(out, end, "_hparams_/session_end_info", &data);
	guild_buf_fini(&data);
	guild_buf_fini(&entry);
	guild_buf_fini(&info);
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

/* "1234abcd train lr=0.1": a folder's name, of one line. */
static char *folder_name(const struct export_run *x)
{
	struct guild_buf name = {0};
	guild_buf_printf(&name, "%.8s %s", x->run->id, x->op);
	if (*x->label != '\0') {
		guild_buf_printf(&name, " %s", x->label);
	}
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		name.p[i] = c < ' ' || c == '/' || c == '\\' || c == 0x7f ? '_' : name.p[i];
	}
	if (name.n > NAME_MAX_BYTES) {
		name.n = NAME_MAX_BYTES;
		while (name.n > 0 && ((unsigned char)name.p[name.n] & 0xc0) == 0x80) {
			name.n--; /* not within a character */
		}
		name.p[name.n] = '\0';
	}
	return guild_buf_take(&name);
}

static int count_value(void *arg, const char *key, const struct guild_event_scalar *s)
{
	(void)arg;
	(void)key;
	(void)s;
	return 0;
}

static int on_own_value(void *arg, const struct guild_event_scalar *s)
{
	guild_event_encode(arg, s, true);
	return 0;
}

/* Guild's own event files hold scalars alone, some in 64 bits: those programs that read with TensorBoard's older interface would not
 * see. */
static int copy_own(const char *from, const char *to, struct guild_error *err)
{
	struct guild_buf bytes = {0};
	enum guild_event_end end;
	guild_event_encode_version(&bytes, 0);
	int rc = guild_event_file_read(from, on_own_value, &bytes, &end, err);
	if (rc == 0) {
		rc = guild_export_write(to, guild_buf_str(&bytes), err);
	}
	guild_buf_fini(&bytes);
	return rc;
}

/* Guild's own event files come to the top, where TensorBoard's run has the run's name. */
static int copy_events(const struct export_run *x, const char *staged, struct guild_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < x->event_files.n; i++) {
		const char *name = x->event_files.v[i];
		char *from = guild_path_join(x->run->dir, name);
		bool is_own = guild_starts(name, ".guild/");
		char *to = guild_path_join(staged, is_own ? name + strlen(".guild/") : name);
		char *parent = guild_path_dirname(to);
		rc = guild_mkdirs(parent, err);
		if (rc == 0) {
			rc = is_own ? copy_own(from, to, err) : guild_file_copy(from, to, err);
		}
		free(parent);
		free(to);
		free(from);
	}
	return rc;
}

static int export_one(struct export *exp, const struct columns *c, const struct guild_run *run,
	struct guild_error *err)
{
	struct export_run x;
	struct guild_exported what = {0};
	struct guild_buf bytes = {0};
	guild_export_run_read(&x, run, exp->log);
	double begin = x.started_us != INT64_MIN ? (double)x.started_us / 1e6 : 0;
	char *name = folder_name(&x);
	char *staged = guild_export_stage(exp, name, err);
	int rc = staged == NULL ? GUILD_EIO : copy_events(&x, staged, err);
	if (rc == 0) {
		char *path = guild_path_join(staged, "events.out.tfevents.0000000000.hparams");
		guild_event_encode_version(&bytes, begin);
		put_experiment(&bytes, begin, c);
		put_session(&bytes, &x, begin);
		rc = guild_export_write(path, guild_buf_str(&bytes), err);
		free(path);
	}
	if (rc == 0) {
		what.n_files = x.event_files.n;
		what.n_values = guild_export_each_value(&x, count_value, NULL, exp->log);
		rc = guild_export_place(exp, &x, staged, name, &what, err);
	}
	if (staged != NULL) {
		(void)guild_rmtree(staged, NULL);
	}
	guild_buf_fini(&bytes);
	free(staged);
	free(name);
	guild_export_run_fini(&x);
	return rc;
}

static int export(struct export *exp, struct guild_error *err)
{
	struct columns c = {0};
	int rc = 0;
	for (size_t i = 0; i < exp->req->runs->n; i++) {
		add_columns(&c, &exp->req->runs->v[i], exp->log);
	}
	guild_strs_sort(&c.flags);
	guild_strs_sort(&c.metrics);
	for (size_t i = 0; rc == 0 && i < exp->req->runs->n; i++) {
		rc = export_one(exp, &c, &exp->req->runs->v[i], err);
	}
	guild_map_fini(&c.kinds);
	guild_strs_fini(&c.flags);
	guild_strs_fini(&c.metrics);
	return rc;
}

const struct export_target guild_export_tensorboard = {.kind = "tensorboard", .export = export};
