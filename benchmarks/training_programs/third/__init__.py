"""The third set of programs, written by somebody who had seen neither the checks nor the other programs.

`HEALTHY` are programs as they are written for work; `BUGS` are programs with one mistake each, with the slugs
of the findings that name it rightly: one, or two where a mistake has two right names. What was written after
the checks had been mended on these is `..._LATER`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from . import (
    agents,
    codes,
    embeddings,
    generative,
    images,
    last,
    later,
    later_mistakes,
    later_sets,
    mistakes,
    more_sequences,
    sequences,
    tabular,
    transfer,
)

Program = Callable[[int], Any]

HEALTHY: tuple[Program, ...] = (
    images.cnn_augmented,
    images.resnet_decay_groups,
    images.vision_transformer,
    images.segmentation_unet,
    transfer.frozen_backbone,
    transfer.low_rank_adapters,
    transfer.mixup_smoothing,
    transfer.sharpness_aware,
    transfer.several_answers,
    sequences.packed_gru,
    sequences.carried_state_lm,
    sequences.causal_transformer,
    sequences.masked_words,
    more_sequences.encoder_decoder,
    more_sequences.tagger,
    more_sequences.aligned_speech,
    more_sequences.quantile_forecast,
    more_sequences.bags_of_words,
    generative.denoising_autoencoder,
    generative.variational_autoencoder,
    generative.gan_cross_entropy,
    generative.gan_hinge,
    generative.wasserstein_penalty,
    codes.vector_quantized,
    codes.diffusion,
    embeddings.contrasted_views,
    embeddings.momentum_target,
    embeddings.triplets,
    embeddings.two_towers,
    embeddings.recommended_items,
    embeddings.graph_convolution,
    embeddings.siamese_pairs,
    tabular.regression_column,
    tabular.several_labels,
    tabular.rare_class,
    tabular.wrong_labels,
    tabular.few_flowers,
    tabular.lifetimes,
    agents.bandit_policy,
    agents.heat_equation,
    agents.mixture_of_experts,
    agents.distilled,
)

BUGS: dict[str, tuple[Program, tuple[str, ...]]] = {
    "segmentation, sigmoid in the model and in the loss": (
        partial(images.segmentation_unet, sigmoid=True),
        ("softmax-twice",),
    ),
    "GAN, one optimizer cleared twice, the other never": (
        partial(generative.gan_cross_entropy, clears="judge"),
        ("missing-zero-grad",),
    ),
    "GAN, generator judged through a detached fake": (
        partial(generative.gan_cross_entropy, cut=True),
        ("parameters-move", "loss-detached"),
    ),
    "head replaced after the optimizer was made": (
        partial(transfer.frozen_backbone, head_afterwards=True),
        ("optimizer-parameters",),
    ),
    "encoder cut off by .data": (
        partial(more_sequences.encoder_decoder, blind_encoder=True),
        ("parameters-move",),
    ),
    "causal mask missing in the second layer": (
        partial(sequences.causal_transformer, causal=(True, False)),
        ("causal-leak",),
    ),
    "targets of a language model not shifted": (
        partial(sequences.causal_transformer, shifted=False),
        ("unshifted-targets",),
    ),
    "gradients cleared between backward and step": (
        partial(sequences.causal_transformer, grad="too late"),
        ("parameters-move",),
    ),
    "gradients never cleared, gathered over two batches": (
        partial(sequences.causal_transformer, grad="never"),
        ("missing-zero-grad",),
    ),
    "forecast by convolutions that see both sides": (
        partial(more_sequences.quantile_forecast, both_sides=True),
        ("causal-leak",),
    ),
    "labels left behind when sequences are sorted": (
        partial(sequences.packed_gru, labels_sorted=False),
        ("misaligned-targets",),
    ),
    "attention over the rows of the batch": (
        partial(images.vision_transformer, batch_first=False),
        ("batch-mixing", "inputs-ignored"),  # the class token sees other class tokens alone
    ),
    "warm-up from zero whose scheduler never steps": (
        partial(images.vision_transformer, warms_up=False),
        ("optimizer-parameters",),
    ),
    "batch norm with momentum zero": (
        partial(images.resnet_decay_groups, momentum=0.0),
        ("batch-norm-statistics",),
    ),
    "evaluated without eval mode": (
        partial(images.resnet_decay_groups, eval_mode=False),
        ("evaluation-mode",),
    ),
    "flat targets against a column, loss by hand": (
        partial(tabular.regression_column, flat_targets=True),
        ("broadcast-loss",),
    ),
    "rare rows copied before the split": (
        partial(tabular.rare_class, copied_first=True),
        ("rows-overlap",),
    ),
    "loader of a sorted table": (mistakes.sorted_by_sampler, ("data-order",)),
    "scaled by the batch at hand": (mistakes.scaled_by_batch, ("batch-mixing", "row-alone")),
    "division by a deviation of zero": (mistakes.divided_by_nothing, ("not-finite",)),
    "pixels rounded away": (mistakes.integer_pixels, ("inputs-ignored",)),
    "weights of deviation one": (mistakes.wide_start, ("initial-loss",)),
    "loss of rounded answers": (mistakes.rounded_answers, ("loss-detached",)),
    "left in eval mode": (mistakes.stays_in_eval, ("training-mode",)),
    "uphill": (mistakes.uphill, ("overfit-batch",)),
}

HEALTHY_LATER: tuple[Program, ...] = (
    later.normalizing_flow,
    later.skip_grams,
    later.q_learning,
    later_sets.points_in_sets,
    later_sets.few_shot_episodes,
    later_sets.demand_with_calendar,
    later.mean_teacher,
    later.loop_as_object,
)

BUGS_LATER: dict[str, tuple[Program, tuple[str, ...]]] = {
    "attention weights over the rows": (
        partial(later_sets.points_in_sets, axis=0),
        ("batch-mixing",),
    ),
    "dropout left on in scoring": (
        partial(later_sets.demand_with_calendar, dropped_in_scoring=True),
        ("evaluation-mode",),
    ),
    "labels of the next row": (later_mistakes.rows_off_by_one, ("misaligned-targets",)),
    "scheduler steps, optimizer does not": (
        later_mistakes.scheduler_steps_alone,
        ("parameters-move",),
    ),
    "all weights start at zero": (
        later_mistakes.zero_weights,
        ("parameters-move", "inputs-ignored"),
    ),
    "softmax where several labels may hold": (
        later_mistakes.softmax_for_many_labels,
        ("softmax-twice",),
    ),
    "root of zero": (later_mistakes.root_of_nothing, ("not-finite",)),
}

HEALTHY_LAST: tuple[Program, ...] = (
    last.ensemble,
    last.ranks,
    last.masked_spectra,
    last.two_domains,
)

BUGS_LAST: dict[str, tuple[Program, tuple[str, ...]]] = {
    "three optimizers of one network's weights": (
        partial(last.ensemble, own_weights=False),
        ("optimizer-parameters", "parameters-move"),
    ),
    "gradients clipped to a norm of zero": (partial(last.ranks, limit=0.0), ("parameters-move",)),
    "each number normalised by itself": (
        partial(last.masked_spectra, norm_of_one=True),
        ("inputs-ignored",),
    ),
    "second loss added as a number": (
        partial(last.two_domains, number_added=True),
        ("parameters-move",),
    ),
    "one of two networks left in eval mode": (
        partial(last.two_domains, back=False),
        ("training-mode",),
    ),
    "chances where their logarithms belong": (last.likelihood_of_chances, ("softmax-twice",)),
    "validation rows still in training": (last.validated_on_training, ("rows-overlap",)),
    "folder after folder, not shuffled": (last.class_after_class, ("data-order",)),
    "bytes that are not scaled": (last.whole_pixels, ("initial-loss",)),
}
