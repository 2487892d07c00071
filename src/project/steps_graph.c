/* The steps of a pipeline as a graph to draw. */
#include <guild/project.h>

#include <stdlib.h>

static void add_edge(struct guild_steps_graph *g, size_t from, size_t to)
{
	g->edges = guild_grow_array(g->edges, &g->cap, g->n_edges + 1, sizeof(*g->edges));
	g->edges[g->n_edges++] = (struct guild_steps_edge){.from = from, .to = to};
}

/* A step that waits for all before it needs edges only from those that nothing before it waits for. */
static void find_edges(struct guild_steps_graph *g, const struct guild_steps *steps)
{
	size_t *ends = guild_alloc((steps->n + 1) * sizeof(*ends));
	bool *is_waited_for = guild_alloc(steps->n + 1);
	size_t n_ends = 0;
	for (size_t i = 0; i < steps->n; i++) {
		const struct guild_step *step = &steps->v[i];
		for (size_t k = 0; k < step->n_after; k++) {
			add_edge(g, step->after[k], i);
			is_waited_for[step->after[k]] = true;
		}
		for (size_t k = 0; step->waits_for_all && k < n_ends; k++) {
			if (!is_waited_for[ends[k]]) {
				add_edge(g, ends[k], i);
			}
		}
		n_ends = step->waits_for_all ? 0 : n_ends;
		ends[n_ends++] = i;
	}
	free(ends);
	free(is_waited_for);
}

static void find_layers(struct guild_steps_graph *g, const struct guild_steps *steps)
{
	struct guild_steps_walk w;
	size_t i;
	size_t *first = guild_alloc((steps->n + 2) * sizeof(*first));
	for (size_t e = 0; e < g->n_edges; e++) {
		first[g->edges[e].to + 1]++;
	}
	for (size_t k = 0; k < steps->n; k++) {
		first[k + 1] += first[k];
	}
	guild_steps_walk_init(&w, steps);
	while (guild_steps_walk_take(&w, &i)) {
		for (size_t e = first[i]; e < first[i + 1]; e++) {
			size_t after = g->layers[g->edges[e].from] + 1;
			g->layers[i] = after > g->layers[i] ? after : g->layers[i];
		}
		g->n_layers = g->layers[i] + 1 > g->n_layers ? g->layers[i] + 1 : g->n_layers;
		guild_steps_walk_finish(&w, i);
	}
	guild_steps_walk_fini(&w);
	free(first);
}

void guild_steps_graph_init(struct guild_steps_graph *g, const struct guild_steps *steps)
{
	*g = (struct guild_steps_graph){.layers = guild_alloc((steps->n + 1) * sizeof(*g->layers))};
	find_edges(g, steps);
	find_layers(g, steps);
}

void guild_steps_graph_fini(struct guild_steps_graph *g)
{
	free(g->edges);
	free(g->layers);
	*g = (struct guild_steps_graph){0};
}
