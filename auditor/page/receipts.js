// The order's chain of receipts, and the commitments in them.

const MAX_RECEIPT_BYTES = 4096;
const NO_RECEIPT = "0".repeat(64);
const RECEIPT_FIELDS = [
  "v", "order", "seq", "prev", "role", "commitment", "stored", "size", "media_type", "collector",
  "collected_at",
];

async function commit(salt, sha256hex) {
  return digest(concat(utf8("orderproof-commit-v1"), salt, unhex(sha256hex)));
}

// Whether salt and digest open the receipt's commitment.
async function opens(receipt, salt, sha256hex) {
  if (salt.length !== 32 || !/^[0-9a-f]{64}$/.test(sha256hex)) return false;
  return (await commit(salt, sha256hex)) === receipt.commitment;
}

async function commitOrder(salt, { platform, site, id }) {
  const order = canonical({ id, platform, site });
  return digest(concat(utf8("orderproof-order-v1"), salt, utf8(order)));
}

function readReceipt(bytes, what) {
  let value;
  try {
    value = parseCanonical(bytes, what, MAX_RECEIPT_BYTES);
  } catch (error) {
    if (error instanceof Problem && error.kind === "request") {
      throw malformed(what, say("it is too large: {0}", error.why));
    }
    throw error;
  }
  const read = new Fields(value, RECEIPT_FIELDS, what);
  if (read.number("v") !== 1) throw read.wrong("v", "1");
  const receipt = {
    order: read.hex("order"),
    seq: read.number("seq"),
    prev: read.hex("prev"),
    role: read.choice("role", ROLES),
    commitment: read.hex("commitment"),
    stored: read.hex("stored"),
    size: read.number("size"),
    media_type: read.text("media_type"),
    collector: read.text("collector"),
    collected_at: read.time("collected_at", say("a UTC time")),
  };
  if (fullTime(receipt.collected_at) !== receipt.collected_at) {
    throw malformed(what, say("it is not written the one canonical way"));
  }
  return receipt;
}

// {chain, brokenAt, error}: the receipts up to the first that does not follow the one before.
async function readChain(lines) {
  const chain = [];
  const hashes = [];
  let prev = NO_RECEIPT;
  for (const [seq, line] of lines.entries()) {
    const what = say("receipt {0}", seq);
    try {
      const receipt = readReceipt(line, what);
      if (receipt.seq !== seq) throw unproven(what, say("it calls itself number {0}", receipt.seq));
      if (receipt.prev !== prev) {
        throw unproven(what, say("it does not hold the hash of the receipt before it"));
      }
      if (chain.length && receipt.order !== chain[0].order) {
        throw unproven(what, say("it belongs to another order"));
      }
      chain.push(receipt);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return { chain: [], hashes: [], brokenAt: seq, error };
    }
    prev = await digest(line);
    hashes.push(prev);
  }
  return { chain, hashes, error: null };
}
