"""How well confidence tells sentences that an archive can answer from those that it can't.

    python benchmarks/confidence.py CATALOG MANIFEST [--plot FILE]

CATALOG: an index of the real footage that lies beside the project; MANIFEST: its manifest.csv, whose captions say which
clips answer. Prints the AUROC of the best score and of the confidence, and what share of each kind counts as a match.
"""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import numpy as np

from benchmarks.discrimination import auroc
from benchmarks.record import recorded
from framescout.catalog import Catalog
from query.confidence import MATCH
from query.engine import Engine
from query.request import Query

PRESENT = {
    "a brawl in a bar": "fighting.* bar|pool hall",
    "men hitting each other in a bus": "fighting .*bus|attacking the bus driver",
    "someone throwing punches in a diner": "fighting.*(restaurant|sandwich)",
    "a fistfight on stairs": "fighting on a staircase",
    "a person lying on a mattress": "mattress",
    "a man falls over onto a mat": "falls .*mattress",
    "somebody sits down on a chair in a hall": "chair in an indoor hall|tries to sit",
    "a man jumping up and down": "jumps up and down",
    "pupils walking down a hallway": "students with backpacks|walking along a corridor",
    "a supermarket till": "supermarket checkout",
    "people playing pool": "billiard|pool hall|pool table",
    "a car park seen from above": "parking lot",
    "a cyclist in traffic": "ride bicycles|rides a bicycle",
    "a person on a bike in the city": "ride bicycles|rides a bicycle",
    "a black swan on the water": "black swan",
    "a fox in the grass": "a fox",
    "a camel in a zoo": "camel",
    "a butterfly on flowers": "butterfly",
    "a bunny eating fruit": "rabbit",
    "a horse running on a beach": "horse",
    "a dog jumps around a woman": "jumping dog",
    "a bulldog on a skateboard": "bulldog",
    "a boy on a small bicycle": "balance bike",
    "a skateboarder outdoors": "skateboard",
    "a snowboarder on a slope": "snowboarder",
    "children sledging in winter": "sled",
    "parasailing above the sea": "parasailing",
    "a racing truck on a track": "racing truck",
    "a jeep on a winding road": "jeep",
    "a baby on a bed": "baby .*bed",
    "a toddler playing in a living room": "baby plays",
    "frying food in a wok": "wok",
    "mixing dough with a hand mixer": "mixer",
    "a woman putting on make-up": "makeup",
    "a face painted as a skull": "skull",
    "a bearded man outdoors": "bearded",
    "fish in a large aquarium": "aquarium",
    "a man practising baseball": "baseball",
    "juggling a football with the feet": "juggles",
    "arm wrestling": "arm wrestle",
    "mechanics repairing a motorcycle": "work on a motorcycle",
    "a worker with a helmet in a factory": "worker",
    "bottles standing on a table": "bottles",
    "hands playing with wooden letters": "letter blocks",
    "a dress on a hanger or a woman": "dress",
    "a man in metal armour": "armour",
    "a birthday cake": "birthday",
    "a person using sign language": "Sign Language",
    "people sitting in a classroom": "classroom",
    "an indoor ball game": "ball game",
    "a convenience store aisle": "convenience store",
    "an office corridor with people": "corridor",
    "prisoners in a cell": "prisoners",
    "an elevator": "elevator|lift",
    "a dark street at night with people": "street at night|store on a sidewalk at night|shop at night",
    "a shop window at night": "shop front .*night|past a store .*night",
    "parked cars": "parked car|parking lot with cars|silver SUV",
    "a man dancing in a room": "dances",
    "a person riding a motorbike on a road": "rides lying back on a motorcycle",
    "a man runs across a field": "runs across",
}
"""Sentence -> what the captions of the clips that answer it say."""
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


class Measured:
    """What the engine makes of both kinds of sentences."""

    def __init__(self, folder: Path, manifest: Path) -> None:
        catalog = Catalog.open(folder, create=False)
        engine = Engine(catalog)
        with manifest.open(newline="", encoding="utf-8") as file:
            captions = {row["path"]: row["caption"] for row in csv.DictReader(file)}
        answers = engine.answer_all([Query(text) for text in (*PRESENT, *ABSENT)])
        self.score = np.array([answer.moments[0].score for answer in answers])
        self.confidence = np.array([answer.moments[0].confidence for answer in answers])
        self.is_present = np.arange(len(answers)) < len(PRESENT)
        self.is_found = np.zeros(len(answers), bool)
        """Whether one of the first ten moments is in a clip that answers."""
        for number, (answer, caption) in enumerate(zip(answers, PRESENT.values(), strict=False)):
            found = ["/".join(Path(moment.video).parts[-2:]) for moment in answer.moments]
            said = [next((captions[path] for path in captions if path.endswith(each)), "") for each in found]
            self.is_found[number] = any(re.search(caption, each) for each in said)


def plot(measured: Measured, path: Path) -> None:
    """Both shares of matches, whatever the border: as a picture."""
    from PIL import Image, ImageDraw

    side, edge = 420, 50
    image = Image.new("RGB", (side + 2 * edge, side + 2 * edge), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((edge, edge, edge + side, edge + side), outline="#999999")
    found, absent = measured.confidence[measured.is_found], measured.confidence[~measured.is_present]
    borders = np.concatenate([np.linspace(0, 1, 501), [1.01]])
    points = [
        (edge + float((absent >= border).mean()) * side, edge + side - float((found >= border).mean()) * side)
        for border in borders
    ]
    draw.line(points, fill="#1f5fbf", width=3)
    x, y = edge + float((absent >= MATCH).mean()) * side, edge + side - float((found >= MATCH).mean()) * side
    draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill="#d04020")
    draw.text((edge, edge + side + 12), "absent sentences that count as a match, 0 to 1", fill="black")
    draw.text((edge, 20), "present sentences (answer in the first ten) that do, 0 to 1; the dot: 0.5", fill="black")
    image.save(path)


def main() -> None:
    """Print the figures."""
    measured = Measured(Path(sys.argv[1]), Path(sys.argv[2]))
    present, found = measured.is_present, measured.is_found
    matched = measured.confidence >= MATCH
    print(f"{len(PRESENT)} sentences with an answer, {found.sum()} of them with it in the first ten; "
          f"{len(ABSENT)} without")  # fmt: skip
    for name, values in (("best score", measured.score), ("confidence", measured.confidence)):
        print(f"AUROC of the {name:12} {auroc(values[present], values[~present]):.3f}")
    shares = [matched[chosen].mean() for chosen in (found, present, ~present)]
    print(
        "matched: {:.0%} of those with it in the first ten, {:.0%} of all with one, {:.0%} of the others".format(
            *shares
        )
    )
    if "--plot" in sys.argv:
        plot(measured, Path(sys.argv[sys.argv.index("--plot") + 1]))


if __name__ == "__main__":
    with recorded(__file__):
        main()
