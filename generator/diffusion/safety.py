"""Looks at a finished picture: any image classifier of transformers', or the safety checker of diffusers'."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from torch import Tensor
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification

from generator.diffusion.checkpoints import quieten, sentence
from generator.diffusion.decoding import Beside
from generator.diffusion.devices import is_out_of_memory
from generator.errors import ModelError
from generator.profiles import is_hub_id
from generator.settings import SafetySettings
from generator.story import Verdict

log = logging.getLogger(__name__)

CONCEPT = "a concept of the safety checker"
"""The label of what diffusers' checker finds, which does not tell what it is."""


class Inspector:
    """Judges pictures one at a time on the device that draws them; it is small, so in float32."""

    def __init__(self, settings: SafetySettings, device: str = "cpu") -> None:
        """Load the model.

        Raises ``ModelError`` where it cannot be loaded, or knows none of the labels.
        """
        quieten()
        self._settings = settings
        self._device = torch.device(device)
        self._model, self._processor = load(settings.model)
        self._score = (
            checker_score if is_checker(self._model.config) else classifier_score(self._model, settings)
        )
        self._model.to(self._device).eval()
        self._beside = Beside(self._device)

    def look(self, image: Image.Image) -> Verdict:
        """What the model makes of a picture; without video memory, it moves to the processor for good."""
        pixels = self._processor(images=[image.convert("RGB")], return_tensors="pt")["pixel_values"]
        try:
            return self._judged(pixels)
        except Exception as error:
            if not is_out_of_memory(error) or self._device.type == "cpu":
                raise
            log.warning("The safety model has no room on %s and moves to the processor.", self._device)
        self._device = torch.device("cpu")
        self._model.to(self._device)
        self._beside = Beside(self._device)
        return self._judged(pixels)

    @torch.inference_mode()
    def _judged(self, pixels: Tensor) -> Verdict:
        with self._beside.orders():  # else it would wait for all that is ordered of the next pictures
            label, score = self._score(self._model, pixels.to(self._device))
        if not math.isfinite(score):
            score = 1.0  # what cannot be judged is not shown
        return Verdict(
            label=label,
            score=score,
            unsafe=score >= self._settings.threshold,
            doubtful=score >= self._settings.strict_threshold,
        )


Score = Callable[[Any, Tensor], tuple[str, float]]
"""From a model and pixels (1, 3, h, w) to the unsafe label that fits best, and how probable it is, 0 to 1."""


def checker_score(model: Any, pixels: Tensor) -> tuple[str, float]:
    """The checker says yes or no; it blackens the pictures it is given, so it is given another."""
    _, (found,) = model(clip_input=pixels, images=[np.zeros((1, 1, 3))])
    return CONCEPT, float(found)


def classifier_score(model: Any, settings: SafetySettings) -> Score:
    """How probable the unsafe labels are together, or the most probable one where labels do not exclude
    one another.
    """
    names = {str(name).casefold(): index for index, name in model.config.id2label.items()}
    unsafe = [names[label.casefold()] for label in settings.unsafe_labels if label.casefold() in names]
    if not unsafe:
        raise ModelError(
            "The safety model {model} has none of the labels {wanted}; please choose the unsafe ones of its "
            "own for safety.unsafe_labels in config.toml: {labels}.",
            model=settings.model,
            wanted=settings.unsafe_labels,
            labels=tuple(map(str, model.config.id2label.values())),
        )
    independent = model.config.problem_type == "multi_label_classification"

    def score(model: Any, pixels: Tensor) -> tuple[str, float]:
        logits = model(pixel_values=pixels).logits[0].float()
        chances = (logits.sigmoid() if independent else logits.softmax(0))[unsafe]
        label = str(model.config.id2label[unsafe[int(chances.argmax())]])
        return label, min(1.0, float(chances.max() if independent else chances.sum()))

    return score


def load(name: str) -> tuple[Any, Any]:
    """A model and what makes its input, from a folder or the Hub; only safetensors, as everywhere here."""
    log.info("Loading the safety model %s", name)
    path = Path(name).expanduser()
    if not path.is_dir() and not is_hub_id(name):
        raise ModelError("There is no safety model at {model}: give a folder or a Hub id.", model=name)
    source = str(path) if path.is_dir() else name
    with sentence(
        "The safety model {model} cannot be loaded ({reason}); until it can be, nothing is drawn.", model=name
    ):
        checker = is_checker(AutoConfig.from_pretrained(source))
        kind = StableDiffusionSafetyChecker if checker else AutoModelForImageClassification
        model = kind.from_pretrained(source, dtype=torch.float32, use_safetensors=True)
        return model, AutoImageProcessor.from_pretrained(source)


def is_checker(config: Any) -> bool:
    """Whether a configuration is that of diffusers' own safety checker."""
    return StableDiffusionSafetyChecker.__name__ in (config.architectures or ())
