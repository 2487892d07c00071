/* What texts and constants mean beside started, stopped and time. */

#include <string.h>

#include "query_private.h"

static bool is_attr(const struct query_name *n, const char *name)
{
	return n->space <= SPACE_ATTR && strcmp(n->name, name) == 0;
}

bool guild_query_is_time_name(const struct query_name *n)
{
	return is_attr(n, "started") || is_attr(n, "stopped");
}

bool guild_query_is_duration_name(const struct query_name *n)
{
	return is_attr(n, "time");
}

enum { SAYS_TIME = 1, SAYS_DURATION = 2 };

/* What kinds of time a sum is made of. */
static unsigned said(const struct query_node *node)
{
	switch (node->kind) {
	case QUERY_REF:
		return guild_query_is_time_name(node->name)       ? SAYS_TIME
		       : guild_query_is_duration_name(node->name) ? SAYS_DURATION
								  : 0;
	case QUERY_NOW:
		return SAYS_TIME;
	case QUERY_DURATION:
		return SAYS_DURATION;
	case QUERY_ARITH:
	case QUERY_NEGATE:
	case QUERY_BASE:
		return said(node->left) | (node->right != NULL ? said(node->right) : 0);
	default:
		return 0;
	}
}

/* H:MM:SS or M:SS, as seconds. */
static bool parse_clock(const char *text, double *seconds)
{
	double total = 0;
	int parts = 0;
	for (const char *p = text;; p++) {
		size_t n = strspn(p, "0123456789");
		int64_t part;
		if (n > 9 || !guild_parse_i64(p, n, &part) || (parts > 0 && n != 2)) {
			return false;
		}
		total = total * 60 + (double)part;
		parts++;
		p += n;
		if (*p == '\0') {
			break;
		}
		if (*p != ':') {
			return false;
		}
	}
	*seconds = total;
	return parts == 2 || parts == 3;
}

static bool is_dated(const char *text)
{
	return text[0] >= '0' && text[0] <= '9';
}

/* Texts that begin with a digit and mean no time stay texts: '2026-1' is the beginning of a date. */
static int place_time(const struct guild_query *q, struct query_node *node, struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_value_py_str(&text, node->value);
	for (size_t i = 0; i + 1 < text.n; i++) {
		if (text.p[i] == 'T' && i > 0 && is_dated(text.p + i - 1) &&
			is_dated(text.p + i + 1)) {
			text.p[i] = ' ';
		}
	}
	const char *shown = guild_buf_cstr(&text);
	int rc = guild_time_range_parse(shown, q->now_us, &node->start_us, &node->end_us, NULL);
	if (rc == 0 && node->start_us == INT64_MIN) {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' has no beginning to compare with: write a point in time", shown);
	} else if (rc == 0) {
		node->has_range = true;
	} else if (is_dated(shown)) {
		rc = 0;
	} else {
		rc = guild_error_set(err, GUILD_EINVALID,
			"'%s' is no time: write a date such as '2026-11-21 9:30', 'yesterday', '2 "
			"hours ago', or now() - 2d",
			shown);
	}
	guild_buf_fini(&text);
	return rc;
}

static int place(struct guild_query *q, const struct query_node *other, struct query_node *node,
	struct guild_error *err)
{
	if (node->kind != QUERY_CONST || node->value == NULL || node->value->type != GUILD_STRING) {
		return 0;
	}
	const char *text = guild_value_text(node->value);
	unsigned kinds = said(other);
	if (kinds & SAYS_TIME) {
		q->compares_times |= is_dated(text);
		return place_time(q, node, err);
	}
	if (kinds & SAYS_DURATION) {
		q->compares_times |= is_dated(text);
		node->has_seconds = parse_clock(text, &node->seconds);
	}
	return 0;
}

int guild_query_place_times(struct guild_query *q, struct query_node *compare, size_t *at,
	struct guild_error *err)
{
	*at = compare->right->at;
	int rc = place(q, compare->left, compare->right, err);
	if (rc == 0) {
		*at = compare->left->at;
		rc = place(q, compare->right, compare->left, err);
	}
	return rc;
}
