/* Operations that guild itself brings along: queue, dask:scheduler (batches.md 6, 7). */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

static const char text[] =
	"- model: ''\n"
	"  operations:\n"
	"    queue:\n"
	"      description: |-\n"
	"        Start staged runs one after another\n"
	"\n"
	"        Runs made by 'guild run --stage' are started in the order in which they were staged.\n"
	"        'guild queue' does the same for several runs at once.\n"
	"      exec: '${guild_python_exe} -um guild.plugins.queue_main ${flag_args}'\n"
	"      sourcecode: no\n"
	"      pip-freeze: no\n"
	"      flags:\n"
	"        poll-interval:\n"
	"          description: Seconds between two looks through all runs\n"
	"          default: 10\n"
	"          type: int\n"
	"          min: 1\n"
	"        run-once:\n"
	"          description: Start the runs that are staged, and end\n"
	"          default: no\n"
	"          type: boolean\n"
	"          arg-switch: yes\n"
	"        wait-for-running:\n"
	"          description: Start nothing while another run is running\n"
	"          default: no\n"
	"          type: boolean\n"
	"          arg-switch: yes\n"
	"        gpus:\n"
	"          description: |-\n"
	"            GPUs that the runs may see, as --gpus of 'guild run'\n"
	"\n"
	"            Runs staged with other GPUs are left alone.\n"
	"          null-label: unspecified\n"
	"- model: dask\n"
	"  operations:\n"
	"    scheduler:\n"
	"      description: |-\n"
	"        Start staged runs on a Dask cluster of this machine\n"
	"\n"
	"        Needs dask.distributed in the active Python environment. Runs start in the order in which they were\n"
	"        staged, as many at once as there are workers. What a run needs is said by its tags, 'dask:NAME=QUANTITY'.\n"
	"      exec: '${guild_python_exe} -um guild.plugins.dask_scheduler_main ${flag_args}'\n"
	"      sourcecode: no\n"
	"      pip-freeze: no\n"
	"      flags:\n"
	"        workers:\n"
	"          description: Runs at once; as many as there are processors when omitted\n"
	"          type: int\n"
	"          min: 1\n"
	"          null-label: auto\n"
	"        loglevel:\n"
	"          description: What Dask itself tells\n"
	"          default: warn\n"
	"          choices: [debug, info, warn, error]\n"
	"        dashboard-address:\n"
	"          description: Port or address of Dask's dashboard; 0 for a free port, 'no' for none\n"
	"          default: 8787\n"
	"        poll-interval:\n"
	"          description: Seconds between two looks for staged runs\n"
	"          default: 10\n"
	"          type: int\n"
	"          min: 1\n"
	"        run-once:\n"
	"          description: Start the runs that are staged, wait for them, and end\n"
	"          default: no\n"
	"          type: boolean\n"
	"          arg-switch: yes\n"
	"        wait-for-running:\n"
	"          description: Start nothing while another run is running\n"
	"          default: no\n"
	"          type: boolean\n"
	"          arg-switch: yes\n"
	"        resources:\n"
	"          description: What there is for runs to take, as NAME=QUANTITY with blanks between\n"
	"          type: string\n"
	"          null-label: unconstrained\n";

int guild_builtin_find(const char *spec, struct guild_project **out, struct guild_op_def **op,
	struct guild_error *err)
{
	const char *name = spec && *spec == ':' ? spec + 1 : spec;
	struct guild_project *p = NULL;
	*out = NULL;
	*op = NULL;
	if (!name || (strcmp(name, "queue") != 0 && strcmp(name, "dask:scheduler") != 0)) {
		return 0;
	}
	int rc = guild_project_parse(guild_str(text), "/guild.yml", NULL, &p, NULL, err);
	for (size_t i = 0; rc == 0 && i < p->n_models; i++) {
		for (size_t k = 0; k < p->models[i]->n_ops; k++) {
			struct guild_buf full = {0};
			guild_op_fullname(p->models[i]->ops[k], &full);
			if (strcmp(guild_buf_cstr(&full), name) == 0) {
				*op = p->models[i]->ops[k];
			}
			guild_buf_fini(&full);
		}
	}
	if (rc == 0) {
		free(p->dir);
		free(p->path);
		p->dir = guild_strdup("");
		p->path = NULL;
		p->is_builtin = true;
		*out = p;
	}
	return rc == 0 ? *op != NULL : rc;
}
