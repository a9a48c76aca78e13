// The figures as elements. Everything from the service goes in as text, never as markup.

const LIMIT = 0.03; // 16 CFR 310.4(b)(4)(i)
const NEAR = 0.025;
const SVG = "http://www.w3.org/2000/svg";

const SHAPES = {
  good: "M2 8.5 6.5 13 14 3.5",
  busy: "M3 8h10M8 3v10",
  warn: "M8 2v8M8 13v1",
  still: "M3 8h10",
  bad: "M3 3l10 10M13 3 3 13",
};
const AGENT_LOOK = { ready: "good", preview: "busy", on_call: "busy", wrap_up: "warn", paused: "still", connecting: "warn", logged_out: "still" };
const CAMPAIGN_LOOK = { running: "good", paused: "warn", stopping: "warn", draft: "still", stopped: "still", finished: "still" };
const AGENT_ORDER = ["on_call", "wrap_up", "preview", "ready", "connecting", "paused", "logged_out"];

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function pill(look, words) {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ d: SHAPES[look], fill: "none", stroke: "currentColor", "stroke-width": "2.6", "stroke-linecap": "round" }))
    path.setAttribute(name, value);
  icon.append(path);
  return element("span", { class: `pill ${look}` }, icon, words);
}

export class Figures {
  /** `beyond(agent)` gives a button that stands beside an agent, or null. */
  constructor(say, number, time, beyond) {
    this.beyond = beyond;
    this.say = say;
    this.number = number;
    this.time = time;
  }

  show(stats, now) {
    this.tiles(stats);
    this.campaigns(stats.campaigns);
    this.abandonment(stats.campaigns);
    this.outcomes(stats.campaigns);
    this.queues(stats.queues, now);
    this.agents(stats.agents, now);
    this.trunks(stats.trunks);
    this.parts(stats.parts);
  }

  tiles(stats) {
    const states = stats.agents.by_state;
    const calls = total(stats.campaigns.map((one) => one.calls));
    const today = sum(stats.campaigns.map((one) => one.abandonment.today ?? { answered: 0, abandoned: 0 }));
    const waiting = calls.waiting ?? 0;
    const over = today.answered > 0 && today.abandoned / today.answered > LIMIT;
    document.getElementById("tiles").replaceChildren(
      this.tile("figure.ready_agents", this.number(states.ready ?? 0)),
      this.tile("figure.on_call_agents", this.number(states.on_call ?? 0)),
      this.tile("figure.calls_now", this.number(Object.values(calls).reduce((a, b) => a + b, 0))),
      this.tile("figure.waiting_calls", this.number(waiting), "", waiting > (states.ready ?? 0)),
      this.tile("figure.abandonment", this.percent(today), `${this.say("window.today")} · ${this.counts(today)}`, over),
    );
  }

  tile(key, value, small = "", alert = false) {
    const words = element("dd", {}, value, element("small", {}, small));
    return element("dl", { class: alert ? "tile alert" : "tile" }, element("dt", {}, this.say(key)), words);
  }

  campaigns(campaigns) {
    this.table("campaigns", ["figure.campaign", "figure.state", "figure.mode", "figure.calls", ["figure.due"], "figure.contacts", "figure.pacing"],
      campaigns.map((one) => [
        element("th", { scope: "row", class: "name" }, one.name),
        cell("", pill(CAMPAIGN_LOOK[one.state] ?? "still", this.say(`campaign.${one.state}`))),
        cell("nowrap", one.decision ? this.say(`mode.${one.decision.mode}`) : "–"),
        cell("", this.chips("attempt", one.calls)),
        cell("number", this.number(one.contacts.due_now), this.nextDue(one.contacts)),
        cell("", this.chips("contact", one.contacts.by_state)),
        cell("words", ...this.pacing(one)),
      ]), "page.no_campaigns");
  }

  /** What holds the number of lines where it is; the pacer's own words are English, and below. */
  pacing(one) {
    if (!one.decision) return [one.pacing];
    const lines = `${this.say("figure.lines_wanted")} ${this.number(one.decision.target_lines)}`;
    const words = `${lines} · ${this.say(`binding.${one.decision.binding}`)}`;
    return [words, element("span", { class: "sub" }, one.pacing)];
  }

  nextDue(contacts) {
    if (contacts.due_now > 0 || !contacts.next_due_at) return null;
    return element("span", { class: "sub" }, this.say("figure.next_due", { time: this.time(contacts.next_due_at) }));
  }

  chips(group, counts) {
    const shown = Object.entries(counts).map(([state, count]) =>
      element("span", {}, element("span", { class: "label" }, `${this.say(`${group}.${state}`)} `), element("b", {}, this.number(count))));
    return shown.length ? element("div", { class: "chips" }, ...shown) : "–";
  }

  abandonment(campaigns) {
    const rows = campaigns.flatMap((one) => Object.entries(one.abandonment).map(([window, of], index) => [
      element("th", { scope: "row", class: "name" }, index === 0 ? one.name : element("span", { class: "sub" }, one.name)),
      cell("nowrap", this.say(`window.${window}`)),
      cell("number", this.number(of.answered)),
      cell("number", this.number(of.abandoned)),
      cell("number rate", this.percent(of)),
      cell("", this.limitBar(of)),
      cell("", this.verdict(of)),
    ]));
    this.table("abandonment", ["figure.campaign", "figure.window", ["figure.answered"], ["figure.abandoned"], ["figure.rate"], "figure.limit", "figure.state"], rows);
  }

  limitBar(of) {
    const rate = of.answered ? of.abandoned / of.answered : 0;
    const look = rate > LIMIT ? "bar bad" : rate > NEAR ? "bar warn" : "bar";
    const fill = element("i");
    fill.style.width = `${Math.min(100, (rate / (2 * LIMIT)) * 100)}%`;
    const limit = element("span", { class: "limit" });
    limit.style.left = "50%";
    return element("div", { class: look, role: "img", "aria-label": this.counts(of) }, fill, limit);
  }

  verdict(of) {
    if (!of.answered) return pill("still", this.say("figure.too_few"));
    const rate = of.abandoned / of.answered;
    if (rate > LIMIT) return pill("bad", this.say("figure.above_limit"));
    return rate > NEAR ? pill("warn", this.say("figure.near_limit")) : pill("good", this.say("figure.within_limit"));
  }

  counts(of) {
    return this.say("figure.of_limit", { abandoned: this.number(of.abandoned), answered: this.number(of.answered) });
  }

  percent(of) {
    if (!of.answered) return "–";
    return `${this.number((100 * of.abandoned) / of.answered, 2)} %`;
  }

  outcomes(campaigns) {
    const counts = total(campaigns.map((one) => one.outcomes));
    const all = Object.values(counts).reduce((a, b) => a + b, 0);
    const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]).map(([outcome, count]) => {
      const fill = element("i");
      fill.style.width = `${(100 * count) / all}%`;
      return [
        element("th", { scope: "row" }, this.say(`disposition.${outcome}`)),
        cell("number", this.number(count)),
        cell("number", `${this.number((100 * count) / all, 1)} %`),
        cell("", element("div", { class: "bar", "aria-hidden": "true" }, fill)),
      ];
    });
    this.table("outcomes", ["figure.outcome", ["figure.count"], ["figure.share"], ""], rows);
  }

  /** Callers who wait; without a queue there is nothing to show. */
  queues(queues, now) {
    document.getElementById("queues-card").hidden = !queues.length;
    this.table("queues", ["figure.queue", ["figure.waiting_callers"], ["figure.longest_wait"], ["figure.answered_in_time"], ["figure.left_queue"]], queues.map((one) => {
      const longest = one.waiting_since ? (now - Date.parse(one.waiting_since)) / 1000 : null;
      const late = longest !== null && longest > one.goal_s;
      const share = one.answered ? ` · ${this.number((100 * one.in_time) / one.answered)} %` : "";
      return [
        element("th", { scope: "row", class: "name" }, one.name),
        cell("number", this.number(one.waiting)),
        cell("number", longest === null ? "–" : late ? pill("warn", duration(longest)) : duration(longest)),
        cell("number", `${this.number(one.in_time)} / ${this.number(one.answered)}${share}`, element("span", { class: "sub" }, this.say("figure.goal", { seconds: this.number(one.goal_s) }))),
        cell("number", this.number(one.left)),
      ];
    }));
  }

  /** What is said beside an agent: what is wrong, whom the agent decides on, whom the agent talks with. */
  beside(agent, now) {
    if (agent.trouble) return this.trouble(agent.trouble, now);
    if (agent.offer) return this.say("figure.offer", { contact: agent.offer.contact, time: this.time(agent.offer.expires_at) });
    if (agent.caller) return this.say("figure.caller", { queue: agent.caller.queue, waited: duration(agent.caller.waited_s) });
    return agent.reason;
  }

  agents(agents, now) {
    const states = AGENT_ORDER.filter((state) => agents.by_state[state]).map((state) =>
      element("li", {}, pill(AGENT_LOOK[state], `${this.say(`agent.${state}`)} ${this.number(agents.by_state[state])}`)));
    document.getElementById("agent-states").replaceChildren(...states);
    const order = (agent) => AGENT_ORDER.indexOf(agent.state);
    const focused = document.activeElement;
    const sorted = [...agents.list].sort((a, b) => order(a) - order(b) || a.since.localeCompare(b.since));
    this.table("agents", ["figure.agent", "figure.state", ["figure.time_in_state"], "figure.reason", ""], sorted.map((agent) => [
      element("th", { scope: "row", class: "name" }, agent.name),
      cell("", pill(AGENT_LOOK[agent.state] ?? "still", this.say(`agent.${agent.state}`))),
      cell("number", duration((now - Date.parse(agent.since)) / 1000)),
      cell("words", this.beside(agent, now)),
      cell("", this.beyond(agent)),
    ]), "page.no_agents");
    if (focused !== document.activeElement && document.contains(focused)) focused.focus({ preventScroll: true });
  }

  /** What is wrong with a conversation, and for how long. */
  trouble(one, now) {
    const words = this.say(one.direction ? `dead_air.from_${one.direction}` : `dead_air.${one.kind}`);
    return pill("warn", `${words} ${duration(Math.max(0, now - Date.parse(one.since)) / 1000)}`);
  }

  trunks(trunks) {
    this.table("trunks", ["figure.trunk", ["figure.use"], "", ["figure.per_second"]], trunks.map((trunk) => {
      const share = trunk.channels ? trunk.in_use / trunk.channels : 0;
      const fill = element("i");
      fill.style.width = `${Math.min(100, 100 * share)}%`;
      return [
        element("th", { scope: "row", class: "name" }, trunk.name),
        cell("number", `${this.number(trunk.in_use)} / ${this.number(trunk.channels)}`),
        cell("", element("div", { class: share >= 0.9 ? "bar warn" : "bar", "aria-hidden": "true" }, fill)),
        cell("number", `${this.number(trunk.dialled_last_second)} / ${this.number(trunk.calls_per_second, 1)}`),
      ];
    }));
  }

  parts(parts) {
    document.getElementById("parts").replaceChildren(...parts.map((part) => {
      const state = this.say(part.ok ? "page.part_ok" : "page.part_bad");
      const detail = part.detail ? ` · ${part.detail}` : "";
      return element("li", {}, pill(part.ok ? "good" : part.needed ? "bad" : "warn", `${part.name}: ${state}${detail}`));
    }));
  }

  /** A heading in a list of its own belongs to a column of numbers. */
  table(id, headings, rows, empty = "page.none") {
    const table = document.getElementById(id);
    if (!rows.length) {
      table.replaceChildren(element("caption", { class: "empty" }, this.say(empty)));
      return;
    }
    const head = headings.map((heading) => {
      const key = Array.isArray(heading) ? heading[0] : heading;
      if (!key) return element("td");
      return element("th", Array.isArray(heading) ? { scope: "col", class: "number" } : { scope: "col" }, this.say(key));
    });
    table.replaceChildren(
      element("thead", {}, element("tr", {}, ...head)),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row))),
    );
  }
}

function cell(look, ...children) {
  return element("td", look ? { class: look } : {}, ...children);
}

function total(maps) {
  const all = {};
  for (const map of maps) for (const [key, count] of Object.entries(map)) all[key] = (all[key] ?? 0) + count;
  return all;
}

function sum(windows) {
  return windows.reduce((a, b) => ({ answered: a.answered + b.answered, abandoned: a.abandoned + b.abandoned }), { answered: 0, abandoned: 0 });
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value) => String(value).padStart(2, "0");
  const rest = `${pad(Math.floor((whole % 3600) / 60))}:${pad(whole % 60)}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${rest}` : rest;
}
