"""Run a Python script whose discord.py finds Discord at another address: `launcher.py HOST:PORT SCRIPT …`."""

import runpy
import sys
from pathlib import Path

import discord
import yarl


def main() -> None:
    """Point discord.py at the address and become the script."""
    address, *sys.argv = sys.argv[1:]
    discord.http.Route.BASE = f"http://{address}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"ws://{address}/gateway")
    sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":  # the script's own child processes import this file without running it
    main()
