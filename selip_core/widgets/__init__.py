"""What JupyterLab shows of 10_explore."""
