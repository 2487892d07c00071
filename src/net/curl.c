/* HTTP by libcurl, which is loaded on first use. */

#include "curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

int guild_curl_load(struct curl *curl, struct guild_error *err)
{
	static const char *const names[] = {
		"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4"};
	void *library = NULL;

	for (size_t i = 0; i < GUILD_ARRAY_LEN(names) && !library; i++) {
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	}
	if (!library) {
		guild_error_set(err, GUILD_EUNSUPPORTED, "libcurl is needed for http and https");
		guild_error_hint(err, "install package libcurl4");
		return GUILD_EUNSUPPORTED;
	}
	*(void **)&curl->init = dlsym(library, "curl_easy_init");
	*(void **)&curl->setopt = dlsym(library, "curl_easy_setopt");
	*(void **)&curl->perform = dlsym(library, "curl_easy_perform");
	*(void **)&curl->text = dlsym(library, "curl_easy_strerror");
	*(void **)&curl->cleanup = dlsym(library, "curl_easy_cleanup");
	*(void **)&curl->list_add = dlsym(library, "curl_slist_append");
	*(void **)&curl->list_free = dlsym(library, "curl_slist_free_all");
	if (!curl->init || !curl->setopt || !curl->perform || !curl->text || !curl->cleanup ||
		!curl->list_add || !curl->list_free) {
		return guild_error_set(err, GUILD_EUNSUPPORTED,
			"this libcurl lacks what is needed");
	}
	return 0;
}

/* ---- what the server says --------------------------------------------------------------------- */

/* "HTTP/1.1 404 Not Found" opens an answer: what an earlier one said, a redirect's say, counts no more. */
static void read_status(struct guild_transfer *t, struct guild_str line)
{
	char *text = guild_strndup(line.p, line.n);
	char *code = strchr(text, ' ');
	int64_t status = 0;

	t->etag[0] = '\0';
	t->modified[0] = '\0';
	t->reason[0] = '\0';
	t->range_start = -1;
	if (code) {
		char *reason = strchr(++code, ' ');
		size_t n = reason ? (size_t)(reason - code) : strlen(code);

		(void)guild_parse_i64(code, n, &status);
		snprintf(t->reason, sizeof(t->reason), "%s", reason ? reason : "");
	}
	t->status = (long)status;
	free(text);
}

static void keep(char *to, size_t size, struct guild_str value)
{
	/* A validator that was cut would never match. */
	if (value.n < size) {
		memcpy(to, value.p, value.n);
		to[value.n] = '\0';
	}
}

/* "bytes 5-9/10" */
static int64_t range_start(struct guild_str value)
{
	int64_t start = -1;

	if (guild_str_starts(value, "bytes ")) {
		const char *from = value.p + strlen("bytes ");
		const char *dash = memchr(from, '-', value.n - strlen("bytes "));

		if (!dash || !guild_parse_i64(from, (size_t)(dash - from), &start)) {
			start = -1;
		}
	}
	return start;
}

static bool is_header(struct guild_str line, const char *name, struct guild_str *value)
{
	size_t n = strlen(name);

	if (line.n <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0) {
		return false;
	}
	*value = guild_str_trim(guild_str_n(line.p + n + 1, line.n - n - 1));
	return true;
}

static size_t read_header(const char *p, size_t size, size_t n, void *arg)
{
	struct guild_transfer *t = arg;
	struct guild_str line = guild_str_trim(guild_str_n(p, size * n));
	struct guild_str value;

	if (guild_str_starts(line, "HTTP/")) {
		read_status(t, line);
	} else if (is_header(line, "etag", &value)) {
		keep(t->etag, sizeof(t->etag), value);
	} else if (is_header(line, "last-modified", &value)) {
		keep(t->modified, sizeof(t->modified), value);
	} else if (is_header(line, "content-range", &value)) {
		t->range_start = range_start(value);
	}
	return size * n;
}

/* What names this version of the file for If-Range: a strong ETag, else the date, else nothing (""). */
static const char *validator_of(const struct guild_transfer *t)
{
	return t->etag[0] == '"' ? t->etag : t->modified;
}

/* ---- the body ----------------------------------------------------------------------------------- */

/* A partial answer must go on where the part ends, and be of the version the part is of. */
static bool fits_part(const struct guild_transfer *t)
{
	const char *now = validator_of(t);

	return t->range_start == t->have_bytes && t->validator &&
	       (!*now || strcmp(now, t->validator) == 0 || strcmp(t->etag, t->validator) == 0 ||
		       strcmp(t->modified, t->validator) == 0);
}

static int begin(struct guild_transfer *t)
{
	if (t->status == 206) {
		t->is_stale = !fits_part(t);
		return t->is_stale ? -1 : 0;
	}
	rewind(t->file);
	if (ftruncate(fileno(t->file), 0) != 0) {
		t->errnum = errno;
		return -1;
	}
	t->have_bytes = 0;
	return t->on_begin(t->arg, validator_of(t));
}

static size_t write_chunk(const char *p, size_t size, size_t n, void *arg)
{
	struct guild_transfer *t = arg;

	if (t->status >= 400) {
		return size * n; /* a page that explains the refusal */
	}
	if (!t->has_begun && begin(t) != 0) {
		return 0;
	}
	t->has_begun = true;
	size_t written = fwrite(p, size, n, t->file);

	if (written != n) {
		t->errnum = errno;
	}
	return written * size;
}

static int report(void *arg, long long total, long long done, long long up_total, long long up_done)
{
	struct guild_transfer *t = arg;
	const struct guild_net_request *req = t->req;

	(void)up_total;
	(void)up_done;
	t->done = t->have_bytes + done;
	t->total = total > 0 ? t->have_bytes + total : 0;
	return req->on_progress && t->has_begun ? req->on_progress(req->arg, t->done, t->total) : 0;
}

/* ---- outcomes ------------------------------------------------------------------------------------- */

int guild_curl_fail_status(long status, const char *reason, struct guild_error *err)
{
	int code = status == 404 || status == 410   ? GUILD_ENOTFOUND
		   : status == 401 || status == 403 ? GUILD_EDENIED
						    : GUILD_EIO;

	return guild_error_set(err, code, "the server answered %ld%s", status, reason);
}

static int stall_s(const struct guild_transfer *t)
{
	return t->req->stall_s ? t->req->stall_s : GUILD_NET_STALL_S;
}

static int fail_transfer(const struct guild_transfer *t, int outcome, const char *text,
	struct guild_error *err)
{
	switch (outcome) {
	case CURL_ABORTED:
		return guild_error_set(err, GUILD_ECANCELLED, "cancelled");
	case CURL_TOO_MANY_REDIRECTS:
		return guild_error_set(err, GUILD_EIO,
			"more than %d redirects: they lead in a circle", GUILD_NET_MAX_REDIRECTS);
	case CURL_TIMED_OUT:
		return guild_error_set(err, GUILD_EIO, "%s within %d second%s",
			t->has_begun ? "the server sent nothing more" : "the server did not answer",
			stall_s(t), stall_s(t) == 1 ? "" : "s");
	case CURL_WRITE_ERROR:
		if (t->errnum) {
			return guild_error_errno(err, t->errnum, "cannot write '%s'", t->req->path);
		}
		break;
	case CURL_PARTIAL_FILE:
	case CURL_GOT_NOTHING:
	case CURL_RECV_ERROR:
		if (t->total > 0) {
			return guild_error_set(err, GUILD_EIO,
				"the connection ended after %lld of %lld bytes", (long long)t->done,
				(long long)t->total);
		}
		break;
	default:
		break;
	}
	return guild_error_set(err, GUILD_EIO, "%s", text);
}

static void set_options(const struct curl *curl, void *handle, struct guild_transfer *t)
{
	int connect_s = stall_s(t) < GUILD_NET_CONNECT_S ? stall_s(t) : GUILD_NET_CONNECT_S;

	curl->setopt(handle, CURL_URL, t->req->url);
	curl->setopt(handle, CURL_USERAGENT, "guild");
	if (curl->setopt(handle, CURL_PROTOCOLS_STR, "http,https") != 0 ||
		curl->setopt(handle, CURL_REDIR_PROTOCOLS_STR, "http,https") != 0) {
		/* before 7.85 */
		curl->setopt(handle, CURL_PROTOCOLS, (long)CURL_PROTO_WEB);
		curl->setopt(handle, CURL_REDIR_PROTOCOLS, (long)CURL_PROTO_WEB);
	}
	curl->setopt(handle, CURL_FOLLOWLOCATION, 1L);
	curl->setopt(handle, CURL_MAXREDIRS, (long)GUILD_NET_MAX_REDIRECTS);
	curl->setopt(handle, CURL_NOSIGNAL, 1L);
	curl->setopt(handle, CURL_CONNECTTIMEOUT, (long)connect_s);
	curl->setopt(handle, CURL_LOW_SPEED_LIMIT, 1L);
	curl->setopt(handle, CURL_LOW_SPEED_TIME, (long)stall_s(t));
	curl->setopt(handle, CURL_WRITEFUNCTION, write_chunk);
	curl->setopt(handle, CURL_WRITEDATA, t);
	curl->setopt(handle, CURL_HEADERFUNCTION, read_header);
	curl->setopt(handle, CURL_HEADERDATA, t);
	curl->setopt(handle, CURL_NOPROGRESS, 0L);
	curl->setopt(handle, CURL_XFERINFOFUNCTION, report);
	curl->setopt(handle, CURL_XFERINFODATA, t);
}

/* Range alone could join two versions of a file; If-Range makes a server that has another one send it whole. */
static void *ask_for_rest(const struct curl *curl, void *handle, const struct guild_transfer *t)
{
	char *range = guild_format("%lld-", (long long)t->have_bytes);
	char *line = guild_format("If-Range: %s", t->validator);
	void *headers = curl->list_add(NULL, line);

	curl->setopt(handle, CURL_RANGE, range);
	curl->setopt(handle, CURL_HTTPHEADER, headers);
	free(line);
	free(range);
	return headers;
}

int guild_curl_get(struct guild_transfer *t, struct guild_error *err)
{
	struct curl curl = {0};
	char text[CURL_ERROR_SIZE] = "";
	void *headers = NULL;
	int rc = guild_curl_load(&curl, err);

	if (rc != 0) {
		return rc;
	}
	void *handle = curl.init();

	if (!handle) {
		return guild_error_set(err, GUILD_EUNSUPPORTED, "libcurl does not start");
	}
	t->range_start = -1;
	set_options(&curl, handle, t);
	curl.setopt(handle, CURL_ERRORBUFFER, text);
	if (t->validator && t->have_bytes > 0) {
		headers = ask_for_rest(&curl, handle, t);
	}
	int outcome = curl.perform(handle);

	curl.cleanup(handle);
	curl.list_free(headers);
	if (t->status == 416 && t->have_bytes > 0) {
		t->is_stale = true;
	}
	if (t->is_stale) {
		return guild_error_set(err, GUILD_EIO, "the file changed on the server");
	}
	if (outcome != 0) {
		return fail_transfer(t, outcome, *text ? text : curl.text(outcome), err);
	}
	if (t->status >= 400) {
		return guild_curl_fail_status(t->status, t->reason, err);
	}
	/* A file without bytes has no first byte. */
	return t->has_begun || begin(t) == 0
		       ? 0
		       : guild_error_errno(err, t->errnum, "cannot write '%s'", t->req->path);
}
