"""Where networks are while they draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.utils.torch_utils import get_module_execution_device

from generator.diffusion import pipeline
from generator.diffusion.decoding import TILE
from generator.diffusion.pipeline import Illustrator
from generator.diffusion.placing import NETWORKS, place
from generator.diffusion.plan import EXACT, Levers, Offload, Plan
from generator.diffusion.rig import Rig
from generator.diffusion.tiny import tiny
from generator.errors import OutOfMemory
from tests.diffusion.test_checkpoints import weights
from tests.diffusion.test_pipeline import RECIPE, pixels

WHOLE = Plan()
NAMED = {
    "text_encoder": "final_layer_norm.weight",
    "text_encoder_2": "text_projection.weight",
    "unet": "conv_in.weight",
    "vae": "decoder.conv_in.weight",
}  # a tensor of each
LEANER = [
    replace(WHOLE, offload=Offload.NETWORKS),
    replace(WHOLE, offload=Offload.LAYERS),
    replace(WHOLE, tiled=True),
    replace(WHOLE, tiled=True, offload=Offload.LAYERS),
]


@pytest.fixture(scope="module")
def drawing() -> Iterator[Illustrator]:
    """An illustrator of its own, since its networks are moved about."""
    yield Illustrator(WHOLE)


def names(plan: Plan) -> str:
    return f"{plan.offload}{'-tiled' if plan.tiled else ''}"


def addresses(pipe: StableDiffusionXLPipeline) -> dict[str, int]:
    return {name: getattr(pipe, name).get_parameter(NAMED[name]).data_ptr() for name in NETWORKS}


def anatomy(pipe: StableDiffusionXLPipeline) -> dict[str, dict[str, object]]:
    """Everything that anybody could have changed about a pipeline's modules, but for their tensors."""
    return {
        f"{name}.{path}": {
            key: value for key, value in vars(module).items() if key not in ("_parameters", "_buffers")
        }
        for name in NETWORKS
        for path, module in getattr(pipe, name).named_modules()
    }


@pytest.mark.parametrize("plan", LEANER, ids=names)
def test_every_plan_draws_the_same_picture_again_and_again(drawing: Illustrator, plan: Plan) -> None:
    expected = drawing.draw([RECIPE])[0]
    first, second = (drawing.draw([RECIPE], plan=plan)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()
    assert np.abs(pixels(first) - pixels(expected)).max() <= 1, "only roundings differ"


@pytest.mark.parametrize("offload", Offload)
def test_a_pipeline_is_left_exactly_as_it_was(offload: Offload) -> None:
    pipe = tiny()
    before, values = anatomy(pipe), {name: value.clone() for name, value in weights(pipe).items()}
    rig = Rig(pipe, replace(WHOLE, offload=offload))
    assert anatomy(pipe) != before
    pipe.unet.time_embedding(torch.zeros(1, 16))
    rig.take_down()
    assert anatomy(pipe) == before
    assert all(torch.equal(value, values[name]) for name, value in weights(pipe).items())


def test_one_network_at_a_time_is_on_the_device_and_stays_until_the_next_is_called() -> None:
    pipe = tiny()
    rig = Rig(pipe, Plan(offload=Offload.NETWORKS))
    home = addresses(pipe)

    def there() -> list[str]:
        return [name for name, address in addresses(pipe).items() if address != home[name]]

    with torch.inference_mode():
        for name in ("text_encoder", "text_encoder_2"):
            getattr(pipe, name)(torch.zeros(1, 77, dtype=torch.long))
            assert there() == [name]
        before = addresses(pipe)
        getattr(pipe, name)(torch.zeros(1, 77, dtype=torch.long))
        assert addresses(pipe) == before
        pipe.vae.decode(torch.zeros(1, 4, 8, 8))
        assert there() == ["vae"]
    rig.take_down()
    assert addresses(pipe) == home


@pytest.mark.parametrize("offload", [Offload.NOTHING, Offload.NETWORKS])
def test_diffusers_knows_where_words_are_to_be_encoded(offload: Offload) -> None:
    """Wherever the weights are just then."""
    pipe, elsewhere = tiny(), torch.device("meta")
    place(pipe, Plan(device="meta", offload=offload), ExitStack())
    for encoder in (pipe.text_encoder, pipe.text_encoder_2):
        assert get_module_execution_device(encoder) == elsewhere


def test_loras_and_freeu_are_laid_over_layers_that_nobody_streams(drawing: Illustrator) -> None:
    streamed = replace(WHOLE, offload=Offload.LAYERS)
    freeu = replace(RECIPE, freeu=True)
    expected = drawing.draw([freeu])[0]
    drawing.draw([RECIPE], plan=streamed)
    drawn = drawing.draw([freeu], plan=streamed)[0]
    assert np.abs(pixels(drawn) - pixels(expected)).max() <= 1


@pytest.mark.parametrize("offload", [Offload.NETWORKS, Offload.LAYERS])
def test_what_is_moved_about_is_guided_for_as_long_as_the_plan_says(
    drawing: Illustrator, offload: Offload
) -> None:
    levers, strong = Levers(guided_until=0.1), replace(RECIPE, guidance_scale=20.0)
    expected = Illustrator(replace(WHOLE, levers=levers)).latents([strong])
    drawn = drawing.denoise([strong], plan=replace(WHOLE, levers=levers, offload=offload))
    guided = drawing.denoise([strong], plan=replace(WHOLE, offload=offload))
    assert (drawn - expected).norm() < 1e-3 * (drawn - guided).norm()


def test_a_plan_in_tiles_decodes_in_tiles(drawing: Illustrator) -> None:
    large = replace(RECIPE, width=TILE + 256, height=128, steps=1)
    whole, tiled = (
        pixels(drawing.draw([large], plan=plan)[0]) for plan in (WHOLE, replace(WHOLE, tiled=True))
    )
    assert np.abs(whole - tiled).max() > 0
    assert np.abs(whole - tiled).mean() < 8


def test_a_decoder_without_memory_moves_nothing(
    drawing: Illustrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is compiled and recorded for a network would be lost with it."""
    latents = drawing.denoise([RECIPE])
    rig = drawing._rig
    with monkeypatch.context() as short, pytest.raises(OutOfMemory) as raised:
        short.setattr(pipeline, "picture", raising(torch.OutOfMemoryError()))
        drawing.finish(latents)
    assert raised.value.__cause__ is not None
    assert raised.value.__cause__.__traceback__ is None, "else it would hold what was computed so far"
    drawing.finish(latents, replace(WHOLE, tiled=True))
    expected = drawing.finish(latents)[0]
    assert drawing.draw([RECIPE])[0].tobytes() == expected.tobytes()
    assert drawing._rig is rig


def test_a_plan_that_does_not_record_takes_nothing_from_those_that_do() -> None:
    own = replace(WHOLE, levers=Levers(replayed=True))
    illustrator, leaner = Illustrator(own), replace(own, levers=EXACT)
    rigs = []
    for plan in (leaner, own, leaner):
        illustrator.draw([replace(RECIPE, steps=1)], plan=plan)
        rigs.append(illustrator._rig)
    assert rigs[0] is rigs[1] is rigs[2] is not None
    illustrator.prepare(RECIPE, replace(leaner, offload=Offload.NETWORKS))
    assert illustrator._rig is not rigs[0]


def raising(error: Exception) -> Callable[..., None]:
    def short(*_: object) -> None:
        raise error

    return short
