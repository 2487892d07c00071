/* Where an index lies. */

#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include <xxhash.h>

#include "guild/store.h"

/* File systems that other machines may write to at the same time (statfs(2)): SQLite's locks and shared memory do not reach there. */
static const unsigned long shared_types[] = {
	0x6969,     /* NFS */
	0x517b,     /* SMB */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB 2 */
	0x65735546, /* FUSE: sshfs and others */
	0x01021997, /* 9P */
	0x5346414f, /* AFS */
	0x73757245, /* Coda */
	0x0bd00bd0, /* Lustre */
	0x47504653, /* GPFS */
	0x19830326, /* BeeGFS */
	0x00c36400, /* Ceph */
	0x7461636f, /* OCFS2 */
	0x01161970, /* GFS2 */
};

static bool is_shared(const char *path)
{
	struct statfs st;
	char *at = guild_strdup(path);
	while (statfs(at, &st) != 0 && strcmp(at, "/") != 0) {
		char *parent = guild_path_dirname(at);
		free(at);
		at = parent;
		if (*at == '\0') {
			break;
		}
	}
	bool is_known = *at != '\0' && statfs(at, &st) == 0;
	free(at);
	for (size_t i = 0; is_known && i < GUILD_ARRAY_LEN(shared_types); i++) {
		/* The field is signed on some machines. */
		if (((unsigned long)st.f_type & 0xffffffff) == shared_types[i]) {
			return true;
		}
	}
	return false;
}

static const char *env_get(char *const *environ_, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; environ_ != NULL && environ_[i] != NULL; i++) {
		if (strncmp(environ_[i], name, n) == 0 && environ_[i][n] == '=') {
			return environ_[i] + n + 1;
		}
	}
	return NULL;
}

/* CACHE/guild/runs-HASH.db, by the real path of the home; NULL without a home directory. */
static char *user_path(const struct guild_home *h, const char *name, char *const *environ_)
{
	const char *cache = env_get(environ_, "XDG_CACHE_HOME");
	const char *user = env_get(environ_, "HOME");
	char *dir = NULL;
	if (cache != NULL && guild_path_is_abs(cache)) {
		dir = guild_path_join(cache, "guild");
	} else if (user != NULL && guild_path_is_abs(user)) {
		dir = guild_path_join(user, ".cache/guild");
	} else {
		return NULL;
	}
	char *real = guild_path_real(h->path);
	char *path = guild_format("%s/%s-%016llx.db", dir, name,
		(unsigned long long)XXH3_64bits(real, strlen(real)));
	free(real);
	free(dir);
	return path;
}

char *guild_store_index_path(const struct guild_home *h, bool deleted, char *const *environ_)
{
	const char *wish = env_get(environ_, "GUILD_INDEX");
	const char *name = deleted ? "trash-index" : "runs-index";
	if (wish != NULL && strcmp(wish, "off") == 0) {
		return NULL;
	}
	bool is_users = wish != NULL && strcmp(wish, "home") == 0   ? false
			: wish != NULL && strcmp(wish, "user") == 0 ? true
								    : is_shared(h->path);
	return is_users ? user_path(h, name, environ_)
			: guild_format("%s/cache/runs/%s.db", h->path, name);
}
