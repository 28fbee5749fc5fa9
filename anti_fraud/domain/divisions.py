"""China's 34 divisions of the first level: their codes, names, and roughly where.

A division is covered by circles, so that who is inside is no distance away, however
far from its middle; they reach some 50 km too far. No border is drawn by them.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import h3.api.basic_int as h3

_EARTH_KM: Final = 6371.0

# Digits of GB/T 2260, letters of ISO 3166-2:CN, names in Chinese and English; then
# latitude and longitude in degrees and a radius in km of each circle.
_DIVISIONS: Final = """
11 BJ 北京 Beijing 40.2,116.4,110
12 TJ 天津 Tianjin 39.3,117.3,110
13 HE 河北 Hebei 38.3,115.3,240 40.8,116.9,270
14 SX 山西 Shanxi 37.6,112.3,380
15 NM 内蒙古 Inner_Mongolia 40.5,101.5,400 41.5,108.0,380 42.5,114.0,380 \
44.0,119.5,380 49.5,121.5,430
21 LN 辽宁 Liaoning 41.2,122.6,330
22 JL 吉林 Jilin 43.6,126.2,420
23 HL 黑龙江 Heilongjiang 46.5,126.5,420 47.0,131.5,330 50.5,125.0,400
31 SH 上海 Shanghai 31.2,121.5,90
32 JS 江苏 Jiangsu 33.0,119.4,330
33 ZJ 浙江 Zhejiang 29.2,120.2,290
34 AH 安徽 Anhui 31.9,117.2,330
35 FJ 福建 Fujian 26.0,118.0,320
36 JX 江西 Jiangxi 27.3,115.8,370
37 SD 山东 Shandong 36.4,118.6,400
41 HA 河南 Henan 33.9,113.6,360
42 HB 湖北 Hubei 31.0,112.3,430
43 HN 湖南 Hunan 27.6,111.6,380
44 GD 广东 Guangdong 23.1,114.2,320 21.8,111.2,260
45 GX 广西 Guangxi 23.7,108.6,420
46 HI 海南 Hainan 19.2,109.8,200 16.5,112.0,250
50 CQ 重庆 Chongqing 30.0,107.8,310
51 SC 四川 Sichuan 30.5,104.5,400 31.0,100.3,420 28.0,102.2,260
52 GZ 贵州 Guizhou 26.8,106.8,370
53 YN 云南 Yunnan 24.6,101.9,440 26.8,99.5,260
54 XZ 西藏 Tibet 30.0,94.5,440 31.0,89.0,480 31.5,83.0,520
61 SN 陕西 Shaanxi 35.4,108.9,460
62 GS 甘肃 Gansu 34.8,104.8,420 38.5,101.0,330 40.3,96.0,360
63 QH 青海 Qinghai 36.3,99.5,420 35.0,94.5,460 37.8,91.3,220
64 NX 宁夏 Ningxia 37.3,106.2,280
65 XJ 新疆 Xinjiang 43.5,87.5,560 39.5,79.0,600 41.0,90.5,500 45.5,83.5,420
71 TW 台湾 Taiwan 23.7,120.9,250
81 HK 香港 Hong_Kong 22.3,114.2,60
82 MO 澳门 Macao 22.2,113.6,40
"""
# What follows a name in Chinese: province, city, autonomous or special region.
_KINDS_ZH: Final = (
    *("壮族自治区", "回族自治区", "维吾尔自治区", "自治区"),
    *("特别行政区", "省", "市"),
)
# What other sources call some of them.
_ALIASES: Final = {
    "NEI MONGOL": "CN-15",
    "NEI MENGGU": "CN-15",
    "XIZANG": "CN-54",
    "MACAU": "CN-82",
}


@dataclass(frozen=True, slots=True)
class Division:
    """A division under the code that Crowncap keeps, and circles that cover it."""

    code: str
    names: tuple[str, ...]
    # Degrees of latitude and longitude, and km.
    circles: tuple[tuple[float, float, float], ...]

    def depth(self, cell: int) -> float:
        """Tell how far in its circles a cell lies: 0 in a middle, 1 at the edge."""
        lat, lon = h3.cell_to_latlng(cell)
        return min(
            _great_circle_km(lat, lon, there, across) / reach
            for there, across, reach in self.circles
        )

    def distance_km(self, cell: int) -> int:
        """Tell how far the middle of an H3 cell lies from it, at least."""
        lat, lon = h3.cell_to_latlng(cell)
        nearest = min(
            _great_circle_km(lat, lon, there, across) - reach
            for there, across, reach in self.circles
        )
        return max(0, round(nearest))


def find_division(told: str) -> Division | None:
    """Find a division by a code of either kind, or by its name in either language."""
    name = told.strip().upper().removeprefix("CN-")
    for kind in _KINDS_ZH:
        name = name.removesuffix(kind)
    return _by_name().get(name)


@lru_cache(maxsize=100_000)
def find_division_at(cell: int) -> Division | None:
    """Find the division in which an H3 cell probably lies; None outside of all.

    Circles overlap along borders: of several it is the one that it is deepest in.
    """
    nearest = min(_read_all(), key=lambda division: division.depth(cell))
    return nearest if nearest.depth(cell) <= 1 else None


@cache
def _read_all() -> tuple[Division, ...]:
    return tuple(_read())


def all_divisions() -> tuple[Division, ...]:
    """List the 34, by code."""
    return _read_all()


def _read() -> Iterator[Division]:
    for line in _DIVISIONS.splitlines():
        if line:
            digits, letters, name, english, *circles = line.split()
            yield Division(
                f"CN-{digits}",
                (digits, letters, name, english.replace("_", " ").upper()),
                tuple(_read_circle(circle) for circle in circles),
            )


def _read_circle(told: str) -> tuple[float, float, float]:
    lat, lon, reach = map(float, told.split(","))
    return lat, lon, reach


@cache
def _by_name() -> dict[str, Division]:
    named = {name: each for each in _read() for name in each.names}
    by_code = {each.code: each for each in named.values()}
    return named | {alias: by_code[code] for alias, code in _ALIASES.items()}


def _great_circle_km(lat: float, lon: float, there: float, across: float) -> float:
    """Give the distance of two places in degrees on a sphere (haversine)."""
    here, other = math.radians(lat), math.radians(there)
    up = math.sin((other - here) / 2)
    over = math.sin(math.radians(across - lon) / 2)
    half = up * up + math.cos(here) * math.cos(other) * over * over
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
