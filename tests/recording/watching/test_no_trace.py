"""A watched model that is copied or saved carries nothing of the watch."""

import copy
import io
import pickle
import subprocess
import sys

import torch

from tests.recording.watching.test_bad_use import start, step
from tests.recording.watching.trainings import rows


def test_copies_and_files_of_a_watched_model_carry_no_watch():
    net, optimizer, watch = start()
    with watch:
        step(net, optimizer, watch)
        copied = copy.deepcopy(net)
        again = pickle.loads(pickle.dumps(net))
        whole, weights = io.BytesIO(), io.BytesIO()
        torch.save(net, whole)
        torch.save(net.state_dict(), weights)
    for text in (pickle.dumps(net), whole.getvalue(), weights.getvalue()):
        assert b"mldiag" not in text
    inputs, _ = rows()
    for twin in (copied, again):
        assert torch.equal(twin(inputs), net(inputs))
    assert watch.recording().steps == 1


def test_a_saved_watched_model_loads_without_mldiag(tmp_path):
    net, optimizer, watch = start()
    with watch:
        step(net, optimizer, watch)
        torch.save(net, tmp_path / "net.pt")
        torch.save(optimizer, tmp_path / "optimizer.pt")
    code = """
        import sys
        sys.modules["mldiag"] = None
        import torch
        net = torch.load("net.pt", weights_only=False)
        optimizer = torch.load("optimizer.pt", weights_only=False)
        net(torch.zeros(2, 6)).sum().backward()
        optimizer.step()
        print("loaded")
    """
    code = "\n".join(line.strip() for line in code.splitlines())
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.strip() == "loaded", done.stderr
