/* The SQLite file of an index. Every failure ends in having no index, or an empty one; none is an error of the listing. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>
#include <xxhash.h>

#include "index.h"

enum { FORMAT = 2018, BUSY_MS = 100, CACHE_KIB = 4096 };

enum statement {
	EACH_ORDER,
	FACTS_FROM,
	FACTS_ONE,
	PUT_NEW,
	PUT_ORDER,
	PUT_BOTH,
	PUT_ATTRS,
	PUT_TREE,
	REMOVE_ORDER,
	REMOVE_FACTS,
	STATEMENTS,
};
static const char *const sql[STATEMENTS] = {
	[EACH_ORDER] = "SELECT id, name, sign, timestamp, sum FROM run",
	[FACTS_FROM] = "SELECT id, attrs, tree FROM facts WHERE id >= ? AND id <= ? ORDER BY id",
	[FACTS_ONE] = "SELECT id, attrs, tree FROM facts WHERE id = ?",
	[PUT_NEW] =
		"INSERT INTO run(name, sign, timestamp, sum) VALUES(?, ?, ?, ?)"
		" ON CONFLICT(name) DO UPDATE SET sign = excluded.sign, timestamp = excluded.timestamp,"
		" sum = excluded.sum RETURNING id",
	[PUT_ORDER] =
		"UPDATE run SET sign = ?2, timestamp = ?3, sum = ?4 WHERE id = ?5 AND name = ?1"
		" RETURNING id",
	[PUT_BOTH] = "INSERT OR REPLACE INTO facts(id, attrs, tree) VALUES(?, ?, ?)",
	[PUT_ATTRS] = "INSERT INTO facts(id, attrs) VALUES(?, ?)"
		      " ON CONFLICT(id) DO UPDATE SET attrs = excluded.attrs",
	[PUT_TREE] = "INSERT INTO facts(id, tree) VALUES(?, ?)"
		     " ON CONFLICT(id) DO UPDATE SET tree = excluded.tree",
	[REMOVE_ORDER] = "DELETE FROM run WHERE id = ?",
	[REMOVE_FACTS] = "DELETE FROM facts WHERE id = ?",
};

struct guild_index {
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	bool is_bad;
};

static void close_db(struct guild_index *x)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(x->statements[i]);
		x->statements[i] = NULL;
	}
	sqlite3_close(x->db);
	x->db = NULL;
}

/* What SQLite keeps beside the file goes with it, so that an old log is not taken for one of the new file. */
static void remove_files(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(suffixes); i++) {
		char *name = guild_format("%s%s", path, suffixes[i]);
		(void)unlink(name);
		free(name);
	}
}

static bool exec(struct guild_index *x, const char *text)
{
	return sqlite3_exec(x->db, text, NULL, NULL, NULL) == SQLITE_OK;
}

static int read_version(struct guild_index *x)
{
	sqlite3_stmt *s = NULL;
	int version = -1;
	if (sqlite3_prepare_v2(x->db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
		sqlite3_step(s) == SQLITE_ROW) {
		version = sqlite3_column_int(s, 0);
	}
	sqlite3_finalize(s);
	return version;
}

/* Two processes may come here at once: the second finds everything made. */
static bool make_tables(struct guild_index *x)
{
	char *text = guild_format(
		"BEGIN IMMEDIATE;"
		"CREATE TABLE IF NOT EXISTS run(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
		" sign INTEGER, timestamp INTEGER, sum INTEGER);"
		"CREATE TABLE IF NOT EXISTS facts(id INTEGER PRIMARY KEY, attrs BLOB, tree BLOB);"
		"PRAGMA user_version = %d;"
		"COMMIT",
		FORMAT);
	bool is_made = exec(x, "PRAGMA journal_mode = WAL") && exec(x, text);
	free(text);
	return is_made;
}

/* 1: ready, 0: not a file of this format, -1: not now. */
static int open_db(struct guild_index *x)
{
	if (sqlite3_open_v2(x->path, &x->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
		    NULL) != SQLITE_OK) {
		return -1;
	}
	char *cache = guild_format("PRAGMA cache_size = -%d", CACHE_KIB);
	sqlite3_busy_timeout(x->db, BUSY_MS);
	/* A power failure costs the index, not runs. */
	bool is_set = exec(x, "PRAGMA synchronous = OFF") && exec(x, cache) &&
		      exec(x, "PRAGMA cell_size_check = ON");
	free(cache);
	int version = is_set ? read_version(x) : -1;
	if (version == 0) {
		is_set = make_tables(x);
		version = is_set ? read_version(x) : -1;
	}
	int code = sqlite3_errcode(x->db) & 0xff;
	if (version == FORMAT) {
		return 1;
	}
	return version > 0 || code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? 0 : -1;
}

struct guild_index *guild_index_open(const char *path)
{
	struct guild_index *x = guild_alloc(sizeof(*x));
	x->path = guild_strdup(path);
	char *dir = guild_path_dirname(path);
	int state = guild_mkdirs(dir, NULL) == 0 ? open_db(x) : -1;
	free(dir);
	if (state == 0) {
		close_db(x);
		remove_files(path);
		state = open_db(x);
	}
	if (state != 1) {
		guild_index_close(x);
		return NULL;
	}
	return x;
}

void guild_index_close(struct guild_index *x)
{
	if (x == NULL) {
		return;
	}
	close_db(x);
	if (x->is_bad) {
		remove_files(x->path);
	}
	free(x->path);
	free(x);
}

/* NULL once the file turned out to be damaged. */
static sqlite3_stmt *start(struct guild_index *x, enum statement which)
{
	if (x->is_bad) {
		return NULL;
	}
	if (x->statements[which] == NULL &&
		sqlite3_prepare_v3(x->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
			&x->statements[which], NULL) != SQLITE_OK) {
		x->is_bad = true;
		return NULL;
	}
	return x->statements[which];
}

/* True for a row. Being busy is no damage. */
static bool step(struct guild_index *x, sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);
	int code = rc & 0xff;
	x->is_bad |= code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_IOERR ||
		     code == SQLITE_ERROR || code == SQLITE_MISMATCH;
	return rc == SQLITE_ROW;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static int64_t sum_of(const char *name, size_t n_name, uint64_t sign, int64_t timestamp)
{
	uint64_t parts[3] = {XXH3_64bits(name, n_name), sign, (uint64_t)timestamp};
	return (int64_t)XXH3_64bits(parts, sizeof(parts));
}

void guild_index_each_order(struct guild_index *x, guild_index_order_fn *fn, void *arg)
{
	sqlite3_stmt *s = start(x, EACH_ORDER);
	while (s != NULL && step(x, s)) {
		const char *name = (const char *)sqlite3_column_text(s, 1);
		size_t n = (size_t)sqlite3_column_bytes(s, 1);
		uint64_t sign = (uint64_t)sqlite3_column_int64(s, 2);
		int64_t timestamp = sqlite3_column_int64(s, 3);
		if (name != NULL &&
			sqlite3_column_int64(s, 4) == sum_of(name, n, sign, timestamp)) {
			fn(arg, sqlite3_column_int64(s, 0), guild_str_n(name, n), sign, timestamp);
		}
	}
	if (s != NULL) {
		sqlite3_reset(s);
	}
}

static struct guild_str blob(sqlite3_stmt *s, int column)
{
	const char *p = sqlite3_column_blob(s, column);
	return guild_str_n(p, p != NULL ? (size_t)sqlite3_column_bytes(s, column) : 0);
}

/* All rows between the first and the last id, in one go. */
static void scan_facts(struct guild_index *x, const int64_t *ids, size_t n,
	guild_index_facts_fn *fn, void *arg)
{
	sqlite3_stmt *s = start(x, FACTS_FROM);
	size_t at = 0;
	if (s == NULL) {
		return;
	}
	sqlite3_bind_int64(s, 1, ids[0]);
	sqlite3_bind_int64(s, 2, ids[n - 1]);
	while (at < n && step(x, s)) {
		int64_t id = sqlite3_column_int64(s, 0);
		while (at < n && ids[at] < id) {
			at++;
		}
		if (at < n && ids[at] == id) {
			fn(arg, at++, blob(s, 1), blob(s, 2));
		}
	}
	sqlite3_reset(s);
}

void guild_index_each_facts(struct guild_index *x, const int64_t *ids, size_t n,
	guild_index_facts_fn *fn, void *arg)
{
	enum { SCATTERED = 4 };
	if (n == 0) {
		return;
	}
	if ((uint64_t)(ids[n - 1] - ids[0]) / SCATTERED <= n) {
		scan_facts(x, ids, n, fn, arg);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		sqlite3_stmt *s = start(x, FACTS_ONE);
		if (s == NULL) {
			return;
		}
		sqlite3_bind_int64(s, 1, ids[i]);
		if (step(x, s)) {
			fn(arg, i, blob(s, 1), blob(s, 2));
		}
		sqlite3_reset(s);
	}
}

/* ---- writing ---------------------------------------------------------------------------------------- */

bool guild_index_begin(struct guild_index *x)
{
	return !x->is_bad && exec(x, "BEGIN IMMEDIATE");
}

void guild_index_end(struct guild_index *x)
{
	if (x->is_bad || !exec(x, "COMMIT")) {
		(void)exec(x, "ROLLBACK");
	}
}

int64_t guild_index_put_order(struct guild_index *x, int64_t id, const char *name, uint64_t sign,
	int64_t timestamp)
{
	sqlite3_stmt *s = start(x, id != 0 ? PUT_ORDER : PUT_NEW);
	int64_t result = 0;
	if (s == NULL) {
		return 0;
	}
	sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (int64_t)sign);
	sqlite3_bind_int64(s, 3, timestamp);
	sqlite3_bind_int64(s, 4, sum_of(name, strlen(name), sign, timestamp));
	if (id != 0) {
		sqlite3_bind_int64(s, 5, id);
	}
	if (step(x, s)) {
		result = sqlite3_column_int64(s, 0);
	}
	sqlite3_reset(s);
	return result;
}

void guild_index_put_facts(struct guild_index *x, int64_t id, struct guild_str attrs,
	struct guild_str tree)
{
	if (attrs.n == 0 && tree.n == 0) {
		return;
	}
	bool is_both = attrs.n > 0 && tree.n > 0;
	sqlite3_stmt *s = start(x, is_both ? PUT_BOTH : attrs.n > 0 ? PUT_ATTRS : PUT_TREE);
	if (s == NULL) {
		return;
	}
	struct guild_str first = attrs.n > 0 ? attrs : tree;
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_blob64(s, 2, first.p, first.n, SQLITE_STATIC);
	if (is_both) {
		sqlite3_bind_blob64(s, 3, tree.p, tree.n, SQLITE_STATIC);
	}
	(void)step(x, s);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

void guild_index_remove(struct guild_index *x, int64_t id)
{
	static const enum statement both[] = {REMOVE_ORDER, REMOVE_FACTS};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(both); i++) {
		sqlite3_stmt *s = start(x, both[i]);
		if (s != NULL) {
			sqlite3_bind_int64(s, 1, id);
			(void)step(x, s);
			sqlite3_reset(s);
		}
	}
}
