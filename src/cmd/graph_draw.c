/* Drawings of a pipeline: text, DOT, SVG, JSON. */

#include "graph_draw.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *color; /* of a terminal */
	const char *fill;  /* of a box */
} states[] = {
	[GUILD_STEP_WAITING] = {"waiting", "2", "#f2f2f2"},
	[GUILD_STEP_RUNNING] = {"running", "34", "#cfe3ff"},
	[GUILD_STEP_DONE] = {"done", "32", "#d3f2d3"},
	[GUILD_STEP_REUSED] = {"reused", "32", "#e6f5d0"},
	[GUILD_STEP_FAILED] = {"failed", "31", "#ffd6d6"},
	[GUILD_STEP_STOPPED] = {"stopped", "33", "#ffeec2"},
};

static const char *fill_of(const struct guild_drawing *d, size_t i)
{
	return d->status ? states[d->status[i].state].fill : "#f2f2f2";
}

/* Edges are sorted by `to`: those of step i from *e on. */
static bool next_edge(const struct guild_drawing *d, size_t i, size_t *e, size_t *from)
{
	if (*e >= d->graph->n_edges || d->graph->edges[*e].to != i) {
		return false;
	}
	*from = d->graph->edges[(*e)++].from;
	return true;
}

/* Positions of the steps by layer, as written within one. Caller frees. */
static size_t *by_layer(const struct guild_drawing *d)
{
	size_t *order = guild_alloc((d->steps->n + 1) * sizeof(*order));
	size_t *at = guild_alloc((d->graph->n_layers + 2) * sizeof(*at));
	for (size_t i = 0; i < d->steps->n; i++) {
		at[d->graph->layers[i] + 1]++;
	}
	for (size_t k = 0; k < d->graph->n_layers; k++) {
		at[k + 1] += at[k];
	}
	for (size_t i = 0; i < d->steps->n; i++) {
		order[at[d->graph->layers[i]]++] = i;
	}
	free(at);
	return order;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static void put_padded(struct guild_buf *out, const char *text, size_t width)
{
	size_t n = guild_text_width(text);
	guild_buf_printf(out, "%s%*s", text, (int)(width > n ? width - n : 0), "");
}

/* The layers before the step's say what a step without `after` waits for. */
static void put_after(const struct guild_drawing *d, size_t i, struct guild_buf *out)
{
	const struct guild_step *step = &d->steps->v[i];
	for (size_t k = 0; k < step->n_after; k++) {
		guild_buf_printf(out, "%s%s", k ? ", " : "  after ",
			d->steps->v[step->after[k]].name);
	}
}

static void put_state(const struct guild_drawing *d, size_t i, bool color, struct guild_buf *out)
{
	const struct guild_step_status *s = &d->status[i];
	if (color) {
		guild_buf_printf(out, "\033[%sm", states[s->state].color);
	}
	guild_buf_printf(out, "%-9s", states[s->state].name);
	guild_buf_puts(out, color ? "\033[0m" : "");
	guild_buf_printf(out, "%-10.8s", s->run_id ? s->run_id : "");
}

void guild_draw_text(const struct guild_drawing *d, bool color, struct guild_buf *out)
{
	size_t *order = by_layer(d);
	size_t widest = 0;
	for (size_t i = 0; i < d->steps->n; i++) {
		size_t n = guild_text_width(d->steps->v[i].name);
		widest = n > widest ? n : widest;
	}
	guild_buf_printf(out, "%s\n", d->title);
	for (size_t k = 0; k < d->steps->n; k++) {
		size_t i = order[k];
		size_t layer = d->graph->layers[i];
		bool is_first = k == 0 || d->graph->layers[order[k - 1]] != layer;
		if (is_first) {
			guild_buf_printf(out, "%4zu  ", layer + 1);
		} else {
			guild_buf_puts(out, "      ");
		}
		if (d->status) {
			put_state(d, i, color, out);
		}
		put_padded(out, d->steps->v[i].name, widest + 2);
		guild_step_text(&d->steps->v[i], false, out);
		put_after(d, i, out);
		guild_buf_putc(out, '\n');
	}
	free(order);
}

/* ---- DOT ---------------------------------------------------------------------------------------------------------- */

static void put_dot(struct guild_buf *out, const char *text)
{
	guild_buf_putc(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '\n') {
			guild_buf_puts(out, "\\n");
		} else {
			guild_buf_puts(out, *p == '"' || *p == '\\' ? "\\" : "");
			guild_buf_putc(out, *p);
		}
	}
	guild_buf_putc(out, '"');
}

void guild_draw_dot(const struct guild_drawing *d, struct guild_buf *out)
{
	guild_buf_puts(out, "digraph ");
	put_dot(out, d->title);
	guild_buf_puts(out, " {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\"];\n");
	for (size_t i = 0; i < d->steps->n; i++) {
		guild_buf_puts(out, "  ");
		put_dot(out, d->steps->v[i].link);
		guild_buf_puts(out, " [label=");
		put_dot(out, d->steps->v[i].name);
		guild_buf_printf(out, ", fillcolor=\"%s\"];\n", fill_of(d, i));
	}
	for (size_t e = 0; e < d->graph->n_edges; e++) {
		guild_buf_puts(out, "  ");
		put_dot(out, d->steps->v[d->graph->edges[e].from].link);
		guild_buf_puts(out, " -> ");
		put_dot(out, d->steps->v[d->graph->edges[e].to].link);
		guild_buf_puts(out, ";\n");
	}
	guild_buf_puts(out, "}\n");
}

/* ---- SVG ------------------------------------------------------------------------------------------------------------ */

enum { LETTER = 8, BOX_HEIGHT = 30, ROW = 46, GAP = 60, MARGIN = 20, PADDING = 24 };

struct box {
	size_t x, y, width;
};

static void put_xml(struct guild_buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '&':
			guild_buf_puts(out, "&amp;");
			break;
		case '<':
			guild_buf_puts(out, "&lt;");
			break;
		case '>':
			guild_buf_puts(out, "&gt;");
			break;
		default:
			/* Control characters are not allowed in XML at all. */
			guild_buf_putc(out, (unsigned char)*p < ' ' ? ' ' : *p);
			break;
		}
	}
}

/* Columns as wide as their widest box. */
static struct box *lay_out(const struct guild_drawing *d, size_t *width, size_t *height)
{
	struct box *boxes = guild_alloc((d->steps->n + 1) * sizeof(*boxes));
	size_t *widths = guild_alloc((d->graph->n_layers + 1) * sizeof(*widths));
	size_t *rows = guild_alloc((d->graph->n_layers + 1) * sizeof(*rows));
	size_t *lefts = guild_alloc((d->graph->n_layers + 1) * sizeof(*lefts));
	size_t n_rows = 1;
	for (size_t i = 0; i < d->steps->n; i++) {
		size_t layer = d->graph->layers[i];
		boxes[i].width = guild_text_width(d->steps->v[i].name) * LETTER + PADDING;
		boxes[i].y = MARGIN + rows[layer]++ * ROW;
		widths[layer] = boxes[i].width > widths[layer] ? boxes[i].width : widths[layer];
		n_rows = rows[layer] > n_rows ? rows[layer] : n_rows;
	}
	lefts[0] = MARGIN;
	for (size_t k = 0; k < d->graph->n_layers; k++) {
		lefts[k + 1] = lefts[k] + widths[k] + GAP;
	}
	for (size_t i = 0; i < d->steps->n; i++) {
		size_t layer = d->graph->layers[i];
		boxes[i].x = lefts[layer];
		/* Layers with few steps stand in the middle. */
		boxes[i].y += (n_rows - rows[layer]) * ROW / 2;
	}
	*width = lefts[d->graph->n_layers] - (d->graph->n_layers ? GAP : 0) + MARGIN;
	*height = n_rows * ROW + MARGIN;
	free(widths);
	free(rows);
	free(lefts);
	return boxes;
}

static void put_box(const struct guild_drawing *d, const struct box *b, size_t i,
	struct guild_buf *out)
{
	struct guild_buf words = {0};
	guild_step_text(&d->steps->v[i], false, &words);
	guild_buf_puts(out, "<g><title>");
	put_xml(out, guild_buf_cstr(&words));
	if (d->status) {
		guild_buf_printf(out, " (%s)", states[d->status[i].state].name);
	}
	guild_buf_printf(out,
		"</title><rect x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%d\" rx=\"6\" fill=\"%s\" stroke=\"#555\"/>",
		b->x, b->y, b->width, BOX_HEIGHT, fill_of(d, i));
	guild_buf_printf(out, "<text x=\"%zu\" y=\"%zu\" text-anchor=\"middle\">",
		b->x + b->width / 2, b->y + 20);
	put_xml(out, d->steps->v[i].name);
	guild_buf_puts(out, "</text></g>\n");
	guild_buf_fini(&words);
}

void guild_draw_svg(const struct guild_drawing *d, struct guild_buf *out)
{
	size_t width, height;
	struct box *boxes = lay_out(d, &width, &height);
	guild_buf_printf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"%zu\" viewBox=\"0 0 %zu %zu\" "
		"font-family=\"sans-serif\" font-size=\"13\">\n<title>",
		width, height, width, height);
	put_xml(out, d->title);
	guild_buf_puts(out,
		"</title>\n<defs><marker id=\"end\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
		"markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#555\"/></marker></defs>\n"
		"<g fill=\"none\" stroke=\"#555\" marker-end=\"url(#end)\">\n");
	for (size_t e = 0; e < d->graph->n_edges; e++) {
		const struct box *a = &boxes[d->graph->edges[e].from];
		const struct box *b = &boxes[d->graph->edges[e].to];
		size_t x1 = a->x + a->width, y1 = a->y + BOX_HEIGHT / 2, y2 = b->y + BOX_HEIGHT / 2;
		guild_buf_printf(out,
			"<path d=\"M%zu %zuC%zu %zu %zu %zu %zu %zu\" marker-end=\"url(#end)\"/>\n",
			x1, y1, x1 + GAP / 2, y1, b->x - GAP / 2, y2, b->x, y2);
	}
	guild_buf_puts(out, "</g>\n");
	for (size_t i = 0; i < d->steps->n; i++) {
		put_box(d, &boxes[i], i, out);
	}
	guild_buf_puts(out, "</svg>\n");
	free(boxes);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------- */

struct guild_value *guild_draw_json(const struct guild_drawing *d, struct guild_arena *a)
{
	struct guild_value *v = guild_value_dict(a);
	struct guild_value *list = guild_value_list(a);
	size_t e = 0;
	for (size_t i = 0; i < d->steps->n; i++) {
		const struct guild_step *step = &d->steps->v[i];
		struct guild_value *item = guild_value_dict(a);
		struct guild_value *after = guild_value_list(a);
		struct guild_buf words = {0};
		size_t from;
		while (next_edge(d, i, &e, &from)) {
			guild_value_append(a, after, guild_value_string(a, d->steps->v[from].link));
		}
		guild_step_text(step, false, &words);
		guild_value_set(a, item, "name", guild_value_string(a, step->name));
		guild_value_set(a, item, "link", guild_value_string(a, step->link));
		guild_value_set(a, item, "operation", guild_value_string(a, step->opspec));
		guild_value_set(a, item, "run", guild_value_string(a, guild_buf_cstr(&words)));
		guild_value_set(a, item, "layer",
			guild_value_int(a, (int64_t)d->graph->layers[i] + 1));
		guild_value_set(a, item, "after", after);
		if (d->status) {
			const struct guild_step_status *s = &d->status[i];
			guild_value_set(a, item, "state",
				guild_value_string(a, states[s->state].name));
			guild_value_set(a, item, "run_id", guild_value_string(a, s->run_id));
		}
		guild_value_append(a, list, item);
		guild_buf_fini(&words);
	}
	guild_value_set(a, v, "operation", guild_value_string(a, d->title));
	guild_value_set(a, v, "steps", list);
	return v;
}
