"""Traces to a figure, and a figure to reproducible bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from struct import pack
from typing import Any
from zlib import compressobj, crc32

import numpy as np
from numpy.typing import NDArray

from lrviz.errors import OutputError, SpecError
from lrviz.figure.axes import (
    LINE,
    MARGIN,
    TITLE_PAD,
    Box,
    DrawContext,
    axes_box,
    cell_notes,
    draw_cell,
    draw_top_axis,
    panel_boxes,
    panel_labels,
    panels_of,
    title_lines,
    top_axis_height,
    x_axis_label,
    x_labels_height,
    y_labels_width,
)
from lrviz.figure.backend import Axes, Figure, Line2D, MplPath, agg, environment, load_style, scale_style, style_applied
from lrviz.figure.curves import Cell, one_cell
from lrviz.figure.style import DEFAULT_SIZE, DPI, STYLES, FigureOptions, Style, check_pixels, check_size
from lrviz.figure.ticks import Limits, rate_limits
from lrviz.trace import Trace, Values, decimate

__all__ = ["Chart", "draw", "render"]

# Smaller figures in inches have smaller text and thinner lines, but these shrink less than the figure. The sizes that a
# style of matplotlib or of the user sets are for figures of any size, unless it is too small for them.
_SMALL_SIZE, _SHRINKING = (5.0, 3.6), 0.7
_SMALL_EXTERNAL, _SHRINKING_EXTERNAL = (3.2, 2.4), 1.0
_PANEL_HEIGHT = 1.3  # inches that a panel of momentum or metric adds to the height of the figure
_MAX_LEGEND_HEIGHT = 3.0  # inches; of a legend below the axes, if the height of the figure is not set
_ROWS = 256  # of pixels, which are compressed together
_MAX_POINTS = 2_400  # of all curves of a vector figure together
_MAX_POINTS_EACH = 300  # of each curve, if there are many
# A point of a path: matplotlib writes six decimals, of which two are enough.
_COORDINATES = re.compile(rb"(?m)^([ML] -?\d+(?:\.\d\d?)?)\d* (-?\d+(?:\.\d\d?)?)\d* $")


def draw(traces: Sequence[Trace], options: FigureOptions = FigureOptions()) -> Chart:
    """Draw traces: the learning rate at every update, with momentum and metric if the traces have them.

    Args:
        traces: At least one; each of their parameter groups is a line.
        options: Style, size and layout.

    Returns:
        A figure that is not managed by pyplot.

    Raises:
        SpecError: there is nothing to draw, or the style cannot be used.
    """
    if not traces:
        raise SpecError("there is nothing to draw: no traces")
    if options.span is not None:
        options = replace(options, span=_shown(options.span, max(trace.updates for trace in traces)))
    style, font_notes = load_style(options.style), list[str]()
    texts = [text for text in _texts_of(traces, options) if not text.isascii()]
    if texts or options.font is not None:
        from lrviz.figure.fonts import with_fonts

        style, font_notes = with_fonts(style, options.font, texts)
    size = options.size or _style_size(style, options)
    if size is not None:
        small, power = (_SMALL_SIZE, _SHRINKING) if options.style in STYLES else (_SMALL_EXTERNAL, _SHRINKING_EXTERNAL)
        factor = min(1.0, size[0] / small[0], size[1] / small[1]) ** power
        style = scale_style(style, max(factor, 0.5)) if factor < 1 else style
    try:
        with style_applied(style):
            figure = Chart(style, figsize=size or DEFAULT_SIZE, dpi=options.dpi or DPI)
            context = DrawContext(figure, style, options)
            if options.layout == "overlay":
                _draw_overlay(context, traces, auto_size=size is None)
            else:
                import_module(f"lrviz.figure.{options.layout}").draw(context, traces, auto_size=size is None)
            _name_parts(figure)
            figure.notes = tuple(dict.fromkeys([*font_notes, *context.notes]))
    except (ValueError, TypeError, RuntimeError, KeyError) as error:
        if options.style in STYLES:
            raise
        raise SpecError(f"cannot use the style `{options.style}`: {error}") from error
    return figure


def _name_parts(figure: Figure) -> None:
    """Name the axes of a figure, as `panels.places` describes."""
    for i, axes in enumerate(figure.axes):
        axes.set_gid(f"panel-{i}")
        axes.xaxis.set_gid(f"panel-{i}-x")
        axes.yaxis.set_gid(f"panel-{i}-y")


def _texts_of(traces: Sequence[Trace], options: FigureOptions) -> list[str]:
    """The texts of the user in a figure."""
    texts = [options.title or ""]
    for trace in traces:
        texts += [trace.label, *trace.group_names, (trace.spec.metric and trace.spec.metric.column) or ""]
    return texts


def _shown(span: tuple[int, int], updates: int) -> tuple[int, int]:
    """The part of a run of `updates` that is shown.

    Raises:
        SpecError: it has no steps.
    """
    first, last = span[0], min(span[1], updates)
    if not 0 <= first < last:
        raise SpecError(f"there is nothing to draw from step {span[0]:,} to {span[1]:,} of {updates:,}")
    return first, last


def _style_size(style: Style, options: FigureOptions) -> tuple[float, float] | None:
    """The size of a figure that a style sets."""
    size: Any = style.settings.get("figure.figsize")
    if size is None:
        return None
    width, height = float(size[0]), float(size[1])
    check_size((width, height), options.dpi)
    return width, height


def _draw_overlay(context: DrawContext, traces: Sequence[Trace], *, auto_size: bool) -> None:
    """Draw all curves in one axes; with `auto_size` the height of the figure depends on its content."""
    width, height = context.size()
    cell = one_cell(traces, context.options, context.style, int(width * context.figure.dpi))
    limits = rate_limits([cell], context.options, context.style)
    title = title_lines(context, cell.title, max(width - 1.2, 0.5 * width))
    if auto_size:
        height += cell.panels * _PANEL_HEIGHT + max(len(title) - 1, 0) * LINE * context.sizes["axes.titlesize"]
    area = axes_box(context, cell, limits, Box(0.0, 0.0, width, height), len(title))
    if cell.cuts:
        from lrviz.figure.marks import marks_apart

        cell = marks_apart(cell, area.width)
    context.notes += cell_notes(context, cell, limits, area.width)
    notes, notes_left, below = None, area.left, 0.0
    if texts := [*filter(None, [cell.cuts_note]), *context.notes]:
        from lrviz.figure.notes import plan_notes

        notes = plan_notes(context, texts, width - area.left - MARGIN)
        below = notes.height
        height += below if auto_size else 0.0
        area = axes_box(context, cell, limits, Box(0.0, below, width, height - below), len(title))
    labels, legend = None, None
    if len(cell.rates) > 1:
        from lrviz.figure.captions import MAX_ON_CURVES, curve_labels, plan_legend

        if len(cell.rates) <= MAX_ON_CURVES:
            labels = curve_labels(context, cell, panel_boxes(area, cell)[0], limits)
        if labels is None:
            legend = plan_legend(context, cell.rates, area, _MAX_LEGEND_HEIGHT if auto_size else 0.5 * area.height)
    if legend is not None:
        if legend.right:
            area = replace(area, width=area.width - legend.width)
        else:
            below += legend.height + MARGIN
            height += legend.height + MARGIN if auto_size else 0.0
            area = axes_box(context, cell, limits, Box(0.0, below, width, height - below), len(title))
    context.figure.set_size_inches(width, height)
    panels = draw_cell(context, area, cell, limits)
    _label_axes(context, panels, cell, area, limits)
    draw_top_axis(context, panels[0], panel_boxes(area, cell)[0], cell)
    if title:
        pad = TITLE_PAD + 72 * top_axis_height(context, cell)
        panels[0].set_title("\n".join(title), loc="left", y=1.0, pad=pad, gid="title")
    for label in labels or ():
        label.draw(context, panels[0])
    if legend is not None:
        legend.draw(context, *((area.right + 0.2, area.top) if legend.right else (area.left, below)))
    if notes is not None:
        notes.draw(context, min(notes_left, area.left))
    if context.options.inset is not None or context.options.annotate:
        from lrviz.figure.details import draw_details

        draw_details(context, panels[0], panel_boxes(area, cell)[0], cell, limits, traces)


def _label_axes(context: DrawContext, drawn: Sequence[Axes], cell: Cell, area: Box, limits: Limits) -> None:
    """Set the labels of the axes, with those of the y axes aligned."""
    inches = context.figure.dpi_scale_trans
    left = area.left - y_labels_width(context, cell, limits, area.height)
    panels = panels_of(context, cell, limits)
    boxes = panel_boxes(area, cell)
    names, size = panel_labels(context, [panel.name for panel in panels], boxes, context.sizes["axes.labelsize"])
    for axes, name, box in zip(drawn, names, boxes, strict=True):
        axes.set_ylabel(name, fontsize=size)
        axes.yaxis.set_label_coords(left, box.bottom + box.height / 2, transform=inches)
    drawn[-1].set_xlabel(x_axis_label(context, [cell]))
    middle, bottom = area.left + area.width / 2, area.bottom - x_labels_height(context)
    drawn[-1].xaxis.set_label_coords(middle, bottom, transform=inches)


class Chart(Figure):
    """A figure with the style it was drawn with, which notebooks display as a PNG.

    `notes` say what it does not show as it is.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, style: Style, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.style = style

    def _repr_png_(self) -> bytes:
        return render(self, ".png")


def render(figure: Figure, suffix: str, dpi: int | None = None) -> bytes:
    """The bytes of a figure; equal figures have equal bytes.

    Args:
        figure: A figure returned by `draw`, possibly modified.
        suffix: `.png`, `.svg`, `.pdf`, `.jpg` or `.webp`.
        dpi: Dots per inch of a PNG, JPEG or WebP; left out, those of the figure.

    Raises:
        OutputError: an unknown suffix.
        SpecError: the figure's style cannot be used, or an image would have too many pixels.
    """
    writers = {".png": _png, ".svg": _svg, ".pdf": _pdf, ".jpg": _jpg, ".webp": _webp}
    if suffix not in writers:
        raise OutputError(f"no writer for `{suffix}`", "use .png, .svg, .pdf, .jpg or .webp")
    style = figure.style if isinstance(figure, Chart) else load_style("lrviz")
    built_in = any(style.settings is own.settings for own in STYLES.values())
    before = figure.dpi, figure.canvas
    if suffix in (".png", ".jpg", ".webp"):
        width, height = figure.get_size_inches()
        check_pixels((round(width, 2), round(height, 2)), dpi or figure.dpi)
    try:
        with style_applied(style):
            figure.dpi = dpi or figure.dpi or DPI
            return writers[suffix](figure)
    except (ValueError, TypeError, RuntimeError, KeyError) as error:
        if built_in:
            raise
        raise SpecError(f"cannot use this style: {error}") from error
    finally:
        figure.dpi, figure.canvas = before


def _title(figure: Figure) -> str:
    """A description of the figure for screen readers: its titles, or the labels of its curves."""
    titles = [figure.get_suptitle(), *(axes.get_title(loc="left") for axes in figure.axes)]
    names = [" ".join(title.split()) for title in titles if title]
    if not names:
        names = [str(line.get_label()) for axes in figure.axes[:1] for line in axes.get_lines()]
    return "; ".join(["Learning rate schedule", *names])


def _png(figure: Figure) -> bytes:
    """A PNG with 8 bits for each of red, green, blue and opacity.

    Rows are not filtered, which Pillow cannot leave out: it takes three quarters of its time, and compresses lines on a
    plain ground no better.
    """
    canvas = agg.FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    height, width, channels = pixels.shape
    compressor = compressobj(1)
    data = []
    for top in range(0, height, _ROWS):
        rows = pixels[top : top + _ROWS].reshape(-1, channels * width)
        data.append(compressor.compress(np.pad(rows, ((0, 0), (1, 0))).data))  # each row begins with its filter, 0
    data.append(compressor.flush())
    per_metre = round(figure.dpi / 0.0254)
    chunks = {
        b"IHDR": pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0),
        b"pHYs": pack(">IIB", per_metre, per_metre, 1),
        b"IDAT": b"".join(data),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks.items())


def _chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG, with its length and checksum."""
    return pack(">I", len(content)) + name + content + pack(">I", crc32(name + content))


def _jpg(figure: Figure) -> bytes:
    buffer = BytesIO()
    agg.FigureCanvasAgg(figure).print_jpg(buffer, pil_kwargs={"quality": 95, "subsampling": 0})
    return buffer.getvalue()


def _webp(figure: Figure) -> bytes:
    buffer = BytesIO()
    agg.FigureCanvasAgg(figure).print_webp(buffer, pil_kwargs={"lossless": True})
    return buffer.getvalue()


def _svg(figure: Figure) -> bytes:
    metadata = {"Title": _title(figure), "Date": None, "Creator": "lrviz"}
    return _COORDINATES.sub(rb"\1 \2", _save(figure, "svg", metadata))


def _pdf(figure: Figure) -> bytes:
    metadata = {"Title": _title(figure), "CreationDate": None, "Creator": "lrviz"}
    return _save(figure, "pdf", metadata)


def _save(figure: Figure, kind: str, metadata: dict[str, str | None]) -> bytes:
    buffer = BytesIO()
    # matplotlib reads the date even where the file has none, and fails if it is not a number.
    with _reduced_curves(figure), environment({"SOURCE_DATE_EPOCH": None}):
        figure.savefig(buffer, format=kind, metadata=metadata, facecolor="auto", edgecolor="auto")
    return buffer.getvalue()


@contextmanager
def _reduced_curves(figure: Figure) -> Iterator[None]:
    """Reduce curves to the number of points for a vector figure of some ten kilobytes, and restore them after that.

    matplotlib already leaves out points on nearly straight lines; only a curve without such points, such as a thousand
    cycles, is reduced further.
    """
    lines = [line for axes in figure.axes for line in axes.get_lines()]
    budget = max(_MAX_POINTS // max(len(lines), 1), _MAX_POINTS_EACH)
    before: list[tuple[Line2D, Values, Values]] = []
    try:
        for line in lines:
            path = line.get_transform().transform_path(line.get_path())
            if _vertex_count(path) > budget and _vertex_count(path.cleaned(simplify=True)) > budget:
                x, y = (np.asarray(values, dtype=np.float64) for values in line.get_data(orig=False))
                before.append((line, x, y))
                indices = _with_corners(x, decimate(y, budget // 4))
                line.set_data(x[indices], y[indices])
        yield
    finally:
        for line, x, y in before:
            line.set_data(x, y)


def _with_corners(x: Values, kept: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices of points with both ends of each jump that has one of them, so that it remains vertical."""
    jump = np.flatnonzero(np.diff(x) == 0)
    near = np.isin(jump - 1, kept) | np.isin(jump, kept) | np.isin(jump + 1, kept)
    return np.unique(np.concatenate([kept, jump[near], jump[near] + 1]))


def _vertex_count(path: MplPath) -> int:
    return int(np.shape(path.vertices)[0])
