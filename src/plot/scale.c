/* Scales and ticks. */

#include "scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers as text ------------------------------------------------------------------------------------------ */

/* "1e-05" as "1e-5": printf's exponents have at least two digits. */
static void shorten_exponent(char *text)
{
	char *e = strchr(text, 'e');

	if (!e) {
		return;
	}
	char *to = e + 1 + (e[1] == '-');
	char *from = e + 2;

	while (*from == '0' && from[1]) {
		from++;
	}
	memmove(to, from, strlen(from) + 1);
}

void plot_number_text(double v, char out[PLOT_TICK_TEXT])
{
	double size = fabs(v);

	if (size > 0 && size < 1e-3) {
		snprintf(out, PLOT_TICK_TEXT, "%.5g", v);
	} else {
		snprintf(out, PLOT_TICK_TEXT, "%.6g", v == 0 ? 0.0 : v);
	}
	shorten_exponent(out);
}

void plot_short_text(double v, char out[PLOT_TICK_TEXT])
{
	snprintf(out, PLOT_TICK_TEXT, "%.3g", v == 0 ? 0.0 : v);
	shorten_exponent(out);
}

/* With the decimals that the step needs. */
static void step_text(double v, double step, double largest, char out[PLOT_TICK_TEXT])
{
	int exponent = (int)floor(log10(step) + 1e-9);

	v = fabs(v) < step / 1000 ? 0 : v;
	if (largest >= 1e6 || largest < 1e-3) {
		int digits = largest > 0 ? (int)floor(log10(largest) + 1e-9) - exponent + 1 : 1;

		snprintf(out, PLOT_TICK_TEXT, "%.*g", digits < 1 ? 1 : (digits > 15 ? 15 : digits),
			v);
		shorten_exponent(out);
	} else {
		snprintf(out, PLOT_TICK_TEXT, "%.*f", exponent < 0 ? -exponent : 0, v);
	}
}

/* ---- ticks -------------------------------------------------------------------------------------------------- */

static const double round_steps[] = {1, 2, 5, 10};

static double nice_step(double span, size_t max)
{
	double raw = span / (double)(max - 1);
	double unit = pow(10, floor(log10(raw)));

	for (size_t i = 0; i < GUILD_ARRAY_LEN(round_steps); i++) {
		if (raw <= round_steps[i] * unit * (1 + 1e-9)) {
			return round_steps[i] * unit;
		}
	}
	return 10 * unit;
}

size_t plot_linear_ticks(double low, double high, size_t max, struct plot_tick *out)
{
	double span = high - low;
	double largest = fmax(fabs(low), fabs(high));
	size_t n = 0;

	if (!(span > largest * 1e-12) || !isfinite(span)) {
		out[0].v = low;
		plot_number_text(low, out[0].text);
		return 1;
	}
	double step = nice_step(span, max);

	double first = ceil(low / step - 1e-9);

	for (; n < max && (first + (double)n) * step <= high + step * 1e-9; n++) {
		out[n].v = (first + (double)n) * step;
		step_text(out[n].v, step, largest, out[n].text);
	}
	return n;
}

/* Every so many powers of ten. */
static size_t power_ticks(double low, double high, size_t max, struct plot_tick *out)
{
	double every = fmax(1, ceil((high - low) / (double)max));
	double first = ceil(ceil(low - 1e-9) / every) * every;
	size_t n = 0;

	for (; n < max && first + (double)n * every <= high + 1e-9; n++) {
		out[n].v = first + (double)n * every;
		plot_number_text(pow(10, out[n].v), out[n].text);
	}
	return n;
}

static size_t part_ticks(double low, double high, size_t max, const double *parts, size_t n_parts,
	struct plot_tick *out)
{
	size_t n = 0;

	for (size_t k = 0; floor(low) + (double)k <= high + 1e-9; k++) {
		double e = floor(low) + (double)k;

		for (size_t i = 0; i < n_parts; i++) {
			double v = e + log10(parts[i]);

			if (v < low - 1e-9 || v > high + 1e-9) {
				continue;
			}
			if (n == max) {
				return max + 1;
			}
			out[n].v = v;
			plot_number_text(parts[i] * pow(10, e), out[n++].text);
		}
	}
	return n;
}

size_t plot_log_ticks(double low, double high, size_t max, struct plot_tick *out)
{
	static const double fine[] = {1, 2, 5};
	static const double coarse[] = {1, 3};
	size_t n = max + 1;

	if (high - low < 3) {
		n = part_ticks(low, high, max, fine, GUILD_ARRAY_LEN(fine), out);
	}
	if (n > max && high - low < 5) {
		n = part_ticks(low, high, max, coarse, GUILD_ARRAY_LEN(coarse), out);
	}
	if (n > max) {
		n = power_ticks(low, high, max, out);
	}
	if (n >= 2) {
		return n;
	}
	/* Less than a step of those: round numbers. */
	n = plot_linear_ticks(pow(10, low), pow(10, high), max, out);
	for (size_t i = 0; i < n; i++) {
		out[i].v = log10(out[i].v);
	}
	return n;
}

/* ---- axes --------------------------------------------------------------------------------------------------- */

static int order_numbers(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The values that are set, in order; the caller frees. */
static double *sorted_values(const struct plot_axis *axis, size_t *n)
{
	double *sorted = guild_alloc((axis->n + 1) * sizeof(*sorted));

	*n = 0;
	for (size_t i = 0; i < axis->n; i++) {
		if (!isnan(axis->v[i])) {
			sorted[(*n)++] = axis->v[i];
		}
	}
	qsort(sorted, *n, sizeof(*sorted), order_numbers);
	return sorted;
}

/* Do they lie more evenly on a logarithmic axis? */
static bool looks_logarithmic(const double *sorted, size_t n)
{
	enum { FACTOR = 10, TRIMMED = 20 };
	/* A few that are far off the others say nothing of these. */
	double low = n > 0 ? sorted[n / TRIMMED] : 0;
	double high = n > 0 ? sorted[n - 1 - n / TRIMMED] : 0;

	if (n < 3 || sorted[0] <= 0 || high < FACTOR * low) {
		return false;
	}
	double middle = sorted[n / 2];
	double linear = (middle - low) / (high - low);
	double log_place = log(middle / low) / log(high / low);

	return fabs(log_place - 0.5) < fabs(linear - 0.5);
}

static void set_range(struct plot_axis *axis)
{
	axis->low = INFINITY;
	axis->high = -INFINITY;
	axis->n_set = 0;
	for (size_t i = 0; i < axis->n; i++) {
		if (!isnan(axis->v[i])) {
			axis->low = fmin(axis->low, axis->v[i]);
			axis->high = fmax(axis->high, axis->v[i]);
			axis->n_set++;
		}
	}
	if (axis->n_set == 0) {
		axis->low = 0;
		axis->high = 1;
	} else if (axis->low == axis->high) {
		double room = axis->kind == PLOT_LOG || axis->low == 0 ? 0.5 : fabs(axis->low) / 2;

		axis->low -= room;
		axis->high += room;
	}
}

static void init_numbers(struct plot_axis *axis, enum plot_scale_kind wanted)
{
	size_t n = 0;
	double *sorted = sorted_values(axis, &n);
	bool is_positive = n > 0 && sorted[0] > 0;
	bool is_log =
		wanted == PLOT_LOG || (wanted == PLOT_CATEGORIES && looks_logarithmic(sorted, n));

	/* A few values that have no logarithm do not keep the others from having theirs. */
	axis->kind = is_log && (is_positive || wanted == PLOT_LOG) ? PLOT_LOG : PLOT_LINEAR;
	for (size_t i = 0; axis->kind == PLOT_LOG && i < axis->n; i++) {
		axis->v[i] = axis->v[i] > 0 ? log10(axis->v[i]) : NAN;
	}
	free(sorted);
	set_range(axis);
}

static int order_texts(const void *a, const void *b)
{
	return guild_natural_cmp(*(const char *const *)a, *(const char *const *)b);
}

static void init_categories(struct plot_axis *axis, struct guild_arena *a,
	const struct guild_value *const *values)
{
	struct guild_map index = {0};
	const char **texts = guild_arena_alloc(a, (axis->n + 1) * sizeof(*texts));

	axis->kind = PLOT_CATEGORIES;
	axis->categories = guild_arena_alloc(a, (axis->n + 1) * sizeof(*axis->categories));
	for (size_t i = 0; i < axis->n; i++) {
		struct guild_buf text = {0};

		if (guild_value_is_null(values[i])) {
			continue;
		}
		guild_cell_text(&text, values[i]);
		texts[i] = guild_arena_strdup(a, guild_buf_cstr(&text));
		if (!guild_map_has(&index, texts[i])) {
			axis->categories[axis->n_categories++] = texts[i];
			guild_map_put(&index, texts[i], NULL);
		}
		guild_buf_fini(&text);
	}
	qsort(axis->categories, axis->n_categories, sizeof(*axis->categories), order_texts);
	for (size_t i = 0; i < axis->n_categories; i++) {
		guild_map_put(&index, axis->categories[i], (void *)(uintptr_t)i);
	}
	for (size_t i = 0; i < axis->n; i++) {
		axis->v[i] = texts[i] ? (double)(uintptr_t)guild_map_get(&index, texts[i]) : NAN;
		axis->n_set += texts[i] != NULL;
	}
	axis->low = -0.5;
	axis->high = (double)(axis->n_categories ? axis->n_categories : 1) - 0.5;
	guild_map_fini(&index);
}

void plot_axis_init(struct plot_axis *axis, struct guild_arena *a, const char *name,
	const struct guild_value *const *values, size_t n, enum plot_scale_kind wanted)
{
	bool are_numbers = true;

	*axis = (struct plot_axis){.name = name, .n = n, .is_integer = true};
	axis->v = guild_arena_alloc(a, (n + 1) * sizeof(*axis->v));
	for (size_t i = 0; i < n; i++) {
		axis->v[i] = NAN;
		if (guild_value_is_null(values[i])) {
			continue;
		}
		are_numbers = are_numbers && guild_value_is_number(values[i]);
		axis->is_integer = axis->is_integer && values[i]->type == GUILD_INT;
		axis->v[i] = guild_value_as_f64(values[i]);
		axis->v[i] = isfinite(axis->v[i]) ? axis->v[i] : NAN;
	}
	if (are_numbers) {
		init_numbers(axis, wanted);
	} else {
		axis->is_integer = false;
		init_categories(axis, a, values);
	}
}

/* The last of the values that lie within the limit, on the way from the middle outwards. */
static double last_within(const double *sorted, size_t n, double limit, bool high)
{
	size_t i = n / 2;

	if (high) {
		while (i + 1 < n && sorted[i + 1] <= limit) {
			i++;
		}
	} else {
		while (i > 0 && sorted[i - 1] >= limit) {
			i--;
		}
	}
	return sorted[i];
}

void plot_axis_leave_outliers(struct plot_axis *axis, bool high)
{
	enum { FEWEST = 8, FAR = 12 };
	size_t n = 0;
	double *sorted = sorted_values(axis, &n);

	if (n >= FEWEST && axis->kind != PLOT_CATEGORIES) {
		double q1 = sorted[n / 4];
		double q3 = sorted[n - 1 - n / 4];
		double room = FAR * (q3 - q1);

		if (room > 0 && high && axis->high > q3 + room) {
			axis->high = last_within(sorted, n, q3 + room, true) + (q3 - q1) / 2;
		} else if (room > 0 && !high && axis->low < q1 - room) {
			axis->low = last_within(sorted, n, q1 - room, false) - (q3 - q1) / 2;
		}
	}
	axis->n_beyond = 0;
	for (size_t i = 0; i < n; i++) {
		axis->n_beyond += sorted[i] < axis->low || sorted[i] > axis->high;
	}
	free(sorted);
}

double plot_axis_place(const struct plot_axis *axis, double v)
{
	double at = (v - axis->low) / (axis->high - axis->low);

	return isnan(at) ? NAN : fmin(fmax(at, 0), 1);
}

double plot_axis_number(const struct plot_axis *axis, double v)
{
	return axis->kind == PLOT_LOG ? pow(10, v) : v;
}

const char *plot_axis_text(const struct plot_axis *axis, double v, struct guild_arena *a)
{
	char text[PLOT_TICK_TEXT];

	if (isnan(v)) {
		return "not set";
	}
	if (axis->kind == PLOT_CATEGORIES) {
		return axis->categories[(size_t)v];
	}
	plot_number_text(plot_axis_number(axis, v), text);
	return guild_arena_strdup(a, text);
}

void plot_axis_widen(struct plot_axis *axis, double share)
{
	if (axis->kind != PLOT_CATEGORIES) {
		double room = (axis->high - axis->low) * share;

		axis->low -= room;
		axis->high += room;
	}
}

/* No halves of what is counted, and each number where they are few. */
static size_t count_ticks(double low, double high, size_t max, struct plot_tick *out)
{
	enum { FEW = 12 };
	double first = ceil(low - 1e-9);
	double n = floor(high + 1e-9) - first + 1;

	if (n > FEW || n > (double)max) {
		/* With a step below 1 there would be more of them. */
		return plot_linear_ticks(low, high, n > (double)max ? max : (size_t)n, out);
	}
	if (n < 1) {
		return plot_linear_ticks(low, high, max, out);
	}
	for (size_t i = 0; i < (size_t)n; i++) {
		out[i].v = first + (double)i;
		plot_number_text(out[i].v, out[i].text);
	}
	return (size_t)n;
}

/* The values themselves, where they are few and lie apart: those of a grid. 0: they do not. */
static size_t value_ticks(const struct plot_axis *axis, size_t max, struct plot_tick *out)
{
	enum { FEW = 8 };
	size_t n = 0;

	for (size_t i = 0; i < axis->n; i++) {
		size_t k = 0;

		while (k < n && out[k].v != axis->v[i]) {
			k++;
		}
		if (k < n || isnan(axis->v[i])) {
			continue;
		}
		if (n == FEW || n == max) {
			return 0;
		}
		out[n++].v = axis->v[i];
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			double apart = fabs(out[i].v - out[k].v) / (axis->high - axis->low);

			if (apart * (double)max < 0.7) {
				return 0;
			}
		}
		plot_number_text(plot_axis_number(axis, out[i].v), out[i].text);
	}
	return n;
}

size_t plot_axis_ticks(const struct plot_axis *axis, size_t max, struct plot_tick *out)
{
	double low = axis->low + (axis->high - axis->low) * axis->unmarked;

	max = max < 2 ? 2 : (max > PLOT_TICKS_MAX ? PLOT_TICKS_MAX : max);
	if (axis->kind != PLOT_CATEGORIES) {
		size_t n = value_ticks(axis, max, out);

		if (n > 1) {
			return n;
		}
	}
	if (axis->kind == PLOT_LOG) {
		return plot_log_ticks(low, axis->high, max, out);
	}
	if (axis->kind == PLOT_LINEAR) {
		return axis->is_integer ? count_ticks(low, axis->high, max, out)
					: plot_linear_ticks(low, axis->high, max, out);
	}
	size_t every = (axis->n_categories + max - 1) / max;
	size_t n = 0;

	for (size_t i = 0; n < max && i < axis->n_categories; i += every ? every : 1) {
		out[n++] = (struct plot_tick){.v = (double)i};
	}
	return n;
}

const char *plot_tick_text(const struct plot_axis *axis, const struct plot_tick *tick)
{
	return axis->kind == PLOT_CATEGORIES ? axis->categories[(size_t)tick->v] : tick->text;
}
