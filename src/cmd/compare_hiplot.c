/* guild compare --tool hiplot: parallel coordinates by the user's own hiplot module. */

#include <stdlib.h>
#include <string.h>

#include <guild/exec.h>

#include "compare_table.h"
#include "grid_output.h"

enum { MAX_OUTPUT = 1 << 20, NO_MODULE = 3 };

/* 3: the module is not there; anything else hiplot says for itself. */
static const char script[] = "import sys\n"
			     "try:\n"
			     "    import hiplot\n"
			     "except ImportError as e:\n"
			     "    if e.name != 'hiplot':\n"
			     "        raise\n"
			     "    sys.exit(3)\n"
			     "hiplot.Experiment.from_csv(sys.argv[1]).to_html(sys.argv[2])\n";

static struct guild_str last_line(const struct guild_buf *b)
{
	struct guild_str s = guild_str_trim(guild_buf_str(b));
	size_t from = s.n;

	while (from > 0 && s.p[from - 1] != '\n') {
		from--;
	}
	return guild_str_n(s.p + from, s.n - from);
}

static int make_page(const struct guild_ctx *ctx, const char *csv, const char *page,
	struct guild_error *err)
{
	struct guild_python py = {0};
	struct guild_proc_result done = {0};
	int rc = guild_python_find(ctx->environ_, ctx->cwd, NULL, &py, err);

	if (rc == 0) {
		const char *argv[] = {py.exe, "-c", script, csv, page, NULL};

		rc = guild_proc_run(argv, ctx->cwd, ctx->environ_, MAX_OUTPUT, 0, &done, err);
	}
	if (rc == 0 && done.exit_status == NO_MODULE) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "module hiplot is not installed (%s)",
			py.exe);
		guild_error_hint(err, "run '%s -m pip install hiplot'", py.exe);
	} else if (rc == 0 && done.exit_status != 0) {
		struct guild_str why = last_line(&done.err);

		rc = guild_error_set(err, GUILD_EIO, "hiplot failed: %.*s (%s)", GUILD_STR_FMT(why),
			py.exe);
	}
	guild_proc_result_fini(&done);
	guild_python_fini(&py);
	return rc;
}

/* The page stays where it is: a browser reads it when it likes. */
static int show(const struct guild_ctx *ctx, const char *page, struct guild_error *err)
{
	int status = 0;

	guild_log(&ctx->log, "note", "Opening %s", page);
	int rc = guild_cmd_run_foreground(ctx, GUILD_DEFAULT_OPENER, page, NULL, &status, err);

	return rc == 0 && status != 0
		       ? guild_error_set(err, GUILD_EIO, "'%s' failed with exit code %d",
				 GUILD_DEFAULT_OPENER, status)
		       : rc;
}

int guild_compare_hiplot(const struct guild_ctx *ctx, const struct guild_grid *g,
	struct guild_error *err)
{
	const char *wanted = guild_ctx_env(ctx, "HIPLOT_HTML");
	bool is_saved = wanted && *wanted;
	char *dir = guild_tmp_dir("guild-compare-", err);

	if (!dir) {
		return GUILD_EIO;
	}
	char *csv = guild_path_join(dir, "compare.csv");
	char *made = guild_path_join(dir, "compare.html");
	char *page = is_saved ? guild_path_abs(wanted, ctx->cwd) : guild_strdup(made);
	int rc = guild_cmd_save_grid(g, GUILD_GRID_CSV, csv, err);

	if (rc == 0) {
		rc = make_page(ctx, csv, page, err);
	}
	if (rc == 0 && is_saved) {
		guild_log(&ctx->log, "note", "Wrote %s", page);
	} else if (rc == 0) {
		rc = show(ctx, page, err);
	}
	(void)guild_file_remove(csv, NULL);
	if (rc != 0 || is_saved) {
		(void)guild_rmtree(dir, NULL);
	}
	free(csv);
	free(made);
	free(page);
	free(dir);
	return rc;
}
