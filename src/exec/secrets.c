/* Tells names and values that look like secrets, and masks them in saved commands and environments. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "guild/exec.h"

#include "exec_private.h"

/* A variable is left out of the saved environment when its name holds one of these (as Guild AI 0.9.0). */
static const char *const dropped_parts[] = {"password", "token", "secret"};

/* Whole words of an option or variable name that mean a secret. Words, not parts: `max_tokens` is a number. */
static const char *const secret_words[] = {
	"password",
	"passwd",
	"passphrase",
	"token",
	"secret",
	"apikey",
	"credential",
	"credentials",
	"bearer",
};

/* Two words in a row that mean one. */
static const char *const secret_pairs[][2] = {
	{"api", "key"},
	{"access", "key"},
	{"private", "key"},
	{"secret", "key"},
	{"auth", "key"},
	{"account", "key"},
	{"license", "key"},
};

/* Published prefixes of access keys, and how many characters of the key's alphabet follow at least. */
static const struct {
	const char *prefix;
	size_t min_tail;
} key_prefixes[] = {
	{"AKIA", 16},
	{"ASIA", 16},
	{"ghp_", 30},
	{"gho_", 30},
	{"ghs_", 30},
	{"ghu_", 30},
	{"ghr_", 30},
	{"github_pat_", 30},
	{"glpat-", 20},
	{"hf_", 30},
	{"sk-", 20},
	{"sk_live_", 16},
	{"rk_live_", 16},
	{"xoxb-", 20},
	{"xoxp-", 20},
	{"xoxa-", 20},
	{"xoxs-", 20},
	{"pypi-", 40},
	{"npm_", 30},
	{"AIza", 35},
	{"ya29.", 20},
	{"dop_v1_", 40},
	{"SG.", 40},
};

enum { MAX_WORDS = 16, MAX_WORD = 24 };

struct words {
	char v[MAX_WORDS][MAX_WORD];
	size_t n;
};

/* Splits `AwsSecret_access-key` into lower-case words: at anything but letters and digits, and before capitals. */
static void split_words(const char *name, struct words *out)
{
	size_t len = 0;
	out->n = 0;
	for (const char *p = name;; p++) {
		bool is_word = isalnum((unsigned char)*p) != 0;
		bool is_hump = is_word && isupper((unsigned char)*p) && p > name &&
			       islower((unsigned char)p[-1]);
		if ((!is_word || is_hump) && len > 0) {
			out->v[out->n][len] = 0;
			len = 0;
			if (++out->n == MAX_WORDS) {
				return;
			}
		}
		if (*p == 0) {
			return;
		}
		if (is_word && len + 1 < MAX_WORD) {
			out->v[out->n][len++] = (char)tolower((unsigned char)*p);
		}
	}
}

bool guild_secret_name(const char *name)
{
	struct words w;
	split_words(name, &w);
	for (size_t i = 0; i < w.n; i++) {
		for (size_t k = 0; k < GUILD_ARRAY_LEN(secret_words); k++) {
			if (strcmp(w.v[i], secret_words[k]) == 0) {
				return true;
			}
		}
		for (size_t k = 0; i + 1 < w.n && k < GUILD_ARRAY_LEN(secret_pairs); k++) {
			if (strcmp(w.v[i], secret_pairs[k][0]) == 0 &&
				strcmp(w.v[i + 1], secret_pairs[k][1]) == 0) {
				return true;
			}
		}
	}
	return false;
}

bool guild_secret_is_dropped(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(dropped_parts); i++) {
		if (guild_contains_nocase(guild_str(name), guild_str(dropped_parts[i]))) {
			return true;
		}
	}
	return false;
}

static size_t key_span(const char *p)
{
	size_t n = 0;
	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '-' || p[n] == '.') {
		n++;
	}
	return n;
}

/* JSON web token: three base64url parts, the first of which opens a JSON object. */
static bool is_web_token(const char *value)
{
	if (!guild_starts(value, "eyJ")) {
		return false;
	}
	size_t n = key_span(value);
	size_t dots = 0;
	for (size_t i = 0; i < n; i++) {
		dots += value[i] == '.';
	}
	return value[n] == 0 && dots == 2 && n >= 40;
}

bool guild_secret_value(const char *value)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(key_prefixes); i++) {
		if (guild_starts(value, key_prefixes[i].prefix)) {
			const char *tail = value + strlen(key_prefixes[i].prefix);
			size_t n = key_span(tail);
			if (n >= key_prefixes[i].min_tail && tail[n] == 0) {
				return true;
			}
		}
	}
	return is_web_token(value) || strstr(value, "PRIVATE KEY-----") != NULL;
}

/* The password in scheme://user:password@host: its place in `value`, or false. */
static bool url_password(const char *value, size_t *start, size_t *len)
{
	const char *host = strstr(value, "://");
	if (!host) {
		return false;
	}
	host += 3;
	size_t n = strcspn(host, "/?# \t");
	const char *at = memrchr(host, '@', n);
	const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
	if (!colon || colon + 1 == at) {
		return false;
	}
	*start = (size_t)(colon + 1 - value);
	*len = (size_t)(at - colon - 1);
	return true;
}

void guild_secret_mask_value(struct guild_buf *out, const char *value)
{
	size_t start;
	size_t len;
	if (guild_secret_value(value)) {
		guild_buf_puts(out, GUILD_SECRET_MASK);
	} else if (url_password(value, &start, &len)) {
		guild_buf_append(out, value, start);
		guild_buf_puts(out, GUILD_SECRET_MASK);
		guild_buf_puts(out, value + start + len);
	} else {
		guild_buf_puts(out, value);
	}
}

/* Numbers and switches are no secrets, whatever their option is called (`--token 1`). */
static bool is_worth_masking(const char *value)
{
	static const char *const plain[] = {"", "true", "false", "yes", "no", "null", "none", NULL};
	double number;
	if (guild_parse_f64(value, strlen(value), &number)) {
		return false;
	}
	for (size_t i = 0; plain[i]; i++) {
		if (strcasecmp(value, plain[i]) == 0) {
			return false;
		}
	}
	return true;
}

static void mask_named(struct guild_buf *out, bool is_secret, const char *value)
{
	if (is_secret && is_worth_masking(value)) {
		guild_buf_puts(out, GUILD_SECRET_MASK);
	} else {
		guild_secret_mask_value(out, value);
	}
}

void guild_secret_mask_env(struct guild_buf *out, const char *name, const char *value)
{
	mask_named(out, guild_secret_name(name), value);
}

void guild_secret_mask_command(const struct guild_strs *argv, struct guild_strs *out)
{
	bool next_is_secret = false;
	for (size_t i = 0; i < argv->n; i++) {
		const char *word = argv->v[i];
		struct guild_buf masked = {0};
		const char *eq = strchr(word, '=');
		if (word[0] == '-' && eq) {
			char *name = guild_strndup(word, (size_t)(eq - word));
			guild_buf_append(&masked, word, (size_t)(eq - word) + 1);
			mask_named(&masked, guild_secret_name(name), eq + 1);
			free(name);
			next_is_secret = false;
		} else if (word[0] == '-' && word[1] == '-') {
			guild_buf_puts(&masked, word);
			next_is_secret = guild_secret_name(word);
		} else {
			mask_named(&masked, next_is_secret, word);
			next_is_secret = false;
		}
		guild_strs_take(out, guild_buf_take(&masked));
	}
}
