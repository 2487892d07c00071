/* What Python itself offers, as far as declarations of arguments make use of it: built-in functions and some of the
 * standard library. The environment is read (and noted); files, time and chance are not. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "python_eval.h"

typedef struct pv *symbol_fn(struct py *py, struct py_call *call);

static struct pv *as_list(struct py *py, struct py_call *call, enum pv_kind kind)
{
	struct pv *list = guild_py_new(py, kind);
	if (call->n_pos == 0) {
		return call->has_unknown ? py->unknown : list;
	}
	struct pv **items;
	size_t n;
	if (!guild_py_iterate(py, call->pos[0], &items, &n)) {
		return guild_py_unknown_from(py, call->pos[0], NULL);
	}
	for (size_t i = 0; i < n; i++) {
		bool is_new = true;
		for (size_t k = 0; kind == PV_SET && k < list->n && is_new; k++) {
			is_new = guild_py_equal(list->items[k], items[i]) != 1;
		}
		if (is_new) {
			guild_py_append(py, list, items[i]);
		}
	}
	return list;
}

static struct pv *call_list(struct py *py, struct py_call *call)
{
	return as_list(py, call, PV_LIST);
}

static struct pv *call_tuple(struct py *py, struct py_call *call)
{
	return as_list(py, call, PV_TUPLE);
}

static struct pv *call_set(struct py *py, struct py_call *call)
{
	return as_list(py, call, PV_SET);
}

static struct pv *call_dict(struct py *py, struct py_call *call)
{
	struct pv *dict = guild_py_new(py, PV_DICT);
	if (call->has_unknown) {
		return py->unknown;
	}
	if (call->n_pos > 0) {
		struct pv *from = call->pos[0];
		struct pv **items;
		size_t n;
		if (from->kind == PV_DICT) {
			for (size_t i = 0; i < from->n; i++) {
				guild_py_dict_set(py, dict, from->keys[i], from->items[i]);
			}
		} else if (guild_py_iterate(py, from, &items, &n)) {
			for (size_t i = 0; i < n; i++) {
				if (items[i]->kind != PV_TUPLE || items[i]->n != 2) {
					return py->unknown;
				}
				guild_py_dict_set(py, dict, items[i]->items[0], items[i]->items[1]);
			}
		} else {
			return py->unknown;
		}
	}
	for (size_t i = 0; i < call->n_kw; i++) {
		guild_py_dict_set(py, dict, guild_py_str(py, call->kw[i].name), call->kw[i].value);
	}
	return dict;
}

static struct pv *call_len(struct py *py, struct py_call *call)
{
	struct pv **items;
	size_t n;
	if (call->n_pos == 1 && guild_py_iterate(py, call->pos[0], &items, &n)) {
		return guild_py_int(py, (int64_t)n);
	}
	return py->unknown;
}

static struct pv *call_range(struct py *py, struct py_call *call)
{
	int64_t part[3] = {0, 0, 1};
	for (size_t i = 0; i < call->n_pos; i++) {
		if (i > 2 || call->pos[i]->kind != PV_INT || call->pos[i]->s.n > 0) {
			return py->unknown;
		}
		part[i] = call->pos[i]->i;
	}
	if (call->n_pos == 0 || part[2] == 0) {
		return py->unknown;
	}
	if (call->n_pos == 1) {
		part[1] = part[0];
		part[0] = 0;
	}
	double count = ((double)part[1] - (double)part[0]) / (double)part[2];
	if (count > PY_LOOP_LIMIT) {
		return py->unknown;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (int64_t i = part[0]; part[2] > 0 ? i < part[1] : i > part[1]; i += part[2]) {
		guild_py_append(py, list, guild_py_int(py, i));
	}
	return list;
}

static struct pv *call_str(struct py *py, struct py_call *call)
{
	struct guild_buf buf = {0};
	struct pv *v = call->n_pos > 0 ? guild_py_unknown_from(py, call->pos[0], NULL) : NULL;
	if (call->n_pos == 0) {
		v = guild_py_strz(py, "");
	} else if (call->n_pos == 1 && guild_py_to_str(py, call->pos[0], &buf)) {
		v = guild_py_str(py, guild_buf_str(&buf));
	}
	guild_buf_fini(&buf);
	return v;
}

static struct pv *call_int(struct py *py, struct py_call *call)
{
	struct pv *v = call->n_pos == 1 ? call->pos[0] : py->unknown;
	int64_t i;
	if (v->kind == PV_INT) {
		return v;
	}
	if (v->kind == PV_BOOL) {
		return guild_py_int(py, v->b);
	}
	if (v->kind == PV_FLOAT && fabs(v->f) < 9e15) {
		return guild_py_int(py, (int64_t)v->f);
	}
	struct guild_str text = guild_str_trim(v->s);
	if (v->kind == PV_STR && guild_parse_i64(text.p, text.n, &i)) {
		return guild_py_int(py, i);
	}
	return guild_py_unknown_from(py, v, NULL);
}

static struct pv *call_float(struct py *py, struct py_call *call)
{
	struct pv *v = call->n_pos == 1 ? call->pos[0] : py->unknown;
	double f;
	if (guild_py_is_number(v)) {
		return guild_py_float(py, guild_py_number(v));
	}
	struct guild_str text = guild_str_trim(v->s);
	if (v->kind == PV_STR && guild_parse_f64(text.p, text.n, &f)) {
		return guild_py_float(py, f);
	}
	return guild_py_unknown_from(py, v, NULL);
}

static struct pv *call_bool(struct py *py, struct py_call *call)
{
	int truth = call->n_pos == 1 ? guild_py_truth(call->pos[0]) : call->n_pos == 0 ? 0 : -1;
	return truth < 0 ? py->unknown : guild_py_bool(py, truth);
}

static struct pv *call_sorted(struct py *py, struct py_call *call)
{
	struct pv *list = as_list(py, call, PV_LIST);
	struct pv *reverse = guild_py_kw(call, "reverse");
	if (list->kind != PV_LIST || guild_py_kw(call, "key") ||
		(reverse && guild_py_truth(reverse) < 0)) {
		return py->unknown;
	}
	bool is_reverse = reverse && guild_py_truth(reverse) == 1;
	for (size_t i = 1; i < list->n; i++) {
		struct pv *v = list->items[i];
		size_t k = i;
		while (k > 0) {
			struct pv *a = is_reverse ? list->items[k - 1] : v;
			struct pv *b = is_reverse ? v : list->items[k - 1];
			int less = guild_py_truth(guild_py_compare(py, guild_str("<"), a, b));
			if (less < 0 || ++py->steps > PY_STEP_LIMIT) {
				return py->unknown;
			}
			if (!less) {
				break;
			}
			list->items[k] = list->items[k - 1];
			k--;
		}
		list->items[k] = v;
	}
	return list;
}

static struct pv *call_reversed(struct py *py, struct py_call *call)
{
	struct pv *list = as_list(py, call, PV_LIST);
	for (size_t i = 0; list->kind == PV_LIST && i < list->n / 2; i++) {
		struct pv *v = list->items[i];
		list->items[i] = list->items[list->n - 1 - i];
		list->items[list->n - 1 - i] = v;
	}
	return list;
}

static struct pv *extreme(struct py *py, struct py_call *call, const char *op)
{
	struct pv **items = call->pos;
	size_t n = call->n_pos;
	if (call->n_kw > 0 || call->has_unknown ||
		(n == 1 && !guild_py_iterate(py, call->pos[0], &items, &n)) || n == 0) {
		return py->unknown;
	}
	struct pv *best = items[0];
	for (size_t i = 1; i < n; i++) {
		int better = guild_py_truth(guild_py_compare(py, guild_str(op), items[i], best));
		if (better < 0) {
			return py->unknown;
		}
		best = better ? items[i] : best;
	}
	return guild_py_is_const(best) ? best : py->unknown;
}

static struct pv *call_min(struct py *py, struct py_call *call)
{
	return extreme(py, call, "<");
}

static struct pv *call_max(struct py *py, struct py_call *call)
{
	return extreme(py, call, ">");
}

static struct pv *call_sum(struct py *py, struct py_call *call)
{
	struct pv **items;
	size_t n;
	if (call->n_pos != 1 || !guild_py_iterate(py, call->pos[0], &items, &n)) {
		return py->unknown;
	}
	struct pv *total = guild_py_int(py, 0);
	for (size_t i = 0; i < n; i++) {
		total = guild_py_binary(py, guild_str("+"), total, items[i]);
	}
	return total;
}

static struct pv *call_abs(struct py *py, struct py_call *call)
{
	struct pv *v = call->n_pos == 1 ? call->pos[0] : py->unknown;
	if (v->kind == PV_FLOAT) {
		return guild_py_float(py, fabs(v->f));
	}
	return v->kind == PV_INT && v->s.n == 0 && v->i != INT64_MIN
		       ? guild_py_int(py, v->i < 0 ? -v->i : v->i)
		       : py->unknown;
}

static struct pv *call_round(struct py *py, struct py_call *call)
{
	struct pv *v = call->n_pos == 1 ? call->pos[0] : py->unknown;
	if (v->kind == PV_FLOAT && fabs(v->f) < 9e15) {
		return guild_py_int(py, (int64_t)nearbyint(v->f));
	}
	return v->kind == PV_INT ? v : py->unknown;
}

static struct pv *call_zip(struct py *py, struct py_call *call)
{
	struct pv *list = guild_py_new(py, PV_LIST);
	struct pv **items[8];
	size_t shortest = SIZE_MAX;
	if (call->n_pos == 0 || call->n_pos > GUILD_ARRAY_LEN(items)) {
		return py->unknown;
	}
	for (size_t i = 0; i < call->n_pos; i++) {
		size_t n;
		if (!guild_py_iterate(py, call->pos[i], &items[i], &n)) {
			return py->unknown;
		}
		shortest = n < shortest ? n : shortest;
	}
	for (size_t k = 0; k < shortest; k++) {
		struct pv *tuple = guild_py_new(py, PV_TUPLE);
		for (size_t i = 0; i < call->n_pos; i++) {
			guild_py_append(py, tuple, items[i][k]);
		}
		guild_py_append(py, list, tuple);
	}
	return list;
}

static struct pv *call_enumerate(struct py *py, struct py_call *call)
{
	struct pv **items;
	size_t n;
	struct pv *start = guild_py_arg(call, 1, "start");
	if (call->n_pos == 0 || !guild_py_iterate(py, call->pos[0], &items, &n) ||
		(start && start->kind != PV_INT)) {
		return py->unknown;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < n; i++) {
		struct pv *tuple = guild_py_new(py, PV_TUPLE);
		guild_py_append(py, tuple, guild_py_int(py, (int64_t)i + (start ? start->i : 0)));
		guild_py_append(py, tuple, items[i]);
		guild_py_append(py, list, tuple);
	}
	return list;
}

static struct pv *call_map(struct py *py, struct py_call *call)
{
	struct pv **items;
	size_t n;
	if (call->n_pos != 2 || !guild_py_iterate(py, call->pos[1], &items, &n)) {
		return py->unknown;
	}
	struct pv *list = guild_py_new(py, PV_LIST);
	for (size_t i = 0; i < n; i++) {
		struct py_call one = {.src = call->src, .node = call->node};
		guild_py_call_add(py, &one, items[i]);
		guild_py_append(py, list, guild_py_invoke(py, call->pos[0], &one));
	}
	return list;
}

static struct pv *call_getattr(struct py *py, struct py_call *call)
{
	if (call->n_pos < 2 || !guild_py_is_text(call->pos[1])) {
		return NULL;
	}
	struct pv *v = guild_py_attribute(py, call->pos[0], call->pos[1]->s);
	return v;
}

static struct pv *call_setattr(struct py *py, struct py_call *call)
{
	if (call->n_pos == 3 && guild_py_is_text(call->pos[1]) && call->pos[0]->attrs) {
		guild_py_scope_set(py, call->pos[0]->attrs, call->pos[1]->s, call->pos[2]);
	}
	return py->none;
}

static struct pv *call_isinstance(struct py *py, struct py_call *call)
{
	if (call->n_pos != 2 || call->pos[1]->kind != PV_SYMBOL) {
		return py->unknown;
	}
	static const struct {
		const char *name;
		enum pv_kind kind;
	} types[] = {
		{"builtins.str", PV_STR},
		{"builtins.int", PV_INT},
		{"builtins.float", PV_FLOAT},
		{"builtins.bool", PV_BOOL},
		{"builtins.list", PV_LIST},
		{"builtins.tuple", PV_TUPLE},
		{"builtins.dict", PV_DICT},
	};
	const struct pv *v = call->pos[0];
	for (size_t i = 0; i < GUILD_ARRAY_LEN(types) && guild_py_is_const(v); i++) {
		if (guild_py_is_symbol(call->pos[1], types[i].name)) {
			bool is_int = types[i].kind == PV_INT && v->kind == PV_BOOL;
			return guild_py_bool(py, v->kind == types[i].kind || is_int);
		}
	}
	return py->unknown;
}

static struct pv *call_nothing(struct py *py, struct py_call *call)
{
	(void)call;
	return py->none;
}

static struct pv *call_stop(struct py *py, struct py_call *call)
{
	(void)call;
	if (py->uncertain == 0) {
		py->has_stopped = true;
	}
	return py->unknown;
}

static struct pv *call_volatile(struct py *py, struct py_call *call)
{
	(void)call;
	return py->volatile_unknown;
}

static struct pv *first_argument(struct py *py, struct py_call *call)
{
	return call->n_pos > 0 ? call->pos[0] : py->unknown;
}

static struct pv *call_cast(struct py *py, struct py_call *call)
{
	return call->n_pos > 1 ? call->pos[1] : py->unknown;
}

static struct pv *call_partial(struct py *py, struct py_call *call)
{
	if (call->n_pos == 0) {
		return py->unknown;
	}
	struct pv *v = guild_py_new(py, PV_PARTIAL);
	v->target = call->pos[0];
	v->call = guild_arena_alloc(py->arena, sizeof *v->call);
	*v->call = *call;
	v->call->pos++;
	v->call->n_pos--;
	v->call->cap_pos = v->call->n_pos;
	return v;
}

static struct pv *make_decorator(struct py *py, const char *name, struct py_call *call)
{
	struct pv *v = guild_py_new(py, PV_DECORATOR);
	v->s = guild_str(name);
	v->target = call->n_pos > 0 ? call->pos[0] : NULL;
	return v;
}

static struct pv *call_staticmethod(struct py *py, struct py_call *call)
{
	return make_decorator(py, "staticmethod", call);
}

static struct pv *call_classmethod(struct py *py, struct py_call *call)
{
	return make_decorator(py, "classmethod", call);
}

static struct pv *call_property(struct py *py, struct py_call *call)
{
	return make_decorator(py, "property", call);
}

static struct pv *call_wraps(struct py *py, struct py_call *call)
{
	(void)call;
	return guild_py_new(py, PV_DECORATOR);
}

static struct pv *call_getenv(struct py *py, struct py_call *call)
{
	struct pv *name = guild_py_arg(call, 0, "key");
	struct pv *other = guild_py_arg(call, 1, "default");
	if (!name || !guild_py_is_text(name)) {
		return py->unknown;
	}
	const char *value =
		guild_py_environment(py, guild_arena_strndup(py->arena, name->s.p, name->s.n));
	return value ? guild_py_strz(py, value) : other ? other : py->none;
}

static struct pv *call_dedent(struct py *py, struct py_call *call)
{
	struct pv *v = call->n_pos == 1 ? call->pos[0] : py->unknown;
	if (v->kind != PV_STR) {
		return py->unknown;
	}
	size_t margin = SIZE_MAX;
	struct guild_strs lines = {0};
	guild_strs_split(&lines, guild_arena_strndup(py->arena, v->s.p, v->s.n), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		size_t indent = strspn(lines.v[i], " ");
		if (lines.v[i][indent]) {
			margin = indent < margin ? indent : margin;
		} else {
			lines.v[i][0] = '\0';
		}
	}
	struct guild_buf buf = {0};
	for (size_t i = 0; i < lines.n; i++) {
		size_t n = strlen(lines.v[i]);
		guild_buf_puts(&buf, i > 0 ? "\n" : "");
		guild_buf_puts(&buf, lines.v[i] + (n < margin ? 0 : margin));
	}
	v = guild_py_str(py, guild_buf_str(&buf));
	guild_buf_fini(&buf);
	guild_strs_fini(&lines);
	return v;
}

static struct pv *call_auto(struct py *py, struct py_call *call)
{
	(void)call;
	return guild_py_symbol(py, "enum.auto()");
}

static struct pv *call_globals(struct py *py, struct py_call *call)
{
	(void)call;
	return guild_py_symbol(py, "builtins.globals()");
}

static struct pv *call_add_root(struct py *py, struct py_call *call)
{
	const struct pv *last = call->n_pos > 0 ? call->pos[call->n_pos - 1] : py->unknown;
	const char *path = last->kind == PV_STR || last->kind == PV_PATH
				   ? guild_arena_strndup(py->arena, last->s.p, last->s.n)
				   : NULL;
	if (path) {
		guild_strs_take(&py->roots, guild_path_abs(path, py->script_dir));
	}
	return py->none;
}

static const struct {
	const char *name;
	symbol_fn *call;
} symbols[] = {
	{"argcomplete.autocomplete", call_nothing},
	{"asyncio.run", first_argument},
	{"builtins.abs", call_abs},
	{"builtins.bool", call_bool},
	{"builtins.classmethod", call_classmethod},
	{"builtins.dict", call_dict},
	{"builtins.enumerate", call_enumerate},
	{"builtins.exit", call_stop},
	{"builtins.float", call_float},
	{"builtins.frozenset", call_set},
	{"builtins.getattr", call_getattr},
	{"builtins.globals", call_globals},
	{"builtins.int", call_int},
	{"builtins.isinstance", call_isinstance},
	{"builtins.len", call_len},
	{"builtins.list", call_list},
	{"builtins.map", call_map},
	{"builtins.max", call_max},
	{"builtins.min", call_min},
	{"builtins.print", call_nothing},
	{"builtins.property", call_property},
	{"builtins.quit", call_stop},
	{"builtins.range", call_range},
	{"builtins.reversed", call_reversed},
	{"builtins.round", call_round},
	{"builtins.set", call_set},
	{"builtins.setattr", call_setattr},
	{"builtins.sorted", call_sorted},
	{"builtins.staticmethod", call_staticmethod},
	{"builtins.str", call_str},
	{"builtins.sum", call_sum},
	{"builtins.tuple", call_tuple},
	{"builtins.zip", call_zip},
	{"collections.OrderedDict", call_dict},
	{"copy.copy", first_argument},
	{"datetime.datetime.now", call_volatile},
	{"datetime.datetime.today", call_volatile},
	{"datetime.datetime.utcnow", call_volatile},
	{"datetime.date.today", call_volatile},
	{"enum.auto", call_auto},
	{"enum.unique", first_argument},
	{"functools.lru_cache", call_wraps},
	{"functools.partial", call_partial},
	{"functools.wraps", call_wraps},
	{"os._exit", call_stop},
	{"os.environ.get", call_getenv},
	{"os.getenv", call_getenv},
	{"os.getpid", call_volatile},
	{"pprint.pprint", call_nothing},
	{"random.choice", call_volatile},
	{"random.randint", call_volatile},
	{"random.random", call_volatile},
	{"random.randrange", call_volatile},
	{"sys.exit", call_stop},
	{"sys.path.append", call_add_root},
	{"sys.path.insert", call_add_root},
	{"tempfile.gettempdir", call_volatile},
	{"tempfile.mkdtemp", call_volatile},
	{"textwrap.dedent", call_dedent},
	{"time.ctime", call_volatile},
	{"time.strftime", call_volatile},
	{"time.time", call_volatile},
	{"time.time_ns", call_volatile},
	{"typing.cast", call_cast},
	{"uuid.uuid1", call_volatile},
	{"uuid.uuid4", call_volatile},
};

struct pv *guild_py_call_symbol(struct py *py, struct guild_str name, struct py_call *call)
{
	for (size_t i = 0; i < GUILD_ARRAY_LEN(symbols); i++) {
		if (guild_str_eqz(name, symbols[i].name)) {
			return symbols[i].call(py, call);
		}
	}
	return guild_py_call_path_symbol(py, name, call);
}

struct pv *guild_py_symbol_value(struct py *py, struct guild_str dotted)
{
	static const struct {
		const char *name, *text;
	} texts[] = {
		{"argparse.ONE_OR_MORE", "+"},
		{"argparse.OPTIONAL", "?"},
		{"argparse.PARSER", "A..."},
		{"argparse.REMAINDER", "..."},
		{"argparse.SUPPRESS", "==SUPPRESS=="},
		{"argparse.ZERO_OR_MORE", "*"},
		{"os.name", "posix"},
		{"os.path.sep", "/"},
		{"os.sep", "/"},
	};
	static const struct {
		const char *name;
		double value;
	} floats[] = {
		{"math.e", 2.718281828459045},
		{"math.inf", HUGE_VAL},
		{"math.pi", 3.141592653589793},
		{"numpy.inf", HUGE_VAL},
		{"numpy.pi", 3.141592653589793},
	};
	static const struct {
		const char *name;
		int value;
	} ints[] = {
		{"logging.CRITICAL", 50},
		{"logging.DEBUG", 10},
		{"logging.ERROR", 40},
		{"logging.INFO", 20},
		{"logging.WARN", 30},
		{"logging.WARNING", 30},
	};
	if (guild_str_eqz(dotted, "sys.argv")) {
		return py->argv;
	}
	if (guild_str_eqz(dotted, "typing.TYPE_CHECKING")) {
		return py->no;
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(texts); i++) {
		if (guild_str_eqz(dotted, texts[i].name)) {
			return guild_py_strz(py, texts[i].text);
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(floats); i++) {
		if (guild_str_eqz(dotted, floats[i].name)) {
			return guild_py_float(py, floats[i].value);
		}
	}
	for (size_t i = 0; i < GUILD_ARRAY_LEN(ints); i++) {
		if (guild_str_eqz(dotted, ints[i].name)) {
			return guild_py_int(py, ints[i].value);
		}
	}
	return NULL;
}
