"""Samefox's front door: read config.toml, open the studio, start Discord or the rehearsal."""

from __future__ import annotations

from generator import interrupting

if __name__ == "__main__":
    interrupting.ends()

import argparse
import asyncio
import gc
import logging
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import discord
from discord.ext import commands

from cogs.languages import answer_in_their_language
from cogs.place import INVITED
from cogs.posting.publisher import Publisher
from cogs.posting.remover import Remover
from cogs.presentation.buttons import BUTTONS
from cogs.presentation.controls import CONTROLS, receive
from cogs.reception import Reception
from cogs.tree import StoryTree
from generator.errors import ConfigurationError, SamefoxError
from generator.profiles import BUILT_IN
from generator.script import read_script
from generator.settings import OFF, Settings, read_settings
from generator.story import Story
from generator.studio import Studio, open_studio

log = logging.getLogger("samefox")

EXTENSIONS = (
    "cogs.story",
    "cogs.takes",
    "cogs.recipes",
    "cogs.characters",
    "cogs.settings",
    "cogs.me",
    "cogs.queue",
    "cogs.circle",
    "cogs.listening",
    "cogs.together",
    "cogs.gallery",
    "cogs.moderate",
    "cogs.reports",
    "cogs.forget",
)

SERVED_AT_ONCE = 4
CONNECTIONS = 256
"""An answer is on its way for a tenth of a second: with so many, a thousand are there within one."""

NEW_OBJECTS = 10_000
"""After so many, garbage is looked for: a command makes a hundred that are in use until it is answered."""

Start: TypeAlias = Callable[[], Coroutine[Any, Any, int]]

PORTAL = "https://discord.com/developers/applications"
INVITATION = discord.utils.oauth_url(
    "APPLICATION_ID", permissions=INVITED, scopes=("bot", "applications.commands")
)
WITHOUT_TOKEN = (
    "Samefox needs a Discord bot's token in the environment variable DISCORD_TOKEN: create an application at "
    f"{PORTAL}, copy the token from its page “Bot”, and invite it to your server with {INVITATION} "
    "(its application id in place of APPLICATION_ID); python bot.py --rehearse needs no token."
)
WRONG_TOKEN = (
    "Discord does not accept the token in DISCORD_TOKEN; please copy it again from the page “Bot” of your "
    f"application at {PORTAL}."
)
TOKEN = re.compile(r"[\x21-\x7e]+")  # anything else finds no place in a request
NOT_DISCORD = (
    "What answers in Discord's place is not Discord, but perhaps a web page; please check the network, which "
    "may ask for a login or have a proxy."
)
WITHOUT_INTENT = (
    "Discord does not let this bot read messages: please switch on “Message Content Intent” on the page "
    f"“Bot” of your application at {PORTAL}, or set read_messages = false under [bot] in config.toml; "
    "everything but writing scenes as plain messages works without it."
)


class Samefox(commands.AutoShardedBot):
    """The Discord side: commands come in through its tree, stories go out through its publisher."""

    def __init__(self, settings: Settings, studio: Studio) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,  # there are no text commands
            help_command=None,
            tree_cls=StoryTree,
            intents=_intents(settings),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            # In a rush, connections that are kept are faster than a new one for each answer.
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        )
        answer_in_their_language(self)
        self.reception = Reception(self, CONNECTIONS)
        self.studio = studio
        self.publisher = Publisher(self, studio)
        # Whoever asks is answered within three seconds; whoever was answered is served by and by.
        self.desk = asyncio.Semaphore(SERVED_AT_ONCE)
        self.remover = Remover(self, studio)
        studio.gate.age_restricted = self._age_restricted

    @property
    def settings(self) -> Settings:
        """What the host has set, with what the devices make of it."""
        return self.studio.settings

    async def setup_hook(self) -> None:
        """Load the cogs, let old buttons find their way, and make the commands known."""
        for extension in EXTENSIONS:
            try:
                await self.load_extension(extension)
            except commands.ExtensionError as error:
                cause = error.__cause__ or error
                log.critical("%s cannot be loaded", extension, exc_info=cause)
                raise SamefoxError(unloadable(extension, cause)) from error
        self.add_dynamic_items(*BUTTONS, *CONTROLS)
        assert isinstance(self.tree, StoryTree)
        await self.tree.sync_if_changed()

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Call who listens; of interactions only to forms, so that commands do not wait for their tasks."""
        if event_name == "socket_event_type":  # each event's name, to which nobody listens
            return
        if event_name != "interaction" or args[0].type is discord.InteractionType.modal_submit:
            super().dispatch(event_name, *args, **kwargs)

    async def on_interaction(self, interaction: discord.Interaction[Samefox]) -> None:
        """A form may have been sent."""
        await receive(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """There are no text commands; who reads messages listens for them."""

    def _age_restricted(self, channel_id: int) -> bool:
        """Whether a channel, or a thread's channel, is; one that is not known is not."""
        channel = self.get_channel(channel_id)
        return isinstance(channel, discord.TextChannel | discord.Thread) and channel.is_nsfw()

    async def on_ready(self) -> None:
        """Say that people can come."""
        servers = len(self.guilds)
        log.info("Connected as %s, in %d %s", self.user, servers, "server" if servers == 1 else "servers")


def _intents(settings: Settings) -> discord.Intents:
    """What Discord is asked to tell of; what members write only where the host allows it."""
    reading = settings.bot.read_messages
    return discord.Intents(guilds=True, guild_messages=reading, message_content=reading)


def main() -> int:
    """Run the command line; its exit status."""
    arguments = _arguments()
    try:
        interrupting.is_heard()
        settings = read_settings(arguments.config).at(arguments.config.parent)
        start = _rehearsal(settings, arguments) if arguments.rehearse else _connection(settings, arguments)
        discord.utils.setup_logging(level=logging.getLevelName(settings.bot.log_level))
        # Samefox does not speak, so it need not hear that it cannot.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        gc.freeze()  # what was imported stays, and need not be looked through while somebody waits
        gc.set_threshold(NEW_OBJECTS)
        # The simulated Discord looks into asyncio's own loop.
        loop_factory = asyncio.new_event_loop if arguments.rehearse else event_loop
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(start())
    except SamefoxError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, ConfigurationError) else 1
    except KeyboardInterrupt:
        return 130  # as shells count an interrupted program


def event_loop() -> asyncio.AbstractEventLoop:
    """The fastest that there is for this system."""
    try:
        import uvloop
    except ModuleNotFoundError:  # on Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A Discord bot that tells stories in pictures.")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(__file__).with_name("config.toml"),
        help="default: config.toml here",
    )
    parser.add_argument(
        "--rehearse", action="store_true", help="start in a simulated Discord, with a page in the browser"
    )
    parser.add_argument("--once", metavar="PROMPT", help="with --rehearse: tell this one story, then end")
    parser.add_argument("--out", metavar="DIR", type=Path, help="with --once: the folder for what it leaves")
    arguments = parser.parse_args()
    once = arguments.once is not None
    if once != (arguments.out is not None) or (once and not arguments.rehearse):
        parser.error("--once PROMPT, --out DIR and --rehearse belong together")
    return arguments


def warn_unchecked(settings: Settings) -> None:
    """Say what follows from it that nobody looks at the pictures."""
    unchecked = [name for name in settings.model.names if name not in BUILT_IN]
    if settings.safety.model == OFF and unchecked:
        log.warning(
            "No safety model looks at what %s draws, so its pictures are covered outside age-restricted "
            "channels. Name one under [safety] in config.toml, such as Falconsai/nsfw_image_detection.",
            ", ".join(unchecked),
        )


@asynccontextmanager
async def opened(settings: Settings, folder: Path) -> AsyncIterator[Samefox]:
    """The bot with all that works while it is not connected."""
    # The bot is entered, so that whoever waits until it is connected may begin before it connects.
    async with open_studio(settings, folder) as studio, Samefox(settings, studio) as bot:
        tasks = [
            asyncio.create_task(bot.publisher.run(), name="publisher"),
            asyncio.create_task(bot.remover.run(), name="remover"),
        ]
        try:
            yield bot
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _connection(settings: Settings, arguments: argparse.Namespace) -> Start:
    """How to serve the real Discord."""
    token = os.environ.get("DISCORD_TOKEN", "").strip()
    if not token:
        raise ConfigurationError(WITHOUT_TOKEN)
    if not TOKEN.fullmatch(token):
        raise ConfigurationError(WRONG_TOKEN)

    async def connect() -> int:
        warn_unchecked(settings)
        async with opened(settings, settings.bot.data) as bot:
            loop = asyncio.get_running_loop()
            serving = loop.create_task(begin(bot, token), name="serving")
            for name in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError):  # Windows has no signal handlers
                    # A bot that is only closed goes on waiting for a Discord that refuses it.
                    loop.add_signal_handler(name, serving.cancel)
            with suppress(asyncio.CancelledError):
                await serving
        return 0

    return connect


async def begin(bot: Samefox, token: str) -> None:
    """Connect, and serve until it is cancelled.

    Raises:
        ConfigurationError: Discord does not want the token, or the intents.
        SamefoxError: there is no way to Discord.
    """
    try:
        await bot.start(token)
    except discord.LoginFailure as error:
        raise ConfigurationError(WRONG_TOKEN) from error
    except discord.PrivilegedIntentsRequired as error:
        raise ConfigurationError(WITHOUT_INTENT) from error
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        raise SamefoxError(unreachable(error)) from error
    except (LookupError, TypeError, ValueError) as error:  # discord.py reads a page as if it were Discord's
        if bot.shards:
            raise
        log.info("All that is known of it:", exc_info=True)  # it may be our own mistake
        raise SamefoxError(NOT_DISCORD) from error


def unloadable(extension: str, error: BaseException) -> str:
    """Which part of the bot does not load, and what to do, in a sentence; the log has where it fails."""
    reason = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".: ")
    return (
        f"Samefox does not start, as its part {extension} cannot be loaded ({reason}); please run "
        "pip install -e . again, and should that not help, see the log, which says where it fails."
    )


def unreachable(error: Exception) -> str:
    """Why there is no way to Discord, and what to do, in a sentence; not what a page on the way says."""
    refusal = error.__cause__ if isinstance(error, discord.GatewayNotFound) else error
    if not isinstance(refusal, discord.HTTPException):
        reason = str(error).rstrip(".") or "it does not answer in time"
        return f"Discord cannot be reached: {reason}. Please check the network."
    answer = f"{refusal.status} {refusal.response.reason}"
    if refusal.status == 429:
        return f"Discord has had too much of this address ({answer}); please start the bot again in an hour."
    if refusal.status >= 500:
        return f"Discord does not work at the moment ({answer}); please see https://discordstatus.com."
    return f"The way to Discord is refused ({answer}); please check the network, above all its proxy."


def _rehearsal(settings: Settings, arguments: argparse.Namespace) -> Start:
    """How to serve a simulated Discord, for a person at a page or for one story."""
    try:
        # Here, because it takes a while and an event loop should not have to wait for it.
        from cogs.rehearsal.once import left_as_it_was
        from cogs.rehearsal.stage import rehearse
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The rehearsal needs {error.name}, which is not installed; please run "
            "pip install -e '.[rehearsal]'."
        ) from error

    async def start() -> int:
        folder = arguments.out or Path(__file__).with_name("rehearsal")
        with left_as_it_was(folder):
            async with opened(settings, folder) as bot:

                async def find(prompt: str) -> Story | None:
                    script = read_script(prompt, max_scenes=settings.limits.scenes)
                    return await bot.studio.archive.latest_telling(script)

                once = None if arguments.once is None else (arguments.once, folder)
                return await rehearse(bot, folder, once=once, find=find)

    return start


if __name__ == "__main__":
    sys.exit(main())
