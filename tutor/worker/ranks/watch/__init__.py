"""What is watched inside a rank: exchanges, steps, gradients, samples. Nothing changes a result."""
