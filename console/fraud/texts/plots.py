"""What analysts read of maps and pictures."""

from collections.abc import Mapping
from typing import Final

PLOT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "as_a_table": ("用表格看", "As a table"),
    # Maps -----------------------------------------------------------------------------
    "case_where": ("在哪里扫的", "Where it was scanned"),
    "map_label": (
        "各省级行政区的次数，方格示意，不是地图边界",
        "Counts by province, as squares in roughly their places",
    ),
    "map_place": ("地区", "Place"),
    "map_is_sold": ("销售区域", "Sale region"),
    "map_sold": ("销售区域内", "sold here"),
    "map_not_sold": ("不在销售区域", "not sold here"),
    "map_sold_anywhere": ("没有限定销售区域", "No sale region is named"),
    "map_scans": ("扫码", "scans"),
    "map_scans_outside": ("区域外的扫码", "scans outside it"),
    "map_outside": ("销售区域之外的扫码：", "Scans outside where it is sold:"),
    "map_unknown": ("地区不明", "nobody knows where"),
    "map_cells": ("更细的位置", "Closer"),
    "map_cells_label": (
        "扫码所在的 H3 单元，上方为北",
        "H3 cells of the scans, north up",
    ),
    "map_cells_hint": (
        "六边形为 H3 单元，上方为北；相距远时用更大的单元。",
        "Hexagons are H3 cells, north up; what lies far apart is drawn in larger ones.",
    ),
    "map_no_cells": (
        "这些扫码没有给出位置。",
        "None of these scans told its position.",
    ),
    "map_cell": ("单元", "Cell"),
    # Links ----------------------------------------------------------------------------
    "links_what": ("对象", "Whom or what"),
    "links_picture": ("关系图", "As a picture"),
    "links_label": (
        "会员、设备和码，连线为扫码",
        "Members, devices and codes, with a line for each scan",
    ),
    "links_hubs": ("连得最多：", "Linked to most:"),
    "links_linked": ("个相连", "linked"),
    "links_scans": ("次扫码", "scans"),
    "links_left_out": ("个对象没有画出", "more are not drawn"),
}
