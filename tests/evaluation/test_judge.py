import numpy as np

from generator.evaluation.judge import Judge
from generator.storybook.attributes import STYLES, draw_attributes, draw_subject, draw_traits
from generator.storybook.illustrator import illustrate


def test_the_judge_reads_pictures_that_it_has_never_seen() -> None:
    rng = np.random.default_rng(987654)
    pictures = [draw_attributes(rng, draw_subject(rng), draw_traits(rng), STYLES[i % 6]) for i in range(60)]
    verdicts = Judge().read([illustrate(picture) for picture in pictures])
    for name, least in (("character", 0.9), ("colour", 0.9), ("place", 0.95), ("activity", 0.88)):
        said = [getattr(p.subject, name, None) or getattr(p.scenery, name, None) for p in pictures]
        right = [v.attributes[name] == value for v, value in zip(verdicts, said, strict=True)]
        assert sum(right) >= least * len(right), name


def test_the_same_character_is_nearer_to_itself_than_to_one_of_the_same_description() -> None:
    rng, judge = np.random.default_rng(24680), Judge()
    nearer = 0
    for _ in range(20):
        subject = draw_subject(rng)
        one, other = draw_traits(rng), draw_traits(rng)
        looks = [draw_attributes(rng, subject, traits, "storybook") for traits in (one, one, other)]
        a, b, c = (np.array(v.identity) for v in judge.read([illustrate(look) for look in looks]))
        nearer += bool(a @ b > a @ c)
    assert nearer >= 16
