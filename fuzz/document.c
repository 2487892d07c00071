/* Files that say what operation they are (the first byte chooses the kind): an operation, or one clear error. */
#include <stdlib.h>
#include <string.h>

#include <guild/project.h>

#include "fuzz.h"

static const char *work_dir(void)
{
	static char *dir;
	if (!dir) {
		dir = guild_tmp_dir("guild-fuzz-document", NULL);
		guild_assert(dir);
	}
	return dir;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	const char *name = data[0] == 'q' ? "d.qmd" : data[0] == 'r' ? "d.R" : "d.ipynb";
	char *path = guild_path_join(work_dir(), name);
	struct guild_project *project = NULL;
	struct guild_op_def *op = NULL;
	struct guild_error err = {0};
	guild_assert(guild_file_write(path, data + 1, size - 1, false, NULL) == 0);
	int rc = guild_op_find(NULL, path, work_dir(), NULL, &op, &project, &err);
	if (rc == 0) {
		struct guild_op_cmd cmd;
		struct guild_import_options options = {0};
		guild_assert(op && project);
		if (guild_op_import_flags(project, op, &options, NULL, &err) == 0 &&
			guild_op_command(project, op, &cmd, NULL, &err) == 0) {
			guild_assert(cmd.words.n >= 2);
			guild_op_cmd_fini(&cmd);
		}
	} else {
		guild_assert(rc == err.code && err.text[0]);
	}
	guild_project_free(project);
	free(path);
	return 0;
}
