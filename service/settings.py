"""What an operator configures: `orderproof.toml` and `ORDERPROOF_*` in the environment.

    data = "orderproof-data"            objects, ledger, log; relative paths start at this file
    keys = "orderproof-keys"            private keys; keep it elsewhere than the data
    listen = "127.0.0.1:8321"
    valkey = ""                         empty: the service starts its own
    log_origin = "orderproof.local"     name of the log; a public log is named by its URL
    database = "postgresql://…"         empty: SQLite in `data`
    database_connections = 10           the most that one process opens to it
    public_url = ""                     where browsers reach the console, if not at `listen`

    [sources.ups]                       one table a source; the name is free
    collector = "ups"                   which collector; default: the table's name
    base_url = "https://onlinetools.ups.com"
    client_id = "..."
    client_secret_env = "UPS_SECRET"    secrets by environment (`_env`) or file (`_file`) only

    [[authority]]                       time authorities, asked in this order until one answers
    name = "example-tsa"                service/timestamping/authority.py says more
    url = "https://tsa.example/tsr"
    certificate_file = "tsa.pem"
    roots_file = "tsa-roots.pem"

    [[witness]]                         asked to cosign each new head; service/witness/client.py
    name = "example-witness"
    vkey = "w.example+1a2b3c4d+BE..."   its key, got from whoever runs it
    url = "https://w.example"

    access = "open"                     or "tokens": nobody without one, not even from this machine

    [oidc]                              people sign in elsewhere; service/access/oidc.py
    issuer = "https://login.example"
    audience = "orderproof"
    jwks = ""                           where its keys are; empty: its discovery document says
    tenant = "default"                  whose people they are; or tenant_claim = "org"
    role_claim = "groups"
    roles = { "evidence-admins" = "admin" }

    [webhooks.NAME]                     who may tell us of defects; service/webhooks/hooks.py
    vendor = "stripe"                   default: the table's name
    secret_env = "STRIPE_WEBHOOK"

    outbound_hosts = ["hooks.internal"]  whom subscriptions may reach at an address not public

    erasure_journal = "..."             what was erased; default: erasures.jsonl in `data`

    [retention]
    days = 90                           nothing is erased earlier, counted from its last seal
    tenants = { acme = 365 }            of a tenant of its own

    [s3]                                a bucket for objects and log; see service/s3_settings.py

    [report]                            PDF reports; see service/report/settings.py

    [signing]
    manifest = "file"                   or "kms:" and the ARN of an ECC_NIST_P256 key in AWS KMS
    kms_endpoint = "..."                another address of KMS than AWS's own

Everything that is not a secret is handed to the collector as it stands.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from collectors.secrets import Secret
from evidence.errors import ConfigError
from service.access.provider import OidcSettings, read_oidc
from service.agenda.poll_settings import PollSettings, read_polls
from service.report.settings import ReportSettings, read_report
from service.s3_settings import s3_of
from service.secrets import secrets_in
from service.webhooks.hooks import HookSettings, read_hooks
from service.webhooks.queue_settings import QueueSettings, read_queues
from storage.s3_client import Where

DEFAULT_CONFIG = Path("orderproof.toml")
_TOP = frozenset(
    {
        "data", "keys", "listen", "valkey", "database", "database_connections", "tenant",
        "log_origin", "sources", "limits", "authority", "witness", "signing", "retention",
        "erasure_journal", "access", "oidc", "webhooks", "outbound_hosts", "policies", "s3",
        "public_url", "report", "risk_words", "queues", "playbooks", "polls",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what comes from outside. Sizes in bytes, times in seconds."""

    item_bytes: int = 4 << 30
    read_bytes: int = 64 << 20
    read_s: float = 20.0
    read_memory: int = 2 << 30
    source_s: float = 120.0
    upload_bytes: int = 512 << 20
    items_per_source: int = 2_000
    requests_per_minute: int = 6_000
    waiting_per_tenant: int = 200_000
    waiting: int = 1_000_000
    delivery_poll_days: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One configured source. `options` holds no secret; `secrets` are by name.

    tenants   for whose orders it may be asked; empty: those of the service's own tenant
    stores    for which stores' orders; empty: all
    """

    name: str
    collector: str
    tenants: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    base_url: str | None = None
    folder: Path | None = None
    ca: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthoritySettings:
    """One time authority as it is written; service/timestamping/authority.py reads the files."""

    name: str
    url: str
    certificate_file: Path
    roots_file: Path
    crls_file: Path | None = None
    policy: str | None = None
    answer_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessSettings:
    """One witness. `url` is what `/add-checkpoint` is put behind."""

    name: str
    vkey: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSettings:
    """Where manifests and statements are signed: "file", or "kms:ARN"."""

    manifest: str = "file"
    kms_endpoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """Days that evidence is kept at least, for all tenants and for some of them."""

    days: int = 90
    tenants: Mapping[str, int] = field(default_factory=dict)

    def of(self, tenant: str) -> timedelta:
        return timedelta(days=self.tenants.get(tenant, self.days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    data: Path
    keys: Path
    host: str = "127.0.0.1"
    port: int = 8321
    valkey: str = ""
    database: str = ""
    database_connections: int = 10
    tenant: str = "default"
    log_origin: str = "orderproof.local"
    public_url: str = ""
    api_token: Secret | None = None
    access: str = "open"
    oidc: OidcSettings | None = None
    webhooks: tuple[HookSettings, ...] = ()
    outbound_hosts: tuple[str, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    authorities: tuple[AuthoritySettings, ...] = ()
    witnesses: tuple[WitnessSettings, ...] = ()
    signing: SigningSettings = field(default_factory=SigningSettings)
    limits: Limits = field(default_factory=Limits)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    erasure_journal: Path | None = None
    policies: Path | None = None
    risk_words: Path | None = None
    queues: tuple[QueueSettings, ...] = ()
    playbooks: Path | None = None
    polls: tuple[PollSettings, ...] = ()
    s3: Where | None = None
    s3_keys: Mapping[str, Secret] = field(default_factory=dict)
    report: ReportSettings = field(default_factory=ReportSettings)

    @property
    def is_open(self) -> bool:
        """Whether this machine's own user needs no token."""
        return self.access == "open" and self.api_token is None and self.oidc is None

    @property
    def journal(self) -> Path:
        """Where erasures are written down; best on another disk than the backups'."""
        return self.erasure_journal or self.data / "erasures.jsonl"

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{self.data / 'ledger.sqlite'}"

    def origin_of(self, tenant: str) -> str:
        """The log's name, which is also its key's name: one log a tenant."""
        return f"{self.log_origin}/{tenant}"

    def source(self, name: str) -> SourceSettings | None:
        return next((source for source in self.sources if source.name == name), None)


def load_settings(
    config: Path | None = None, *, environment: Mapping[str, str] | None = None
) -> Settings:
    """Read the file (the default one only if it is there), then let the environment overrule it.

    Raises ConfigError naming the file and field.
    """
    env = os.environ if environment is None else environment
    path = config or DEFAULT_CONFIG
    table: dict[str, Any] = {}
    if config is not None or path.exists():
        table = _read(path)
    base = path.resolve().parent if table else Path.cwd()
    if unknown := sorted(set(table) - _TOP):
        import difflib

        near = difflib.get_close_matches(unknown[0], sorted(_TOP), n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise _wrong(path, f"it has settings nobody reads: {', '.join(unknown)}{meant}")

    def text(name: str, default: str) -> str:
        said = env.get(f"ORDERPROOF_{name.upper()}", table.get(name, default))
        if not isinstance(said, str):
            raise _wrong(path, f"{name} is not text")
        return said

    where = "ORDERPROOF_LISTEN" if "ORDERPROOF_LISTEN" in env else f"listen in {path}"
    host, port = address(text("listen", "127.0.0.1:8321"), what=where)
    token = env.get("ORDERPROOF_API_TOKEN", "")
    sources = table.get("sources", {})
    if not isinstance(sources, dict):
        raise _wrong(path, "sources is not a table: write [sources.NAME]")
    s3, s3_keys = s3_of(table.get("s3"), base=base, env=env, path=path)
    return Settings(
        data=base / text("data", "orderproof-data"),
        keys=base / text("keys", "orderproof-keys"),
        host=host,
        port=port,
        valkey=text("valkey", ""),
        database=text("database", ""),
        database_connections=_connections(table.get("database_connections", 10), path=path),
        tenant=text("tenant", "default"),
        log_origin=text("log_origin", "orderproof.local"),
        public_url=_public_url(text("public_url", ""), path=path),
        api_token=Secret("api_token", token) if token else None,
        access=_access(text("access", "open"), path=path),
        outbound_hosts=_hosts(table.get("outbound_hosts", []), path=path),
        polls=read_polls(table.get("polls", {}), sources=frozenset(sources), path=path),
        queues=_queues(table, base=base, env=env, path=path),
        webhooks=read_hooks(table.get("webhooks", {}), base=base, env=env, path=path),
        oidc=read_oidc(table.get("oidc"), path=path, env=env),
        sources=tuple(
            _source(name, options, base=base, env=env, path=path)
            for name, options in sources.items()
        ),
        authorities=_authorities(table.get("authority", []), base=base, path=path),
        witnesses=_witnesses(table.get("witness", []), path=path),
        signing=_signing(table.get("signing", {}), path=path),
        limits=_limits(table.get("limits", {}), path=path),
        retention=_retention(table.get("retention", {}), path=path),
        report=read_report(table.get("report"), base=base, what=f"the configuration {path}"),
        s3=s3,
        s3_keys=s3_keys,
        erasure_journal=base / journal if (journal := text("erasure_journal", "")) else None,
        policies=base / own if (own := text("policies", "")) else None,
        risk_words=base / lists if (lists := text("risk_words", "")) else None,
        playbooks=base / books if (books := text("playbooks", "")) else None,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise _wrong(path, "there is no such file") from problem
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise _wrong(path, str(problem)) from problem


def _source(
    name: str, table: Any, *, base: Path, env: Mapping[str, str], path: Path
) -> SourceSettings:
    if not isinstance(table, dict):
        raise _wrong(path, f"sources.{name} is not a table")
    options, secrets = secrets_in(table, where=f"sources.{name}", base=base, env=env, path=path)
    if isinstance(description := options.get("description"), str):
        options["description"] = _read(base / description)
    for key in ("folder", "base_url", "collector", "ca"):
        if not isinstance(options.get(key, ""), str):
            raise _wrong(path, f"sources.{name}.{key} is not text")
    folder, ca = options.pop("folder", None), options.pop("ca", None)
    for key in ("tenants", "stores"):
        if not _are_texts(options.get(key, [])):
            raise _wrong(path, f"sources.{name}.{key} is not a list of names")
    return SourceSettings(
        name=name,
        collector=options.pop("collector", name),
        base_url=options.pop("base_url", None),
        folder=base / folder if folder else None,
        ca=base / ca if ca else None,
        tenants=tuple(options.pop("tenants", ())),
        stores=tuple(options.pop("stores", ())),
        options=options,
        secrets=secrets,
    )


def _hosts(said: Any, *, path: Path) -> tuple[str, ...]:
    if not _are_texts(said):
        raise _wrong(path, "outbound_hosts is not a list of names")
    return tuple(said)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _queues(
    table: Mapping[str, Any], *, base: Path, env: Mapping[str, str], path: Path
) -> tuple[QueueSettings, ...]:
    """What comes through a queue is told apart from what is posted by its name."""
    found = read_queues(table.get("queues", {}), base=base, env=env, path=path)
    posted = table.get("webhooks", {})
    if both := sorted({queue.name for queue in found} & set(posted)):
        raise _wrong(path, f"a webhook and a queue are both called {', '.join(both)}")
    return found


def _access(said: str, *, path: Path) -> str:
    if said not in ("open", "tokens"):
        raise _wrong(path, "access is neither open nor tokens")
    return said


def _connections(said: Any, *, path: Path) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or not 1 <= said <= 1000:
        raise _wrong(path, "database_connections is not a whole number from 1 to 1000")
    return said


def _public_url(said: str, *, path: Path) -> str:
    if said and not said.startswith(("https://", "http://")):
        raise _wrong(path, "public_url begins with https:// or http://")
    return said.rstrip("/")


def _limits(table: Any, *, path: Path) -> Limits:
    if not isinstance(table, dict):
        raise _wrong(path, "limits is not a table: write [limits]")
    standard = asdict(Limits())
    if unknown := sorted(set(table) - set(standard)):
        raise _wrong(path, f"limits has settings nobody reads: {', '.join(unknown)}")
    for name, value in table.items():
        whole = isinstance(standard[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise _wrong(path, f"limits.{name} is not a {'whole ' if whole else ''}number")
        if not 0 < value < 1 << 50:
            raise _wrong(path, f"limits.{name} is not above 0, or is beyond all measure")
    return Limits(**{name: type(standard[name])(value) for name, value in table.items()})


def _retention(table: Any, *, path: Path) -> RetentionSettings:
    if not isinstance(table, dict) or not set(table) <= {"days", "tenants"}:
        raise _wrong(path, "[retention] has days and tenants, and nothing else")
    tenants = table.get("tenants", {})
    if not isinstance(tenants, dict):
        raise _wrong(path, "retention.tenants is not a table of days")
    for days in (table.get("days", 90), *tenants.values()):
        if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 36_500:
            raise _wrong(path, "a retention is not a whole number of days from 0 to 36500")
    return RetentionSettings(**table)


def _witnesses(lines: Any, *, path: Path) -> tuple[WitnessSettings, ...]:
    if not isinstance(lines, list):
        raise _wrong(path, "witness is not a list: write [[witness]]")
    found: dict[str, WitnessSettings] = {}
    for line in lines:
        if not isinstance(line, dict) or set(line) != {"name", "vkey", "url"}:
            raise _wrong(path, "a [[witness]] has name, vkey and url, and nothing else")
        if not all(isinstance(value, str) and value for value in line.values()):
            raise _wrong(path, "name, vkey and url of a [[witness]] are text")
        if not line["url"].startswith(("https://", "http://")):
            raise _wrong(path, "the url of a [[witness]] begins with https:// or http://")
        if line["name"] in found or line["vkey"] in [each.vkey for each in found.values()]:
            raise _wrong(path, "two [[witness]] have the same name or vkey")
        found[line["name"]] = WitnessSettings(**line)
    return tuple(found.values())


def _signing(table: Any, *, path: Path) -> SigningSettings:
    if not isinstance(table, dict) or not set(table) <= {"manifest", "kms_endpoint"}:
        raise _wrong(path, "[signing] has manifest and kms_endpoint, and nothing else")
    if not all(isinstance(value, str) and value for value in table.values()):
        raise _wrong(path, "manifest and kms_endpoint of [signing] are text")
    return SigningSettings(**table)


def address(text: str, *, what: str = "listening") -> tuple[str, int]:
    """Host and port of `127.0.0.1:8321` or `[::1]:8321`. Raises ConfigError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) < 65536:
        why = f"{text[:80]!r} is not of the form 127.0.0.1:8321"
        raise ConfigError(what=what, why=why)
    return host.strip("[]"), int(port)


def _authorities(tables: Any, *, base: Path, path: Path) -> tuple[AuthoritySettings, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _wrong(path, "authority is not a list of tables: write [[authority]]")
    known = {each.name for each in fields(AuthoritySettings)}
    found = []
    for number, table in enumerate(tables, start=1):
        where = f"authority {number}"
        for key in ("name", "url", "certificate_file", "roots_file"):
            if not isinstance(table.get(key), str):
                raise _wrong(path, f"{where}: {key} is missing or not text")
        answer_s = table.get("answer_s", 10.0)
        if isinstance(answer_s, bool) or not isinstance(answer_s, int | float):
            raise _wrong(path, f"{where}: answer_s is not a number")
        if not isinstance(table.get("policy", ""), str):
            raise _wrong(path, f"{where}: policy is not text")
        if unknown := sorted(set(table) - known):
            raise _wrong(path, f"{where}: nobody reads {', '.join(unknown)}")
        if not isinstance(table.get("crls_file", ""), str):
            raise _wrong(path, f"{where}: crls_file is not text")
        paths = ("certificate_file", "roots_file", "crls_file")
        files = {key: base / table[key] for key in paths if key in table}
        found.append(AuthoritySettings(**{**table, **files, "answer_s": float(answer_s)}))
    return tuple(found)


def _wrong(path: Path, why: str) -> ConfigError:
    return ConfigError(what=f"the configuration {path}", why=why)
