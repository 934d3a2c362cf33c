// What needs a browser: light and dark, renewing the page, completion, values of charts under the pointer,
// copying. Without it everything is there.

const REFRESH_MS = 5_000;
const HIDDEN_REFRESH_MS = 30_000;
// Nobody has looked for an hour: a forgotten tab asks no more.
const FORGOTTEN_MS = 3_600_000;

const root = document.body.dataset.root;

// ---- light and dark ----

function showTheme() {
  const button = document.getElementById("theme");
  if (button) button.hidden = false;
}

function startTheme() {
  showTheme();
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#theme")) return;
    const chosen = document.documentElement.dataset.theme;
    const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const theme = isDark ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=strict`;
  });
}

// ---- links of Alertmanager's own texts: the part after # reaches no server ----

function followFragment() {
  const [path, query = ""] = location.hash.replace(/^#/, "").split("?");
  const parameters = query ? `?${query}` : "";
  if (path === "/silences/new") location.replace(`${root}silences/new${parameters}`);
  else if (path.startsWith("/silences")) location.replace(`${root}silences`);
  else if (path.startsWith("/alerts")) location.replace(`${root}alerts${parameters}`);
}

// ---- renewing the page in place: what somebody is at stays as it is ----

const isOwn = (node) => node.nodeType === Node.ELEMENT_NODE && node.dataset?.own !== undefined;
const isSame = (one, other) =>
  one.nodeType === other.nodeType && one.nodeName === other.nodeName && (one.id || "") === (other.id || "");

function renewAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    // An open list stays open; what is typed is not an attribute.
    if (!fresh.hasAttribute(name) && name !== "open" && name !== "data-theme") old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function renew(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  if (old.isEqualNode(fresh)) return;
  renewAttributes(old, fresh);
  const wanted = [...fresh.childNodes];
  let at = old.firstChild;
  for (const node of wanted) {
    while (at && isOwn(at)) at = at.nextSibling;
    // A row that has moved is found again by its id.
    let match = at && isSame(at, node) ? at : null;
    if (!match && node.id) {
      match = [...old.children].find((child) => child.id === node.id && isSame(child, node)) ?? null;
      if (match) old.insertBefore(match, at);
    }
    if (match) {
      renew(match, node);
      at = match.nextSibling;
    } else {
      old.insertBefore(document.importNode(node, true), at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    if (!isOwn(at)) at.remove();
    at = next;
  }
}

function startRefresh() {
  if (document.body.dataset.live !== "1") return;
  let tag = "";
  let lookedAt = Date.now();
  for (const event of ["pointermove", "keydown", "visibilitychange"]) {
    addEventListener(event, () => { lookedAt = Date.now(); }, { passive: true });
  }
  const again = () => setTimeout(look, document.hidden ? HIDDEN_REFRESH_MS : REFRESH_MS);
  async function look() {
    if (Date.now() - lookedAt > FORGOTTEN_MS) {
      again();
      return;
    }
    try {
      const answer = await fetch(location.href, {
        headers: tag ? { "If-None-Match": tag } : {},
        cache: "no-store",
        signal: AbortSignal.timeout(30_000),
      });
      if (answer.status === 200) {
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        tag = answer.headers.get("etag") ?? "";
        document.title = fresh.title;
        // Nobody is disturbed who is selecting text.
        if (getSelection().isCollapsed) {
          for (const part of [".top", "main", ".foot"]) {
            const old = document.querySelector(part);
            const next = fresh.querySelector(part);
            if (old && next) renew(old, next);
          }
          showTheme();
          document.dispatchEvent(new Event("renewed"));
        }
      }
      document.body.classList.toggle("unreachable", answer.status >= 500);
      const clock = document.getElementById("clock");
      const date = answer.headers.get("date");
      if (clock && date) clock.textContent = new Date(date).toISOString().slice(11, 19);
    } catch {
      document.body.classList.add("unreachable");
    }
    again();
  }
  again();
}

// ---- copying a command ----

function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button.copy");
    const code = button?.parentElement.querySelector("code");
    if (!code) return;
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2_000);
  });
}

// ---- keys: / finds, g and a letter goes to a page ----

const PAGES = { o: "", a: "alerts", s: "silences", n: "notifications", r: "rules", q: "graph" };

function startKeys() {
  let isGoing = false;
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isGoing && event.key in PAGES) location.href = root + PAGES[event.key];
    else if (event.key === "/") {
      const find = document.querySelector(".find input");
      if (find?.offsetParent) {
        event.preventDefault();
        find.focus();
      }
    }
    isGoing = event.key === "g";
  });
}

// ---- completion of PromQL ----

const MOST_OPTIONS = 12;
const answers = new Map();

async function ask(path) {
  if (!answers.has(path)) {
    const answer = fetch(root + path, { signal: AbortSignal.timeout(10_000) })
      .then((got) => (got.ok ? got.json() : { data: [] }))
      .then((body) => body.data);
    answer.catch(() => answers.delete(path));
    answers.set(path, answer);
  }
  return answers.get(path);
}

/** What stands before the caret: a name of a metric or function, of a label, or the value of a label. */
function placeOf(text) {
  const before = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) => "_".repeat(quoted.length));
  const open = before.lastIndexOf("{");
  if (open > before.lastIndexOf("}")) {
    const metric = /([a-zA-Z_:][\w:]*)\s*$/.exec(before.slice(0, open))?.[1] ?? "";
    const value = /([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*(["'])((?:[^"'\\]|\\.)*)$/.exec(text);
    if (value) return { kind: "value", metric, label: value[1], word: value[3] };
    return { kind: "label", metric, word: /[\w]*$/.exec(before)[0] };
  }
  const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)$/.exec(before);
  if (grouping) return { kind: "label", metric: "", word: /[\w]*$/.exec(before)[0] };
  if (/["'][^"']*$/.test(before)) return null;
  return { kind: "name", word: /[\w:]*$/.exec(before)[0] };
}

async function optionsAt(place, functions) {
  const selected = place.metric ? `?match[]=${encodeURIComponent(place.metric)}` : "";
  if (place.kind === "label") {
    return (await ask(`api/v1/labels${selected}`)).map((name) => ({ name, tag: "label" }));
  }
  if (place.kind === "value") {
    const values = await ask(`api/v1/label/${encodeURIComponent(place.label)}/values${selected}`);
    return values.map((name) => ({ name, tag: "value" }));
  }
  const [names, metadata] = await Promise.all([ask("api/v1/label/__name__/values"), ask("api/v1/metadata")]);
  const metrics = names.map((name) => ({
    name,
    tag: metadata[name]?.[0]?.type ?? "metric",
    help: metadata[name]?.[0]?.help ?? "",
  }));
  return [...metrics, ...functions.map((name) => ({ name, tag: "function" }))];
}

function matching(options, word) {
  const wanted = word.toLowerCase();
  const ranked = [];
  for (const option of options) {
    const at = option.name.toLowerCase().indexOf(wanted);
    if (at >= 0 && option.name !== word) ranked.push({ option, at });
  }
  ranked.sort((one, other) => one.at - other.at || one.option.name.length - other.option.name.length);
  return ranked.map(({ option }) => option);
}

class Completion {
  constructor(box, functions) {
    this.box = box;
    this.functions = functions;
    this.list = null;
    this.chosen = 0;
    this.turn = 0;
    // A box of several lines is no combobox to ARIA; it says what it has all the same.
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-haspopup", "listbox");
    box.addEventListener("input", () => this.look());
    box.addEventListener("keydown", (event) => this.press(event));
    box.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  async look() {
    const turn = (this.turn += 1);
    const place = placeOf(this.box.value.slice(0, this.box.selectionStart));
    if (!place || (!place.word && place.kind === "name")) return this.close();
    let options;
    try {
      options = matching(await optionsAt(place, this.functions), place.word);
    } catch {
      options = [];
    }
    if (turn !== this.turn) return undefined;
    return options.length ? this.open(options, place) : this.close();
  }

  open(options, place) {
    this.close();
    this.place = place;
    this.options = options.slice(0, MOST_OPTIONS);
    this.chosen = 0;
    const id = `options-${this.box.name}`;
    const list = document.createElement("ul");
    list.id = id;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Completions");
    list.append(...this.options.map((option, index) => this.entry(option, index, id)));
    const foot = document.createElement("footer");
    foot.textContent = `↑ ↓ choose, Enter take, Esc close · ${this.options.length} of ${options.length}`;
    this.list = document.createElement("div");
    this.list.className = "combo";
    this.list.dataset.own = "";
    this.list.append(list, foot);
    this.box.after(this.list);
    this.box.setAttribute("aria-controls", id);
    this.choose(0);
  }

  entry(option, index, id) {
    const item = document.createElement("li");
    item.id = `${id}-${index}`;
    item.setAttribute("role", "option");
    const tag = document.createElement("span");
    tag.className = "tag";
    tag.textContent = option.tag;
    const name = document.createElement("code");
    name.textContent = option.name;
    const help = document.createElement("span");
    help.className = "dim cut";
    help.textContent = option.help ?? "";
    item.append(tag, name, help);
    item.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      this.choose(index);
      this.take();
    });
    return item;
  }

  choose(index) {
    this.chosen = (index + this.options.length) % this.options.length;
    const items = [...this.list.querySelectorAll("li")];
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === this.chosen)));
    items[this.chosen].scrollIntoView({ block: "nearest" });
    this.box.setAttribute("aria-activedescendant", items[this.chosen].id);
  }

  take() {
    const { name, tag } = this.options[this.chosen];
    const end = this.box.selectionStart;
    const quoted = this.place.kind === "value" ? JSON.stringify(name).slice(1, -1) : name;
    this.box.setRangeText(tag === "function" ? `${quoted}(` : quoted, end - this.place.word.length, end, "end");
    this.close();
    this.box.focus();
  }

  press(event) {
    if (event.key === "Enter" && !event.shiftKey && !this.list) {
      event.preventDefault();
      this.box.form.requestSubmit();
      return;
    }
    if (!this.list) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.choose(this.chosen + step);
    else if (event.key === "Enter" || event.key === "Tab") this.take();
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  close() {
    this.list?.remove();
    this.list = null;
    this.box.removeAttribute("aria-activedescendant");
    this.box.removeAttribute("aria-controls");
  }
}

function startCompletion() {
  const boxes = [...document.querySelectorAll(".query textarea")];
  const functions = (boxes[0]?.dataset.functions ?? "").split(" ").filter(Boolean);
  for (const box of boxes) new Completion(box, functions);
}

// ---- charts: the same moment on all of them, its values, and zooming in ----

const SVG = "http://www.w3.org/2000/svg";
const BINARY = ["PiB", "TiB", "GiB", "MiB", "KiB"].map((unit, at) => [1024 ** (5 - at), unit]);
const DECIMAL = ["P", "T", "G", "M", "k"].map((unit, at) => [1000 ** (5 - at), unit]);
const SPANS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
const SHORTEST_DRAG = 8;

/** Figures as the server writes them. */
function digits(value) {
  const size = Math.abs(value);
  if (size >= 99.95 || Number.isInteger(value)) return Math.round(value).toLocaleString("en-US");
  return size >= 9.995 ? value.toFixed(1) : size >= 0.01 ? value.toFixed(2) : String(Number(value.toPrecision(3)));
}

function scaled(value, units, smallest) {
  const found = units.find(([size]) => Math.abs(value) >= size * 0.9995);
  if (found) return `${digits(value / found[0])}\u00a0${found[1]}`;
  return smallest ? `${Math.round(value).toLocaleString("en-US")}\u00a0${smallest}` : digits(value);
}

function figure(value, unit) {
  if (unit === "bytes") return scaled(value, BINARY, "B");
  if (unit === "bytes_per_second") return `${scaled(value, BINARY, "B")}/s`;
  if (unit === "ratio") return `${digits(value * 100)}\u00a0%`;
  if (unit === "seconds") {
    const [size, name] = SPANS.find(([least]) => Math.abs(value) >= least * 0.9995) ?? SPANS.at(-1);
    return value === 0 ? "0\u00a0s" : `${digits(value / size)}\u00a0${name}`;
  }
  const text = Math.abs(value) >= 10_000 ? scaled(value, DECIMAL, "") : digits(value);
  return unit === "per_second" ? `${text}/s` : text;
}

/** The values behind a line; null where there is none. */
const decoded = new WeakMap();
function valuesOf(path) {
  const text = path.dataset.v;
  if (decoded.get(path)?.text !== text) {
    const bytes = atob(text);
    const [low, high] = [Number(path.dataset.lo), Number(path.dataset.hi)];
    const values = Array.from({ length: bytes.length / 2 }, (_, at) => {
      const number = bytes.charCodeAt(2 * at) | (bytes.charCodeAt(2 * at + 1) << 8);
      return number === 0xffff ? null : low + (number / 0xfffe) * (high - low);
    });
    decoded.set(path, { text, values });
  }
  return decoded.get(path).values;
}

class Plot {
  constructor(svg) {
    this.svg = svg;
    this.start = Number(svg.dataset.start);
    this.end = Number(svg.dataset.end);
  }

  /** Where the lines are, in the window. */
  get box() {
    const box = this.svg.getBoundingClientRect();
    const style = getComputedStyle(this.svg);
    const [left, right] = [parseFloat(style.paddingLeft), parseFloat(style.paddingRight)];
    return { left: box.left + left, width: box.width - left - right, top: box.top, bottom: box.bottom };
  }

  momentAt(clientX) {
    const { left, width } = this.box;
    return this.start + Math.min(1, Math.max(0, (clientX - left) / width)) * (this.end - this.start);
  }

  lines(moment) {
    const share = (moment - this.start) / (this.end - this.start);
    return [...this.svg.querySelectorAll("path[data-v]")].map((path) => {
      const values = valuesOf(path);
      return { path, value: values[Math.round(share * (values.length - 1))] };
    });
  }

  place(value) {
    const { scale, low, high } = this.svg.dataset;
    const at = scale === "log" ? (one) => Math.log10(Math.max(one, Number(low))) : Number;
    return 1 - (at(value) - at(low)) / (at(high) - at(low));
  }

  clear() {
    for (const old of this.svg.querySelectorAll("[data-own]")) old.remove();
  }

  draw(moment) {
    this.clear();
    if (moment < this.start || moment > this.end) return;
    const layer = document.createElementNS(SVG, "g");
    layer.dataset.own = "";
    const x = `${((moment - this.start) / (this.end - this.start)) * 100}%`;
    layer.append(shape("line", { class: "cross", x1: x, x2: x, y2: "100%" }));
    for (const { path, value } of this.lines(moment)) {
      // The layers of a stack have no place of their own value.
      if (value === null || path.classList.contains("st")) continue;
      const colour = [...path.classList].find((name) => /^c\d$/.test(name)) ?? "";
      layer.append(shape("circle", { class: `dot ${colour}`, cx: x, cy: `${this.place(value) * 100}%`, r: 3.5 }));
    }
    this.svg.append(layer);
  }

  select(from, to) {
    this.clear();
    const share = (moment) => ((moment - this.start) / (this.end - this.start)) * 100;
    const [x, width] = [`${share(Math.min(from, to))}%`, `${Math.abs(share(to) - share(from))}%`];
    const area = shape("rect", { class: "band info", x, width, height: "100%" });
    area.dataset.own = "";
    this.svg.append(area);
  }
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const plots = () => [...document.querySelectorAll("svg.plot[data-start]")].map((svg) => new Plot(svg));

class Crosshair {
  constructor() {
    this.tip = document.createElement("div");
    this.tip.className = "tip";
    this.tip.dataset.own = "";
    this.tip.hidden = true;
    this.tip.style.position = "fixed";
    this.tip.style.pointerEvents = "none";
    document.body.append(this.tip);
  }

  show(plot, moment) {
    this.plot = plot;
    this.moment = moment;
    for (const one of plots()) one.draw(moment);
    const known = plot.lines(moment).filter(({ value }) => value !== null);
    known.sort((one, other) => other.value - one.value);
    const time = document.createElement("b");
    time.textContent = `${new Date(moment).toISOString().slice(0, 19).replace("T", " ")} UTC`;
    this.tip.replaceChildren(time, ...known.map(({ path, value }) => entry(path, value, plot.svg.dataset.unit)));
    this.tip.hidden = false;
    const { left, width, top } = plot.box;
    const x = left + ((moment - plot.start) / (plot.end - plot.start)) * width;
    // On the side with more room.
    this.tip.style.left = `${x < innerWidth / 2 ? x + 12 : x - 12 - this.tip.offsetWidth}px`;
    this.tip.style.top = `${Math.min(Math.max(4, top + 12), innerHeight - this.tip.offsetHeight - 4)}px`;
  }

  hide() {
    this.tip.hidden = true;
    this.plot = null;
    for (const one of plots()) one.clear();
  }
}

function entry(path, value, unit) {
  const row = document.createElement("div");
  const swatch = document.createElement("i");
  swatch.className = `sw ${[...path.classList].find((name) => /^c\d$/.test(name)) ?? ""}`;
  row.append(swatch, `${figure(value, unit)}  ${path.dataset.name}`);
  return row;
}

/** The same page with a range of time that was dragged over; on the query page that of one panel. */
function zoom(plot, from, to) {
  const url = new URL(location.href);
  const [start, end] = [Math.min(from, to), Math.max(from, to)].map((one) => Math.round(one / 1000));
  const panel = plot.svg.closest("[id^='panel-']")?.id.slice("panel-".length);
  if (panel !== undefined) {
    url.searchParams.set(`g${panel}.range_input`, `${Math.max(10, end - start)}s`);
    url.searchParams.set(`g${panel}.end_input`, String(end));
  } else {
    url.searchParams.delete("range");
    url.searchParams.set("from", String(start));
    url.searchParams.set("to", String(end));
  }
  location.assign(url);
}

function startCharts() {
  const crosshair = new Crosshair();
  const at = (event) => {
    const svg = event.target.closest?.("svg.plot[data-start]");
    return svg ? new Plot(svg) : null;
  };
  let drag = null;
  document.addEventListener("pointerdown", (event) => {
    const plot = at(event);
    if (!plot || event.button !== 0 || event.pointerType === "touch" || event.target.closest("a")) return;
    event.preventDefault();
    drag = { plot, x: event.clientX, from: plot.momentAt(event.clientX) };
  });
  document.addEventListener("pointermove", (event) => {
    const plot = at(event);
    if (drag && Math.abs(event.clientX - drag.x) >= SHORTEST_DRAG) {
      for (const one of plots()) one.select(drag.from, drag.plot.momentAt(event.clientX));
    } else if (plot) crosshair.show(plot, plot.momentAt(event.clientX));
    else if (crosshair.plot) crosshair.hide();
  });
  document.addEventListener("pointerup", (event) => {
    const { plot, x, from } = drag ?? {};
    drag = null;
    if (plot && Math.abs(event.clientX - x) >= SHORTEST_DRAG) zoom(plot, from, plot.momentAt(event.clientX));
  });
  addEventListener("keydown", (event) => {
    const { plot, moment } = crosshair;
    if (!plot || event.target.closest("input, textarea, select")) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") crosshair.hide();
    if (!step) return;
    event.preventDefault();
    const moved = moment + (step * (plot.end - plot.start)) / 100;
    crosshair.show(plot, Math.min(plot.end, Math.max(plot.start, moved)));
  });
  document.addEventListener("focusin", (event) => {
    const plot = at(event);
    if (plot && event.target.matches(":focus-visible")) crosshair.show(plot, plot.end);
  });
  const reachable = () => {
    for (const { svg } of plots()) svg.setAttribute("tabindex", "0");
  };
  reachable();
  document.addEventListener("renewed", reachable);
}

followFragment();
startTheme();
startRefresh();
startCopying();
startKeys();
startCompletion();
startCharts();
