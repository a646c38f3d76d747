"""Numbers from arrays: how well something was retrieved, classified or segmented, and how sure that is."""
