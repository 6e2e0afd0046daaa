"""A model goes to a machine without a network as one file; the file may be hostile, and the power may go."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from huggingface_hub import constants

from framescout.cli import main
from framescout.embedding import fingerprint, load_embedder
from framescout.embedding.loading import load
from framescout.embedding.model_zip import export_model, import_model
from framescout.embedding.presets import place_of, resolve
from framescout.errors import FramescoutError, ModelNotAvailableError
from framescout.settings import models_folder
from tests.framescout.embedding.hub import make_files, put
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, TINY_VIT

BALANCED = "timm/ViT-B-32-SigLIP2-256"
TEXTS = ["a person climbing a fence", "", "two words"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's cache where `balanced` is a tiny model with a tokenizer of its own."""
    folder = tmp_path_factory.mktemp("hub")
    put(folder / "cache", BALANCED, *make_files(folder / "tiny", BALANCED, TINY_CONVOLUTIONS))
    return folder / "cache"


@pytest.fixture(scope="module")
def exported(hub: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("exported") / "model.zip"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(constants, "HF_HUB_CACHE", str(hub))
        export_model("balanced", target)
    return target.read_bytes()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, exported: bytes) -> Path:
    """A machine that has no model; the file that was brought to it."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "model.zip").write_bytes(exported)
    return tmp_path / "model.zip"


def test_an_imported_model_is_the_one_that_was_exported(hub: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carried = import_model(here)
    assert carried.name == "balanced"
    imported, vectors = fingerprint("balanced"), load_embedder("balanced").encode_texts(TEXTS)
    assert imported == carried.fingerprint
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("XDG_DATA_HOME", "/nowhere")
    assert fingerprint("balanced") == imported
    assert np.array_equal(load_embedder("balanced").encode_texts(TEXTS), vectors)


def test_a_model_of_open_clips_own_names_is_carried_too(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from open_clip.factory import _MODEL_CONFIGS

    monkeypatch.setitem(_MODEL_CONFIGS, "ViT-B-32", TINY_VIT)
    files = make_files(tmp_path / "vit", "", TINY_VIT)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "other"))
    put(tmp_path / "other", "timm/vit_base_patch32_clip_224.openai", *files)
    before = fingerprint("ViT-B-32/openai")
    export_model("ViT-B-32/openai", tmp_path / "vit.zip")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty"))
    assert import_model(tmp_path / "vit.zip").name == "ViT-B-32/openai"
    assert fingerprint("ViT-B-32/openai") == before


def test_the_commands_say_what_is_where(hub: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["models", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    def listed() -> dict[str, str]:
        found = CliRunner().invoke(main, ["models", "--json"], catch_exceptions=False)
        return {each["name"]: each["where"] for each in json.loads(found.stdout)}

    assert listed() == {"starter": "bundled", "fast": "missing", "balanced": "missing", "best": "missing"}
    assert "answers better (1.5 GB, once): framescout models fetch balanced" in ask()
    assert "use it with: framescout index --model balanced FOLDER" in ask("import", str(here))
    assert "balanced" in ask("import", str(here))  # again: nothing to do
    assert listed()["balanced"] == "imported"
    assert "balanced is here: framescout index --model balanced FOLDER" in ask()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.setenv("XDG_DATA_HOME", "/nowhere")
    assert "there: framescout models import again.zip" in ask("export", "balanced", str(here.parent / "again.zip"))


@pytest.mark.parametrize("name", ["starter", "local-dir:/tmp", "fast", "balanced"])
def test_what_cannot_be_exported_is_a_sentence(here: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelNotAvailableError) as caught:
        export_model(name, tmp_path / "none.zip")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "none.zip").exists()


def test_other_weights_of_a_model_do_not_take_its_place(here: Path, tmp_path: Path) -> None:
    import_model(here)
    weights = next(models_folder().rglob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(ModelNotAvailableError, match="other weights of balanced were imported before"):
        import_model(here)
    weights.unlink()
    with pytest.raises(ModelNotAvailableError, match="are damaged; delete"):
        import_model(here)


Members = dict[str, bytes]
CONFIG, WEIGHTS = f"{BALANCED}/open_clip_config.json", f"{BALANCED}/open_clip_model.safetensors"


def relisted(members: Members) -> None:
    """Let the list fit what is there: a file made by somebody who knows how."""
    import hashlib

    said = json.loads(members["model.json"])
    said["files"] = {
        name: hashlib.blake2b(content, digest_size=16).hexdigest()
        for name, content in members.items()
        if name != "model.json"
    }
    members["model.json"] = json.dumps(said).encode()


def with_member(name: str, content: bytes = b"{}") -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[name] = content
        relisted(members)

    return change


def unlisted(members: Members) -> None:
    members[f"{BALANCED}/extra.json"] = b"{}"


def changed(members: Members) -> None:
    members[WEIGHTS] = members[WEIGHTS][:-1] + bytes([members[WEIGHTS][-1] ^ 1])


def changed_and_relisted(members: Members) -> None:
    changed(members)
    relisted(members)


def without_weights(members: Members) -> None:
    del members[WEIGHTS]
    relisted(members)


def with_code(members: Members) -> None:
    members[f"{BALANCED}/tokenizer_config.json"] = b'{"auto_map": {"AutoTokenizer": ["evil.Tokenizer", null]}}'
    relisted(members)


def of_a_folder(members: Members) -> None:
    members["model.json"] = members["model.json"].replace(b"hf-hub:" + BALANCED.encode(), b"local-dir:/etc")


def of_no_model(members: Members) -> None:
    members["model.json"] = members["model.json"].replace(b"hf-hub:" + BALANCED.encode(), b"hf-hub:../../etc")


def of_another_model(members: Members) -> None:
    members["model.json"] = members["model.json"].replace(BALANCED.encode(), b"timm/PE-Core-L-14-336", 1)


def no_list(members: Members) -> None:
    del members["model.json"]


def strange_list(members: Members) -> None:
    members["model.json"] = b'{"model": 1}'


HOSTILE = {
    "a path that leads out": with_member(f"{BALANCED}/../../../../evil.json"),
    "an absolute path": with_member("/tmp/evil.json"),
    "a hidden file": with_member(f"{BALANCED}/.netrc.json"),
    "a backslash": with_member(f"{BALANCED}/..\\evil.json"),
    "a pickle": with_member(f"{BALANCED}/open_clip_pytorch_model.bin", b"\x80\x04."),
    "a program": with_member(f"{BALANCED}/tokenizer.py", b"import os"),
    "too many files": lambda members: [with_member(f"{BALANCED}/{n}.json")(members) for n in range(70)],
    "a file that is not listed": unlisted,
    "a bit changed": changed,
    "a bit changed and listed so": changed_and_relisted,
    "no weights": without_weights,
    "code to run": with_code,
    "a model of a folder": of_a_folder,
    "a model of no name": of_no_model,
    "another model's name": of_another_model,
    "no list": no_list,
    "a list of something else": strange_list,
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_and_leaves_nothing(
    here: Path, tmp_path: Path, change: Callable[[Members], object]
) -> None:
    with zipfile.ZipFile(here) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(here, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    refused(here, tmp_path)


def refused(file: Path, machine: Path) -> None:
    before = {path for path in machine.rglob("*") if path.is_file()}
    with pytest.raises(FramescoutError) as caught:
        import_model(file)
    assert "\n" not in str(caught.value)
    assert {path for path in machine.rglob("*") if path.is_file()} == before
    assert not list(models_folder().glob("*"))


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_file_that_was_cut_off_is_refused(here: Path, tmp_path: Path, share: float) -> None:
    content = here.read_bytes()
    here.write_bytes(content[: int(share * len(content))])
    refused(here, tmp_path)


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_are_refused(here: Path, tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    content = bytearray(here.read_bytes())
    for place in random.integers(0, len(content), 20):
        content[place] ^= 1 << int(random.integers(8))
    here.write_bytes(content)
    refused(here, tmp_path)


def test_a_file_that_says_it_is_huge_is_refused_before_it_is_unpacked(here: Path, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(here) as archive, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        members = {name: archive.read(name) for name in archive.namelist()}
        members[f"{BALANCED}/tokenizer.json"] = b" " * 201_000_000
        relisted(members)
        for name, content in members.items():
            bomb.writestr(name, content)
    here.write_bytes(packed.getvalue())
    with pytest.raises(ModelNotAvailableError, match="far too large"):
        import_model(here)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FramescoutError, match="can't be read"):
        import_model(tmp_path / "none.zip")


@pytest.mark.parametrize("at", ["framescout.embedding.model_zip._make_durable", "framescout.embedding.loading.load"])
def test_where_an_import_is_cut_off_nothing_is_here_and_the_next_one_goes_well(
    here: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    class Cut(BaseException):
        """The power goes."""

    def cut(*_: object, **__: object) -> None:
        raise Cut

    def nobody_tidies_up(**where: Any) -> contextlib.nullcontext[str]:
        return contextlib.nullcontext(tempfile.mkdtemp(**where))

    with monkeypatch.context() as patched:
        patched.setattr(at, cut)
        patched.setattr(tempfile, "TemporaryDirectory", nobody_tidies_up)
        with pytest.raises(Cut):
            import_model(here)
    (left,) = models_folder().iterdir()
    assert resolve("balanced").imported is None
    with pytest.raises(ModelNotAvailableError):
        fingerprint("balanced")
    os.utime(left, (time.time() - 10**6,) * 2)
    import_model(here)
    assert [*models_folder().iterdir()] == [place_of(resolve("balanced"))]
    load(resolve("balanced"))
