// The Merkle tree of the log (RFC 6962) and the proofs in it (RFC 9162, C2SP tlog-proof).
// Sizes and places are BigInt: a log may count up to 2^63.

const EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const MAX_PATH = 63;
const MAX_PROOF_BYTES = MAX_NOTE_BYTES + 100_000;

const hashLeaf = (entry) => sha256(concat(new Uint8Array([0]), entry));
const hashNode = (left, right) => sha256(concat(new Uint8Array([1]), left, right));

async function treeRoot(leaves) {
  let level = leaves;
  if (!level.length) return unhex(EMPTY_ROOT);
  while (level.length > 1) {
    const above = [];
    for (let at = 0; at + 1 < level.length; at += 2) {
      above.push(await hashNode(level[at], level[at + 1]));
    }
    if (level.length & 1) above.push(level[level.length - 1]);
    level = above;
  }
  return level[0];
}

async function checkInclusion(leaf, { index, size, path, root }) {
  const what = say("The inclusion proof");
  if (index >= size) throw unproven(what, say("leaf {0} is not in a tree of size {1}", index, size));
  let [at, last, node] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) throw unproven(what, say("it has too many hashes"));
    if (at & 1n || at === last) {
      node = await hashNode(sibling, node);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      node = await hashNode(node, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last) throw unproven(what, say("it has too few hashes"));
  if (!same(node, root)) {
    throw unproven(what, say("it leads to the root {0}, not to {1}", hex(node), hex(root)));
  }
}

// An empty old tree is a prefix of anything.
async function checkConsistency(old, now, path) {
  const what = say("The consistency proof");
  const wrong = path.find((node) => node.length !== 32);
  if (wrong) throw unproven(say("A hash"), say("it has {0} bytes, not 32", wrong.length));
  if (old.size === 0n && hex(old.root) !== EMPTY_ROOT) {
    throw unproven(what, say("the root of size 0 is not the empty root"));
  }
  if (old.size === 0n || old.size === now.size) {
    if (path.length) throw unproven(what, say("it has hashes where none are needed"));
    if (old.size === now.size && !same(old.root, now.root)) {
      throw unproven(what, say("one size has two roots"));
    }
    return;
  }
  if (!path.length) throw unproven(what, say("it has too few hashes"));
  const hashes = (old.size & (old.size - 1n)) === 0n ? [old.root, ...path] : path;
  let [at, last] = [old.size - 1n, now.size - 1n];
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let [oldRoot, newRoot] = [hashes[0], hashes[0]];
  for (const node of hashes.slice(1)) {
    if (last === 0n) throw unproven(what, say("it has too many hashes"));
    if (at & 1n || at === last) {
      oldRoot = await hashNode(node, oldRoot);
      newRoot = await hashNode(node, newRoot);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else {
      newRoot = await hashNode(newRoot, node);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last) throw unproven(what, say("it has too few hashes"));
  if (!same(oldRoot, old.root)) {
    throw unproven(what, say("it does not lead to the root at {0}", old.size));
  }
  if (!same(newRoot, now.root)) {
    throw unproven(what, say("it does not lead to the root at {0}", now.size));
  }
}

// {index, path, checkpoint} of a .tlog-proof file; nothing of it is checked by being read.
function parseLogProof(raw) {
  const what = say("The log proof");
  if (raw.length > MAX_PROOF_BYTES) throw tooLarge(what, raw.length, MAX_PROOF_BYTES);
  const text = fromLatin1(raw);
  const blank = text.indexOf("\n\n");
  if (blank < 0) throw malformed(what, say("no empty line stands before a checkpoint"));
  const head = text.slice(0, blank);
  if (!/^[\x00-\x7f]*$/.test(head)) throw malformed(what, say("its head is not ASCII"));
  const lines = head.split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") {
    throw malformed(what, say("it does not begin with {0}", "c2sp.org/tlog-proof@v1"));
  }
  if (lines[0]?.startsWith("extra ")) {
    fromBase64(lines.shift().slice(6), say("The extra line of the log proof"));
  }
  if (!lines[0]?.startsWith("index ")) throw malformed(what, say("it has no index line"));
  const number = lines.shift().slice(6);
  if (lines.length > MAX_PATH) {
    throw malformed(what, say("it has {0} hashes, more than {1}", lines.length, MAX_PATH));
  }
  const index = parseDecimal(number, say("The index in the log proof"));
  const path = lines.map((line) => fromBase64(line, say("A hash of the log proof")));
  if (index >= MAX_SIZE) throw malformed(what, say("its index is out of range"));
  const wrong = path.find((node) => node.length !== 32);
  if (wrong) throw malformed(what, say("one of its hashes has {0} bytes, not 32", wrong.length));
  return { index, path, checkpoint: raw.slice(blank + 2) };
}
