// Is each derivative that is here tied to its original, by a record that is signed and logged?

const COPIES = {
  receipts: `${DERIVED_PROOF}receipts.jsonl`,
  openings: `${DERIVED_PROOF}openings.json`,
  checkpoint: `${DERIVED_PROOF}checkpoint`,
  consistency: `${DERIVED_PROOF}consistency`,
};
const TRANSFORM_TYPE = "urn:orderproof:transform:v1";
const MAX_COPY_RECEIPTS = 2_000;
const MAX_RECORD_BYTES = 256 * 2 ** 10;
const CHANGES = ["redacted", "shrunk", "converted", "translated", "rendered"];
const TIED_FIELDS = ["seq", "receipt", "role", "commitment"];

const isCopy = (role) => CHANGES.some((change) => role === `derived.${change}`);
const copyProof = (seq) => `${DERIVED_PROOF}inclusion/${four(seq)}.tlog-proof`;
const recordPath = (seq) => `${DERIVED_PROOF}${four(seq)}.dsse.json`;

function derivedPaths(bag) {
  const ours = (path) => path.startsWith(DERIVED_DATA) || path.startsWith(DERIVED_PROOF);
  return [...bag.found.keys()].filter(ours).sort();
}

// Those that a key has signed: records, and the head they are proven under.
function signedCopies(bag) {
  return derivedPaths(bag).filter((path) => path.endsWith(".dsse.json") || path === COPIES.checkpoint);
}

async function checkDerived(bag, seal, sealed, keys) {
  const name = "derived";
  const paths = derivedPaths(bag);
  if (!paths.length) return;
  const { checks } = bag;
  if (!seal.chain.length || seal.statement === null) {
    checks.unsure(name, NO_SEAL(), COPIES.receipts);
    return;
  }
  const here = await readCopies(bag, seal);
  if (here === null) return;
  const head = await readHead(bag, COPIES.checkpoint, keys);
  await checkGrownSince(bag, sealed, head);
  const accounted = new Set(Object.values(COPIES));
  for (const [seq, { line }] of here.receipts) {
    accounted.add(copyProof(seq));
    await checkCopyLogged(bag, seq, line, head);
  }
  const tied = new Set();
  for (const [seq, { receipt }] of here.receipts) {
    if (receipt.role !== "transform.record") continue;
    accounted.add(recordPath(seq));
    const record = await checkRecord(bag, seal, here, receipt, keys);
    if (record === null) continue;
    tied.add(seq).add(record.derivative.seq);
    accounted.add(here.openings.get(record.derivative.seq).path);
  }
  for (const seq of here.receipts.keys()) {
    if (!tied.has(seq) && !checks.hasFailed(name)) {
      const said = say("Receipt {0} in {1} belongs to no derivative.", seq, COPIES.receipts);
      checks.failed(name, said, COPIES.receipts);
    }
  }
  for (const path of paths.filter((each) => !accounted.has(each))) {
    checks.failed(name, say("{0} belongs to no derivative of this order.", shown(path)), path);
  }
  if (sealed === null || head === null) return;
  const said = say("The log holds each of the {0} receipts of derivatives.", here.receipts.size);
  passedUnder(checks, [sealed, head], name, said);
}

// {receipts: seq -> {line, receipt, hash}, openings: seq -> opening}, or null.
async function readCopies(bag, seal) {
  const name = "derived";
  const raw = await bag.read(COPIES.receipts, name);
  const told = await bag.read(COPIES.openings, name);
  if (raw === null || told === null) return null;
  const text = fromLatin1(raw);
  const lines = text.split("\n");
  if (lines.pop() !== "" || lines.length > MAX_COPY_RECEIPTS) {
    const said = say("{0} is not up to {1} whole lines.", COPIES.receipts, MAX_COPY_RECEIPTS);
    bag.checks.failed(name, said, COPIES.receipts);
    return null;
  }
  const receipts = new Map();
  try {
    let [last, start] = [-1, 0];
    for (const { length } of lines) {
      const line = raw.subarray(start, start + length);
      start += length + 1;
      const receipt = readReceipt(line, say("The receipt"));
      const wrong = (said) => malformed(COPIES.receipts, say(said, receipt.seq));
      if (receipt.seq <= last) throw wrong("receipt {0} is out of order");
      if (!isCopy(receipt.role) && receipt.role !== "transform.record") {
        throw wrong("receipt {0} is no derivative's");
      }
      if (receipt.order !== seal.chain[0].order) throw wrong("receipt {0} is another order's");
      if (receipt.seq < seal.lines.length && !same(line, seal.lines[receipt.seq])) {
        throw wrong("receipt {0} is not the chain's");
      }
      last = receipt.seq;
      receipts.set(last, { line, receipt, hash: await digest(line) });
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const said = say("{0} cannot be used: {1}.", COPIES.receipts, why(error));
    bag.checks.failed(name, said, COPIES.receipts);
    return null;
  }
  try {
    const read = readOpenings(told);
    const openings = new Map(read.map((opening) => [opening.seq, opening]));
    const sorted = [...openings.values()].sort((a, b) => a.seq - b.seq);
    const right = sorted.map(({ seq, sha256, salt, path }) => ({ seq, sha256, salt: hex(salt), path }));
    const fits = openings.size === receipts.size && sorted.every(({ seq }) => receipts.has(seq));
    if (!fits || canonical({ v: 1, openings: right }) !== fromUtf8(told)) {
      throw malformed(COPIES.openings, say("it does not open exactly the receipts beside it"));
    }
    return { receipts, openings };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const said = say("{0} cannot be used: {1}.", COPIES.openings, why(error));
    bag.checks.failed(name, said, COPIES.openings);
    return null;
  }
}

async function checkGrownSince(bag, sealed, head) {
  const { checkpoint, consistency } = COPIES;
  const raw = await bag.read(consistency, "derived");
  if (sealed === null || head === null) {
    const said = "Not compared: {0} or the sealed checkpoint does not hold.";
    bag.checks.unsure("derived", say(said, checkpoint), checkpoint);
    return;
  }
  if (raw === null) return;
  const [old, now] = [sealed.checkpoint, head.checkpoint];
  try {
    if (old.origin !== now.origin || old.size > now.size) {
      throw malformed(checkpoint, say("it is older than the sealed one, or another's"));
    }
    await checkConsistency(old, now, readHashes(raw));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const said = "{0} does not prove that {1} contains the sealed one: {2}.";
    const where = old.size <= now.size ? consistency : checkpoint;
    bag.checks.failed("derived", say(said, consistency, checkpoint, why(error)), where);
  }
}

async function checkCopyLogged(bag, seq, line, head) {
  const path = copyProof(seq);
  const raw = await bag.optional(path, "derived");
  if (raw === null) {
    const said = say("{0} is missing: receipt {1} is unproven.", path, seq);
    bag.checks.failed("derived", said, path);
    return;
  }
  if (head === null) return;
  try {
    await placeInLog(raw, line, head, { note: head.raw, where: COPIES.checkpoint });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const said = "{0} does not prove that receipt {1} is in the log: {2}.";
    bag.checks.failed("derived", say(said, path, seq, why(error)), path);
  }
}

// The record that this receipt commits to, once it ties what is here to what is sealed; else null.
async function checkRecord(bag, seal, here, kept, keys) {
  const path = recordPath(kept.seq);
  const fail = (said, where = path) => {
    bag.checks.failed("derived", said, where);
    return null;
  };
  if (!(await isOpened(bag, here, kept, path))) return null;
  const raw = await bag.read(path, "derived");
  if (raw === null) return null;
  const payload = await checkEnvelope(raw, path, "derived", bag.checks, keys);
  if (payload === null) return null;
  let record;
  try {
    record = readTransform(payload);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return fail(say("{0}: {1}.", path, why(error)));
  }
  const ties = (tied, receipt, hash) =>
    tied.receipt === hash && tied.role === receipt.role && tied.commitment === receipt.commitment;
  const { original, derivative } = record;
  const first = seal.chain[original.seq];
  // A report is rendered from a manifest, this one or an earlier one of the order.
  const rendered = record.change === "rendered";
  const last = seal.statement.manifest_seq + Number(rendered);
  if (original.seq >= last || !ties(original, first, seal.hashes[original.seq])) {
    return fail(say("{0} names an original that is not among the sealed receipts.", path));
  }
  const copy = here.receipts.get(derivative.seq);
  if (!copy || !ties(derivative, copy.receipt, copy.hash)) {
    return fail(say("{0} names a derivative that has no receipt here.", path));
  }
  const { role, media_type } = copy.receipt;
  const where = `${DERIVED_DATA}${four(derivative.seq)}-${role}-of-${four(original.seq)}.${extensionOf(media_type)}`;
  const opening = here.openings.get(derivative.seq);
  if (opening.path !== where || opening.sha256 !== record.sha256) {
    const said = "{0} opens receipt {1} to something else than {2} is about.";
    return fail(say(said, COPIES.openings, derivative.seq, path), COPIES.openings);
  }
  if (!(await isOpened(bag, here, copy.receipt, where))) return null;
  const { name, version } = record.transform;
  const how = name === "by-hand" ? say("by hand") : say("with {0} {1}", shown(name), shown(version));
  if (rendered) {
    const account = original.seq === last - 1 ? say("this") : say("an earlier");
    const told = "{0} is a report of {1} account ({2}), made {3}, says its signed record {4}.";
    bag.checks.passed("derived", say(told, where, account, original.seq, how, kept.seq), where);
    const newest = original.seq === last - 1;
    (bag.reports ??= []).push({ sha256: record.sha256, seq: derivative.seq, newest });
    return record;
  }
  const said = "{0} is a {1} copy of item {2} ({3}), made {4}, says its signed record {5}.";
  const change = say(record.change);
  bag.checks.passed("derived", say(said, where, change, original.seq, original.role, how, kept.seq), where);
  return record;
}

// Whether a file is here with the bytes that this receipt commits to.
async function isOpened(bag, here, receipt, path) {
  const fail = (said, where) => {
    bag.checks.failed("derived", said, where);
    return false;
  };
  const opening = here.openings.get(receipt.seq);
  if (opening.path !== path || !(await opens(receipt, opening.salt, opening.sha256))) {
    const said = "{0} does not open receipt {1}: its path, salt or digest is wrong.";
    return fail(say(said, COPIES.openings, receipt.seq), COPIES.openings);
  }
  if (!bag.found.has(path)) return fail(say("{0} is missing; receipt {1} names it.", path, receipt.seq), path);
  if (bag.found.get(path) === opening.sha256 && bag.source.sizes.get(path) === receipt.size) return true;
  return fail(say("{0} is not what receipt {1} ({2}) was made for.", path, receipt.seq, receipt.role), path);
}

function readTransform(payload) {
  const what = say("the transform record");
  if (payload.length > MAX_RECORD_BYTES) {
    throw malformed(what, say("it has more than {0} bytes", MAX_RECORD_BYTES));
  }
  const names = ["change", "original", "derivative", "transform", "by", "at"];
  const { value, read } = readPredicate(payload, TRANSFORM_TYPE, names, what);
  const tied = (name) => {
    const each = new Fields(read.any(name), TIED_FIELDS, what);
    return {
      seq: each.number("seq"), receipt: each.hex("receipt"),
      role: each.choice("role", ROLES), commitment: each.hex("commitment"),
    };
  };
  const made = new Fields(read.any("transform"), ["name", "version", "parameters"], what);
  const [original, derivative] = [tied("original"), tied("derivative")];
  const change = read.choice("change", CHANGES);
  const [name, version, at] = [made.text("name"), made.text("version"), read.text("at")];
  made.table("parameters");
  read.text("by");
  const sha256 = value.subject?.[0]?.digest?.sha256;
  const subject = [{ name: "derivative", digest: { sha256 } }];
  const plain = /^[a-z0-9][a-z0-9.-]{0,62}$/.test(name) && isTime(at) && fullTime(at) === at;
  const about = typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256) && canonical(value.subject) === canonical(subject);
  const right = change === "rendered" ? original.role === "manifest" : !isOwn(original.role);
  const fits = derivative.role === `derived.${change}` && right;
  if (!plain || !about || !fits || value._type !== STATEMENT_V1) {
    throw malformed(what, say("it is not written the one way we write it"));
  }
  return { original, derivative, change, sha256, transform: { name, version } };
}

const MAX_REPORT_BYTES = 256 * 2 ** 20;

// Is this file one of the reports in the bundle, and of its newest account?
async function checkReport(bag, file) {
  if (file.size > MAX_REPORT_BYTES) throw malformed(say("The report"), say("it is too large"));
  const sha256 = await digest(new Uint8Array(await file.arrayBuffer()));
  const found = (bag.reports ?? []).find((each) => each.sha256 === sha256);
  if (!found) {
    const said = "No signed record here has its SHA-256, {0}: it was altered, or made elsewhere.";
    bag.checks.failed("report", say(said, sha256));
    return;
  }
  bag.checks.passed("report", say("The report is ours and unaltered; its receipt is {0}.", found.seq));
  if (found.newest) bag.checks.passed("current", say("It is of the newest account in the bundle."));
  else bag.checks.failed("current", say("It is of an earlier account; the bundle has a newer one."));
}
