/* Gaussian processes: Matérn 5/2 with a length scale for each feature. Private to search.
 *
 * A feature is a number whose differences count, or a category of which only being different does: a distance is
 * r^2 = sum (x_f - x'_f)^2 / l_f^2 + sum [x_f != x'_f] / l_f^2. The second sum is that of one-hot codes, so the kernel is positive definite. To the
 * kernel of all features one may be added that is a sum of kernels of one feature each (D. Duvenaud, H. Nickisch, C. E. Rasmussen, "Additive
 * Gaussian Processes", NIPS 2011): functions that are made of parts are learnt from far fewer points. */
#ifndef GUILD_SEARCH_GP_MODEL_H
#define GUILD_SEARCH_GP_MODEL_H

#include "linalg.h"

/* What is learnt from: x has a column of n numbers for each feature. */
struct gp_data {
	size_t n, n_features;
	const bool *is_category; /* each feature */
	const double *x;
	const double *y; /* about mean 0, variance 1 */
	double noise;    /* variance that is known, in units of y; below 0: it is learnt */
	bool is_additive;
};

/* Hyperparameters are one vector: logs of the length scales, of the variance, of the noise's variance; the mean; with is_additive logs of
 * the length scales of the parts, then of their common variance. */
size_t gp_n_hyper(const struct gp_data *d);
void gp_default_hyper(const struct gp_data *d, double *hyper);
void gp_hyper_bounds(const struct gp_data *d, double *low, double *high);

struct gp_work; /* what a likelihood needs; may be used for data of the same size again */
struct gp_work *gp_work_new(const struct search_linalg *la, const struct gp_data *d);
void gp_work_free(struct gp_work *w);
/* The negative logarithm of likelihood times priors, and its gradient if that is not NULL. INFINITY: no factor could be made. */
double gp_loss(struct gp_work *w, const double *hyper, double *gradient);
/* Improves on `hyper` by at most max_calls of gp_loss; returns the loss. */
double gp_fit(struct gp_work *w, double *hyper, size_t max_calls);

/* A model that predicts. */
struct gp {
	const struct search_linalg *la;
	size_t n, cap, n_features;
	const bool *is_category;
	bool is_additive;
	double *x; /* a column of `cap` for each feature */
	double *y;
	double *factor; /* cap rows */
	double *alpha;  /* K^-1 (y - mean) */
	double *weight; /* 1 / l^2 */
	double *part_weight;
	double variance, part_variance, noise, mean;
	double *work; /* 4 * cap + n_features */
};
/* Room for `more` points beside the data's. NULL: no factor could be made, not even with much noise. */
struct gp *gp_new(const struct search_linalg *la, const struct gp_data *d, const double *hyper,
	size_t more);
void gp_free(struct gp *g);
/* Believes in y at x[n_features]. False: no room, or the point says nothing new. */
bool gp_append(struct gp *g, const double *x, double y);
/* Mean and standard deviation without noise; gradients by feature (0 for categories) unless NULL. */
void gp_predict(struct gp *g, const double *x, double *mean, double *deviation, double *d_mean,
	double *d_deviation);
/* The same for m points in columns of m. */
void gp_predict_many(struct gp *g, size_t m, const double *x, double *mean, double *deviation);
/* What is predicted for each point without it: mean and deviation with noise. */
void gp_leave_one_out(struct gp *g, double *mean, double *deviation);

#endif
