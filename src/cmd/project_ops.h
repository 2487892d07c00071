/* The current definitions of runs' operations. Private to cmd/. */
#ifndef GUILD_CMD_PROJECT_OPS_H
#define GUILD_CMD_PROJECT_OPS_H

#include <guild/project.h>
#include <guild/run.h>

/* Projects loaded so far, each once. */
struct guild_project_ops {
	const struct guild_project_world *world; /* or NULL */
	struct guild_map projects; /* by directory; NULL where there is none, or a broken one */
};
/* The definition that the run's project file has now, or NULL. Lives as long as `ops`. */
const struct guild_op_def *guild_project_ops_find(struct guild_project_ops *ops,
	const struct guild_run *r);
void guild_project_ops_fini(struct guild_project_ops *ops);

#endif
