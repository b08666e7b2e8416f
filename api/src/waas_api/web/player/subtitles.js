// Shows the words over a video as subtitles, as they are by now.

/** Keep a track of a video true to a document. */
export function showSubtitles(video, content, label) {
  const track = video.addTextTrack("subtitles", label, content.language);
  track.mode = "showing";
  const refresh = () => {
    for (const cue of [...(track.cues ?? [])]) track.removeCue(cue);
    for (const { start, end, text, speaker } of content.segments) {
      if (end > start) track.addCue(new VTTCue(start, end, escape(speaker ? `${speaker}: ${text}` : text)));
    }
  };
  content.addEventListener("change", refresh);
  refresh();
  return track;
}

/** In a cue, these begin what is markup there. */
function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
