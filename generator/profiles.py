"""What each known checkpoint wants: sampler, guidance, steps and size, found by the model's name.

The original draws everything with Euler, 50 steps and guidance 5, Playground's scheduler excepted. We do the
same for SDXL base and for names we do not know, and follow the model's own card where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Scheduler(StrEnum):
    """How noise becomes a picture; a recipe keeps the name."""

    EULER = "euler"
    EULER_TRAILING = "euler-trailing"  #: timesteps counted from the noisiest, as few-step models are trained
    EULER_ANCESTRAL_TRAILING = "euler-ancestral-trailing"  #: with fresh noise in every step
    DPM_KARRAS = "dpm-karras"  #: known as DPM++ 2M Karras
    DPM_SDE_KARRAS = "dpm-sde-karras"  #: known as DPM++ 2M SDE Karras; with fresh noise in every step
    EDM_DPM = "edm-dpm"  #: DPM++ 2M in EDM's formulation (arXiv 2206.00364); Playground v2.5 knows no other
    LCM = "lcm"  #: latent consistency (arXiv 2310.04378); with fresh noise in every step


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a checkpoint is best asked."""

    family: str  #: for people to read
    scheduler: Scheduler
    guidance_scale: float  #: 1.0 or less runs the conditional branch alone
    steps: int
    width: int = 1024  #: pixels
    height: int = 1024  #: pixels


STORYBOOK = "storybook"
BUILT_IN = ("tiny", STORYBOOK)
"""Models that come with the project and are known by a bare name."""

WEIGHTS = (".safetensors", ".ckpt", ".bin", ".pt")
"""What a file of weights is called; one that is not there must not be looked for on the Hub."""

SDXL = Profile(family="SDXL", scheduler=Scheduler.EULER, guidance_scale=5.0, steps=50)
"""The paper's own settings, and what a model we do not know is asked with."""

# The first pattern found in the lower-case name decides, so distilled models come before the models they are
# distilled from ("Juggernaut-XL-Lightning", "RealVisXL_V4.0_Lightning").
PROFILES: tuple[tuple[str, Profile], ...] = (
    (
        r"^tiny$",
        Profile(
            family="tiny",
            scheduler=Scheduler.EULER,
            guidance_scale=5.0,
            steps=8,
            width=256,
            height=256,
        ),
    ),
    # Our own: trained at 256² alone; more steps change little, less guidance loses the colours.
    (
        r"^storybook$",
        Profile(
            family="storybook",
            scheduler=Scheduler.DPM_KARRAS,
            guidance_scale=4.0,
            steps=16,
            width=256,
            height=256,
        ),
    ),
    # ByteDance/SDXL-Lightning: Euler, trailing, guidance 0, steps as in the file's name. Merges name none;
    # RunDiffusion/Juggernaut-XL-Lightning asks for 5 to 7.
    (
        r"lightning",
        Profile(
            family="SDXL Lightning",
            scheduler=Scheduler.EULER_TRAILING,
            guidance_scale=0.0,
            steps=6,
        ),
    ),
    # stabilityai/sdxl-turbo: ancestral Euler, trailing, guidance 0, 1 to 4 steps, trained at 512².
    (
        r"turbo",
        Profile(
            family="SDXL Turbo",
            scheduler=Scheduler.EULER_ANCESTRAL_TRAILING,
            guidance_scale=0.0,
            steps=4,
            width=512,
            height=512,
        ),
    ),
    # ByteDance/Hyper-SD: DDIM, trailing, guidance 0, steps as in the name; Euler walks the same path as DDIM.
    (
        r"hyper",
        Profile(
            family="Hyper-SDXL",
            scheduler=Scheduler.EULER_TRAILING,
            guidance_scale=0.0,
            steps=8,
        ),
    ),
    # tianweiy/DMD2: LCM, guidance 0, 4 steps.
    (r"dmd", Profile(family="DMD2", scheduler=Scheduler.LCM, guidance_scale=0.0, steps=4)),
    # latent-consistency/lcm-sdxl is told its guidance of 8 by embedding; a merged LCM-LoRA is not guided.
    (
        r"lcm[-_]sdxl(?!.*lora)",
        Profile(family="LCM-SDXL", scheduler=Scheduler.LCM, guidance_scale=8.0, steps=4),
    ),
    (r"lcm", Profile(family="LCM-LoRA", scheduler=Scheduler.LCM, guidance_scale=1.0, steps=6)),
    # playgroundai/playground-v2.5-1024px-aesthetic: guidance 3 with this scheduler; the original's 5 is what
    # the card gives for EDM's Euler.
    (
        r"playground-v2\.?5",
        Profile(
            family="Playground v2.5",
            scheduler=Scheduler.EDM_DPM,
            guidance_scale=3.0,
            steps=50,
        ),
    ),
    # RunDiffusion/Juggernaut-XI-v11: DPM++ 2M SDE, 30 to 40 steps, CFG 3 to 6, as its users quote its makers.
    (
        r"jugg.*(?<![a-z])xi|juggxi",
        Profile(
            family="Juggernaut XI",
            scheduler=Scheduler.DPM_SDE_KARRAS,
            guidance_scale=5.0,
            steps=35,
        ),
    ),
    # RunDiffusion's guide to Juggernaut X: DPM++ 2M Karras, 30 to 40 steps, CFG 6 to 7. Earlier ones alike.
    (
        r"juggernaut",
        Profile(family="Juggernaut X", scheduler=Scheduler.DPM_KARRAS, guidance_scale=6.0, steps=35),
    ),
    # SG161222/RealVisXL_V5.0 (V4.0 alike): DPM++ 2M Karras with 50 or more steps, guidance left open.
    (
        r"realvis",
        Profile(family="RealVisXL", scheduler=Scheduler.DPM_KARRAS, guidance_scale=5.0, steps=50),
    ),
)


def model_label(model: str) -> str:
    """What a model is called in front of people: its bare name, its Hub id, or its file without folders."""
    parts = [part for part in re.split(r"[/\\]", model) if part]
    of_the_hub = len(parts) == 2 and not model.startswith(("/", ".")) and "." not in parts[0]
    return model if len(parts) == 1 or of_the_hub else parts[-1]


DISTILLED = ("SDXL Lightning", "SDXL Turbo", "Hyper-SDXL", "DMD2", "LCM-LoRA")
"""Families that also come as LoRAs, which turn any SDXL into one of their few steps."""

QUICK_STEPS = 20
"""DPM++ 2M is good after 15 to 20 steps (arXiv 2211.01095, abstract), where Euler takes 50."""


def profile_of(model: str, loras: Sequence[str] = ()) -> Profile:
    """The profile of a model by its Hub id, folder or file name; a few-step LoRA over it decides instead.

    A distilled model's name tells its steps (``sdxl_lightning_4step.safetensors``, ``Hyper-SDXL-8steps``).
    """
    profile = _named(model, PROFILES)
    for lora in loras:
        distilled = _named(lora, tuple(known for known in PROFILES if known[1].family in DISTILLED))
        if distilled is not SDXL:
            return replace(distilled, width=profile.width, height=profile.height)
    return profile


def quick(profile: Profile) -> Profile:
    """A profile for those in a hurry: fewer steps of a solver that needs fewer."""
    if profile.steps <= QUICK_STEPS:
        return profile
    euler = profile.scheduler is Scheduler.EULER
    scheduler = Scheduler.DPM_KARRAS if euler else profile.scheduler
    return replace(profile, scheduler=scheduler, steps=QUICK_STEPS)


def is_hub_id(name: str) -> bool:
    """Whether a name can be ``owner/name`` on the Hub; a dot in it may be a version's, as in ``base-1.0``."""
    return re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name) is not None and not name.endswith(WEIGHTS)


def _named(model: str, profiles: tuple[tuple[str, Profile], ...]) -> Profile:
    name = re.split(r"[/\\]", model.rstrip("/\\"))[-1].lower()
    profile = next((profile for pattern, profile in profiles if re.search(pattern, name)), SDXL)
    named = re.search(r"(\d+)[-_ ]?steps?", name)
    return replace(profile, steps=int(named[1])) if named and profile is not SDXL else profile
