// Public keys and signatures: ECDSA, and Ed25519 where the browser has it.
// `verifies` answers true, false, or null where the browser cannot tell.

const MAX_KEY_FILE_BYTES = 2 ** 20;
const MAX_KEYS = 1_000;

// What stands before the point in the DER of a SubjectPublicKeyInfo (RFC 5480, RFC 8410). A fixed
// prefix is the only reading of DER that this page needs.
const EC_KEYS = [
  { curve: "P-256", half: 32, prefix: "3059301306072a8648ce3d020106082a8648ce3d030107034200" },
  { curve: "P-384", half: 48, prefix: "3076301006072a8648ce3d020106052b81040022036200" },
  { curve: "P-521", half: 66, prefix: "30819b301006072a8648ce3d020106052b8104002303818600" },
];
const ED25519_KEY = "302a300506032b6570032100";

class EcKey {
  // id   the key itself, in hex: two that are equal are one
  constructor(key, half, id) {
    Object.assign(this, { key, half, id });
  }

  // Null unless `der` is the uncompressed form of a point on one of these curves.
  static async read(der, curves) {
    const said = hex(der.subarray(0, 40));
    for (const { curve, half, prefix } of EC_KEYS) {
      const start = prefix.length / 2;
      if (!curves.includes(curve) || !said.startsWith(`${prefix}04`)) continue;
      if (der.length !== start + 1 + 2 * half) continue;
      try {
        const kind = { name: "ECDSA", namedCurve: curve };
        const key = await crypto.subtle.importKey("raw", der.slice(start), kind, false, ["verify"]);
        return new EcKey(key, half, hex(der));
      } catch {
        return null; // not a point of the curve
      }
    }
    return null;
  }

  async verifies(message, signature) {
    const raw = rawSignature(signature, this.half);
    if (raw === null) return false;
    return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, this.key, raw, message);
  }
}

class EdKey {
  constructor(point) {
    this.point = point;
    this.id = hex(point);
  }

  async verifies(message, signature) {
    if (!(await hasEd25519())) return null;
    try {
      const key = await crypto.subtle.importKey("raw", this.point, "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", key, signature, message);
    } catch {
      return false; // it has the curve, but not this point
    }
  }
}

let ed25519; // a promise, once it was asked

function hasEd25519() {
  // RFC 8032, 7.1, test 1: any valid point would do.
  const point = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  ed25519 ??= crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]).then(
    () => true,
    () => false,
  );
  return ed25519;
}

// DER SEQUENCE of two INTEGERs to r and s of `half` bytes each, as WebCrypto wants them; null
// unless it is the one DER encoding of two positive numbers of that size.
function rawSignature(der, half) {
  const long = der[1] === 0x81;
  let at = long ? 3 : 2;
  const length = long ? der[2] : der[1];
  if (der[0] !== 0x30 || at + length !== der.length || length < (long ? 0x80 : 0)) return null;
  if (length >= 0x80 && !long) return null;
  const raw = new Uint8Array(2 * half);
  for (const end of [half, 2 * half]) {
    const size = der[at + 1];
    const number = der.subarray(at + 2, at + 2 + size);
    if (der[at] !== 0x02 || !size || size >= 0x80 || number.length !== size) return null;
    if (number[0] & 0x80) return null;
    const padded = number[0] === 0 && size > 1;
    if (padded && !(number[1] & 0x80)) return null;
    const digits = padded ? number.subarray(1) : number;
    if (digits.length > half) return null;
    raw.set(digits, end - digits.length);
    at += 2 + size;
  }
  return at === der.length ? raw : null;
}

async function publicKeyFromPem(text) {
  const what = say("The public key");
  const shape = /^\s*-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/;
  const found = shape.exec(text);
  if (!found) throw malformed(what, say("it is not a PEM public key"));
  const der = fromBase64(found[1].replace(/[\r\n]/g, ""), what);
  if (der.length === 44 && hex(der).startsWith(ED25519_KEY)) return new EdKey(der.slice(12));
  const key = await EcKey.read(der, ["P-256"]);
  if (key === null) throw malformed(what, say("it is not P-256 or Ed25519"));
  return key;
}

// {manifest: keys of envelopes, log: of checkpoints, witnesses, standing: since when a key is
// revoked, by its id or vkey}, from a key file in any of its forms: JSON, PEM blocks, one C2SP
// verifier key a line. Time authorities are only counted: a browser has no use for them.
async function parseKeys(bytes, what) {
  if (bytes.length > MAX_KEY_FILE_BYTES) {
    throw malformed(what, say("it has more than {0} bytes", MAX_KEY_FILE_BYTES));
  }
  const json = /^\s*\{/.test(fromLatin1(bytes.subarray(0, 1024)));
  const keys = json ? await keysFromJson(bytes, what) : await keysFromText(bytes, what);
  if (![keys.manifest, keys.log, keys.witnesses].some((some) => some.length) && !keys.authorities) {
    throw refused(what, say("there is no key in it"));
  }
  return keys;
}

async function keysFromJson(bytes, what) {
  const value = parseJson(bytes, what, MAX_KEY_FILE_BYTES);
  const lines = (name, field) => {
    const found = value[name] ?? [];
    if (!Array.isArray(found) || found.length > MAX_KEYS) {
      throw malformed(what, say("{0} is not a list of at most {1} keys", name, MAX_KEYS));
    }
    return found.map((line) => {
      if (!isTable(line)) throw malformed(what, say("a line of {0} is not an object", name));
      asciiText(line, field, what);
      return line;
    });
  };
  const keys = { manifest: [], log: [], witnesses: [], standing: new Map(), authorities: 0 };
  for (const line of lines("manifest", "pem")) {
    const key = await publicKeyFromPem(line.pem);
    keys.manifest.push(key);
    noteStanding(keys.standing, key.id, line, what);
  }
  for (const [name, list] of [["log", keys.log], ["witness", keys.witnesses]]) {
    for (const line of lines(name, "vkey")) {
      const key = await NoteVerifier.parse(line.vkey);
      if ((key.kind === COSIGNATURE) !== (name === "witness")) {
        const said = "a key of type 04 is a witness's, of any other type a log's; one is in the wrong list";
        throw malformed(what, say(said));
      }
      list.push(key);
      if (name === "log") noteStanding(keys.standing, key.vkey, line, what);
    }
  }
  keys.authorities = lines("tsa", "pem").length;
  return keys;
}

function asciiText(line, field, what) {
  if (typeof line[field] !== "string" || !/^[\x00-\x7f]*$/.test(line[field])) {
    throw malformed(what, say("a key in it has no {0}", field));
  }
  return line[field];
}

// Use that ended takes nothing from what was signed: only a revocation does. The last line counts.
function noteStanding(standing, id, line, what) {
  standing.delete(id);
  for (const name of ["valid_from", "valid_to", "revoked_since"]) {
    if (!(name in line)) continue;
    const time = asciiText(line, name, what);
    if (!isTime(time)) throw malformed(what, say("its {0} is not {1}", name, say("a UTC time")));
    if (name === "revoked_since") standing.set(id, fullTime(time));
  }
}

async function keysFromText(bytes, what) {
  let text;
  try {
    text = fromUtf8(bytes);
  } catch {
    throw malformed(what, say("it is neither JSON, nor PEM, nor vkeys"));
  }
  const pems = [];
  const vkeys = [];
  let block = [];
  for (const line of text.split(/\r\n|[\n\r]/).map((each) => each.trim()).filter(Boolean)) {
    if (block.length || line.startsWith("-----BEGIN ")) {
      block.push(line);
      if (line.startsWith("-----END ")) {
        pems.push(`${block.join("\n")}\n`);
        block = [];
      }
    } else if (!line.startsWith("#")) {
      vkeys.push(line);
    }
  }
  if (block.length || pems.length + vkeys.length > MAX_KEYS) {
    throw malformed(what, say("a PEM block in it has no end, or it holds too many keys"));
  }
  const [manifest, notes] = [[], []];
  for (const pem of pems) manifest.push(await publicKeyFromPem(pem));
  for (const vkey of vkeys) notes.push(await NoteVerifier.parse(vkey));
  const log = notes.filter((key) => key.kind !== COSIGNATURE);
  const witnesses = notes.filter((key) => key.kind === COSIGNATURE);
  return { manifest, log, witnesses, standing: new Map(), authorities: 0 };
}
