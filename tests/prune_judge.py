"""What tests/test_pruning.py needs of others, run in .venv/search:

    prune_judge.py halving   decisions of Optuna's SuccessiveHalvingPruner over the curves on standard input
    prune_judge.py curves    learning curves of scikit-learn models on its digits: [[[loss, accuracy] of each epoch] of each model]
"""

import json
import math
import sys
import warnings


def halving():
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    told = json.load(sys.stdin)
    study = optuna.create_study(
        direction=told["direction"],
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=told["min_resource"], reduction_factor=told["factor"]))
    trials, stopped = {}, []
    for number, step, value in told["events"]:
        trial = trials.setdefault(number, None) or study.ask()
        trials[number] = trial
        if step is None:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED if value else None, values=None if value else 0.0)
            continue
        if number in [s[0] for s in stopped]:
            continue
        trial.report(math.nan if value is None else value, step)
        if trial.should_prune():
            stopped.append([number, step])
    return stopped


def model(rng, i):
    from sklearn.linear_model import SGDClassifier
    from sklearn.neural_network import MLPClassifier

    if i % 2 == 0:
        return SGDClassifier(loss="log_loss", alpha=10 ** rng.uniform(-6, 0), learning_rate="constant", eta0=10 ** rng.uniform(-4, 0.5),
                             random_state=i)
    return MLPClassifier((int(2 ** rng.uniform(2, 7)),), solver=["sgd", "adam"][rng.randint(2)], learning_rate_init=10 ** rng.uniform(-4, 0),
                         alpha=10 ** rng.uniform(-6, 0), batch_size=int(2 ** rng.uniform(4, 8)), random_state=i)


def curves(n=60, epochs=27):
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split

    warnings.filterwarnings("ignore")
    rng = np.random.RandomState(0)
    x, y = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x / 16, y, test_size=0.4, random_state=0)
    made = []
    for i in range(n):
        m, curve = model(rng, i), []
        for _ in range(epochs):
            order = rng.permutation(len(x))
            m.partial_fit(x[order], y[order], classes=range(10))
            p = m.predict_proba(x_test)
            loss = log_loss(y_test, p, labels=range(10)) if np.isfinite(p).all() else math.nan
            curve.append([float(loss), float(m.score(x_test, y_test))])
        made.append(curve)
    return made


json.dump({"halving": halving, "curves": curves}[sys.argv[1]](), sys.stdout)
