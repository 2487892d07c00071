/* Importing from other trackers: the table of sources, and what all imports do before and after. */

#include "trackers_private.h"

#include <stdlib.h>
#include <string.h>

static const struct import_source *const sources[] = {
	&guild_import_aim,
	&guild_import_csv,
	&guild_import_dvc,
	&guild_import_mlflow,
	&guild_import_sacred,
	&guild_import_tensorboard,
	&guild_import_wandb,
};

const char *const guild_import_kinds[] = {
	"aim", "csv", "dvc", "mlflow", "sacred", "tensorboard", "wandb-offline", NULL};

const char *guild_import_state_name(enum guild_import_state s)
{
	static const char *const names[] = {
		[GUILD_IMPORT_NEW] = "new",
		[GUILD_IMPORT_SAME] = "same",
		[GUILD_IMPORT_CHANGED] = "changed",
		[GUILD_IMPORT_DIFFERS] = "differs",
		[GUILD_IMPORT_TRASHED] = "trashed",
		[GUILD_IMPORT_DELETED] = "deleted",
		[GUILD_IMPORT_DAMAGED] = "damaged",
	};
	return names[s];
}

static int find_source(const char *kind, const struct import_source **out, struct guild_error *err)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(sources); i++) {
		if (strcmp(sources[i]->kind, kind) == 0) {
			*out = sources[i];
			return 0;
		}
	}
	guild_error_set(err, GUILD_EINVALID, "runs cannot be imported from '%s'", kind);
	const char *nearest = guild_nearest(kind, guild_import_kinds);
	if (nearest != NULL) {
		guild_error_hint(err, "did you mean '%s'?", nearest);
	} else {
		struct guild_strs kinds = {0};
		for (size_t i = 0; guild_import_kinds[i] != NULL; i++) {
			guild_strs_add(&kinds, guild_import_kinds[i]);
		}
		char *list = guild_strs_join(&kinds, ", ");
		guild_error_hint(err, "known are: %s", list);
		free(list);
		guild_strs_fini(&kinds);
	}
	return GUILD_EINVALID;
}

/* The store's real path; a file:// or sqlite:/// URI counts as its path. */
static int open_store(struct import *imp, const struct guild_import_request *req,
	const struct guild_log *log, struct guild_error *err)
{
	*imp = (struct import){.req = req, .log = log};
	const char *text = guild_starts(req->path, "sqlite:///") ? req->path + strlen("sqlite:///")
								 : req->path;
	char *plain = guild_import_uri_path(text, NULL);
	if (plain == NULL) {
		return guild_error_set(err, GUILD_EUNSUPPORTED,
			"'%s' is no file or folder of this machine", req->path);
	}
	char *path = guild_path_abs(plain, req->cwd);
	imp->root = guild_path_real(path);
	free(path);
	free(plain);
	if (!guild_file_exists(imp->root)) {
		int rc = guild_error_set(err, GUILD_ENOTFOUND, "'%s' does not exist", req->path);
		free(imp->root);
		imp->root = NULL;
		return rc;
	}
	return 0;
}

static void close_store(struct import *imp)
{
	guild_import_clean(imp);
	guild_map_fini(&imp->taken);
	free(imp->root);
}

int guild_import_count(const struct guild_import_request *req, size_t *n, struct guild_error *err)
{
	const struct import_source *source = NULL;
	struct import imp;
	int rc = find_source(req->kind, &source, err);
	if (rc == 0) {
		rc = open_store(&imp, req, NULL, err);
	}
	if (rc == 0) {
		size_t found = 0;
		rc = source->count(&imp, &found, err);
		if (rc == 0) {
			*n = found;
		}
		close_store(&imp);
	}
	return rc;
}

int guild_import(const struct guild_import_request *req, struct guild_import_summary *out,
	const struct guild_log *log, struct guild_error *err)
{
	const struct import_source *source = NULL;
	struct import imp;
	size_t n = 0;
	int rc = find_source(req->kind, &source, err);
	if (rc == 0) {
		rc = open_store(&imp, req, log, err);
	}
	if (rc != 0) {
		return rc;
	}
	rc = source->count(&imp, &n, err);
	if (rc == 0) {
		guild_import_clean_stale(&imp);
		rc = source->import(&imp, err);
	}
	*out = imp.sum;
	close_store(&imp);
	return rc;
}
