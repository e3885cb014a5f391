"""What the model panel shows: the models of the latest run that called any."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.wire.observed.model import ModelSeen, ModelUnwatched

MAX_MODELS = 8


@dataclass(frozen=True, slots=True)
class ModelView:
    """`run` is the one that the models are of; `unwatched` says why the latest has none."""

    models: tuple[ModelSeen, ...] = ()
    run: int = 0
    earlier: bool = False
    unwatched: str = ""


def model_begun(view: ModelView) -> ModelView:
    """A run begins: what is shown is of an earlier one, until it calls a model itself."""
    return replace(view, earlier=bool(view.models), unwatched="")


def model_seen(view: ModelView, message: ModelSeen) -> ModelView:
    """A model of another run clears the list; a second try of the same model replaces it."""
    models = view.models if view.run == message.run and not view.earlier else ()
    kept = tuple(model for model in models if model.index != message.index)
    return ModelView((*kept, message)[-MAX_MODELS:], message.run)


def model_unwatched(view: ModelView, message: ModelUnwatched) -> ModelView:
    """Why there is nothing to see of this run; what was seen before stays."""
    return replace(view, unwatched=message.reason)
