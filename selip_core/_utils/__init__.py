"""What any program needs: files, fingerprints, processes, tables. Knows nothing of medicine."""
