"""The rehearsal: the real bot, unchanged, in a Discord on this machine. Needs no token and no network.

world.py    that Discord, kept on disk across kills
meadow.py   the server in it, its channels and people
page.py     a page in the browser that looks like it
previews.py what simcord draws on that page, channel by channel
once.py     one story, told and written to a folder
stage.py    the order of it all
"""
