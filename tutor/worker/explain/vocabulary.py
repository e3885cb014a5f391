"""What may be evaluated on tensors without data: operations that only make new tensors.

Nothing here changes its arguments, draws random numbers, prints, or calls back. References are
taken when this module is imported, before any learner code has run.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

_BOTH = """
abs add addmm all allclose amax amin any argmax argmin argsort baddbmm bmm cat ceil chunk clamp
clip clone concat concatenate conj cos cosh count_nonzero cross cummax cummin cumprod cumsum deg2rad
det diag diag_embed diagonal diff dist div divide dot einsum eq erf exp expm1 flatten flip fliplr
flipud floor floor_divide fmod frac gather ge gelu greater gt hstack index_select inner inverse
isfinite isinf isnan isclose kron kthvalue le lerp less lgamma log log10 log1p log2 logaddexp
logical_and logical_not logical_or logical_xor logit log_softmax logsumexp lt masked_fill matmul max
maximum mean median meshgrid min minimum mm mode moveaxis movedim mul multiply mv nan_to_num
nanmean nansum narrow ne neg negative norm not_equal one_hot outer permute pow prod quantile
ravel reciprocal relu remainder renorm reshape roll rot90 round rsqrt scatter scatter_add select
selu sigmoid sign sin sinh softmax sort split sqrt square squeeze stack std std_mean sub subtract
sum swapaxes swapdims t take take_along_dim tan tanh tensor_split tile topk trace transpose tril
triu true_divide trunc unbind unflatten unfold unsqueeze var var_mean vstack where xlogy zeros_like
ones_like full_like empty_like
"""
_TENSOR_ONLY = """
bfloat16 bool byte contiguous detach dim double expand expand_as float half int long mT ndimension
new_empty new_full new_ones new_zeros numel repeat repeat_interleave reshape_as short size
stride sum_to_size to type_as view view_as is_floating_point adjoint
"""
_TORCH_ONLY = """
arange as_tensor bilinear block_diag broadcast_tensors cartesian_prod column_stack
complex dstack empty eye full linspace logspace ones rand randn randint row_stack tensor zeros
rand_like randn_like tensordot tril_indices triu_indices
"""
_FUNCTIONAL = """
adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool2d avg_pool1d avg_pool2d avg_pool3d
binary_cross_entropy binary_cross_entropy_with_logits conv1d conv2d conv3d conv_transpose2d
cosine_similarity cross_entropy dropout elu embedding gelu glu group_norm hardtanh huber_loss
interpolate kl_div l1_loss layer_norm leaky_relu linear log_softmax logsigmoid max_pool1d max_pool2d
max_pool3d mse_loss nll_loss normalize one_hot pad pixel_shuffle relu relu6
scaled_dot_product_attention selu sigmoid silu smooth_l1_loss softmax softplus tanh unfold
"""
_LAYERS = """
AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveMaxPool2d AvgPool1d AvgPool2d BCELoss BCEWithLogitsLoss
Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d CrossEntropyLoss Dropout Dropout2d ELU
Embedding Flatten GELU GRU GroupNorm Hardtanh HuberLoss Identity KLDivLoss L1Loss LayerNorm
LeakyReLU Linear LogSoftmax LSTM MSELoss MaxPool1d MaxPool2d MaxPool3d NLLLoss RNN ReLU ReLU6 SELU
Sequential SiLU Sigmoid SmoothL1Loss Softmax Softplus Tanh Unflatten Upsample ZeroPad2d
"""


def _members(owner: Any, words: str) -> dict[str, Any]:
    found = {word: getattr(owner, word, None) for word in words.split()}
    return {word: value for word, value in found.items() if callable(value)}


METHODS: dict[str, Callable[..., Any]] = _members(torch.Tensor, _BOTH + _TENSOR_ONLY)
"""Tensor methods, by name."""

_functions = [
    *_members(torch, _BOTH + _TORCH_ONLY).values(),
    *_members(F, _FUNCTIONAL).values(),
]
FUNCTIONS: dict[int, Callable[..., Any]] = {id(function): function for function in _functions}
"""Functions of torch and torch.nn.functional, by identity."""

_FORWARDS: dict[int, tuple[type[nn.Module], Callable[..., Any]]] = {
    id(kind): (kind, kind.forward) for kind in _members(nn, _LAYERS).values()
}


def forward_of(kind: type) -> Callable[..., Any] | None:
    """The forward of a layer that may be computed on a copy, as torch has it; None of others."""
    known = _FORWARDS.get(id(kind))
    return known[1] if known is not None and known[0] is kind else None


PLAIN_CALLS: dict[int, Callable[..., Any]] = {
    id(function): function
    for function in (
        builtins.len, builtins.int, builtins.float, builtins.tuple, builtins.list, builtins.min,
        builtins.max, builtins.abs, builtins.round, math.prod, math.sqrt, math.ceil, math.floor,
        torch.Size,
    )
}  # fmt: skip
"""Calls that only ever see numbers and short tuples of numbers."""

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": operator.mod,
    "Pow": operator.pow,
    "MatMult": operator.matmul,
    "BitAnd": operator.and_,
    "BitOr": operator.or_,
    "BitXor": operator.xor,
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}
ATTRIBUTES = frozenset({"shape", "dtype", "device", "ndim", "T", "mT", "H", "mH", "real", "imag"})
"""Attributes of a tensor that only describe it or show it from another side."""
