/* What words mean to the automatic rules. */
#include <stdlib.h>
#include <string.h>

#include "auto.h"

enum { KEY_MAX = 100, WORD_MAX = 16 };

/* Sorted. A word's meanings are looked up once, when a line is taken apart. */
static const struct {
	const char *word;
	unsigned meaning;
} vocabulary[] = {
	{"_runtime", WORD_PLACE},
	{"_timestamp", WORD_PLACE},
	{"a", WORD_PREPOSITION},
	{"acc", WORD_METRIC},
	{"accs", WORD_METRIC},
	{"accuracy", WORD_METRIC},
	{"after", WORD_PREPOSITION},
	{"all", WORD_ALL},
	{"an", WORD_PREPOSITION},
	{"and", WORD_PREPOSITION},
	{"ap", WORD_METRIC},
	{"at", WORD_PREPOSITION},
	{"auc", WORD_METRIC},
	{"aucpr", WORD_METRIC},
	{"auprc", WORD_METRIC},
	{"auroc", WORD_METRIC},
	{"b", WORD_UNIT},
	{"batch", WORD_BATCH},
	{"batch_size", WORD_COUNT},
	{"batches", WORD_UNIT},
	{"batchsize", WORD_COUNT},
	{"bce", WORD_METRIC},
	{"before", WORD_PREPOSITION},
	{"begin", WORD_BEGIN},
	{"beginning", WORD_BEGIN},
	{"best", WORD_COUNT},
	{"between", WORD_PREPOSITION},
	{"bleu", WORD_METRIC},
	{"bpc", WORD_METRIC},
	{"bpd", WORD_METRIC},
	{"bsz", WORD_TIME},
	{"but", WORD_PREPOSITION},
	{"by", WORD_PREPOSITION},
	{"byte", WORD_UNIT},
	{"bytes", WORD_COUNT | WORD_UNIT},
	{"c", WORD_UNIT},
	{"ce", WORD_METRIC},
	{"cer", WORD_METRIC},
	{"classes", WORD_COUNT},
	{"columns", WORD_COUNT},
	{"cost", WORD_METRIC},
	{"count", WORD_COUNT},
	{"cpu", WORD_COUNT},
	{"created_at", WORD_PLACE},
	{"critical", WORD_LEVEL},
	{"crossentropy", WORD_METRIC},
	{"data", WORD_COUNT},
	{"date", WORD_TIME | WORD_PLACE},
	{"datetime", WORD_PLACE},
	{"day", WORD_UNIT},
	{"days", WORD_UNIT},
	{"debug", WORD_LEVEL},
	{"decreased", WORD_VERB},
	{"depth", WORD_COUNT},
	{"dev", WORD_PHASE},
	{"deviance", WORD_METRIC},
	{"dice", WORD_METRIC},
	{"did", WORD_VERB},
	{"dim", WORD_COUNT},
	{"dims", WORD_COUNT},
	{"does", WORD_VERB},
	{"done", WORD_VERB},
	{"dur", WORD_TIME},
	{"duration", WORD_TIME},
	{"eer", WORD_METRIC},
	{"elapsed", WORD_TIME | WORD_PLACE},
	{"elbo", WORD_METRIC},
	{"energy", WORD_METRIC},
	{"entropy", WORD_METRIC},
	{"ep", WORD_EPOCH},
	{"episode", WORD_EPOCH},
	{"epoch", WORD_EPOCH},
	{"epochs", WORD_COUNT | WORD_UNIT},
	{"err", WORD_METRIC},
	{"error", WORD_METRIC | WORD_LEVEL},
	{"eta", WORD_TIME | WORD_PLACE},
	{"eval", WORD_PHASE},
	{"evaluation", WORD_PHASE},
	{"examples", WORD_COUNT | WORD_UNIT},
	{"exceeded", WORD_VERB},
	{"f", WORD_NUMBERED},
	{"false", WORD_SETTING},
	{"fatal", WORD_LEVEL},
	{"features", WORD_COUNT},
	{"fid", WORD_METRIC},
	{"finished", WORD_VERB},
	{"for", WORD_PREPOSITION},
	{"fpr", WORD_METRIC},
	{"fps", WORD_TIME | WORD_UNIT},
	{"from", WORD_PREPOSITION},
	{"g", WORD_UNIT},
	{"gb", WORD_UNIT},
	{"gen", WORD_EPOCH},
	{"generation", WORD_EPOCH},
	{"ghz", WORD_UNIT},
	{"gib", WORD_UNIT},
	{"global_step", WORD_GLOBAL},
	{"globalstep", WORD_GLOBAL},
	{"gnorm", WORD_METRIC},
	{"got", WORD_VERB},
	{"gpu", WORD_COUNT},
	{"gpu_mem", WORD_COUNT},
	{"gpus", WORD_COUNT},
	{"h", WORD_UNIT},
	{"has", WORD_VERB},
	{"hour", WORD_UNIT},
	{"hours", WORD_UNIT},
	{"hr", WORD_UNIT},
	{"hrs", WORD_UNIT},
	{"hz", WORD_UNIT},
	{"images", WORD_COUNT | WORD_UNIT},
	{"improve", WORD_VERB},
	{"improved", WORD_VERB},
	{"in", WORD_PREPOSITION},
	{"increased", WORD_VERB},
	{"inertia", WORD_METRIC},
	{"info", WORD_LEVEL},
	{"instances", WORD_COUNT},
	{"into", WORD_PREPOSITION},
	{"iou", WORD_METRIC},
	{"ips", WORD_TIME},
	{"is", WORD_VERB},
	{"it", WORD_ITERATION},
	{"it/s", WORD_TIME},
	{"iter", WORD_ITERATION},
	{"iteration", WORD_ITERATION},
	{"iterations", WORD_COUNT | WORD_UNIT},
	{"iters", WORD_UNIT},
	{"itr", WORD_ITERATION},
	{"k", WORD_UNIT},
	{"kappa", WORD_METRIC},
	{"kb", WORD_UNIT},
	{"kib", WORD_UNIT},
	{"kl", WORD_METRIC},
	{"kld", WORD_METRIC},
	{"leaves", WORD_COUNT},
	{"likelihood", WORD_METRIC},
	{"line", WORD_COUNT},
	{"ll", WORD_METRIC},
	{"local_rank", WORD_PLACE},
	{"loglik", WORD_METRIC},
	{"logloss", WORD_METRIC},
	{"logprob", WORD_METRIC},
	{"loss", WORD_METRIC},
	{"losses", WORD_METRIC},
	{"m", WORD_UNIT},
	{"mae", WORD_METRIC},
	{"map", WORD_METRIC},
	{"mape", WORD_METRIC},
	{"mb", WORD_UNIT},
	{"mcc", WORD_METRIC},
	{"mem", WORD_COUNT},
	{"memory", WORD_COUNT},
	{"merror", WORD_METRIC},
	{"meteor", WORD_METRIC},
	{"mhz", WORD_UNIT},
	{"mib", WORD_UNIT},
	{"min", WORD_UNIT},
	{"mins", WORD_UNIT},
	{"minute", WORD_UNIT},
	{"minutes", WORD_UNIT},
	{"miou", WORD_METRIC},
	{"mlogloss", WORD_METRIC},
	{"mrr", WORD_METRIC},
	{"ms", WORD_UNIT},
	{"mse", WORD_METRIC},
	{"msec", WORD_UNIT},
	{"msle", WORD_METRIC},
	{"ndcg", WORD_METRIC},
	{"neighbors", WORD_COUNT},
	{"nll", WORD_METRIC},
	{"nodes", WORD_COUNT},
	{"none", WORD_SETTING},
	{"not", WORD_PREPOSITION},
	{"notice", WORD_LEVEL},
	{"now", WORD_PREPOSITION},
	{"ns", WORD_UNIT},
	{"objective", WORD_METRIC},
	{"obtained", WORD_VERB},
	{"of", WORD_PREPOSITION},
	{"on", WORD_PREPOSITION},
	{"or", WORD_PREPOSITION},
	{"over", WORD_PREPOSITION},
	{"overall", WORD_ALL},
	{"parameters", WORD_COUNT | WORD_UNIT},
	{"params", WORD_COUNT | WORD_UNIT},
	{"per", WORD_PREPOSITION},
	{"perplexity", WORD_METRIC},
	{"pid", WORD_COUNT | WORD_PLACE},
	{"port", WORD_COUNT},
	{"ppl", WORD_METRIC},
	{"pr", WORD_METRIC},
	{"prauc", WORD_METRIC},
	{"precision", WORD_METRIC},
	{"psnr", WORD_METRIC},
	{"px", WORD_UNIT},
	{"qps", WORD_TIME},
	{"r", WORD_NUMBERED},
	{"rank", WORD_COUNT | WORD_PLACE},
	{"reached", WORD_VERB},
	{"recall", WORD_METRIC},
	{"reducing", WORD_VERB},
	{"remaining", WORD_TIME},
	{"residual", WORD_METRIC},
	{"return", WORD_METRIC},
	{"returns", WORD_METRIC},
	{"reward", WORD_METRIC},
	{"rewards", WORD_METRIC},
	{"rmse", WORD_METRIC},
	{"rmsle", WORD_METRIC},
	{"roc", WORD_METRIC},
	{"rouge", WORD_METRIC},
	{"rougel", WORD_METRIC},
	{"round", WORD_EPOCH},
	{"rows", WORD_COUNT},
	{"running", WORD_BEGIN},
	{"runtime", WORD_TIME},
	{"s", WORD_UNIT},
	{"samples", WORD_COUNT | WORD_UNIT},
	{"samples/s", WORD_TIME},
	{"saved", WORD_VERB},
	{"saving", WORD_VERB},
	{"score", WORD_METRIC},
	{"scores", WORD_METRIC},
	{"sec", WORD_TIME | WORD_UNIT},
	{"second", WORD_TIME | WORD_UNIT},
	{"seconds", WORD_TIME | WORD_UNIT},
	{"secs", WORD_TIME | WORD_UNIT},
	{"seed", WORD_COUNT | WORD_PLACE},
	{"sensitivity", WORD_METRIC},
	{"set", WORD_VERB},
	{"shape", WORD_COUNT},
	{"silhouette", WORD_METRIC},
	{"since", WORD_PREPOSITION},
	{"size", WORD_COUNT},
	{"specificity", WORD_METRIC},
	{"speed", WORD_COUNT},
	{"spent", WORD_VERB},
	{"ssim", WORD_METRIC},
	{"start", WORD_BEGIN},
	{"starting", WORD_BEGIN},
	{"step", WORD_ITERATION},
	{"steps", WORD_COUNT | WORD_UNIT},
	{"takes", WORD_VERB},
	{"tb", WORD_UNIT},
	{"test", WORD_PHASE},
	{"testing", WORD_PHASE},
	{"than", WORD_PREPOSITION},
	{"the", WORD_PREPOSITION},
	{"then", WORD_PREPOSITION},
	{"threads", WORD_COUNT},
	{"throughput", WORD_COUNT},
	{"tib", WORD_UNIT},
	{"time", WORD_TIME | WORD_PLACE},
	{"times", WORD_UNIT},
	{"timestamp", WORD_TIME | WORD_PLACE},
	{"timestep", WORD_GLOBAL},
	{"tnr", WORD_METRIC},
	{"to", WORD_PREPOSITION},
	{"tokens", WORD_COUNT | WORD_UNIT},
	{"took", WORD_VERB},
	{"top", WORD_NUMBERED},
	{"total", WORD_COUNT | WORD_ALL},
	{"total_steps", WORD_GLOBAL},
	{"total_timesteps", WORD_GLOBAL},
	{"tpr", WORD_METRIC},
	{"tps", WORD_TIME},
	{"trace", WORD_LEVEL},
	{"train", WORD_PHASE},
	{"training", WORD_PHASE | WORD_BEGIN},
	{"trees", WORD_COUNT | WORD_UNIT},
	{"trial", WORD_EPOCH},
	{"true", WORD_SETTING},
	{"ts", WORD_PLACE},
	{"until", WORD_PREPOSITION},
	{"update", WORD_ITERATION},
	{"ups", WORD_TIME},
	{"us", WORD_UNIT},
	{"v_num", WORD_COUNT | WORD_PLACE},
	{"val", WORD_PHASE},
	{"valid", WORD_PHASE},
	{"validation", WORD_PHASE},
	{"version", WORD_TIME | WORD_PLACE},
	{"vram", WORD_COUNT},
	{"w", WORD_UNIT},
	{"warn", WORD_LEVEL},
	{"warning", WORD_LEVEL},
	{"was", WORD_VERB},
	{"wer", WORD_METRIC},
	{"while", WORD_PREPOSITION},
	{"will", WORD_VERB},
	{"with", WORD_PREPOSITION},
	{"workers", WORD_COUNT},
	{"world_size", WORD_PLACE},
	{"wpb", WORD_TIME},
	{"wps", WORD_TIME},
	{"x", WORD_UNIT},
	{"year", WORD_COUNT},
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

unsigned guild_auto_exact(struct guild_str word)
{
	char text[WORD_MAX];
	if (word.n == 0 || word.n >= sizeof(text)) {
		return 0;
	}
	for (size_t i = 0; i < word.n; i++) {
		text[i] = lower(word.p[i]);
	}
	text[word.n] = 0;
	size_t low = 0;
	size_t high = GUILD_ARRAY_LEN(vocabulary);
	while (low < high) {
		size_t middle = (low + high) / 2;
		/* Most comparisons end with the first letter. */
		int order = text[0] - vocabulary[middle].word[0];
		order = order != 0 ? order : strcmp(text, vocabulary[middle].word);
		if (order == 0) {
			return vocabulary[middle].meaning;
		}
		low = order > 0 ? middle + 1 : low;
		high = order < 0 ? middle : high;
	}
	return 0;
}

/* Names are made of parts: "val_loss", "train-logloss", "mAP50", "eval/F1", "rougeL". */
bool guild_auto_is_metric(struct guild_str word)
{
	size_t at = 0;
	while (at < word.n) {
		size_t n = 0;
		while (at + n < word.n && is_letter(word.p[at + n])) {
			n++;
		}
		unsigned meaning = guild_auto_exact((struct guild_str){word.p + at, n});
		/* "F1", "R2", "top5" are measures only with their number. */
		bool has_number =
			at + n < word.n && (is_digit(word.p[at + n]) || word.p[at + n] == '^');
		if ((meaning & WORD_METRIC) || ((meaning & WORD_NUMBERED) && has_number)) {
			return true;
		}
		at += n > 0 ? n : 1;
	}
	return false;
}

unsigned guild_auto_word(struct guild_str word)
{
	unsigned meaning = guild_auto_exact(word);
	if (!(meaning & WORD_METRIC) && guild_auto_is_metric(word)) {
		meaning |= WORD_METRIC;
	}
	/* it/s, s/it, samples/sec, ms/step */
	bool is_rate =
		word.n > 1 && memchr(word.p, '/', word.n) != NULL && !(meaning & WORD_METRIC);
	return is_rate ? meaning | WORD_UNIT : meaning;
}

int guild_auto_step_rank(unsigned meaning)
{
	return meaning & WORD_GLOBAL      ? STEP_GLOBAL
	       : meaning & WORD_ITERATION ? STEP_ITERATION
	       : meaning & WORD_EPOCH     ? STEP_EPOCH
	       : meaning & WORD_BATCH     ? STEP_BATCH
					  : STEP_NONE;
}

bool guild_auto_is_denied(struct guild_str key)
{
	size_t start = key.n;
	while (start > 0 && key.p[start - 1] != '_' && key.p[start - 1] != ' ' &&
		key.p[start - 1] != '/') {
		start--;
	}
	unsigned whole = guild_auto_exact(key);
	unsigned end = guild_auto_exact((struct guild_str){key.p + start, key.n - start});
	bool is_time = (end & WORD_TIME) || guild_str_eqz(key, "ms") || guild_str_eqz(key, "s");
	/* A measure may end in a count: "loss total". */
	return is_time || (((whole | end) & WORD_COUNT) && !guild_auto_is_metric(key));
}

static bool is_key_char(char c)
{
	return is_letter(c) || is_digit(c) || (c && strchr("_./@%+-^", c));
}

bool guild_auto_key(struct guild_str text, struct guild_buf *out)
{
	guild_buf_reset(out);
	bool has_letter = false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool is_possessive = c == '\'' && i + 1 < text.n && text.p[i + 1] == 's';
		if (is_possessive) { /* valid_0's l2 */
			i++;
			continue;
		}
		bool is_dot = c == '.' && (i + 1 == text.n || !is_key_char(text.p[i + 1]));
		if (!is_key_char(c) || is_dot) {
			if (out->n > 0 && out->p[out->n - 1] != '_') {
				guild_buf_putc(out, '_');
			}
			continue;
		}
		has_letter |= is_letter(c);
		guild_buf_putc(out, c);
	}
	while (out->n > 0 && strchr("_./-", out->p[out->n - 1])) {
		out->p[--out->n] = 0;
	}
	return has_letter && out->n <= KEY_MAX;
}
