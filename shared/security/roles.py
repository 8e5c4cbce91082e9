"""The roles a token can carry; what each may do is said at the routes."""

from enum import StrEnum


class Role(StrEnum):
    """One role of a person or a system in one community, `platform` apart, which is of no community."""

    platform = "platform"
    street = "street"
    operator = "operator"
    dispatcher = "dispatcher"
    handler = "handler"
    property = "property"
    representative = "representative"
    councillor = "councillor"
    guard = "guard"
    steward = "steward"
    resident = "resident"
    rider = "rider"
    volunteer = "volunteer"
    intake = "intake"  # a system that reports for others
    importer = "importer"
