"""Stories that several people tell: the rules, the recipes of a growing story, and what can be asked for."""
