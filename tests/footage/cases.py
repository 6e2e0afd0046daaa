"""The cases of docs/footage.md: what is read of which device, container and recorder, from where, and what shows it.

Tests are named by their file below tests/ and their function; docs/footage.md is written from here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of footage."""

    footage: str
    does: str
    """What framescout does with it, or where it reads that from."""
    shown_by: tuple[str, ...] = ()
    """Tests; none: it is not mended, and `does` says so."""


@dataclass(frozen=True, slots=True)
class Report:
    """What people met elsewhere and reported in public."""

    source: str
    met: str
    answer: str
    """The right one, which framescout gives."""
    shown_by: tuple[str, ...]


FRAMES = "framescout/media/test_frames.py::test_every_frame_has_the_time_that_a_full_decode_gives_it"
WITHOUT_TIMES = (
    "framescout/media/test_odd_containers.py::test_every_frame_is_there_with_its_time_though_the_container_gives_none"
)
TIMES = "indexer/test_places.py::test_reported_files_have_the_right_time"
LINKS = "indexer/test_places.py::test_links_are_known_by_their_own_names"
WHOLE = "indexer/test_reported_files.py::test_a_recording_is_read_whole_and_cut_to_the_frame"
BROADCAST = (
    "query/clips/test_reports.py::test_all_tracks_of_a_broadcast_recording_go_along_and_its_length_is_the_pictures"
)
CHANGES = "query/clips/test_reports.py::test_a_change_of_form_inside_a_recording_leaves_no_hole_and_loses_no_frame"
MELT = "query/clips/test_editors.py::test_mlt_plays_the_frames_of_the_clips"

CONTAINERS = (
    Case("MP4, MOV, MKV, WebM, FLV, NUT; all codecs that PyAV decodes",
         "the container's presentation times and edit lists", (FRAMES,)),
    Case("MP4 in fragments, as OBS writes it, and such a file cut short", "the same, of what is whole", (WHOLE,)),
    Case("WebM from a browser, without a duration", "the same; the duration from the packets", (WHOLE,)),
    Case("a transport or program stream whose name says MP4", "what the bytes are, not what the name says", (WHOLE,)),
    Case("AVI, ASF, MXF with H.264, MPEG-2 or MPEG-4 that has B-frames",
         "the times of storage, counted from the start, since there are no others", (WITHOUT_TIMES,)),
    Case("MPEG program stream with H.264, HEVC", "counted from the start; most frames have no time", (WITHOUT_TIMES,)),
    Case("MPEG program stream, VOB with MPEG-1, MPEG-2",
         "the container's times; the first 25 frames behind a seek are passed over",
         ("framescout/media/test_odd_containers.py::"
          "test_behind_a_seek_in_a_program_stream_frames_have_the_times_that_they_have_from_the_start",)),
    Case("transport stream whose clock begins anew (a camera that came back, a recorder that appended)",
         "each stretch's own clock, placed behind the stretch before it",
         ("framescout/media/test_clocks.py::test_the_stretches_follow_one_another_and_every_frame_has_its_place",
          "query/clips/test_reports.py::"
          "test_clips_of_a_file_with_several_clocks_begin_with_the_very_frame_and_have_its_sound")),
    Case("raw H.264, HEVC", "counted, at the rate of the header",
         ("indexer/test_keyframes.py::test_an_elementary_stream_is_read_by_counting_its_frames", WHOLE)),
    Case("raw DV", "counted", ("indexer/test_probe.py::test_a_tape_without_a_container_has_its_own_rate",)),
)  # fmt: skip
"""When a frame is shown."""

PICTURES = (
    Case("a cover, marked or not, before the film", "takes the film, everywhere",
         ("framescout/media/test_odd_containers.py::test_a_cover_that_nobody_marked_is_not_the_film",
          "query/web/test_playing.py::test_the_player_shows_the_film_and_not_the_cover_before_it")),
    Case("two cameras in one file (car recorders)",
         "indexes the default one, else the first, and `status` says that another one was not read",
         ("indexer/test_keyframes.py::test_a_second_camera_in_the_file_is_told",)),
    Case("mirrored or turned by a display matrix", "shows it so in pictures, the search and clips",
         ("framescout/media/test_display.py::"
          "test_a_mirrored_picture_is_mirrored_in_thumbnails_keyframes_and_clips",)),
    Case("grey film without colour planes, black at 16 (some infrared cameras, archives)",
         "shows black as black and white as white, in clips too",
         ("framescout/media/test_display.py::"
          "test_grey_film_without_colour_planes_is_as_dark_and_bright_as_it_was_made",)),
    Case("HDR (PQ, HLG)", "maps it to an ordinary screen, up to 1,000 nits",
         ("framescout/media/test_display.py::"
          "test_hdr_looks_alike_in_thumbnails_and_clips_and_near_what_it_was_made_of",
          "query/web/test_playing.py::test_hdr_looks_in_the_player_as_it_does_in_thumbnails")),
    Case("untagged SD in an HD reel", "converts it to BT.709",
         ("framescout/media/test_display.py::test_a_small_picture_keeps_its_colours_in_a_large_reel",)),
    Case("a picture whose size changes within a broadcast",
         "clips have the largest size throughout; pictures of another shape are stretched to it", (CHANGES,)),
)  # fmt: skip
"""Which picture, and how it looks."""

SOUNDS = (
    Case("a mono track for each channel (broadcast MXF)", "takes all tracks into clips, and mixes them in a reel",
         (BROADCAST, "query/clips/test_reports.py::test_a_reel_lets_hear_the_channel_that_is_not_silent")),
    Case("AC-3, E-AC-3, DTS in MP4", "converts it in the player, and says so",
         ("query/web/test_playing.py::test_sound_that_browsers_do_not_decode_is_converted_and_said",)),
    Case("sound whose channels or rate change within a broadcast (AAC, AC-3, MP2)",
         "makes stereo at 48 kHz of the whole clip, so that nothing is lost",
         (CHANGES,
          "query/clips/test_reports.py::test_a_change_of_the_sounds_layout_leaves_no_hole_in_clip_or_reel")),
)  # fmt: skip

TIMECODES = (
    Case("tmcd track (MOV, MP4), MXF, tags of MKV and AVI, MPEG-2 group header", "counts from it, across midnight too",
         ("query/clips/test_timecode.py::test_the_timecode_of_every_container_is_read",
          "query/clips/test_timecode.py::test_what_is_indexed_is_found_shown_and_named_with_its_timecode")),
    Case("SEI message of H.264 and HEVC", "reads it; not tested, since no encoder writes one"),
)  # fmt: skip

REPORTS = {
    1: Report("photoprism/photoprism 1388", "a phone's name is local, its tag UTC", "the name's time", (TIMES,)),
    2: Report("ente/ente 10955", "Apple's creation date with an offset is ignored", "it counts", (TIMES,)),
    3: Report("deckerst/aves 1613", "Matroska's DateUTC is taken for local time", "it is UTC", (TIMES,)),
    4: Report("geospiza-fortis/owlrepo-client 32", "a one-digit hour, AM, U+202F before it", "they are read",
              ("framescout/recording/test_names.py::"
               "test_what_a_name_says_of_the_zone_and_the_half_of_the_day_counts",)),
    5: Report("ZoneMinder/zoneminder 3083, 2755", "an event's id is taken for a clock", "the tag counts, or nothing",
              (TIMES, "framescout/recording/test_names.py::test_a_guess_never_beats_a_tag")),
    6: Report("bluenviron/mediamtx 3566, cvisionai/tator 229", "offsets in names", "they count, of both signs",
              ("framescout/recording/test_names.py::"
               "test_what_a_name_says_of_the_zone_and_the_half_of_the_day_counts",)),
    7: Report("Zoom KB0079123", "`GMT20260214-221500_...`", "it is UTC", (TIMES,)),
    8: Report("edenfoundation.org film_date_stamp", "AVI's IDIT chunk", "it is the camera's local time", (TIMES,)),
    9: Report("immich-app/immich 13009", "a Nikon writes local time into MOV's UTC field",
              "local, for makers known to, and where a person says so",
              ("framescout/recording/test_tags.py::test_a_tag_means_what_its_container_and_maker_mean",
               "framescout/commands/test_cameras.py::test_a_folder_has_a_zone_a_camera_and_tags_of_its_own")),
    10: Report("blakeblackshear/frigate 2219", "Frigate's folders are in UTC", "UTC, without a setting", (TIMES,)),
    11: Report("DozaVisuals/doza-assist 35, grizzlypeak3d/tlRender 104", "media with a start timecode goes offline",
               "every list counts from it",
               ("query/clips/test_timecode.py::test_lists_name_the_place_on_the_recorders_clock",)),
    12: Report("Breakthrough/PySceneDetect 502", "at `23.976` a list drifts in a long feature", "the same frame",
               ("query/clips/test_timelines.py::test_no_two_frames_share_a_timecode", MELT)),
    13: Report("Breakthrough/PySceneDetect 516", "the out point is a frame off", "50 frames everywhere",
               (BROADCAST,)),
    14: Report("CasparCG/server 144", "of a broadcast's mono tracks one is taken", "all go along", (BROADCAST,)),
    15: Report("mackworth/cTiVo 348", "AC-3 goes from 2.0 to 5.1", "no hole, no lost frame",
               ("query/clips/test_reports.py::test_a_change_of_the_sounds_layout_leaves_no_hole_in_clip_or_reel",)),
    16: Report("clsid2/mpc-hc 2749", "OBS' fragmented MP4, whole and cut short", "its length, the very frame",
               (WHOLE,)),
    17: Report("bluenviron/mediamtx 5896", "the clock begins anew inside a file", "all of it is found",
               ("framescout/media/test_clocks.py::test_a_whole_file_with_several_clocks_is_indexed",)),
    18: Report("mifi/lossless-cut 533", "sound before the picture, cut at 0:00", "a copy from the first picture on",
               ("query/clips/test_reports.py::"
                "test_a_copy_from_the_first_moment_begins_with_the_first_picture",)),
    19: Report("muaz-khan/RecordRTC 147", "WebM without a duration", "12.0 s, the very frame", (WHOLE,)),
    20: Report("MediaArea/MediaInfoLib 2040", "raw H.264 and HEVC at 30 and 15", "10 s, the very frame", (WHOLE,)),
    21: Report("nextcloud/server 44881", "pictures of HDR are washed out", "near the SDR picture",
               ("framescout/media/test_display.py::"
                "test_hdr_looks_alike_in_thumbnails_and_clips_and_near_what_it_was_made_of",)),
    22: Report("FFMS/ffms2 317", "a matrix that mirrors is taken for a turn", "mirrored everywhere",
               ("framescout/media/test_display.py::"
                "test_a_mirrored_picture_is_mirrored_in_thumbnails_keyframes_and_clips",)),
    23: Report("zaps166/QMPlay2 841", "an unmarked cover stands first", "the film is indexed",
               ("framescout/media/test_odd_containers.py::test_a_cover_that_nobody_marked_is_not_the_film",)),
    24: Report("mifi/lossless-cut 308", "a marked cover is stream 0", "the player shows the film",
               ("query/web/test_playing.py::test_the_player_shows_the_film_and_not_the_cover_before_it",)),
    25: Report("wseemann/FFmpegMediaMetadataRetriever 215", "two cameras in one file", "it is said",
               ("indexer/test_keyframes.py::test_a_second_camera_in_the_file_is_told",)),
    26: Report("videojs/video.js 7206", "MP4 with AC-3 is silent in the browser", "its sound is heard, and it is said",
               ("query/web/test_playing.py::test_sound_that_browsers_do_not_decode_is_converted_and_said",)),
    27: Report("raccommode/OpenEasyX 2", "a transport stream called .mp4 won't play", "it is read and played",
               (WHOLE,)),
    28: Report("sahib/rmlint 278", "git-annex: links to objects", "known by the link's name", (LINKS,)),
    29: Report("jellyfin/jellyfin 14757", "a file that is still being written", "whole at the next run",
               ("indexer/test_pipeline.py::"
                "test_a_file_that_grows_while_it_is_read_is_left_for_the_next_run",)),
    30: Report("owncloud/client 2438", "all times of files are an hour off", "nothing is embedded again",
               ("indexer/test_reported_files.py::test_files_whose_times_moved_by_an_hour_are_not_embedded_again",)),
    31: Report("ehendrix23/tesla_dashcam 72", "odd names, and shadows that macOS leaves",
               "names work, shadows are left",
               ("indexer/test_reported_files.py::test_odd_names_are_found_and_cut",
                "indexer/test_scan.py::test_hidden_files_and_bins_are_passed_over_unless_they_are_named")),
    32: Report("SimpleMobileTools/Simple-Gallery 1150", "small doubles (.LRV, .LRF) beside recordings",
               "the recording alone", ("indexer/test_scan.py::test_a_small_double_belongs_to_its_recording",)),
}  # fmt: skip
"""By number, as they were tried; where several were reported, the first ones."""
