"""A report by leave-one-out: quadratic discriminant analysis on the wines, 99.4 %.

    mldiag reproduce experiments/reproductions/wine_qda.py --expected 0.994 --tolerance 0.02 --seeds 20

Aeberhard, Coomans and de Vel (1992), as the data set's own description in scikit-learn quotes it. Leaving one
wine out of 178 trains on a few more rows than four fifths of them do.
"""

from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

import mldiag

wine_qda = mldiag.Experiment.from_estimator(
    QuadraticDiscriminantAnalysis(), *load_wine(return_X_y=True), metric="accuracy"
)
