/* Linear algebra: BLAS and LAPACK, loaded on first use. Private to search.
 *
 * Matrices are column-major: element (i, j) of a with `lda` rows is a[i + j*lda]. Symmetric ones and factors are in the lower triangle. One
 * thread. Sizes are below 2^31. */
#ifndef GUILD_SEARCH_LINALG_H
#define GUILD_SEARCH_LINALG_H

#include <guild/base.h>

typedef void linalg_potrf_fn(const char *uplo, const int *n, double *a, const int *lda, int *info,
	size_t);
typedef void linalg_potrs_fn(const char *uplo, const int *n, const int *nrhs, const double *a,
	const int *lda, double *b, const int *ldb, int *info, size_t);
typedef void linalg_trsm_fn(const char *side, const char *uplo, const char *trans, const char *diag,
	const int *m, const int *n, const double *alpha, const double *a, const int *lda, double *b,
	const int *ldb, size_t, size_t, size_t, size_t);
typedef void linalg_trsv_fn(const char *uplo, const char *trans, const char *diag, const int *n,
	const double *a, const int *lda, double *x, const int *incx, size_t, size_t, size_t);
typedef void linalg_gemm_fn(const char *transa, const char *transb, const int *m, const int *n,
	const int *k, const double *alpha, const double *a, const int *lda, const double *b,
	const int *ldb, const double *beta, double *c, const int *ldc, size_t, size_t);
typedef void linalg_gemv_fn(const char *trans, const int *m, const int *n, const double *alpha,
	const double *a, const int *lda, const double *x, const int *incx, const double *beta,
	double *y, const int *incy, size_t);
typedef void linalg_syrk_fn(const char *uplo, const char *trans, const int *n, const int *k,
	const double *alpha, const double *a, const int *lda, const double *beta, double *c,
	const int *ldc, size_t, size_t);
typedef void linalg_syev_fn(const char *jobz, const char *uplo, const int *n, double *a,
	const int *lda, double *w, double *work, const int *lwork, int *info, size_t, size_t);

/* What was found. Copies may be kept for the life of the process. */
struct search_linalg {
	linalg_potrf_fn *potrf, *potri;
	linalg_potrs_fn *potrs;
	linalg_trsm_fn *trsm;
	linalg_trsv_fn *trsv;
	linalg_gemm_fn *gemm;
	linalg_gemv_fn *gemv;
	linalg_syrk_fn *syrk;
	linalg_syev_fn *syev;
};
/* OpenBLAS, else any LAPACK. GUILD_EUNSUPPORTED: there is none. */
int search_linalg_load(struct search_linalg *out, struct guild_error *err);

/* a = L L'. False: it is not positive definite, and a is spoilt. */
bool search_cholesky(const struct search_linalg *la, size_t n, double *a, size_t lda);
/* Solves L L' x = b for `many` columns, in place. */
void search_cholesky_solve(const struct search_linalg *la, size_t n, const double *l, size_t lda,
	double *b, size_t ldb, size_t many);
/* The inverse of L L', both triangles, in place of L. */
void search_cholesky_inverse(const struct search_linalg *la, size_t n, double *l, size_t lda);
/* Solves L x = b, or L' x = b, in place. */
void search_solve_lower(const struct search_linalg *la, bool is_transposed, size_t n,
	const double *l, size_t lda, double *b);
void search_solve_lower_many(const struct search_linalg *la, bool is_transposed, size_t n,
	const double *l, size_t lda, double *b, size_t ldb, size_t many);
/* c = alpha op(a) op(b) + beta c with c of m rows, n columns, and k in between. */
struct search_product {
	bool transpose_a, transpose_b;
	size_t m, n, k;
	double alpha, beta;
};
void search_multiply(const struct search_linalg *la, const struct search_product *p,
	const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc);
/* y = alpha op(a) x + beta y; a has m rows and n columns before it is transposed. */
void search_multiply_vector(const struct search_linalg *la, bool is_transposed, size_t m, size_t n,
	double alpha, const double *a, size_t lda, const double *x, double beta, double *y);
/* c = alpha a a' + beta c, lower triangle; a has n rows, k columns. */
void search_multiply_self(const struct search_linalg *la, size_t n, size_t k, double alpha,
	const double *a, size_t lda, double beta, double *c, size_t ldc);
/* Eigenvalues of a symmetric matrix, ascending, and in place of a the vectors as columns. False: no convergence. */
bool search_symmetric_eigen(const struct search_linalg *la, size_t n, double *a, size_t lda,
	double *values);

#endif
