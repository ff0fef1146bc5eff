from __future__ import annotations

import asyncio
import io
import json
import os
import random
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import av
import discord
import pytest
from PIL import Image
from simcord.preview import _media

from cogs.rehearsal import previews
from cogs.rehearsal import world as worlds
from cogs.rehearsal.once import left_as_it_was, tell_once
from cogs.rehearsal.page import Page
from cogs.rehearsal.previews import kept_media
from cogs.rehearsal.stage import attached
from cogs.rehearsal.world import World
from generator.errors import Refusal
from tests.cogs.toy_bot import STRIP, Toy, Write, picture

HERE = Path(__file__).parent
BOT = HERE.parents[1] / "bot.py"
PROMPT = "A red fox: in a meadow | in the snow | at a river"
FRAMES = ["in a meadow", "in the snow", "at a river"]


@asynccontextmanager
async def rehearsal(data: Path, delay: float = 0.01):
    """The toy bot awake in this folder's world: the bot, simcord's environment, the meadow, the world."""
    bot, world = Toy(data, delay), World(data / "rehearsal")
    posting = asyncio.create_task(bot.post())
    try:
        async with attached(bot, world) as (env, meadow):
            yield bot, env, meadow, world
    finally:
        posting.cancel()


def attachments(folder: Path) -> list[str]:
    lines = json.loads((folder / "transcript.json").read_text())
    return [name for line in lines for name in line["attachments"]]


async def test_a_story_told_once_leaves_its_frames_its_strip_and_the_transcript(tmp_path):
    async with rehearsal(tmp_path) as (bot, _, meadow, _):
        await tell_once(meadow, bot.find, PROMPT, tmp_path)
    assert attachments(tmp_path) == [f"{name}.png" for name in [*FRAMES, STRIP]]
    lines = json.loads((tmp_path / "transcript.json").read_text())
    assert lines[0]["channel"] == "stories" and lines[0]["content"] == "A red fox begins."
    assert lines[1]["channel"] == "stories" and lines[1]["content"].endswith("4 of 4")
    assert lines[-1]["custom_ids"] == ["again:3"] and lines[-1]["author"] == "Samefox"
    assert lines == sorted(lines, key=lambda line: line["time"])
    pictures = [
        (tmp_path / f"{name}.png").read_bytes() for name in ("frame-01", "frame-02", "frame-03", "story")
    ]
    assert all(each.startswith(b"\x89PNG") for each in pictures) and len(set(pictures)) == 4


async def test_the_same_words_in_the_same_folder_are_told_once(tmp_path):
    for first in (True, False):
        async with rehearsal(tmp_path) as (bot, _, meadow, _):
            assert await tell_once(meadow, bot.find, PROMPT, tmp_path) == first
            assert [channel.name for channel in meadow.channels] == ["stories", "A red fox", "gallery"]
    assert attachments(tmp_path) == [f"{name}.png" for name in [*FRAMES, STRIP]]


async def test_another_story_in_the_same_folder_leaves_nothing_of_the_one_before_it(tmp_path):
    (kept := tmp_path / "frame-of-mind.png").write_bytes(b"mine")
    for prompt in (PROMPT, "A blue cat: at a lake", PROMPT):
        async with rehearsal(tmp_path) as (bot, _, meadow, _):
            await tell_once(meadow, bot.find, prompt, tmp_path)
        subject, _, scenes = prompt.partition(": ")
        scenes = scenes.split(" | ")
        assert attachments(tmp_path) == [f"{name}.png" for name in [*scenes, STRIP]]
        told = json.loads((tmp_path / "transcript.json").read_text())
        assert {line["content"].partition(" begins")[0] for line in told if line["ephemeral"]} == {subject}
        frames = sorted(file.name for file in tmp_path.glob("frame-0*.png"))
        assert frames == [f"frame-{number:02}.png" for number, _ in enumerate(scenes, 1)]
    assert kept.exists()


@pytest.mark.parametrize("there", [True, False])
def test_a_refused_story_leaves_a_folder_as_it_was(tmp_path, there):
    out = tmp_path / "told"
    if there:
        (out / "mine").mkdir(parents=True)
    with pytest.raises(Refusal), left_as_it_was(out):
        (out / "pictures").mkdir(parents=True)
        (out / "archive.sqlite3").touch()
        raise Refusal("No.")
    assert [file.name for file in tmp_path.rglob("*")] == (["told", "mine"] if there else [])


async def test_what_the_bot_declines_is_refused_with_its_own_words(tmp_path):
    async with rehearsal(tmp_path) as (bot, _, meadow, _):
        with pytest.raises(Refusal, match="There are no scenes in “a fox”"):
            await tell_once(meadow, bot.find, "a fox", tmp_path)
    assert not (tmp_path / "transcript.json").exists()


def test_a_story_killed_anywhere_is_finished_by_telling_it_again_with_every_frame_once(tmp_path):
    command = [sys.executable, str(HERE / "toy_bot.py"), str(tmp_path), PROMPT, "0.05"]
    environment = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    dice, status = random.Random(7), None  # from before the story until long after
    for _ in range(8):
        child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        try:
            status = child.wait(timeout=dice.uniform(0.5, 1.3))
            break
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
    status = subprocess.run(command, env=environment, check=False).returncode if status is None else status
    assert status == 0
    assert attachments(tmp_path) == [f"{name}.png" for name in [*FRAMES, STRIP]]


async def test_a_restored_world_is_the_one_that_was_left_and_its_time_goes_on(tmp_path):
    async with rehearsal(tmp_path) as (bot, _, meadow, _):
        await tell_once(meadow, bot.find, PROMPT, tmp_path)
        left = meadow.posts(*(channel.id for channel in meadow.channels))
        people = meadow.people
    async with rehearsal(tmp_path) as (_, env, meadow, _):
        assert meadow.posts(*(channel.id for channel in meadow.channels)) == left
        assert [each.id for each in meadow.people] == [each.id for each in people]
        result = await meadow.ann.click(meadow.channel(meadow.channels[1].id).last_message, label="Reroll")
        assert result.response.content == "Again, frame 3."
        await meadow.ann.send(meadow.stories, "And then?")
        newest = meadow.posts(meadow.stories.id)[-1]
    assert newest.content == "And then?" and newest.id > left[-1].id
    assert datetime.now(UTC) - newest.time < timedelta(minutes=1)
    assert abs(env.now() - datetime.now(UTC)) < timedelta(seconds=1)


async def test_what_the_bot_was_told_is_on_disk_before_it_hears_of_it(tmp_path):
    async with rehearsal(tmp_path) as (bot, _, meadow, _):
        sent = await bot.get_partial_messageable(meadow.stories.id).send("Hello")
        at_once = World(tmp_path / "rehearsal").backend
        assert at_once.messages[meadow.stories.id][sent.id].content == "Hello"


async def test_a_nonce_posts_one_message_in_a_channel_also_across_a_restart(tmp_path):
    async with rehearsal(tmp_path) as (bot, _, meadow, _):
        stories = bot.get_partial_messageable(meadow.stories.id)
        first = await stories.send("Frame 1", nonce="n-1")
        again = await stories.send("Frame 1", nonce="n-1")
        gallery = await bot.get_partial_messageable(meadow.guild.channels["gallery"].id).send(
            "x", nonce="n-1"
        )
    async with rehearsal(tmp_path) as (bot, _, meadow, world):
        stories = bot.get_partial_messageable(meadow.stories.id)
        after = await stories.send("Frame 1", nonce="n-1")
        world.clock._seen += worlds.NONCE_MEMORY  # Discord forgets, so what relied on it for long would show
        late = await stories.send("Frame 1", nonce="n-1")
    assert first.id == again.id == after.id != gallery.id
    assert late.id != first.id


async def test_the_world_of_another_simcord_is_set_aside_with_a_sentence(tmp_path, caplog):
    async with rehearsal(tmp_path) as (bot, _, meadow, _):
        await bot.get_partial_messageable(meadow.stories.id).send("Hello")
    kept = tmp_path / "rehearsal" / "discord.pickle"
    kept.write_bytes(kept.read_bytes().replace(b"simcord", b"simcard", 1))
    assert World(tmp_path / "rehearsal").backend.guilds == {}
    assert "was kept by Samefox 2, simcard" in caplog.text and "a new one begins" in caplog.text
    assert not kept.exists() and len(list(kept.parent.glob("*.aside"))) == 1


async def test_what_can_no_longer_be_asked_for_is_forgotten(tmp_path):
    async with rehearsal(tmp_path) as (_, env, meadow, world):
        for _ in range(3):
            await meadow.ann.slash(meadow.stories, "story tell", prompt="nothing")
        assert len(env.backend.interactions) == 3
        world.clock._seen += timedelta(minutes=16)
        world.save()
        assert not env.backend.interactions and not env.backend.interaction_tokens
        assert not env.backend.http_requests and not env.backend.transcript


class Visitor:
    """A browser's part of simcord's protocol, as far as these tests go."""

    def __init__(self, address: str, session: aiohttp.ClientSession, channel: int) -> None:
        self.address, self.session, self.sequence = address, session, 0
        self.headers = {"X-Simcord-Capability": str(channel)}

    async def open(self):
        page = await self._ask("POST", "api/pages", {})
        self.headers["X-Simcord-Context"] = page["context"]["id"]
        return page

    async def look(self):
        return await self._ask("GET", "api/state")

    async def click(self, seen, message, label):
        button = next(each for each in message["components"][0]["components"] if each.get("label") == label)
        return await self._act(seen, "click", control_key=button["control_key"], target_id=message["id"])

    async def submit(self, seen, typed):
        label = seen["modal"]["payload"]["components"][0]
        values = {label["component"]["custom_id"]: typed}
        return await self._act(seen, "modal_submit", modal_handle=seen["modal"]["handle"], values=values)

    async def _act(self, seen, kind, **details):
        self.sequence += 1
        action = {
            "kind": kind, "protocol_version": 3, "sequence": self.sequence, "request_id": f"r{self.sequence}",
            "generation": seen["context"]["generation"], "bot_generation": seen["botGeneration"],
            "published_revision": seen["publishedRevision"], **details,
        }  # fmt: skip
        return await self._ask("POST", "api/action", action)

    async def _ask(self, method, path, body=None):
        async with self.session.request(
            method, self.address + path, json=body, headers=self.headers
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


class Asking(discord.ui.View):
    @discord.ui.button(label="Write")
    async def write(self, interaction, button):
        await interaction.response.send_modal(Write())


@asynccontextmanager
async def open_page(data: Path):
    async with (
        rehearsal(data, delay=0.2) as (bot, env, meadow, world),
        Page(env, meadow, world, port=0) as page,
        aiohttp.ClientSession() as session,
    ):
        yield bot, meadow, page, session


async def test_frames_arrive_in_the_thread_by_themselves_and_an_old_look_is_good_enough_to_click(tmp_path):
    async with open_page(tmp_path) as (bot, meadow, page, session):
        await meadow.ann.slash(meadow.stories, "story tell", prompt=PROMPT)
        story = await bot.find(PROMPT)
        visitor = Visitor(page.address, session, story.thread_id)
        first = seen = await visitor.open()
        async with asyncio.timeout(60):
            while len(seen["messages"]) < 4:
                await asyncio.sleep(0.05)
                seen = await visitor.look()
        assert seen["publishedRevision"] > first["publishedRevision"]
        receipt = await visitor.click(first, seen["messages"][seen["timeline"][0]], "Reroll")
        assert receipt["settlement"] == "settled" and not receipt["rejected"]
        answers = [post.content for post in meadow.posts(story.thread_id) if post.ephemeral]
    assert answers == ["Again, frame 0."]


async def test_a_form_is_sent_although_the_message_with_its_button_is_gone(tmp_path):
    async with open_page(tmp_path) as (bot, meadow, page, session):
        asked = await bot.get_partial_messageable(meadow.stories.id).send("And now?", view=Asking())
        visitor = Visitor(page.address, session, meadow.stories.id)
        seen = await visitor.open()
        await visitor.click(seen, seen["messages"][str(asked.id)], "Write")
        await asked.delete()
        seen = await visitor.look()
        assert str(asked.id) not in seen["messages"]
        receipt = await visitor.submit(seen, "a fox")
        assert receipt["settlement"] == "settled" and not receipt["rejected"]
        assert meadow.posts(meadow.stories.id)[-1].content == "Once there was a fox."


async def test_the_page_lists_channels_and_threads_and_answers_to_this_machine_only(tmp_path):
    async with open_page(tmp_path) as (_, meadow, page, session):
        await meadow.ann.slash(meadow.stories, "story tell", prompt=PROMPT)
        async with session.get(page.address + "rehearsal/meadow.json") as answer:
            tree = await answer.json()
        async with session.get(page.address) as answer:
            assert "rehearsal.js" in await answer.text()
        async with session.get(page.address, headers={"Host": "example.org"}) as answer:
            assert answer.status == 403
    assert [each["name"] for each in tree["channels"]] == ["stories", "A red fox", "gallery"]
    assert [each["name"] for each in tree["people"]] == ["Ann", "Ben", "Lin", "Mo", "Ori"]


async def test_each_picture_is_made_ready_once_for_all_pages_and_too_many_wait(monkeypatch):
    pictures = {str(number): picture(str(number)).getvalue() for number in range(_media.MAX_QUEUE + 2)}

    async def ready():
        worker = _media.MediaWorker()  # as of a page that opens
        return await asyncio.gather(*(worker.validate(*each) for each in pictures.items()))

    with kept_media():
        first = await ready()
        monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
        assert await ready() == first
        monkeypatch.setattr(previews, "MEDIA", 0)
        with pytest.raises(TypeError):  # what is too much is kept no longer
            await ready()


def film(side: int, frames: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as made:
        stream = made.add_stream("libx264", rate=10, width=side, height=side, pix_fmt="yuv420p")
        for _ in range(frames):
            made.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (side, side), "orange"))))
        made.mux(stream.encode())
    return file.getvalue()


async def test_a_film_is_played_as_it_is_and_not_made_anew(monkeypatch):
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    mp4 = film(64, frames=5)
    with kept_media():
        shown = await _media.MediaWorker().validate("film", mp4)
        assert (shown.normalized, shown.content_type) == (mp4, "video/mp4")
        assert (shown.width, shown.height, shown.duration) == (64, 64, 0.5)
        with Image.open(io.BytesIO(shown.poster or b"")) as poster:
            assert poster.size == (64, 64)
        with pytest.raises(_media.MediaError):
            await _media.MediaWorker().validate("broken", mp4[:200])


async def test_who_asks_while_the_page_closes_is_told_so_and_the_log_is_not(tmp_path, caplog):
    async with open_page(tmp_path) as (_, _, page, session):
        await page._http.close()
        async with session.get(page.address) as answer:
            assert answer.status == 503
    assert "Error handling request" not in caplog.text


@pytest.mark.parametrize(("size", "too_large"), [(9 << 20, False), (11 << 20, True)])
async def test_a_file_may_be_as_large_as_in_discord(tmp_path, size, too_large):
    async with open_page(tmp_path) as (_, meadow, page, session):
        visitor = Visitor(page.address, session, meadow.stories.id)
        await visitor.open()
        sent = aiohttp.FormData()
        sent.add_field("payload", "{}", content_type="application/json")
        sent.add_field("file", io.BytesIO(bytes(size)), filename="fox.png")
        async with session.post(page.address + "api/action", data=sent, headers=visitor.headers) as answer:
            assert (answer.status == 413) == too_large, await answer.text()


async def test_a_moderator_may_what_members_may_not(tmp_path):
    async with rehearsal(tmp_path) as (_, env, meadow, _):
        manage = discord.Permissions(manage_messages=True)
        allowed = {
            each.name: bool(env.backend.compute_permissions(meadow.guild.id, each.id) & manage.value)
            for each in meadow.people
        }
    assert allowed == {"Ann": False, "Ben": False, "Lin": False, "Mo": True, "Ori": True}


def once(tmp_path: Path, prompt: str, out: Path) -> subprocess.CompletedProcess[str]:
    """What ``bot.py --rehearse --once`` does with a small model."""
    (config := tmp_path / "config.toml").write_text(
        '[model]\nname = "tiny"\n[story]\nwidth = 64\nheight = 64\nsteps = 2\n'
    )
    line = BOT, "--config", config, "--rehearse", "--once", prompt, "--out", out
    return subprocess.run([sys.executable, *map(str, line)], capture_output=True, text=True, timeout=600)


def test_the_command_tells_one_story_to_its_end_and_says_nothing_of_errors(tmp_path: Path) -> None:
    done = once(tmp_path, "a red fox: in a meadow | by a river", out := tmp_path / "told")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "in 1 server\n" in done.stderr
    assert done.stdout == f"The story is in {out}.\n"
    assert {"frame-01.png", "frame-02.png", "story.png", "transcript.json"} <= {p.name for p in out.iterdir()}
    (card,) = (
        line["content"]
        for line in json.loads((out / "transcript.json").read_text())
        if line["channel"] == "stories" and "story 1" in line["content"]
    )
    assert "🖌️" not in card, "it says how the story ended"


@pytest.mark.parametrize(
    ("prompt", "place", "said"),
    [
        ("", "told", "the story is about"),
        ("a dog: ", "told", "no scenes"),
        ("a dog: at night", "file", "The folder "),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence_and_leaves_nothing(tmp_path, prompt, place, said) -> None:
    (tmp_path / "file").touch()
    done = once(tmp_path, prompt, tmp_path / place)
    assert done.returncode == 1 and done.stdout == ""
    assert said in done.stderr and "Traceback" not in done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.toml", "file"]
