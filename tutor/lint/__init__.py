"""Proof that lessons work: every cell, solution and wrong answer is run in the real sandbox."""
