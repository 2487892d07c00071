/* How a value looks in a table. */

#include <guild/formats.h>

#include <string.h>

enum { DECIMALS = 6 };

/* 0.0003999 -> 0.000399, 9.9999999e-05 -> 9.999999e-05: digits are cut, the exponent stays. */
static void put_float(struct guild_buf *out, double value)
{
	char text[GUILD_F64_MAX];
	size_t n = guild_f64_repr(value, text);
	const char *point = memchr(text, '.', n);
	const char *exponent = memchr(text, 'e', n);
	const char *end = exponent ? exponent : text + n;

	if (point && end - point > DECIMALS + 1) {
		guild_buf_append(out, text, (size_t)(point - text) + DECIMALS + 1);
		guild_buf_append(out, end, (size_t)(text + n - end));
	} else {
		guild_buf_append(out, text, n);
	}
}

void guild_cell_text(struct guild_buf *out, const struct guild_value *v)
{
	size_t start = out->n;

	if (guild_value_is_null(v)) {
		return;
	}
	if (v->type == GUILD_FLOAT) {
		put_float(out, v->f);
	} else if (v->type == GUILD_BOOL) {
		guild_buf_puts(out, v->b ? "yes" : "no");
	} else {
		guild_value_py_str(out, v);
	}
	for (size_t i = start; i < out->n; i++) {
		/* A cell is one line. */
		if (out->p[i] == '\n' || out->p[i] == '\r' || out->p[i] == '\t') {
			out->p[i] = ' ';
		}
	}
}
