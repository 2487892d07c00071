/* Text in runs: operation, label, tags, comments, flags and what they printed. Outputs are read as they are, several at a time: nothing has to
 * be kept up to date, and a text that is there is found. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_private.h"

enum {
	PIECE_BYTES = 256 << 10, /* of output, at a time */
	LINE_BYTES_MAX = 64 << 10,
	BLOCK = 64, /* runs that threads look at before the caller may stop */
	WORDS_MAX = 64,
};

struct words {
	size_t n;
	struct guild_str v[WORDS_MAX]; /* folded unless `is_exact` */
	struct guild_regex *regex;     /* instead; one for each thread */
	bool is_exact;
};

struct searcher {
	const struct guild_runs *runs;
	const struct guild_search *what;
	const struct guild_log *log;
	struct words *by_thread;
	struct guild_found_run *found; /* of this block */
	size_t first;
	bool *is_found;
};

/* One run being looked at. */
struct looking {
	const struct searcher *s;
	const struct words *words;
	struct guild_found_run *out;
	uint64_t seen; /* words, by bit */
	struct guild_buf folded;
};

static void fold(struct guild_buf *out, struct guild_str text)
{
	guild_buf_reset(out);
	guild_buf_reserve(out, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		out->p[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	out->n = text.n;
	out->p[text.n] = '\0';
}

/* Which of the words are in a text, by bit. */
static uint64_t find_words(struct looking *k, struct guild_str text)
{
	uint64_t seen = 0;
	if (k->words->regex != NULL) {
		return guild_regex_search(k->words->regex, text);
	}
	if (!k->words->is_exact) {
		fold(&k->folded, text);
		text = guild_buf_str(&k->folded);
	}
	for (size_t i = 0; i < k->words->n; i++) {
		const struct guild_str *w = &k->words->v[i];
		if (text.n >= w->n && memmem(text.p, text.n, w->p, w->n) != NULL) {
			seen |= UINT64_C(1) << i;
		}
	}
	return seen;
}

static void add_place(struct looking *k, const char *where, int64_t line, struct guild_str text)
{
	struct guild_found_run *out = k->out;
	out->n_places++;
	if (out->n < k->s->what->max_places) {
		out->v = guild_grow_array(out->v, &out->cap, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (struct guild_found_place){
			.where = where, .line = line, .text = guild_strndup(text.p, text.n)};
	}
}

static void look_at(struct looking *k, const char *where, int64_t line, struct guild_str text)
{
	uint64_t seen = find_words(k, text);
	k->seen |= seen;
	if (seen != 0) {
		add_place(k, where, line, text);
	}
}

/* ---- attributes ------------------------------------------------------------------------------------- */

static void look_at_value(struct looking *k, const char *where, const char *name,
	const struct guild_value *v)
{
	struct guild_buf text = {0};
	if (guild_value_is_null(v)) {
		return;
	}
	if (name != NULL) {
		guild_buf_printf(&text, "%s=", name);
	}
	guild_value_py_str(&text, v);
	look_at(k, where, 0, guild_buf_str(&text));
	guild_buf_fini(&text);
}

static void look_at_items(struct looking *k, const char *where, const char *part,
	const struct guild_value *list)
{
	for (size_t i = 0; list != NULL && list->type == GUILD_LIST && i < list->n; i++) {
		const struct guild_value *v = list->items[i];
		look_at_value(k, where, NULL, part != NULL ? guild_value_get(v, part) : v);
	}
}

static void look_at_attrs(struct looking *k, struct guild_run_data *d)
{
	unsigned in = k->s->what->in;
	if (in & GUILD_SEARCH_OPERATION) {
		look_at_value(k, "operation", NULL, guild_run_data_attr(d, "operation"));
	}
	if (in & GUILD_SEARCH_LABEL) {
		look_at_value(k, "label", NULL, guild_run_data_attr(d, "label"));
	}
	if (in & GUILD_SEARCH_TAGS) {
		look_at_items(k, "tag", NULL, guild_run_data_attr(d, "tags"));
	}
	if (in & GUILD_SEARCH_COMMENTS) {
		look_at_items(k, "comment", "body", guild_run_data_attr(d, "comments"));
	}
	if (in & GUILD_SEARCH_FLAGS) {
		const struct guild_value *flags = guild_run_data_flags(d);
		for (size_t i = 0; i < flags->n; i++) {
			look_at_value(k, "flag", guild_value_text(flags->pairs[i].key),
				flags->pairs[i].value);
		}
	}
}

/* ---- output -------------------------------------------------------------------------------------------- */

static bool has_controls(struct guild_str text)
{
	return memchr(text.p, '\033', text.n) != NULL || memchr(text.p, '\r', text.n) != NULL;
}

/* Both what was written and what a terminal made of it count. */
static void look_at_line(struct looking *k, int64_t number, struct guild_str line)
{
	struct guild_buf shown = {0};
	bool is_folded = has_controls(line);
	uint64_t seen = find_words(k, line);
	if (is_folded || seen != 0) {
		guild_output_fold_line(line, &shown);
	}
	if (is_folded) {
		seen |= find_words(k, guild_buf_str(&shown));
	}
	if (seen != 0) {
		add_place(k, "output", number, guild_buf_str(&shown));
	}
	guild_buf_fini(&shown);
	k->seen |= seen;
}

/* Whole lines. Most pieces hold nothing: lines are only told apart where something was found, or where '^' and '$' may ask for them. */
static int64_t look_at_piece(struct looking *k, int64_t number, struct guild_str piece)
{
	if (k->words->regex == NULL && !has_controls(piece) && find_words(k, piece) == 0) {
		return number + (int64_t)guild_count_byte(piece.p, piece.n, '\n');
	}
	while (piece.n > 0) {
		const char *end = memchr(piece.p, '\n', piece.n);
		size_t n = end != NULL ? (size_t)(end - piece.p) : piece.n;
		look_at_line(k, number, guild_str_n(piece.p, n));
		number += end != NULL;
		n += end != NULL;
		piece = guild_str_n(piece.p + n, piece.n - n);
	}
	return number;
}

static void look_at_output(struct looking *k, const struct guild_run *r)
{
	char *path = guild_path_join(r->guild_dir, "output");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0) {
		return;
	}
	char *piece = guild_realloc(NULL, PIECE_BYTES);
	int64_t number = 1;
	size_t n = 0;
	ssize_t got;
	while ((got = read(fd, piece + n, PIECE_BYTES - n)) > 0) {
		n += (size_t)got;
		const char *last = memrchr(piece, '\n', n);
		/* A line that is longer than this is looked at in parts. */
		size_t whole = last != NULL          ? (size_t)(last - piece) + 1
			       : n >= LINE_BYTES_MAX ? n
						     : 0;
		number = look_at_piece(k, number, guild_str_n(piece, whole));
		memmove(piece, piece + whole, n - whole);
		n -= whole;
	}
	(void)look_at_piece(k, number, guild_str_n(piece, n));
	free(piece);
	close(fd);
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static void look_at_runs(void *arg, unsigned thread, size_t from, size_t to)
{
	const struct searcher *s = arg;
	const struct words *words = &s->by_thread[thread];
	uint64_t all = words->regex != NULL || words->n == 0 ? 1
		       : words->n == WORDS_MAX               ? UINT64_MAX
							     : (UINT64_C(1) << words->n) - 1;
	for (size_t i = from; i < to; i++) {
		const struct guild_run *r = &s->runs->v[s->first + i];
		struct looking k = {.s = s, .words = words, .out = &s->found[i]};
		struct guild_run_data *d = guild_run_data_new(r, NULL);
		look_at_attrs(&k, d);
		guild_run_data_free(d);
		if (s->what->in & GUILD_SEARCH_OUTPUT) {
			look_at_output(&k, r);
		}
		s->is_found[i] = k.seen == all;
		guild_buf_fini(&k.folded);
	}
}

static int make_words(const struct guild_search *what, struct words *out, struct guild_error *err)
{
	out->is_exact = what->is_exact;
	if (what->is_regex) {
		struct guild_buf pattern = {0};
		guild_buf_printf(&pattern, "%s%s", what->is_exact ? "" : "(?i)", what->words->v[0]);
		int rc = guild_regex_new(guild_buf_cstr(&pattern), &out->regex, err);
		guild_buf_fini(&pattern);
		return rc == 0 ? 0 : guild_error_wrap(err, "'%s'", what->words->v[0]);
	}
	for (size_t i = 0; i < what->words->n; i++) {
		struct guild_buf text = {0};
		const char *word = what->words->v[i];
		if (what->is_exact) {
			guild_buf_puts(&text, word);
		} else {
			fold(&text, guild_str(word));
		}
		size_t n = text.n;
		out->v[out->n++] = guild_str_n(guild_buf_take(&text), n);
	}
	return 0;
}

static void free_words(struct words *words, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (size_t j = 0; j < words[i].n; j++) {
			free((char *)(uintptr_t)words[i].v[j].p);
		}
		guild_regex_free(words[i].regex);
	}
	free(words);
}

void guild_found_run_fini(struct guild_found_run *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].text);
	}
	free(f->v);
	*f = (struct guild_found_run){0};
}

static int check(const struct guild_search *what, struct guild_error *err)
{
	if (what->words->n == 0 || what->words->n > WORDS_MAX) {
		return guild_error_set(err, GUILD_EINVALID, "a search takes 1 to %d texts",
			WORDS_MAX);
	}
	if (what->is_regex && what->words->n > 1) {
		return guild_error_set(err, GUILD_EINVALID,
			"a search takes one regular expression");
	}
	for (size_t i = 0; i < what->words->n; i++) {
		if (what->words->v[i][0] == '\0') {
			return guild_error_set(err, GUILD_EINVALID, "an empty text is everywhere");
		}
	}
	return 0;
}

int guild_store_search(const struct guild_runs *runs, const struct guild_search *what,
	guild_found_fn *fn, void *arg, struct guild_error *err)
{
	unsigned n_threads = guild_parallel_threads();
	int rc = check(what, err);
	if (rc != 0) {
		return rc;
	}
	struct searcher s = {
		.runs = runs,
		.what = what,
		.by_thread = guild_alloc(n_threads * sizeof(*s.by_thread)),
		.found = guild_alloc(BLOCK * sizeof(*s.found)),
		.is_found = guild_alloc(BLOCK * sizeof(*s.is_found)),
	};
	for (unsigned i = 0; i < n_threads && rc == 0; i++) {
		rc = make_words(what, &s.by_thread[i], err);
	}
	bool goes_on = true;
	for (; rc == 0 && goes_on && s.first < runs->n; s.first += BLOCK) {
		size_t n = runs->n - s.first < BLOCK ? runs->n - s.first : BLOCK;
		guild_parallel(n, 1, look_at_runs, &s);
		for (size_t i = 0; i < n; i++) {
			if (goes_on && s.is_found[i]) {
				goes_on = fn(arg, s.first + i, &s.found[i]);
			}
			guild_found_run_fini(&s.found[i]);
		}
	}
	free_words(s.by_thread, n_threads);
	free(s.found);
	free(s.is_found);
	return rc;
}
