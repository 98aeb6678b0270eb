"""Roles of well-known parameter names in scikit-learn, XGBoost, LightGBM and torch optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mldiag.findings import ActionKind
from mldiag.parameters import Categorical, Parameter, Role
from mldiag.trial_spec import Plain

# name -> (role, whether a larger value means more of it)
KNOWN_ROLES: dict[str, tuple[Role, bool]] = {
    "lr": ("learning_rate", True),
    "learning_rate": ("learning_rate", True),
    "learning_rate_init": ("learning_rate", True),
    "eta": ("learning_rate", True),
    "eta0": ("learning_rate", True),
    "width": ("capacity", True),
    "depth": ("capacity", True),
    "hidden": ("capacity", True),
    "hidden_size": ("capacity", True),
    "hidden_layer_sizes": ("capacity", True),
    "layers": ("capacity", True),
    "n_layers": ("capacity", True),
    "num_layers": ("capacity", True),
    "max_depth": ("capacity", True),
    "max_leaf_nodes": ("capacity", True),
    "num_leaves": ("capacity", True),
    "max_features": ("capacity", True),
    "n_components": ("capacity", True),
    "degree": ("capacity", True),
    "gamma": ("capacity", True),
    "C": ("regularization", False),
    "nu": ("regularization", True),
    "alpha": ("regularization", True),
    "weight_decay": ("regularization", True),
    "dropout": ("regularization", True),
    "l2_regularization": ("regularization", True),
    "reg_alpha": ("regularization", True),
    "reg_lambda": ("regularization", True),
    "lambda_l1": ("regularization", True),
    "lambda_l2": ("regularization", True),
    "min_samples_leaf": ("regularization", True),
    "min_samples_split": ("regularization", True),
    "min_child_samples": ("regularization", True),
    "min_child_weight": ("regularization", True),
    "ccp_alpha": ("regularization", True),
    "n_neighbors": ("regularization", True),
    "label_smoothing": ("regularization", True),
    "var_smoothing": ("regularization", True),
    "epochs": ("duration", True),
    "n_epochs": ("duration", True),
    "num_epochs": ("duration", True),
    "max_iter": ("duration", True),
    "n_estimators": ("duration", True),
    "num_boost_round": ("duration", True),
    "steps": ("duration", True),
    "activation": ("activation", True),
    "init": ("initialization", True),
    "class_weight": ("class_weight", True),
    "scale_pos_weight": ("class_weight", True),
    "momentum": ("nuisance", True),
    "batch_size": ("nuisance", True),
    "beta1": ("nuisance", True),
    "beta2": ("nuisance", True),
}


def with_known_roles(params: Mapping[str, Parameter]) -> dict[str, Parameter]:
    """The parameters, with the known role where none was declared.

    The last part of a nested name counts: `svc__C` is a `C`.

    Example:
        >>> from mldiag.parameters import Float
        >>> with_known_roles({"svc__C": Float(0.1, 10, default=1)})["svc__C"].increases
        False
    """
    return {name: _with_known_role(name, parameter) for name, parameter in params.items()}


def _with_known_role(name: str, parameter: Parameter) -> Parameter:
    known = KNOWN_ROLES.get(name.rsplit("__", 1)[-1])
    if known is None or parameter.role is not None:
        return parameter
    role, increases = known
    if isinstance(parameter, Categorical):
        return replace(parameter, role=role)
    return replace(parameter, role=role, increases=increases)


def action_of(parameter: Parameter, present: Plain, better: Plain) -> ActionKind:
    """The kind of action that moving a parameter to a better value amounts to.

    Example:
        >>> from mldiag.parameters import Float
        >>> weak = Float(1e-6, 1e-1, default=1e-5, log=True, role="regularization")
        >>> action_of(weak, 1e-5, 1e-3)
        'more_regularization'
    """
    role = parameter.role
    if role in ("activation", "initialization"):
        return "change_activation_or_init"
    if role == "class_weight":
        return "balance_classes"
    if role == "family":
        return "change_model"
    more = _means_more(parameter, present, better)
    if role == "duration" and more:
        return "train_longer"
    if role == "capacity" and more is not None:
        return "larger_model" if more else "smaller_model"
    if role == "regularization" and more is not None:
        return "more_regularization" if more else "less_regularization"
    return "tune"


def _means_more(parameter: Parameter, present: Plain, better: Plain) -> bool | None:
    """Whether the better value means more of the role; None where values have no order."""
    numbers = (int, float)
    if isinstance(parameter, Categorical):
        return None
    if not isinstance(present, numbers) or not isinstance(better, numbers):
        return None
    return (better > present) == parameter.increases
