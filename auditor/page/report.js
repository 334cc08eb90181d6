// What an audit answers: one line for each check, and one answer over all. A check that could
// not be made is "inconclusive" and says why.

// A thing that is wrong ten thousand times is said a hundred times and counted.
const MAX_SAID = 100;

class Checks {
  constructor() {
    this.made = [];
    this.failures = new Map();
    this.heldBack = false;
  }

  add(state, name, said, where) {
    this.made.push({ name, state, said, where: printable(where) });
  }

  passed(name, said, where = "") {
    this.add("pass", name, said, where);
  }

  // holdsBack   whether the whole must not be called ok while this is open
  unsure(name, said, where = "", holdsBack = false) {
    this.heldBack ||= holdsBack;
    this.add("inconclusive", name, said, where);
  }

  failed(name, said, where = "") {
    const count = (this.failures.get(name) ?? 0) + 1;
    this.failures.set(name, count);
    if (count <= MAX_SAID) this.add("fail", name, said, where);
  }

  hasFailed(name) {
    return this.failures.has(name);
  }

  passedUnlessFailed(name, said, where = "") {
    if (!this.hasFailed(name)) this.passed(name, said, where);
  }

  report(kind, trust, counts = {}) {
    for (const [name, count] of this.failures) {
      const more = say("{0} more of these are not listed.", count - MAX_SAID);
      if (count > MAX_SAID) this.add("fail", name, more, "");
    }
    const checks = this.made.map((check) => ({ ...check, what: printable(check.said.in(null)) }));
    const states = new Set(checks.map((check) => check.state));
    const ok = !this.heldBack && !states.has("fail") && states.has("pass");
    return { answer: ok ? "ok" : "not ok", trust, kind, counts, checks };
  }
}
