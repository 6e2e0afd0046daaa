"""Measure a model folder: sentence to photograph, sentence to clip, words that no caption taught, time a picture."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import open_clip
import torch
from pictures import is_held_out, load_clips, load_photos, split_photos
from PIL import Image

DISTRACTORS = (
    "a dog", "a horse", "a car", "a truck", "a bus", "a man riding a bicycle", "a beach", "a street at night",
    "an empty corridor", "a shop", "a staircase", "a fence", "a crowd of people", "a child playing",
    "snow on a mountain",
    "a boat on a lake", "a football match", "a kitchen", "a bedroom", "an office desk", "a flower", "a tree", "a bird",
    "a fish", "a plane", "a train", "a bridge", "a church", "a computer", "a telephone", "a plate of food", "a cake",
    "a cup of coffee", "a cat", "a rocket launch", "a motorcycle", "an astronaut", "a fox", "a camel", "a swan",
    "a butterfly", "a rabbit", "a forklift", "a fire", "a parking lot", "an elevator", "a guitar", "a clock", "a tiger",
    "an elephant", "a sheep", "a chair",
)  # fmt: skip
WORDS = {
    "chelsea": "a cat", "coffee": "a cup of coffee", "rocket": "a rocket launch", "astronaut": "an astronaut",
}  # fmt: skip
CLIP_WORDS = {
    "text2video-zero/canny_videos_mp4_2fps__fox.mp4": "a fox",
    "text2video-zero/pix2pix_video__camel.mp4": "a camel",
    "sam2/notebooks__videos__blackswan__blackswan.mp4": "a swan",
    "text2video-zero/canny_videos_mp4_2fps__butterfly.mp4": "a butterfly",
    "vid2vid-zero/data__rabbit-watermelon.mp4": "a rabbit",
    "yolov8-advance-parkingspace-detection/parkinglotf1.mp4": "a parking lot",
    "mmaction2/demo__test1.mp4": "a motorcycle",
    "vid2vid-zero/data__horse-running.mp4": "a horse",
}


class Measured:
    """A model folder, loaded as open_clip loads any."""

    def __init__(self, folder: Path) -> None:
        name = f"local-dir:{folder}"
        self.model, self.preprocess = open_clip.create_model_from_pretrained(name)
        self.model.eval().to(memory_format=torch.channels_last)
        self.tokenizer = open_clip.get_tokenizer(name)

    @torch.inference_mode()
    def images(self, pictures: list[Image.Image]) -> np.ndarray:
        """(N, D) unit rows."""
        parts = []
        for start in range(0, len(pictures), 32):
            batch = torch.stack([self.preprocess(picture) for picture in pictures[start : start + 32]])
            with torch.autocast("cpu", torch.bfloat16):
                parts.append(
                    self.model.encode_image(batch.to(memory_format=torch.channels_last), normalize=True).float()
                )
        return torch.cat(parts).numpy()

    @torch.inference_mode()
    def texts(self, sentences: list[str]) -> np.ndarray:
        """(N, D) unit rows."""
        with torch.autocast("cpu", torch.bfloat16):
            parts = [self.model.encode_text(self.tokenizer(sentences[i : i + 64]), normalize=True).float()
                     for i in range(0, len(sentences), 64)]  # fmt: skip
        return torch.cat(parts).numpy()

    @torch.inference_mode()
    def milliseconds(self, size: int = 16, rounds: int = 12) -> float:
        """Time a picture takes in a batch of `size`, in float32; the median of `rounds`."""
        height, width = self.model.visual.image_size
        batch = torch.randn(size, 3, height, width).to(memory_format=torch.channels_last)
        taken = []
        for _ in range(rounds):
            started = time.perf_counter()
            self.model.encode_image(batch)
            taken.append((time.perf_counter() - started) * 1000 / size)
        return round(float(np.median(taken)), 1)


def recall(scores: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """R@1, R@5, R@10 of (Q, N) scores; `right[q]` is the column that answers q."""
    rank = (scores > scores[np.arange(len(scores)), right][:, None]).sum(1)
    return {f"R@{k}": round(float((rank < k).mean()), 4) for k in (1, 5, 10)}


def photo_recall(model: Measured, photos: Path) -> dict[str, float]:
    """Sentence to photograph on the 1,000 held-out photographs, all five sentences of each."""
    held = split_photos(photos)[1]
    images = model.images(load_photos(photos, list(held)))
    texts = model.texts([sentence for sentences in held.values() for sentence in sentences])
    right = np.repeat(np.arange(len(held)), [len(sentences) for sentences in held.values()])
    return recall(texts @ images.T, right)


def clip_recall(model: Measured, footage: Path) -> dict[str, object]:
    """Sentence to clip, asked for the held-out ones among all clips and among the held-out ones alone.

    A clip scores as its best frame or as the mean of its frames (eight at most, spread evenly).
    """
    clips = load_clips(footage, 288)
    frames = [model.images(pictures) for _, pictures in clips]
    texts = model.texts([row["caption"] for row, _ in clips])
    best = np.stack([(texts @ f.T).max(1) for f in frames], 1)
    mean = np.stack([(texts @ f.T).mean(1) for f in frames], 1)
    held = np.array([is_held_out(row) for row, _ in clips])
    captions = np.array([row["caption"] for row, _ in clips])
    same = (captions[:, None] == captions[None]) & ~np.eye(len(captions), dtype=bool)
    result: dict[str, object] = {"clips": len(clips), "asked": int(held.sum())}
    for name, scores in (("best frame", best), ("mean", mean)):
        result[f"{name}, among all"] = recall(scores[held], np.flatnonzero(held))
        among = np.arange(int(held.sum()))
        result[f"{name}, among held out"] = recall(scores[held][:, held], among)
        lenient = np.where(same, -1.0, scores)  # a clip of the same sentence is no wrong answer
        result[f"{name}, among all, same sentence counted once"] = recall(lenient[held], np.flatnonzero(held))
    ids = {row["path"]: i for i, (row, _) in enumerate(clips)}
    words = model.texts(list(DISTRACTORS))
    for path, word in CLIP_WORDS.items():
        scores = frames[ids[path]].mean(0) @ words.T
        result[f"rank of '{word}' among {len(DISTRACTORS)} words"] = (
            int((scores > scores[DISTRACTORS.index(word)]).sum()) + 1
        )
    return result


def word_ranks(model: Measured) -> dict[str, int]:
    """Rank of the right word among 52 for photographs that ship with scikit-image."""
    from skimage import data

    words, ranks = model.texts(list(DISTRACTORS)), {}
    for name, word in WORDS.items():
        scores = model.images([Image.fromarray(getattr(data, name)())])[0] @ words.T
        ranks[f"{name}: {word}"] = int((scores > scores[DISTRACTORS.index(word)]).sum()) + 1
    return ranks


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description="Measure an open_clip local-dir folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    arguments = parser.parse_args()
    model = Measured(arguments.folder)
    started = time.time()
    result = {
        "sentence to photograph, 1,000 held out": photo_recall(model, arguments.photos),
        "sentence to clip": clip_recall(model, arguments.footage),
        "words": word_ranks(model),
        "milliseconds a picture": model.milliseconds(),
        "seconds": round(time.time() - started),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
