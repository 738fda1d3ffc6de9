// The page as a person uses it: charts drawn as they come into view, one marked trial in all of
// them, a table that sorts, filters and opens, rules that open in place. Texts are never markup.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const json = (id, from = document) => JSON.parse(from.getElementById(id).textContent);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  };
  root.classList.add("scripted");

  // --- the trials: columns of numbers and codes, as the page has them

  let trials, placeOf, charts, config;
  const text = (coded, at) => coded.texts[coded.codes[at]];
  // The same digits as in the page's own texts: three; six where a trial is opened.
  const shownNumber = (value, digits = 3) => {
    if (value === null) return "";
    const size = Math.abs(value);
    if (Number.isSafeInteger(value)) return String(value);
    const [front, power] = value.toExponential(digits - 1).split("e");
    if (power >= digits && size < 1e6) return Number(value.toPrecision(digits)).toLocaleString("en-US");
    if (power < -4 || power >= digits) return `${Number(front)}e${Number(power)}`;
    return String(Number(value.toPrecision(digits)));
  };
  const valueText = (name, at, digits = 3) => {
    const column = trials.values[name];
    if (!column) return trials.same[name] ?? "";
    return column.numbers ? shownNumber(column.numbers[at], digits) : text(column, at);
  };
  const setting = (at, digits = 3) => [...trials.columns, ...Object.keys(trials.values), ...Object.keys(trials.same)]
    .filter((name, place, names) => names.indexOf(name) === place)
    .map((name) => [name, valueText(name, at, digits)])
    .filter(([, value]) => value !== "");
  const title = (at) => `Trial ${trials.id[at]}${trials.names[at] ? ` (${trials.names[at]})` : ""}`;
  const read = (from = document) => {
    ({ config, charts } = json("charts", from));
    trials = json("trial-data", from);
    placeOf = new Map(trials.id.map((id, at) => [id, at]));
  };
  read();

  // --- charts

  const views = new Map();
  const waiting = new Set();
  let queued = [], busy = false;
  let marked = null, pinned = false;
  const trialOf = (datum) => {
    const id = Number.parseInt(datum?.trial, 10);
    return placeOf.has(id) ? id : null;
  };
  const show = async (place, spec) => {
    const { view } = await vegaEmbed(place, spec, { mode: "vega-lite", renderer: "svg", actions: false, config, tooltip: tip });
    // The place has its label; a reader of screens needs no two thousand marks besides.
    place.querySelector("svg")?.setAttribute("aria-hidden", "true");
    view.addEventListener("click", (event, item) => {
      const id = trialOf(item?.datum);
      if (id !== null) mark(id === marked && pinned ? null : id, true);
    });
    return view;
  };
  const set = (view) => {
    try { view.signal("marked", marked).runAsync(); } catch { /* a chart without trials */ }
  };
  const drawOne = async (place) => {
    if (!waiting.delete(place)) return;
    eye.unobserve(place);
    try {
      const view = await show(place, charts[place.dataset.chart]);
      // A newer page may have taken the place away meanwhile.
      if (place.isConnected) views.set(place, view); else view.finalize();
      if (marked !== null) set(view);
    } catch (error) {
      place.dataset.failed = "";
      console.error(error);
    }
    if (!waiting.size) root.dataset.drawn = "";
  };
  const work = async () => {
    const place = queued.shift();
    busy = Boolean(place);
    if (!place) return;
    await drawOne(place);
    setTimeout(work);
  };
  const eye = new IntersectionObserver((entries) => {
    queued.push(...entries.filter((one) => one.isIntersecting).map((one) => one.target));
    if (!busy && queued.length) { busy = true; setTimeout(work); }
  }, { rootMargin: "300px" });
  const watch = (places) => places.forEach((place) => { waiting.add(place); eye.observe(place); });
  // Nothing is waited for but what is at hand, so all are drawn when the caller's turn ends.
  const draw = () => Promise.all([...waiting].map(drawOne));
  const forget = (place) => { views.get(place)?.finalize(); views.delete(place); waiting.delete(place); eye.unobserve(place); };

  // --- one tooltip, with the names and the whole setting

  const bubble = make("div", { class: "tip", hidden: true });
  document.body.append(bubble);
  const pairs = (entries) => make("dl", {}, ...entries.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
  const tip = (handler, event, item, value) => {
    bubble.hidden = value === null || value === undefined || value === "";
    if (bubble.hidden) return;
    const id = trialOf(item?.datum);
    const own = typeof value === "object" ? Object.entries(value).filter(([name]) => id === null || !["trial", "study", "setting"].includes(name)) : [["", value]];
    bubble.replaceChildren();
    if (id !== null) {
      const at = placeOf.get(id);
      bubble.append(make("b", {}, title(at)), ` ${text(trials.study, at)}, ${text(trials.status_text, at)}`);
    }
    bubble.append(pairs(own));
    if (id !== null) bubble.append(make("hr"), pairs(setting(placeOf.get(id)).slice(0, 24)));
    const { width, height } = bubble.getBoundingClientRect();
    const left = event.clientX + 14 + width > innerWidth ? event.clientX - width - 14 : event.clientX + 14;
    const top = event.clientY + 14 + height > innerHeight ? event.clientY - height - 14 : event.clientY + 14;
    bubble.style.left = `${Math.max(4, left)}px`;
    bubble.style.top = `${Math.max(4, top)}px`;
  };
  addEventListener("scroll", () => { bubble.hidden = true; }, { passive: true });

  // --- a trial marked in one chart is marked in all

  const chip = document.getElementById("marked");
  const mark = (id, pin = false) => {
    if (id === marked && pin === pinned) return;
    const changed = id !== marked;
    [marked, pinned] = [id, pin && id !== null];
    if (changed) views.forEach(set);
    all("tr.marked").forEach((row) => row.classList.remove("marked"));
    all(`tr[data-trial="${id}"]`).forEach((row) => row.classList.add("marked"));
    chip.hidden = !pinned;
    if (!pinned) return;
    const open = make("button", { type: "button" }, "Open");
    const clear = make("button", { type: "button", "aria-label": "Clear the mark" }, "Esc");
    open.onclick = () => openTrial(id, true);
    clear.onclick = () => mark(null);
    const at = placeOf.get(id);
    chip.replaceChildren(`${title(at)}: ${text(trials.shown, at) || text(trials.status_text, at)}`, open, clear);
  };

  // --- the table of trials

  const STEP = 200;
  let order = [], filled = 0, sorting = { key: "best", name: "", down: trials.maximize };
  const opened = new Set();
  const keyed = { id: (at) => trials.id[at], best: (at) => trials.best[at], step: (at) => trials.step[at], study: (at) => text(trials.study, at), status: (at) => text(trials.status_text, at) };
  const sortKey = () => {
    const column = trials.values[sorting.name];
    if (sorting.key !== "value") return keyed[sorting.key];
    return column?.numbers ? (at) => column.numbers[at] : (at) => valueText(sorting.name, at) || null;
  };
  const compare = (one, other) => (typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other);
  const sorted = (places) => {
    const key = sortKey(), sign = sorting.down ? -1 : 1;
    return places.map((at) => [key(at), at]).sort(([one, a], [other, b]) => {
      if (one === null || other === null) return (one === null) - (other === null) || a - b;
      return sign * compare(one, other) || a - b;
    }).map(([, at]) => at);
  };
  const searched = (at) => [`#${trials.id[at]}`, trials.id[at], trials.names[at] ?? "", text(trials.study, at), text(trials.status_text, at), ...setting(at).map((pair) => pair.join("="))].join(" ").toLowerCase();
  const haystacks = [];
  const matches = (at, words, status) => {
    if (status && text(trials.status, at) !== status) return false;
    if (!words.length) return true;
    const hay = haystacks[at] ??= searched(at);
    return words.every((word) => hay.includes(word));
  };
  const cell = (kind, value, attributes = {}) => make("td", { class: kind, ...attributes }, value);
  const row = (at) => {
    const id = trials.id[at];
    const button = make("button", { type: "button", "aria-expanded": String(opened.has(id)), "aria-label": `Open trial ${id}` }, String(id));
    const ofStudies = document.querySelector('#trial-table th[data-key="study"]');
    const value = text(trials.shown, at);
    return make("tr", { class: `${text(trials.status, at)}${at === 0 && value ? " first" : ""}${id === marked ? " marked" : ""}`, "data-trial": id },
      cell("number id", button), cell("number best", value || "none"),
      cell("number step", trials.step[at] === null ? "–" : trials.step[at].toLocaleString("en-US")),
      ...(ofStudies ? [cell("name", text(trials.study, at))] : []), cell("standing", text(trials.status_text, at)),
      ...trials.columns.map((name) => cell(trials.values[name]?.numbers ? "value number" : "value", valueText(name, at), { "data-name": name })));
  };
  const body = () => document.querySelector("#trial-table tbody");
  const more = make("button", { type: "button", class: "more-rows" }, "Show more rows");
  const fill = (until) => {
    const rows = order.slice(filled, until).flatMap((at) => (opened.has(trials.id[at]) ? [row(at), detail(at)] : [row(at)]));
    body().append(...rows);
    filled = Math.min(until, order.length);
    more.hidden = filled >= order.length;
  };
  const end = new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting) && filled) fill(filled + STEP); });
  const list = () => {
    const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = document.getElementById("status").value;
    const places = trials.id.map((_, at) => at).filter((at) => matches(at, words, status));
    order = sorted(places);
    filled = 0;
    closeCurves();
    body().replaceChildren();
    fill(STEP);
    for (const head of all("#trial-table th")) {
      if (!sorts(head)) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    }
    const total = trials.id.length.toLocaleString("en-US");
    document.getElementById("count").textContent = `${order.length.toLocaleString("en-US")} of ${total} trials`;
  };
  const sorts = ({ dataset: { key, name = "" } }) => sorting.key === key && sorting.name === name;
  const table = () => {
    const place = document.getElementById("trial-table");
    // A newer page may come before the table of the first one was made.
    if (place.dataset.ready === "") return;
    place.dataset.ready = "";
    const statuses = [...trials.status.texts].sort();
    document.getElementById("status").append(...statuses.map((name) => make("option", { value: name }, name)));
    document.querySelector(".controls").hidden = false;
    for (const head of all("#trial-table th")) {
      const button = make("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      if (trials.values[head.dataset.name]?.numbers) head.classList.add("number");
      button.onclick = () => {
        const { key, name = "" } = head.dataset;
        sorting = { key, name, down: sorts(head) ? !sorting.down : key === "best" && trials.maximize };
        list();
      };
    }
    document.getElementById("filter").oninput = list;
    document.getElementById("status").onchange = list;
    place.after(more);
    more.onclick = () => fill(filled + STEP);
    place.addEventListener("click", (event) => {
      const button = event.target.closest("td.id button");
      if (button) toggle(Number(button.closest("tr").dataset.trial));
    });
    place.addEventListener("pointerover", (event) => hovered(event.target));
    place.addEventListener("focusin", (event) => hovered(event.target));
    place.addEventListener("pointerleave", () => { if (!pinned) mark(null); });
    end.disconnect();
    end.observe(more);
    list();
  };
  const hovered = (target) => {
    const id = target.closest?.("tr[data-trial]")?.dataset.trial;
    if (id !== undefined && !pinned) mark(Number(id));
  };

  // --- a trial opened: curves, setting, commands, log

  // A row of a chart's data is a point, or has a list of steps and one of values, a single one where
  // they are equal; of a trial's own values and their running median the own ones stand first.
  const pointsOf = (spec, id) => {
    for (const rows of Object.values(spec.datasets ?? {})) {
      const points = new Map();
      for (const row of rows) {
        const steps = [row.step].flat();
        const [values, of] = [row.value, row.trial].map((one) => Array.isArray(one) ? one : steps.map(() => one));
        steps.forEach((step, at) => {
          const counts = Number.parseInt(of[at], 10) === id && Number.isFinite(step) && Number.isFinite(values[at]);
          if (counts) points.set(step, values[at]);
        });
      }
      if (points.size > 1) return [...points].sort(([one], [other]) => one - other);
    }
    return [];
  };
  const curvesOf = (id) => Object.entries(charts).filter(([name]) => /^curves-\d/.test(name)).flatMap(([name, spec]) => {
    const points = pointsOf(spec, id);
    const heading = document.querySelector(`#chart-${CSS.escape(name)} figcaption strong`)?.textContent ?? name;
    return points.length > 1 ? [{ heading, points }] : [];
  }).slice(0, 3);
  const curveViews = new Map();
  const closeCurves = (within = document) => all(".small", within).forEach((place) => {
    curveViews.get(place)?.finalize();
    curveViews.delete(place);
  });
  const drawCurve = async (place, spec) => {
    if (!place.isConnected) return;
    const view = await show(place, spec);
    if (place.isConnected) curveViews.set(place, view); else view.finalize();
  };
  const small = ({ heading, points }) => {
    const place = make("div", { class: "small chart", role: "img", "aria-label": `${heading}: ${points.length} points` });
    const axis = { tickCount: 4, title: null };
    const spec = { width: "container", height: 120, data: { values: points.map(([step, value]) => ({ step, value })) }, mark: { type: "line", style: "lead-line", point: points.length < 30 },
      encoding: { x: { field: "step", type: "quantitative", axis: { ...axis, grid: false, format: "~s" } }, y: { field: "value", type: "quantitative", axis, scale: { zero: false } } } };
    requestAnimationFrame(() => drawCurve(place, spec).catch(console.error));
    return [make("h3", {}, heading), place];
  };
  // A word of a command does not break at its hyphens.
  const words = (line) => line.split(" ").flatMap((word, at) => [...(at ? [" "] : []), make("span", {}, word)]);
  const command = (line, why) => make("div", {}, make("p", {}, why), make("div", { class: "command" }, make("code", {}, ...words(line)), make("button", { type: "button", class: "copy", "data-copy": line, "aria-label": `Copy the command ${line}` }, "Copy")));
  const commands = (at) => {
    const id = trials.id[at], name = trials.experiment, best = trials.id[0];
    if (trials.best[at] === null) return [make("p", { class: "subject" }, "It has no value, so there is nothing to adopt or to train again.")];
    const adopt = command(`etude adopt ${name}:${id}`, "Adopt it, or get the trainings that have to come first:");
    const other = at === 0 ? command(`etude next ${name} --seeds 5`, "Train the leaders again with other seeds:") : command(`etude compare ${name}:${best} ${name}:${id}`, "Compare it with the best:");
    return [adopt, other];
  };
  const detail = (at) => {
    const id = trials.id[at], message = trials.details.texts[trials.details.codes[id]], log = trials.logs[id];
    const curves = curvesOf(id);
    const left = make("div", {}, ...(curves.length ? curves.flatMap(small) : [make("p", { class: "subject" }, "Its curve is not among those that the page draws.")]));
    const right = make("div", {}, make("h3", {}, "Status"), make("p", {}, text(trials.status_text, at)), ...(message ? [make("pre", { tabindex: "0" }, message)] : []),
      make("h3", {}, "Commands"), ...commands(at));
    const values = make("ul", { class: "setting" }, ...setting(at, 6).map(([name, value]) => make("li", {}, `${name} `, make("b", {}, value))));
    if (trials.left_out) values.append(make("li", {}, `and ${trials.left_out} more: etude trials --json`));
    const ends = log ? [make("h3", {}, "The last lines of its log"), make("pre", { tabindex: "0" }, log)] : [];
    const columns = all("#trial-table th").length;
    const inside = make("div", { class: "inside" }, make("h3", {}, `${title(at)}: its whole setting`), values, make("div", { class: "grid" }, left, right), ...ends);
    return make("tr", { class: "opened", "data-of": id }, make("td", { colspan: columns }, inside));
  };
  const toggle = (id) => {
    const head = document.querySelector(`#trial-table tr[data-trial="${id}"]`);
    const button = head.querySelector("button");
    const open = !opened.has(id);
    button.setAttribute("aria-expanded", String(open));
    if (open) { opened.add(id); head.after(detail(placeOf.get(id))); mark(id, true); }
    else {
      const below = document.querySelector(`#trial-table tr[data-of="${id}"]`);
      closeCurves(below);
      below.remove();
      opened.delete(id);
      if (marked === id) mark(null);
    }
  };
  // Escape closes the trial that it is pressed in, else the one that is marked, where its row is to be seen.
  const closeNearest = () => {
    const at = document.activeElement, within = at?.closest("#trial-table tr");
    const id = Number(within?.dataset.of ?? within?.dataset.trial ?? marked ?? NaN);
    const button = document.querySelector(`#trial-table tr[data-trial="${id}"] button`);
    if (!opened.has(id) || !button || at?.matches("input, select")) return;
    toggle(id);
    button.focus({ preventScroll: true });
  };
  const openTrial = (id) => {
    let head = document.querySelector(`#trial-table tr[data-trial="${id}"]`);
    if (!head) {
      document.getElementById("filter").value = document.getElementById("status").value = "";
      list();
      fill(order.indexOf(placeOf.get(id)) + 1);
      head = document.querySelector(`#trial-table tr[data-trial="${id}"]`);
    }
    if (!opened.has(id)) toggle(id);
    head.scrollIntoView({ block: "center" });
    head.querySelector("button").focus({ preventScroll: true });
  };

  // --- rules open in place; without this script they are links to the appendix

  const note = make("div", { id: "rule-note", popover: "auto", role: "dialog", "aria-label": "Rule" });
  document.body.append(note);
  let asker = null;
  const explain = (link) => {
    const id = link.hash.slice(1), sentence = document.getElementById(id)?.nextElementSibling?.textContent;
    if (!sentence || !note.showPopover) return false;
    const full = make("a", { href: link.hash }, "All rules");
    full.onclick = () => note.hidePopover();
    note.replaceChildren(make("p", {}, make("b", {}, link.textContent), ` ${sentence}`), make("p", {}, full));
    note.setAttribute("aria-label", `Rule ${link.textContent}`);
    note.showPopover({ source: link });
    const box = link.getBoundingClientRect(), { width, height } = note.getBoundingClientRect();
    note.style.left = `${Math.max(12, Math.min(box.left, innerWidth - width - 12))}px`;
    note.style.top = `${box.bottom + height + 8 > innerHeight ? Math.max(8, box.top - height - 6) : box.bottom + 6}px`;
    asker = link;
    link.setAttribute("aria-expanded", "true");
    return true;
  };
  note.addEventListener("toggle", (event) => {
    if (event.newState === "closed") { asker?.setAttribute("aria-expanded", "false"); asker = null; }
  });
  const ready = (within) => {
    for (const link of all("a.rule", within)) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-haspopup", "dialog");
      link.setAttribute("aria-expanded", "false");
    }
  };

  // --- clicks and keys

  const copy = async (button) => {
    const line = button.dataset.copy;
    try { await navigator.clipboard.writeText(line); } catch {
      const area = make("textarea", {}, line);
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  let was = null;
  document.addEventListener("pointerdown", () => { was = asker; }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (button) copy(button);
    const link = event.target.closest("a.rule");
    if (!link) return;
    if (was === link) event.preventDefault();
    else if (explain(link)) event.preventDefault();
    was = null;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("a.rule")) { event.preventDefault(); event.target.click(); }
    if (event.key === "Escape" && !note.matches(":popover-open")) { bubble.hidden = true; closeNearest(); mark(null); }
  });

  // --- the bar says where one is

  const where = () => {
    const links = all(".bar a");
    const passed = links.filter((link) => (document.querySelector(link.hash)?.getBoundingClientRect().top ?? 1) < 120);
    const here = passed.at(-1) ?? links[0];
    links.forEach((link) => (link === here ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
  };
  addEventListener("scroll", where, { passive: true });

  // --- paper cannot be scrolled or unfolded; what the findings say again is left out of it

  const unfold = (open) => all(".more:not(.brief)").forEach((one) => { one.open = open; });
  addEventListener("beforeprint", () => { draw(); unfold(true); });
  addEventListener("afterprint", () => unfold(false));

  // --- a newer page in the place of this one, section by section: what a person opened stays

  const renewed = (fresh, old, before) => {
    const places = all("[data-chart]", old);
    const same = (place) => JSON.stringify(before[place.dataset.chart]) === JSON.stringify(charts[place.dataset.chart]);
    const drawn = new Map(places.filter((place) => views.has(place) && same(place)).map((place) => [place.dataset.chart, place]));
    const open = new Set(all("details[open] > summary", old).map((one) => one.textContent));
    for (const place of all("[data-chart]", fresh)) {
      const before = drawn.get(place.dataset.chart);
      if (before) place.replaceWith(before);
    }
    places.filter((place) => old.contains(place)).forEach(forget);
    all("details > summary", fresh).forEach((one) => { one.parentElement.open = open.has(one.textContent); });
    const section = document.importNode(fresh, false);
    section.append(...fresh.childNodes);
    return section;
  };
  // In the order of the page: what is new stands before the next part that there is.
  const PARTS = ["question", "findings", "rounds", "comparison", "studies", "predictions", "trials", "limits", "provenance", "rules"];
  const refresh = (html) => {
    const coming = new DOMParser().parseFromString(html, "text/html");
    const before = charts;
    read(coming);
    haystacks.length = 0;
    const kept = { filter: document.getElementById("filter").value, status: document.getElementById("status").value };
    closeCurves();
    PARTS.forEach((id, at) => {
      const [old, fresh] = [document.getElementById(id), coming.getElementById(id)];
      if (!fresh) return;
      const replaced = renewed(fresh, old ?? make("section"), before);
      if (old) old.replaceWith(replaced);
      else PARTS.slice(at + 1).map((next) => document.getElementById(next)).find(Boolean).before(replaced);
      ready(replaced);
      watch(all("[data-chart]", replaced).filter((place) => !views.has(place)));
    });
    document.querySelector(".bar ul").replaceChildren(...coming.querySelector(".bar ul").children);
    where();
    Object.assign(document.getElementById("filter"), { value: kept.filter });
    table();
    if (!kept.status) return;
    Object.assign(document.getElementById("status"), { value: kept.status });
    list();
  };
  ready(document);
  watch(all("[data-chart]"));
  where();
  // The first screen first.
  (window.requestIdleCallback ?? setTimeout)(table, { timeout: 800 });
  window.etude = { draw, mark: (id) => mark(id, id !== null), refresh };
})();
