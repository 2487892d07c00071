/* Progress bars: what tqdm, rich and Keras draw. */
#include <string.h>

#include "auto.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct guild_str slice(struct guild_str s, size_t from, size_t to)
{
	return (struct guild_str){s.p + from, to - from};
}

/* "12/60" at i: the end of it, or 0. */
static size_t read_fraction(struct guild_str s, size_t i, int64_t *at, int64_t *total)
{
	size_t start = i;
	while (i < s.n && is_digit(s.p[i])) {
		i++;
	}
	size_t slash = i;
	if (i == start || i >= s.n || s.p[i] != '/' ||
		!guild_parse_i64(s.p + start, i - start, at)) {
		return 0;
	}
	i++;
	while (i < s.n && is_digit(s.p[i])) {
		i++;
	}
	if (i == slash + 1) { /* "5/Unknown", "5/?" */
		*total = -1;
		while (i < s.n && s.p[i] != ' ') {
			i++;
		}
		return i;
	}
	return guild_parse_i64(s.p + slash + 1, i - slash - 1, total) ? i : 0;
}

static size_t skip_blanks(struct guild_str s, size_t i)
{
	while (i < s.n && s.p[i] == ' ') {
		i++;
	}
	return i;
}

/* A piece of a drawn bar (U+2500 to U+259F). */
static bool is_drawn(struct guild_str s, size_t i)
{
	return i + 2 < s.n && (unsigned char)s.p[i] == 0xe2 && (unsigned char)s.p[i + 1] >= 0x94 &&
	       (unsigned char)s.p[i + 1] <= 0x96;
}

/* "12/60 - 1s - loss: 0.3", "12/60 [===>...] - 1s - loss: 0.3", "12/60 ━━━━ 1s 5ms/step - loss: 0.3" */
static bool parse_keras(struct guild_str s, struct bar *out)
{
	size_t i = skip_blanks(s, 0);
	size_t end = read_fraction(s, i, &out->at, &out->total);
	if (end == 0 || end >= s.n || s.p[end] != ' ') {
		return false;
	}
	i = skip_blanks(s, end);
	bool is_line = i + 2 < s.n && s.p[i] == '-' && s.p[i + 1] == ' ' && is_digit(s.p[i + 2]);
	bool is_old = i + 1 < s.n && s.p[i] == '[' && strchr("=>.", s.p[i + 1]) && s.p[i + 1];
	if (!is_line && !is_old && !is_drawn(s, i)) {
		return false;
	}
	const char *figures = memmem(s.p + i, s.n - i, " - ", 3);
	size_t from = is_line ? i : figures ? (size_t)(figures - s.p) : s.n;
	out->is_keras = true;
	out->is_line = is_line;
	out->before = slice(s, 0, 0);
	out->after = slice(s, from, s.n);
	return true;
}

/* Where the description before a percentage ends. */
static size_t description_end(struct guild_str s, size_t percent)
{
	size_t i = percent;
	while (i > 0 && (is_digit(s.p[i - 1]) || s.p[i - 1] == '.')) {
		i--;
	}
	while (i > 0 && s.p[i - 1] == ' ') {
		i--;
	}
	return i > 0 && s.p[i - 1] == ':' ? i - 1 : i;
}

/* "Epoch 3: 100%|████| 20/20 [00:01<00:00, 15it/s, loss=0.3]" */
static bool parse_tqdm(struct guild_str s, struct bar *out)
{
	const char *mark = memchr(s.p, '%', s.n) ? memmem(s.p, s.n, "%|", 2) : NULL;
	if (mark == NULL || mark == s.p || !is_digit(mark[-1])) {
		return false;
	}
	size_t percent = (size_t)(mark - s.p);
	const char *close = memchr(mark + 2, '|', s.n - percent - 2);
	if (close == NULL) {
		return false;
	}
	size_t after = (size_t)(close - s.p) + 1;
	size_t i = skip_blanks(s, after);
	size_t end = read_fraction(s, i, &out->at, &out->total);
	if (end == 0) { /* a format of one's own: only the percentage says whether it is over */
		bool is_full = percent >= 3 && memcmp(mark - 3, "100", 3) == 0;
		out->at = is_full;
		out->total = 1;
	}
	out->before = slice(s, 0, description_end(s, percent));
	out->after = slice(s, end > 0 ? end : after, s.n);
	return true;
}

/* "12it [00:01, 10.00it/s, loss=0.3]": a bar without a total. */
static bool parse_counter(struct guild_str s, struct bar *out)
{
	const char *mark = s.p[s.n - 1] == ']' ? memmem(s.p, s.n, "it [", 4) : NULL;
	if (mark == NULL || mark == s.p || !is_digit(mark[-1])) {
		return false;
	}
	size_t i = (size_t)(mark - s.p);
	size_t end = i;
	while (i > 0 && is_digit(s.p[i - 1])) {
		i--;
	}
	out->total = -1;
	out->before = slice(s, 0, description_end(s, i));
	out->after = slice(s, end + 3, s.n);
	return guild_parse_i64(s.p + i, end - i, &out->at);
}

/* "Epoch 2/9 ━━━━━━━ 8/8 0:00:01 • 0:00:00 100.00it/s loss: 0.3", as rich draws it */
static bool parse_rich(struct guild_str s, struct bar *out)
{
	size_t start = 0;
	const char *lead;
	while ((lead = memchr(s.p + start, 0xe2, s.n - start)) != NULL &&
		!is_drawn(s, (size_t)(lead - s.p))) {
		start = (size_t)(lead - s.p) + 1;
	}
	start = lead ? (size_t)(lead - s.p) : 0;
	size_t i = start;
	while (is_drawn(s, i)) {
		i += 3;
	}
	if (start == 0 || i < start + 6 || i >= s.n || s.p[i] != ' ') {
		return false;
	}
	size_t end = read_fraction(s, skip_blanks(s, i), &out->at, &out->total);
	size_t about = start;
	while (about > 0 && s.p[about - 1] == ' ') {
		about--;
	}
	out->is_rich = about > 0 && s.p[about - 1] != '%';
	if (about > 0 && !out->is_rich) { /* "…: 100% ━━━━ 4/4", as Ultralytics draws it */
		about = description_end(s, about - 1);
	}
	out->before = slice(s, 0, about);
	out->after = slice(s, end, s.n);
	return end > 0;
}

bool guild_bar_parse(struct guild_str line, struct bar *out)
{
	*out = (struct bar){.at = -1, .total = -1};
	return line.n > 3 && (parse_keras(line, out) || parse_tqdm(line, out) ||
				     parse_counter(line, out) || parse_rich(line, out));
}
