"""Checks of sounds, in reading order: read, as announced, how they sound, what gives labels away."""

from mldiag.steps.audit.checks.audio import (
    audio_property_predicts_label,
    channel_mix,
    clipping,
    dc_offset,
    empty_audio,
    loudness_spread,
    mu_law_audio,
    noise_and_hum,
    sample_rate_mix,
    silence,
    unreadable_audio,
    upsampled_audio,
)

CHECKS = (
    unreadable_audio,
    empty_audio,
    sample_rate_mix,
    upsampled_audio,
    mu_law_audio,
    channel_mix,
    silence,
    clipping,
    dc_offset,
    loudness_spread,
    noise_and_hum,
    audio_property_predicts_label,
)
