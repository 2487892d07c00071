/* What a checkpoint file of each framework looks like: name endings and first bytes. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoints.h"
#include "guild/base.h"

enum { STEP_DIGITS_MAX = 18 };

/* ---- contents ----------------------------------------------------------------------------------- */

static bool starts(const char *head, size_t n, const char *magic, size_t magic_n)
{
	return n >= magic_n && memcmp(head, magic, magic_n) == 0;
}

static bool holds(const char *head, size_t n, const char *word)
{
	return memmem(head, n, word, strlen(word)) != NULL;
}

static bool is_zip(const char *head, size_t n)
{
	return starts(head, n, "PK\003\004", 4);
}

static bool is_pickle(const char *head, size_t n)
{
	return n >= 2 && head[0] == '\200' && head[1] >= 2 && head[1] <= 5;
}

static bool is_hdf5(const char *head, size_t n)
{
	return starts(head, n, "\211HDF\r\n\032\n", 8);
}

static const char *pytorch(const char *name, const char *head, size_t n)
{
	(void)name;
	/* A zip archive since 1.6, a bare pickle before. */
	return is_zip(head, n) || is_pickle(head, n) ? "pytorch" : NULL;
}

static const char *pytorch_bin(const char *name, const char *head, size_t n)
{
	static const char *const stems[] = {"pytorch_model", "adapter_model", "model", "optimizer",
		"diffusion_pytorch_model", "checkpoint", "ckpt"};
	for (size_t i = 0; i < GUILD_ARRAY_LEN(stems); i++) {
		if (guild_starts(name, stems[i])) {
			return pytorch(name, head, n);
		}
	}
	return NULL;
}

static const char *safetensors(const char *name, const char *head, size_t n)
{
	(void)name;
	return n > 8 && head[8] == '{' ? "safetensors" : NULL;
}

static const char *keras_zip(const char *name, const char *head, size_t n)
{
	(void)name;
	return is_zip(head, n) ? "keras" : NULL;
}

/* HDF5 also holds plain data: either the name or an attribute Keras writes must say "model". */
static const char *keras_hdf5(const char *name, const char *head, size_t n)
{
	static const char *const words[] = {
		"keras_version", "layer_names", "model_weights", "weight_names", "model_config"};
	static const char *const names[] = {"weights", "model", "checkpoint", "ckpt"};
	if (!is_hdf5(head, n)) {
		return NULL;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words); i++) {
		if (holds(head, n, words[i])) {
			return "keras";
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(names); i++) {
		if (guild_contains_nocase(guild_str(name), guild_str(names[i]))) {
			return "keras";
		}
	}
	return NULL;
}

static const char *onnx(const char *name, const char *head, size_t n)
{
	(void)name;
	/* ModelProto starts with field 1, the version of the format, as a varint. */
	return n > 2 && head[0] == '\010' ? "onnx" : NULL;
}

static const char *boosted_trees(const char *name, const char *head, size_t n)
{
	(void)name;
	size_t near = n < 4096 ? n : 4096;
	if (near > 0 && head[0] == '{' && holds(head, near, "learner")) {
		return "xgboost";
	}
	if (starts(head, n, "binf", 4)) {
		return "xgboost";
	}
	if (starts(head, n, "tree\n", 5) && holds(head, near, "version=")) {
		return "lightgbm";
	}
	return NULL;
}

static const char *catboost(const char *name, const char *head, size_t n)
{
	(void)name;
	return starts(head, n, "CBM1", 4) ? "catboost" : NULL;
}

static const char *pickled(const char *name, const char *head, size_t n)
{
	static const char *const packages[] = {
		"sklearn", "xgboost", "lightgbm", "catboost", "torch"};
	static const char *const frameworks[] = {
		"sklearn", "xgboost", "lightgbm", "catboost", "pytorch"};
	if (!is_pickle(head, n)) {
		return NULL;
	}
	/* A pipeline of scikit-learn may hold a model of another package: the outermost class comes first. */
	const char *first = NULL;
	const char *found = NULL;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(packages); i++) {
		const char *at = memmem(head, n, packages[i], strlen(packages[i]));
		if (at != NULL && (first == NULL || at < first)) {
			first = at;
			found = frameworks[i];
		}
	}
	(void)name;
	return found;
}

/* joblib's own files are models more often than not, also compressed ones nobody can look into cheaply. */
static const char *joblib(const char *name, const char *head, size_t n)
{
	const char *known = pickled(name, head, n);
	if (known != NULL) {
		return known;
	}
	bool is_compressed = starts(head, n, "\x1f\x8b", 2) || starts(head, n, "BZ", 2) ||
			     starts(head, n,
				     "\xfd"
				     "7zXZ",
				     5) ||
			     (n > 0 && head[0] == 'x');
	return is_compressed ? "joblib" : NULL;
}

static const char *flax(const char *name, const char *head, size_t n)
{
	(void)name;
	/* A msgpack map: fixmap, map16 or map32. */
	unsigned char first = n > 0 ? (unsigned char)head[0] : 0;
	return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf ? "flax" : NULL;
}

static const struct {
	const char *ending;
	const char *(*look)(const char *name, const char *head, size_t n);
} kinds[] = {
	{".bin", pytorch_bin},
	{".bst", boosted_trees},
	{".cbm", catboost},
	{".ckpt", pytorch},
	{".h5", keras_hdf5},
	{".hdf5", keras_hdf5},
	{".joblib", joblib},
	{".json", boosted_trees},
	{".keras", keras_zip},
	{".lgb", boosted_trees},
	{".model", boosted_trees},
	{".msgpack", flax},
	{".onnx", onnx},
	{".pickle", pickled},
	{".pkl", pickled},
	{".pt", pytorch},
	{".pth", pytorch},
	{".safetensors", safetensors},
	{".txt", boosted_trees},
	{".ubj", boosted_trees},
	{".xgb", boosted_trees},
};

/* "checkpoint_100", the form Flax writes without any ending. */
static bool is_flax_name(const char *name)
{
	static const char prefix[] = "checkpoint_";
	const char *rest = name + strlen(prefix);
	return guild_starts(name, prefix) && *rest != '\0' &&
	       strspn(rest, "0123456789.") == strlen(rest);
}

bool guild_checkpoint_is_candidate(const char *name)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		if (guild_ends(name, kinds[i].ending)) {
			return true;
		}
	}
	return is_flax_name(name);
}

const char *guild_checkpoint_framework(const char *name, const char *head, size_t n)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(kinds); i++) {
		if (guild_ends(name, kinds[i].ending)) {
			return kinds[i].look(name, head, n);
		}
	}
	return is_flax_name(name) ? flax(name, head, n) : NULL;
}

/* ---- steps in names ------------------------------------------------------------------------------- */

static bool digits_at(const char *p, int64_t *value, size_t *n)
{
	*n = strspn(p, "0123456789");
	return *n > 0 && *n <= STEP_DIGITS_MAX && guild_parse_i64(p, *n, value);
}

/* The number after `word`, a separator allowed between: "step=5", "epoch_5", "epoch5". */
static int64_t number_after(const char *name, const char *word)
{
	size_t length = strlen(word);
	int64_t found = -1;
	for (const char *p = name; *p != '\0'; p++) {
		bool at_start = p == name || !isalpha((unsigned char)p[-1]);
		if (!at_start || strncasecmp(p, word, length) != 0) {
			continue;
		}
		const char *q = p + length;
		if (*q == 's' || *q == 'S') {
			q++;
		}
		if (*q != '\0' && strchr("-_=. ", *q) != NULL) {
			q++;
		}
		int64_t value;
		size_t n;
		if (digits_at(q, &value, &n)) {
			found = value;
		}
	}
	return found;
}

/* The only whole number that stands by itself between separators; two of them say nothing. */
static int64_t lone_number(const char *name)
{
	int64_t found = -1;
	size_t n_found = 0;
	const char *p = name;
	while (*p != '\0') {
		int64_t value = 0;
		size_t n = 0;
		bool at_start = p == name || strchr("-_=. ", p[-1]) != NULL;
		if (!at_start || !digits_at(p, &value, &n)) {
			p++;
			continue;
		}
		bool is_fraction = p[n] == '.' && isdigit((unsigned char)p[n + 1]);
		if (is_fraction) {
			p += n + 1;
			p += strspn(p, "0123456789");
			continue;
		}
		if (p[n] == '\0' || strchr("-_. ", p[n]) != NULL) {
			found = value;
			n_found++;
		}
		p += n;
	}
	return n_found == 1 ? found : -1;
}

int64_t guild_checkpoint_step(const char *name)
{
	static const char *const words[] = {
		"step", "global_step", "iter", "iteration", "checkpoint", "ckpt", "epoch", "ep"};
	/* A shard number is no step. */
	const char *of = strstr(name, "-of-");
	char *own = NULL;
	if (of != NULL) {
		const char *start = of;
		while (start > name && isdigit((unsigned char)start[-1])) {
			start--;
		}
		own = guild_strndup(name, (size_t)(start - name));
	} else {
		own = guild_strdup(name);
	}
	int64_t step = -1;
	for (size_t i = 0; i < GUILD_ARRAY_LEN(words) && step < 0; i++) {
		step = number_after(own, words[i]);
	}
	if (step < 0) {
		step = lone_number(own);
	}
	free(own);
	return step;
}
