"""Interactions from every kind of source, their parts, and answers to bad input."""

import copy
import datetime
import gzip
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildvec import Interactions

DAY = datetime.date(1970, 1, 2)
PAIRS = [("ann", "tea"), ("bob", "milk"), ("ann", "milk"), ("eve", "beer")]


def as_dict(data):
    """The weight and the time of each pair of keys."""
    weights = np.ones(len(data)) if data.weights is None else data.weights
    times = np.zeros(len(data)) if data.times is None else data.times
    users = [data.users[i] for i in data.user_ids.tolist()]
    items = [data.items[i] for i in data.item_ids.tolist()]
    return dict(
        zip(zip(users, items, strict=True), zip(weights.tolist(), times.tolist(), strict=True), strict=True)
    )


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(-3, 3), st.integers(1, 9), st.integers(0, 99))),
    st.sampled_from(["rows", "columns", "array", "frame"]),
)
def test_repeated_pairs_add_weights_and_keep_the_latest_time(rows, form):
    expected = {}
    for user, item, weight, time in rows:
        old = expected.get((user, item), (0, -1))
        expected[user, item] = (old[0] + weight, max(old[1], time))
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    if form == "rows":
        data = Interactions(rows)
    elif form == "columns":
        data = Interactions.from_columns(*columns)
    elif form == "array":
        data = Interactions(columns.T)
    else:
        pandas = pytest.importorskip("pandas")
        data = Interactions(
            pandas.DataFrame(
                dict(zip(("time", "item", "weight", "user"), columns[[3, 1, 2, 0]], strict=True))
            )
        )
    if rows or form != "rows":  # an empty list has no weights
        assert as_dict(data) == expected
    assert data.users == sorted({row[0] for row in rows}) and data.items == sorted({row[1] for row in rows})
    for user in range(data.n_users):
        own = data.item_ids[data.offsets[user] : data.offsets[user + 1]]
        assert (np.diff(own) > 0).all()


def test_names_keep_the_order_of_the_data():
    data = Interactions(PAIRS)
    assert (data.users, data.items) == (["ann", "bob", "eve"], ["tea", "milk", "beer"])
    assert data.item_counts.tolist() == [1, 2, 1] and data.items_of("ann") == ["tea", "milk"]
    assert data.user_to_index["eve"] == 2 and data.item_to_index["beer"] == 2 and len(data) == 4
    assert Interactions(([1, 1], ["a", "b"])).items == ["a", "b"], "users and items may have different types"
    assert Interactions(PAIRS, users=["zoe", "eve", "bob", "ann"]).offsets.tolist() == [0, 0, 1, 2, 4]


def test_matrices_of_scipy():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(20, 30, 0.2, "csr", np.float32, rng=np.random.default_rng(1))
    data = Interactions(matrix)
    assert (data.n_users, data.n_items) == (20, 30) and (data.matrix != matrix).nnz == 0
    named = Interactions.from_matrix(matrix.tocoo(), users=[f"u{i}" for i in range(20)])
    assert named.users[3] == "u3" and named.items[3] == 3
    assert Interactions.from_matrix((matrix > 0).toarray()).weights is None
    with pytest.raises(ValueError, match="19 different users for 20"):
        Interactions.from_matrix(matrix, users=range(19))


def test_frames_of_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"who": ["a", "b"], "what": [1, 2]})
    assert Interactions(polars.DataFrame(frame.to_numpy().tolist(), orient="row")).users == ["a", "b"]
    with pytest.raises(ValueError, match="rename the columns to user, item, weight, time"):
        Interactions(frame.rename({"who": "user"}))


def test_baskets():
    data = Interactions.from_baskets([["tea", "milk", "tea"], [], ("beer",)])
    assert data.users == [0, 1, 2] and data.offsets.tolist() == [0, 2, 2, 3]
    with pytest.raises(TypeError, match="basket 1 is str 'tea'"):
        Interactions.from_baskets([["tea"], "tea"])


@pytest.mark.parametrize(
    ("text", "users", "items"),
    [
        ("1\t5\t2.5\t10\n3\t5\t1\t20\n", [1, 3], [5]),
        ("ann,tea\nbob,tea\n", ["ann", "bob"], ["tea"]),
        ("item,user,time,weight\n5,1,10,2.5\n5,3,20,1\n", [1, 3], [5]),
        ("007 a\n8 b\n", ["007", "8"], ["a", "b"]),
        ("user_id\titem_id\nann\ttea\n", ["ann"], ["tea"]),
        ("userId,movieId,rating,timestamp\n1,5,2.5,10\n3,5,1.0,20\n", [1, 3], [5]),
        ("uid,dish,time,count,x\n1,5,10,2.5,a\n3,5,20,1,b\n", [1, 3], [5]),
        ("movieId,who\n5,1\n", [1], [5]),
        ("who,what,stars\nann,tea,1.5\n", ["ann"], ["tea"]),
        ("who what\n1 5\n", [1], [5]),
        ("# a comment\n\n1 5\n% another\n3 5\n", [1, 3], [5]),
        ('"Smith, Ann","tea ""x"""\nbob, milk\n', ["Smith, Ann", "bob"], ['tea "x"', "milk"]),
        ("a\u0085b\tc\u2028d\n", ["a\u0085b"], ["c\u2028d"]),
        ("\ufeffuser,item\nann,tea\n", ["ann"], ["tea"]),
    ],
)
def test_files_of_columns(tmp_path, text, users, items):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text.encode()))
    data = Interactions(tmp_path / "a.txt.gz")
    assert (data.users, data.items) == (users, items)
    if "10" in text:
        assert data.weights.tolist() == [2.5, 1] and data.times.tolist() == [10, 20]


def test_a_header_names_times_without_weights(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("user,item,time\n1,3,1600000000\n1,4,1700000000\n")
    data = Interactions.read(path)
    assert data.weights is None and data.times.tolist() == [1.6e9, 1.7e9]
    assert data.split(by="last")[1].item_ids.tolist() == [1]
    data = Interactions.read(path, separator=",", header=True)
    assert data.weights is None
    frame = pytest.importorskip("pandas").read_csv(path)
    assert Interactions(frame) == data
    assert Interactions(frame.rename(columns={"user": "userId", "item": "movie_id", "time": "Date"})) == data
    with pytest.raises(
        ValueError, match="columns who, item, time: none is known as the user; rename the columns to user"
    ):
        Interactions(frame.rename(columns={"user": "who"}))
    with pytest.raises(ValueError, match="format='lists' has no separator"):
        Interactions.read(path, format="lists", header=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,1\n\n# x\n3,4,-1\n", "a.csv, line 4: weight -1; give a finite number"),
        ("user,item,time\n1,2,5\n3,4,inf\n", "a.csv, line 3: time inf"),
        ("1,2,1\n3,4,x\n", "a.csv, line 2: the weight 'x' is no number; give a number there in all lines$"),
        ("1,2,x y\n3,4,5\n", "a.csv, line 1: the weight 'x y' is no number; .* or header=True if"),
        ("1,2,1\n3,4\n", "a.csv, line 2: the values '3', '4' .* give a number there in all lines"),
        ("time,user,item\n1,2,3\n", "a.csv: the columns time, user, item; put user and item first"),
        ("id,user,item\n1,2,3\n", "put user and item first"),
    ],
)
def test_errors_of_files_name_the_line(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        Interactions.read(tmp_path / "a.csv")


def test_files_of_lists_and_baskets(tmp_path):
    (tmp_path / "a.txt").write_text("7 1 2\n3\n5 2 9\n")
    lists = Interactions.read(tmp_path / "a.txt", format="lists")
    assert lists.users == [7, 3, 5] and lists.items == [1, 2, 9] and lists.offsets.tolist() == [0, 2, 2, 4]
    baskets = Interactions.read(tmp_path / "a.txt", format="baskets")
    assert baskets.users == [0, 1, 2] and baskets.items == [1, 2, 3, 5, 7, 9]
    with pytest.raises(ValueError, match="format='csv'"):
        Interactions.read(tmp_path / "a.txt", format="csv")
    (tmp_path / "one.txt").write_text("1 2\n3\n")
    with pytest.raises(ValueError, match=r"line 2: the value .3. with .* a line is .user item."):
        Interactions.read(tmp_path / "one.txt")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: Interactions.from_columns([1, 2], [1, 2], [1, -2]),
            ValueError,
            "row 1: weight -2; give a finite",
        ),
        (lambda: Interactions.from_columns([1, 2], [1, 2], [np.nan, 1]), ValueError, "row 0: weight nan"),
        (lambda: Interactions.from_columns([1], [1], None, [np.inf]), ValueError, "row 0: time inf"),
        (
            lambda: Interactions.from_columns([1], [1], [1, 2]),
            ValueError,
            r"weights of shape \(2,\) for 1 rows",
        ),
        (lambda: Interactions.from_columns([1, 2], [1]), ValueError, "2 users and 1 items"),
        (
            lambda: Interactions.from_matrix(np.array([[0, 1], [-1, 2]])),
            ValueError,
            "row 1, column 0: weight -1",
        ),
        (lambda: Interactions([("a", 1), (2, 1)]), TypeError, "2 at position 1 of the users is int"),
        (lambda: Interactions([("a", 1.5)]), (TypeError, ValueError), "1.5"),
        (lambda: Interactions([("a", None)]), TypeError, "None"),
        (lambda: Interactions([("a",)]), ValueError, r"row 0 has 1 value, \('a',\)"),
        (lambda: Interactions(np.ones((3, 1), int)), ValueError, "1 column; give users and items"),
        (lambda: Interactions(np.ones(3, int)), ValueError, r"an array of shape \(3,\)"),
        (lambda: Interactions([["a", "b"]]), TypeError, "Interactions.from_baskets"),
        (lambda: Interactions(("ann", "tea")), TypeError, "a single tuple"),
        (lambda: Interactions(5), TypeError, "int is no source of interactions; give"),
        (
            lambda: Interactions(PAIRS, users=["ann"]),
            ValueError,
            "row 1: user 'bob' is not among the 1 given users",
        ),
        (lambda: Interactions(PAIRS, items=["tea", "tea"]), ValueError, "'tea' occurs twice"),
        (lambda: Interactions(PAIRS).items_of("zoe"), KeyError, "there is no user 'zoe'"),
        (lambda: Interactions(PAIRS).split(2), ValueError, "fraction=2"),
        (lambda: Interactions(PAIRS).split(by="last"), ValueError, "by='last' needs times"),
        (lambda: Interactions(PAIRS).split(seed=1.5), TypeError, "seed=1.5"),
        (lambda: Interactions(PAIRS).drop_rare(min_user="x"), TypeError, "min_user='x'"),
        (
            lambda: Interactions.from_columns([1, 2], [1, 2], None, [DAY, 3]),
            TypeError,
            "row 1: time 3 is no date",
        ),
        (lambda: Interactions.from_columns([1, 2], [1, 2], None, [DAY, None]), ValueError, "row 1: time nan"),
        (lambda: Interactions(PAIRS).split(by="size"), ValueError, "by='size': give one of"),
    ],
)
def test_bad_input(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_columns_of_frames_are_found_by_their_names(caplog):
    pandas = pytest.importorskip("pandas")
    columns = {"genre": ["x"], "product_id": ["tea"], "timestamp": [9], "customer_id": ["ann"], "rating": [4]}
    data = Interactions(pandas.DataFrame(columns))
    assert (data.users, data.items, data.weights.tolist(), data.times.tolist()) == (
        ["ann"],
        ["tea"],
        [4],
        [9],
    )
    assert not caplog.text
    names = (
        r"columns when, who, what: none is known as the user and item; rename the columns to .*from_columns"
    )
    with pytest.raises(ValueError, match=names):
        Interactions(pandas.DataFrame({"when": [1], "who": ["ann"], "what": ["tea"]}))
    assert Interactions(pandas.DataFrame([["ann", "tea", 2]])).weights.tolist() == [2]
    Interactions(pandas.DataFrame({"user": ["ann"], "song": ["a"], "artist": ["b"]}))
    assert "the column 'song' is taken as the item; not used: 'artist'" in caplog.text


@pytest.mark.parametrize("library", ["", "pandas", "polars"])
def test_dates_become_seconds_in_utc(library):
    hours = datetime.timezone(datetime.timedelta(hours=2))
    seconds = [86400.0, 86400.5, -7200.0]
    dates = [datetime.datetime(1970, 1, 2), datetime.datetime(1970, 1, 2, 0, 0, 0, 500_000)]
    aware = [datetime.datetime(1970, 1, 2, 2, tzinfo=hours), datetime.datetime(1970, 1, 1, tzinfo=hours)]
    frames = pytest.importorskip(library) if library else None
    column = frames.Series if library else list
    for times, expected in ((dates, seconds[:2]), ([DAY, DAY], seconds[:1] * 2), (aware, seconds[::2])):
        columns = [1, 1], [1, 2]
        assert Interactions.from_columns(*columns, times=column(times)).times.tolist() == expected
        if library:
            frame = frames.DataFrame({"user": columns[0], "item": columns[1], "time": times})
            assert Interactions(frame).times.tolist() == expected
        else:
            rows = [(1, item, 1.0, time) for item, time in zip(columns[1], times, strict=True)]
            assert Interactions(rows).times.tolist() == expected


def test_users_or_items_of_interactions_are_replaced():
    data = Interactions(PAIRS, items=["beer", "milk", "tea", "water"])
    other = Interactions(data, users=["zoe", "eve", "bob", "ann"])
    assert other.items == data.items and other.users == ["zoe", "eve", "bob", "ann"]
    assert as_dict(other) == as_dict(data)
    assert Interactions(data, items=["water", "tea", "beer", "milk"]).users == data.users


def test_the_order_of_rows_and_times_does_not_matter():
    rows = [(1, 5, 1.0, 30), (2, 6, 2.0, 10), (1, 6, 3.0, 20), (1, 5, 4.0, 5)]
    assert Interactions(rows) == Interactions(rows[::-1])
    dates = np.array(["2020-01-02", "2020-01-01"], "datetime64[D]")
    assert np.diff(Interactions.from_columns([1, 1], [1, 2], times=dates).times).tolist() == [-86400]


def test_pairs_of_weight_zero_are_none():
    data = Interactions.from_columns([1, 2, 2], [1, 1, 2], [0, 1, 0], [1, 2, 3])
    assert data.offsets.tolist() == [0, 0, 1] and data.times.tolist() == [2]


def test_copies():
    data = Interactions([(1, 5, 1.0, 30), (2, 6, 2.0, 10)])
    for other in (pickle.loads(pickle.dumps(data)), copy.deepcopy(data), Interactions(data)):
        assert other == data and other.fingerprint() == data.fingerprint()
    assert data != Interactions([(1, 5, 1.0, 30), (2, 6, 2.0, 11)])
    assert repr(data) == "Interactions(2 users × 2 items, 2 interactions, weights, times)"
    assert len(Interactions([])) == 0


def random_data(seed=1, n=400):
    random = np.random.default_rng(seed)
    columns = [random.integers(0, high, n) for high in (30, 50)]
    return Interactions.from_columns(*columns, times=random.permutation(n))


def cells(data):
    return set(zip(data.user_ids.tolist(), data.item_ids.tolist(), strict=True))


@pytest.mark.parametrize("by", ["random", "time", "last", "one"])
def test_splits(by):
    data = random_data()
    train, held_out = data.split(0.25, by=by)
    assert train.users is data.users and held_out.items is data.items
    assert cells(train) | cells(held_out) == cells(data) and not cells(train) & cells(held_out)
    per_user = np.diff(held_out.offsets)
    if by == "random":
        assert (per_user == np.floor(np.diff(data.offsets) * 0.25 + 0.5)).all()
    elif by == "time":
        assert len(held_out) == round(0.25 * len(data)) and held_out.times.min() > train.times.max()
    else:
        assert (per_user == (np.diff(data.offsets) > 1)).all()
    if by == "last":
        latest = np.maximum.reduceat(train.times, train.offsets[:-1])
        assert (held_out.times > latest[held_out.user_ids]).all()
    assert data.split(0.25, by=by)[1] == held_out
    assert by in ("time", "last") or data.split(0.25, seed=2, by=by)[1] != held_out


def test_at_least_one_interaction_is_left_for_training():
    assert np.diff(random_data().split(1.0)[0].offsets).tolist() == [1] * 30


def test_drop_rare_is_the_core():
    core = random_data().drop_rare(8, 5)
    counts = np.diff(core.offsets), core.item_counts
    assert len(core) and counts[0].min() >= 8 and counts[1].min() >= 5
    left = [(core.users[u], core.items[i]) for u, i in cells(core)]
    assert set(left) <= {(random_data().users[u], random_data().items[i]) for u, i in cells(random_data())}


def test_reindex_drops_what_is_unknown():
    data = Interactions(PAIRS).reindex(["eve", "zoe", "ann"], ["milk", "beer"])
    assert as_dict(data) == {("eve", "beer"): (1, 0), ("ann", "milk"): (1, 0)}
    assert data.users == ["eve", "zoe", "ann"] and data.offsets.tolist() == [0, 1, 1, 2]


def test_dates_as_text():
    data = Interactions.from_columns([1, 1], [1, 2], times=["2024-05-31", "2024-05-31T00:00:10+00:00"])
    assert np.diff(data.times).tolist() == [10]
    with pytest.raises(ValueError, match="row 1: time 'soon' is no date; give numbers, or dates such as"):
        Interactions.from_columns([1, 1], [1, 2], times=["2024-05-31", "soon"])


def test_errors_of_files_name_the_remedy(tmp_path):
    path = tmp_path / "ratings.dat"
    path.write_text("1::1193::5::978300760\n")
    with pytest.raises(ValueError, match=r"line 1.*'::' is no separator here: replace it by a tab"):
        Interactions.read(path)
    path.write_text("1 2 3 4\n1 2 3 2024-05-31\n")
    with pytest.raises(ValueError, match=r"line 2: the time '2024-05-31' is no number; .*parse_dates"):
        Interactions.read(path)
