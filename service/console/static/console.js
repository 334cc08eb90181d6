// What a page does by itself: it adds the viewer's own time to each UTC time, counts down to a
// deadline, follows a running collection, and weighs a file before it is sent. Without it every page still says all of this.
"use strict";

const LANGUAGE = document.documentElement.lang === "zh" ? "zh-CN" : "en";
const LOCAL = new Intl.DateTimeFormat(LANGUAGE, {
  month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
const UTC_ZONES = new Set(["UTC", "Etc/UTC", "GMT"]);

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function addLocalTimes(inside) {
  if (UTC_ZONES.has(Intl.DateTimeFormat().resolvedOptions().timeZone)) return;
  for (const time of inside.querySelectorAll("time[datetime]:not([data-local])")) {
    time.dataset.local = "yes";
    time.append(" ", element("span", "local", LOCAL.format(new Date(time.dateTime))));
  }
}

function left(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [days, hours, minutes] = [whole / 86400, (whole / 3600) % 24, (whole / 60) % 60].map(Math.floor);
  if (LANGUAGE === "en") return days ? `${days} d ${hours} h` : `${hours} h ${minutes} min`;
  return days ? `${days} 天 ${hours} 小时` : `${hours} 小时 ${minutes} 分钟`;
}

function countDown() {
  for (const each of document.querySelectorAll("[data-until]")) {
    each.textContent = left(Number(each.dataset.until) - Date.now() / 1000);
  }
}

// The page is loaded again when the collection has ended: what is sealed then is on it.
function follow(progress) {
  const words = new Map();
  for (const each of document.getElementById("words").content.querySelectorAll("[data-state]")) words.set(each.dataset.state, each.textContent);
  const source = new EventSource(progress.dataset.events);
  source.addEventListener("collection", (event) => {
    const said = JSON.parse(event.data);
    document.getElementById("run-state").textContent = words.get(said.state) ?? said.state;
    for (const task of said.sources) showTask(task, words);
    if (said.state === "sealed" || said.state === "failed") {
      source.close();
      location.reload();
    }
  });
}

const TONES = { brought: ["pass", "✓"], empty: ["inconclusive", "?"], failed: ["fail", "✕"] };

function showTask(task, words) {
  const list = document.getElementById("tasks");
  let line = [...list.children].find((each) => each.dataset.source === task.source);
  if (!line) {
    line = element("li", "", "");
    line.dataset.source = task.source;
    line.append(element("strong", "", task.source), " ", element("span", "task-state", ""), " ", element("span", "task-items soft", ""));
    list.append(line);
  }
  const [tone, sign] = TONES[task.state] ?? ["not_applicable", "–"];
  line.querySelector(".task-state").replaceChildren(element("span", `verdict ${tone}`, `${sign} ${words.get(task.state) ?? task.state}`));
  line.querySelector(".task-items").textContent = String(task.items);
}

// A file that the form cannot carry is told before it is sent.
function weigh(input) {
  const over = [...input.files].some((file) => file.size > Number(input.dataset.most));
  input.setCustomValidity(over ? input.dataset.tooLarge : "");
  input.reportValidity();
}

// On paper nothing can be opened: what the evidence rests on is printed with it.
function openForPaper() {
  for (const each of document.querySelectorAll("details.question:not([open])")) {
    each.open = true;
    each.dataset.paper = "yes";
  }
}

function closeAgain() {
  for (const each of document.querySelectorAll("details[data-paper]")) {
    each.open = false;
    delete each.dataset.paper;
  }
}

addEventListener("beforeprint", openForPaper);
addEventListener("afterprint", closeAgain);
addLocalTimes(document);
countDown();
setInterval(countDown, 30_000);
for (const input of document.querySelectorAll("input[data-most]")) input.addEventListener("change", () => weigh(input));
const progress = document.getElementById("progress");
if (progress) follow(progress);
