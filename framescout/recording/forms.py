"""The forms in which devices and programs write a recording's time into names and folders.

One table: the code reads by it, the tests try every line of it, and docs/times.md lists it.
"""

from __future__ import annotations

import re
from enum import Enum, IntEnum

import msgspec


class Strength(IntEnum):
    """How far a piece of evidence is believed; of several the strongest counts."""

    GUESS = 1
    """Digits that may be something else, or a time that may be another's."""
    TAG = 2
    """A tag of the container, whose zone is known from the container or its maker alone."""
    NAME = 3
    """A date and a time of day in the clock's own zone."""
    ZONED_TAG = 4
    """A tag that says its zone."""
    ZONED_NAME = 5
    """A name that says its zone, or is known to be in UTC, or counts seconds since 1970."""


class Part(Enum):
    """What of a path a form is looked for in."""

    NAME = "name"
    """Without its suffix."""
    PATH = "folders and name"
    """The nearest folders and the name, with slashes, without the suffix."""


class Seen(msgspec.Struct, frozen=True):
    """One device or program whose names have a form."""

    by: str
    example: str
    """As `time.strftime` takes it; `{epoch}` stands for the seconds since 1970."""
    source: str
    """Where the form was seen."""


class Form(msgspec.Struct, frozen=True):
    """One way to write a time; its pattern has groups named as `read_parts` in names.py asks for."""

    name: str
    """Whose form it is, or what it is made of."""
    pattern: re.Pattern[str]
    seen: tuple[Seen, ...]
    part: Part = Part.NAME
    strength: Strength = Strength.NAME
    is_utc: bool = False
    is_recorder: bool = True
    """Whether a fixed camera or recorder writes it: then a folder around it may be the camera's."""

    @property
    def is_at_start(self) -> bool:
        """Whether it can only fit at the beginning, which is faster to find out."""
        return self.pattern.pattern.startswith("^")


_DATE = r"(?P<year>(?:19|20|21)\d\d)[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)"
_COLON = r"[-_.:\u2236\uA789\uFF1A]"
_CLOCK = rf"(?P<hour>\d\d|(?<!\d)\d(?=[.:_h-]))(?:{_COLON}|h)?(?P<minute>\d\d)(?:{_COLON}|m)?(?P<second>\d\d)s?"
_FRACTION = r"(?:[.,]?(?P<fraction>\d{3})|[.,-](?P<micro>\d{6}))?"
_HALF = r"(?:[\s_]?(?P<half>[AP])\.?\s?M\b\.?)?"
_GAP = r"(?:[-_.\sT@]{0,3}|.at.|,\s|\s-\s)"
_END = r"(?!\d)(?P<behind>.*)"
_WHOLE = rf"{_DATE}{_GAP}{_CLOCK}{_FRACTION}{_HALF}{_END}"
_EPOCH = r"(?P<epoch>1\d{9})(?:\.?(?P<fraction>\d{3})\d{0,3})?(?!\d)"
_BY_MONTH = r"(?<!\d)(?P<first>\d{1,2})[-_.](?P<next>\d{1,2})[-_.](?P<year>20\d\d)"
_SPACED_CLOCK = rf"(?P<hour>\d{{1,2}}){_COLON}(?P<minute>\d\d){_COLON}(?P<second>\d\d)"
_FOLDER_DATE = r"(?<!\d)(?P<year>(?:19|20|21)\d\d)[-_./]?(?P<month>\d\d)[-_./]?(?P<day>\d\d)(?!\d)"
_COMMON = "common; not looked up"
_SIDE = r"front|back|rear|left_repeater|right_repeater|left_pillar|right_pillar"


def _form(name: str, pattern: str, *seen: tuple[str, str, str], **others: object) -> Form:
    rows = tuple(Seen(*row) for row in seen)
    return Form(name, re.compile(pattern, re.IGNORECASE | re.DOTALL), rows, **others)  # type: ignore[arg-type]


_UTC = {"is_utc": True, "strength": Strength.ZONED_NAME}
_OF_PEOPLE = {"is_recorder": False}

FORMS = (
    _form(
        "Google Pixel's",
        rf"^PXL_{_WHOLE}",
        ("Google Pixel", "PXL_%Y%m%d_%H%M%S123.mp4", "bpatrik/pigallery2 issue 682"),
        ("Google Pixel, long shot", "PXL_%Y%m%d_%H%M%S123.LS.mp4", "photostructure/exiftool-vendored.js issue 113"),
        **_UTC,
        **_OF_PEOPLE,
    ),
    _form(
        "Zoom's",
        rf"^GMT{_WHOLE}",
        ("Zoom, in the cloud", "GMT%Y%m%d-%H%M%S_Recording_1920x1080.mp4", "Zoom support KB0079123"),
        **_UTC,
        **_OF_PEOPLE,
    ),
    _form(
        "seconds since 1970",
        rf"(?:^RPReplay_Final|mmexport|wx_camera_|LINE_MOVIE_){_EPOCH}",
        ("iOS screen recording", "RPReplay_Final{epoch}.MP4", "public repositories' pages"),
        ("WeChat", "mmexport{epoch}123.mp4", _COMMON),
        ("LINE", "LINE_MOVIE_{epoch}123.mp4", _COMMON),
        **_UTC,
        **_OF_PEOPLE,
    ),
    _form(
        "Synology's",
        rf"^(?P<camera>.+)-(?:19|20)\d{{6}}-\d{{6}}-{_EPOCH}$",
        ("Synology Surveillance Station", "FrontDoor-%Y%m%d-%H%M%S-{epoch}.mp4", _COMMON),
        **_UTC,
    ),
    _form(
        "Frigate's clip",
        rf"^(?P<camera>.+)-{_EPOCH}-[0-9a-z]{{6}}(?:-\w+)?$",
        ("Frigate, clip", "front-{epoch}.272411-0lbwng.mp4", "blakeblackshear/frigate issue 323"),
        **_UTC,
    ),
    _form(
        "UniFi Protect's on its disk",
        rf"^(?P<camera>[0-9A-F]{{12}})_\d+_[a-z]+_{_EPOCH}",
        ("UniFi Protect, on its disk", "FCECDA1F0A2B_0_rotating_{epoch}123.mp4", "petergeneric/unifi-protect-remux"),
        **_UTC,
    ),
    _form(
        "Xiaomi's",
        rf"^\d\dM\d\dS_{_EPOCH}$",
        ("Xiaomi home camera", "%Y%m%d%H/%MM%SS_{epoch}.mp4", _COMMON),
        **_UTC,
    ),
    _form(
        "Tesla's",
        rf"^{_DATE}_{_CLOCK}-(?P<camera>{_SIDE})(?P<behind>)$",
        ("Tesla", "TeslaCam/SentryClips/%Y-%m-%d_%H-%M-%S/%Y-%m-%d_%H-%M-%S-front.mp4", "ehendrix23/tesla_dashcam"),
    ),
    _form(
        "a car camera's",
        rf"^{_DATE}_?{_CLOCK}_(?:[A-Z]|\d{{4,6}}P?)(?P<camera>[FRIO])(?:[SL])?(?P<behind>)$",
        ("BlackVue", "%Y%m%d_%H%M%S_NF.mp4", "tfindlay-au/BlackvueDownloader"),
        ("Viofo", "%Y_%m%d_%H%M%S_0001F.MP4", _COMMON),
        ("Viofo, newer", "%Y%m%d%H%M%S_000123R.MP4", _COMMON),
    ),
    _form(
        "70mai's",
        rf"^(?:NO|EV|PA|TL|LA){_DATE}-{_CLOCK}-\d{{6}}(?P<camera>[FB])?(?P<behind>)$",
        ("70mai", "NO%Y%m%d-%H%M%S-000123F.MP4", _COMMON),
    ),
    _form(
        "Nextbase's",
        r"^(?P<short>\d\d)(?P<month>\d\d)(?P<day>\d\d)_(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)_\d{3}"
        r"(?:_(?P<camera>[FRC])[HL])?(?P<behind>)$",
        ("Nextbase", "%y%m%d_%H%M%S_219_FH.MP4", "public repositories' tests"),
    ),
    _form(
        "UniFi Protect's",
        rf"^(?P<camera>.+?)\s(?:-\s)?{_BY_MONTH},\s{_SPACED_CLOCK}{_HALF}{_END}",
        ("UniFi Protect, download", "Front Door - %-m-%-d-%Y, %-I.%M.%S%p.mp4", "unifi-protect-video-downloader 14"),
        (
            "UniFi Protect, export",
            "Front Door %m-%d-%Y, %H.%M.%S GMT+1 - %m-%d-%Y, 23.59.59 GMT+1.mp4",
            _COMMON,
        ),
    ),
    _form(
        "month, day, year",
        rf"{_BY_MONTH}(?:\s|_|\s-\s){_SPACED_CLOCK}(?:\.\d\d)?{_HALF}{_END}",
        ("Xbox Game Bar, US", "Halo %-m_%-d_%Y %-I_%M_%S %p.mp4", _COMMON),
        ("GNOME, older, US", "Screencast from %m-%d-%Y %I_%M_%S %p.webm", "public repositories' pages"),
        **_OF_PEOPLE,
    ),
    _form(
        "Google Meet's",
        rf"\({_DATE}\s(?:at\s)?(?P<hour>\d\d)[:_.](?P<minute>\d\d)(?=\s(?:GMT|UTC))(?P<behind>.*)",
        ("Google Meet", "abc-defg-hij (%Y-%m-%d at %H_%M GMT+1).mp4", _COMMON),
        **_OF_PEOPLE,
    ),
    _form(
        "a phone's, messenger's or screen recorder's",
        rf"^(?:VID|VIDEO|IMG|MOV|WP|WIN|signal|Screen.?record|Screencast|WhatsApp|Desktop|zoom|Replay)[^/]*?(?<!\d){_WHOLE}",
        ("Android", "VID_%Y%m%d_%H%M%S.mp4", "photoprism/photoprism issue 1388"),
        ("Android, a second file of the same time", "VID_%Y%m%d_%H%M%S~2.mp4", _COMMON),
        ("Insta360", "VID_%Y%m%d_%H%M%S_00_001.insv", _COMMON),
        ("Windows Phone", "WP_%Y%m%d_%H_%M_%S_Pro.mp4", _COMMON),
        ("Windows camera", "WIN_%Y%m%d_%H_%M_%S_Pro.mp4", _COMMON),
        ("Telegram", "video_%Y-%m-%d_%H-%M-%S.mp4", _COMMON),
        ("Viber", "video-%Y-%m-%d-%H-%M-%S.mp4", _COMMON),
        ("Signal", "signal-%Y-%m-%d-%H-%M-%S-104.mp4", "maxbader/filename2exifdate"),
        ("WhatsApp", "WhatsApp Video %Y-%m-%d at %H.%M.%S.mp4", "JochenHayek/misc"),
        ("WhatsApp, 12 hours", "WhatsApp Video %Y-%m-%d at %-I.%M.%S %p.mp4", "geospiza-fortis/owlrepo-client PR 32"),
        ("macOS", "Screen Recording %Y-%m-%d at %-I.%M.%S %p.mov", "geospiza-fortis/owlrepo-client PR 32"),
        ("macOS 13 and later", "Screen Recording %Y-%m-%d at %-I.%M.%S\u202f%p.mov", "a user's report"),
        ("macOS, 24 hours", "Screen Recording %Y-%m-%d at %H.%M.%S.mov", "geospiza-fortis/owlrepo-client PR 32"),
        ("Windows 11", "Screen Recording %Y-%m-%d %H%M%S.mp4", _COMMON),
        ("Samsung screen", "Screen_Recording_%Y%m%d-%H%M%S_Chrome.mp4", _COMMON),
        ("Xiaomi screen", "Screenrecorder-%Y-%m-%d-%H-%M-%S-123.mp4", _COMMON),
        ("GNOME", "Screencast from %Y-%m-%d %H-%M-%S.webm", "public repositories' pages"),
        **_OF_PEOPLE,
    ),
    _form(
        "a screen or meeting recorder's",
        rf"(?<!\d){_DATE}{_GAP}{_CLOCK}(?P<behind>(?:UTC)?-Meeting Recording.*|\.\d\d\.DVR)",
        ("Microsoft Teams", "Weekly-%Y%m%d_%H%M%SUTC-Meeting Recording.mp4", "public repositories' pages"),
        ("Microsoft Teams, older", "Weekly-%Y%m%d_%H%M%S-Meeting Recording.mp4", "public repositories' pages"),
        ("NVIDIA", "Valorant %Y.%m.%d - %H.%M.%S.10.DVR.mp4", "public repositories' tests"),
        **_OF_PEOPLE,
    ),
    _form(
        "Blue Iris'",
        rf"^(?P<camera>[^./]+)\.{_WHOLE}",
        ("Blue Iris", "FrontDoor.%Y%m%d_%H%M%S.mp4", _COMMON),
    ),
    _form(
        "date and time",
        rf"(?<!\d){_WHOLE}",
        ("recorders of all kinds", "cam01_%Y%m%d_%H%M%S.mp4", "common; not looked up"),
        ("Samsung phone", "%Y%m%d_%H%M%S.mp4", "photoprism/photoprism issue 1388"),
        ("Dropbox", "%Y-%m-%d %H.%M.%S.mov", _COMMON),
        ("OBS", "%Y-%m-%d %H-%M-%S.mkv", _COMMON),
        ("DJI", "DJI_%Y%m%d%H%M%S_0001_D.MP4", "common; not looked up"),
        ("Hikvision", "NVR_ch1_main_%Y%m%d%H%M%S_20991231235959.mp4", "common; not looked up"),
        ("Hikvision, FTP", "10.0.0.64_01_%Y%m%d%H%M%S123_TIMING.mp4", _COMMON),
        ("Reolink", "RLC-810A_01_%Y%m%d%H%M%S.mp4", "common; not looked up"),
        (
            "Reolink, on its card",
            "Mp4Record/%Y-%m-%d/RecM02_DST%Y%m%d_%H%M%S_090334_0_800_800_033C820000_61B6F0.mp4",
            "public repositories' code",
        ),
        ("Thinkware", "REC_%Y_%m_%d_%H_%M_%S_F.MP4", _COMMON),
        ("Axis", "%Y%m%d_%H%M%S_D5B1.mkv", _COMMON),
        ("Foscam", "MDalarm_%Y%m%d_%H%M%S.mkv", _COMMON),
        ("Motion", "01-%Y%m%d%H%M%S.mkv", _COMMON),
        ("Shinobi", "%Y-%m-%dT%H-%M-%S.mp4", _COMMON),
        ("Agent DVR", "1_%Y-%m-%d_%H-%M-%S_123.mkv", _COMMON),
        ("MediaMTX", "%Y-%m-%d_%H-%M-%S-123456.mp4", "bluenviron/mediamtx issue 3566"),
        ("MediaMTX, with %z", "%Y-%m-%d_%H-%M-%S-123456-+0100.mp4", "bluenviron/mediamtx issue 3566"),
        ("ISO 8601", "%Y-%m-%dT%H:%M:%S+01:00.mp4", "cvisionai/tator issue 229"),
        ("ISO 8601, short", "%Y%m%dT%H%M%S+0100.mp4", "cvisionai/tator issue 229"),
        (
            "unifi-protect-remux",
            "FCECDA1F0A2B_0_rotating_%Y-%m-%dT%H.%M.%S+0100.mp4",
            "petergeneric/unifi-protect-remux",
        ),
        ("unifi-protect-video-downloader", "Front Door - %Y-%m-%d - %H.%M.%S+0100.mp4", "its pull request 23"),
    ),
    _form(
        "Frigate's",
        r"/recordings/(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)/(?P<hour>\d\d)/(?P<camera>[^/]+)"
        r"/(?P<minute>\d\d)\.(?P<second>\d\d)(?P<behind>)$",
        ("Frigate", "frigate/recordings/%Y-%m-%d/%H/front_door/%M.%S.mp4", "blakeblackshear/frigate PR 2219"),
        part=Part.PATH,
        **_UTC,
    ),
    _form(
        "Frigate's older",
        r"/recordings/(?P<year>20\d\d)-(?P<month>\d\d)/(?P<day>\d\d)/(?P<hour>\d\d)/(?P<camera>[^/]+)"
        r"/(?P<minute>\d\d)\.(?P<second>\d\d)(?P<behind>)$",
        ("Frigate, older", "frigate/recordings/%Y-%m/%d/%H/front_door/%M.%S.mp4", "blakeblackshear/frigate PR 2219"),
        part=Part.PATH,
    ),
    _form(
        "ZoneMinder's",
        r"/events/\w+/(?P<short>\d\d)/(?P<month>\d\d)/(?P<day>\d\d)/(?P<hour>\d\d)/(?P<minute>\d\d)/(?P<second>\d\d)"
        r"/\d+-video(?P<behind>)$",
        ("ZoneMinder, deep storage", "events/1/%y/%m/%d/%H/%M/%S/1234-video.mp4", "ZoneMinder/zoneminder issue 3083"),
        part=Part.PATH,
    ),
    _form(
        "Yi's",
        r"/(?P<year>20\d\d)Y(?P<month>\d\d)M(?P<day>\d\d)D(?P<hour>\d\d)H/(?:E\d)?(?P<minute>\d\d)M(?P<second>\d\d)S\d*"
        r"(?P<behind>)$",
        ("Yi", "%YY%mM%dD%HH/%MM%SS60.mp4", _COMMON),
        ("Yi, yi-hack", "%YY%mM%dD%HH/E1%MM%SS15.mp4", "roleoroleo/yi-hack-Allwinner-v2 issue 826"),
        part=Part.PATH,
    ),
    _form(
        "Zoom's on the computer",
        rf"/{_DATE}\s{_CLOCK}\s[^/]*/(?:zoom_|video|double_click)[^/]*$(?P<behind>)",
        ("Zoom, on the computer", "%Y-%m-%d %H.%M.%S Weekly 123456789/zoom_0.mp4", _COMMON),
        part=Part.PATH,
        **_OF_PEOPLE,
    ),
    _form(
        "a folder's date, a name's time",
        rf"{_FOLDER_DATE}[^/]*/(?:[^/]+/)*[^/]*?(?<!\d){_SPACED_CLOCK}{_HALF}{_END}",
        ("Dahua", "nvr/%Y-%m-%d/001/dav/%H/%H.%M.%S-23.59.59[M][0@0][0].dav", "common; not looked up"),
        ("motionEye", "motioneye/Camera1/%Y-%m-%d/%H-%M-%S.mp4", _COMMON),
        ("folders by day", "%Y%m%d/cam2/%H-%M-%S.mp4", "common; not looked up"),
        part=Part.PATH,
    ),
    _form(
        "a folder's date and hour, a name's minute and second",
        rf"{_FOLDER_DATE}(?:/[^/]+)*?/(?P<hour>[01]\d|2[0-3])h?/(?:[^/]+/)?(?P<minute>\d\d)[-_.m](?P<second>\d\d)s?(?!\d)"
        r"(?P<behind>)[^/]*$",
        ("folders by hour", "archive/%Y/%m/%d/%H/%M.%S.mp4", "common; not looked up"),
        part=Part.PATH,
    ),
    _form(
        "a folder's date and hour, a name's minute",
        rf"{_FOLDER_DATE}(?:/[^/]+)*?/(?P<hour>[01]\d|2[0-3])h?/(?:[^/]+/)?(?P<minute>\d\d)(?P<behind>)$",
        ("Wyze, to the minute", "record/%Y%m%d/%H/%M.mp4", _COMMON),
        part=Part.PATH,
        strength=Strength.GUESS,
    ),
    _form(
        "a folder's date, six digits",
        rf"{_FOLDER_DATE}[^/]*/(?:(?!(?P<id>\d+)/(?P=id)-video$)[^/]+/)*"
        r"(?!(?:IMG|DSC|DSCN|MVI|MOV|VID|GOPR|G[HXL]|P|C|CLIP)[-_]?\d)(?:[^/]*[^0-9A-Za-z/])?"
        r"(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)(?P<second>[0-5]\d)(?![0-9A-Za-z]|-video$)(?P<behind>[^/]*)$",
        ("folders by day, six digits", "archive/%Y/%m/%d/%H%M%S.mp4", "common; not looked up"),
        part=Part.PATH,
        strength=Strength.GUESS,
    ),
    _form(
        "seconds since 1970",
        rf"(?:^|[-_]){_EPOCH}(?=$|[-_.])",
        ("Arlo", "{epoch}123.mp4", "common; not looked up"),
        ("seconds since 1970", "front-{epoch}.mp4", "common; not looked up"),
        is_utc=True,
        strength=Strength.GUESS,
    ),
)
"""The most certain first: of the forms that fit a name the first one is read, then the first that fits with folders."""
