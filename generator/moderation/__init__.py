"""What may be asked for, and how what was drawn is shown."""
