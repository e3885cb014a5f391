"""What the doctor can say: one entry a mistake, in words for the learner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """`source` is a pattern for the line of the cell that the mistake is about, "" = where the
    evidence was seen."""

    code: str
    title: str
    cure: str
    lesson: str = ""
    source: str = ""


STALE_GRADIENTS = Mistake(
    "no-zero-grad",
    "Gradients of earlier steps are still in there",
    "Call optimizer.zero_grad() once in every step, before backward().",
    "autograd/control",
    r"\.step\(",
)
SOFTMAX_TWICE = Mistake(
    "double-softmax",
    "Softmax stands in front of cross_entropy",
    "Give the raw scores to cross_entropy: it applies log-softmax itself.",
    source=r"(?i)softmax\s*\(",
    lesson="nn/losses",
)
SIGMOID_TWICE = Mistake(
    "double-sigmoid",
    "Sigmoid stands in front of a loss that applies it itself",
    "Give the raw scores to binary_cross_entropy_with_logits.",
    source=r"(?i)sigmoid\s*\(",
    lesson="nn/losses",
)
PAIRS_WITH_ALL = Mistake(
    "broadcast-loss",
    "Every prediction was compared with every target",
    "Bring both to the same shape first, for example with pred.squeeze(1).",
    "tensors/broadcasting",
)
NO_BACKWARD = Mistake(
    "no-backward",
    "The optimizer stepped without any gradient",
    "Call loss.backward() before optimizer.step().",
    source=r"\.step\(",
    lesson="training/loop",
)
NO_STEP = Mistake(
    "no-step",
    "Gradients were computed, but nothing was updated",
    "Call optimizer.step() after backward().",
    source=r"\.backward\(",
    lesson="training/loop",
)
OTHER_PARAMETERS = Mistake(
    "wrong-parameters",
    "The optimizer does not know this model's parameters",
    "Make the optimizer from model.parameters() of the model that you train.",
    source=r"optim\.\w+\(",
    lesson="training/loop",
)
EVAL_MODE = Mistake(
    "eval-in-training",
    "The model trained in evaluation mode",
    "Call model.train() before the training loop: dropout and batch norm depend on it.",
    source=r"\.eval\(\)",
    lesson="nn/modes",
)
PLAIN_LIST = Mistake(
    "plain-list",
    "Layers in a plain list are invisible to the model",
    "Keep them in an nn.ModuleList (or nn.ModuleDict), so that parameters() finds them.",
    lesson="nn/containers-parameters-buffers",
)
GRAPH_KEPT = Mistake(
    "graph-kept",
    "Losses were kept together with their graphs",
    "Keep loss.item() (or loss.detach()): each graph holds the memory of its whole step.",
    "autograd/control",
)
RAN_AWAY = Mistake(
    "diverged",
    "The loss ran away",
    "Try a tenth of the learning rate.",
    source=r"lr\s*=",
    lesson="training/optimizers",
)
TRAIN_MODE = Mistake(
    "train-in-evaluation",
    "The model was evaluated in training mode",
    "Call model.eval() before evaluating, and model.train() before you train on: else dropout "
    "drops and batch norm learns from the data that should only measure.",
    source=r"no_grad|inference_mode",
    lesson="nn/modes",
)
NEVER_REACHED = Mistake(
    "no-gradient-reaches",
    "A layer that the optimizer holds was never trained",
    "Let the loss depend on it: use the layer in forward, and look for detach(), .data, .item() "
    "or no_grad on the way from it to the loss. If it is meant to rest, leave it out.",
    lesson="nn/module",
)
DEAD_LAYER = Mistake(
    "dead-layer",
    "A layer received gradients of nothing but zeros",
    "Look at what follows it: a ReLU that gets negative numbers only passes nothing back. Start "
    "from smaller weights, a smaller learning rate, or another activation.",
    lesson="nn/activations",
)
TOO_SLOW = Mistake(
    "learning-rate-too-low",
    "The steps were too small to change anything",
    "Try a learning rate a thousand times as large, and go down from there.",
    source=r"lr\s*=",
    lesson="training/optimizers",
)
