// Is this bundle what it claims to be? The checks, names and sentences are those of
// `orderproof verify` (auditor/verify.py), in its order. What a browser cannot check is said to be
// inconclusive: time tokens, the policy's text, links in a folder, Ed25519 where it is missing.

// zip        a Blob; or
// files      [{path, blob}] of an unpacked bag, paths from the bag's own folder on
// key        bytes of a key file got from elsewhere; null trusts the bundle's own and says so
// report     a Blob: a PDF that may be one of the reports in the bundle
// progress   called with (bytes done, bytes in all, path)
//
// Throws a Problem if it is nothing that could be checked at all.
async function verify({ zip = null, files = null, key = null, report = null, progress = () => {} }) {
  const source = zip ? await ZipSource.open(zip) : new FolderSource(files);
  const some = ["bagit.txt", "manifest-sha256.txt", KEYS];
  if (source.kind === "folder" && !some.some((path) => source.sizes.has(path))) {
    throw refused(say("This folder"), say("there is no bag in it: name the folder that holds bagit.txt"));
  }
  const checks = new Checks();
  const outside = key && (await parseKeys(key, say("The key file")));
  const pinned = outside && (outside.manifest.length || outside.log.length) ? outside : null;
  const trust = pinned ? "pinned" : "bundle";
  if (!source.sizes.size) {
    for (const { where, said } of source.faults) checks.failed("zip", said, where);
    checks.failed("files", say("No file of a bundle could be found in it."));
    return checks.report(source.kind, trust);
  }
  const bag = await checkBag(source, checks, progress);
  const keys = { own: await ownKeys(bag), pinned };
  const receipts = await checkReceipts(bag);
  const seal = { ...receipts };
  seal.statement = await guarded(checks, "statement", () => checkStatement(bag, receipts, keys));
  seal.manifest = await guarded(checks, "manifest", () => checkManifest(bag, keys));
  const openings = (await guarded(checks, "openings", () => checkOpenings(bag, seal))) ?? new Map();
  if (seal.manifest) {
    const { manifest } = seal;
    await guarded(checks, "manifest-receipts", () => checkManifestReceipts(checks, manifest, seal));
    await guarded(checks, "verdicts", () => checkAnswers(checks, manifest, seal));
  } else {
    checks.unsure("verdicts", say("Not compared: there is no manifest to compare with."), MANIFEST);
  }
  await guarded(checks, "items", () => checkPayload(bag, seal, openings));
  await guarded(checks, "case", () => checkCase(bag, seal));
  const heads = await guarded(checks, "checkpoints", () => checkHeads(bag, seal, keys));
  const both = heads ?? { before: null, sealed: null };
  const cosigned = await guarded(checks, "witnesses", () => readCosigned(bag, both.sealed));
  await guarded(checks, "inclusion", () => checkLogged(bag, seal, both, cosigned));
  await guarded(checks, "derived", () => checkDerived(bag, seal, both.sealed, keys));
  if (report) await guarded(checks, "report", () => checkReport(bag, report));
  const known = outside?.witnesses ?? [];
  const seen = await guarded(checks, "witnesses", () =>
    checkWitnesses(bag, cosigned, both.sealed, known));
  await guarded(checks, "time", () => checkTokens(bag, seal));
  await guarded(checks, "revocation", () => checkStanding(bag, keys.own, outside, seen));
  if (receipts.chain.length) await checkBagInfo(bag, receipts.chain[receipts.chain.length - 1]);
  await guarded(checks, "model-signature", () => checkFolderSignature(bag, keys));
  return checks.report(source.kind, trust, {
    receipts: receipts.chain.length,
    items: bag.payload.length,
    files: bag.found.size,
    bytes: [...source.sizes.values()].reduce((sum, size) => sum + size, 0),
  });
}

// As evidence/trusted_time.py writes it: authority, its time, our time, the token's SHA-256.
const STAMPED =
  /^rfc3161: ([a-z0-9][a-z0-9_.-]{0,62}) stamped the checkpoint of (?:0|[1-9][0-9]{0,15}) receipts at ([0-9TZ:-]{20}); this service's clock then read ([0-9TZ:.-]{20,27}); token sha256:([0-9a-f]{64})$/;

// Tokens are DER and CMS, which a browser does not read: they are named, never passed.
async function checkTokens(bag, seal) {
  const said = seal.statement?.trusted_time ?? "";
  const told = said.startsWith("rfc3161") ? STAMPED.exec(said) : null;
  if (said.startsWith("rfc3161") && !(told && isTime(told[2]) && isTime(told[3]))) {
    throw malformed("trusted_time", say("it names no token the way it should"));
  }
  for (const folder of [BEFORE_READ, SEALED]) {
    const [token, query] = [`${folder}/token.tsr`, `${folder}/query.tsq`];
    const named = folder === BEFORE_READ ? told : null;
    if (bag.found.has(token)) {
      const parts = [await bag.read(token, "time"), await bag.read(query, "time")];
      if (parts.includes(null) || !bag.found.has(`${folder}/checkpoint`)) continue;
      if (named && bag.found.get(token) !== named[4]) {
        const what = say("{0} is not the token that the statement names.", token);
        bag.checks.failed("time", what, token);
        continue;
      }
      const what = "{0} was not checked: a browser cannot read time tokens. Use orderproof verify, or openssl ts.";
      bag.checks.unsure("time", say(what, token), token);
    } else if (bag.found.has(query)) {
      bag.checks.failed("time", say("{0} is there, its token is not.", query), token);
    } else if (named) {
      const what = "The statement names a token of {0} over {1}; it is gone.";
      bag.checks.failed("time", say(what, named[1], folder), token);
    } else if (said.startsWith("none")) {
      const what = "No time authority was configured, the statement says; {0} has no token.";
      bag.checks.unsure("time", say(what, folder), token);
    } else {
      const what = say("There is no time token over {0}/checkpoint.", folder);
      bag.checks.unsure("time", what, token);
    }
  }
}

async function ownKeys(bag) {
  const none = { manifest: [], log: [], standing: new Map() };
  const raw = await bag.read(KEYS, "keys");
  if (raw === null) return none;
  try {
    return await parseKeys(raw, KEYS);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    bag.checks.failed("keys", say("{0} cannot be used: {1}.", KEYS, why(error)), KEYS);
    return none;
  }
}

// A document that is well signed but nonsense is a failed check, not a crash.
async function guarded(checks, name, step) {
  try {
    return (await step()) ?? null;
  } catch (error) {
    if (error instanceof Problem) {
      checks.failed(name, say("It cannot be checked: {0}.", why(error)));
    } else if (error instanceof TypeError || error instanceof RangeError) {
      const said = "It cannot be checked: a signed value has the wrong type ({0}).";
      checks.failed(name, say(said, error.name));
    } else {
      throw error;
    }
    return null;
  }
}
