// What a person sees. Text goes in as text, never as markup: names in a bundle are hostile.

const byId = (id) => document.getElementById(id);
const MAX_ROWS = 2_000; // of one state; the saved report has all

const STATES = {
  fail: { mark: "\u2715", en: "wrong", zh: "有误", title: "What is wrong", titleZh: "有误之处" },
  inconclusive: {
    mark: "?", en: "inconclusive", zh: "无法判定",
    title: "What could not be checked here", titleZh: "此处无法核验的内容",
  },
  pass: { mark: "\u2713", en: "holds", zh: "成立", title: "What holds", titleZh: "成立的内容" },
};

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children); // strings become text nodes
  return made;
}

function both(en, zh) {
  const [first, second] = [element("span", "en", en), element("span", "zh", zh)];
  first.lang = "en";
  second.lang = "zh";
  return [first, second];
}

function setWords(words) {
  document.documentElement.dataset.words = words;
  document.documentElement.lang = words;
  for (const each of ["en", "zh"]) byId(`to-${each}`)?.setAttribute("aria-pressed", each === words);
}

function showAnswer(state, mark, en, zh, ...more) {
  const title = element("h2", "", ...both(`${mark} ${en}`, `${mark} ${zh}`));
  return element("div", `answer ${state}`, title, ...more);
}

function showReport(report, name) {
  const counts = { pass: 0, fail: 0, inconclusive: 0 };
  for (const check of report.checks) counts[check.state] += 1;
  const { pass, fail, inconclusive } = counts;
  const numbers = element("p", "", ...both(
    `${pass} checks hold, ${fail} are wrong, ${inconclusive} could not be made here.`,
    `${pass} 项成立，${fail} 项有误，${inconclusive} 项在此无法核验。`,
  ));
  const answer = showAnswer(...answerTo(report), numbers);
  const { receipts = 0, items = 0, files = 0, bytes = 0 } = report.counts;
  const looked = element("p", "facts", ...both(
    `${name}: ${receipts} receipts, ${items} items, ${files} files, ${bytes} bytes.`,
    `${name}：${receipts} 份收据，${items} 个证据文件，共 ${files} 个文件，${bytes} 字节。`,
  ));
  byId("result").replaceChildren(answer, showTrust(report.trust), looked, saveLink(report));
  for (const state of ["fail", "inconclusive", "pass"]) {
    const found = report.checks.filter((check) => check.state === state);
    if (found.length) byId("result").append(...showChecks(state, found));
  }
}

// Without a pinned key the best there is to say is not in green.
function answerTo({ answer, trust, checks }) {
  if (answer !== "ok" && checks.every(({ state }) => state !== "fail")) {
    return ["inconclusive", "?", "Do not rely on it yet: see what is open", "暂勿依赖：请看未决之处"];
  }
  if (answer !== "ok") return ["fail", "\u2715", "It does not hold", "核验不通过"];
  if (trust === "pinned") {
    return ["pass", "\u2713", "Nothing is wrong with it", "未发现问题"];
  }
  return [
    "inconclusive", "\u2713", "It agrees with itself; who sealed it is not shown",
    "前后一致；未证明由谁封存",
  ];
}

function showTrust(trust) {
  const said = trust === "pinned"
    ? both(
      "trust: pinned. Signatures of the kind you gave a key for were checked with that key. If you got it from the sealer and not with this bundle, they show who sealed it.",
      "trust: pinned（已固定公钥）。凡是你提供了公钥的签名，都用该公钥核验。如果公钥来自封存方本人而非随证据包取得，这就证明了由谁封存。",
    )
    : both(
      "trust: bundle. Only keys that lie in the bundle itself vouch for the signatures. The bundle agrees with itself or does not; who made it is not shown, because anyone can make a bundle with keys of his own. Give the sealer's key above to know.",
      "trust: bundle（仅凭证据包自身）。签名只由证据包自带的公钥担保。这只能说明证据包是否前后一致，不能证明由谁制作，因为任何人都能用自己的密钥制作证据包。要确认身份，请在上方提供封存方的公钥。",
    );
  return element("p", "trust", ...said);
}

function showChecks(state, found) {
  const { title, titleZh, mark, en, zh } = STATES[state];
  const rows = found.slice(0, MAX_ROWS).map((check) => element(
    "li", "",
    element("span", `state ${state}`, `${mark} `, ...both(en, zh)),
    element("span", "name", ...both(check.name, NAMES.get(check.name) ?? check.name)),
    element("span", "said", ...both(check.what, printable(check.said.in(CHINESE)))),
  ));
  if (found.length > rows.length) {
    const more = found.length - rows.length;
    rows.push(element("li", "", element("span", "said", ...both(`and ${more} more`, `另有 ${more} 项`))));
  }
  return [element("h3", "", ...both(title, titleZh)), element("ol", "", ...rows)];
}

let saved = null;

// The report as `orderproof verify --json` would write it.
function saveLink(report) {
  if (saved) URL.revokeObjectURL(saved);
  const checks = report.checks.map(({ name, state, what, where }) => ({ name, state, what, where }));
  const text = JSON.stringify({ ...report, checks }, null, 2);
  saved = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = element("a", "", ...both("Save this report (JSON)", "保存本报告（JSON）"));
  link.href = saved;
  link.download = "report.json";
  return element("p", "facts", link);
}

function showProblem(error) {
  const known = error instanceof Problem;
  const said = known ? why(error) : say("{0}", `${error.name}: ${error.message}`);
  const line = element("p", "", ...both(`${printable(said.in(null))}.`, `${printable(said.in(CHINESE))}。`));
  byId("result").replaceChildren(
    showAnswer("inconclusive", "?", "It could not be checked", "无法核验", line),
  );
}

let asked = null; // what was dropped last: {zip} or {files}, and its name
let turn = 0;

async function run() {
  turn += 1;
  const mine = turn;
  const text = byId("key").value.trim();
  byId("running").hidden = false;
  byId("result").hidden = true;
  const progress = (done, total, path) => {
    if (mine !== turn) return;
    byId("bar").value = total ? done / total : 1;
    byId("now").textContent = printable(path);
  };
  let show;
  try {
    const report = await verify({ ...asked, key: text ? utf8(text) : null, progress });
    show = () => showReport(report, printable(asked.name));
  } catch (error) {
    show = () => showProblem(error);
  }
  if (mine !== turn) return; // something else was dropped meanwhile
  show();
  byId("running").hidden = true;
  byId("again").hidden = false;
  byId("result").hidden = false;
  byId("result").focus();
}

const isPdf = ({ path, blob }) => !path.includes("/") && /\.pdf$/i.test(blob.name);

// Everything that was picked or dropped at once: a ZIP, a folder's files, a key file.
async function take(found) {
  const zip = found.find(({ path, blob }) => !path.includes("/") && /\.zip$/i.test(blob.name));
  const report = found.find(isPdf)?.blob ?? null;
  const inFolder = found.filter(({ path }) => path.includes("/"));
  if (zip) asked = { zip: zip.blob, name: zip.blob.name };
  else if (inFolder.length) asked = { files: unwrapped(inFolder), name: inFolder[0].path.split("/")[0] };
  const alone = found.filter((each) => each !== zip && !inFolder.includes(each) && !isPdf(each));
  for (const { blob } of alone) {
    if (blob.size <= MAX_KEY_FILE_BYTES) {
      byId("key").value = await blob.text();
      byId("pin").open = true;
    } else if (!zip && !inFolder.length) {
      asked = { zip: blob, name: blob.name };
    }
  }
  // A report is checked against the bundle that came with it, or before it.
  if (asked && report) asked = { ...asked, report, name: `${asked.name}, ${report.name}` };
  if (asked) await run();
  else if (report) {
    showProblem(refused(say("The report"), say("it cannot vouch for itself: drop the order's bundle as well")));
    byId("result").hidden = false;
  }
}

// Paths from the bag's own folder on. Some programs unpack into one folder more.
function unwrapped(found) {
  let files = found;
  const isBag = () => files.some(({ path }) => path === "bagit.txt");
  for (let step = 0; step < 2 && !isBag(); step += 1) {
    const top = `${files[0].path.split("/")[0]}/`;
    if (!files.every(({ path }) => path.startsWith(top))) break;
    files = files.map(({ path, blob }) => ({ path: path.slice(top.length), blob }));
  }
  return files;
}

async function walk(entry, path, found) {
  if (found.length > MAX_ENTRIES) return;
  if (entry.isFile) {
    found.push({ path, blob: await new Promise((done, fail) => { entry.file(done, fail); }) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, fail) => { reader.readEntries(done, fail); });
    if (!some.length) return;
    for (const each of some) await walk(each, `${path}/${each.name}`, found);
  }
}

function picked(input) {
  return [...input.files].map((blob) => ({ path: blob.webkitRelativePath || blob.name, blob }));
}

function start() {
  // A page of the console has its language, and its own way to the other one.
  const language = byId("to-zh") ? navigator.language : document.documentElement.lang;
  setWords(language?.toLowerCase().startsWith("zh") ? "zh" : "en");
  for (const each of ["en", "zh"]) byId(`to-${each}`)?.addEventListener("click", () => setWords(each));
  for (const id of ["zip", "folder", "key-file"]) {
    byId(id).addEventListener("change", async ({ target }) => {
      const found = picked(target);
      if (id === "zip" && found.length === 1 && !isPdf(found[0])) {
        asked = { zip: found[0].blob, name: found[0].blob.name };
        await run();
      } else if (found.length) {
        await take(found);
      }
      target.value = ""; // so that the same file can be picked again
    });
  }
  byId("again").addEventListener("click", run);
  const over = (on) => (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", on);
  };
  document.addEventListener("dragover", over(true));
  document.addEventListener("dragleave", over(false));
  document.addEventListener("drop", async (event) => {
    over(false)(event);
    // All has to be taken before anything is awaited.
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const dropped = items.map((item) => ({ entry: item.webkitGetAsEntry?.(), blob: item.getAsFile() }));
    const found = [];
    try {
      for (const { entry, blob } of dropped) {
        if (entry?.isDirectory) await walk(entry, entry.name, found);
        else if (blob) found.push({ path: blob.name, blob });
      }
    } catch {
      // Chromium gives a page that is a file no way into a dropped folder, only into a chosen one.
      const said = "this browser does not let the page read it: choose it with the button instead";
      showProblem(refused(say("A dropped folder"), say(said)));
      byId("result").hidden = false;
      return;
    }
    if (found.length) await take(found);
  });
  if (!globalThis.crypto?.subtle) {
    showProblem(refused(say("This browser"), say("it has no WebCrypto here")));
    byId("result").hidden = false;
  }
}

start();
