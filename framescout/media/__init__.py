"""Reading video files (containers, frames) and writing clips (the ffmpeg program)."""
