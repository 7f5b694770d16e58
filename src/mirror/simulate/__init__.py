"""The simulator: censors against the deployed policy and against published ones. See SIMULATION.md."""
