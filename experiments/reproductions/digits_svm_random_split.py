"""The same report with the split of one's own: a better score, which is no success.

    mldiag reproduce experiments/reproductions/digits_svm_random_split.py --expected 0.97 --tolerance 0.005

Nothing but the split differs from `digits_svm.py`: images of one writer stand on both sides now.
"""

from sklearn.datasets import load_digits
from sklearn.svm import SVC

import mldiag

X, y = load_digits(return_X_y=True)

digits_svm_random_split = mldiag.Experiment.from_estimator(
    SVC(gamma=0.001),
    X,
    y,
    metric="accuracy",
    params={"gamma": mldiag.Float(1e-5, 1e-1, default=0.001, log=True)},
)
