/* Project files: whatever the bytes, the reader gives a project or one clear error, and rules can be walked. */
#include <stdlib.h>
#include <string.h>

#include <guild/project.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_project *p = NULL;
	struct guild_error err = {0};
	if (guild_project_parse(guild_str_n((const char *)data, size), "/nonexistent/guild.yml",
		    NULL, &p, NULL, &err)) {
		guild_assert(err.text[0] && !p);
		return 0;
	}
	for (size_t i = 0; i < p->n_models; i++) {
		guild_assert(p->models[i]->n_locations > 0 && p->models[i]->data);
	}
	struct guild_model_def *m = guild_project_default_model(p);
	for (size_t i = 0; m && i < m->n_ops; i++) {
		struct guild_op_cmd cmd = {0};
		if (guild_op_command(p, m->ops[i], &cmd, NULL, &err) == 0) {
			guild_assert(cmd.words.n > 0);
		}
		guild_op_cmd_fini(&cmd);
		guild_assert(i == 0 || strcmp(m->ops[i - 1]->name, m->ops[i]->name) <= 0);
	}
	guild_project_free(p);
	return 0;
}
