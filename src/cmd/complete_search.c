/* Completion of optimizers and their flags. */

#include <stdlib.h>
#include <string.h>

#include <guild/search.h>

#include "complete.h"
#include "op_help.h"

/* Those of the Guild file's operations, then what is built in. */
void guild_complete_optimizers(struct guild_completion *c)
{
	struct guild_project *project = NULL;
	if (guild_op_load_project(c->ctx, &project, NULL) == 0 && project) {
		for (size_t m = 0; m < project->n_models; m++) {
			for (size_t i = 0; i < project->models[m]->n_ops; i++) {
				const struct guild_value *all =
					project->models[m]->ops[i]->optimizers;
				for (size_t k = 0; all && k < all->n; k++) {
					guild_complete_add(c, guild_value_text(all->pairs[k].key),
						NULL);
				}
			}
		}
	}
	guild_project_free(project);
	for (size_t i = 0; guild_optimizer_at(i); i++) {
		guild_complete_add(c, guild_optimizer_at(i)->name, guild_optimizer_at(i)->help);
	}
}

void guild_complete_optimizer_flags(struct guild_completion *c)
{
	const char *name = c->args ? guild_args_text(c->args, "optimizer") : NULL;
	const struct guild_optimizer_info *info = name ? guild_optimizer_find(name) : NULL;
	for (size_t i = 0; info && i < info->n_flags; i++) {
		char *text = guild_format("%s=", info->flags[i].name);
		guild_complete_add(c, text, info->flags[i].help);
		free(text);
	}
}
