/* guild/trackers.h: a table of another tool, looked at without importing it. */

#include <stdio.h>
#include <string.h>

#include <guild/trackers.h>

static int on_run(void *arg, const struct guild_imported *run)
{
	printf("%s: %s of operation '%s', %d value(s)\n", (const char *)arg, run->label,
		run->operation, (int)run->n_values);
	return 0;
}

int main(void)
{
	static const char table[] = "name,lr,metric:loss\nfirst,0.1,0.5\nsecond,0.2,0.25\n";
	struct guild_error err = {0};
	struct guild_import_summary sum = {0};
	char would[] = "would import";
	struct guild_import_request req = {
		.kind = "csv",
		.path = "results.csv",
		.runs_dir = "runs",
		.trash_dir = "trash",
		.preview = true,
		.on_run = on_run,
		.arg = would,
	};
	if (guild_file_write(req.path, table, strlen(table), false, &err) != 0 ||
		guild_import(&req, &sum, NULL, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	printf("%zu new\n", sum.n[GUILD_IMPORT_NEW]);
	return 0;
}
