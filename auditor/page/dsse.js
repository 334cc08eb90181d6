// Signed envelopes (DSSE 1.0.2): the signature is over type and payload, each with its length.

const IN_TOTO = "application/vnd.in-toto+json";
const STATEMENT_V1 = "https://in-toto.io/Statement/v1";
const MAX_SIGNATURES = 64;

// {payload, type, signatures}. Not checked by being read.
function readEnvelope(bytes) {
  return envelopeFrom(parseJson(bytes, say("The DSSE envelope")));
}

// The same, of JSON that stood inside another document.
function envelopeFrom(value) {
  const what = say("The DSSE envelope");
  if (!isTable(value)) throw malformed(what, say("it is not an object"));
  if (!Array.isArray(value.signatures)) throw malformed(what, say("it has no list of signatures"));
  if (value.signatures.length > MAX_SIGNATURES) {
    throw tooLarge(say("The number of signatures on an envelope"), value.signatures.length, MAX_SIGNATURES);
  }
  const text = (table, name) => {
    const found = table[name];
    if (typeof found !== "string") {
      throw malformed(what, say("{0} is missing or is not a string", name));
    }
    if (/\p{Surrogate}/u.test(found)) throw malformed(what, say("{0} is not Unicode text", name));
    return found;
  };
  return {
    payload: eitherBase64(text(value, "payload"), what),
    type: text(value, "payloadType"),
    signatures: value.signatures.map((signature) => {
      if (!isTable(signature)) throw malformed(what, say("a signature is not an object"));
      if (typeof (signature.keyid ?? "") !== "string") {
        throw malformed(what, say("a keyid is not a string"));
      }
      return eitherBase64(text(signature, "sig"), what);
    }),
  };
}

// Whether one of `keys` has signed it: true, false, or null where that cannot be told.
async function isSigned(envelope, keys) {
  const kind = utf8(envelope.type);
  const { payload } = envelope;
  const head = concat(utf8(`DSSEv1 ${kind.length} `), kind, utf8(` ${payload.length} `));
  const message = concat(head, payload);
  let answer = false;
  for (const signature of envelope.signatures) {
    for (const key of keys) {
      const verified = await key.verifies(message, signature);
      if (verified) return true;
      if (verified === null) answer = null;
    }
  }
  return answer;
}

// Standard or URL-safe, one of them throughout.
function eitherBase64(text, what) {
  if (!/[-_]/.test(text)) return fromBase64(text, what);
  if (/[+/]/.test(text)) throw malformed(what, say("it mixes two base64 alphabets"));
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"), what);
}
