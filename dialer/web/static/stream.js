// Server-sent events over fetch: EventSource cannot send an Authorization header, and a token has no place in an address.

const QUIET_MS = 30_000; // the service beats every 15 s

export class SignedOut extends Error {}

/** Calls `onData` with each message until `signal` aborts; throws when the stream ends, `SignedOut` on 401. */
export async function follow(url, token, signal, onData) {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener("abort", end);
  let timer = setTimeout(end, QUIET_MS);
  try {
    const answer = await fetch(url, {
      headers: { Authorization: `Bearer ${token}` },
      signal: ending.signal,
      cache: "no-store",
    });
    if (answer.status === 401 || answer.status === 403) throw new SignedOut();
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error("the stream has ended");
      clearTimeout(timer);
      timer = setTimeout(end, QUIET_MS);
      rest = take(rest + value, onData);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
}

/** Hands out the newest whole message only: a page that fell behind catches up at once. */
function take(text, onData) {
  const messages = text.split("\n\n");
  const rest = messages.pop();
  for (const message of messages.reverse()) {
    const data = message.split("\n").filter((line) => line.startsWith("data: "));
    if (data.length) {
      onData(JSON.parse(data.map((line) => line.slice(6)).join("\n")));
      break;
    }
  }
  return rest;
}
