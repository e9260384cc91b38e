"""An application for faults: its gateway calls any method of any module, `/module/method/arg`."""
