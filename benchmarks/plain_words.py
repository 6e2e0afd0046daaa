"""Plain words that everybody asks first, and which of them a caption says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from query.confidence import FILLERS

_PEOPLE_ONE = (
    "person man woman boy girl child kid baby toddler lady guy worker player skateboarder surfer cyclist biker rider "
    "skier snowboarder runner swimmer climber dancer officer policeman clerk cashier boxer jogger hiker gymnast "
    "musician performer singer guitarist fisherman soldier someone somebody male female teenager teen adult biker "
    "motorcyclist cowboy driver student pedestrian customer inmate prisoner mechanic"
)
_PEOPLE_MANY = (
    "people men women boys girls children kids babies ladies guys workers players skateboarders surfers cyclists "
    "bikers riders skiers runners swimmers climbers dancers officers crowd group team students pedestrians customers "
    "inmates prisoners mechanics friends couple family musicians performers soldiers spectators visitors teenagers"
)
KINDS = {
    "person": f"{_PEOPLE_ONE} {_PEOPLE_MANY}",
    "people": _PEOPLE_MANY,
    "man": "man men guy guys policeman cowboy bearded",
    "woman": "woman women lady ladies",
    "child": "child children kid kids boy boys girl girls baby babies toddler",
    "animal": "animal animals dog dogs cat cats horse horses bird birds puppy puppies cow cows sheep goat goats fish "
    "swan fox camel rabbit deer elephant butterfly bull duck ducks bulldog poodle terrier retriever monkey",
    "dog": "dog dogs puppy puppies bulldog poodle terrier retriever greyhound greyhounds collie",
    "horse": "horse horses pony",
    "bird": "bird birds swan duck ducks seagull seagulls goose eagle pigeons",
    "vehicle": "car cars truck trucks bus van suv jeep motorcycle motorcycles motorbike motorbikes vehicle vehicles "
    "train taxi scooter tractor pickup",
    "car": "car cars suv jeep taxi racecar automobile",
    "bicycle": "bicycle bicycles bike bikes cyclist cyclists bicyclist",
    "motorcycle": "motorcycle motorcycles motorbike motorbikes motorcyclist scooter dirtbike",
    "boat": "boat boats canoe kayak sailboat raft ship",
    "ball": "ball balls football soccer basketball baseball tennis volleyball",
    "street": "street streets road sidewalk crosswalk pavement intersection highway traffic",
    "room": "room kitchen bedroom bathroom office classroom hall hallway lobby restaurant indoors couch bed sofa bar "
    "corridor cafeteria",
    "water": "water ocean sea lake river pool waves wave surf creek pond stream fountain waterfall swimming surfing "
    "swims wading surfs",
    "beach": "beach sand seashore shore",
    "snow": "snow snowy snowboarder skier skiing snowboarding sled ski skis",
    "grass": "grass grassy lawn field meadow",
    "tree": "tree trees woods forest",
    "building": "building buildings house houses skyscraper church store",
    "shop": "shop store supermarket market counter checkout",
    "mountain": "mountain mountains mountainside cliff hill hills",
    "table": "table tables desk",
    "chair": "chair chairs bench",
    "hat": "hat cap helmet",
    "night": "night nighttime dark",
    "fight": "fight fighting fights wrestle wrestling attacked attacking struggle brawl punching kicking",
    "running": "run running runs jogging race racing",
    "jumping": "jump jumping jumps leaps leaping midair",
    "sitting": "sit sitting sits seated",
    "walking": "walk walking walks strolling",
    "standing": "stand standing stands",
    "playing": "play playing plays",
    "riding": "ride riding rides",
    "climbing": "climb climbing climbs",
    "swimming": "swim swimming swims",
    "dancing": "dance dancing dances",
    "eating": "eat eating eats",
}
"""Plain word -> the words of captions that say it too."""

_TEMPLATES = {
    "people": ("people", "some people", "a group of people"), "water": ("water", "the water"),
    "snow": ("snow", "in the snow"), "grass": ("grass", "on the grass"),
    "night": ("at night", "a street at night", "a night scene"), "animal": ("an animal", "animal", "animals"),
    "fight": ("a fight", "fighting", "people fighting"), "tree": ("a tree", "trees"),
}  # fmt: skip
_WORD = re.compile(r"[a-z]+")


def words_of(captions: Iterable[str]) -> set[str]:
    """The plain words that captions say, those of their own and the kinds they belong to."""
    said = {word for caption in captions for word in _WORD.findall(caption.lower())} - FILLERS
    kinds = {kind for kind, members in _MEMBERS.items() if members & said}
    singular = {word[:-1] for word in said if word.endswith("s") and not word.endswith("ss")}
    return said | singular | kinds


def common_words(captions: Iterable[Iterable[str]], least: int = 25) -> list[str]:
    """Words that at least so many pictures' captions say, and every kind that any says."""
    counts = Counter(word for each in captions for word in words_of(each))
    return sorted(
        word for word, count in counts.items() if (count >= least and len(word) > 2) or (word in KINDS and count)
    )


def phrases(word: str) -> tuple[str, ...]:
    """How somebody asks for a plain word."""
    if word in _TEMPLATES:
        return _TEMPLATES[word]
    if word.endswith("ing"):
        return (word, f"somebody {word}", f"a person {word}")
    if word.endswith("s") and not word.endswith("ss"):
        return (word, f"some {word}")
    return (f"{'an' if word[0] in 'aeiou' else 'a'} {word}", word)


_MEMBERS = {kind: frozenset(members.split()) for kind, members in KINDS.items()}
