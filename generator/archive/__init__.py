"""What has been told: SQLite, and the only SQL of the project."""
