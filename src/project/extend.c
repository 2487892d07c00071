/* Inheritance: an item completed from its parents, in its own file or in packages (guildfile.md 5.1). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

enum { FEW_KEYS = 8 };

/* What a model takes from its parents; `profiles` is our own. */
static const char *const inherited[] = {"description", "extra", "flags", "operation-defaults",
	"operations", "params", "profiles", "references", "resources", "sourcecode"};

int project_charge(struct project_reader *r, size_t n, const struct guild_value *at)
{
	if (__builtin_add_overflow(r->work, n, &r->work) || r->work > PROJECT_MAX_WORK) {
		r->work = PROJECT_MAX_WORK;
		return project_fail_limit(r, at,
			"the project grows too large by what it extends and includes (more than %d "
			"values)",
			PROJECT_MAX_WORK);
	}
	return 0;
}

/* ---- merging ---- */

/* Finds keys of a mapping; of a large one through an index. */
struct keys {
	const struct guild_value *map;
	struct guild_map index; /* text -> pair */
};

static void keys_open(struct keys *k, const struct guild_value *map)
{
	*k = (struct keys){.map = map};
	for (size_t i = 0; map->n > FEW_KEYS && i < map->n; i++) {
		if (guild_value_text(map->pairs[i].key)) {
			guild_map_put(&k->index, map->pairs[i].key->s.p, &map->pairs[i]);
		}
	}
}

static const struct guild_pair *keys_find(const struct keys *k, const struct guild_value *key)
{
	if (k->index.n > 0 && guild_value_text(key)) {
		return guild_map_get(&k->index, key->s.p);
	}
	for (size_t i = 0; i < k->map->n; i++) {
		if (guild_value_eq(k->map->pairs[i].key, key)) {
			return &k->map->pairs[i];
		}
	}
	return NULL;
}

/* A section left empty says nothing: what the parent has there stays. */
static bool is_unsaid(const struct guild_value *child, const struct guild_value *parent)
{
	return child->type == GUILD_NULL && parent->type == GUILD_DICT;
}

/* Which of the two goals an objective has is one decision: the mapping is not merged. */
static bool is_goal(const struct guild_value *key, const struct guild_value *v)
{
	return guild_value_text(key) && strcmp(key->s.p, "objective") == 0 &&
	       (guild_value_get(v, "minimize") || guild_value_get(v, "maximize"));
}

int project_merge(struct project_reader *r, struct guild_value *child, struct guild_value *parent,
	struct guild_value **out)
{
	struct guild_value *all = guild_value_dict_like(r->arena, child);
	struct keys of_parent, of_child;
	int rc = project_charge(r, child->n + parent->n, child);
	keys_open(&of_parent, parent);
	keys_open(&of_child, child);
	for (size_t i = 0; rc == 0 && i < child->n; i++) {
		struct guild_value *key = child->pairs[i].key;
		struct guild_value *v = child->pairs[i].value;
		const struct guild_pair *from = keys_find(&of_parent, key);
		if (from && is_unsaid(v, from->value)) {
			v = from->value;
		} else if (from && v->type == GUILD_DICT && from->value->type == GUILD_DICT &&
			   v != from->value && !is_goal(key, v)) {
			rc = project_merge(r, v, from->value, &v);
		}
		guild_value_add_pair(r->arena, all, key, v);
	}
	for (size_t i = 0; rc == 0 && i < parent->n; i++) {
		if (!keys_find(&of_child, parent->pairs[i].key)) {
			guild_value_add_pair(r->arena, all, parent->pairs[i].key,
				parent->pairs[i].value);
		}
	}
	guild_map_fini(&of_parent.index);
	guild_map_fini(&of_child.index);
	if (rc == 0) {
		*out = all;
	}
	return rc;
}

/* ---- parents ---- */

/* One item extending the next: the way to the item at hand. */
struct chain {
	const struct project_item *item;
	const struct chain *up;
	size_t length;
};

static int extend(struct project_reader *r, struct project_item *item, const struct chain *chain);

static int fail_cycle(struct project_reader *r, const struct chain *chain,
	const struct project_item *again, const struct guild_value *at)
{
	struct guild_strs names = {0};
	for (const struct chain *c = chain; c; c = c->up) {
		guild_strs_add(&names, c->item->name);
		if (c->item == again) {
			break;
		}
	}
	struct guild_buf text = {0};
	for (size_t i = names.n; i > 0; i--) {
		guild_buf_printf(&text, "%s -> ", names.v[i - 1]);
	}
	guild_buf_puts(&text, again->name);
	int rc = project_fail(r, at, "a cycle in 'extends': %s", guild_buf_cstr(&text));
	guild_buf_fini(&text);
	guild_strs_fini(&names);
	return rc;
}

static void hint_nearest(struct project_reader *r, const struct project_file *f, const char *name)
{
	const char **names = guild_alloc((f->n_items + 1) * sizeof *names);
	for (size_t i = 0; i < f->n_items; i++) {
		names[i] = f->items[i]->name;
	}
	const char *nearest = guild_nearest(name, names);
	if (nearest) {
		guild_error_hint(r->err, "did you mean '%s'?", nearest);
	}
	free(names);
}

/* NAME of the same file, or PACKAGE/NAME. */
static int find_parent(struct project_reader *r, const struct project_item *item,
	const struct guild_value *ref, struct project_item **out)
{
	const char *name = guild_value_text(ref);
	const char *slash = name ? strrchr(name, '/') : NULL;
	struct project_file *f = item->file;
	if (!name) {
		return project_fail(r, ref, "'extends' takes names of models and configs, not %s",
			guild_type_name(ref->type));
	}
	if (slash && (!slash[1] || slash == name)) {
		return project_fail(r, ref, "'%s' is not PACKAGE/NAME of a model or config", name);
	}
	if (slash) {
		const char *package = guild_arena_strndup(r->arena, name, (size_t)(slash - name));
		int rc = project_find_package(r, package, &f);
		if (rc == 0 && !f) {
			rc = project_fail(r, ref, "cannot find a guild.yml of package '%s'",
				package);
			guild_error_hint(r->err,
				"packages are looked for on PYTHONPATH and where the interpreter "
				"keeps them");
		}
		if (rc) {
			return rc;
		}
		name = slash + 1;
	}
	*out = project_find_item(f, name);
	if (*out) {
		return 0;
	}
	int rc = slash ? project_fail(r, ref, "package file %s has no model or config '%s'",
				 f->shown, name)
		       : project_fail(r, ref, "there is no model or config '%s' to extend", name);
	hint_nearest(r, f, name);
	return rc;
}

static struct guild_value *inherited_part(struct project_reader *r, const struct guild_value *data)
{
	struct guild_value *part = guild_value_dict_like(r->arena, data);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(inherited); i++) {
		struct guild_value *v = guild_value_get(data, inherited[i]);
		if (v) {
			guild_value_set(r->arena, part, inherited[i], v);
		}
	}
	return part;
}

static void add_package(struct project_reader *r, struct project_item *item, struct project_file *f)
{
	for (size_t i = 0; i < item->n_packages; i++) {
		if (item->packages[i] == f) {
			return;
		}
	}
	if (item->n_packages % FEW_KEYS == 0) {
		struct project_file **grown = guild_arena_alloc(r->arena,
			(item->n_packages + FEW_KEYS) * sizeof(struct project_file *));
		for (size_t i = 0; i < item->n_packages; i++) {
			grown[i] = item->packages[i];
		}
		item->packages = grown;
	}
	item->packages[item->n_packages++] = f;
}

static int add_parent(struct project_reader *r, struct project_item *item,
	const struct guild_value *ref, const struct chain *chain)
{
	struct project_item *parent = NULL;
	int rc = find_parent(r, item, ref, &parent);
	if (rc == 0 && parent->is_open) {
		rc = fail_cycle(r, chain, parent, ref);
	}
	if (rc == 0 && chain->length == PROJECT_MAX_PARENTS) {
		rc = project_fail_limit(r, ref, "more than %d items extend one another",
			PROJECT_MAX_PARENTS);
	}
	rc = rc ? rc : extend(r, parent, chain);
	rc = rc ? rc
		: project_merge(r, item->merged, inherited_part(r, parent->merged), &item->merged);
	if (rc) {
		return rc;
	}
	if (parent->file != item->file) {
		add_package(r, item, parent->file);
	}
	for (size_t i = 0; i < parent->n_packages; i++) {
		add_package(r, item, parent->packages[i]);
	}
	return 0;
}

static int extend(struct project_reader *r, struct project_item *item, const struct chain *chain)
{
	struct chain link = {.item = item, .up = chain, .length = chain ? chain->length + 1 : 0};
	const struct guild_value *parents = NULL;
	struct guild_value *written = guild_value_get(item->data, "extends");
	if (item->merged) {
		return 0;
	}
	int rc = written ? project_as_list(r, written, "extends", &parents) : 0;
	item->merged = item->data;
	item->is_open = true;
	for (size_t i = 0; rc == 0 && parents && i < parents->n; i++) {
		rc = add_parent(r, item, parents->items[i], &link);
	}
	item->is_open = false;
	return rc;
}

int project_extend_item(struct project_reader *r, struct project_item *item)
{
	return extend(r, item, NULL);
}
