"""XGBoost, LightGBM, CatBoost."""

from generate import case


def data():
    import numpy
    from sklearn.datasets import make_classification
    from sklearn.model_selection import train_test_split

    x, y = make_classification(300, 6, random_state=0)
    return train_test_split(x.astype(numpy.float32), y, random_state=0)


@case(["xgboost"])
def xgboost_train(truth):
    import xgboost

    x, xt, y, yt = data()
    train, valid = xgboost.DMatrix(x, y), xgboost.DMatrix(xt, yt)
    result = {}
    xgboost.train({"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 2}, train, 10,
                  evals=[(train, "train"), (valid, "eval")], evals_result=result)
    for name, metrics in result.items():
        for metric, values in metrics.items():
            truth.series(f"{name}-{metric}", values, first=0)


@case(["xgboost"])
def xgboost_sklearn(truth):
    import xgboost

    x, xt, y, yt = data()
    model = xgboost.XGBClassifier(n_estimators=25, max_depth=2, early_stopping_rounds=3, learning_rate=0.9)
    model.fit(x, y, eval_set=[(x, y), (xt, yt)], verbose=5)
    values = model.evals_result()
    last = len(values["validation_0"]["logloss"]) - 1
    for name in values:
        for i in sorted({*range(0, last + 1, 5), last}):
            truth.add(f"{name}-logloss", i, values[name]["logloss"][i])


@case(["xgboost"])
def xgboost_cv(truth):
    import xgboost

    x, _, y, _ = data()
    table = xgboost.cv({"objective": "binary:logistic", "max_depth": 2}, xgboost.DMatrix(x, y), 6, nfold=3,
                       metrics="logloss", verbose_eval=True, seed=0)
    truth.series("train-logloss", table["train-logloss-mean"], first=0)
    truth.series("test-logloss", table["test-logloss-mean"], first=0)


@case(["lightgbm"])
def lightgbm_train(truth):
    import lightgbm

    x, xt, y, yt = data()
    result = {}
    train = lightgbm.Dataset(x, y)
    lightgbm.train({"objective": "binary", "metric": ["binary_logloss", "auc"], "num_leaves": 4}, train, 8,
                   valid_sets=[train, lightgbm.Dataset(xt, yt)], valid_names=["training", "valid_0"],
                   callbacks=[lightgbm.log_evaluation(1), lightgbm.record_evaluation(result)])
    for name, metrics in result.items():
        for metric, values in metrics.items():
            truth.series(f"{name}_{metric}", values)


@case(["lightgbm"])
def lightgbm_early_stopping(truth):
    import lightgbm

    x, xt, y, yt = data()
    model = lightgbm.LGBMClassifier(n_estimators=60, num_leaves=8, learning_rate=0.5)
    model.fit(x, y, eval_set=[(xt, yt)], callbacks=[lightgbm.early_stopping(5), lightgbm.log_evaluation(2)])
    values = model.evals_result_["valid_0"]["binary_logloss"]
    for i in range(2, len(values) + 1, 2):
        truth.add("valid_0_binary_logloss", i, values[i - 1])
    truth.allow("valid_0_binary_logloss", model.best_iteration_, values[model.best_iteration_ - 1])


@case(["lightgbm"])
def lightgbm_cv(truth):
    import lightgbm

    x, _, y, _ = data()
    result = lightgbm.cv({"objective": "binary", "verbose": -1}, lightgbm.Dataset(x, y), 5, nfold=3, seed=0,
                         callbacks=[lightgbm.log_evaluation(1, show_stdv=True)])
    truth.series("valid_binary_logloss", result["valid binary_logloss-mean"])


@case(["catboost"])
def catboost_fit(truth):
    import catboost

    x, xt, y, yt = data()
    model = catboost.CatBoostClassifier(iterations=8, depth=2, random_seed=0, allow_writing_files=False)
    model.fit(x, y, eval_set=(xt, yt), verbose=True)
    truth.series("learn", model.evals_result_["learn"]["Logloss"], first=0)
    truth.series("test", model.evals_result_["validation"]["Logloss"], first=0)


@case(["catboost"])
def catboost_sparse(truth):
    import catboost

    x, _, y, _ = data()
    model = catboost.CatBoostRegressor(iterations=20, depth=2, random_seed=0, allow_writing_files=False)
    model.fit(x, y.astype(float), verbose=4)
    for i in [0, 4, 8, 12, 16, 19]:
        truth.add("learn", i, model.evals_result_["learn"]["RMSE"][i])
