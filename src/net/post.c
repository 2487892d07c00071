/* Small bodies sent to a server. */

#include <stdlib.h>
#include <string.h>

#include "curl.h"

enum { DEFAULT_MS = 30000 };

struct answer {
	long status;
	char reason[64];
};

/* "HTTP/1.1 404 Not Found" */
static size_t read_header(const char *p, size_t size, size_t n, void *arg)
{
	struct answer *a = arg;
	struct guild_str line = guild_str_trim(guild_str_n(p, size * n));

	if (guild_str_starts(line, "HTTP/")) {
		const char *code = memchr(line.p, ' ', line.n);
		size_t left = code ? line.n - (size_t)(code - line.p) : 0;
		int64_t status = 0;

		if (left >= 4 && guild_parse_i64(code + 1, 3, &status)) {
			a->status = (long)status;
			snprintf(a->reason, sizeof(a->reason), "%.*s", (int)(left - 4), code + 4);
		}
	}
	return size * n;
}

static size_t drop(const char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static void set_options(const struct curl *curl, void *handle,
	const struct guild_net_post_request *req, struct answer *answer)
{
	curl->setopt(handle, CURL_URL, req->url);
	curl->setopt(handle, CURL_USERAGENT, "guild");
	if (curl->setopt(handle, CURL_PROTOCOLS_STR, "http,https") != 0) {
		curl->setopt(handle, CURL_PROTOCOLS, (long)CURL_PROTO_WEB); /* before 7.85 */
	}
	curl->setopt(handle, CURL_NOSIGNAL, 1L);
	curl->setopt(handle, CURL_POST, 1L);
	curl->setopt(handle, CURL_POSTFIELDS, req->body.p);
	curl->setopt(handle, CURL_POSTFIELDSIZE, (long)req->body.n);
	curl->setopt(handle, CURL_TIMEOUT_MS,
		(long)(req->timeout_ms > 0 ? req->timeout_ms : DEFAULT_MS));
	curl->setopt(handle, CURL_WRITEFUNCTION, drop);
	curl->setopt(handle, CURL_HEADERFUNCTION, read_header);
	curl->setopt(handle, CURL_HEADERDATA, answer);
}

int guild_net_post(const struct guild_net_post_request *req, struct guild_error *err)
{
	struct curl curl = {0};
	struct answer answer = {0};
	char text[CURL_ERROR_SIZE] = "";
	int rc = guild_curl_load(&curl, err);
	void *handle = rc == 0 ? curl.init() : NULL;

	if (rc == 0 && !handle) {
		rc = guild_error_set(err, GUILD_EUNSUPPORTED, "libcurl does not start");
	}
	if (rc != 0) {
		return rc;
	}
	char *type = guild_format("Content-Type: %s", req->content_type);
	void *headers = curl.list_add(NULL, type);

	set_options(&curl, handle, req, &answer);
	curl.setopt(handle, CURL_HTTPHEADER, headers);
	curl.setopt(handle, CURL_ERRORBUFFER, text);
	int outcome = curl.perform(handle);

	curl.cleanup(handle);
	curl.list_free(headers);
	free(type);
	if (outcome != 0) {
		return guild_error_set(err, GUILD_EIO, "%s", *text ? text : curl.text(outcome));
	}
	return answer.status >= 300 || answer.status < 200
		       ? guild_curl_fail_status(answer.status, answer.reason, err)
		       : 0;
}
