"""China's 34 divisions as equal squares in roughly their places, and their names.

No border is drawn, so there is none to get wrong. Codes are those that regions of sale
are kept under (the digits of GB/T 2260); the letters are those of ISO 3166-2.
"""

from typing import Final, NamedTuple


class Province(NamedTuple):
    """A square by its column and row from the upper left, and what stands in it."""

    code: str
    column: int
    row: int
    letters: str
    zh: str
    en: str

    def name(self, language: str) -> str:
        """Give its name in a language."""
        return self.zh if language == "zh" else self.en


COLUMNS: Final = 8
ROWS: Final = 8
COUNTRY: Final = "CN"
PROVINCES: Final = (
    Province("CN-23", 7, 0, "HL", "黑龙江", "Heilongjiang"),
    Province("CN-15", 5, 1, "NM", "内蒙古", "Inner Mongolia"),
    Province("CN-22", 7, 1, "JL", "吉林", "Jilin"),
    Province("CN-65", 0, 2, "XJ", "新疆", "Xinjiang"),
    Province("CN-62", 2, 2, "GS", "甘肃", "Gansu"),
    Province("CN-64", 3, 2, "NX", "宁夏", "Ningxia"),
    Province("CN-11", 5, 2, "BJ", "北京", "Beijing"),
    Province("CN-12", 6, 2, "TJ", "天津", "Tianjin"),
    Province("CN-21", 7, 2, "LN", "辽宁", "Liaoning"),
    Province("CN-63", 1, 3, "QH", "青海", "Qinghai"),
    Province("CN-61", 3, 3, "SN", "陕西", "Shaanxi"),
    Province("CN-14", 4, 3, "SX", "山西", "Shanxi"),
    Province("CN-13", 5, 3, "HE", "河北", "Hebei"),
    Province("CN-37", 6, 3, "SD", "山东", "Shandong"),
    Province("CN-54", 0, 4, "XZ", "西藏", "Tibet"),
    Province("CN-51", 2, 4, "SC", "四川", "Sichuan"),
    Province("CN-50", 3, 4, "CQ", "重庆", "Chongqing"),
    Province("CN-41", 4, 4, "HA", "河南", "Henan"),
    Province("CN-34", 5, 4, "AH", "安徽", "Anhui"),
    Province("CN-32", 6, 4, "JS", "江苏", "Jiangsu"),
    Province("CN-31", 7, 4, "SH", "上海", "Shanghai"),
    Province("CN-53", 2, 5, "YN", "云南", "Yunnan"),
    Province("CN-52", 3, 5, "GZ", "贵州", "Guizhou"),
    Province("CN-42", 4, 5, "HB", "湖北", "Hubei"),
    Province("CN-36", 5, 5, "JX", "江西", "Jiangxi"),
    Province("CN-33", 6, 5, "ZJ", "浙江", "Zhejiang"),
    Province("CN-45", 3, 6, "GX", "广西", "Guangxi"),
    Province("CN-43", 4, 6, "HN", "湖南", "Hunan"),
    Province("CN-44", 5, 6, "GD", "广东", "Guangdong"),
    Province("CN-35", 6, 6, "FJ", "福建", "Fujian"),
    Province("CN-71", 7, 6, "TW", "台湾", "Taiwan"),
    Province("CN-46", 4, 7, "HI", "海南", "Hainan"),
    Province("CN-82", 5, 7, "MO", "澳门", "Macao"),
    Province("CN-81", 6, 7, "HK", "香港", "Hong Kong"),
)
NAMED: Final = {each.code: each for each in PROVINCES}
