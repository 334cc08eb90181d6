// The log only grew: proven here, from the log's own public files, with the script that every
// bundle carries. Heads may also come from a file that somebody kept: a fork shows against that.
"use strict";

(() => {
  const form = document.getElementById("consistency");
  if (!form) return;
  const { openCheckpoint, checkConsistency, hashNode, NoteVerifier, Problem, why } = globalThis.orderproof;
  const words = new Map();
  for (const each of document.getElementById("proof-words").content.querySelectorAll("[data-state]")) {
    words.set(each.dataset.state, each.textContent);
  }
  const HASH = 32;
  const WIDTH = 256;

  async function file(path) {
    const answer = await fetch(form.dataset.log + path, { credentials: "same-origin" });
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  async function verifiers() {
    const said = JSON.parse(new TextDecoder().decode(await file("keys.json")));
    const found = [];
    for (const { vkey } of said.log) found.push(await NoteVerifier.parse(vkey));
    return found;
  }

  // C2SP tlog-tiles: the index in groups of three digits, all but the last begin with an x.
  function tilePath(level, index, width) {
    const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, "0").match(/.{3}/g);
    const groups = digits.map((three, n) => (n === digits.length - 1 ? three : `x${three}`)).join("/");
    return `tile/${level}/${groups}${width < WIDTH ? `.p/${width}` : ""}`;
  }

  // Hashes of a log of `size` leaves, as far as they are asked for.
  class Tree {
    constructor(size) {
      this.size = size;
      this.tiles = new Map();
    }

    async tile(level, index) {
      const key = `${level}/${index}`;
      if (!this.tiles.has(key)) {
        const all = Math.floor(this.size / WIDTH ** level);
        const raw = await file(tilePath(level, index, Math.min(WIDTH, all - index * WIDTH)));
        if (raw === null) throw new Error(`tile ${key}`);
        this.tiles.set(key, raw);
      }
      return this.tiles.get(key);
    }

    // Root of the leaves from `start` up to `end`, aligned as they are in RFC 6962, 2.1.
    async root(start, end) {
      const count = end - start;
      const split = 2 ** Math.floor(Math.log2(count));
      if (split !== count) return hashNode(await this.root(start, start + split), await this.root(start + split, end));
      const height = Math.round(Math.log2(count));
      const [level, within] = [Math.floor(height / 8), height % 8];
      const first = start / WIDTH ** level;
      const raw = await this.tile(level, Math.floor(first / WIDTH));
      let row = [];
      for (let n = 0; n < 2 ** within; n += 1) {
        const at = ((first % WIDTH) + n) * HASH;
        row.push(raw.slice(at, at + HASH));
      }
      while (row.length > 1) {
        const above = [];
        for (let n = 0; n < row.length; n += 2) above.push(await hashNode(row[n], row[n + 1]));
        row = above;
      }
      return row[0];
    }

    // RFC 6962, 2.1.2: SUBPROOF(m, D[start:end], whole)
    async proof(m, start, end, whole) {
      const count = end - start;
      if (m === count) return whole ? [] : [await this.root(start, end)];
      const split = 2 ** Math.ceil(Math.log2(count) - 1);
      if (m <= split) return [...(await this.proof(m, start, start + split, whole)), await this.root(start + split, end)];
      return [...(await this.proof(m - split, start + split, end, false)), await this.root(start, start + split)];
    }
  }

  function show(state, gaps) {
    const said = document.getElementById("proof");
    const [tone, sign] = { holds: ["pass", "✓"], broken: ["fail", "✕"] }[state] ?? ["inconclusive", "?"];
    said.className = `band ${tone}`;
    said.dataset.state = state;
    said.textContent = `${sign} ${words.get(state).replace(/\{(\w+)\}/g, (_, name) => String(gaps[name] ?? ""))}`;
    said.hidden = false;
  }

  async function prove(oldNote, newNote) {
    const keys = await verifiers();
    const [old, now] = [await openCheckpoint(oldNote, keys), await openCheckpoint(newNote, keys)];
    const newest = await openCheckpoint(await file("checkpoint"), keys);
    const sizes = [old, now, newest].map(({ checkpoint }) => Number(checkpoint.size));
    const gaps = { old: sizes[0], new: sizes[1] };
    if (sizes[0] > sizes[1]) return ["broken", { ...gaps, why: `${sizes[0]} > ${sizes[1]}` }];
    if (sizes[1] > sizes[2]) return ["broken", { ...gaps, why: `${sizes[1]} > ${sizes[2]}` }];
    const path = sizes[0] ? await new Tree(sizes[2]).proof(sizes[0], 0, sizes[1], true) : [];
    await checkConsistency(old.checkpoint, now.checkpoint, path);
    const signed = old.signed && now.signed;
    return [signed ? "holds" : "unsure", { ...gaps, hashes: path.length, why: "Ed25519" }];
  }

  async function run(oldNote, newNote) {
    show("working", {});
    try {
      show(...(await prove(oldNote, newNote)));
    } catch (error) {
      const broken = error instanceof Problem;
      const gaps = { old: "", new: "", why: broken ? why(error).in(null) : error.message };
      show(broken ? "broken" : "unsure", gaps);
    }
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [old, now] = ["old", "new"].map((id) => document.getElementById(id).value);
    await run(await file(`checkpoints/${old}`), await file(`checkpoints/${now}`));
  });
  document.getElementById("kept").addEventListener("change", async ({ target }) => {
    const kept = target.files[0];
    if (kept) await run(new Uint8Array(await kept.arrayBuffer()), await file("checkpoint"));
    target.value = "";
  });
})();
