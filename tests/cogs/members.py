"""What members read, fill in and press."""

from __future__ import annotations

from typing import Any

from simcord import MemberActor
from simcord.backend.models import Message
from simcord.results import InteractionResult, ResponseMessage

from generator.story import Story
from tests.cogs.conftest import Stage, texts

FOX = "a red fox: in a meadow | in the snow"


def answered(result: InteractionResult) -> ResponseMessage:
    """The bot's last private answer."""
    last = next(m for m in reversed([result.response, *result.followups]) if m is not None)
    assert last.ephemeral
    return last


def said(stage: Stage, result: InteractionResult) -> str:
    """The bot's last private answer, as it is read, whether text or a card."""
    message = stage.env.backend.get_message(answered(result).channel_id, answered(result).id)
    return texts(message).replace("\\", "")


def inputs(form: InteractionResult) -> list[dict[str, Any]]:
    """The text fields of an opened form."""
    assert form.modal is not None
    return [label["component"] for label in form.modal["components"]]


def fields(form: InteractionResult, *typed: str) -> dict[str, Any]:
    """The form's fields, filled in from the first."""
    found = [field["custom_id"] for field in inputs(form)]
    return dict(zip(found, typed, strict=True))


async def told(stage: Stage, prompt: str = FOX, **options: object) -> Story:
    return await stage.told(await stage.tell(prompt, **options))


async def latest(stage: Stage) -> Story:
    """The story that was asked for last, told."""
    return await stage.told(await stage.newest())


def frame(stage: Stage, story: Story, position: int = 0) -> Message:
    """A frame's message as it is now."""
    return next(m for m in stage.frames(story) if m.id == story.frames[position].message_id)


async def more(stage: Stage, who: MemberActor, story: Story, position: int = 0) -> InteractionResult:
    return await who.click(stage.shown(frame(stage, story, position)), label="More")
