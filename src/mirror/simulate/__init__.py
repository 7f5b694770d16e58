"""The simulator: censors against the deployed splitting policy and against published ones. See SIMULATION.md."""
