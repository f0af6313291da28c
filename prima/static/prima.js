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

// Unsaved text asks before it is left; a second press of the same button within two seconds is the same press.
let unsaved = false;
for (const form of all("form[method=post]")) {
  form.addEventListener("input", () => { unsaved ||= "unsaved" in form.dataset; });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent && Date.now() - form.dataset.sent < 2000) return event.preventDefault();
    form.dataset.sent = Date.now();
    event.submitter?.setAttribute("aria-busy", "true");
    unsaved = false;
  });
}
addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
addEventListener("pageshow", () => all("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));

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
