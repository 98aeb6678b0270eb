"""Three learning curves with three answers: more rows help, they do not, it cannot be told.

mldiag learning-curve three_curves.py:more_rows_help
mldiag learning-curve three_curves.py:rows_do_not_help
mldiag learning-curve three_curves.py:cannot_be_told
"""

from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mldiag import Experiment

digits, number = load_digits(return_X_y=True)
cells, benign = load_breast_cancer(return_X_y=True)

# 1,797 digits: every doubling still brings points.
more_rows_help = Experiment.from_estimator(
    LogisticRegression(max_iter=1000), digits, number, metric="accuracy"
)

# 569 tumours, ranked: the ranking is nearly perfect from a hundred of them on.
rows_do_not_help = Experiment.from_estimator(
    make_pipeline(StandardScaler(), LogisticRegression()), cells, benign, metric="roc_auc"
)

# The same digits in black and white: the curve flattens, and whether it still rises hides in its noise.
cannot_be_told = Experiment.from_estimator(
    BernoulliNB(binarize=8), digits, number, metric="accuracy"
)
