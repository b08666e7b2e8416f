// How loud a recording is over its length: told by the service, else measured here where it is short.

const LONGEST_BYTES = 40e6; // a browser decodes all of it into memory
const COUNT = 1200;
const RATE = 8000; // more than the eye can tell

/** Return numbers from 0 to 1; null where nobody can tell. */
export async function measurePeaks(content) {
  if (content.size > LONGEST_BYTES) return null;
  try {
    const sound = await new OfflineAudioContext(1, RATE, RATE).decodeAudioData(await content.arrayBuffer());
    return summarize(sound.getChannelData(0));
  } catch {
    return null; // the browser may play what it cannot decode here
  }
}

function summarize(samples) {
  const count = Math.min(COUNT, samples.length);
  const peaks = Array.from({ length: count }, (_, place) => {
    const to = Math.floor(((place + 1) * samples.length) / count);
    let most = 0;
    for (let each = Math.floor((place * samples.length) / count); each < to; each += 1) most = Math.max(most, Math.abs(samples[each]));
    return most;
  });
  const loudest = Math.max(...peaks, 1e-6);
  return peaks.map((each) => each / loudest);
}
