// Sends the caller of a conversation back into a flow: agents their own, supervisors anybody's.

import { element } from "/static/figures.js";

const MAY_SEND_ANY = ["supervisor", "admin"];
const at = (id) => document.getElementById(id);

export class FlowReturn {
  /** `ask(path, body)` is a request to the service as whoever is signed in; it throws with `words` to show. */
  constructor(say, language, ask) {
    Object.assign(this, { say, language, ask, me: null, buttons: new Map(), agent: null, attempt: null });
    at("return-form").addEventListener("submit", (event) => this.send(event));
    at("return-cancel").addEventListener("click", () => at("return").close());
  }

  async signedIn() {
    this.me = await this.ask("/api/v1/me");
  }

  signedOut() {
    this.me = null;
    this.buttons.clear();
    at("notice").textContent = "";
    if (at("return").open) at("return").close();
  }

  maySend(agent) {
    if (!this.me || agent.state !== "on_call") return false;
    return MAY_SEND_ANY.includes(this.me.role) || (this.me.role === "agent" && this.me.agent === agent.id);
  }

  /** The same element each time: figures are drawn anew every second, and a key or a click must not fall in between. */
  button(agent) {
    if (!this.maySend(agent)) return null;
    if (!this.buttons.has(agent.id)) {
      const made = element("button", { type: "button", class: "small" });
      made.addEventListener("click", () => this.open(agent));
      this.buttons.set(agent.id, made);
    }
    const button = this.buttons.get(agent.id);
    button.textContent = this.say("page.return");
    button.setAttribute("aria-label", this.say("page.return_of", { agent: agent.name }));
    return button;
  }

  async open(agent) {
    at("notice").textContent = "";
    try {
      const call = await this.ask(`/api/v1/agents/${agent.id}/call`);
      const { flows } = await this.ask("/api/v1/ivr/flows");
      const known = await Promise.all(flows.map((one) => this.ask(`/api/v1/ivr/flows/${encodeURIComponent(one.flow)}/entries`)));
      this.choose(agent, call, known.filter((one) => one.entries.length));
    } catch (problem) {
      at("notice").textContent = problem.words ?? this.say("page.unreachable");
    }
  }

  choose(agent, call, flows) {
    Object.assign(this, { agent, attempt: call.attempt });
    at("return-who").textContent = this.say("page.return_who", { agent: agent.name, number: call.number || "–" });
    at("return-entry").replaceChildren(...flows.map((flow) =>
      element("optgroup", { label: this.titled(flow.title, flow.flow) }, ...flow.entries.map((one) =>
        element("option", { value: JSON.stringify([flow.flow, one.entry]) }, this.titled(one.label, one.entry))))));
    at("return-problem").textContent = flows.length ? "" : this.say("page.return_nowhere");
    at("return-send").disabled = !flows.length;
    at("return").showModal();
  }

  titled(words, name) {
    return words[this.language()] ?? Object.values(words)[0] ?? name.replaceAll("_", " ");
  }

  async send(event) {
    event.preventDefault();
    const chosen = at("return-entry").selectedOptions[0];
    const [flow, entry] = JSON.parse(chosen.value);
    at("return-problem").textContent = "";
    at("return-send").disabled = true;
    try {
      await this.ask(`/api/v1/calls/${this.attempt}/flow`, { flow, entry });
      at("return").close();
      at("notice").textContent = this.say("page.returned", { agent: this.agent.name, entry: chosen.textContent });
    } catch (problem) {
      at("return-problem").textContent = problem.words ?? this.say("page.unreachable");
    } finally {
      at("return-send").disabled = false;
    }
  }
}
