// JSON, read strictly: UTF-8, no key twice, no number out of range, at most 100 deep.
// JSON.parse would take the last of two equal keys and say nothing.

const MAX_JSON_BYTES = 64 * 2 ** 20;
const MAX_DEPTH = 100;

function parseJson(bytes, what, limit = MAX_JSON_BYTES) {
  return new JsonReader(decoded(bytes, what, limit), what).read();
}

// The same, of bytes that must be exactly what RFC 8785 writes.
function parseCanonical(bytes, what, limit = MAX_JSON_BYTES) {
  const text = decoded(bytes, what, limit);
  const value = new JsonReader(text, what).read();
  if (canonical(value) !== text) {
    throw malformed(what, say("it is not canonical JSON (RFC 8785)"));
  }
  return value;
}

// The RFC 8785 text of a value that was parsed here; null if it has none.
function canonical(value) {
  try {
    return written(value);
  } catch (error) {
    if (error === LONE) return null;
    throw error;
  }
}

const LONE = new Error("a lone surrogate");

function written(value) {
  if (typeof value === "string") {
    if (/\p{Surrogate}/u.test(value)) throw LONE;
    return JSON.stringify(value);
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  // Sorted by UTF-16 code units, which is what sort() does.
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${written(key)}:${written(value[key])}`).join(",")}}`;
}

function isTable(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function decoded(bytes, what, limit) {
  if (bytes.length > limit) throw tooLarge(what, bytes.length, limit);
  try {
    return fromUtf8(bytes);
  } catch {
    throw malformed(what, say("it is not UTF-8"));
  }
}

class JsonReader {
  constructor(text, what) {
    this.text = text;
    this.what = what;
    this.at = 0;
  }

  read() {
    const value = this.value(0);
    this.space();
    if (this.at !== this.text.length) throw this.wrong();
    return value;
  }

  wrong() {
    return malformed(this.what, say("it is not JSON (at character {0})", this.at));
  }

  space() {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  // Whether `character` comes next; then it is passed.
  takes(character) {
    this.space();
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  value(depth) {
    if (depth > MAX_DEPTH) {
      throw malformed(this.what, say("it is nested more than {0} deep", MAX_DEPTH));
    }
    if (this.takes("{")) return this.table(depth);
    if (this.takes("[")) return this.list(depth);
    if (this.text[this.at] === '"') return this.string();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]]) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  table(depth) {
    const made = Object.create(null); // so that "__proto__" is a key like any other
    if (this.takes("}")) return made;
    do {
      this.space();
      if (this.text[this.at] !== '"') throw this.wrong();
      const key = this.string();
      if (key in made) {
        const start = quoted(Array.from(key).slice(0, 40).join(""));
        throw malformed(this.what, say("the key {0} stands twice in one object", start));
      }
      if (!this.takes(":")) throw this.wrong();
      made[key] = this.value(depth + 1);
    } while (this.takes(","));
    if (!this.takes("}")) throw this.wrong();
    return made;
  }

  list(depth) {
    const made = [];
    if (this.takes("]")) return made;
    do made.push(this.value(depth + 1));
    while (this.takes(","));
    if (!this.takes("]")) throw this.wrong();
    return made;
  }

  string() {
    const start = this.at;
    let plain = true;
    for (this.at += 1; ; this.at += 1) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) break;
      if (!(code >= 0x20)) throw this.wrong(); // NaN where the text ends
      if (code === 0x5c) {
        plain = false;
        this.at += 1;
      }
    }
    this.at += 1;
    if (plain) return this.text.slice(start + 1, this.at - 1);
    try {
      return JSON.parse(this.text.slice(start, this.at));
    } catch {
      throw this.wrong();
    }
  }

  number() {
    const shape = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    shape.lastIndex = this.at;
    const found = shape.exec(this.text);
    if (!found) throw this.wrong();
    this.at = shape.lastIndex;
    const number = Number(found[0]);
    if (!Number.isFinite(number)) {
      const start = found[0].slice(0, 24);
      throw malformed(this.what, say("the number {0} is out of range", start));
    }
    return number;
  }
}
