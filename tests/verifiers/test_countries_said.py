"""Countries by their names in the languages of sellers, buyers and carriers."""

import pytest

from tests.verifiers.sayings import saying


def countries(*lines: str) -> list[tuple[str, str]]:
    return [(fact.name, fact.text) for fact in saying(*lines) if fact.name.endswith(".country")]


@pytest.mark.parametrize(
    ("line", "country"),
    [
        ("目的国: 日本", "JP"),
        ("目的国家：泰国", "TH"),
        ("目的地：美国 加利福尼亚", "US"),
        ("收件国家: 阿联酋", "AE"),
        ("Destination: Viet Nam", "VN"),
        ("المستلم: الرياض، المملكة العربية السعودية", "SA"),
        ("ผู้รับ: กรุงเทพ 10110 ประเทศไทย", "TH"),
    ],
)
def test_a_parcels_destination(line: str, country: str) -> None:
    assert ("delivery.country", country) in countries(line)


@pytest.mark.parametrize("line", ["中国邮政", "中国广州市白云区", "美国邮政已揽收", "发往日本"])
def test_a_name_within_other_chinese_words_is_no_country(line: str) -> None:
    assert countries("运单号: LK123456785CN", line) == []
