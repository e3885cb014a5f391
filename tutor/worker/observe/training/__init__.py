"""Watching training loops from hooks that torch offers, without a line in the learner's code."""
