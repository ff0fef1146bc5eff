"""The image factory: torch, diffusers and transformers live here and nowhere above."""
