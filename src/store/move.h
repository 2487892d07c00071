/* What moving runs to directories and to archives shares. Private to store/. */
#ifndef GUILD_STORE_MOVE_H
#define GUILD_STORE_MOVE_H

#include "staging.h"
#include "tree.h"

enum guild_move_state { GUILD_MOVE_NEW, GUILD_MOVE_SAME, GUILD_MOVE_DIFFERS };
struct guild_moving {
	const struct guild_move_request *req;
	struct guild_move_result *result;
	enum guild_move_state *states; /* of req->runs */
	struct guild_error *err;
};

/* Refuses what must not begin: running runs that would be moved. */
int guild_move_check(const struct guild_move_request *req, struct guild_error *err);
/* After the states are known: fills result->differing, and GUILD_EEXISTS where that ends it. `where` is for the message. */
int guild_move_judge(struct guild_moving *m, const char *where);
/* Whether run i is to be written. */
bool guild_move_is_due(const struct guild_moving *m, size_t i);
void guild_move_phase(const struct guild_move_request *req, const char *what, int64_t total);
void guild_move_bytes(void *watch, int64_t more);
/* guild_archive_progress_fn that tells a watch; `told` is a struct guild_move_told. */
struct guild_move_told {
	const struct guild_move_watch *watch; /* or NULL */
	int64_t bytes;
};
int guild_move_archive_progress(void *told, int64_t done_bytes, int64_t total_bytes);
void guild_move_say(const struct guild_move_request *req, const char *what,
	const struct guild_run *r);
/* Bytes of the runs that are due. */
int64_t guild_move_size(const struct guild_moving *m);
/* Removes run i where it was, as the request says. */
int guild_move_remove(struct guild_moving *m, size_t i);
/* To disk: what was written below `path`, before what it was written from is removed. */
int guild_move_sync(const char *path, struct guild_error *err);

int guild_move_to_dir(const struct guild_move_request *req, const char *dir, bool is_home,
	struct guild_move_result *result, struct guild_error *err);
int guild_move_to_archive(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err);
int guild_move_from_archive(const struct guild_move_request *req, struct guild_move_result *result,
	struct guild_error *err);
/* A complete run at `from` gets the name `to`. GUILD_EEXISTS: there is something already. */
int guild_move_place(const char *from, const char *to, struct guild_error *err);
/* As guild_move_place where `to` is there: it goes to the trash of the home, or away for good with `home` NULL. At no moment there
 * is none of the two. */
int guild_move_replace(const struct guild_home *home, const char *from, const char *to,
	const struct guild_log *log, struct guild_error *err);

#endif
