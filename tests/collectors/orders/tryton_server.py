"""A real Tryton server, out of pip packages in a virtual environment of its own.

Tryton is GPL: it is a server that the test talks to, and nothing of it is imported here. The
environment and an empty database are made once, outside the repository, and used again.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

PACKAGES = (
    "trytond>=8.2,<8.3",
    "trytond-sale>=8.2,<8.3",
    "trytond-stock-package-shipping>=8.2,<8.3",
    "proteus>=8.2,<8.3",
)
PASSWORD = "secret-of-the-test"
DATABASE = "orderproof"
# Run by the environment's own Python: a sale, shipped in one package, and its invoice.
STORY = """
import datetime, sys
from decimal import Decimal
from proteus import Model, config
conf = config.set_trytond(sys.argv[2], user="admin", config_file=sys.argv[1])
from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences
from trytond.modules.company.tests.tools import create_company, get_company
from trytond.modules.currency.tests.tools import get_currency
create_company(currency=get_currency("USD"))
company = get_company()
conf._context = Model.get("res.user").get_preferences(True, conf.context)
create_chart(company=company)
year = set_fiscalyear_invoice_sequences(create_fiscalyear(company=company))
year.click("create_period")
accounts = get_accounts(company=company)
def made(model, **fields):
    record = Model.get(model)(**fields)
    record.save()
    return record
country = made("country.country", name="United States", code="US", code3="USA")
buyer = Model.get("party.party")(name="Jane Doe")
address = buyer.addresses[0] if buyer.addresses else buyer.addresses.new()
address.street, address.city, address.postal_code = "1420 SE Sample St", "Portland", "97214"
address.country = country
buyer.save()
(unit,) = Model.get("product.uom").find([("name", "=", "Unit")])
category = made("product.category", name="Goods", accounting=True,
                account_expense=accounts["expense"], account_revenue=accounts["revenue"])
lamp = made("product.template", name="Oak lamp", code="LAMP-OAK-02", default_uom=unit, type="goods",
            salable=True, list_price=Decimal("48.90"), account_category=category)
freight = made("product.template", name="Freight", default_uom=unit, type="service",
               list_price=Decimal("5"), account_category=category)
(storage,) = Model.get("stock.location").find([("code", "=", "STO")])
count = Model.get("stock.inventory")(location=storage)
line = count.lines.new(product=lamp.products[0])
line.quantity, line.expected_quantity = 100, 0
count.click("confirm")
box = made("stock.package.type", name="Box")
ups = made("party.party", name="UPS")
carrier = made("carrier", party=ups, carrier_product=freight.products[0])
sale = Model.get("sale.sale")(party=buyer, reference=sys.argv[3], invoice_method="order")
line = sale.lines.new()
line.product, line.quantity = lamp.products[0], 2
for button in ("quote", "confirm", "process"):
    sale.click(button)
(shipment,) = sale.shipments
shipment.carrier = carrier
shipment.save()
shipment.click("assign_try")
shipment.click("pick")
package = shipment.packages.new(type=box)
for move in package.moves.find():
    package.moves.append(move)
shipment.save()
shipment.click("pack")
package = shipment.packages[0]
package.shipping_reference = sys.argv[4]
package.save()
for button in ("ship", "do"):
    shipment.click(button)
sale.reload()
(invoice,) = sale.invoices
invoice.invoice_date = datetime.date.today()
invoice.click("post")
"""


class Tryton:
    """The environment, and a database that is made empty once and copied for each server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = folder / "venv" / "bin"
        self._empty = folder / "empty.sqlite"

    def make(self) -> None:
        """Skips the test where the packages cannot be had."""
        if not (self._bin / "trytond").exists():
            shutil.rmtree(self._folder / "venv", ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", self._folder / "venv"], check=True)
            pip = [str(self._bin / "python"), "-m", "pip", "install", "-qq", *PACKAGES]
            if subprocess.run(pip, check=False).returncode:
                shutil.rmtree(self._folder / "venv")
                pytest.skip("Tryton cannot be installed here: pip says why above")
        if not self._empty.exists():
            work = self._folder / "making"
            shutil.rmtree(work, ignore_errors=True)
            config = self._config(work, port=0)
            (work / "db" / f"{DATABASE}.sqlite").touch()
            self._run(config, "--all", "--email", "admin@orderproof.example")
            self._run(config, "-u", "sale", "stock_package_shipping", "--activate-dependencies")
            shutil.copy(work / "db" / f"{DATABASE}.sqlite", self._empty)

    def _config(self, work: Path, *, port: int) -> Path:
        (work / "db").mkdir(parents=True)
        config = work / "trytond.conf"
        config.write_text(
            f"[database]\nuri = sqlite://\npath = {work / 'db'}\n[web]\nlisten = 127.0.0.1:{port}\n"
        )
        (work / "password").write_text(PASSWORD)
        return config

    def _run(self, config: Path, *arguments: str) -> None:
        subprocess.run(
            [self._bin / "trytond-admin", "-c", config, "-d", DATABASE, *arguments],
            env={**os.environ, "TRYTONPASSFILE": str(config.with_name("password"))},
            check=True,
            capture_output=True,
        )

    @contextmanager
    def serving(self, work: Path, *, reference: str, parcel: str) -> Iterator[str]:
        """A server with the story in it; its URL, the database's name included."""
        port = free_port()
        config = self._config(work, port=port)
        shutil.copy(self._empty, work / "db" / f"{DATABASE}.sqlite")
        story: Sequence[str | Path] = ("-c", STORY, config, DATABASE, reference, parcel)
        subprocess.run([self._bin / "python", *story], check=True, capture_output=True)
        # Another zone than UTC, so that a server's own zone would show.
        server = subprocess.Popen(
            [self._bin / "trytond", "-c", config, "-d", DATABASE],
            env={**os.environ, "TZ": "Asia/Shanghai"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url)
            yield f"{url}/{DATABASE}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait_for(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("trytond does not answer")


def application_key(url: str) -> str:
    """A key for the REST interface, validated as its user would do it."""

    def ask(path: str, body: Any, authorization: str = "") -> Any:
        headers = {"Content-Type": "application/json", "Authorization": authorization}
        request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def call(method: str, *params: Any, authorization: str = "") -> Any:
        body = {"id": 1, "method": method, "params": params}
        return ask("/rpc/", body, authorization)["result"]

    key = ask("/r/user/application/", {"user": "admin", "application": "rest"})
    user, session, _ = call("common.db.login", "admin", {"password": PASSWORD}, "en")
    signed = base64.b64encode(f"admin:{user}:{session}".encode()).decode()
    session = f"Session {signed}"
    ids = call(
        "model.res.user.application.search",
        [["state", "=", "requested"]],
        0,
        None,
        None,
        {},
        authorization=session,
    )
    call("model.res.user.application.validate_", ids, {}, authorization=session)
    return str(key)
