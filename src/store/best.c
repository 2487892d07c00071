/* Values of columns in order, and the run that has the best one. */

#include <math.h>
#include <string.h>

#include "store_private.h"

static bool is_number(const struct guild_value *v)
{
	return guild_value_is_number(v) || v->type == GUILD_BOOL;
}

static int compare_text(const struct guild_value *a, const struct guild_value *b)
{
	struct guild_buf x = {0};
	struct guild_buf y = {0};
	guild_value_py_str(&x, a);
	guild_value_py_str(&y, b);
	int order = strcmp(guild_buf_cstr(&x), guild_buf_cstr(&y));
	guild_buf_fini(&x);
	guild_buf_fini(&y);
	return order;
}

/* Numbers by value and before everything else, the rest as text. */
int guild_col_values_cmp(const struct guild_value *a, const struct guild_value *b)
{
	if (is_number(a) && is_number(b)) {
		double x = guild_value_as_f64(a);
		double y = guild_value_as_f64(b);
		return (x > y) - (x < y);
	}
	if (is_number(a) != is_number(b)) {
		return is_number(a) ? -1 : 1;
	}
	return compare_text(a, b);
}

bool guild_col_value_sorts(const struct guild_value *v)
{
	return v != NULL && !(v->type == GUILD_FLOAT && isnan(v->f));
}

int guild_store_find_best(const struct guild_runs *runs, const struct guild_col *col, bool lowest,
	size_t *best, const struct guild_log *log, struct guild_error *err)
{
	/* Two runs' data at most are held at a time: the best so far and the one looked at. */
	struct guild_run_data *best_data = NULL;
	const struct guild_value *best_value = NULL;
	for (size_t i = 0; i < runs->n; i++) {
		struct guild_run_data *data = guild_run_data_new(&runs->v[i], log);
		const struct guild_value *value = guild_run_data_col(data, col);
		int order = 0;
		if (guild_col_value_sorts(value)) {
			order = best_value == NULL ? -1 : guild_col_values_cmp(value, best_value);
			order = lowest || best_value == NULL ? order : -order;
		}
		if (order < 0) {
			guild_run_data_free(best_data);
			best_data = data;
			best_value = value;
			*best = i;
		} else {
			guild_run_data_free(data);
		}
	}
	guild_run_data_free(best_data);
	if (best_value == NULL) {
		return guild_error_set(err, GUILD_ENOTFOUND,
			"none of %zu run(s) has a value for '%s'", runs->n, col->header);
	}
	return 0;
}
