// A JSON object taken apart strictly: exactly the fields asked for, each of its type.

class Fields {
  constructor(value, names, what) {
    if (!isTable(value)) throw malformed(what, say("it is not an object"));
    this.value = value;
    this.what = what;
    const lacking = names.filter((name) => !(name in value)).sort();
    if (lacking.length) throw malformed(what, say("it lacks {0}", lacking.join(", ")));
    const unknown = Object.keys(value).filter((name) => !names.includes(name));
    if (unknown.length) {
      const some = unknown.map((name) => quoted(Array.from(name).slice(0, 40).join(""))).sort();
      throw malformed(what, say("it has fields nobody reads: {0}", some.slice(0, 3).join(", ")));
    }
  }

  any(name) {
    return this.value[name];
  }

  text(name) {
    return this.asText(this.value[name], name);
  }

  textOrNull(name) {
    return this.value[name] === null ? null : this.text(name);
  }

  texts(name) {
    return this.list(name).map((each) => this.asText(each, `${name} entry`));
  }

  table(name) {
    const value = this.value[name];
    if (!isTable(value)) throw this.wrong(name, say("an object"));
    for (const [key, said] of Object.entries(value)) {
      this.asText(key, name);
      this.asText(said, `${name} entry`);
    }
    return value;
  }

  list(name) {
    const value = this.value[name];
    if (!Array.isArray(value)) throw this.wrong(name, say("a list"));
    return value;
  }

  number(name) {
    const value = this.value[name];
    if (!Number.isInteger(value)) throw this.wrong(name, say("a whole number"));
    if (value < 0 || !Number.isSafeInteger(value)) {
      throw this.wrong(name, say("between 0 and {0}", Number.MAX_SAFE_INTEGER));
    }
    return value;
  }

  numbers(name) {
    return this.list(name).map((each) => new Fields({ [name]: each }, [name], this.what).number(name));
  }

  flag(name) {
    const value = this.value[name];
    if (typeof value !== "boolean") throw this.wrong(name, say("true or false"));
    return value;
  }

  choice(name, known) {
    const value = this.text(name);
    if (!known.includes(value)) throw this.wrong(name, say("one of {0}", known.join(", ")));
    return value;
  }

  hex(name, size = 32) {
    const value = this.text(name);
    if (value.length !== 2 * size || !/^[0-9a-f]*$/.test(value)) {
      throw this.wrong(name, say("{0} bytes in lower-case hex", size));
    }
    return value;
  }

  // RFC 3339, UTC with Z. The text itself is the value: two times are equal if they are.
  time(name, expected = say("a UTC time with microseconds")) {
    const value = this.value[name];
    if (typeof value !== "string" || !isTime(value)) throw this.wrong(name, expected);
    return value;
  }

  wrong(name, expected) {
    return malformed(this.what, say("its {0} is not {1}", name, expected));
  }

  asText(value, name) {
    if (typeof value !== "string" || /\p{Surrogate}/u.test(value)) {
      throw this.wrong(name, say("text"));
    }
    return value;
  }
}

const TIME =
  /^([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3}|\.[0-9]{6})?Z$/;

function isTime(text) {
  const parts = TIME.exec(text);
  if (!parts || parts[1] === "0000") return false;
  const day = new Date(`${parts[1]}-${parts[2]}-${parts[3]}T00:00:00Z`);
  return day.getUTCDate() === Number(parts[3]);
}

// The one way a time is written: with microseconds.
function fullTime(text) {
  return text.replace(/(\.[0-9]+)?Z$/, (_, fraction) => `${(fraction ?? ".").padEnd(7, "0")}Z`);
}

// ROLES, PLATFORMS, PROVENANCES, VERDICTS, OWN_ROLES and EXTENSIONS come from `evidence` (__init__.py).

// Items about our own work rather than about the order.
const isOwn = (role) => OWN_ROLES.includes(role);
