"""Looking at the learner's objects without changing anything about them."""
