/* Fetching one file: plain copies for file URLs, libcurl (loaded on first use) for the web. */

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "url.h"

/* ---- libcurl ------------------------------------------------------------------------------------------ */

/* The stable numbers of libcurl's interface; its headers are no build dependency. */
enum {
	CURL_NOPROGRESS = 43,
	CURL_FAILONERROR = 45,
	CURL_FOLLOWLOCATION = 52,
	CURL_MAXREDIRS = 68,
	CURL_CONNECTTIMEOUT = 78,
	CURL_LOW_SPEED_LIMIT = 19,
	CURL_LOW_SPEED_TIME = 20,
	CURL_NOSIGNAL = 99,
	CURL_WRITEDATA = 10001,
	CURL_URL = 10002,
	CURL_ERRORBUFFER = 10010,
	CURL_USERAGENT = 10018,
	CURL_XFERINFODATA = 10057,
	CURL_PROTOCOLS_STR = 10318,
	CURL_REDIR_PROTOCOLS_STR = 10319,
	CURL_XFERINFOFUNCTION = 20219,
	CURL_WRITEFUNCTION = 20011,
	CURL_INFO_RESPONSE_CODE = 0x200002,
	CURL_OUTCOME_ABORTED = 42,
	CURL_ERROR_SIZE = 256,
};

struct curl {
	void *(*init)(void);
	int (*setopt)(void *handle, int option, ...);
	int (*perform)(void *handle);
	int (*getinfo)(void *handle, int info, ...);
	const char *(*text)(int code);
	void (*cleanup)(void *handle);
};

static int load_curl(struct curl *curl, struct guild_error *err)
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
	*(void **)&curl->getinfo = dlsym(library, "curl_easy_getinfo");
	*(void **)&curl->text = dlsym(library, "curl_easy_strerror");
	*(void **)&curl->cleanup = dlsym(library, "curl_easy_cleanup");
	if (!curl->init || !curl->setopt || !curl->perform || !curl->getinfo || !curl->text ||
		!curl->cleanup) {
		return guild_error_set(err, GUILD_EUNSUPPORTED,
			"this libcurl lacks what is needed");
	}
	return 0;
}

struct transfer {
	FILE *file;
	guild_net_progress_fn *on_progress;
	void *arg;
};

static size_t write_chunk(const char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	return fwrite(p, size, n, t->file);
}

static int report(void *arg, long long total, long long done, long long up_total, long long up_done)
{
	struct transfer *t = arg;

	(void)up_total;
	(void)up_done;
	return t->on_progress ? t->on_progress(t->arg, done, total) : 0;
}

static int fetch_web(const char *url, struct transfer *t, struct guild_error *err)
{
	struct curl curl = {0};
	char text[CURL_ERROR_SIZE] = "";
	long status = 0;
	int rc = load_curl(&curl, err);

	if (rc != 0) {
		return rc;
	}
	void *handle = curl.init();

	if (!handle) {
		return guild_error_set(err, GUILD_EUNSUPPORTED, "libcurl does not start");
	}
	curl.setopt(handle, CURL_URL, url);
	curl.setopt(handle, CURL_USERAGENT, "guild");
	curl.setopt(handle, CURL_PROTOCOLS_STR, "http,https");
	curl.setopt(handle, CURL_REDIR_PROTOCOLS_STR, "http,https");
	curl.setopt(handle, CURL_FOLLOWLOCATION, 1L);
	curl.setopt(handle, CURL_MAXREDIRS, 20L);
	curl.setopt(handle, CURL_FAILONERROR, 1L);
	curl.setopt(handle, CURL_NOSIGNAL, 1L);
	curl.setopt(handle, CURL_CONNECTTIMEOUT, 60L);
	curl.setopt(handle, CURL_LOW_SPEED_LIMIT, 1L);
	curl.setopt(handle, CURL_LOW_SPEED_TIME, 120L);
	curl.setopt(handle, CURL_ERRORBUFFER, text);
	curl.setopt(handle, CURL_WRITEFUNCTION, write_chunk);
	curl.setopt(handle, CURL_WRITEDATA, t);
	curl.setopt(handle, CURL_NOPROGRESS, 0L);
	curl.setopt(handle, CURL_XFERINFOFUNCTION, report);
	curl.setopt(handle, CURL_XFERINFODATA, t);
	int outcome = curl.perform(handle);

	curl.getinfo(handle, CURL_INFO_RESPONSE_CODE, &status);
	curl.cleanup(handle);
	if (outcome == 0) {
		return 0;
	}
	return guild_error_set(err,
		status == 404                     ? GUILD_ENOTFOUND
		: outcome == CURL_OUTCOME_ABORTED ? GUILD_ECANCELLED
						  : GUILD_EIO,
		"%s", *text ? text : curl.text(outcome));
}

/* ---- files ----------------------------------------------------------------------------------------------- */

static int fetch_file(const struct guild_url *url, const char *path, struct guild_error *err)
{
	char *from = guild_url_decode(url->path);
	int rc = 0;

	if (*url->host && strcmp(url->host, "localhost") != 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "file URLs name no host, not '%s'",
			url->host);
	} else if (guild_is_dir(from)) {
		rc = guild_error_set(err, GUILD_EINVALID, "%s is a directory", from);
	} else {
		rc = guild_file_copy(from, path, err);
	}
	free(from);
	return rc;
}

static int fetch_web_file(const char *url, const char *path, guild_net_progress_fn *on_progress,
	void *arg, struct guild_error *err)
{
	struct transfer t = {.file = fopen(path, "wbe"), .on_progress = on_progress, .arg = arg};

	if (!t.file) {
		return guild_error_errno(err, errno, "%s", path);
	}
	int rc = fetch_web(url, &t, err);

	if (fclose(t.file) != 0 && rc == 0) {
		rc = guild_error_errno(err, errno, "%s", path);
	}
	return rc;
}

int guild_net_fetch(const char *url, const char *path, guild_net_progress_fn *on_progress,
	void *arg, struct guild_error *err)
{
	struct guild_url parts;
	char *dir = guild_path_dirname(path);
	char *part = guild_format("%s.%ld.part", path, (long)getpid());
	int rc = *dir ? guild_mkdirs(dir, err) : 0;

	guild_url_split(url, &parts);
	if (rc != 0) {
		goto out;
	}
	if (strcmp(parts.scheme, "file") == 0) {
		rc = fetch_file(&parts, part, err);
	} else if (strcmp(parts.scheme, "http") == 0 || strcmp(parts.scheme, "https") == 0) {
		rc = fetch_web_file(url, part, on_progress, arg, err);
	} else {
		rc = guild_error_set(err, *parts.scheme ? GUILD_EUNSUPPORTED : GUILD_EINVALID,
			*parts.scheme ? "unknown URL type '%s'" : "not a URL: '%s'",
			*parts.scheme ? parts.scheme : url);
	}
	if (rc == 0 && rename(part, path) != 0) {
		rc = guild_error_errno(err, errno, "%s", path);
	}
	if (rc != 0) {
		(void)unlink(part);
	}
out:
	guild_url_fini(&parts);
	free(part);
	free(dir);
	return rc;
}
