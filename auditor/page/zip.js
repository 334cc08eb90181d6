// A bundle's files, in a ZIP or in a folder. A ZIP is read by its structure alone and compared
// with the one that would be written for the same files; nothing in it is ever inflated.

const MAX_ENTRIES = 200_000;
const MAX_NAME = 200;
const MAX_FOLDERS = 8;
// WebCrypto hashes a file in one piece, so one file has to fit into memory.
const MAX_FILE_BYTES = 512 * 2 ** 20;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
const END_BYTES = 22 + 56 + 20;
const DATE = 0x0021; // 1980-01-01, the first that a ZIP can say
const UNIX = 3 << 8;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) {
    crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[at]) & 0xff];
  }
  return (crc ^ 0xffffffff) >>> 0;
}

// Numbers in little-endian order: each argument is [bytes, number].
function packed(...numbers) {
  const out = new DataView(new ArrayBuffer(numbers.reduce((size, [bytes]) => size + bytes, 0)));
  let at = 0;
  for (const [bytes, number] of numbers) {
    if (bytes === 2) out.setUint16(at, number, true);
    else if (bytes === 4) out.setUint32(at, number, true);
    else out.setBigUint64(at, BigInt(number), true);
    at += bytes;
  }
  return new Uint8Array(out.buffer);
}

const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const wide = (bytes, at) => Number(view(bytes).getBigUint64(at, true));

const nameBytes = (name) =>
  utf8(name.replace(/[\x80-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`));

function localHeader(member) {
  const name = nameBytes(member.name);
  const large = member.size >= MAX_32;
  const size = large ? MAX_32 : member.size;
  const extra = large ? packed([2, 1], [2, 16], [8, member.size], [8, member.size]) : packed();
  const head = packed(
    [4, 0x04034b50], [2, large ? 45 : 10], [2, 0], [2, 0], [2, 0], [2, DATE], [4, member.crc32],
    [4, size], [4, size], [2, name.length], [2, extra.length],
  );
  return concat(head, name, extra);
}

function centralHeader(member) {
  const name = nameBytes(member.name);
  const large = member.size >= MAX_32;
  const far = member.offset >= MAX_32;
  const fields = [];
  if (large) fields.push([8, member.size], [8, member.size]);
  if (far) fields.push([8, member.offset]);
  const extra = fields.length ? packed([2, 1], [2, 8 * fields.length], ...fields) : packed();
  const version = fields.length ? 45 : 10;
  const size = large ? MAX_32 : member.size;
  const head = packed(
    [4, 0x02014b50], [2, UNIX | version], [2, version], [2, 0], [2, 0], [2, 0], [2, DATE],
    [4, member.crc32], [4, size], [4, size], [2, name.length], [2, extra.length], [2, 0], [2, 0],
    [2, 0], [4, 0o100644 * 65536], [4, far ? MAX_32 : member.offset],
  );
  return concat(head, name, extra);
}

function endRecords(count, size, offset) {
  let tail = packed();
  if (count >= MAX_16 || size >= MAX_32 || offset >= MAX_32) {
    tail = packed(
      [4, 0x06064b50], [8, 44], [2, UNIX | 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count],
      [8, size], [8, offset], [4, 0x07064b50], [4, 0], [8, offset + size], [4, 1],
    );
  }
  const least = Math.min(count, MAX_16);
  const end = packed(
    [4, 0x06054b50], [2, 0], [2, 0], [2, least], [2, least], [4, Math.min(size, MAX_32)],
    [4, Math.min(offset, MAX_32)], [2, 0],
  );
  return concat(tail, end);
}

// {count, size, offset} of the directory, from the last bytes of an archive.
function readEnd(tail) {
  const what = say("The end of the ZIP");
  const end = tail.subarray(-22);
  if (tail.length < 22 || view(end).getUint32(0, true) !== 0x06054b50) {
    throw malformed(what, say("no end record stands there: it is cut short or added to"));
  }
  let count = view(end).getUint16(10, true);
  let size = view(end).getUint32(12, true);
  let offset = view(end).getUint32(16, true);
  if (count === MAX_16 || size === MAX_32 || offset === MAX_32) {
    const record = tail.subarray(Math.max(0, tail.length - END_BYTES), tail.length - 22);
    if (record.length < 56 || view(record).getUint32(0, true) !== 0x06064b50) {
      throw malformed(what, say("its ZIP64 record is missing"));
    }
    [count, size, offset] = [wide(record, 32), wide(record, 40), wide(record, 48)];
  }
  return { count, size, offset };
}

// Leniently: whoever asks writes the records again and compares.
function readMembers(directory, count) {
  const what = say("The ZIP directory");
  const members = [];
  let at = 0;
  for (let number = 0; number < count; number += 1) {
    if (at + 46 > directory.length) {
      throw malformed(what, say("it ends before record {0}", number));
    }
    const head = view(directory.subarray(at, at + 46));
    if (head.getUint32(0, true) !== 0x02014b50) {
      throw malformed(what, say("record {0} does not begin as one", number));
    }
    const end = at + 46 + head.getUint16(28, true);
    const extra = directory.subarray(end, end + head.getUint16(30, true));
    const fields = [];
    for (let field = 4; field + 8 <= extra.length; field += 8) fields.push(wide(extra, field));
    let size = head.getUint32(20, true);
    if (size === MAX_32 && fields.length >= 2) [size] = fields.splice(0, 2);
    let offset = head.getUint32(42, true);
    if (offset === MAX_32 && fields.length) [offset] = fields;
    const name = fromLatin1(directory.subarray(at + 46, end));
    members.push({ name, size, crc32: head.getUint32(16, true), offset });
    at = end + head.getUint16(30, true) + head.getUint16(32, true);
  }
  if (at !== directory.length) {
    throw malformed(what, say("its {0} records do not fill its {1} bytes", count, directory.length));
  }
  return members;
}

function whyUnsafe(name) {
  if (name.length > MAX_NAME) return say("it has more than {0} characters", MAX_NAME);
  if (!NAME.test(name)) {
    return say("it is not made of ASCII letters, digits, dots, hyphens and single slashes");
  }
  if (name.split("/").some((part) => part.endsWith("."))) {
    return say("a part of it is only dots or ends in one");
  }
  return null;
}

const withoutPrefix = (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text);

class ZipSource {
  constructor(blob) {
    this.kind = "zip";
    this.blob = blob;
    this.folder = "";
    this.faults = [];
    this.sizes = new Map();
    this.members = new Map();
  }

  // Throws a Problem if it is no ZIP at all; what else is wrong becomes a fault.
  static async open(blob) {
    const source = new ZipSource(blob);
    try {
      await source.readStructure();
    } catch (error) {
      if (!(error instanceof Problem) || error.kind !== "format") throw error;
      source.fault("", say("{0} is malformed: {1}.", error.what, error.why));
    }
    return source;
  }

  async read(path, limit) {
    const member = this.members.get(path);
    if (member.size > limit) throw tooLarge(path, member.size, limit);
    return this.bytes(member.dataAt, member.size, path);
  }

  async digest(path) {
    const bytes = await this.read(path, MAX_FILE_BYTES);
    if (crc32(bytes) !== this.members.get(path).crc32) {
      this.fault(path, say("{0} does not have the CRC-32 its ZIP header gives.", shown(path)));
    }
    return digest(bytes);
  }

  async bytes(at, size, path) {
    const bytes = await bytesOf(this.blob.slice(at, at + size), shown(path));
    if (bytes.length !== size) {
      throw malformed(shown(path), say("the file ended while it was read"));
    }
    return bytes;
  }

  fault(where, said) {
    this.faults.push({ where, said });
  }

  async readStructure() {
    const total = this.blob.size;
    const tail = await this.bytes(Math.max(0, total - END_BYTES), Math.min(total, END_BYTES), "ZIP");
    const head = await this.bytes(0, Math.min(4, total), "ZIP");
    if (!same(head, packed([4, 0x04034b50])) && fromLatin1(tail.slice(-22, -18)) !== "PK\x05\x06") {
      throw refused(say("This file"), say("it is not a ZIP"));
    }
    const { count, size, offset } = readEnd(tail);
    const zip = say("The ZIP");
    if (count > MAX_ENTRIES) {
      throw malformed(zip, say("it lists more than {0} files", MAX_ENTRIES));
    }
    if (offset + size > total || size > count * (46 + 0xffff * 2)) {
      throw malformed(zip, say("its directory is said to lie outside of it"));
    }
    const directory = await this.bytes(offset, size, "ZIP");
    const members = readMembers(directory, count);
    const end = await this.place(members, offset);
    if (end !== offset) {
      this.fault("", say("The ZIP holds {0} bytes that belong to no file.", offset - end));
    }
    this.compareDirectory(directory, members);
    const closing = endRecords(count, size, offset);
    if (offset + size + closing.length !== total || !same(tail.slice(-closing.length), closing)) {
      this.fault("", say("The end of the ZIP is not written the one canonical way."));
    }
  }

  // Take over each member that lies where it must; returns where the last one ends.
  async place(members, limit) {
    let end = 0;
    let last = "";
    this.folder = members.length ? members[0].name.split("/")[0] : "";
    for (const member of members) {
      const name = shown(member.name);
      const path = withoutPrefix(member.name, `${this.folder}/`);
      const header = localHeader(member);
      member.dataAt = member.offset + header.length;
      const memberEnd = member.dataAt + member.size;
      const unsafe = whyUnsafe(member.name);
      if (unsafe) {
        this.fault(path, say("The ZIP entry {0} has an unsafe name: {1}.", name, unsafe));
        // It is no part of a bundle, so nothing of it needs to be read.
        if (end <= member.offset && memberEnd <= limit) end = memberEnd;
        continue;
      }
      if (member.name <= last || this.members.has(path)) {
        this.fault(path, say("The ZIP entry {0} is out of order or there twice.", name));
      }
      if (path === member.name) {
        this.fault(path, say("The ZIP entry {0} lies outside the bundle's folder.", name));
      }
      if (member.name > last) last = member.name;
      if (member.offset < end || memberEnd > limit) {
        this.fault(path, say("The ZIP entry {0} overlaps another or leaves the file.", name));
        continue;
      }
      if (member.offset !== end) {
        const gap = member.offset - end;
        this.fault(path, say("The ZIP has {0} bytes before {1} that belong to no file.", gap, name));
      }
      if (!same(await this.bytes(member.offset, header.length, path), header)) {
        const said = "The ZIP header before {0} is not the one its directory calls for.";
        this.fault(path, say(said, name));
      }
      end = memberEnd;
      if (!this.members.has(path)) {
        this.members.set(path, member);
        this.sizes.set(path, member.size);
      }
    }
    return end;
  }

  compareDirectory(directory, members) {
    let at = 0;
    for (const member of members) {
      const record = centralHeader(member);
      if (!same(directory.subarray(at, at + record.length), record)) {
        const path = withoutPrefix(member.name, `${this.folder}/`);
        const said = "The ZIP directory's record of {0} is not canonical.";
        this.fault(path, say(said, shown(member.name)));
        return; // what follows may only be shifted
      }
      at += record.length;
    }
    if (at !== directory.length) {
      this.fault("", say("The ZIP directory is longer than its records."));
    }
  }
}

// A bag that was unpacked; `files` are {path, blob}, paths from the bag's own folder on.
class FolderSource {
  constructor(files) {
    this.kind = "folder";
    this.folder = "";
    this.faults = [];
    this.sizes = new Map();
    this.blobs = new Map();
    if (files.length > MAX_ENTRIES) {
      throw refused(say("This folder"), say("it holds more than {0} files", MAX_ENTRIES));
    }
    const deep = new Set();
    for (const { path, blob } of files) {
      const parts = path.split("/");
      if (parts.length > MAX_FOLDERS + 1) {
        deep.add(`${parts.slice(0, MAX_FOLDERS + 1).join("/")}/`);
        continue;
      }
      this.blobs.set(path, blob);
      this.sizes.set(path, blob.size);
    }
    for (const prefix of deep) {
      const said = "{0} lies more than {1} folders deep and was not read.";
      this.faults.push({ where: prefix, said: say(said, shown(prefix), MAX_FOLDERS) });
    }
  }

  async read(path, limit) {
    const blob = this.blobs.get(path);
    if (blob.size > limit) throw tooLarge(shown(path), blob.size, limit);
    return bytesOf(blob, shown(path));
  }

  async digest(path) {
    return digest(await this.read(path, MAX_FILE_BYTES));
  }
}

async function bytesOf(blob, what) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw malformed(what, say("it cannot be read"));
  }
}
