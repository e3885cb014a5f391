"""Seeing a model through the learner's own forward: no second forward, no dummy input."""
