/* Housekeeping in parts. Private to store/. */
#ifndef GUILD_STORE_GC_H
#define GUILD_STORE_GC_H

#include "store_private.h"

/* Takes over `path` and `why`. */
struct guild_gc_item *guild_gc_add(struct guild_gc_plan *p, enum guild_gc_kind kind,
	char *take_path, char *take_why);
/* The time something in a tree was last written to or, where that is asked for and the file system keeps it, read; 0: it is not
 * there. */
int64_t guild_gc_last_use_us(const char *path, bool or_read);
/* "3 days" */
char *guild_gc_age_text(int64_t us);

/* Where the links in all runs lead, runs in the trash among them: real paths. */
struct guild_gc_links {
	struct guild_strs targets; /* sorted by byte value */
};
void guild_gc_links_read(const struct guild_gc_request *req, struct guild_gc_links *out);
void guild_gc_links_fini(struct guild_gc_links *links);
/* Whether a link leads to `path` or to something below it. */
bool guild_gc_links_lead_to(const struct guild_gc_links *links, const char *path);
/* Position of the first target that is not before `text`. */
size_t guild_gc_links_from(const struct guild_gc_links *links, const char *text);

void guild_gc_find_cache(const struct guild_gc_request *req, const struct guild_gc_links *links,
	struct guild_gc_plan *out);
void guild_gc_find_trash(const struct guild_gc_request *req, struct guild_gc_plan *out);
void guild_gc_find_leftovers(const struct guild_gc_request *req, struct guild_gc_plan *out);
void guild_gc_find_batches(const struct guild_gc_request *req, struct guild_gc_plan *out);
void guild_gc_find_checkpoints(const struct guild_gc_request *req,
	const struct guild_gc_links *links, struct guild_gc_plan *out);
void guild_gc_find_duplicates(const struct guild_gc_request *req, struct guild_gc_plan *out);
int guild_gc_link_duplicate(const struct guild_home *home, const struct guild_gc_item *item,
	struct guild_error *err);
int guild_gc_remove_checkpoint(const struct guild_gc_item *item, struct guild_error *err);

#endif
