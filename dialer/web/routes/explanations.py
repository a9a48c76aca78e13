"""Why a number was called, or was not: rules, verdict, refusals, counts."""

from dialer.domain.ids import AttemptId, ContactId
from dialer.engine.explainer import Explainer
from dialer.errors import Conflict
from dialer.web.explanations import AttemptExplanationOut, ContactExplanationOut, attempt_out, contact_out
from dialer.web.operations import Call, Operation
from dialer.web.roles import Role


def _explainer(call: Call) -> Explainer:
    if call.deps.explainer is None:
        raise Conflict("this service was started without its rules")
    return call.deps.explainer


async def explain_attempt(call: Call) -> AttemptExplanationOut:
    attempt = AttemptId(call.uuid_in_path("attempt"))
    return attempt_out(await _explainer(call).attempt(attempt, call.deps.clock.now()))


async def explain_contact(call: Call) -> ContactExplanationOut:
    contact = ContactId(call.number_in_path("contact"))
    return contact_out(await _explainer(call).contact(contact, call.deps.clock.now()))


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/attempts/{attempt}/explanation",
        Role.SUPERVISOR,
        "Which rules a dial was decided by, what was counted, and when the contact is next",
        explain_attempt,
        response=AttemptExplanationOut,
    ),
    Operation(
        "GET",
        "/api/v1/contacts/{contact}/explanation",
        Role.SUPERVISOR,
        "Why a contact is called or not: rules, every check, stored refusals, and the next time",
        explain_contact,
        response=ContactExplanationOut,
    ),
)
