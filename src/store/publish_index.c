/* The index of published runs: over all reports that are there. */

#include <stdlib.h>
#include <string.h>

#include "move.h"
#include "publish.h"

static const char index_text[] =
	"# Published runs\n"
	"\n"
	"| ID | Operation | Started | Time | Status | Label |\n"
	"| -- | --------- | ------- | ---- | ------ | ----- |\n"
	"{%- for run in runs %}\n"
	"| [{{ run.id|short_id }}]({{ run.id }}/README.md) | "
	"{{ run.operation|md_cell }} | {{ run.started }} | {{ run.time }} | "
	"{{ run.status }} | {{ run.label|md_cell }} |\n"
	"{%- endfor %}\n";

static const char *started(const struct guild_value *run)
{
	const char *text = guild_value_text(guild_value_get(run, "started"));
	return text ? text : "";
}

/* Newest first; the texts sort as the times do. */
static int compare(const void *a, const void *b)
{
	const struct guild_value *const *x = a;
	const struct guild_value *const *y = b;
	int c = strcmp(started(*y), started(*x));
	const char *left = guild_value_text(guild_value_get(*x, "id"));
	const char *right = guild_value_text(guild_value_get(*y, "id"));
	return c != 0 ? c : strcmp(left ? left : "", right ? right : "");
}

/* What the run.yml of each report says. */
static struct guild_value *read_runs(struct guild_arena *a, const char *dest,
	const struct guild_log *log)
{
	struct guild_strs names = {0};
	struct guild_value *list = guild_value_list(a);
	(void)guild_dir_list(dest, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		char *dir = guild_path_join(dest, names.v[i]);
		char *path = guild_path_join(dir, "run.yml");
		struct guild_value *run = NULL;
		struct guild_error err = {0};
		if (names.v[i][0] == '.' || !guild_is_file(path)) {
			; /* no report */
		} else if (guild_yaml_parse_file(a, path, GUILD_YAML_PLAIN, &run, &err) != 0) {
			guild_log(log, "warning", "%s", err.text);
		} else if (run->type == GUILD_DICT) {
			guild_value_append(a, list, run);
		}
		free(path);
		free(dir);
	}
	if (list->n > 1) {
		qsort(list->items, list->n, sizeof(list->items[0]), compare);
	}
	guild_strs_fini(&names);
	return list;
}

/* All pages are made before the first one takes its place. */
static int place_files(const char *from, const char *dest, struct guild_error *err)
{
	struct guild_tree pages = {0};
	int rc = guild_tree_list(from, false, &pages, err);
	for (size_t i = 0; i < pages.n && rc == 0; i++) {
		char *page = guild_path_join(from, pages.v[i].path);
		char *to = guild_path_join(dest, pages.v[i].path);
		rc = pages.v[i].type == 'd' ? guild_mkdirs(to, err)
					    : guild_move_place(page, to, err);
		free(to);
		free(page);
	}
	guild_tree_fini(&pages);
	return rc;
}

int guild_store_publish_index(const char *dest, const char *template_path,
	const struct guild_log *log, struct guild_error *err)
{
	if (!guild_is_dir(dest)) {
		return guild_error_set(err, GUILD_ENOTFOUND, "'%s' does not exist", dest);
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_value *vars = guild_value_dict(a);
	guild_staging_sweep(dest);
	guild_value_set(a, vars, "runs", read_runs(a, dest, log));
	struct guild_staging staging = {.fd = -1};
	int rc = guild_staging_open(&staging, dest, err);
	const struct guild_publish_template t = {.path = template_path,
		.text = index_text,
		.out_dir = staging.path,
		.vars = vars,
		.log = log};
	rc = rc ? rc : guild_publish_render(&t, err);
	rc = rc ? rc : place_files(staging.path, dest, err);
	guild_staging_close(&staging);
	guild_arena_free(a);
	return rc;
}
