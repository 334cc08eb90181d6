// Statement and manifest, read out of a payload whose signature was checked.
//
// Not read here: the policy's TOML, and the values, times and locators of facts. Whatever rests on
// them alone is called inconclusive by the caller.

const MANIFEST_TYPE = "urn:orderproof:manifest:v1";
const STATEMENT_TYPE = "urn:orderproof:statement:v1";
const CODE = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const STATEMENT_FIELDS = [
  "order", "receipts", "root", "lines", "manifest_seq", "complete", "verdicts", "missing",
  "policy", "log", "trusted_time",
];
const MANIFEST_FIELDS = [
  "order", "defect", "collection", "at", "complete", "policy", "versions", "before_read",
  "sources", "items", "facts", "verdicts", "coverage",
];
const ITEM_FIELDS = [
  "sha256", "role", "key", "media_type", "size", "collector", "origin", "provenance",
  "collected_at", "seq", "receipt", "salt", "name", "url", "exchange", "part_of", "about", "hints",
];

// {value, predicate}: the whole payload, and the fields of its predicate.
// optional: fields that it may have besides.
function readPredicate(payload, type, names, what, optional = []) {
  let value;
  try {
    value = parseCanonical(payload, what);
  } catch (error) {
    if (error instanceof Problem && error.kind === "request") {
      throw malformed(what, say("it is too large: {0}", error.why));
    }
    throw error;
  }
  const outer = new Fields(value, ["_type", "subject", "predicateType", "predicate"], what);
  if (outer.text("predicateType") !== type) throw outer.wrong("predicateType", type);
  const predicate = outer.any("predicate");
  const also = optional.filter((name) => isTable(predicate) && name in predicate);
  return { value, read: new Fields(predicate, [...names, ...also], what) };
}

function readStatement(payload) {
  const what = say("the statement");
  const { value, read } = readPredicate(payload, STATEMENT_TYPE, STATEMENT_FIELDS, what);
  const policyNames = ["id", "version", "sha256"];
  const policy = new Fields(read.any("policy"), policyNames, say("policy in {0}", what));
  const log = new Fields(read.any("log"), ["origin", "size"], say("log in {0}", what));
  policy.hex("sha256");
  const statement = {
    order: read.hex("order"),
    receipts: read.number("receipts"),
    root: read.hex("root"),
    lines: read.list("lines").map(readLine),
    manifest_seq: read.number("manifest_seq"),
    complete: read.flag("complete"),
    verdicts: read.list("verdicts").map(readStatedVerdict),
    missing: read.texts("missing"),
    policy: { id: policy.text("id"), version: policy.text("version"), sha256: policy.text("sha256") },
    log: { origin: log.text("origin"), size: log.number("size") },
    trusted_time: read.text("trusted_time"),
  };
  const subject = [{ name: "receipts", digest: { sha256: statement.root } }];
  return { statement, differing: differing(value, { subject }, {}) };
}

function readLine(value) {
  const read = new Fields(value, ["seq", "role", "commitment"], say("a line of the statement"));
  return [read.number("seq"), read.choice("role", ROLES), read.hex("commitment")];
}

function readStatedVerdict(value) {
  const what = say("a verdict of the statement");
  const read = new Fields(value, ["verifier", "verdict", "findings"], what);
  const codes = read.texts("findings");
  if (!codes.every((code) => CODE.test(code))) {
    throw read.wrong("findings", say("codes: lower-case words joined by hyphens"));
  }
  return [read.text("verifier"), read.choice("verdict", VERDICTS), codes];
}

async function readManifest(payload) {
  const what = say("the manifest");
  const { value, read } = readPredicate(payload, MANIFEST_TYPE, MANIFEST_FIELDS, what, ["lost"]);
  const orderNames = ["platform", "id", "site", "salt", "commitment", "aliases"];
  const order = new Fields(read.any("order"), orderNames, say("the order of {0}", what));
  const run = new Fields(read.any("collection"), ["id", "requested_at"], say("collection in {0}", what));
  const policyNames = ["id", "version", "sha256", "toml"];
  const policy = new Fields(read.any("policy"), policyNames, say("the policy of {0}", what));
  for (const alias of order.list("aliases")) {
    const said = new Fields(alias, ["kind", "value"], say("an alias in {0}", what));
    [said.text("kind"), said.text("value")];
  }
  for (const name of ["id", "version", "sha256"]) policy.text(name);
  order.hex("commitment");
  if (read.any("defect") !== null) read.table("defect");
  read.table("versions");
  const manifest = {
    order: { platform: order.choice("platform", PLATFORMS), id: order.text("id"), site: order.text("site") },
    orderSalt: unhex(order.hex("salt")),
    requestedAt: [run.text("id"), run.time("requested_at")][1],
    at: read.time("at"),
    complete: read.flag("complete"),
    policy: { id: policy.text("id"), version: policy.text("version"), sha256: policy.text("sha256") },
    beforeRead: read.text("before_read"),
    sources: read.list("sources").map(readSource),
    items: read.list("items").map(readItem),
    facts: read.list("facts").map(readFact),
    verdicts: read.list("verdicts").map(readVerdict),
    coverage: read.list("coverage").map(readCoverage),
    lost: "lost" in read.value ? read.numbers("lost") : [],
  };
  const [outer, inside] = await rewritten(read, manifest, policy);
  const found = differing(value, outer, inside);
  // What the statement has to repeat is what follows, not what is said.
  manifest.policy.sha256 = inside.policy.sha256;
  manifest.complete &&= couldBeComplete(manifest);
  return { manifest, differing: found };
}

// What of it follows from the rest: {outer fields}, {fields of the predicate}.
async function rewritten(read, manifest, policy) {
  const withFullTime = (table, name) =>
    table[name] === null ? table : { ...table, [name]: fullTime(table[name]) };
  const inside = {
    order: { ...read.any("order"), commitment: await commitOrder(manifest.orderSalt, manifest.order) },
    collection: withFullTime(read.any("collection"), "requested_at"),
    at: fullTime(manifest.at),
    policy: { ...read.any("policy"), sha256: await digest(utf8(policy.text("toml"))) },
    sources: read.list("sources").map((source) => withFullTime(source, "since")),
    items: read.list("items").map((item) => withFullTime(item, "collected_at")),
  };
  if ("lost" in read.value && !manifest.lost.length) inside.lost = undefined; // it is left out then
  // Which things the policy requires is not known here, so only one of the two can be refuted.
  if (!couldBeComplete(manifest)) inside.complete = false;
  const subject = manifest.items.map((item) => ({
    name: `${item.seq}:${item.role}`,
    digest: { sha256: item.sha256 },
  }));
  if (!subject.length) { // nothing was found: that is sealed too
    subject.push({ name: "order", digest: { sha256: inside.order.commitment } });
  }
  return [{ subject }, inside];
}

function couldBeComplete({ sources, coverage }) {
  const answered = sources.map((source) => source.state === "brought" || source.state === "empty");
  const required = coverage.filter((line) => line.level === "required");
  return answered.length > 0 && answered.every(Boolean) && required.every((line) => line.met);
}

function readItem(value) {
  const what = say("an item of the manifest");
  const read = new Fields(value, ITEM_FIELDS, what);
  if (read.any("part_of") !== null) {
    const names = ["sha256", "locator", "encoding"];
    const part = new Fields(read.any("part_of"), names, say("part_of in {0}", what));
    [part.hex("sha256"), part.text("locator"), part.text("encoding")];
  }
  [read.text("key"), read.text("origin"), read.choice("provenance", PROVENANCES)];
  [read.textOrNull("url"), read.table("about"), read.table("hints")];
  if (read.any("exchange") !== null) read.hex("exchange");
  return {
    sha256: read.hex("sha256"),
    role: read.choice("role", ROLES),
    media_type: read.text("media_type"),
    size: read.number("size"),
    collector: read.text("collector"),
    collected_at: read.time("collected_at"),
    seq: read.number("seq"),
    receipt: read.hex("receipt"),
    salt: unhex(read.hex("salt")),
    name: read.textOrNull("name"),
  };
}

function readSource(value) {
  const names = ["source", "state", "items", "attempts", "why", "since"];
  const read = new Fields(value, names, say("a source of the manifest"));
  const states = ["brought", "empty", "failed", "skipped"];
  if (!states.includes(read.text("state"))) {
    throw read.wrong("state", say("one of {0}", states.join(", ")));
  }
  if (read.any("since") !== null) read.time("since");
  [read.text("source"), read.number("items"), read.number("attempts"), read.text("why")];
  return { state: read.text("state") };
}

function readFact(value) {
  const names = ["name", "value", "locator", "item", "origin", "group", "confidence"];
  const read = new Fields(value, names, say("a sealed fact"));
  [read.text("locator"), read.text("origin"), read.text("group"), read.text("confidence")];
  return { name: read.text("name"), item: read.hex("item") };
}

function readVerdict(value) {
  const what = say("a sealed verdict");
  const read = new Fields(value, ["verifier", "question", "verdict", "findings"], what);
  const named = /^([^/]{1,100})\/(?:0|[1-9][0-9]{0,8})$/u.exec(read.text("verifier"));
  if (!named) throw read.wrong("verifier", say("a name, a slash and a version"));
  read.text("question");
  return {
    verifier: read.text("verifier"),
    name: named[1],
    verdict: read.choice("verdict", VERDICTS),
    findings: read.list("findings").map(readFinding),
  };
}

function readFinding(value) {
  const names = ["code", "severity", "sentence", "do", "rests_on"];
  const read = new Fields(value, names, say("a sealed finding"));
  if (!CODE.test(read.text("code"))) {
    throw read.wrong("code", say("lower-case words joined by hyphens"));
  }
  [read.choice("severity", ["grave", "note", "good"]), read.text("do"), read.text("sentence")];
  const rests = read.list("rests_on").map((place) => {
    const found = new Fields(place, ["item", "locator"], say("a place in a sealed finding"));
    found.text("locator");
    return found.hex("item");
  });
  return { code: read.text("code"), rests };
}

function readCoverage(value) {
  const names = ["requirement", "level", "state", "why", "items"];
  const read = new Fields(value, names, say("coverage of the manifest"));
  const states = ["present", "missing", "weak", "not_applicable"];
  if (!states.includes(read.text("state"))) {
    throw read.wrong("state", say("one of {0}", states.join(", ")));
  }
  read.text("why");
  return {
    requirement: read.text("requirement"),
    level: read.choice("level", ["required", "helpful"]),
    met: ["present", "not_applicable"].includes(read.text("state")),
    items: read.texts("items"),
  };
}

// Where a payload is not what the rest of it calls for, by name.
function differing(value, outer, inside) {
  const names = (said, right) =>
    Object.keys(right).sort().filter((name) => canonical(said[name]) !== canonical(right[name]));
  const right = { _type: STATEMENT_V1, ...outer };
  return [...names(value, right), ...names(value.predicate, inside).map(shown)];
}
