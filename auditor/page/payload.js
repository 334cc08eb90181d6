// Are the bytes under data/ those that were sealed, and is what is absent said to be withheld?

const asciiLower = (text) => text.replace(/[A-Z]/g, (c) => c.toLowerCase());
const four = (seq) => String(seq).padStart(4, "0");

// Path of each item's bytes, by SHA-256; bytes brought twice lie there once.
function itemPaths(items) {
  const paths = new Map();
  for (const item of items) {
    if (paths.has(item.sha256)) continue;
    const said = (item.name ?? "").split("/").pop().split("\\").pop();
    const dot = said.lastIndexOf(".");
    const stem = (dot < 0 ? "" : said.slice(0, dot)) || said;
    const slug = asciiLower(stem).replace(/[^a-z0-9]+/g, "-").slice(0, 40).replace(/^-+|-+$/g, "");
    const name = [four(item.seq), item.role, slug].filter(Boolean).join("-");
    paths.set(item.sha256, `data/${name}.${extensionOf(item.media_type)}`);
  }
  return paths;
}

function extensionOf(mediaType) {
  const type = asciiLower(mediaType).split(";")[0].trim();
  return Object.hasOwn(EXTENSIONS, type) ? EXTENSIONS[type] : "bin";
}

async function checkPayload(bag, seal, openings) {
  const { checks } = bag;
  if (!seal.chain.length || seal.statement === null) {
    checks.unsure("items", NO_SEAL());
    return;
  }
  if (seal.manifest === null && checks.hasFailed("manifest")) {
    checks.unsure("items", say("Not compared: the manifest that names them does not hold."));
    return;
  }
  const { here, accounted } =
    seal.manifest === null ? byOpenings(bag, seal, openings) : byManifest(bag, seal.manifest);
  await checkAbsent(bag, seal, here);
  for (const path of bag.payload) {
    const elsewhere = path === WITHHELD || path.startsWith(DERIVED_DATA); // see derived.js
    if (!accounted.has(path) && !elsewhere) {
      checks.failed("items", say("{0} belongs to no item of this order.", shown(path)), path);
    }
  }
  checks.passedUnlessFailed("items", say("The bytes of {0} items are as sealed.", here.size));
}

function byManifest(bag, manifest) {
  const paths = itemPaths(manifest.items);
  const here = new Set();
  for (const item of manifest.items) {
    const path = paths.get(item.sha256);
    const found = bag.found.get(path);
    if (found === undefined) continue;
    here.add(item.seq);
    if (found !== item.sha256 || bag.source.sizes.get(path) !== item.size) {
      const said = "{0}, item {1} ({2}), is not the file that was sealed.";
      bag.checks.failed("items", say(said, path, item.seq, item.role), path);
    }
  }
  return { here, accounted: new Set(paths.values()) };
}

// Their bytes were compared when they were opened; here it is their names that count.
function byOpenings(bag, seal, openings) {
  const here = new Set();
  const accounted = new Set();
  const first = new Map();
  for (const [seq, opening] of [...openings].sort(([a], [b]) => a - b)) {
    if (seq >= seal.chain.length || isOwn(seal.chain[seq].role)) continue;
    if (!first.has(opening.sha256)) first.set(opening.sha256, seq);
    const lead = first.get(opening.sha256);
    const start = `data/${four(lead)}-${seal.chain[lead].role}.`;
    const named = opening.path.startsWith(start) && /^[a-z.]{1,12}$/.test(opening.path.slice(start.length));
    if (!named) {
      const said = say("{0} is not the name of item {1}.", shown(opening.path), seq);
      bag.checks.failed("items", said, opening.path);
    }
    if (bag.found.has(opening.path)) {
      here.add(seq);
      accounted.add(opening.path);
    }
  }
  return { here, accounted };
}

async function checkAbsent(bag, seal, here) {
  const { checks } = bag;
  const last = seal.statement.manifest_seq;
  const lines = seal.chain
    .slice(0, last + 1)
    .map((receipt, at) => ({ receipt, hash: seal.hashes[at] }))
    .filter(({ receipt: { role, seq } }) =>
      (!isOwn(role) && !here.has(seq)) || (seq === last && seal.manifest === null))
    .map(({ receipt, hash }) => `${receipt.seq} ${receipt.role} ${receipt.size} ${hash}\n`);
  const right = lines.length ? `seq role bytes receipt-sha256\n${lines.join("")}` : "";
  const raw = bag.found.has(WITHHELD) ? await bag.read(WITHHELD, "withheld") : utf8("");
  const said = raw === null ? null : fromLatin1(raw);
  if (said === right) {
    if (right) {
      const what = "{0} of the sealed items are withheld from this copy; see {1}.";
      checks.unsure("withheld", say(what, lines.length, WITHHELD), WITHHELD);
    } else {
      checks.passed("withheld", say("Nothing is withheld from this copy."));
    }
    return;
  }
  const listed = new Set((said ?? "").split(/[\r\n]/).map((line) => line.split(" ")[0]));
  for (const { role, seq } of seal.chain.slice(0, last)) {
    if (!isOwn(role) && !here.has(seq) && !listed.has(String(seq))) {
      const what = "Item {0} ({1}) is missing, and not said to be withheld.";
      checks.failed("withheld", say(what, seq, role), `receipt ${seq}`);
    }
  }
  if (!checks.hasFailed("withheld")) {
    checks.failed("withheld", say("{0} does not list exactly what is absent.", WITHHELD), WITHHELD);
  }
}
