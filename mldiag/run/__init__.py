"""Trials: one in a process, many on an engine, kept in the store; what they may cost; who is told."""
