"""One local AWS, put together: moto with our services, the journal, the fleets, InvokeEndpoint, and a server."""

from __future__ import annotations

from pathlib import Path

from greenroom.sandbox.cloud import extensions, stage
from greenroom.sandbox.cloud.accounts import DEFAULT_ACCOUNT_ID
from greenroom.sandbox.cloud.agenda import Agenda
from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.async_inference import AsyncInference
from greenroom.sandbox.cloud.autoscaling_work import ScalingWork
from greenroom.sandbox.cloud.clock import CLOCK, DrivenTime, SystemTime, TimeSource
from greenroom.sandbox.cloud.clock_page import ClockPage
from greenroom.sandbox.cloud.cloudwatch.alarm_evaluations import AlarmEvaluations
from greenroom.sandbox.cloud.container_logs import ContainerLogs
from greenroom.sandbox.cloud.events.schedules import RuleSchedules
from greenroom.sandbox.cloud.fleets import Fleets
from greenroom.sandbox.cloud.hosting import EndpointHost
from greenroom.sandbox.cloud.http_server import HttpServer
from greenroom.sandbox.cloud.journal import Journal, Recovery
from greenroom.sandbox.cloud.lambdas.service import Lambdas
from greenroom.sandbox.cloud.monitoring.executions import MonitoringExecutions
from greenroom.sandbox.cloud.runtime import SageMakerRuntime
from greenroom.sandbox.cloud.stage import RolloutWaits, Stage, TransitionTimes, UnhostedFleets


class ServedCloud:
    """The cloud of this process: there is one at a time, since moto keeps its state in globals."""

    def __init__(
        self,
        folder: Path,
        *,
        is_kept: bool,
        default_account_id: str = DEFAULT_ACCOUNT_ID,
        times: TransitionTimes | None = None,
        time_source: TimeSource | None = None,
        load_models: bool = True,
        port: int = 0,
    ) -> None:
        """Bind the port and set the stage; nothing answers yet.

        Args:
            folder: Gets the journal and the endpoints' files.
            is_kept: Whether the state is recorded, so that `restore` finds it.
            default_account_id: The account of whoever names none.
            times: How long transitions last.
            time_source: The clock's; the machine's by default.
            load_models: Whether endpoints load their models and answer.
            port: The port wanted; another one where it is taken, or 0.
        """
        stage.check_free()
        extensions.install()
        reset_moto()
        time = DrivenTime(SystemTime() if time_source is None else time_source)
        CLOCK.source = time
        self.journal = Journal(folder) if is_kept else None
        self.application = LocalAwsApplication(default_account_id=default_account_id, journal=self.journal)
        self.agenda = Agenda(self.application)
        ClockPage(self.application, self.agenda, time).install()
        self._install_alarms()
        self.fleets: Fleets | None = None
        if load_models:
            folder.mkdir(parents=True, exist_ok=True)
            host = EndpointHost(folder / "containers")
            logs = ContainerLogs(self.application, host)
            self.fleets = Fleets(folder / "endpoints", self.application, host, logs)
        SageMakerRuntime(self.application, self.fleets).install()
        asynchronous = AsyncInference(self.application, self.fleets)
        asynchronous.install()
        self.agenda.add(asynchronous)
        self.functions = Lambdas(self.application, folder / "functions", lambda: self.url)
        self.functions.install()
        self.agenda.add(MonitoringExecutions(self.application))
        self.agenda.add(RuleSchedules(self.application))
        times = times or TransitionTimes()
        waits = RolloutWaits(times.rollout_wait_factor)
        fleets = self.fleets or UnhostedFleets()
        self._stage = Stage(times, fleets, functions=self.functions, rollout_waits=waits)
        stage.set_up(self._stage)
        self._install_endpoints()
        self._server = HttpServer(self.application, port)

    @property
    def port(self) -> int:
        """The port it is bound to."""
        return self._server.port

    @property
    def url(self) -> str:
        """What goes into AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    def _install_alarms(self) -> None:
        # First of all: who looks at an alarm at the same instant sees the state of that instant.
        evaluations = AlarmEvaluations(self.application)
        evaluations.install()
        self.agenda.add(evaluations)
        scaling = ScalingWork(self.application)
        scaling.install()
        self.agenda.add(scaling)

    def _install_endpoints(self) -> None:
        from greenroom.sandbox.cloud.sagemaker.inference_experiments import ExperimentSchedules
        from greenroom.sandbox.cloud.sagemaker.transitions import EndpointTransitions

        experiments = ExperimentSchedules(self.application)
        experiments.install()
        self.agenda.add(experiments)
        transitions = EndpointTransitions(self.application)
        transitions.install()
        self.agenda.add(transitions)

    def start(self) -> None:
        """Begin to answer; requests wait while the state is restored."""
        self._server.start()

    def restore(self) -> Recovery:
        """Bring back the recorded state, and go on with deployments that were under way.

        Raises:
            JournalError: The record cannot be read.
        """
        recovery = Recovery(0, 0)
        if self.journal is not None:
            recovery = self.journal.open()
            self.application.replay(self.journal, recovery.entries)
        if self.fleets is not None:
            self.fleets.resume()
        self.agenda.start()
        self.application.set_progress("ready", recovery.entries, recovery.entries)
        return recovery

    def stop(self) -> None:
        """Stop answering, end every container, and leave the process as if there had been no cloud."""
        self.agenda.stop()
        self._server.stop()
        self.functions.stop()
        if self.fleets is not None:
            self.fleets.stop()
        if self.journal is not None:
            self.journal.close()
        stage.take_down(self._stage)
        CLOCK.source = SystemTime()
        reset_moto()


def reset_moto() -> None:
    """Forget every resource of every account."""
    from moto.iam.models import iam_backends
    from moto.moto_api._internal import moto_api_backend

    # moto's reset makes every backend anew before it drops it; IAM's takes 0.2 s an account.
    iam_backends.clear()
    moto_api_backend.reset()
