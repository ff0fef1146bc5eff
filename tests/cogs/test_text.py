from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from discord import ui

from cogs.posting.gathering import votes_of
from cogs.presentation.cards import story_card
from cogs.presentation.characters import roster
from cogs.presentation.circle import answer_of, circle_card, prelude_card, prompt_card, recap_card
from cogs.presentation.circle_panel import move_panel
from cogs.presentation.doubts import unknown_line
from cogs.presentation.text import duration, plain, quote_block, shorten, thread_name
from generator.archive.characters import Character, Looks
from generator.execution.forecast import Outlook
from generator.story import Frame, Person, Story, Storyboard, Take, TakeState
from generator.together.circle import Circle, Mode, Proposal


def test_plain_text_keeps_every_letter_and_escapes_every_sign() -> None:
    assert plain("a *fox*, 红狐 🦊") == r"a \*fox\*\, 红狐 🦊"


def test_what_is_too_long_is_cut_and_the_cut_marked() -> None:
    assert shorten("a red fox", 9) == "a red fox"
    assert shorten("a red fox", 7) == "a red…"


def test_a_fence_in_a_quoted_text_does_not_end_it() -> None:
    for number in range(3, 12):
        assert quote_block(f"a {'`' * number}b").count("```") == 2


def test_a_thread_is_named_without_mentions_and_within_discords_limit() -> None:
    assert "@everyone" not in thread_name("@everyone")
    assert len(thread_name("@" * 300)) == 100


def test_times_are_said_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (0.2, 40, 200, 7300)] == [
        *("about 1 s", "about 40 s", "about 3 min", "about 2 h")
    ]


def test_unknown_words_are_named_and_not_all_of_very_many() -> None:
    assert unknown_line(()) == ""
    assert "*dragon*, *pizza* yet" in unknown_line(("dragon", "pizza"))
    assert "and 2 more" in unknown_line(tuple("abcdefghij"))


def crowded(board: Storyboard) -> Story:
    """As many scenes as a story can have, all by others and all signs, which Discord wants escaped."""
    frames = []
    for number in range(50):
        author = Person(id=number, name="*" * 40)
        take = Take(
            id=number, story_id=1, frame_id=number, scene="!" * 300, parent_id=None, author=author,
            recipe=board.recipes[0], state=TakeState.DRAWN, attempts=0, failure=None, path="1.png", seconds=1,
            verdict=None, hidden=False,
        )  # fmt: skip
        frames.append(
            Frame(
                id=number, position=number, author=author, takes=(take,), chosen_id=None, shown_id=None,
                message_id=None, posted=None,
            )
        )  # fmt: skip
    return Story(
        id=1, version=1, guild_id=1, channel_id=1, place_id=1, thread_id=1, card_id=1, strip_id=None,
        strip_posted=None, author=frames[0].author, subject="_" * 300, style="plain",
        created_at=datetime.now(UTC), cancelled=False, growing=True, settled=False,
        frames=tuple(frames), taken_back=(),
    )  # fmt: skip


def test_the_longest_stories_and_lists_fit_into_a_message(board: Storyboard) -> None:
    story = crowded(board)
    proposals = tuple(
        Proposal(author=frame.author, scene=frame.scene, express="") for frame in story.frames[:10]
    )
    circle = Circle(story_id=1, owner=story.author, mode=Mode.VOTE, minutes=10, proposals=proposals)
    looks = Looks(subject="!" * 300, style="plain", model="tiny", seed=1, take_id=None)
    kept = [
        Character(id=number, owner=story.author, guild_id=None, name="*" * 40, looks=looks)
        for number in range(25)
    ]
    outlook = Outlook(ahead=0, seconds=None)
    for view in (
        story_card(story, outlook),
        circle_card(story, circle, outlook),
        prompt_card(story, circle, reading=True),
        recap_card(story, circle, "strip.png"),
        prelude_card(story, story.frames, 1, "prelude.png"),
        move_panel(story, story.frames[7]),
        roster(kept, kept),
    ):
        assert view.content_length() <= 4000
        assert view.total_children_count <= 40


def test_writers_who_are_not_named_at_the_end_are_counted(board: Storyboard) -> None:
    story = crowded(board)
    circle = Circle(story_id=1, owner=story.author, mode=Mode.OPEN, minutes=10)
    shown = recap_card(story, circle, "strip.png").walk_children()
    text = "\n".join(part.content for part in shown if isinstance(part, ui.TextDisplay))
    assert (text.count("✍️ **"), text.count("… and 30 more")) == (20, 1)


def test_votes_go_to_their_proposals_also_when_one_is_forgotten() -> None:
    people = [Person(id=number, name=str(number)) for number in range(3)]
    scenes = [Proposal(author=who, scene=f"scene {who.id}", express="") for who in people]
    answers = [(answer_of(each), votes) for each, votes in zip(scenes, (5, 1, 2), strict=True)]
    voting = Circle(story_id=1, owner=people[0], mode=Mode.VOTE, minutes=1, proposals=tuple(scenes))
    assert votes_of(voting, answers) == [5, 1, 2]
    assert votes_of(replace(voting, proposals=tuple(scenes[1:])), answers) == [1, 2]
