"""How well confidence tells sentences that an archive can answer from those that it can't.

    python benchmarks/confidence.py CATALOG

CATALOG: an index of the real footage that lies beside the project. Prints the AUROC of the best score and of the
confidence, what share of each kind counts as a match, and the logistic curve that fits these sentences best, for
query/confidence.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from framescout.catalog import Catalog
from framescout.embedding import load_text_tower
from query.confidence import MATCH, strangers
from query.encode import encode
from query.engine import find_model, read_background

PRESENT = (
    "a brawl in a bar", "men hitting each other in a bus", "someone throwing punches in a diner",
    "a fistfight on stairs", "a person lying on a mattress", "a man falls over onto a mat",
    "somebody sits down on a chair in a hall", "a man jumping up and down", "pupils walking down a hallway",
    "a supermarket till", "people playing pool", "a car park seen from above", "a cyclist in traffic",
    "a person on a bike in the city", "a black swan on the water", "a fox in the grass", "a camel in a zoo",
    "a butterfly on flowers", "a bunny eating fruit", "a horse running on a beach", "a dog jumps around a woman",
    "a bulldog on a skateboard", "a boy on a small bicycle", "a skateboarder outdoors", "a snowboarder on a slope",
    "children sledging in winter", "parasailing above the sea", "a racing truck on a track",
    "a jeep on a winding road", "a baby on a bed", "a toddler playing in a living room", "frying food in a wok",
    "mixing dough with a hand mixer", "a woman putting on make-up", "a face painted as a skull",
    "a bearded man outdoors", "fish in a large aquarium", "a man practising baseball",
    "juggling a football with the feet", "arm wrestling", "mechanics repairing a motorcycle",
    "a worker with a helmet in a factory", "bottles standing on a table", "hands playing with wooden letters",
    "a dress on a hanger or a woman", "a man in metal armour", "a birthday cake", "a person using sign language",
    "people sitting in a classroom", "an indoor ball game", "a convenience store aisle",
    "an office corridor with people", "prisoners in a cell", "an elevator", "a dark street at night with people",
    "a shop window at night", "parked cars", "a man dancing in a room", "a person riding a motorbike on a road",
    "a man runs across a field",
)  # fmt: skip
ABSENT = (
    "an elephant drinking at a river", "a rocket lifting off", "an astronaut on the moon", "a whale under water",
    "a polar bear on ice", "a penguin colony", "a giraffe between trees", "a zebra herd", "a lion in the savanna",
    "a sailing regatta", "a submarine", "a hot-air balloon", "a helicopter landing", "a passenger plane taking off",
    "a steam locomotive", "an excavator digging", "a combine harvester in wheat", "a volcano erupting", "a tornado",
    "a waterfall in the jungle", "the northern lights", "a desert with sand dunes", "an iceberg",
    "a lighthouse in a storm", "the Eiffel Tower", "a mosque with minarets", "a medieval castle", "the pyramids",
    "a roller coaster", "a ferris wheel", "a symphony orchestra", "a rock band on stage", "a ballet performance",
    "a sumo wrestler", "a fencing duel", "a tennis match", "an ice hockey game", "a golfer on a green",
    "figure skating", "a boxing ring with a referee", "a sushi plate", "a pizza in an oven", "a glass of wine",
    "a chess board", "a grand piano", "a violin", "a telescope", "a microscope", "an operating theatre",
    "a dentist at work", "a sheep shearing", "a beekeeper with a hive", "a spider in its web",
    "a snake on a branch", "an owl at night", "a parrot", "a jellyfish", "a crab on the shore",
    "fireworks over a harbour", "a wedding in a church",
)  # fmt: skip


def measure(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each sentence: best score, its distance from what strangers reach, confidence; present ones first."""
    catalog = Catalog.open(folder, create=False)
    facts = []
    with catalog.snapshot() as snapshot:
        model = find_model(snapshot, None)
        tower = load_text_tower(model.name, model.fingerprint, catalog.cache_folder)
        strange = strangers(tower, model.fingerprint, catalog.cache_folder)
        rows = np.concatenate([block.embeddings for block in snapshot.blocks(model.id)]).astype(np.float32)
        for vector in encode(tower, [*PRESENT, *ABSENT]):
            background, _ = read_background(snapshot, model, vector, strange)
            best = float((rows @ vector).max())
            facts.append((best, background.distance(best), background.confidence(best)))
    columns = np.array(facts).T
    return columns[0], columns[1], columns[2]


def auroc(values: np.ndarray, is_present: np.ndarray) -> float:
    """How often a present sentence lies above an absent one."""
    present, absent = values[is_present], values[~is_present]
    return float((present[:, None] > absent[None]).mean() + 0.5 * (present[:, None] == absent[None]).mean())


def fit(distance: np.ndarray, is_present: np.ndarray) -> np.ndarray:
    """Value at distance 0 and slope of a logistic curve, by Newton's method with a little ridge."""
    design = np.stack([np.ones_like(distance), distance], axis=1)
    weights = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (is_present - chance) - 1e-2 * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + 1e-2 * np.eye(2)
        weights = weights + np.linalg.solve(curvature, gradient)
    return weights


def main() -> None:
    """Print the figures."""
    score, distance, confidence = measure(Path(sys.argv[1]))
    is_present = np.arange(len(score)) < len(PRESENT)
    print(f"{len(PRESENT)} sentences with an answer, {len(ABSENT)} without")
    for name, values in (("best score", score), ("confidence", confidence)):
        print(f"AUROC of the {name:12} {auroc(values, is_present):.3f}")
    print(f"matched: {(confidence[is_present] >= MATCH).mean():.0%} of those with an answer, "
          f"{(confidence[~is_present] >= MATCH).mean():.0%} of those without")  # fmt: skip
    at_median, per_spread = fit(distance, is_present)
    print(f"best fit: {at_median:.2f} at the median of the strangers, {per_spread:.2f} per spread")


if __name__ == "__main__":
    main()
