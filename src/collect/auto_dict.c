/* Dictionaries and JSON objects: "{'loss': 0.31, 'epoch': 1.0}", "{"step": 10, "metrics": {"loss": 0.3}}". */
#include <string.h>

#include "auto.h"

enum { DEPTH_MAX = 20 };

struct dict {
	const char *p, *end;
	int depth;
	int in_list; /* what lists hold is passed over */
	struct guild_buf path;
	struct found *found; /* NULL: only looking */
	bool use_texts;      /* numbers are in quotes */
	struct step_choice step;
	bool has_metric, has_python;
	size_t n_numbers, n_text_numbers, n_texts;
};

static void skip_space(struct dict *d)
{
	while (d->p < d->end && (*d->p == ' ' || *d->p == '\t')) {
		d->p++;
	}
}

static bool accept(struct dict *d, char c)
{
	skip_space(d);
	if (d->p < d->end && *d->p == c) {
		d->p++;
		return true;
	}
	return false;
}

static bool parse_string(struct dict *d, struct guild_str *out)
{
	skip_space(d);
	char quote = d->p < d->end ? *d->p : 0;
	if (quote != '"' && quote != '\'') {
		return false;
	}
	d->has_python |= quote == '\'';
	const char *start = ++d->p;
	while (d->p < d->end && *d->p != quote) {
		d->p += *d->p == '\\' && d->p + 1 < d->end ? 2 : 1;
	}
	if (d->p >= d->end) {
		return false;
	}
	*out = (struct guild_str){start, (size_t)(d->p - start)};
	d->p++;
	return true;
}

static void put(struct dict *d, double value, bool is_integer)
{
	if (d->in_list > 0) {
		return;
	}
	struct guild_buf key = {0};
	struct guild_str path = guild_buf_str(&d->path);
	struct guild_str last = path;
	const char *slash = memrchr(path.p, '/', path.n);
	if (slash) {
		last = (struct guild_str){slash + 1, (size_t)(path.p + path.n - slash) - 1};
	}
	int rank = guild_auto_step_rank(guild_auto_exact(last));
	if (rank != STEP_NONE && (is_integer || rank == STEP_EPOCH) && value >= 0) {
		guild_auto_choose_step(&d->step,
			(struct step_mark){.n = 1, .rank = rank, .step = guild_step_of(value)});
	} else if (!(guild_auto_exact(last) & WORD_PLACE) && guild_auto_key(path, &key)) {
		d->has_metric |= guild_auto_is_metric(last);
		if (d->found) {
			guild_found_put(d->found, guild_buf_str(&key), value,
				d->has_python ? "dict" : "json");
		}
	}
	guild_buf_fini(&key);
}

static bool parse_value(struct dict *d);

/* tensor(0.31, device='cuda:0'), np.float64(0.31): the number inside, if that is all there is to it. */
static bool parse_call(struct dict *d)
{
	const char *start = d->p;
	while (d->p < d->end && *d->p != '(') {
		d->p++;
	}
	struct guild_str name = {start, (size_t)(d->p - start)};
	bool is_number = guild_str_eqz(name, "tensor") || guild_str_starts(name, "np.") ||
			 guild_str_starts(name, "numpy.") || guild_str_starts(name, "float") ||
			 guild_str_eqz(name, "Array");
	d->p++;
	d->has_python = true;
	skip_space(d);
	double value;
	bool is_integer;
	size_t n = guild_auto_number((struct guild_str){d->p, (size_t)(d->end - d->p)}, &value,
		&is_integer);
	int depth = 1;
	for (d->p += n; d->p < d->end && depth > 0; d->p++) {
		depth += *d->p == '(' ? 1 : *d->p == ')' ? -1 : 0;
	}
	if (depth > 0) {
		return false;
	}
	if (is_number && n > 0) {
		d->n_numbers++;
		put(d, value, is_integer);
	}
	return true;
}

static bool parse_list(struct dict *d)
{
	char close = *d->p == '[' ? ']' : ')';
	d->p++;
	d->in_list++;
	bool ok = true;
	while (ok && !accept(d, close)) {
		ok = parse_value(d);
		bool goes_on = accept(d, ',');
		ok = ok && (goes_on || (d->p < d->end && *d->p == close));
	}
	d->in_list--;
	return ok;
}

static bool parse_word(struct dict *d)
{
	const char *start = d->p;
	while (d->p < d->end &&
		((*d->p >= 'a' && *d->p <= 'z') || (*d->p >= 'A' && *d->p <= 'Z') || *d->p == '.' ||
			*d->p == '_' || (*d->p >= '0' && *d->p <= '9'))) {
		d->p++;
	}
	if (d->p > start && d->p < d->end && *d->p == '(') {
		d->p = start;
		return parse_call(d);
	}
	return d->p > start;
}

static bool parse_dict(struct dict *d)
{
	d->p++;
	while (!accept(d, '}')) {
		struct guild_str key;
		size_t path = d->path.n;
		if (!parse_string(d, &key) || !accept(d, ':')) {
			return false;
		}
		if (path > 0) {
			guild_buf_putc(&d->path, '/');
		}
		guild_buf_append(&d->path, key.p, key.n);
		bool ok = parse_value(d);
		d->path.n = path;
		skip_space(d);
		if (!ok || (!accept(d, ',') && (d->p >= d->end || *d->p != '}'))) {
			return false;
		}
	}
	return true;
}

static bool parse_text(struct dict *d)
{
	struct guild_str text;
	double value;
	bool is_integer;
	if (!parse_string(d, &text)) {
		return false;
	}
	size_t n = guild_auto_number(text, &value, &is_integer);
	if (n == 0 || n != text.n) {
		d->n_texts++;
		return true;
	}
	d->n_text_numbers++;
	if (d->use_texts) {
		put(d, value, is_integer);
	}
	return true;
}

static bool parse_number(struct dict *d)
{
	double value;
	bool is_integer;
	size_t n = guild_auto_number((struct guild_str){d->p, (size_t)(d->end - d->p)}, &value,
		&is_integer);
	if (n == 0) {
		return false;
	}
	d->p += n;
	d->n_numbers++;
	put(d, value, is_integer);
	return true;
}

static bool parse_value(struct dict *d)
{
	skip_space(d);
	if (d->p >= d->end || d->depth >= DEPTH_MAX) {
		return false;
	}
	d->depth++;
	bool ok;
	char c = *d->p;
	if (c == '{') {
		ok = parse_dict(d);
	} else if (c == '[' || c == '(') {
		ok = parse_list(d);
	} else if (c == '"' || c == '\'') {
		ok = parse_text(d);
	} else {
		ok = parse_number(d) || parse_word(d);
	}
	d->depth--;
	return ok;
}

/* Parses what starts at `start` and ends the line. */
static bool parse(struct dict *d, struct guild_str text, bool use_texts, struct found *found)
{
	*d = (struct dict){.p = text.p,
		.end = text.p + text.n,
		.path = d->path,
		.found = found,
		.use_texts = use_texts,
		.has_python = found && d->has_python,
		.step = d->step};
	guild_buf_reset(&d->path);
	if (!parse_dict(d)) {
		return false;
	}
	skip_space(d);
	return d->p == d->end;
}

/* Recent Transformers print every number in quotes; in other dictionaries a number in quotes is a name. */
static bool all_in_quotes(const struct dict *d)
{
	return d->has_python && d->n_numbers == 0 && d->n_texts == 0 && d->n_text_numbers > 0;
}

bool guild_auto_dict(struct guild_str line, const struct tokens *t, struct found *found)
{
	enum { TRIES = 3 };
	const char *brace = memchr(line.p, '{', line.n);
	struct dict d = {.step.epoch = -1};
	bool is_dict = false;
	struct guild_str text = {0};
	for (int i = 0; brace && i < TRIES && !is_dict; i++) {
		text = (struct guild_str){brace, (size_t)(line.p + line.n - brace)};
		is_dict = parse(&d, text, false, NULL);
		brace = is_dict ? brace : memchr(brace + 1, '{', text.n - 1);
	}
	if (is_dict) {
		bool use_texts = all_in_quotes(&d);
		struct step_choice none = {.epoch = -1};
		bool has_python = d.has_python;
		if (use_texts) {
			d.step = none;
			parse(&d, text, true, NULL);
		}
		bool has_metric = d.has_metric;
		d.step = none;
		d.has_python = has_python;
		for (size_t i = 0; i < t->n && t->v[i].text.p < brace; i++) {
			guild_auto_choose_step(&d.step, guild_auto_step_mark(t, i));
		}
		bool is_placed = d.step.rank > 0;
		parse(&d, text, use_texts, NULL);
		is_placed |= d.step.rank > 0;
		if (has_metric || is_placed) {
			d.has_python = has_python;
			parse(&d, text, use_texts, found);
			found->step = d.step.rank > 0 ? d.step.step : found->step;
		}
	}
	guild_buf_fini(&d.path);
	return is_dict;
}
