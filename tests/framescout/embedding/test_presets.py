"""Names, and what is said where a model can't be had. No network is touched."""

from __future__ import annotations

import json
import pickle
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from framescout.embedding import load_embedder, presets
from framescout.embedding.fetching import fetch
from framescout.embedding.presets import fetched, files, resolve
from framescout.errors import ModelNotAvailableError
from tests.framescout.embedding.make import TINY_VIT, make_model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny"
    make_model(folder, TINY_VIT)
    return folder


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_every_preset_names_weights_that_open_clip_knows() -> None:
    import open_clip

    known = {open_clip.get_pretrained_cfg(*pair)["hf_hub"].split("/")[1] for pair in open_clip.list_pretrained()}
    assert list(presets()) == ["starter", "fast", "balanced", "best"]
    for preset in presets().values():
        repository = resolve(preset.name).repository
        assert preset.name == "starter" or (repository and repository.split("/")[1] in known)


@pytest.mark.parametrize("name", ["fast", "hf-hub:no/such-model", "ViT-B-32/laion2b_s34b_b79k", "ViT-B-32/openai"])
def test_weights_that_are_not_here_say_how_to_get_them(name: str) -> None:
    assert fetched(resolve(name)) is None
    with pytest.raises(ModelNotAvailableError, match=f"framescout models fetch {name}"):
        load_embedder(name)


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("stater", "starter"), ("ViT-B-32/laion2b_s34b_b79", "ViT-B-32/laion2b_s34b_b79k"), ("balance", "balanced")],
)
def test_a_typo_is_answered_with_the_nearest_name(typo: str, meant: str) -> None:
    with pytest.raises(ModelNotAvailableError, match=f"did you mean .*{meant}"):
        load_embedder(typo)


@pytest.mark.parametrize("name", ["", "qqqqqqq", "hf-hub:", "hf-hub:../../x", "ViT-B-32", "local-dir:/no/such/folder"])
def test_a_name_of_nothing_is_a_sentence(name: str) -> None:
    with pytest.raises(ModelNotAvailableError) as caught:
        load_embedder(name)
    assert "\n" not in str(caught.value)


def test_a_fetch_without_a_network_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the hub's client tries again, more and more slowly
    with pytest.raises(ModelNotAvailableError, match="look at the network") as caught:
        fetch("fast")
    assert "\n" not in str(caught.value)


def test_a_folder_without_weights_is_named(copy: Path) -> None:
    (copy / "open_clip_model.safetensors").unlink()
    with pytest.raises(ModelNotAvailableError, match="no weights in"):
        load_embedder(f"local-dir:{copy}")


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"{" * 100, b"\xff" * 8 + b"{}"])
def test_damaged_weights_are_a_sentence(copy: Path, content: bytes) -> None:
    (copy / "open_clip_model.safetensors").write_bytes(content)
    with pytest.raises(ModelNotAvailableError, match="can't be loaded") as caught:
        load_embedder(f"local-dir:{copy}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model_cfg": {}}', '{"model_cfg": {"text_cfg": 1}}'])
def test_a_damaged_configuration_is_a_sentence(copy: Path, content: str) -> None:
    (copy / "open_clip_config.json").write_text(content)
    with pytest.raises(ModelNotAvailableError):
        load_embedder(f"local-dir:{copy}")


class Hostile:
    def __init__(self, flag: Path) -> None:
        self.flag = flag

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.flag,))


def test_pickled_code_in_weights_is_not_run(copy: Path, tmp_path: Path) -> None:
    import torch

    (copy / "open_clip_model.safetensors").unlink()
    flag = tmp_path / "owned"
    torch.save({"state_dict": Hostile(flag)}, copy / "open_clip_pytorch_model.bin")
    with pytest.raises(ModelNotAvailableError):
        load_embedder(f"local-dir:{copy}")
    (copy / "open_clip_pytorch_model.bin").write_bytes(pickle.dumps(Hostile(flag)))
    with pytest.raises(ModelNotAvailableError):
        load_embedder(f"local-dir:{copy}")
    assert not flag.exists()


def test_weights_that_are_a_pickle_are_refused_though_they_are_sound(copy: Path) -> None:
    import torch
    from safetensors.torch import load_file

    weights = copy / "open_clip_model.safetensors"
    torch.save(load_file(weights), copy / "open_clip_pytorch_model.bin")
    weights.unlink()
    with pytest.raises(ModelNotAvailableError, match="only safetensors are read"):
        load_embedder(f"local-dir:{copy}")
    assert torch.load.__module__.startswith("torch")  # others may still read what they trust


@pytest.mark.parametrize("file", ["open_clip_config.json", "tokenizer_config.json", "config.json"])
def test_a_folder_that_brings_code_is_refused(copy: Path, file: str) -> None:
    config = json.loads((copy / "open_clip_config.json").read_text())
    if file == "open_clip_config.json":
        config["model_cfg"]["text_cfg"]["tokenizer_kwargs"] = {"trust_remote_code": True}
    else:
        config = {"auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}}
    (copy / file).write_text(json.dumps(config))
    with pytest.raises(ModelNotAvailableError, match="asks for code"):
        load_embedder(f"local-dir:{copy}")


def test_a_text_tower_of_the_hub_in_a_folder_is_not_looked_up(copy: Path) -> None:
    config = json.loads((copy / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"] = {"hf_model_name": "some/bert", "hf_tokenizer_name": "some/bert"}
    (copy / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelNotAvailableError, match="can't be loaded"):
        load_embedder(f"local-dir:{copy}")


def test_the_files_of_a_model_are_what_makes_it(copy: Path) -> None:
    (copy / "README.md").write_text("a card changes no embedding")
    found = {path.name for path in files(resolve(f"local-dir:{copy}"))}
    assert found == {"open_clip_config.json", "open_clip_model.safetensors"}
