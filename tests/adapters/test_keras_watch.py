"""The callback in a real `fit` of Keras on torch, in an interpreter of its own: a backend is chosen once."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")
if importlib.util.find_spec("keras") is None:
    pytest.skip("needs Keras: pip install 'mldiag[keras]'", allow_module_level=True)

pytestmark = pytest.mark.torch

PROGRAM = """
import json
import keras
import mldiag
import numpy as np
from mldiag.adapters.keras import WatchCallback

def fit(callbacks, classes):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    X = random.normal(size=(96, 6)).astype("float32")
    y = (X[:, 0] > 0).astype(int)
    last = keras.layers.Dense(2, activation="softmax") if classes else keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(16, activation="relu"), last])
    if classes:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    else:
        model.compile("sgd", "mse")
    target = y if classes else X[:, 0]
    model.fit(X, target, validation_data=(X, target), epochs=3, batch_size=16, verbose=0, callbacks=callbacks)
    return np.concatenate([w.ravel() for w in model.get_weights()])

told = {}
for name, classes in (("classes", True), ("values", False)):
    callback = WatchCallback()
    same = bool((fit([callback], classes) == fit([], classes)).all())
    seen = callback.recording
    told[name] = {
        "same": same,
        "steps": seen.steps,
        "task": seen.task,
        "parameters": [p["name"] for p in seen.parameters],
        "moved": bool((seen.series("update/norm")[1:] > 0).all()),
        "loss": seen.series("loss/mean").tolist(),
        "scores": seen.series("eval/score").tolist(),
        "accuracy": seen.series("eval/valid/accuracy").tolist(),
        "layers": [layer["name"] for layer in seen.layers],
        "report": callback.diagnose().result["steps"],
    }
keras.backend.backend = lambda: "jax"
try:
    WatchCallback()
except mldiag.MldiagError as error:
    told["other backend"] = error.hint
print(json.dumps(told))
"""


def run(program):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=os.environ | {"KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_the_training_is_the_same_and_is_seen_on_torch_alone():
    told = json.loads(run(PROGRAM))
    classes, values = told["classes"], told["values"]
    for seen in (classes, values):
        assert seen["same"]
        assert seen["steps"] == seen["report"] == 18
        assert seen["moved"]
        assert len(seen["parameters"]) == 4
        assert seen["loss"][-1] < seen["loss"][0]
    assert classes["task"] == "classification"
    assert classes["scores"] == pytest.approx(classes["accuracy"])
    assert values["task"] == "regression"
    assert values["scores"] == []
    assert told["other backend"] == "KERAS_BACKEND=torch python train.py"
