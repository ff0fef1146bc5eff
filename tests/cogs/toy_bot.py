"""A small storyteller to rehearse with: `python tests/cogs/toy_bot.py DATA [PROMPT [DELAY]]`.

It does in a hundred lines what the rehearsal must carry: a slash command that answers with a card and a
thread, frames posted in real time by a task older than the bot, buttons that survive a restart, a modal.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import discord
from discord import app_commands, ui
from discord.ext import commands
from PIL import Image

from cogs.rehearsal.stage import rehearse
from generator.errors import SamefoxError
from generator.story import Frame, Person, Recipe, Story, Take, TakeState

STRIP = "strip"


class Again(ui.DynamicItem[ui.Button], template=r"again:(?P<frame>\d+)"):
    def __init__(self, frame: int) -> None:
        super().__init__(ui.Button(label="Reroll", emoji="🎲", custom_id=f"again:{frame}"))
        self.frame = frame

    @classmethod
    async def from_custom_id(cls, interaction, item, match: re.Match[str]) -> Again:
        return cls(int(match["frame"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Again, frame {self.frame}.", ephemeral=True)


class Write(ui.Modal, title="Write a story"):
    subject = ui.Label(text="Subject", component=ui.TextInput())

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Once there was {self.subject.component.value}.")


def card(text: str) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay(text), ui.ActionRow(Again(0).item)))
    return view


class Toy(commands.AutoShardedBot):
    def __init__(self, data: Path, delay: float = 0.3) -> None:
        super().__init__(command_prefix=(), intents=discord.Intents(guilds=True), help_command=None)
        self.path, self.delay = data / "toy.json", delay
        self.tree.add_command(Tell())

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Again)
        await self.tree.sync()

    def read(self) -> dict:
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def write(self, prompt: str, **changes) -> None:
        stories = self.read()
        stories.setdefault(prompt, {"posted": {}}).update(changes)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(stories))
        part.replace(self.path)

    async def post(self) -> None:
        """Post what is missing, for ever; runs before the bot does and after it."""
        while True:
            await asyncio.sleep(0.02)
            for prompt, story in self.read().items() if self.is_ready() else ():
                for name in [*story["scenes"], STRIP]:
                    if name not in story["posted"]:
                        await self.post_one(prompt, story, name)

    async def post_one(self, prompt: str, story: dict, name: str) -> None:
        await asyncio.sleep(self.delay)
        thread, file = (
            self.get_partial_messageable(story["thread"]),
            discord.File(picture(name), f"{name}.png"),
        )
        view = ui.View(timeout=None)
        view.add_item(Again(len(story["posted"])))
        sent = await thread.send(name, file=file, view=view, nonce=f"{story['card']}{name}"[-25:])
        story["posted"][name] = sent.id
        await (
            self.get_partial_messageable(story["channel"])
            .get_partial_message(story["card"])
            .edit(view=card(f"**{prompt}**\n{len(story['posted'])} of {len(story['scenes']) + 1}"))
        )
        self.write(prompt, posted=story["posted"])  # last, since the story is told then

    async def find(self, prompt: str) -> Story | None:
        story = self.read().get(prompt)
        return to_story(prompt, story) if story else None


class Tell(app_commands.Group, name="story", description="Stories"):
    @app_commands.command(description="Tell a story")
    async def tell(self, interaction: discord.Interaction, prompt: str) -> None:
        bot, (subject, _, scenes) = interaction.client, prompt.partition(":")
        if not scenes:
            await interaction.response.send_message(f"There are no scenes in “{prompt}”.", ephemeral=True)
            return
        await interaction.response.defer(thinking=True, ephemeral=True)
        sent = await interaction.channel.send(view=card(f"**{subject}**"))
        thread = await interaction.channel.get_partial_message(sent.id).create_thread(name=subject)
        names = [scene.strip() for scene in scenes.split("|")]
        bot.write(prompt, scenes=names, thread=thread.id, card=sent.id, channel=sent.channel.id, posted={})
        await interaction.followup.send(f"{subject} begins.")

    @app_commands.command(name="write", description="Write a story")
    async def write_one(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Write())

    @app_commands.command(description="Fail")
    async def fail(self, interaction: discord.Interaction) -> None:
        raise RuntimeError("as asked")


def picture(name: str) -> io.BytesIO:
    file = io.BytesIO()
    Image.effect_noise((256, 256), sum(name.encode()) % 100).save(file, "PNG")
    file.seek(0)
    return file


def to_story(prompt: str, told: dict) -> Story:
    person, scenes = Person(id=1, name="Ann"), told["scenes"]
    recipe = Recipe(
        model="toy", subject=prompt, express="", suppress=(), prompt=prompt, seed=0, width=8, height=8,
        steps=1, guidance_scale=1, scheduler="euler",
    )  # fmt: skip
    frames = tuple(
        Frame(
            id=number, position=number, author=person, chosen_id=None, shown_id=None, posted=None,
            message_id=told["posted"].get(scene),
            takes=(
                Take(
                    id=number, story_id=1, frame_id=number, scene=scene, parent_id=None, author=person,
                    recipe=recipe, attempts=0, failure=None, seconds=None,
                    state=TakeState.DRAWN if scene in told["posted"] else TakeState.QUEUED,
                    path="a.png" if scene in told["posted"] else None,
                ),
            ),
        )
        for number, scene in enumerate(scenes)
    )  # fmt: skip
    return Story(
        id=1, version=0, guild_id=1, channel_id=told["channel"], place_id=told["channel"],
        thread_id=told["thread"], card_id=told["card"], strip_id=told["posted"].get(STRIP),
        strip_posted=None, author=person, subject=prompt, style="", created_at=datetime.now(UTC),
        cancelled=False, growing=False, settled=STRIP in told["posted"], frames=frames, taken_back=(),
    )  # fmt: skip


async def main(data: Path, prompt: str = "", delay: str = "0.3") -> int:
    bot = Toy(data, float(delay))
    posting = asyncio.create_task(bot.post())
    try:
        return await rehearse(bot, data, once=(prompt, data) if prompt else None, find=bot.find)
    except SamefoxError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        posting.cancel()


if __name__ == "__main__":
    logging.basicConfig(level="INFO")
    sys.exit(asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:])))
