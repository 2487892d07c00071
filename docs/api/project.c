/* guild/project.h: the operations of a guild.yml and their flags. */

#include <stdio.h>

#include <guild/project.h>

static const char text[] = "train:\n"
			   "  description: Trains the model\n"
			   "  main: train\n"
			   "  flags:\n"
			   "    lr: 0.1\n"
			   "    epochs: 10\n";

int main(void)
{
	struct guild_error err = {0};
	struct guild_project *project = NULL;
	if (guild_project_parse(guild_str(text), "guild.yml", NULL, &project, NULL, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (size_t i = 0; i < project->n_models; i++) {
		const struct guild_model_def *model = project->models[i];
		for (size_t j = 0; j < model->n_ops; j++) {
			const struct guild_op_def *op = model->ops[j];
			printf("%s: %s\n", op->name, op->description);
			for (size_t k = 0; k < op->flags.n; k++) {
				struct guild_buf value = {0};
				guild_value_py_str(&value, op->flags.v[k].def);
				printf("  %s=%s\n", op->flags.v[k].name, guild_buf_cstr(&value));
				guild_buf_fini(&value);
			}
		}
	}
	guild_project_free(project);
	return 0;
}
