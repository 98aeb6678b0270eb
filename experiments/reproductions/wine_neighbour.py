"""A report by leave-one-out: the nearest neighbour on standardised features on the wines, 96.1 %.

    mldiag reproduce experiments/reproductions/wine_neighbour.py --expected 0.961 --tolerance 0.02 --seeds 20

Aeberhard, Coomans and de Vel (1992), as the data set's own description in scikit-learn quotes it. Leaving one
wine out of 178 trains on a few more rows than four fifths of them do.
"""

from sklearn.datasets import load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mldiag

wine_neighbour = mldiag.Experiment.from_estimator(
    make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=1)),
    *load_wine(return_X_y=True),
    metric="accuracy",
)
