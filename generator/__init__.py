"""What makes stories: from a text to pictures of one character. Never imports discord."""
