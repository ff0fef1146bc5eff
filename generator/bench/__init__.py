"""How fast stories are drawn, beside the ways that others draw them: ``python -m generator bench``."""
