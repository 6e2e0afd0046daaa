// Footage into a video element, whatever its format: the file itself where the browser plays it; else a stream of
// fragmented MP4 that is appended to a SourceBuffer. The stream's times are the video's own, so that currentTime means
// the same everywhere, what is buffered is sought in at once, and only beyond it a new stream begins.
import { firstOf } from "./basics.js";

const AHEAD = 40; // seconds that are fetched ahead
const BEHIND = 30; // and kept behind
// A stream begins so much before the wanted time: for steps back, and since a copy begins with a key picture.
const EARLIER = { copy: 5, encode: 1 };
const GAP = { copy: 0.1, encode: 1.5 }; // and its first frame may come so much after it
const Source = window.ManagedMediaSource ?? window.MediaSource;

export class Footage {
  // failed(sentence) is called where nothing helps.
  constructor(video, facts, failed) {
    Object.assign(this, { video, facts, failed, way: facts.plays, closed: false, turn: 0 });
    this.onError = () => this.fallBack();
    this.onSeeking = () => this.way !== "file" && this.fill();
    video.addEventListener("error", this.onError);
    video.addEventListener("seeking", this.onSeeking);
  }

  start(at) {
    this.wanted = at;
    if (this.way === "file") {
      this.video.src = `/api/videos/${this.facts.video_id}/file?file=${this.facts.file}`;
      this.video.currentTime = at;
    } else if (Source) this.open(at);
    else this.failed("this browser can't play streams; export the moment and play the clip");
  }

  close() {
    this.closed = true;
    this.stop();
    this.video.removeEventListener("error", this.onError);
    this.video.removeEventListener("seeking", this.onSeeking);
    this.video.removeAttribute("src");
    this.video.load();
  }

  // What should play but doesn't (an unusual profile, a hidden first picture) is asked for in another way.
  fallBack() {
    if (this.closed) return;
    if (this.way === "encode") {
      this.failed("this film can't be played");
      return;
    }
    const at = this.video.currentTime || this.wanted;
    const isPlaying = !this.video.paused;
    this.way = "encode";
    this.stop();
    this.start(at);
    if (isPlaying) this.video.play().catch(() => {});
  }

  open(at) {
    this.buffer = null;
    this.source = new Source();
    this.video.disableRemotePlayback = true; // a ManagedMediaSource demands it
    const source = this.source;
    const address = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(address);
      if (this.closed || source !== this.source) return;
      source.duration = this.facts.duration;
      this.video.currentTime = at;
      this.fill();
    }, { once: true });
    this.video.src = address;
  }

  stop() {
    this.turn += 1;
    this.fetching?.abort();
    this.fetching = null;
  }

  holds(seconds) {
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) <= seconds && seconds < buffered.end(i)) return true;
    }
    return false;
  }

  // Make sure that the place where the film stands is there or on its way.
  fill() {
    const at = this.video.currentTime;
    if (this.closed || this.source?.readyState === "closed" || this.holds(at)) return;
    if (this.fetching && at >= this.began && at < this.reached + 3) return;
    this.stop();
    this.pump(at, this.turn).catch((error) => {
      if (error.name !== "AbortError" && !this.closed) this.fallBack();
    });
  }

  async pump(at, turn) {
    this.wanted = at;
    this.began = this.reached = Math.max(0, at - EARLIER[this.way]);
    this.fetching = new AbortController();
    const address = `/api/videos/${this.facts.video_id}/stream?file=${this.facts.file}&start=${this.began.toFixed(3)}&encode=${this.way === "encode"}`;
    const answer = await fetch(address, { signal: this.fetching.signal });
    if (!answer.ok) throw new Error("there is no stream");
    const reader = answer.body.getReader();
    const isMine = () => turn === this.turn && !this.closed;
    let head = new Uint8Array();
    let isArrived = false;
    while (isMine()) {
      await this.room(isMine);
      if (!isMine()) break;
      const { value, done } = await reader.read();
      if (!isMine()) break;
      if (done) {
        if (!isArrived) this.arrive(at);
        this.fetching = null;
        if (this.source.readyState === "open" && !this.buffer?.updating) this.source.endOfStream();
        return;
      }
      if (head) {
        head = joined(head, value);
        const codecs = codecsOf(head);
        if (!codecs) continue;
        await this.prepare(`video/mp4; codecs="${codecs}"`);
        if (!isMine()) break;
        await this.append(head);
        head = null;
      } else await this.append(value);
      if (isMine() && !isArrived && this.reached > at) {
        isArrived = true;
        this.arrive(at);
      }
    }
    reader.cancel().catch(() => {});
  }

  // The first frame may stand a little behind the wanted time; where nothing is near, the copy doesn't do.
  arrive(at) {
    if (this.holds(this.video.currentTime)) return;
    const { buffered } = this.video;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.start(i) > at && buffered.start(i) < at + GAP[this.way]) {
        this.video.currentTime = buffered.start(i) + 0.001;
        return;
      }
      if (buffered.end(i) <= at && buffered.end(i) > at - GAP[this.way]) {
        this.video.currentTime = Math.max(buffered.start(i), buffered.end(i) - 0.001);
        return;
      }
    }
    throw new Error("the wanted time is not in the stream");
  }

  async prepare(type) {
    if (!Source.isTypeSupported(type)) throw new Error("not supported");
    if (!this.buffer) {
      this.buffer = this.source.addSourceBuffer(type);
    } else {
      await idle(this.buffer);
      this.buffer.abort();
      this.buffer.changeType(type);
    }
    this.buffer.timestampOffset = -this.facts.stream_shift;
  }

  async append(data) {
    await idle(this.buffer);
    try {
      this.buffer.appendBuffer(data);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      await this.forget(2);
      this.buffer.appendBuffer(data);
    }
    await idle(this.buffer);
    const { buffered } = this.buffer;
    for (let i = 0; i < buffered.length; i += 1) {
      if (buffered.end(i) > this.began) this.reached = Math.max(this.reached, buffered.end(i));
    }
  }

  async forget(seconds) {
    const end = this.video.currentTime - seconds;
    if (end <= 0 || !this.buffer) return;
    this.buffer.remove(0, end);
    await idle(this.buffer);
  }

  // Wait until the film has come near to what is fetched.
  async room(isMine) {
    while (isMine() && this.reached > this.video.currentTime + AHEAD) {
      await firstOf(this.video, ["timeupdate", "seeking", "emptied"]);
      if (isMine() && this.video.currentTime > BEHIND * 2) await this.forget(BEHIND);
    }
  }
}

function idle(buffer) {
  if (!buffer.updating) return Promise.resolve();
  return new Promise((resolve) => buffer.addEventListener("updateend", resolve, { once: true }));
}

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

// The codecs that the head of an MP4 file names, as a media type says them; null while it isn't whole.
function codecsOf(head) {
  const end = find(head, "moof");
  if (end < 0) return null;
  const hex = (byte) => byte.toString(16).padStart(2, "0");
  const two = (number) => String(number).padStart(2, "0");
  const codecs = [];
  const avc = find(head, "avcC");
  const vp9 = find(head, "vpcC");
  const av1 = find(head, "av1C");
  if (avc >= 0) codecs.push(`avc1.${hex(head[avc + 5])}${hex(head[avc + 6])}${hex(head[avc + 7])}`);
  else if (vp9 >= 0) codecs.push(`vp09.${two(head[vp9 + 8])}.${two(head[vp9 + 9])}.${two(head[vp9 + 10] >> 4)}`);
  else if (av1 >= 0) {
    const [first, second] = [head[av1 + 5], head[av1 + 6]];
    const depth = second & 0x40 ? (second & 0x20 ? 12 : 10) : 8;
    codecs.push(`av01.${first >> 5}.${two(first & 31)}${second & 0x80 ? "H" : "M"}.${two(depth)}`);
  }
  if (find(head, "mp4a") >= 0) codecs.push("mp4a.40.2");
  return codecs.join(",");
}

function find(bytes, name) {
  const [a, b, c, d] = [...name].map((letter) => letter.charCodeAt(0));
  for (let i = 0; i + 3 < bytes.length; i += 1) {
    if (bytes[i] === a && bytes[i + 1] === b && bytes[i + 2] === c && bytes[i + 3] === d) return i;
  }
  return -1;
}
