// Asks the service, by its public API under /v2; errors are its problem details (RFC 9457).

const READING = ["GET", "HEAD"];
const AGAIN_AFTER = 300; // ms
const TYPE_PREFIX = "tag:waas.dev,2026:";

/** The service has refused. */
export class Problem extends Error {
  constructor(status, content) {
    super(content?.detail || content?.title || `HTTP ${status}`);
    this.status = status;
    /** The problem's name, such as job-not-found. */
    this.kind = String(content?.type ?? "").replace(TYPE_PREFIX, "");
  }
}

/** Nobody answers: the network is away, or the service is. */
export class Unreachable extends Error {}

/** Return the answer of a request; raises Problem or Unreachable. */
export async function request(method, path, { json, headers = {}, ...options } = {}) {
  const body = json === undefined ? undefined : JSON.stringify(json);
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await send(path, { method, body, headers: { ...type, ...headers }, ...options });
  if (!response.ok) throw await readProblem(response);
  return response;
}

/** Send a request; what only reads is sent once more where a connection broke off. */
async function send(path, options, { isRepeated = false } = {}) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (isRepeated || !READING.includes(options.method)) throw new Unreachable();
  }
  await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  return send(path, options, { isRepeated: true });
}

/** Return the content of a request's answer, null where it has none. */
export async function ask(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? null : response.json();
}

/** Return the path of a job, or of what is below it. */
export function jobPath(id, below = "") {
  return `/v2/jobs/${encodeURIComponent(id)}${below}`;
}

/** Tell the page that its login is over. */
export function noticeLogout() {
  window.dispatchEvent(new Event("waas-logged-out"));
}

async function readProblem(response) {
  if (response.status === 401) noticeLogout();
  const content = await response.json().catch(() => null);
  return new Problem(response.status, content);
}
