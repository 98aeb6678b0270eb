"""Small torch programs with one fault each, and healthy ones, for `training_faults.py`.

Each is a function `(seed, watch, sick=True)` that trains under `watch(networks, optimizers, ...)` and returns
what `diagnose()` gives; a sick one takes `sick=False` for its healthy twin. They were written apart from the
rules. A case is `kept` where its name has the lowest SHA-256 of its family's, a healthy one where that is
divisible by three: a fixed value below, and the programs are in modules of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from sick_programs import (
    kept_fit,
    kept_healthy,
    kept_odd,
    kept_sick,
    later_fit,
    later_healthy,
    later_odd,
    later_sick,
    seen_broken,
    seen_collapse,
    seen_fit,
    seen_healthy,
    seen_layers,
    seen_odd,
    seen_other,
    seen_rates,
)


@dataclass(frozen=True)
class Case:
    """A program and what should be said of it.

    Args:
        name: The program.
        make: Trains on a seed under a watch and returns the report.
        family: The slug that names its fault; None for a healthy one.
        accept: Other slugs with which an honest expert could begin.
        part: `seen` while the rules are made, `kept` for the final count, or `later`: written after it.
    """

    name: str
    make: Callable[..., Any]
    family: str | None = None
    accept: tuple[str, ...] = ()
    part: Literal["seen", "kept", "later"] = "seen"

    @property
    def right(self) -> tuple[str, ...]:
        """Every slug that counts."""
        return (self.family, *self.accept) if self.family else ()

    def twin(self) -> Case:
        """The same program with its fault taken out."""
        make = functools.partial(self.make, sick=False)
        return replace(self, name=f"{self.name} healed", make=make, family=None, accept=())


def _sick(
    part: Literal["seen", "kept", "later"], family: str, *programs: tuple[Callable[..., Any], str]
) -> tuple[Case, ...]:
    return tuple(Case(p.__name__, p, family, tuple(a.split()), part) for p, a in programs)


def _healthy(part: Literal["seen", "kept", "later"], *modules: Any) -> tuple[Case, ...]:
    return tuple(Case(p.__name__, p, part=part) for module in modules for p in module.PROGRAMS)


SEEN = (
    *_sick("seen", "vanishing-gradients", (seen_layers.deep_sigmoid_mlp, ""),
           (seen_layers.skipless_transformer, "representation-collapse attention-collapse")),
    *_sick("seen", "exploding-gradients",
           (seen_layers.relu_rnn_growing, "bad-initialisation not-finite"),
           (seen_layers.deep_mlp_growing, "bad-initialisation not-finite")),
    *_sick("seen", "dead-units", (seen_layers.relu_bias_negative, "bad-initialisation"),
           (seen_layers.dead_bottleneck, "learning-rate-too-high updates-too-large")),
    *_sick("seen", "saturated-units", (seen_layers.tanh_mlp_wide_weights, "bad-initialisation"),
           (seen_layers.lstm_gates_shut, "bad-initialisation")),
    *_sick("seen", "bad-initialisation", (seen_layers.zeroed_cnn, ""),
           (seen_layers.faint_mlp, "vanishing-gradients"), (seen_layers.loud_embedding, ""),
           (seen_layers.alike_heads, "")),
    *_sick("seen", "updates-too-small", (seen_rates.clipped_to_nothing, "learning-rate-too-low"),
           (seen_rates.loss_divided_twice, "learning-rate-too-low vanishing-gradients")),
    *_sick("seen", "updates-too-large",
           (seen_rates.micro_batches_summed, "learning-rate-too-high exploding-gradients"),
           (seen_rates.one_group_too_fast, "learning-rate-too-high")),
    *_sick("seen", "learning-rate-too-low", (seen_rates.timid_writer, "updates-too-small"),
           (seen_rates.timid_tabular, "updates-too-small")),
    *_sick("seen", "learning-rate-too-high", (seen_rates.hasty_cnn, "updates-too-large"),
           (seen_rates.hasty_transformer, "updates-too-large"),
           (seen_rates.hasty_residual, "updates-too-large")),
    *_sick("seen", "loss-spikes", (seen_rates.rare_huge_targets, ""),
           (seen_rates.broken_batches, "")),
    *_sick("seen", "not-finite", (seen_broken.log_of_zero, ""),
           (seen_broken.missing_value_batch, ""), (seen_broken.zero_spread_divided, ""),
           (seen_broken.distance_root, "")),
    *_sick("seen", "frozen-parameters", (seen_broken.layer_left_out, ""),
           (seen_broken.detached_encoder, ""), (seen_broken.trunk_left_frozen, "")),
    *_sick("seen", "noisy-gradients", (seen_rates.one_row_batches, "learning-rate-too-high"),
           (seen_rates.four_row_gru, "learning-rate-too-high")),
    *_sick("seen", "overfitting", (seen_fit.few_digits_wide, ""), (seen_fit.memorising_writer, ""),
           (seen_fit.diabetes_by_heart, "")),
    *_sick("seen", "underfitting", (seen_fit.line_for_rings, ""), (seen_fit.inputs_masked, ""),
           (seen_fit.tiny_writer, "")),
    *_sick("seen", "over-regularised", (seen_fit.heavy_decay, ""), (seen_fit.heavy_lasso, ""),
           (seen_fit.dropped_transformer, "")),
    *_sick("seen", "stopped-early", (seen_rates.brief_cnn, ""), (seen_rates.brief_writer, "")),
    *_sick("seen", "plateau", (seen_rates.steps_ran_out, "learning-rate-too-low updates-too-small"),
           (seen_rates.decay_per_batch, "learning-rate-too-low updates-too-small")),
    *_sick("seen", "predicted-class-collapse", (seen_fit.rare_fraud_ignored, ""),
           (seen_fit.all_background, ""), (seen_fit.weights_upside_down, "")),
    *_sick("seen", "representation-collapse", (seen_collapse.pull_only, ""),
           (seen_collapse.triplets_collapsed, "")),
    *_sick("seen", "posterior-collapse", (seen_collapse.averaged_pixels_vae, ""),
           (seen_collapse.sentence_vae, "")),
    *_sick("seen", "mode-collapse", (seen_collapse.ring_one_mode, ""),
           (seen_collapse.noise_ignored, "")),
    *_sick("seen", "codebook-collapse", (seen_collapse.crowded_codes, ""),
           (seen_collapse.codes_untrained, "frozen-parameters")),
    *_sick("seen", "attention-collapse", (seen_collapse.sharp_heads, "bad-initialisation"),
           (seen_collapse.sharp_averager, "bad-initialisation")),
    *_sick("seen", "inputs-not-scaled", (seen_broken.raw_wine, "saturated-units"),
           (seen_broken.one_loud_column, ""), (seen_broken.sensor_in_volts, "saturated-units")),
    *_healthy("seen", seen_healthy, seen_odd, seen_other),
)  # fmt: skip
"""What the rules may be tried on while they are made."""

KEPT = (
    *_sick("kept", "vanishing-gradients", (kept_sick.plain_deep_cnn, "bad-initialisation")),
    *_sick("kept", "exploding-gradients",
           (kept_sick.residual_tower_unnormed, "bad-initialisation not-finite")),
    *_sick("kept", "dead-units",
           (kept_sick.cnn_killed_early, "learning-rate-too-high updates-too-large")),
    *_sick("kept", "saturated-units", (kept_sick.squashed_regression, "")),
    *_sick("kept", "bad-initialisation", (kept_sick.constant_mlp, "")),
    *_sick("kept", "updates-too-small", (kept_sick.adam_large_epsilon, "learning-rate-too-low")),
    *_sick("kept", "updates-too-large",
           (kept_sick.summed_pixels, "learning-rate-too-high exploding-gradients")),
    *_sick("kept", "learning-rate-too-low", (kept_sick.cautious_cnn, "updates-too-small")),
    *_sick("kept", "learning-rate-too-high", (kept_sick.hasty_mlp, "updates-too-large")),
    *_sick("kept", "loss-spikes", (kept_sick.sawtooth_rate, "learning-rate-too-high")),
    *_sick("kept", "not-finite", (kept_sick.overflowing_softmax, "")),
    *_sick("kept", "frozen-parameters", (kept_sick.head_replaced, "")),
    *_sick("kept", "noisy-gradients", (kept_sick.two_row_transformer, "learning-rate-too-high")),
    *_sick("kept", "overfitting", (kept_fit.wrong_labels_learned, "")),
    *_sick("kept", "underfitting", (kept_fit.one_unit_waist, "")),
    *_sick("kept", "over-regularised", (kept_fit.dropout_everywhere, "")),
    *_sick("kept", "stopped-early", (kept_fit.brief_autoencoder, "")),
    *_sick("kept", "plateau",
           (kept_sick.warm_start_cold_end, "learning-rate-too-low updates-too-small")),
    *_sick("kept", "predicted-class-collapse", (kept_fit.no_label_ever, "")),
    *_sick("kept", "representation-collapse", (kept_fit.siamese_unstopped, "")),
    *_sick("kept", "posterior-collapse", (kept_fit.strict_vae, "over-regularised")),
    *_sick("kept", "mode-collapse", (kept_fit.rushing_generator, "")),
    *_sick("kept", "codebook-collapse", (kept_fit.far_codes, "")),
    *_sick("kept", "attention-collapse", (kept_fit.unscaled_attention, "bad-initialisation")),
    *_sick("kept", "inputs-not-scaled", (kept_sick.bytes_as_pixels, "saturated-units")),
    *_healthy("kept", kept_healthy, kept_odd),
)  # fmt: skip
"""What the rules have not seen."""

LATER = (
    *_sick("later", "vanishing-gradients", (later_sick.skipless_tower, "bad-initialisation")),
    *_sick("later", "exploding-gradients",
           (later_sick.summed_messages, "bad-initialisation not-finite")),
    *_sick("later", "dead-units", (later_sick.norms_pushed_down, "bad-initialisation")),
    *_sick("later", "saturated-units", (later_sick.wide_towers, "bad-initialisation")),
    *_sick("later", "bad-initialisation", (later_sick.factors_at_zero, "vanishing-gradients")),
    *_sick("later", "learning-rate-too-low", (later_sick.timid_denoiser, "updates-too-small")),
    *_sick("later", "learning-rate-too-high", (later_sick.hasty_forecaster, "updates-too-large")),
    *_sick("later", "loss-spikes", (later_sick.rare_heavy_rows, "")),
    *_sick("later", "not-finite", (later_sick.empty_document, "")),
    *_sick("later", "frozen-parameters", (later_sick.codes_without_gradient, "")),
    *_sick("later", "inputs-not-scaled",
           (later_sick.thousandths_of_a_kelvin, "saturated-units")),
    *_sick("later", "overfitting", (later_fit.few_noisy_waves, "")),
    *_sick("later", "underfitting", (later_fit.no_activation, "")),
    *_sick("later", "over-regularised", (later_fit.slopes_forbidden, "")),
    *_sick("later", "stopped-early", (later_fit.brief_picture, "")),
    *_sick("later", "plateau",
           (later_fit.impatient_schedule, "learning-rate-too-low updates-too-small")),
    *_sick("later", "predicted-class-collapse", (later_fit.sampler_the_wrong_way, "")),
    *_sick("later", "representation-collapse", (later_fit.variance_forgotten, "")),
    *_sick("later", "posterior-collapse", (later_fit.decoder_sees_the_input, "")),
    *_sick("later", "mode-collapse", (later_fit.noise_drawn_twice, "")),
    *_sick("later", "codebook-collapse", (later_fit.codes_by_product, "")),
    *_sick("later", "attention-collapse", (later_fit.only_itself_in_view, "")),
    *_healthy("later", later_healthy, later_odd),
)  # fmt: skip
"""What was written when the rules were done, by somebody who had not read them."""

CASES: tuple[Case, ...] = (*SEEN, *KEPT, *LATER)
"""All programs."""
