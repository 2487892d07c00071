/* What changes in the records of a run that is started again (runs.md 3.3, 5; cli.md 1.1 Semantics). */

#include <stdlib.h>
#include <string.h>

#include "stage.h"

struct update {
	struct guild_run *run;
	const struct guild_exec_start *start;
	struct guild_arena *a;
	struct guild_error *err;
	int rc;
};

static void put(struct update *u, const char *name, const struct guild_value *v)
{
	if (u->rc == 0) {
		u->rc = guild_run_attr_write(u->run, name, v, u->start->options->durable, u->err);
	}
}

/* Stored parameters stay; only these three give way to what was asked for now, and what is missing is added. */
static void update_params(struct update *u)
{
	static const char *const replaced[] = {"gpus", "label", "tags"};
	const struct guild_value *now = u->start->options->run_params;
	struct guild_value *stored = guild_run_attr(u->run, u->a, "run_params");
	if (!now) {
		return;
	}
	if (!stored || stored->type != GUILD_DICT) {
		stored = guild_value_dict(u->a);
	}
	bool has_changed = false;
	for (size_t i = 0; i < now->n; i++) {
		const char *key = guild_value_text(now->pairs[i].key);
		struct guild_value *value = now->pairs[i].value;
		bool wins = !guild_value_get(stored, key);
		for (size_t k = 0; k < GUILD_ARRAY_LEN(replaced); k++) {
			wins = wins || (strcmp(replaced[k], key) == 0 && guild_value_truthy(value));
		}
		if (wins) {
			guild_value_set(u->a, stored, key, value);
			has_changed = true;
		}
	}
	if (has_changed) {
		put(u, "run_params", stored);
	}
}

/* The label is rendered again when its template or a flag is new. */
static void update_label(struct update *u, struct guild_value *record,
	const struct guild_value *flags)
{
	const struct guild_run_options *o = u->start->options;
	const char *template_text = guild_value_text(guild_value_get(record, "label-template"));
	if (o->label && *o->label) {
		template_text = o->label;
	} else if (o->tags.n > 0) {
		char *tags = guild_strs_join(&o->tags, " ");
		template_text = guild_arena_format(u->a, "%s ${default_label}", tags);
		free(tags);
	} else if (!u->start->flags) {
		return;
	}
	struct guild_buf b = {0};
	guild_flag_render_label(&b, template_text ? template_text : "${default_label}", flags, NULL,
		u->start->world->log);
	struct guild_str label = guild_str_trim(guild_buf_str(&b));
	if (label.n > 0) {
		put(u, "label", guild_value_string_n(u->a, label.p, label.n));
	} else if (u->rc == 0) {
		u->rc = guild_run_attr_remove(u->run, "label", u->err);
	}
	guild_buf_fini(&b);
	if (template_text && !guild_streq(template_text,
				     guild_value_text(guild_value_get(record, "label-template")))) {
		guild_value_set(u->a, record, "label-template",
			guild_value_string(u->a, template_text));
		put(u, "op", record);
	}
}

/* --force-sourcecode: copied over what is there; manifest lines of dependencies stay. */
static void update_source(struct update *u)
{
	struct guild_source_selection sel = {0};
	struct guild_snapshot snap = {0};
	struct guild_manifest old = {0};
	const struct guild_exec_start *s = u->start;
	u->rc = u->rc ? u->rc
		      : guild_source_select(s->project, s->op, false, &sel, s->world->log, u->err);
	u->rc = u->rc ? u->rc : guild_manifest_read(u->run, u->a, &old, NULL, u->err);
	u->rc = u->rc ? u->rc : guild_snapshot_make(&sel, u->run, s->world->log, &snap, u->err);
	if (u->rc == 0) {
		for (size_t i = 0; i < old.n; i++) {
			if (old.v[i].kind != 's') {
				guild_manifest_format(&snap.manifest, &old.v[i]);
			}
		}
		char *path = guild_path_join(u->run->guild_dir, "manifest");
		u->rc = guild_file_write(path, guild_buf_cstr(&snap.manifest), snap.manifest.n,
			s->options->durable, u->err);
		free(path);
		put(u, "sourcecode_digest",
			snap.digest[0] ? guild_value_string(u->a, snap.digest)
				       : guild_value_null(u->a));
		if (snap.left_out.n > 0) {
			put(u, "_sourcecode_left_out", guild_value_strs(u->a, &snap.left_out));
		} else if (u->rc == 0) {
			u->rc = guild_run_attr_remove(u->run, "_sourcecode_left_out", u->err);
		}
	}
	guild_snapshot_fini(&snap);
	guild_source_selection_fini(&sel);
}

int guild_restart_update(struct guild_run *run, const struct guild_exec_start *start,
	struct guild_arena *a, struct guild_value *record, const struct guild_value *flags,
	struct guild_error *err)
{
	struct update u = {.run = run, .start = start, .a = a, .err = err};
	if (start->flags) {
		if (guild_deps_follow_flags(a, guild_value_get(record, "deps"), start->flags)) {
			put(&u, "op", record);
		}
		put(&u, "flags", start->flags);
		put(&u, "user_flags", start->user_flags ? start->user_flags : guild_value_dict(a));
	}
	if (u.rc == 0 && start->options->alerts) {
		u.rc = guild_record_alerts(a, record, start->options->alerts, err);
		put(&u, "op", record);
	}
	if (start->options->prune) {
		guild_record_prune(a, record, start->options);
		put(&u, "op", record);
	}
	if (start->options->tags.n > 0) {
		put(&u, "tags", guild_value_strs(a, &start->options->tags));
	}
	update_params(&u);
	update_label(&u, record, flags);
	if (start->project && start->op) {
		update_source(&u);
	}
	return u.rc;
}
