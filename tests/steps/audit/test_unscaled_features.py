import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from mldiag.steps.audit.checks.table import unscaled_features
from tests.steps.audit.tables import healthy, judged


def wide():
    return healthy().assign(x1=lambda frame: 1000 * frame["x1"])


@pytest.mark.parametrize(
    "estimator",
    [
        KNeighborsClassifier(),
        SVC(),
        make_pipeline(OneHotEncoder(), KNeighborsClassifier()),
        GridSearchCV(SVC(), {"C": [1, 10]}),
        VotingClassifier([("a", RandomForestClassifier()), ("b", SVC())]),
        ColumnTransformer([("scale", StandardScaler(), ["x0"])], remainder="passthrough"),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_a_wide_column_before_a_model_of_distances(estimator):
    if isinstance(estimator, ColumnTransformer):
        estimator = make_pipeline(estimator, KNeighborsClassifier())
    found = judged(unscaled_features, wide(), estimator=estimator)
    assert (found.outcome, found.evidence["columns"]) == ("problem", ["x1"])
    assert found.action.kind == "scale_features"


def test_a_penalty_is_advice():
    found = judged(unscaled_features, wide(), estimator=LogisticRegression())
    assert (found.outcome, found.evidence["columns"]) == ("advice", ["x1"])


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(),
        LinearRegression(),
        make_pipeline(StandardScaler(), SVC()),
        GridSearchCV(make_pipeline(StandardScaler(), SVC()), {}),
        make_pipeline(
            ColumnTransformer([("s", StandardScaler(), ["x0", "x1", "x2", "x3"])]), SVC()
        ),
    ],
    ids=str,
)
def test_scaled_or_indifferent(estimator):
    assert judged(unscaled_features, wide(), estimator=estimator).outcome == "passed"


def test_similar_scales_and_unknown_models():
    assert judged(unscaled_features, healthy(), estimator=SVC()).outcome == "passed"
    assert judged(unscaled_features, wide()).outcome == "not_applicable"

    class Own:
        def fit(self, X, y):
            return self

        def predict(self, X):
            return X

    assert judged(unscaled_features, wide(), estimator=Own()).outcome == "not_applicable"
