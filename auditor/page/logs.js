// Are the receipts in the log, under heads that the log signed and that agree?

const MAX_INCLUSION_PROOFS = 1_000;

// {before, sealed}: each {raw, checkpoint, signed}, or null for one that does not hold.
async function checkHeads(bag, seal, keys) {
  const { checks } = bag;
  const before = await readHead(bag, `${BEFORE_READ}/checkpoint`, keys);
  const sealed = await readHead(bag, `${SEALED}/checkpoint`, keys);
  const where = `${BEFORE_READ}/checkpoint`;
  if (before && seal.statement) {
    const { origin, size } = seal.statement.log;
    if (origin !== before.checkpoint.origin || BigInt(size) !== before.checkpoint.size) {
      const said = say("{0} is not the head that the statement names.", where);
      checks.failed("before-read", said, where);
    }
  }
  if (before && seal.manifest && !same(utf8(seal.manifest.beforeRead), before.raw)) {
    checks.failed("before-read", say("{0} is not the checkpoint in the manifest.", where), where);
  }
  if (before && sealed) {
    await checkGrowth(bag, before, sealed);
  } else {
    const said = say("Not compared: one of the two checkpoints does not hold.");
    checks.unsure("before-read", said, where);
  }
  return { before, sealed };
}

async function readHead(bag, path, { own, pinned }) {
  const { checks } = bag;
  const raw = await bag.read(path, "checkpoints");
  if (raw === null) return null;
  const outside = Boolean(pinned?.log.length);
  let opened;
  try {
    opened = await openCheckpoint(raw, outside ? pinned.log : own.log);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const whose = outside ? say("the pinned log key") : say("a log key of proof/keys.json");
    const said = say("{0} does not hold under {1}: {2}.", path, whose, why(error));
    checks.failed("checkpoints", said, path);
    return null;
  }
  if (opened.signed === null) {
    const said = "{0} was not checked: this browser has no Ed25519.";
    checks.unsure("checkpoints", say(said, path), path);
  } else if (!pinned) {
    const said = "{0} is signed by a log key that only the bundle vouches for.";
    checks.passed("checkpoints", say(said, path), path);
  } else if (outside) {
    checks.passed("checkpoints", say("{0} is signed by the pinned log key.", path), path);
  } else {
    const said = "{0} is signed, but by a log key that only the bundle vouches for: pin one.";
    checks.unsure("checkpoints", say(said, path), path);
  }
  return { raw, ...opened };
}

// A pass, or inconclusive where a signature that it rests on could not be checked.
function passedUnder(checks, heads, name, said) {
  if (checks.hasFailed(name)) return;
  if (heads.every((head) => head.signed)) checks.passed(name, said);
  else checks.unsure(name, say("{0} But who signed the log's head was not checked.", said));
}

async function checkGrowth(bag, before, sealed) {
  const name = "before-read";
  const { checks } = bag;
  const raw = await bag.optional(CONSISTENCY, name);
  const [old, now] = [before.checkpoint, sealed.checkpoint];
  const [oldPath, newPath] = [`${BEFORE_READ}/checkpoint`, `${SEALED}/checkpoint`];
  if (old.origin !== now.origin) {
    checks.failed(name, say("{0} is of another log.", newPath), newPath);
  } else if (old.size > now.size) {
    const said = "{0} has size {1}, {2} only {3}: the log shrank.";
    checks.failed(name, say(said, oldPath, old.size, newPath, now.size), oldPath);
  } else if (raw === null && old.size < now.size) {
    const said = "The bundle holds no proof that the log only grew between its two checkpoints.";
    checks.unsure(name, say(said), CONSISTENCY);
  } else {
    try {
      await checkConsistency(old, now, readHashes(raw ?? utf8("")));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const said = "{0} does not prove that the log only grew: {1}.";
      checks.failed(name, say(said, CONSISTENCY, why(error)), CONSISTENCY);
      return;
    }
    const said = "The log grew from {0} to {1} receipts and changed none.";
    passedUnder(checks, [before, sealed], name, say(said, old.size, now.size));
  }
}

function readHashes(raw) {
  const what = say("The consistency proof");
  const lines = fromLatin1(raw).split("\n");
  if (lines.pop() !== "" || lines.length > MAX_PATH * 2) {
    throw malformed(what, say("it is not one hash a line"));
  }
  return lines.map((line) => fromBase64(line, what));
}

// cosigned   the sealed checkpoint with witnesses' signatures, or null: the proofs carry that form
async function checkLogged(bag, seal, { before, sealed }, cosigned) {
  const { checks } = bag;
  const { lines } = seal;
  if (!lines.length || sealed === null) {
    checks.unsure("inclusion", say("Not checked: receipts or sealed checkpoint do not hold."));
    return;
  }
  const every = lines.length <= MAX_INCLUSION_PROOFS;
  const wanted = every ? [...lines.keys()] : [lines.length - 1];
  const paths = new Set(wanted.map(inclusionPath));
  for (const path of [...bag.found.keys()].sort()) {
    if (path.startsWith("proof/inclusion/") && !paths.has(path)) {
      checks.failed("inclusion", say("{0} is for no receipt that needs it.", path), path);
    }
  }
  const indices = new Map();
  for (const seq of wanted) {
    const path = inclusionPath(seq);
    const raw = await bag.optional(path, "inclusion");
    if (raw === null) {
      const said = say("{0} is missing: receipt {1} is unproven.", path, seq);
      checks.failed("inclusion", said, path);
      continue;
    }
    try {
      const note = cosigned ?? sealed.raw;
      const where = same(note, sealed.raw) ? `${SEALED}/checkpoint` : COSIGNED;
      indices.set(seq, await placeInLog(raw, lines[seq], sealed, { note, where }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const said = "{0} does not prove that receipt {1} is in the log: {2}.";
      checks.failed("inclusion", say(said, path, seq, why(error)), path);
    }
  }
  const proven = [...indices.keys()];
  for (const [at, second] of proven.entries()) {
    const first = proven[at - 1];
    if (at && indices.get(first) >= indices.get(second)) {
      const said = say("Receipt {0} stands before receipt {1} in the log.", second, first);
      checks.failed("inclusion", said, inclusionPath(second));
    }
  }
  const said = every
    ? say("All {0} receipts are in the log.", lines.length)
    : say("The head of {0} receipts is in the log, and the chain holds the others.", lines.length);
  passedUnder(checks, [sealed], "inclusion", said);
  checkReadAfter(checks, seal, indices, before, sealed, every);
}

// note   the head's bytes as they must stand in the proof, `where` the file that has them
async function placeInLog(raw, line, sealed, { note, where }) {
  const proof = parseLogProof(raw);
  // The same bytes as the checkpoint whose signature was checked, so it need not be again.
  if (!same(proof.checkpoint, note)) {
    throw malformed(say("The log proof"), say("it is not against {0}", where));
  }
  const { size, root } = sealed.checkpoint;
  await checkInclusion(await hashLeaf(line), { index: proof.index, size, path: proof.path, root });
  return proof.index;
}

function checkReadAfter(checks, seal, indices, before, sealed, every) {
  const name = "read-after-stored";
  if (before === null || !every || seal.statement === null) {
    const said = "Whether every item was in the log before it was read cannot be told from here.";
    checks.unsure(name, say(said));
    return;
  }
  for (const { role, seq } of seal.chain.slice(0, seal.statement.manifest_seq)) {
    if (!isOwn(role) && (indices.get(seq) ?? -1n) >= before.checkpoint.size) {
      const said = say("Receipt {0} ({1}) is not under the before-read head.", seq, role);
      checks.failed(name, said, `receipt ${seq}`);
    }
  }
  const said = "Every item was in the log before any of them was read.";
  passedUnder(checks, [before, sealed], name, say(said));
}
