"""One-Prompt-One-Story (ICLR 2025, arXiv 2501.13554), one idea a file.

Words travel through ``tokens`` and ``windows`` (which scenes share a frame's prompt), their embeddings
through ``svr`` (which of these scenes shows), and ``identity`` keeps the subject the same in every frame.
``tokens`` and ``windows`` are free of torch, since the bot's process plans stories with them.
"""
