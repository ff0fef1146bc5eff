"""Finished pictures as files: PNGs that carry their recipe, strips, and writing that survives a power cut."""
