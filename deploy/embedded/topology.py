"""What the suite is made of, and which environment each piece gets: the whole wiring on one page."""

import base64
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.databases import SERVICES, DatabaseUrls
from deploy.embedded.failures import StartFailed
from deploy.embedded.folders import REPOSITORY
from deploy.embedded.ports import LOOPBACK

# Wishes: another port is taken when one is in use. A service that is not named here gets any free one.
PORTS = {
    "identity": 8100,
    "issues": 8101,
    "parking": 8102,
    "volunteer": 8103,
    "notify": 8104,
    "phones": 8105,
    "postgres": 8110,
    "kafka": 8111,
}
SIMULATORS = ("identity", "phones")
RELAY = "-relay"
KAFKA_VARIABLES = (
    "KAFKA_BOOTSTRAP_SERVERS",
    "KAFKA_SECURITY_PROTOCOL",
    "KAFKA_SASL_MECHANISM",
    "KAFKA_SASL_USERNAME",
    "KAFKA_SASL_PASSWORD",
    "KAFKA_SSL_CAFILE",
    "KAFKA_TOPIC_PREFIX",
)
PROVIDERS = ("SMS_PROVIDER_URL", "PUSH_PROVIDER_URL")
PROVIDER_KEYS = ("SMS_PROVIDER_KEY", "PUSH_PROVIDER_KEY")


def all_services() -> list[str]:
    """Every service there is: a folder with a command line."""
    return sorted(path.parent.name for path in SERVICES.glob("*/__main__.py"))


def service_command(name: str, only: str | None = None) -> list[str]:
    """`only` splits the service: the activities of this process, separated by commas."""
    return [sys.executable, "-m", f"services.{name}", "serve", *(("--only", only) if only else ())]


def simulator_command(name: str, port: int, folder: Path) -> list[str]:
    """Each simulator keeps its state below the suite's folder."""
    state = folder / ("phones.jsonl" if name == "phones" else name)
    return [sys.executable, "-m", "deploy.simulators", name, "--port", str(port), "--state", str(state)]


@dataclass(frozen=True)
class External:
    """What the environment replaces: real servers in place of embedded ones."""

    variables: Mapping[str, str]

    @property
    def kafka(self) -> dict[str, str]:
        """Kafka's variables, when a broker is given."""
        given = {name: self.variables[name] for name in KAFKA_VARIABLES if self.variables.get(name)}
        return given if "KAFKA_BOOTSTRAP_SERVERS" in given else {}

    @property
    def issuer(self) -> dict[str, str]:
        names = ("OIDC_ISSUER", "OIDC_AUDIENCE", "OIDC_JWKS_URL")
        given = {name: self.variables[name] for name in names if self.variables.get(name)}
        return given if "OIDC_ISSUER" in given else {}

    @property
    def providers(self) -> bool:
        """Whether real SMS and push providers are given; raises StartFailed for one without the other."""
        given = [name for name in PROVIDERS if self.variables.get(name)]
        if len(given) == 1:
            raise StartFailed(
                "The providers",
                f"{given[0]} is set without the other one.",
                f"Set {' and '.join(PROVIDERS)}.",
            )
        return bool(given)

    def database(self, service: str) -> DatabaseUrls | None:
        """The service's own database, when one is given; raises StartFailed for a part of one."""
        names = [f"{service.upper()}_DATABASE_{kind}URL" for kind in ("", "SYSTEM_", "OWNER_")]
        given = [self.variables.get(name, "") for name in names]
        if not any(given):
            return None
        if not all(given):
            missing = [name for name, value in zip(names, given, strict=True) if not value]
            raise StartFailed(
                f"The database of {service}",
                f"only a part of it is given: {', '.join(missing)} missing.",
                "Give all three roles' URLs (deploy/embedded/roles.sql creates the roles), or none.",
            )
        return DatabaseUrls(*given)


@dataclass(frozen=True)
class Wiring:
    """The addresses of a started suite, and the environment they make for each process."""

    folder: Path
    external: External
    ports: Mapping[str, int]
    kafka_servers: str
    databases: Mapping[str, DatabaseUrls]
    secrets: Mapping[str, str]

    def url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[name]}"

    def kafka(self) -> dict[str, str]:
        return self.external.kafka or {"KAFKA_BOOTSTRAP_SERVERS": self.kafka_servers}

    def simulator(self) -> dict[str, str]:
        """The environment of the simulators."""
        receipts = {"RECEIPT_KEY_ID": "embedded", "RECEIPT_SECRET": self.secrets["RECEIPT_SECRET"]}
        return self._process() | self.kafka() | receipts | {"PHONES_KEY": self.secrets["PHONES_KEY"]}

    def service(self, name: str) -> dict[str, str]:
        """The environment of one service."""
        urls = self.databases[name]
        own = {
            "DATABASE_URL": urls.url,
            "DATABASE_SYSTEM_URL": urls.system_url,
            "PORT": str(self.ports[name]),
            "CLOCK_FILE": str(self.folder / "clock.json"),
            # The suite runs one process of each service, so that nobody else has this slot.
            "CONSUMER_SLOT": "1",
        }
        issuer = self.external.issuer or {"OIDC_ISSUER": self.url("identity")}
        more = {"issues": self._issues, "notify": self._notify}.get(name, dict[str, str])
        return self._process() | self.kafka() | issuer | own | more()

    def user(self) -> dict[str, str]:
        """What a user of the suite gets to know: the demo, and nothing that opens a database."""
        urls = {
            f"{name.upper()}_URL": self.url(name) for name in self.ports if name not in ("postgres", "kafka")
        }
        return self._process() | urls | {"CLOCK_FILE": str(self.folder / "clock.json")}

    def _issues(self) -> dict[str, str]:
        """Where photos are, and what makes claim codes; what the environment gives wins."""
        own = {"CLAIM_KEYS": self.secrets["CLAIM_KEY"], "PHOTOS_URL": f"file:{self.folder / 'photos'}"}
        return own | {name: value for name in own if (value := self.external.variables.get(name))}

    def _notify(self) -> dict[str, str]:
        """Providers, and the keys that seal numbers and sign receipts; what the environment gives wins.

        Receipts are the providers' matter: simulated phones sign with their own key and call here.
        """
        own = {
            "PHONE_KEYS": f"embedded:{self.secrets['PHONE_KEY']}",
            "RECEIPT_KEYS": f"embedded:{self.secrets['RECEIPT_SECRET']}",
            "CALLBACK_URL": self.url("notify"),
        }
        replaced = own if self.external.providers else ("PHONE_KEYS",)
        given = {name: value for name in replaced if (value := self.external.variables.get(name))}
        return self._providers() | own | given

    def _providers(self) -> dict[str, str]:
        if self.external.providers:
            return {name: self.external.variables.get(name, "") for name in (*PROVIDERS, *PROVIDER_KEYS)}
        urls = dict.fromkeys(PROVIDERS, self.url("phones"))
        return urls | dict.fromkeys(PROVIDER_KEYS, self.secrets["PHONES_KEY"])

    def _process(self) -> dict[str, str]:
        return dict(os.environ) | {
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(REPOSITORY),
            "TYPER_STANDARD_TRACEBACK": "1",  # logs are read by people and machines alike
        }


def make_secrets() -> dict[str, str]:
    """Keys made up once per folder; sealed numbers are unreadable without theirs, so it is kept with them."""
    return {
        "CLAIM_KEY": secrets.token_urlsafe(32),
        "PHONE_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "PHONES_KEY": secrets.token_urlsafe(32),
        "RECEIPT_SECRET": secrets.token_urlsafe(32),
    }
