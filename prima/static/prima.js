// What script adds to pages that work without it: focus on answers, word counts, warnings, charts.
"use strict";

const all = (selector) => document.querySelectorAll(selector);

// The answer to what somebody just did takes the focus, or the field that the address names.
(document.querySelector(".error-summary") ?? document.querySelector("textarea:target") ?? document.querySelector(".message[data-focus]"))?.focus();

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
  colorway: (given?.meta?.colours ?? [1, 2, 3, 4, 5, 6, 7]).map((number) => colour(`chart-${number}`)),
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

// The gender marker's code that the answers suggest, by the table of the edition, while they are chosen.
for (const place of all("[data-suggestions]")) {
  const fields = place.closest("form").elements;
  const table = JSON.parse(place.dataset.suggestions);
  const extents = ["needs_analysis", "outputs", "activities"];
  const fits = (one, aim) => (!one.all || extents.every((name) => fields[name].value === one.all))
    && (one.main_aim === null || one.main_aim === (aim === "yes"));
  const tell = () => {
    const aim = fields.main_aim.value;
    const found = aim && extents.every((name) => fields[name].value) ? table.find((one) => fits(one, aim))?.code : null;
    const chosen = fields.gender_marker_code;
    const words = [...chosen.options].find((option) => option.value === found)?.text ?? found;
    const said = found ? place.dataset.says.replace("#", () => words) : place.dataset.open;
    if (place.textContent !== said) place.textContent = said;
    const differs = Boolean(found && chosen.value && chosen.value !== found);
    place.classList.toggle("amber", differs);
    place.classList.toggle("blue", !differs);
  };
  for (const name of [...extents, "main_aim", "gender_marker_code"]) fields[name].addEventListener("change", tell);
}

// A column of whole numbers is summed while it is typed, as the server sums it when it is saved.
for (const form of all("form[data-total]")) {
  const shown = form.querySelector("tfoot output");
  const count = () => {
    let sum = 0;
    for (const field of form.querySelectorAll(`input[name$="-${form.dataset.total}"]`)) {
      const gone = form.elements[field.name.replace(/[^-]+$/, "remove")]?.checked;
      const typed = field.value.replace(/[\s,]/g, "");
      if (!gone && /^\d+$/.test(typed)) sum += Number(typed);
    }
    shown.textContent = sum.toLocaleString("en");
  };
  form.addEventListener("input", count);
}

// What a rule still asks of fields goes while they are filled, and comes back when they are emptied.
document.addEventListener("input", (event) => {
  for (const link of event.target.id ? all(`[data-until="${event.target.id}"]`) : []) {
    link.hidden = event.target.value.trim() !== "";
    const rule = link.closest("[data-asked]");
    rule.hidden = !rule.querySelector("[data-until]:not([hidden])");
    rule.parentElement.nextElementSibling.hidden = rule.parentElement.querySelector("li:not([hidden])") !== null;
  }
});

// A budget adds up while it is typed: whole cents, as the server counts them. What the server saves is what counts.
for (const form of all("form[data-budget]")) {
  const { currency, rate } = form.dataset;
  const body = form.querySelector("tbody");
  const categories = [...document.getElementById("categories").tBodies[0].rows];
  const within = (place, name) => place.querySelector(`[data-part=${name}]`);
  const show = (place, name, words) => { within(place, name).textContent = words; };

  // Digits with at most so many decimals as a whole number of the smallest unit; undefined where the server would refuse.
  const scaled = (text, places) => {
    const [, whole, rest = ""] = /^(\d{1,13}|\d{1,3}(?:,\d{3})+)(?:\.(\d*))?$/.exec(text.replace(/\s/g, "")) ?? [];
    const part = rest.replace(/0+$/, "");
    return whole && part.length <= places ? BigInt(whole.replaceAll(",", "") + part.padEnd(places, "0")) : undefined;
  };
  const halfUp = (number, by) => (number + by / 2n) / by;
  const money = (cents) => {
    const whole = String(cents / 100n).replace(/\B(?=(\d{3})+$)/g, ",");
    return cents % 100n ? `${whole}.${String(cents % 100n).padStart(2, "0")}` : whole;
  };
  const unit = 10n ** 8n;
  const worth = rate ? scaled(rate, 8) : unit;
  const inUsd = (cents) => halfUp(cents * worth, unit);
  const twice = (cents, usd) => `${currency} ${money(cents)}${rate ? ` (USD ${money(usd)})` : ""}`;
  const say = (cents) => twice(cents, inUsd(cents));
  const sayUsd = (usd) => twice((usd * unit + worth - 1n) / worth, usd);
  const share = (part, total) => total ? `${(Number(part * 1000000n / total) / 10000).toFixed(1)}%` : "";

  const amountOf = (row) => {
    const typed = (name) => row.querySelector(`[name$="-${name}"]`).value.trim();
    if (row.querySelector("[name$='-remove']:checked")) return undefined;
    const cost = scaled(typed("unit_cost"), 2);
    const [quantity, units] = ["quantity", "units"].map((name) => scaled(typed(name) || "1", 4));
    return [cost, quantity, units].includes(undefined) ? undefined : halfUp(cost * quantity * units, unit);
  };
  const measure = (place, sums, total) => {
    const { measures, percent, limit } = place.dataset;
    const [now, most] = limit === undefined
      ? [(sums[measures] ?? 0n) * 1000000n, (total - (sums.overhead ?? 0n)) * scaled(percent, 4)]
      : [inUsd(total) * 1000000n, scaled(limit, 2) * 1000000n];
    const beyond = "atMost" in place.dataset ? now - most : most - now;
    const speak = (number) => (limit === undefined ? say : sayUsd)(halfUp(number, 1000000n));
    show(place, "now", speak(now));
    show(place, "limit", speak(most));
    if (beyond > 0n) show(place, "beyond", speak(beyond));
    within(place, "kept").hidden = beyond > 0n;
    within(place, "missed").hidden = beyond <= 0n;
    const meter = place.querySelector("meter");
    const [at, mark] = [Number(now) / 1e8, Number(most) / 1e8];
    meter.max = Math.max(at, mark, 1) * 1.25;
    meter.value = at;
    if ("atMost" in place.dataset) meter.high = mark;
    else [meter.low, meter.optimum] = [mark, meter.max];
  };
  const add = () => {
    let total = 0n;
    const sums = {}, used = new Set();
    for (const row of body.rows) {
      const amount = amountOf(row);
      show(row, "amount", amount === undefined ? "" : money(amount));
      if (amount === undefined) continue;
      const code = row.querySelector("[name$='-category_code']").value;
      total += amount;
      sums[`leaf ${code}`] = (sums[`leaf ${code}`] ?? 0n) + amount;
      used.add(code);
    }
    let group, inGroup;
    for (const row of categories) {
      if ("group" in row.dataset) {
        [group, inGroup] = [row, 0n];
        row.hidden = true;
      }
      if (!("leaf" in row.dataset)) continue;
      const sum = sums[`leaf ${row.dataset.leaf}`] ?? 0n;
      inGroup += sum;
      if (row.dataset.counts) sums[row.dataset.counts] = (sums[row.dataset.counts] ?? 0n) + sum;
      row.hidden = !used.has(row.dataset.leaf);
      if (!row.hidden) group.hidden = false;
      for (const [place, part] of [[row, sum], [group, inGroup]]) {
        show(place, "sum", money(part));
        show(place, "share", share(part, total));
      }
    }
    categories.at(-1).hidden = used.size > 0;
    all("[data-part=total]").forEach((place) => { place.textContent = money(total); });
    all("[data-measures]").forEach((place) => measure(place, sums, total));
  };
  form.addEventListener("input", add);
  add();

  // Empty lines are added here; without script the button saves first.
  form.querySelector("[data-add-rows]").addEventListener("click", (event) => {
    const { addRows, most } = event.target.dataset;
    const first = body.rows.length;
    if (first >= Number(most)) return; // the server says that it is full
    event.preventDefault();
    for (let number = first; number < first + Number(addRows); number += 1) {
      const row = body.rows[body.rows.length - 1].cloneNode(true);
      row.querySelectorAll(".error, [type=checkbox], [type=checkbox] + label").forEach((one) => one.remove());
      for (const one of [row, ...row.querySelectorAll("*")]) {
        one.classList.remove("wrong");
        ["aria-invalid", "aria-describedby"].forEach((name) => one.removeAttribute(name));
        for (const name of ["id", "name", "for"]) {
          if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace(/^lines-\d+-/, `lines-${number}-`));
        }
        if (one.matches("label")) one.textContent = one.textContent.replace(/\d+(?=\D*$)/, number + 1);
        if (one.matches("input")) one.value = "";
        if (one.matches("select")) one.selectedIndex = 0;
      }
      show(row, "number", number + 1);
      show(row, "amount", "");
      body.append(row);
    }
    body.rows[first].querySelector("select").focus();
  });
}

// Panels of a dashboard: as bars, share or trend at once, and taken away as a picture.
const asked = (link, code) => {
  const url = new URL(link.href);
  if (code === "bars") url.searchParams.delete("show");
  else url.searchParams.set("show", code);
  link.href = url;
};
const show = (code, address) => {
  all("[data-show]").forEach((one) => (one.dataset.show === code ? one.setAttribute("aria-current", "true") : one.removeAttribute("aria-current")));
  for (const place of all("[data-panel]")) {
    const found = document.getElementById(`${place.dataset.panel}-${code}-figure`) ? code : "bars";
    const panel = place.closest(".chart");
    place.dataset.chart = `${place.dataset.panel}-${found}-figure`;
    panel.querySelectorAll("[data-views]").forEach((table) => { table.hidden = !table.dataset.views.split(" ").includes(found); });
    panel.querySelectorAll("[data-data]").forEach((link) => asked(link, found));
    if (place.drawn) draw(place);
  }
  // The filters and the other pages are asked for the same way.
  all("[name=show]").forEach((one) => { one.value = code; });
  all(".tabs a[href*='/dashboard'], [data-clear]").forEach((link) => asked(link, code));
  history.replaceState(null, "", address);
};
for (const link of all("[data-show]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link.dataset.show, link.href);
  });
}
for (const place of source ? all("[data-pictures]") : []) {
  const drawing = place.closest(".chart").querySelector("[data-chart]");
  place.hidden = false;
  place.addEventListener("click", async (event) => {
    const format = event.target.closest("[data-picture]")?.dataset.picture;
    if (!format) return;
    if (!drawing.drawn) await draw(drawing);
    if (!drawing.drawn) return; // it could not be loaded, and says so
    const { data, layout: given, offsetWidth: width, offsetHeight: height } = drawing.drawn;
    const figure = { data, layout: { ...given, paper_bgcolor: colour("paper"), plot_bgcolor: colour("paper") } };
    Plotly.downloadImage(figure, { format, filename: place.dataset.pictures, width, height, scale: format === "png" ? 2 : 1 });
  });
}

// The count, sum and facets of a list come after its rows; until then, and if they do not come, their link stands.
for (const whole of all("[data-figures]")) {
  fetch(whole.dataset.figures).then(async (response) => {
    if (!response.ok) return;
    const part = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const id of ["list-whole", "list-facets"]) {
      const [here, come] = [document.getElementById(id), part.getElementById(id)];
      if (here && come) here.replaceWith(come);
    }
    if (matchMedia("(max-width: 47.99rem)").matches) all(".facets details[open]").forEach((one) => { one.open = false; });
  }).catch(() => {});
}

// An export that is being made is looked at again by itself; without script one presses “Look again”.
for (const place of all("[data-progress]")) {
  const look = async () => {
    const answer = await fetch(place.dataset.progress).catch(() => null);
    if (!answer?.ok || answer.redirected) return; // signed out, or the line is down: the button is still there
    const found = await answer.json();
    place.querySelector("progress").value = found.percent;
    const says = place.querySelector("[data-part=says]");
    if (says.textContent !== found.says) says.textContent = found.says;
    if (!found.open) return location.reload();
    setTimeout(look, 2000);
  };
  setTimeout(look, 1000);
}
