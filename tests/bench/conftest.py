"""The bench's tests draw as those of the image factory do."""

from tests.diffusion.conftest import one_thread as one_thread
