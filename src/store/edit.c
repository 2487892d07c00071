/* Changing what people say of a run: label, tags, mark, comments. */

#include <stdlib.h>
#include <string.h>

#include "guild/store.h"

int guild_store_set_label(const struct guild_run *r, const char *label, struct guild_error *err)
{
	struct guild_str text = guild_str_trim(guild_str(label));
	if (text.n == 0) {
		return guild_run_attr_remove(r, "label", err);
	}
	struct guild_arena *a = guild_arena_new();
	struct guild_value *value = guild_value_string_n(a, text.p, text.n);
	int rc = guild_run_attr_write(r, "label", value, false, err);
	guild_arena_free(a);
	return rc;
}

/* ---- tags ---------------------------------------------------------------------------------------- */

/* Text of an item that people may have written as a number. */
static char *item_text(const struct guild_value *item)
{
	struct guild_buf text = {0};
	guild_value_py_str(&text, item);
	return guild_buf_take(&text);
}

static int read_tags(const struct guild_run *r, struct guild_arena *a, struct guild_strs *out,
	struct guild_error *err)
{
	struct guild_value *tags = NULL;
	int rc = guild_run_attr_read(r, a, "tags", &tags, err);
	if (rc < 0) {
		return rc;
	}
	for (size_t i = 0; rc == 1 && tags->type == GUILD_LIST && i < tags->n; i++) {
		guild_strs_take(out, item_text(tags->items[i]));
	}
	return 0;
}

static int write_tags(const struct guild_run *r, struct guild_arena *a, struct guild_strs *tags,
	struct guild_error *err)
{
	struct guild_value *list = guild_value_list(a);
	guild_strs_sort(tags);
	for (size_t i = 0; i < tags->n; i++) {
		if (i == 0 || strcmp(tags->v[i], tags->v[i - 1]) != 0) {
			guild_value_append(a, list, guild_value_string(a, tags->v[i]));
		}
	}
	return guild_run_attr_write(r, "tags", list, false, err);
}

static void split_words(const char *text, struct guild_strs *out)
{
	for (const char *p = text; *p != '\0';) {
		p += strspn(p, " \t\n");
		size_t n = strcspn(p, " \t\n");
		if (n > 0) {
			guild_strs_add_n(out, p, n);
		}
		p += n;
	}
}

/* The label's words without the tags that go; tags that come and are not there yet go before them. */
static int sync_label(const struct guild_run *r, struct guild_arena *a,
	const struct guild_strs *add, const struct guild_strs *remove, struct guild_error *err)
{
	struct guild_value *label = NULL;
	int rc = guild_run_attr_read(r, a, "label", &label, err);
	if (rc < 0) {
		return rc;
	}
	const char *old = rc == 1 && guild_value_text(label) != NULL ? guild_value_text(label) : "";
	struct guild_strs old_words = {0};
	struct guild_strs words = {0};
	split_words(old, &old_words);
	for (size_t i = 0; i < add->n; i++) {
		if (!guild_strs_has(&old_words, add->v[i])) {
			guild_strs_add(&words, add->v[i]);
		}
	}
	for (size_t i = 0; i < old_words.n; i++) {
		if (!guild_strs_has(remove, old_words.v[i])) {
			guild_strs_add(&words, old_words.v[i]);
		}
	}
	char *text = guild_strs_join(&words, " ");
	rc = guild_store_set_label(r, text, err);
	free(text);
	guild_strs_fini(&words);
	guild_strs_fini(&old_words);
	return rc;
}

int guild_store_edit_tags(const struct guild_run *r, const struct guild_strs *add,
	const struct guild_strs *remove, bool clear, bool sync_label_too, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_strs old = {0};
	struct guild_strs kept = {0};
	struct guild_strs gone = {0};
	int rc = read_tags(r, a, &old, err);
	if (rc != 0) {
		goto out;
	}
	for (size_t i = 0; i < old.n; i++) {
		bool goes = clear || guild_strs_has(remove, old.v[i]);
		guild_strs_add(goes ? &gone : &kept, old.v[i]);
	}
	for (size_t i = 0; i < remove->n; i++) {
		guild_strs_add(&gone, remove->v[i]);
	}
	for (size_t i = 0; i < add->n; i++) {
		guild_strs_add(&kept, add->v[i]);
	}
	rc = write_tags(r, a, &kept, err);
	if (rc == 0 && sync_label_too) {
		rc = sync_label(r, a, add, &gone, err);
	}
out:
	guild_strs_fini(&gone);
	guild_strs_fini(&kept);
	guild_strs_fini(&old);
	guild_arena_free(a);
	return rc;
}

int guild_store_set_marked(const struct guild_run *r, bool marked, struct guild_error *err)
{
	if (!marked) {
		return guild_run_attr_remove(r, "marked", err);
	}
	struct guild_arena *a = guild_arena_new();
	int rc = guild_run_attr_write(r, "marked", guild_value_bool(a, true), false, err);
	guild_arena_free(a);
	return rc;
}

/* ---- comments -------------------------------------------------------------------------------------- */

/* The list of comments, empty when there are none; a value of another kind is not overwritten. */
static int read_comments(const struct guild_run *r, struct guild_arena *a, struct guild_value **out,
	struct guild_error *err)
{
	*out = guild_value_list(a);
	struct guild_value *value = NULL;
	int rc = guild_run_attr_read(r, a, "comments", &value, err);
	if (rc < 0 || rc == 0 || value->type == GUILD_NULL) {
		return rc < 0 ? rc : 0;
	}
	if (value->type != GUILD_LIST) {
		return guild_error_set(err, GUILD_EINVALID,
			"attribute 'comments' of run %.8s is no list", r->id);
	}
	*out = value;
	return 0;
}

int guild_store_add_comment(const struct guild_run *r, const char *body, const char *user,
	const char *host, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *comments = NULL;
	int rc = read_comments(r, a, &comments, err);
	if (rc == 0) {
		struct guild_value *comment = guild_value_dict(a);
		guild_value_set(a, comment, "body", guild_value_string(a, body));
		guild_value_set(a, comment, "host", guild_value_string(a, host));
		guild_value_set(a, comment, "time", guild_value_int(a, guild_run_timestamp()));
		guild_value_set(a, comment, "user", guild_value_string(a, user));
		guild_value_append(a, comments, comment);
		rc = guild_run_attr_write(r, "comments", comments, false, err);
	}
	guild_arena_free(a);
	return rc;
}

int guild_store_delete_comment(const struct guild_run *r, int64_t index, struct guild_error *err)
{
	struct guild_arena *a = guild_arena_new();
	struct guild_value *comments = NULL;
	int rc = read_comments(r, a, &comments, err);
	if (rc == 0 && (index < 1 || (uint64_t)index > comments->n)) {
		rc = guild_error_set(err, GUILD_ENOTFOUND, "run %.8s has no comment %lld", r->id,
			(long long)index);
	}
	if (rc == 0) {
		struct guild_value *kept = guild_value_list(a);
		for (size_t i = 0; i < comments->n; i++) {
			if (i + 1 != (size_t)index) {
				guild_value_append(a, kept, comments->items[i]);
			}
		}
		rc = guild_run_attr_write(r, "comments", kept, false, err);
	}
	guild_arena_free(a);
	return rc;
}

int guild_store_clear_comments(const struct guild_run *r, struct guild_error *err)
{
	return guild_run_attr_remove(r, "comments", err);
}
