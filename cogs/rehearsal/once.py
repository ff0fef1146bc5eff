"""One story, told as a member would, and left in a folder."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from generator.errors import DrawingError, Refusal, SamefoxError
from generator.sentence import Sentence
from generator.story import Story, TakeState

from .meadow import Meadow, Post

COMMAND = "story tell"
POLL = 0.1  #: seconds between two looks into the archive


#: The newest story that was asked for in these words, as the archive knows it now.
Find = Callable[[str], Awaitable[Story | None]]


async def tell_once(meadow: Meadow, find: Find, prompt: str, out: Path) -> None:
    """Tell a story and write its frames, its strip and the transcript to ``out``.

    The same words in the same world are the same story: one that was interrupted is finished, and one that
    is finished is written again.

    Raises:
        Refusal: the bot did not accept the prompt; the text is its answer.
        DrawingError: a frame could not be drawn, or somebody cancelled the story.
    """
    story = await find(prompt) or await _ask(meadow, find, prompt)
    while not _told(story):
        await asyncio.sleep(POLL)
        story = await find(prompt) or story
    _write(meadow, story, out)


async def _ask(meadow: Meadow, find: Find, prompt: str) -> Story:
    """Tell a new story as Ann; raises ``Refusal`` with the bot's answer if it declines."""
    before = {post.id for post in meadow.posts(meadow.stories.id)}
    await meadow.ann.slash(meadow.stories, COMMAND, prompt=prompt)
    if story := await find(prompt):
        return story
    answers = [
        post.content for post in meadow.posts(meadow.stories.id) if post.ephemeral and post.id not in before
    ]
    raise Refusal("\n".join(answers) or "The bot did not take the story and did not say why; its log does.")


def _told(story: Story) -> bool:
    """Whether everything is drawn and posted; raises ``DrawingError`` if it never will be."""
    takes = [frame.chosen for frame in story.frames]
    if story.cancelled:
        raise DrawingError("The story was cancelled, so it has no strip; tell it again in a new folder.")
    if not story.pending and (failed := [take for take in takes if take.state is TakeState.FAILED]):
        raise DrawingError.of(failed[0].failure or Sentence("A frame could not be drawn."))
    return (
        not story.pending and story.strip_id is not None and all(frame.message_id for frame in story.frames)
    )


def _write(meadow: Meadow, story: Story, out: Path) -> None:
    posts = meadow.posts(story.channel_id, *filter(None, [story.thread_id]))
    attached = {post.id: post.attachments for post in posts if post.attachments}
    shown = {f"frame-{number:02}.png": frame.message_id for number, frame in enumerate(story.frames, 1)}
    for name, message in {**shown, "story.png": story.strip_id}.items():
        if message not in attached:
            raise SamefoxError(
                f"The message with {name} has gone from the simulated Discord; use a new folder."
            )
        (out / name).write_bytes(meadow.download(attached[message][0]))
    transcript = json.dumps([_line(post) for post in posts], indent=2, ensure_ascii=False)
    (out / "transcript.json").write_text(transcript + "\n", encoding="utf-8")


def _line(post: Post) -> dict[str, object]:
    return {
        "channel": post.channel,
        "author": post.author,
        "content": post.content,
        "attachments": [attachment["filename"] for attachment in post.attachments],
        "custom_ids": list(post.custom_ids),
        "time": post.time.isoformat(),
        "ephemeral": post.ephemeral,
    }
