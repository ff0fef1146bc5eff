"""Stories told together: the buttons that follow the pictures, the panel, and what is simply written."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import ui
from discord.ext import commands

from cogs.access import meant
from cogs.languages import public_locale
from cogs.place import check_place, check_polls, check_server, member_of, person, roles_of
from cogs.presentation import forms
from cogs.presentation.answers import answer
from cogs.presentation.circle import DESK, name_of, scene_form
from cogs.presentation.circle_panel import (
    heir_question,
    move_panel,
    note,
    panel,
    undo_panel,
    undo_question,
)
from cogs.presentation.controls import press
from cogs.presentation.doubts import doubts
from cogs.presentation.take_forms import refusal
from cogs.presentation.words import _, ngettext, speaking
from generator.errors import NotFound, SamefoxError
from generator.limits import standing
from generator.story import Person, Story, Storyboard, Take
from generator.together.circle import Circle, CircleRefused, Mode, check_manager, may_manage

if TYPE_CHECKING:
    from bot import Samefox

log = logging.getLogger(__name__)

Press = Callable[["discord.Interaction[Any]", Story], Awaitable[str]]
"""What a button of the panel does; what to say of it."""

NamedPress = Callable[["discord.Interaction[Any]", Story, int], Awaitable[None]]
"""What a button does that names a scene or a person too."""


class CircleCog(commands.Cog, name=DESK):
    """The buttons, menus and forms of stories told together; each names its story."""

    def __init__(self, bot: Samefox) -> None:
        self.bot = bot
        self.together = bot.studio.together
        self.circles = bot.studio.archive.circles
        self._panel: dict[str, Press] = {
            "panel": self._back,
            "keep": self._keep,
            "close": self._close,
            "reopen": self._reopen,
            "retell": self._retell,
            "count": self._count,
        }
        self._named: dict[str, NamedPress] = {
            "earlier": partial(self._move, -1),
            "later": partial(self._move, 1),
            "undo": self._ask_undo,
            "take_back": self._undo,
            "hand_over": self._hand_over,
        }

    # -- for everybody ----------------------------------------------------------------------------------

    async def pressed(self, interaction: discord.Interaction[Any], verb: str, what: str) -> None:
        """A button was pressed."""
        number, _dot, frame = what.removeprefix("scene_").partition(".")
        story = await self._story(interaction, int(number))
        if verb in ("add", "correct"):
            await self._write(interaction, story)
        elif verb == "skip":
            await self._skip(interaction, story, int(frame) if frame else None)
        elif verb in ("join", "leave", "vote"):
            await self._take_part(interaction, story, verb)
        elif verb == "manage":
            await self._manage(interaction, story)
        elif verb in self._named:
            await self._named[verb](interaction, story, int(frame))
        else:
            await interaction.response.defer()
            await self._show(interaction, story.id, await self._panel[verb](interaction, story))

    async def _write(self, interaction: discord.Interaction[Any], story: Story) -> None:
        """Open the form, if there is any use in it."""
        check_server(interaction, await self.bot.studio.server(story.guild_id))
        await self.together.check_may_write(story.id, person(interaction))
        circle = await self.circles.circle(story.id)
        typed = forms.typed_before(scene_form(circle), interaction.message)
        form = scene_form(circle, story.taken_from(person(interaction)) if typed is None else "")
        await interaction.response.send_modal(forms.modal(form, typed))

    async def _take_part(self, interaction: discord.Interaction[Any], story: Story, verb: str) -> None:
        await interaction.response.defer(ephemeral=True)
        check_server(interaction, await self.bot.studio.server(story.guild_id))
        who, moderator = person(interaction), _moderates(interaction)
        if verb == "join":
            circle = await self.together.join(story.id, who)
            leave = ui.View(timeout=None).add_item(press(DESK, "leave", str(story.id), _("Leave"), "🚪"))
            leave.stop()
            await answer(interaction, _joined(circle, who), view=leave)
        elif verb == "leave":
            await self.together.leave(story.id, who)
            await interaction.edit_original_response(
                content=_("🚪 You take no more turns. Press 🙋 to come back."), view=None
            )
        else:
            await self.together.call_vote(story.id, who, moderator=moderator)

    async def _skip(self, interaction: discord.Interaction[Any], story: Story, holder_id: int | None) -> None:
        await interaction.response.defer(ephemeral=True)
        check_server(interaction, await self.bot.studio.server(story.guild_id))
        who, moderator = person(interaction), _moderates(interaction)
        await self.together.skip(story.id, who, holder_id, moderator=moderator)

    # -- scenes -----------------------------------------------------------------------------------------

    async def sent(self, interaction: discord.Interaction[Any], name: str, typed: list[str]) -> None:
        """A scene was sent."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        story = await self._story(interaction, int(name.removeprefix("scene_")))
        await self.add(interaction, story, typed[0])

    async def add(self, interaction: discord.Interaction[Any], story: Story, text: str) -> None:
        """Add a scene, or say why not and bring it back; the interaction is deferred."""
        try:
            check_place(interaction)
            server = await self.bot.studio.server(story.guild_id)
            check_server(interaction, server)
            may = standing(roles_of(interaction.user), server)
            circle, take = await self.together.add(
                story.id, person(interaction), text, locale=str(interaction.locale), standing=may
            )
        except SamefoxError as error:
            form = scene_form(await self.circles.circle(story.id))
            await interaction.followup.send(view=refusal(form, [text], [error]), ephemeral=True)
            return
        await answer(interaction, await self._receipt(circle, take))

    async def _receipt(self, circle: Circle, take: Take | None) -> str:
        if take is None:
            return _("🗳️ Your scene is proposed. Until the vote, you can replace it with another.")
        frame = (await self.bot.studio.archive.story(circle.story_id)).frame_of(take.id)
        scene = replace(take.recipe, subject="")  # which was spoken of when the story began
        board = Storyboard(subject="", style="", scenes=(take.scene,), recipes=(scene,))
        said = _("✍️ Your scene is number {number}; its picture is on its way.")
        number = (frame.position or 0) + 1
        return said.format(number=number) + doubts(self.bot.studio, board)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A story whose thread is deleted waits for nobody any more."""
        story_id = await self.circles.in_thread(payload.thread_id)
        if story_id is not None:
            await self.together.end(story_id)

    # -- the panel --------------------------------------------------------------------------------------

    async def chosen(self, interaction: discord.Interaction[Any], setting: str, values: list[str]) -> None:
        """Something was chosen in a menu of the panel."""
        kind, _dot, number = setting.partition(".")
        story = await self._story(interaction, int(number))
        await interaction.response.defer()
        who, moderator, said = person(interaction), _moderates(interaction), _("✅ Changed.")
        if kind == "move":
            frame = next((frame for frame in story.frames if str(frame.id) == values[0]), None)
            if frame is None:
                raise NotFound("This scene is not part of the story any more; please choose another one.")
            await interaction.edit_original_response(view=move_panel(story, frame))
            return
        if kind == "mode":
            if Mode(values[0]) is Mode.VOTE:
                check_polls(interaction)
            await self.together.set_mode(story.id, who, Mode(values[0]), moderator=moderator)
        elif kind == "minutes":
            await self.together.set_minutes(story.id, who, int(values[0]), moderator=moderator)
        elif values:
            heir = _resolved(interaction, int(values[0]))
            circle = await self.circles.circle(story.id)
            check_manager(circle, who, moderator=moderator)
            if heir.id != circle.owner.id:
                loses = story.author.id == who.id and not moderator
                view = heir_question(story, heir, loses=loses)
                await interaction.edit_original_response(view=view)
                return
            said = _("👌 It is {name}’s story already.").format(name=name_of(heir))
        await self._show(interaction, story.id, said)

    async def _manage(self, interaction: discord.Interaction[Any], story: Story) -> None:
        """Open the panel, for those whose story it is; who wrote the last scene can take that back."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        who, moderator = person(interaction), _moderates(interaction)
        circle = await self.circles.circle(story.id)
        notice = ""
        if not may_manage(circle, who, moderator=moderator):
            took_part = _took_part(story, circle, who)
            if took_part and await member_of(interaction.guild, circle.owner.id) is None:
                left = _("{name} is not in this server any more, so you look after this story now.")
                notice = left.format(name=name_of(circle.owner))
                circle = await self.together.hand_over(story.id, circle.owner, who, moderator=False)
            elif story.frames and story.frames[-1].author.id == who.id:
                await interaction.followup.send(view=undo_panel(story), ephemeral=True)
                return
        check_manager(circle, who, moderator=moderator)
        await interaction.followup.send(view=panel(story, circle, notice), ephemeral=True)

    async def _show(self, interaction: discord.Interaction[Any], story_id: int, notice: str) -> None:
        """The panel as it is now."""
        circle = await self.circles.circle(story_id)
        view = note(notice)
        if may_manage(circle, person(interaction), moderator=_moderates(interaction)):
            view = panel(await self.bot.studio.archive.story(story_id), circle, notice)
        await interaction.edit_original_response(view=view)

    async def _back(self, interaction: discord.Interaction[Any], story: Story) -> str:
        """Leave a part of the panel, for whoever may look at the whole by now."""
        circle = await self.circles.circle(story.id)
        check_manager(circle, person(interaction), moderator=_moderates(interaction))
        return ""

    async def _keep(self, _interaction: discord.Interaction[Any], _story: Story) -> str:
        return _("👌 Nothing was taken back.")

    async def _close(self, interaction: discord.Interaction[Any], story: Story) -> str:
        await self.together.close(story.id, person(interaction), moderator=_moderates(interaction))
        return _("🔒 The story is closed. Its end is in the thread.")

    async def _reopen(self, interaction: discord.Interaction[Any], story: Story) -> str:
        await self.together.reopen(story.id, person(interaction), moderator=_moderates(interaction))
        return _("🔓 The story goes on.")

    async def _count(self, interaction: discord.Interaction[Any], story: Story) -> str:
        await self.together.end_vote(story.id, person(interaction), moderator=_moderates(interaction))
        return _("🗳️ The votes are being counted.")

    async def _retell(self, interaction: discord.Interaction[Any], story: Story) -> str:
        check_place(interaction)
        server = await self.bot.studio.server(story.guild_id)
        check_server(interaction, server)
        count = await self.together.retell(
            story.id,
            person(interaction),
            moderator=_moderates(interaction),
            standing=standing(roles_of(interaction.user), server),
        )
        return ngettext(
            "🎨 The picture is being drawn again.",
            "🎨 All {count} pictures are being drawn again, each knowing the whole story.",
            count,
        ).format(count=count)

    async def _ask_undo(self, interaction: discord.Interaction[Any], story: Story, frame_id: int) -> None:
        """Say what would go with the last scene, and ask."""
        await interaction.response.defer()
        who = person(interaction)
        await self.together.check_may_undo(story, who, frame_id, moderator=_moderates(interaction))
        await interaction.edit_original_response(view=undo_question(story, who))

    async def _undo(self, interaction: discord.Interaction[Any], story: Story, frame_id: int) -> None:
        await interaction.response.defer()
        who = person(interaction)
        frame = await self.together.undo(story.id, who, frame_id, moderator=_moderates(interaction))
        number, mine = (frame.position or 0) + 1, frame.author.id == who.id
        if mine:
            said = _("↩️ Taken back: scene {number}. Its words are still in your form, behind ✍️.")
        else:
            said = _("↩️ Taken back: scene {number}, by {name}. Its words are still in their form, behind ✍️.")
        await self._show(interaction, story.id, said.format(number=number, name=name_of(frame.author)))
        if not mine:
            await self._tell_writer(story, frame.author, who)

    async def _tell_writer(self, story: Story, writer: Person, who: Person) -> None:
        """Tell somebody that another took their scene back; who takes no messages reads it in the thread.

        It holds nothing of the story, since a message to one person cannot be taken away with that.
        """
        with speaking(await public_locale(self.bot, story.guild_id)):
            if who.id == story.author.id:
                said = _("↩️ {name}, whose story it is, took your last scene in {thread} back.")
            else:
                said = _("↩️ A moderator took your last scene in {thread} back.")
            text = said.format(name=f"<@{who.id}>", thread=f"<#{story.thread_id}>")
            text += " " + _("Its words are still in your form, behind ✍️.")
        with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
            await (await self.bot.create_dm(discord.Object(writer.id))).send(text)

    async def _hand_over(self, interaction: discord.Interaction[Any], story: Story, heir_id: int) -> None:
        await interaction.response.defer()
        member = await member_of(interaction.guild, heir_id)
        if member is None:
            raise _gone()
        heir = Person(id=heir_id, name=member.display_name)
        who, moderator = person(interaction), _moderates(interaction)
        await self.together.hand_over(story.id, who, heir, moderator=moderator)
        said = _("✅ {name} looks after this story now.").format(name=name_of(heir))
        await self._show(interaction, story.id, said)

    async def _move(
        self, by: int, interaction: discord.Interaction[Any], story: Story, frame_id: int
    ) -> None:
        await interaction.response.defer()
        who = person(interaction)
        await self.together.move(story.id, who, frame_id, by, moderator=_moderates(interaction))
        story = await self.bot.studio.archive.story(story.id)
        frame = next(frame for frame in story.frames if frame.id == frame_id)
        await interaction.edit_original_response(view=move_panel(story, frame))

    async def _story(self, interaction: discord.Interaction[Any], story_id: int) -> Story:
        """The story that a button means, and not one of an archive since deleted."""
        message_id = interaction.message.id if interaction.message is not None else interaction.id
        return meant(interaction, await self.bot.studio.archive.story(story_id), message_id)


def _moderates(interaction: discord.Interaction[Any]) -> bool:
    return interaction.permissions.manage_messages


def _joined(circle: Circle, who: Person) -> str:
    if circle.turn is not None and circle.turn.id == who.id:
        return _("🙋 You are in, and it is your turn: press ✍️.")
    said = _("🙋 You are in. Turn {place} of {count}; it is {name}’s turn now.")
    place = [member.id for member in circle.members].index(who.id) + 1
    name = name_of(circle.turn) if circle.turn is not None else ""
    return said.format(place=place, count=len(circle.members), name=name)


def _took_part(story: Story, circle: Circle, who: Person) -> bool:
    return circle.is_member(who) or any(frame.author.id == who.id for frame in story.frames)


def _resolved(interaction: discord.Interaction[Any], user_id: int) -> Person:
    """The person that was chosen in a menu, by the name they bear in this server."""
    data: Any = interaction.data
    resolved = data.get("resolved", {})
    user, member = resolved["users"][str(user_id)], resolved.get("members", {}).get(str(user_id))
    if user.get("bot"):
        raise CircleRefused("A bot cannot look after a story; please choose a person.")
    if member is None:
        raise _gone()
    return Person(id=user_id, name=member.get("nick") or user.get("global_name") or user["username"])


def _gone() -> CircleRefused:
    return CircleRefused("They are not in this server any more; please choose somebody who is.")


async def setup(bot: Samefox) -> None:
    """Called by discord.py."""
    await bot.add_cog(CircleCog(bot))
