/* Small statistics, checked against SciPy. Private to diff/. */
#ifndef GUILD_DIFF_STATISTICS_H
#define GUILD_DIFF_STATISTICS_H

#include "guild/diff.h"

/* Ranks from 1; equal values share the mean of theirs. */
void guild_stat_ranks(const double *v, size_t n, double *ranks);
/* Correlation by Pearson; NAN when one of them does not vary. With ranks: Spearman's. */
double guild_stat_correlation(const double *x, const double *y, size_t n);
double guild_stat_mean(const double *v, size_t n);
double guild_stat_variance(const double *v, size_t n); /* of a sample; NAN for fewer than 2 */
/* Student's t: the value that |t| exceeds with probability p. */
double guild_stat_t_limit(double p, double degrees);
/* Mean of b minus mean of a, and its 95 % confidence interval by Welch; false where a sample has fewer than 2 values, or nothing varies. */
bool guild_stat_welch(const double *a, size_t n_a, const double *b, size_t n_b, double *low,
	double *high);

/* How far two labellings (labels from 0) tell each other, 0..1: Cramer's V, corrected for chance as W. Bergsma has it (2013). */
double guild_stat_labels_alike(const size_t *a, size_t n_labels_a, const size_t *b,
	size_t n_labels_b, size_t n);
/* How far labels tell values, 0..1: the root of epsilon squared (eta squared corrected for chance) of the ranks. */
double guild_stat_labels_tell(const size_t *labels, size_t n_labels, const double *ranks, size_t n);

/* P-values by permuting y: the share of orders in which the statistic is at least as large as the one seen. Stops once that has
 * happened GUILD_STAT_ENOUGH times (J. Besag and P. Clifford, 1991): what is no effect is told soon. */
enum { GUILD_STAT_ENOUGH = 100 };
struct guild_stat_permutations {
	size_t n;      /* at most */
	uint64_t seed; /* the same one gives the same answer */
	/* Sizes of parts that follow each other; y moves within its part only, and counts from the part's mean. NULL: one part. */
	const size_t *blocks;
	size_t n_blocks;
};
double guild_stat_p_correlation(const double *x_ranks, const double *y_ranks, size_t n,
	const struct guild_stat_permutations *by);
double guild_stat_p_groups(const size_t *labels, size_t n_labels, const double *y, size_t n,
	const struct guild_stat_permutations *by);
/* Q-values by Y. Benjamini and Y. Hochberg (1995); NANs are passed over. */
void guild_stat_adjust(const double *p, size_t n, double *q);

#endif
