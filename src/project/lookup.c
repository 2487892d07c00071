/* What an OPERATION word means (cli.md 1.1, guildfile.md 2.2 and 10). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

struct guild_model_def *guild_project_default_model(const struct guild_project *p)
{
	if (p->n_models == 1) {
		return p->models[0];
	}
	for (size_t i = 0; i < p->n_models; i++) {
		if (p->models[i]->is_default) {
			return p->models[i];
		}
	}
	return NULL;
}

struct guild_op_def *guild_model_default_op(const struct guild_model_def *m)
{
	struct guild_op_def *only = NULL;
	size_t n_public = 0;
	for (size_t i = 0; i < m->n_ops; i++) {
		if (m->ops[i]->is_default) {
			return m->ops[i];
		}
		if (m->ops[i]->name[0] != '_') {
			only = m->ops[i];
			n_public++;
		}
	}
	return n_public == 1 ? only : NULL;
}

void guild_op_fullname(const struct guild_op_def *op, struct guild_buf *out)
{
	if (op->model->package) {
		guild_buf_printf(out, "%s/", op->model->package);
	}
	if (op->model->name[0]) {
		guild_buf_printf(out, "%s:", op->model->name);
	}
	guild_buf_puts(out, op->name);
}

static struct guild_op_def *op_of_model(const struct guild_model_def *m, const char *name)
{
	for (size_t i = 0; m && i < m->n_ops; i++) {
		if (strcmp(m->ops[i]->name, name) == 0) {
			return m->ops[i];
		}
	}
	return NULL;
}

static struct guild_model_def *model_named(const struct guild_project *p, const char *name)
{
	for (size_t i = 0; i < p->n_models; i++) {
		if (strcmp(p->models[i]->name, name) == 0) {
			return p->models[i];
		}
	}
	return NULL;
}

/* A model by exact name, else by the only name that holds the text: the reference's habit. */
static int find_model(const struct guild_project *p, const char *ref, struct guild_model_def **out,
	struct guild_error *err)
{
	*out = model_named(p, ref);
	if (*out) {
		return 0;
	}
	struct guild_strs names = {0};
	for (size_t i = 0; i < p->n_models; i++) {
		if (p->models[i]->name[0] && strstr(p->models[i]->name, ref)) {
			guild_strs_add(&names, p->models[i]->name);
			*out = p->models[i];
		}
	}
	int rc = 0;
	if (names.n > 1) {
		guild_strs_sort(&names);
		char *list = guild_strs_join(&names, "\n  ");
		rc = guild_error_set(err, GUILD_EINVALID, "several models match '%s':\n  %s", ref,
			list);
		guild_error_hint(err, "give one of these names in full");
		free(list);
		*out = NULL;
	}
	guild_strs_fini(&names);
	return rc;
}

/* The full name where the operation is of no model that is taken without being named. */
static char *name_of(const struct guild_project *p, const struct guild_model_def *m,
	const char *name)
{
	struct guild_buf full = {0};
	const struct guild_model_def *here = m ? m : guild_project_default_model(p);
	for (size_t i = 0; !op_of_model(here, name) && i < p->n_models; i++) {
		struct guild_op_def *op = op_of_model(p->models[i], name);
		if (op) {
			guild_op_fullname(op, &full);
			return guild_buf_take(&full);
		}
	}
	return guild_strdup(name);
}

static void hint_nearest_op(const struct guild_project *p, const struct guild_model_def *m,
	const char *name, struct guild_error *err)
{
	struct guild_strs names = {0};
	for (size_t i = 0; p && i < p->n_models; i++) {
		for (size_t k = 0; (!m || p->models[i] == m) && k < p->models[i]->n_ops; k++) {
			guild_strs_add(&names, p->models[i]->ops[k]->name);
		}
	}
	const char *nearest = names.n ? guild_nearest(name, (const char *const *)names.v) : NULL;
	if (nearest) {
		char *full = name_of(p, m, nearest);
		guild_error_hint(err, "did you mean '%s'? 'guild operations' lists what there is",
			full);
		free(full);
	} else if (m && m->name[0]) {
		guild_error_hint(err, "'guild operations %s' lists its operations", m->name);
	} else {
		guild_error_hint(err, "'guild operations' lists what there is");
	}
	guild_strs_fini(&names);
}

static int find_default(const struct guild_project *p, struct guild_op_def **op,
	struct guild_error *err)
{
	struct guild_model_def *m = p ? guild_project_default_model(p) : NULL;
	*op = m ? guild_model_default_op(m) : NULL;
	if (*op) {
		return 0;
	}
	guild_error_set(err, GUILD_ENOTFOUND,
		p ? "this project has no default operation"
		  : "no operation is named and there is no guild.yml here");
	guild_error_hint(err, p ? "name one; 'guild operations' lists them"
				: "name a script, as in 'guild run train.py'");
	return GUILD_ENOTFOUND;
}

/* MODEL:OP, with the model found: 1 found, 0 not a model reference of this project. */
static int find_in_model(const struct guild_project *p, const char *ref, const char *name,
	struct guild_op_def **op, struct guild_error *err)
{
	struct guild_model_def *m = NULL;
	int rc = p ? find_model(p, ref, &m, err) : 0;
	if (rc || !m) {
		return rc;
	}
	*op = op_of_model(m, name);
	if (*op) {
		return 1;
	}
	guild_error_set(err, GUILD_ENOTFOUND, "model '%s' has no operation '%s'", m->name, name);
	hint_nearest_op(p, m, name, err);
	return GUILD_ENOTFOUND;
}

/* 1 found, 0 nothing by this spec, negative: an error that ends the search. */
static int find_in_project(const struct guild_project *p, const char *spec,
	struct guild_op_def **op, struct guild_error *err)
{
	const char *colon = strchr(spec, ':');
	if (colon && colon != spec) {
		char *ref = guild_strndup(spec, (size_t)(colon - spec));
		int rc = find_in_model(p, ref, colon + 1, op, err);
		free(ref);
		return rc;
	}
	const char *name = colon ? colon + 1 : spec;
	*op = p ? op_of_model(guild_project_default_model(p), name) : NULL;
	if (!*op && p) {
		*op = op_of_model(model_named(p, ""), name);
	}
	return *op != NULL;
}

static bool is_model_spec(const char *spec)
{
	const char *colon = strchr(spec, ':');
	const char *slash = strchr(spec, '/');
	return !slash || (!strchr(slash + 1, '/') && (!colon || slash < colon));
}

int guild_op_find(struct guild_project *project, const char *spec, const char *cwd,
	const struct guild_project_world *world, struct guild_op_def **op,
	struct guild_project **script_project, struct guild_error *err)
{
	*script_project = NULL;
	*op = NULL;
	if (!spec || !spec[0]) {
		return find_default(project, op, err);
	}
	const char *colon = strchr(spec, ':');
	if (colon && (!colon[1] || strchr(colon + 1, ':') || strchr(colon + 1, '/'))) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' is not an operation: expected OPERATION or "
			"MODEL:OPERATION",
			spec);
	}
	if (is_model_spec(spec)) {
		int rc = find_in_project(project, spec, op, err);
		if (rc) {
			return rc < 0 ? rc : 0;
		}
	}
	if (guild_starts(spec, "dvc.yaml:")) {
		return project_from_dvc(spec, cwd, script_project, op, err);
	}
	int rc = project_from_script(spec, cwd, script_project, op, err);
	if (rc != GUILD_ENOTFOUND) {
		return rc;
	}
	/* Looking through what is installed takes time: a plain word inside a project is no word for it. */
	if (!project || colon || strchr(spec, '/')) {
		rc = project_find_installed(spec, world, op, script_project, err);
		if (rc) {
			return rc < 0 ? rc : 0;
		}
	}
	rc = GUILD_ENOTFOUND;
	guild_error_set(err, GUILD_ENOTFOUND, "cannot find operation '%s'", spec);
	if (strchr(spec, '/') || guild_path_ext(spec)[0]) {
		guild_error_hint(err, "there is no such file and no operation of that name");
	} else {
		hint_nearest_op(project, NULL, colon ? colon + 1 : spec, err);
	}
	return rc;
}
