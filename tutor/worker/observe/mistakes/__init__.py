"""Mistakes that raise nothing: the training doctor. It speaks only when it is sure."""
