"""Train vectors, change them in PyTorch for a task, and go on with the changed vectors.

Words of praise and of blame have the same neighbours in a text, so Word2Vec gives them similar vectors. A few
labelled texts are enough to separate them: PyTorch trains the rows of the model in place, without a copy.

pip install 'wildvec[torch]' && python examples/torch_fine_tune.py
"""

import numpy as np
import torch
from torch import nn

from wildvec import KeyedVectors, Word2Vec

TOPICS = ("film", "book", "meal", "hotel")
PRAISE = ("good", "great", "fine", "lovely")
BLAME = ("bad", "poor", "awful", "boring")


def make_texts(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return n texts of one topic each, and 1 for those with words of praise, 0 for those with words of blame."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    texts = []
    for label in labels:
        topic = random.choice(TOPICS)
        words = [f"{topic}{number}" for number in random.integers(0, 30, 10)]
        opinion = random.choice(PRAISE if label else BLAME)
        texts.append(" ".join([*words[:5], topic, "is", opinion, *words[5:]]))
    return texts, labels


def tensors(wv: KeyedVectors, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the ids of the known words of all texts, and where each text begins."""
    bags = wv.encode(texts)
    return torch.from_numpy(bags.values), torch.from_numpy(bags.offsets[:-1])


def fine_tune(model: Word2Vec, texts: list[str], labels: np.ndarray, freeze: bool) -> nn.Sequential:
    """Train a classifier on the mean of the words' rows, and the rows too unless they are frozen."""
    bag = model.to_torch("mean", freeze=freeze)
    classifier = nn.Sequential(bag, nn.Linear(model.vector_size, 1))
    parameters = [p for p in classifier.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=0.02)
    inputs, target = tensors(model.wv, texts), torch.from_numpy(labels).float()
    for _ in range(150):
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(predict(classifier, inputs), target)
        loss.backward()
        optimizer.step()
    return classifier


def predict(classifier: nn.Sequential, inputs: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Return the score of each text."""
    bag, linear = classifier
    return linear(bag(*inputs))[:, 0]


def main() -> None:
    """Train, fine-tune, compare."""
    torch.manual_seed(1)
    unlabelled, _ = make_texts(4_000, seed=1)
    texts, labels = make_texts(300, seed=2)
    test_texts, test_labels = make_texts(1_000, seed=3)
    model = Word2Vec(vector_size=32, sg=1, epochs=5, seed=1, workers=1).fit(unlabelled)
    print(f"after Word2Vec: cosine of good and bad {model.wv.similarity('good', 'bad'):.2f}")
    for freeze in (True, False):
        classifier = fine_tune(model, texts, labels, freeze)
        with torch.no_grad():
            found = predict(classifier, tensors(model.wv, test_texts)).numpy() > 0
        kind = "frozen rows" if freeze else "trained rows"
        print(f"{kind}: {(found == test_labels).mean():.1%} of 1,000 test texts are right")
    assert np.shares_memory(classifier[0].weight.detach().numpy(), model.wv.vectors)
    print(
        f"after PyTorch: cosine of good and bad {model.wv.similarity('good', 'bad'):.2f}, of good and great "
        f"{model.wv.similarity('good', 'great'):.2f}"
    )

    model.train(
        [text.split() for text in unlabelled], epochs=1, start_alpha=0.005
    )  # the rows can be trained further
    model.save("fine_tuned.wv")
    print(f"saved fine_tuned.wv: {model}")


if __name__ == "__main__":
    main()
