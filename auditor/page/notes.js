// Signed notes and the checkpoints in them (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

const ED25519 = 1;
const ECDSA = 2;
const COSIGNATURE = 4;
const MAX_NOTE_BYTES = 1_000_000;
const MAX_NOTE_SIGNATURES = 100;
const MAX_SIZE = 2n ** 63n - 1n;
const A_KEY = () => say("The verifier key");
const A_NOTE = () => say("The signed note");
const A_CHECKPOINT = () => say("The checkpoint");

class NoteVerifier {
  constructor(name, kind, key, id, vkey) {
    Object.assign(this, { name, kind, key, id, vkey });
  }

  // `name+8 hex digits of the key ID+base64(type, key)`
  static async parse(vkey) {
    const [name, claimed, ...rest] = vkey.split("+");
    if (!rest.length) throw malformed(A_KEY(), say("it is not name+id+key"));
    const data = fromBase64(rest.join("+"), A_KEY());
    const [kind, raw] = [data[0] ?? -1, data.slice(1)];
    checkKeyName(name, A_KEY());
    const key = await publicKeyOf(kind, raw);
    const named = concat(utf8(`${name}\n`), new Uint8Array([kind]), raw);
    // ECDSA is the exception of the standard: no name, no type in its ID.
    const id = hex((await sha256(kind === ECDSA ? raw : named)).subarray(0, 4));
    if (claimed !== id) {
      throw malformed(A_KEY(), say("its key ID should be {0}, not {1}", id, quoted(claimed.slice(0, 16))));
    }
    return new NoteVerifier(name, kind, key, id, vkey);
  }

  async verifies(text, signature) {
    if (this.kind !== COSIGNATURE) return this.key.verifies(text, signature);
    if (signature.length !== 72 || signature[0] & 0x80) return false;
    const time = view(signature).getBigUint64(0, false);
    const message = concat(utf8(`cosignature/v1\ntime ${time}\n`), text);
    return this.key.verifies(message, signature.subarray(8));
  }
}

async function publicKeyOf(kind, raw) {
  if (kind === ED25519 || kind === COSIGNATURE) {
    if (raw.length !== 32) {
      throw malformed(A_KEY(), say("an Ed25519 key has 32 bytes, not {0}", raw.length));
    }
    return new EdKey(raw);
  }
  if (kind !== ECDSA) {
    throw malformed(A_KEY(), say("its type is not 01 (Ed25519), 02 (ECDSA) or 04 (cosignature)"));
  }
  const key = await EcKey.read(raw, ["P-256", "P-384", "P-521"]);
  if (key === null) throw malformed(A_KEY(), say("it is not on P-256, P-384 or P-521"));
  return key;
}

function checkKeyName(name, what) {
  if (!name || /[+\s\x00-\x1f\x85]/.test(name)) {
    throw malformed(what, say("a key name is not empty and holds no space and no plus sign"));
  }
}

// {checkpoint, signed, signers}: signed is null where the browser cannot check the log's signature;
// signers are the vkeys of the log that may have signed. Every signature of a known key must hold; others say nothing.
async function openCheckpoint(raw, verifiers) {
  const known = new Map();
  for (const verifier of verifiers) {
    const at = `${verifier.name}+${verifier.id}`;
    if (known.has(at) && known.get(at).vkey !== verifier.vkey) {
      throw refused(say("A list of verifier keys"), say("two keys share the name and ID {0}", at));
    }
    known.set(at, verifier);
  }
  const { text, signatures } = splitNote(raw);
  const verified = new Map();
  for (const signature of signatures) {
    const at = `${signature.name}+${signature.id}`;
    const verifier = known.get(at);
    if (!verifier || verified.has(at)) continue;
    const holds = await verifier.verifies(text, signature.bytes);
    if (holds === false) throw unproven(A_NOTE(), say("the signature of {0} is wrong", at));
    verified.set(at, { verifier, holds });
  }
  if (!verified.size) throw unproven(A_NOTE(), say("no key that is trusted has signed it"));
  const checkpoint = parseCheckpoint(text);
  // A cosignature says "I saw this head", never "this is my log".
  const logs = [...verified.values()].filter(
    ({ verifier }) => verifier.kind !== COSIGNATURE && verifier.name === checkpoint.origin,
  );
  if (!logs.length) {
    const said = say("no trusted key of the log {0} has signed it", quoted(checkpoint.origin));
    throw unproven(A_CHECKPOINT(), said);
  }
  const signers = logs.map(({ verifier }) => verifier.vkey);
  return { checkpoint, signed: logs.some(({ holds }) => holds) ? true : null, signers };
}

function splitNote(raw) {
  const what = A_NOTE();
  if (raw.length > MAX_NOTE_BYTES) throw tooLarge(what, raw.length, MAX_NOTE_BYTES);
  if (raw.some((byte) => byte < 0x20 && byte !== 0x0a)) {
    throw malformed(what, say("it holds a control character"));
  }
  let whole;
  try {
    whole = fromUtf8(raw);
  } catch {
    throw malformed(what, say("it is not UTF-8"));
  }
  const blank = whole.lastIndexOf("\n\n");
  if (blank < 0) throw malformed(what, say("no empty line stands before signatures"));
  const lines = whole.slice(blank + 2);
  if (!lines.endsWith("\n")) throw malformed(what, say("it does not end in a signature line"));
  const found = lines.slice(0, -1).split("\n");
  if (found.length > MAX_NOTE_SIGNATURES) {
    throw tooLarge(say("The number of signatures on a note"), found.length, MAX_NOTE_SIGNATURES);
  }
  return { text: utf8(whole.slice(0, blank + 1)), signatures: found.map(noteSignature) };
}

function noteSignature(line) {
  if (!line.startsWith("\u2014 ")) {
    throw malformed(A_NOTE(), say("a line below the empty line is not a signature"));
  }
  const rest = line.slice(2);
  const space = rest.indexOf(" ");
  const name = space < 0 ? rest : rest.slice(0, space);
  checkKeyName(name, A_NOTE());
  const data = fromBase64(space < 0 ? "" : rest.slice(space + 1), say("A signature on the note"));
  if (data.length < 5) throw malformed(A_NOTE(), say("a signature line holds no signature"));
  return { name, id: hex(data.subarray(0, 4)), bytes: data.slice(4) };
}

function parseCheckpoint(bytes) {
  const what = A_CHECKPOINT();
  const lines = fromUtf8(bytes).split("\n");
  if (lines.pop() !== "") throw malformed(what, say("it does not end in a newline"));
  if (lines.length < 3) {
    throw malformed(what, say("it has fewer lines than origin, size and root"));
  }
  const [origin, said, base64, ...extensions] = lines;
  const size = parseDecimal(said, say("The size in the checkpoint"));
  const root = fromBase64(base64, say("The root in the checkpoint"));
  if ([origin, ...extensions].some((line) => !line)) {
    throw malformed(what, say("a line is empty or holds a control character"));
  }
  if (root.length !== 32) throw malformed(what, say("its root has {0} bytes, not 32", root.length));
  if (size === 0n && hex(root) !== EMPTY_ROOT) {
    throw malformed(what, say("its size is 0, its root is not empty"));
  }
  return { origin, size, root };
}

function parseDecimal(text, what) {
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text) || BigInt(text) > MAX_SIZE) {
    throw malformed(what, say("it is not a plain decimal number below 2^63"));
  }
  return BigInt(text);
}
