"""Names of autograd functions in plain words."""

from __future__ import annotations

import re
from functools import lru_cache

_NUMBERED = re.compile(r"(?:Backward)\d*$")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER_NAMES = {
    "unsafe_view": "view",
    "native_batch_norm": "batch_norm",
    "cudnn_batch_norm": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "native_dropout": "dropout",
    "t": "transpose",
    "copy_slices": "write into a slice",
    "nll_loss2_d": "nll_loss",
    "nll_loss_nd": "nll_loss",
    "max_pool2_d_with_indices": "max_pool2d",
    "scaled_dot_product_flash_attention_for_cpu": "attention",
    "scaled_dot_product_flash_attention": "attention",
    "scaled_dot_product_efficient_attention": "attention",
    "scaled_dot_product_cudnn_attention": "attention",
}
_DIMENSION = re.compile(r"(\d)_d(?=_|$)")


@lru_cache(maxsize=512)
def op_word(function: str) -> str:
    """The operation that a node belongs to, as the learner would write it.

    >>> op_word("MulBackward0"), op_word("LogSoftmaxBackward0"), op_word("MaxPool2DBackward0")
    ('mul', 'log_softmax', 'max_pool2d')
    """
    bare = _NUMBERED.sub("", function.rsplit("::", 1)[-1])
    snake = _CAPITAL.sub("_", bare).lower().strip("_")
    word = _OTHER_NAMES.get(snake, snake)
    return _DIMENSION.sub(r"\1d", word) or function
