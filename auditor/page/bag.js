// Is every file there, none other, and each as its BagIt manifest says?

const STATEMENT = "proof/statement.dsse.json";
const MANIFEST = "proof/manifest.dsse.json";
const RECEIPTS = "proof/receipts.jsonl";
const OPENINGS = "proof/openings.json";
const KEYS = "proof/keys.json";
const BEFORE_READ = "proof/before-read";
const SEALED = "proof/sealed";
const COSIGNED = "proof/sealed/cosigned";
const CONSISTENCY = "proof/before-read/consistency";
const WITHHELD = "data/withheld.txt";
const DERIVED_DATA = "data/derived/";
const DERIVED_PROOF = "proof/derived/";
const BAGIT = "bagit.txt";
const BAG_INFO = "bag-info.txt";
const PAYLOAD_MANIFEST = "manifest-sha256.txt";
const TAG_MANIFEST = "tagmanifest-sha256.txt";
const BAGIT_TEXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
const MAX_PART_BYTES = 96 * 2 ** 20;

const NEEDED = [
  BAGIT, BAG_INFO, PAYLOAD_MANIFEST, TAG_MANIFEST, "README.txt", STATEMENT, RECEIPTS, OPENINGS,
  KEYS, `${BEFORE_READ}/checkpoint`, `${SEALED}/checkpoint`, "model.sig",
];
// What no tag manifest lists: itself, and the signature that is made after it.
const UNLISTED = [TAG_MANIFEST, "model.sig"];
const ALLOWED = new Set([
  ...NEEDED, MANIFEST, CONSISTENCY, COSIGNED, "report.pdf", "verify.html",
  `${BEFORE_READ}/token.tsr`, `${BEFORE_READ}/query.tsq`, `${SEALED}/token.tsr`, `${SEALED}/query.tsq`,
]);
const NUMBERED =
  /^proof\/(?:(?:derived\/)?inclusion\/[0-9]{4,9}\.tlog-proof|derived\/(?:[0-9]{4,9}\.dsse\.json|receipts\.jsonl|openings\.json|checkpoint|consistency))$/;
const LINE = /^([0-9a-f]{64}) {2}([^\s\x00-\x1f\x85]{1,400})$/;

const inclusionPath = (seq) => `proof/inclusion/${String(seq).padStart(4, "0")}.tlog-proof`;

// The files of a bundle with the digests that were found, not those that were claimed.
class Bag {
  constructor(source, found, checks) {
    this.source = source;
    this.found = found;
    this.checks = checks;
    this.payload = [...found.keys()].filter((path) => path.startsWith("data/")).sort();
  }

  // A file's bytes, the same that were hashed; null, and a failed `check`, if not.
  async read(path, check) {
    const raw = await this.optional(path, check);
    if (raw === null && !this.checks.hasFailed(check)) {
      this.checks.failed(check, say("{0} is missing.", path), path);
    }
    return raw;
  }

  async optional(path, check) {
    if (!this.found.has(path)) return null;
    let raw;
    try {
      raw = await this.source.read(path, MAX_PART_BYTES);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.checks.failed(check, say("{0} cannot be read: {1}.", path, error.why), path);
      return null;
    }
    if ((await digest(raw)) !== this.found.get(path)) {
      this.checks.failed(check, say("{0} changed while it was checked.", path), path);
      return null;
    }
    return raw;
  }
}

// SHA-256 of every file, one after the other, so that no more than one is in memory.
async function digests(source, progress) {
  const found = new Map();
  const total = [...source.sizes.values()].reduce((sum, size) => sum + size, 0);
  let done = 0;
  for (const [path, size] of source.sizes) {
    progress(done, total, path);
    if (size > MAX_FILE_BYTES) {
      throw refused(shown(path), say("it is too large for a browser: use orderproof verify"));
    }
    try {
      found.set(path, await source.digest(path));
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== "format") throw error;
      const said = say("{0} cannot be read: {1}.", error.what, error.why);
      source.faults.push({ where: path, said });
      found.set(path, "");
    }
    done += size;
  }
  progress(done, total, "");
  return found;
}

async function checkBag(source, checks, progress) {
  const bag = new Bag(source, await digests(source, progress), checks);
  const name = source.kind;
  for (const { where, said } of source.faults) checks.failed(name, said, where);
  const statement = await bag.optional(STATEMENT, "statement");
  if (source.folder && statement !== null) {
    const right = `orderproof-${(await digest(statement)).slice(0, 16)}`;
    if (source.folder !== right) {
      const said = say("The ZIP's folder is {0}, not {1}.", shown(source.folder), right);
      checks.failed(name, said, source.folder);
    }
  }
  if (source.kind === "zip") {
    checks.passedUnlessFailed(
      name,
      say("The ZIP is byte for byte the one that is written for these files."),
    );
  } else {
    checks.unsure(name, say("A browser shows files only: links and devices in the folder, if any, cannot be told."));
  }
  await compareManifest(bag, PAYLOAD_MANIFEST, new Set(bag.payload));
  const tags = [...bag.found.keys()].filter((path) => !path.startsWith("data/"));
  await compareManifest(bag, TAG_MANIFEST, new Set(tags.filter((path) => !UNLISTED.includes(path))));
  for (const path of NEEDED.filter((each) => !bag.found.has(each)).sort()) {
    checks.failed("files", say("{0} is missing.", path), path);
  }
  for (const path of tags.sort()) {
    if (!ALLOWED.has(path) && !NUMBERED.test(path)) {
      checks.failed("files", say("{0} is not a file that a bundle holds.", shown(path)), path);
    }
  }
  if (bag.found.has(BAGIT)) {
    const raw = await bag.optional(BAGIT, "files");
    if (raw === null || fromLatin1(raw) !== BAGIT_TEXT) {
      checks.failed("files", say("{0} was altered: it is the same in every bundle.", BAGIT), BAGIT);
    }
  }
  checks.passedUnlessFailed(
    "files",
    say("All {0} files are there, none other, each with its SHA-256.", bag.found.size),
  );
  return bag;
}

async function compareManifest(bag, manifest, there) {
  const raw = await bag.optional(manifest, "files");
  if (raw === null) return;
  const { checks } = bag;
  const fail = (said, where) => checks.failed("files", said, where);
  const text = fromLatin1(raw);
  const lines = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85]/);
  if (lines[lines.length - 1] === "") lines.pop();
  const listed = new Map();
  for (const [number, line] of lines.entries()) {
    const match = LINE.exec(line);
    if (match) listed.set(match[2], match[1]);
    else fail(say("Line {0} of {1} cannot be read.", number + 1, manifest), manifest);
  }
  const paths = [...listed.keys()].sort();
  for (const path of paths.filter((each) => !there.has(each))) {
    fail(say("{0} is missing; {1} lists it.", shown(path), manifest), path);
  }
  for (const path of [...there].sort().filter((each) => !listed.has(each))) {
    fail(say("{0} was added; {1} does not list it.", shown(path), manifest), path);
  }
  for (const path of paths.filter((each) => there.has(each))) {
    if (bag.found.get(path) !== listed.get(path)) {
      const said = "{0} was altered: its SHA-256 is {1}, not {2} as {3} says.";
      const found = bag.found.get(path) || say("unknown");
      fail(say(said, shown(path), found, listed.get(path), manifest), path);
    }
  }
  const right = paths.map((path) => `${listed.get(path)}  ${path}\n`).join("");
  if (text !== right || !/^[\x00-\x7f]*$/.test(text)) {
    const said = "{0} is not written the one canonical way (sorted, nothing twice).";
    fail(say(said, manifest), manifest);
  }
}

async function checkBagInfo(bag, last) {
  const raw = await bag.optional(BAG_INFO, "files");
  const size = bag.payload.reduce((sum, path) => sum + bag.source.sizes.get(path), 0);
  const right =
    "Bag-Software-Agent: orderproof\n" +
    `Bagging-Date: ${last.collected_at.slice(0, 10)}\n` +
    `External-Identifier: urn:orderproof:order:${last.order}\n` +
    `Payload-Oxum: ${size}.${bag.payload.length}\n`;
  if (raw !== null && fromLatin1(raw) !== right) {
    const said = say("{0} does not say what the receipts and files call for.", BAG_INFO);
    bag.checks.failed("bag-info", said, BAG_INFO);
  }
  bag.checks.passedUnlessFailed("bag-info", say("bag-info.txt agrees with receipts and files."));
}
