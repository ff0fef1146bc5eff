from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from generator.diffusion.safety import Inspector
from generator.errors import ModelError
from generator.settings import SafetySettings
from tests.models import build_checker, build_classifier

RED = Image.new("RGB", (64, 96), (230, 20, 20))
BLUE = Image.new("RGB", (96, 64), (20, 20, 230))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(build_classifier(tmp_path_factory.mktemp("classifier")))


def test_a_classifier_objects_to_what_it_learnt_to_object_to(classifier: str) -> None:
    inspector = Inspector(SafetySettings(model=classifier))
    red, blue = inspector.look(RED), inspector.look(BLUE)
    assert (red.label, red.unsafe, red.doubtful) == ("nsfw", True, True)
    assert (blue.unsafe, blue.doubtful) == (False, False)
    assert 0 <= blue.score < 0.4 < 0.7 < red.score <= 1


def test_what_is_doubtful_need_not_be_unsafe(classifier: str) -> None:
    score = Inspector(SafetySettings(model=classifier)).look(RED).score
    settings = SafetySettings(model=classifier, threshold=1.0, strict_threshold=score / 2)
    verdict = Inspector(settings).look(RED)
    assert (verdict.unsafe, verdict.doubtful) == (False, True)


def test_a_picture_in_any_mode_is_judged(classifier: str) -> None:
    inspector = Inspector(SafetySettings(model=classifier))
    for mode in ("L", "RGBA", "P"):
        assert 0 <= inspector.look(RED.convert(mode)).score <= 1


def test_a_judgement_that_is_no_number_counts_as_unsafe(classifier: str) -> None:
    inspector = Inspector(SafetySettings(model=classifier))
    inspector._model.classifier.bias.data.fill_(torch.nan)
    assert inspector.look(BLUE).unsafe


def test_judging_changes_neither_the_picture_nor_torchs_random_state(classifier: str) -> None:
    inspector, picture, state = Inspector(SafetySettings(model=classifier)), RED.copy(), torch.get_rng_state()
    inspector.look(picture)
    assert picture.tobytes() == RED.tobytes()
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("finds", [True, False])
def test_the_safety_checker_of_diffusers_is_asked_as_it_wants_to_be(tmp_path: Path, finds: bool) -> None:
    verdict = Inspector(SafetySettings(model=str(build_checker(tmp_path, finds=finds)))).look(RED)
    assert (verdict.unsafe, verdict.doubtful, verdict.score) == (finds, finds, float(finds))


def test_labels_that_the_model_has_not_are_refused_by_name(classifier: str) -> None:
    with pytest.raises(ModelError, match=r"none of the labels gore; .*: normal, nsfw"):
        Inspector(SafetySettings(model=classifier, unsafe_labels=("gore",)))


def test_a_folder_without_a_model_is_refused_and_says_what_follows(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be loaded .* nothing is drawn"):
        Inspector(SafetySettings(model=str(tmp_path)))
