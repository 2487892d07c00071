/*
 * "loss: nan" in the output. The patterns of 0.9.0 take digits only, and so what they find is recorded; but a training that has gone
 * wrong is what people want to hear of first.
 */

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alerts.h"

enum { LINE_MAX_BYTES = 4096 };

struct alert_nans {
	struct guild_buf lines[2]; /* begun ones, of both streams */
	int64_t step;              /* the last one printed, -1: none */
	guild_alert_value_fn *each;
	void *arg;
};

struct alert_nans *guild_alert_nans_new(guild_alert_value_fn *each, void *arg)
{
	struct alert_nans *n = guild_alloc(sizeof(*n));
	n->step = -1;
	n->each = each;
	n->arg = arg;
	return n;
}

void guild_alert_nans_free(struct alert_nans *n)
{
	if (n != NULL) {
		guild_buf_fini(&n->lines[0]);
		guild_buf_fini(&n->lines[1]);
		free(n);
	}
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("_-./#", c) != NULL) ||
	       (unsigned char)c >= 0x80;
}

/* The name before "= nan" or ": nan"; empty when it is something else. */
static struct guild_str name_before(const char *line, size_t at)
{
	size_t end = at;
	end -= end > 0 && (line[end - 1] == '-' || line[end - 1] == '+') ? 1 : 0;
	while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
		end--;
	}
	if (end == 0 || (line[end - 1] != ':' && line[end - 1] != '=')) {
		return guild_str_n(NULL, 0);
	}
	end--;
	while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
		end--;
	}
	end -= end > 0 && (line[end - 1] == '\'' || line[end - 1] == '"') ? 1 : 0;
	size_t start = end;
	while (start > 0 && is_name_char(line[start - 1])) {
		start--;
	}
	return guild_str_n(line + start, end - start);
}

/* nan, inf and infinity, in any case, as whole words. */
static size_t word_at(const char *p, size_t n, double *value)
{
	static const struct {
		const char *word;
		double value;
	} words[] = {
		{"nan", (double)NAN}, {"infinity", (double)INFINITY}, {"inf", (double)INFINITY}};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		size_t size = strlen(words[i].word);
		if (n >= size && strncasecmp(p, words[i].word, size) == 0 &&
			(n == size || !is_name_char(p[size]))) {
			*value = words[i].value;
			return size;
		}
	}
	return 0;
}

/* "step: 12", "step=12" */
static void read_step(struct alert_nans *nans, const char *p, size_t n)
{
	static const char word[] = "step";
	const char *at = memmem(p, n, word, strlen(word));
	if (at == NULL || (at > p && is_name_char(at[-1]))) {
		return;
	}
	at += strlen(word);
	at += strspn(at, " ");
	size_t digits =
		*at == ':' || *at == '=' ? strspn(at + 1 + strspn(at + 1, " "), "0123456789") : 0;
	if (digits > 0) {
		at += 1 + strspn(at + 1, " ");
		(void)guild_parse_i64(at, digits, &nans->step);
	}
}

static void read_line(struct alert_nans *nans, const char *p, size_t n)
{
	read_step(nans, p, n);
	for (size_t i = 0; i + 3 <= n; i++) {
		char c = p[i];
		double value = 0;
		bool may_begin = (c == 'n' || c == 'N' || c == 'i' || c == 'I') &&
				 (i == 0 || strchr(" \t:=-+", p[i - 1]) != NULL);
		size_t size = may_begin ? word_at(p + i, n - i, &value) : 0;
		struct guild_str name = size > 0 ? name_before(p, i) : guild_str_n(NULL, 0);
		if (name.n > 0) {
			char *key = guild_strndup(name.p, name.n);
			nans->each(nans->arg, key, p[i - 1] == '-' ? -value : value, nans->step);
			free(key);
		}
	}
}

void guild_alert_nans_feed(struct alert_nans *n, bool is_stderr, const char *p, size_t size)
{
	struct guild_buf *line = &n->lines[is_stderr];
	for (size_t i = 0, from = 0; i <= size; i++) {
		bool is_end = i < size && (p[i] == '\n' || p[i] == '\r');
		if (!is_end && i < size) {
			continue;
		}
		size_t room = line->n < LINE_MAX_BYTES ? LINE_MAX_BYTES - line->n : 0;
		guild_buf_append(line, p + from, i - from < room ? i - from : room);
		if (is_end) {
			read_line(n, guild_buf_cstr(line), line->n);
			guild_buf_reset(line);
		}
		from = i + 1;
	}
}
