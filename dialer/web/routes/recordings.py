"""Recordings: what there is, and the audio. The path comes from the index, never from the request."""

from uuid import UUID

from aiohttp import hdrs, web

from dialer.domain.ids import AttemptId, CampaignId
from dialer.errors import NotFound
from dialer.web.models import RecordingList, RecordingOut, RecordingQuery
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


def _id(call: Call) -> UUID:
    return call.uuid_in_path("recording")


async def list_recordings(call: Call) -> RecordingList:
    asked = call.query(RecordingQuery)
    campaign = CampaignId(asked.campaign) if asked.campaign is not None else None
    attempt = AttemptId(asked.attempt) if asked.attempt is not None else None
    rows = await call.deps.store.recordings.recordings(campaign, attempt, asked.limit)
    return RecordingList(recordings=[RecordingOut.model_validate(row) for row in rows])


async def get_recording(call: Call) -> RecordingOut:
    return RecordingOut.model_validate(await call.deps.store.recordings.recording(_id(call)))


async def download_recording(call: Call) -> web.StreamResponse:
    recording = await call.deps.store.recordings.recording(_id(call))
    path = call.deps.recordings.open_path(recording.name)
    if path is None:
        raise NotFound("the audio of this recording is not there (any more)")
    if _from_the_start(call.request):  # a player asks for many ranges: one line says who listened
        await call.audit("recording.download", str(_id(call)))
    return web.FileResponse(
        path,
        headers={
            hdrs.CONTENT_TYPE: "audio/wav",
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{recording.id}.wav"',
            hdrs.CACHE_CONTROL: "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _from_the_start(request: web.Request) -> bool:
    return request.headers.get(hdrs.RANGE, "bytes=0-").strip().startswith("bytes=0-")


ONE = "/api/v1/recordings/{recording}"
OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/recordings",
        Role.SUPERVISOR,
        "Recordings, newest first",
        list_recordings,
        query=RecordingQuery,
        response=RecordingList,
    ),
    Operation("GET", ONE, Role.SUPERVISOR, "One recording", get_recording, response=RecordingOut),
    Operation(
        "GET",
        ONE + "/audio",
        Role.SUPERVISOR,
        "The audio as WAV, with byte ranges",
        download_recording,
        sends="audio/wav",
    ),
)
