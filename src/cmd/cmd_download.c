/* guild download: a file into the resource cache (cli.md 1.4, resources.md). */

#include <stdlib.h>

#include "cmd.h"

#include "guild/net.h"

static const struct guild_arg url_args[] = {
	{.name = "URL", .required = true, .help = "What to fetch: http, https or file."},
	{0},
};
static const struct guild_opt download_opts[] = {
	{.names = "--sha256",
		.value = "DIGEST",
		.help = "SHA-256 digest the file must have: another file is not kept."},
	{0},
};
static const struct guild_opt *const tables[] = {download_opts, guild_json_opts, NULL};

static int show_progress(void *arg, int64_t done, int64_t total)
{
	struct guild_progress *p = arg;

	p->total = total;
	guild_progress_add(p, done - p->done);
	return 0;
}

/* A file that is there already is taken as it is. */
static int fetch(struct guild_ctx *ctx, const char *url, const char *sha256, char **path,
	struct guild_error *err)
{
	char *cache = guild_path_join(ctx->home.path, "cache/resources");
	struct guild_progress progress;
	struct guild_net_request req = {.url = url,
		.sha256 = sha256,
		.stall_s = guild_net_stall_s(guild_ctx_env(ctx, "GUILD_DOWNLOAD_TIMEOUT")),
		.on_progress = show_progress,
		.arg = &progress,
		.log = &ctx->log};
	bool fetched = true;
	int rc = guild_net_cache_path(cache, url, path, err);

	if (rc == 0) {
		req.path = *path;
		guild_progress_start(&progress, ctx, "Downloading", 0);
		rc = guild_net_download(&req, &fetched, err);
		guild_progress_end(&progress);
	}
	if (rc == 0 && !fetched) {
		guild_log(&ctx->log, "note", "Using cached file %s", *path);
	}
	free(cache);
	if (rc != 0) {
		char *shown = guild_net_url_shown(url);

		guild_error_wrap(err, "error downloading %s", shown);
		free(shown);
	}
	return rc;
}

static void print_result(struct guild_ctx *ctx, const struct guild_args *args, const char *path,
	const char *sha256)
{
	if (!guild_args_flag(args, "json")) {
		printf("%s  %s\n", sha256, path);
		return;
	}
	struct guild_value *doc = guild_value_dict(ctx->arena);

	guild_value_set(ctx->arena, doc, "path", guild_value_string(ctx->arena, path));
	guild_value_set(ctx->arena, doc, "sha256", guild_value_string(ctx->arena, sha256));
	guild_cmd_print_json(doc);
}

static int run(struct guild_ctx *ctx, const struct guild_args *args)
{
	struct guild_error err = {0};
	char digest[65];
	char *path = NULL;
	int code = GUILD_EXIT_OK;

	if (fetch(ctx, guild_args_words(args)->v[0], guild_args_text(args, "sha256"), &path,
		    &err) != 0 ||
		guild_digest_file(GUILD_SHA256, path, digest, &err) != 0) {
		code = guild_cmd_fail(ctx, &err);
	} else {
		print_result(ctx, args, path, digest);
	}
	free(path);
	return code;
}

const struct guild_cmd guild_cmd_download = {
	.name = "download",
	.group = GUILD_GROUP_PROJECT,
	.summary = "Fetch a file into the resource cache",
	.help = "Prints the file's SHA-256 digest and where it is, for 'sha256' of a resource in "
		"guild.yml. What is in the cache already is not fetched again. A download that was cut goes on "
		"where it ended when it is asked for again. A server that sends nothing for a minute, or "
		"GUILD_DOWNLOAD_TIMEOUT seconds, is given up.\n\n"
		"Examples:\n\n"
		"  guild download https://example.org/data.tar.gz",
	.opts = tables,
	.args = url_args,
	.needs = GUILD_NEEDS_HOME,
	.run = run,
};
