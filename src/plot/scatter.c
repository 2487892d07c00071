/* Two columns against each other, coloured by the objective. */

#include "plot_private.h"

#include <math.h>

enum { LEGEND_WIDTH = 110, LEGEND_HEIGHT = 18 };

static void draw(struct plot_chart *ch)
{
	const struct guild_plot *p = ch->p;
	struct plot_axis x = p->x;
	struct plot_axis y = p->y;
	struct plot_box outer = ch->box;
	bool has_colors = p->n_valued > 1;
	char text[2][PLOT_TICK_TEXT];
	double r = p->n > 1000 ? 2.5 : p->n > 200 ? 3.2 : 4.5;
	double alpha = fmax(plot_alpha(p->n), 0.25);

	plot_axis_widen(&x, 0.03);
	plot_axis_widen(&y, 0.04);
	outer.w -= has_colors ? LEGEND_WIDTH : 0;
	outer.y += LEGEND_HEIGHT;
	outer.h -= LEGEND_HEIGHT;
	struct plot_box b = plot_frame(ch, outer, &x, &y, x.name, y.name);
	for (size_t i = 0; i < p->n; i++) {
		if (isnan(x.v[i]) || isnan(y.v[i])) {
			continue;
		}
		bool is_valued = !isnan(p->objective.v[i]);
		uint32_t rgb = has_colors && is_valued ? plot_sequential(ch->theme, plot_rank(p, i))
			       : has_colors            ? ch->theme->muted
						       : ch->theme->line;

		plot_mark(ch, i, plot_at_x(b, &x, x.v[i]), plot_at_y(b, &y, y.v[i]), r,
			(struct plot_color){rgb, alpha});
	}
	plot_mark_legend(ch, b.x + b.w, ch->box.y + 4);
	if (has_colors) {
		bool max = p->req.maximize;

		plot_short_text(plot_axis_number(&p->objective, p->objective.low), text[max]);
		plot_short_text(plot_axis_number(&p->objective, p->objective.high), text[!max]);
		plot_color_bar(ch,
			(struct plot_box){ch->box.x + ch->box.w - LEGEND_WIDTH / 2.0 - 7, b.y + 50,
				14, fmin(240, b.h - 90)},
			plot_text_fit(ch->arena, p->objective_col.header, PLOT_SMALL_TEXT,
				LEGEND_WIDTH),
			text[0], text[1], true);
	}
}

const struct plot_kind plot_scatter = {
	.name = "scatter",
	.title = "Scatter plot",
	.width = 900,
	.height = 620,
	.draw = draw,
};
