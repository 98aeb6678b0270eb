"""A report on a fixed split: scikit-learn's example "Recognizing hand-written digits" tells accuracy 0.97.

    mldiag reproduce experiments/reproductions/digits_svm.py --expected 0.97 --tolerance 0.005

It trains on the first half of the images, in the order of the file, and scores on the second. The
writers of both halves differ, so a random split of the same images gives a better score, and would be the
wrong comparison.
"""

from sklearn.datasets import load_digits
from sklearn.svm import SVC

import mldiag

X, y = load_digits(return_X_y=True)
half = len(y) // 2

digits_svm = mldiag.Experiment.from_estimator(
    SVC(gamma=0.001),
    X[:half],
    y[:half],
    valid=(X[half:], y[half:]),
    metric="accuracy",
    params={"gamma": mldiag.Float(1e-5, 1e-1, default=0.001, log=True)},
)
