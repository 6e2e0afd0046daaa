"""Words from WordNet 3.0's own files: names, glosses and what is a kind of what.

ImageNet's classes are WordNet nouns (class n02124075 is the noun at byte 02124075), so the classifier's thousand
classes get all their names, and the names of everything they are a kind of ("Egyptian cat": cat, feline, animal).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Noun:
    """A WordNet noun synset."""

    names: tuple[str, ...]
    hypernyms: tuple[int, ...]
    """Byte offsets of what it is a kind of."""
    gloss: str


def read_nouns(folder: Path) -> dict[int, Noun]:
    """Byte offset -> noun, of `data.noun` in `folder` (format: wndb(5WN))."""
    nouns = {}
    for line in (folder / "data.noun").read_text(encoding="latin-1").splitlines():
        if line.startswith(" "):
            continue
        facts, _, gloss = line.partition(" | ")
        fields = facts.split()
        name_count = int(fields[3], 16)
        names = tuple(fields[4 + 2 * i].replace("_", " ") for i in range(name_count))
        pointers = fields[4 + 2 * name_count + 1 :]
        hypernyms = tuple(int(pointers[i + 1]) for i in range(0, len(pointers) - 3, 4) if pointers[i] in ("@", "@i"))
        nouns[int(fields[0])] = Noun(names, hypernyms, gloss.strip())
    return nouns


def kinds_of(offset: int, nouns: dict[int, Noun]) -> list[int]:
    """The noun itself and all it is a kind of, nearest first."""
    found, waiting = [], [offset]
    while waiting:
        here = waiting.pop(0)
        if here not in found and here in nouns:
            found.append(here)
            waiting.extend(nouns[here].hypernyms)
    return found


def imagenet_offsets() -> list[int]:
    """WordNet offset of each of the 1,000 classes, in the classifier's order."""
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return [int(info.index_to_label_name(index)[1:]) for index in range(1000)]
