// Is this bundle what it claims to be? The checks, names and sentences are those of
// `orderproof verify` (auditor/verify.py), in its order. What a browser cannot check is said to be
// inconclusive: time tokens, the policy's text, links in a folder, Ed25519 where it is missing.

// zip        a Blob; or
// files      [{path, blob}] of an unpacked bag, paths from the bag's own folder on
// key        bytes of a key file got from elsewhere; null trusts the bundle's own and says so
// progress   called with (bytes done, bytes in all, path)
//
// Throws a Problem if it is nothing that could be checked at all.
async function verify({ zip = null, files = null, key = null, progress = () => {} }) {
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
  const heads = await guarded(checks, "checkpoints", () => checkHeads(bag, seal, keys));
  const { before, sealed } = heads ?? { before: null, sealed: null };
  await guarded(checks, "inclusion", () => checkLogged(bag, seal, before, sealed));
  checkTokens(bag, seal);
  if (receipts.chain.length) await checkBagInfo(bag, receipts.chain[receipts.chain.length - 1]);
  return checks.report(source.kind, trust, {
    receipts: receipts.chain.length,
    items: bag.payload.length,
    files: bag.found.size,
    bytes: [...source.sizes.values()].reduce((sum, size) => sum + size, 0),
  });
}

// Tokens are DER and CMS, which a browser does not read: they are named, never passed.
function checkTokens(bag, seal) {
  const none = Boolean(seal.statement?.trusted_time.startsWith("none"));
  for (const folder of [BEFORE_READ, SEALED]) {
    const [token, query] = [`${folder}/token.tsr`, `${folder}/query.tsq`];
    if (bag.found.has(token) && !bag.found.has(query)) {
      bag.checks.failed("time", say("{0} is missing.", query), query);
    } else if (bag.found.has(token)) {
      const said = "{0} was not checked: a browser cannot read time tokens. Use orderproof verify, or openssl ts.";
      bag.checks.unsure("time", say(said, token), token);
    } else if (bag.found.has(query)) {
      bag.checks.failed("time", say("{0} is there, its token is not.", query), token);
    } else if (none) {
      const said = "No time authority was configured, the statement says; {0} has no token.";
      bag.checks.unsure("time", say(said, folder), token);
    } else {
      const said = say("There is no time token over {0}/checkpoint.", folder);
      bag.checks.unsure("time", said, token);
    }
  }
}

async function ownKeys(bag) {
  const none = { manifest: [], log: [] };
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
