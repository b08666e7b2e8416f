// Files that somebody drops or chooses, folders with all that is in them.

const MEDIA_TYPE = /^(audio|video)\//;
// What browsers have no media type for, or the wrong one.
const MEDIA_NAME = /\.(aac|ac3|aif[cf]?|amr|ape|avi|caf|dss|flac|flv|gsm|m4[abv]|mk[av]|mov|mp[234]|mpe?g|mts|m2ts|mxf|oga|ogg|ogv|opus|ra|rm|spx|ts|vob|wav|weba|webm|wma|wmv|3gp)$/i;
const OTHER_TYPE = /^(image|text|font)\/|^application\/(pdf|zip|json|msword|vnd|x-7z|x-rar|gzip|xml)/;

/** Tell whether a file is plainly no recording; the service looks at what others really are. */
export function isNoRecording(file) {
  return !MEDIA_NAME.test(file.name) && OTHER_TYPE.test(file.type);
}

/** Tell whether a file of a folder is worth sending: there, only what is known as sound or video. */
export function isRecording(file) {
  return MEDIA_TYPE.test(file.type) || MEDIA_NAME.test(file.name);
}

/** Tell whether a name is one of video. */
export function isVideoName(name) {
  return /\.(avi|flv|m4v|mkv|mov|mp4|mpe?g|mts|m2ts|mxf|ogv|ts|vob|webm|wmv|3gp)$/i.test(name ?? "");
}

/** Return the files of a drop: [the files themselves, those that lay in folders]. */
export async function readDrop(transfer) {
  // The list is empty once the event is over: what is in it is taken at once.
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const single = [];
  const inFolders = [];
  for (const entry of entries) {
    if (entry instanceof File) single.push(entry);
    else if (entry?.isFile) single.push(await readFile(entry));
    else if (entry?.isDirectory) await readFolder(entry, inFolders);
  }
  return [single, inFolders];
}

function readFile(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function readFolder(folder, found) {
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const entry of entries) {
      if (entry.isDirectory) await readFolder(entry, found);
      else found.push(await readFile(entry));
    }
  }
}
