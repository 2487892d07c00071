/* Values for completion that need no run: operations, flags, programs, choices, files. */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "complete.h"
#include "op_help.h"
#include "project_world.h"

/* ---- files -------------------------------------------------------------------------------------------- */

static bool has_ext(const char *name, const char *const *exts)
{
	const char *ext = guild_path_ext(name);

	for (; exts && *exts; exts++) {
		if (strcmp(ext, *exts) == 0) {
			return true;
		}
	}
	return exts == NULL;
}

/* Files under `base` with one of the extensions (NULL: all), and directories to go on in. `lead` stands in front of each ("@"). */
static void add_files(struct guild_completion *c, const char *base, const char *lead,
	const char *const *exts)
{
	const char *typed = guild_starts(c->word, lead) ? c->word + strlen(lead) : "";
	const char *slash = strrchr(typed, '/');
	char *below = guild_strndup(typed, slash ? (size_t)(slash + 1 - typed) : 0);
	char *expanded = guild_path_expand_user(below, c->ctx->user_home);
	char *dir = guild_path_join(base, expanded);
	const char *part = slash ? slash + 1 : typed;
	struct guild_strs names = {0};

	(void)guild_dir_list(dir, &names, NULL);
	for (size_t i = 0; i < names.n && !guild_complete_is_late(c); i++) {
		if (!guild_starts(names.v[i], part) || (names.v[i][0] == '.' && part[0] != '.')) {
			continue;
		}
		char *full = guild_path_join(dir, names.v[i]);
		bool is_dir = guild_is_dir(full);

		if (is_dir || has_ext(names.v[i], exts)) {
			char *value = guild_format("%s%s%s%s", lead, below, names.v[i],
				is_dir ? "/" : "");

			guild_complete_add(c, value, NULL);
			free(value);
		}
		free(full);
	}
	guild_strs_fini(&names);
	free(dir);
	free(expanded);
	free(below);
}

void guild_complete_run_files(struct guild_completion *c)
{
	struct guild_run r = {0};

	if (guild_complete_open_run(c, &r) == 0) {
		add_files(c, r.dir, "", NULL);
	}
	guild_run_fini(&r);
}

/* Programs on PATH; a word with a slash is a path. */
void guild_complete_programs(struct guild_completion *c)
{
	const char *path = guild_ctx_env(c->ctx, "PATH");
	struct guild_strs dirs = {0};

	if (strchr(c->word, '/') || !*c->word) {
		guild_complete_defer(c, "file");
		return;
	}
	guild_strs_split(&dirs, path ? path : "", ':');
	for (size_t i = 0; i < dirs.n && !guild_complete_is_late(c); i++) {
		struct guild_strs names = {0};

		(void)guild_dir_list(dirs.v[i], &names, NULL);
		for (size_t j = 0; j < names.n; j++) {
			if (guild_starts(names.v[j], c->word)) {
				guild_complete_add(c, names.v[j], NULL);
			}
		}
		guild_strs_fini(&names);
	}
	guild_strs_fini(&dirs);
}

/* ---- projects -------------------------------------------------------------------------------------------- */

static const char *const script_exts[] = {".py", ".ipynb", ".R", ".r", ".qmd", NULL};
static const char *const batch_exts[] = {".csv", ".yaml", ".yml", ".json", NULL};

void guild_complete_models(struct guild_completion *c)
{
	struct guild_project *project = NULL;

	if (guild_op_load_project(c->ctx, &project, NULL) == 0 && project) {
		for (size_t i = 0; i < project->n_models; i++) {
			guild_complete_add(c, project->models[i]->name,
				project->models[i]->description);
		}
	}
	guild_project_free(project);
}

void guild_complete_operations(struct guild_completion *c)
{
	struct guild_project *project = NULL;

	if (guild_op_load_project(c->ctx, &project, NULL) == 0 && project) {
		for (size_t m = 0; m < project->n_models; m++) {
			for (size_t i = 0; i < project->models[m]->n_ops; i++) {
				const struct guild_op_def *op = project->models[m]->ops[i];
				struct guild_buf name = {0};

				guild_op_fullname(op, &name);
				if (op->name[0] != '_' || c->word[0] == '_') {
					guild_complete_add(c, guild_buf_cstr(&name),
						op->description);
				}
				guild_buf_fini(&name);
			}
		}
	}
	guild_project_free(project);
	add_files(c, c->ctx->cwd, "", script_exts);
}

/* ---- flags --------------------------------------------------------------------------------------------------- */

static bool is_given(const struct guild_args *args, const char *flag)
{
	size_t n = strlen(flag);

	for (size_t i = 0; i < args->words.n; i++) {
		const char *word = args->words.v[i];

		if (strncmp(word, flag, n) == 0 && word[n] == '=') {
			return true;
		}
	}
	return false;
}

static void add_flag_names(struct guild_completion *c, const struct guild_flag_defs *flags)
{
	for (size_t i = 0; i < flags->n; i++) {
		if (is_given(c->args, flags->v[i].name)) {
			continue;
		}
		char *value = guild_format("%s=", flags->v[i].name);
		struct guild_buf help = {0};

		guild_op_flag_summary(&flags->v[i], &help);
		guild_complete_add(c, value, guild_buf_cstr(&help));
		guild_buf_fini(&help);
		free(value);
	}
}

static void add_flag_value(struct guild_completion *c, const char *name, const char *text,
	const char *help)
{
	char *value = guild_format("%s=%s", name, text);

	guild_complete_add(c, value, help);
	free(value);
}

static bool is_boolean(const struct guild_flag_def *f)
{
	return guild_streq(f->type, "boolean") || f->arg_switch ||
	       (f->def && f->def->type == GUILD_BOOL);
}

static void add_flag_values(struct guild_completion *c, const struct guild_flag_def *f)
{
	const char *type = f->type ? f->type : "";

	for (size_t i = 0; i < f->n_choices; i++) {
		struct guild_buf text = {0};

		if (f->choices[i].alias) {
			guild_buf_puts(&text, f->choices[i].alias);
		} else {
			guild_flag_encode(&text, f->choices[i].value);
		}
		add_flag_value(c, f->name, guild_buf_cstr(&text), f->choices[i].description);
		guild_buf_fini(&text);
	}
	if (f->n_choices > 0) {
		return;
	}
	if (is_boolean(f)) {
		add_flag_value(c, f->name, "true", NULL);
		add_flag_value(c, f->name, "false", NULL);
	} else if (strcmp(type, "path") == 0 || strcmp(type, "existing-path") == 0) {
		char *lead = guild_format("%s=", f->name);

		add_files(c, c->ctx->cwd, lead, NULL);
		free(lead);
	}
}

static void add_flags(struct guild_completion *c, const struct guild_flag_defs *flags)
{
	const char *eq = strchr(c->word, '=');

	if (!eq) {
		add_flag_names(c, flags);
		return;
	}
	char *name = guild_strndup(c->word, (size_t)(eq - c->word));

	c->n_typed = (size_t)(eq - c->word) + 1;
	const struct guild_flag_def *f = guild_flag_defs_get(flags, name);

	if (f) {
		add_flag_values(c, f);
	}
	free(name);
}

/* The script is never asked here: what the parse and the cache know has to do. */
static void import_flags(struct guild_completion *c, struct guild_project *project,
	struct guild_op_def *op)
{
	char *cache = guild_path_join(c->ctx->home.path, "cache/flags");
	const struct guild_import_options options = {
		.cache_dir = cache, .search = guild_regex_find};

	(void)guild_op_import_flags(project, op, &options, NULL, NULL);
	free(cache);
}

void guild_complete_flags(struct guild_completion *c)
{
	const struct guild_strs *words = &c->args->words;
	const char *spec = words->n > 0 && !strchr(words->v[0], '=') ? words->v[0] : NULL;
	struct guild_project *project = NULL, *script = NULL;
	struct guild_op_def *op = NULL;

	if (c->word[0] == '@') {
		add_files(c, c->ctx->cwd, "@", batch_exts);
		return;
	}
	if (guild_op_load_project(c->ctx, &project, NULL) == 0 &&
		guild_op_find(project, spec, c->ctx->cwd, guild_op_world(c->ctx), &op, &script,
			NULL) == 0) {
		import_flags(c, script ? script : project, op);
		add_flags(c, &op->flags);
	}
	guild_project_free(script);
	guild_project_free(project);
}

/* Those of the operation named so far; before one is named, of all. */
static void add_profiles(struct guild_completion *c)
{
	const char *spec = c->args && c->args->words.n > 0 ? c->args->words.v[0] : NULL;
	struct guild_project *project = NULL, *other = NULL;
	struct guild_op_def *op = NULL;

	if (guild_op_load_project(c->ctx, &project, NULL) != 0 || !project) {
		return;
	}
	if (spec) {
		(void)guild_op_find(project, spec, c->ctx->cwd, NULL, &op, &other, NULL);
	}
	for (size_t m = 0; m < project->n_models; m++) {
		for (size_t i = 0; i < project->models[m]->n_ops; i++) {
			const struct guild_op_def *of = project->models[m]->ops[i];

			for (size_t k = 0; of->profiles && k < of->profiles->n; k++) {
				if (!op || op == of) {
					guild_complete_add(c,
						guild_value_text(of->profiles->pairs[k].key), NULL);
				}
			}
		}
	}
	guild_project_free(other);
	guild_project_free(project);
}

/* ---- any kind --------------------------------------------------------------------------------------------------- */

static void add_choices(struct guild_completion *c, const char *choices)
{
	struct guild_strs list = {0};

	guild_strs_split(&list, choices, '|');
	for (size_t i = 0; i < list.n; i++) {
		guild_complete_add(c, list.v[i], NULL);
	}
	guild_strs_fini(&list);
}

void guild_complete_values(struct guild_completion *c, enum guild_complete kind,
	const char *choices)
{
	if (choices) {
		add_choices(c, choices);
		return;
	}
	switch (kind) {
	case GUILD_COMPLETE_NONE:
	case GUILD_COMPLETE_CHOICES:
		break;
	case GUILD_COMPLETE_FILE:
		guild_complete_defer(c, "file");
		break;
	case GUILD_COMPLETE_DIR:
		guild_complete_defer(c, "dir");
		break;
	case GUILD_COMPLETE_RUN:
	case GUILD_COMPLETE_DELETED_RUN:
		guild_complete_runs(c, kind == GUILD_COMPLETE_DELETED_RUN);
		break;
	case GUILD_COMPLETE_OPERATION:
		if (c->args &&
			(c->args->words.n > 0 || strchr(c->word, '=') || c->word[0] == '@')) {
			guild_complete_flags(c);
		} else {
			guild_complete_operations(c);
		}
		break;
	case GUILD_COMPLETE_MODEL:
		guild_complete_models(c);
		break;
	case GUILD_COMPLETE_PROFILE:
		add_profiles(c);
		break;
	case GUILD_COMPLETE_OPTIMIZER:
		guild_complete_optimizers(c);
		break;
	case GUILD_COMPLETE_OPTIMIZER_FLAG:
		guild_complete_optimizer_flags(c);
		break;
	case GUILD_COMPLETE_RUN_FILE:
		guild_complete_run_files(c);
		break;
	case GUILD_COMPLETE_COMMAND:
		guild_complete_programs(c);
		break;
	default:
		guild_complete_run_values(c, kind);
		break;
	}
}
