"""How well stories are told, measured: a judge that reads pictures, and the stories it is shown."""
