"""What openapi.yaml calls schemas; service.client.generate writes it."""

from typing import Any, Literal, NotRequired, TypedDict

PlatformName = Literal["amazon", "tiktok", "ebay", "shopify", "walmart", "etsy", "other"]

Sha256 = str

Time = str

Url = str


class ProblemErrorsEntry(TypedDict):
    pointer: str
    detail: str


class Problem(TypedDict):
    type: "ProblemType"
    title: str
    status: int
    detail: str
    instance: str
    errors: NotRequired[list["ProblemErrorsEntry"]]


ProblemType = Literal[
    "urn:orderproof:problem:access",
    "urn:orderproof:problem:corruption",
    "urn:orderproof:problem:forbidden",
    "urn:orderproof:problem:held",
    "urn:orderproof:problem:http",
    "urn:orderproof:problem:invalid-request",
    "urn:orderproof:problem:method-not-allowed",
    "urn:orderproof:problem:misdirected",
    "urn:orderproof:problem:not-found",
    "urn:orderproof:problem:not-sealed",
    "urn:orderproof:problem:not-taken",
    "urn:orderproof:problem:outage",
    "urn:orderproof:problem:range",
    "urn:orderproof:problem:refused",
    "urn:orderproof:problem:shape",
    "urn:orderproof:problem:too-large",
    "urn:orderproof:problem:too-much",
    "urn:orderproof:problem:too-often",
    "urn:orderproof:problem:too-slow",
    "urn:orderproof:problem:unauthorized",
    "urn:orderproof:problem:unexpected",
    "urn:orderproof:problem:unsupported-media-type",
]


class CollectionRequest(TypedDict):
    policy: NotRequired[str]
    sources: NotRequired[list[str]]
    store: NotRequired[str]
    defect: NotRequired["Defect"]


class Defect(TypedDict):
    kind: str
    noticed_at: NotRequired["Time"]
    due_at: NotRequired["Time"]
    case_id: NotRequired[str]
    notice: NotRequired[str]


StoreName = str

Day = str

DefectKind = Literal[
    "a-to-z",
    "chargeback",
    "feedback",
    "service rating",
    "return",
    "late shipment",
    "valid tracking",
    "not received",
    "not as described",
    "cancellation",
    "unresolved case",
    "other",
]

Doubt = Literal["cancelled", "test", "not-of-platform", "another-store"]

Dimension = Literal["domain", "ip", "bank", "logistics"]


class SeparationDimensionsEntry(TypedDict):
    dimension: "Dimension"
    source: str
    as_of: "Day"
    document: "Sha256 | None"
    shared_with: list[str]
    shared: int


class Separation(TypedDict):
    store: str
    verdict: Literal["pass", "fail", "inconclusive"]
    missing: list["Dimension"]
    not_shown: list["Dimension"]
    dimensions: list["SeparationDimensionsEntry"]


class DefectEntry(TypedDict):
    platform: "PlatformName"
    order_id: str
    site: NotRequired[str]
    store: NotRequired["StoreName"]
    kind: str
    case_id: NotRequired[str]
    notice: NotRequired[str]
    ordered_on: NotRequired["Day"]
    noticed_at: NotRequired["Time"]
    noticed_on: NotRequired["Day"]
    due_at: NotRequired["Time"]
    denied: NotRequired[bool]
    stars: NotRequired[int]
    doubts: NotRequired[list[Literal["cancelled", "test"]]]
    collect: NotRequired[bool]


class KnownDefectDueEntry(TypedDict):
    at: "Time"
    passed: bool
    rule: str
    step: str
    clock: str
    source: str
    confidence: str


class KnownDefectLinks(TypedDict):
    self: "Url"
    order: NotRequired["Url"]
    collection: NotRequired["Url"]


class KnownDefect(TypedDict):
    id: str
    store: str
    platform: "PlatformName"
    site: str
    order_id: "str | None"
    kind: "DefectKind"
    said: str
    case_id: "str | None"
    ordered_on: "Day | None"
    noticed: "str | None"
    due_at: "Time | None"
    due: list["KnownDefectDueEntry"]
    policy: str
    denied: bool
    stars: "int | None"
    doubts: list["Doubt"]
    origin: Literal["export", "manual", "webhook", "poll"]
    evidence: "HasEvidence"
    collection: "str | None"
    created_at: "Time"
    links: "KnownDefectLinks"


AgendaReason = Literal["deadline", "delivery", "proof", "history", "fresh", "answer", "case"]


class AgendaEntryLinks(TypedDict):
    order: "Url"
    collection: NotRequired["Url"]


class AgendaEntry(TypedDict):
    why: "AgendaReason"
    at: "Time"
    store: str
    platform: "PlatformName"
    site: str
    order_id: str
    details: dict[str, Any]
    links: "AgendaEntryLinks"


HasEvidence = Literal["complete", "incomplete", "under way", "failed", "missing"]


class Standing(TypedDict):
    measure: str
    site: str
    said: dict[str, str]


class Exported(TypedDict):
    sha256: "Sha256"
    lines: int
    new: int
    defects: list["KnownDefect"]
    left_out: int
    standings: list["Standing"]


class Rates(TypedDict):
    platform: "PlatformName"
    policy: "str | None"
    at: "Day"
    rates: list["DefectRate"]
    days_without_orders: list["Day"]
    undated: list[str]
    standings: list["Standing"]


RateLevel = Literal["below", "near", "over"]


class DefectRateDefectsEntry(TypedDict):
    order_id: str
    kind: "DefectKind"
    until: "Day"


class DefectRateDoubtfulEntry(TypedDict):
    order_id: str
    doubts: list["Doubt"]


class DefectRateWithoutDoubtful(TypedDict):
    defects: int
    orders: "int | None"


class DefectRateForecastEntry(TypedDict):
    on: "Day"
    defects: int


class DefectRate(TypedDict):
    days: int
    denied_claims_count: bool
    source: str
    confidence: str
    counted_by: str
    defects: list["DefectRateDefectsEntry"]
    orders: "int | None"
    rate: "float | None"
    limit: "float | None"
    warning: "float | None"
    level: "RateLevel | None"
    doubtful: list["DefectRateDoubtfulEntry"]
    without_doubtful: "DefectRateWithoutDoubtful"
    below_limit_on: "Day | None"
    forecast: list["DefectRateForecastEntry"]


Metric = str


class FiguresDaysEntry(TypedDict):
    day: "Day"
    percent: float


class FiguresRulesEntry(TypedDict):
    rule: str
    level: "AlarmLevel"
    text: str
    state: Literal["quiet", "counting", "alarm"]
    days: int
    days_until_alarm: "int | None"


class Figures(TypedDict):
    store: str
    platform: "PlatformName"
    site: "str | None"
    metric: "Metric"
    origin: str
    days: list["FiguresDaysEntry"]
    gaps: list["Day"]
    rules: list["FiguresRulesEntry"]


AlarmLevel = Literal["yellow", "red"]


class AlarmDaysLeft(TypedDict):
    least: int
    most: int


class AlarmActBy(TypedDict):
    first: "Day"
    last: "Day"


class Alarm(TypedDict):
    id: str
    store: str
    platform: "PlatformName"
    site: "str | None"
    metric: "Metric"
    origin: str
    rule: str
    level: "AlarmLevel"
    text: str
    value: float
    baseline: "float | None"
    limit: "float | None"
    since: "Day"
    fired: "Day"
    ended: "Day | None"
    unknown_days: int
    days_left: "AlarmDaysLeft"
    act_by: "AlarmActBy"
    source: str
    collected: "bool | None"
    defects: list[str]
    created_at: "Time"


class AppealCoverageOrdersEntry(TypedDict):
    order_id: str
    evidence: "HasEvidence"


class AppealCoverage(TypedDict):
    covered: bool
    orders: list["AppealCoverageOrdersEntry"]
    missing: list[str]
    not_defective: list[str]
    left_out: list[str]


CollectionState = Literal["queued", "collecting", "verifying", "sealed", "failed"]


class Task(TypedDict):
    source: str
    state: Literal["waiting", "running", "brought", "empty", "failed", "skipped"]
    items: int
    attempts: int
    why: str
    since: "Time | None"


class CollectionLinks(TypedDict):
    self: "Url"
    events: "Url"
    order: NotRequired["Url"]
    manifest: NotRequired["Url"]
    bundle: NotRequired["Url"]


class Collection(TypedDict):
    id: str
    state: "CollectionState"
    complete: "bool | None"
    policy: str
    requested_at: "Time"
    updated_at: "Time"
    sealed_at: "Time | None"
    failure: str
    sources: list["Task"]
    links: "CollectionLinks"


class ItemLinks(TypedDict):
    content: "Url"


class Item(TypedDict):
    sha256: "Sha256"
    role: str
    size: int
    media_type: str
    name: "str | None"
    source: str
    collector: str
    origin: str
    provenance: Literal[
        "api",
        "carrier_document",
        "dkim_mail",
        "relayed",
        "capture",
        "upload",
        "screenshot",
        "unknown",
    ]
    collected_at: "Time"
    collection: str
    seq: "int | None"
    links: "ItemLinks"


class ItemPage(TypedDict):
    items: list["Item"]
    next: "str | None"


class VerdictFindingsEntryRestsOnEntry(TypedDict):
    item: "Sha256"
    locator: str


class VerdictFindingsEntry(TypedDict):
    code: str
    severity: Literal["grave", "note", "good"]
    sentence: str
    do: str
    rests_on: list["VerdictFindingsEntryRestsOnEntry"]


class Verdict(TypedDict):
    verifier: str
    question: str
    verdict: Literal["pass", "fail", "inconclusive", "not_applicable"]
    findings: list["VerdictFindingsEntry"]


class Coverage(TypedDict):
    requirement: str
    level: Literal["required", "helpful"]
    state: Literal["present", "missing", "weak", "not_applicable"]
    why: str
    items: list["Sha256"]


class StatementsEntry(TypedDict):
    name: str
    text: str
    origin: str
    item: "Sha256"
    locator: str


Statements = list["StatementsEntry"]


class SummarySourcesEntry(TypedDict):
    source: str
    state: str
    items: int
    why: str


class SummaryContactSourcesEntry(TypedDict):
    origin: str
    messages: int


class SummaryContact(TypedDict):
    first_from_buyer: "str | None"
    messages: int
    sources: list["SummaryContactSourcesEntry"]


class SummaryEventsEntry(TypedDict):
    name: str
    origin: str
    at: str
    earliest: "Time"
    latest: "Time"


class SummaryGapsEntry(TypedDict):
    requirement: str
    level: str
    state: Literal["missing", "weak"]
    text: str
    why: str
    where: str
    roles: list[str]


class SummaryLinks(TypedDict):
    self: "Url"
    evidence: "Url"


class Summary(TypedDict):
    platform: "PlatformName"
    order_id: str
    site: str
    at: "Time"
    state: "str | None"
    sealed: bool
    policy: "str | None"
    sources: list["SummarySourcesEntry"]
    roles: list[str]
    order: "Statements"
    tracking: "Statements"
    history: "Statements"
    contact: "SummaryContact"
    events: list["SummaryEventsEntry"]
    present: list[str]
    gaps: list["SummaryGapsEntry"]
    links: "SummaryLinks"


class EvidenceSealed(TypedDict):
    at: "Time"
    complete: bool
    policy: str
    policy_version: str
    sha256: "Sha256"
    verdicts: list["Verdict"]
    coverage: list["Coverage"]


class EvidenceLinks(TypedDict):
    self: "Url"
    items: "Url"
    collections: "Url"
    manifest: NotRequired["Url"]
    statement: NotRequired["Url"]
    bundle: NotRequired["Url"]


class Evidence(TypedDict):
    platform: "PlatformName"
    order_id: str
    site: str
    commitment: "Sha256"
    collections: list["Collection"]
    items: list["Item"]
    item_count: int
    sealed: "EvidenceSealed | None"
    links: "EvidenceLinks"


class EnvelopeSignaturesEntry(TypedDict):
    keyid: str
    sig: str


class Envelope(TypedDict):
    payload: str
    payloadType: Literal["application/vnd.in-toto+json"]
    signatures: list["EnvelopeSignaturesEntry"]


ErasureReason = Literal["subject-request", "retention-over", "collected-in-error", "contract-ended"]


class Hold(TypedDict):
    held: bool
    since: "Time | None"


class ErasureRecord(TypedDict):
    payloadType: Literal["application/vnd.orderproof.erasure-record+json"]


class Erasure(TypedDict):
    order: "Sha256"
    erased_at: "Time"
    reason: "ErasureReason"
    logged: bool
    scrubbed: bool
    record: "ErasureRecord"
    salt: "Sha256"


class KnownReportNewer(TypedDict):
    manifest_receipt: int
    sealed_at: "Time"
    items: int
    verdicts: dict[str, list[str]]
    coverage: dict[str, list[str]]


class KnownReport(TypedDict):
    sha256: "Sha256"
    receipt: int
    manifest_receipt: int
    current: bool
    made_at: str
    made_with: dict[str, str]
    newer: NotRequired["KnownReportNewer"]


class CustodyChain(TypedDict):
    holds: bool
    lines: int
    head: "Sha256"
    wrong: list[str]


class CustodyEntriesEntry(TypedDict):
    seq: int
    at: "Time"
    act: Literal[
        "evidence",
        "items",
        "item",
        "manifest",
        "statement",
        "bundle",
        "derive",
        "report",
        "collect",
        "hold",
        "release",
        "erasure",
        "share",
        "unshare",
        "denial",
        "case",
    ]
    who: "str | None"
    way: "str | None"
    request: "str | None"
    sha256: "str | None"
    items: "int | None"
    list_sha256: "str | None"
    shown: "list[int] | None"
    range: "str | None"


class Custody(TypedDict):
    order: "Sha256"
    erased_at: "Time | None"
    chain: "CustodyChain"
    entries: list["CustodyEntriesEntry"]


EventName = Literal[
    "manifest.sealed",
    "evidence.missing",
    "deadline.approaching",
    "verification.failed",
    "custody.accessed",
    "defects.rate",
    "message.risk",
    "figure.alarm",
]


class SubscriptionRequest(TypedDict):
    url: str
    events: list["EventName"]


class Subscription(TypedDict):
    id: str
    url: str
    events: list["EventName"]
    created_at: "Time"
    disabled_at: "Time | None"
    disabled_why: str


class NewSubscription(TypedDict):
    id: str
    secret: str
    url: str
    events: list["EventName"]
    created_at: "Time"
    disabled_at: "Time | None"
    disabled_why: str


class WebhookCountsEntry(TypedDict):
    kind: str
    state: Literal["waiting", "done", "counted", "kept"]
    count: int


class Webhook(TypedDict):
    hook: str
    vendor: str
    store: str
    counts: list["WebhookCountsEntry"]


class Received(TypedDict):
    received: Literal[True]
    new: bool


class CasePaper(TypedDict):
    role: NotRequired[Literal["notice", "export", "draft", "submission", "reply", "document"]]
    name: NotRequired[str]
    media_type: NotRequired[str]
    text: NotRequired[str]
    base64: NotRequired[str]
    hints: NotRequired[dict[str, str]]


class CaseRequest(TypedDict):
    platform: "PlatformName"
    site: NotRequired[str]
    store: NotRequired["StoreName"]
    kinds: list[str]
    account: NotRequired[bool]
    orders: NotRequired[list[str]]
    asins: NotRequired[list[str]]
    placed_on: NotRequired[str]
    noticed_at: NotRequired["Time"]
    freeze: NotRequired[bool]
    store_opened_on: NotRequired[str]
    platform_case_id: NotRequired[str]
    links: NotRequired[list[str]]
    papers: NotRequired[list["CasePaper"]]


class CaseStep(TypedDict):
    step: "CaseStepName"
    note: NotRequired[str]
    papers: NotRequired[list["CasePaper"]]
    channel: NotRequired[str]
    recipient: NotRequired[str]
    sent_at: NotRequired["Time"]
    received_at: NotRequired["Time"]
    noticed_at: NotRequired["Time"]
    platform_case_id: NotRequired[str]
    ticket_id: NotRequired[str]
    request_id: NotRequired[str]
    headers: NotRequired[dict[str, str]]
    bundles: NotRequired[list["Sha256"]]
    evidence: NotRequired[list["Sha256"]]
    reasons: NotRequired[list[str]]
    text: NotRequired[str]
    part: NotRequired[Literal["corrective", "preventive"]]
    kind: NotRequired[str]
    due: NotRequired["Time"]
    measure: NotRequired[str]
    profile: NotRequired[dict[str, str]]
    metric: NotRequired[str]
    series: NotRequired[dict[str, float]]
    confirm: NotRequired[bool]
    outcome: NotRequired[str]


CaseStepName = Literal[
    "open",
    "collect",
    "ready",
    "submit",
    "review",
    "deny",
    "win",
    "watch",
    "close",
    "notice",
    "document",
    "reply",
    "freeze",
    "profile",
    "metric",
    "draft",
    "promise",
    "prove",
    "recur",
]

CaseState = Literal[
    "noticed",
    "collecting",
    "ready",
    "submitted",
    "under_review",
    "denied",
    "won",
    "watched",
    "closed",
]


class CaseLine(TypedDict):
    id: str
    store: str
    platform: "PlatformName"
    site: str
    kind: str
    account: bool
    orders: int
    order: "str | None"
    rules: str
    state: "CaseState"
    opened_at: "Time"
    next_at: "Time | None"


class CaseDeadlinesEntry(TypedDict):
    step: str
    rule: str
    at: "Time"
    source: str


class CaseAgendaEntry(TypedDict):
    at: "Time"
    what: str
    text: str


class Case(TypedDict):
    id: str
    store: str
    platform: "PlatformName"
    site: str
    kind: str
    account: bool
    orders: list[str]
    asins: list[str]
    rules: str
    links: list[str]
    state: "CaseState"
    version: int
    opened_at: "Time"
    updated_at: "Time"
    noticed_at: "Time | None"
    deadlines: list["CaseDeadlinesEntry"]
    closes_at: "Time | None"
    may: list["CaseStepName"]
    agenda: list["CaseAgendaEntry"]
    events: list["CaseEvent"]


class CaseCheckQuotesEntry(TypedDict):
    order: NotRequired[str]
    message_id: str
    text: str
    at: NotRequired[str]
    transcript: NotRequired[str]


class CaseCheck(TypedDict):
    check: Literal["draft", "quotes"]
    text: NotRequired[str]
    quotes: NotRequired[list["CaseCheckQuotesEntry"]]


class CaseReport(TypedDict):
    case: str
    version: int
    report: str
    said: dict[str, Any]


class CaseEventPapersEntry(TypedDict):
    role: str
    sha256: "Sha256"
    name: str


class CaseEvent(TypedDict):
    seq: int
    step: "CaseStepName"
    before: "CaseState | None"
    after: "CaseState"
    at: "Time"
    by: str
    sha256: "Sha256"
    receipt: "int | None"
    log_index: "int | None"
    papers: list["CaseEventPapersEntry"]
    said: dict[str, Any]


Role = Literal["appeal-tool", "auditor", "operator", "admin"]

Scope = Literal[
    "collections",
    "evidence",
    "custody",
    "shares",
    "cases",
    "access",
    "webhooks",
    "subscriptions",
    "defects",
    "policies",
    "verify",
    "log",
    "queue",
    "service",
]


class QueueUnderWayEntry(TypedDict):
    state: Literal["queued", "collecting", "verifying"]
    bulk: bool
    count: int
    oldest: str
    due: str


class QueueWorkersEntry(TypedDict):
    worker: str
    since: str
    hands: int
    walking: int
    stopping: bool


class Queue(TypedDict):
    under_way: list["QueueUnderWayEntry"]
    parked: int
    workers: list["QueueWorkersEntry"]


class Parked(TypedDict):
    collection: str
    store: str
    parked_at: str
    why: str


class Caller(TypedDict):
    tenant: str
    role: "Role"
    who: str
    stores: "list[str] | None"
    scopes: "list[str] | None"


class TokenRequest(TypedDict):
    name: str
    role: "Role"
    days: NotRequired[int]
    stores: NotRequired[list["StoreName"]]
    scopes: NotRequired[list["Scope"]]


class Token(TypedDict):
    id: str
    state: Literal["valid", "expired", "revoked"]
    name: str
    role: "Role"
    stores: "list[str] | None"
    scopes: "list[str] | None"
    made_by: str
    created_at: "Time"
    expires_at: "Time"
    used_at: "Time | None"


class NewToken(TypedDict):
    id: str
    secret: str
    state: Literal["valid", "expired", "revoked"]
    name: str
    role: "Role"
    stores: "list[str] | None"
    scopes: "list[str] | None"
    made_by: str
    created_at: "Time"
    expires_at: "Time"
    used_at: "Time | None"


class StoreRequest(TypedDict):
    platform: "PlatformName"
    seller: str
    site: str


class Store(TypedDict):
    store: "StoreName"
    platform: "PlatformName"
    seller: str
    site: str


class Denial(TypedDict):
    seq: int
    at: "Time"
    who: str
    way: str
    why: str
    times: int
    request: str


class ReportRequest(TypedDict):
    about: Literal["gaps", "channel"]
    orders: list["ReportedOrder"]
    language: NotRequired[Literal["en", "zh", "both"]]
    form: NotRequired[Literal["pdfa-1a", "pdfa-3a"]]
    sign: NotRequired[bool]
    zone: NotRequired[str]


class ReportedOrder(TypedDict):
    platform: "PlatformName"
    order_id: str
    site: NotRequired[str]


class BundleRequestReport(TypedDict):
    language: NotRequired[Literal["none", "en", "zh", "both"]]
    sign: NotRequired[bool]


class BundleRequest(TypedDict):
    profile: str
    orders: list["BundledOrder"]
    texts: NotRequired[dict[str, str]]
    report: NotRequired["BundleRequestReport"]


class BundledOrderLink(TypedDict):
    url: str
    expires_at: NotRequired[str]


class BundledOrder(TypedDict):
    platform: "PlatformName"
    order_id: str
    site: NotRequired[str]
    link: NotRequired["BundledOrderLink"]
    leave_out: NotRequired[list[int]]


class ShareRequest(TypedDict):
    profile: Literal["bagit", "reviewer"]
    show: NotRequired[list[int]]
    copies: NotRequired[list[int]]
    expires_in_s: NotRequired[int]


class Share(TypedDict):
    id: str
    state: Literal["open", "expired", "revoked"]
    profile: str
    show: list[int]
    copies: list[int]
    created_at: "Time"
    expires_at: "Time"


class NewShare(TypedDict):
    id: str
    url: "Url"
    state: Literal["open", "expired", "revoked"]
    profile: str
    show: list[int]
    copies: list[int]
    created_at: "Time"
    expires_at: "Time"


class PolicySummary(TypedDict):
    id: str
    version: str
    platform: "PlatformName"
    title: str
    defect_kinds: list[str]
    sha256: "Sha256"
    links: "SelfLink"


class SelfLink(TypedDict):
    self: "Url"


class PolicyRequirementsEntry(TypedDict):
    id: str
    text: str
    any_of: list[str]
    level: Literal["required", "helpful"]
    least_provenance: str
    when: list[str]
    where: str
    source: str
    source_date: str
    confidence: str
    conflict: str


class PolicyDeadlinesEntry(TypedDict):
    id: str
    step: str
    starts: str
    amount: int
    unit: Literal["hours", "calendar_days", "business_days"]
    clock: str
    source: str
    source_date: str
    confidence: str
    conflict: str


class PolicyLimitsEntry(TypedDict):
    key: str
    value: str
    source: str
    source_date: str
    confidence: str
    conflict: str


class Policy(TypedDict):
    id: str
    version: str
    platform: "PlatformName"
    title: str
    defect_kinds: list[str]
    sha256: "Sha256"
    links: "SelfLink"
    requirements: list["PolicyRequirementsEntry"]
    deadlines: list["PolicyDeadlinesEntry"]
    limits: list["PolicyLimitsEntry"]
    toml: str


class VerifyReportChecksEntry(TypedDict):
    name: str
    state: Literal["pass", "fail", "inconclusive"]
    what: str
    where: str


class VerifyReport(TypedDict):
    answer: Literal["ok", "not ok"]
    trust: Literal["bundle", "pinned"]
    kind: Literal["zip", "folder", "manifest", "statement", "erasure"]
    counts: dict[str, int]
    checks: list["VerifyReportChecksEntry"]


class ReadinessPartsEntry(TypedDict):
    part: str
    ok: bool


class Readiness(TypedDict):
    ready: bool
    parts: list["ReadinessPartsEntry"]
