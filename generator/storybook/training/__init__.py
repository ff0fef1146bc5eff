"""How the picture book's model came to be; two commands, and half an hour of one GPU."""
