/* Attribute steps of a run that anybody may have written: an order in which every step runs once, or one message. */
#include "fuzz.h"

#include <guild/project.h>

#include <stdlib.h>
#include <string.h>

/* Any word may come first; FLAG=VAL, @FILE and --label L are known. */
static int read_words(struct guild_arena *a, char *const *words, size_t n,
	struct guild_step_words *out, struct guild_error *err)
{
	*out = (struct guild_step_words){.flag_words = guild_value_list(a),
		.files = guild_value_list(a),
		.options = guild_value_dict(a)};
	for (size_t i = 0; i < n; i++) {
		struct guild_value *word = guild_value_string(a, words[i]);
		if (strcmp(words[i], "--label") == 0 && i + 1 < n) {
			guild_value_set(a, out->options, "label",
				guild_value_string(a, words[++i]));
		} else if (words[i][0] == '-') {
			return guild_error_set(err, GUILD_EINVALID, "no such option");
		} else if (words[i][0] == '@') {
			guild_value_append(a, out->files, word);
		} else if (strchr(words[i], '=')) {
			guild_value_append(a, out->flag_words, word);
		} else {
			out->op = word->s.p;
		}
	}
	return 0;
}

static void check_steps(const struct guild_steps *steps)
{
	struct guild_map links = {0};
	struct guild_steps_walk w;
	struct guild_steps_graph g;
	size_t i;
	size_t n_taken = 0;
	for (size_t k = 0; k < steps->n; k++) {
		guild_assert(!guild_map_has(&links, steps->v[k].link));
		guild_assert(!strchr(steps->v[k].link, '/'));
		guild_map_put(&links, steps->v[k].link, &links);
	}
	guild_steps_walk_init(&w, steps);
	while (guild_steps_walk_take(&w, &i)) {
		for (size_t k = 0; k < steps->v[i].n_after; k++) {
			guild_assert(w.is_finished[steps->v[i].after[k]]);
		}
		guild_steps_walk_finish(&w, i);
		n_taken++;
	}
	guild_assert(n_taken == steps->n);
	guild_steps_walk_fini(&w);
	guild_steps_graph_init(&g, steps);
	for (size_t e = 0; e < g.n_edges; e++) {
		guild_assert(g.layers[g.edges[e].from] < g.layers[g.edges[e].to]);
	}
	guild_steps_graph_fini(&g);
	guild_map_fini(&links);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *list = NULL, *flags = NULL;
	if (guild_yaml_parse(a, guild_str_n((const char *)data, size), "steps", GUILD_YAML_NUMBERS,
		    &list, NULL) == 0 &&
		guild_yaml_parse(a, guild_str("{f: 1, 'm:a:x': 2, loop: '${loop}'}"), "flags",
			GUILD_YAML_NUMBERS, &flags, NULL) == 0) {
		struct guild_steps steps = {0};
		struct guild_error err = {0};
		struct guild_steps_request req = {.steps = list,
			.flags = flags,
			.model = "m",
			.file = "steps",
			.read_words = read_words};
		int rc = guild_steps_read(a, &req, &steps, &err);
		if (rc == 0) {
			check_steps(&steps);
		} else {
			guild_assert(rc == err.code && err.text[0]);
		}
	}
	guild_arena_free(a);
	return 0;
}
