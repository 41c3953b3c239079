"""The native format: safetensors' layout, checksums, hostile headers, files of other programs."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wildvec import KeyedVectors
from wildvec.io import load, native, save, vectors

KEYS = ["king", "queen", "Zürich", "東京", "a_b"]
MATRIX = np.arange(15, dtype=np.float32).reshape(5, 3) / 7 - 1


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)


def read_safetensors(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read a file after the published description of the layout."""
    (length,) = struct.unpack("<Q", data[:8])
    assert length <= 100_000_000 and data[8:9] == b"{"
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    assert all(isinstance(value, str) for value in metadata.values())
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, stop = entry["data_offsets"]
        assert begin == end
        end = stop
        kind, bits = entry["dtype"][0].lower(), int(entry["dtype"][1:])
        values = np.frombuffer(data[8 + length + begin : 8 + length + stop], f"<{kind}{bits // 8}")
        tensors[name] = values.reshape(entry["shape"])
    assert 8 + length + end == len(data)
    return tensors, metadata


tensors_of_all_kinds = st.dictionaries(
    st.text(max_size=5),
    hnp.arrays(
        st.sampled_from(["<f8", "<f4", "<f2", "<i8", "<i4", "i2", "i1", "<u8", "u4", "u1", ">f4"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    max_size=4,
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(tensors_of_all_kinds, st.dictionaries(texts.filter(lambda t: t != "crc32"), texts))
@settings(max_examples=100, deadline=None)
def test_the_native_format_is_safetensors(
    tmp_path_factory: pytest.TempPathFactory,
    tensors: dict[str, np.ndarray],
    metadata: dict[str, str],
) -> None:
    path = tmp_path_factory.getbasetemp() / "tensors.wv"
    native.write(path, tensors, metadata)
    results = [
        native.read(path),
        native.read(path, mmap=True),
        read_safetensors(path.read_bytes()),
    ]
    checksums = results[2][0].pop("checksums")
    assert checksums.shape == (4 * len(tensors),)
    for found, found_metadata in results:
        assert metadata.items() <= found_metadata.items()
        assert found_metadata["format"] == "wildvec"
        assert found.keys() == tensors.keys()
        for name, array in tensors.items():
            assert found[name].shape == array.shape
            assert np.array_equal(found[name], array, equal_nan=array.dtype.kind == "f")


def test_tensors_begin_at_multiples_of_their_items(tmp_path: Path) -> None:
    path = tmp_path / "v.wv"
    native.write(path, {"a": np.zeros(3, np.uint8), "b": np.zeros(5), "c": np.zeros(1, "f2")}, {})
    assert (8 + int.from_bytes(path.read_bytes()[:8], "little")) % 64 == 0
    for array in native.read(path, mmap=True)[0].values():
        assert array.ctypes.data % array.itemsize == 0
        assert not array.flags.writeable


def test_a_file_rewritten_by_another_tool(tmp_path: Path) -> None:
    """Checksums do not depend on the order of tensors or the spaces of the header."""
    path = tmp_path / "v.wv"
    save(path, KEYS, MATRIX, np.arange(5))
    tensors, metadata = read_safetensors(path.read_bytes())
    header: dict[str, object] = {"__metadata__": metadata}
    data = b""
    for name in ("keys.bytes", "checksums", "vectors", "keys.offsets", "counts"):
        position = [len(data), len(data) + tensors[name].nbytes]
        kind = {"u": "U", "f": "F", "i": "I"}[tensors[name].dtype.kind]
        dtype = f"{kind}{8 * tensors[name].itemsize}"
        header[name] = entry(dtype, tensors[name].shape, position)
        data += tensors[name].tobytes()
    path.write_bytes(file_with_header(json.dumps(header, indent=1).encode(), data))
    for mmap in (False, True):
        keys, matrix, counts = load(path, mmap=mmap)
        assert keys == KEYS and same(matrix, MATRIX) and matrix.flags.aligned
        assert counts is not None and counts.tolist() == [0, 1, 2, 3, 4]


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    path = tmp_path / "v.wv"
    save(path, KEYS, MATRIX, np.arange(5))
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises((ValueError, EOFError)):
            load(path)


def file_with_header(header: bytes, data: bytes = b"") -> bytes:
    return len(header).to_bytes(8, "little") + header + data


def entry(dtype: object = "F32", shape: object = (1,), position: object = (0, 4)) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": position}


GOOD = {"format": "wildvec", "version": "2"}


@pytest.mark.parametrize(
    "header",
    [
        {"__metadata__": GOOD, "x": entry(position=(0, 10**18))},
        {"__metadata__": GOOD, "x": entry(shape=(10**18,), position=(0, 4 * 10**18))},
        {"__metadata__": GOOD, "x": entry(shape=(10**30,), position=(0, 4 * 10**30))},
        {"__metadata__": GOOD, "x": entry(position=(4, 8))},
        {"__metadata__": GOOD, "x": entry(), "y": entry()},
        {"__metadata__": GOOD, "x": entry(position=(4, 0))},
        {"__metadata__": GOOD, "x": entry(shape=(-1,), position=(0, -4))},
        {"__metadata__": GOOD, "x": entry(shape=(1.0,))},
        {"__metadata__": GOOD, "x": entry(shape=(True,))},
        {"__metadata__": GOOD, "x": entry(shape="1")},
        {"__metadata__": GOOD, "x": entry(shape=(1,) * 40)},
        {"__metadata__": GOOD, "x": entry(shape=(0, 10**30), position=(0, 0))},
        {"__metadata__": GOOD, "x": entry(dtype="O")},
        {"__metadata__": GOOD, "x": entry(dtype=["F32"])},
        {"__metadata__": GOOD, "x": entry(position=(0, 4, 8))},
        {"__metadata__": GOOD, "x": {"dtype": "F32"}},
        {"__metadata__": GOOD, "x": 3},
        {"__metadata__": {**GOOD, "version": "9"}},
        {"__metadata__": {**GOOD, "a": 1}},
        {"__metadata__": GOOD},
        {"__metadata__": []},
        {"x": entry(), "__metadata__": {"crc32": "00000000"}},
        {"x": entry(), "__metadata__": {"format": "wildvec"}},
        {"checksums": entry()},
    ],
)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_hostile_native_headers(tmp_path: Path, header: dict[str, object], compress: type) -> None:
    path = tmp_path / "v.wv"
    header = copy.deepcopy(header)
    metadata = header.get("__metadata__")
    tensors = {name: value for name, value in header.items() if name != "__metadata__"}
    if isinstance(metadata, dict) and len(tensors) and "a" not in metadata:
        with contextlib.suppress(TypeError, KeyError):  # a wrong checksum would hide the fault
            metadata["crc32"] = native._header_crc(tensors, dict(metadata))  # type: ignore[arg-type]
    path.write_bytes(compress(file_with_header(json.dumps(header).encode(), bytes(4))))
    with pytest.raises((ValueError, EOFError), match=r"v\.wv"):
        native.read(path)


@pytest.mark.parametrize(
    "content",
    [
        (2**63).to_bytes(8, "little") + b"{}",
        (10**7).to_bytes(8, "little") + b"{}",
        file_with_header(b"{" + b'"a":' * 5),
        file_with_header(b'{"__metadata__":{"format":"wildvec"},"__metadata__":{}}'),
        file_with_header(b'{"__metadata__":{"format":"wildvec","format":"wildvec"}}'),
        file_with_header(b'{"\xff":1}'),
        file_with_header(b'{"a":' + b"[" * 100_000),
        file_with_header(b'{"a":' + b"9" * 10_000 + b"}"),
    ],
)
def test_hostile_native_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.wv").write_bytes(content)
    for read in (native.read, load):
        with pytest.raises((ValueError, EOFError), match=r"v\.wv"):
            read(tmp_path / "v.wv")


def test_wrong_class_and_wrong_tensors(tmp_path: Path) -> None:
    path = tmp_path / "v.wv"
    native.write(path, {}, {"class": "Doc2Vec"})
    with pytest.raises(AttributeError, match="holds a Doc2Vec, not a KeyedVectors"):
        load(path)
    two, rising = MATRIX[:2], np.arange(3)
    cases: list[dict[str, np.ndarray]] = [
        {},
        {"vectors": MATRIX},
        {"vectors": MATRIX, "keys.int": np.arange(4)},
        {"vectors": MATRIX, "keys.int": np.zeros(5, np.int64)},
        {"vectors": MATRIX, "keys.int": np.zeros(5)},
        {"vectors": MATRIX, "keys.int": np.arange(5), "counts": np.arange(4)},
        {"vectors": MATRIX[0], "keys.int": rising},
        {"vectors": MATRIX, "keys.bytes": np.zeros(3, np.uint8), "keys.offsets": np.arange(6)},
        {"vectors": two, "keys.bytes": np.full(2, 255, np.uint8), "keys.offsets": rising},
        {"vectors": two, "keys.bytes": np.zeros(2, np.uint8), "keys.offsets": rising * [0, 5, 1]},
    ]
    for tensors in cases:
        native.write(path, tensors, {"class": "KeyedVectors"})
        with pytest.raises(ValueError, match=r"v\.wv: damaged"):
            load(path)


def test_native_files_can_be_mapped(tmp_path: Path) -> None:
    save(tmp_path / "v.wv", KEYS, MATRIX)
    keys, matrix, _ = load(tmp_path / "v.wv", mmap=True)
    assert keys == KEYS and same(matrix, MATRIX) and not matrix.flags.writeable
    for suffix in (".txt", ".bin", ".wv.gz"):
        save(tmp_path / f"v{suffix}", KEYS, MATRIX)
        with pytest.raises(ValueError, match="memory-mapped"):
            load(tmp_path / f"v{suffix}", mmap=True)


def test_tensors_and_metadata_that_the_native_format_cannot_hold(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="'x' has the dtype bool"):
        native.write(tmp_path / "v.wv", {"x": np.ones(2, bool)}, {})
    with pytest.raises(ValueError, match="metadata must be str"):
        native.write(tmp_path / "v.wv", {}, {"a": 1})  # type: ignore[dict-item]
    for name in ("crc32", "format", "version"):
        with pytest.raises(ValueError, match=f"name '{name}' is reserved"):
            native.write(tmp_path / "v.wv", {}, {name: "mine"})
    for name in ("checksums", "__metadata__"):
        with pytest.raises(ValueError, match=f"name '{name}' is reserved"):
            native.write(tmp_path / "v.wv", {name: np.zeros(1)}, {})
    with pytest.raises(ValueError, match="do not fit"):
        save(tmp_path / "v.wv", ["a"], MATRIX)
    assert not list(tmp_path.iterdir())


# Files of the safetensors package


def test_the_safetensors_package_reads_our_files(tmp_path: Path) -> None:
    path = tmp_path / "v.wv"
    for keys, matrix in ((KEYS, MATRIX), ([3, 1], MATRIX[:2].astype(np.float64)), (["a"], MATRIX[:1, ::2])):
        save(path, keys, matrix, np.arange(len(keys)))
        tensors = safetensors.numpy.load_file(path)
        assert same(tensors["vectors"], np.ascontiguousarray(matrix))
        assert tensors["counts"].tolist() == list(range(len(keys)))
    native.write(path, {}, {})
    assert safetensors.numpy.load_file(path).keys() == {"checksums"}


def test_files_of_the_safetensors_package_are_read(tmp_path: Path) -> None:
    path = tmp_path / "v.safetensors"
    tensors = vectors.to_tensors(KEYS, MATRIX, np.arange(5))
    for metadata in (None, {"format": "pt"}):
        safetensors.numpy.save_file(tensors, path, metadata)
        for mmap in (False, True):
            wv = KeyedVectors.load(path, mmap=mmap)
            assert wv.index_to_key == KEYS and same(wv.vectors, MATRIX)
    safetensors.numpy.save_file({"weight": MATRIX}, path)
    with pytest.raises(AttributeError, match=r"holds a safetensors file.*no tensors 'vectors'"):
        load(path)


def test_a_file_rewritten_by_the_safetensors_package_keeps_its_checksums(tmp_path: Path) -> None:
    path = tmp_path / "v.wv"
    save(path, KEYS, MATRIX)
    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
    tensors = safetensors.numpy.load_file(path)
    safetensors.numpy.save_file(tensors, path, metadata)
    assert load(path)[0] == KEYS
    tensors["vectors"][0, 0] += 1
    safetensors.numpy.save_file(tensors, path, metadata)
    with pytest.raises(ValueError, match="'vectors' does not match its checksum"):
        load(path)


# Classes and threads


@pytest.mark.parametrize("name", ["Doc2Vec", "", "KeyedVectors"])
def test_any_native_file_with_vectors_is_loaded_as_vectors(tmp_path: Path, name: str) -> None:
    path = tmp_path / "v.wv"
    more = {"output_rows": MATRIX, **vectors.to_tensors(KEYS, MATRIX)}
    native.write(path, more, {"class": name} if name else {})
    assert KeyedVectors.load(path).index_to_key == KEYS
    with pytest.raises(AttributeError, match="not a Graph2Vec or Other"):
        vectors.load_native(path, "Graph2Vec", "Other")


@pytest.mark.parametrize("suffix", [".wv", ".wv.gz"])
def test_a_file_saved_while_a_thread_changes_the_vectors_is_whole(tmp_path: Path, suffix: str) -> None:
    matrix = np.zeros((20_000, 32), np.float32)
    strided = np.zeros((20_000, 48), np.float32)[:, :32]
    saved = threading.Event()

    def change() -> None:
        while not saved.is_set():
            for rows in (matrix, strided):
                rows += 1

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for rows in (matrix, strided):
            for _ in range(3 if suffix == ".wv" else 1):
                native.write(tmp_path / f"v{suffix}", {"rows": rows}, {})
                assert native.read(tmp_path / f"v{suffix}")[0]["rows"].shape == rows.shape
    finally:
        saved.set()
        thread.join()


def test_limit_reads_the_first_vectors(tmp_path: Path) -> None:
    save(tmp_path / "v.wv", KEYS, MATRIX, np.arange(5))
    for mmap in (False, True):
        keys, matrix, counts = load(tmp_path / "v.wv", mmap, limit=2)
        assert keys == KEYS[:2] and same(matrix, MATRIX[:2])
        assert counts is not None and counts.tolist() == [0, 1]
        assert matrix.flags.writeable != mmap
