/* Reading a run for the index. What cannot be relied upon later is not kept. */

#include <stdlib.h>
#include <string.h>

#include "index.h"

/* Larger attributes stay in their files. */
enum { ATTR_BYTES_MAX = 4096, ATTRS_MAX = 1000, REWRITTEN_MAX = 64 };

/* Long, or of no use in a query; who asks for one reads it in the run. */
static const char *const left_out[] = {"cmd", "deps", "env", "op", "pip_freeze", "platform",
	"plugins", "run_params", "steps", "trials"};
/* Written once, with the run or at its end. Others may be written into place at any time: label, tags and comments by Guild AI
 * 0.9.0, flags by people with an editor, a user's own by anybody. */
static const char *const written_once[] = {"compare", "exit_status", "host", "id", "initialized",
	"marked", "max_trials", "objective", "random_seed", "sourcecode_digest", "stage_trials",
	"started", "stopped", "user", "user_flags", "vcs_commit"};

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* A run that nobody works on: none of these is there. */
static bool is_over(const struct guild_run *r)
{
	static const char *const markers[] = {"LOCK", "LOCK.remote", "PENDING", "STAGED"};
	struct guild_strs names = {0};
	bool is_over = guild_dir_list(r->guild_dir, &names, NULL) == 0;
	for (size_t i = 0; i < names.n && is_over; i++) {
		is_over = !is_among(names.v[i], markers, GUILD_ARRAY_LEN(markers));
	}
	guild_strs_fini(&names);
	return is_over;
}

static void put_text(struct guild_buf *out, const char *text)
{
	guild_buf_append(out, text, strlen(text) + 1);
}

static void put_opref(struct guild_buf *out, const struct guild_opref *ref)
{
	put_text(out, ref->pkg_type);
	put_text(out, ref->pkg_name);
	put_text(out, ref->version);
	put_text(out, ref->model);
	put_text(out, ref->op);
}

/* One attribute: its name, and its value where that is small and sound. */
static void put_attr(struct guild_buf *out, const struct guild_run *r, struct guild_arena *a,
	const char *name)
{
	struct guild_buf value = {0};
	struct guild_value *v = NULL;
	uint8_t kind = GUILD_FACT_ASK;
	if (!is_among(name, left_out, GUILD_ARRAY_LEN(left_out))) {
		char *path = guild_format("%s/attrs/%s", r->guild_dir, name);
		int64_t size = guild_file_size(path);
		if (size >= 0 && size <= ATTR_BYTES_MAX &&
			guild_run_attr_read(r, a, name, &v, NULL) == 1) {
			kind = GUILD_FACT_VALUE;
			guild_facts_put_value(&value, v);
		}
		free(path);
	}
	uint32_t n = (uint32_t)value.n;
	put_text(out, name);
	guild_buf_append(out, &kind, sizeof(kind));
	guild_buf_append(out, &n, sizeof(n));
	guild_buf_append(out, value.p, value.n);
	guild_buf_fini(&value);
}

static void list_rewritten(const struct guild_strs *names, struct guild_strs *out)
{
	for (size_t i = 0; i < names->n; i++) {
		if (!is_among(names->v[i], left_out, GUILD_ARRAY_LEN(left_out)) &&
			!is_among(names->v[i], written_once, GUILD_ARRAY_LEN(written_once))) {
			guild_strs_add(out, names->v[i]);
		}
	}
}

static void put_attrs(const struct guild_run *r, const struct guild_strs *names,
	const struct guild_strs *rewritten, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	struct attrs_head head = {
		.started = guild_run_attr_i64(r, "started", INT64_MIN),
		.stopped = guild_run_attr_i64(r, "stopped", INT64_MIN),
		.status = (uint8_t)guild_run_status(r, NULL),
		.is_batch = guild_run_is_batch(r),
		.n_checks = (uint16_t)rewritten->n,
		.n_attrs = (uint16_t)names->n,
	};
	char *display = guild_run_display_name(r);
	guild_buf_append(out, &head, sizeof(head));
	put_opref(out, &r->opref);
	put_text(out, display);
	for (size_t i = 0; i < rewritten->n; i++) {
		put_text(out, rewritten->v[i]);
	}
	for (size_t i = 0; i < names->n; i++) {
		put_attr(out, r, a, names->v[i]);
	}
	free(display);
	guild_arena_free(a);
}

void guild_facts_read_attrs(const struct index_place *p, const struct guild_run *r,
	const struct index_sign *order, int64_t now_us, struct guild_buf *out)
{
	struct guild_strs names = {0};
	struct guild_strs rewritten = {0};
	guild_buf_reset(out);
	if (order->is_missing || !is_over(r) || guild_run_attr_names(r, &names, NULL) != 0) {
		return;
	}
	list_rewritten(&names, &rewritten);
	struct index_sign before = *order;
	guild_facts_sign_attrs(p, r->id, &rewritten, &before);
	if (names.n <= ATTRS_MAX && rewritten.n <= REWRITTEN_MAX &&
		!guild_index_is_recent(&before, now_us)) {
		put_attrs(r, &names, &rewritten, out);
		struct index_sign after = {0};
		guild_index_sign_order(p, r->id, &after);
		guild_facts_sign_attrs(p, r->id, &rewritten, &after);
		if (after.hash == before.hash) {
			guild_facts_seal(out, r->id, before.hash);
		} else {
			guild_buf_reset(out);
		}
	}
	guild_strs_fini(&names);
	guild_strs_fini(&rewritten);
}

/* ---- scalars ------------------------------------------------------------------------------------------ */

struct seen {
	const struct index_place *place;
	const char *name;
	struct index_sign *sign;
	struct guild_buf *checks;
	uint32_t n;
};

static void on_seen(void *arg, char kind, const char *path)
{
	struct seen *s = arg;
	/* These two are in the signature of the order. */
	if (strcmp(path, ".guild") != 0 && strcmp(path, ".guild/attrs") != 0) {
		guild_index_sign(s->place, s->name, path, (enum index_check_kind)kind, s->sign);
		guild_buf_putc(s->checks, kind);
		put_text(s->checks, path);
		s->n++;
	}
}

static void on_warning(void *arg, const char *level, const char *text)
{
	(void)level;
	(void)text;
	*(bool *)arg = true;
}

static void put_scalars(struct guild_buf *out, const struct guild_scalars *scalars)
{
	for (size_t i = 0; i < scalars->n; i++) {
		const struct guild_scalar_summary *s = &scalars->v[i];
		struct tree_scalar raw = {
			.first = s->first,
			.last = s->last,
			.min = s->min,
			.max = s->max,
			.total = s->total,
			.first_step = s->first_step,
			.last_step = s->last_step,
			.min_step = s->min_step,
			.max_step = s->max_step,
			.count = s->count,
		};
		guild_buf_append(out, &raw, sizeof(raw));
		put_text(out, s->prefix);
		put_text(out, s->tag);
	}
}

void guild_facts_read_tree(const struct index_place *p, const struct guild_run *r,
	const struct index_sign *order, int64_t now_us, struct guild_buf *out)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_buf checks = {0};
	struct index_sign sign = *order;
	struct seen seen = {p, r->id, &sign, &checks, 0};
	struct guild_scalars scalars = {0};
	bool is_damaged = false;
	const struct guild_log log = {on_warning, &is_damaged};
	guild_buf_reset(out);
	bool is_read = !order->is_missing &&
		       guild_scalars_read_watched(r, a, &scalars, on_seen, &seen, &log, NULL) == 0;
	/* Signatures were taken before the files were read; they must still be so. */
	if (is_read && !is_damaged && !guild_index_is_recent(&sign, now_us)) {
		struct tree_head head = {.n_checks = seen.n, .n_scalars = (uint32_t)scalars.n};
		guild_buf_append(out, &head, sizeof(head));
		guild_buf_append(out, checks.p, checks.n);
		put_scalars(out, &scalars);
		guild_facts_seal(out, r->id, sign.hash);
		struct index_sign after = {0};
		guild_index_sign_order(p, r->id, &after);
		if (!guild_facts_tree_current(p, r->id, guild_buf_str(out), after.hash)) {
			guild_buf_reset(out);
		}
	}
	guild_buf_fini(&checks);
	guild_arena_free(a);
}
