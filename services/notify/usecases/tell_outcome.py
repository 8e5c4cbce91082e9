"""Say on the bus how a message ended: delivered, or failed and why."""

from services.notify.domain.messages import Subject
from shared.contracts import About, MessageDelivered, MessageFailed
from shared.database.work import Work


def tell_delivered(work: Work, subject: Subject, sequence: int, traceparent: str | None) -> None:
    """Emit that a message reached its person; `sequence` is the message's new version."""
    fact = MessageDelivered(
        message=subject.id,
        person=subject.person,
        channel=subject.channel or "none",
        category=subject.category,
        about=_about(subject),
        at=work.now,
    )
    work.emit(fact, sequence=sequence, community=subject.community, traceparent=traceparent)


def tell_failed(work: Work, subject: Subject, sequence: int, reason: str, traceparent: str | None) -> None:
    """Emit that a message will not reach its person, and why."""
    fact = MessageFailed(
        message=subject.id,
        person=subject.person,
        channel=subject.channel or "none",
        category=subject.category,
        about=_about(subject),
        reason=reason,
        at=work.now,
    )
    work.emit(fact, sequence=sequence, community=subject.community, traceparent=traceparent)


def _about(subject: Subject) -> About | None:
    if subject.about_type is None or subject.about_id is None:
        return None
    return About(type=subject.about_type, id=subject.about_id)
