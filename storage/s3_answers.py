"""What S3 says when it does not do what it was asked, and whose trouble that is."""

from evidence.errors import AccessError, CorruptionError, OutageError

_DENIED = frozenset(
    {
        "AccessDenied",
        "AllAccessDisabled",
        "InvalidAccessKeyId",
        "InvalidBucketState",
        "NoSuchBucket",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
_DAMAGED = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch"})
THERE = frozenset({"PreconditionFailed", "412"})
ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


def judged(source: str, key: str, code: str, status: int, absent: frozenset[str]) -> bool:
    """True if the answer means "no"; else it is raised as an error of ours.

    code     what S3 calls it, or its status
    absent   the codes that mean "no"
    """
    if code in absent:
        return True
    if code in _DENIED or status in {401, 403}:
        raise AccessError(source=source, why=code or str(status))
    if code in _DAMAGED:
        why = "its bytes changed on the way to the bucket"
        raise CorruptionError(what=f"The object {key}", why=why)
    if code == "InvalidRange":
        raise CorruptionError(what=f"The object {key}", why="it is cut short")
    raise OutageError(source=source, why=code or f"it answered {status}")
