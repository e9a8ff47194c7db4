"""An emulated CRM on loopback: a seeded company, an effect log of its own, faults on request. For tests and trials."""

from connectors.sandbox.faults import Fault, FaultPlan, FaultPlanError, load_faults, read_faults
from connectors.sandbox.server import Sandbox, SandboxError, serve

__all__ = ["Fault", "FaultPlan", "FaultPlanError", "Sandbox", "SandboxError", "load_faults", "read_faults", "serve"]
