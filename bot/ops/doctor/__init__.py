"""What is wrong with a running bot, and how to mend it: values in, findings out. Pure.

app/examining gathers ──► talking, keeping, working judge ──► findings ──► `papers doctor`
"""
