"""Who is drawn next, and the processes that draw."""
