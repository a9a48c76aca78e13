// Signing in, the language, and keeping the figures fresh. The token lives in sessionStorage only.

import { Figures } from "/static/figures.js";
import { FlowReturn } from "/static/flow_return.js";
import { follow, SignedOut } from "/static/stream.js";

const STALE_S = 5;
const RETRY_MS = [500, 1000, 2000, 5000];
const at = (id) => document.getElementById(id);

const state = { language: "en", words: {}, token: sessionStorage.getItem("token"), stats: null, heardAt: 0, offset: 0, link: "connecting", watch: null };

function say(key, values = {}) {
  const words = state.words[key] ?? key.split(".").pop();
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const locale = () => (state.language === "zh" ? "zh-CN" : "en");
const number = (value, digits = 0) => value.toLocaleString(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
const time = (iso) => new Date(iso).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const flowReturn = new FlowReturn(say, () => state.language, ask);
const figures = new Figures(say, number, time, (agent) => flowReturn.button(agent));

async function useLanguage(language) {
  state.language = language;
  localStorage.setItem("language", language);
  state.words = await (await fetch(`/static/words.${language}.json`)).json();
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = say("page.title");
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  at("languages").setAttribute("aria-label", say("page.language"));
  for (const each of document.querySelectorAll("[data-language]")) each.setAttribute("aria-pressed", String(each.dataset.language === language));
  at("sign-in-problem").textContent = "";
  state.said = null;
  draw();
}

function draw() {
  const signedIn = state.token !== null;
  at("sign-in").hidden = signedIn;
  at("sign-out").hidden = !signedIn;
  at("figures").hidden = !signedIn || state.stats === null;
  at("link").hidden = !signedIn;
  at("updated").hidden = !signedIn || state.stats === null;
  if (!signedIn) return;
  drawLink();
  if (state.stats !== null) {
    at("updated").textContent = say("page.updated", { time: time(state.stats.at) });
    figures.show(state.stats, Date.parse(state.stats.at));
  }
}

/** The announced words change with the state, not with every second: a screen reader must not be flooded. */
function drawLink() {
  const age = state.stats === null ? 0 : Math.floor((performance.now() - state.heardAt) / 1000);
  const stale = age >= STALE_S;
  const look = stale ? "stale" : state.link;
  document.body.classList.toggle("stale-figures", stale);
  const seconds = stale ? age - (age % 5) : 0;
  const words = stale ? say("page.stale", { seconds }) : say(`page.${state.link}`);
  if (words === state.said) return;
  state.said = words;
  at("link").className = `link ${look}`;
  at("link-words").textContent = words;
}

function heard(stats) {
  if (state.stats === null || stats.at !== state.stats.at) state.heardAt = performance.now();
  state.stats = stats;
  state.link = "live";
  draw();
}

/** A request as whoever is signed in; with a body it is a POST. */
async function ask(path, body) {
  const headers = { Authorization: `Bearer ${state.token}`, "Accept-Language": state.language };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) {
    const problem = await answer.json();
    throw Object.assign(new Error(problem.error_id), { words: [problem.title, problem.detail].filter(Boolean).join(" – ") });
  }
  return answer.status === 204 ? null : answer.json();
}

async function watch() {
  state.watch?.abort();
  const control = (state.watch = new AbortController());
  flowReturn.signedIn().then(draw, () => {}); // without it the figures are there, and no buttons
  for (let failures = 0; !control.signal.aborted; failures += 1) {
    try {
      await follow("/api/v1/stats/stream", state.token, control.signal, (stats) => {
        failures = 0;
        heard(stats);
      });
    } catch (problem) {
      if (control.signal.aborted) return;
      if (problem instanceof SignedOut) return signOut("page.sign_in_failed");
    }
    state.link = "reconnecting";
    draw();
    await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]));
  }
}

function signOut(problem) {
  state.watch?.abort();
  sessionStorage.removeItem("token");
  Object.assign(state, { token: null, stats: null, link: "connecting", said: null });
  document.body.classList.remove("stale-figures");
  flowReturn.signedOut();
  draw();
  at("sign-in-problem").textContent = problem ? say(problem) : "";
}

async function signIn(event) {
  event.preventDefault();
  const form = event.target;
  at("sign-in-problem").textContent = "";
  try {
    state.token = form.way.value === "token" ? await checked(form.token.value.trim()) : await exchanged(form.name.value, form.password.value);
  } catch (problem) {
    at("sign-in-problem").textContent = problem.words ?? say("page.unreachable");
    return;
  }
  sessionStorage.setItem("token", state.token);
  form.reset();
  chooseWay();
  draw();
  at("figures").focus();
  void watch();
}

async function checked(token) {
  await refusedOr(await fetch("/api/v1/me", { headers: { Authorization: `Bearer ${token}` } }));
  return token;
}

async function exchanged(name, password) {
  const answer = await fetch("/api/v1/login", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept-Language": state.language },
    body: JSON.stringify({ name, password }),
  });
  return (await (await refusedOr(answer)).json()).token;
}

async function refusedOr(answer) {
  if (answer.ok) return answer;
  const refused = new Error("refused");
  refused.words = [401, 403, 422].includes(answer.status) ? say("page.sign_in_failed") : (await answer.json()).title;
  throw refused;
}

function chooseWay() {
  const chosen = at("sign-in-form").way.value;
  for (const each of document.querySelectorAll("[data-way]")) each.hidden = each.dataset.way !== chosen;
}

for (const each of document.querySelectorAll("[data-language]")) each.addEventListener("click", () => useLanguage(each.dataset.language));
at("sign-in-form").addEventListener("submit", signIn);
at("sign-in-form").addEventListener("change", chooseWay);
at("sign-out").addEventListener("click", () => signOut());
setInterval(() => state.token !== null && drawLink(), 1000);

const preferred = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
await useLanguage(preferred);
if (state.token !== null) void watch();
