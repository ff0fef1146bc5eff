"""``/queue`` acted out: who waits, who may stop what, and that all of it outlives a restart."""

from __future__ import annotations

import asyncio

from simcord import MemberActor
from simcord.results import InteractionResult, ResponseMessage

from cogs.presentation.queue_card import Viewer, queue_card
from cogs.presentation.text import plain
from generator.admission import Allowance
from generator.archive.work import Errand, Use
from generator.execution.forecast import Outlook
from generator.limits import Bounds
from generator.queue import Queue, Sketch, Wait
from generator.server import Limits
from generator.story import Person, TakeState
from generator.studio import Studio
from tests.cogs.conftest import Stage
from tests.conftest import ANN, PATIENCE

FOX = "a red fox: in a meadow | in the snow | by a river"
LONG: dict[str, object] = {"steps": 100, "size": "512x512"}  # not drawn before it was looked at


async def queue_of(stage: Stage, member: MemberActor) -> ResponseMessage:
    result = await member.slash(stage.stories, "queue")
    (card,) = [message for message in [result.response, *result.followups] if message is not None]
    assert card.ephemeral
    return card


def read(message: ResponseMessage | InteractionResult | None) -> str:
    """All words on a card, as they are read."""
    assert isinstance(message, ResponseMessage)
    return "\n".join(str(part["content"]) for part in parts(message) if part.get("content")).replace("\\", "")


def parts(message: ResponseMessage) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []

    def walk(components: object) -> None:
        for part in components if isinstance(components, list) else []:
            found.append(part)
            walk(part.get("components"))

    walk(message.components)
    return found


def choices(message: ResponseMessage) -> list[str]:
    """What the menu offers to stop."""
    (menu,) = [part for part in parts(message) if part.get("type") == 3] or [{"options": []}]
    return [str(option["label"]) for option in menu["options"]]  # type: ignore[attr-defined]


def crowded() -> Queue:
    """As many pictures and people as there can be, whose words are all signs, which are escaped."""
    errands = [
        Errand(
            story_id=number,
            place_id=1,
            thread_id=None,
            subject="*" * 300,
            person=Person(id=number, name="_" * 32),
            takes={number: "~" * 300},
        )
        for number in range(1, 50)
    ]
    outlook = Outlook(ahead=1000, next=40000.0, seconds=90000.0)
    return Queue(
        drawing=tuple(Sketch(errand=errand, scene="~" * 300, progress=0.5) for errand in errands),
        waiting=tuple(Wait(errand=errand, frames=1000, outlook=outlook) for errand in errands),
        drawing_elsewhere=1000,
        waiting_elsewhere=1000,
        newcomer=outlook,
    )


def visitor(number: int, *, moderates: bool, sees: bool) -> Viewer:
    allowance = Allowance(
        use=Use(waiting=1, stories=1, frames=1, server_frames=1),
        bounds=Bounds(waiting=1, scenes=1, stories_at_once=1, frames_a_day=9, server_frames_a_day=9),
    )
    return Viewer(id=number, moderates=moderates, allowance=allowance, sees=lambda _: sees)


async def test_the_longest_queue_fits_into_a_message() -> None:
    viewer = visitor(1, moderates=True, sees=True)
    view = queue_card(crowded(), viewer, 3, notice=plain("!" * 60) * 2)
    assert view.content_length() <= 4000
    assert view.total_children_count <= 40


async def test_who_cannot_see_a_channel_does_not_read_in_the_queue_what_is_told_there() -> None:
    elsewhere = str(queue_card(crowded(), visitor(0, moderates=False, sees=False)).to_components())
    assert "a story in another channel" in elsewhere
    assert "*" * 8 not in elsewhere.replace("\\", "")
    assert "~" not in elsewhere, "nor what is drawn of it"


async def told_by(stage: Stage, member: MemberActor, prompt: str, **options: object) -> int:
    await member.slash(stage.stories, "story tell", prompt=prompt, **options)
    return await stage.newest()


async def clear(stage: Stage) -> None:
    for story_id in await stage.bot.studio.archive.unsettled():
        await stage.bot.studio.cancel(story_id)
        await stage.told(story_id)


async def until_progress(studio: Studio) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(
            studio._workshop.forecast.progress(task.take_id) for task in studio._workshop.dispatcher.taken
        ):
            await asyncio.sleep(0.02)


async def test_when_nobody_waits_it_says_what_to_do(stage: Stage) -> None:
    card = await queue_of(stage, stage.ann)
    assert "Nobody is waiting" in read(card)
    assert "/story tell" in read(card)
    assert choices(card) == []


async def test_it_shows_what_is_drawn_who_waits_for_what_and_where_one_is(stage: Stage) -> None:
    await stage.told(await told_by(stage, stage.ann, "a red fox: in a meadow"))  # measured
    story = await stage.drawing(await told_by(stage, stage.ann, FOX, **LONG))
    await told_by(stage, stage.ben, "a *blue* cat: on a roof | in a box")
    await until_progress(stage.bot.studio)
    ann, ben = read(await queue_of(stage, stage.ann)), read(await queue_of(stage, stage.ben))
    assert "**Being drawn**\n🖌️ **a red fox** · Ann\n-# in a meadow\n▰" in ann.replace("▱", "▰")
    assert "1. **a *blue* cat** · Ben\n-# 2 pictures · begins in about" in ann
    assert "2. 👉 **a red fox** · Ann\n-# 2 pictures · begins in about" in ann
    assert "**You** have 2 pictures in line: all of them are drawn in about" in ann
    assert "**You** have 2 pictures in line: the next begins in about" in ben
    assert "1. 👉 **a *blue* cat** · Ben" in ben
    assert "Nothing of yours is in line. A story that you tell now begins in about" in read(
        await queue_of(stage, stage.mo)
    )
    assert (await stage.bot.studio.archive.story(story.id)).takes[0].state is TakeState.DRAWING
    await clear(stage)


async def test_one_stops_ones_own_and_a_moderator_anybodys_also_after_a_restart(stage: Stage) -> None:
    await stage.drawing(await told_by(stage, stage.ann, FOX, **LONG))
    owl = await told_by(stage, stage.ann, "an owl: in a tree", **LONG)
    cat = await told_by(stage, stage.ben, "a blue cat: on a roof", **LONG)
    ann, ben = await queue_of(stage, stage.ann), await queue_of(stage, stage.ben)
    mo, later = await queue_of(stage, stage.mo), await queue_of(stage, stage.mo)
    assert set(choices(ann)) == {"a red fox", "an owl"}
    assert choices(ben) == ["a blue cat"]
    assert set(choices(mo)) == {"a red fox", "an owl", "a blue cat"}

    await stage.env.restart_bot(type(stage.bot)(stage.bot.settings, stage.bot.studio))
    menu = "samefox:queue:menu:stop.0"
    await stage.ann.select(ann, [f"{owl}:{stage.ann.id}"], custom_id=menu)
    assert (await stage.bot.studio.archive.story(owl)).cancelled
    assert "Stopped: **an owl**" in read(await shown_after(stage, stage.ann, ann))

    await stage.mo.select(mo, [f"{cat}:{stage.ben.id}"], custom_id=menu)
    assert (await stage.bot.studio.archive.story(cat)).cancelled
    await stage.mo.select(later, [f"{cat}:{stage.ben.id}"], custom_id=menu)
    assert "nothing left to stop" in read(await shown_after(stage, stage.mo, later))
    await clear(stage)


async def shown_after(stage: Stage, member: MemberActor, card: ResponseMessage) -> ResponseMessage:
    """A private card as it is now."""
    return ResponseMessage(stage.env, stage.env.backend.messages[card.channel_id][card.id])


async def test_who_is_no_moderator_any_more_cannot_stop_what_somebody_else_asked_for(stage: Stage) -> None:
    guild = stage.env.guild
    role = guild.roles["Moderators"]
    cai = guild.add_member(stage.env.create_user("Cai"), roles=[role])
    story = await stage.drawing(await told_by(stage, stage.ann, FOX, **LONG))
    card = await queue_of(stage, cai)
    stage.env.backend.remove_member_role(guild.id, cai.id, role.id)
    await cai.select(card, [f"{story.id}:{stage.ann.id}"], custom_id="samefox:queue:menu:stop.0")
    after = await shown_after(stage, cai, card)
    assert "Only whoever asked for it, or a moderator" in read(after)
    assert choices(after) == []
    assert (await stage.bot.studio.archive.story(story.id)).pending
    await clear(stage)


async def test_a_reroll_of_somebody_elses_picture_is_ones_own_to_stop(stage: Stage) -> None:
    story = await stage.told(await told_by(stage, stage.ann, "a red fox: in a meadow"))
    blocking = await stage.drawing(await told_by(stage, stage.ann, "an owl: in a tree", **LONG))
    frame = stage.shown(stage.frames(story)[0])
    await stage.ben.click(frame, custom_id=f"samefox:reroll:{story.takes[0].id}")
    card = await queue_of(stage, stage.ben)
    assert choices(card) == ["a red fox"]
    await stage.ben.select(card, [f"{story.id}:{stage.ben.id}"], custom_id="samefox:queue:menu:stop.0")
    after = await stage.bot.studio.archive.story(story.id)
    assert [take.state for take in after.takes] == [TakeState.DRAWN, TakeState.CANCELLED]
    assert not after.cancelled
    assert blocking.pending
    await clear(stage)


async def test_a_long_queue_has_pages_and_can_be_looked_at_again(stage: Stage) -> None:
    await stage.drawing(await told_by(stage, stage.ann, FOX, **LONG))
    for number in range(7):
        await told_by(stage, stage.ben, f"cat {number}: on a roof", **LONG)
    card = await queue_of(stage, stage.ben)
    assert "page 1 of 2" in read(card)
    assert len(choices(card)) == 7, "all of one's own, whatever the page"
    await stage.ben.click(card, custom_id="samefox:queue:press:page:1")
    second = await shown_after(stage, stage.ben, card)
    assert "page 2 of 2" in read(second)
    assert "8." in read(second)
    await clear(stage)
    await stage.ben.click(second, custom_id="samefox:queue:press:page:1")
    assert "Nobody is waiting" in read(await shown_after(stage, stage.ben, card))


async def test_other_servers_are_only_a_number(stage: Stage) -> None:
    elsewhere = stage.env.create_guild("Far Away")
    dan = elsewhere.add_member(stage.env.create_user("Dan"))
    await dan.slash(
        elsewhere.create_text_channel("tales"), "story tell", prompt="a secret: a | b | c", **LONG
    )
    await stage.drawing(await stage.newest())
    await told_by(stage, stage.ben, "a blue cat: on a roof | in a box", **LONG)
    card = read(await queue_of(stage, stage.ann))
    assert "secret" not in card
    assert "1 picture for another server" in card
    assert "2 pictures wait in other servers" in card
    await clear(stage)


async def test_a_limit_is_told_beforehand_and_its_refusal_brings_the_text_back(stage: Stage) -> None:
    servers = stage.bot.studio.archive.servers
    guild_id = stage.env.guild.id
    limits = Limits(frames_a_day=1000, stories_at_once=1)
    await servers.change(guild_id, ANN, lambda settings: settings.altered(limits=limits))
    await stage.drawing(await told_by(stage, stage.ann, FOX, **LONG))
    assert "In these 24 hours you can have " in read(await queue_of(stage, stage.ann))
    result = await stage.ann.slash(stage.stories, "story tell", prompt="a second fox: in a hole")
    said = "".join(m.content for m in [result.response, *result.followups] if m is not None).replace("\\", "")
    assert "still being drawn: 1; here you can have 1 at once" in said
    assert "a second fox: in a hole" in said
    await servers.change(guild_id, ANN, lambda settings: settings.altered(limits=Limits()))
    await clear(stage)


def test_one_picture_in_line_is_not_told_of_as_several() -> None:
    errand = Errand(story_id=1, place_id=1, thread_id=None, subject="a fox", person=ANN, takes={1: "a"})
    viewer = visitor(ANN.id, moderates=False, sees=True)
    for outlook, frames, said in (
        (Outlook(ahead=2, next=None, seconds=None), 1, "1 picture in line: 2 pictures before it."),
        (Outlook(ahead=0, next=0.0, seconds=9.0), 1, "1 picture in line: it is drawn in about 9 s."),
        (
            Outlook(ahead=0, next=0.0, seconds=9.0),
            2,
            "2 pictures in line: all of them are drawn in about 9 s.",
        ),
        (Outlook(ahead=1, next=5.0, seconds=9.0), 1, ": it begins in about 5 s and is drawn in about 9 s."),
    ):
        queue = Queue(
            drawing=(),
            waiting=(Wait(errand=errand, frames=frames, outlook=outlook),),
            drawing_elsewhere=0,
            waiting_elsewhere=0,
            newcomer=outlook,
        )
        assert said in str(queue_card(queue, viewer).to_components())
