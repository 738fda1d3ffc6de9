// The live panel of a page: what the server says goes in as text, never as markup.
(() => {
  const panel = document.getElementById("live");
  const name = location.pathname.slice("/of/".length); // as the address has it, encoded
  const SVG = "http://www.w3.org/2000/svg";
  const SILENT_S = 25; // the server says something every 10 s
  const COLORS = ["accent", "best-2", "best-3", "best-4", "best-5", "quiet"];
  const STATUS = { problem: "Problem", unclear: "Cannot be judged", notice: "Notice", ok: "In order" };
  const MOST = 3; // of findings: more are not read
  const PARTS = ["question", "comparison", "studies", "findings", "predictions", "trials", "limits", "provenance", "rules"];

  // --- small things

  const node = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const drawn = (tag, attributes) => {
    const made = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const set = (place, text) => { if (place.textContent !== text) place.textContent = text; };
  const show = (place, is) => { if (place.hidden === is) place.hidden = !is; };
  const count = (number) => number.toLocaleString("en");
  const several = (number, noun) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
  const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");
  const span = (seconds) => {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} days`;
  };
  const color = (study) => `var(--${COLORS[study % COLORS.length]})`;

  // --- the panel, made once

  const status = node("strong", { class: "live-status", role: "status" }, "Connecting");
  const left = node("span", { class: "live-left" });
  const last = node("span", { class: "live-last" });
  const trouble = node("p", { class: "live-trouble", role: "alert" });
  const rows = node("tbody");
  const studies = node("table", { class: "live-studies" },
    node("thead", {}, node("tr", {}, ...["study", "ended", "infeasible", "best"].map((text) => node("th", { scope: "col" }, text)))), rows);
  const more = node("p", { class: "live-note" });
  const chart = drawn("svg", { class: "live-chart", viewBox: "0 0 480 190", role: "img" });
  const caption = node("figcaption");
  const running = node("ul", { class: "live-running", "aria-label": "What runs" });
  const turned = node("ul");
  const others = node("details", {}, node("summary"), node("ul"));
  const turns = node("div", { class: "live-turned" }, node("p", { class: "label" }), turned, others);
  const about = node("p", { class: "live-note" });
  const body = node("div", { class: "live-body" },
    node("div", {}, studies, more, running), node("figure", {}, caption, chart));
  panel.append(node("div", { class: "live-head" }, status, left, last), trouble, body, turns, about);
  for (const place of [trouble, turns, more, running]) place.hidden = true;

  // --- what holds now

  const REFUSED = "This page is no longer let in: open the address that etude serve printed last";
  let refused = false;
  let state = null, offset = 0, heard = Date.now(), lost = 0, over = "";
  let baseline = null, opened = Date.now(), wanted = 0, busy = false;
  let shown = Number(panel.dataset.made || 0); // when the report below was made

  function connection() {
    if (refused) return ["lost", REFUSED];
    if (over) return ["over", over];
    if (lost) return ["lost", `No connection since ${clock(lost / 1000)}`];
    if (!state) return ["idle", "Connecting"];
    if (state.trouble) return ["lost", "The store cannot be read"];
    return state.running ? ["running", "Training"] : ["idle", "No run goes on"];
  }

  function head() {
    const [kind, text] = connection();
    panel.dataset.state = kind;
    set(status, text);
    show(trouble, Boolean(state && (state.trouble || state.page.trouble)));
    set(trouble, (state && (state.trouble || (state.page.trouble && `No newer page: ${state.page.trouble}`))) || "");
    if (!state || state.left === undefined) return;
    const until = state.left_s === null ? "" : `, until about ${clock(state.at + state.left_s).slice(0, 5)} (${span(state.left_s)})`;
    set(left, state.left ? `${several(state.ended, "trial")} ended, ${count(state.left)} left${until}` : `All ${several(state.ended, "trial")} ended`);
    const now = Date.now() / 1000 + offset;
    set(last, state.last.text ? `${state.last.text}, ${span(now - state.last.at)} ago` : "");
    const page = state.page;
    const next = page.busy ? "; a newer one is being made" : page.ended === state.ended ? "" : page.next > now + 1 ? `; the next at ${clock(page.next)}` : "";
    const below = page.made ? `The report below is of ${several(page.ended, "ended trial")}, made ${clock(page.made)}${next}. ` : "";
    const owner = state.owner;
    const who = owner && state.running ? `Run by process ${owner.process} on ${owner.host || "this machine"}, since ${clock(Date.parse(owner.started) / 1000)}. ` : "";
    set(about.firstChild, below + who);
  }
  about.append("", node("a", { href: "/all" }, "All experiments"));

  function table() {
    while (rows.children.length > state.studies.length) rows.lastChild.remove();
    state.studies.forEach((study, place) => {
      const row = rows.children[place] || rows.appendChild(node("tr", {},
        node("th", { scope: "row" }, node("span", { class: "live-name" }, node("i", { class: "live-dot" }), node("span"))),
        node("td", {}, node("span"), node("progress", { "aria-label": "ended" })), node("td"), node("td", { class: "live-best" })));
      const [title, ended, infeasible, best] = row.children;
      title.firstChild.firstChild.style.background = color(place);
      set(title.firstChild.lastChild, study.name);
      set(ended.firstChild, `${count(study.ended)} of ${count(study.of)}${study.stopped ? `, ${count(study.stopped)} stopped` : ""}`);
      ended.lastChild.max = Math.max(1, study.of);
      ended.lastChild.value = study.ended;
      set(infeasible, count(study.infeasible));
      infeasible.className = study.infeasible ? "live-infeasible" : "";
      const text = study.best ? `${study.best} (trial ${study.trial})` : "none yet";
      if (best.textContent && best.textContent !== text) best.dataset.fresh = Date.now();
      if (Date.now() - best.dataset.fresh > 5000) delete best.dataset.fresh;
      set(best, text);
    });
    show(more, state.more_studies > 0);
    set(more, `And ${count(state.more_studies)} more studies.`);
  }

  function runs() {
    show(running, state.trials.length > 0);
    const known = new Map([...running.children].map((item) => [item.dataset.trial, item]));
    state.trials.forEach((trial) => {
      const key = String(trial.trial);
      const item = known.get(key) || running.appendChild(node("li", { "data-trial": key }, node("b"), node("span"), node("progress"), node("span")));
      known.delete(key);
      const [title, study, bar, text] = item.children;
      set(title, `Trial ${key}`);
      set(study, trial.study === "all" ? "" : trial.study);
      bar.setAttribute("aria-label", `Trial ${key}`);
      bar.max = Math.max(1, trial.of);
      bar.value = trial.step;
      set(text, `step ${count(trial.step)} of ${count(trial.of)}${trial.value ? `, at ${trial.value}` : ""}`);
    });
    known.forEach((item) => item.remove());
    running.dataset.more = state.more_trials ? `and ${count(state.more_trials)} more` : "";
  }

  // --- curves as they grow

  function scale(values) {
    const sorted = [...values].sort((one, two) => one - two);
    const [low, high] = [sorted[Math.floor(0.01 * (sorted.length - 1))], sorted[Math.ceil(0.99 * (sorted.length - 1))]];
    const isLog = low > 0 && high / low > 10; // over a decade
    const [from, to] = isLog ? [Math.log(low), Math.log(high)] : [low, high];
    const place = (value) => {
      const at = ((isLog ? Math.log(Math.max(value, low)) : value) - from) / (to - from || 1);
      return 158 - 146 * Math.min(1.04, Math.max(-0.04, at));
    };
    return { low, high, place };
  }

  function curves() {
    chart.replaceChildren();
    const all = state.curves.flatMap((one) => one.points);
    if (!all.length) return set(caption, "No value was reported yet.");
    const { low, high, place } = scale(all.map((point) => point[1]));
    const most = Math.max(1, state.max_steps - 1, ...all.map((point) => point[0]));
    const x = (step) => 62 + (step / most) * 408;
    chart.append(drawn("path", { class: "live-axis", d: "M62 12V158H470" }));
    const digits = (value) => String(Number(value.toPrecision(3)));
    for (const [text, at, y, anchor] of [[digits(high), 56, 16, "end"], [digits(low), 56, 158, "end"], ["0", 62, 176, "start"], [`step ${count(most)}`, 470, 176, "end"]]) {
      const label = drawn("text", { x: at, y, "text-anchor": anchor });
      label.textContent = text;
      chart.append(label);
    }
    for (const one of [...state.curves].reverse()) {
      const points = one.points.map(([step, value]) => `${x(step).toFixed(1)} ${place(value).toFixed(1)}`);
      const line = drawn("path", { class: one.running ? "live-curve" : "live-curve best", d: `M${points.join("L")}`, style: `stroke:${color(one.study)}`, "data-trial": one.trial });
      const title = drawn("title", {});
      title.textContent = `Trial ${one.trial}`;
      line.append(title);
      chart.append(line);
      const [cx, cy] = points[points.length - 1].split(" ");
      if (one.running) chart.append(drawn("circle", { cx, cy, r: 3, style: `fill:${color(one.study)}` }));
    }
    const live = state.curves.filter((one) => one.running).length;
    set(caption, `${state.metric}${live ? `, ${several(live, "running trial")}` : ""}; thick: the best of each study`);
    chart.setAttribute("aria-label", caption.textContent);
  }
  chart.addEventListener("click", (event) => {
    const trial = event.target.dataset.trial;
    if (trial !== undefined && window.etude && window.etude.mark) window.etude.mark(Number(trial));
  });

  let isDue = false;
  function draw() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      head();
      if (!state || state.left === undefined) return;
      show(body, state.running || state.left > 0); // of what is over, the report says all
      table();
      runs();
      curves();
      panel.dataset.drawn = state.at;
    });
  }

  // --- findings as they turn

  function findings(list) {
    const now = new Map(list.map((one) => [`${one.rule}|${one.check}|${one.about}`, one]));
    if (!baseline) { baseline = now; return; }
    const rank = Object.keys(STATUS);
    const changed = [...now].filter(([key, one]) => (baseline.has(key) ? baseline.get(key).status !== one.status : one.status !== "ok"))
      .sort(([, one], [, other]) => rank.indexOf(one.status) - rank.indexOf(other.status));
    const lines = changed.map(([key, one]) => {
      const before = baseline.get(key);
      const text = one.headline.replaceAll("`", "") || `${one.check}, ${one.about}`;
      return node("li", {}, node("b", {}, STATUS[one.status]), `${before ? `, was ${STATUS[before.status].toLowerCase()}` : ""}: ${text} `, node("small", {}, one.rule));
    });
    show(turns, lines.length > 0);
    set(turns.firstChild, `${several(lines.length, "finding")} turned since ${clock(opened / 1000)}`);
    turned.replaceChildren(...lines.slice(0, MOST));
    show(others, lines.length > MOST);
    set(others.firstChild, `${count(lines.length - MOST)} more`);
    others.lastChild.replaceChildren(...lines.slice(MOST));
  }

  // --- the report below, when there is a newer one

  async function refresh(made) {
    wanted = Math.max(wanted, made);
    if (busy || document.hidden || wanted <= shown) return;
    busy = true;
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      if (!answer.ok) return;
      const html = await answer.text();
      shown = Number((/ data-made="([\d.]+)"/.exec(html) || [])[1] || wanted); // whatever becomes of it
      panel.dataset.made = shown;
      if (!window.etude) return location.reload(); // as of the page that waits for the first report
      const restore = remember();
      await window.etude.refresh(html);
      restore();
    } catch (error) {
      console.error(error);
      if (shown >= wanted) location.reload(); // it came, and cannot be put in the place of the older one
      return;
    } finally {
      busy = false;
    }
    if (wanted > shown) refresh(wanted);
  }

  // Where somebody reads, what was unfolded, and where the keyboard is.
  function remember() {
    const focusable = "a, button, input, select, summary, [tabindex]";
    const parts = PARTS.map((id) => document.getElementById(id)).filter(Boolean);
    const open = new Map(parts.map((part) => [part.id, [...part.querySelectorAll("details")].map((one) => one.open)]));
    const part = document.activeElement && document.activeElement.closest(PARTS.map((id) => `#${id}`).join(","));
    const focus = part && [part.id, [...part.querySelectorAll(focusable)].indexOf(document.activeElement)];
    const seen = document.elementsFromPoint(innerWidth / 2, 96).map((one) => one.closest("main [id]")).find(Boolean);
    const anchor = seen && [seen.id, seen.getBoundingClientRect().top];
    return () => {
      for (const [id, states] of open) {
        const all = document.getElementById(id) ? document.getElementById(id).querySelectorAll("details") : [];
        if (all.length === states.length) all.forEach((one, place) => { if (one.open !== states[place]) one.open = states[place]; });
      }
      if (focus && focus[1] >= 0 && document.getElementById(focus[0])) {
        const again = document.getElementById(focus[0]).querySelectorAll(focusable)[focus[1]];
        if (again && again !== document.activeElement) again.focus({ preventScroll: true });
      }
      const place = anchor && document.getElementById(anchor[0]);
      if (place) scrollBy({ top: place.getBoundingClientRect().top - anchor[1], behavior: "instant" });
    };
  }

  // --- stop and add, where the server lets a page do it

  const word = panel.dataset.control;
  if (word) {
    // The page loads itself again once its first report is made: what was said before that stays.
    const KEY = `said of ${name}`;
    const said = node("span", { role: "status" }, sessionStorage.getItem(KEY) || "");
    sessionStorage.removeItem(KEY);
    addEventListener("pagehide", () => {
      if (document.body.classList.contains("shell") && said.textContent) sessionStorage.setItem(KEY, said.textContent);
    });
    const ask = async (action, query = "") => {
      try {
        const answer = await fetch(`/control/${action}/${name}${query}`, { method: "POST", headers: { "X-Etude-Control": word } });
        set(said, (await answer.json()).text);
      } catch { set(said, "There is no connection."); }
    };
    const stop = node("button", { type: "button", class: "live-stop" }, "Stop this run");
    stop.addEventListener("click", () => {
      if (stop.dataset.sure === undefined) {
        stop.dataset.sure = "";
        set(stop, "Really stop it? What was finished is kept");
        setTimeout(() => { delete stop.dataset.sure; set(stop, "Stop this run"); }, 5000);
        return;
      }
      delete stop.dataset.sure;
      set(stop, "Stop this run");
      ask("stop");
    });
    const number = node("input", { type: "number", min: "1", max: "99999", value: "10", "aria-label": "More trials a study" });
    const add = node("button", { type: "button" }, "Add trials a study");
    add.addEventListener("click", () => ask("add", `?trials=${Math.floor(number.valueAsNumber) || 0}`));
    panel.append(node("p", { class: "live-control" }, stop, number, add, said));
  }

  // --- the connection

  const FIRST_MS = 1000, MOST_MS = 30000, AWAY_MS = 30000;
  let source = null, again = 0, wait = FIRST_MS, away = 0;
  function disconnect() {
    clearTimeout(again);
    if (source) source.close();
    source = null;
  }
  function later() { // it may be served again; nobody is asked without end
    disconnect();
    again = setTimeout(connect, wait);
    wait = Math.min(2 * wait, MOST_MS);
  }
  function connect() {
    disconnect();
    heard = Date.now();
    source = new EventSource(`/events/${name}`);
    const on = (kind, take) => source.addEventListener(kind, (event) => {
      heard = Date.now();
      lost = 0;
      take(JSON.parse(event.data));
      if (!over) wait = FIRST_MS;
    });
    on("beat", () => { over = ""; draw(); });
    on("findings", findings);
    on("state", (said) => {
      if (!state || state.at !== said.at) over = ""; // the same again comes before the same end
      state = said;
      offset = said.at - Date.now() / 1000;
      draw();
      refresh(said.page.made);
    });
    on("end", (said) => {
      over = said.text || "";
      lost = over ? 0 : Date.now();
      draw();
      later();
    });
    source.onopen = () => { refused = false; };
    source.onerror = () => {
      if (!lost && !over) lost = Date.now();
      draw();
      const isAnswered = source.readyState === EventSource.CLOSED;
      later();
      if (isAnswered) fetch("/live.js", { cache: "no-store" }).then((answer) => { refused = answer.status === 403; draw(); }, () => {});
    };
  }

  // A browser has six connections to a server: tabs that nobody sees leave theirs to others.
  const leave = () => { if (document.hidden) away = setTimeout(disconnect, AWAY_MS); };
  const isSilent = () => Date.now() - heard > SILENT_S * 1000;
  setInterval(() => {
    if (document.hidden) return;
    if (source && isSilent()) {
      if (!lost && !over) lost = heard;
      connect();
    }
    draw();
  }, 5000);
  document.addEventListener("visibilitychange", () => {
    clearTimeout(away);
    leave();
    if (document.hidden) return;
    if (!source || isSilent()) connect();
    draw();
    refresh(wanted);
  });
  connect();
  leave();
  window.etudeLive = { get state() { return state; }, get isConnected() { return source !== null; } };
})();
