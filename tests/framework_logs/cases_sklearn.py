"""scikit-learn, verbose."""

from generate import case


def iris():
    from sklearn.datasets import load_iris

    return load_iris(return_X_y=True)


@case(["sklearn"])
def sklearn_mlp(truth):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(hidden_layer_sizes=(8,), max_iter=12, verbose=True, random_state=0).fit(*iris())
    truth.series("loss", model.loss_curve_)


@case(["sklearn"])
def sklearn_mlp_early_stopping(truth):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(hidden_layer_sizes=(8,), max_iter=30, verbose=True, early_stopping=True,
                          n_iter_no_change=3, random_state=0)
    model.fit(*iris())
    truth.series("loss", model.loss_curve_)
    truth.series("Validation_score", model.validation_scores_)


@case(["sklearn"])
def sklearn_mlp_regressor(truth):
    from sklearn.datasets import load_diabetes
    from sklearn.neural_network import MLPRegressor

    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=8, verbose=True, random_state=0).fit(*load_diabetes(return_X_y=True))
    truth.series("loss", model.loss_curve_)


@case(["sklearn"])
def sklearn_gradient_boosting(truth):
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(n_estimators=40, verbose=1, random_state=0).fit(*iris())
    for i in [*range(1, 11), 20, 30, 40]:
        truth.add("Train_Loss", i, model.train_score_[i - 1])


@case(["sklearn"])
def sklearn_gradient_boosting_subsample(truth):
    from sklearn.ensemble import GradientBoostingRegressor

    model = GradientBoostingRegressor(n_estimators=8, subsample=0.5, verbose=2, random_state=0).fit(*iris())
    truth.series("Train_Loss", model.train_score_)
    truth.series("OOB_Improve", model.oob_improvement_)


@case(["sklearn"])
def sklearn_hist_gradient_boosting(truth):
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=8, verbose=2, early_stopping=True, scoring="loss", random_state=0,
                                           min_samples_leaf=5).fit(*iris())
    truth.series("train_loss", -model.train_score_[1:])
    truth.series("val_loss", -model.validation_score_[1:])


@case(["sklearn"])
def sklearn_grid_search(truth):
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import SVC

    search = GridSearchCV(SVC(), {"C": [0.1, 1, 10]}, cv=3, verbose=3).fit(*iris())
    for candidate in range(3):
        for split in range(3):
            truth.add("score", None, search.cv_results_[f"split{split}_test_score"][candidate])


@case(["sklearn"])
def sklearn_report(truth):
    """Reports, parameters and shapes: nothing here is a scalar but the two scores."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, f1_score

    x, y = iris()
    print("X shape:", x.shape, "classes:", len(set(y)))
    model = LogisticRegression(C=0.5, max_iter=500).fit(x, y)
    print(model)
    print("iterations used:", int(model.n_iter_[0]))
    predicted = model.predict(x)
    print(confusion_matrix(y, predicted))
    print(classification_report(y, predicted))
    print("Training accuracy is %.4f" % accuracy_score(y, predicted))
    print("Macro F1: %.4f" % f1_score(y, predicted, average="macro"))
    truth.add("Training_accuracy", None, accuracy_score(y, predicted))
    truth.add("Macro_F1", None, f1_score(y, predicted, average="macro"))
