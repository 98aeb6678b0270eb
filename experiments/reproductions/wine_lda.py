"""A report by leave-one-out: linear discriminant analysis on the wines, 98.9 %.

    mldiag reproduce experiments/reproductions/wine_lda.py --expected 0.989 --tolerance 0.02 --seeds 20

Aeberhard, Coomans and de Vel (1992), as the data set's own description in scikit-learn quotes it. Leaving one
wine out of 178 trains on a few more rows than four fifths of them do.
"""

from sklearn.datasets import load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import mldiag

wine_lda = mldiag.Experiment.from_estimator(
    LinearDiscriminantAnalysis(), *load_wine(return_X_y=True), metric="accuracy"
)
