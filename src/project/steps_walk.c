/* The order in which steps may run: what is ready, what waits for what. */
#include <guild/project.h>

#include <stdlib.h>

/* ---- a heap of positions, the lowest first ------------------------------------------------------------------ */

static void swap(size_t *v, size_t a, size_t b)
{
	size_t kept = v[a];
	v[a] = v[b];
	v[b] = kept;
}

static void push(struct guild_steps_walk *w, size_t step)
{
	size_t i = w->n_ready++;
	w->ready[i] = step;
	while (i > 0 && w->ready[i] < w->ready[(i - 1) / 2]) {
		swap(w->ready, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
}

static size_t pop(struct guild_steps_walk *w)
{
	size_t lowest = w->ready[0];
	w->ready[0] = w->ready[--w->n_ready];
	for (size_t i = 0;;) {
		size_t least = i;
		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->n_ready; child++) {
			least = w->ready[child] < w->ready[least] ? child : least;
		}
		if (least == i) {
			return lowest;
		}
		swap(w->ready, i, least);
		i = least;
	}
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

/* The step that waits for all before it and has nothing left to wait for, if there is one. */
static void add_barrier(struct guild_steps_walk *w)
{
	while (w->prefix < w->steps->n && w->is_finished[w->prefix]) {
		w->prefix++;
	}
	if (w->prefix < w->steps->n && w->steps->v[w->prefix].waits_for_all &&
		w->n_missing[w->prefix] == 0) {
		w->n_missing[w->prefix] = 1; /* once only */
		push(w, w->prefix);
	}
}

void guild_steps_walk_init(struct guild_steps_walk *w, const struct guild_steps *steps)
{
	size_t n_edges = 0;
	for (size_t i = 0; i < steps->n; i++) {
		n_edges += steps->v[i].n_after;
	}
	*w = (struct guild_steps_walk){.steps = steps,
		.n_missing = guild_alloc((steps->n + 1) * sizeof(size_t)),
		.first = guild_alloc((steps->n + 1) * sizeof(size_t)),
		.next = guild_alloc((n_edges + 1) * sizeof(size_t)),
		.edge_to = guild_alloc((n_edges + 1) * sizeof(size_t)),
		.ready = guild_alloc((steps->n + 1) * sizeof(size_t)),
		.is_finished = guild_alloc(steps->n + 1)};
	size_t edge = 0;
	for (size_t i = 0; i < steps->n; i++) {
		w->n_missing[i] = steps->v[i].n_after;
		for (size_t k = 0; k < steps->v[i].n_after; k++) {
			size_t from = steps->v[i].after[k];
			edge++;
			w->edge_to[edge] = i;
			w->next[edge] = w->first[from];
			w->first[from] = edge;
		}
		if (!steps->v[i].waits_for_all && w->n_missing[i] == 0) {
			push(w, i);
		}
	}
	add_barrier(w);
}

void guild_steps_walk_fini(struct guild_steps_walk *w)
{
	free(w->n_missing);
	free(w->first);
	free(w->next);
	free(w->edge_to);
	free(w->ready);
	free(w->is_finished);
	*w = (struct guild_steps_walk){0};
}

bool guild_steps_walk_take(struct guild_steps_walk *w, size_t *i)
{
	if (w->n_ready == 0) {
		return false;
	}
	*i = pop(w);
	return true;
}

void guild_steps_walk_finish(struct guild_steps_walk *w, size_t i)
{
	guild_assert(!w->is_finished[i]);
	w->is_finished[i] = true;
	w->n_finished++;
	for (size_t edge = w->first[i]; edge; edge = w->next[edge]) {
		size_t to = w->edge_to[edge];
		if (--w->n_missing[to] == 0 && !w->steps->v[to].waits_for_all) {
			push(w, to);
		}
	}
	add_barrier(w);
}
