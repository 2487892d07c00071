/* Taking parts out of a label: whole words that a regular expression matches. */

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "label_edit.h"

enum { MATCH_LIMIT = 1000000 };

/* Removes every match that stands between blanks. */
static int remove_matches(pcre2_code *code, struct guild_buf *label, const char *pattern,
	struct guild_error *err)
{
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	struct guild_buf kept = {0};
	size_t at = 0;
	int rc;

	guild_assert(data && limits);
	pcre2_set_match_limit(limits, MATCH_LIMIT);
	for (;;) {
		rc = pcre2_match(code, (PCRE2_SPTR)guild_buf_cstr(label), label->n, at, 0, data,
			limits);
		if (rc < 0) {
			break;
		}
		const PCRE2_SIZE *span = pcre2_get_ovector_pointer(data);

		guild_buf_append(&kept, label->p + at, span[0] - at);
		at = span[1];
		if (span[1] == span[0]) {
			if (at >= label->n) {
				break;
			}
			guild_buf_putc(&kept, label->p[at++]);
		}
	}
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
		rc = guild_error_set(err, GUILD_ELIMIT,
			"pattern '%s' is too complex for this label", pattern);
	} else {
		guild_buf_append(&kept, guild_buf_cstr(label) + at, label->n - at);
		guild_buf_reset(label);
		guild_buf_append(label, kept.p, kept.n);
		rc = 0;
	}
	guild_buf_fini(&kept);
	pcre2_match_context_free(limits);
	pcre2_match_data_free(data);
	return rc;
}

/* One blank between words, none at the ends. */
static void squeeze(struct guild_buf *label)
{
	size_t to = 0;

	for (size_t from = 0; from < label->n; from++) {
		bool blank = label->p[from] == ' ' || label->p[from] == '\t';

		if (!blank || (to > 0 && label->p[to - 1] != ' ')) {
			label->p[to++] = blank ? ' ' : label->p[from];
		}
	}
	label->n = to > 0 && label->p[to - 1] == ' ' ? to - 1 : to;
	if (label->p) {
		label->p[label->n] = '\0';
	}
}

int guild_label_remove(struct guild_buf *label, const char *pattern, struct guild_error *err)
{
	struct guild_buf whole = {0};
	int number;
	PCRE2_SIZE offset;

	guild_buf_printf(&whole, "(?<!\\S)(?:%s)(?!\\S)", pattern);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)guild_buf_cstr(&whole), whole.n,
		PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &number, &offset, NULL);

	guild_buf_fini(&whole);
	if (!code) {
		char message[128] = "";

		pcre2_get_error_message(number, (PCRE2_UCHAR *)message, sizeof(message));
		return guild_error_set(err, GUILD_EINVALID, "invalid pattern '%s': %s", pattern,
			message);
	}
	int rc = remove_matches(code, label, pattern, err);

	squeeze(label);
	pcre2_code_free(code);
	return rc;
}
