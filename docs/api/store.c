/* guild/store.h: lists the runs of a Guild home, newest first: store [HOME [FILTER]] (default: the one guild uses here, all runs). */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <guild/store.h>

int main(int argc, char **argv)
{
	struct guild_error err = {0};
	struct guild_home home = {0};
	struct guild_runs runs = {0};
	struct guild_home_request request = {
		.option = argc > 1 ? argv[1] : NULL,
		.cwd = ".",
		.environ_ = environ,
	};
	struct guild_run_filter filter = {.expression = argc > 2 ? argv[2] : NULL};
	char *dir = NULL;
	int code = guild_home_find(&request, &home, NULL, &err);
	if (!code) {
		dir = guild_home_runs_dir(&home, false);
		code = guild_store_list(dir, &filter, NULL, &runs, NULL, &err);
	}
	/* An expression, as it was understood. */
	struct guild_query *query = NULL;
	struct guild_buf text = {0};
	if (!code) {
		code = guild_query_parse("a and b or last(loss) < 0.9*first(loss)", NULL, &query,
			&err);
	}
	/* One that speaks of a second run. */
	struct guild_query *pair = NULL;
	struct guild_query_options with_base = {.has_base = true};
	if (!code) {
		code = guild_query_parse("acc < base - 0.01", &with_base, &pair, &err);
	}
	if (!code) {
		guild_query_print(query, &text);
		guild_buf_putc(&text, '\n');
		guild_query_print(pair, &text);
		puts(guild_buf_cstr(&text));
		printf("%zu runs\n", runs.n);
		for (size_t i = 0; i < runs.n; i++) {
			printf("%.8s %s\n", runs.v[i].id,
				guild_run_status_name(guild_run_status(&runs.v[i], NULL)));
		}
	} else {
		fprintf(stderr, "%s\n", err.text);
	}
	guild_query_free(query);
	guild_query_free(pair);
	guild_buf_fini(&text);
	free(dir);
	guild_runs_fini(&runs);
	guild_home_fini(&home);
	return code ? 1 : 0;
}
