"""Carriers of China and of its cross-border trade.

None of them publishes a check digit. Where a carrier does not publish its formats either, they are
as seen in its own answers and at aggregators (`published=False`).
"""

from evidence.tracking_numbers.kind import Form, kind

KINDS = (
    kind("yunexpress", "yt", "YunExpress", r"YT(?P<serial>\d{16})", Form.OWN, published=False),
    kind("4px", "4px", "4PX", r"4PX\d{13}(?:CN)?", Form.OWN, published=False),
    kind("4px", "4px-other", "4PX", r"4PX[0-9A-Z]{8,20}", Form.SHARED, published=False),
    kind("sf_express", "sf", "SF Express", r"SF\d{12,13}", Form.OWN, published=False),
    kind("sf_express", "sf-12", "SF Express, digits only", r"\d{12}", Form.BARE, published=False),
    kind("yanwen", "yw", "Yanwen", r"(?:Y[A-Z]|U[A-Z]|[A-Z]{2})\d{9}YP", Form.OWN, published=False),
    kind("cainiao", "lp", "Cainiao", r"LP\d{14}", Form.OWN, published=False),
    kind("jt_express", "jt", "J&T Express, China", r"JT\d{13}", Form.OWN, published=False),
    kind(
        "china_ems",
        "domestic-13",
        "China Post EMS or parcel, domestic",
        r"(?:1[0-3]|5|9[0-9])\d{11}",
        Form.BARE,
        published=False,
        country="CN",
    ),
)
