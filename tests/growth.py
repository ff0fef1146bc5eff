"""How costs grow, and how well the forecast foresees; printed by ``python -m tests.measure``."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

from generator.admission import Admission
from generator.archive.archive import Archive
from generator.archive.connection import Admit
from generator.archive.database import open_archive
from generator.execution.dispatcher import Dispatcher, Task
from generator.execution.forecast import Forecast
from generator.execution.pace import Pace
from generator.execution.turns import Ahead
from generator.limits import USUAL
from generator.moderation.gate import Gate, words
from generator.settings import LimitSettings, Settings
from generator.shape import shape
from generator.story import Engine, Options, Person, Picture, Recipe, Script, Storyboard
from generator.storyboard import draft
from generator.studio import open_studio
from tests.conftest import small
from tests.simulation import Batch, Request, tell

WAITING = (10, 100, 1_000, 10_000, 100_000)
ARCHIVED = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 2_000
BOARD = draft(Script(subject="a red fox", scenes=("in a meadow",)), Options(seed=7), Settings())
ENGINE = Engine(device="cpu", precision="fp32", samefox="0", torch="0", diffusers="0", transformers="0")


def growth_of_waiting() -> None:
    """A frame's way through the line while so many wait: in, looked up, out, and a story stopped."""
    print("frames waiting   people   µs for a frame   of it for its place")
    first = 0.0
    for waiting in WAITING:
        for people in sorted({max(2, waiting // 200), max(2, waiting // 4)}):
            whole, place = _turnover(waiting, people)
            first = first or whole
            print(f"{waiting:14,} {people:8,} {whole:10.0f} ({whole / first:4.1f} ×) {place:14.0f}")


def _turnover(waiting: int, people: int) -> tuple[float, float]:
    dispatcher = Dispatcher()
    for number in range(waiting):
        dispatcher.add(_task(number, people))
    lookups = 0.0
    before = process_time()
    for number in range(waiting, waiting + ROUNDS):
        added = _task(number, people)
        dispatcher.add(added)
        looking = process_time()
        dispatcher.ahead(added, Ahead(), lambda _: 1.0)
        lookups += process_time() - looking
        task = dispatcher.take()
        assert task is not None
        dispatcher.done(task)
        dispatcher.add(task)
        dispatcher.discard([task.take_id])
    return (process_time() - before) / ROUNDS * 1e6, lookups / ROUNDS * 1e6


def _task(number: int, people: int) -> Task:
    owner = number // 8 % people
    return Task(take_id=number, story_id=number // 8, owner=owner, server=owner // 20)


async def growth_of_the_archive() -> None:
    """A frame's way through an archive of so many: limits, row, start, finish; and a look at the queue."""
    print("frames archived   ms for a frame   of it for its limits   ms for /queue")
    first = 0.0
    for archived in ARCHIVED:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "archive.sqlite3")
            async with open_archive(path) as archive:
                await _fill(archive, archived)
            os.sync()  # the filling is not to be paid for by what comes after it
            async with open_archive(path) as archive:
                whole, limits, queue = await _frames(archive)
        first = first or whole
        print(f"{archived:15,} {whole:9.2f} ({whole / first:4.2f} ×) {limits:18.2f} {queue:18.2f}")


async def _fill(archive: Archive, frames: int) -> None:
    """Stories of ten drawn frames each, told over the last years; the newest thousand in the last hours."""
    stories = frames // 10
    recent = "CASE WHEN {n} > " + str(frames - 1000) + " THEN '-6 hours' ELSE '-400 days' END"
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"

    def fill(sql: sqlite3.Connection) -> None:
        triggers = sql.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for row in triggers:
            sql.execute(f"DROP TRIGGER {row['name']}")
        sql.execute(
            f"{count.format(stories)} INSERT INTO stories (id, guild_id, channel_id, author_id, subject,"
            " style, settled) SELECT i, i % 50 + 1, 1, i % 1000 + 1, 'a fox', 'plain', 1 FROM n"
        )
        sql.execute("INSERT INTO contributors SELECT id, author_id, 'Ann' FROM stories")
        sql.execute(
            f"{count.format(frames)} INSERT INTO frames (id, story_id, position, author_id)"
            " SELECT i, (i - 1) / 10 + 1, (i - 1) % 10, ((i - 1) / 10 + 1) % 1000 + 1 FROM n"
        )
        sql.execute(
            "INSERT INTO takes (id, story_id, frame_id, scene, author_id, seed, recipe, created_at, path)"
            " SELECT id, story_id, id, 'in a meadow', author_id, 7, '{}',"
            f" strftime('%Y-%m-%dT%H:%M:%fZ', 'now', {recent.format(n='id')}), 'x.png' FROM frames"
        )
        sql.execute("INSERT INTO jobs (take_id, state, seconds) SELECT id, 'drawn', 1.0 FROM takes")
        sql.execute(
            "INSERT INTO work (take_id, story_id, guild_id, person_id, telling, asked_at, open)"
            " SELECT takes.id, story_id, guild_id, takes.author_id, 1, takes.created_at, 0"
            " FROM takes JOIN stories ON stories.id = story_id WHERE takes.id > ?",
            (frames - 1000,),
        )
        for row in triggers:
            sql.execute(row["sql"])

    await archive.work._connection.write(fill)


async def _frames(archive: Archive, rounds: int = 60) -> tuple[float, float, float]:
    """Milliseconds (medians) for a frame, of it for the limits, and for the queue."""
    host = LimitSettings(frames_a_day=1000, server_frames_a_day=10_000)
    admission, picture = Admission(host, archive, Gate(archive)), Picture(png=b"", seconds=1.0, engine=ENGINE)
    whole, limits, queue = [], [], []
    for number in range(rounds):
        person = Person(id=number % 1000 + 1, name="Ann")
        begun = perf_counter()
        admit = await admission.ticket(person, number % 50 + 1, 1, USUAL, words(1), telling=True)
        asked = perf_counter() - begun

        def counted(sql: sqlite3.Connection, admit: Admit = admit, asked: float = asked) -> None:
            counting = perf_counter()
            admit(sql)
            limits.append(asked + perf_counter() - counting)

        story = await archive.add_story(BOARD, person, guild_id=number % 50 + 1, channel_id=1, admit=counted)
        await archive.start(story.takes[0].id, "cpu")
        await archive.finish(story.takes[0].id, Path("x.png"), picture)
        whole.append(perf_counter() - begun)
        begun = perf_counter()
        await archive.work.errands(number % 50 + 1)
        queue.append(perf_counter() - begun)
    return tuple(1000 * statistics.median(times) for times in (whole, limits, queue))  # type: ignore[return-value]


async def writes(stories: int = 1_000) -> None:
    """So many stories of three frames, admitted at once, of members of fifty servers; single statements."""
    board = draft(Script(subject="a red fox", scenes=("a", "b", "c")), Options(seed=7), Settings())
    with tempfile.TemporaryDirectory() as folder:
        async with open_archive(Path(folder, "archive.sqlite3")) as archive:
            admission = Admission(LimitSettings(frames_a_day=1000), archive, Gate(archive))

            async def asked(number: int) -> None:
                person, guild_id = Person(id=number % 500 + 1, name="Ann"), number % 50 + 1
                admit = await admission.ticket(person, guild_id, 3, USUAL, words(1), telling=True)
                await archive.add_story(board, person, guild_id=guild_id, channel_id=1, admit=admit)

            print(f"stories of three frames, admitted at once: {await _rate(asked, stories):,.0f}/s")
            noted = await _rate(lambda number: archive.set_thread(number % stories + 1, number), stories * 4)
            print(f"single statements at once: {noted:,.0f}/s")


async def _rate(write: Callable[[int], Awaitable[object]], number: int) -> float:
    """Transactions a second."""
    begun = perf_counter()
    await asyncio.gather(*map(write, range(number)))
    return number / (perf_counter() - begun)


def simulated_day(devices: int, load: float, room: int = 1, seed: int = 7) -> None:
    """Stories come all day; each is told when it begins and ends, not knowing who comes after it.

    Many at once take 0.8 of the time that they take one by one, as SDXL does uncompiled.
    """
    chance = random.Random(seed)
    recipe = replace(BOARD.recipes[0], model="simulated")
    kinds = [replace(recipe, width=1024, height=1024, steps=steps) for steps in (20, 30, 50)]
    kinds.append(replace(recipe, width=1216, height=832, steps=30))
    truth = {shape(kind): shape(kind).work * chance.uniform(0.9, 1.1) / 300 for kind in kinds}
    requests, at = [], 0.0
    work = statistics.mean(truth.values()) * 6
    while at < 86_400:
        at += chance.expovariate(load * devices / work)
        form = shape(chance.choice(kinds))
        requests.append(
            Request(
                at,
                f"p{chance.randrange(60)}",
                chance.randint(1, 11),
                f"s{chance.randrange(8)}",
                form.work,
                1.0,
                form,
            )
        )
    by_shape = {shape(kind): kind for kind in kinds}
    dispatcher, pace = Dispatcher(), Pace()
    forecast = Forecast(dispatcher, pace, lambda: devices, lambda _: room)
    foretold: dict[int, tuple[float, float]] = {}

    def asked(task: Task, now: float, drawing: list[Batch]) -> None:
        for each in drawing:
            share = (now - each.begun) / (each.finished - each.begun)
            for drawn in each.tasks:
                forecast.stepped(drawn.take_id, int(20 * share), 20)
        outlook = forecast.of(task, dispatcher.waiting_in(task.server, task.owner, task.story_id))
        if outlook.next is not None and outlook.seconds is not None:
            foretold[task.story_id] = outlook.next, outlook.seconds

    def drawn(batch: Batch) -> None:
        forecast.free(batch.device)
        for task in batch.tasks:
            forecast.ended(task.take_id)
            pace.measured(by_shape[task.shape], batch.seconds, len(batch.tasks))

    told = tell(
        requests,
        devices,
        lambda task: truth[task.shape] * chance.lognormvariate(0, 0.15),
        dispatcher=dispatcher,
        asked=asked,
        begun=lambda batch: forecast.begun(batch.device, batch.tasks),
        drawn=drawn,
        room=lambda _: room,
        gain=lambda number: 1.0 if number == 1 else 0.8,
    )
    ends = [(told[story].wait, foretold[story][1]) for story in foretold]
    begins = [(told[story].begun[0] - told[story].request.at, foretold[story][0]) for story in foretold]
    patient = [(real, said) for real, said in begins if real > 10]
    print(
        f"{devices} devices, {room} at once, load {load:.0%}, {len(told):,} stories,"
        f" told in {_mean(ends):.0f} s on average;"
        f" mean relative error of when the last frame is drawn {_error(ends):.0%}"
        f" (median {_median(ends):.0%}), of when the first is begun, after 10 s, {_error(patient):.0%}"
    )


def _errors(pairs: list[tuple[float, float]]) -> list[float]:
    return [abs(said - real) / real for real, said in pairs if real > 0] or [0.0]


def _error(pairs: list[tuple[float, float]]) -> float:
    return statistics.mean(_errors(pairs))


def _mean(pairs: list[tuple[float, float]]) -> float:
    return statistics.mean(real for real, _ in pairs)


def _median(pairs: list[tuple[float, float]]) -> float:
    return statistics.median(_errors(pairs))


@asynccontextmanager
async def _studio() -> AsyncIterator[tuple[object, Settings]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = small(Path(folder))
        async with open_studio(settings, settings.bot.data) as studio:
            yield studio, settings


async def real_drawing() -> None:
    """Three people's stories on this machine's processor, by the tiny model, foretold once all wait."""
    async with _studio() as (studio, settings):
        people = [Person(id=number, name=str(number)) for number in (1, 2, 3)]
        await _drawn(studio, (await studio.tell(_board(settings, 2, 20), people[0])).id)  # type: ignore[attr-defined]
        pairs = []
        asked = []
        for number, (frames, steps) in enumerate([(5, 20), (3, 20), (8, 20), (2, 40), (6, 20), (1, 20)]):
            story = await studio.tell(_board(settings, frames, steps), people[number % 3])  # type: ignore[attr-defined]
            asked.append((story.id, perf_counter()))
        foretold = {
            story_id: studio.outlook(await studio.archive.story(story_id)).seconds  # type: ignore[attr-defined]
            for story_id, _ in asked
        }
        begun = perf_counter()
        waiting = dict(asked)
        while waiting:
            for story_id in list(waiting):
                if not (await studio.archive.story(story_id)).pending:  # type: ignore[attr-defined]
                    pairs.append((perf_counter() - begun, foretold[story_id]))
                    del waiting[story_id]
            await asyncio.sleep(0.02)
    print(
        "really drawn, 6 stories of 3 people: "
        + ", ".join(f"{said:.1f} s said, {real:.1f} s" for real, said in pairs)
    )
    print(f"a mean relative error of {_error(pairs):.0%}")


def _board(settings: Settings, frames: int, steps: int) -> Storyboard:
    scenes = tuple(f"in meadow {number}" for number in range(frames))
    board = draft(Script(subject="a red fox", scenes=scenes), Options(seed=7), settings)
    recipes: tuple[Recipe, ...] = tuple(
        replace(recipe, steps=steps, width=128, height=128) for recipe in board.recipes
    )
    return replace(board, recipes=recipes)


async def _drawn(studio: object, story_id: int) -> None:
    while (await studio.archive.story(story_id)).pending:  # type: ignore[attr-defined]
        await asyncio.sleep(0.02)


async def growth() -> None:
    """All curves."""
    growth_of_waiting()
    await growth_of_the_archive()


async def forecasts() -> None:
    """All errors of the forecast."""
    for devices, load in ((1, 0.5), (1, 0.8), (2, 0.8), (4, 0.8), (1, 0.95)):
        for room in (1, 8):
            simulated_day(devices, load, room)
    await real_drawing()
