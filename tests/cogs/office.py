"""A server with somebody who may manage it, and what is done with its panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import discord
from simcord import ChannelHandle, MemberActor, RoleHandle
from simcord.results import InteractionResult, ResponseMessage

from generator.server import ServerSettings
from generator.story import Person, Recipe
from tests.cogs.conftest import Stage, walk

FOX = "a red fox: in a meadow | in the snow | by a river"
MANAGER = discord.Permissions(manage_guild=True)


@dataclass
class Office:
    """A stage, and somebody who may manage its server."""

    stage: Stage
    ada: MemberActor
    keepers: RoleHandle

    @property
    def guild(self) -> Any:
        return self.stage.stories.guild

    async def settings(self) -> ServerSettings:
        return await self.stage.bot.studio.server(self.guild.id)

    async def set(self, **choices: Any) -> None:
        """What the panel would keep."""
        await self.stage.bot.studio.archive.servers.change(
            self.guild.id, Person(id=1, name="Ada"), lambda _: ServerSettings().altered(**choices)
        )

    async def open(self, page: str = "home") -> ResponseMessage:
        """Ada's panel at this page."""
        panel = shown(await self.ada.slash(self.stage.stories, "settings"))
        if page != "home":
            await self.press(panel, "open", page)
        return panel

    async def press(self, panel: ResponseMessage, verb: str, what: str) -> InteractionResult:
        return await self.ada.click(panel, custom_id=f"samefox:settings:press:{verb}:{what}")

    async def choose(self, panel: ResponseMessage, setting: str, *values: Any) -> InteractionResult:
        return await self.ada.select(panel, values, custom_id=f"samefox:settings:menu:{setting}")

    async def type(self, panel: ResponseMessage, form: str, *texts: str) -> InteractionResult:
        """Open a form and send it with these texts."""
        opened = await self.press(panel, "form", form)
        return await self.ada.submit_modal(opened, typed(*texts))

    async def recipe(self, teller: MemberActor, channel: ChannelHandle, **options: Any) -> Recipe:
        """How the first picture of a story that is told now would be drawn."""
        before = await self.stage.newest()
        result = await teller.slash(channel, "story tell", prompt=FOX, **options)
        number = await self.stage.newest()
        assert number > before, said(result)
        await self.stage.bot.studio.cancel(number)
        return (await self.stage.bot.studio.archive.story(number)).takes[0].recipe

    async def refusal(self, teller: MemberActor, channel: ChannelHandle, **options: Any) -> str:
        """What is said to somebody who cannot tell a story."""
        posted = len(self.stage.messages(channel.id))
        result = await teller.slash(channel, "story tell", **{"prompt": FOX} | options)
        assert len(self.stage.messages(channel.id)) == posted
        return said(result)


def typed(*texts: str) -> dict[str, str]:
    """What is written in a form, by the ids of its fields."""
    return {str(number): text for number, text in enumerate(texts)}


def shown(result: InteractionResult) -> ResponseMessage:
    """The bot's last private message."""
    last = next(m for m in reversed([result.response, *result.followups]) if m is not None)
    assert last.ephemeral
    return last


def said(result: InteractionResult) -> str:
    return words(shown(result))


def words(message: ResponseMessage) -> str:
    """All words of a message, as they are read."""
    found = [str(part.get("content") or "") for part in walk(message._message)]
    return "\n".join([message.content, *found]).replace("\\", "")


def menu(message: ResponseMessage, setting: str, desk: str = "settings") -> dict[str, Any]:
    wanted = f"samefox:{desk}:menu:{setting}"
    return next(part for part in walk(message._message) if part.get("custom_id") == wanted)


def marked(message: ResponseMessage, setting: str, desk: str = "settings") -> list[str]:
    """What a menu shows as chosen."""
    part = menu(message, setting, desk)
    defaults = [str(each["id"]) for each in part.get("default_values") or ()]
    return defaults or [each["value"] for each in part.get("options") or () if each.get("default")]


def fields(form: InteractionResult) -> list[str]:
    """What is written in a form's fields when it opens."""
    assert form.modal is not None
    return [str(part["component"].get("value") or "") for part in form.modal["components"]]
