/* Which directory is the Guild home, and which file the user's configuration. */

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guild/store.h"

static const char *env_get(char *const *environ_, const char *name)
{
	size_t n = strlen(name);
	for (size_t i = 0; environ_ != NULL && environ_[i] != NULL; i++) {
		if (strncmp(environ_[i], name, n) == 0 && environ_[i][n] == '=') {
			/* Set to nothing counts as not set. */
			return environ_[i][n + 1] != '\0' ? environ_[i] + n + 1 : NULL;
		}
	}
	return NULL;
}

static char *user_home(char *const *environ_)
{
	const char *home = env_get(environ_, "HOME");
	if (home == NULL) {
		const struct passwd *user = getpwuid(getuid());
		home = user != NULL ? user->pw_dir : "/";
	}
	return guild_strdup(home);
}

/* A run's own .guild is no Guild home, though it has the same name. */
static bool is_home_dir(const char *path)
{
	char *opref = guild_path_join(path, "opref");
	bool is_home = guild_is_dir(path) && !guild_file_exists(opref);
	free(opref);
	return is_home;
}

static void set(struct guild_home *out, char *path, const char *why)
{
	out->path = path;
	out->why = guild_strdup(why);
}

static char *find_config(const struct guild_home_request *req, const char *user)
{
	const char *named = env_get(req->environ_, "GUILD_CONFIG");
	if (named != NULL) {
		char *expanded = guild_path_expand_user(named, user);
		char *path = guild_path_abs(expanded, req->cwd);
		free(expanded);
		return path;
	}
	char *local = guild_path_join(req->cwd, "guild-config.yml");
	if (guild_file_exists(local)) {
		return local;
	}
	free(local);
	return guild_path_join(user, ".guild/config.yml");
}

/* True when the layout of releases before 0.9 is asked for: no search from the working directory. */
static bool is_old_scheme(const struct guild_home_request *req, const char *config_path,
	const struct guild_log *log)
{
	struct guild_arena *a = guild_arena_new();
	const char *scheme = env_get(req->environ_, "GUILD_HOME_SCHEME");
	if (scheme == NULL && guild_file_exists(config_path)) {
		const struct guild_value *config = guild_config_load(a, config_path, NULL);
		scheme = guild_value_text(guild_value_get(guild_value_get(config, "legacy"),
			"guild-home"));
	}
	bool is_old = scheme != NULL && strcmp(scheme, "pre-0.9") == 0;
	if (scheme != NULL && !is_old) {
		guild_log(log, "warning",
			"unknown scheme '%s' for the Guild home is ignored (expected 'pre-0.9')",
			scheme);
	}
	guild_arena_free(a);
	return is_old;
}

static const char *active_environment(const struct guild_home_request *req)
{
	const char *env = env_get(req->environ_, "CONDA_PREFIX");
	return env != NULL ? env : env_get(req->environ_, "VIRTUAL_ENV");
}

static bool find_in_environment(const struct guild_home_request *req, struct guild_home *out)
{
	const char *env = active_environment(req);
	if (env == NULL) {
		return false;
	}
	char *path = guild_path_join(env, ".guild");
	bool is_found = guild_is_dir(path);
	if (is_found) {
		set(out, guild_path_real(path), "activated environment");
	}
	free(path);
	return is_found;
}

/* From the working directory upwards, the user's home directory being the last one asked. */
static bool find_upwards(const struct guild_home_request *req, const char *user,
	struct guild_home *out)
{
	char *stop = guild_path_normalize(user);
	char *dir = guild_path_abs(req->cwd, NULL);
	bool is_found = false;
	for (;;) {
		char *path = guild_path_join(dir, ".guild");
		is_found = is_home_dir(path);
		if (is_found) {
			bool is_user = strcmp(dir, stop) == 0;
			set(out, path,
				is_user ? "user directory" : "found from the working directory up");
			break;
		}
		free(path);
		if (strcmp(dir, stop) == 0 || strcmp(dir, "/") == 0) {
			break;
		}
		char *parent = guild_path_dirname(dir);
		free(dir);
		dir = parent;
	}
	free(dir);
	free(stop);
	return is_found;
}

static int set_named(struct guild_home *out, const char *named, const char *why, bool must_exist,
	const char *user, const char *cwd, struct guild_error *err)
{
	char *expanded = guild_path_expand_user(named, user);
	char *path = guild_path_abs(expanded, cwd);
	free(expanded);
	int rc = 0;
	if (guild_file_exists(path) && !guild_is_dir(path)) {
		rc = guild_error_set(err, GUILD_EINVALID, "'%s' is not a directory", path);
	} else if (must_exist && !guild_is_dir(path)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "directory '%s' does not exist", path);
	}
	if (rc != 0) {
		guild_error_where(err, "%s", why);
		free(path);
		return rc;
	}
	set(out, path, why);
	return 0;
}

int guild_home_find(const struct guild_home_request *req, struct guild_home *out,
	const struct guild_log *log, struct guild_error *err)
{
	struct guild_home home = {0};
	char *user = user_home(req->environ_);
	const char *named = env_get(req->environ_, "GUILD_HOME");
	int rc = 0;
	home.config_path = find_config(req, user);
	if (req->option != NULL) {
		rc = set_named(&home, req->option, "option -H", true, user, NULL, err);
	} else if (named != NULL) {
		rc = set_named(&home, named, "GUILD_HOME", false, user, NULL, err);
	} else if (is_old_scheme(req, home.config_path, log)) {
		const char *env = active_environment(req);
		char *path = guild_path_join(env != NULL ? env : user, ".guild");
		set(&home, guild_path_real(path), "scheme pre-0.9");
		free(path);
	} else if (!find_in_environment(req, &home) && !find_upwards(req, user, &home)) {
		set(&home, guild_path_join(user, ".guild"), "user directory");
	}
	free(user);
	if (rc != 0) {
		guild_home_fini(&home);
		return rc;
	}
	*out = home;
	return 0;
}

void guild_home_fini(struct guild_home *h)
{
	free(h->path);
	free(h->why);
	free(h->config_path);
	*h = (struct guild_home){0};
}

char *guild_home_runs_dir(const struct guild_home *h, bool deleted)
{
	return guild_path_join(h->path, deleted ? "trash/runs" : "runs");
}
