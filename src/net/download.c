/* Downloads as a whole: one process at a time, parts kept and gone on from, digests checked before anybody sees the file. */

#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "curl.h"
#include "url.h"

enum { SHA256_HEX = 64, VALIDATOR_MAX = 300 };

/* ---- parts --------------------------------------------------------------------------------------- */

struct part {
	char *path; /* PATH.part */
	char *note; /* PATH.part.version: what the server called the version it is of */
};

static void part_init(struct part *p, const char *path)
{
	p->path = guild_format("%s.part", path);
	p->note = guild_format("%s.part.version", path);
}

static void part_fini(struct part *p)
{
	free(p->path);
	free(p->note);
}

static void part_remove(const struct part *p)
{
	(void)unlink(p->path);
	(void)unlink(p->note);
}

static int note_version(void *arg, const char *validator)
{
	const struct part *p = arg;

	if (!*validator) {
		(void)unlink(p->note);
		return 0;
	}
	return guild_file_write(p->note, validator, strlen(validator), false, NULL);
}

/* One transfer over what there is of the part. */
static int get_part(const struct guild_net_request *req, const struct part *p, bool *is_stale,
	struct guild_error *err)
{
	struct guild_buf version = {0};
	int fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (fd < 0) {
		return guild_error_errno(err, errno, "cannot write '%s'", p->path);
	}
	struct guild_transfer t = {.req = req, .on_begin = note_version, .arg = (void *)p};

	if (guild_file_read(p->note, VALIDATOR_MAX, &version, NULL) == 0 && version.n > 0) {
		t.have_bytes = lseek(fd, 0, SEEK_END);
		t.validator = guild_buf_cstr(&version);
	}
	t.file = fdopen(fd, "r+b");
	guild_assert(t.file);
	(void)fseeko(t.file, 0, SEEK_END);
	int rc = guild_curl_get(&t, err);

	if (fclose(t.file) != 0 && rc == 0) {
		rc = guild_error_errno(err, errno, "cannot write '%s'", p->path);
	}
	*is_stale = t.is_stale;
	guild_buf_fini(&version);
	return rc;
}

static int get_web(const struct guild_net_request *req, const struct part *p,
	struct guild_error *err)
{
	bool is_stale = false;
	int rc = get_part(req, p, &is_stale, err);

	if (rc != 0 && is_stale) {
		part_remove(p);
		rc = get_part(req, p, &is_stale, err);
	}
	if (rc != 0 && (!guild_file_exists(p->note) || guild_file_size(p->path) <= 0)) {
		part_remove(p);
	} else if (rc == GUILD_EIO && err) {
		guild_error_hint(err, "what came is kept: try again and guild goes on from there");
	}
	return rc;
}

static int get_file(const struct guild_url *url, const struct part *p, struct guild_error *err)
{
	char *from = guild_url_decode(url->path);
	int rc = 0;

	part_remove(p);
	if (*url->host && strcmp(url->host, "localhost") != 0) {
		rc = guild_error_set(err, GUILD_EINVALID, "file URLs name no host, not '%s'",
			url->host);
	} else if (guild_is_dir(from)) {
		rc = guild_error_set(err, GUILD_EINVALID, "%s is a directory", from);
	} else {
		rc = guild_file_copy(from, p->path, err);
	}
	if (rc != 0) {
		part_remove(p);
	}
	free(from);
	return rc;
}

static int get(const struct guild_net_request *req, const struct part *p, struct guild_error *err)
{
	struct guild_url parts;
	int rc = 0;

	guild_url_split(req->url, &parts);
	if (strcmp(parts.scheme, "file") == 0) {
		rc = get_file(&parts, p, err);
	} else if (strcmp(parts.scheme, "http") == 0 || strcmp(parts.scheme, "https") == 0) {
		rc = get_web(req, p, err);
	} else if (*parts.scheme) {
		rc = guild_error_set(err, GUILD_EUNSUPPORTED, "unknown URL type '%s'",
			parts.scheme);
	} else {
		rc = guild_error_set(err, GUILD_EINVALID, "not a URL: '%s'", req->url);
	}
	guild_url_fini(&parts);
	return rc;
}

/* ---- digests ---------------------------------------------------------------------------------------- */

static int check_expected(const char *sha256, struct guild_error *err)
{
	if (sha256 && (strlen(sha256) != SHA256_HEX ||
			      strspn(sha256, "0123456789abcdefABCDEF") != SHA256_HEX)) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' is no SHA-256 digest: 64 hexadecimal digits are expected", sha256);
	}
	return 0;
}

static int check_digest(const char *path, const char *name, const char *expected,
	struct guild_error *err)
{
	char found[SHA256_DIGEST_STRING_LENGTH];

	if (!expected) {
		return 0;
	}
	if (!SHA256File(path, found)) {
		return guild_error_errno(err, errno, "cannot read '%s'", path);
	}
	if (strcasecmp(found, expected) != 0) {
		return guild_error_set(err, GUILD_EINVALID,
			"'%s' has an unexpected sha256 (expected %s but got %s)", name, expected,
			found);
	}
	return 0;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* True when the file is there and good. One with a wrong digest is of an older version, or was damaged. */
static bool is_there(const struct guild_net_request *req)
{
	struct guild_error why = {0};

	if (!guild_is_file(req->path)) {
		return false;
	}
	if (check_digest(req->path, req->path, req->sha256, &why) == 0) {
		return true;
	}
	guild_log(req->log, "warning", "%s: fetching it again", why.text);
	return false;
}

static int fetch(const struct guild_net_request *req, struct guild_error *err)
{
	struct part p;

	part_init(&p, req->path);
	int rc = get(req, &p, err);

	if (rc == 0) {
		rc = check_digest(p.path, guild_path_basename(req->path), req->sha256, err);
		if (rc != 0) {
			part_remove(&p);
		}
	}
	if (rc == 0 && rename(p.path, req->path) != 0) {
		rc = guild_error_errno(err, errno, "cannot write '%s'", req->path);
	}
	if (rc == 0) {
		(void)unlink(p.note);
	}
	part_fini(&p);
	return rc;
}

static int lock_path(const struct guild_net_request *req, struct guild_lock *lock,
	struct guild_error *err)
{
	char *path = guild_format("%s.lock", req->path);
	int rc = guild_lock_take(lock, path, false, err);

	if (rc == GUILD_EBUSY) {
		guild_log(req->log, "note", "Waiting for another process that is fetching %s",
			guild_path_basename(req->path));
		rc = guild_lock_take(lock, path, true, err);
	}
	free(path);
	return rc;
}

int guild_net_stall_s(const char *text)
{
	enum { LONGEST_S = 24 * 3600 };
	int64_t seconds = 0;

	return text && guild_parse_i64(text, strlen(text), &seconds) && seconds > 0 &&
			       seconds <= LONGEST_S
		       ? (int)seconds
		       : 0;
}

int guild_net_download(const struct guild_net_request *req, bool *fetched, struct guild_error *err)
{
	struct guild_lock lock = {0};
	char *dir = guild_path_dirname(req->path);
	int rc = check_expected(req->sha256, err);
	bool had_dir = guild_is_dir(dir);
	bool is_new = false;

	if (rc == 0 && !is_there(req)) {
		rc = *dir ? guild_mkdirs(dir, err) : 0;
		rc = rc ? rc : lock_path(req, &lock, err);
		if (rc == 0 && !is_there(req)) {
			rc = fetch(req, err);
			is_new = rc == 0;
		}
		guild_lock_release(&lock);
		if (rc != 0 && !had_dir) {
			(void)rmdir(dir); /* where nothing came, nothing stays */
		}
	}
	if (rc == 0) {
		*fetched = is_new;
	}
	free(dir);
	return rc;
}
