"""Sentences that an archive is judged by; their vectors are kept with a catalog, since encoding them takes a while."""

from __future__ import annotations

import contextlib
import hashlib

import numpy as np

from framescout.cached import Cache, Entry
from framescout.embedding.sentences import SentenceEncoder, encode

STRANGERS = (
    "a kangaroo hopping", "a flamingo in shallow water", "an octopus on a reef", "a hedgehog in leaves",
    "a windmill", "an oil platform", "a glacier", "a cactus", "a coral reef", "a full moon", "a sundial",
    "a cable car", "a gondola in a canal", "a bobsleigh run", "a pole vault", "a polo match", "a javelin throw",
    "a harp", "a saxophone player", "a pottery wheel", "a loom", "a blacksmith at an anvil", "a bowl of noodles",
    "a chandelier",
)  # fmt: skip
"""Sentences that hardly any archive answers."""

EVERYDAY = (
    "a person", "people", "a man", "a woman", "a child", "children", "a boy", "a girl", "a baby", "a group of people",
    "a crowd", "a dog", "dogs", "a man in a blue shirt walks past a row of parked cars",
    "a woman with a red umbrella crosses the street in the rain",
    "two children chase each other around a playground slide",
    "a brown dog runs over wet sand with a stick in its mouth", "a black and white dog leaps over a low wooden fence",
    "a small white dog is carried in a woman's arms", "three dogs play tug of war with an old rope",
    "a dog shakes water from its fur beside a lake", "a wet dog swims toward the shore with a ball",
    "a girl in a pink dress blows soap bubbles in a garden", "a boy in a striped shirt kicks a ball against a wall",
    "a baby in a yellow suit crawls over a carpet", "a toddler sits in a high chair with food on his face",
    "a father carries his daughter on his shoulders through a crowd", "a mother pushes a pram along a path in a park",
    "an old man feeds pigeons on a bench", "an elderly couple holds hands on a pier at sunset",
    "a young woman reads a book under a large tree", "a man with a grey beard plays the guitar on a street corner",
    "people dance in a dark hall under coloured lights", "a woman cuts vegetables on a wooden board",
    "friends share a pizza at a round table", "two men drink beer at a bar and laugh",
    "a child eats ice cream with both hands", "a man sleeps on a couch with a newspaper over his face",
    "a student works at a laptop in a library", "people sit in a waiting room and look at their phones",
    "a man in a suit talks to a woman at a desk", "workers in orange vests dig a hole in a road",
    "a man on a ladder paints the outside of a house", "police on horseback ride past a crowd of protesters",
    "people carry banners and flags down a wide street", "a man with a backpack waits at a bus stop",
    "a cyclist in a helmet rides down a steep forest trail", "a man on a mountain bike jumps off a dirt ramp",
    "a group of cyclists races around a bend", "a boy does a trick on a skateboard above a set of steps",
    "a girl on roller skates holds on to a railing", "children ride scooters on a pavement",
    "a man climbs a steep rock face with a rope", "a climber hangs from an overhang over a valley",
    "two hikers rest beside a stream in the mountains", "a hiker with poles stands on a snowy ridge",
    "a person in a red jacket skis down a slope", "children slide down a hill on a plastic sledge",
    "a woman builds a snowman with her son", "a frozen lake with people skating on it",
    "a surfer rides a large green wave", "a boy runs into the shallow waves on a beach",
    "people lie on towels under colourful umbrellas", "a girl digs a hole in the sand with a plastic spade",
    "a man in shorts throws a stick into the sea", "two people paddle a canoe across a calm lake",
    "a boy jumps from a rock into a deep pool", "a swimmer in a cap breathes beside a lane rope",
    "children splash each other in an inflatable pool", "a girl goes down a water slide with her arms up",
    "two players jump for the ball in a football match", "a basketball player jumps to the basket",
    "a tennis player hits the ball with both hands", "a baseball player swings his bat",
    "rugby players push against each other in the mud", "american football players line up on the field",
    "a hockey player in blue chases the puck", "a runner crosses a finish line with raised arms",
    "children in white suits practise karate", "a woman does yoga on a mat in a bright room",
    "a man lifts a heavy bar in a gym", "a girl in riding boots brushes a pony", "a woman chooses bread in a bakery",
    "a man puts bottles into a shopping cart", "a man stands at the counter with his hand in his pocket",
    "a person takes something from a shelf and hides it", "two men push each other in front of a shop",
    "several men fight in a hallway", "a man hits another man on the ground", "a guard stands behind a glass door",
    "a person falls on a wet floor", "a man lies still on the floor of a hall", "someone sits down slowly on a chair",
    "a man bends down to pick something up", "a woman drops her bag and runs away",
    "a person in a hood climbs over a fence", "a man breaks the window of a car", "people run out of a building",
    "a crowd gathers around a man on the ground", "a man walks through a gate and closes it",
    "a delivery man leaves a parcel at a door", "a woman unlocks the door of her flat",
    "a man with a hat and a long coat waits in a doorway", "people queue in front of a counter",
    "a lift with mirrors and a person inside", "a smiling girl with a missing tooth",
    "a man with a tattoo on his arm smokes", "a woman with long blond hair looks to the side",
    "a woman in a headscarf carries a basket", "a man in a turban sits on a carpet",
    "a child with a painted face sticks out his tongue", "teenagers take a picture of themselves",
    "people in costumes walk in a parade", "a man dressed as a clown makes balloons",
    "a group of tourists listens to a guide", "people climb the steps of an old temple",
    "a man with a parachute above a valley", "people sit around a campfire in the dark",
    "a man grills meat in a back garden", "a woman hangs clothes on a line",
    "a man mows the lawn in front of a house", "a girl waters plants with a green can",
    "boys throw snowballs at a wall", "a child swings high with her feet in the air",
    "a boy hangs upside down from a climbing frame", "a girl with a hula hoop on a lawn",
    "children sit in a circle on the floor", "a boy plays a violin in front of a curtain",
    "a woman plays the piano in a large room", "a puppet show with children watching",
    "a man juggles three burning torches", "a woman sells flowers from a bucket", "a barber cuts the hair of a boy",
    "a doctor listens to the chest of a child", "a man in a wheelchair plays basketball",
    "a flooded street with people wading through it", "a drawing of a house by a child",
)  # fmt: skip
"""What people ask of footage: short words, and sentences about people and dogs, which most of it shows."""


_AT_ONCE = 32  # sentences; a large text tower takes some MB for each


def strangers(tower: SentenceEncoder, fingerprint: str, cache: Cache) -> np.ndarray:
    """(N, D) float32 unit rows of STRANGERS."""
    return _kept(Entry.STRANGERS, STRANGERS, tower, fingerprint, cache)


def everyday(tower: SentenceEncoder, fingerprint: str, cache: Cache) -> np.ndarray:
    """(N, D) float32 unit rows of EVERYDAY."""
    return _kept(Entry.EVERYDAY, EVERYDAY, tower, fingerprint, cache)


def keep(tower: SentenceEncoder, fingerprint: str, cache: Cache) -> None:
    """Encode what a search will need and `cache` lacks, so that the first one doesn't wait for it."""
    strangers(tower, fingerprint, cache)
    if tower.reference is None:
        everyday(tower, fingerprint, cache)


def _kept(entry: Entry, texts: tuple[str, ...], tower: SentenceEncoder, fingerprint: str, cache: Cache) -> np.ndarray:
    words = hashlib.blake2b("\0".join((fingerprint, *tower.phrasings, *texts)).encode(), digest_size=8).hexdigest()
    known = cache.read(entry, words)
    if known is not None:
        return np.frombuffer(known, "<f4").reshape(len(texts), -1)
    parts = [encode(tower, list(texts[start : start + _AT_ONCE])) for start in range(0, len(texts), _AT_ONCE)]
    rows = np.concatenate(parts)
    with contextlib.suppress(OSError):  # a full disk costs time, not the answer
        cache.write(entry, words, rows.astype("<f4").tobytes())
    return rows
