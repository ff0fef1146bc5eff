"""``/moderate``: members are excluded, and let in again."""

from __future__ import annotations

from generator.story import Person, TakeState
from tests.cogs.conftest import Stage
from tests.cogs.members import answered, fields, frame, inputs, said, told
from tests.cogs.moderators import FOX, MO
from tests.cogs.round import begun


async def test_an_excluded_member_is_told_why_and_their_work_stops_until_they_are_let_in(
    stage: Stage,
) -> None:
    story = await told(stage, FOX)
    pending = await stage.drawing(await stage.tell(FOX, steps=100, size="512x512"))
    ban = await stage.mo.slash(stage.stories, "moderate ban", member=stage.ann, reason="spam *x*")
    assert "Ann is excluded" in said(stage, ban)
    assert "1 picture of theirs" in said(stage, ban)
    assert {take.state for take in (await stage.told(pending.id)).takes} == {TakeState.CANCELLED}
    for result in (
        await stage.ann.slash(stage.stories, "story tell", prompt=FOX),
        await stage.ann.slash(stage.stories, "me defaults"),
        await stage.ann.click(stage.shown(frame(stage, story)), label="Reroll"),
        await stage.ann.click(stage.shown(frame(stage, story)), label="More"),
    ):
        assert "excluded you from my stories: “spam *x*”" in said(stage, result)
    assert await stage.ann.autocomplete(stage.stories, "story tell", "style", "w") == []
    listed = said(stage, await stage.mo.slash(stage.stories, "moderate list"))
    assert "**Ann**" in listed
    assert "spam" in listed
    for number in range(1000, 1025):
        who = Person(id=number, name="*" * 32)
        await stage.bot.studio.archive.moderation.ban(stage.env.guild.id, who, MO, "*" * 200)
    listed = said(stage, await stage.mo.slash(stage.stories, "moderate list"))
    assert "more\n### Lately" in listed
    for number in range(1000, 1025):
        await stage.bot.studio.archive.moderation.unban(stage.env.guild.id, Person(id=number, name=""), MO)
    (choice,) = await stage.mo.autocomplete(stage.stories, "moderate unban", "member", "an")
    await stage.mo.slash(stage.stories, "moderate unban", member=choice["value"])
    await told(stage, FOX)


async def test_what_was_done_lately_is_told_in_sentences_and_its_pictures_are_found(stage: Stage) -> None:
    story, gone = await told(stage, FOX), await told(stage, FOX)
    studio, name = stage.bot.studio, Person(id=5, name="#1")
    for take, hidden in ((gone.takes[0], True), (story.takes[0], True), (story.takes[0], False)):
        await studio.oversight.hide(take.id, MO, hidden=hidden)
    await studio.oversight.delete_story(gone.id, gone.author)
    await studio.oversight.ban(story.guild_id, name, MO, "")
    await studio.archive.moderation.unban(story.guild_id, name, MO)
    where = f"channels/{story.guild_id}/{story.thread_id}/{story.frames[0].message_id})"
    lines = (
        said(stage, await stage.mo.slash(stage.stories, "moderate list")).split("### Lately\n")[1].split("\n")
    )
    picture = f"[frame 1 of story {story.id}](https://discord.com/{where}"
    wanted = (
        "let #1 in again",
        "excluded #1",
        f"showed {picture} again",
        f"hid {picture}",
        "hid a picture that is gone",
    )
    for line, done in zip(lines, wanted, strict=False):
        assert line.endswith(f" · Mo · {done}")


async def test_a_forgotten_moderators_ban_is_somebodys(stage: Stage) -> None:
    archive = stage.bot.studio.archive
    await archive.moderation.ban(stage.env.guild.id, Person(id=7, name="Eve"), Person(id=6, name="Leo"), "")
    await archive.oblivion.forget(6)
    lines = said(stage, await stage.mo.slash(stage.stories, "moderate list")).split("\n")
    assert [line.split(" · ")[1] for line in lines if "Eve" in line] == ["…", "…"]


async def test_only_moderators_exclude_and_nobody_themselves(stage: Stage) -> None:
    result = await stage.mo.slash(stage.stories, "moderate ban", member=stage.mo)
    assert "cannot exclude yourself" in said(stage, result)
    result = await stage.mo.slash(stage.stories, "moderate unban", member="Nobody")
    assert "is not excluded here" in said(stage, result)


async def test_a_form_that_was_open_when_its_member_was_excluded_is_turned_away(stage: Stage) -> None:
    story = await told(stage, FOX)
    fox = await begun(stage)
    await fox.shown()
    panel = answered(await stage.ann.slash(stage.stories, "me defaults"))
    opened = {
        "Remix": await stage.ann.click(stage.shown(frame(stage, story)), label="Remix"),
        "a scene": await fox.press(stage.ann, "add"),
        "a story": await stage.ann.slash(stage.stories, "story write"),
        "defaults": await stage.ann.click(panel, custom_id="samefox:me:press:form:mine"),
    }
    before = await stage.newest()
    await stage.mo.slash(stage.stories, "moderate ban", member=stage.ann, reason="spam")
    for name, form in opened.items():
        typed = fields(form, *("20" for _ in inputs(form)))
        refused = said(stage, await stage.ann.submit_modal(form, typed))
        assert "excluded you from my stories: “spam”" in refused, name
    assert await stage.newest() == before
    assert (await stage.told(story.id)).takes == story.takes
    assert (await fox.story()).frames == ()
    assert (await stage.bot.studio.defaults(stage.ann.id)).steps is None
    await stage.mo.slash(stage.stories, "moderate unban", member=str(stage.ann.id))
