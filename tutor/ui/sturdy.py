"""A message pump that outlives an error in one of its handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    _Base = MessagePump
else:
    _Base = object


class Sturdy(_Base):
    """Put before App or Screen: the error is shown, and the next key works again.

    Textual ends the pump whose handler raised; for the app and its screens that would end the
    learner's session over a small mistake of ours.
    """

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            self.app._handle_exception(error)
