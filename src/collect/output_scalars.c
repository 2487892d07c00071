/* Scalars in the output of a program: configuration, lines, steps, who found what. */
#include "collect_private.h"

#include <stdlib.h>
#include <string.h>

#include "auto.h"

enum { STREAMS = 2 };

/* What one rule found so far. */
struct tally {
	const char *rule;
	int64_t count;
	struct guild_map keys;
};

/* One stream between two calls of feed. */
struct stream {
	struct guild_buf line; /* the beginning of a line, what goes past GUILD_LINE_MAX left out */
};

struct guild_output_scalars {
	struct scalar_config config;
	struct line_marks marks;
	struct guild_auto *automatic; /* NULL: not in force */
	struct guild_map flags;
	struct found found;
	struct guild_buf clean;
	int64_t step;
	int64_t bar_step;
	struct stream streams[STREAMS];
	struct tally *tallies;
	size_t n_tallies, cap_tallies;
	const struct guild_log *log;
	bool has_given_up; /* said once */
};

int guild_output_scalars_new(const struct guild_value *config, bool allow_auto,
	const struct guild_value *flags, struct guild_output_scalars **out,
	const struct guild_log *log, struct guild_error *err)
{
	(void)err;
	struct guild_output_scalars *p = guild_alloc(sizeof(*p));
	p->step = -1;
	p->bar_step = -1;
	p->log = log;
	for (size_t i = 0; flags && flags->type == GUILD_DICT && i < flags->n; i++) {
		const char *name = guild_value_text(flags->pairs[i].key);
		if (name) {
			guild_map_put(&p->flags, name, p);
		}
	}
	guild_scalar_config_read(config, allow_auto, &p->config, log);
	p->automatic = p->config.has_automatic ? guild_auto_new() : NULL;
	p->marks.has_automatic = p->config.has_automatic;
	for (size_t i = 0; i < p->config.n; i++) {
		guild_line_marks_require(&p->marks, guild_pattern_required(p->config.patterns[i]));
	}
	*out = p;
	return 0;
}

void guild_output_scalars_free(struct guild_output_scalars *p)
{
	if (p == NULL) {
		return;
	}
	for (size_t i = 0; i < p->n_tallies; i++) {
		guild_map_fini(&p->tallies[i].keys);
	}
	for (size_t i = 0; i < STREAMS; i++) {
		guild_buf_fini(&p->streams[i].line);
	}
	guild_scalar_config_fini(&p->config);
	free(p->tallies);
	guild_auto_free(p->automatic);
	guild_map_fini(&p->flags);
	guild_found_fini(&p->found);
	guild_buf_fini(&p->clean);
	free(p);
}

/* ---- telling what was found ---------------------------------------------------------------------- */

static void count_value(struct guild_output_scalars *p, const char *rule, const char *key)
{
	size_t i = 0;
	while (i < p->n_tallies && strcmp(p->tallies[i].rule, rule) != 0) {
		i++;
	}
	if (i == p->n_tallies) {
		p->tallies = guild_grow_array(p->tallies, &p->cap_tallies, p->n_tallies + 1,
			sizeof(*p->tallies));
		p->tallies[p->n_tallies++] = (struct tally){.rule = rule};
	}
	p->tallies[i].count++;
	if (!guild_map_has(&p->tallies[i].keys, key)) {
		guild_map_put(&p->tallies[i].keys, key, p);
	}
}

/* Hands out what p->found holds, at one step. */
static void emit_at(struct guild_output_scalars *p, int64_t step, bool skip_flags,
	guild_output_scalar_fn *fn, void *arg)
{
	guild_found_sort(&p->found);
	for (size_t i = 0; i < p->found.n; i++) {
		const char *key = guild_found_key(&p->found, i);
		if (skip_flags && guild_map_has(&p->flags, key)) {
			continue;
		}
		struct guild_output_scalar s = {key, p->found.v[i].value, step, p->found.v[i].rule};
		count_value(p, s.rule, key);
		fn(arg, &s);
	}
}

/* A step that a line sets holds from that line on. */
static void emit(struct guild_output_scalars *p, bool skip_flags, guild_output_scalar_fn *fn,
	void *arg)
{
	if (p->found.step >= 0) {
		p->step = p->found.step;
	}
	emit_at(p, p->step, skip_flags, fn, arg);
}

struct guild_value *guild_output_scalars_report(const struct guild_output_scalars *p,
	struct guild_arena *a)
{
	if (p->n_tallies == 0) {
		return NULL;
	}
	struct guild_value *report = guild_value_dict(a);
	for (size_t i = 0; i < p->n_tallies; i++) {
		struct guild_value *entry = guild_value_dict(a);
		struct guild_value *keys = guild_value_list(a);
		for (size_t k = 0; k < p->tallies[i].keys.n; k++) {
			guild_value_append(a, keys,
				guild_value_string(a, p->tallies[i].keys.entries[k].key));
		}
		guild_value_set(a, entry, "count", guild_value_int(a, p->tallies[i].count));
		guild_value_set(a, entry, "keys", keys);
		guild_value_set(a, report, p->tallies[i].rule, entry);
	}
	return report;
}

/* ---- lines ----------------------------------------------------------------------------------------- */

static bool patterns_may_match(const struct guild_output_scalars *p, const char *line, size_t n)
{
	for (size_t i = 0; i < p->config.n; i++) {
		char required = guild_pattern_required(p->config.patterns[i]);
		if (required == 0 || memchr(line, required, n) != NULL) {
			return true;
		}
	}
	return false;
}

/* Who may find something in a line. */
enum { BY_DEFAULT = 1, BY_RULE = 2, BY_PATTERN = 4 };

static unsigned who_may_match(const struct guild_output_scalars *p, const char *line, size_t n,
	unsigned flags)
{
	unsigned who = 0;
	who |= p->config.has_default && guild_default_may_match(line, n, flags) ? BY_DEFAULT : 0;
	who |= p->automatic && guild_auto_may_match(p->automatic, line, n, flags) ? BY_RULE : 0;
	who |= patterns_may_match(p, line, n) ? BY_PATTERN : 0;
	return who;
}

bool guild_output_scalars_may_match(const struct guild_output_scalars *p, const char *line,
	size_t n)
{
	return who_may_match(p, line, n, guild_line_scan(line, n)) != 0;
}

/* What is printed while a bar of epoch 3 is drawn belongs to epoch 3. */
static void follow_bar(struct guild_output_scalars *p)
{
	int64_t step = guild_auto_bar_step(p->automatic);
	if (step > p->bar_step) {
		p->step = step > p->step ? step : p->step;
	}
	p->bar_step = step;
}

/* Patterns, then where they find nothing the automatic rules; true when patterns of the user found something. */
static bool find(struct guild_output_scalars *p, struct guild_str line, unsigned who)
{
	guild_found_reset(&p->found);
	for (size_t i = 0; (who & BY_PATTERN) && i < p->config.n; i++) {
		if (!guild_pattern_find(p->config.patterns[i], line, &p->found, NULL) &&
			!p->has_given_up) {
			p->has_given_up = true;
			guild_log(p->log, "warning",
				"output-scalars pattern '%s' takes too long on a line, which is left out",
				guild_pattern_text(p->config.patterns[i]));
		}
	}
	if (p->config.n > 0 && p->found.n > 0) {
		return true;
	}
	if (who & BY_DEFAULT) {
		guild_default_find(line, &p->found);
	}
	if ((who & BY_RULE) && p->found.n == 0) {
		guild_auto_line(p->automatic, line, p->step, &p->found);
		follow_bar(p);
	}
	return false;
}

/* A bar that waited for its next redraw is told before anything else. It may speak of a step that is over by now. */
static void settle(struct guild_output_scalars *p, const struct guild_str *next,
	guild_output_scalar_fn *fn, void *arg)
{
	if (p->automatic == NULL) {
		return;
	}
	bool is_named;
	guild_found_reset(&p->found);
	if (guild_auto_settle(p->automatic, next, &p->found, &is_named)) {
		int64_t step = p->found.step >= 0 ? p->found.step : p->step;
		if (is_named && step > p->step) {
			p->step = step;
		}
		emit_at(p, step, true, fn, arg);
	}
}

/* The redraws of one line before the last: only progress bars are read from them. */
static void read_redraws(struct guild_output_scalars *p, struct guild_str line,
	guild_output_scalar_fn *fn, void *arg)
{
	const char *cr;
	while (p->automatic && (cr = memchr(line.p, '\r', line.n)) != NULL) {
		guild_line_clean((struct guild_str){line.p, (size_t)(cr - line.p)}, &p->clean);
		struct guild_str text = guild_buf_str(&p->clean);
		if (text.n > 0 && guild_auto_is_bar(text)) {
			settle(p, &text, fn, arg);
			guild_auto_redraw(p->automatic, text, p->step);
			follow_bar(p);
		}
		line.n -= (size_t)(cr - line.p) + 1;
		line.p = cr + 1;
	}
}

void guild_output_scalars_line(struct guild_output_scalars *p, struct guild_str line,
	guild_output_scalar_fn *fn, void *arg)
{
	unsigned flags = guild_line_scan(line.p, line.n);
	unsigned who = who_may_match(p, line.p, line.n, flags);
	if (who == 0) {
		return;
	}
	struct guild_str text = {line.p, line.n < GUILD_LINE_MAX ? line.n : GUILD_LINE_MAX};
	if (flags & LINE_ODD) {
		read_redraws(p, text, fn, arg);
		guild_line_clean(text, &p->clean);
		text = guild_buf_str(&p->clean);
	} else {
		text.n = guild_line_trimmed(text.p, text.n);
	}
	if (text.n == 0) {
		return;
	}
	settle(p, &text, fn, arg);
	bool by_user = find(p, text, who);
	emit(p, !by_user, fn, arg);
}

void guild_output_scalars_end(struct guild_output_scalars *p, guild_output_scalar_fn *fn, void *arg)
{
	for (size_t i = 0; i < STREAMS; i++) {
		struct guild_buf *line = &p->streams[i].line;
		guild_output_scalars_line(p, guild_buf_str(line), fn, arg);
		guild_buf_reset(line);
	}
	settle(p, NULL, fn, arg);
}

/* ---- streams ------------------------------------------------------------------------------------------- */

/* Reads the redraws that are no longer the last of the kept line, and lets them go: what a bar shows is told while it runs, and a line that
 * is never ended needs no memory. */
static void read_old_redraws(struct guild_output_scalars *p, struct stream *s,
	guild_output_scalar_fn *fn, void *arg)
{
	struct guild_str line = guild_buf_str(&s->line);
	const char *last = memrchr(line.p, '\r', line.n);
	const char *before = last ? memrchr(line.p, '\r', (size_t)(last - line.p)) : NULL;
	if (before == NULL) {
		return;
	}
	size_t done = (size_t)(before - line.p) + 1;
	read_redraws(p, (struct guild_str){line.p, done}, fn, arg);
	memmove(s->line.p, s->line.p + done, line.n - done);
	s->line.n = line.n - done;
	s->line.p[s->line.n] = 0;
}

/* Keeps the beginning of a line that ends in a later piece. */
static void keep_rest(struct guild_output_scalars *p, struct stream *s, struct guild_str rest,
	guild_output_scalar_fn *fn, void *arg)
{
	bool has_redraw = rest.n > 0 && memchr(rest.p, '\r', rest.n) != NULL;
	while (rest.n > 0 && s->line.n < GUILD_LINE_MAX) {
		size_t room = GUILD_LINE_MAX - s->line.n;
		size_t n = rest.n < room ? rest.n : room;
		guild_buf_append(&s->line, rest.p, n);
		rest.p += n;
		rest.n -= n;
		if (has_redraw) {
			read_old_redraws(p, s, fn, arg);
		}
	}
}

/* Drops the whole lines in front of the next one that is worth a look; what is left begins with that line, or with the unended one. */
static void skip_lines(const struct guild_output_scalars *p, struct guild_str *bytes)
{
	if (p->marks.is_every_line || (p->automatic && guild_auto_wants_every_line(p->automatic))) {
		return;
	}
	size_t mark = guild_line_find_mark(&p->marks, bytes->p, bytes->n);
	const char *end = mark > 0 ? memrchr(bytes->p, '\n', mark) : NULL;
	if (end != NULL) {
		bytes->n -= (size_t)(end + 1 - bytes->p);
		bytes->p = end + 1;
	}
}

/* Takes the next line off `bytes`; false when it does not end there. */
static bool next_line(struct guild_str *bytes, struct guild_str *line)
{
	const char *end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
	if (end == NULL) {
		return false;
	}
	*line = (struct guild_str){bytes->p, (size_t)(end - bytes->p)};
	bytes->n -= line->n + 1;
	bytes->p = end + 1;
	return true;
}

void guild_output_scalars_feed(struct guild_output_scalars *p, unsigned stream,
	struct guild_str bytes, guild_output_scalar_fn *fn, void *arg)
{
	guild_assert(stream < STREAMS);
	struct stream *s = &p->streams[stream];
	struct guild_str line;
	if (s->line.n > 0 && next_line(&bytes, &line)) {
		keep_rest(p, s, line, fn, arg);
		guild_output_scalars_line(p, guild_buf_str(&s->line), fn, arg);
		guild_buf_reset(&s->line);
	}
	if (s->line.n == 0) {
		skip_lines(p, &bytes);
		while (next_line(&bytes, &line)) {
			guild_output_scalars_line(p, line, fn, arg);
			skip_lines(p, &bytes);
		}
	}
	keep_rest(p, s, bytes, fn, arg);
}
