/* Flags of a Hydra application: the leaves of its composed configuration and the groups of its defaults list. */
#include "hydra.h"

#include <stdlib.h>
#include <string.h>

#include "python_tree.h"

enum { ASK_TIMEOUT_MS = 120000, ASK_OUTPUT_MAX = 16 << 20 };

/* What @hydra.main(...) says. */
struct hydra_main {
	bool is_found, is_literal;
	char *path, *name; /* NULL: none */
};

/* ---- the decorator --------------------------------------------------------------------------------------------- */

static bool names_hydra_main(struct guild_str function)
{
	return guild_str_eqz(function, "hydra.main") || guild_str_eqz(function, "main") ||
	       guild_str_eqz(function, "hydra_main");
}

/* A text or None into *out. */
static void read_literal(struct py_source *src, uint32_t node, char **out, bool *is_literal)
{
	struct guild_buf text = {0};
	bool is_bytes = false;
	node = guild_py_unwrap(src, node);
	if (guild_py_kind(src, node) == PY_none) {
		return;
	}
	if (guild_py_kind(src, node) == PY_string &&
		guild_py_string_value(src, node, &text, &is_bytes)) {
		free(*out);
		*out = guild_buf_take(&text);
	} else {
		*is_literal = false;
	}
	guild_buf_fini(&text);
}

static void read_arguments(struct py_source *src, uint32_t arguments, struct hydra_main *m)
{
	size_t position = 0;
	for (uint32_t c = guild_py_first(src, arguments); c; c = guild_py_next(src, c)) {
		enum py_kind kind = guild_py_kind(src, c);
		if (kind == PY_keyword_argument) {
			struct guild_str name =
				guild_py_text(src, guild_py_child(src, c, PYF_name));
			uint32_t value = guild_py_child(src, c, PYF_value);
			if (guild_str_eqz(name, "config_path")) {
				read_literal(src, value, &m->path, &m->is_literal);
			} else if (guild_str_eqz(name, "config_name")) {
				read_literal(src, value, &m->name, &m->is_literal);
			}
		} else if (kind != PY_token) {
			read_literal(src, c, position == 0 ? &m->path : &m->name, &m->is_literal);
			position++;
		}
	}
}

static void read_decorator(struct py_source *src, uint32_t decorator, struct hydra_main *m)
{
	uint32_t call = guild_py_nth(src, decorator, 0);
	if (guild_py_kind(src, call) == PY_call &&
		names_hydra_main(guild_py_text(src, guild_py_child(src, call, PYF_function)))) {
		m->is_found = m->is_literal = true;
		read_arguments(src, guild_py_child(src, call, PYF_arguments), m);
	}
}

static int find_main(const char *script, struct hydra_main *m, struct guild_error *err)
{
	struct py_source *src = NULL;
	int rc = guild_py_source_read(script, &src, err);
	for (uint32_t c = rc == 0 ? guild_py_first(src, PY_ROOT) : 0; c && !m->is_found;
		c = guild_py_next(src, c)) {
		if (guild_py_kind(src, c) != PY_decorated_definition) {
			continue;
		}
		for (uint32_t d = guild_py_first(src, c); d; d = guild_py_next(src, d)) {
			if (guild_py_kind(src, d) == PY_decorator && !m->is_found) {
				read_decorator(src, d, m);
			}
		}
	}
	if (rc == 0 && m->is_found) {
		struct guild_str text = guild_py_source_text(src);
		/* Configurations that are classes are known to Hydra alone. */
		m->is_literal = m->is_literal && !memmem(text.p, text.n, "ConfigStore", 11);
	}
	guild_py_source_free(src);
	return rc;
}

bool guild_hydra_is_app(const char *script)
{
	struct guild_buf text = {0};
	struct hydra_main m = {0};
	bool is_named = guild_file_read(script, GUILD_PY_MAX_BYTES, &text, NULL) == 0 &&
			text.n > 0 && memmem(text.p, text.n, "hydra", 5);
	bool is_app = is_named && find_main(script, &m, NULL) == 0 && m.is_found;
	guild_buf_fini(&text);
	free(m.path);
	free(m.name);
	return is_app;
}

/* --config-name X, --config-name=X, -cn X; likewise for the path. */
static void read_options(const struct guild_hydra_request *req, struct hydra_main *m)
{
	static const struct {
		const char *name, *prefix;
		bool is_path;
	} options[] = {{"--config-name", "--config-name=", false}, {"-cn", "-cn=", false},
		{"--config-path", "--config-path=", true}, {"-cp", "-cp=", true}};
	for (size_t i = 0; i < req->n_base_args; i++) {
		const char *word = req->base_args[i];
		for (size_t k = 0; k < GUILD_ARRAY_LEN(options); k++) {
			const char *value = NULL;
			if (guild_starts(word, options[k].prefix)) {
				value = word + strlen(options[k].prefix);
			} else if (strcmp(word, options[k].name) == 0 && i + 1 < req->n_base_args) {
				value = req->base_args[i + 1];
			}
			char **out = options[k].is_path ? &m->path : &m->name;
			if (value) {
				free(*out);
				*out = guild_strdup(value);
			}
		}
		if (guild_starts(word, "--config-dir") || guild_starts(word, "-cd")) {
			m->is_literal = false;
		}
	}
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* The script prints the configuration it would run with, and does not run. */
static int ask(struct guild_arena *a, const struct guild_hydra_request *req,
	struct guild_value **config)
{
	struct guild_strs argv = {0};
	struct guild_proc_result r = {0};
	guild_strs_add(&argv, req->python);
	guild_strs_add(&argv, req->module ? "-m" : "-u");
	guild_strs_add(&argv, req->module ? req->module : req->script);
	for (size_t i = 0; i < req->n_base_args; i++) {
		guild_strs_add(&argv, req->base_args[i]);
	}
	guild_strs_add(&argv, "--cfg");
	guild_strs_add(&argv, "job");
	int rc = guild_proc_run((const char *const *)argv.v, req->cwd, NULL, ASK_OUTPUT_MAX,
		ASK_TIMEOUT_MS, &r, NULL);
	if (rc == 0 && r.exit_status == 0) {
		rc = guild_yaml_parse(a, guild_buf_str(&r.out), "hydra", GUILD_YAML_NUMBERS, config,
			NULL);
	}
	bool is_config = rc == 0 && r.exit_status == 0 && (*config)->type == GUILD_DICT;
	guild_proc_result_fini(&r);
	guild_strs_fini(&argv);
	return is_config ? 0 : GUILD_EUNSUPPORTED;
}

/* ---- flags ---------------------------------------------------------------------------------------------------------- */

/* What the program has without guild is kept beside the default. */
static void add_leaves(struct guild_arena *a, struct guild_flag_defs *out,
	const struct guild_value *config)
{
	struct guild_flag_defs found = {0};
	guild_flag_defs_of_config(a, config, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct guild_flag_def *from = &found.v[i];
		/* Such a key cannot be named on Hydra's command line. */
		if (!strchr(from->name, '=')) {
			struct guild_flag_def *f = guild_flag_defs_add(a, out, from->name);
			*f = *from;
			/* As on Hydra's command line the value says its type, not the default. */
			f->type = NULL;
			f->imported = from->def ? from->def : guild_value_null(a);
			if (guild_streq(guild_value_text(from->def), "???")) {
				f->required = f->has_required = true;
				f->def = NULL;
			}
		}
	}
}

static void add_groups(struct guild_arena *a, struct guild_flag_defs *out,
	const struct hydra_composed *c)
{
	for (size_t i = 0; i < c->n_groups; i++) {
		const struct hydra_group *g = &c->groups[i];
		const struct guild_value *def =
			g->choice ? guild_value_string(a, g->choice) : guild_value_null(a);
		struct guild_flag_def *f = guild_flag_defs_add(a, out, g->name);
		f->imported = def;
		f->def = g->choice ? def : NULL;
		f->choices = guild_arena_alloc(a, (g->options.n + 1) * sizeof *f->choices);
		for (size_t k = 0; k < g->options.n; k++) {
			f->choices[f->n_choices++] = (struct guild_flag_choice){
				.value = guild_value_string(a, g->options.v[k])};
		}
		/* Installed packages may offer more. */
		f->allow_other = f->has_allow_other = true;
	}
}

static int compose_files(struct guild_arena *a, const struct guild_hydra_request *req,
	const struct hydra_main *m, struct hydra_composed *out, struct guild_error *err)
{
	char *script_dir = guild_path_dirname(req->script);
	char *dir = guild_path_abs(m->path, script_dir);
	int rc = guild_hydra_compose(a, dir, m->name, req->words, req->n_words, out, err);
	free(dir);
	free(script_dir);
	return rc;
}

int guild_hydra_flags(struct guild_arena *a, const struct guild_hydra_request *req,
	struct guild_flag_defs *out, const struct guild_log *log, struct guild_error *err)
{
	struct hydra_main m = {0};
	struct hydra_composed composed = {0};
	const char *why = "it has no @hydra.main";
	int rc = find_main(req->script, &m, err);
	if (rc == 0 && m.is_found) {
		read_options(req, &m);
		why = "its configuration is not in files that @hydra.main names";
	}
	bool has_files =
		m.is_found && m.is_literal && m.path && m.name && !guild_starts(m.path, "pkg://");
	if (rc == 0 && has_files) {
		rc = compose_files(a, req, &m, &composed, err);
		why = composed.undecided;
	}
	if (rc == 0 && (!has_files || why)) {
		struct guild_value *config = NULL;
		if (req->python && ask(a, req, &config) == 0) {
			composed.config = config;
		} else {
			guild_log(log, "warning",
				"not all flags of '%s' can be found: %s, and the script cannot be asked for "
				"it (--cfg job)",
				req->script, why);
		}
	}
	if (rc == 0) {
		if (composed.config) {
			add_leaves(a, out, composed.config);
		}
		add_groups(a, out, &composed);
		guild_flag_defs_sort(out);
	}
	guild_hydra_composed_fini(&composed);
	free(m.path);
	free(m.name);
	return rc;
}
