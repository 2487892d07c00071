/* guild/plot.h: a chart of runs: plot RUN_DIR... (default: the kinds there are). Writes SVG to standard output. */

#include <stdio.h>

#include <guild/plot.h>

static int draw(struct guild_plot *p, char *const *dirs, int n, struct guild_error *err)
{
	struct guild_buf out = {0};
	struct guild_sink to = guild_buf_sink(&out);
	struct guild_plot_style style = {.title = "History"};
	int code = 0;
	for (int i = 0; !code && i < n; i++) {
		struct guild_run run = {0};
		code = guild_run_open(dirs[i], &run, err);
		if (!code) {
			guild_plot_add(p, &run);
		}
		guild_run_fini(&run);
	}
	code = code ? code : guild_plot_end(p, NULL, (size_t)n, err);
	code = code ? code : guild_plot_draw(p, &style, GUILD_PLOT_SVG, &to, err);
	if (!code) {
		fputs(guild_buf_cstr(&out), stdout);
	}
	guild_buf_fini(&out);
	return code;
}

int main(int argc, char **argv)
{
	struct guild_plot_request req = {.kind = GUILD_PLOT_HISTORY, .objective = "min loss"};
	struct guild_error err = {0};
	struct guild_plot *p = NULL;
	if (argc < 2) {
		for (int i = 0; i < GUILD_PLOT_KINDS; i++) {
			printf("%s\n", guild_plot_kind_name((enum guild_plot_kind)i));
		}
		return 0;
	}
	int code = guild_plot_new(&req, &p, &err);
	code = code ? code : draw(p, argv + 1, argc - 1, &err);
	if (code) {
		fprintf(stderr, "%s\n", err.text);
	}
	guild_plot_free(p);
	return code ? 1 : 0;
}
