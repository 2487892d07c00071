/* Automatic rules: which of them reads a line, and what is kept from line to line. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"

/* A finished bar whose values were not told yet: its next redraw may bring better ones (Lightning shows the figures of the last epoch
 * until validation is over). */
struct pending {
	bool is_set, is_keras;
	bool is_named;         /* the bar itself says the step */
	bool is_stale;         /* it shows what it showed when it began */
	struct guild_buf stem; /* what stands before the bar, digits left out */
	struct found found;    /* its step: -1 for the running one */
};

struct guild_auto {
	struct table *table;
	struct pending pending;
	struct tokens tokens;
	bool has_header;        /* "Epoch 3/10" was seen, */
	bool is_header_fresh;   /* and no bar of Keras since */
	int64_t bar_step;       /* the last bar named this step */
	struct found rich_base; /* what a bar of rich showed at its beginning */
	struct guild_map stems; /* how often bars that know no step were finished */
};

struct guild_auto *guild_auto_new(void)
{
	struct guild_auto *a = guild_alloc(sizeof(*a));
	a->table = guild_table_new();
	guild_found_reset(&a->pending.found);
	guild_found_reset(&a->rich_base);
	a->bar_step = -1;
	return a;
}

void guild_auto_free(struct guild_auto *a)
{
	if (a) {
		guild_table_free(a->table);
		guild_buf_fini(&a->pending.stem);
		guild_found_fini(&a->pending.found);
		guild_found_fini(&a->rich_base);
		guild_map_fini(&a->stems);
		free(a);
	}
}

/* ---- what cannot hold a scalar ---------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool may_start_value(char c)
{
	return is_digit(c) || c == '-' || c == '.' || c == '+' || c == '"' || c == '\'' ||
	       c == '{' || c == '=' || c == '$' || (c | 0x20) == 'n' || (c | 0x20) == 'i' ||
	       c == 't' || c == 'f';
}

/* What may stand between the letters of a name and its separator: "top-5", "Acc 3". */
static bool is_tail(char c)
{
	return is_digit(c) || c == ' ' || c == '-' || c == '.' || c == '/';
}

static bool ends_key(char c)
{
	return is_letter(c) || c == ')' || c == '\'' || c == '"' || c == '@' || c == '%' ||
	       c == '^' || c == ']';
}

/* A separator with something like a name before it and something like a number behind it. Times of day are not. */
static bool has_pair(const char *p, size_t n)
{
	for (size_t i = 1; i + 1 < n; i++) {
		if (p[i] != ':' && p[i] != '=') {
			continue;
		}
		size_t value = i + 1;
		while (value < n && p[value] == ' ') {
			value++;
		}
		if (value == n || !may_start_value(p[value])) {
			continue;
		}
		size_t key = i;
		while (key > 0 && is_tail(p[key - 1])) {
			key--;
		}
		if (key > 0 && ends_key(p[key - 1])) {
			return true;
		}
	}
	return false;
}

static bool has_special(const char *p, size_t n)
{
	return memmem(p, n, "nan", 3) || memmem(p, n, "inf", 3) || memmem(p, n, "NaN", 3);
}

static bool is_word_at(const char *p, size_t n, size_t i, const char *word)
{
	size_t k = 0;
	while (word[k] && i + k < n && (p[i + k] | 0x20) == word[k]) {
		k++;
	}
	return word[k] == 0;
}

static bool opens_number(char c)
{
	return c == ' ' || c == ':' || c == '=' || c == '#' || c == '[' || c == '(';
}

/* "epoch 3", "Step: [10/60]", "iteration=5": a word for a step and its number. */
static bool has_step(const char *p, size_t n)
{
	for (size_t i = 0; i + 4 < n; i++) {
		char c = p[i] | 0x20;
		if ((c != 'e' || !is_word_at(p, n, i, "epoch")) &&
			(c != 's' || !is_word_at(p, n, i, "step")) &&
			(c != 'i' || !is_word_at(p, n, i, "iter"))) {
			continue;
		}
		size_t end = i + 4;
		while (end < n && is_letter(p[end])) {
			end++;
		}
		while (end < n && opens_number(p[end])) {
			end++;
		}
		if (end < n && is_digit(p[end])) {
			return true;
		}
	}
	return false;
}

static size_t skip_frame(const char *p, size_t n)
{
	size_t i = 0;
	while (i < n && (p[i] == ' ' || p[i] == '\t' || p[i] == '|')) {
		i++;
	}
	return i;
}

static bool has_columns(const char *p, size_t n)
{
	return memmem(p, n, "  ", 2) != NULL || memchr(p, '\t', n) != NULL ||
	       memchr(p, '|', n) != NULL;
}

static bool may_be_table(const struct guild_auto *a, const char *p, size_t n, unsigned flags)
{
	size_t i = skip_frame(p, n);
	if (i == n) {
		return false;
	}
	bool is_rule = i + 2 < n && (p[i] == '-' || p[i] == '=' || p[i] == '+') &&
		       (p[i + 1] == '-' || p[i + 1] == '=');
	bool is_row = guild_table_is_open(a->table) && is_digit(p[i]);
	if (is_rule || is_row) {
		return true;
	}
	bool is_header = (flags & LINE_COLUMNS) && (is_letter(p[i]) || p[i] == '#');
	return is_header && has_columns(p + i, guild_line_trimmed(p, n) - i);
}

bool guild_auto_wants_every_line(const struct guild_auto *a)
{
	return guild_table_is_open(a->table) || guild_table_in_box(a->table);
}

/* What is looked for here must be known to line_marks.c, too. */
bool guild_auto_may_match(const struct guild_auto *a, const char *p, size_t n, unsigned flags)
{
	if ((flags & LINE_ODD) || guild_table_in_box(a->table)) {
		return true;
	}
	bool has_separator = (flags & (LINE_COLON | LINE_EQUALS)) != 0;
	if (!(flags & LINE_DIGIT)) {
		return (has_separator && has_special(p, n) && has_pair(p, n)) ||
		       may_be_table(a, p, n, flags);
	}
	if (has_separator && has_pair(p, n)) {
		return true;
	}
	return ((flags & LINE_STEP) && has_step(p, n)) ||
	       ((flags & LINE_IS) && memmem(p, n, " is ", 4)) || may_be_table(a, p, n, flags);
}

/* ---- bars ----------------------------------------------------------------------------------------------- */

static void stem_of(const struct bar *b, struct guild_buf *out)
{
	guild_buf_reset(out);
	for (size_t i = 0; i < b->before.n; i++) {
		/* What a bar says may change while it runs ("loss 0.31"), what it is about does not. */
		char c = b->before.p[i];
		if (!is_digit(c) && c != '.' && c != '-' && c != ' ') {
			guild_buf_putc(out, c);
		}
	}
	guild_buf_puts(out, b->is_keras ? "keras" : "");
}

static int64_t named_step(struct guild_auto *a, const struct bar *b)
{
	struct step_choice step = {.epoch = -1};
	guild_auto_tokenize(b->before, &a->tokens);
	for (size_t i = 0; i < a->tokens.n; i++) {
		guild_auto_choose_step(&step, guild_auto_step_mark(&a->tokens, i));
	}
	return step.rank > 0 ? step.step : -1;
}

/* A bar over all epochs counts them itself. */
static bool counts_steps(const struct bar *b)
{
	static const char *const words[] = {"epoch", "step", "iter", "training", "episode"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (guild_contains_nocase(b->before, guild_str(words[i]))) {
			return true;
		}
	}
	return false;
}

/* The step of a finished bar: what it says itself, else the running one, else how often such a bar was finished. */
static int64_t bar_step(struct guild_auto *a, const struct bar *b, const struct step_choice *said,
	int64_t running, bool *is_named)
{
	*is_named = said->rank > 0;
	if (said->rank > 0) {
		return said->step;
	}
	if (b->is_keras || running >= 0) {
		return -1;
	}
	if (counts_steps(b)) {
		return b->at;
	}
	uintptr_t before = (uintptr_t)guild_map_get(&a->stems, guild_buf_cstr(&a->pending.stem));
	return (int64_t)before + 1;
}

static const char *bar_rule(const struct bar *b)
{
	return b->is_keras ? "keras" : "tqdm";
}

/* Ultralytics draws the row of a table before its bar. */
static bool read_table_before(struct guild_auto *a, const struct bar *b, struct found *found)
{
	struct guild_str row = guild_str_trim(b->before);
	return memmem(row.p, row.n, "  ", 2) != NULL &&
	       guild_table_line(a->table, b->before, found);
}

static void read_bar(struct guild_auto *a, const struct bar *b, struct found *found,
	struct step_choice *step)
{
	guild_auto_tokenize(b->after, &a->tokens);
	guild_auto_figures(&a->tokens, bar_rule(b), found, step);
	if (b->before.n > 0 && !read_table_before(a, b, found)) {
		guild_auto_tokenize(b->before, &a->tokens);
		guild_auto_figures(&a->tokens, bar_rule(b), found, step);
	} else if (found->step >= 0) {
		*step = (struct step_choice){.rank = STEP_EPOCH, .step = found->step};
	}
}

static void set_pending(struct guild_auto *a, const struct bar *b, struct found take, bool is_named)
{
	struct pending *p = &a->pending;
	guild_found_fini(&p->found);
	p->found = take;
	p->is_set = true;
	p->is_keras = b->is_keras;
	p->is_named = is_named;
	p->is_stale = false;
	stem_of(b, &p->stem);
}

static bool is_equal(const struct found *a, const struct found *b)
{
	if (a->n != b->n) {
		return false;
	}
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(guild_found_key(a, i), guild_found_key(b, i)) != 0 ||
			a->v[i].value != b->v[i].value) {
			return false;
		}
	}
	return true;
}

static struct found copy_found(const struct found *from)
{
	struct found to = {.step = from->step};
	for (size_t i = 0; i < from->n; i++) {
		guild_found_put(&to, guild_str(guild_found_key(from, i)), from->v[i].value,
			from->v[i].rule);
	}
	return to;
}

/* Lightning over rich shows the last figures of an epoch first when the bar of the next begins. */
static void keep_beginning(struct guild_auto *a, const struct bar *b, const struct found *found,
	int64_t step)
{
	if (a->bar_step >= 0 && step == a->bar_step + 1 && found->n > 0) {
		struct found last = copy_found(found);
		last.step = a->bar_step;
		set_pending(a, b, last, true);
	}
	guild_found_fini(&a->rich_base);
	a->rich_base = copy_found(found);
}

static void keep_bar(struct guild_auto *a, const struct bar *b, int64_t running)
{
	bool is_finished = b->total < 0 || b->at >= b->total;
	bool is_named;
	struct found found = {.step = -1};
	struct step_choice step = {.epoch = -1};
	read_bar(a, b, &found, &step);
	if (b->is_rich && b->at == 0 && step.rank > 0 && step.step != a->bar_step) {
		keep_beginning(a, b, &found, step.step);
	}
	a->bar_step = step.rank > 0 ? step.step : a->bar_step;
	if (!is_finished || found.n == 0) {
		guild_found_fini(&found);
		return;
	}
	bool is_stale = b->is_rich && is_equal(&found, &a->rich_base);
	set_pending(a, b, found, false);
	a->pending.is_stale = is_stale;
	a->pending.found.step = bar_step(a, b, &step, running, &is_named);
	a->pending.is_named = is_named;
}

int64_t guild_auto_bar_step(const struct guild_auto *a)
{
	return a->bar_step;
}

bool guild_auto_is_bar(struct guild_str line)
{
	struct bar b;
	return guild_bar_parse(line, &b);
}

void guild_auto_redraw(struct guild_auto *a, struct guild_str line, int64_t running)
{
	struct bar b;
	if (guild_bar_parse(line, &b)) {
		keep_bar(a, &b, running);
	}
}

/* Figures of a bar under a header that had its bar already are of an evaluation. */
static void put_keras(struct guild_auto *a, const struct found *from, struct found *to)
{
	bool is_evaluation = a->has_header && !a->is_header_fresh;
	for (size_t i = 0; i < from->n; i++) {
		struct guild_buf key = {0};
		guild_buf_puts(&key, is_evaluation ? "eval_" : "");
		guild_buf_puts(&key, guild_found_key(from, i));
		guild_found_put(to, guild_buf_str(&key), from->v[i].value, from->v[i].rule);
		guild_buf_fini(&key);
	}
	a->is_header_fresh = false;
}

static bool is_header(struct guild_auto *a, struct guild_str line)
{
	guild_auto_tokenize(line, &a->tokens);
	struct step_mark m = guild_auto_step_mark(&a->tokens, 0);
	return m.n > 0 && m.n == a->tokens.n;
}

/* May the values of the pending bar still change after this line? */
static bool may_go_on(struct guild_auto *a, struct guild_str next)
{
	struct bar b;
	const struct pending *p = &a->pending;
	if (!guild_bar_parse(next, &b)) {
		return !p->is_keras || !is_header(a, next);
	}
	struct guild_buf stem = {0};
	stem_of(&b, &stem);
	bool is_same = guild_streq(guild_buf_cstr(&stem), guild_buf_cstr(&p->stem));
	guild_buf_fini(&stem);
	if (!is_same) {
		return !p->is_keras;
	}
	int64_t step = named_step(a, &b);
	if (b.is_rich && b.at == 0 && p->is_named && step == p->found.step + 1) {
		return true; /* it shows what this one ended with */
	}
	if (b.is_line || (b.total >= 0 && b.at < b.total)) {
		return false;
	}
	return step < 0 || !p->is_named || step == p->found.step;
}

bool guild_auto_settle(struct guild_auto *a, const struct guild_str *next, struct found *found,
	bool *is_named)
{
	struct pending *p = &a->pending;
	if (!p->is_set || (next && may_go_on(a, *next))) {
		return false;
	}
	if (next && p->is_stale) {
		p->is_set = false;
		return false;
	}
	if (p->is_keras) {
		put_keras(a, &p->found, found);
	} else {
		for (size_t i = 0; i < p->found.n; i++) {
			guild_found_put(found, guild_str(guild_found_key(&p->found, i)),
				p->found.v[i].value, p->found.v[i].rule);
		}
		uintptr_t before = (uintptr_t)guild_map_get(&a->stems, guild_buf_cstr(&p->stem));
		guild_map_put(&a->stems, guild_buf_cstr(&p->stem), (void *)(before + 1));
	}
	found->step = p->found.step;
	*is_named = p->is_named;
	p->is_set = false;
	return true;
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static void read_keras_line(struct guild_auto *a, const struct bar *b, struct found *found)
{
	struct found figures = {.step = -1};
	struct step_choice step = {.epoch = -1};
	read_bar(a, b, &figures, &step);
	if (figures.n > 0 && b->at >= b->total) {
		put_keras(a, &figures, found);
	}
	guild_found_fini(&figures);
}

void guild_auto_line(struct guild_auto *a, struct guild_str line, int64_t running,
	struct found *found)
{
	struct bar b;
	if (guild_bar_parse(line, &b)) {
		if (b.is_keras && b.is_line) {
			read_keras_line(a, &b, found);
		} else {
			keep_bar(a, &b, running);
		}
		return;
	}
	if (guild_table_line(a->table, line, found)) {
		return;
	}
	guild_auto_tokenize(line, &a->tokens);
	if (guild_auto_dict(line, &a->tokens, found)) {
		return;
	}
	guild_auto_sentence(&a->tokens, found);
	if (found->n == 0 && found->step >= 0) {
		a->has_header = a->is_header_fresh = true;
	}
}
