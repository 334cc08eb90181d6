// Do the events of a case follow one another, each a step that the machine allows? As
// auditor/cases.py and evidence/cases.py have it; CASE_MAY is the table of the latter.

const NO_EVENT = "0".repeat(64);
const MAX_EVENT_BYTES = 512 * 1024;
const EVENT_FIELDS = [
  "v", "case", "seq", "prev", "step", "from", "to", "at", "by", "items", "said",
];
const ABOUT_LISTS = ["orders", "asins", "links"];
const ABOUT = ["platform", "site", "kind", "account", "rules", ...ABOUT_LISTS];

// Nothing is said of a bundle that has no events of a case.
async function checkCase(bag, seal) {
  if (!seal.manifest) return;
  const items = [...seal.manifest.items].sort((a, b) => a.seq - b.seq);
  const lines = items.filter((item) => item.role === "case.event");
  if (!lines.length) return;
  const paths = itemPaths(items);
  const events = [];
  for (const line of lines) {
    const raw = await bag.read(paths.get(line.sha256), "case");
    if (raw === null) return;
    const event = await readEvent(raw, say("item {0}", line.seq));
    if (event.at !== fullTime(line.collected_at)) {
      bag.checks.failed("case", say("Item {0} has another time than its receipt.", line.seq));
    }
    events.push(event);
  }
  const state = replayed(events);
  const sealed = new Set(items.map((item) => item.sha256));
  events.forEach((event, place) => {
    for (const paper of event.items) {
      if (sealed.has(paper)) continue;
      const said = say("Event {0} names a paper that is not sealed with it.", event.seq);
      bag.checks.failed("case", said, paths.get(lines[place].sha256));
    }
  });
  const said = "{0} events lead to the state {1}, each by an allowed step.";
  bag.checks.passedUnlessFailed("case", say(said, events.length, state));
}

async function readEvent(raw, what) {
  const read = new Fields(parseCanonical(raw, what, MAX_EVENT_BYTES), EVENT_FIELDS, what);
  if (read.number("v") !== 1) throw read.wrong("v", "1");
  if (!isTable(read.any("said"))) throw read.wrong("said", say("an object"));
  const papers = read.list("items").map((each) => {
    const paper = new Fields(each, ["role", "sha256", "name"], say("{0}, an item", what));
    return [paper.text("role"), paper.text("name"), paper.hex("sha256")][2];
  });
  const event = {
    case: read.hex("case", 16),
    seq: read.number("seq"),
    prev: read.hex("prev"),
    step: read.choice("step", CASE_STEPS),
    before: read.any("from") === null ? null : read.choice("from", CASE_STATES),
    state: read.choice("to", CASE_STATES),
    at: read.time("at", say("a UTC time")),
    by: read.text("by"),
    items: papers,
    said: read.any("said"),
    sha256: await digest(raw),
  };
  if (event.at !== fullTime(event.at)) {
    throw malformed(what, say("it is not written the one canonical way"));
  }
  return event;
}

// The state that the events lead to. Throws a Problem that names the first that does not fit.
function replayed(events) {
  const wrong = (place, said) => malformed(say("Event {0} of the case", place), said);
  const [first] = events;
  const opens = first.seq === 0 && first.prev === NO_EVENT && first.step === "open";
  if (!opens || first.before !== null || first.state !== "noticed") {
    throw wrong(0, say("it does not open one"));
  }
  const lists = ABOUT_LISTS.every((name) => Array.isArray(first.said[name]));
  if (!lists || !ABOUT.every((name) => name in first.said)) {
    throw wrong(0, say("it does not say what the case is about"));
  }
  let state = first.state;
  events.slice(1).forEach((event, index) => {
    const [place, before] = [index + 1, events[index]];
    if (event.seq !== place || event.case !== first.case || event.prev !== before.sha256) {
      throw wrong(place, say("it does not follow the one before it"));
    }
    if (event.at < before.at) throw wrong(place, say("it is earlier than the one before it"));
    const may = CASE_MAY[state];
    if (!Object.hasOwn(may, event.step)) {
      const steps = Object.keys(may).join(", ");
      throw wrong(place, say("the case is {0}, where one may {1}", state, steps));
    }
    const after = may[event.step];
    if (event.before !== state || event.state !== after) {
      throw wrong(place, say("it does not lead from {0} to {1}", state, after));
    }
    state = after;
  });
  return state;
}
