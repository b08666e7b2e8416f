// Puts files into a zip archive, uncompressed: a transcript is small, and no program minds.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const NAMES_ARE_UTF8 = 0x0800;
const EARLIEST = 0x0021; // 1 January 1980: the same text gives the same bytes

const TABLE = Uint32Array.from({ length: 256 }, (_, value) => {
  let rest = value;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** Return an archive of [name, text] pairs as the parts of a Blob. */
export function zip(files) {
  const encoder = new TextEncoder();
  const bodies = [];
  const entries = [];
  let offset = 0;
  for (const [path, text] of files) {
    const [name, content] = [encoder.encode(path), encoder.encode(text)];
    // version, flags, method, time, date, checksum, both sizes, length of the name, and no more fields
    const facts = [[2, VERSION], [2, NAMES_ARE_UTF8], [2, 0], [2, 0], [2, EARLIEST], [4, checksum(content)], [4, content.length], [4, content.length], [2, name.length], [2, 0]];
    const head = numbers([[4, LOCAL], ...facts]);
    bodies.push(head, name, content);
    // no comment, first disk, no attributes, and where the file begins
    entries.push(numbers([[4, CENTRAL], [2, VERSION], ...facts, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), name);
    offset += head.length + name.length + content.length;
  }
  const size = entries.reduce((sum, each) => sum + each.length, 0);
  return [...bodies, ...entries, numbers([[4, END], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]])];
}

function checksum(content) {
  let rest = 0xffffffff;
  for (const byte of content) rest = TABLE[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return ~rest >>> 0;
}

/** Return numbers of so many bytes, the smallest first. */
function numbers(pairs) {
  return Uint8Array.from(pairs.flatMap(([length, value]) => Array.from({ length }, (_, place) => (value >>> (8 * place)) & 0xff)));
}
