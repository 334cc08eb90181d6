// Is the OMS signature beside the files over these very files, and whose is it? It is the only one
// that covers the files for people too: README, report, page, keys.

const MODEL_SIG = "model.sig";
const OMS_TYPE = "https://model_signing/signature/v1.0";
const SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";

async function checkFolderSignature(bag, { own, pinned }) {
  const name = "model-signature";
  const { checks } = bag;
  const raw = await bag.optional(MODEL_SIG, name);
  if (raw === null) return; // `files` has said so
  let read;
  try {
    read = readFolderSignature(raw);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    checks.failed(name, say("{0} cannot be read: {1}.", MODEL_SIG, why(error)), MODEL_SIG);
    return;
  }
  const keys = pinned?.manifest.length ? pinned.manifest : own.manifest;
  const key = (await folderSigner(read, keys)) ?? (await folderSigner(read, own.manifest));
  if (key === null) {
    const said = "{0} does not bear a signature by a key that is known.";
    checks.failed(name, say(said, MODEL_SIG), MODEL_SIG);
    return;
  }
  await compareFolder(bag, name, read.envelope);
  if (checks.hasFailed(name)) return;
  if ([own, pinned].some((some) => some?.standing.has(key.id))) {
    const said = "{0} is over these very files, signed by a key that was revoked, and no one shows when.";
    checks.unsure(name, say(said, MODEL_SIG), MODEL_SIG);
  } else if (!pinned) {
    const said = "{0} is over these very files, signed by a key that only the bundle vouches for.";
    checks.passed(name, say(said, MODEL_SIG), MODEL_SIG);
  } else if (pinned.manifest.some(({ id }) => id === key.id)) {
    checks.passed(name, say("{0} is over these very files, signed by the pinned key.", MODEL_SIG), MODEL_SIG);
  } else {
    const said = "{0} is over these very files, signed by a key that only the bundle vouches for: pin it.";
    checks.unsure(name, say(said, MODEL_SIG), MODEL_SIG);
  }
}

// {envelope, keyids, hint}; it must be written the one way.
function readFolderSignature(raw) {
  const what = say("The OMS signature");
  const value = parseJson(raw, what);
  const hint = value?.verificationMaterial?.publicKey?.hint;
  if (!isTable(value) || !("dsseEnvelope" in value) || typeof hint !== "string") {
    throw malformed(what, say("it is not a Sigstore bundle with a plain key"));
  }
  const envelope = envelopeFrom(value.dsseEnvelope);
  const keyids = value.dsseEnvelope.signatures.map(({ keyid }) => keyid ?? "");
  const signatures = envelope.signatures.map((sig, at) =>
    ({ sig: toBase64(sig), ...(keyids[at] ? { keyid: keyids[at] } : {}) }));
  const right = canonical({
    mediaType: SIGSTORE_BUNDLE,
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    dsseEnvelope: { payload: toBase64(envelope.payload), payloadType: envelope.type, signatures },
  });
  if (right !== fromUtf8(raw)) {
    throw malformed(what, say("it is not written the one way we write it"));
  }
  return { envelope, keyids, hint };
}

// The one of these keys that has signed, under its own names, or null.
async function folderSigner({ envelope, keyids, hint }, keys) {
  for (const key of keys.filter((each) => each instanceof EcKey)) {
    const lines = toBase64(unhex(key.id)).replace(/.{1,64}/g, "$&\n");
    const pem = `-----BEGIN PUBLIC KEY-----\n${lines}-----END PUBLIC KEY-----\n`;
    // As securesystemslib computes it: TUF's older canonical JSON, with newlines unescaped.
    const named = `{"keytype":"ecdsa","keyval":{"public":"${pem}"},"scheme":"ecdsa-sha2-nistp256"}`;
    if (keyids.length !== 1 || keyids[0] !== (await digest(utf8(named)))) continue;
    if (hint === (await digest(utf8(pem))) && (await isSigned(envelope, [key]))) return key;
  }
  return null;
}

async function compareFolder(bag, name, envelope) {
  const statement = await bag.optional(STATEMENT, name);
  const folder = statement === null ? "" : `orderproof-${(await digest(statement)).slice(0, 16)}`;
  const paths = [...bag.found.keys()].filter((path) => path !== MODEL_SIG).sort();
  const right = canonical({
    _type: STATEMENT_V1,
    subject: [{
      name: folder,
      digest: { sha256: await digest(concat(...paths.map((path) => unhex(bag.found.get(path))))) },
    }],
    predicateType: OMS_TYPE,
    predicate: {
      resources: paths.map((path) => ({ name: path, algorithm: "sha256", digest: bag.found.get(path) })),
      serialization: {
        method: "files", hash_type: "sha256", allow_symlinks: false, ignore_paths: [MODEL_SIG],
      },
    },
  });
  if (envelope.type === IN_TOTO && right !== null && same(utf8(right), envelope.payload)) return;
  const signed = signedDigests(envelope);
  for (const path of [...new Set([...signed.keys(), ...paths])].sort()) {
    if (path !== MODEL_SIG && signed.get(path) !== bag.found.get(path)) {
      const said = say("{0} was not made for {1} as it is here.", MODEL_SIG, shown(path));
      bag.checks.failed(name, said, path);
    }
  }
  if (!bag.checks.hasFailed(name)) {
    const said = say("{0} is not the signature that these files call for.", MODEL_SIG);
    bag.checks.failed(name, said, MODEL_SIG);
  }
}

// The digests that it says, by path; none if it says them in some other shape.
function signedDigests(envelope) {
  let value;
  try {
    value = parseJson(envelope.payload, say("The OMS signature"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return new Map();
  }
  const resources = value?.predicate?.resources;
  const whole = (line) => typeof line?.name === "string" && typeof line.digest === "string";
  if (!Array.isArray(resources) || !resources.every(whole)) return new Map();
  return new Map(resources.map((line) => [line.name, line.digest]));
}
