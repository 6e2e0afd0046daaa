"""Reads video files (containers, frames) and writes clips (the ffmpeg program)."""
