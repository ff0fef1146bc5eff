"""Brings what Discord shows up to what the archive knows."""
