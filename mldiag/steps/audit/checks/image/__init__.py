"""Checks on images, in reading order."""

from mldiag.steps.audit.checks.image import (
    blurry_images,
    bright_images,
    dark_images,
    image_property_predicts_label,
    near_constant_images,
    near_duplicate_images,
    odd_image_sizes,
    unreadable_images,
)

CHECKS = (
    unreadable_images,
    odd_image_sizes,
    dark_images,
    bright_images,
    blurry_images,
    near_constant_images,
    near_duplicate_images,
    image_property_predicts_label,
)
