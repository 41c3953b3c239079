"""The demonstration. In: sentences of the toy world. Out: vectors, printed examples and a picture."""

from __future__ import annotations

import os
from textwrap import indent

from wildvec.demo import toy
from wildvec.models.word2vec import Word2Vec
from wildvec.vectors import evaluate, plot

NEIGHBOURS = ("king", "paris", "swam", "puppy")
QUESTIONS = (
    ("man", "king", "woman"),
    ("france", "paris", "japan"),
    ("sing", "sang", "drive"),
    ("cat", "kitten", "cow"),
)


def run(
    output: str | os.PathLike[str],
    *,
    tokens: int = 1_000_000,
    epochs: int = 5,
    seed: int = 1,
    workers: int | None = None,
) -> Word2Vec:
    """Train skip-gram on `tokens` words of the toy world, print examples and write a picture.

    output: the SVG file. The errors are those of Word2Vec and of writing a file. Returns the model.
    """
    print(f"training on {tokens:,} words of a toy world ...", flush=True)
    model = Word2Vec(
        toy.sentences(tokens, seed),
        vector_size=100,
        sg=1,
        epochs=epochs,
        seed=seed,
        workers=workers,
    )
    print(
        f"{len(model.wv)} different words, {epochs} epochs, "
        f"{model.tokens_per_second:,.0f} tokens/s with {model.workers} workers\n"
    )
    for word in NEIGHBOURS:
        nearest = ", ".join(str(key) for key, _ in model.wv.most_similar(word, topn=5))
        print(f"  nearest to {word}: {nearest}")
    print()
    for a, b, c in QUESTIONS:
        result, cosine = model.wv.most_similar(positive=[b, c], negative=[a], topn=1)[0]
        print(f"  {a} is to {b} as {c} is to {result} ({cosine:.2f})")
    accuracy = evaluate.analogies(model.wv.index_to_key, model.wv.vectors, toy.ANALOGIES)
    print(f"\nanalogies\n{indent(str(accuracy), '  ')}")
    save_picture(output, model)
    print(f"\nthe picture of the vectors is {os.fspath(output)}")
    return model


def save_picture(output: str | os.PathLike[str], model: Word2Vec) -> None:
    """Draw the vectors of the pairs of the toy world and write the SVG file `output`."""
    panels = [
        plot.Panel(title, dict(zip(sides, zip(*pairs, strict=True), strict=True)), pairs)
        for title, (sides, pairs) in toy.PICTURE.items()
    ]
    plot.save(
        output,
        model.wv.index_to_key,
        model.wv.vectors,
        panels,
        title="What vectors learned from the sentences of a toy world",
    )
