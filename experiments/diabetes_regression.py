"""A regression: how far diabetes has progressed after a year, from ten measurements of 442 patients.

    mldiag learning-curve diabetes_regression.py
    mldiag sweep diabetes_regression.py --param leaf

With 442 noisy rows much stays inconclusive, and the report says so instead of guessing.
"""

from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor

import mldiag

features, progress = load_diabetes(return_X_y=True, as_frame=True, scaled=False)


def forest(params, seed):
    """A factory instead of an estimator: one parameter may set several options, or choose the model."""
    return RandomForestRegressor(
        n_estimators=params["trees"],
        min_samples_leaf=params["leaf"],
        max_features=params["features_share"],
        random_state=seed,
    )


progression = mldiag.Experiment.from_estimator(
    forest,
    features,
    progress,
    # scikit-learn negates errors so that larger is better. mldiag shows the error itself, and that
    # smaller is better; gains are signed so that positive is always good.
    metric="neg_mean_absolute_error",
    params={
        # A factory's own names say nothing to mldiag: the role turns "10 is better" into
        # "more regularisation".
        "leaf": mldiag.Int(1, 50, default=1, log=True, role="regularization"),
        "features_share": mldiag.Float(0.1, 1.0, default=1.0),
        "trees": mldiag.Int(10, 200, default=50, log=True, role="duration"),
    },
    name="progression",
)
