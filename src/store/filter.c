/* Which runs pass the filters of a listing. */

#include <stdlib.h>
#include <string.h>

#include "store_private.h"

struct operation {
	const char *text;          /* borrowed from the filter */
	struct guild_regex *regex; /* or NULL: compare by parts */
};

struct guild_filter_plan {
	const struct guild_run_filter *filter;
	const struct guild_log *log;
	struct guild_query_filter *query; /* or NULL */
	struct operation *operations;
	size_t n_operations;
	int64_t start_us, end_us;
};

/* ---- operations --------------------------------------------------------------------------------- */

struct op_parts {
	struct guild_str pkg, model, op;
	bool has_pkg, has_model;
};

static struct op_parts split_operation(const char *text)
{
	struct op_parts parts = {.op = guild_str(text)};
	/* A script's path is split as a package would be, on both sides alike. */
	const char *colon = strrchr(text, ':');
	if (colon != NULL) {
		parts.has_model = true;
		parts.model = guild_str_n(text, (size_t)(colon - text));
		parts.op = guild_str(colon + 1);
	}
	struct guild_str *first = parts.has_model ? &parts.model : &parts.op;
	const char *slash = first->n > 0 ? memchr(first->p, '/', first->n) : NULL;
	if (slash != NULL) {
		parts.has_pkg = true;
		parts.pkg = guild_str_n(first->p, (size_t)(slash - first->p));
		*first = guild_str_n(slash + 1, first->n - parts.pkg.n - 1);
	}
	return parts;
}

static bool part_matches(struct guild_str wanted, struct guild_str found)
{
	if (wanted.n == 0) {
		return true;
	}
	if (memchr(wanted.p, '*', wanted.n) == NULL) {
		return guild_str_eq(wanted, found);
	}
	char *pattern = guild_strndup(wanted.p, wanted.n);
	char *name = guild_strndup(found.p, found.n);
	bool matches = guild_fnmatch(pattern, name);
	free(name);
	free(pattern);
	return matches;
}

bool guild_operation_matches(const char *wanted, const char *displayed)
{
	struct op_parts w = split_operation(wanted);
	struct op_parts d = split_operation(displayed);
	return part_matches(w.pkg, d.pkg) && part_matches(w.model, d.model) &&
	       part_matches(w.op, d.op);
}

static bool is_regex(const char *text)
{
	return text[0] == '^' || guild_ends(text, "$");
}

static int compile(const char *text, struct guild_regex **out, struct guild_error *err)
{
	int rc = guild_regex_new(text, out, err);
	return rc == 0 ? 0
		       : guild_error_wrap(err, "invalid regular expression '%s' for operations",
				 text);
}

static bool operation_passes(const struct guild_filter_plan *p, struct guild_run_data *d)
{
	const char *displayed = guild_value_text(guild_run_data_attr(d, "operation"));
	bool passes = false;
	for (size_t i = 0; i < p->n_operations && !passes; i++) {
		const struct operation *op = &p->operations[i];
		passes = op->regex != NULL ? guild_regex_search(op->regex, guild_str(displayed))
					   : guild_operation_matches(op->text, displayed);
	}
	return passes;
}

/* ---- attributes ------------------------------------------------------------------------------------ */

static bool label_passes(const struct guild_run_filter *f, struct guild_run_data *d)
{
	const char *label = guild_value_text(guild_run_data_attr(d, "label"));
	bool has_label = label != NULL && label[0] != '\0';
	if (f->unlabeled && has_label) {
		return false;
	}
	bool passes = f->labels.n == 0;
	for (size_t i = 0; i < f->labels.n && !passes; i++) {
		const char *wanted = f->labels.v[i];
		passes = strcmp(wanted, "-") == 0 ? !has_label
						  : strstr(has_label ? label : "", wanted) != NULL;
	}
	return passes;
}

static bool has_tag(const struct guild_value *tags, const char *wanted)
{
	bool has = false;
	for (size_t i = 0; tags != NULL && tags->type == GUILD_LIST && i < tags->n && !has; i++) {
		struct guild_buf text = {0};
		guild_value_py_str(&text, tags->items[i]);
		has = strcmp(guild_buf_cstr(&text), wanted) == 0;
		guild_buf_fini(&text);
	}
	return has;
}

static bool tag_passes(const struct guild_run_filter *f, struct guild_run_data *d)
{
	const struct guild_value *tags = guild_run_data_attr(d, "tags");
	bool passes = f->tags.n == 0;
	for (size_t i = 0; i < f->tags.n && !passes; i++) {
		passes = has_tag(tags, f->tags.v[i]);
	}
	return passes;
}

static bool comment_holds(const struct guild_value *comment, const char *wanted)
{
	static const char *const parts[] = {"user", "host", "body"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(parts); i++) {
		const char *text = guild_value_text(guild_value_get(comment, parts[i]));
		if (text != NULL && guild_contains_nocase(guild_str(text), guild_str(wanted))) {
			return true;
		}
	}
	return false;
}

static bool comment_passes(const struct guild_run_filter *f, struct guild_run_data *d)
{
	const struct guild_value *comments = guild_run_data_attr(d, "comments");
	size_t n = comments != NULL && comments->type == GUILD_LIST ? comments->n : 0;
	bool passes = false;
	for (size_t i = 0; i < f->comments.n && !passes; i++) {
		const char *wanted = f->comments.v[i];
		if (strcmp(wanted, "-") == 0) {
			passes = n == 0;
			continue;
		}
		for (size_t j = 0; j < n && !passes; j++) {
			passes = comment_holds(comments->items[j], wanted);
		}
	}
	return passes;
}

static bool asks_attrs(const struct guild_run_filter *f)
{
	return f->unlabeled || f->labels.n > 0 || f->marked || f->unmarked || f->tags.n > 0 ||
	       f->comments.n > 0 || f->digest != NULL;
}

static bool attrs_pass(const struct guild_run_filter *f, struct guild_run_data *d)
{
	bool passes = true;
	if (f->marked || f->unmarked) {
		passes = guild_value_truthy(guild_run_data_attr(d, "marked")) == f->marked;
	}
	if (passes && f->digest != NULL) {
		const char *digest = guild_value_text(guild_run_data_attr(d, "sourcecode_digest"));
		passes = digest != NULL && guild_starts(digest, f->digest);
	}
	passes = passes && ((!f->unlabeled && f->labels.n == 0) || label_passes(f, d));
	passes = passes && (f->tags.n == 0 || tag_passes(f, d));
	return passes && (f->comments.n == 0 || comment_passes(f, d));
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

int guild_filter_plan_new(const struct guild_run_filter *filter, const struct guild_log *log,
	struct guild_filter_plan **out, struct guild_error *err)
{
	struct guild_filter_plan *p = guild_alloc(sizeof(*p));
	p->filter = filter;
	p->log = log;
	int rc = 0;
	if (filter->expression != NULL) {
		rc = guild_query_filter_new(filter, &p->query, err);
	}
	if (rc == 0 && filter->started != NULL) {
		int64_t now_us = filter->now_us != 0 ? filter->now_us : guild_now_us();
		rc = guild_time_range_parse(filter->started, now_us, &p->start_us, &p->end_us, err);
	}
	p->operations = guild_alloc((filter->operations.n + 1) * sizeof(*p->operations));
	for (size_t i = 0; i < filter->operations.n && rc == 0; i++) {
		struct operation *op = &p->operations[p->n_operations++];
		op->text = filter->operations.v[i];
		if (is_regex(op->text)) {
			rc = compile(op->text, &op->regex, err);
		}
	}
	if (rc != 0) {
		guild_filter_plan_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void guild_filter_plan_free(struct guild_filter_plan *p)
{
	if (p == NULL) {
		return;
	}
	for (size_t i = 0; i < p->n_operations; i++) {
		guild_regex_free(p->operations[i].regex);
	}
	guild_query_filter_free(p->query);
	free(p->operations);
	free(p);
}

void guild_filter_plan_report(const struct guild_filter_plan *p)
{
	if (p->query != NULL && p->log != NULL) {
		guild_query_filter_report(p->query, p->log);
	}
}

enum guild_filter_needs guild_filter_plan_needs(const struct guild_filter_plan *p)
{
	const struct guild_run_filter *f = p->filter;
	if (p->query != NULL) {
		return GUILD_FILTER_MAY_NEED_SCALARS;
	}
	bool asks = p->n_operations > 0 || f->statuses != 0 || f->not_statuses != 0 ||
		    f->accepts != NULL || asks_attrs(f);
	return asks ? GUILD_FILTER_NEEDS_ATTRS : GUILD_FILTER_NEEDS_TIME;
}

bool guild_filter_plan_time_passes(const struct guild_filter_plan *p, int64_t timestamp)
{
	if (p->filter->started == NULL) {
		return true;
	}
	if (timestamp == INT64_MIN) {
		return false;
	}
	int64_t second = timestamp - ((timestamp % 1000000) + 1000000) % 1000000;
	return second >= p->start_us && second < p->end_us;
}

bool guild_filter_plan_passes(const struct guild_filter_plan *p, struct guild_run_data *d,
	int64_t timestamp)
{
	const struct guild_run_filter *f = p->filter;
	if (!guild_filter_plan_time_passes(p, timestamp)) {
		return false;
	}
	if (p->n_operations > 0 && !operation_passes(p, d)) {
		return false;
	}
	if (f->statuses != 0 || f->not_statuses != 0) {
		unsigned bit = 1U << guild_run_data_status(d);
		if ((f->statuses != 0 && (f->statuses & bit) == 0) ||
			(f->not_statuses & bit) != 0) {
			return false;
		}
	}
	return attrs_pass(f, d) && (p->query == NULL || guild_query_filter_passes(p->query, d));
}

void guild_run_filter_fini(struct guild_run_filter *f)
{
	guild_strs_fini(&f->operations);
	guild_strs_fini(&f->labels);
	guild_strs_fini(&f->tags);
	guild_strs_fini(&f->comments);
	*f = (struct guild_run_filter){0};
}
