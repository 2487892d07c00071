/* The names in a directory of runs, and when each run was started. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "list_private.h"

enum { LOOKS_WORTH_A_THREAD = 128 };

static void add_name(struct listing *l, const char *name)
{
	/* Dot names are runs on their way in or out. */
	const char *prefix = l->filter->id_prefix != NULL ? l->filter->id_prefix : "";
	if (name[0] != '.' && guild_starts(name, prefix)) {
		l->v = guild_grow_array(l->v, &l->cap, l->n + 1, sizeof(*l->v));
		l->v[l->n++] = (struct list_entry){
			.name = guild_arena_strdup(l->arena, name), .timestamp = INT64_MIN};
	}
}

static int list_all(struct listing *l, struct guild_error *err)
{
	DIR *d = opendir(l->place.dir);
	if (d == NULL) {
		return errno == ENOENT ? 0 /* a home without runs yet */
				       : guild_error_errno(err, errno, "cannot read directory '%s'",
						 l->place.dir);
	}
	struct dirent *e;
	while ((e = readdir(d)) != NULL) {
		add_name(l, e->d_name);
	}
	l->place.fd = dup(dirfd(d));
	closedir(d);
	l->is_whole = l->filter->id_prefix == NULL;
	return 0;
}

/* Names of the runs that are linked from a parent run and lie in the directory itself. */
static int list_linked(struct listing *l, const char *parent, struct guild_error *err)
{
	char *dir = guild_path_join(l->place.dir, parent);
	char *root = guild_path_real(l->place.dir);
	struct guild_strs all = {0};
	struct guild_map seen = {0};
	int rc = guild_dir_list(dir, &all, err);
	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		char *path = guild_path_join(dir, all.v[i]);
		char *real = guild_path_real(path);
		char *real_dir = guild_path_dirname(real);
		const char *name = guild_path_basename(real);
		if (strcmp(real_dir, root) == 0 && !guild_map_has(&seen, name)) {
			guild_map_put(&seen, name, NULL);
			add_name(l, name);
		}
		free(real_dir);
		free(real);
		free(path);
	}
	l->place.fd = open(l->place.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	guild_map_fini(&seen);
	guild_strs_fini(&all);
	free(root);
	free(dir);
	return rc == GUILD_ENOTFOUND ? 0 : rc;
}

/* ---- what the index knows -------------------------------------------------------------------------- */

struct finder {
	struct listing *l;
	uint32_t *slots; /* position + 1, by name */
	size_t n_slots;
	int64_t *gone; /* rows whose runs are */
	size_t n_gone, cap_gone;
};

/* The slot of a name, or the empty one where it belongs. */
static size_t slot_of(const struct finder *f, struct guild_str name)
{
	size_t at = XXH3_64bits(name.p, name.n) & (f->n_slots - 1);
	while (f->slots[at] != 0 && !guild_str_eqz(name, f->l->v[f->slots[at] - 1].name)) {
		at = (at + 1) & (f->n_slots - 1);
	}
	return at;
}

static void on_row(void *arg, int64_t id, struct guild_str name, uint64_t sign, int64_t timestamp)
{
	struct finder *f = arg;
	size_t at = slot_of(f, name);
	if (f->slots[at] != 0) {
		struct list_entry *e = &f->l->v[f->slots[at] - 1];
		e->id = id;
		e->known_order = sign;
		e->timestamp = timestamp;
	} else if (f->l->is_whole) {
		f->gone = guild_grow_array(f->gone, &f->cap_gone, f->n_gone + 1, sizeof(*f->gone));
		f->gone[f->n_gone++] = id;
	}
}

static void load_order(struct finder *f)
{
	struct listing *l = f->l;
	for (f->n_slots = 64; f->n_slots < 2 * l->n; f->n_slots *= 2) {
	}
	f->slots = guild_alloc(f->n_slots * sizeof(*f->slots));
	for (size_t i = 0; i < l->n; i++) {
		f->slots[slot_of(f, guild_str(l->v[i].name))] = (uint32_t)i + 1;
	}
	guild_index_each_order(l->index, on_row, f);
}

/* ---- what the directories say ----------------------------------------------------------------------- */

static void on_warning(void *arg, const char *level, const char *text)
{
	(void)level;
	(void)text;
	*(bool *)arg = true;
}

/* Without a word: in whatever thread this is. */
static void open_quietly(const struct listing *l, struct list_entry *e)
{
	bool is_odd = false;
	const struct guild_log log = {on_warning, &is_odd};
	char *dir = guild_path_join(l->place.dir, e->name);
	int rc = guild_run_open(dir, &e->run, NULL);
	free(dir);
	if (rc == 0) {
		e->timestamp = guild_run_started(&e->run, &log);
	}
	e->state = rc == GUILD_ENOTFOUND ? ENTRY_NO_RUN
		   : rc != 0 || is_odd   ? ENTRY_ASK
					 : ENTRY_OPENED;
	if (e->state != ENTRY_OPENED) {
		guild_run_fini(&e->run);
	}
}

static void look(void *arg, unsigned thread, size_t from, size_t to)
{
	(void)thread;
	struct listing *l = arg;
	for (size_t i = from; i < to; i++) {
		struct list_entry *e = &l->v[i];
		if (l->index != NULL) {
			guild_index_sign_order(&l->place, e->name, &e->order);
		}
		if (e->id != 0 && e->order.hash == e->known_order && !e->order.is_missing) {
			e->state = ENTRY_KNOWN;
		} else {
			open_quietly(l, e);
		}
	}
}

static bool is_news(const struct listing *l, const struct list_entry *e)
{
	return e->state == ENTRY_OPENED && !e->order.is_missing &&
	       (e->id == 0 || e->known_order != e->order.hash) &&
	       !guild_index_is_recent(&e->order, l->now_us);
}

/* The second look is cheap beside the reading, and makes sure that what was read is what was signed. */
static void put_order(const struct listing *l, struct list_entry *e)
{
	struct index_sign again = {0};
	guild_index_sign_order(&l->place, e->name, &again);
	if (again.hash == e->order.hash) {
		e->id = guild_index_put_order(l->index, e->id, e->name, e->order.hash,
			e->timestamp);
		e->known_order = e->order.hash;
	}
}

static void learn(struct finder *f)
{
	struct listing *l = f->l;
	size_t n_news = 0;
	for (size_t i = 0; i < l->n; i++) {
		n_news += is_news(l, &l->v[i]);
	}
	if (n_news + f->n_gone == 0 || !guild_index_begin(l->index)) {
		return;
	}
	for (size_t i = 0; i < f->n_gone; i++) {
		guild_index_remove(l->index, f->gone[i]);
	}
	for (size_t i = 0; i < l->n; i++) {
		if (is_news(l, &l->v[i])) {
			put_order(l, &l->v[i]);
		}
	}
	guild_index_end(l->index);
}

int guild_listing_load(struct listing *l, const char *parent, struct guild_error *err)
{
	bool is_limited = parent != NULL && parent[0] != '\0';
	struct finder f = {.l = l};
	l->arena = guild_arena_new();
	l->place.fd = -1;
	int rc = is_limited ? list_linked(l, parent, err) : list_all(l, err);
	bool is_hasty = l->filter->look_until_us != 0;
	if (rc != 0 || l->n == 0 || is_hasty) {
		return rc;
	}
	if (l->index != NULL) {
		load_order(&f);
	}
	guild_parallel(l->n, LOOKS_WORTH_A_THREAD, look, l);
	if (l->index != NULL) {
		learn(&f);
	}
	free(f.slots);
	free(f.gone);
	return 0;
}

void guild_listing_fini(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].state == ENTRY_OPENED) {
			guild_run_fini(&l->v[i].run);
		}
	}
	free(l->v);
	guild_arena_free(l->arena);
	if (l->place.fd >= 0) {
		close(l->place.fd);
	}
}

bool guild_listing_open(const struct listing *l, const struct list_entry *e, struct guild_run *out,
	bool *is_damaged, int64_t *timestamp)
{
	struct guild_error err = {0};
	char *dir = guild_path_join(l->place.dir, e->name);
	int rc = guild_run_open(dir, out, &err);
	free(dir);
	if (rc == 0 || rc == GUILD_EINVALID) {
		*is_damaged = rc != 0;
		*timestamp = guild_run_started(out, l->log);
	}
	if (rc != 0 && rc != GUILD_ENOTFOUND) {
		guild_log(l->log, "warning", "run %.8s is damaged: %s", out->id, err.text);
	}
	if (rc != 0 && rc != GUILD_EINVALID) {
		guild_run_fini(out);
		return false;
	}
	return true;
}
