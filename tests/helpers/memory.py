"""Mirrors in memory: a transport whose endpoints are trees, with what each does instead of answering."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import OneByOne
from mirror.net.anyhow import Trouble

Tree = Mapping[str, bytes]
# What a mirror does with a request: bytes, or the code of a failure.
Behaviour = Callable[[str, bytes | str], bytes | str]


def honest(_path: str, answer: bytes | str) -> bytes | str:
    """Give what is there."""
    return answer


def altering(*parts: str) -> Behaviour:
    """Flip a bit in files whose path contains one of ``parts``."""

    def behave(path: str, answer: bytes | str) -> bytes | str:
        if isinstance(answer, str) or not any(part in path for part in parts):
            return answer
        return answer[:-1] + bytes([answer[-1] ^ 1])

    return behave


def failing(code: str, *parts: str) -> Behaviour:
    """Fail with ``code`` for paths that contain one of ``parts``; for all, without any."""

    def behave(path: str, answer: bytes | str) -> bytes | str:
        return code if not parts or any(part in path for part in parts) else answer

    return behave


@dataclass
class MemoryTransport(OneByOne):
    """``net.Transport`` over ``trees`` (mirror name → tree); ``asked`` is every request in order."""

    trees: Mapping[str, Tree]
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    trouble: Trouble | None = None

    @property
    def mirrors(self) -> list[Endpoint]:
        """The endpoints, in order."""
        return [Endpoint(name, f"http://{number}.example/") for number, name in enumerate(self.trees)]

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        self.asked.append((endpoint.name, path))
        answer = self.behaviours.get(endpoint.name, honest)(
            path, self.trees[endpoint.name].get(path, "absent")
        )
        if isinstance(answer, str):
            raise EndpointError("as the test wants it", code=answer)
        if len(answer) > limit:
            raise EndpointError("as the test wants it", code="too-long")
        return answer
