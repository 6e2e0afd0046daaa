"""One door for every model: the tests make their own, in the shapes of real ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image

from framescout.embedding import Embedder, fingerprint, load_embedder, load_text_tower
from framescout.embedding.image_tower import OnnxImageTower
from framescout.embedding.look import LOOK
from framescout.embedding.openvino_tower import OpenVinoImageTower
from framescout.embedding.text_tower import FACTS, IMAGE_GRAPH, TEXT_GRAPH, TEXT_WEIGHTS, TOKENIZER
from framescout.embedding.torch_towers import TorchImageTower, TorchTextTower
from framescout.errors import ModelNotAvailableError
from framescout.resources import bundled
from tests.framescout.embedding.make import TINY_CONVOLUTIONS, TINY_VIT, make_model

TEXTS = [
    "a person climbing a fence",
    "",
    " It's   3:15 at NIGHT -- they'll_run!? &amp; &lt;hide&gt; ",
    "ein Mann läuft über die Straße, 一个人 🚗 “quoted” …",
    "one word after the other " * 60,
    "<end_of_text> in a sentence",
    "tab\tnew\nline\x00\x07",
]


@pytest.fixture(scope="module", params=["vit", "convolutions"])
def name(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    config = TINY_VIT if request.param == "vit" else TINY_CONVOLUTIONS
    return make_model(tmp_path_factory.mktemp("models") / request.param, config)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def embedder(name: str, cache: Path) -> Embedder:
    return load_embedder(name, cache=cache)


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A model's name, and a cache with its towers."""
    folder = tmp_path_factory.mktemp("vit")
    name = make_model(folder / "model", TINY_VIT, seed=1)
    load_text_tower(name, fingerprint(name), folder / "cache")
    return name, folder / "cache"


def pictures() -> list[Image.Image]:
    """Smooth ones, as footage is; of several sizes and modes."""
    random = np.random.default_rng(0)
    coarse = [Image.fromarray(random.integers(0, 255, (6, 8, 3), np.uint8)) for _ in range(5)]
    sized = [image.resize((200 + 40 * i, 120), Image.Resampling.BICUBIC) for i, image in enumerate(coarse)]
    return [*sized, sized[0].convert("L"), sized[1].convert("RGBA"), sized[2].convert("P")]


def as_open_clip_has_it(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of `pictures()` and TEXTS by open_clip alone, in float32."""
    model, prepare = open_clip.create_model_from_pretrained(name, image_resize_mode="squash")
    tokenizer = open_clip.get_tokenizer(name)
    with torch.inference_mode():
        images = model.eval().encode_image(
            torch.stack([prepare(image.convert("RGB")) for image in pictures()]), normalize=True
        )
        texts = model.encode_text(tokenizer(TEXTS), normalize=True)
    return images.numpy(), texts.numpy()


def least_cosine(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float((a * b).sum(axis=1).min())


def test_both_towers_agree_with_open_clip(name: str, embedder: Embedder) -> None:
    images, texts = as_open_clip_has_it(name)
    got = embedder.encode_images(pictures())
    assert got.dtype == np.float32
    assert np.allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
    assert least_cosine(got, images) >= 0.999
    assert least_cosine(embedder.encode_texts(TEXTS), texts) >= 0.999


def test_without_a_cache_the_vectors_are_the_same(name: str, embedder: Embedder) -> None:
    plain = load_embedder(name)
    assert isinstance(plain._texts, TorchTextTower)
    assert least_cosine(plain.encode_texts(TEXTS), embedder.encode_texts(TEXTS)) >= 0.999
    assert least_cosine(plain.encode_images(pictures()), embedder.encode_images(pictures())) >= 0.9999


def test_towers_of_convolutions_need_no_torch_the_second_time(name: str, embedder: Embedder, cache: Path) -> None:
    again = load_embedder(name, cache=cache)
    has_graph = any(cache.glob(f"towers-{again.fingerprint[:16]}/{IMAGE_GRAPH}"))
    assert has_graph == name.endswith("convolutions")
    if not torch.cuda.is_available():
        assert isinstance(again._images, OnnxImageTower | OpenVinoImageTower if has_graph else TorchImageTower)
    assert least_cosine(again.encode_images(pictures()), embedder.encode_images(pictures())) >= 0.9999


def test_the_order_and_the_batch_change_nothing(embedder: Embedder) -> None:
    many = (pictures() * 5)[:37]
    together = embedder.encode_images(many)
    alone = np.concatenate([embedder.encode_images([image]) for image in many[:8]])
    assert least_cosine(together[:8], alone) >= 0.9995
    assert embedder.encode_images([]).shape == (0, embedder.dimensions)
    assert embedder.encode_texts([]).shape == (0, embedder.dimensions)


def test_pictures_are_squashed_never_cropped(embedder: Embedder) -> None:
    width, height = embedder.image_size
    wide = Image.new("RGB", (4 * width, height))
    wide.paste("white", (0, 0, width // 2, height))  # stands at the edge: a crop of the middle would lose it
    squashed = np.asarray(wide.resize((width, height), Image.Resampling.BICUBIC))[None]
    assert least_cosine(embedder.encode_images([wide]), embedder.encode_pixels(squashed)) >= 0.9999


def test_pixels_of_another_size_are_refused(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match="uint8"):
        embedder.encode_pixels(np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        embedder.encode_pixels(np.zeros((1, *embedder.image_size, 3), np.float32))


def test_a_search_meets_neither_torch_nor_open_clip(name: str, embedder: Embedder, cache: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from framescout.embedding import load_text_tower\n"
        f"tower = load_text_tower({name!r}, {embedder.fingerprint!r}, Path({str(cache)!r}))\n"
        "assert tower.encode_texts(['a person', 'Straße']).shape == (2, tower.dimensions)\n"
        "met = {'torch', 'open_clip', 'transformers', 'alembic', 'huggingface_hub'} & set(sys.modules)\n"
        "assert not met, met\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=bundled("configs").parent)


@pytest.mark.parametrize("file", [TEXT_GRAPH, TEXT_WEIGHTS, TOKENIZER, FACTS])
def test_a_damaged_cache_is_written_again(vit: tuple[str, Path], tmp_path: Path, file: str) -> None:
    name, cache = vit
    identity = fingerprint(name)
    copy = Path(shutil.copytree(cache, tmp_path / "cache"))
    (damaged,) = copy.glob(f"towers-{identity[:16]}/{file}")
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    texts = load_text_tower(name, identity, copy).encode_texts(TEXTS)
    assert least_cosine(texts, load_text_tower(name, identity, cache).encode_texts(TEXTS)) >= 0.9999


def test_other_weights_have_another_fingerprint(name: str, tmp_path: Path) -> None:
    folder = Path(name.removeprefix("local-dir:"))
    shutil.copytree(folder, tmp_path / "same")
    assert fingerprint(f"local-dir:{tmp_path / 'same'}") == fingerprint(name)
    weights = tmp_path / "same" / "open_clip_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert fingerprint(f"local-dir:{tmp_path / 'same'}") != fingerprint(name)


def test_the_text_tower_of_other_weights_is_not_had(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelNotAvailableError, match="other weights"):
        load_text_tower(name, "0" * 32, tmp_path)


@pytest.mark.slow
def test_a_model_in_the_shape_of_vit_b_32_goes_through_the_same_door(tmp_path: Path) -> None:
    name = make_model(tmp_path / "model", open_clip.get_model_config("ViT-B-32"))
    embedder = load_embedder(name, cache=tmp_path / "cache")
    assert (embedder.dimensions, embedder.image_size) == (512, (224, 224))
    images, texts = as_open_clip_has_it(name)
    assert least_cosine(embedder.encode_images(pictures()), images) >= 0.999
    assert least_cosine(embedder.encode_texts(TEXTS), texts) >= 0.999


def test_the_starter_is_an_ordinary_folder(tmp_path: Path) -> None:
    if not (bundled("models") / "starter").is_dir():
        pytest.skip("the starter model is not there yet")
    plain = shutil.copytree(bundled("models") / "starter", tmp_path / "plain")
    (plain / LOOK).unlink()  # what looks at windows, too
    embedder = load_embedder(f"local-dir:{plain}", cache=tmp_path)
    images, texts = as_open_clip_has_it(f"local-dir:{bundled('models') / 'starter'}")
    assert least_cosine(without_hubness(embedder.encode_images(pictures())), images) >= 0.999
    assert least_cosine(without_hubness(embedder.encode_texts(TEXTS)), texts) >= 0.999


def without_hubness(rows: np.ndarray) -> np.ndarray:
    """Vectors as the towers alone give them."""
    plain = rows[:, :-1]
    return plain / np.linalg.norm(plain, axis=1, keepdims=True)
