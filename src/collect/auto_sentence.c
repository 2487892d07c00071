/* Pairs in a line: "Epoch 3/10, Loss: 0.3, Acc: 91.2%", "step=10 loss=0.3", "[10] train-logloss:0.3", "Loss 6.9 (7.0)". */
#include <string.h>

#include "auto.h"

enum { KEY_WORDS_MAX = 12, PAIRS_MAX = 200 };

struct pair {
	size_t from, sep, value; /* tokens: of the key, behind the key, of the value */
	double number;
	bool has_sep;
	bool is_real; /* a fraction, an exponent, a percent sign */
};

struct sentence {
	const struct tokens *t;
	struct step_choice step;
	struct pair pairs[PAIRS_MAX];
	size_t n;
	size_t n_other_words;
	size_t n_settings; /* "amp=False": what a program was told */
	bool has_step_word;
	bool is_figures;        /* pairs without a separator count without a step, too */
	struct guild_str phase; /* "val: loss 0.3": what the line is about */
};

/* Not the whole struct: most of it is room for pairs. */
static void start_sentence(struct sentence *s, const struct tokens *t)
{
	s->t = t;
	s->step = (struct step_choice){.epoch = -1};
	s->n = 0;
	s->n_other_words = 0;
	s->n_settings = 0;
	s->has_step_word = false;
	s->is_figures = false;
	s->phase = (struct guild_str){0};
}

static bool is_mark(const struct token *t, char mark)
{
	return t->kind == TOKEN_MARK && t->mark == mark;
}

static bool is_any_mark(const struct token *t, const char *marks)
{
	return t->kind == TOKEN_MARK && t->mark && strchr(marks, t->mark);
}

/* Behind the mark that closes what opens at token i, or i when nothing does. */
static size_t skip_closed(const struct tokens *t, size_t i)
{
	int depth = 0;
	for (size_t k = i; k < t->n; k++) {
		if (is_any_mark(&t->v[k], "([{")) {
			depth++;
		} else if (is_any_mark(&t->v[k], ")]}") && --depth == 0) {
			return k + 1;
		}
	}
	return i;
}

/* "Adam(lr=0.1)", "{'x': 1}": arguments and settings are no measures. */
static size_t skip_settings(const struct tokens *t, size_t i)
{
	bool is_call = is_mark(&t->v[i], '(') && !t->v[i].is_spaced && i > 0 &&
		       t->v[i - 1].kind == TOKEN_WORD;
	if (!is_call && !is_mark(&t->v[i], '{')) {
		return i;
	}
	size_t end = skip_closed(t, i);
	bool has_pairs = false;
	for (size_t k = i; k < end; k++) {
		has_pairs |= is_any_mark(&t->v[k], "=:");
	}
	return has_pairs ? end : i;
}

/* Is the number at token i a plain one, not the part of something else? */
static bool is_plain_number(const struct tokens *t, size_t i)
{
	const struct token *next = &t->v[i + 1];
	if (is_mark(next, '/') && !next->is_spaced) {
		return false;
	}
	if (is_mark(next, ':') && !next->is_spaced && t->v[i + 2].kind == TOKEN_NUMBER &&
		!t->v[i + 2].is_spaced) {
		return false;
	}
	if (!(next->word & WORD_UNIT)) {
		return true;
	}
	/* A unit, unless it is the key of the next pair. */
	return is_any_mark(next + 1, ":=") || (next + 1)->kind == TOKEN_NUMBER;
}

/* "97/100 (97%)": what the percentage is. */
static bool read_ratio(const struct tokens *t, size_t i, double *percent)
{
	bool is_ratio = t->v[i].kind == TOKEN_NUMBER && is_mark(&t->v[i + 1], '/') &&
			t->v[i + 2].kind == TOKEN_NUMBER && is_mark(&t->v[i + 3], '(') &&
			t->v[i + 4].kind == TOKEN_NUMBER && t->v[i + 4].has_percent;
	*percent = is_ratio ? t->v[i + 4].value : 0;
	return is_ratio;
}

static bool read_special(const struct token *t, double *value)
{
	bool is_integer;
	return t->kind == TOKEN_WORD &&
	       guild_auto_number(t->text, value, &is_integer) == t->text.n && !is_integer;
}

/* The first token of the key whose last is before `end`; `end` when there is none. */
static size_t key_start(const struct tokens *t, size_t end, size_t floor)
{
	size_t start = end;
	while (start > floor && end - start < KEY_WORDS_MAX) {
		const struct token *token = &t->v[start - 1];
		bool is_count = token->kind == TOKEN_NUMBER && token->is_integer;
		if (token->kind != TOKEN_WORD && !is_count) {
			break;
		}
		start--;
	}
	while (start < end && t->v[start].kind != TOKEN_WORD) {
		start++;
	}
	return start;
}

/* "Loss (train)", "Accuracy (%)": the parenthesis before a separator is of the key. Returns the end of the words before it. */
static size_t before_parenthesis(const struct tokens *t, size_t sep, size_t floor)
{
	if (sep < floor + 4 || !is_mark(&t->v[sep - 1], ')')) {
		return sep;
	}
	size_t open = sep - 1;
	while (open > floor && open + 4 > sep && !is_mark(&t->v[open], '(')) {
		open--;
	}
	return is_mark(&t->v[open], '(') && open > floor && t->v[open - 1].kind == TOKEN_WORD ? open
											      : sep;
}

static void add_pair(struct sentence *s, struct pair p)
{
	if (s->n < PAIRS_MAX) {
		s->pairs[s->n++] = p;
	}
}

/* A pair whose separator is token `sep`: behind its value, or 0. */
static size_t read_pair(struct sentence *s, size_t sep, size_t floor)
{
	const struct tokens *t = s->t;
	size_t value = sep + 1;
	while (value < sep + 3 && is_any_mark(&t->v[value], "'\"$=")) {
		value++;
	}
	struct pair p = {.sep = sep, .value = value, .has_sep = true};
	size_t words = sep;
	while (words > floor && is_any_mark(&t->v[words - 1], "'\"")) {
		words--;
	}
	words = before_parenthesis(t, words, floor);
	p.from = key_start(t, words, floor);
	if (p.from >= words) {
		return 0;
	}
	if (words < sep && t->v[words + 1].kind == TOKEN_WORD && is_mark(&t->v[words], '(') &&
		(t->v[words + 1].word & WORD_UNIT)) {
		return 0; /* "time (s): 3.2" */
	}
	if (read_ratio(t, value, &p.number)) {
		p.is_real = true;
		add_pair(s, p);
		return value + 6;
	}
	if (read_special(&t->v[value], &p.number)) {
		add_pair(s, p);
		return value + 1;
	}
	const struct token *number = &t->v[value];
	if (number->kind != TOKEN_NUMBER || !is_plain_number(t, value)) {
		return 0;
	}
	p.number = number->value;
	p.is_real = !number->is_integer || number->has_percent;
	add_pair(s, p);
	return value + 1;
}

/* "loss 0.31" without a separator, only between delimiters: a phrase of a few words and its number. */
static size_t read_bare_pair(struct sentence *s, size_t value, size_t floor)
{
	const struct tokens *t = s->t;
	struct pair p = {.sep = value, .value = value, .number = t->v[value].value};
	p.is_real = !t->v[value].is_integer || t->v[value].has_percent;
	size_t start = value;
	while (start > floor && t->v[start - 1].kind == TOKEN_WORD) {
		start--;
	}
	if (start == value || value - start > 3 || !is_plain_number(t, value)) {
		return 0;
	}
	bool has_metric = false;
	for (size_t i = start; i < value; i++) {
		if (t->v[i].word & (WORD_PREPOSITION | WORD_VERB)) {
			return 0;
		}
		has_metric |= (t->v[i].word & WORD_METRIC) != 0;
	}
	const struct token *next = &t->v[value + 1];
	bool is_delimited =
		value + 1 == t->n || is_any_mark(next, ",;|-([.") || next->kind == TOKEN_WORD;
	if (!is_delimited || (!p.is_real && !has_metric)) {
		return 0;
	}
	p.from = start;
	add_pair(s, p);
	return value + 1;
}

/* "[10]" or "10:" that opens a line is its step. */
static size_t read_opening_step(struct sentence *s, size_t i)
{
	const struct tokens *t = s->t;
	bool is_bracket = is_mark(&t->v[i], '[');
	const struct token *number = &t->v[i + is_bracket];
	if (number->kind != TOKEN_NUMBER || !number->is_integer || number->value < 0) {
		return 0;
	}
	struct step_mark m = {
		.n = 2 + is_bracket, .rank = STEP_BATCH, .step = guild_step_of(number->value)};
	size_t end = i + is_bracket + 1;
	if (is_bracket && is_mark(&t->v[end], '/') && t->v[end + 1].kind == TOKEN_NUMBER) {
		end += 2;
	}
	if (!is_mark(&t->v[end], is_bracket ? ']' : ':')) {
		return 0;
	}
	guild_auto_choose_step(&s->step, m);
	return end + 1;
}

/* A phase stands alone: "val: loss 0.3", "[test] acc=0.9", "Train - loss: 0.3". */
static void note_phase(struct sentence *s, size_t i)
{
	const struct tokens *t = s->t;
	bool opens = i == 0 || t->v[i - 1].kind != TOKEN_WORD;
	bool closes = is_any_mark(&t->v[i + 1], ":]|-)") && t->v[i + 2].kind != TOKEN_NUMBER;
	if (opens && closes && (t->v[i].word & WORD_PHASE)) {
		s->phase = t->v[i].text;
	}
}

/* "Test accuracy is 0.93": behind the value, or 0. */
static size_t read_is_pair(struct sentence *s, size_t i, size_t floor)
{
	const struct tokens *t = s->t;
	bool is_verb = (t->v[i].word & WORD_VERB) &&
		       (guild_str_eqz(t->v[i].text, "is") || guild_str_eqz(t->v[i].text, "was"));
	bool is_pair = is_verb && i > floor && t->v[i - 1].kind == TOKEN_WORD &&
		       (t->v[i - 1].word & WORD_METRIC) && t->v[i + 1].kind == TOKEN_NUMBER;
	return is_pair ? read_pair(s, i, floor) : 0;
}

static void scan(struct sentence *s, size_t start)
{
	const struct tokens *t = s->t;
	size_t opened = read_opening_step(s, start);
	size_t i = opened > 0 ? opened : start;
	size_t floor = i;
	size_t n_words = 0;
	while (i < t->n) {
		size_t next = skip_settings(t, i);
		if (next > i) {
			floor = i = next;
			continue;
		}
		struct step_mark m = guild_auto_step_mark(t, i);
		if (m.n > 0) {
			/* "loss 0.3 (best 0.2 at step 5)": what follows is about another step. */
			if (s->n > 0 && m.rank == s->step.rank && m.step != s->step.step) {
				break;
			}
			guild_auto_choose_step(&s->step, m);
			s->has_step_word = true;
			i += m.n;
			/* "Loss after iteration 10: 0.5" keeps the words before the step. */
			floor = is_any_mark(&t->v[i], ":=") && n_words > 0 ? floor : i;
			continue;
		}
		if (t->v[i].kind == TOKEN_WORD) {
			note_phase(s, i);
			n_words += !(t->v[i].word & WORD_BEGIN);
			next = read_is_pair(s, i, floor);
			floor = next > 0 ? next : floor;
			i = next > 0 ? next : i + 1;
			continue;
		}
		s->n_settings += is_mark(&t->v[i], '=') && (t->v[i + 1].word & WORD_SETTING) != 0;
		next = is_any_mark(&t->v[i], ":=") ? read_pair(s, i, floor) : 0;
		next = next == 0 && t->v[i].kind == TOKEN_NUMBER &&
				       (s->step.rank > 0 || s->is_figures)
			       ? read_bare_pair(s, i, floor)
			       : next;
		if (next > 0) {
			floor = i = next;
			continue;
		}
		i++;
	}
	for (size_t k = 0; k < s->n; k++) {
		size_t words = 0;
		for (size_t w = s->pairs[k].from; w < s->pairs[k].sep; w++) {
			words += t->v[w].kind == TOKEN_WORD;
		}
		n_words -= words < n_words ? words : n_words;
	}
	s->n_other_words = n_words;
}

/* The words of a key that name the measure: "Accuracy of the network on the 10000 test images" is "Accuracy", "Trial 3 finished with
 * value" is "value". What did not improve by more than a number is no key of it. */
static struct guild_str key_text(const struct tokens *t, const struct pair *p)
{
	size_t from = p->from;
	size_t to = p->sep;
	bool is_measured = false;
	for (size_t i = p->from; i < p->sep; i++) {
		const struct token *token = &t->v[i];
		bool is_verb = (token->word & WORD_VERB) != 0;
		bool is_joint = is_verb || (token->word & WORD_PREPOSITION) != 0;
		if (is_verb && is_measured) {
			return guild_str("");
		}
		if (is_joint && is_measured) {
			to = i;
			break;
		}
		if (is_joint) {
			from = i + 1;
		}
		is_measured |= !is_joint && (token->word & WORD_METRIC) != 0;
	}
	while (to > from && is_any_mark(&t->v[to - 1], "'\"")) {
		to--;
	}
	if (from >= to) {
		return guild_str("");
	}
	const char *start = t->v[from].text.p;
	const char *end = t->v[to - 1].text.p + t->v[to - 1].text.n;
	return (struct guild_str){start, (size_t)(end - start)};
}

static bool has_digits_alone(struct guild_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		bool starts = i == 0 || text.p[i - 1] == ' ';
		if (starts && text.p[i] >= '0' && text.p[i] <= '9') {
			return true;
		}
	}
	return false;
}

static bool ends_in_metric(struct guild_str text)
{
	size_t start = text.n;
	while (start > 0 && text.p[start - 1] != ' ') {
		start--;
	}
	struct guild_str last = {text.p + start, text.n - start};
	return guild_auto_is_metric(last) ||
	       (text.n > 0 && text.p[text.n - 1] == ')' && guild_auto_is_metric(text));
}

/* The phase a key names in one of its words, or nothing. */
static struct guild_str phase_in(struct guild_str key)
{
	size_t start = 0;
	for (size_t i = 0; i <= key.n; i++) {
		bool is_end = i == key.n || key.p[i] == ' ' || key.p[i] == '_' || key.p[i] == '/' ||
			      key.p[i] == '-';
		struct guild_str word = {key.p + start, i - start};
		if (is_end && (guild_auto_exact(word) & WORD_PHASE)) {
			return word;
		}
		start = is_end ? i + 1 : start;
	}
	return (struct guild_str){0};
}

/* "train Loss: 0.31 Acc: 0.85" is about training as a whole, unless another key names another phase. */
static void note_first_phase(struct sentence *s)
{
	struct guild_str first = {0};
	for (size_t i = 0; i < s->n; i++) {
		struct guild_str key = key_text(s->t, &s->pairs[i]);
		struct guild_str phase = phase_in(key);
		if (i == 0 && phase.p == key.p && phase.n < key.n && key.p[phase.n] == ' ') {
			first = phase;
		}
		if (phase.n > 0 && (phase.n != first.n || !guild_contains_nocase(phase, first))) {
			return;
		}
	}
	if (s->phase.n == 0) {
		s->phase = first;
	}
}

static void put_phased(struct sentence *s, struct guild_str key, double v, const char *rule,
	struct found *found)
{
	struct guild_buf full = {0};
	if (s->phase.n > 0 && phase_in(key).n == 0) {
		for (size_t i = 0; i < s->phase.n; i++) {
			char c = s->phase.p[i];
			guild_buf_putc(&full, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
		}
		guild_buf_putc(&full, '_');
	}
	guild_buf_append(&full, key.p, key.n);
	guild_found_put(found, guild_buf_str(&full), v, rule);
	guild_buf_fini(&full);
}

/* A line that says which step it is about speaks of measures; another must name one, and if it holds nothing but pairs all of them are.
 * "batch=4" among settings is no step. */
static bool speaks_of_measures(const struct sentence *s)
{
	bool has_step =
		s->step.rank > STEP_BATCH || (s->step.rank == STEP_BATCH && !s->has_step_word);
	if (has_step || (s->step.rank > 0 && s->n_settings == 0)) {
		return true;
	}
	bool is_list = s->n >= 2 && s->n_other_words == 0;
	for (size_t i = 0; is_list && i < s->n; i++) {
		if (ends_in_metric(key_text(s->t, &s->pairs[i]))) {
			return true;
		}
	}
	return false;
}

/* The step as it is named within a pair ("step: 10") is no value. */
static bool is_step_key(struct guild_str key)
{
	return guild_auto_step_rank(guild_auto_exact(key)) != STEP_NONE;
}

static const char *rule_of(const struct sentence *s)
{
	return s->n_other_words == 0 ? "pairs" : "sentence";
}

void guild_auto_figures(const struct tokens *t, const char *rule, struct found *found,
	struct step_choice *step)
{
	struct sentence s;
	struct guild_buf key = {0};
	start_sentence(&s, t);
	s.is_figures = true;
	scan(&s, 0);
	for (size_t i = 0; i < s.n; i++) {
		struct guild_str text = key_text(t, &s.pairs[i]);
		if (!has_digits_alone(text) && guild_auto_key(text, &key) &&
			!guild_auto_is_denied(text) && !is_step_key(guild_buf_str(&key))) {
			guild_found_put(found, guild_buf_str(&key), s.pairs[i].number, rule);
		}
	}
	guild_buf_fini(&key);
	if (s.step.rank > step->rank) {
		*step = s.step;
	}
}

void guild_auto_sentence(const struct tokens *t, struct found *found)
{
	struct sentence s;
	start_sentence(&s, t);
	scan(&s, guild_auto_message(t));
	bool all = speaks_of_measures(&s);
	if (!all && s.n_settings > 0) {
		return;
	}
	note_first_phase(&s);
	struct guild_buf key = {0};
	for (size_t i = 0; i < s.n; i++) {
		struct guild_str text = key_text(t, &s.pairs[i]);
		bool is_wanted = all || ends_in_metric(text);
		if (!is_wanted || has_digits_alone(text) || !guild_auto_key(text, &key)) {
			continue;
		}
		struct guild_str name = guild_buf_str(&key);
		if (!guild_auto_is_denied(text) && !guild_auto_is_denied(name) &&
			!is_step_key(name)) {
			put_phased(&s, name, s.pairs[i].number, rule_of(&s), found);
		}
	}
	guild_buf_fini(&key);
	bool is_header = s.n == 0 && s.n_other_words == 0 && s.has_step_word;
	bool says_step = s.step.rank > 0 && (found->n > 0 || is_header);
	if (says_step) {
		bool use_epoch = s.step.is_part && s.step.rank != STEP_EPOCH && s.step.epoch >= 0;
		found->step = use_epoch ? s.step.epoch : s.step.step;
	}
}
