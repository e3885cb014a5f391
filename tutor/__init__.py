"""torch-tutor: learn PyTorch in your terminal, from the first tensor to DistributedDataParallel."""

__version__ = "0.1.0"
