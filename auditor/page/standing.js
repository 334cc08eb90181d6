// Who else saw the sealed head, and what is still worth something once a key was revoked?
//
// From `revoked_since` on a key may be in anyone's hands: what it signed counts only if somebody
// else shows that it was there before. Here that can be a witness; time tokens are not read.

// The cosigned form of the sealed checkpoint, if it adds nothing but signatures; else null.
async function readCosigned(bag, sealed) {
  const fail = (said) => bag.checks.failed("witnesses", said, COSIGNED);
  const raw = await bag.optional(COSIGNED, "witnesses");
  if (raw === null || sealed === null) return null;
  try {
    splitNote(raw);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    fail(say("{0} is not a signed note.", COSIGNED));
    return null;
  }
  if (!same(raw.subarray(0, sealed.raw.length), sealed.raw)) {
    fail(say("{0} is not the sealed checkpoint with further signatures below it.", COSIGNED));
    return null;
  }
  return raw;
}

// The earliest second at which a known witness saw the sealed head, or null.
async function checkWitnesses(bag, cosigned, sealed, known) {
  const { checks } = bag;
  const seen = new Map();
  const names = [];
  let [strangers, unread] = [0, 0];
  if (cosigned !== null) {
    const { text, signatures } = splitNote(cosigned);
    for (const signature of signatures.slice(splitNote(sealed.raw).signatures.length)) {
      const key = known.find(({ name, id }) => name === signature.name && id === signature.id);
      const holds = key && (await key.verifies(text, signature.bytes));
      if (!key) {
        strangers += 1;
      } else if (holds === null) {
        unread += 1;
      } else if (!holds) {
        const said = say("The cosignature of {0} in {1} is wrong.", key.name, COSIGNED);
        checks.failed("witnesses", said, COSIGNED);
      } else if (!seen.has(key.vkey)) {
        const at = Number(view(signature.bytes).getBigUint64(0, false));
        if (at > LAST_SECOND) {
          const said = "The cosignature of {0} in {1} has no possible time.";
          checks.failed("witnesses", say(said, key.name, COSIGNED), COSIGNED);
          continue;
        }
        seen.set(key.vkey, at);
        names.push(`${key.name} at ${second(at)}`);
      }
    }
  }
  if (names.length) {
    const said = say("The sealed checkpoint is cosigned by {0}.", names.join(", "));
    checks.passedUnlessFailed("witnesses", said, COSIGNED);
  } else if (unread) {
    checks.unsure("witnesses", say("{0} was not checked: this browser has no Ed25519.", COSIGNED), COSIGNED);
  } else if (strangers) {
    const said = "{0} cosignatures were not checked: give the witnesses' keys.";
    checks.unsure("witnesses", say(said, strangers), COSIGNED);
  } else if (known.length) {
    const said = "No witness whose key is known has cosigned the sealed checkpoint.";
    checks.unsure("witnesses", say(said), COSIGNED);
  }
  return seen.size ? Math.min(...seen.values()) : null;
}

const LAST_SECOND = 253402300799; // of the year 9999

const second = (at) => `${new Date(at * 1000).toISOString().slice(0, 19)}Z`;

// Judge each signed file whose keys were all revoked. `at` is what checkWitnesses gave.
async function checkStanding(bag, own, outside, at) {
  const { checks } = bag;
  const told = [own, outside].filter(Boolean).flatMap(({ standing }) => [...standing]);
  const revoked = new Map(); // the earlier revocation of each key
  for (const [id, since] of told) {
    if (!revoked.has(id) || since < revoked.get(id)) revoked.set(id, since);
  }
  if (!revoked.size) return;
  const strict = Boolean(outside?.standing.size);
  const manifest = outside?.manifest.length ? outside.manifest : own.manifest;
  const log = outside?.log.length ? outside.log : own.log;
  let judged = 0;
  const heads = [`${BEFORE_READ}/checkpoint`, `${SEALED}/checkpoint`];
  for (const path of [STATEMENT, MANIFEST, ...heads, ...signedCopies(bag)]) {
    const raw = await bag.optional(path, "revocation");
    if (raw === null) continue;
    const note = path.endsWith("/checkpoint");
    const signers = note ? await logSigners(raw, log) : await envelopeSigners(raw, manifest);
    if (!signers.length || !signers.every((id) => revoked.has(id))) continue;
    judged += 1;
    const since = signers.map((id) => revoked.get(id)).sort().pop();
    const tokens = [`${SEALED}/token.tsr`, ...(path === `${BEFORE_READ}/checkpoint` ? [`${BEFORE_READ}/token.tsr`] : [])];
    const unread = tokens.some((token) => bag.found.has(token));
    const when = path.startsWith(DERIVED_PROOF) ? null : at;
    judge(checks, path, since, { at: when, strict, unread });
  }
  if (!judged) {
    checks.passed("revocation", say("Keys of this house were revoked, but none that signed here."));
  }
}

// unread   whether there is a token that could show an earlier moment, and was not read
function judge(checks, path, since, { at, strict, unread }) {
  const when = `${since.slice(0, 19)}Z`;
  // A whole second may end after the moment itself, so it has to be over by then.
  const early = at !== null && fullTime(second(at + 1)) <= since;
  if (early) {
    const said = "{0} is signed by a key that was revoked since {1}, but it is still good: somebody else saw it by {2}.";
    checks.passed("revocation", say(said, path, when, second(at)), path);
  } else if (at === null || (strict && unread)) {
    const said = "{0} is signed by a key that was revoked since {1}, and no pinned time authority or witness shows when: do not rely on it, or pin one that does.";
    checks.unsure("revocation", say(said, path, when), path, strict);
  } else if (strict) {
    const said = "{0} is signed by a key that was revoked since {1}, and was seen by nobody else before {2}: whoever took the key may have made it.";
    checks.failed("revocation", say(said, path, when, second(at)), path);
  } else {
    const said = "{0} is signed by a key that its own bundle calls revoked since {1}, and was seen by nobody else before {2}.";
    checks.unsure("revocation", say(said, path, when, second(at)), path);
  }
}

async function envelopeSigners(raw, keys) {
  const signers = [];
  try {
    const envelope = readEnvelope(raw);
    for (const key of keys) {
      if ((await isSigned(envelope, [key])) !== false) signers.push(key.id);
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
  return signers;
}

async function logSigners(raw, keys) {
  try {
    return (await openCheckpoint(raw, keys)).signers;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [];
  }
}
