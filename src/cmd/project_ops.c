/* The current definitions of runs' operations. */

#include "project_ops.h"

#include <stdlib.h>
#include <string.h>

static struct guild_project *load(struct guild_project_ops *ops, const char *dir)
{
	struct guild_project *project = NULL;

	if (guild_map_has(&ops->projects, dir)) {
		return guild_map_get(&ops->projects, dir);
	}
	/* A project that cannot be loaded any more is no trouble of the run's. */
	if (guild_project_load(dir, ops->world, &project, NULL, NULL) != 0) {
		project = NULL;
	}
	guild_map_put(&ops->projects, dir, project);
	return project;
}

const struct guild_op_def *guild_project_ops_find(struct guild_project_ops *ops,
	const struct guild_run *r)
{
	if (strcmp(r->opref.pkg_type, "guildfile") != 0) {
		return NULL;
	}
	char *dir = guild_path_dirname(r->opref.pkg_name);
	const struct guild_project *project = load(ops, dir);
	const struct guild_op_def *found = NULL;

	for (size_t i = 0; project && !found && i < project->n_models; i++) {
		const struct guild_model_def *model = project->models[i];

		if (strcmp(model->name, r->opref.model) != 0) {
			continue;
		}
		for (size_t j = 0; !found && j < model->n_ops; j++) {
			if (strcmp(model->ops[j]->name, r->opref.op) == 0) {
				found = model->ops[j];
			}
		}
	}
	free(dir);
	return found;
}

void guild_project_ops_fini(struct guild_project_ops *ops)
{
	for (size_t i = 0; i < ops->projects.n; i++) {
		guild_project_free(ops->projects.entries[i].value);
	}
	guild_map_fini(&ops->projects);
}
