/* guild/exec.h: executes a command inside a run directory and captures what it writes. */

#include <stdio.h>
#include <stdlib.h>

#include <guild/exec.h>

int main(void)
{
	static const char *argv[] = {"sh", "-c", "echo hello; echo careful >&2; exit 3", NULL};
	static char path[] = "PATH=/usr/bin:/bin";
	static char *env[] = {path, NULL};
	struct guild_error err = {0};
	struct guild_run run = {0};
	struct guild_supervise_result result = {0};
	struct guild_buf output = {0};
	int code = guild_run_create("run", &run, &err);
	if (!code) {
		struct guild_supervise_request request = {
			.run = &run,
			.argv = (char *const *)argv,
			.env = env,
			.cwd = run.dir,
			.quiet = true,
			.capture = true,
			.no_pty = true,
			.stdout_fd = 1,
			.stderr_fd = 2,
		};
		code = guild_supervise(&request, &result, &err);
	}
	if (!code) {
		char *file = guild_path_join(run.guild_dir, "output");
		code = guild_file_read(file, 0, &output, &err);
		free(file);
	}
	if (!code) {
		printf("exit status %d, %zu bytes of output\n", result.exit_status, output.n);
	} else {
		fprintf(stderr, "%s\n", err.text);
	}
	guild_buf_fini(&output);
	guild_run_fini(&run);
	return code ? 1 : 0;
}
