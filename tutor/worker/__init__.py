"""What runs in the learner's process: cells, answers to the grader, the look at the tensors."""
