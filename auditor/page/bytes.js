// Bytes, text and digests. Every digest is WebCrypto's.

const encoder = new TextEncoder();

// What can be wrong with something: `what` names it, `why` is a phrase without a full stop.
// kind: "format", "proof" or "request".
class Problem extends Error {
  constructor(kind, what, why) {
    super(kind);
    this.kind = kind;
    this.what = what;
    this.why = why;
  }
}

const malformed = (what, why) => new Problem("format", what, why);
const unproven = (what, why) => new Problem("proof", what, why);
const refused = (what, why) => new Problem("request", what, why);
const tooLarge = (what, size, limit) =>
  refused(what, say("{0} is over the limit of {1}", size, limit));

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

async function digest(bytes) {
  return hex(await sha256(bytes));
}

function utf8(text) {
  return encoder.encode(text);
}

// Throws for what is not UTF-8; a byte order mark stays, as Python leaves it.
function fromUtf8(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

// One character a byte. (The browser's own "latin1" is windows-1252.)
function fromLatin1(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192));
  }
  return text;
}

function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function same(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// White space between bytes is passed over, as Python's bytes.fromhex does; null if it is no hex.
function unhex(text) {
  if (!/^[ \t\n\r\f\v]*(?:[0-9a-fA-F]{2}[ \t\n\r\f\v]*)*$/.test(text)) return null;
  const pairs = text.match(/[0-9a-fA-F]{2}/g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

function toBase64(bytes) {
  return btoa(fromLatin1(bytes));
}

// Standard base64; only the one text that `toBase64` writes is read.
function fromBase64(text, what) {
  const bad = () => malformed(what, say("it is not standard base64"));
  if (text.length % 4 !== 0) throw bad();
  let found;
  try {
    // atob passes over white space, and the check below catches no more than the last four.
    if (/[^A-Za-z0-9+/=]/.test(text)) throw bad();
    found = atob(text);
  } catch {
    throw bad();
  }
  const bytes = new Uint8Array(found.length);
  for (let at = 0; at < found.length; at += 1) bytes[at] = found.charCodeAt(at);
  // Spare bits may be anything, so two texts could mean one value (RFC 4648, 3.5).
  const last = bytes.subarray(Math.floor(Math.max(0, bytes.length - 1) / 3) * 3);
  if (toBase64(last) !== text.slice(-4)) {
    throw malformed(what, say("its base64 is not the canonical form"));
  }
  return bytes;
}

const NAME = /^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/;

// A name from outside, fit to stand in a sentence: quoted, escaped, cut short.
function shown(name) {
  const characters = Array.from(name);
  const text = characters.length <= 120 ? name : characters.slice(0, 120).join("") + "...";
  return NAME.test(text) ? text : quoted(text, true);
}

// As Python writes a text in quotes.
function quoted(text, ascii = false) {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = Array.from(text, (c) => {
    if (c === "\\" || c === quote) return `\\${c}`;
    return ascii && c > "~" ? escaped(c) : printable(c);
  });
  return quote + inside.join("") + quote;
}

// What could disturb a line or turn the direction of writing is written as an escape.
function printable(text) {
  return text.replace(/[\p{C}\p{Z}]/gu, (c) => (c === " " ? c : escaped(c)));
}

function escaped(c) {
  const code = c.codePointAt(0);
  const named = { 9: "\\t", 10: "\\n", 13: "\\r" }[code];
  if (named) return named;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, "0")}`;
  return `\\U${code.toString(16).padStart(8, "0")}`;
}
