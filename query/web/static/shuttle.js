// J, K and L, as on an editing desk: back, stop, on; J or L again is twice as fast. No browser plays backwards, so that
// the way back is a row of jumps, each as far as the time that went by says.
const FASTEST = 8;

export class Shuttle {
  // goTo(seconds) jumps; faster() and usual() set the speed on the way on; play() begins it.
  constructor(video, { goTo, faster, usual, play }) {
    Object.assign(this, { video, goTo, faster, usual, play, rate: 0 });
  }

  // How fast it goes back; 0: it doesn't.
  back() {
    const rate = this.rate ? Math.min(FASTEST, this.rate * 2) : 1;
    this.halt();
    this.video.pause();
    this.rate = rate;
    this.began = { clock: performance.now(), at: this.video.currentTime };
    this.frame = requestAnimationFrame(() => this.jump());
    return rate;
  }

  jump() {
    if (!this.rate) return;
    if (!this.video.seeking) {
      const to = this.began.at - (this.rate * (performance.now() - this.began.clock)) / 1000;
      this.goTo(to);
      if (to <= 0) {
        this.halt();
        return;
      }
    }
    this.frame = requestAnimationFrame(() => this.jump());
  }

  on() {
    if (this.rate) {
      this.halt();
      this.usual();
    } else if (!this.video.paused) {
      this.faster();
      return;
    }
    this.play();
  }

  stop() {
    this.halt();
    this.video.pause();
    this.usual();
  }

  // No further jump back.
  halt() {
    cancelAnimationFrame(this.frame);
    this.rate = 0;
  }
}
