"""Reading the autograd graph right before a backward frees it."""
