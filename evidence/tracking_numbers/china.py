"""Carriers of China and of its cross-border trade.

They publish neither their formats nor check digits: these are as seen in their own answers and at
aggregators. Yanwen's `…YP` numbers have the form and
the check digit of a post's item, under a code that is no country's.
"""

from evidence.tracking_numbers.checks import s10
from evidence.tracking_numbers.countries import NUMERIC
from evidence.tracking_numbers.kind import Form, kind

KINDS = (
    kind("yunexpress", "yt", "YunExpress", r"YT(?P<serial>\d{16})", Form.OWN, published=False),
    kind("4px", "4px", "4PX", r"4PX(?P<serial>\d{13})CN", Form.OWN, published=False),
    kind(
        "4px",
        "4px-other",
        "4PX",
        r"4PX[0-9A-Z]{8,20}",
        Form.OWN,
        unless=r"4PX\d{13}CN",
        published=False,
    ),
    kind("4px", "lp", "4PX, by order of Cainiao", r"LP00\d{12}", Form.SHARED, published=False),
    kind("4px", "digits", "4PX, digits only", r"30\d{10}", Form.BARE, published=False),
    kind("sf_express", "sf", "SF Express", r"SF(?P<serial>\d{12,14})", Form.OWN, published=False),
    kind("sf_express", "digits", "SF Express, digits only", r"\d{12}", Form.BARE, published=False),
    kind(
        "yanwen",
        "yp",
        "Yanwen",
        r"(?P<service>[A-Z]{2})(?P<body>\d{8})(?P<check>\d)YP",
        Form.OWN,
        check=s10,
        published=False,
    ),
    kind("yanwen", "yw", "Yanwen", r"[A-Z]{2}\d{9}(?:YW|YL)", Form.SHARED, published=False),
    kind("yanwen", "s", "Yanwen", r"S\d{12}", Form.SHARED, published=False),
    kind("cainiao", "lp", "Cainiao", r"LP\d{14}", Form.SHARED, published=False),
    kind(
        "cainiao",
        "cn",
        "Cainiao, from China to the country",
        r"CN(?P<country>[A-Z]{2})UP\d{8,11}",
        Form.OWN,
        countries={code: code for code in NUMERIC.values()},
        published=False,
    ),
    kind("jt_express", "jt", "J&T Express", r"JT\d{13,14}", Form.OWN, published=False),
    kind(
        "jt_express", "j", "J&T Express, Indonesia", r"J[A-Z]\d{10}", Form.SHARED, published=False
    ),
    kind("yto", "yt", "YTO Express", r"YT\d{13}", Form.OWN, published=False),
    kind("zto", "digits", "ZTO Express", r"7[3-9]\d{12}", Form.BARE, country="CN", published=False),
    kind("sto", "digits", "STO Express", r"77\d{13}", Form.BARE, country="CN", published=False),
    kind(
        "yunda", "digits", "Yunda", r"(?:31|43|46)\d{13}", Form.BARE, country="CN", published=False
    ),
    kind(
        "jd_logistics",
        "jd",
        "JD Logistics",
        r"JD(?:[A-Z]{1,2}\d{11,12}|\d{13})",
        Form.SHARED,
        country="CN",
        published=False,
    ),
    kind("deppon", "dpk", "Deppon", r"DPK\d{12}", Form.OWN, published=False),
    kind("sunyou", "sy", "Sunyou", r"SY[A-Z]{2}\d{9}", Form.SHARED, published=False),
    kind("wanb", "wnb", "Wanb Express", r"WNB[A-Z]{2}\d{10}YQ", Form.OWN, published=False),
    kind(
        "china_ems",
        "domestic",
        "China Post EMS, domestic",
        r"(?:1[0-3]|50|51)\d{11}",
        Form.BARE,
        published=False,
        country="CN",
    ),
    kind(
        "china_post",
        "domestic",
        "China Post parcel, domestic",
        r"9[5-9]\d{11}",
        Form.BARE,
        published=False,
        country="CN",
    ),
)
