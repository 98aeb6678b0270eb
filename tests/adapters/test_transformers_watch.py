"""The callback in a real Trainer of Hugging Face, on tiny models made from their configuration."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip(
    "transformers", reason="needs Transformers: pip install 'mldiag[transformers]'"
)
pytest.importorskip("accelerate", reason="the Trainer needs accelerate")

from mldiag.adapters.transformers import WatchCallback  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore"),  # the framework's own deprecations
]

RANDOM = np.random.default_rng(0)
TOKENS = RANDOM.integers(0, 30, size=(64, 8))
CLASSES = (TOKENS[:, 0] < 15).astype(int)
ROWS = [
    {"input_ids": ids.tolist(), "attention_mask": [1] * 8, "labels": int(label)}
    for ids, label in zip(TOKENS, CLASSES, strict=True)
]
TEXTS = [{"input_ids": ids.tolist(), "labels": ids.tolist()} for ids in TOKENS]


def classifier():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=16, num_labels=2, attn_implementation="eager",
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def train(model, rows, *callbacks, folder, **options):
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), num_train_epochs=2, per_device_train_batch_size=16,
        per_device_eval_batch_size=32, report_to=[], use_cpu=True, disable_tqdm=True,
        save_strategy="no", eval_strategy="epoch", logging_strategy="no", seed=0, **options,
    )  # fmt: skip
    transformers.Trainer(
        model=model, args=arguments, train_dataset=rows, eval_dataset=rows, callbacks=list(callbacks),
        compute_metrics=lambda told: {"accuracy": (told[0].argmax(-1) == told[1]).mean()},
    ).train()  # fmt: skip
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def test_the_training_is_the_same_and_is_seen(tmp_path):
    callback = WatchCallback()
    watched = train(classifier(), ROWS, callback, folder=tmp_path)
    assert torch.equal(watched, train(classifier(), ROWS, folder=tmp_path))
    recording = callback.recording
    assert recording.steps == 8
    assert recording.task == "classification"
    assert recording.facts["optimizers"][0]["class"] == "AdamW"
    assert np.isfinite(recording.series("gradient/norm")).any(axis=0).all()
    assert recording.series("batch/right").size
    assert recording.series("eval/step").tolist() == [4.0, 8.0]
    assert recording.series("eval/valid/accuracy") == pytest.approx(recording.series("eval/score"))
    assert callback.diagnose().result["steps"] == 8


def test_accumulated_gradients_are_one_step_with_the_loss_undivided(tmp_path):
    callback = WatchCallback()
    train(classifier(), ROWS, callback, folder=tmp_path, gradient_accumulation_steps=2)
    assert callback.recording.steps == 4
    assert 0.5 < callback.recording.series("loss/mean")[0] < 1.0


def test_a_language_model_is_seen_as_its_loss_sees_it(tmp_path):
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=30, n_positions=16, n_embd=16, n_layer=1, n_head=2)
    callback = WatchCallback(task="language_model")
    train(
        transformers.GPT2LMHeadModel(config),
        TEXTS,
        callback,
        folder=tmp_path,
        gradient_accumulation_steps=2,
    )
    recording = callback.recording
    assert recording.steps == 4
    assert recording.series("loss/mean")[0] == pytest.approx(np.log(30) * 7 / 8, rel=0.1)
    # The Trainer divides by all tokens, of which the first of each row is no target.
    assert recording.series("batch/rows")[0] >= 16 * 7


def test_an_error_in_a_with_block_ends_the_watch(tmp_path):
    backward = torch.autograd.backward
    bad = [*ROWS[:40], {**ROWS[0], "labels": 7}]
    with WatchCallback() as callback, pytest.raises((IndexError, RuntimeError, ValueError)):
        train(classifier(), bad, callback, folder=tmp_path)
    assert torch.autograd.backward is backward
