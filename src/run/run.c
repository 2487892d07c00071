/* One run directory: opening, creating, ids, markers. */

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_private.h"

enum { OPREF_MAX_BYTES = 64 << 10 };

void guild_run_new_id(char out[GUILD_RUN_ID_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char raw[GUILD_RUN_ID_LEN / 2];
	guild_random_bytes(raw, sizeof(raw));
	raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x40); /* version 4 */
	raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80); /* RFC 4122 variant */
	for (size_t i = 0; i < sizeof(raw); i++) {
		out[2 * i] = hex[raw[i] >> 4];
		out[2 * i + 1] = hex[raw[i] & 15];
	}
	out[GUILD_RUN_ID_LEN] = '\0';
}

int64_t guild_run_timestamp(void)
{
	static _Atomic int64_t last;
	int64_t previous = atomic_load(&last);
	int64_t now;
	do {
		now = guild_now_us();
		if (now <= previous) {
			now = previous + 1;
		}
	} while (!atomic_compare_exchange_weak(&last, &previous, now));
	return now;
}

char *guild_run_file(const struct guild_run *r, const char *name)
{
	return guild_path_join(r->guild_dir, name);
}

/* Fills dir, guild_dir and id. A trailing slash or a relative path still yields the run's own name as id. */
static void set_dir(struct guild_run *r, const char *dir)
{
	*r = (struct guild_run){0};
	r->dir = guild_path_abs(dir, NULL);
	r->guild_dir = guild_path_join(r->dir, ".guild");
	r->id = guild_strdup(guild_path_basename(r->dir));
	r->opref = (struct guild_opref){
		.pkg_type = guild_strdup(""),
		.pkg_name = guild_strdup(""),
		.version = guild_strdup(""),
		.model = guild_strdup(""),
		.op = guild_strdup(""),
	};
}

int guild_run_open(const char *dir, struct guild_run *out, struct guild_error *err)
{
	set_dir(out, dir);
	char *path = guild_run_file(out, "opref");
	struct guild_buf text = {0};
	int rc = guild_file_read(path, OPREF_MAX_BYTES, &text, err);
	if (rc != 0) {
		if (rc == GUILD_ENOTFOUND) {
			guild_error_set(err, rc, "'%s' is not a run", out->dir);
		}
		goto out;
	}
	struct guild_opref opref = {0};
	if (memchr(text.p, '\0', text.n) != NULL) {
		rc = guild_error_set(err, GUILD_EINVALID, "invalid operation reference: NUL byte");
	} else {
		rc = guild_opref_parse(guild_buf_cstr(&text), &opref, err);
	}
	if (rc != 0) {
		guild_error_where(err, "%s", path);
		goto out;
	}
	guild_opref_fini(&out->opref);
	out->opref = opref;
out:
	guild_buf_fini(&text);
	free(path);
	return rc;
}

void guild_run_fini(struct guild_run *r)
{
	free(r->dir);
	free(r->guild_dir);
	free(r->id);
	free(r->facts);
	guild_opref_fini(&r->opref);
	*r = (struct guild_run){0};
}

bool guild_run_is_run(const char *dir)
{
	char *path = guild_path_join(dir, ".guild/opref");
	bool is_run = access(path, F_OK) == 0;
	free(path);
	return is_run;
}

int guild_run_create(const char *dir, struct guild_run *out, struct guild_error *err)
{
	set_dir(out, dir);
	char *attrs = guild_run_file(out, "attrs");
	int rc = guild_mkdirs(attrs, err);
	free(attrs);
	return rc;
}

int guild_run_write_opref(struct guild_run *r, const struct guild_opref *opref, bool durable,
	struct guild_error *err)
{
	struct guild_buf text = {0};
	guild_opref_format(opref, &text);
	char *path = guild_run_file(r, "opref");
	int rc = guild_file_write(path, text.p, text.n, durable, err);
	if (rc == 0) {
		struct guild_opref copy = {
			.pkg_type = guild_strdup(opref->pkg_type),
			.pkg_name = guild_strdup(opref->pkg_name),
			.version = guild_strdup(opref->version),
			.model = guild_strdup(opref->model),
			.op = guild_strdup(opref->op),
		};
		guild_opref_fini(&r->opref);
		r->opref = copy;
	}
	free(path);
	guild_buf_fini(&text);
	return rc;
}

int guild_run_set_marker(const struct guild_run *r, const char *name, bool on,
	struct guild_error *err)
{
	char *path = guild_run_file(r, name);
	int rc = on ? guild_file_touch(path, err) : guild_file_remove(path, err);
	free(path);
	return rc;
}
