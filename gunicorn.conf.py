"""Read by gunicorn when it starts in this folder: no link token in its own log and access log either."""

import sys
from pathlib import Path

from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parent))
from accounts.logs import Scrub


class ScrubbedLogger(Logger):
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.addFilter(Scrub())


logger_class = ScrubbedLogger
