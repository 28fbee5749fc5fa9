"""One symbol as an image, at its physical size: SVG, PNG and EPS; pure.

Every image has the quiet zone of 4 modules that ISO/IEC 18004 asks for; without it
phones do not find the symbol.
"""

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from printer_export.domain.symbols import Matrix

QUIET_MODULES: Final = 4
USUAL_MODULE_MM: Final = 0.42
# The disc inside a bottle cap.
_CAP_MM: Final = 20
# What phones still read, printed at 300 dots an inch (four dots a module).
MIN_MODULE_MM: Final = 0.33
_MM_PER_INCH: Final = 25.4
_POINTS_PER_MM: Final = 72 / _MM_PER_INCH
_DOTS_PER_MODULE: Final = 10

Run = tuple[int, int, int]


def cap_module_mm(size: int) -> float:
    """Give the module at which a symbol and its quiet zone fit the disc of a cap."""
    fitting = _CAP_MM / 2**0.5 / (size + 2 * QUIET_MODULES)
    return max(MIN_MODULE_MM, round(fitting, 2))


def dark_runs(matrix: Matrix) -> list[Run]:
    """List (row, first column, length) of each stretch of dark modules."""
    runs: list[Run] = []
    for row, modules in enumerate(matrix):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], modules, [0]))))
        for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            runs.append((row, first, end - first))
    return runs


def svg_path(matrix: Matrix) -> tuple[int, str]:
    """Draw a (size, size) symbol as a path of SVG; gives the side with quiet zone."""
    path = "".join(
        f"M{first + QUIET_MODULES} {row + QUIET_MODULES}h{length}v1h-{length}z"
        for row, first, length in dark_runs(matrix)
    )
    return len(matrix) + 2 * QUIET_MODULES, path


def svg_image(matrix: Matrix, *, module_mm: float = USUAL_MODULE_MM) -> bytes:
    """Draw a (size, size) symbol as SVG, in millimetres."""
    _check_module(module_mm)
    side, path = svg_path(matrix)
    size = f"{side * module_mm:.2f}mm"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" '
        f'viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>\n'
    ).encode()


def png_image(matrix: Matrix, *, module_mm: float = USUAL_MODULE_MM) -> bytes:
    """Draw a symbol as PNG, whole dots a module; its resolution tells the size."""
    _check_module(module_mm)
    framed = np.pad(matrix, QUIET_MODULES)
    dots = np.kron(~framed, np.ones((_DOTS_PER_MODULE, _DOTS_PER_MODULE), np.bool_))
    dpi = _DOTS_PER_MODULE * _MM_PER_INCH / module_mm
    out = BytesIO()
    Image.fromarray(dots).save(out, format="PNG", dpi=(dpi, dpi))
    return out.getvalue()


def eps_image(matrix: Matrix, *, module_mm: float = USUAL_MODULE_MM) -> bytes:
    """Draw a symbol as Encapsulated PostScript, in vectors."""
    _check_module(module_mm)
    size = len(matrix)
    side_pt = (size + 2 * QUIET_MODULES) * module_mm * _POINTS_PER_MM
    module_pt = module_mm * _POINTS_PER_MM
    # PostScript counts rows from the bottom.
    boxes = "\n".join(
        f"{first + QUIET_MODULES} {size - 1 - row + QUIET_MODULES} {length} 1 rectfill"
        for row, first, length in dark_runs(matrix)
    )
    return (
        "%!PS-Adobe-3.0 EPSF-3.0\n"
        f"%%BoundingBox: 0 0 {int(side_pt) + 1} {int(side_pt) + 1}\n"
        f"%%HiResBoundingBox: 0 0 {side_pt:.4f} {side_pt:.4f}\n"
        "%%LanguageLevel: 2\n%%EndComments\n"
        f"gsave {module_pt:.6f} dup scale\n1 setgray 0 0 {size + 2 * QUIET_MODULES} "
        f"dup rectfill\n0 setgray\n{boxes}\ngrestore\n%%EOF\n"
    ).encode()


def _check_module(module_mm: float) -> None:
    if module_mm < MIN_MODULE_MM:
        raise ValueError(
            f"A module of {module_mm} mm is too small for phones; "
            f"at least {MIN_MODULE_MM} mm."
        )
