"""The solvers behind `twinev.sct.solver`: CVXPY's problem as matrices, run on HiGHS or SCIP."""
