"""One story, told as a member would, and left in a folder."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.errors import DrawingError, Refusal, SamefoxError
from generator.sentence import Sentence
from generator.story import Story, TakeState

from .meadow import Meadow, Post

COMMAND = "story tell"
POLL = 0.1  #: seconds between two looks into the archive


#: The newest story that was asked for in these words, as the archive knows it now.
Find = Callable[[str], Awaitable[Story | None]]


@contextmanager
def left_as_it_was(out: Path) -> Iterator[None]:
    """Take back what was made in a folder, and the folder itself if it is new, should a story be refused."""
    before = set(out.iterdir()) if out.is_dir() else None
    try:
        yield
    except Refusal:
        for made in set(out.iterdir()) - (before or set()):
            shutil.rmtree(made) if made.is_dir() else made.unlink()
        if before is None:
            out.rmdir()
        raise


async def tell_once(meadow: Meadow, find: Find, prompt: str, out: Path) -> bool:
    """Tell a story and write its frames, its strip and the transcript to ``out``.

    The same words in the same world are the same story: one that was interrupted is finished, and one that
    is finished is written again.

    Returns:
        Whether there was something to draw, or to show, that had not been.

    Raises:
        Refusal: the bot did not accept the prompt; the text is its answer.
        DrawingError: a frame could not be drawn, or somebody cancelled the story.
    """
    known = await find(prompt)
    story = known or await _ask(meadow, find, prompt)
    while not story.settled:
        await asyncio.sleep(POLL)
        story = await find(prompt) or story
    _check(story)
    _write(meadow, story, out)
    return known is None or not known.settled


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


def _check(story: Story) -> None:
    """Raise ``DrawingError`` if a part of the story will never be drawn."""
    if story.cancelled:
        raise DrawingError("The story was cancelled, so it has no strip; tell it again in a new folder.")
    takes = [frame.chosen for frame in story.frames]
    if failed := [take for take in takes if take.state is TakeState.FAILED]:
        raise DrawingError.of(failed[0].failure or Sentence("A frame could not be drawn."))


def _write(meadow: Meadow, story: Story, out: Path) -> None:
    """Leave the pictures and the transcript of this story, and no frames of one that was told before it."""
    posts = _posts(meadow, story)
    attached = {post.id: post.attachments for post in posts if post.attachments}
    shown = {f"frame-{number:02}.png": frame.message_id for number, frame in enumerate(story.frames, 1)}
    pictures = {}
    for name, message in {**shown, "story.png": story.strip_id}.items():
        if message not in attached:
            raise SamefoxError(
                f"The message with {name} has gone from the simulated Discord; use a new folder."
            )
        pictures[name] = meadow.download(attached[message][0])
    for stale in (file for file in out.iterdir() if re.fullmatch(r"frame-\d+\.png", file.name)):
        stale.unlink()
    for name, picture in pictures.items():
        (out / name).write_bytes(picture)
    transcript = json.dumps([_line(post) for post in posts], indent=2, ensure_ascii=False)
    (out / "transcript.json").write_text(transcript + "\n", encoding="utf-8")


def _posts(meadow: Meadow, story: Story) -> list[Post]:
    """What was written of a story: in its channel, from its private answer to that of the next story."""
    said = meadow.posts(story.channel_id)
    card = next((number for number, post in enumerate(said) if post.id == story.card_id), 0)
    answers = [number for number, post in enumerate(said) if post.ephemeral]
    begin = max((number for number in answers if number < card), default=0)
    end = min((number for number in answers if number > card), default=len(said))
    posts = said[begin:end] + meadow.posts(*filter(None, [story.thread_id]))
    return sorted(posts, key=lambda post: post.id)


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
