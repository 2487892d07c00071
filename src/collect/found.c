/* The values found in one line: last match wins, "step" is no value. */
#include "collect_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void guild_found_reset(struct found *f)
{
	f->n = 0;
	f->step = -1;
	f->has_step = false;
	guild_buf_reset(&f->keys);
}

void guild_found_fini(struct found *f)
{
	free(f->v);
	guild_buf_fini(&f->keys);
	*f = (struct found){.step = -1};
}

const char *guild_found_key(const struct found *f, size_t i)
{
	return f->keys.p + f->v[i].key_at;
}

int64_t guild_step_of(double v)
{
	if (!(v > 0)) {
		return 0;
	}
	return v >= 9223372036854775807.0 ? INT64_MAX : (int64_t)v;
}

void guild_found_put(struct found *f, struct guild_str key, double value, const char *rule)
{
	if (guild_str_eqz(key, "step")) {
		f->has_step = true;
		f->step_value = value;
		if (isfinite(value)) {
			f->step = guild_step_of(value);
		}
		return;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (guild_str_eqz(key, guild_found_key(f, i))) {
			f->v[i].value = value;
			f->v[i].rule = rule;
			return;
		}
	}
	if (f->n >= GUILD_LINE_VALUES_MAX) {
		return;
	}
	f->v = guild_grow_array(f->v, &f->cap, f->n + 1, sizeof(*f->v));
	f->v[f->n++] = (struct found_value){f->keys.n, value, rule};
	guild_buf_append(&f->keys, key.p, key.n);
	guild_buf_putc(&f->keys, 0);
}

/* Lines hold few values: insertion keeps it short. */
void guild_found_sort(struct found *f)
{
	for (size_t i = 1; i < f->n; i++) {
		struct found_value v = f->v[i];
		size_t at = i;
		for (; at > 0 && strcmp(f->keys.p + v.key_at, guild_found_key(f, at - 1)) < 0;
			at--) {
			f->v[at] = f->v[at - 1];
		}
		f->v[at] = v;
	}
}

bool guild_python_float(struct guild_str text, double *out)
{
	enum { FLOAT_TEXT_MAX = 400 };
	text.n = guild_line_trimmed(text.p, text.n);
	size_t space;
	while ((space = guild_line_space(text.p, text.n)) > 0) {
		text.p += space;
		text.n -= space;
	}
	if (memchr(text.p, '_', text.n) == NULL || text.n > FLOAT_TEXT_MAX) {
		return guild_parse_f64(text.p, text.n, out);
	}
	char plain[FLOAT_TEXT_MAX];
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (c != '_') {
			plain[n++] = c;
			continue;
		}
		bool between = i > 0 && i + 1 < text.n && text.p[i - 1] >= '0' &&
			       text.p[i - 1] <= '9' && text.p[i + 1] >= '0' && text.p[i + 1] <= '9';
		if (!between) {
			return false;
		}
	}
	return guild_parse_f64(plain, n, out);
}
