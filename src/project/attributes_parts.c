/* The attributes of what models and operations are made of: flags, resources, steps, source code rules. */
#include "attributes.h"

static const char *const flag_types[] = {
	"auto", "boolean", "existing-path", "float", "int", "number", "path", "string", NULL};
static const char *const target_types[] = {"copy", "link", NULL};
static const char *const archive_types[] = {"gzip", "tar", "zip", NULL};

static const struct project_attribute flag_attributes[] = {
	{.name = "alias", .forms = FORM_SCALAR, .help = "Another name on the command line."},
	{.name = "allow-other",
		.forms = FORM_YES,
		.fallback = "no",
		.help = "Values that are no choice are taken, too."},
	{.name = "arg-encoding",
		.forms = FORM_MAP,
		.takes = "a mapping of values to text",
		.help = "What a value is as an argument."},
	{.name = "arg-name",
		.forms = FORM_SCALAR,
		.fallback = "the flag's name",
		.help = "Name of the option, or the dotted key in a config file."},
	{.name = "arg-skip", .forms = FORM_YES, .help = "The flag is not passed as an argument."},
	{.name = "arg-split",
		.forms = FORM_YES | FORM_TEXT,
		.help = "The value is several arguments: `yes` splits as a shell does, text at that text."},
	{.name = "arg-switch",
		.forms = FORM_ANY,
		.help = "The value for which `--NAME` is passed, without a value."},
	{.name = "choices",
		.forms = FORM_LIST,
		.items = &project_kind_choice,
		.help = "The values it may have."},
	{.name = "default", .forms = FORM_ANY, .help = "Its value where none is given."},
	{.name = "description",
		.forms = FORM_SCALAR,
		.help = "What it does. The first line is shown in listings."},
	{.name = "distribution",
		.forms = FORM_TEXT,
		.fallback = "uniform",
		.help = "How an optimizer draws values between `min` and `max`: `uniform`, `loguniform`."},
	{.name = "env-encoding",
		.forms = FORM_MAP,
		.takes = "a mapping of values to text",
		.help = "What a value is in the environment."},
	{.name = "env-name",
		.forms = FORM_SCALAR,
		.fallback = "FLAG_NAME",
		.help = "Its environment variable."},
	{.name = "max", .forms = FORM_SCALAR, .help = "The largest value."},
	{.name = "min", .forms = FORM_SCALAR, .help = "The smallest value."},
	{.name = "nb-replace",
		.forms = FORM_ANY,
		.help = "Pattern of what is replaced in a notebook."},
	{.name = "null-label",
		.forms = FORM_SCALAR,
		.fallback = "default",
		.help = "What is shown for no value."},
	{.name = "required", .forms = FORM_YES, .fallback = "no", .help = "A run needs a value."},
	{.name = "type",
		.forms = FORM_TEXT,
		.words = flag_types,
		.fallback = "auto",
		.help = "What values are read as."},
	{.name = "when",
		.forms = FORM_MAP | FORM_TEXT,
		.takes = "a mapping of one flag to a value or a list of values, or `FLAG=VALUE`",
		.help = "It is searched only where another flag has one of these values."},
	{0},
};

static const struct project_attribute choice_attributes[] = {
	{.name = "alias", .forms = FORM_SCALAR, .help = "A name for the value."},
	{.name = "description", .forms = FORM_SCALAR, .help = "What it means."},
	{.name = "flags", .forms = FORM_MAP, .help = "Values of other flags that go with it."},
	{.name = "value", .forms = FORM_ANY, .help = "The value."},
	{0},
};

static const struct project_attribute resource_attributes[] = {
	{.name = "default-unpack",
		.forms = FORM_YES,
		.fallback = "yes",
		.help = "Archives are unpacked."},
	{.name = "description", .forms = FORM_SCALAR, .help = "What it is."},
	{.name = "flag-name", .forms = FORM_ANY, .help = "Says nothing here: set it on a source."},
	{.name = "name", .forms = FORM_SCALAR, .help = "Its name, where it stands in `requires`."},
	{.name = "path", .forms = FORM_SCALAR, .help = "Old name of `target-path`."},
	{.name = "preserve-path",
		.forms = FORM_YES,
		.help = "Says nothing here: set it on a source."},
	{.name = "private", .forms = FORM_YES, .help = "Left out of listings."},
	{.name = "references", .forms = FORM_TEXTS, .help = "Where it comes from."},
	{.name = "sources",
		.forms = FORM_LIST,
		.items = &project_kind_source,
		.help = "What it consists of."},
	{.name = "target-path",
		.forms = FORM_SCALAR,
		.fallback = "the run directory",
		.help = "Directory of the run in which its files are put."},
	{.name = "target-type",
		.forms = FORM_TEXT,
		.words = target_types,
		.fallback = "copy",
		.help = "Whether files are copied or linked."},
	{0},
};

#define SOURCE_ATTRIBUTES                                                                          \
	{.name = "always-pull",                                                                    \
		.forms = FORM_YES,                                                                 \
		.help = "Of a `dvcfile`: pulled even where it is there."},                         \
		{.name = "always-resolve",                                                         \
			.forms = FORM_YES,                                                         \
			.fallback = "no",                                                          \
			.help = "Made again when the run is started again."},                      \
		{.name = "config",                                                                 \
			.forms = FORM_TEXT,                                                        \
			.help = "Configuration file that is rewritten with the values of flags."}, \
		{.name = "dvcfile", .forms = FORM_TEXT, .help = "File that DVC keeps."},           \
		{.name = "dvcstage", .forms = FORM_TEXT, .help = "Files of a stage of DVC."},      \
		{.name = "fail-if-empty",                                                          \
			.forms = FORM_YES,                                                         \
			.fallback = "no",                                                          \
			.help = "No file is an error."},                                           \
		{.name = "file", .forms = FORM_TEXT, .help = "File or directory of the project."}, \
		{.name = "flag-name",                                                              \
			.forms = FORM_SCALAR,                                                      \
			.help = "Flag that sets it; `no`: none."},                                 \
		{.name = "help", .forms = FORM_TEXT, .help = "What to do when it is not there."},  \
		{.name = "module",                                                                 \
			.forms = FORM_TEXT,                                                        \
			.help = "Python module that must be there."},                              \
		{.name = "name", .forms = FORM_SCALAR, .help = "Its name, and that of its flag."}, \
		{.name = "operation",                                                              \
			.forms = FORM_TEXTS,                                                       \
			.help = "Files of another operation's run."},                              \
		{.name = "optional",                                                               \
			.forms = FORM_YES,                                                         \
			.fallback = "no",                                                          \
			.help = "It may be missing."},                                             \
		{.name = "params",                                                                 \
			.forms = FORM_MAP,                                                         \
			.help = "Of a `config`: values that are set in it."},                      \
		{.name = "path", .forms = FORM_SCALAR, .help = "Old name of `target-path`."},      \
		{.name = "post-process",                                                           \
			.forms = FORM_TEXT,                                                        \
			.help = "Shell command that is run on it."},                               \
		{.name = "preserve-path",                                                          \
			.forms = FORM_YES,                                                         \
			.fallback = "no",                                                          \
			.help = "It keeps its directories in the run."},                           \
		{.name = "remote", .forms = FORM_TEXT, .help = "Of a `dvcfile`: where from."},     \
		{.name = "rename",                                                                 \
			.forms = FORM_TEXTS | FORM_MAP,                                            \
			.map = &project_kind_rename,                                               \
			.items = &project_kind_rename,                                             \
			.takes = "'PATTERN NAME', a mapping or a list of them",                    \
			.help = "What files are called in the run."},                              \
		{.name = "replace-existing",                                                       \
			.forms = FORM_YES,                                                         \
			.fallback = "no",                                                          \
			.help = "It replaces a file that is there."},                              \
		{.name = "select",                                                                 \
			.forms = FORM_TEXTS,                                                       \
			.help = "Patterns of the files that are taken."},                          \
		{.name = "select-max",                                                             \
			.forms = FORM_TEXTS,                                                       \
			.help = "Takes the file whose number (first group) is the largest."},      \
		{.name = "select-min",                                                             \
			.forms = FORM_TEXTS,                                                       \
			.help = "Takes the file whose number (first group) is the smallest."},     \
		{.name = "sha256", .forms = FORM_SCALAR, .help = "Its checksum."},                 \
		{.name = "target-path",                                                            \
			.forms = FORM_SCALAR,                                                      \
			.fallback = "the resource's",                                              \
			.help = "Directory of the run in which it is put."},                       \
		{.name = "target-type",                                                            \
			.forms = FORM_TEXT,                                                        \
			.words = target_types,                                                     \
			.fallback = "copy",                                                        \
			.help = "Whether it is copied or linked."},                                \
		{.name = "type",                                                                   \
			.forms = FORM_TEXT,                                                        \
			.words = archive_types,                                                    \
			.fallback = "by its name",                                                 \
			.help = "Kind of archive."},                                               \
		{.name = "unpack",                                                                 \
			.forms = FORM_YES,                                                         \
			.fallback = "yes",                                                         \
			.help = "Archives are unpacked."},                                         \
		{.name = "url", .forms = FORM_TEXT, .help = "File that is downloaded."},           \
	{                                                                                          \
		.name = "warn-if-empty", .forms = FORM_YES, .fallback = "yes",                     \
		.help = "No file is worth a warning."                                              \
	}

static const struct project_attribute source_attributes[] = {SOURCE_ATTRIBUTES, {0}};

/* One source, or a resource named or written out. */
static const struct project_attribute dependency_attributes[] = {
	SOURCE_ATTRIBUTES,
	{.name = "default-unpack", .forms = FORM_YES, .help = "As in a resource."},
	{.name = "description", .forms = FORM_SCALAR, .help = "What it is."},
	{.name = "private", .forms = FORM_YES, .help = "As in a resource."},
	{.name = "references", .forms = FORM_TEXTS, .help = "As in a resource."},
	{.name = "resource", .forms = FORM_TEXT, .help = "Name of a resource."},
	{.name = "sources",
		.forms = FORM_LIST,
		.items = &project_kind_source,
		.help = "What it consists of, as in a resource."},
	{0},
};

static const struct project_attribute rename_attributes[] = {
	{.name = "pattern", .forms = FORM_TEXT, .help = "Regular expression of the name."},
	{.name = "repl", .forms = FORM_SCALAR, .help = "What it is replaced by."},
	{0},
};

static const struct project_attribute step_attributes[] = {
	{.name = "additional-deps", .forms = FORM_ANY, .help = "Option of `guild run`."},
	{.name = "after",
		.forms = FORM_TEXTS,
		.takes = "a name or a list of names",
		.fallback = "the step before",
		.is_own = true,
		.help = "Steps that must be done before; those that wait for nobody run at the same time."},
	{.name = "batch-label", .forms = FORM_SCALAR, .help = "Option of `guild run`."},
	{.name = "batch-tags", .forms = FORM_TEXTS, .help = "Option of `guild run`."},
	{.name = "break", .forms = FORM_ANY, .help = "Option of `guild run`."},
	{.name = "break-on-error", .forms = FORM_YES, .help = "Option of `guild run`."},
	{.name = "expect",
		.forms = FORM_LIST | FORM_MAP,
		.map = &project_kind_check,
		.items = &project_kind_check,
		.help = "What must be true of the run when it has ended."},
	{.name = "fail-on-trial-error", .forms = FORM_YES, .help = "Option of `guild run`."},
	{.name = "flags",
		.forms = FORM_MAP | FORM_LIST,
		.help = "Values of flags. They replace all flags in `run`."},
	{.name = "force-flags", .forms = FORM_YES, .help = "Option of `guild run`."},
	{.name = "gpus", .forms = FORM_SCALAR, .help = "Option of `guild run`."},
	{.name = "isolate-runs",
		.forms = FORM_YES,
		.fallback = "yes",
		.help = "The step sees only runs of the same pipeline."},
	{.name = "label", .forms = FORM_SCALAR, .help = "Option of `guild run`."},
	{.name = "max-trials", .forms = FORM_INT, .help = "Option of `guild run`."},
	{.name = "maximize", .forms = FORM_TEXT, .help = "Option of `guild run`."},
	{.name = "minimize", .forms = FORM_TEXT, .help = "Option of `guild run`."},
	{.name = "name",
		.forms = FORM_SCALAR,
		.fallback = "the operation",
		.help = "Name of the step: of its link in the run, and before its flags."},
	{.name = "needed", .forms = FORM_YES, .help = "Option of `guild run`."},
	{.name = "no-gpus", .forms = FORM_YES, .help = "Option of `guild run`."},
	{.name = "opspec", .forms = FORM_TEXT, .help = "Option of `guild run`."},
	{.name = "opt-flags", .forms = FORM_ANY, .help = "Option of `guild run`."},
	{.name = "optimize", .forms = FORM_YES, .help = "Option of `guild run`."},
	{.name = "optimizer", .forms = FORM_TEXT, .help = "Option of `guild run`."},
	{.name = "random-seed", .forms = FORM_INT, .help = "Option of `guild run`."},
	{.name = "remote", .forms = FORM_TEXT, .help = "Option of `guild run`."},
	{.name = "run",
		.forms = FORM_TEXT,
		.takes = "text (OPERATION [FLAG=VALUE]...)",
		.help = "What is run, written as for `guild run`."},
	{.name = "stop-after", .forms = FORM_SCALAR, .help = "Option of `guild run`."},
	{.name = "tags", .forms = FORM_TEXTS, .help = "Option of `guild run`."},
	{0},
};

static const struct project_attribute check_attributes[] = {
	{.name = "compare-to", .forms = FORM_TEXT, .help = "File that it must be equal to."},
	{.name = "contains", .forms = FORM_TEXT, .help = "Pattern that it must hold."},
	{.name = "file", .forms = FORM_TEXT, .help = "Files that must be there."},
	{.name = "output", .forms = FORM_TEXT, .help = "Pattern that the output must hold."},
	{0},
};

static const struct project_attribute sourcecode_attributes[] = {
	{.name = "dest",
		.forms = FORM_TEXT,
		.fallback = ".",
		.help = "Directory of the run in which files are put."},
	{.name = "digest",
		.forms = FORM_YES,
		.help = "Read for 0.9.0's sake: the digest is always recorded."},
	{.name = "root",
		.forms = FORM_TEXT,
		.fallback = ".",
		.help = "Directory that files are taken from, relative to the project."},
	{.name = "select",
		.forms = FORM_TEXTS | FORM_NO,
		.items = &project_kind_rule,
		.help = "Which files: a pattern, a list of patterns or rules, or no."},
	{0},
};

static const struct project_attribute rule_attributes[] = {
	{.name = "exclude",
		.forms = FORM_TEXTS | FORM_MAP,
		.map = &project_kind_pattern,
		.help = "Patterns of files that are left out."},
	{.name = "include",
		.forms = FORM_TEXTS | FORM_MAP,
		.map = &project_kind_pattern,
		.help = "Patterns of files that are taken."},
	{0},
};

static const struct project_attribute pattern_attributes[] = {
	{.name = "binary", .forms = FORM_TEXTS, .help = "Patterns of files that are no text."},
	{.name = "dir", .forms = FORM_TEXTS, .help = "Patterns of directories."},
	{.name = "text", .forms = FORM_TEXTS, .help = "Patterns of text files."},
	{0},
};

static const struct project_attribute optimizer_attributes[] = {
	{.name = "algorithm",
		.forms = FORM_TEXT,
		.fallback = "its name",
		.help = "Operation that searches."},
	{.name = "default", .forms = FORM_YES, .help = "The one `--optimize` takes."},
	{0},
};

static const struct project_attribute objective_attributes[] = {
	{.name = "maximize", .forms = FORM_TEXT, .help = "Column that is to be large."},
	{.name = "minimize", .forms = FORM_TEXT, .help = "Column that is to be small."},
	{0},
};

static const struct project_attribute publish_attributes[] = {
	{.name = "files",
		.forms = FORM_TEXTS | FORM_NO | FORM_MAP,
		.items = &project_kind_rule,
		.help = "Files of a run that are published."},
	{.name = "template", .forms = FORM_TEXT, .help = "Template of the pages."},
	{0},
};

static const struct project_attribute alert_attributes[] = {
	{.name = "again-after",
		.forms = FORM_TEXT,
		.takes = "a duration (10 min)",
		.fallback = "once in a run",
		.help = "It may fire again so much later."},
	{.name = "log",
		.forms = FORM_YES,
		.help = "Every alert is shown and recorded; this says so."},
	{.name = "mark", .forms = FORM_YES, .fallback = "no", .help = "The run is marked."},
	{.name = "post",
		.forms = FORM_TEXT,
		.takes = "a URL",
		.help = "The event is posted there as JSON."},
	{.name = "run",
		.forms = FORM_TEXTS,
		.takes = "a command",
		.help = "Command to run, without a shell; it gets the event as JSON on standard input."},
	{.name = "stop",
		.forms = FORM_YES,
		.fallback = "no",
		.help = "The run is stopped: its status is terminated."},
	{.name = "tag", .forms = FORM_TEXTS, .help = "Tags that the run gets."},
	{.name = "when",
		.forms = FORM_TEXT,
		.takes = "a condition (loss is nan)",
		.help = "An expression over scalars so far, the time and the machine, or `no output for 5 min`, "
			"`no new scalar for 10 min`."},
	{0},
};

static const struct project_attribute prune_attributes[] = {
	{.name = "after",
		.forms = FORM_NUMBER,
		.takes = "a step",
		.help = "`threshold`: counts only after this step."},
	{.name = "brackets",
		.forms = FORM_NUMBER,
		.fallback = "from the resources, else 2",
		.help = "`hyperband`: how many brackets."},
	{.name = "direction",
		.forms = FORM_TEXT,
		.takes = "minimize or maximize",
		.fallback = "the batch's",
		.help = "What is better."},
	{.name = "factor",
		.forms = FORM_NUMBER,
		.fallback = "2",
		.help = "`asha`, `hyperband`: one of so many goes on at each rung."},
	{.name = "interval",
		.forms = FORM_NUMBER,
		.takes = "steps",
		.fallback = "1",
		.help = "`median`, `percentile`: one decision in so many steps."},
	{.name = "keep",
		.forms = FORM_NUMBER,
		.takes = "a percentage",
		.help = "`percentile`: how many go on."},
	{.name = "max-resource",
		.forms = FORM_NUMBER,
		.takes = "a step",
		.help = "`asha`, `hyperband`: the last step of a trial that is not stopped."},
	{.name = "min-delta",
		.forms = FORM_NUMBER,
		.fallback = "0",
		.help = "`patience`: what is less is no improvement."},
	{.name = "min-resource",
		.forms = FORM_NUMBER,
		.takes = "a step",
		.fallback = "a sixth of the first complete trial",
		.help = "`asha`, `hyperband`: the first rung."},
	{.name = "min-trials",
		.forms = FORM_NUMBER,
		.fallback = "2; 0 for asha, hyperband",
		.help = "Others that must have come to the step."},
	{.name = "of",
		.forms = FORM_TEXT,
		.takes = "a scalar",
		.fallback = "the objective",
		.help = "What is looked at."},
	{.name = "reports",
		.forms = FORM_NUMBER,
		.help = "`patience`: reports without improvement."},
	{.name = "rule",
		.forms = FORM_TEXT,
		.takes = "asha, hyperband, median, patience, percentile or threshold",
		.help = "Which rule."},
	{.name = "startup",
		.forms = FORM_NUMBER,
		.fallback = "2 for median, percentile; else 0",
		.help = "Trials that must complete before any is stopped."},
	{.name = "warmup",
		.forms = FORM_NUMBER,
		.takes = "steps",
		.fallback = "a fifth of the first complete trial for median, percentile; else 0",
		.help = "No trial is stopped before this step."},
	{.name = "when",
		.forms = FORM_TEXT,
		.takes = "a condition (loss > 10)",
		.help = "`threshold`: what stops a trial."},
	{0},
};

static const struct project_attribute no_attributes[] = {{0}};

const struct project_kind project_kind_flag = {.name = "flag",
	.title = "Flags",
	.help = "The inputs of an operation, by name. Any other value than a mapping is its `default`. Names "
		"that are not in this table are kept and recorded with runs.",
	.forms = FORM_ANY,
	.has_include = true,
	.attributes = flag_attributes};
const struct project_kind project_kind_choice = {.name = "choice",
	.title = "Choices of a flag",
	.help = "A value alone, or a mapping.",
	.forms = FORM_SCALAR,
	.attributes = choice_attributes};
const struct project_kind project_kind_resource = {.name = "resource",
	.title = "Resources",
	.help = "Files that operations require. A list is its `sources`.",
	.forms = FORM_LIST,
	.has_include = true,
	.attributes = resource_attributes};
const struct project_kind project_kind_source = {.name = "source",
	.title = "Sources",
	.help = "Where files come from: exactly one of `config`, `dvcfile`, `dvcstage`, `file`, `module`, "
		"`operation`, `url`. Text alone is a `file`.",
	.forms = FORM_TEXT,
	.attributes = source_attributes};
const struct project_kind project_kind_dependency = {.name = "dependency",
	.title = "Dependencies",
	.help = "An item of `requires`. Text alone is the name of a resource; a mapping is a source, a `resource`, "
		"or a resource with `sources`.",
	.forms = FORM_TEXT,
	.attributes = dependency_attributes};
const struct project_kind project_kind_rename = {.name = "rename",
	.title = "Renaming",
	.help = "Text alone is `PATTERN NAME`, or the name alone.",
	.forms = FORM_TEXT,
	.attributes = rename_attributes};
const struct project_kind project_kind_step = {.name = "step",
	.title = "Steps",
	.help = "Text alone is its `run`.",
	.forms = FORM_TEXT,
	.attributes = step_attributes};
const struct project_kind project_kind_check = {.name = "check",
	.title = "Checks of a step",
	.help = "What must be true of a step's run.",
	.attributes = check_attributes};
const struct project_kind project_kind_sourcecode = {.name = "source code",
	.title = "Source code",
	.help = "Which files are copied into runs.",
	.attributes = sourcecode_attributes};
const struct project_kind project_kind_rule = {.name = "source code rule",
	.title = "Source code rules",
	.help = "Text alone is an `include`. The last rule that matches a file decides.",
	.forms = FORM_TEXT,
	.attributes = rule_attributes};
const struct project_kind project_kind_pattern = {.name = "source code pattern",
	.title = "Patterns by type",
	.help = "Patterns that count for one type of files only.",
	.attributes = pattern_attributes};
const struct project_kind project_kind_optimizer = {.name = "optimizer",
	.title = "Optimizers",
	.help = "Text alone is its `algorithm`. All other names are flags of the optimizer.",
	.forms = FORM_TEXT,
	.is_open = true,
	.attributes = optimizer_attributes};
const struct project_kind project_kind_objective = {.name = "objective",
	.title = "Objective",
	.help = "One of the two.",
	.attributes = objective_attributes};
const struct project_kind project_kind_publish = {.name = "publish",
	.title = "Publishing",
	.help = "How runs of an operation are published.",
	.attributes = publish_attributes};
const struct project_kind project_kind_profile = {.name = "profile",
	.title = "Profiles",
	.help = "Values of flags by name.",
	.is_open = true,
	.attributes = no_attributes};

const struct project_kind project_kind_alert = {.name = "alert",
	.title = "Alerts",
	.help = "Text alone is `CONDITION: ACTION, ACTION…`, as `loss is nan: stop, tag diverged`; see "
		"[Alerts](guide/alerts.md).",
	.forms = FORM_TEXT,
	.is_open = true,
	.attributes = alert_attributes};

const struct project_kind project_kind_prune = {.name = "pruning rule",
	.title = "Pruning",
	.help = "Text alone is a rule and its options, as `percentile 25 of val_loss, warmup 3`; see "
		"[Pruning](guide/pruning.md).",
	.forms = FORM_TEXT,
	.is_open = true,
	.attributes = prune_attributes};

const struct project_kind *const project_kinds[] = {
	&project_kind_model,
	&project_kind_config,
	&project_kind_include,
	&project_kind_package,
	&project_kind_operation,
	&project_kind_flag,
	&project_kind_choice,
	&project_kind_profile,
	&project_kind_dependency,
	&project_kind_resource,
	&project_kind_source,
	&project_kind_rename,
	&project_kind_step,
	&project_kind_check,
	&project_kind_alert,
	&project_kind_prune,
	&project_kind_sourcecode,
	&project_kind_rule,
	&project_kind_pattern,
	&project_kind_optimizer,
	&project_kind_objective,
	&project_kind_publish,
	NULL,
};
