"""Sounds: what is in each file, measured in one pass over its waveform."""
