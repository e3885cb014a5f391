"""Attacks by learner code, by group. Each is a cell that sets `goal` to True when it has reached
what it wanted."""
