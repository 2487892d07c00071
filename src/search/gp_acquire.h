/* What a prediction promises. Private to search. */
#ifndef GUILD_SEARCH_GP_ACQUIRE_H
#define GUILD_SEARCH_GP_ACQUIRE_H

#include <stdbool.h>

enum gp_acquisition { GP_EI, GP_PI, GP_LCB };
struct gp_promise {
	enum gp_acquisition kind;
	double best;  /* what is to be improved on */
	double xi;    /* EI, PI: by how many standard deviations of the prediction it must be */
	double kappa; /* LCB */
};
/* EI, PI: the logarithm; LCB: how far down mean - kappa * deviation is. Large is good. Slopes by mean and deviation unless NULL. */
double gp_promise(const struct gp_promise *p, double mean, double deviation, double *by_mean,
	double *by_deviation);

/* log(z Phi(z) + phi(z)), and log Phi(z), to full precision for every z. */
double gp_log_improvement(double z);
double gp_log_normal_cdf(double z);

#endif
