"""The judge: holds the checks, asks the learner's process for data, compares, explains."""
