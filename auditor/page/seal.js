// Do receipts, statement, manifest and bytes belong together, and are they signed?
//
// From the signature down: the statement binds the receipts by their root, a receipt commits to the
// manifest's bytes, the manifest opens every other receipt to the digest of an item.

const MAX_RECEIPTS = 100_000;
const NO_SEAL = () => say("Not compared: receipts or statement do not hold.");
const eitherCanBeTold = (error) => error instanceof Problem && error.kind !== "proof";

// {lines, chain, hashes}; empty if any link is broken.
async function checkReceipts(bag) {
  const none = { lines: [], chain: [], hashes: [] };
  const { checks } = bag;
  const raw = await bag.read(RECEIPTS, "receipts");
  if (raw === null) return none;
  if (raw[raw.length - 1] !== 0x0a) {
    checks.failed("receipts", say("{0} does not end with a whole line.", RECEIPTS), RECEIPTS);
    return none;
  }
  const lines = [];
  for (let start = 0; start < raw.length; ) {
    const end = raw.indexOf(0x0a, start);
    lines.push(raw.subarray(start, end));
    start = end + 1;
    if (lines.length > MAX_RECEIPTS) {
      const said = say("{0} has more than {1} receipts; it was not read.", RECEIPTS, MAX_RECEIPTS);
      checks.failed("receipts", said, RECEIPTS);
      return none;
    }
  }
  const { chain, hashes, brokenAt, error } = await readChain(lines);
  if (error) {
    const said = say("Receipt {0} in {1} breaks the chain: {2}.", brokenAt, RECEIPTS, error.why);
    checks.failed("receipts", said, `receipt ${brokenAt}`);
    return none;
  }
  const last = chain[chain.length - 1];
  if (last.role !== "statement") {
    const said = say("The last receipt ({0}) is not the statement's: some are missing.", last.seq);
    checks.failed("receipts", said, `receipt ${last.seq}`);
  }
  checks.passedUnlessFailed(
    "receipts",
    say("All {0} receipts follow one another, each holding the last's hash.", chain.length),
  );
  return { lines, chain, hashes };
}

// The payload of an envelope that a counting key has signed, or null.
async function checkEnvelope(raw, path, check, checks, { own, pinned }) {
  const outside = Boolean(pinned?.manifest.length);
  const keys = outside ? pinned.manifest : own.manifest;
  const fail = (said) => {
    checks.failed(check, said, path);
    return null;
  };
  if (!keys.length) return fail(say("{0}: there is no key to check its signature with.", path));
  let envelope;
  try {
    envelope = readEnvelope(raw);
  } catch (error) {
    if (!eitherCanBeTold(error)) throw error;
    return fail(say("{0} cannot be read: {1}.", path, why(error)));
  }
  const signed = await isSigned(envelope, keys);
  if (signed === false) {
    const whose = outside ? say("the pinned key") : say("a key of proof/keys.json");
    return fail(say("{0} does not bear a signature by {1}.", path, whose));
  }
  if (envelope.type !== IN_TOTO) {
    return fail(say("{0} carries {1}.", path, shown(envelope.type)));
  }
  if (signed === null) {
    checks.unsure(check, say("{0} was not checked: this browser has no Ed25519.", path), path);
  } else if (!pinned) {
    checks.passed(check, say("{0} is signed by a key that only the bundle vouches for.", path), path);
  } else if (outside) {
    checks.passed(check, say("{0} is signed by the pinned key.", path), path);
  } else {
    const said = "{0} is signed, but by a key that only the bundle vouches for: pin one.";
    checks.unsure(check, say(said, path), path);
  }
  return envelope.payload;
}

async function checkStatement(bag, receipts, keys) {
  const { checks } = bag;
  const raw = await bag.read(STATEMENT, "statement");
  if (raw === null) return null;
  const payload = await checkEnvelope(raw, STATEMENT, "statement", checks, keys);
  if (payload === null) return null;
  let read;
  try {
    read = readStatement(payload);
  } catch (error) {
    if (!eitherCanBeTold(error)) throw error;
    checks.failed("statement", say("{0}: {1}.", STATEMENT, why(error)), STATEMENT);
    return null;
  }
  sayDiffering(checks, "statement", STATEMENT, read.differing);
  if (receipts.chain.length) await checkStatementLines(checks, read.statement, receipts);
  else checks.unsure("statement-root", say("Not compared: the receipts do not hold."), STATEMENT);
  return read.statement;
}

async function checkStatementLines(checks, statement, { lines, chain }) {
  const name = "statement-root";
  const fail = (said, where) => checks.failed(name, said, where);
  const covered = chain.slice(0, statement.receipts);
  if (statement.order !== chain[0].order) {
    fail(say("The statement is about another order than the receipts."), STATEMENT);
  }
  const last = statement.manifest_seq;
  if (statement.receipts !== last + 1 || covered.length !== statement.receipts) {
    const said = "The statement counts {0} receipts; {1} are here.";
    fail(say(said, statement.receipts, covered.length), STATEMENT);
  } else if (chain[last].role !== "manifest") {
    const said = "Receipt {0} is not a manifest's, as the statement says.";
    fail(say(said, last), `receipt ${last}`);
  }
  if (statement.lines.length !== statement.receipts) {
    const said = "The statement has {0} lines for {1} receipts.";
    fail(say(said, statement.lines.length, statement.receipts), STATEMENT);
  }
  for (const [at, receipt] of covered.slice(0, statement.lines.length).entries()) {
    const [seq, role, commitment] = statement.lines[at];
    if (seq !== receipt.seq || role !== receipt.role || commitment !== receipt.commitment) {
      const said = "Receipt {0} is not the one that the statement has in its place.";
      fail(say(said, receipt.seq), `receipt ${receipt.seq}`);
    }
  }
  const leaves = [];
  for (const line of lines.slice(0, statement.receipts)) leaves.push(await hashLeaf(line));
  if (hex(await treeRoot(leaves)) !== statement.root) {
    fail(say("The receipts do not have the root that the statement signs."), RECEIPTS);
  }
  const said = "The statement binds the first {0} receipts by their root.";
  checks.passedUnlessFailed(name, say(said, statement.receipts));
}

async function checkManifest(bag, keys) {
  const { checks } = bag;
  const raw = await bag.optional(MANIFEST, "manifest");
  if (raw === null) {
    if (!checks.hasFailed("manifest")) {
      checks.unsure("manifest", say("The manifest is withheld from this copy."), MANIFEST);
    }
    return null;
  }
  const payload = await checkEnvelope(raw, MANIFEST, "manifest", checks, keys);
  if (payload === null) return null;
  let read;
  try {
    read = await readManifest(payload);
  } catch (error) {
    if (!eitherCanBeTold(error)) throw error;
    checks.failed("manifest", say("{0}: {1}.", MANIFEST, why(error)), MANIFEST);
    return null;
  }
  sayDiffering(checks, "manifest", MANIFEST, read.differing);
  checkReferences(checks, read.manifest);
  const said = "The policy's rules and the values of facts were not read: a browser has no reader for them.";
  checks.unsure("readings", say(said), MANIFEST);
  return read.manifest;
}

function sayDiffering(checks, name, path, parts) {
  for (const part of parts) {
    checks.failed(name, say("{0}: its {1} is not what the rest of it calls for.", path, part), path);
  }
}

function checkReferences(checks, manifest) {
  const known = new Set(manifest.items.map((item) => item.sha256));
  const fail = (said) => checks.failed("facts", said, MANIFEST);
  for (const [number, fact] of manifest.facts.entries()) {
    if (!known.has(fact.item)) {
      const said = "Fact {0} ({1}) rests on an item that the manifest does not list.";
      fail(say(said, number, fact.name));
    }
  }
  for (const judged of manifest.verdicts) {
    for (const finding of judged.findings) {
      if (finding.rests.some((item) => !known.has(item))) {
        const code = `${shown(judged.name)}, ${shown(finding.code)}`;
        fail(say("A finding ({0}) rests on an item that the manifest does not list.", code));
      }
    }
  }
  for (const line of manifest.coverage) {
    if (line.items.some((item) => !known.has(item))) {
      fail(say("Coverage of {0} names an item that is not listed.", shown(line.requirement)));
    }
  }
  const said = "All {0} facts and every finding rest on listed items.";
  checks.passedUnlessFailed("facts", say(said, manifest.facts.length));
}

// The openings by the seq of their receipt: whether each file is what its receipt commits to.
async function checkOpenings(bag, seal) {
  const { checks } = bag;
  const fail = (said, where = OPENINGS) => checks.failed("openings", said, where);
  const raw = await bag.read(OPENINGS, "openings");
  if (raw === null) return new Map();
  if (!seal.chain.length || seal.statement === null) {
    checks.unsure("openings", NO_SEAL(), OPENINGS);
    return new Map();
  }
  let openings;
  try {
    openings = new Map(readOpenings(raw).map((opening) => [opening.seq, opening]));
  } catch (error) {
    if (!eitherCanBeTold(error)) throw error;
    fail(say("{0}: {1}.", OPENINGS, why(error)));
    return new Map();
  }
  const full = bag.found.has(MANIFEST);
  const needed = new Map([[seal.chain.length - 1, STATEMENT]]);
  if (full) needed.set(seal.statement.manifest_seq, MANIFEST);
  for (const [seq, path] of needed) {
    if (openings.get(seq)?.path !== path) {
      fail(say("{0} does not open receipt {1}.", OPENINGS, seq));
    }
  }
  for (const [seq, opening] of openings) {
    if (!needed.has(seq) && (full || !opening.path.startsWith("data/"))) {
      fail(say("{0} opens receipt {1}, which is not for it to open.", OPENINGS, seq));
    } else {
      await checkOpening(bag, seal.chain, opening, fail);
    }
  }
  const said = "The receipts of what is opened here commit to these very bytes.";
  checks.passedUnlessFailed("openings", say(said));
  return openings;
}

function readOpenings(raw) {
  const what = "openings.json";
  const value = parseCanonical(raw, what);
  const wrong = (said) => malformed(what, said);
  if (!isTable(value) || canonical(Object.keys(value).sort()) !== '["openings","v"]' || value.v !== 1) {
    throw wrong(say("its fields are not those of version 1"));
  }
  if (!Array.isArray(value.openings)) throw wrong(say("it has no list of openings"));
  return value.openings.map((line) => {
    if (!isTable(line)) throw wrong(say("an opening is not an object"));
    if (!Number.isSafeInteger(line.seq) || line.seq < 0) {
      throw wrong(say("seq is not a whole number"));
    }
    if (typeof line.sha256 !== "string" || typeof line.path !== "string") {
      throw wrong(say("sha256 and path are texts"));
    }
    const salt = typeof line.salt === "string" ? unhex(line.salt) : null;
    if (salt === null) throw wrong(say("a salt is not hex"));
    return { seq: line.seq, sha256: line.sha256, salt, path: line.path };
  });
}

async function checkOpening(bag, chain, opening, fail) {
  const found = bag.found.get(opening.path);
  const where = found === undefined ? OPENINGS : opening.path;
  if (opening.seq >= chain.length) {
    fail(say("{0} opens a receipt that is not here.", OPENINGS));
    return;
  }
  const receipt = chain[opening.seq];
  const path = shown(opening.path);
  if (found === undefined) {
    fail(say("{0} is missing; receipt {1} names it.", path, receipt.seq), where);
  } else if (!(await opens(receipt, opening.salt, opening.sha256))) {
    const said = "{0} does not open receipt {1}: its salt or digest is wrong.";
    fail(say(said, OPENINGS, receipt.seq));
  } else if (found !== opening.sha256 || bag.source.sizes.get(opening.path) !== receipt.size) {
    const said = "{0} is not what receipt {1} ({2}) was made for.";
    fail(say(said, path, receipt.seq, receipt.role), where);
  }
}

async function checkManifestReceipts(checks, manifest, seal) {
  const name = "manifest-receipts";
  const { chain, statement } = seal;
  if (!chain.length || statement === null) {
    checks.unsure(name, NO_SEAL(), MANIFEST);
    return;
  }
  if ((await commitOrder(manifest.orderSalt, manifest.order)) !== chain[0].order) {
    const said = say("The manifest is about another order than the receipts.");
    checks.failed(name, said, MANIFEST);
  }
  const covered = new Set();
  let sorted = true;
  let before = -1;
  for (const item of manifest.items) {
    if (covered.has(item.seq)) {
      const said = say("The manifest lists receipt {0} twice.", item.seq);
      checks.failed(name, said, `receipt ${item.seq}`);
    }
    covered.add(item.seq);
    await checkItemReceipt(checks, item, seal);
    sorted &&= item.seq >= before;
    before = item.seq;
  }
  if (!sorted) {
    const said = say("The manifest's items are not in the order of receipts.");
    checks.failed(name, said, MANIFEST);
  }
  const lost = checkLost(checks, manifest, seal, covered);
  for (const receipt of chain.slice(0, statement.manifest_seq)) {
    if (!isOwn(receipt.role) && !covered.has(receipt.seq) && !lost.has(receipt.seq)) {
      const said = say("Receipt {0} ({1}) has no item in the manifest.", receipt.seq, receipt.role);
      checks.failed(name, said, `receipt ${receipt.seq}`);
    }
  }
  const said = "All {0} items open their receipts, and no receipt is left over.";
  checks.passedUnlessFailed(name, say(said, manifest.items.length));
}

// Receipts that the sealer says he has no items of any more; the reader must be told.
function checkLost(checks, manifest, { chain, statement }, covered) {
  const lost = new Set(manifest.lost);
  const sorted = [...lost].sort((a, b) => a - b);
  if (canonical(manifest.lost) !== canonical(sorted)) {
    const said = "The receipts that the manifest calls lost are not listed in their order.";
    checks.failed("lost", say(said), MANIFEST);
  }
  for (const seq of sorted) {
    if (seq >= statement.manifest_seq || isOwn(chain[seq].role) || covered.has(seq)) {
      const said = "The manifest calls receipt {0} lost, and it is no item that could be.";
      checks.failed("lost", say(said, seq), `receipt ${seq}`);
    }
  }
  if (lost.size && !checks.hasFailed("lost")) {
    const named = sorted.slice(0, 20).map((seq) => `${seq} (${chain[seq].role})`).join(", ");
    const said = "The sealer lost the items of {0} receipts of this order: {1}. What they said, nobody can tell.";
    checks.unsure("lost", say(said, lost.size, named), MANIFEST);
  }
  return lost;
}

async function checkItemReceipt(checks, item, seal) {
  const name = "manifest-receipts";
  const where = `receipt ${item.seq}`;
  if (item.seq >= seal.statement.manifest_seq) {
    const said = "The manifest has an item with receipt {0}, which does not precede it.";
    checks.failed(name, say(said, item.seq), where);
    return;
  }
  const receipt = seal.chain[item.seq];
  const wrong = ["role", "size", "media_type", "collector"].filter((each) => item[each] !== receipt[each]);
  if (fullTime(item.collected_at) !== receipt.collected_at) wrong.push("collected_at");
  if (item.receipt !== seal.hashes[item.seq]) wrong.push("hash");
  if (!(await opens(receipt, item.salt, item.sha256))) wrong.push("commitment");
  if (wrong.length) {
    const said = "Item {0} ({1}) and its receipt differ in {2}.";
    checks.failed(name, say(said, item.seq, item.role, wrong.join(", ")), where);
  }
}

// Whether the statement repeats the manifest's verdicts and what is missing.
function checkAnswers(checks, manifest, seal) {
  const { statement } = seal;
  if (statement === null || !seal.chain.length) {
    checks.unsure("verdicts", NO_SEAL(), STATEMENT);
    return;
  }
  const right = {
    verdicts: manifest.verdicts.map((judged) => {
      const codes = [...new Set(judged.findings.map((finding) => finding.code))].sort();
      return [judged.verifier, judged.verdict, codes];
    }),
    missing: manifest.coverage.filter((c) => !c.met).map((c) => c.requirement),
    complete: manifest.complete,
    policy: manifest.policy,
  };
  const said = new Map(statement.verdicts.map((line) => [line[0], canonical(line)]));
  for (const line of right.verdicts) {
    if (said.get(line[0]) !== canonical(line)) {
      const what = say("The statement's verdict of {0} is not the manifest's.", shown(line[0]));
      checks.failed("verdicts", what, STATEMENT);
    }
  }
  for (const part of ["verdicts", "missing", "complete", "policy"]) {
    if (canonical(right[part]) !== canonical(statement[part])) {
      const what = say("The statement's {0} is not what the manifest calls for.", part);
      checks.failed("verdicts", what, STATEMENT);
    }
  }
  const what = say("The statement repeats the manifest's {0} verdicts.", right.verdicts.length);
  checks.passedUnlessFailed("verdicts", what);
}
