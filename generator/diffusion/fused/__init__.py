"""Blocks of a network in which several passes over the same numbers are one; nothing but rounding differs."""
