/* Decisions of pruning rules over curves, for tests/test_pruning.py:
 *   prune_driver OBJECTIVE minimize|maximize RULE...
 * reads lines "r TRIAL STEP VALUE" (a report), "o TRIAL STEP VALUE" (of a trial from before) and "e TRIAL 0|1" (it ended; 1: complete), and prints for
 * each report the reason why its trial is to be stopped, or an empty line. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guild/search.h"

static void take(struct guild_pruner *p, const char *key, const char *line)
{
	uint64_t trial;
	int64_t step;
	char number[64];
	double value;
	if (sscanf(line + 1, "%" SCNu64 " %" SCNd64 " %63s", &trial, &step, number) == 3 &&
		guild_parse_f64(number, strlen(number), &value) && (line[0] == 'r' || line[0] == 'o')) {
		const struct guild_prune_reason *why = NULL;
		if (line[0] == 'r') {
			why = guild_pruner_report(p, trial, key, step, value);
		} else {
			guild_pruner_recall(p, trial, key, step, value);
		}
		puts(why ? why->text : "");
	} else if (line[0] == 'e') {
		guild_pruner_end(p, trial, step != 0);
		puts("");
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: prune_driver OBJECTIVE minimize|maximize RULE...\n");
		return 2;
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_value *rules = guild_value_list(a);
	struct guild_pruner *p = NULL;
	struct guild_error err = {0};
	char line[256];
	for (int i = 3; i < argc; i++) {
		guild_value_append(a, rules, guild_value_string(a, argv[i]));
	}
	int rc = guild_pruner_new(rules, argv[1], strcmp(argv[2], "maximize") == 0, &p, &err);
	if (rc != 0) {
		fprintf(stderr, "prune_driver: %s\n", err.text);
	}
	while (rc == 0 && fgets(line, sizeof(line), stdin)) {
		take(p, argv[1], line);
	}
	guild_pruner_free(p);
	guild_arena_free(a);
	return rc != 0;
}
