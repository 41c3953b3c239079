"""Learn vectors of documents, and classify documents by them. Needs scikit-learn.

python examples/classify_documents.py reviews.tsv

Each line of the file is a label, a tab and a text. Without a file, documents are generated.
"""

import sys
from pathlib import Path
from random import Random

from sklearn.linear_model import LogisticRegression

from wildvec import Doc2Vec, TaggedDocument

TOPICS = {
    "sea": ["ship", "wave", "harbour", "sail", "storm", "captain", "island", "fish"],
    "kitchen": ["oven", "bread", "salt", "knife", "soup", "flour", "butter", "spoon"],
    "garden": ["rose", "soil", "seed", "rain", "spade", "hedge", "apple", "leaf"],
}
COMMON = ["the", "a", "and", "with", "in", "of", "was", "very", "day", "people"]


def make_documents(n: int, random: Random) -> list[tuple[str, str]]:
    """Return n pairs of label and text."""
    labels = [random.choice(list(TOPICS)) for _ in range(n)]
    return [(label, " ".join(random.choices(TOPICS[label] + COMMON, k=20))) for label in labels]


def main() -> None:
    """Train on nine tenths of the documents and test on the others."""
    random = Random(1)
    if len(sys.argv) > 1:
        lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
        documents = [(label, text) for label, _, text in (line.partition("\t") for line in lines)]
    else:
        documents = make_documents(2_000, random)
    random.shuffle(documents)
    labels = [label for label, _ in documents]
    texts = [text.lower().split() for _, text in documents]
    n = len(documents) * 9 // 10

    tagged = [TaggedDocument(words, [number]) for number, words in enumerate(texts[:n])]
    model = Doc2Vec(tagged, dm=0, vector_size=50, min_count=2, sample=0, epochs=20)
    print(f"{model} at {model.tokens_per_second:,.0f} words/s")

    classifier = LogisticRegression(max_iter=1_000).fit(model.dv.vectors, labels[:n])
    accuracy = classifier.score(model.infer_vectors(texts[n:]), labels[n:])
    print(f"accuracy on {len(documents) - n} new documents: {accuracy:.1%}")
    for tag, similarity in model.dv.most_similar(0, topn=3):
        print(f"near document 0 ({labels[0]}): document {tag} ({labels[int(tag)]}), {similarity:.2f}")


if __name__ == "__main__":
    main()
