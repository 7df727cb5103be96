"""Lambda: functions whose code is Python, each invocation a process of this machine."""
