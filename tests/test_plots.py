"""The pictures: what is drawn is the data, nothing global changes, and what cannot be drawn is refused."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import steepest
from objectives import area, area_slope, quadratic, rosenbrock
from steepest import SGD, Adam, compare, lr_finder, maximize, minimize, plots

matplotlib = pytest.importorskip("matplotlib")
from matplotlib.figure import Figure  # noqa: E402

KEPT: dict[str, Any] = {"optimizer": SGD, "keep_iterates": True}


@pytest.fixture(autouse=True)
def nothing_global() -> Any:
    """No picture may leave a trace in matplotlib's settings or in pyplot."""
    before = copy.deepcopy(dict(matplotlib.rcParams))
    yield
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


@pytest.fixture(scope="module")
def fence() -> Any:
    return maximize(area, 57.0, area_slope, lr=0.1, max_iter=30, gtol=None, **KEPT)


@pytest.fixture(scope="module")
def valley() -> Any:
    problem = rosenbrock()
    return minimize(problem.f, problem.x0, problem.grad, lr=1e-3, max_iter=50, **KEPT)


@pytest.fixture(scope="module")
def long_valley() -> Any:
    problem = rosenbrock(6)
    return minimize(problem.f, problem.x0, problem.grad, lr=1e-3, max_iter=50, **KEPT)


def drawn(axes: Any, i: int = 0) -> Any:
    """The data of an Axes' i-th line, a column a coordinate."""
    line = axes.lines[i]
    return np.array(line.get_data_3d() if hasattr(line, "get_data_3d") else line.get_data()).T


def rendered(figure: Any) -> None:
    """All of it is drawn, into memory."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure).draw()


class TestHistory:
    def test_is_drawn_as_it_is(self, fence: Any) -> None:
        figure = fence.history.plot()
        for axes, name in zip(figure.axes, ("value", "grad_norm", "lr"), strict=True):
            expected = np.c_[range(31), getattr(fence.history, name)]
            assert (drawn(axes) == expected).all()
        assert [axes.get_yscale() for axes in figure.axes] == ["linear", "log", "linear"]
        assert figure.axes[-1].get_xlabel() == "iteration"
        rendered(figure)

    def test_over_time(self, fence: Any) -> None:
        axes = fence.history.plot("value", by="time").axes[0]
        assert (drawn(axes)[:, 0] == fence.history.time).all()
        assert axes.get_xlabel() == "time in s"

    def test_values_over_decades_have_a_logarithmic_axis(self) -> None:
        problem = quadratic()
        history = minimize(problem.f, problem.x0, problem.grad).history
        assert history.plot(["value"]).axes[0].get_yscale() == "log"

    def test_several_are_told_apart(self, fence: Any, valley: Any) -> None:
        figure = plots.plot_history({"fence": fence, "valley": valley.history})
        top = figure.axes[0]
        assert [text.get_text() for text in top.get_legend().get_texts()] == ["fence", "valley"]
        assert len({line.get_color() for line in top.lines}) == 2
        assert (drawn(top, 1)[:, 1] == valley.history.value).all()

    def test_goes_into_given_axes(self, fence: Any) -> None:
        figure = Figure()
        left, right = figure.subplots(1, 2)
        assert fence.history.plot(("lr", "value"), ax=(left, right)) is figure
        assert right.get_ylabel() == "f(x)"

    def test_of_a_run_that_exploded_leaves_out_what_is_not_finite(self) -> None:
        with np.errstate(all="ignore"):
            found = minimize(lambda x: x @ x, np.ones(2), lambda x: 2 * x, optimizer=SGD, lr=1e9)
        figure = found.history.plot()
        shown = drawn(figure.axes[0])[:, 1]
        whole = found.history.value < 1e100
        assert (shown[whole] == found.history.value[whole]).all()
        assert np.isnan(shown[~whole]).all()
        rendered(figure)

    def test_of_no_step_and_without_slope(self) -> None:
        found = minimize(lambda x: 1.0, 0.0, lambda x: 0.0, max_iter=0)
        rendered(found.history.plot())


class TestTrajectory:
    def test_over_one_number_is_on_the_curve(self, fence: Any) -> None:
        axes = fence.plot_trajectory(limits=(42, 58))
        curve, way, start, end = (drawn(axes, i) for i in range(4))
        assert curve[[0, -1], 0].tolist() == [42, 58]
        assert curve[:, 1] == pytest.approx(area(curve[:, 0]))
        assert way[:, 0].tolist() == fence.history.x
        assert (way[:, 1] == fence.history.value).all()
        assert start.tolist() == [[57, 2451]]
        assert end.tolist() == [[fence.x, fence.fun]]
        rendered(axes.figure)

    def test_over_two_numbers_is_a_contour(self, valley: Any) -> None:
        seen: list[Any] = []
        axes = valley.plot_trajectory(lambda x: seen.append(x.copy()) or x @ x, points=8)
        assert (drawn(axes) == np.array(valley.history.x)).all()
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("x[0]", "x[1]")
        assert len(seen) == 64
        corners = np.array([[*axes.get_xlim()], [*axes.get_ylim()]]).T
        assert np.array(seen).min(axis=0).tolist() == corners[0].tolist()
        assert np.array(seen).max(axis=0).tolist() == corners[1].tolist()
        rendered(axes.figure)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_contours_are_of_f_and_white_is_best(self, sign: int) -> None:
        go = maximize if sign > 0 else minimize
        found = go(lambda x: -sign * (x @ x), [3.0, 4.0], lambda x: -sign * 2 * x, lr=0.2, **KEPT)
        axes = found.plot_trajectory(limits=[(-5, 5), (-5, 5)], points=60)
        filled, lines = axes.collections[:2]
        for level, path in zip(lines.levels, lines.get_paths(), strict=True):
            if len(path.vertices) and not np.isclose(abs(level), [0, 50]).any():
                inside = np.abs(path.vertices).max(axis=1) < 5
                radii = (path.vertices[inside] ** 2).sum(axis=1)
                assert radii == pytest.approx(abs(level), abs=0.05)
        assert np.ptp(lines.levels) == pytest.approx(50, rel=0.01)
        best, worst = filled.cmap(filled.norm(-sign * np.array([1e-6, 49.0])))
        assert best[:3].min() > 0.95 > 0.7 > worst[:3].max()

    def test_over_two_numbers_as_a_surface(self, valley: Any) -> None:
        axes = valley.plot_trajectory(kind="surface", points=10)
        assert (drawn(axes)[:, :2] == np.array(valley.history.x)).all()
        assert (drawn(axes)[:, 2] == valley.history.value).all()
        rendered(axes.figure)

    def test_of_several(self, valley: Any) -> None:
        problem = rosenbrock()
        other = minimize(
            problem.f, problem.x0, problem.grad, optimizer=Adam, keep_iterates=True, max_iter=9
        )
        axes = plots.plot_trajectory({"plain": valley, "Adam": other}, points=8)
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["plain", "Adam"]
        assert (drawn(axes, 3) == np.array(other.history.x)).all()
        assert axes.lines[0].get_color() != axes.lines[3].get_color()

    def test_of_a_comparison(self) -> None:
        problem = rosenbrock()
        found = compare(
            problem.f, problem.x0, problem.grad, lr=0.01, max_iter=9, keep_iterates=True
        )
        legend = plots.plot_trajectory(found.results, points=8).get_legend()
        assert [text.get_text() for text in legend.get_texts()] == list(found.results)

    def test_with_restarts_shows_all_runs_and_the_best(self) -> None:
        found = maximize(
            lambda x: -x * np.sin(5 * np.pi * x), 0.5, bounds=(-1, 1), restarts=4, seed=0,
            lr=0.002, max_iter=100, **KEPT,
        )  # fmt: skip
        axes = found.plot_trajectory()
        assert len(axes.lines) == 1 + 3 * 5 + 1
        for i, run in enumerate(found.runs):
            assert drawn(axes, 1 + 3 * i)[:, 0].tolist() == run.history.x
        assert drawn(axes, -1).tolist() == [[found.x, found.fun]]

    def test_does_not_ask_beyond_bounds(self) -> None:
        def f(x: Any) -> Any:
            assert -0.5 <= x[0] <= 2
            assert x[1] <= 1
            return x @ x

        found = minimize(
            f, [1.9, 1.0], lambda x: 2 * x, bounds=[(-0.5, 2), (None, 1)], lr=0.1, **KEPT
        )
        axes = found.plot_trajectory(points=12)
        assert axes.get_xlim()[1] <= 2
        plots.plot_trajectory(found, limits=[(-3, 3), (-3, 3)], points=12)

    def test_leaves_out_where_f_has_no_value(self) -> None:
        found = minimize(lambda x: x - np.log(x), 2.0, lambda x: 1 - 1 / x, lr=0.1, **KEPT)
        curve = drawn(found.plot_trajectory(limits=(-1, 2)))
        assert (np.isnan(curve[:, 1]) == (curve[:, 0] <= 0)).all()


class TestPlane:
    def test_through_two_numbers_holds_the_others(self, long_valley: Any) -> None:
        at = np.array(long_valley.x)
        seen: list[Any] = []
        axes = long_valley.plot_trajectory(
            lambda x: seen.append(x.copy()) or 1.0 + x[4], plane=(1, "x[4]"), points=8
        )
        assert (drawn(axes) == np.array(long_valley.history.x)[:, [1, 4]]).all()
        others = np.array(seen)[:, [0, 2, 3, 5]]
        assert (others == at[[0, 2, 3, 5]]).all()
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("x[1]", "x[4]")
        assert axes.get_title("right") == "the other 4 held"

    def test_through_one_number_is_a_curve(self, long_valley: Any) -> None:
        problem, at = rosenbrock(6), np.arange(6.0)
        axes = long_valley.plot_trajectory(plane=2, at=at, points=9)
        for along, height in drawn(axes):
            assert height == problem.f(np.where(np.arange(6) == 2, along, at))
        assert (drawn(axes, 1)[:, 1] == long_valley.history.value).all()

    def test_along_directions(self, long_valley: Any) -> None:
        u, v = np.ones(6), np.r_[2.0, np.zeros(5)]
        axes = long_valley.plot_trajectory(plane=(u, v), at=np.zeros(6), points=8)
        points = np.array(long_valley.history.x)
        expected = np.linalg.lstsq(np.c_[u, v], points.T)[0].T
        assert drawn(axes) == pytest.approx(expected, abs=1e-12)

    def test_along_the_path_holds_most_of_it(self, long_valley: Any) -> None:
        axes = long_valley.plot_trajectory(points=8)
        offsets = np.array(long_valley.history.x) - long_valley.x
        kept, all_of_it = (drawn(axes) ** 2).sum(), (offsets**2).sum()
        sizes = np.linalg.svd(offsets, compute_uv=False)
        assert kept == pytest.approx((sizes[:2] ** 2).sum())
        assert axes.get_title("right") == f"the plane holds {kept / all_of_it:.0%} of the way"
        assert drawn(axes)[-1] == pytest.approx([0, 0])

    def test_of_nested_numbers_has_their_names(self) -> None:
        x0 = {"W": np.ones((2, 2)), "b": 3.0}
        found = minimize(
            lambda p: (p["W"] ** 2).sum() + p["b"] ** 2,
            x0,
            lambda p: {"W": 2 * p["W"], "b": 2 * p["b"]},
            lr=0.1,
            **KEPT,
        )
        axes = found.plot_trajectory(plane=("W[1, 0]", "b"), points=8)
        assert drawn(axes).tolist() == [[x["W"][1, 0], x["b"]] for x in found.history.x]
        direction = {"W": np.eye(2), "b": 0.0}
        assert len(drawn(found.plot_trajectory(plane=direction, points=20))) == 20


class TestAnimation:
    def test_has_a_frame_for_every_step(self, fence: Any, tmp_path: Any) -> None:
        from PIL import Image

        path = tmp_path / "fence.gif"
        fence.animate(path=path, fps=20, ax=Figure(figsize=(2, 2)).subplots())
        with Image.open(path) as gif:
            assert gif.n_frames == 31
            assert gif.info["duration"] == 50

    def test_shows_the_points_so_far(self, fence: Any, tmp_path: Any) -> None:
        animation = plots.animate(fence, frames=4, path=tmp_path / "a.gif")
        assert list(animation.new_frame_seq()) == [0, 10, 20, 30]
        axes = animation._fig.axes[0]
        animation._func(10)
        assert drawn(axes, 1)[:, 0].tolist() == fence.history.x[:11]
        assert drawn(axes, 3).tolist() == [[fence.history.x[10], fence.history.value[10]]]
        assert axes.get_title("left") == "step 10"

    def test_of_several_ends_with_the_longest(self, valley: Any, tmp_path: Any) -> None:
        problem = rosenbrock()
        short = minimize(problem.f, problem.x0, problem.grad, lr=1e-3, max_iter=5, **KEPT)
        animation = plots.animate(
            [short, valley], kind="surface", points=8, frames=2, path=tmp_path / "a.gif"
        )
        axes = animation._fig.axes[0]
        animation._func(50)
        assert len(drawn(axes)) == 6
        assert len(drawn(axes, 3)) == 51


@pytest.fixture(scope="module")
def found() -> Any:
    problem = quadratic(4)
    return compare(
        problem.f, problem.x0, problem.grad, {"default": {}, "SGD": SGD, "Adam": Adam},
        lr=[0.1, 0.01, 1e3], max_iter=100,
    )  # fmt: skip


class TestComparison:
    def test_draws_every_run(self, found: Any) -> None:
        figure = found.plot(by="iteration")
        left, right = figure.axes
        values = {tuple(drawn(left, i)[:, 1]) for i in range(len(left.lines))}
        for row in found.rows:
            if row.is_whole:
                assert tuple(row.result.history.value) in values
        reached = {(row.lr, row.value) for row in found.rows if row.lr and row.is_whole}
        points = {tuple(p) for line in right.lines for p in np.array(line.get_data()).T.tolist()}
        assert reached <= points
        crosses = [line for line in right.lines if line.get_marker() == "x"]
        assert [line.get_xdata().tolist() for line in crosses] == [[1e3]]
        rendered(figure)

    def test_names_the_best_of_each(self, found: Any) -> None:
        texts = [text.get_text() for text in found.plot().axes[0].get_legend().get_texts()]
        best = {row.optimizer: row.name for row in reversed(found.rows)}
        assert sorted(texts) == sorted(best.values())

    def test_of_distances_to_a_known_optimum(self, found: Any) -> None:
        left = found.plot(optimum=-1.0, by="iteration").axes[0]
        values = {tuple(drawn(left, i)[:, 1]) for i in range(len(left.lines))}
        assert tuple(found.best.history.value + 1.0) in values
        assert left.get_yscale() == "log"

    def test_over_evaluations_and_time(self, found: Any) -> None:
        for by, along in (
            ("evaluations", np.arange(1, found.best.nfev + 1)),
            ("time", found.best.history.time),
        ):
            left = found.plot(by=by).axes[0]
            assert any(np.array_equal(drawn(left, i)[:, 0], along) for i in range(len(left.lines)))


class TestSweep:
    def test_is_drawn_with_its_suggestion(self) -> None:
        problem = quadratic(4)
        found = lr_finder(problem.f, problem.x0, problem.grad)
        axes = found.plot()
        assert drawn(axes, 1).tolist() == np.c_[found.lr, found.value].tolist()
        assert drawn(axes, 2)[:, 0].tolist() == [found.suggestion] * 2
        assert axes.get_xscale() == "log"
        rendered(axes.figure)

    def test_without_one_is_drawn_too(self) -> None:
        rendered(lr_finder(lambda x: x**2, 1.0, lambda x: -2 * x).plot().figure)


WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = sys.modules["matplotlib.figure"] = None
from steepest import compare, lr_finder, minimize, plots
found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x, keep_iterates=True)
for draw in (
    found.history.plot, found.plot_trajectory, found.animate,
    compare(lambda x: x**2, 1.0, lambda x: 2 * x, max_iter=3).plot,
    lr_finder(lambda x: x**2, 1.0, lambda x: 2 * x).plot,
):
    try:
        draw()
    except ImportError as error:
        assert 'pip install "steepest[plot]"' in str(error)
    else:
        raise AssertionError(draw)
"""
ONLY_WHEN_ASKED = """
import sys
from steepest import minimize, plots
found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x)
assert "matplotlib" not in sys.modules
found.history.plot()
assert "matplotlib" in sys.modules
assert "matplotlib.pyplot" not in sys.modules
"""


@pytest.mark.parametrize("code", [WITHOUT_MATPLOTLIB, ONLY_WHEN_ASKED])
def test_matplotlib_is_asked_for_late(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_the_room_is_opened_when_first_asked_for() -> None:
    code = (
        "import sys, steepest; assert 'steepest.plots' not in sys.modules; steepest.plots.animate"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert steepest.plots is plots


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "kind", "said"),
        [
            ({"kind": "map"}, ValueError, "kind: got 'map'"),
            ({"kind": "curve"}, ValueError, "one number or a line only"),
            ({"plane": 6}, ValueError, "plane: got 6, expected a place below 6"),
            ({"plane": (0, 1, 2)}, ValueError, "plane: got 3 axes"),
            ({"plane": (1, 1)}, ValueError, "plane: its two axes are the same"),
            ({"plane": "w"}, ValueError, "plane: got 'w'"),
            ({"plane": np.ones(5)}, ValueError, "plane: got 5 numbers, expected 6"),
            ({"plane": (np.zeros(6), 1)}, ValueError, "plane: got a direction of zeros"),
            ({"plane": (True, 1)}, TypeError, "plane: got"),
            ({"limits": (0, 1)}, TypeError, "limits: got"),
            ({"limits": [(0, 1), (1, 1)]}, ValueError, "limits: got"),
            ({"limits": [(0, 1), (1, np.inf)]}, ValueError, "limits: got"),
            ({"points": 3}, ValueError, "points: got 3"),
            ({"points": 2.5}, TypeError, "points: got"),
            ({"f": 3.0}, TypeError, "f: got"),
            ({"f": lambda x: np.nan}, ValueError, "f: is not finite"),
            ({"ax": "left"}, TypeError, "ax: got"),
            ({"at": np.ones(3)}, ValueError, "at: "),
        ],
        ids=str,
    )
    def test_trajectories(self, long_valley: Any, options: Any, kind: Any, said: str) -> None:
        with pytest.raises(kind, match=re.escape(said)):
            long_valley.plot_trajectory(**options)

    def test_flat_axes_for_a_surface(self, valley: Any) -> None:
        with pytest.raises(ValueError, match=r"ax: .*3d"):
            valley.plot_trajectory(kind="surface", ax=Figure().subplots())
        solid = Figure().add_subplot(projection="3d")
        with pytest.raises(ValueError, match=r"ax: .*two dimensions"):
            valley.plot_trajectory(ax=solid)

    def test_results_without_points(self) -> None:
        found = minimize(lambda x: x**2, 1.0, lambda x: 2 * x)
        with pytest.raises(ValueError, match="keep_iterates=True"):
            found.plot_trajectory()

    def test_results_without_an_objective(self, valley: Any) -> None:
        thawed = pickle.loads(pickle.dumps(valley))
        with pytest.raises(ValueError, match="f: there is no objective"):
            thawed.plot_trajectory()
        assert thawed.plot_trajectory(rosenbrock().f, points=8).lines

    def test_results_of_other_forms(self, valley: Any, long_valley: Any, fence: Any) -> None:
        for other in (long_valley, fence):
            with pytest.raises(ValueError, match="results: their x differ"):
                plots.plot_trajectory([valley, other])

    @pytest.mark.parametrize("given", [3, "results", [1], {"a": None}, None])
    def test_what_is_no_run(self, given: Any) -> None:
        for draw in (plots.plot_trajectory, plots.animate, plots.plot_history):
            with pytest.raises(TypeError, match=r"(results|history): got"):
                draw(given)

    def test_none_at_all(self) -> None:
        for draw in (plots.plot_trajectory, plots.plot_history):
            with pytest.raises(ValueError, match="there are none"):
                draw([])

    @pytest.mark.parametrize(
        ("options", "kind"),
        [
            ({"series": ["values"]}, ValueError),
            ({"series": []}, ValueError),
            ({"by": "step"}, ValueError),
            ({"ax": [Figure().subplots()]}, ValueError),
            ({"ax": [1, 2, 3]}, TypeError),
        ],
        ids=str,
    )
    def test_histories(self, fence: Any, options: Any, kind: Any) -> None:
        with pytest.raises(kind, match=f"{next(iter(options))}: got"):
            fence.history.plot(**options)

    @pytest.mark.parametrize(
        ("options", "kind"),
        [
            ({"frames": 0}, ValueError),
            ({"fps": 0}, ValueError),
            ({"fps": "fast"}, TypeError),
            ({"path": 3}, TypeError),
        ],
        ids=str,
    )
    def test_animations(self, fence: Any, options: Any, kind: Any) -> None:
        with pytest.raises(kind, match=f"{next(iter(options))}: got"):
            fence.animate(**options)

    def test_what_is_no_comparison_and_no_sweep(self) -> None:
        with pytest.raises(TypeError, match="comparison: got"):
            plots.plot_comparison([])  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="sweep: got"):
            plots.plot_sweep({})  # type: ignore[arg-type]
        found = compare(lambda x: x**2, 1.0, lambda x: 2 * x, [SGD], max_iter=3)
        with pytest.raises(ValueError, match="by: got"):
            found.plot(by="steps")
        with pytest.raises(TypeError, match="optimum: got"):
            found.plot(optimum="0")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="ax: got 1 Axes, expected 2"):
            found.plot(ax=Figure().subplots())


@pytest.mark.parametrize("page", ["plots", "compare"])
def test_the_code_of_the_page_runs_as_written(page: str, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[1] / f"docs/{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, f"docs/{page}.md", "exec"), names)
