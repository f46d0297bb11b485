// How does the page talk to the workspace? JSON over fetch, and one event stream that comes back after a break.

export class Refused extends Error {
  constructor(code, message, errors) {
    super(message);
    this.code = code;
    this.errors = errors;
  }
}

async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused("unreachable", "The local workspace does not answer. Is `postmedic demo` still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? `http_${response.status}`, body.message ?? body.error ?? `HTTP ${response.status}`, body.errors);
  return body;
}

/** GET /_control/<name> with a query; raises Refused. */
export function get(name, query = {}) {
  return answer(fetch(`/_control/${name}?${new URLSearchParams(query)}`));
}

/** POST /_control/<name> with a JSON body; raises Refused. */
export function post(name, body) {
  return answer(fetch(`/_control/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  }));
}

/**
 * Follows the events one person would see. `onEvent(event)` for each, `onOpen()` at every connection (also after a
 * break, when the caller must read the history again), `onBreak()` when it is lost. Returns a function that stops it.
 */
export function follow(userId, { onEvent, onOpen, onBreak }) {
  let source;
  let timer;
  let wait = 300;
  const connect = () => {
    source = new EventSource(`/_control/stream?as=${encodeURIComponent(userId)}`);
    source.onopen = () => {
      wait = 300;
      onOpen();
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.onerror = () => {
      source.close();
      onBreak();
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
