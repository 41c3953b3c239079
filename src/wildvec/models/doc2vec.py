"""Doc2Vec: vectors of documents, PV-DBOW and PV-DM.

Le, Mikolov (2014), "Distributed Representations of Sentences and Documents".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from wildvec.base.checks import choice, whole
from wildvec.base.keys import Key
from wildvec.base.ragged import join_rows
from wildvec.models import inference, memory, stored, tag_files
from wildvec.models.callbacks import Callback, Callbacks
from wildvec.models.document_objective import DocumentObjective
from wildvec.models.gensim_names import refuse_unknown
from wildvec.models.given_vectors import GivenVectors, given_rows, vectors_or_none
from wildvec.models.row_factors import grow_factors, row_factors
from wildvec.models.settings import Setting, one_of, switch
from wildvec.models.text_model import EITHER, Source, TextFeed
from wildvec.models.word2vec import Word2Vec
from wildvec.text.files import as_paths
from wildvec.text.readers import Tokenizer
from wildvec.text.tagged import TaggedCorpus, TaggedDocument
from wildvec.text.tags import TagTable
from wildvec.text.texts import Texts
from wildvec.text.trimming import TrimRule
from wildvec.text.vocab import Vocab
from wildvec.training import matrices
from wildvec.training.checkpoint import Training
from wildvec.training.feed import Feed
from wildvec.training.matrices import FloatRows
from wildvec.training.objective import MatrixSpec
from wildvec.vectors import search
from wildvec.vectors.keyedvectors import KeyedVectors

HELD_OUT_WORDS = 50  # of a piece; other pieces of a document train the vector that is tested on it


def _mean_or_sum(value: Any) -> int:
    """Return 1 (mean, also for None) or 0 (sum)."""
    return 1 if value is None else int(choice(1, 0, None)(value))


class Doc2Vec(Word2Vec):
    r"""Vectors of documents, learned from their words.

    PV-DBOW (dm=0) predicts the words of a document from its vector alone; it is fast and usually the better one for
    classification. PV-DM (dm=1) predicts each word from the document's vector and the words around it, and learns
    vectors of words too. `infer_vector` and `infer_vectors` compute vectors of new documents.

    Args:
        documents: An iterable of documents that is read once: objects with the attributes `words` (a list of tokens)
            and `tags` (a list of str or int), as TaggedDocument. Each tag has a vector. A tag may be that of several
            documents, and a document may have several tags. An int tag is a row number: rows from 0 to the highest
            int exist, and strings follow. Documents are trained in a random order that `seed` determines.
        corpus_file: A path, a list of paths, a folder, a glob pattern or "-" for stdin. A line is a document, and its
            number the tag. Files may be compressed (.gz, .bz2, .xz, .zst).
        vector_size: Values in a vector.
        dm_mean: PV-DM predicts from the mean (1, also None) or the sum (0) of the vectors of tags and context.
        dm: 1 for PV-DM, 0 for PV-DBOW.
        dbow_words: 1: PV-DBOW also trains vectors of words by skip-gram, which is slower. 0: they stay random.
        dm_concat: 1: PV-DM predicts from the concatenation of the vectors of tags and context. This is slow, and the
            model is large. The vocabulary then contains the word "\\0", for positions outside of a document.
        dm_tag_count: With dm_concat, the number of tags of each document; other documents are not trained.
        dv, dv_mapfile, comment: Arguments of gensim that are not used; dv must be None.
        trim_rule: As in Word2Vec.
        callbacks: Objects with at least one of the methods on_train_begin, on_epoch_begin, on_epoch_end and
            on_train_end, which get the model. No worker runs meanwhile.
        window: Words on each side of a word that count as its context (PV-DM, dbow_words).
        epochs: Passes over the documents.
        shrink_windows: True: each centre draws its width from 1 to window; False: always window.
        alpha: Learning rate at the start.
        min_alpha: Learning rate at the end; it falls linearly over all epochs.
        min_count: Words that occur less often are left out.
        max_vocab_size: Bound of the words held while reading; the rarest are dropped. None: no bound.
        max_final_vocab: Raises min_count until the vocabulary has at most this many words. None: no bound.
        sample: Words above this fraction of the corpus are trained less often; 0: all occurrences are trained.
        seed: With one worker, the same seed gives the same bits.
        workers: Threads; default: the CPUs that this process may use.
        hs: 1 for hierarchical softmax.
        negative: Number of noise words per example; 0: no negative sampling.
        ns_exponent: Noise words are drawn with probability proportional to count ** ns_exponent.
        sorted_vocab: 1: the most frequent word comes first; 0: order of first appearance.
        pretrained: Vectors of words to begin with (KeyedVectors, the path of their file, or an array with a row for
            each word). Words of the vocabulary that they lack begin with random vectors. For PV-DM or dbow_words.
        freeze_words: True: training does not change the vectors from `pretrained`.
        update: "block" trains several words or documents together and shares their noise words; "pair" is the classic
            update, one pair at a time with new noise words; it is several times slower and meant for comparison.
        deterministic: As in Word2Vec.
        held_out: Fraction of the text, in pieces of 50 words, that is not trained. The other pieces of a document
            train its vector; the loss of the pieces that are held out is measured after each epoch.
        patience: As in Word2Vec.
        max_seconds: As in Word2Vec.
        checkpoint: As in Word2Vec.
        checkpoint_minutes: As in Word2Vec.
        checkpoint_epochs: As in Word2Vec.
        keep_checkpoints: As in Word2Vec.
        lowercase: Convert the text to lower case.
        tokenizer: Function from a line to its tokens; default: str.split.
        errors: What to do with bytes that are not UTF-8: "strict" raises, "replace" inserts U+FFFD, "ignore" omits.
        max_sentence_length: A longer document is trained in pieces of this many words, which all have its tags.
        cache_dir: Folder for the ids of the corpus; default: memory, and the system's temporary folder if they are
            larger than 256 MB.
        others: Arguments that only gensim has: ignored if they change no result, else refused.

    Attributes:
        dv: The vectors of tags (KeyedVectors). `dv.get_vecattr(tag, "doc_count")` is the number of its documents, and
            "word_count" that of their words. `dv.vectors_lockf` can freeze rows, as that of `wv`.
        wv: The vectors of words (KeyedVectors).
        epoch_losses, held_out_losses, tokens_per_second: See `Word2Vec`.

    Raises:
        TypeError: A document has no words or no list of tags, a tag is neither str nor int, or a setting has the
            wrong type.
        ValueError: An int tag is negative or much larger than the number of documents. Other errors are those of
            Word2Vec.

    >>> documents = [TaggedDocument(["king", "rules", "land"], [0]), TaggedDocument(["a", "fine", "film"], ["film"])]
    >>> model = Doc2Vec(documents * 50, vector_size=16, min_count=1, workers=1)
    >>> model
    Doc2Vec(2 tags and 6 words × 16, PV-DM with mean, 10 epochs trained)
    >>> model.dv["film"].shape, model.infer_vector(["a", "film"]).shape
    ((16,), (16,))
    """

    NAME: ClassVar[str] = "Doc2Vec"
    MATRICES: ClassVar[tuple[str, ...]] = ("vectors", "output_rows", "node_rows", "document_vectors")
    SAME_DATA: ClassVar[str] = "give the same documents in the same order, and the same tokenizer"

    epochs = Word2Vec.epochs.with_default(10)
    dm = one_of(1, 0, help="1: PV-DM; 0: PV-DBOW")
    dm_mean = Setting[int](
        None, _mean_or_sum, "PV-DM predicts from the mean (1) or the sum (0)", choices=(1, 0)
    )
    dm_concat = Setting(0, choice(0, 1), "1: PV-DM predicts from a concatenation", choices=(0, 1), fixed=True)
    dm_tag_count = Setting(1, whole(1, 1_000), "with dm_concat: tags of each document", fixed=True)
    dbow_words = one_of(0, 1, help="1: PV-DBOW trains words too")
    pretrained = Setting[GivenVectors](
        None,
        vectors_or_none,
        "file of vectors of words to begin with",
        stored=False,
        changeable=True,
        from_text=str,
        metavar="FILE",
    )
    freeze_words = switch(False, "do not change the vectors of --pretrained")

    def __init__(
        self,
        documents: Source = None,
        corpus_file: Source = None,
        vector_size: int = 100,
        dm_mean: int | None = None,
        dm: int = 1,
        dbow_words: int = 0,
        dm_concat: int = 0,
        dm_tag_count: int = 1,
        dv: None = None,
        dv_mapfile: str | None = None,
        comment: str | None = None,
        trim_rule: TrimRule | None = None,
        callbacks: Iterable[Callback[Self]] = (),
        window: int = 5,
        epochs: int = 10,
        shrink_windows: bool = True,
        *,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        max_final_vocab: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int | None = None,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        sorted_vocab: int = 1,
        pretrained: GivenVectors = None,
        freeze_words: bool = False,
        update: str = "block",
        deterministic: bool = False,
        held_out: float = 0.0,
        patience: int | None = None,
        max_seconds: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_minutes: float | None = 10,
        checkpoint_epochs: int | None = None,
        keep_checkpoints: int = 2,
        lowercase: bool = False,
        tokenizer: Tokenizer | None = None,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        cache_dir: str | os.PathLike[str] | None = None,
        **others: Any,
    ) -> None:
        if dv is not None:
            raise ValueError(
                "dv is given: build_vocab makes the vectors of tags; assign model.dv.vectors after it"
            )
        self._tags = TagTable.empty()
        self._inference: list[DocumentObjective] = []
        self._set_up(locals())
        self._start(documents, corpus_file, callbacks)

    # -- settings that follow from others --------------------------------------------------------------------------

    @property
    def sg(self) -> int:  # type: ignore[override]
        """1 for PV-DBOW, 0 for PV-DM, as in gensim."""
        return 1 - self.dm

    @property
    def dbow(self) -> bool:
        """Whether the model is PV-DBOW."""
        return not self.dm

    @property
    def cbow_mean(self) -> int:  # type: ignore[override]
        """The same as dm_mean."""
        return self.dm_mean

    @property
    def null_word(self) -> int:  # type: ignore[override]
        """1 if the vocabulary has the additional word NUL, for positions outside of a document (dm_concat)."""
        return self.dm * self.dm_concat

    @property
    def n_documents(self) -> int:
        """The number of rows of `dv`."""
        return len(self._tags)

    def _check_together(self) -> None:
        super()._check_together()
        if self.pretrained is not None and not self.dm and not self.dbow_words:
            raise ValueError(
                "pretrained has no effect with dm=0 and dbow_words=0, because PV-DBOW then uses no vectors of words; "
                "set dbow_words=1, or dm=1"
            )

    # -- documents -------------------------------------------------------------------------------------------------

    def _read(self, sentences: Source, corpus_file: Source, vocab: Vocab | None, **building: Any) -> TextFeed:
        """Read documents; with a vocabulary or one to grow, use the tags of the model, else make a new table."""
        if (sentences is None) == (corpus_file is None):
            raise TypeError(EITHER.format("documents"))
        return TaggedCorpus.read(
            as_paths(corpus_file) if sentences is None else sentences,
            known=None if vocab is None and "grow" not in building else self._tags,
            grow_tags="grow" in building,
            seed=self.seed,
            **self._reading_options(vocab, **building),
        )

    def _reading_options(self, vocab: Vocab | None, **building: Any) -> dict[str, Any]:
        options = super()._reading_options(vocab, **building)
        if self.held_out:
            options["max_sentence_length"] = min(self.max_sentence_length, HELD_OUT_WORDS)
        return options

    def _set_corpus(self, corpus: TextFeed, update: bool = False) -> None:
        assert isinstance(corpus, TaggedCorpus)
        if update and len(self.vocab):
            factors = self._grow_tags(corpus.table)
            super()._set_corpus(corpus, update)
            self.dv.vectors_lockf = factors
        else:
            self._tags = corpus.table
            super()._set_corpus(corpus, update)
        self.corpus_count = corpus.n_documents

    def _grow_tags(self, table: TagTable) -> FloatRows:
        """Set a table that begins with the present tags, whose vectors are kept; return the factors of all rows."""
        self._take_over_vectors()
        self._match_matrices()
        factors, n_new = self.dv.vectors_lockf, len(table) - len(self._tags)
        self._tags = table
        spec = self._document_spec()
        self._matrices[spec.name] = matrices.grow(spec, self._matrices[spec.name], self.seed)
        self._set_dv()
        return grow_factors(factors, n_new)

    def _grow(self, vocab: Vocab) -> None:
        n_old = len(self.vocab)
        super()._grow(vocab)
        if n_old:
            self._begin_with_pretrained(n_old)

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Key, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
        **others: Any,
    ) -> None:
        """Build the vocabulary of words from a table of frequencies, with the arguments of Word2Vec.

        Without `update` the model then has no tags: `build_vocab(documents, update=True)` adds those of documents.
        """
        super().build_vocab_from_freq(word_freq, keep_raw_vocab, corpus_count, trim_rule, update, **others)
        if not update:
            self._set_tags(TagTable.empty())

    def _set_tags(self, table: TagTable) -> None:
        """Set a new table of tags with random vectors."""
        self._tags = table
        spec = self._document_spec()
        self._matrices[spec.name] = matrices.create(spec, self.seed)
        self._set_dv()

    def _reset(self, vocab: Vocab) -> None:
        super()._reset(vocab)
        if len(vocab):
            self._begin_with_pretrained(0)

    def _begin_with_pretrained(self, first: int) -> None:
        """Set the vectors of words from row `first` on to those that are given."""
        if self.pretrained is None:
            if self.freeze_words:
                raise ValueError("freeze_words=True: there are no vectors to keep; give pretrained")
            return
        rows, is_given = given_rows(self.pretrained, self.vocab, self.vector_size, "pretrained")
        is_given[:first] = False
        self._vectors[is_given] = rows[is_given]
        if self.freeze_words:
            factors = np.array(np.broadcast_to(self.wv.vectors_lockf, len(self.vocab)))
            factors[is_given] = 0
            self.wv.vectors_lockf = factors

    # -- matrices --------------------------------------------------------------------------------------------------

    def _matrix_specs(self, n_keys: int) -> tuple[MatrixSpec, ...]:
        return self._objective().shapes(n_keys)

    def _check_predicts_from_words(self) -> None:
        if self.dm and self.dm_concat:
            raise RuntimeError("dm_concat=1 predicts from tags and a whole window, not from words alone")

    def _objective(self) -> DocumentObjective:
        return DocumentObjective(
            **{field.name: getattr(self, field.name) for field in fields(DocumentObjective)}
        )

    def _set_matrices(self, vocab: Vocab, rows: dict[str, FloatRows]) -> None:
        super()._set_matrices(vocab, rows)
        self._set_dv()

    def _document_spec(self) -> MatrixSpec:
        specs = self._matrix_specs(len(self.vocab))
        return next(spec for spec in specs if spec.name == "document_vectors")

    def _set_dv(self) -> None:
        self.dv = self._make_dv()
        self.dv.expandos |= {"doc_count": self._tags.doc_counts, "word_count": self._tags.word_counts}
        factors = vars(self).pop("_factors_of_file", None)
        self.dv.vectors_lockf = np.ones(1, np.float32) if factors is None else factors.astype(np.float32)
        row_factors(self.dv, "dv")

    def _make_dv(self) -> KeyedVectors:
        """Return what `dv` is, for the current tags and matrices."""
        return KeyedVectors.from_arrays(self._tags.keys, self._document_vectors)

    @property
    def _document_vectors(self) -> FloatRows:
        """The trained vectors of tags without padding, (tags, vector_size): a view of the matrix."""
        return self._matrices["document_vectors"][:, : self.vector_size]

    def _take_over_vectors(self) -> None:
        super()._take_over_vectors()
        given, rows = self.dv.vectors, self._document_vectors
        if self.dv.index_to_key != self._tags.keys or given.shape != rows.shape:
            raise ValueError(
                f"dv has {len(self.dv)} tags × {given.shape[1]}, which are not the {len(self._tags)} tags × "
                f"{self.vector_size} of the model; save such vectors alone (dv.save)"
            )
        if not np.shares_memory(given, rows) and len(rows):
            rows[...] = given
            self.dv.vectors = rows

    def _train(
        self, feed: Feed, training: Training, callbacks: Callbacks[Self], folder: Path | None
    ) -> tuple[int, int]:
        if isinstance(feed, TaggedCorpus) and not len(feed.tags.values):
            raise ValueError(
                "no document has a tag of the model; call build_vocab(documents, update=True) to add new tags"
            )
        return super()._train(feed, training, callbacks, folder)

    def _rates_by_matrix(self) -> dict[str, FloatRows]:
        rates = super()._rates_by_matrix()
        if (factors := row_factors(self.dv, "dv")) is not None:
            rates["document_vectors"] = factors
        return rates

    # -- inference -------------------------------------------------------------------------------------------------

    def infer_vector(
        self,
        doc_words: Iterable[Key],
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
        **others: Any,
    ) -> FloatRows:
        """Return the vector of a new document, float32 (vector_size,). It depends on the model and the words only.

        The vector is trained as in training, while all other values of the model stay as they are. Unknown words are
        left out; the vector of a document without known words is random.

        Args:
            doc_words: The tokens of the document.
            alpha: Learning rate at the start; default: `self.alpha`.
            min_alpha: Learning rate at the end; default: `self.min_alpha`.
            epochs: Passes over the document; default: `self.epochs`.
            others: None; names of older gensim get an error that names today's.

        Raises:
            TypeError: doc_words is a str, or an argument is unknown.
            RuntimeError: There is no vocabulary yet.
        """
        refuse_unknown(others)
        if isinstance(doc_words, (str, bytes)):
            raise TypeError(
                f"doc_words={doc_words!r:.60}: give a list of words, for example doc_words.split()"
            )
        row: FloatRows = self.infer_vectors([doc_words], alpha, min_alpha, epochs)[0]
        return row

    def infer_vectors(
        self,
        documents: Iterable[Any],
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> FloatRows:
        """Return the vectors of many new documents, float32 (documents, vector_size), on all workers.

        The vector of each document is the same as that of `infer_vector`: it does not depend on the other documents
        or on the number of workers.

        Args:
            documents: Lists of tokens, strings (which `tokenizer` or white space divides), or TaggedDocuments, whose
                tags are not used.
            alpha: As in `infer_vector`.
            min_alpha: The same.
            epochs: The same.

        >>> documents = [TaggedDocument(["a", "fine", "film"], [0]), TaggedDocument(["a", "book"], [1])]
        >>> model = Doc2Vec(documents, vector_size=16, min_count=1, workers=1)
        >>> model.infer_vectors([["a", "film"], "a fine book"]).shape
        (2, 16)
        """
        texts = self._as_texts(documents)
        if not len(self.vocab):
            raise RuntimeError("there is no vocabulary yet; call build_vocab first")
        if not np.may_share_memory(self.wv.vectors, self._vectors):
            self._take_over_vectors()
        schedule = self._schedule(epochs or None, alpha or None, min_alpha or None)
        if not len(texts):
            return np.zeros((0, self.vector_size), np.float32)
        ids = join_rows(list(texts.known_ids(self.wv.key_to_index)))
        return inference.infer(
            self._inference_objective(),
            self._matrices,
            ids,
            schedule.epochs,
            schedule.alpha,
            schedule.min_alpha,
            self.seed,
            self.workers,
        )

    def _inference_objective(self) -> DocumentObjective:
        """Return the objective of inference; the same object as last time if nothing changed, with its tables."""
        objective = self._objective()
        if objective.dbow_words:
            objective = replace(objective, dbow_words=0)
        if [objective] != self._inference:
            self._inference[:] = [objective]
        return self._inference[0]

    def _as_texts(self, documents: Any) -> Texts:
        """Return the words of documents, which may be texts without tags."""
        texts = Texts(documents, self.tokenizer, self.lowercase)
        texts.texts = [getattr(text, "words", text) for text in texts.texts]
        return texts

    def similarity_unseen_docs(
        self,
        doc_words1: Iterable[Key],
        doc_words2: Iterable[Key],
        alpha: float | None = None,
        min_alpha: float | None = None,
        epochs: int | None = None,
    ) -> float:
        """Return the cosine of the inferred vectors of two documents; arguments as in `infer_vector`."""
        pair = [self.infer_vector(words, alpha, min_alpha, epochs) for words in (doc_words1, doc_words2)]
        return search.cosine(*np.asarray(pair, np.float64))

    def fit(self, X: Any, y: Any = None) -> Self:
        """Build the vocabulary of some texts and train new vectors, as scikit-learn's estimators do.

        The tag of a text is its position. X may hold TaggedDocuments too, which keep their tags. Other arguments and
        errors as in `Word2Vec.fit`.
        """
        texts = Texts(X, self.tokenizer, self.lowercase)
        numbered = enumerate(zip(texts.texts, texts, strict=True))
        documents = [
            text if hasattr(text, "tags") else TaggedDocument(words, [i]) for i, (text, words) in numbered
        ]
        self._start(documents, None, ())
        return self

    def transform(self, X: Any) -> Any:
        """Return the inferred vectors of texts, float32 (texts, vector_size); X as for `fit`."""
        self._check_is_fitted()
        return self._wrap_output(self.infer_vectors(X), X)

    def __getitem__(self, tag: Key | Iterable[Key]) -> FloatRows:
        """Return the vector of a word or a tag (of the word, if it is both), or a row for each of several."""
        if isinstance(tag, (str, int, np.integer)):
            return self.wv[tag] if tag in self.wv else self.dv[tag]
        return np.vstack([self[one] for one in tag])

    # -- memory and files ------------------------------------------------------------------------------------------

    def estimated_lookup_memory(self) -> int:
        """Return how many bytes the names of the tags need, about."""
        return tag_files.BYTES_PER_TAG * len(self._tags)

    def estimate_memory(
        self,
        vocab_size: int | None = None,
        report: dict[str, int] | None = None,
        *,
        tokens: int | None = None,
        sentences: int | None = None,
    ) -> dict[str, int]:
        """Return upper bounds of the memory that training needs, in bytes: each part, and `total`.

        Args:
            vocab_size: Number of words in the vocabulary; default: the vocabulary of the model.
            report: A dict that receives the parts too, as in gensim.
            tokens: Tokens of all documents; see `Word2Vec.estimate_memory`.
            sentences: Number of documents. A model without tags is estimated with one tag for each.
        """
        other = self
        if sentences and not len(self._tags):
            other = stored.with_settings(self, {"_tags": TagTable.numbers(sentences)})
        parts = memory.estimate(other, vocab_size, tokens, sentences)
        parts["tags"] = other.estimated_lookup_memory()
        parts["total"] += parts["tags"]
        if report is not None:
            report.update(parts)
        return parts

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        doctag_vec: bool = False,
        word_vec: bool = True,
        prefix: str = "*dt_",
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
    ) -> None:
        """Write vectors in word2vec's format.

        Args:
            fname: The file.
            doctag_vec: Write the vectors of tags.
            word_vec: Write the vectors of words. With both, words come first.
            prefix: Is put before each tag.
            fvocab: File for the words and their counts.
            binary: True: word2vec's binary format; False: text.
        """
        tag_files.save_word2vec_format(self, fname, doctag_vec, word_vec, prefix, fvocab, binary)

    def _more_tensors(self) -> dict[str, NDArray[Any]]:
        return {**super()._more_tensors(), **tag_files.to_tensors(self._tags, row_factors(self.dv, "dv"))}

    def _set_more_tensors(self, tensors: Mapping[str, NDArray[Any]], n_keys: int) -> None:
        super()._set_more_tensors(tensors, n_keys)
        self._tags = tag_files.from_tensors(tensors)
        self._inference = []
        self._factors_of_file = tensors.get(tag_files.FACTORS)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["dv"], state["_inference"]
        return state | {"_document_factors": self.dv.vectors_lockf}

    def __setstate__(self, state: dict[str, Any]) -> None:
        factors = state.pop("_document_factors")
        self._inference = []
        super().__setstate__(state)
        self.dv.vectors_lockf = factors

    def __repr__(self) -> str:
        size = f"{len(self._tags):,} tags and {len(self.vocab):,} words × {self.vector_size}"
        return f"{type(self).__name__}({size}, {self._kind()}{self._epochs_text()})"

    def _kind(self) -> str:
        if not self.dm:
            return f"PV-DBOW{' with words' if self.dbow_words else ''}, "
        how = "concatenation" if self.dm_concat else "mean" if self.dm_mean else "sum"
        return f"PV-DM with {how}, "
