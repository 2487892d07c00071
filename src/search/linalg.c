/* Loading BLAS and LAPACK, and calling them.
 *
 * Their functions are Fortran's: all arguments by address, lengths of strings behind the last one. */

#include "linalg.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

struct function {
	const char *name;
	size_t offset;
};

static const struct function functions[] = {
	{"dpotrf_", offsetof(struct search_linalg, potrf)},
	{"dpotri_", offsetof(struct search_linalg, potri)},
	{"dpotrs_", offsetof(struct search_linalg, potrs)},
	{"dtrsm_", offsetof(struct search_linalg, trsm)},
	{"dtrsv_", offsetof(struct search_linalg, trsv)},
	{"dgemm_", offsetof(struct search_linalg, gemm)},
	{"dgemv_", offsetof(struct search_linalg, gemv)},
	{"dsyrk_", offsetof(struct search_linalg, syrk)},
	{"dsyev_", offsetof(struct search_linalg, syev)},
};

/* LAPACK's own names the BLAS it needs. */
static const char *const libraries[] = {"libopenblas.so.0", "liblapack.so.3"};

static void *open_library(void)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(libraries); i++) {
		void *handle = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
		if (handle) {
			return handle;
		}
	}
	return NULL;
}

/* A trial of the user needs the cores; matrices here are small. */
static void use_one_thread(void *handle)
{
	void (*set_threads)(int) = NULL;
	*(void **)(void *)&set_threads = dlsym(handle, "openblas_set_num_threads");
	if (set_threads) {
		set_threads(1);
	}
}

int search_linalg_load(struct search_linalg *out, struct guild_error *err)
{
	struct search_linalg la = {0};
	void *handle = open_library();
	if (!handle) {
		guild_error_set(err, GUILD_EUNSUPPORTED,
			"this optimizer needs OpenBLAS, which is not installed");
		guild_error_hint(err,
			"install package libopenblas0-serial, or use optimizer 'tpe'");
		return GUILD_EUNSUPPORTED;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(functions); i++) {
		void *function = dlsym(handle, functions[i].name);
		if (!function) {
			return guild_error_set(err, GUILD_EUNSUPPORTED,
				"the installed LAPACK lacks %s", functions[i].name);
		}
		*(void **)(void *)((char *)&la + functions[i].offset) = function;
	}
	use_one_thread(handle);
	*out = la;
	return 0;
}

/* ---- calls ------------------------------------------------------------------------------------------------------ */

bool search_cholesky(const struct search_linalg *la, size_t n, double *a, size_t lda)
{
	int order = (int)n;
	int stride = (int)lda;
	int info = 0;
	la->potrf("L", &order, a, &stride, &info, 1);
	return info == 0;
}

void search_cholesky_solve(const struct search_linalg *la, size_t n, const double *l, size_t lda,
	double *b, size_t ldb, size_t many)
{
	int order = (int)n;
	int columns = (int)many;
	int stride = (int)lda;
	int stride_b = (int)ldb;
	int info = 0;
	la->potrs("L", &order, &columns, l, &stride, b, &stride_b, &info, 1);
}

void search_cholesky_inverse(const struct search_linalg *la, size_t n, double *l, size_t lda)
{
	int order = (int)n;
	int stride = (int)lda;
	int info = 0;
	la->potri("L", &order, l, &stride, &info, 1);
	for (size_t j = 1; j < n; j++) {
		for (size_t i = 0; i < j; i++) {
			l[i + j * lda] = l[j + i * lda];
		}
	}
}

void search_solve_lower(const struct search_linalg *la, bool is_transposed, size_t n,
	const double *l, size_t lda, double *b)
{
	int order = (int)n;
	int stride = (int)lda;
	int one = 1;
	la->trsv("L", is_transposed ? "T" : "N", "N", &order, l, &stride, b, &one, 1, 1, 1);
}

void search_solve_lower_many(const struct search_linalg *la, bool is_transposed, size_t n,
	const double *l, size_t lda, double *b, size_t ldb, size_t many)
{
	int order = (int)n;
	int columns = (int)many;
	int stride = (int)lda;
	int stride_b = (int)ldb;
	double one = 1;
	la->trsm("L", "L", is_transposed ? "T" : "N", "N", &order, &columns, &one, l, &stride, b,
		&stride_b, 1, 1, 1, 1);
}

void search_multiply(const struct search_linalg *la, const struct search_product *p,
	const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc)
{
	int m = (int)p->m;
	int n = (int)p->n;
	int k = (int)p->k;
	int stride_a = (int)lda;
	int stride_b = (int)ldb;
	int stride_c = (int)ldc;
	la->gemm(p->transpose_a ? "T" : "N", p->transpose_b ? "T" : "N", &m, &n, &k, &p->alpha, a,
		&stride_a, b, &stride_b, &p->beta, c, &stride_c, 1, 1);
}

void search_multiply_vector(const struct search_linalg *la, bool is_transposed, size_t m, size_t n,
	double alpha, const double *a, size_t lda, const double *x, double beta, double *y)
{
	int rows = (int)m;
	int columns = (int)n;
	int stride = (int)lda;
	int one = 1;
	la->gemv(is_transposed ? "T" : "N", &rows, &columns, &alpha, a, &stride, x, &one, &beta, y,
		&one, 1);
}

void search_multiply_self(const struct search_linalg *la, size_t n, size_t k, double alpha,
	const double *a, size_t lda, double beta, double *c, size_t ldc)
{
	int rows = (int)n;
	int columns = (int)k;
	int stride = (int)lda;
	int stride_c = (int)ldc;
	la->syrk("L", "N", &rows, &columns, &alpha, a, &stride, &beta, c, &stride_c, 1, 1);
}

bool search_symmetric_eigen(const struct search_linalg *la, size_t n, double *a, size_t lda,
	double *values)
{
	int order = (int)n;
	int stride = (int)lda;
	int n_work = -1;
	int info = 0;
	double best = 0;
	la->syev("V", "L", &order, a, &stride, values, &best, &n_work, &info, 1, 1);
	n_work = best > 3 * (double)n ? (int)best : 3 * (int)n + 1;
	double *work = guild_alloc((size_t)n_work * sizeof(*work));
	la->syev("V", "L", &order, a, &stride, values, work, &n_work, &info, 1, 1);
	free(work);
	return info == 0;
}
