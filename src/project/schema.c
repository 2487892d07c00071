/* The JSON Schema and the reference page of guild.yml, from the table of attributes. */
#include "attributes.h"

#include <stdlib.h>
#include <string.h>

struct schema {
	struct guild_arena *arena;
};

static struct guild_value *with_text(struct schema *s, struct guild_value *dict, const char *key,
	const char *text)
{
	guild_value_set(s->arena, dict, key, guild_value_string(s->arena, text));
	return dict;
}

static struct guild_value *of_type(struct schema *s, const char *type)
{
	return with_text(s, guild_value_dict(s->arena), "type", type);
}

/* A kind's name without blanks, which a reference could not hold. */
static const char *definition_name(struct schema *s, const char *kind)
{
	char *name = guild_arena_strdup(s->arena, kind);
	for (char *p = name; *p; p++) {
		*p = *p == ' ' ? '-' : *p;
	}
	return name;
}

static struct guild_value *reference_to(struct schema *s, const char *kind)
{
	return with_text(s, guild_value_dict(s->arena), "$ref",
		guild_arena_format(s->arena, "#/definitions/%s", definition_name(s, kind)));
}

/* A mapping of names: each value one of `kind`. */
static struct guild_value *mapping_of(struct schema *s, const struct project_kind *kind)
{
	struct guild_arena *a = s->arena;
	struct guild_value *map = of_type(s, "object");
	if (kind->has_include) {
		struct guild_value *special = guild_value_dict(a);
		guild_value_set(a, special, "$include", reference_to(s, "texts"));
		guild_value_set(a, map, "properties", special);
	}
	guild_value_set(a, map, "additionalProperties", reference_to(s, kind->name));
	return map;
}

static void add_words(struct schema *s, struct guild_value *options, const char *const *words)
{
	struct guild_value *known = guild_value_list(s->arena), *one = guild_value_dict(s->arena);
	for (size_t i = 0; words[i]; i++) {
		guild_value_append(s->arena, known, guild_value_string(s->arena, words[i]));
	}
	guild_value_set(s->arena, one, "enum", known);
	guild_value_append(s->arena, options, one);
}

/* The forms besides mappings of what `kind` says. */
static void add_plain_forms(struct schema *s, struct guild_value *options, unsigned forms)
{
	static const struct {
		unsigned form;
		const char *type;
	} types[] = {
		{FORM_TEXT, "string"},
		{FORM_FLOAT, "number"},
	};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(types); i++) {
		if (forms & types[i].form) {
			guild_value_append(s->arena, options, of_type(s, types[i].type));
		}
	}
	if (forms & FORM_INT && !(forms & FORM_FLOAT)) {
		guild_value_append(s->arena, options, of_type(s, "integer"));
	}
	if (forms & FORM_BOOL) {
		guild_value_append(s->arena, options, reference_to(s, "yes-no"));
	} else if (forms & FORM_NO) {
		guild_value_append(s->arena, options, reference_to(s, "no"));
	}
}

static struct guild_value *attribute_schema(struct schema *s, const struct project_attribute *at)
{
	struct guild_arena *a = s->arena;
	struct guild_value *schema = guild_value_dict(a), *options = guild_value_list(a);
	with_text(s, schema, "description", at->help);
	if ((at->forms & FORM_ANY) == FORM_ANY && !at->map && !at->items && !at->names) {
		return schema;
	}
	if (at->words) {
		add_words(s, options, at->words);
	}
	add_plain_forms(s, options, at->words ? at->forms & ~(unsigned)FORM_TEXT : at->forms);
	if (at->forms & FORM_LIST) {
		struct guild_value *list = of_type(s, "array");
		if (at->items) {
			guild_value_set(a, list, "items", reference_to(s, at->items->name));
		}
		guild_value_append(a, options, list);
	}
	if (at->forms & FORM_MAP) {
		guild_value_append(a, options,
			at->map     ? reference_to(s, at->map->name)
			: at->names ? mapping_of(s, at->names)
				    : of_type(s, "object"));
	}
	guild_value_append(a, options, of_type(s, "null"));
	if (!(at->forms & FORM_TEXT) || at->words) {
		guild_value_append(a, options, reference_to(s, "parameter"));
	}
	guild_value_set(a, schema, "anyOf", options);
	return schema;
}

static struct guild_value *kind_mapping(struct schema *s, const struct project_kind *kind)
{
	struct guild_value *map = of_type(s, "object");
	struct guild_value *properties = guild_value_dict(s->arena);
	for (const struct project_attribute *at = kind->attributes; at->name; at++) {
		guild_value_set(s->arena, properties, at->name, attribute_schema(s, at));
	}
	guild_value_set(s->arena, map, "properties", properties);
	if (!kind->is_open) {
		guild_value_set(s->arena, map, "additionalProperties",
			guild_value_bool(s->arena, false));
	}
	return map;
}

static struct guild_value *kind_schema(struct schema *s, const struct project_kind *kind)
{
	struct guild_arena *a = s->arena;
	struct guild_value *map = kind_mapping(s, kind);
	if (!kind->forms) {
		return with_text(s, map, "description", kind->help);
	}
	struct guild_value *options = guild_value_list(a), *schema = guild_value_dict(a);
	with_text(s, schema, "description", kind->help);
	add_plain_forms(s, options, kind->forms);
	if (kind->forms & FORM_LIST) {
		struct guild_value *list = of_type(s, "array");
		if (kind == &project_kind_resource) {
			guild_value_set(a, list, "items",
				reference_to(s, project_kind_source.name));
		}
		guild_value_append(a, options, list);
	}
	if (kind->forms == FORM_ANY) {
		guild_value_append(a, options, of_type(s, "null"));
	}
	guild_value_append(a, options, map);
	guild_value_set(a, schema, "anyOf", options);
	return schema;
}

/* What is none of the kinds: forms that several attributes share. */
static void add_shared(struct schema *s, struct guild_value *definitions)
{
	static const char shared[] =
		"yes-no: {anyOf: [{type: boolean}, {enum: ['yes', 'no', 'on', 'off']}]}\n"
		"no: {enum: [false, 'no', 'off']}\n"
		"texts: {anyOf: [{type: string}, {type: array, items: {type: string}}]}\n"
		"parameter: {type: string, pattern: '\\{\\{.*\\}\\}'}\n";
	struct guild_value *parsed = NULL;
	guild_assert(guild_yaml_parse(s->arena, guild_str(shared), NULL, GUILD_YAML_STRINGS,
			     &parsed, NULL) == 0);
	for (size_t i = 0; i < parsed->n; i++) {
		guild_value_add_pair(s->arena, definitions, parsed->pairs[i].key,
			parsed->pairs[i].value);
	}
	/* The reader of strings has no false. */
	struct guild_value *no = guild_value_get(guild_value_get(definitions, "no"), "enum");
	no->items[0] = guild_value_bool(s->arena, false);
}

/* One item of the list form: of the kind whose name it has. */
static struct guild_value *item_schema(struct schema *s)
{
	static const struct {
		const struct project_kind *kind;
		const char *mark;
	} items[] = {
		{&project_kind_model, "model"},
		{&project_kind_config, "config"},
		{&project_kind_package, "package"},
		{&project_kind_include, "include"},
		{&project_kind_model, "operations"},
	};
	struct guild_arena *a = s->arena;
	struct guild_value *options = guild_value_list(a), *schema = guild_value_dict(a);
	for (size_t i = 0; i < GUILD_ARRAY_LEN(items); i++) {
		struct guild_value *both = guild_value_list(a), *mark = guild_value_dict(a);
		struct guild_value *names = guild_value_list(a), *option = guild_value_dict(a);
		guild_value_append(a, names, guild_value_string(a, items[i].mark));
		guild_value_set(a, mark, "required", names);
		guild_value_append(a, both, mark);
		guild_value_append(a, both, reference_to(s, items[i].kind->name));
		guild_value_set(a, option, "allOf", both);
		guild_value_append(a, options, option);
	}
	guild_value_set(a, schema, "anyOf", options);
	return schema;
}

struct guild_value *guild_project_schema(struct guild_arena *a)
{
	struct schema s = {.arena = a};
	struct guild_value *schema = guild_value_dict(a), *definitions = guild_value_dict(a);
	struct guild_value *forms = guild_value_list(a), *list = of_type(&s, "array");
	with_text(&s, schema, "$schema", "http://json-schema.org/draft-07/schema#");
	with_text(&s, schema, "title", "guild.yml");
	with_text(&s, schema, "description",
		"A project of guild: a mapping of operations, or a list of models, configs and others.");
	guild_value_set(a, list, "items", item_schema(&s));
	guild_value_append(a, forms, list);
	guild_value_append(a, forms, mapping_of(&s, &project_kind_operation));
	guild_value_append(a, forms, of_type(&s, "null"));
	guild_value_set(a, schema, "anyOf", forms);
	for (size_t i = 0; project_kinds[i]; i++) {
		guild_value_set(a, definitions, definition_name(&s, project_kinds[i]->name),
			kind_schema(&s, project_kinds[i]));
	}
	add_shared(&s, definitions);
	guild_value_set(a, schema, "definitions", definitions);
	return schema;
}

/* ---- the reference page ---- */

/* A cell of a Markdown table. */
static void put_cell(struct guild_buf *out, const char *text)
{
	for (const char *p = text ? text : ""; *p; p++) {
		guild_buf_puts(out, *p == '|' ? "\\|" : (const char[]){*p, 0});
	}
	guild_buf_puts(out, " |");
}

static void put_attribute(struct guild_buf *out, const struct project_attribute *at)
{
	struct guild_buf takes = {0};
	project_form_text(at, &takes);
	for (size_t i = 0; at->words && at->words[i]; i++) {
		guild_buf_printf(&takes, "%s`%s`", i == 0 ? ": " : ", ", at->words[i]);
	}
	guild_buf_printf(out, "| `%s` | ", at->name);
	put_cell(out, guild_buf_cstr(&takes));
	guild_buf_putc(out, ' ');
	put_cell(out, at->fallback);
	guild_buf_putc(out, ' ');
	char *help =
		guild_format("%s%s", at->help, at->is_own ? " Guild AI 0.9.0 passes it over." : "");
	put_cell(out, help);
	guild_buf_putc(out, '\n');
	free(help);
	guild_buf_fini(&takes);
}

void guild_project_reference(struct guild_buf *out)
{
	guild_buf_puts(out,
		"# guild.yml\n\n"
		"<!-- Made by make docs from src/project/attributes.c: do not edit. -->\n\n"
		"The file is a mapping of operations, or a list of models, configs, includes and at most "
		"one package. `guild check --strict` finds names that are not in these tables. A JSON "
		"Schema for editors is printed by `guild check --schema`.\n\n"
		"Null is the same as leaving an attribute out. Where text or a list is taken, text is a list of "
		"one.\n");
	for (size_t i = 0; project_kinds[i]; i++) {
		const struct project_kind *kind = project_kinds[i];
		guild_buf_printf(out, "\n## %s\n\n%s\n", kind->title, kind->help);
		if (!kind->attributes->name) {
			continue;
		}
		guild_buf_puts(out, "\n| attribute | takes | default | meaning |\n|-|-|-|-|\n");
		for (const struct project_attribute *at = kind->attributes; at->name; at++) {
			put_attribute(out, at);
		}
	}
}
