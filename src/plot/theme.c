/* Colours. */

#include "plot_private.h"

#include <math.h>

/* Colours that people with any colour vision tell apart (Okabe and Ito 2008), without the yellow that white swallows and
 * without black. */
static const uint32_t series[PLOT_SERIES] = {
	0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x8c6d31};
static const uint32_t dark_series[PLOT_SERIES] = {
	0x56b4e9, 0xe69f00, 0x2fc49a, 0xe38fbf, 0xf0e442, 0x7f9cf5, 0xf07f4f};

static const struct plot_theme light = {
	.background = 0xffffff,
	.text = 0x1f2328,
	.muted = 0x59636e,
	.grid = 0xe6e8eb,
	.axis = 0x8c959f,
	.line = 0x0072b2,
	.series = series,
};
static const struct plot_theme dark = {
	.background = 0x14171c,
	.text = 0xe6e9ed,
	.muted = 0x9aa4af,
	.grid = 0x2a2f37,
	.axis = 0x6b7480,
	.line = 0x56b4e9,
	.series = dark_series,
	.is_dark = true,
};

const struct plot_theme *plot_theme(bool is_dark)
{
	return is_dark ? &dark : &light;
}

/* Viridis of Smith and van der Walt (2015) at even steps; brightness grows evenly. */
static const uint32_t viridis[] = {0x440154, 0x482475, 0x414487, 0x355f8d, 0x2a788e, 0x21918c,
	0x22a884, 0x44bf70, 0x7ad151, 0xbddf26, 0xfde725};

static uint32_t mix(uint32_t a, uint32_t b, double share)
{
	uint32_t rgb = 0;

	for (unsigned shift = 0; shift <= 16; shift += 8) {
		double from = a >> shift & 255;
		double to = b >> shift & 255;

		rgb |= (uint32_t)lround(from + (to - from) * share) << shift;
	}
	return rgb;
}

uint32_t plot_sequential(const struct plot_theme *t, double v)
{
	enum { LAST = GUILD_ARRAY_LEN(viridis) - 1 };
	double last = LAST;

	v = isnan(v) ? 1 : fmin(fmax(v, 0), 1);
	/* The end that the background is like would not be seen. */
	double at = (t->is_dark ? 1 - v * 0.85 : v * 0.95) * last;
	size_t i = (size_t)fmin(floor(at), last - 1);

	return mix(viridis[i], viridis[i + 1], at - (double)i);
}

double plot_alpha(size_t n)
{
	return fmin(0.9, fmax(0.08, 9 / sqrt((double)n + 1)));
}
