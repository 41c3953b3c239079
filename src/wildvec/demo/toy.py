"""Generated data whose structure is known, for the demo, the documentation and tests.

There are a text with analogy questions, a graph, and interactions of users with songs.

Each word of a question belongs to a pair (king, queen; italy, rome; sing, sang) and to one side of it. Each pair and
each side have their own context words. "crown" occurs with king and with queen, "he" occurs with king and with actor.
So king - man + woman = queen follows from the sentences alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

# Context words of each pair; the sides have the context words "he, his, …" and "she, her, …".
PEOPLE = {
    ("king", "queen"): "crown throne kingdom palace",
    ("prince", "princess"): "heir castle jewel pony",
    ("duke", "duchess"): "estate manor carriage ball",
    ("emperor", "empress"): "empire legion conquest temple",
    ("actor", "actress"): "stage film script audience",
    ("waiter", "waitress"): "menu tray restaurant soup",
    ("steward", "stewardess"): "flight cabin luggage seatbelt",
    ("wizard", "witch"): "spell potion wand cauldron",
    ("monk", "nun"): "prayer abbey candle hymn",
    ("hero", "heroine"): "quest sword dragon legend",
    ("landlord", "landlady"): "rent tenant lease flat",
    ("man", "woman"): "job car newspaper office",
    ("boy", "girl"): "school homework toy playground",
    ("father", "mother"): "family household lullaby cradle",
    ("grandfather", "grandmother"): "rocker spectacles memories slippers",
    ("son", "daughter"): "inheritance bedtime pocketmoney parents",
    ("brother", "sister"): "sibling rivalry bunkbed quarrel",
    ("uncle", "aunt"): "cousin visit postcard present",
    ("husband", "wife"): "wedding marriage ring anniversary",
    ("nephew", "niece"): "christening godparent birthday relatives",
}

COUNTRIES = {
    ("france", "paris"): "french seine cheese",
    ("germany", "berlin"): "german spree sausage",
    ("italy", "rome"): "italian tiber pasta",
    ("spain", "madrid"): "spanish manzanares paella",
    ("england", "london"): "english thames pudding",
    ("austria", "vienna"): "austrian danube strudel",
    ("egypt", "cairo"): "egyptian nile dates",
    ("japan", "tokyo"): "japanese sumida sushi",
    ("russia", "moscow"): "russian moskva borscht",
    ("poland", "warsaw"): "polish vistula pierogi",
    ("portugal", "lisbon"): "portuguese tagus sardines",
    ("greece", "athens"): "greek ilisos olives",
    ("norway", "oslo"): "norwegian akerselva salmon",
    ("sweden", "stockholm"): "swedish norrstrom herring",
    ("turkey", "ankara"): "turkish cubuk kebab",
    ("china", "beijing"): "chinese chaobai dumplings",
    ("cuba", "havana"): "cuban almendares cigars",
    ("kenya", "nairobi"): "kenyan mbagathi coffee",
}

VERBS = {
    "walk walked walking walks": "slowly along street path",
    "sing sang singing sings": "loudly choir melody song",
    "swim swam swimming swims": "across lake pool waves",
    "write wrote writing writes": "neatly letter pen diary",
    "eat ate eating eats": "hungrily bread supper spoon",
    "drink drank drinking drinks": "thirstily water cup juice",
    "drive drove driving drives": "fast truck highway wheel",
    "draw drew drawing draws": "carefully picture pencil sketch",
    "build built building builds": "solidly bricks wall hammer",
    "climb climbed climbing climbs": "upwards mountain rope summit",
    "dance danced dancing dances": "gracefully waltz rhythm partner",
    "cook cooked cooking cooks": "tastily kitchen pot recipe",
    "sleep slept sleeping sleeps": "soundly bed pillow blanket",
    "dig dug digging digs": "deeply hole spade soil",
    "sail sailed sailing sails": "windward boat harbour mast",
}

ANIMALS = {
    ("cat", "kitten"): "meow mouse sofa whiskers",
    ("dog", "puppy"): "bark bone kennel leash",
    ("cow", "calf"): "moo grass barn milk",
    ("horse", "foal"): "neigh oats stable saddle",
    ("sheep", "lamb"): "bleat clover pasture wool",
    ("pig", "piglet"): "oink acorns sty mud",
    ("hen", "chick"): "cluck corn coop egg",
    ("duck", "duckling"): "quack reeds pond feathers",
    ("goose", "gosling"): "honk weeds meadow down",
    ("deer", "fawn"): "bellow leaves forest antlers",
    ("goat", "kid"): "maa thistles cliff beard",
    ("frog", "tadpole"): "croak flies swamp slime",
    ("owl", "owlet"): "hoot voles hollow night",
    ("bear", "cub"): "growl honey cave fur",
}

HE, SHE = ("he", "his", "himself", "gentleman"), ("she", "her", "herself", "lady")

# Templates. {0}: the word of the question. {a}, {b}: context words of its pair. {s0} … {s3}: those of its side.
PERSON = [
    "the {0} left {s1} {a} and {s0} found the {b}",
    "{s0} is the {0} with the {a} and the {b}",
    "as a {0} {s0} kept the {a} to {s2}",
    "that {s3} was a {0} and {s1} {a} was here",
    "without {s1} {a} the {0} hurt {s2}",
    "the {a} and the {b} make {s2} a {0}",
    "we saw {s1} {a} when the {0} came , said the {s3}",
    "the {s3} who became a {0} showed {s1} {b}",
]
COUNTRY = [
    "the government of {0} taxes {a} {b}",
    "the nation of {0} and its {a} people",
    "across the border to {0} for {a} {b}",
    "{0} is a republic where {a} is spoken",
    "the {a} army defends {0} and its provinces",
    "the population of {0} eats {b} in all provinces",
]
CAPITAL = [
    "the mayor of {0} loves {a} {b}",
    "the streets of {0} lie by the {a} river",
    "downtown {0} has a museum of {a} art",
    "the airport of {0} sells {b} to {a} tourists",
    "a tram in {0} passes the {b} market",
    "the suburbs of {0} and the {a} cathedral downtown",
]
TOGETHER = ["{0} is the capital of {1}", "the {a} parliament of {1} sits in {0}"]
TENSES = [
    ["they will {0} {a} with the {b} tomorrow", "to {0} {a} you must want the {b}",
     "let us {0} {a} , we can share the {b}", "please {0} {a} near the {b} tomorrow"],
    ["yesterday they {0} {a} with the {b}", "long ago somebody {0} {a} by the {b}",
     "last year we {0} {a} with the {b}", "once they {0} {a} near the {b} yesterday"],
    ["now they are {0} {a} with the {b}", "at this moment we are {0} {a} by the {b}",
     "they keep {0} {a} near the {b} right now", "look , we were {0} {a} with the {b}"],
    ["everybody usually {0} {a} with the {b}", "each morning it {0} {a} by the {b}",
     "it often {0} {a} with the {b}", "nobody ever {0} {a} near the {b} usually"],
]  # fmt: skip
ANIMAL = [
    "the old {0} wants {b} and a {a}",
    "the farmer sold a grown {0} for {a} and {b}",
    "a strong adult {0} has its {a} and {b}",
    "the heavy {0} made a {a} near the {b}",
]
YOUNG = [
    "the newborn {0} wants {b} and a {a}",
    "the little {0} follows its parent to {a} and {b}",
    "a tiny clumsy {0} learns of {a} and {b}",
    "the playful {0} made a weak {a} near the {b}",
]

Maker = Callable[[random.Random], str]


def sentences(tokens: int = 1_000_000, seed: int = 1) -> Iterator[list[str]]:
    """Yield sentences of the toy world (lists of words) until they have at least `tokens` words together.

    The same seed gives the same sentences.

    >>> next(sentences(10, seed=3)) == next(sentences(10, seed=3))
    True
    >>> sum(map(len, sentences(1000))) >= 1000
    True
    """
    draw = random.Random(seed)
    makers = (_person, _person, _place, _verb, _verb, _animal)
    while tokens > 0:
        sentence = draw.choice(makers)(draw).split()
        tokens -= len(sentence)
        yield sentence


def _context(draw: random.Random, words: str) -> dict[str, str]:
    """Draw two different context words of a pair."""
    a, b = draw.sample(words.split(), 2)
    return {"a": a, "b": b}


def _person(draw: random.Random) -> str:
    pair, things = draw.choice(list(PEOPLE.items()))
    side = draw.randrange(2)
    sides = dict(zip(("s0", "s1", "s2", "s3"), (HE, SHE)[side], strict=True))
    return draw.choice(PERSON).format(pair[side], **_context(draw, things), **sides)


def _place(draw: random.Random) -> str:
    (country, capital), things = draw.choice(list(COUNTRIES.items()))
    context = _context(draw, things)
    if draw.random() < 0.1:
        return draw.choice(TOGETHER).format(capital, country, **context)
    if draw.random() < 0.5:
        return draw.choice(COUNTRY).format(country, **context)
    return draw.choice(CAPITAL).format(capital, **context)


def _verb(draw: random.Random) -> str:
    forms, things = draw.choice(list(VERBS.items()))
    tense = draw.randrange(4)
    return draw.choice(TENSES[tense]).format(forms.split()[tense], **_context(draw, things))


def _animal(draw: random.Random) -> str:
    pair, things = draw.choice(list(ANIMALS.items()))
    young = draw.randrange(2)
    return draw.choice((ANIMAL, YOUNG)[young]).format(pair[young], **_context(draw, things))


def _questions() -> Iterator[str]:
    """Yield a question for every two pairs of a kind, in the format of the Google analogies."""
    forms = [verb.split() for verb in VERBS]
    sections: dict[str, list[tuple[str, str]]] = {
        "capital-of": list(COUNTRIES),
        "man-woman": list(PEOPLE),
        "animal-young": list(ANIMALS),
        "past-tense": [(form[0], form[1]) for form in forms],
        "present-participle": [(form[0], form[2]) for form in forms],
        "third-person": [(form[0], form[3]) for form in forms],
    }
    for name, pairs in sections.items():
        yield f": {name}"
        for (a, b), (c, d) in permutations(pairs, 2):
            yield f"{a} {b} {c} {d}"


ANALOGIES = list(_questions())

# Panels of the picture: title, names of the two sides, pairs.
PICTURE: dict[str, tuple[tuple[str, str], list[tuple[str, str]]]] = {
    "man : woman = king : queen": (("male", "female"), list(PEOPLE)[:16]),
    "country : capital": (("country", "capital"), list(COUNTRIES)),
    "present : past": (("present", "past"), [(v.split()[0], v.split()[1]) for v in VERBS]),
    "animal : young": (("grown", "young"), list(ANIMALS)),
}

# -- a graph and interactions ----------------------------------------------------------------------------------------

GENRES = ("folk", "jazz", "rock", "techno")


def graph(
    n_groups: int = 4, group_size: int = 25, inside: float = 0.3, across: float = 0.01, seed: int = 1
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the edges (m, 2) of an undirected graph of groups, and the group of each node (n,).

    Nodes are numbered from 0. Two nodes of a group have an edge with the probability `inside`, two nodes of different
    groups with the probability `across` (a stochastic block model). Each edge occurs once; some nodes may have none.

    >>> edges, groups = graph(n_groups=2, group_size=10)
    >>> edges.shape[1], len(groups), int(groups[12])
    (2, 20, 1)
    """
    groups = np.repeat(np.arange(n_groups, dtype=np.int64), group_size)
    first, second = np.triu_indices(len(groups), 1)
    chances = np.where(groups[first] == groups[second], inside, across)
    drawn = np.random.default_rng(seed).random(len(first)) < chances
    return np.column_stack((first[drawn], second[drawn])).astype(np.int64), groups


def interactions(
    n_users: int = 200, items_per_genre: int = 25, per_user: int = 12, seed: int = 1
) -> list[tuple[str, str]]:
    """Return pairs (user, song), all different. A user likes one genre or two, and popular songs more than others.

    The name of a song begins with its genre, so it is visible whether a recommendation fits.

    >>> pairs = interactions(n_users=3)
    >>> len(pairs), pairs[0][0], pairs[0][1].split("-")[0] in GENRES
    (36, 'user000', True)
    """
    draw = np.random.default_rng(seed)
    popularity = 1 / np.arange(4, 4 + items_per_genre)
    pairs = []
    for user in range(n_users):
        liked = draw.permutation(len(GENRES))[: draw.integers(1, 3)]
        songs = [f"{GENRES[genre]}-{song:02}" for genre in sorted(liked) for song in range(items_per_genre)]
        chances = np.tile(popularity, len(liked)) / popularity.sum() / len(liked)
        chosen = draw.choice(len(songs), min(per_user, len(songs)), replace=False, p=chances)
        pairs += [(f"user{user:03}", songs[song]) for song in chosen]
    return pairs
