/* Files of the project that are dependencies are placed by their own rules, never as source code (guildfile.md 6.2). */
#include "source_rules.h"

#include <stdlib.h>
#include <string.h>

struct finder {
	const struct guild_project *project;
	const char *root;
	struct guild_map *out;
};

/* A path is relative to the guild file; 0.9.0 compares it with paths below the source root as it is. */
static void add_path(const struct finder *f, const char *path)
{
	char *full = guild_path_abs(path, f->project->dir);
	char *rel = guild_path_rel(full, f->root);
	if (guild_path_is_beneath(rel)) {
		guild_map_put(f->out, rel, f->out);
	}
	free(full);
	free(rel);
}

static void add_source(const struct finder *f, const struct guild_value *source)
{
	static const char *const keys[] = {"file", "config", "dvcfile"};
	const char *text = guild_value_text(source);
	if (text) {
		add_path(f, text);
	}
	for (size_t i = 0; !text && i < GUILD_ARRAY_LEN(keys); i++) {
		const char *path = guild_value_text(guild_value_get(source, keys[i]));
		if (path) {
			add_path(f, path);
		}
	}
}

static void add_sources(const struct finder *f, const struct guild_value *list)
{
	for (size_t i = 0; list && list->type == GUILD_LIST && i < list->n; i++) {
		add_source(f, list->items[i]);
	}
}

void source_dependencies(const struct guild_project *project, const struct guild_op_def *op,
	const char *root, struct guild_map *out)
{
	struct finder f = {.project = project, .root = root, .out = out};
	for (size_t i = 0; op->deps && i < op->deps->n; i++) {
		add_sources(&f, guild_value_get(op->deps->items[i], "sources"));
	}
	/* The file that flags are written to is a dependency, too (flags.md 8). */
	if (op->flags_dest && guild_starts(op->flags_dest, "config:")) {
		add_path(&f, op->flags_dest + strlen("config:"));
	}
}
