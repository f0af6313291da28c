// What script adds to pages that work without it: focus on answers, word counts, warnings, charts.
"use strict";

const all = (selector) => document.querySelectorAll(selector);

// The answer to what somebody just did takes the focus.
document.querySelector(".error-summary, .message[data-focus]")?.focus();

// Menus close by Escape and by a click elsewhere.
const close = (kept) => all("details.folded[open]").forEach((menu) => menu !== kept && (menu.open = false));
document.addEventListener("click", (event) => close(event.target.closest("details.folded")));
document.addEventListener("keydown", (event) => {
  const open = document.querySelector("details.folded[open]");
  if (event.key === "Escape" && open) {
    close();
    open.querySelector("summary").focus();
  }
});

// Words are counted as the server counts them: what stands between white space.
for (const area of all("textarea[data-words]")) {
  const line = document.getElementById(`${area.id}-words`);
  const limit = Number(area.dataset.words);
  const count = () => {
    const words = area.value.trim().split(/\s+/).filter(Boolean).length;
    const over = words > limit;
    line.textContent = (over ? line.dataset.over.replace("+", words - limit) : line.dataset.count).replace("#", words);
    line.classList.toggle("over", over);
  };
  area.addEventListener("input", count);
  count();
}

// Characters are counted as the server counts them: one each, an emoji too.
for (const area of all("textarea[data-letters]")) {
  const line = document.getElementById(`${area.id}-letters`);
  const limit = Number(area.dataset.letters);
  const count = () => {
    const text = area.value.trim();
    const letters = text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
    const over = letters > limit;
    const said = over ? line.dataset.over.replace("+", (letters - limit).toLocaleString("en")) : line.dataset.count;
    line.textContent = said.replace("#", letters.toLocaleString("en"));
    line.classList.toggle("over", over);
  };
  area.addEventListener("input", count);
  count();
}

// Unsaved text asks before it is left; a second press of the same button within two seconds is the same press.
const unsaved = new Set(); // forms: sending a comment saves nothing of the section above it
for (const form of all("form[method=post]")) {
  form.addEventListener("input", () => { if ("unsaved" in form.dataset) unsaved.add(form); });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent && Date.now() - form.dataset.sent < 2000) return event.preventDefault();
    form.dataset.sent = Date.now();
    event.submitter?.setAttribute("aria-busy", "true");
    unsaved.delete(form);
  });
}
addEventListener("beforeunload", (event) => { if (unsaved.size) event.preventDefault(); });
addEventListener("pageshow", () => all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));

// A section saves itself. What the server does not have is kept in this browser, and sent until the server has it.
for (const form of all("form[data-autosave]")) {
  const { text: area, version, csrf_token: token } = form.elements;
  const { autosave: address, draft: key } = form.dataset;
  const part = (name) => form.querySelector(`[data-part=${name}]`);
  const after = (name) => Number(form.dataset[name]); // milliseconds: rest, longest
  const typed = () => area.value.trim();
  let saved = "refused" in form.dataset ? null : typed();
  let sent = null; // under way or of unknown fate: sent again as it was until there is an answer
  let open = true; // false once only the page itself can go on: somebody else saved, or the right is gone
  let since, timer, sending, tries = 0;

  const unsent = () => sent !== null || typed() !== saved;
  const keep = () => {
    const waits = unsent();
    if (waits) unsaved.add(form);
    else unsaved.delete(form);
    form.toggleAttribute("data-unsent", waits);
    try {
      if (waits) localStorage.setItem(key, JSON.stringify({ text: area.value, version: version.value, sent }));
      else localStorage.removeItem(key);
    } catch { /* a browser that keeps nothing, or is full: the warning on leaving is left */ }
  };
  const tell = (name, words = "") => {
    const line = part("status");
    const said = (line.dataset[name] ?? "#").replace("#", () => words);
    if (line.textContent !== said) line.textContent = said; // said once, not at each save of the same minute
    line.classList.toggle("over", name !== "saved");
  };

  const deliver = async () => {
    clearTimeout(timer);
    since = undefined;
    sent ??= typed();
    keep();
    const body = new URLSearchParams({ csrf_token: token.value, version: version.value, text: sent }).toString();
    let response, answer;
    try {
      response = await fetch(address, {
        method: "POST", redirect: "manual", signal: AbortSignal.timeout(30000),
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body, keepalive: body.length < 60000, // what outlives its page may have 64 KB
      });
      if (response.headers.get("Content-Type") === "application/json") answer = await response.json();
    } catch {
      response = undefined;
    }
    if (!response || response.status >= 500) {
      tell("offline");
      timer = setTimeout(send, Math.min(after("rest") * 2 ** tries++, after("longest")));
      return false;
    }
    tries = 0;
    if (response.ok && answer) {
      saved = sent;
      version.value = answer.version;
      tell("saved", answer.saved_at);
      document.getElementById("as-opened")?.remove();
    } else if (answer?.errors) tell("errors", answer.errors.join(" "));
    else {
      open = false;
      tell(answer?.who ? "conflict" : "stopped", answer?.who);
      part("compare").hidden = !answer?.who;
    }
    const waits = typed() !== sent;
    sent = null;
    keep();
    if (waits && open) plan();
    return saved !== null && response.ok;
  };
  const send = () => sending ??= (open && unsent() ? deliver() : Promise.resolve(false)).finally(() => { sending = undefined; });
  const plan = () => {
    since ??= Date.now();
    clearTimeout(timer);
    timer = setTimeout(send, Math.min(after("rest"), since + after("longest") - Date.now()));
  };

  const kept = (() => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } })();
  const decided = () => {
    part("offer").hidden = true;
    area.readOnly = false;
    area.focus();
  };
  if (saved === null) keep();
  else if (kept && kept.text.trim() !== saved) {
    part("offer").hidden = false;
    part("kept").textContent = kept.text;
    area.readOnly = true; // two unsent texts cannot both be kept
    part("restore").onclick = () => {
      // Saved on top of what its author last saw: what a colleague wrote since is compared, not lost.
      if (kept.sent !== saved) version.value = kept.version;
      area.value = kept.text;
      decided();
      area.dispatchEvent(new Event("input", { bubbles: true }));
    };
    part("discard").onclick = () => { decided(); keep(); };
  } else keep();

  area.addEventListener("input", () => {
    keep();
    if (open && unsent() && !tries) plan();
  });
  // The button first sends what waits, so that without a connection nobody leaves the page.
  let through = false;
  form.addEventListener("submit", async (event) => {
    if (through || !open || !unsent()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    while (await send() && unsent());
    if (tries) return;
    through = true;
    form.requestSubmit(event.submitter);
    through = false;
  }, true);
  addEventListener("online", send);
  addEventListener("pagehide", send);
  document.addEventListener("visibilitychange", () => document.hidden && send());
}

// Charts: the drawing library comes when a chart comes into view, and on a slow line only when asked for.
const source = document.body.dataset.plotly;
let library;
const load = () => library ??= new Promise((done, failed) => {
  const script = document.createElement("script");
  script.src = source;
  script.onload = done;
  script.onerror = () => { library = undefined; script.remove(); failed(); };
  document.head.append(script);
});

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const axis = (given) => ({ gridcolor: colour("line"), linecolor: colour("edge"), zerolinecolor: colour("edge"), automargin: true, ...given });
const layout = (given, sideways) => ({
  paper_bgcolor: "transparent", plot_bgcolor: "transparent", margin: { t: 12, r: 12, b: 44, l: 56 }, bargap: 0.3,
  colorway: [1, 2, 3, 4, 5, 6, 7].map((number) => colour(`chart-${number}`)),
  legend: { orientation: "h", y: -0.2 }, ...given,
  font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("ink"), ...given?.font },
  xaxis: axis({ showgrid: sideways, ...given?.xaxis }), yaxis: axis({ showgrid: !sideways, ...given?.yaxis }),
});

const say = (place, words) => {
  const line = document.createElement("p");
  line.textContent = words;
  place.replaceChildren(line);
};
const draw = async (place) => {
  const figure = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  if (!window.Plotly) say(place, place.dataset.drawing);
  try {
    await load();
  } catch {
    return say(place, place.dataset.failed);
  }
  if (!place.drawn) place.replaceChildren(place.drawn = document.createElement("div"));
  Plotly.react(place.drawn, figure.data, layout(figure.layout, figure.data[0]?.orientation === "h"), { displayModeBar: false, responsive: true });
};

const line = navigator.connection;
const slow = line && (line.saveData || /2g|3g/.test(line.effectiveType));
const seen = new IntersectionObserver((entries) => entries.forEach((entry) => {
  if (!entry.isIntersecting) return;
  seen.unobserve(entry.target);
  draw(entry.target);
}), { rootMargin: "200px" });
for (const place of source ? all("[data-chart]") : []) {
  place.hidden = false;
  if (slow) {
    const button = document.createElement("button");
    button.className = "btn btn-outline-secondary";
    button.textContent = place.dataset.offer;
    button.onclick = () => draw(place);
    place.append(button);
  } else seen.observe(place);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all("[data-chart]").forEach((place) => place.drawn && draw(place)));
