/* Composes Hydra configurations from their files: defaults lists, groups, packages, _self_ (Hydra 1.1 and later). What needs Hydra
 * itself (structured configs, search paths, choices by interpolation) is said to be undecided. */
#include "hydra.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, GROUPS_MAX = 1000 };

struct composer {
	struct guild_arena *a;
	const char *dir;
	char *const *words;
	size_t n_words;
	const struct guild_value *overrides; /* "override GROUP" of the primary config */
	struct hydra_composed *out;
	struct guild_error *err;
};

static int undecided(struct composer *c, const char *why)
{
	c->out->undecided = c->out->undecided ? c->out->undecided : why;
	return 0;
}

/* ---- merging ------------------------------------------------------------------------------------------------ */

/* Keys that are no text cannot be named on Hydra's command line: they are no flags. */
static void merge(struct guild_arena *a, struct guild_value *into, const struct guild_value *from)
{
	for (size_t i = 0; from && from->type == GUILD_DICT && i < from->n; i++) {
		const char *key = guild_value_text(from->pairs[i].key);
		const struct guild_value *value = from->pairs[i].value;
		struct guild_value *have = key ? guild_value_get(into, key) : NULL;
		if (!key) {
			continue;
		}
		if (value->type != GUILD_DICT) {
			guild_value_set(a, into, key, guild_value_copy(a, value));
			continue;
		}
		if (!have || have->type != GUILD_DICT) {
			have = guild_value_dict(a);
			guild_value_set(a, into, key, have);
		}
		merge(a, have, value);
	}
}

/* The mapping that a package stands for: "a.b" below the root, "" the root. */
static struct guild_value *package_of(struct composer *c, const char *package)
{
	struct guild_value *at = c->out->config;
	struct guild_strs parts = {0};
	guild_strs_split(&parts, package, '.');
	for (size_t i = 0; i < parts.n; i++) {
		if (!parts.v[i][0]) {
			continue;
		}
		struct guild_value *next = guild_value_get(at, parts.v[i]);
		if (!next || next->type != GUILD_DICT) {
			next = guild_value_dict(c->a);
			guild_value_set(c->a, at, parts.v[i], next);
		}
		at = next;
	}
	guild_strs_fini(&parts);
	return at;
}

static const char *join_package(struct composer *c, const char *parent, const char *child)
{
	const char *dot = *parent && *child ? "." : "";
	return guild_arena_format(c->a, "%s%s%s", parent, dot, child);
}

static const char *as_package(struct composer *c, const char *group)
{
	char *package = guild_arena_strdup(c->a, group);
	for (char *p = package; *p; p++) {
		*p = *p == '/' ? '.' : *p;
	}
	return package;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

/* "# @package NAME" before anything else. */
static const char *package_header(struct composer *c, struct guild_str text)
{
	static const char mark[] = "@package";
	for (size_t at = 0; at < text.n;) {
		size_t n = 0;
		while (at + n < text.n && text.p[at + n] != '\n') {
			n++;
		}
		struct guild_str line = guild_str_trim(guild_str_n(text.p + at, n));
		if (line.n && line.p[0] != '#') {
			return NULL;
		}
		const char *found = line.n ? memmem(line.p, line.n, mark, strlen(mark)) : NULL;
		if (found) {
			const char *name = found + strlen(mark);
			struct guild_str rest =
				guild_str_trim(guild_str_n(name, (size_t)(line.p + line.n - name)));
			return guild_arena_strndup(c->a, rest.n ? rest.p : "", rest.n);
		}
		at += n + 1;
	}
	return NULL;
}

/* 1, 0 when there is no such file. */
static int load(struct composer *c, const char *name, struct guild_value **body,
	const char **header)
{
	const char *ext = guild_path_ext(name);
	bool has_ext = strcmp(ext, ".yaml") == 0 || strcmp(ext, ".yml") == 0;
	char *file = guild_format("%s%s", name, has_ext ? "" : ".yaml");
	char *path = guild_path_join(c->dir, file);
	struct guild_buf text = {0};
	int rc = guild_is_file(path) ? 1 : 0;
	if (rc == 1 && guild_file_read(path, GUILD_YAML_MAX_BYTES, &text, c->err) != 0) {
		rc = GUILD_EIO;
	}
	if (rc == 1) {
		*header = package_header(c, guild_buf_str(&text));
		int parsed = guild_yaml_parse(c->a, guild_buf_str(&text), path, GUILD_YAML_NUMBERS,
			body, c->err);
		rc = parsed < 0 ? parsed : 1;
	}
	if (rc == 1 && (*body)->type == GUILD_NULL) {
		*body = guild_value_dict(c->a);
	}
	if (rc == 1 && (*body)->type != GUILD_DICT) {
		(void)undecided(c, "a configuration file holds no mapping");
		*body = guild_value_dict(c->a);
	}
	guild_buf_fini(&text);
	free(file);
	free(path);
	return rc;
}

/* ---- choices ------------------------------------------------------------------------------------------------- */

static const char *typed_choice(const struct composer *c, const char *group)
{
	size_t n = strlen(group);
	for (size_t i = c->n_words; i-- > 0;) {
		if (strncmp(c->words[i], group, n) == 0 && c->words[i][n] == '=' &&
			!strpbrk(c->words[i] + n + 1, "[]{},*")) {
			return c->words[i] + n + 1;
		}
	}
	return NULL;
}

static void list_options(struct composer *c, const char *group, struct guild_strs *out)
{
	char *dir = guild_path_join(c->dir, group);
	struct guild_strs names = {0};
	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		const char *ext = guild_path_ext(names.v[i]);
		if (strcmp(ext, ".yaml") == 0) {
			guild_strs_add_n(out, names.v[i], strlen(names.v[i]) - strlen(ext));
		}
	}
	guild_strs_fini(&names);
	free(dir);
}

static void note_group(struct composer *c, const char *group, const char *choice)
{
	struct hydra_composed *out = c->out;
	for (size_t i = 0; i < out->n_groups; i++) {
		if (strcmp(out->groups[i].name, group) == 0) {
			return;
		}
	}
	out->groups =
		guild_grow_array(out->groups, &out->cap, out->n_groups + 1, sizeof *out->groups);
	struct hydra_group *g = &out->groups[out->n_groups++];
	*g = (struct hydra_group){.name = group, .choice = choice};
	list_options(c, group, &g->options);
}

/* ---- the defaults list ---------------------------------------------------------------------------------------- */

/* Where a config is: its group, and the package of what holds it. */
struct place {
	const char *group, *package;
	unsigned depth;
	bool is_optional;
};

static int compose(struct composer *c, const char *name, const struct place *place,
	const char *own_package);

static const char *group_of(const char *path, struct composer *c)
{
	char *dir = guild_path_dirname(path);
	const char *copy = guild_arena_strdup(c->a, dir);
	free(dir);
	return copy;
}

/* - NAME: another config of the same group; - SUB/NAME one below. */
static int add_config(struct composer *c, const struct place *place, const char *entry)
{
	const char *at = strchr(entry, '@');
	if (entry[0] == '/' || strchr(entry, '$') || at) {
		return undecided(c, "a defaults list holds an absolute or computed entry");
	}
	const char *group = group_of(entry, c);
	char *path = guild_path_join(place->group, entry);
	char *full_group = guild_path_join(place->group, group);
	struct place below = {.group = guild_arena_strdup(c->a, full_group),
		.package = join_package(c, place->package, as_package(c, group)),
		.depth = place->depth + 1};
	int rc = compose(c, guild_arena_strdup(c->a, path), &below, NULL);
	free(path);
	free(full_group);
	return rc;
}

static int add_choice(struct composer *c, const struct place *place, const char *group,
	const char *relative, const char *package, const char *choice, bool is_optional)
{
	if (strchr(choice, '$')) {
		return undecided(c, "a choice of the defaults list is computed");
	}
	char *path = guild_path_join(group, choice);
	struct place below = {.group = group,
		.package = join_package(c, place->package, as_package(c, relative)),
		.depth = place->depth + 1,
		.is_optional = is_optional};
	const char *own = NULL;
	if (package) {
		own = strcmp(package, "_global_") == 0 ? ""
						       : join_package(c, place->package, package);
	}
	int rc = compose(c, guild_arena_strdup(c->a, path), &below, own);
	free(path);
	return rc;
}

/* - [optional ]GROUP[@PACKAGE]: CHOICE, or a list of them. */
static int add_group(struct composer *c, const struct place *place, const char *key,
	const struct guild_value *value)
{
	bool is_optional = guild_starts(key, "optional ");
	key += is_optional ? strlen("optional ") : 0;
	if (guild_starts(key, "override ")) {
		return 0;
	}
	if (key[0] == '/' || strchr(key, '$')) {
		return undecided(c, "a defaults list holds an absolute or computed group");
	}
	const char *at = strchr(key, '@');
	const char *relative =
		guild_arena_strndup(c->a, key, at ? (size_t)(at - key) : strlen(key));
	const char *package = at ? at + 1 : NULL;
	if (package && package[0] == '_' && strcmp(package, "_global_") != 0) {
		return undecided(c, "a package of the defaults list is relative");
	}
	char *joined = guild_path_join(place->group, relative);
	const char *group = guild_arena_strdup(c->a, joined);
	free(joined);
	if (guild_starts(group, "hydra/")) {
		return 0;
	}
	/* On the command line a group is named with its package. */
	const char *shown = at ? guild_arena_format(c->a, "%s%s", group, at) : group;
	if (value->type == GUILD_LIST) {
		int rc = 0;
		for (size_t i = 0; rc == 0 && i < value->n; i++) {
			const char *one = guild_value_text(value->items[i]);
			rc = one ? add_choice(c, place, group, relative, package, one, is_optional)
				 : undecided(c, "a choice of the defaults list is no text");
		}
		return rc;
	}
	const char *choice = guild_value_text(value);
	if (guild_value_get(c->overrides, shown)) {
		choice = guild_value_text(guild_value_get(c->overrides, shown));
	}
	const char *typed = typed_choice(c, shown);
	choice = typed ? typed : choice;
	if (!choice && !guild_value_is_null(value)) {
		return undecided(c, "a choice of the defaults list is no text");
	}
	note_group(c, shown, choice);
	return !choice || strcmp(choice, "null") == 0
		       ? 0
		       : add_choice(c, place, group, relative, package, choice, is_optional);
}

static int add_entry(struct composer *c, const struct place *place, const struct guild_value *item)
{
	const char *text = guild_value_text(item);
	if (text) {
		return add_config(c, place, text);
	}
	if (item->type != GUILD_DICT || item->n != 1 || !guild_value_text(item->pairs[0].key)) {
		return undecided(c,
			"an entry of a defaults list is neither text nor GROUP: CHOICE");
	}
	return add_group(c, place, item->pairs[0].key->s.p, item->pairs[0].value);
}

/* Everything but the defaults list itself. */
static void merge_body(struct composer *c, const char *package, const struct guild_value *body)
{
	struct guild_value *own = guild_value_dict(c->a);
	for (size_t i = 0; i < body->n; i++) {
		const char *key = guild_value_text(body->pairs[i].key);
		bool is_hydras =
			guild_streq(key, "defaults") || (guild_streq(key, "hydra") && !package[0]);
		if (key && !is_hydras) {
			guild_value_set(c->a, own, key, body->pairs[i].value);
		}
	}
	merge(c->a, package_of(c, package), own);
}

static const char *package_for(struct composer *c, const struct place *place, const char *own,
	const char *header)
{
	if (own) {
		return own;
	}
	if (!header) {
		return place->package;
	}
	if (strcmp(header, "_global_") == 0) {
		return "";
	}
	if (header[0] == '_') {
		(void)undecided(c, "a package is given by an old keyword");
		return place->package;
	}
	return header;
}

static int compose(struct composer *c, const char *name, const struct place *place,
	const char *own_package)
{
	struct guild_value *body = NULL;
	const char *header = NULL;
	if (place->depth > DEPTH_MAX || c->out->n_groups > GROUPS_MAX) {
		return guild_error_set(c->err, GUILD_ELIMIT,
			"the defaults lists in '%s' are nested too deeply", c->dir);
	}
	int rc = load(c, name, &body, &header);
	if (rc == 0 && !place->is_optional) {
		return undecided(c, "a configuration is in no file of the directory");
	}
	if (rc <= 0) {
		return rc;
	}
	const char *package = package_for(c, place, own_package, header);
	const struct guild_value *defaults = guild_value_get(body, "defaults");
	struct place here = {.group = place->group, .package = package, .depth = place->depth};
	bool has_self = false;
	rc = 0;
	if (place->depth == 0 && guild_value_get(guild_value_get(body, "hydra"), "searchpath")) {
		rc = undecided(c, "hydra.searchpath adds directories");
	}
	for (size_t i = 0; rc == 0 && defaults && defaults->type == GUILD_LIST && i < defaults->n;
		i++) {
		if (guild_streq(guild_value_text(defaults->items[i]), "_self_")) {
			has_self = true;
			merge_body(c, package, body);
		} else {
			rc = add_entry(c, &here, defaults->items[i]);
		}
	}
	if (rc == 0 && !has_self) {
		merge_body(c, package, body);
	}
	return rc;
}

/* "override GROUP: CHOICE" counts for the whole tree, so it is read first. */
static int read_overrides(struct composer *c, const char *name)
{
	static const char prefix[] = "override ";
	struct guild_value *body = NULL, *found = guild_value_dict(c->a);
	const char *header = NULL;
	int rc = load(c, name, &body, &header);
	const struct guild_value *list = rc == 1 ? guild_value_get(body, "defaults") : NULL;
	for (size_t i = 0; list && list->type == GUILD_LIST && i < list->n; i++) {
		const struct guild_value *item = list->items[i];
		const char *key = item->type == GUILD_DICT && item->n == 1
					  ? guild_value_text(item->pairs[0].key)
					  : NULL;
		if (key && guild_starts(key, prefix)) {
			key += strlen(prefix);
			guild_value_set(c->a, found, key + (*key == '/'), item->pairs[0].value);
		}
	}
	c->overrides = found;
	return rc < 0 ? rc : 0;
}

int guild_hydra_compose(struct guild_arena *a, const char *dir, const char *name,
	char *const *words, size_t n_words, struct hydra_composed *out, struct guild_error *err)
{
	*out = (struct hydra_composed){.config = guild_value_dict(a)};
	struct composer c = {
		.a = a, .dir = dir, .words = words, .n_words = n_words, .out = out, .err = err};
	struct place top = {.group = "", .package = ""};
	int rc = read_overrides(&c, name);
	rc = rc ? rc : compose(&c, name, &top, NULL);
	if (rc) {
		guild_hydra_composed_fini(out);
	}
	return rc;
}

void guild_hydra_composed_fini(struct hydra_composed *c)
{
	for (size_t i = 0; i < c->n_groups; i++) {
		guild_strs_fini(&c->groups[i].options);
	}
	free(c->groups);
	*c = (struct hydra_composed){0};
}
