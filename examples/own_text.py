"""Train on a text file, print neighbours, save the model and draw the vectors.

python examples/own_text.py book.txt
"""

import sys
from pathlib import Path

from wildvec import Word2Vec
from wildvec.demo import toy
from wildvec.vectors import plot


def main() -> None:
    """Train on the file given on the command line, else on the sentences of the demo."""
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else toy.sentences(300_000)
    model = Word2Vec(source, vector_size=100, sg=1, lowercase=True, epochs=10)
    wv = model.wv
    print(f"{len(wv):,} words at {model.tokens_per_second:,.0f} tokens/s")

    for word in wv.index_to_key[:200:20]:
        neighbours = ", ".join(str(key) for key, _ in wv.most_similar(word, topn=5))
        print(f"{word}: {neighbours}")

    model.save("own_text.wv")
    plot.save("own_text.svg", wv.index_to_key, wv.vectors, title="The 100 most frequent words")
    print("saved own_text.wv and own_text.svg")


if __name__ == "__main__":
    main()
