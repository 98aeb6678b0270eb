"""scikit-learn's interface as an experiment: declared, checked, fitted, predicted."""
