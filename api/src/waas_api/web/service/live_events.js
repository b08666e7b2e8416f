// The one stream of live events that the page has open: of all jobs, or of the job that is shown.

const NAMES = ["status", "progress", "segments", "end", "deleted", "resync"];
const AGAIN_AFTER = 5000;

let source = null;
let timer = null;
let version = 0;

/**
 * Follow a stream from now on, and no other. `tell(name, data)` is called for each event, and for
 * `open`, after which things are to be read anew: what happened before is not told.
 */
export function follow(path, tell) {
  stop();
  const mine = (version += 1);
  const open = () => {
    source = new EventSource(path);
    source.onopen = () => tell("open", null);
    source.onerror = () => {
      tell("lost", null);
      // A browser goes on by itself after a lost connection, and gives up after a refusal.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_AFTER);
    };
    for (const name of NAMES) {
      source.addEventListener(name, (event) => mine === version && tell(name, JSON.parse(event.data)));
    }
  };
  open();
}

/** Follow nothing. */
export function stop() {
  version += 1;
  clearTimeout(timer);
  source?.close();
  source = null;
}
