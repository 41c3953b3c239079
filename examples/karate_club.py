"""Vectors of a small graph: a picture, communities, and node classification. Needs scikit-learn.

python examples/karate_club.py

The graph is Zachary's karate club (1977): 34 members, 78 friendships, and a conflict after which the club split into
two. The vectors are learned from the friendships alone. Writes karate_club.svg.
"""

from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

from wildvec import DeepWalk, Graph
from wildvec.vectors import plot

# The friends of each member with a higher number.
FRIENDS = {
    0: "1 2 3 4 5 6 7 8 10 11 12 13 17 19 21 31", 1: "2 3 7 13 17 19 21 30", 2: "3 7 8 9 13 27 28 32",
    3: "7 12 13", 4: "6 10", 5: "6 10 16", 6: "16", 8: "30 32 33", 9: "33", 13: "33", 14: "32 33", 15: "32 33",
    18: "32 33", 19: "33", 20: "32 33", 22: "32 33", 23: "25 27 29 32 33", 24: "25 27 31", 25: "31", 26: "29 33",
    27: "33", 28: "31 33", 29: "32 33", 30: "32 33", 31: "32 33", 32: "33",
}  # fmt: skip
INSTRUCTOR, PRESIDENT = 0, 33
WITH_INSTRUCTOR = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21}  # after the split


def main() -> None:
    """Learn the vectors, and compare what they say with how the club split."""
    edges = [(member, int(friend)) for member, friends in FRIENDS.items() for friend in friends.split()]
    graph = Graph(edges)
    model = DeepWalk(
        graph, vector_size=16, window=3, walk_length=20, num_walks=20, epochs=5, seed=1, workers=1
    )
    vectors = model.wv
    print(f"{graph.n_nodes} members, {graph.n_edges} friendships")
    for member in (INSTRUCTOR, PRESIDENT):
        print(
            f"nearest to {member}:",
            ", ".join(str(other) for other, _ in vectors.most_similar(member, topn=5)),
        )

    members = vectors.index_to_key
    side = [int(member in WITH_INSTRUCTOR) for member in members]
    community = KMeans(2, n_init=10, random_state=1).fit_predict(vectors.get_normed_vectors())
    equal = sum(a == b for a, b in zip(side, community, strict=True))
    print(f"two communities agree with the split for {max(equal, 34 - equal)} of 34 members")

    known = [members.index(INSTRUCTOR), members.index(PRESIDENT)]
    classifier = LogisticRegression(C=100).fit(vectors.vectors[known], [side[row] for row in known])
    right = sum(classifier.predict(vectors.vectors) == side)
    print(f"from these two members alone, the side of {right} of 34 members is predicted correctly")

    sides = {
        "with the instructor": [member for member in members if member in WITH_INSTRUCTOR],
        "with the president": [member for member in members if member not in WITH_INSTRUCTOR],
    }
    panel = plot.Panel("Zachary's karate club, by the split", sides)
    plot.save("karate_club.svg", members, vectors.vectors, [panel])
    print("wrote karate_club.svg")


if __name__ == "__main__":
    main()
