"""A plan made better by chains of changes, round after round, until none is found that gains. Never worse than before.

First what a move costs by the prices is charged, so that a weak move makes room for a better one; then moves are free,
to spend what the limit leaves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sync_worker.core.assignment.arithmetic import shares
from sync_worker.core.assignment.chains import Reach, chains, shifts
from sync_worker.core.assignment.options import promising
from sync_worker.core.assignment.standing import ROOM_FOR_ALL, Standing, moves, places

if TYPE_CHECKING:
    from sync_worker.core.assignment.chains import Chains
    from sync_worker.core.assignment.problem import Effort, Floats, Indexes, Ints, Prices, Problem

QUIET = 3
"""After so many rounds without a gain, each over other chains, the search is over."""
STRICTER = 40
"""How often the price of a move is raised where there are too many."""
RAISE, START = 1.1, 0.01
"""By what factor, and by what share of an item's worth on average beside that."""
CHEAPER = (0.9, 0.75, 0.5, 0.25)
"""How cheap moves become, step by step, while some are left."""
LOOKED_AT = 96
"""How many shifts for each rep a round looks at."""
NEAR = 0.03
"""What loses less than this share of an item's worth on average is always looked at, however many there are.

Where every rep suits every account, most options lose next to nothing: so many equals would hide all others.
"""
REACH = Reach()
EXACT = 1e-9
"""A chain has to gain more than this share of what an item is worth on average: less may be rounding."""


class Search:
    """One plan, with the options that make it better, and what every book of it counts. Changes in place."""

    def __init__(self, problem: Problem, prices: Prices, choice: Ints) -> None:
        """The choice must be feasible."""
        self.problem = problem
        self.prices = prices
        self.options = promising(problem, prices, choice)
        self.here = self.options.here.copy()
        self.standing = Standing(problem, places(problem, choice))
        self.held = np.zeros(len(choice), dtype=np.bool_)
        self.moves = moves(problem, choice)
        self.most = ROOM_FOR_ALL if problem.most_moves is None else problem.most_moves
        self.typical = float(np.add.reduce(np.abs(self.options.worth[self.here]))) / max(1, len(choice))
        self.least = EXACT * self.typical
        self.window = self._window()

    def run(self, move_price: float, rounds: int, *, seed: int, more_moves: int | None = None) -> None:
        """Look for chains and follow them until there are no more, so many rounds at most.

        ``more_moves``: how many may be added by one round; None: what the limit leaves.
        """
        quiet = 0
        for number in range(rounds):
            left = self.most - self.moves if more_moves is None else more_moves
            made = self._round(move_price, left, seed + number if quiet else None)
            quiet = 0 if made else quiet + 1
            if quiet == QUIET:
                break

    def mend(self, move_price: float, rounds: int, *, seed: int, held: Indexes, slack: int) -> None:
        """A few rounds in which these items stay where they are and the limit of moves may be exceeded by so many."""
        self.held[held] = True
        for number in range(rounds):
            left = max(0, self.most + slack - self.moves)
            if not self._round(move_price, left, seed + number if number > 1 else None):
                break
        self.held[held] = False

    def settle(self, move_price: float, rounds: int, *, seed: int) -> bool:
        """Give up the weakest moves until there are no more than may be. False where that was not to be done."""
        for number in range(STRICTER):
            if self.moves <= self.most:
                break
            move_price = RAISE * move_price + START * self.typical
            self.run(move_price, rounds, seed=seed + number, more_moves=0)
        return self.moves <= self.most

    def spend(self, move_price: float, rounds: int, *, seed: int) -> None:
        """Spend the moves that are left, where they bring most first, and then search with moves for nothing."""
        for share in CHEAPER:
            if not move_price or self.moves >= self.most:
                break
            self.run(share * move_price, rounds, seed=seed)
        self.run(0.0, rounds, seed=seed)

    def take(self, chosen: Ints) -> None:
        """Choose these options, each of another item."""
        item = self.options.item[chosen]
        self.moves += int(self.options.moves[chosen].sum()) - int(self.options.moves[self.here[item]].sum())
        self.here[item] = chosen
        self.standing.move(item, self.options.rep[chosen])

    def back_to(self, here: Ints) -> None:
        """Choose what was chosen before."""
        self.take(here[self.here != here])

    def promises(self, cheaper: float = 0.0) -> Floats:
        """How much less each option loses than where its item is, by the prices, or with moves so much cheaper."""
        lost: Floats = self.options.loss - cheaper * self.options.moves if cheaper else self.options.loss
        return lost[self.here][self.options.item] - lost

    def _window(self) -> float:
        """By how much an option may lose and still be looked at."""
        wanted = LOOKED_AT * (self.standing.pool + 1)
        loss = self.options.loss[self.options.loss > 0]
        if wanted < len(loss):
            return max(float(np.partition(loss, wanted)[wanted]), NEAR * self.typical)
        return float(loss.max(initial=0.0)) + self.least

    def _round(self, move_price: float, more_moves: int, seed: int | None) -> int:
        """One round: the best chains that have no book in common. How many items changed places.

        With a seed, chance has a say in which chains are looked at.
        """
        # Where no move is left to spend, cheap ones would only crowd out what may be.
        options, promise = self.options, self.promises(self.prices.move - move_price if more_moves > 0 else 0.0)
        open_ = (promise > -self.window) & (options.rep != self.standing.at[options.item])
        some = np.flatnonzero(open_ & ~self.held[options.item])
        if not len(some):
            return 0
        key = promise[some] if seed is None else promise[some] + self.window * _noise(some, seed)
        found = shifts(self.standing, options, self.here, some, self.prices, move_price)
        offered = chains(self.standing, found, key, replace(REACH, most_moves=more_moves, least=self.least))
        chosen = self._disjoint(offered, more_moves) if offered else []
        self.take(np.array(sorted(chosen), dtype=np.int64))
        return len(chosen)

    def _disjoint(self, offered: list[Chains], more_moves: int) -> list[int]:
        """The options of the best chains of which no two touch a book or an item of both, within the moves left."""
        pool, longest = self.standing.pool, offered[-1].options.shape[1]
        order = np.argsort(-np.concatenate([some.gain for some in offered]), kind="stable")[: REACH.kept * 2 * pool]
        path = np.concatenate([_widened(some.options, longest) for some in offered])[order]
        added = np.concatenate([some.moves for some in offered])[order]
        item = np.where(path >= 0, self.options.item[path], -1)
        source = np.where(path >= 0, self.standing.at[item], pool)
        target = np.where(path >= 0, self.options.rep[path], pool)
        books, items, chosen = set[int](), set[int](), list[int]()
        for options, who, out, into, more in zip(
            *(each.tolist() for each in (path, item, source, target, added)), strict=True
        ):
            touched, moved = {*out, *into} - {pool}, {*who} - {-1}
            if more <= more_moves and books.isdisjoint(touched) and items.isdisjoint(moved):
                books |= touched
                items |= moved
                more_moves -= max(more, 0)
                chosen += [option for option in options if option >= 0]
        return chosen


def _widened(path: Ints, columns: int) -> Ints:
    wide = np.full((len(path), columns), -1, dtype=np.int64)
    wide[:, : path.shape[1]] = path
    return wide


def _noise(options: Ints, seed: int) -> Floats:
    return shares(options.astype(np.uint64), np.full(len(options), seed + 1, dtype=np.uint64))


def improve(problem: Problem, prices: Prices, choice: Ints, effort: Effort) -> Ints:
    """A choice worth as much or more, reached by chains. The choice must be feasible, and what comes back is."""
    search = Search(problem, prices, choice)
    search.run(prices.move, effort.search_rounds, seed=0)
    search.spend(prices.move, effort.search_rounds, seed=0)
    return search.standing.choice()
